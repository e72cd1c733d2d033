"""The call of an attempt, from the order to dial until the called party's line is free again.

Theory: an attempt dials one number. Until it is answered the cause of its end is its outcome. Whoever answers is a
person unless something says otherwise, and a person is ours to serve at once: an agent, or the flow of an agentless
campaign; where neither is there in time they hear who called, and how not to be called again. A beep tells a machine
even while an agent listens to it already. The first verdict stands; what comes late or twice changes nothing.

::

              rings (1)            answered (2)          person (3)              served (4)
      placed ----------> ringing ----------------> up ----------------> handed -------------> talking
         |                  |                      |                      |  |                   |
         |-- cancel (5) --> cancelled              |                      |  '-- drop (6) --> sorry
         |                                         '------ machine (7) ---'----- machine ----> machine
         '---------------------------- gone (8), from every state -----------------------------> over

 1 the far end rings, or the network plays something       5 taken back by us before anybody answered: a request
 2 picked up; who by is to be told                         6 nobody was there in time: the message is played
 3 taken for a person: into the queue, or the flow         7 a beep, or what else tells a machine
 4 joined to an agent, or in the flow                      8 the switch has ended the leg, or never made it
"""

from __future__ import annotations

from enum import StrEnum

from fsorch.campaigns import Outcome, outcome_of
from fsorch.causes import Cause
from fsorch.machine import Machine

__all__ = ["DialEffect", "DialInput", "DialMachine", "DialState", "verdict"]


class DialState(StrEnum):
    """How far the call is."""

    PLACED = "placed"
    RINGING = "ringing"
    CANCELLED = "cancelled"
    UP = "up"
    HANDED = "handed"
    TALKING = "talking"
    MACHINE = "machine"
    SORRY = "sorry"
    OVER = "over"


class DialInput(StrEnum):
    """What can happen to it; ``cancel`` is a request, the rest are events."""

    RINGS = "rings"
    ANSWERED = "answered"
    PERSON = "person"
    MACHINE = "machine"
    SERVED = "served"
    DROP = "drop"
    CANCEL = "cancel"
    GONE = "gone"


class DialEffect(StrEnum):
    """What the engine carries out."""

    NOTE_RINGING = "note_ringing"
    LISTEN = "listen"
    HAND_OVER = "hand_over"
    TREAT_MACHINE = "treat_machine"
    TAKE_BACK = "take_back"
    NOTE_SERVED = "note_served"
    SAY_SORRY = "say_sorry"
    HANG_UP = "hang_up"
    CLOSE = "close"


_S, _I, _E = DialState, DialInput, DialEffect
_EVENTS = [input for input in DialInput if input is not DialInput.CANCEL]


class DialMachine(Machine[DialState, DialInput, DialEffect]):
    """See the module's picture."""

    NAME = "the dial"
    FIRST = DialState.PLACED
    TABLE = {
        **{(state, input): (None, state) for state in DialState for input in _EVENTS},
        **{(state, _I.GONE): (_E.CLOSE, _S.OVER) for state in DialState if state is not _S.OVER},
        # State: placed
        (_S.PLACED, _I.RINGS): (_E.NOTE_RINGING, _S.RINGING),
        (_S.PLACED, _I.ANSWERED): (_E.LISTEN, _S.UP),
        (_S.PLACED, _I.CANCEL): (_E.HANG_UP, _S.CANCELLED),
        # State: ringing
        (_S.RINGING, _I.ANSWERED): (_E.LISTEN, _S.UP),
        (_S.RINGING, _I.CANCEL): (_E.HANG_UP, _S.CANCELLED),
        # State: up
        (_S.UP, _I.PERSON): (_E.HAND_OVER, _S.HANDED),
        (_S.UP, _I.MACHINE): (_E.TREAT_MACHINE, _S.MACHINE),
        # State: handed
        (_S.HANDED, _I.SERVED): (_E.NOTE_SERVED, _S.TALKING),
        (_S.HANDED, _I.MACHINE): (_E.TAKE_BACK, _S.MACHINE),
        (_S.HANDED, _I.DROP): (_E.SAY_SORRY, _S.SORRY),
        # State: talking
        (_S.TALKING, _I.MACHINE): (_E.TAKE_BACK, _S.MACHINE),
    }


_VERDICTS = {
    DialState.CANCELLED: Outcome.CANCELLED,
    # A person, or something, that hung up before anybody spoke to it.
    DialState.UP: Outcome.HUNG_UP,
    DialState.HANDED: Outcome.HUNG_UP,
    DialState.TALKING: Outcome.LIVE,
    DialState.MACHINE: Outcome.MACHINE,
    DialState.SORRY: Outcome.DROP,
}


def verdict(state: DialState, cause: str) -> Outcome:
    """The outcome of a call whose leg ended in ``state``. An empty cause: nobody heard how."""
    found = _VERDICTS.get(state)
    if found is not None and (cause or found is not Outcome.CANCELLED):
        return found
    return outcome_of(Cause.of(cause)) if cause else Outcome.LOST
