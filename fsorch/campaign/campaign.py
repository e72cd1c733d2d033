"""The life of a campaign: what people ask for, and what hours, leads and calls under way make of it.

Theory: people say whether a campaign shall run; hours say whether it does. So a start only arms it, and the opening of
its hours, which may be at once, lets it dial. A pause stops launching at the same instant; calls that ring or talk go
on. A campaign that is stopped, or has no lead left, drains: nothing is launched and the last call ends it. Whether any
agent is there is no state: without one the pacer asks for no calls.

::

              start (1)               opened (2)
      draft -----------> scheduled ---------------> running
                          |  ^   ^                   |  |
                          |  |   '---- closed (3) ---'  |
             pause (4)    |  | resume                   | pause (4)
                          v  |                          v
                          paused <----------------------'
                          |
                          | stop (5)                              drained (7)
      scheduled, running -'-------------------------> draining --------------> finished
      running -- empty (6) -------------------------> draining
      draining, finished -- start (1) --> scheduled

 1 a person: dial when it may be             5 a person: no more; calls under way end by themselves
 2 its hours have come                       6 no lead is left, and none will come due
 3 its hours are over                        7 the last call under way has ended
 4 a person, with a reason
"""

from __future__ import annotations

from enum import StrEnum

from fsorch.campaigns import CampaignState
from fsorch.machine import Machine

__all__ = ["CampaignEffect", "CampaignInput", "CampaignMachine"]


class CampaignInput(StrEnum):
    """``start``, ``pause``, ``resume`` and ``stop`` are requests, the rest are events."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    OPENED = "opened"
    CLOSED = "closed"
    EMPTY = "empty"
    DRAINED = "drained"


class CampaignEffect(StrEnum):
    """What the engine carries out. ``arm``: see whether its hours have come; ``dial``: launch as the pacer says;
    ``hold``: launch nothing more, and give leads at hand back; ``drain``: the same, and say when the last call has
    ended; ``close``: it is over."""

    ARM = "arm"
    DIAL = "dial"
    HOLD = "hold"
    DRAIN = "drain"
    CLOSE = "close"


_S, _I, _E = CampaignState, CampaignInput, CampaignEffect
_EVENTS = (_I.OPENED, _I.CLOSED, _I.EMPTY, _I.DRAINED)


class CampaignMachine(Machine[CampaignState, CampaignInput, CampaignEffect]):
    """See the module's picture."""

    NAME = "the campaign"
    FIRST = CampaignState.DRAFT
    TABLE = {
        **{(state, input): (None, state) for state in CampaignState for input in _EVENTS},
        # State: draft
        (_S.DRAFT, _I.START): (_E.ARM, _S.SCHEDULED),
        # State: scheduled
        (_S.SCHEDULED, _I.OPENED): (_E.DIAL, _S.RUNNING),
        (_S.SCHEDULED, _I.PAUSE): (None, _S.PAUSED),
        (_S.SCHEDULED, _I.STOP): (_E.DRAIN, _S.DRAINING),
        # State: running
        (_S.RUNNING, _I.CLOSED): (_E.HOLD, _S.SCHEDULED),
        (_S.RUNNING, _I.PAUSE): (_E.HOLD, _S.PAUSED),
        (_S.RUNNING, _I.STOP): (_E.DRAIN, _S.DRAINING),
        (_S.RUNNING, _I.EMPTY): (_E.DRAIN, _S.DRAINING),
        # State: paused
        (_S.PAUSED, _I.RESUME): (_E.ARM, _S.SCHEDULED),
        (_S.PAUSED, _I.STOP): (_E.DRAIN, _S.DRAINING),
        # State: draining
        (_S.DRAINING, _I.DRAINED): (_E.CLOSE, _S.FINISHED),
        (_S.DRAINING, _I.START): (_E.ARM, _S.SCHEDULED),
        # State: finished
        (_S.FINISHED, _I.START): (_E.ARM, _S.SCHEDULED),
    }
