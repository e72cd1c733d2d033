"""The life of a transfer: a third party is called for a customer, until the customer is with one of the two.

Theory: three legs, the customer's, the agent's and the third party's. Whatever happens, the customer is the one who
must not be left alone: each state knows who takes them next, and a transfer is over only when the customer talks to
somebody, stands in a queue, or has hung up. Joining two legs takes the switch a moment, so ``completing`` and
``returning`` wait until it says that they are joined; ``stuck`` is what ends that wait when it never does.

::

                  met (1)                complete (3), agent gone (4)               joined (5)
      ringing --------------> consulting --------------------------> completing ----------------> over
        |  |                    |     | confer (6)                       |
        |  |                    |     '--------> over                    + target gone, stuck (7)
        |  '--- cancel, failed, target gone (2) -------------------------+--> returning --> over
        |                                                                        returned (8), stuck (9)
        '--- complete, agent gone (10) --> pending ---- joined, failed (11) ---> over
      taking (12) ---- joined, failed, agent gone ---> over, pending

 1 the third party picked up and talks to the agent       8 agent and customer are together again
 2 back to the agent, who still holds the customer        9 the agent is lost as well: into the queue, by first enqueue
 3 the agent hands the customer over                     10 the agent did not wait: the customer hears music
 4 an agent who hangs up hands over, too                 11 joined with the third party; or nobody took them: to the
 5 the customer talks to the third party                    agent who transferred, if there, else into the queue
 6 all in one room: a conference, see ``room``            12 a supervisor takes the call: agent and customer talk on
 7 the third party is lost: back to the agent               until the supervisor's phone is picked up
"""

from __future__ import annotations

from enum import StrEnum

from fsorch.machine import Machine

__all__ = ["TransferEffect", "TransferInput", "TransferMachine", "TransferState"]


class TransferState(StrEnum):
    """Where the transfer is."""

    RINGING = "ringing"
    CONSULTING = "consulting"
    PENDING = "pending"
    COMPLETING = "completing"
    RETURNING = "returning"
    TAKING = "taking"
    OVER = "over"


class TransferInput(StrEnum):
    """``complete``, ``cancel``, ``confer`` and ``take`` are requests, the rest are events. ``met``: the third party is
    joined with the agent; ``joined``: with the customer; ``returned``: customer and agent are joined; ``failed``: the
    third party did not pick up; ``stuck``: a joining did not come about."""

    TAKE = "take"
    COMPLETE = "complete"
    CANCEL = "cancel"
    CONFER = "confer"
    MET = "met"
    JOINED = "joined"
    RETURNED = "returned"
    FAILED = "failed"
    STUCK = "stuck"
    AGENT_GONE = "agent_gone"
    TARGET_GONE = "target_gone"
    CUSTOMER_GONE = "customer_gone"


class TransferEffect(StrEnum):
    """What the engine carries out. ``call_off``: nothing has changed for customer and agent."""

    CONSULT = "consult"
    CONFER = "confer"
    LET_GO = "let_go"
    WAIT = "wait"
    JOIN = "join"
    RETURN = "return"
    HAND_OVER = "hand_over"
    RESUME = "resume"
    REQUEUE = "requeue"
    CALL_OFF = "call_off"
    DROP_ALL = "drop_all"


_S, _I, _E = TransferState, TransferInput, TransferEffect


class TransferMachine(Machine[TransferState, TransferInput, TransferEffect]):
    """See the module's picture."""

    NAME = "the transfer"
    FIRST = TransferState.RINGING
    TABLE = {
        # State: ringing
        (_S.RINGING, _I.TAKE): (None, _S.TAKING),
        (_S.RINGING, _I.COMPLETE): (_E.LET_GO, _S.PENDING),
        (_S.RINGING, _I.CANCEL): (_E.RETURN, _S.RETURNING),
        (_S.RINGING, _I.MET): (_E.CONSULT, _S.CONSULTING),
        (_S.RINGING, _I.JOINED): (_E.HAND_OVER, _S.OVER),
        (_S.RINGING, _I.RETURNED): (None, _S.RINGING),
        (_S.RINGING, _I.FAILED): (_E.RETURN, _S.RETURNING),
        (_S.RINGING, _I.STUCK): (None, _S.RINGING),
        (_S.RINGING, _I.AGENT_GONE): (_E.WAIT, _S.PENDING),
        (_S.RINGING, _I.TARGET_GONE): (_E.RETURN, _S.RETURNING),
        (_S.RINGING, _I.CUSTOMER_GONE): (_E.DROP_ALL, _S.OVER),
        # State: consulting
        (_S.CONSULTING, _I.COMPLETE): (_E.JOIN, _S.COMPLETING),
        (_S.CONSULTING, _I.CANCEL): (_E.RETURN, _S.RETURNING),
        (_S.CONSULTING, _I.CONFER): (_E.CONFER, _S.OVER),
        (_S.CONSULTING, _I.MET): (None, _S.CONSULTING),
        (_S.CONSULTING, _I.JOINED): (_E.HAND_OVER, _S.OVER),
        (_S.CONSULTING, _I.RETURNED): (_E.RESUME, _S.OVER),
        (_S.CONSULTING, _I.FAILED): (None, _S.CONSULTING),
        (_S.CONSULTING, _I.STUCK): (None, _S.CONSULTING),
        (_S.CONSULTING, _I.AGENT_GONE): (_E.JOIN, _S.COMPLETING),
        (_S.CONSULTING, _I.TARGET_GONE): (_E.RETURN, _S.RETURNING),
        (_S.CONSULTING, _I.CUSTOMER_GONE): (_E.DROP_ALL, _S.OVER),
        # State: pending
        (_S.PENDING, _I.MET): (_E.JOIN, _S.COMPLETING),
        (_S.PENDING, _I.JOINED): (_E.HAND_OVER, _S.OVER),
        (_S.PENDING, _I.RETURNED): (None, _S.PENDING),
        (_S.PENDING, _I.FAILED): (_E.REQUEUE, _S.OVER),
        (_S.PENDING, _I.STUCK): (None, _S.PENDING),
        (_S.PENDING, _I.AGENT_GONE): (None, _S.PENDING),
        (_S.PENDING, _I.TARGET_GONE): (_E.REQUEUE, _S.OVER),
        (_S.PENDING, _I.CUSTOMER_GONE): (_E.DROP_ALL, _S.OVER),
        # State: completing
        (_S.COMPLETING, _I.MET): (None, _S.COMPLETING),
        (_S.COMPLETING, _I.JOINED): (_E.HAND_OVER, _S.OVER),
        (_S.COMPLETING, _I.RETURNED): (_E.RESUME, _S.OVER),
        (_S.COMPLETING, _I.FAILED): (None, _S.COMPLETING),
        (_S.COMPLETING, _I.STUCK): (_E.RETURN, _S.RETURNING),
        (_S.COMPLETING, _I.AGENT_GONE): (None, _S.COMPLETING),
        (_S.COMPLETING, _I.TARGET_GONE): (_E.RETURN, _S.RETURNING),
        (_S.COMPLETING, _I.CUSTOMER_GONE): (_E.DROP_ALL, _S.OVER),
        # State: returning
        (_S.RETURNING, _I.MET): (None, _S.RETURNING),
        (_S.RETURNING, _I.JOINED): (_E.HAND_OVER, _S.OVER),
        (_S.RETURNING, _I.RETURNED): (_E.RESUME, _S.OVER),
        (_S.RETURNING, _I.FAILED): (None, _S.RETURNING),
        (_S.RETURNING, _I.STUCK): (_E.REQUEUE, _S.OVER),
        (_S.RETURNING, _I.AGENT_GONE): (_E.REQUEUE, _S.OVER),
        (_S.RETURNING, _I.TARGET_GONE): (None, _S.RETURNING),
        (_S.RETURNING, _I.CUSTOMER_GONE): (_E.DROP_ALL, _S.OVER),
        # State: taking
        (_S.TAKING, _I.CANCEL): (_E.CALL_OFF, _S.OVER),
        (_S.TAKING, _I.MET): (_E.JOIN, _S.COMPLETING),
        (_S.TAKING, _I.JOINED): (_E.HAND_OVER, _S.OVER),
        (_S.TAKING, _I.RETURNED): (None, _S.TAKING),
        (_S.TAKING, _I.FAILED): (_E.CALL_OFF, _S.OVER),
        (_S.TAKING, _I.STUCK): (None, _S.TAKING),
        (_S.TAKING, _I.AGENT_GONE): (_E.WAIT, _S.PENDING),
        (_S.TAKING, _I.TARGET_GONE): (_E.CALL_OFF, _S.OVER),
        (_S.TAKING, _I.CUSTOMER_GONE): (_E.DROP_ALL, _S.OVER),
        # State: over
        (_S.OVER, _I.MET): (None, _S.OVER),
        (_S.OVER, _I.JOINED): (None, _S.OVER),
        (_S.OVER, _I.RETURNED): (None, _S.OVER),
        (_S.OVER, _I.FAILED): (None, _S.OVER),
        (_S.OVER, _I.STUCK): (None, _S.OVER),
        (_S.OVER, _I.AGENT_GONE): (None, _S.OVER),
        (_S.OVER, _I.TARGET_GONE): (None, _S.OVER),
        (_S.OVER, _I.CUSTOMER_GONE): (None, _S.OVER),
    }
