"""The caller's wait on an engine alone: limits, doors, steps, keys, announcements, places, hours."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from fsorch.config import Centre, decode
from fsorch.engine import Configure, FactKind, LinkDown, LinkUp, LogIn, LogOut, SetStatus
from fsorch.errors import ConfigError
from fsorch.esl.commands import Break, Execute, Kill, Originate, PlayAndGetDigits, Playback, SetVars
from fsorch.esl.events import Event
from fsorch.flow_menus import menu_flow
from fsorch.flows import FlowSpec
from tests.engine.desk import Desk

MAIN = msgspec.to_builtins(menu_flow("main", {"1": "sales"}, person="sales"))


def centre(*, support: dict[str, Any] | None = None, **sales: Any) -> Centre:
    """Two queues, one agent in each, and one who has the skill french."""
    return decode(
        {
            "queues": [{"id": "sales", "wrap_up_s": 0} | sales, {"id": "support", "wrap_up_s": 0} | (support or {})],
            "agents": [
                {"id": "ann", "phone": "user/1001", "queues": [{"queue": "sales"}]},
                {"id": "rob", "phone": "user/1002", "queues": [{"queue": "support"}]},
                {"id": "luc", "phone": "user/1003", "queues": [{"queue": "sales"}], "skills": {"french": 3}},
            ],
            "prompts": {name: {"text": {"en": name}} for name in ("busy", "closed", "sorry", "tired")},
            "flows": [MAIN, MAIN | {"id": "night", "prompts": {"greeting": "It is night."}}],
            "breaks": [{"id": "lunch"}],
            "flow": "main",
            "voicemail": {"dir": "/messages"},
            "outside": "sofia/gateway/trunk/{number}",
            "calendars": [{"id": "shut", "zone": "UTC"}, {"id": "day", "zone": "UTC", "hours": ALWAYS}],
        },
        Centre,
        where="centre.yaml",
    )


# The bench's clock begins on a Friday at 08:00.
ALWAYS = {day: ["00:00-24:00"] for day in ("mon", "tue", "wed", "thu", "sat", "sun")} | {"fri": ["00:00-08:10"]}
MESSAGE = {"act": "overflow", "to": "message", "name": "sorry"}
NUMBER = {"act": "overflow", "to": "number", "name": "+4420"}
SUPPORT = {"act": "overflow", "to": "queue", "name": "support"}
FLOW = {"act": "overflow", "to": "flow", "name": "night"}
HANGUP = {"act": "overflow", "to": "hangup"}
VOICEMAIL = {"act": "voicemail"}


def waiting(**sales: Any) -> Desk:
    """One caller in sales, and nobody at work."""
    desk = Desk(centre(**sales))
    desk.call("caller-1", "sales")
    desk.passes(0)
    return desk


def ended(desk: Desk) -> list[tuple[Any, ...]]:
    return [(f.data["case"], f.data.get("to")) for f in desk.of(FactKind.WAIT_ENDED)]


def done(desk: Desk, command: Playback | Execute, response: str = "FILE PLAYED", **variables: str) -> None:
    desk.event(
        "CHANNEL_EXECUTE_COMPLETE",
        command.uuid,
        variables,
        application_uuid=command.event_uuid,
        application_response=response,
    )


# -- limits ---------------------------------------------------------------------------------------------------------


def test_the_longest_wait_ends_in_another_queue_with_the_place_kept() -> None:
    desk = waiting(wait={"max_s": 60, "on_max": SUPPORT})
    before = desk.contact()
    desk.passes(59)
    assert desk.contact().queue == "sales"
    desk.passes(1)
    contact = desk.contact()
    assert (contact.queue, contact.state, contact.enqueued_at) == ("support", "waiting", before.enqueued_at)
    assert ended(desk) == [("max", "queue")]
    desk.log_in("rob")
    assert desk.last(Originate).endpoint == "user/1002"


def test_an_offer_under_way_is_not_snatched_away_and_the_limit_comes_after_it() -> None:
    desk = Desk(centre(wait={"max_s": 10, "on_max": SUPPORT}, offer_timeout_s=20, miss_delay_s=60))
    desk.log_in("ann")
    desk.call("caller-1", "sales")
    dial = desk.last(Originate)
    desk.rings(dial.uuid)
    desk.passes(15)
    assert desk.contact().state == "offered"
    desk.event("BACKGROUND_JOB", job_uuid=dial.job_uuid, body="-ERR NO_ANSWER\n")
    desk.ends(dial.uuid, "NO_ANSWER")
    desk.passes(0)
    assert desk.contact().queue == "support"


def test_nobody_logged_in_for_so_long_ends_the_wait_after_a_grace() -> None:
    rules = {"max_no_agent_s": 30, "no_agent_grace_s": 5, "on_no_agent": HANGUP}
    desk = waiting(wait=rules)
    desk.passes(30)
    assert ended(desk) == [("no_agent", "hangup")]
    assert desk.last(Kill).uuid == "caller-1"
    desk.ends("caller-1")
    desk.call("caller-2", "sales")
    desk.passes(4)
    assert len(ended(desk)) == 1
    desk.passes(1)
    assert len(ended(desk)) == 2


def test_an_agent_who_comes_back_stops_that_clock() -> None:
    desk = waiting(wait={"max_no_agent_s": 30, "on_no_agent": HANGUP})
    desk.passes(20)
    desk.tell(LogIn(agent="ann", by="t"))
    desk.tell(SetStatus(agent="ann", by="t", status="break", reason="lunch"))
    desk.passes(100)
    assert ended(desk) == []


def test_a_full_queue_sends_on_and_two_full_ones_keep_the_caller() -> None:
    full = {"max_length": 1, "on_full": SUPPORT}
    back = {"max_length": 1, "on_full": SUPPORT | {"name": "sales"}}
    desk = Desk(centre(wait=full, support={"wait": back}))
    for leg in ("caller-1", "caller-2", "caller-3"):
        desk.call(leg, "sales")
    assert [contact.queue for contact in desk.engine.snapshot().contacts] == ["sales", "support", "sales"]
    assert desk.of(FactKind.WAIT_NOT_ENDED)[-1].data["trouble"]


def test_an_empty_queue_takes_nobody_and_one_that_empties_keeps_nobody() -> None:
    rules = {"refuse_empty": "logged_out", "leave_empty": "unavailable", "on_empty": MESSAGE}
    desk = Desk(centre(wait=rules))
    desk.call("caller-1", "sales")
    assert ended(desk) == [("empty", "message")]
    assert desk.last(Playback).file == "/sounds/fsorch/en/sorry.wav"
    done(desk, desk.last(Playback))
    desk.ends("caller-1")
    desk.tell(LogIn(agent="ann", by="t"))
    desk.call("caller-2", "sales")
    dial = desk.last(Originate)
    desk.ends(dial.uuid, "USER_BUSY")
    assert desk.contact().state == "waiting"
    desk.tell(LogOut(agent="ann", by="t"))
    desk.passes(0)
    assert ended(desk) == [("empty", "message")] * 2


def test_a_queue_may_count_as_empty_when_all_are_busy() -> None:
    def turned_away(kind: str) -> list[list[tuple[Any, ...]]]:
        desk = Desk(centre(wait={"refuse_empty": kind, "on_empty": HANGUP}))
        desk.log_in("ann", "luc")
        told = []
        for n in range(3):
            desk.call(f"caller-{n}", "sales", caller_number=f"+44{n}")
            told.append(ended(desk))
        return told

    assert turned_away("busy") == [[], [], [("empty", "hangup")]]
    assert turned_away("unreachable") == turned_away("unavailable") == [[], [], []]


def test_a_queue_may_count_as_empty_when_the_phones_are_gone() -> None:
    desk = Desk(centre(wait={"leave_empty": "unreachable", "on_empty": HANGUP}))
    desk.log_in("ann", "luc")
    for n in range(3):
        desk.call(f"caller-{n}", "sales", caller_number=f"+44{n}")
    desk.passes(5)
    assert ended(desk) == []
    # None of the phones is registered any more.
    desk.tell(LinkDown("main", "cut"))
    callers = desk.engine.snapshot().contacts
    legs = [Event(name="CHANNEL_DATA", uuid=f"caller-{n}", answer_state="answered", known={}) for n in range(3)]
    desk.tell(LinkUp("main", "core-1", tuple(legs), "/sounds", ()))
    desk.passes(5)
    assert len(callers) == 3
    assert ended(desk)[:1] == [("empty", "hangup")]


def test_waiting_may_count_from_the_beginning_of_the_call() -> None:
    desk = Desk(centre(count_from_call=True))
    door = {"fsorch_entry": "yes", "fsorch_queue": "sales"}
    for leg in ("slow", "quick"):
        desk.event("CHANNEL_PARK", leg, door, answer_state="ringing", direction="inbound")
        desk.passes(1)
    slow, quick = desk.engine._core.contacts.values()
    for contact in (quick, slow):
        desk.event("CHANNEL_ANSWER", contact.leg, answer_state="answered")
        desk.passes(1)
    assert {one.id: one.position for one in desk.engine.snapshot().contacts} == {slow.id: 1, quick.id: 2}
    assert slow.enqueued_at > quick.enqueued_at


# -- ways -----------------------------------------------------------------------------------------------------------


def test_a_message_is_played_and_the_call_ends_as_overflowed() -> None:
    desk = waiting(wait={"max_s": 5, "on_max": MESSAGE})
    desk.passes(5)
    assert desk.contact().state == "aside"
    done(desk, desk.last(Playback))
    assert desk.last(Kill).uuid == "caller-1"
    desk.ends("caller-1")
    (row,) = [fact.data["row"] for fact in desk.of(FactKind.CONTACT_ENDED)]
    assert (row["outcome"], row["ended_by"]) == ("overflowed", "system")


def test_a_message_that_is_not_there_leaves_the_caller_in_line() -> None:
    desk = waiting(wait={"max_s": 5, "on_max": MESSAGE})
    place = desk.contact().enqueued_at
    desk.passes(5)
    done(desk, desk.last(Playback), "FILE NOT FOUND")
    assert (desk.contact().state, desk.contact().enqueued_at) == ("waiting", place)
    assert desk.last(Playback).file == "local_stream://moh"
    assert "not there" in desk.of(FactKind.WAIT_NOT_ENDED)[0].data["trouble"]


def test_a_number_is_dialled_and_takes_the_caller() -> None:
    desk = waiting(wait={"max_s": 5, "on_max": NUMBER})
    desk.passes(5)
    dial = desk.last(Execute)
    assert dial.app == "bridge"
    assert dial.arg.endswith("}sofia/gateway/trunk/+4420")
    desk.event("CHANNEL_BRIDGE", "caller-1", bridge_a="caller-1", bridge_b="outside")
    desk.passes(1000)
    assert desk.contact().state == "aside"
    done(desk, dial, "SUCCESS", originate_disposition="SUCCESS")
    desk.ends("caller-1")
    assert desk.of(FactKind.CONTACT_ENDED)[0].data["row"]["outcome"] == "overflowed"


@pytest.mark.parametrize("how", ["busy", "silent", "refused"])
def test_a_number_that_is_not_reached_gives_the_place_back(how: str) -> None:
    desk = waiting(wait={"max_s": 5, "on_max": NUMBER})
    place = desk.contact().enqueued_at
    desk.passes(5)
    if how == "busy":
        done(desk, desk.last(Execute), "USER_BUSY", originate_disposition="USER_BUSY")
    elif how == "silent":
        desk.passes(90)
    else:
        desk.answer(Execute, "-ERR invalid session id")
    assert (desk.contact().state, desk.contact().enqueued_at) == ("waiting", place)
    assert desk.of(FactKind.WAIT_NOT_ENDED)
    desk.log_in("ann")
    assert desk.last(Originate).endpoint == "user/1001"


def test_a_flow_takes_the_caller_back_and_the_enqueue_time_is_kept() -> None:
    desk = waiting(wait={"max_s": 5, "on_max": FLOW})
    place = desk.contact().enqueued_at
    desk.passes(5)
    assert desk.contact().state == "flow"
    assert desk.last(Playback).file.endswith("/night.greeting.wav")
    assert [type(command) for command, _ in desk.sent[-3:]] == [Break, SetVars, Playback]
    done(desk, desk.last(Playback))
    ask = desk.last(PlayAndGetDigits)
    desk.event("CHANNEL_EXECUTE_COMPLETE", "caller-1", {ask.variable: "1"}, application_uuid=ask.event_uuid)
    assert (desk.contact().queue, desk.contact().enqueued_at) == ("sales", place)


def test_rules_that_send_a_caller_to_and_fro_come_to_an_end() -> None:
    back = {"wait": {"max_s": 5, "on_max": SUPPORT | {"name": "sales"}}}
    desk = waiting(wait={"max_s": 5, "on_max": SUPPORT}, support=back)
    desk.passes(300)
    assert len(ended(desk)) == 5
    assert desk.contact().state == "waiting"


def test_what_nobody_carries_out_leaves_the_caller_in_line_and_is_tried_again_later() -> None:
    desk = waiting(wait={"max_s": 5, "on_max": VOICEMAIL})
    desk.tell(Configure(msgspec.structs.replace(desk.engine._core.centre, voicemail=None)))
    desk.passes(40)
    assert desk.contact().state == "waiting"
    assert len(desk.of(FactKind.WAIT_NOT_ENDED)) == 2


# -- keys -----------------------------------------------------------------------------------------------------------


def test_a_key_ends_the_wait_even_while_a_phone_rings_but_not_once_it_is_picked_up() -> None:
    desk = Desk(centre(wait={"keys": {"9": SUPPORT}}))
    desk.log_in("ann")
    desk.call("caller-1", "sales")
    dial = desk.last(Originate)
    desk.rings(dial.uuid)
    desk.event("DTMF", "caller-1", dtmf_digit="8")
    assert desk.contact().state == "offered"
    desk.event("DTMF", "caller-1", dtmf_digit="9")
    assert (desk.contact().state, desk.contact().queue) == ("waiting", "support")
    assert desk.last(Kill).uuid == dial.uuid

    desk = Desk(centre(wait={"keys": {"9": SUPPORT}}))
    desk.log_in("ann")
    desk.call("caller-1", "sales")
    dial = desk.last(Originate)
    desk.picks_up(dial.uuid, dial.job_uuid)
    desk.event("DTMF", "caller-1", dtmf_digit="9")
    desk.bridge("caller-1", dial.uuid)
    assert desk.contact().state == "talking"


# -- places ---------------------------------------------------------------------------------------------------------


def test_who_rings_again_in_time_has_the_place_back() -> None:
    desk = waiting(wait={"return_s": 60})
    place = desk.contact().enqueued_at
    desk.ends("caller-1")
    desk.passes(10)
    desk.call("caller-2", "sales", caller_number="+44999")
    desk.call("caller-3", "sales")
    again = next(c for c in desk.engine.snapshot().contacts if c.number == "+441234")
    assert (again.position, again.enqueued_at) == (1, place)
    assert desk.of(FactKind.PLACE_GIVEN_BACK)[0].contact == again.id
    desk.ends("caller-3")
    desk.passes(61)
    desk.call("caller-4", "sales")
    assert desk.engine.snapshot().contacts[-1].position == 2


def test_who_has_a_place_is_not_one_too_many() -> None:
    desk = waiting(wait={"return_s": 60, "max_length": 2, "on_full": HANGUP})
    desk.passes(1)
    desk.call("caller-2", "sales", caller_number="+44999")
    desk.ends("caller-1")
    desk.call("caller-3", "sales", caller_number="+44998")
    desk.call("caller-4", "sales")
    assert [c.number for c in desk.engine.snapshot().contacts if c.position == 1] == ["+441234"]
    assert ended(desk) == []
    desk.call("caller-5", "sales", caller_number="+44997")
    assert ended(desk) == [("full", "hangup")]


def test_the_longest_wait_of_who_rings_again_counts_from_this_call() -> None:
    desk = waiting(wait={"return_s": 120, "max_s": 100, "on_max": MESSAGE})
    desk.passes(90)
    desk.ends("caller-1")
    desk.passes(20)
    desk.call("caller-2", "sales")
    desk.passes(99)
    assert ended(desk) == []
    desk.passes(2)
    assert ended(desk) == [("max", "message")]


def test_what_comes_after_a_wait_is_no_part_of_it() -> None:
    desk = waiting(wait={"max_s": 60, "on_max": NUMBER})
    desk.passes(60)
    desk.passes(25)
    desk.ends("caller-1")
    row = desk.of(FactKind.CONTACT_ENDED)[0].data["row"]
    assert (row["outcome"], row["waited_us"]) == ("overflowed", 60_000_000)


def test_withheld_numbers_are_nobody_s() -> None:
    desk = Desk(centre(wait={"return_s": 60}))
    desk.call("caller-1", "sales", caller_number="anonymous")
    desk.ends("caller-1")
    desk.passes(1)
    desk.call("caller-2", "sales", caller_number="anonymous")
    assert desk.of(FactKind.PLACE_GIVEN_BACK) == []


# -- hours ----------------------------------------------------------------------------------------------------------


def test_a_closed_queue_and_a_closed_flow_do_what_they_say() -> None:
    desk = Desk(centre(calendar="shut", on_closed=SUPPORT))
    desk.call("caller-1", "sales")
    assert desk.contact().queue == "support"
    assert desk.of(FactKind.WAIT_ENDED)[0].data["why"] == "closed on Friday"


def test_who_waits_at_closing_time_stays_unless_the_queue_says_otherwise() -> None:
    for ends in (False, True):
        desk = waiting(calendar="day", on_closed=MESSAGE, close_ends_wait=ends)
        desk.passes(3600)
        assert (ended(desk) == [("closed", "message")]) is ends


def test_an_emergency_closes_at_once() -> None:
    open_day = centre(calendar="day", on_closed=MESSAGE, close_ends_wait=True)
    desk = Desk(open_day)
    desk.call("caller-1", "sales")
    desk.passes(0)
    days = [{"id": "shut", "zone": "UTC"}, {"id": "day", "zone": "UTC", "hours": ALWAYS, "emergency": "fire"}]
    shut = decode({"calendars": days}, Centre, where="x").calendars
    desk.tell(Configure(msgspec.structs.replace(open_day, calendars=shut)))
    desk.passes(0)
    assert desk.of(FactKind.WAIT_ENDED)[0].data["why"] == "emergency: fire"


def test_a_closed_flow_sends_on() -> None:
    base = centre()
    way = decode(MAIN | {"calendar": "shut", "on_closed": FLOW}, FlowSpec, where="x")
    desk = Desk(msgspec.structs.replace(base, flows=(way, base.flows[1])))
    desk.call("caller-1")
    assert desk.last(Playback).file.endswith("/night.greeting.wav")


# -- the link -------------------------------------------------------------------------------------------------------


def test_nothing_ends_while_the_link_is_down_and_all_is_caught_up_after_it() -> None:
    desk = waiting(wait={"max_s": 10, "on_max": NUMBER})
    desk.tell(LinkDown("main", "cut"))
    desk.passes(60)
    assert ended(desk) == []
    known = {"variable_current_application": "playback"}
    leg = Event(name="CHANNEL_DATA", uuid="caller-1", answer_state="answered", direction="inbound", known=known)
    desk.tell(LinkUp("main", "core-1", (leg,)))
    desk.passes(1)
    assert ended(desk) == [("max", "number")]
    desk.tell(LinkDown("main", "cut"))
    known = {"variable_current_application": "bridge", "variable_current_application_response": "USER_BUSY"}
    leg = Event(name="CHANNEL_DATA", uuid="caller-1", answer_state="answered", direction="inbound", known=known)
    desk.tell(LinkUp("main", "core-1", (leg,)))
    assert desk.contact().state == "waiting"


# -- the file -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sales", "fault"),
    [
        ({"wait": {"max_s": 5}}, "queues[0].wait.on_max is missing"),
        ({"wait": {"on_full": HANGUP}}, "queues[0].wait.on_full never comes; expected max_length as well"),
        ({"wait": {"max_s": 5, "on_max": SUPPORT | {"name": "suport"}}}, "did you mean support?"),
        ({"wait": {"keys": {"x": HANGUP}}}, "queues[0].wait.keys has the key 'x'"),
        ({"wait": {"max": 5}}, "did you mean max_s, on_max?"),
        ({"calendar": "dy", "on_closed": HANGUP}, "queues[0].calendar is 'dy'"),
        ({"calendar": "day"}, "queues[0].on_closed is missing"),
        ({"on_closed": HANGUP}, "on_closed never comes; expected a calendar"),
        ({"steps": {"steps": [{"do": {"act": "drop_skill", "skill": "frensh"}}]}}, "steps.steps[0].do.skill"),
        ({"announce": {"wait_limit_s": 5}}, "queues[0].announce.wait_limit_s"),
        ({"wait": {"max_s": 5, "on_max": NUMBER | {"name": "1;2"}}}, "wait.on_max.name is '1;2'"),
    ],
)
def test_a_faulty_file_says_where(sales: dict[str, Any], fault: str) -> None:
    with pytest.raises(ConfigError) as error:
        centre(**sales)
    assert fault in str(error.value)


def test_a_number_needs_a_way_out() -> None:
    queue = {"id": "sales", "wait": {"max_s": 5, "on_max": NUMBER}}
    with pytest.raises(ConfigError, match="expected 'outside'"):
        decode({"queues": [queue]}, Centre, where="x")


# -- questions ------------------------------------------------------------------------------------------------------


def test_a_step_offers_a_callback_and_no_limit_interrupts_the_question() -> None:
    steps = {"steps": [{"when": {"waited_s": 5}, "do": {"act": "offer_callback", "prompt": "tired"}}]}
    callback = {"dial": "sofia/gateway/trunk/{number}"}
    desk = waiting(steps=steps, callback=callback, wait={"max_s": 10, "on_max": SUPPORT})
    desk.passes(5)
    ask = desk.last(PlayAndGetDigits)
    assert "tired.wav!" in ask.prompt
    desk.passes(6)
    assert desk.contact().queue == "sales"
    desk.event("CHANNEL_EXECUTE_COMPLETE", "caller-1", {ask.variable: "3"}, application_uuid=ask.event_uuid)
    desk.passes(1)
    assert desk.contact().queue == "support"


def test_voicemail_takes_the_caller_out_of_the_line() -> None:
    desk = waiting(wait={"max_s": 5, "on_max": VOICEMAIL})
    desk.passes(5)
    assert desk.contact().state == "aside"
    assert ended(desk) == [("max", None)]
