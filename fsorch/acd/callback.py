"""The life of a callback: a caller who hung up in our name, and whose place is kept.

Theory: until the number is confirmed the caller waits like everybody. Then the contact stands in line without a leg, at
the same place; when its turn comes an agent is reserved as for any contact, and the customer is called, before or after
the agent's phone. Whoever answers is a caller again, with their place.

::

               confirm                call (1)                 answered
      asked ------------> waiting ----------------> calling ----------------> reached
        |                   ^  ^                      |  |
        | refuse            |  '---- rested ---- resting <- failed (2)
        v                   '------------------------'  '- last failed (3) --> failed
      forgotten                    stopped (4)              waiting, resting -- cancel (5) --> cancelled
                                          waiting, calling, resting -- came (6) --> came

 1 an agent is reserved: a request       3 the last try there was
 2 busy, no answer: again after a while  4 the line to the switch was lost: this try does not count
 5 a supervisor takes the promise back: a request
 6 the customer has called again, and talks, or has another promise
"""

from __future__ import annotations

from enum import StrEnum

from fsorch.machine import Machine

__all__ = ["CallbackEffect", "CallbackInput", "CallbackMachine", "CallbackState"]


class CallbackState(StrEnum):
    """Where the callback is."""

    ASKED = "asked"
    FORGOTTEN = "forgotten"
    WAITING = "waiting"
    CALLING = "calling"
    RESTING = "resting"
    REACHED = "reached"
    FAILED = "failed"
    CANCELLED = "cancelled"
    CAME = "came"


class CallbackInput(StrEnum):
    """``call`` and ``cancel`` are requests, the rest are events."""

    CONFIRM = "confirm"
    REFUSE = "refuse"
    CALL = "call"
    ANSWERED = "answered"
    FAILED = "failed"
    LAST_FAILED = "last_failed"
    STOPPED = "stopped"
    RESTED = "rested"
    CANCEL = "cancel"
    CAME = "came"


class CallbackEffect(StrEnum):
    """What the engine carries out."""

    KEEP_PLACE = "keep_place"
    FORGET = "forget"
    DIAL = "dial"
    JOIN = "join"
    REST = "rest"
    GIVE_UP = "give_up"
    GO_BACK = "go_back"
    BE_DONE = "be_done"


_S, _I, _E = CallbackState, CallbackInput, CallbackEffect
_EVENTS = [input for input in CallbackInput if input not in (CallbackInput.CALL, CallbackInput.CANCEL)]


class CallbackMachine(Machine[CallbackState, CallbackInput, CallbackEffect]):
    """See the module's picture. What comes late or twice changes nothing."""

    NAME = "the callback"
    FIRST = CallbackState.ASKED
    TABLE = {
        **{(state, input): (None, state) for state in CallbackState for input in _EVENTS},
        # State: asked
        (_S.ASKED, _I.CONFIRM): (_E.KEEP_PLACE, _S.WAITING),
        (_S.ASKED, _I.REFUSE): (_E.FORGET, _S.FORGOTTEN),
        # State: waiting
        (_S.WAITING, _I.CALL): (_E.DIAL, _S.CALLING),
        (_S.WAITING, _I.CANCEL): (_E.GIVE_UP, _S.CANCELLED),
        (_S.WAITING, _I.CAME): (_E.BE_DONE, _S.CAME),
        # State: calling
        (_S.CALLING, _I.CALL): (None, _S.CALLING),  # a second agent's phone rings for the same contact
        (_S.CALLING, _I.ANSWERED): (_E.JOIN, _S.REACHED),
        (_S.CALLING, _I.FAILED): (_E.REST, _S.RESTING),
        (_S.CALLING, _I.LAST_FAILED): (_E.GIVE_UP, _S.FAILED),
        (_S.CALLING, _I.STOPPED): (_E.GO_BACK, _S.WAITING),
        (_S.CALLING, _I.CAME): (_E.BE_DONE, _S.CAME),
        # State: resting
        (_S.RESTING, _I.RESTED): (_E.GO_BACK, _S.WAITING),
        (_S.RESTING, _I.CANCEL): (_E.GIVE_UP, _S.CANCELLED),
        (_S.RESTING, _I.CAME): (_E.BE_DONE, _S.CAME),
    }
