"""What a new life of the engine makes of what the records say of the last one."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from fsorch.engine import FactKind, KeptPlace, LinkUp, OpenContact, Recall, Shift
from fsorch.engine.rows import ContactRow, LegRow
from fsorch.engine.views import KeyedAnswer
from fsorch.esl.commands import Kill, Originate, PlayAndGetDigits, Playback, SetVars
from fsorch.esl.events import Event
from fsorch.names import Strategy
from fsorch.waits import WaitSpec
from tests.engine.desk import CENTRE, Desk

T0 = 1_799_999_900_000_000
S = 1_000_000
CALLER = LegRow(id="leg-c", contact="c1", switch="main", created_at=T0)
PHONE = LegRow(id="leg-a", contact="c1", switch="main", role="agent", agent="ann", created_at=T0 + S)
ROW = ContactRow(
    id="c1", switch="main", outcome="", began_at=T0, ended_at=T0 + 9 * S, offers=1, answers={"1:menu": "2"}
)
MARKS = {
    "fsorch_contact": "c1",
    "fsorch_role": "customer",
    "fsorch_queue": "sales",
    "fsorch_enqueued": str(T0 + S),
    "current_application": "playback",
}


def again(*shifts: Shift, row: ContactRow = ROW, segmented_at: int = 0) -> Desk:
    """A new life, told of one contact, before its link is up."""
    desk = Desk()
    known = OpenContact(row=row, legs=(CALLER, PHONE), segments=3, segmented_at=segmented_at)
    desk.tell(Recall((known,), shifts))
    return desk


def dump(uuid: str, variables: dict[str, str], **fields: Any) -> Event:
    known = {f"variable_{key}": value for key, value in variables.items()}
    return Event(name="CHANNEL_DATA", uuid=uuid, known=known, answer_state="answered", **fields)


def rows(desk: Desk, kind: FactKind) -> list[dict[str, Any]]:
    return [fact.data["row"] for fact in desk.of(kind)]


def test_agents_go_on_as_they_were() -> None:
    desk = again(
        Shift("ann", "available", "", "user/7", T0),
        Shift("rob", "break", "lunch", "", T0),
        Shift("nobody", "available"),
    )
    ann, rob = desk.agent("ann"), desk.agent("rob")
    assert (ann.status, ann.status_since, ann.phone) == ("available", T0, "user/7")
    assert (rob.status, rob.reason, rob.state) == ("break", "lunch", "idle")
    desk.call("caller-1", "sales")
    assert desk.last(Originate).endpoint == "user/7"


def test_agents_keep_their_turn_in_fewest_calls_over_a_restart() -> None:
    sales, support = CENTRE.queues
    desk = Desk(structs.replace(CENTRE, queues=(structs.replace(sales, strategy=Strategy.FEWEST_CALLS), support)))
    shifts = (Shift("ann", "available", since=T0, calls=7), Shift("rob", "available", since=T0, calls=3, talked_us=S))
    desk.tell(Recall((), shifts))
    desk.tell(LinkUp("main", "core-1", ()))
    desk.call("caller", "sales")
    assert dict(desk.last(Originate).variables)["fsorch_agent"] == "rob"
    assert desk.agent("rob").answered == 3


def test_who_had_logged_out_stays_logged_out_and_an_odd_phone_is_not_dialled() -> None:
    desk = again(Shift("ann", "logged_out", "", "", T0), Shift("rob", "available", "", "user/1\n\n", T0))
    assert (desk.agent("ann").status, desk.agent("rob").phone) == ("logged_out", "user/1002")


def test_a_contact_that_ended_meanwhile_is_written_down_once() -> None:
    desk = again()
    desk.tell(LinkUp("main", "core-1", ()))
    (row,) = rows(desk, FactKind.CONTACT_ENDED)
    assert (row["id"], row["outcome"], row["ended_by"], row["ended_at"]) == ("c1", "lost", "system", T0 + 9 * S)
    legs = rows(desk, FactKind.LEG_ENDED)
    assert [(leg["id"], leg["role"], leg["complete"], leg["hungup_at"]) for leg in legs] == [
        ("leg-c", "customer", False, T0 + 9 * S),
        ("leg-a", "agent", False, T0 + 9 * S),
    ]
    desk.tell(LinkUp("main", "core-1", ()))
    assert len(rows(desk, FactKind.CONTACT_ENDED)) == 1


def test_a_contact_that_had_been_served_was_answered() -> None:
    row = ContactRow(id="c1", switch="main", outcome="", began_at=T0, answered_at=T0 + S, ended_at=T0 + S, agent="ann")
    desk = again(row=row)
    desk.tell(LinkUp("main", "core-1", ()))
    (ended,) = rows(desk, FactKind.CONTACT_ENDED)
    assert (ended["outcome"], ended["agent"]) == ("answered", "ann")


def test_contacts_of_a_switch_that_is_away_are_left_alone() -> None:
    desk = again()
    desk.tell(LinkUp("other", "core-2", ()))
    assert not rows(desk, FactKind.CONTACT_ENDED)


def test_a_caller_who_still_waits_has_the_stretch_the_answers_and_the_counts_of_before() -> None:
    desk = again(segmented_at=T0 + 2 * S)
    desk.tell(LinkUp("main", "core-1", (dump("leg-c", MARKS),)))
    assert desk.contact().position == 1
    assert desk.contact().answers == (KeyedAnswer("menu", "2"),)
    assert [leg["id"] for leg in rows(desk, FactKind.LEG_ENDED)] == ["leg-a"]
    desk.ends("leg-c")
    (segment,) = rows(desk, FactKind.SEGMENT_ENDED)
    assert (segment["kind"], segment["began_at"]) == ("queue", T0 + 2 * S)
    (row,) = rows(desk, FactKind.CONTACT_ENDED)
    assert (row["outcome"], row["offers"], row["answers"]) == ("abandoned", 1, {"1:menu": "2"})


def test_a_talk_that_goes_on_is_counted_from_its_beginning() -> None:
    desk = again(segmented_at=T0 + 4 * S)
    agent = {"fsorch_contact": "c1", "fsorch_role": "agent", "fsorch_agent": "ann"}
    caller = dump("leg-c", MARKS, other_leg="leg-a")
    phone = dump("leg-a", agent, other_leg="leg-c", bridged_time=T0 + 5 * S)
    desk.tell(LinkUp("main", "core-1", (caller, phone)))
    assert desk.contact().state == "talking"
    now = desk.clock.now().wall
    desk.ends("leg-c")
    desk.ends("leg-a")
    (row,) = rows(desk, FactKind.CONTACT_ENDED)
    assert (row["outcome"], row["talked_us"]) == ("answered", now - (T0 + 5 * S))
    assert len(rows(desk, FactKind.LEG_ENDED)) == 2


def test_a_customer_on_hold_stays_on_hold_and_the_stretch_goes_on() -> None:
    desk = Desk()
    row = structs.replace(ROW, agent="ann", queue="sales", answered_at=T0 + 2 * S)
    known = OpenContact(
        row=row, legs=(CALLER, PHONE), segments=2, segmented_at=T0 + 7 * S, doing="hold", agent_leg="leg-a"
    )
    desk.tell(Recall((known,), (Shift("ann", "available"),)))
    agent = {"fsorch_contact": "c1", "fsorch_role": "agent", "fsorch_agent": "ann"}
    phone = dump("leg-a", agent, other_leg="leg-c", bridged_time=T0 + 2 * S)
    desk.tell(LinkUp("main", "core-1", (dump("leg-c", MARKS, other_leg="leg-a"), phone)))
    assert (desk.contact().state, desk.contact().held) == ("talking", True)
    now = desk.clock.now().wall
    desk.ends("leg-c")
    (segment,) = rows(desk, FactKind.SEGMENT_ENDED)
    assert (segment["kind"], segment["began_at"], segment["ended_at"]) == ("hold", T0 + 7 * S, now)
    (ended,) = rows(desk, FactKind.CONTACT_ENDED)
    assert (ended["held_us"], ended["talked_us"]) == (now - (T0 + 7 * S), 0)


def test_a_talk_that_began_unheard_leaves_no_hole_after_the_offer() -> None:
    # Killed after the bridge command and before its event: the records end with the offer.
    desk = Desk()
    row = structs.replace(ROW, queue="sales", enqueued_at=T0 + S)
    known = OpenContact(row=row, legs=(CALLER, PHONE), segments=2, segmented_at=T0 + S, doing="offer")
    desk.tell(Recall((known,), (Shift("ann", "available"),), until=T0 + 4 * S))
    agent = {"fsorch_contact": "c1", "fsorch_role": "agent", "fsorch_agent": "ann", "fsorch_offer": "o"}
    phone = dump("leg-a", agent, other_leg="leg-c", bridged_time=T0 + 5 * S)
    desk.tell(LinkUp("main", "core-1", (dump("leg-c", MARKS, other_leg="leg-a"), phone)))
    assert (desk.contact().state, desk.contact().answered_at) == ("talking", T0 + 5 * S)
    now = desk.clock.now().wall
    desk.ends("leg-c")
    told = [(one["kind"], one["agent"], one["began_at"], one["ended_at"]) for one in rows(desk, FactKind.SEGMENT_ENDED)]
    assert told == [("offer", "ann", T0 + S, T0 + 5 * S), ("talk", "ann", T0 + 5 * S, now)]
    # A life that is killed now must not take the moment of its own start for the answer.
    (bridged,) = desk.of(FactKind.BRIDGED)
    assert (bridged.at, bridged.data["answered_at"]) == (now, T0 + 5 * S)


def test_records_that_come_late_fill_the_hole_before_a_talk_that_was_found() -> None:
    desk = Desk()
    desk.tell(Recall(shifts=(Shift("ann", "available"),)))
    agent = {"fsorch_contact": "c1", "fsorch_role": "agent", "fsorch_agent": "ann", "fsorch_offer": "o"}
    phone = dump("leg-a", agent, other_leg="leg-c", bridged_time=T0 + 5 * S)
    desk.tell(LinkUp("main", "core-1", (dump("leg-c", MARKS, other_leg="leg-a"), phone)))
    row = structs.replace(ROW, queue="sales", enqueued_at=T0 + S)
    known = OpenContact(row=row, legs=(CALLER, PHONE), segments=2, segmented_at=T0 + S, doing="offer")
    desk.tell(Recall((known,), until=T0 + 4 * S, late=True))
    now = desk.clock.now().wall
    desk.ends("leg-c")
    told = [(one["kind"], one["began_at"], one["ended_at"]) for one in rows(desk, FactKind.SEGMENT_ENDED)]
    assert told == [("offer", T0 + S, T0 + 5 * S), ("talk", T0 + 5 * S, now)]


def test_a_phone_that_rings_on_for_a_caller_who_talks_is_hung_up() -> None:
    desk = Desk()
    row = structs.replace(ROW, agent="ann", queue="sales", answered_at=T0 + 5 * S)
    known = OpenContact(row=row, legs=(CALLER, PHONE), doing="talk", agent_leg="leg-a")
    desk.tell(Recall((known,), (Shift("ann", "available"), Shift("rob", "available"))))
    marks = {"fsorch_contact": "c1", "fsorch_role": "agent", "fsorch_offer": "o"}
    rings = dump("leg-b", {**marks, "fsorch_agent": "rob"})
    talks = dump("leg-a", {**marks, "fsorch_agent": "ann"}, other_leg="leg-c", bridged_time=T0 + 5 * S)
    desk.tell(LinkUp("main", "core-1", (rings, talks, dump("leg-c", MARKS, other_leg="leg-a"))))
    assert (desk.contact().state, desk.contact().agent) == ("talking", "ann")
    assert desk.agent("rob").state == "idle"
    assert desk.last(Kill).uuid == "leg-b"


def test_a_caller_whose_agent_is_no_longer_in_the_centre_waits_for_another() -> None:
    desk = again()
    agent = {"fsorch_contact": "c1", "fsorch_role": "agent", "fsorch_agent": "gone"}
    caller = dump("leg-c", MARKS, other_leg="leg-a")
    desk.tell(LinkUp("main", "core-1", (caller, dump("leg-a", agent, other_leg="leg-c", bridged_time=T0 + 5 * S))))
    assert (desk.contact().state, desk.contact().position) == ("waiting", 1)
    assert desk.last(Kill).uuid == "leg-a"
    desk.log_in("ann")
    assert desk.last(Originate).endpoint == "user/1001"


def keeping(return_s: float) -> Desk:
    """A new life whose sales line gives places back."""
    sales, support = CENTRE.queues
    sales = structs.replace(sales, wait=WaitSpec(return_s=return_s))
    return Desk(structs.replace(CENTRE, queues=(sales, support)))


def test_who_had_hung_up_while_waiting_before_a_restart_has_the_place_back() -> None:
    desk = keeping(120)
    now = desk.clock.now().wall
    desk.tell(
        Recall(
            places=(
                KeptPlace("sales", "+441234", now - 300 * S, now - 60 * S),
                KeptPlace("sales", "+44999", now - 300 * S, now - 121 * S),
                KeptPlace("support", "+44888", now - 300 * S, now - S),
            )
        )
    )
    desk.call("caller-1", "sales", caller_number="+44999")
    desk.call("caller-2", "sales")
    desk.call("caller-3", "support", caller_number="+44888")
    enqueued = {contact.number: contact.enqueued_at for contact in desk.engine.snapshot().contacts}
    assert enqueued == {"+44999": now, "+441234": now - 300 * S, "+44888": now}
    desk.ends("caller-2")
    desk.passes(61)
    desk.call("caller-4", "sales")
    assert desk.engine.snapshot().contacts[-1].enqueued_at == now - 300 * S, "kept anew from the last hangup on"


def test_a_kept_place_ends_when_it_would_have_without_a_restart() -> None:
    desk = keeping(120)
    now = desk.clock.now().wall
    desk.tell(Recall(places=(KeptPlace("sales", "+441234", now - 300 * S, now - 60 * S),)))
    desk.passes(61)
    desk.call("caller-1", "sales")
    assert desk.contact().enqueued_at == desk.clock.now().wall


def test_who_hung_up_while_nobody_listened_has_the_place_back() -> None:
    desk = keeping(120)
    at = desk.clock.now().wall - 50 * S
    row = ContactRow(
        id="c1", switch="main", number="+441234", queue="sales", outcome="", began_at=at, enqueued_at=at, ended_at=at
    )
    desk.tell(Recall((OpenContact(row=row, doing="queue"),), until=at + 20 * S))
    desk.tell(LinkUp("main", "core-1", ()))
    desk.call("caller-1", "sales")
    assert desk.contact().enqueued_at == at


def test_a_caller_on_the_way_from_one_queue_by_a_flow_to_the_next_keeps_the_first_enqueue_time() -> None:
    desk = again()
    marks = MARKS | {"fsorch_queue": "", "fsorch_flow": "main", "current_application": "park"}
    desk.tell(LinkUp("main", "core-1", (dump("leg-c", marks),)))
    assert (desk.contact().state, desk.contact().queue) == ("flow", "")
    desk.event("CHANNEL_EXECUTE_COMPLETE", "leg-c", application_uuid=desk.last(Playback).event_uuid)
    desk.event(
        "CHANNEL_EXECUTE_COMPLETE",
        "leg-c",
        {desk.last(PlayAndGetDigits).variable: "2"},
        application_uuid=desk.last(PlayAndGetDigits).event_uuid,
    )
    contact = desk.contact()
    assert (contact.state, contact.queue, contact.enqueued_at) == ("waiting", "support", T0 + S)


def test_records_that_come_late_close_a_caller_whose_agents_phone_was_anothers_too() -> None:
    desk = Desk()
    desk.tell(Recall())
    desk.tell(LinkUp("main", "core-1", (dump("leg-c", MARKS, direction="inbound"),)))
    gone = OpenContact(
        row=structs.replace(ROW, id="c0"), legs=(structs.replace(CALLER, id="leg-0", contact="c0"), PHONE)
    )
    desk.tell(Recall((OpenContact(row=ROW, legs=(CALLER, PHONE)), gone), until=T0 + 9 * S, late=True))
    assert [(row["id"], row["outcome"]) for row in rows(desk, FactKind.CONTACT_ENDED)] == [("c0", "lost")]
    assert [row["id"] for row in rows(desk, FactKind.LEG_ENDED)] == ["leg-a", "leg-0"]


def test_records_that_come_late_close_what_is_gone_and_complete_what_goes_on() -> None:
    desk = Desk()
    desk.tell(Recall(shifts=(Shift("ann", "break", "lunch"),)))
    desk.tell(LinkUp("main", "core-1", (dump("leg-c", MARKS, direction="inbound"),)))
    assert desk.contact().answers == ()
    desk.call("caller-2", "support")
    desk.ends("caller-2")
    (over,) = rows(desk, FactKind.CONTACT_ENDED)
    gone = structs.replace(ROW, id="c0")
    known = (
        OpenContact(row=ROW, legs=(CALLER, PHONE), segments=3, segmented_at=T0 + 5 * S),
        OpenContact(row=gone, legs=(structs.replace(CALLER, id="leg-0", contact="c0"),)),
        # Ended between the look into the records and now.
        OpenContact(row=structs.replace(ROW, id=over["id"]), legs=(structs.replace(CALLER, id="caller-2"),)),
    )
    desk.tell(Recall(known, (Shift("ann", "available"),), until=T0 + 9 * S, late=True))
    assert desk.agent("ann").status == "break"
    assert desk.contact().answers == (KeyedAnswer("menu", "2"),)
    ended = rows(desk, FactKind.CONTACT_ENDED)
    assert [(row["id"], row["outcome"]) for row in ended] == [(over["id"], "abandoned"), ("c0", "lost")]
    assert [row["id"] for row in rows(desk, FactKind.LEG_ENDED)] == ["caller-2", "leg-a", "leg-0"]
    desk.ends("leg-c")
    assert rows(desk, FactKind.CONTACT_ENDED)[-1]["began_at"] == T0
    assert rows(desk, FactKind.SEGMENT_ENDED)[-1]["began_at"] == T0 + 5 * S


def test_without_the_records_a_wait_goes_on_from_its_last_stretch() -> None:
    desk = Desk()
    stood_at = T0 + 4 * S
    desk.tell(LinkUp("main", "core-1", (dump("leg-c", MARKS | {"fsorch_since": str(stood_at)}),)))
    assert desk.contact().enqueued_at == T0 + S
    marked = [dict(command.pairs) for command, _ in desk.sent if isinstance(command, SetVars)]
    assert [marks["fsorch_since"] for marks in marked if "fsorch_since" in marks] == [str(stood_at)]
    desk.ends("leg-c")
    (segment,) = rows(desk, FactKind.SEGMENT_ENDED)
    assert (segment["kind"], segment["began_at"]) == ("queue", stood_at)


@pytest.mark.parametrize("mark", ["", "soon", "-3", "9" * 30])
def test_a_wait_whose_last_stretch_is_not_known_goes_on_from_the_enqueue_time(mark: str) -> None:
    desk = Desk()
    desk.tell(LinkUp("main", "core-1", (dump("leg-c", MARKS | {"fsorch_since": mark}),)))
    desk.ends("leg-c")
    (segment,) = rows(desk, FactKind.SEGMENT_ENDED)
    assert segment["began_at"] == T0 + S


def test_without_the_records_an_offer_goes_on_from_its_oldest_phone() -> None:
    desk = Desk()
    desk.tell(Recall((), (Shift("ann", "available"), Shift("rob", "available"))))
    phones = [
        dump(
            f"leg-{agent}",
            {"fsorch_contact": "c1", "fsorch_role": "agent", "fsorch_agent": agent, "fsorch_offer": agent},
        )
        for agent in ("rob", "ann")
    ]
    for phone, at in zip(phones, (T0 + 8 * S, T0 + 6 * S), strict=True):
        phone.answer_state, phone.created_time = "ringing", at
    desk.tell(LinkUp("main", "core-1", (dump("leg-c", MARKS), *phones)))
    assert (desk.agent("ann").state, desk.agent("rob").state) == ("ringing", "ringing")
    desk.ends("leg-c")
    (segment,) = [row for row in rows(desk, FactKind.SEGMENT_ENDED) if row["kind"] == "offer"]
    assert segment["began_at"] == T0 + 6 * S


def test_whom_nobody_took_is_marked_with_when_they_stood_in_line_again() -> None:
    desk = Desk()
    desk.log_in("ann")
    desk.call("caller", "sales")
    desk.passes(3.0)
    desk.event("BACKGROUND_JOB", job_uuid=desk.last(Originate).job_uuid, body="-ERR USER_BUSY\n")
    assert desk.contact().state == "waiting"
    marks = dict(desk.last(SetVars).pairs)
    assert marks == {"fsorch_since": str(desk.clock.now().wall)}
