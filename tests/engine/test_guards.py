"""The switch's clock for callers whom a silent fsorch would leave for ever."""

from __future__ import annotations

from msgspec import structs

from fsorch.deferred import VoicemailSpec
from fsorch.engine import FactKind, LinkDown, LinkUp, OpenContact, Recall
from fsorch.engine.rows import ContactRow, LegRow
from fsorch.esl.commands import Bridge, Command, Kill, Originate, PutOff, Unschedule
from fsorch.esl.events import Event
from fsorch.rules import Voicemail
from fsorch.waits import WaitSpec
from tests.engine.desk import CENTRE, Desk

LEG = "caller-1"
ALONE = {"variable_fsorch_fallback": "yes"}


def of(desk: Desk, *kinds: type[Command]) -> list[Command]:
    return [command for command, _ in desk.sent if isinstance(command, kinds)]


def ended(desk: Desk) -> dict[str, object]:
    (fact,) = desk.of(FactKind.CONTACT_ENDED)
    return dict(fact.data["row"])


def dump(**known: str) -> Event:
    return Event(name="CHANNEL_DATA", uuid=LEG, answer_state="answered", direction="inbound", known=ALONE | known)


def test_a_living_fsorch_puts_it_off_with_one_command_a_minute() -> None:
    desk = Desk()
    desk.call(LEG, "sales")
    assert of(desk, PutOff, Unschedule) == [PutOff(LEG, 120)]
    desk.passes(600)
    assert of(desk, PutOff, Unschedule) == [PutOff(LEG, 120)] * 11
    desk.ends(LEG)
    desk.passes(600)
    assert len(of(desk, PutOff)) == 11


def test_it_is_stopped_before_the_bridge_and_set_anew_when_the_bridge_fails() -> None:
    desk = Desk()
    desk.log_in("ann")
    desk.call(LEG, "sales")
    dial = desk.last(Originate)
    desk.rings(dial.uuid)
    desk.sent.clear()
    desk.picks_up(dial.uuid, dial.job_uuid)
    assert of(desk, PutOff, Unschedule, Bridge) == [Unschedule(LEG), Bridge(LEG, dial.uuid)]
    desk.answer(Bridge, "-ERR no such channel")
    assert desk.contact().state == "waiting"
    assert of(desk, PutOff, Unschedule)[-1] == PutOff(LEG, 120)


def test_a_talk_is_never_on_the_clock() -> None:
    desk = Desk()
    desk.log_in("ann")
    desk.talks(LEG, "sales")
    desk.sent.clear()
    desk.passes(600)
    assert of(desk, PutOff) == []


def test_a_centre_may_do_without() -> None:
    desk = Desk(structs.replace(CENTRE, unserved_s=0))
    desk.call(LEG, "sales")
    desk.passes(600)
    assert of(desk, PutOff, Unschedule) == [Unschedule(LEG)]


def test_nothing_is_sent_while_the_link_is_down_and_all_is_put_off_when_it_is_back() -> None:
    desk = Desk()
    desk.call(LEG, "sales")
    desk.tell(LinkDown("main", "cut"))
    desk.sent.clear()
    desk.passes(100)
    assert desk.sent == []
    desk.tell(LinkUp("main", "core-1", (structs.replace(dump(), known={}),)))
    assert of(desk, PutOff) == [PutOff(LEG, 120)]


def test_a_caller_whom_the_switch_served_alone_in_a_long_cut_is_let_go() -> None:
    desk = Desk()
    desk.log_in("ann")
    desk.call(LEG, "support", caller_number="+44777")
    desk.tell(LinkDown("main", "cut"))
    desk.sent.clear()
    desk.tell(LinkUp("main", "core-1", (dump(),)))
    row = ended(desk)
    assert (row["outcome"], row["cause"], row["ended_by"]) == ("overflowed", "FSORCH_AWAY", "system")
    assert of(desk, Kill) == []
    desk.tell(LinkUp("main", "core-1", (dump(),)))
    assert of(desk, Kill) == []
    desk.ends(LEG)
    assert [fact.data["row"]["contact"] for fact in desk.of(FactKind.LEG_ENDED) if fact.leg == LEG] == [row["id"]]


def test_a_call_that_went_to_the_fallback_between_the_look_and_the_mark_is_left_alone() -> None:
    """The dump showed it parked and untaken; when our answer comes, the dialplan has it already."""
    desk = Desk()
    parked = {"variable_fsorch_entry": "yes", "variable_current_application": "park"}
    caller = Event(name="CHANNEL_DATA", uuid=LEG, answer_state="ringing", direction="inbound", known=parked)
    desk.tell(LinkUp("main", "core-1", (caller,)))
    assert desk.contact().state == "flow"
    desk.sent.clear()
    desk.event("CHANNEL_ANSWER", LEG, {"fsorch_fallback": "yes"}, answer_state="answered")
    assert desk.engine.snapshot().contacts == ()
    # What we had put off came after the transfer, and would cut the caller off in the middle of a message.
    assert [command for command, _ in desk.sent] == [Unschedule(LEG)]
    assert ended(desk)["outcome"] == "overflowed"
    desk.passes(30)
    assert [command for command, _ in desk.sent] == [Unschedule(LEG)]
    desk.ends(LEG)
    assert len([fact for fact in desk.of(FactKind.LEG_ENDED) if fact.leg == LEG]) == 1


def test_who_hangs_up_in_the_fallback_did_not_abandon_us() -> None:
    desk = Desk()
    desk.call(LEG, "sales")
    desk.event("CHANNEL_HANGUP", LEG, {"fsorch_fallback": "yes"}, hangup_cause="NORMAL_CLEARING")
    assert ended(desk)["outcome"] == "overflowed"
    queue = next(queue for queue in desk.engine.snapshot().queues if queue.id == "sales")
    assert queue.abandoned == 0


def test_a_caller_served_alone_after_our_death_is_recorded_so_and_left_alone() -> None:
    desk = Desk()
    at = desk.clock.now().wall - 300_000_000
    row = ContactRow(id="c1", switch="main", number="+441234", queue="sales", outcome="", began_at=at, ended_at=at)
    known = OpenContact(row=row, legs=(LegRow(id=LEG, contact="c1", switch="main", created_at=at),), doing="queue")
    desk.tell(Recall((known,), until=at + 60_000_000))
    desk.sent.clear()
    desk.tell(LinkUp("main", "core-1", (dump(variable_fsorch_left="c1", variable_fsorch_queue="sales"),)))
    assert (ended(desk)["outcome"], ended(desk)["cause"]) == ("overflowed", "FSORCH_AWAY")
    assert desk.sent == []
    assert desk.of(FactKind.LEG_ENDED) == []
    desk.ends(LEG)
    assert [fact.data["row"]["contact"] for fact in desk.of(FactKind.LEG_ENDED)] == ["c1"]


def test_the_leg_of_a_contact_that_was_let_go_before_our_death_has_its_record() -> None:
    desk = Desk()
    desk.tell(LinkUp("main", "core-1", (dump(variable_fsorch_left="c1"),)))
    assert of(desk, Kill) == []
    desk.ends(LEG)
    assert [(fact.data["row"]["contact"], fact.leg) for fact in desk.of(FactKind.LEG_ENDED)] == [("c1", LEG)]
    assert not desk.of(FactKind.CONTACT_BEGAN)


def test_nobody_is_cut_off_in_the_middle_of_a_message() -> None:
    sales, support = CENTRE.queues
    rules = WaitSpec(max_s=30, on_max=Voicemail())
    queues = (structs.replace(sales, wait=rules), support)
    desk = Desk(structs.replace(CENTRE, queues=queues, voicemail=VoicemailSpec(dir="/messages")))
    desk.call(LEG, "sales")
    desk.passes(31)
    assert of(desk, PutOff, Unschedule)[-1] == Unschedule(LEG)
    desk.passes(100)
    assert of(desk, PutOff, Unschedule)[-1] == Unschedule(LEG)
