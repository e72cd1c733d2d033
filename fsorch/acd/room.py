"""The life of a conference: others are called into a talk, until customer and one other are a pair again.

Theory: the customer and everybody who talks to them are in one room of the switch, however many they are. Each may
leave; the customer must not be left alone. A third party who is called disturbs nobody until they pick up, so a talk of
two stays as it is until then. Who is left alone with the customer is joined with them as in any other talk, so that the
talk can be held, handed on and listened to; should both of that pair be lost, the customer stands in the queue.

::

               entered (1)             alone with one (2)            joined (3)
      calling ------------> open ---------------------> joining ----------------> over
         | |                 ^                             | | nobody, stuck (5) --'
         | '- merged (4) ----'------- entered (6) ---------' '
         '--- not taken, one of the pair gone (7) --> over

 1 a third party picked up: all go into the room    5 nobody is left, or the joining failed: into the queue
 2 one is left with the customer, and nobody rings  6 one more picked up just then: all into the room again
 3 they are a pair again                            7 nothing has changed for those who are left
 4 a consult becomes a conference                   and from everywhere: the customer has gone, and all are released
"""

from __future__ import annotations

from enum import StrEnum

from fsorch.machine import Machine

__all__ = ["RoomEffect", "RoomInput", "RoomMachine", "RoomState"]


class RoomState(StrEnum):
    """Where the conference is."""

    CALLING = "calling"
    OPEN = "open"
    JOINING = "joining"
    OVER = "over"


class RoomInput(StrEnum):
    """``merge`` is a request, the rest are events. ``not_taken``: the last that rang did not pick up; ``one_left``
    and ``none_left``: besides the customer, and nobody rings; ``joined``: the customer and the one who is left."""

    MERGE = "merge"
    ENTERED = "entered"
    NOT_TAKEN = "not_taken"
    ONE_LEFT = "one_left"
    NONE_LEFT = "none_left"
    JOINED = "joined"
    STUCK = "stuck"
    CUSTOMER_GONE = "customer_gone"


class RoomEffect(StrEnum):
    """What the engine carries out. ``let_in``: one more; ``call_off``: there is no conference and never was."""

    OPEN = "open"
    LET_IN = "let_in"
    JOIN = "join"
    PAIR = "pair"
    REQUEUE = "requeue"
    CALL_OFF = "call_off"
    DROP_ALL = "drop_all"


_S, _I, _E = RoomState, RoomInput, RoomEffect


class RoomMachine(Machine[RoomState, RoomInput, RoomEffect]):
    """See the module's picture."""

    NAME = "the conference"
    FIRST = RoomState.CALLING
    TABLE = {
        # State: calling
        (_S.CALLING, _I.MERGE): (_E.OPEN, _S.OPEN),
        (_S.CALLING, _I.ENTERED): (_E.OPEN, _S.OPEN),
        (_S.CALLING, _I.NOT_TAKEN): (_E.CALL_OFF, _S.OVER),
        (_S.CALLING, _I.ONE_LEFT): (None, _S.CALLING),
        (_S.CALLING, _I.NONE_LEFT): (_E.CALL_OFF, _S.OVER),
        (_S.CALLING, _I.JOINED): (None, _S.CALLING),
        (_S.CALLING, _I.STUCK): (None, _S.CALLING),
        (_S.CALLING, _I.CUSTOMER_GONE): (_E.DROP_ALL, _S.OVER),
        # State: open
        (_S.OPEN, _I.ENTERED): (_E.LET_IN, _S.OPEN),
        (_S.OPEN, _I.NOT_TAKEN): (None, _S.OPEN),
        (_S.OPEN, _I.ONE_LEFT): (_E.JOIN, _S.JOINING),
        (_S.OPEN, _I.NONE_LEFT): (_E.REQUEUE, _S.OVER),
        (_S.OPEN, _I.JOINED): (None, _S.OPEN),
        (_S.OPEN, _I.STUCK): (None, _S.OPEN),
        (_S.OPEN, _I.CUSTOMER_GONE): (_E.DROP_ALL, _S.OVER),
        # State: joining
        (_S.JOINING, _I.ENTERED): (_E.OPEN, _S.OPEN),
        (_S.JOINING, _I.NOT_TAKEN): (None, _S.JOINING),
        (_S.JOINING, _I.ONE_LEFT): (None, _S.JOINING),
        (_S.JOINING, _I.NONE_LEFT): (_E.REQUEUE, _S.OVER),
        (_S.JOINING, _I.JOINED): (_E.PAIR, _S.OVER),
        (_S.JOINING, _I.STUCK): (_E.REQUEUE, _S.OVER),
        (_S.JOINING, _I.CUSTOMER_GONE): (_E.DROP_ALL, _S.OVER),
        # State: over
        (_S.OVER, _I.ENTERED): (None, _S.OVER),
        (_S.OVER, _I.NOT_TAKEN): (None, _S.OVER),
        (_S.OVER, _I.ONE_LEFT): (None, _S.OVER),
        (_S.OVER, _I.NONE_LEFT): (None, _S.OVER),
        (_S.OVER, _I.JOINED): (None, _S.OVER),
        (_S.OVER, _I.STUCK): (None, _S.OVER),
        (_S.OVER, _I.CUSTOMER_GONE): (None, _S.OVER),
    }
