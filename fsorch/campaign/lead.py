"""The life of a lead: from the list to its last attempt.

Theory: a lead is in one pair of hands at a time. It is reserved (by the engine, or for an agent who looks at it first),
dialled, talked with, and closed by what the call came to; then it comes due again, is promised a call, or is done. A
reservation that nobody used goes back to where the lead was: one that was promised a call is not forgotten for it.
Somebody who asks not to be called, by whatever way, is barred at once, and a call under way ends what it began.

::

               reserve (1)              dial (2)               answered (3)            ended (4)
      ready --------------> reserved -------------> dialling -------------> talking -----------> closing
        ^  ^                |      |                   |                                          |
        |  '-- released (5) '      '-- owed (5) --.    '------------- unanswered (6) ------------>|
        |                                         v                                               |
        '---------------- again (7) ------------ callback <-------------- promised (8) -----------|
                                                                           finished <-- done (9) -|
      any -- bar (10) --> barred                                           barred <-- bar (10) ---'

 1 for the engine or a preview: a request     6 the call came to nothing
 2 the call leaves                            7 to be dialled again, from a time on
 3 a person is on the line                    8 a call was promised, at a time
 4 they are gone; the disposition is to come  9 nothing more is to be done, or may be
 5 not dialled after all: as it was          10 DNC, or no number that can be dialled
"""

from __future__ import annotations

from enum import StrEnum

from fsorch.campaigns import LeadState
from fsorch.machine import Machine

__all__ = ["LeadEffect", "LeadInput", "LeadMachine"]


class LeadInput(StrEnum):
    """``reserve`` and ``revive`` (a person puts a lead that is done back into the list) are requests; the rest are
    events."""

    RESERVE = "reserve"
    REVIVE = "revive"
    RELEASED = "released"
    OWED = "owed"
    DIAL = "dial"
    ANSWERED = "answered"
    UNANSWERED = "unanswered"
    ENDED = "ended"
    AGAIN = "again"
    PROMISED = "promised"
    DONE = "done"
    BAR = "bar"


class LeadEffect(StrEnum):
    """What the records note."""

    TAKE = "take"
    GIVE_BACK = "give_back"
    COUNT = "count"
    DECIDE = "decide"
    REST = "rest"
    PROMISE = "promise"
    CLOSE = "close"


_S, _I, _E = LeadState, LeadInput, LeadEffect
_REQUESTS = (_I.RESERVE, _I.REVIVE)


class LeadMachine(Machine[LeadState, LeadInput, LeadEffect]):
    """See the module's picture. A dial is counted when it leaves: an attempt that nobody saw end was one."""

    NAME = "the lead"
    FIRST = LeadState.READY
    TABLE = {
        **{(state, input): (None, state) for state in LeadState for input in LeadInput if input not in _REQUESTS},
        **{(state, _I.BAR): (_E.CLOSE, _S.BARRED) for state in LeadState if state is not _S.BARRED},
        # State: ready
        (_S.READY, _I.RESERVE): (_E.TAKE, _S.RESERVED),
        (_S.READY, _I.PROMISED): (_E.PROMISE, _S.CALLBACK),
        (_S.READY, _I.DONE): (_E.CLOSE, _S.FINISHED),
        # State: callback
        (_S.CALLBACK, _I.RESERVE): (_E.TAKE, _S.RESERVED),
        (_S.CALLBACK, _I.PROMISED): (_E.PROMISE, _S.CALLBACK),
        (_S.CALLBACK, _I.AGAIN): (_E.REST, _S.READY),
        (_S.CALLBACK, _I.DONE): (_E.CLOSE, _S.FINISHED),
        # State: reserved
        (_S.RESERVED, _I.RELEASED): (_E.GIVE_BACK, _S.READY),
        (_S.RESERVED, _I.OWED): (_E.GIVE_BACK, _S.CALLBACK),
        (_S.RESERVED, _I.DIAL): (_E.COUNT, _S.DIALLING),
        (_S.RESERVED, _I.AGAIN): (_E.REST, _S.READY),
        (_S.RESERVED, _I.PROMISED): (_E.PROMISE, _S.CALLBACK),
        (_S.RESERVED, _I.DONE): (_E.CLOSE, _S.FINISHED),
        # State: dialling
        (_S.DIALLING, _I.ANSWERED): (None, _S.TALKING),
        (_S.DIALLING, _I.UNANSWERED): (_E.DECIDE, _S.CLOSING),
        (_S.DIALLING, _I.ENDED): (_E.DECIDE, _S.CLOSING),
        # State: talking
        (_S.TALKING, _I.UNANSWERED): (_E.DECIDE, _S.CLOSING),
        (_S.TALKING, _I.ENDED): (_E.DECIDE, _S.CLOSING),
        # State: closing
        (_S.CLOSING, _I.AGAIN): (_E.REST, _S.READY),
        (_S.CLOSING, _I.PROMISED): (_E.PROMISE, _S.CALLBACK),
        (_S.CLOSING, _I.DONE): (_E.CLOSE, _S.FINISHED),
        # State: finished
        (_S.FINISHED, _I.REVIVE): (_E.REST, _S.READY),
        (_S.FINISHED, _I.PROMISED): (_E.PROMISE, _S.CALLBACK),
    }
