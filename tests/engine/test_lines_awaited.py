"""A call for one agent in person that comes while their standing call is not there: it waits for that one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec import structs

from fsorch.campaigns import Mode
from fsorch.engine import Configure, FactKind, HangUp, LinkDown, LinkUp, TransferCall
from fsorch.engine.inputs import AddParty, CancelTransfer, CompleteTransfer, DialNumber, LogOut, TakeOver
from fsorch.errors import RequestRefused
from fsorch.esl.commands import Break, Bridge, Kill, Originate, Playback, Transfer
from fsorch.esl.events import Event
from fsorch.gateways import GatewaySpec
from fsorch.rules import PhoneMode
from tests.engine.desk import CENTRE, Desk
from tests.engine.dialroom import CAMPAIGN, Room
from tests.engine.dialroom import centre as dialroom

ANN, ROB = CENTRE.agents
CUSTOMER = "caller-1"


def talking(alert: str = "", patience_s: float = 15.0) -> tuple[Desk, str, Originate]:
    """A customer talks to rob, and ann has just logged in: rob's leg, and what dials ann's standing call."""
    nailed = structs.replace(ANN, phone_mode=PhoneMode.NAILED, alert=alert)
    queues = tuple(structs.replace(queue, offer_timeout_s=patience_s) for queue in CENTRE.queues)
    desk = Desk(structs.replace(CENTRE, agents=(nailed, ROB), queues=queues))
    desk.log_in("rob")
    desk.call(CUSTOMER, "sales")
    dial = desk.last(Originate)
    desk.picks_up(dial.uuid, dial.job_uuid)
    desk.bridge(CUSTOMER, dial.uuid)
    desk.log_in("ann")
    return desk, dial.uuid, desk.last(Originate)


def consult(desk: Desk, leg: str) -> None:
    """Rob consults ann about the customer."""
    desk.tell(TransferCall(agent="rob", by="rob", to="ann", consult=True))
    desk.event("CHANNEL_PARK", CUSTOMER)
    desk.event("CHANNEL_PARK", leg)


def calls(desk: Desk) -> int:
    """How often ann's phone was dialled."""
    return sum(isinstance(command, Originate) and command.endpoint == ANN.phone for command, _ in desk.sent)


def bridges(desk: Desk) -> list[tuple[str, str]]:
    return [(command.a, command.b) for command, _ in desk.sent if isinstance(command, Bridge)][1:]


def outcomes(desk: Desk) -> list[str]:
    return [fact.data["outcome"] for fact in desk.of(FactKind.OFFER_ENDED) if fact.agent == "ann"]


def test_a_consult_waits_for_the_standing_call_that_is_dialled() -> None:
    desk, leg, line = talking()
    consult(desk, leg)
    desk.rings(line.uuid)
    assert (desk.agent("ann").state, bridges(desk)) == ("ringing", [])
    desk.picks_up(line.uuid, line.job_uuid)
    assert (calls(desk), bridges(desk)) == (1, [(leg, line.uuid)])
    desk.bridge(leg, line.uuid)
    assert (desk.agent("ann").state, desk.agent("ann").line) == ("talking", "talking")
    desk.passes(120)
    desk.tell(CancelTransfer(agent="rob", by="rob"))
    desk.event("CHANNEL_PARK", line.uuid)
    desk.bridge(CUSTOMER, leg)
    assert (desk.agent("ann").state, desk.agent("ann").line, desk.contact().agent) == ("idle", "ready", "rob")
    assert not any(isinstance(command, Kill) and command.uuid == line.uuid for command, _ in desk.sent)


def test_a_transfer_at_once_and_a_take_over_wait_as_well() -> None:
    for request in (TransferCall(agent="rob", by="rob", to="ann"), TakeOver(agent="rob", by="eve", taker="ann")):
        desk, _, line = talking()
        desk.tell(request)
        desk.picks_up(line.uuid, line.job_uuid)
        assert (calls(desk), bridges(desk)) == (1, [(CUSTOMER, line.uuid)])
        desk.bridge(CUSTOMER, line.uuid)
        assert (desk.contact().agent, desk.agent("ann").line) == ("ann", "talking")


def test_a_place_in_a_conference_waits_as_well() -> None:
    desk, _, line = talking()
    desk.tell(AddParty(agent="rob", by="rob", to="ann"))
    assert not any(isinstance(command, Transfer) for command, _ in desk.sent)
    desk.picks_up(line.uuid, line.job_uuid)
    assert calls(desk) == 1
    assert line.uuid in {command.uuid for command, _ in desk.sent if isinstance(command, Transfer)}
    assert desk.agent("ann").line == "talking"


def test_the_alert_comes_before_the_bridge() -> None:
    desk, leg, line = talking("tone_stream://%(200,100,440)")
    consult(desk, leg)
    desk.picks_up(line.uuid, line.job_uuid)
    play = desk.last(Playback)
    assert (play.uuid, bridges(desk)) == (line.uuid, [])
    desk.event("CHANNEL_EXECUTE_COMPLETE", line.uuid, application_uuid=play.event_uuid)
    assert bridges(desk) == [(leg, line.uuid)]


@pytest.mark.parametrize("parked", [True, False])
def test_a_consult_waits_until_the_last_call_has_ended(parked: bool) -> None:
    desk, leg, line = talking()
    desk.picks_up(line.uuid, line.job_uuid)
    desk.call("caller-2", "support")
    desk.bridge("caller-2", line.uuid)
    desk.ends("caller-2")
    assert (desk.agent("ann").state, desk.agent("ann").line) == ("idle", "returning")
    had = len(bridges(desk))
    consult(desk, leg)
    assert len(bridges(desk)) == had
    if parked:
        desk.event("CHANNEL_PARK", line.uuid)
    else:
        # The switch parks within milliseconds; that it said so was missed.
        desk.passes(2)
    assert (calls(desk), bridges(desk)[had:]) == (1, [(leg, line.uuid)])


def test_a_lost_line_is_dialled_at_once_for_a_consult() -> None:
    desk, leg, line = talking()
    desk.picks_up(line.uuid, line.job_uuid)
    desk.ends(line.uuid)
    assert desk.agent("ann").line == "lost"
    consult(desk, leg)
    again = desk.last(Originate)
    desk.passes(4)
    assert (calls(desk), again.uuid != line.uuid) == (2, True)
    desk.picks_up(again.uuid, again.job_uuid)
    assert bridges(desk) == [(leg, again.uuid)]
    assert desk.agent("ann").line == "taken"


def rings_out(desk: Desk, line: Originate) -> None:
    desk.rings(line.uuid)
    desk.ends(line.uuid, "NO_ANSWER")
    desk.event("BACKGROUND_JOB", job_uuid=line.job_uuid, body="-ERR NO_ANSWER\n")


def is_busy(desk: Desk, line: Originate) -> None:
    desk.event("CHANNEL_CREATE", line.uuid)
    desk.ends(line.uuid, "USER_BUSY")
    desk.event("BACKGROUND_JOB", job_uuid=line.job_uuid, body="-ERR USER_BUSY\n")


def is_not_there(desk: Desk, line: Originate) -> None:
    desk.event("BACKGROUND_JOB", job_uuid=line.job_uuid, body="-ERR USER_NOT_REGISTERED\n")


def is_not_said(desk: Desk, line: Originate) -> None:
    desk.passes(22)


@pytest.mark.parametrize(
    ("how", "outcome"),
    [(rings_out, "missed"), (is_busy, "refused"), (is_not_there, "failed"), (is_not_said, "missed")],
)
def test_a_line_that_cannot_be_had_gives_the_customer_back(
    how: Callable[[Desk, Originate], None], outcome: str
) -> None:
    desk, leg, line = talking()
    consult(desk, leg)
    how(desk, line)
    assert outcomes(desk) == [outcome]
    assert bridges(desk) == [(CUSTOMER, leg)]
    desk.bridge(CUSTOMER, leg)
    assert (desk.contact().agent, desk.agent("ann").state) == ("rob", "idle")


def test_the_time_that_a_line_has_to_stand_is_the_limit_of_the_wait() -> None:
    desk, leg, line = talking(patience_s=120.0)
    consult(desk, leg)
    desk.passes(35)
    assert (outcomes(desk), bridges(desk)) == (["failed"], [(CUSTOMER, leg)])
    assert (desk.last(Kill).uuid, desk.agent("ann").line) == (line.uuid, "lost")


def test_a_command_that_the_switch_refuses_gives_the_customer_back() -> None:
    desk, leg, _ = talking()
    consult(desk, leg)
    desk.answer(Originate, "-ERR no such command")
    assert (outcomes(desk), desk.agent("ann").line) == (["failed"], "lost")
    assert bridges(desk) == [(CUSTOMER, leg)]


@pytest.mark.parametrize("by", ["rob", "ann"])
def test_a_consult_that_is_taken_back_or_refused_leaves_the_line_as_it_was(by: str) -> None:
    desk, leg, line = talking()
    consult(desk, leg)
    desk.rings(line.uuid)
    desk.tell(CancelTransfer(agent="rob", by="rob") if by == "rob" else HangUp(agent="ann", by="ann"))
    assert (desk.agent("ann").state, desk.agent("ann").line) == ("idle", "dialling")
    desk.bridge(CUSTOMER, leg)
    desk.picks_up(line.uuid, line.job_uuid)
    desk.passes(30)
    assert (desk.agent("ann").line, desk.agent("ann").unready) == ("ready", "")
    assert bridges(desk) == [(CUSTOMER, leg)]
    desk.call("caller-2", "support")
    assert bridges(desk)[-1] == ("caller-2", line.uuid)


@pytest.mark.parametrize("answered", [True, False])
def test_a_link_that_is_cut_while_the_line_is_waited_for(answered: bool) -> None:
    desk, leg, line = talking()
    consult(desk, leg)
    desk.tell(LinkDown("main", "cut"))
    known = {"variable_fsorch_role": "agent", "variable_fsorch_agent": "ann", "variable_fsorch_line": "yes"}
    state = "answered" if answered else "ringing"
    there = [Event(name="CHANNEL_DATA", uuid=id, answer_state="answered") for id in (CUSTOMER, leg)]
    desk.tell(
        LinkUp(
            "main", "core-1", (*there, Event(name="CHANNEL_DATA", uuid=line.uuid, answer_state=state, known=known)), ""
        )
    )
    assert bridges(desk) == ([(leg, line.uuid)] if answered else [])
    assert desk.agent("ann").line == ("taken" if answered else "dialling")


def test_a_line_that_rings_over_a_cut_of_the_link_is_not_taken_for_parked() -> None:
    desk, leg, line = talking()
    desk.tell(LinkDown("main", "cut"))
    there = [Event(name="CHANNEL_DATA", uuid=id, answer_state="answered") for id in (CUSTOMER, leg)]
    desk.tell(
        LinkUp("main", "core-1", (*there, Event(name="CHANNEL_DATA", uuid=line.uuid, answer_state="ringing")), "")
    )
    assert (desk.agent("ann").line, desk.agent("ann").unready) == ("dialling", "the standing call is being set up")
    desk.picks_up(line.uuid, line.job_uuid)
    assert desk.agent("ann").line == "ready"


def test_the_configuration_may_change_while_the_line_is_waited_for() -> None:
    desk, leg, line = talking()
    consult(desk, leg)
    desk.tell(Configure(structs.replace(CENTRE, agents=(ANN, ROB))))
    desk.picks_up(line.uuid, line.job_uuid)
    desk.bridge(leg, line.uuid)
    assert desk.agent("ann").state == "talking"


@pytest.mark.parametrize("request_", [CompleteTransfer(agent="ann", by="ann"), None])
def test_a_line_whose_agent_is_done_while_it_rings_is_silent(request_: CompleteTransfer | None) -> None:
    """The one who asked is nailed up: they complete the transfer, or the customer goes, and their line stays parked."""
    desk, leg, line = talking()
    desk.picks_up(line.uuid, line.job_uuid)
    desk.tell(TransferCall(agent="rob", by="rob", to="ann"))
    desk.bridge(CUSTOMER, line.uuid)
    desk.ends(leg)
    desk.passes(30)
    desk.tell(TransferCall(agent="ann", by="ann", to="rob", consult=True))
    desk.event("CHANNEL_PARK", line.uuid)
    assert desk.last(Playback).uuid == line.uuid
    if request_ is not None:
        desk.tell(request_)
    else:
        desk.ends(CUSTOMER)
    assert desk.last(Break) == Break(line.uuid)
    assert (desk.agent("ann").line, calls(desk)) == ("ready", 1)


def test_a_number_is_not_dialled_by_hand_while_the_line_is_set_up() -> None:
    room = Room(dialroom(structs.replace(CAMPAIGN, mode=Mode.MANUAL), agents=1))
    room.log_in("a0")
    line = room.last(Originate)
    room.run()
    room.tell(DialNumber(agent="a0", by="a0", campaign="spring", number="+4930123456"))
    room.passes(1)
    assert room.last(Originate) == line
    assert not room.of(FactKind.LEAD_BARRED)
    room.passes(3)
    (refused,) = room.of(FactKind.LEAD_BARRED)
    assert refused.data["source"] == "the standing call is being set up"
    room.picks_up(line.uuid, line.job_uuid)
    room.passes(1)
    assert not room.calls()
    room.tell(DialNumber(agent="a0", by="a0", campaign="spring", number="+4930123456"))
    assert len(room.calls()) == 1


def test_a_number_dialled_by_hand_waits_a_moment_for_the_line() -> None:
    room = Room(dialroom(structs.replace(CAMPAIGN, mode=Mode.MANUAL), agents=1))
    room.log_in("a0")
    line = room.last(Originate)
    room.run()
    room.tell(DialNumber(agent="a0", by="a0", campaign="spring", number="+4930123456"))
    with pytest.raises(RequestRefused):
        room.tell(DialNumber(agent="a0", by="a0", campaign="spring", number="+4930123457"))
    room.passes(1)
    room.picks_up(line.uuid, line.job_uuid)
    room.passes(0.2)
    (call,) = room.calls()
    assert call.endpoint.endswith("/+4930123456")


@pytest.mark.parametrize("leaves", [False, True])
def test_numbers_dialled_by_hand_at_once_go_one_after_the_other(leaves: bool) -> None:
    carrier = GatewaySpec(id="carrier", dial="sofia/gateway/carrier/{number}", cps=1)
    room = Room(dialroom(structs.replace(CAMPAIGN, mode=Mode.MANUAL), agents=3, gateways=(carrier,)))
    room.at_work("a0", "a1", "a2")
    room.run()
    for agent in range(3):
        room.tell(DialNumber(agent=f"a{agent}", by="", campaign="spring", number=f"+493012345{agent}"))
    assert [call.endpoint[-1] for call in room.calls()] == ["0"]
    if leaves:
        room.tell(LogOut(agent="a1", by="a1"))
    room.passes(3)
    assert sorted(call.endpoint[-1] for call in room.calls()) == (["0", "2"] if leaves else ["0", "1", "2"])
    assert not room.of(FactKind.LEAD_BARRED)


def test_a_lead_who_answers_when_the_line_is_lost_waits_for_it() -> None:
    room = Room(dialroom(structs.replace(CAMPAIGN, mode=Mode.MANUAL), agents=1))
    room.at_work("a0")
    line = room.last(Originate)
    room.run()
    room.tell(DialNumber(agent="a0", by="a0", campaign="spring", number="+4930123456"))
    (call,) = room.calls()
    room.ends(line.uuid)
    room.answers(call, rang=False)
    again = room.last(Originate)
    room.passes(1)
    assert (again.endpoint, dict(again.variables)["fsorch_line"], room.last(Originate)) == ("user/1001", "yes", again)
    room.picks_up(again.uuid, again.job_uuid)
    bridge = room.last(Bridge)
    assert {bridge.a, bridge.b} == {call.uuid, again.uuid}
    room.bridge(bridge.a, bridge.b)
    assert room.engine.agent_view("a0").line == "talking"
