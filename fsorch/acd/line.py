"""The life of a standing call to an agent's phone: dialled once, bridged to each caller, parked in between.

Theory: the switch parks such a leg again after each bridge, and says so before or after the caller's hangup is worked
through (captures 03 and 16), so the end of the contact and the parking may come in either order; only both together
make the line ready for the next caller.

::

              want (1)            parked (2)          take (3)          bridged (4)
      none ------------> dialling ---------> ready ----------> taken ------------> talking
                            ^                  ^ ^               | free (5)          |  | parked (2)
                  due (8)   |                  | '-- returning <-'<------ free (5) --'  v
                            '----- lost        |  parked (2), due (8)                  back
                                    ^          '--------------- free (5) ---------------'
                                    '--- gone (6), from everywhere       leave (7): to none, from everywhere

 1 the agent is at work                   5 the offer, or the contact, is over
 2 the switch has parked the leg          6 the leg ended, or could not be had
 3 a contact is offered                   7 the agent goes home
 4 caller and agent are joined            8 its time has come
"""

from __future__ import annotations

from enum import StrEnum

from fsorch.machine import Machine

__all__ = ["LineEffect", "LineInput", "LineMachine", "LineState"]


class LineState(StrEnum):
    """Where the standing call is."""

    NONE = "none"
    DIALLING = "dialling"
    READY = "ready"
    TAKEN = "taken"
    TALKING = "talking"
    BACK = "back"
    RETURNING = "returning"
    LOST = "lost"


class LineInput(StrEnum):
    """All are events, but ``take``: only a ready line is taken."""

    WANT = "want"
    PARKED = "parked"
    TAKE = "take"
    BRIDGED = "bridged"
    FREE = "free"
    GONE = "gone"
    LEAVE = "leave"
    DUE = "due"


class LineEffect(StrEnum):
    """What the engine carries out. ``wait``: dial again, later each time; ``listen``: for the parking."""

    DIAL = "dial"
    OPEN = "open"
    WAIT = "wait"
    LISTEN = "listen"
    HANG_UP = "hang_up"


_S, _I, _E = LineState, LineInput, LineEffect


class LineMachine(Machine[LineState, LineInput, LineEffect]):
    """See the module's picture."""

    NAME = "the standing call"
    FIRST = LineState.NONE
    TABLE = {
        # State: none
        (_S.NONE, _I.WANT): (_E.DIAL, _S.DIALLING),
        (_S.NONE, _I.PARKED): (_E.OPEN, _S.READY),  # found by a restart of ours
        (_S.NONE, _I.BRIDGED): (None, _S.NONE),
        (_S.NONE, _I.FREE): (None, _S.NONE),
        (_S.NONE, _I.GONE): (None, _S.NONE),
        (_S.NONE, _I.LEAVE): (None, _S.NONE),
        (_S.NONE, _I.DUE): (None, _S.NONE),
        # State: dialling
        (_S.DIALLING, _I.WANT): (None, _S.DIALLING),
        (_S.DIALLING, _I.PARKED): (_E.OPEN, _S.READY),
        (_S.DIALLING, _I.BRIDGED): (None, _S.DIALLING),
        (_S.DIALLING, _I.FREE): (None, _S.DIALLING),
        (_S.DIALLING, _I.GONE): (_E.WAIT, _S.LOST),
        (_S.DIALLING, _I.LEAVE): (_E.HANG_UP, _S.NONE),
        (_S.DIALLING, _I.DUE): (_E.WAIT, _S.LOST),
        # State: ready
        (_S.READY, _I.WANT): (None, _S.READY),
        (_S.READY, _I.PARKED): (None, _S.READY),
        (_S.READY, _I.TAKE): (None, _S.TAKEN),
        (_S.READY, _I.BRIDGED): (None, _S.READY),
        (_S.READY, _I.FREE): (None, _S.READY),
        (_S.READY, _I.GONE): (_E.WAIT, _S.LOST),
        (_S.READY, _I.LEAVE): (_E.HANG_UP, _S.NONE),
        (_S.READY, _I.DUE): (None, _S.READY),
        # State: taken
        (_S.TAKEN, _I.WANT): (None, _S.TAKEN),
        (_S.TAKEN, _I.PARKED): (None, _S.TAKEN),
        (_S.TAKEN, _I.BRIDGED): (None, _S.TALKING),
        (_S.TAKEN, _I.FREE): (_E.LISTEN, _S.RETURNING),
        (_S.TAKEN, _I.GONE): (_E.WAIT, _S.LOST),
        (_S.TAKEN, _I.LEAVE): (_E.HANG_UP, _S.NONE),
        (_S.TAKEN, _I.DUE): (None, _S.TAKEN),
        # State: talking
        (_S.TALKING, _I.WANT): (None, _S.TALKING),
        (_S.TALKING, _I.PARKED): (None, _S.BACK),
        (_S.TALKING, _I.BRIDGED): (None, _S.TALKING),
        (_S.TALKING, _I.FREE): (_E.LISTEN, _S.RETURNING),
        (_S.TALKING, _I.GONE): (_E.WAIT, _S.LOST),
        (_S.TALKING, _I.LEAVE): (_E.HANG_UP, _S.NONE),
        (_S.TALKING, _I.DUE): (None, _S.TALKING),
        # State: back
        (_S.BACK, _I.WANT): (None, _S.BACK),
        (_S.BACK, _I.PARKED): (None, _S.BACK),
        (_S.BACK, _I.BRIDGED): (None, _S.TALKING),
        (_S.BACK, _I.FREE): (_E.OPEN, _S.READY),
        (_S.BACK, _I.GONE): (_E.WAIT, _S.LOST),
        (_S.BACK, _I.LEAVE): (_E.HANG_UP, _S.NONE),
        (_S.BACK, _I.DUE): (None, _S.BACK),
        # State: returning
        (_S.RETURNING, _I.WANT): (None, _S.RETURNING),
        (_S.RETURNING, _I.PARKED): (_E.OPEN, _S.READY),
        (_S.RETURNING, _I.BRIDGED): (None, _S.RETURNING),
        (_S.RETURNING, _I.FREE): (None, _S.RETURNING),
        (_S.RETURNING, _I.GONE): (_E.WAIT, _S.LOST),
        (_S.RETURNING, _I.LEAVE): (_E.HANG_UP, _S.NONE),
        (_S.RETURNING, _I.DUE): (_E.OPEN, _S.READY),
        # State: lost
        (_S.LOST, _I.WANT): (None, _S.LOST),
        (_S.LOST, _I.PARKED): (_E.OPEN, _S.READY),  # found by a restart of ours
        (_S.LOST, _I.BRIDGED): (None, _S.LOST),
        (_S.LOST, _I.FREE): (None, _S.LOST),
        (_S.LOST, _I.GONE): (None, _S.LOST),
        (_S.LOST, _I.LEAVE): (None, _S.NONE),
        (_S.LOST, _I.DUE): (_E.DIAL, _S.DIALLING),
    }
