"""Nailed-up phones: one standing call, callers bridged to it at once, and dialled again when it is lost."""

from __future__ import annotations

import pytest
from msgspec import structs

from fsorch.engine import Configure, FactKind, HangUp, LinkDown, LinkUp, LogIn, LogOut, MuteCall
from fsorch.esl.commands import Bridge, Kill, Mute, Originate, Playback, SetVars
from fsorch.esl.events import Event
from fsorch.names import Strategy
from fsorch.rules import PhoneMode
from tests.engine.desk import CENTRE, Desk

ANN, ROB = CENTRE.agents
NAILED = structs.replace(ANN, phone_mode=PhoneMode.NAILED)


def plan(alert: str = "") -> Desk:
    return Desk(structs.replace(CENTRE, agents=(structs.replace(NAILED, alert=alert), ROB)))


def standing(alert: str = "") -> tuple[Desk, str]:
    """Ann is at work and her standing call is parked; its leg."""
    desk = plan(alert)
    desk.log_in("ann")
    dial = desk.last(Originate)
    desk.rings(dial.uuid)
    desk.picks_up(dial.uuid, dial.job_uuid)
    return desk, dial.uuid


def dials(desk: Desk) -> int:
    return sum(isinstance(command, Originate) for command, _ in desk.sent)


def bridges(desk: Desk) -> list[tuple[str, str]]:
    return [(command.a, command.b) for command, _ in desk.sent if isinstance(command, Bridge)]


def kills(desk: Desk) -> list[str]:
    return [command.uuid for command, _ in desk.sent if isinstance(command, Kill)]


def test_the_call_stands_from_log_in_to_log_out() -> None:
    desk = plan()
    desk.log_in("ann")
    dial = desk.last(Originate)
    variables = dict(dial.variables)
    assert (variables["park_after_bridge"], variables["hangup_after_bridge"]) == ("true", "false")
    assert (desk.agent("ann").line, desk.agent("ann").unready) == ("dialling", "the standing call is being set up")
    desk.call("caller-1", "sales")
    assert dials(desk) == 1
    desk.rings(dial.uuid)
    desk.picks_up(dial.uuid, dial.job_uuid)
    assert bridges(desk) == [("caller-1", dial.uuid)]
    desk.bridge("caller-1", dial.uuid)
    desk.ends("caller-1")
    desk.event("CHANNEL_PARK", dial.uuid)
    desk.passes(20)
    desk.tell(LogOut(agent="ann", by="ann"))
    assert kills(desk) == [dial.uuid]
    desk.ends(dial.uuid)
    desk.passes(100)
    assert dials(desk) == 1
    (row,) = [fact.data["row"] for fact in desk.of(FactKind.LEG_ENDED) if fact.leg == dial.uuid]
    assert (row["agent"], row["peer"]) == ("ann", "caller-1")


def test_callers_in_turn_are_bridged_to_the_same_leg() -> None:
    desk, leg = standing()
    for n in range(3):
        desk.call(f"caller-{n}", "support")
        assert bridges(desk)[-1] == (f"caller-{n}", leg)
        desk.bridge(f"caller-{n}", leg)
        assert (desk.agent("ann").state, desk.agent("ann").line) == ("talking", "talking")
        # Parking and hangup come in either order (captures 03 and 16).
        first, second = (desk.ends, desk.event) if n % 2 else (desk.event, desk.ends)
        for act in (first, second):
            if act == desk.ends:
                desk.ends(f"caller-{n}")
            else:
                desk.event("CHANNEL_PARK", leg)
        assert (desk.agent("ann").state, desk.agent("ann").line) == ("idle", "ready")
    desk.passes(60)
    assert (dials(desk), kills(desk)) == (1, [])
    assert len(desk.of(FactKind.CONTACT_ENDED)) == 3


def test_a_phone_that_was_muted_is_heard_by_the_next_caller() -> None:
    """The switch would keep it muted, for the standing call goes on (seen on FreeSWITCH 1.10.12)."""
    desk, leg = standing()
    desk.call("caller-1", "support")
    desk.bridge("caller-1", leg)
    desk.tell(MuteCall(agent="ann", by="ann", on=True))
    desk.ends("caller-1")
    assert desk.last(Mute) == Mute(leg, False)
    assert desk.last(SetVars) == SetVars(leg, (("fsorch_muted", ""),))
    desk.event("CHANNEL_PARK", leg)
    desk.sent.clear()
    desk.call("caller-2", "support")
    desk.bridge("caller-2", leg)
    desk.ends("caller-2")
    assert not any(isinstance(command, Mute) for command, _ in desk.sent)


@pytest.mark.parametrize("talks", [True, False])
def test_a_phone_that_was_muted_in_an_earlier_life(talks: bool) -> None:
    desk = plan()
    desk.tell(LinkDown("main", "restart"))
    desk.log_in("ann")
    marks = {"variable_fsorch_contact": "c1", "variable_fsorch_queue": "support"}
    mine = {"variable_fsorch_role": "agent", "variable_fsorch_agent": "ann", "variable_fsorch_line": "yes"}
    theirs = {"variable_fsorch_role": "customer", "variable_fsorch_enqueued": "1799999901000000"}
    caller = Event(name="CHANNEL_DATA", uuid="caller-1", other_leg="line", known=marks | theirs)
    line = Event(name="CHANNEL_DATA", uuid="line", known=marks | mine | {"variable_fsorch_muted": "yes"})
    caller.answer_state = line.answer_state = "answered"
    if talks:
        line.other_leg = "caller-1"
    desk.tell(LinkUp("main", "core-1", (caller, line) if talks else (line,), "/sounds"))
    if talks:
        assert desk.contact().muted
        assert not any(isinstance(command, Mute) for command, _ in desk.sent)
        desk.tell(MuteCall(agent="ann", by="ann", on=False))
    assert desk.last(Mute) == Mute("line", False)


def test_the_next_caller_waits_until_the_leg_is_parked_again() -> None:
    desk, leg = standing()
    desk.call("caller-1", "support")
    desk.bridge("caller-1", leg)
    desk.call("caller-2", "support")
    desk.ends("caller-1")
    assert len(bridges(desk)) == 1
    desk.event("CHANNEL_PARK", leg)
    assert bridges(desk)[-1] == ("caller-2", leg)


def test_an_alert_comes_first() -> None:
    desk, leg = standing("tone_stream://%(200,100,440)")
    desk.call("caller-1", "support")
    play = desk.last(Playback)
    assert (play.uuid, play.file, bridges(desk)) == (leg, "tone_stream://%(200,100,440)", [])
    assert desk.agent("ann").state == "ringing"
    desk.event("CHANNEL_EXECUTE_COMPLETE", leg, application_uuid=play.event_uuid)
    assert bridges(desk) == [("caller-1", leg)]


def test_a_caller_who_goes_in_the_alert_leaves_the_line_as_it_was() -> None:
    desk, leg = standing("tone_stream://%(200,100,440)")
    desk.call("caller-1", "support")
    desk.ends("caller-1")
    desk.passes(2)
    assert (desk.agent("ann").state, desk.agent("ann").line, kills(desk)) == ("idle", "ready", [])
    desk.call("caller-2", "support")
    desk.event("CHANNEL_EXECUTE_COMPLETE", leg, application_uuid=desk.last(Playback).event_uuid)
    assert bridges(desk) == [("caller-2", leg)]


def test_hanging_up_at_the_desktop_ends_the_caller_and_not_the_line() -> None:
    desk, leg = standing()
    desk.call("caller-1", "support")
    desk.bridge("caller-1", leg)
    desk.tell(HangUp(agent="ann", by="ann"))
    assert kills(desk) == ["caller-1"]
    desk.ends("caller-1")
    desk.event("CHANNEL_PARK", leg)
    row = desk.of(FactKind.CONTACT_ENDED)[-1].data["row"]
    assert (row["outcome"], row["ended_by"]) == ("answered", "agent")
    assert desk.agent("ann").line == "ready"


def test_a_lost_line_is_dialled_again_later_each_time_and_nothing_is_offered_meanwhile() -> None:
    desk, leg = standing()
    desk.ends(leg)
    assert desk.agent("ann").unready == "the standing call is lost; it is dialled again"
    desk.call("caller-1", "support")
    waits = []
    for _ in range(7):
        before, waited = dials(desk), 0
        while dials(desk) == before:
            desk.passes(1)
            waited += 1
        waits.append(waited)
        dial = desk.last(Originate)
        desk.event("BACKGROUND_JOB", job_uuid=dial.job_uuid, body="-ERR USER_NOT_REGISTERED\n")
    assert waits == [2, 4, 8, 16, 32, 60, 60]
    assert bridges(desk) == []


def test_the_agent_who_hangs_up_the_phone_ends_the_call_and_gets_a_new_line() -> None:
    desk, leg = standing()
    desk.call("caller-1", "support")
    desk.bridge("caller-1", leg)
    desk.ends(leg)
    desk.ends("caller-1")
    assert desk.of(FactKind.CONTACT_ENDED)[-1].data["row"]["ended_by"] == "agent"
    desk.passes(3)
    dial = desk.last(Originate)
    assert dial.uuid != leg
    desk.picks_up(dial.uuid, dial.job_uuid)
    assert (desk.agent("ann").state, desk.agent("ann").line, desk.agent("ann").unready) == ("idle", "ready", "")


def test_with_every_phone_ringing_the_line_takes_the_caller_once() -> None:
    sales, support = CENTRE.queues
    everybody = structs.replace(sales, strategy=Strategy.RING_ALL)
    desk = Desk(structs.replace(CENTRE, queues=(everybody, support), agents=(NAILED, ROB)))
    desk.log_in("ann")
    dial = desk.last(Originate)
    desk.picks_up(dial.uuid, dial.job_uuid)
    desk.log_in("rob")
    desk.call("caller-1", "sales")
    assert bridges(desk) == [("caller-1", dial.uuid)]
    desk.bridge("caller-1", dial.uuid)
    assert [desk.agent(id).state for id in ("ann", "rob")] == ["talking", "idle"]


def test_a_standing_call_of_an_earlier_life_is_taken_up() -> None:
    desk = Desk(structs.replace(CENTRE, agents=(NAILED, ROB)))
    known = {"variable_fsorch_role": "agent", "variable_fsorch_agent": "ann", "variable_fsorch_line": "yes"}
    leg = Event(name="CHANNEL_DATA", uuid="line-1", answer_state="answered", direction="outbound", known=known)
    desk.tell(LinkUp("main", "core-1", (leg,), "/sounds"))
    assert kills(desk) == ["line-1"]
    desk.ends("line-1")
    desk.tell(LogIn(agent="ann", by="ann"))
    first = desk.last(Originate).uuid
    desk.picks_up(first, desk.last(Originate).job_uuid)
    again = Event(name="CHANNEL_DATA", uuid=first, answer_state="answered", direction="outbound", known=known)
    desk.tell(LinkUp("main", "core-1", (again,), "/sounds"))
    assert (desk.agent("ann").line, dials(desk)) == ("ready", 1)


@pytest.mark.parametrize("late", [False, True])
def test_a_standing_call_that_talks_over_a_restart_is_not_dialled_again(late: bool) -> None:
    desk = plan()
    if not late:
        desk.tell(LinkDown("main", "restart"))
    desk.log_in("ann")
    marks = {"variable_fsorch_contact": "c1", "variable_fsorch_queue": "support"}
    mine = {"variable_fsorch_role": "agent", "variable_fsorch_agent": "ann", "variable_fsorch_line": "yes"}
    theirs = {"variable_fsorch_role": "customer", "variable_fsorch_enqueued": "1799999901000000"}
    caller = Event(name="CHANNEL_DATA", uuid="caller-1", other_leg="line", known=marks | theirs)
    line = Event(name="CHANNEL_DATA", uuid="line", other_leg="caller-1", known=marks | mine)
    caller.answer_state = line.answer_state = "answered"
    before = dials(desk)
    desk.tell(LinkUp("main", "core-1", (caller, line), "/sounds"))
    assert (desk.agent("ann").state, desk.agent("ann").line) == ("talking", "talking")
    desk.passes(120)
    assert dials(desk) == before
    desk.event("CHANNEL_PARK", "line")
    desk.ends("caller-1")
    desk.passes(30)
    assert (desk.agent("ann").state, desk.agent("ann").line, dials(desk)) == ("idle", "ready", before)


def test_an_agent_whom_the_centre_has_no_more_is_hung_up() -> None:
    desk, leg = standing()
    desk.tell(Configure(structs.replace(CENTRE, agents=(ROB,))))
    assert kills(desk) == [leg]
