"""The life of a voice contact, from the parked call to its end.

Theory: the contact is where the caller is. What the switch does with legs is told here as events; what the engine
decides (into the queue, offered to an agent) comes as requests. The caller's own hangup ends it from anywhere, once.

::

                  answered (1)          queue (3)               offer (5)
      arrived ----------------> flow ----------------> waiting ------------> offered
         |                        |                      ^   ^                |   |
         |  queue (2)             |                      |   '--- return (6) -'   | connect (7)
         '------------------------|--------> waiting     |                        v
                                  |                      '------ rejoin (8) ---- talking
         |                        '<----- to flow (11) --'                        |
         |                        '<----------------- ask (12) -------------------'
         |  step out (10), from flow, waiting and offered --> aside -- queue (3) --> waiting
         gone (9), from every state ------------------------------------------------> ended

 1 the caller's leg is answered: the flow begins       6 missed, refused or failed: back to the place it had
 2 the dialplan named the queue: no flow               7 the bridge stands
 3 the flow chose a queue                              8 the agent's leg went, the caller is still there
 5 one agent is reserved for this contact              9 the caller hung up, or the switch lost the leg
 10 the caller does something else than wait: leaves a message, hears one, is sent elsewhere
 11 the wait ends in a flow; a flow that is closed leads to another the same way
 12 the agent has hung up, and the caller is asked how it was
"""

from __future__ import annotations

from enum import StrEnum

from fsorch.machine import Machine

__all__ = ["ContactEffect", "ContactInput", "ContactMachine", "ContactState"]


class ContactState(StrEnum):
    """Where the contact is."""

    ARRIVED = "arrived"
    FLOW = "flow"
    WAITING = "waiting"
    OFFERED = "offered"
    TALKING = "talking"
    ASIDE = "aside"
    ENDED = "ended"


class ContactInput(StrEnum):
    """What can happen to it. ``queue``, ``offer``, ``step_out``, ``to_flow`` and ``ask`` are requests, the rest are
    events."""

    ANSWERED = "answered"
    QUEUE = "queue"
    OFFER = "offer"
    RETURN = "return"
    CONNECT = "connect"
    REJOIN = "rejoin"
    STEP_OUT = "step_out"
    TO_FLOW = "to_flow"
    ASK = "ask"
    GONE = "gone"


class ContactEffect(StrEnum):
    """What the engine carries out."""

    START_FLOW = "start_flow"
    RETURN_TO_FLOW = "return_to_flow"
    JOIN_QUEUE = "join_queue"
    RESERVE = "reserve"
    GO_BACK = "go_back"
    BEGIN_TALK = "begin_talk"
    STOP_TALK_AND_GO_BACK = "stop_talk_and_go_back"
    STOP_TALK_AND_ASK = "stop_talk_and_ask"
    END_UNSERVED = "end_unserved"
    LEAVE_QUEUE = "leave_queue"
    WITHDRAW_AND_LEAVE = "withdraw_and_leave"
    END_TALK = "end_talk"
    LEAVE_FLOW = "leave_flow"
    LEAVE_LINE = "leave_line"
    WITHDRAW_AND_LEAVE_LINE = "withdraw_and_leave_line"
    END_ASIDE = "end_aside"


_S, _I, _E = ContactState, ContactInput, ContactEffect


class ContactMachine(Machine[ContactState, ContactInput, ContactEffect]):
    """See the module's picture."""

    NAME = "the contact"
    FIRST = ContactState.ARRIVED
    TABLE = {
        # State: arrived
        (_S.ARRIVED, _I.ANSWERED): (_E.START_FLOW, _S.FLOW),
        (_S.ARRIVED, _I.QUEUE): (_E.JOIN_QUEUE, _S.WAITING),
        (_S.ARRIVED, _I.RETURN): (None, _S.ARRIVED),
        (_S.ARRIVED, _I.CONNECT): (_E.BEGIN_TALK, _S.TALKING),  # found bridged after a restart of ours
        (_S.ARRIVED, _I.REJOIN): (None, _S.ARRIVED),
        (_S.ARRIVED, _I.GONE): (_E.END_UNSERVED, _S.ENDED),
        # State: flow
        (_S.FLOW, _I.ANSWERED): (None, _S.FLOW),
        (_S.FLOW, _I.QUEUE): (_E.JOIN_QUEUE, _S.WAITING),
        (_S.FLOW, _I.RETURN): (None, _S.FLOW),
        (_S.FLOW, _I.CONNECT): (None, _S.FLOW),
        (_S.FLOW, _I.REJOIN): (None, _S.FLOW),
        (_S.FLOW, _I.STEP_OUT): (_E.LEAVE_FLOW, _S.ASIDE),
        (_S.FLOW, _I.TO_FLOW): (_E.START_FLOW, _S.FLOW),
        (_S.FLOW, _I.GONE): (_E.END_UNSERVED, _S.ENDED),
        # State: waiting
        (_S.WAITING, _I.ANSWERED): (None, _S.WAITING),
        (_S.WAITING, _I.OFFER): (_E.RESERVE, _S.OFFERED),
        (_S.WAITING, _I.RETURN): (None, _S.WAITING),
        (_S.WAITING, _I.CONNECT): (None, _S.WAITING),
        (_S.WAITING, _I.REJOIN): (None, _S.WAITING),
        (_S.WAITING, _I.STEP_OUT): (_E.LEAVE_LINE, _S.ASIDE),
        (_S.WAITING, _I.TO_FLOW): (_E.RETURN_TO_FLOW, _S.FLOW),
        (_S.WAITING, _I.GONE): (_E.LEAVE_QUEUE, _S.ENDED),
        # State: offered
        (_S.OFFERED, _I.ANSWERED): (None, _S.OFFERED),
        (_S.OFFERED, _I.RETURN): (_E.GO_BACK, _S.WAITING),
        (_S.OFFERED, _I.CONNECT): (_E.BEGIN_TALK, _S.TALKING),
        (_S.OFFERED, _I.REJOIN): (None, _S.OFFERED),
        (_S.OFFERED, _I.STEP_OUT): (_E.WITHDRAW_AND_LEAVE_LINE, _S.ASIDE),
        (_S.OFFERED, _I.GONE): (_E.WITHDRAW_AND_LEAVE, _S.ENDED),
        # State: talking
        (_S.TALKING, _I.ANSWERED): (None, _S.TALKING),
        (_S.TALKING, _I.RETURN): (None, _S.TALKING),
        (_S.TALKING, _I.CONNECT): (None, _S.TALKING),
        (_S.TALKING, _I.REJOIN): (_E.STOP_TALK_AND_GO_BACK, _S.WAITING),
        (_S.TALKING, _I.ASK): (_E.STOP_TALK_AND_ASK, _S.FLOW),
        (_S.TALKING, _I.GONE): (_E.END_TALK, _S.ENDED),
        # State: aside
        (_S.ASIDE, _I.ANSWERED): (None, _S.ASIDE),
        (_S.ASIDE, _I.QUEUE): (_E.JOIN_QUEUE, _S.WAITING),
        (_S.ASIDE, _I.RETURN): (None, _S.ASIDE),
        (_S.ASIDE, _I.CONNECT): (None, _S.ASIDE),
        (_S.ASIDE, _I.REJOIN): (None, _S.ASIDE),
        (_S.ASIDE, _I.GONE): (_E.END_ASIDE, _S.ENDED),
        # State: ended
        (_S.ENDED, _I.ANSWERED): (None, _S.ENDED),
        (_S.ENDED, _I.RETURN): (None, _S.ENDED),
        (_S.ENDED, _I.CONNECT): (None, _S.ENDED),
        (_S.ENDED, _I.REJOIN): (None, _S.ENDED),
        (_S.ENDED, _I.GONE): (None, _S.ENDED),
    }
