"""The table of a caller's walk through a flow: what is waited for, and what it means when it comes.

::

                    .---- say, ask, look_up, record, send (1) ----> saying, asking, looking_up, recording, sending
                    |                                                  |
      walking <-----+------------- heard, fetched, ... (2) ------------'
         |                 asking --- heard, to be confirmed ---> walking --- confirm ---> confirming --- (2)
         '--- leave (3) ---> leaving --- heard, trouble (4) ---> over
         '--- end (5) -----------------------------------------> over

 1 the node that was come to asks for it         4 it was played, or cannot be: either way the end follows
 2 with its effect: what the result means        5 an end with nothing to say, or the person
 3 an end says something first
"""

from __future__ import annotations

from enum import StrEnum

from fsorch.machine import Machine

__all__ = ["SessionEffect", "SessionInput", "SessionMachine", "SessionState"]


class SessionState(StrEnum):
    """What is being waited for."""

    WALKING = "walking"
    SAYING = "saying"
    ASKING = "asking"
    CONFIRMING = "confirming"
    LOOKING_UP = "looking_up"
    RECORDING = "recording"
    SENDING = "sending"
    LEAVING = "leaving"
    OVER = "over"


class SessionInput(StrEnum):
    """What the nodes ask for (requests), and what is heard (events)."""

    SAY = "say"
    ASK = "ask"
    CONFIRM = "confirm"
    LOOK_UP = "look_up"
    RECORD = "record"
    SEND = "send"
    LEAVE = "leave"
    END = "end"
    HEARD = "heard"
    FETCHED = "fetched"
    RECORDED = "recorded"
    SENT = "sent"
    TROUBLE = "trouble"


class SessionEffect(StrEnum):
    """What a result means."""

    GO_ON = "go_on"
    TAKE_KEYS = "take_keys"
    TAKE_WORD = "take_word"
    TAKE_ANSWER = "take_answer"
    TAKE_RECORDING = "take_recording"
    TAKE_RECEIPT = "take_receipt"
    GIVE_UP = "give_up"
    FINISH = "finish"


_S, _I, _E = SessionState, SessionInput, SessionEffect


class SessionMachine(Machine[SessionState, SessionInput, SessionEffect]):
    """See the module's picture."""

    NAME = "the flow"
    FIRST = SessionState.WALKING
    TABLE = {
        # State: walking
        (_S.WALKING, _I.SAY): (None, _S.SAYING),
        (_S.WALKING, _I.ASK): (None, _S.ASKING),
        (_S.WALKING, _I.CONFIRM): (None, _S.CONFIRMING),
        (_S.WALKING, _I.LOOK_UP): (None, _S.LOOKING_UP),
        (_S.WALKING, _I.RECORD): (None, _S.RECORDING),
        (_S.WALKING, _I.SEND): (None, _S.SENDING),
        (_S.WALKING, _I.LEAVE): (None, _S.LEAVING),
        (_S.WALKING, _I.END): (None, _S.OVER),
        (_S.WALKING, _I.HEARD): (None, _S.WALKING),
        (_S.WALKING, _I.FETCHED): (None, _S.WALKING),
        (_S.WALKING, _I.RECORDED): (None, _S.WALKING),
        (_S.WALKING, _I.SENT): (None, _S.WALKING),
        (_S.WALKING, _I.TROUBLE): (None, _S.WALKING),
        # State: saying
        (_S.SAYING, _I.HEARD): (_E.GO_ON, _S.WALKING),
        (_S.SAYING, _I.FETCHED): (None, _S.SAYING),
        (_S.SAYING, _I.RECORDED): (None, _S.SAYING),
        (_S.SAYING, _I.SENT): (None, _S.SAYING),
        (_S.SAYING, _I.TROUBLE): (_E.GO_ON, _S.WALKING),
        # State: asking
        (_S.ASKING, _I.HEARD): (_E.TAKE_KEYS, _S.WALKING),
        (_S.ASKING, _I.FETCHED): (None, _S.ASKING),
        (_S.ASKING, _I.RECORDED): (None, _S.ASKING),
        (_S.ASKING, _I.SENT): (None, _S.ASKING),
        (_S.ASKING, _I.TROUBLE): (_E.GIVE_UP, _S.WALKING),
        # State: confirming
        (_S.CONFIRMING, _I.HEARD): (_E.TAKE_WORD, _S.WALKING),
        (_S.CONFIRMING, _I.FETCHED): (None, _S.CONFIRMING),
        (_S.CONFIRMING, _I.RECORDED): (None, _S.CONFIRMING),
        (_S.CONFIRMING, _I.SENT): (None, _S.CONFIRMING),
        (_S.CONFIRMING, _I.TROUBLE): (_E.GIVE_UP, _S.WALKING),
        # State: looking up
        (_S.LOOKING_UP, _I.HEARD): (None, _S.LOOKING_UP),
        (_S.LOOKING_UP, _I.FETCHED): (_E.TAKE_ANSWER, _S.WALKING),
        (_S.LOOKING_UP, _I.RECORDED): (None, _S.LOOKING_UP),
        (_S.LOOKING_UP, _I.SENT): (None, _S.LOOKING_UP),
        (_S.LOOKING_UP, _I.TROUBLE): (_E.TAKE_ANSWER, _S.WALKING),
        # State: recording
        (_S.RECORDING, _I.HEARD): (None, _S.RECORDING),
        (_S.RECORDING, _I.FETCHED): (None, _S.RECORDING),
        (_S.RECORDING, _I.RECORDED): (_E.TAKE_RECORDING, _S.WALKING),
        (_S.RECORDING, _I.SENT): (None, _S.RECORDING),
        (_S.RECORDING, _I.TROUBLE): (_E.TAKE_RECORDING, _S.WALKING),
        # State: sending
        (_S.SENDING, _I.HEARD): (None, _S.SENDING),
        (_S.SENDING, _I.FETCHED): (None, _S.SENDING),
        (_S.SENDING, _I.RECORDED): (None, _S.SENDING),
        (_S.SENDING, _I.SENT): (_E.TAKE_RECEIPT, _S.WALKING),
        (_S.SENDING, _I.TROUBLE): (_E.TAKE_RECEIPT, _S.WALKING),
        # State: leaving
        (_S.LEAVING, _I.HEARD): (_E.FINISH, _S.OVER),
        (_S.LEAVING, _I.FETCHED): (None, _S.LEAVING),
        (_S.LEAVING, _I.RECORDED): (None, _S.LEAVING),
        (_S.LEAVING, _I.SENT): (None, _S.LEAVING),
        (_S.LEAVING, _I.TROUBLE): (_E.FINISH, _S.OVER),
        # State: over
        (_S.OVER, _I.HEARD): (None, _S.OVER),
        (_S.OVER, _I.FETCHED): (None, _S.OVER),
        (_S.OVER, _I.RECORDED): (None, _S.OVER),
        (_S.OVER, _I.SENT): (None, _S.OVER),
        (_S.OVER, _I.TROUBLE): (None, _S.OVER),
    }
