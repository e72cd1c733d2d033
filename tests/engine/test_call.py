"""A call all the way, and every way it can go wrong, on an engine alone."""

from __future__ import annotations

import msgspec
import pytest

from fsorch.config import AgentSpec, Centre
from fsorch.engine import (
    AnswerCall,
    CommandLost,
    Configure,
    EndWrapUp,
    FactKind,
    HangUp,
    HoldCall,
    LogIn,
    LogOut,
    SetStatus,
    SwitchEvent,
)
from fsorch.errors import ConfigError, NotFound, RequestRefused
from fsorch.esl.commands import (
    Answer,
    Bridge,
    Dump,
    Exists,
    Hold,
    Kill,
    Originate,
    PhoneEvent,
    PlayAndGetDigits,
    Playback,
    PutOff,
    SetVars,
)
from fsorch.esl.events import Event
from tests.engine.desk import CENTRE, Desk


def offered(agent: str = "ann") -> tuple[Desk, Originate]:
    """One caller in sales, offered to one agent whose phone rings."""
    desk = Desk()
    desk.log_in(agent)
    desk.call("caller-1", "sales")
    dial = desk.last(Originate)
    desk.rings(dial.uuid)
    return desk, dial


def talking() -> tuple[Desk, Originate]:
    desk, dial = offered()
    desk.picks_up(dial.uuid, dial.job_uuid)
    desk.bridge("caller-1", dial.uuid)
    return desk, dial


def rows(desk: Desk, kind: FactKind) -> list[dict[str, object]]:
    return [fact.data["row"] for fact in desk.of(kind)]


# -- the flow -------------------------------------------------------------------------------------------------------


def test_a_parked_caller_is_taken_answered_and_greeted() -> None:
    desk = Desk()
    desk.call("caller-1")
    kinds = [type(command) for command, _ in desk.sent]
    assert kinds == [PutOff, SetVars, Answer, SetVars, Playback]
    assert desk.contact().state == "flow"
    assert desk.contact().number == "+441234"


def greeting(desk: Desk, terminator: str = "") -> None:
    play = desk.last(Playback)
    assert play.file == "/sounds/fsorch/en/greeting.wav"
    variables = {"playback_terminator_used": terminator}
    desk.event("CHANNEL_EXECUTE_COMPLETE", "caller-1", variables, application_uuid=play.event_uuid)


def menu(desk: Desk, key: str = "", wrong: str = "") -> None:
    ask = desk.last(PlayAndGetDigits)
    variables = ({ask.variable: key} if key else {}) | ({f"{ask.variable}_invalid": wrong} if wrong else {})
    desk.event("CHANNEL_EXECUTE_COMPLETE", "caller-1", variables, application_uuid=ask.event_uuid)


def test_the_menu_leads_to_the_queue_and_the_key_is_shown() -> None:
    desk = Desk()
    desk.call("caller-1")
    greeting(desk)
    assert desk.last(PlayAndGetDigits).prompt == "/sounds/fsorch/en/menu.wav"
    menu(desk, "1")
    contact = desk.contact()
    assert (contact.state, contact.queue, contact.position) == ("waiting", "sales", 1)
    assert [(answer.digits, answer.means) for answer in contact.answers] == [("1", "Sales")]
    assert desk.last(Playback).file == "local_stream://moh"


def test_a_key_pressed_in_the_greeting_counts() -> None:
    desk = Desk()
    desk.call("caller-1")
    greeting(desk, "2")
    assert desk.contact().queue == "support"


def test_each_prompt_has_a_variable_of_its_own() -> None:
    desk = Desk()
    desk.call("caller-1")
    greeting(desk)
    first = desk.last(PlayAndGetDigits).variable
    menu(desk, wrong="9")
    assert desk.last(PlayAndGetDigits).variable != first
    menu(desk)
    menu(desk)
    assert desk.contact().queue == "support"


def test_a_prompt_that_never_ends_does_not_hold_the_caller() -> None:
    desk = Desk()
    desk.call("caller-1")
    desk.passes(300)
    desk.passes(300)
    assert desk.contact().state == "waiting"


def test_hanging_up_in_the_flow_is_left_flow() -> None:
    desk = Desk()
    desk.call("caller-1")
    desk.ends("caller-1")
    (row,) = rows(desk, FactKind.CONTACT_ENDED)
    assert (row["outcome"], row["ended_by"]) == ("left_flow", "customer")
    assert desk.engine.snapshot().contacts == ()


def test_music_that_cannot_play_becomes_a_tone_and_a_tone_that_cannot_ends_the_trying() -> None:
    desk = Desk()
    desk.call("caller-1", "sales")
    for expected in ("tone_stream://", "tone_stream://"):
        play = desk.last(Playback)
        desk.event("CHANNEL_EXECUTE_COMPLETE", "caller-1", application_uuid=play.event_uuid)
        assert desk.last(Playback).file.startswith(expected)
    assert desk.engine.snapshot().odd_events["no_music"] == 1


def test_music_that_ends_after_a_while_begins_again() -> None:
    desk = Desk()
    desk.call("caller-1", "sales")
    play = desk.last(Playback)
    desk.passes(180)
    desk.event("CHANNEL_EXECUTE_COMPLETE", "caller-1", application_uuid=play.event_uuid)
    again = desk.last(Playback)
    assert (again.file, again.event_uuid != play.event_uuid) == ("local_stream://moh", True)


def test_without_a_flow_the_call_is_left_to_the_dialplan() -> None:
    desk = Desk(Centre(name="empty"))
    desk.call("caller-1")
    assert desk.sent == []
    assert desk.engine.snapshot().odd_events == {"no_flow": 1}


@pytest.mark.parametrize("leg", ["a b@host", "x\n\napi status", "${reloadxml}"])
def test_a_call_whose_leg_no_command_can_name_is_left_to_the_dialplan(leg: str) -> None:
    desk = Desk()
    desk.call(leg)
    assert (desk.sent, desk.engine.snapshot().contacts) == ([], ())
    assert "leg_id" in desk.engine.snapshot().odd_events


def test_a_call_that_is_not_ours_is_left_alone() -> None:
    desk = Desk()
    desk.event("CHANNEL_PARK", "other", direction="inbound")
    desk.event("CHANNEL_PARK", "served", {"fsorch_entry": "yes", "fsorch_fallback": "yes"}, direction="inbound")
    desk.ends("other")
    assert desk.sent == []
    assert desk.of(FactKind.LEG_ENDED) == []


def test_who_was_answered_waited_until_then_and_who_gave_up_until_the_end() -> None:
    desk = Desk()
    desk.call("caller-1", "sales")
    desk.passes(3)
    desk.log_in("ann")
    (offer,) = desk.of(FactKind.OFFER_MADE)
    assert offer.data["waited_us"] == 3_000_000
    dial = desk.last(Originate)
    desk.rings(dial.uuid)
    desk.picks_up(dial.uuid, dial.job_uuid)
    desk.bridge("caller-1", dial.uuid)
    desk.call("caller-2", "support")
    desk.passes(7)
    desk.ends("caller-2")
    desk.ends("caller-1")
    waited = {row["queue"]: row["waited_us"] for row in rows(desk, FactKind.CONTACT_ENDED)}
    assert waited == {"sales": 4_000_000, "support": 7_000_000}
    assert {(row["kind"], row["queue"]) for row in rows(desk, FactKind.SEGMENT_ENDED)} >= {
        ("talk", "sales"),
        ("queue", "support"),
    }


def test_a_cdr_has_what_the_switch_says_last_and_else_what_it_said_before() -> None:
    desk = Desk()
    desk.call("caller-1", "sales", destination="8800")
    desk.call("caller-2", "sales", destination="8801")
    for leg, destination, held in (("caller-1", "8809", "1500000"), ("caller-2", "", "no number")):
        known = {"variable_hangup_cause": "NORMAL_CLEARING", "Caller-Channel-Hold-Accum": held}
        desk.event("CHANNEL_HANGUP", leg, hangup_cause="NORMAL_CLEARING")
        event = Event(name="CHANNEL_HANGUP_COMPLETE", uuid=leg, known=known, destination=destination)
        desk.tell(SwitchEvent("main", event))
    legs = [(row["destination"], row["hold_us"], row["number"]) for row in rows(desk, FactKind.LEG_ENDED)]
    assert legs == [("8809", 1_500_000, "+441234"), ("8801", 0, "+441234")]


# -- the offer ------------------------------------------------------------------------------------------------------


def test_the_longest_idle_agent_is_dialled_with_the_callers_name() -> None:
    desk = Desk()
    desk.log_in("rob", "ann")
    desk.call("caller-1", "sales", caller_name="x\nUnique-ID: evil{a,b}")
    dial = desk.last(Originate)
    assert dial.endpoint == "user/1002"
    assert dict(dial.variables)["fsorch_role"] == "agent"
    assert "\n" not in dict(dial.variables)["origination_caller_id_name"]
    assert dial.timeout_s == 15
    view = desk.agent("rob")
    assert (view.state, view.contact and view.contact.number) == ("reserved", "+441234")


def test_an_answered_offer_is_bridged_at_once_and_only_once() -> None:
    desk, dial = offered()
    assert desk.agent("ann").state == "ringing"
    desk.picks_up(dial.uuid, dial.job_uuid)
    bridges = [command for command, _ in desk.sent if isinstance(command, Bridge)]
    assert bridges == [Bridge("caller-1", dial.uuid)]
    desk.bridge("caller-1", dial.uuid)
    assert (desk.agent("ann").state, desk.contact().state) == ("talking", "talking")


def test_the_bridge_may_be_seen_before_the_answer() -> None:
    desk, dial = offered()
    desk.bridge("caller-1", dial.uuid)
    desk.picks_up(dial.uuid, dial.job_uuid)
    assert desk.contact().state == "talking"
    assert not [command for command, _ in desk.sent if isinstance(command, Bridge | Kill)]


def test_a_missed_offer_goes_to_the_next_and_the_caller_keeps_the_place() -> None:
    desk = Desk()
    desk.log_in("ann", "rob")
    desk.call("caller-1", "sales")
    enqueued = desk.contact().enqueued_at
    desk.passes(1)
    desk.call("caller-2", "sales")
    first, second = [command for command, _ in desk.sent if isinstance(command, Originate)]
    assert (first.endpoint, second.endpoint) == ("user/1001", "user/1002")
    desk.rings(first.uuid)
    desk.passes(14)
    desk.ends(first.uuid, "NO_ANSWER")
    desk.event("BACKGROUND_JOB", job_uuid=first.job_uuid, body="-ERR NO_ANSWER\n")
    (one, _) = sorted(desk.engine.snapshot().contacts, key=lambda contact: contact.enqueued_at)
    assert (one.state, one.position, one.enqueued_at) == ("waiting", 1, enqueued)
    assert desk.agent("ann").missed == 1
    desk.ends(second.uuid, "NO_ANSWER")
    assert [c.position for c in desk.engine.snapshot().contacts] == [1, 2]
    desk.passes(5)
    third, fourth = [command for command, _ in desk.sent if isinstance(command, Originate)][2:]
    assert dict(third.variables)["fsorch_contact"] == one.id
    assert dict(fourth.variables)["fsorch_contact"] != one.id


def test_who_missed_is_not_dialled_again_at_once() -> None:
    desk, dial = offered()
    desk.ends(dial.uuid, "NO_ANSWER")
    assert len([1 for command, _ in desk.sent if isinstance(command, Originate)]) == 1
    desk.passes(5)
    assert len([1 for command, _ in desk.sent if isinstance(command, Originate)]) == 2


@pytest.mark.parametrize(
    ("cause", "outcome"),
    [
        ("NO_ANSWER", "missed"),
        ("CALL_REJECTED", "refused"),
        ("USER_BUSY", "refused"),
        ("USER_NOT_REGISTERED", "failed"),
        ("NORMAL_TEMPORARY_FAILURE", "failed"),
        ("INVALID_PROFILE", "failed"),
    ],
)
def test_a_failed_originate_says_how_the_offer_ended(cause: str, outcome: str) -> None:
    desk, dial = offered()
    desk.event("BACKGROUND_JOB", job_uuid=dial.job_uuid, body=f"-ERR {cause}\n")
    (ended,) = desk.of(FactKind.OFFER_ENDED)
    assert (ended.data["outcome"], ended.data["cause"]) == (outcome, cause)
    assert desk.contact().state == "waiting"


def dialled() -> tuple[Desk, Originate]:
    """One caller offered; the switch has not yet shown the phone's leg."""
    desk = Desk()
    desk.log_in("ann")
    desk.call("caller-1", "sales")
    return desk, desk.last(Originate)


def legs(desk: Desk) -> int:
    return desk.engine.snapshot().switches[0].legs


@pytest.mark.parametrize("destroyed", [True, False])
def test_a_phone_that_cannot_even_be_dialled_leaves_no_leg_and_no_record(destroyed: bool) -> None:
    desk, dial = dialled()
    if destroyed:  # an originate to a profile that is not there
        desk.event("CHANNEL_DESTROY", dial.uuid)
    desk.event("BACKGROUND_JOB", job_uuid=dial.job_uuid, body="-ERR INVALID_PROFILE\n")
    (ended,) = desk.of(FactKind.OFFER_ENDED)
    assert (ended.data["outcome"], ended.data["cause"]) == ("failed", "INVALID_PROFILE")
    assert not desk.of(FactKind.LEG_ENDED)
    assert legs(desk) == 1


def test_an_originate_that_is_refused_leaves_no_leg() -> None:
    desk, _ = dialled()
    desk.answer(Originate, "-ERR Command not found!")
    assert desk.contact().state == "waiting"
    assert legs(desk) == 1


def test_a_phone_that_rings_only_after_the_caller_left_is_hung_up_at_once() -> None:
    desk, dial = dialled()
    desk.ends("caller-1")
    desk.answer(Kill, "-ERR No such channel!")
    desk.answer(Exists, "false")
    desk.passes(2)
    desk.sent.clear()
    desk.event("CHANNEL_CREATE", dial.uuid)
    assert desk.last(Kill).uuid == dial.uuid
    desk.ends(dial.uuid, "ORIGINATOR_CANCEL")
    desk.event("BACKGROUND_JOB", job_uuid=dial.job_uuid, body="-ERR ORIGINATOR_CANCEL\n")
    assert [row["role"] for row in rows(desk, FactKind.LEG_ENDED)] == ["customer", "agent"]
    assert legs(desk) == 0


def test_an_agent_is_dialled_again_only_when_the_last_leg_is_gone() -> None:
    desk, dial = offered()
    desk.call("caller-2", "sales")
    desk.ends("caller-1")
    assert (desk.agent("ann").state, desk.contact().state) == ("idle", "waiting")
    desk.event("CHANNEL_HANGUP", dial.uuid, hangup_cause="ORIGINATOR_CANCEL")
    assert desk.last(Originate) is dial
    desk.event("CHANNEL_HANGUP_COMPLETE", dial.uuid, hangup_cause="ORIGINATOR_CANCEL")
    assert desk.last(Originate).uuid != dial.uuid
    assert desk.contact().agent == "ann"


def test_without_wrap_up_the_next_call_waits_for_the_end_of_the_last_leg() -> None:
    desk = Desk()
    desk.log_in("ann")
    desk.call("caller-1", "support")
    desk.call("caller-2", "support")
    dial = desk.last(Originate)
    desk.rings(dial.uuid)
    desk.picks_up(dial.uuid, dial.job_uuid)
    desk.bridge("caller-1", dial.uuid)
    desk.ends("caller-1")
    assert (desk.agent("ann").state, desk.contact().state) == ("idle", "waiting")
    desk.ends(dial.uuid)
    assert desk.contact().state == "offered"


def test_a_kill_that_is_lost_is_said_again() -> None:
    desk, dial = offered()
    desk.ends("caller-1")
    desk.sent.clear()
    desk.passes(6)
    assert desk.last(Kill).uuid == dial.uuid


def test_a_dialled_phone_of_which_nothing_is_ever_heard_is_forgotten() -> None:
    desk, _ = dialled()
    desk.ends("caller-1")
    desk.passes(60)
    assert legs(desk) == 0


def test_a_caller_who_leaves_while_the_phone_rings_ends_the_ringing() -> None:
    desk, dial = offered()
    desk.ends("caller-1")
    assert desk.last(Kill) == Kill(dial.uuid, "ORIGINATOR_CANCEL")
    assert (desk.agent("ann").state, desk.agent("ann").missed) == ("idle", 0)
    (row,) = rows(desk, FactKind.CONTACT_ENDED)
    assert row["outcome"] == "abandoned"


def test_a_phone_answered_after_the_caller_left_is_hung_up() -> None:
    desk, dial = offered()
    desk.ends("caller-1")
    desk.sent.clear()
    desk.picks_up(dial.uuid, dial.job_uuid)
    assert desk.last(Kill).uuid == dial.uuid
    assert not [command for command, _ in desk.sent if isinstance(command, Bridge)]


def test_a_switch_that_says_nothing_of_a_dialled_phone_is_given_up_on() -> None:
    desk = Desk()
    desk.log_in("ann")
    desk.call("caller-1", "sales")
    dial = desk.last(Originate)
    desk.passes(21)
    (ended,) = desk.of(FactKind.OFFER_ENDED)
    assert ended.data["outcome"] == "missed"
    assert desk.last(Kill).uuid == dial.uuid


def test_a_refused_bridge_sends_the_caller_back_and_asks_whether_they_are_there() -> None:
    desk, dial = offered()
    desk.picks_up(dial.uuid, dial.job_uuid)
    desk.answer(Bridge, "-ERR Invalid uuid")
    assert desk.contact().state == "waiting"
    assert desk.last(Kill).uuid == dial.uuid
    assert desk.last(Exists).uuid == "caller-1"
    desk.answer(Exists, "false")
    assert not desk.of(FactKind.CONTACT_ENDED)
    desk.passes(6)
    (row,) = rows(desk, FactKind.CONTACT_ENDED)
    assert row["outcome"] == "lost"


def test_a_reply_that_overtakes_the_hangup_does_not_make_the_caller_lost() -> None:
    desk = Desk()
    desk.call("caller-1")
    desk.answer(Playback, "-ERR invalid session id [caller-1]")
    desk.answer(Exists, "false")
    desk.ends("caller-1")
    (row,) = rows(desk, FactKind.CONTACT_ENDED)
    assert (row["outcome"], row["ended_by"], row["cause"]) == ("left_flow", "customer", "NORMAL_CLEARING")
    assert [row["complete"] for row in rows(desk, FactKind.LEG_ENDED)] == [True]
    desk.passes(60)
    assert len(desk.of(FactKind.LEG_ENDED)) == 1


def test_a_lost_reply_to_a_bridge_is_not_a_hang() -> None:
    desk, dial = offered()
    desk.picks_up(dial.uuid, dial.job_uuid)
    desk.tell(CommandLost("main", desk.tag(Bridge), "deadline"))
    desk.passes(6)
    desk.answer(Dump, "-ERR No such channel!\n")
    assert desk.contact().state == "waiting"


def test_a_dial_string_that_cannot_be_said_is_refused_before_it_is_used() -> None:
    desk = Desk()
    with pytest.raises(ConfigError, match=r"agents\[0\].phone"):
        desk.tell(Configure(Centre(agents=(AgentSpec(id="bad", phone="user/1\n\napi status"),))))
    assert desk.engine.snapshot().centre == "bench"
    with pytest.raises(RequestRefused, match="phone"):
        desk.tell(LogIn(agent="ann", by="test", phone="user/1\nx"))
    assert desk.agent("ann").status == "logged_out"


# -- the talk -------------------------------------------------------------------------------------------------------


def test_a_talk_ends_in_wrap_up_and_then_the_next() -> None:
    desk, dial = talking()
    desk.passes(60)
    desk.ends("caller-1")
    desk.ends(dial.uuid)
    assert desk.agent("ann").state == "wrap_up"
    desk.call("caller-2", "sales")
    assert desk.contact().state == "waiting"
    desk.passes(10)
    assert desk.contact().state == "offered"
    (row,) = rows(desk, FactKind.CONTACT_ENDED)
    assert (row["outcome"], row["agent"], row["talked_us"]) == ("answered", "ann", 60_000_000)
    kinds = [row["kind"] for row in rows(desk, FactKind.SEGMENT_ENDED)]
    assert kinds[:4] == ["ivr", "queue", "offer", "talk"]
    assert "wrap_up" in kinds


def test_when_the_agent_hangs_up_that_is_what_is_written() -> None:
    desk, dial = talking()
    desk.ends(dial.uuid)
    desk.ends("caller-1")
    (row,) = rows(desk, FactKind.CONTACT_ENDED)
    assert (row["outcome"], row["ended_by"]) == ("answered", "agent")
    assert desk.agent("ann").state == "wrap_up"


def test_a_caller_left_alone_by_the_switch_goes_back_to_the_queue() -> None:
    desk, dial = talking()
    desk.ends(dial.uuid)
    desk.passes(6)
    assert desk.contact().state == "waiting"
    assert desk.contact().position == 1


def test_hold_is_a_stretch_of_its_own() -> None:
    desk, dial = talking()
    desk.passes(10)
    desk.tell(HoldCall(agent="ann", by="ann", on=True))
    assert desk.last(Hold) == Hold(dial.uuid, True)
    desk.event("CHANNEL_HOLD", dial.uuid)
    desk.passes(5)
    assert desk.contact().held
    desk.event("CHANNEL_UNHOLD", dial.uuid)
    desk.passes(10)
    desk.ends("caller-1")
    (row,) = rows(desk, FactKind.CONTACT_ENDED)
    assert (row["talked_us"], row["held_us"]) == (20_000_000, 5_000_000)


def test_exactly_one_cdr_for_each_leg_however_often_the_switch_says_it() -> None:
    desk, dial = talking()
    for _ in range(3):
        desk.ends("caller-1")
        desk.ends(dial.uuid)
    assert sorted(str(row["id"]) for row in rows(desk, FactKind.LEG_ENDED)) == sorted(["caller-1", dial.uuid])
    assert len(rows(desk, FactKind.CONTACT_ENDED)) == 1


# -- people ---------------------------------------------------------------------------------------------------------


def test_the_desktop_can_pick_up_refuse_and_hang_up() -> None:
    desk, dial = offered()
    desk.tell(AnswerCall(agent="ann", by="ann"))
    assert desk.last(PhoneEvent) == PhoneEvent(dial.uuid, "talk")
    desk.tell(HangUp(agent="ann", by="ann"))
    assert desk.last(Kill).uuid == dial.uuid
    assert desk.of(FactKind.OFFER_ENDED)[-1].data["outcome"] == "refused"
    desk, dial = talking()
    desk.tell(HangUp(agent="ann", by="ann"))
    assert desk.last(Kill) == Kill(dial.uuid, "NORMAL_CLEARING")


def test_what_is_not_possible_now_is_refused_and_changes_nothing() -> None:
    desk = Desk()
    desk.log_in("ann")
    before = desk.engine.snapshot()
    for request in (
        AnswerCall(agent="ann", by="x"),
        HangUp(agent="ann", by="x"),
        HoldCall(agent="ann", by="x", on=True),
        EndWrapUp(agent="ann", by="x"),
        LogIn(agent="ann", by="x"),
        SetStatus(agent="ann", by="x", status="break"),
    ):
        with pytest.raises(RequestRefused):
            desk.tell(request)
    with pytest.raises(NotFound, match="did you mean ann"):
        desk.tell(LogOut(agent="an", by="x"))
    with pytest.raises(NotFound, match="break reason"):
        desk.tell(SetStatus(agent="ann", by="x", status="break", reason="nap"))
    assert msgspec.structs.replace(desk.engine.snapshot(), at=before.at) == before


def test_a_break_asked_for_in_a_call_is_shown_and_applied_after_it() -> None:
    desk, dial = talking()
    desk.tell(SetStatus(agent="ann", by="ann", status="break", reason="lunch"))
    assert (desk.agent("ann").status, desk.agent("ann").asked) == ("available", "break:lunch")
    desk.ends("caller-1")
    desk.ends(dial.uuid)
    desk.tell(EndWrapUp(agent="ann", by="ann"))
    view = desk.agent("ann")
    assert (view.status, view.reason, view.state, view.asked) == ("break", "lunch", "idle", "")
    desk.call("caller-2", "sales")
    assert desk.contact().state == "waiting"


def test_an_agent_who_is_removed_finishes_the_call_and_is_gone() -> None:
    desk, dial = talking()
    desk.tell(Configure(Centre(name="bench", queues=CENTRE.queues, flows=CENTRE.flows, flow="main")))
    assert desk.contact().state == "talking"
    desk.ends("caller-1")
    desk.passes(10)
    with pytest.raises(NotFound):
        desk.agent("ann")


def test_what_came_due_before_a_refused_request_is_not_lost() -> None:
    desk, dial = talking()
    desk.ends("caller-1")
    desk.clock.advance(30)
    with pytest.raises(RequestRefused):
        desk.tell(EndWrapUp(agent="ann", by="ann"))
    desk.passes(0)
    assert "wrap_up" in [row["kind"] for row in rows(desk, FactKind.SEGMENT_ENDED)]
