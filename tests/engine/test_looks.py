"""An event that does not come: the switch is asked how the channel stands."""

from __future__ import annotations

import json

import pytest

from fsorch.engine import CommandDone, FactKind, HoldCall, TransferCall
from fsorch.esl.commands import Break, Bridge, Dump, Hold, Kill, Originate
from fsorch.esl.replies import Reply
from tests.engine.desk import Desk

CALLER = "caller-1"


def ringing() -> tuple[Desk, Originate]:
    """A caller of sales, and ann's phone is picked up; rob is free."""
    desk = Desk()
    desk.log_in("ann", "rob")
    desk.call(CALLER, "sales")
    dial = desk.last(Originate)
    desk.rings(dial.uuid)
    desk.picks_up(dial.uuid, dial.job_uuid)
    return desk, dial


def talking() -> tuple[Desk, str]:
    desk, dial = ringing()
    desk.bridge(CALLER, dial.uuid)
    desk.sent.clear()
    return desk, dial.uuid


def shows(desk: Desk, **fields: str) -> None:
    """The switch answers the last look."""
    text = json.dumps({"Event-Name": "CHANNEL_DATA"} | {name.replace("_", "-"): to for name, to in fields.items()})
    desk.tell(CommandDone("main", desk.tag(Dump), Reply(True, text, "api")))


def looks(desk: Desk) -> int:
    return sum(isinstance(command, Dump) for command, _ in desk.sent)


def dials(desk: Desk) -> int:
    return sum(isinstance(command, Originate) for command, _ in desk.sent)


# -- bridges --------------------------------------------------------------------------------------------------------


def test_a_slow_bridge_is_not_offered_to_another_agent() -> None:
    desk, dial = ringing()
    desk.passes(20)
    assert (looks(desk), dials(desk)) == (1, 1)
    assert not any(isinstance(command, Kill) for command, _ in desk.sent)
    desk.bridge(CALLER, dial.uuid)
    shows(desk, Other_Leg_Unique_ID=CALLER)
    assert (desk.contact().state, desk.contact().agent) == ("talking", "ann")
    assert (desk.agent("rob").state, dials(desk)) == ("idle", 1)


def test_a_bridge_whose_event_is_lost_counts_all_the_same() -> None:
    desk, dial = ringing()
    desk.passes(6)
    shows(desk, Other_Leg_Unique_ID=CALLER)
    assert (desk.contact().state, desk.agent("ann").state) == ("talking", "talking")
    desk.passes(100)
    assert desk.contact().agent == "ann"


@pytest.mark.parametrize("answer", ["{}", "-ERR No such channel!"])
def test_a_bridge_that_did_not_come_about_is_given_up_once_the_switch_says_so(answer: str) -> None:
    desk, dial = ringing()
    desk.passes(6)
    desk.tell(CommandDone("main", desk.tag(Dump), Reply(answer == "{}", answer, "api")))
    assert desk.last(Kill).uuid == dial.uuid
    assert desk.of(FactKind.OFFER_ENDED)[0].data["outcome"] == "failed"
    assert dials(desk) == 2


def test_a_switch_that_never_answers_does_not_keep_the_agent_for_ever() -> None:
    desk, dial = ringing()
    desk.passes(70)
    assert desk.last(Kill).uuid == dial.uuid


def test_a_slow_bridge_of_a_consult() -> None:
    desk, leg = talking()
    desk.tell(TransferCall(agent="ann", by="ann", to="rob", consult=True))
    dial = desk.last(Originate)
    desk.rings(dial.uuid)
    desk.picks_up(dial.uuid, dial.job_uuid)
    desk.passes(6)
    shows(desk, Other_Leg_Unique_ID=leg)
    assert (desk.contact().transfer, desk.agent("rob").state) == ("consulting", "talking")


# -- hold -----------------------------------------------------------------------------------------------------------


def test_a_hold_that_is_not_told_is_seen() -> None:
    desk, leg = talking()
    desk.tell(HoldCall(agent="ann", by="ann", on=True))
    desk.passes(2)
    assert desk.last(Dump) == Dump(leg)
    shows(desk, Channel_Call_State="HELD")
    assert desk.contact().held
    desk.tell(HoldCall(agent="ann", by="ann", on=False))
    desk.passes(2)
    shows(desk, Channel_Call_State="ACTIVE")
    assert not desk.contact().held
    assert [fact.data["on"] for fact in desk.of(FactKind.HOLD_CHANGED)] == [True, False]
    assert desk.of(FactKind.COMMAND_FAILED) == []


def test_a_hold_that_is_told_needs_no_look() -> None:
    desk, leg = talking()
    desk.tell(HoldCall(agent="ann", by="ann", on=True))
    desk.event("CHANNEL_HOLD", leg)
    desk.passes(5)
    assert looks(desk) == 0


def test_a_hold_that_the_switch_did_not_carry_out_is_said_to_have_failed() -> None:
    desk, leg = talking()
    desk.tell(HoldCall(agent="ann", by="ann", on=True))
    desk.passes(2)
    shows(desk, Channel_Call_State="ACTIVE")
    assert not desk.contact().held
    (fact,) = desk.of(FactKind.COMMAND_FAILED)
    assert fact.data == {"command": "hold", "answer": "the switch shows the call not on hold"}


def test_a_loopback_leg_that_does_not_take_the_end_of_a_hold_is_taken_back_all_the_same() -> None:
    desk, leg = talking()
    desk.tell(HoldCall(agent="ann", by="ann", on=True))
    desk.event("CHANNEL_HOLD", leg)
    desk.tell(HoldCall(agent="ann", by="ann", on=False))
    desk.answer(Hold, "-ERR Operation failed\n")
    assert desk.last(Break) == Break(CALLER)
    shows(desk, Channel_Call_State="ACTIVE")
    assert not desk.contact().held
    assert not any(isinstance(command, Bridge) for command, _ in desk.sent)
