"""The life of an offer: one contact reserved to one agent, until the first verdict.

Theory: an offer dials one leg (the agent's phone). The leg may ring, answer, fail, or be slow in any order the switch
likes; the verdict (accepted, refused, missed, withdrawn, failed) is given once and whatever comes later changes
nothing. A leg that turns up after the verdict is killed by whoever owns the legs, not here.

::

                 ringing (1)           answered (2)               bridged (3)
      dialling -------------> ringing --------------> bridging ----------------> over: accepted
          |                      |                       |
          '---- answered (2) ----|---------------------->|
          |                      |                       |
          '--- failed (4), refuse (5), withdraw (6), deadline (7), not bridged (8) ---> over

 1 the phone rings                        5 the agent said no
 2 the phone was picked up: bridge now    6 the caller is gone, or the system takes the offer back
 3 both legs are joined                   7 nobody picked up, nor did the switch say so
 4 the leg ended before the bridge        8 the switch could not join the legs
"""

from __future__ import annotations

from enum import StrEnum

from fsorch.causes import Cause
from fsorch.machine import Machine
from fsorch.names import OfferOutcome

__all__ = ["OfferEffect", "OfferInput", "OfferMachine", "OfferState", "verdict_of"]


class OfferState(StrEnum):
    """How far the offer is."""

    DIALLING = "dialling"
    RINGING = "ringing"
    BRIDGING = "bridging"
    OVER = "over"


class OfferInput(StrEnum):
    """What can happen to it; ``refuse`` is the agent's request, the rest are events."""

    RINGING = "ringing"
    ANSWERED = "answered"
    BRIDGED = "bridged"
    FAILED = "failed"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    DEADLINE = "deadline"
    NOT_BRIDGED = "not_bridged"


class OfferEffect(StrEnum):
    """What the engine carries out."""

    SHOW_RINGING = "show_ringing"
    BRIDGE = "bridge"
    ACCEPT = "accept"
    GIVE_UP = "give_up"
    KILL_AS_REFUSED = "kill_as_refused"
    KILL_AS_WITHDRAWN = "kill_as_withdrawn"
    KILL_AS_MISSED = "kill_as_missed"
    KILL_AS_FAILED = "kill_as_failed"


_S, _I, _E = OfferState, OfferInput, OfferEffect


class OfferMachine(Machine[OfferState, OfferInput, OfferEffect]):
    """See the module's picture."""

    NAME = "the offer"
    FIRST = OfferState.DIALLING
    TABLE = {
        # State: dialling
        (_S.DIALLING, _I.RINGING): (_E.SHOW_RINGING, _S.RINGING),
        (_S.DIALLING, _I.ANSWERED): (_E.BRIDGE, _S.BRIDGING),
        (_S.DIALLING, _I.BRIDGED): (_E.ACCEPT, _S.OVER),
        (_S.DIALLING, _I.FAILED): (_E.GIVE_UP, _S.OVER),
        (_S.DIALLING, _I.REFUSE): (_E.KILL_AS_REFUSED, _S.OVER),
        (_S.DIALLING, _I.WITHDRAW): (_E.KILL_AS_WITHDRAWN, _S.OVER),
        (_S.DIALLING, _I.DEADLINE): (_E.KILL_AS_MISSED, _S.OVER),
        (_S.DIALLING, _I.NOT_BRIDGED): (None, _S.DIALLING),
        # State: ringing
        (_S.RINGING, _I.RINGING): (None, _S.RINGING),
        (_S.RINGING, _I.ANSWERED): (_E.BRIDGE, _S.BRIDGING),
        (_S.RINGING, _I.BRIDGED): (_E.ACCEPT, _S.OVER),
        (_S.RINGING, _I.FAILED): (_E.GIVE_UP, _S.OVER),
        (_S.RINGING, _I.REFUSE): (_E.KILL_AS_REFUSED, _S.OVER),
        (_S.RINGING, _I.WITHDRAW): (_E.KILL_AS_WITHDRAWN, _S.OVER),
        (_S.RINGING, _I.DEADLINE): (_E.KILL_AS_MISSED, _S.OVER),
        (_S.RINGING, _I.NOT_BRIDGED): (None, _S.RINGING),
        # State: bridging
        (_S.BRIDGING, _I.RINGING): (None, _S.BRIDGING),
        (_S.BRIDGING, _I.ANSWERED): (None, _S.BRIDGING),
        (_S.BRIDGING, _I.BRIDGED): (_E.ACCEPT, _S.OVER),
        (_S.BRIDGING, _I.FAILED): (_E.GIVE_UP, _S.OVER),
        (_S.BRIDGING, _I.REFUSE): (_E.KILL_AS_REFUSED, _S.OVER),
        (_S.BRIDGING, _I.WITHDRAW): (_E.KILL_AS_WITHDRAWN, _S.OVER),
        (_S.BRIDGING, _I.DEADLINE): (_E.KILL_AS_FAILED, _S.OVER),
        (_S.BRIDGING, _I.NOT_BRIDGED): (_E.KILL_AS_FAILED, _S.OVER),
        # State: over
        (_S.OVER, _I.RINGING): (None, _S.OVER),
        (_S.OVER, _I.ANSWERED): (None, _S.OVER),
        (_S.OVER, _I.BRIDGED): (None, _S.OVER),
        (_S.OVER, _I.FAILED): (None, _S.OVER),
        (_S.OVER, _I.WITHDRAW): (None, _S.OVER),
        (_S.OVER, _I.DEADLINE): (None, _S.OVER),
        (_S.OVER, _I.NOT_BRIDGED): (None, _S.OVER),
    }


_REFUSED = {Cause.CALL_REJECTED, Cause.USER_BUSY}
_MISSED = {Cause.NO_ANSWER, Cause.NO_USER_RESPONSE, Cause.ALLOTTED_TIMEOUT, Cause.PROGRESS_TIMEOUT}


def verdict_of(cause: str) -> OfferOutcome:
    """What a leg that ended with ``cause`` before the bridge says of the offer (causes as in capture 04 and 06)."""
    known = Cause.of(cause)
    if known in _REFUSED:
        return OfferOutcome.REFUSED
    if known in _MISSED:
        return OfferOutcome.MISSED
    return OfferOutcome.FAILED
