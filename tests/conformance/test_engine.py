"""Whole calls: the engine on the switch under test, from the parked call to the records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import uuid4

import pytest

from fsorch.config import SwitchSettings
from fsorch.engine.away_notes import NOTE_IT, NOTED, away_note
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import AnswerCall, HangUp, HoldCall, LinkUp
from fsorch.esl.commands import GetVar, Kill, Notes, ReceiveDigits, SetVars
from tests.conformance.office import BY, Office
from tests.conformance.rig import Call, Rig, far_end

Opener = Callable[..., Office]
PHONES = {"ada": "answer-300"}


@pytest.fixture
def opened(rig: Rig) -> Iterator[Opener]:
    """Opens an office on the link."""
    offices: list[Office] = []

    def opener(phones: Mapping[str, str] = PHONES, **options: Any) -> Office:
        offices.append(Office(rig, phones, **options))
        return offices[-1]

    yield opener
    for office in offices:
        office.close()


def waiting(office: Office, key: str = "1") -> Call:
    """A caller who has keyed a queue and waits, or is offered already."""
    call = office.rig.call_in()
    office.press(call, key)
    office.fact(FactKind.CONTACT_QUEUED, contact=office.contact_of(call).id)
    return call


def talking(office: Office) -> tuple[Call, str]:
    """A caller in talk with ada; the caller and the contact."""
    office.log_in("ada")
    call = waiting(office)
    bridged = office.fact(FactKind.BRIDGED, agent="ada")
    return call, bridged.contact


def hang_up_as_caller(rig: Rig, call: Call) -> None:
    rig.ask(Kill(call.caller, "NORMAL_CLEARING"))


# -- all the way ----------------------------------------------------------------------------------------------------


def test_a_call_all_the_way_the_caller_hangs_up(rig: Rig, opened: Opener) -> None:
    office = opened()
    call, contact = talking(office)
    shown = office.agent("ada").contact
    assert shown is not None
    assert (shown.number, shown.name, shown.queue) == ("4930123456", "Emma", "sales")
    assert [answer.digits for answer in shown.answers] == ["1"]
    hang_up_as_caller(rig, call)
    row = office.ended(contact)
    assert (row["outcome"], row["ended_by"], row["agent"], row["queue"]) == ("answered", "customer", "ada", "sales")
    assert row["began_at"] <= row["enqueued_at"] <= row["answered_at"] <= row["ended_at"]
    legs = office.legs(contact, 2)
    assert {role: row["cause"] for role, row in legs.items()} == {
        "customer": "NORMAL_CLEARING",
        "agent": "NORMAL_CLEARING",
    }
    assert legs["customer"]["peer"] == legs["agent"]["id"]
    assert all(leg["complete"] and leg["bridged_at"] and leg["answered_at"] for leg in legs.values())
    assert office.offers(contact) == [("ada", "accepted")]
    office.agent_is("ada", "idle")


def test_the_agent_hangs_up_at_the_desktop(rig: Rig, opened: Opener) -> None:
    office = opened()
    call, contact = talking(office)
    office.ask(HangUp(agent="ada", by=BY))
    row = office.ended(contact)
    assert (row["outcome"], row["ended_by"]) == ("answered", "agent")
    assert set(office.legs(contact, 2)) == {"customer", "agent"}
    rig.gone(call.caller)


def test_the_agent_hangs_up_the_phone(rig: Rig, opened: Opener) -> None:
    office = opened(phones={"ada": "short-1500"})
    call, contact = talking(office)
    office.fact(FactKind.WRAP_UP_BEGAN, agent="ada")
    row = office.ended(contact)
    assert (row["outcome"], row["ended_by"]) == ("answered", "agent")
    office.legs(contact, 2)
    rig.gone(call.caller)
    office.agent_is("ada", "idle")


def test_the_desktop_answers_the_phone(rig: Rig, opened: Opener) -> None:
    office = opened(phones={"ada": "ring"})
    office.log_in("ada")
    call = waiting(office)
    office.agent_is("ada", "ringing")
    office.ask(AnswerCall(agent="ada", by=BY))
    contact = office.contact_is(call, "talking")
    hang_up_as_caller(rig, call)
    assert office.ended(contact.id)["outcome"] == "answered"
    office.legs(contact.id, 2)


def test_hold_and_back(rig: Rig, opened: Opener) -> None:
    office = opened()
    call, contact = talking(office)
    office.ask(HoldCall(agent="ada", by=BY, on=True))
    assert office.fact(FactKind.HOLD_CHANGED, 1, contact=contact).data["on"] is True
    office.ask(HoldCall(agent="ada", by=BY, on=False))
    assert office.fact(FactKind.HOLD_CHANGED, 2, contact=contact).data["on"] is False
    hang_up_as_caller(rig, call)
    row = office.ended(contact)
    assert row["held_us"] > 0
    assert row["outcome"] == "answered"


def test_a_loopback_phone_is_taken_back_from_hold(rig: Rig, opened: Opener, real: SwitchSettings | None) -> None:
    if real is None:
        pytest.skip("the virtual switch has no mod_loopback")
    office = opened(phones={"ada": "loopback/answer-300/fsorch-conformance"})
    call, contact = talking(office)
    office.ask(HoldCall(agent="ada", by=BY, on=True))
    office.fact(FactKind.HOLD_CHANGED, 1, contact=contact)
    office.ask(HoldCall(agent="ada", by=BY, on=False))
    assert office.fact(FactKind.HOLD_CHANGED, 2, contact=contact).data["on"] is False
    hang_up_as_caller(rig, call)
    assert office.ended(contact)["held_us"] > 0


def test_a_customer_is_put_through_once_the_agent_has_pressed_a_key(rig: Rig, opened: Opener) -> None:
    office = opened(confirm_key="1")
    office.log_in("ada")
    call = waiting(office)
    leg = office.fact(FactKind.OFFER_MADE, agent="ada").leg
    rig.event("CHANNEL_ANSWER", leg=leg)
    rig.ask(ReceiveDigits(leg, "7"))
    rig.event("DTMF", lambda event: event.dtmf_digit == "7", leg=leg)
    assert office.contact_of(call).state == "offered"
    rig.ask(ReceiveDigits(leg, "1"))
    contact = office.contact_is(call, "talking").id
    hang_up_as_caller(rig, call)
    office.ended(contact)
    office.legs(contact, 2)


def test_a_mailbox_does_not_swallow_a_customer(rig: Rig, opened: Opener) -> None:
    office = opened(confirm_key="1", offer_timeout_s=2.0)
    office.log_in("ada")
    call = waiting(office)
    contact = office.contact_of(call).id
    office.fact(FactKind.OFFER_ENDED, contact=contact)
    assert office.offers(contact)[0] == ("ada", "missed")
    assert office.of(FactKind.BRIDGED) == []
    hang_up_as_caller(rig, call)
    assert office.ended(contact)["outcome"] == "abandoned"


# -- the menu -------------------------------------------------------------------------------------------------------


def test_a_wrong_key_and_then_a_good_one(rig: Rig, opened: Opener) -> None:
    office = opened()
    call = rig.call_in()
    office.press(call, "7")
    office.fact(FactKind.ANSWER_KEYED)
    office.press(call, "2")
    contact = office.contact_is(call, "waiting")
    assert contact.queue == "support"
    keyed = [(fact.data["digits"], fact.data["valid"]) for fact in office.of(FactKind.ANSWER_KEYED)]
    assert keyed == [("7", False), ("2", True)]


def test_nobody_is_trapped_in_the_menu(rig: Rig, opened: Opener) -> None:
    office = opened(menu_s=0.4)
    call = rig.call_in()
    assert office.contact_is(call, "waiting").queue == "support"
    assert not office.of(FactKind.ANSWER_KEYED)


def test_a_caller_leaves_in_the_menu(rig: Rig, opened: Opener) -> None:
    office = opened()
    call = rig.call_in()
    contact = office.contact_is(call, "flow").id
    hang_up_as_caller(rig, call)
    assert office.ended(contact)["outcome"] == "left_flow"
    assert set(office.legs(contact, 1)) == {"customer"}


# -- offers that fail -----------------------------------------------------------------------------------------------


def test_a_missed_offer_goes_back_to_the_head(rig: Rig, opened: Opener) -> None:
    office = opened(phones={"ada": "ring", "ben": "answer-200"}, offer_timeout_s=2.0)
    office.log_in("ada")
    call = waiting(office)
    contact = office.contact_of(call)
    office.fact(FactKind.OFFER_ENDED, contact=contact.id)
    assert office.offers(contact.id) == [("ada", "missed")]
    office.log_in("ben")
    office.contact_is(call, "talking")
    hang_up_as_caller(rig, call)
    row = office.ended(contact.id)
    assert (row["agent"], row["misses"] > 0) == ("ben", True)
    assert office.offers(contact.id)[-1] == ("ben", "accepted")
    queued = office.of(FactKind.CONTACT_QUEUED, contact=contact.id)
    assert {fact.data["enqueued_at"] for fact in queued} == {row["enqueued_at"]}
    assert {fact.data["position"] for fact in queued} == {1}


@pytest.mark.parametrize(
    ("phone", "outcome"),
    [
        ("busy", "refused"),
        ("reject", "refused"),
        ("dnd", "missed"),
        ("notfound", "failed"),
        ("unavail", "failed"),
        ("noresp", "missed"),
    ],
)
def test_a_phone_that_does_not_answer(rig: Rig, opened: Opener, phone: str, outcome: str) -> None:
    office = opened(phones={"ada": phone})
    office.log_in("ada")
    call = waiting(office)
    contact = office.contact_of(call).id
    office.fact(FactKind.OFFER_ENDED, contact=contact)
    assert office.offers(contact)[0] == ("ada", outcome)
    hang_up_as_caller(rig, call)
    assert office.ended(contact)["outcome"] == "abandoned"


def test_the_agent_refuses_at_the_desktop(rig: Rig, opened: Opener) -> None:
    office = opened(phones={"ada": "ring"})
    office.log_in("ada")
    call = waiting(office)
    contact = office.contact_of(call).id
    office.agent_is("ada", "ringing")
    office.ask(HangUp(agent="ada", by=BY))
    office.fact(FactKind.OFFER_ENDED, contact=contact)
    assert office.offers(contact)[0] == ("ada", "refused")
    hang_up_as_caller(rig, call)
    office.ended(contact)


def test_the_caller_leaves_while_the_agent_rings(rig: Rig, opened: Opener) -> None:
    office = opened(phones={"ada": "ring"})
    office.log_in("ada")
    call = waiting(office)
    contact = office.contact_of(call).id
    office.agent_is("ada", "ringing")
    hang_up_as_caller(rig, call)
    row = office.ended(contact)
    assert (row["outcome"], row["ended_by"]) == ("abandoned", "customer")
    assert office.offers(contact) == [("ada", "withdrawn")]
    legs = office.legs(contact, 2)
    assert legs["agent"]["cause"] == "ORIGINATOR_CANCEL"
    office.agent_is("ada", "idle")


def test_the_caller_leaves_while_waiting(rig: Rig, opened: Opener) -> None:
    office = opened()
    call = waiting(office)
    contact = office.contact_of(call).id
    hang_up_as_caller(rig, call)
    assert office.ended(contact)["outcome"] == "abandoned"
    office.legs(contact, 1)


# -- the link -------------------------------------------------------------------------------------------------------


def test_the_link_is_cut_while_the_caller_waits(rig: Rig, opened: Opener) -> None:
    office = opened()
    call = waiting(office)
    before = office.contact_of(call)
    cut(rig)
    after = office.contact_is(call, "waiting")
    assert (after.id, after.enqueued_at, after.position) == (before.id, before.enqueued_at, 1)
    office.log_in("ada")
    office.contact_is(call, "talking")
    hang_up_as_caller(rig, call)
    assert office.ended(before.id)["outcome"] == "answered"
    office.legs(before.id, 2)


def test_the_link_is_cut_in_a_talk(rig: Rig, opened: Opener) -> None:
    office = opened()
    call, contact = talking(office)
    cut(rig)
    assert office.contact_is(call, "talking").id == contact
    hang_up_as_caller(rig, call)
    assert office.ended(contact)["outcome"] == "answered"
    office.legs(contact, 2)
    office.agent_is("ada", "idle")


def test_the_caller_leaves_while_the_link_is_cut(rig: Rig, opened: Opener) -> None:
    office = opened()
    call, contact = talking(office)
    rig.cable.cut()
    rig.until(lambda: rig.link.state == "down", "the link to be down")
    with rig.another() as other:
        hang_up_as_caller(other, call)
        other.gone(call.leg)
    rig.cable.mend()
    row = office.ended(contact)
    assert row["outcome"] == "answered"
    office.legs(contact, 2)
    office.agent_is("ada", "idle")


def test_an_engine_that_was_restarted_takes_its_callers_back(rig: Rig, opened: Opener) -> None:
    first = opened()
    call = waiting(first)
    before = first.contact_of(call)
    mark = GetVar(call.leg, "fsorch_enqueued")
    rig.until(lambda: rig.ask(mark).text == str(before.enqueued_at), "the place in the queue on the switch")
    rig.listener = None
    second = opened()
    cut(rig)
    after = second.contact_is(call, "waiting")
    assert (after.id, after.queue, after.enqueued_at) == (before.id, "sales", before.enqueued_at)
    second.log_in("ada")
    second.contact_is(call, "talking")
    hang_up_as_caller(rig, call)
    assert second.ended(before.id)["outcome"] == "answered"


def test_a_call_the_switch_serves_alone_is_left_alone(rig: Rig, opened: Opener) -> None:
    call = rig.call_in()
    rig.event("CHANNEL_ANSWER", leg=call.leg)
    office = opened()
    cut(rig)
    rig.ask(Kill(call.caller, "NORMAL_CLEARING"))
    complete = rig.event("CHANNEL_HANGUP_COMPLETE", leg=call.leg)
    assert (complete.variable("fsorch_contact"), complete.variable("fsorch_fallback")) == (None, "yes")
    assert not office.of(FactKind.CONTACT_BEGAN, leg=call.leg)
    noted = office.fact(FactKind.CALL_NOTED, leg=call.leg).data
    assert (noted["call"]["id"], noted["call"]["destination"], noted["alone"]) == (call.leg, call.number, True)
    assert noted["row"]["hungup_at"] == complete.hangup_time


def test_calls_that_came_and_went_without_us_are_told_when_we_come(rig: Rig, opened: Opener) -> None:
    unserved, taken = rig.call_in(), rig.call_in()
    assert rig.ask(SetVars(taken.leg, (("api_reporting_hook", ""),))).ok
    for call in (unserved, taken):
        rig.ask(Kill(call.caller, "NORMAL_CLEARING"))
        rig.event("CHANNEL_HANGUP_COMPLETE", leg=call.leg)
    with rig.another() as link:
        (up,) = [input for input in link.inputs if isinstance(input, LinkUp)]
    (note,) = [note for note in up.calls if note.leg in (unserved.leg, taken.leg)]
    assert (note.leg, note.dialled, note.alone, note.message) == (unserved.leg, unserved.number, False, "")
    assert 0 < note.began_at < note.ended_at
    office = opened()
    office.pump.feed(up)
    assert office.fact(FactKind.CALL_NOTED, leg=unserved.leg).data["row"]["complete"]
    gone = Notes("select", NOTED, unserved.leg)
    rig.until(lambda: not away_note(unserved.leg, rig.ask(gone).text).began_at, "the note to be gone", 30.0)


@pytest.mark.parametrize(("number", "cause"), [("answer-300", "NORMAL_CLEARING"), ("busy", "USER_BUSY")])
def test_the_switch_notes_how_a_leg_ended_that_we_dialled(rig: Rig, number: str, cause: str) -> None:
    answers = cause == "NORMAL_CLEARING"
    leg = rig.originate(far_end(number), dict(NOTE_IT))
    if answers:
        rig.event("CHANNEL_PARK", leg=leg)
        assert rig.ask(Kill(leg, cause)).ok
    complete = rig.event("CHANNEL_HANGUP_COMPLETE", leg=leg)
    note = away_note(leg, rig.ask(Notes("select", NOTED, leg)).text)
    assert (note.ours, note.cause, note.ended_at) == (True, cause, complete.hangup_time)
    assert (note.answered_at, bool(note.rang_at), note.by_switch) == (complete.answered_time, answers, answers)
    assert rig.ask(Notes("delete", NOTED, leg)).ok


def test_who_hung_up_while_we_were_dead_left_when_the_switch_says(rig: Rig, opened: Opener) -> None:
    call = rig.call_in()
    ours = (("fsorch_contact", str(uuid4())), ("fsorch_role", "customer"))
    assert rig.ask(SetVars(call.leg, ours)).ok
    rig.ask(Kill(call.caller, "NORMAL_CLEARING"))
    complete = rig.event("CHANNEL_HANGUP_COMPLETE", leg=call.leg)
    with rig.another() as link:
        (up,) = [input for input in link.inputs if isinstance(input, LinkUp)]
    (note,) = [note for note in up.calls if note.leg == call.leg]
    assert (note.taken, note.by_caller, note.ended_at) == (ours[0][1], True, complete.hangup_time)
    office = opened()
    office.pump.feed(up)
    assert office.fact(FactKind.CALL_NOTED, leg=call.leg).data["taken"] == note.taken


def test_a_call_that_we_hear_to_its_end_leaves_no_note(rig: Rig, opened: Opener) -> None:
    office = opened()
    call = rig.call_in()
    office.fact(FactKind.CONTACT_BEGAN, leg=call.leg)
    rig.ask(Kill(call.caller, "NORMAL_CLEARING"))
    office.fact(FactKind.LEG_ENDED, leg=call.leg)
    gone = Notes("select", NOTED, call.leg)
    rig.until(lambda: not away_note(call.leg, rig.ask(gone).text).began_at, "the note to be gone", 30.0)


def cut(rig: Rig) -> None:
    """The link goes and comes back."""
    ups = len(rig.ups())
    rig.cable.cut()
    rig.until(lambda: rig.link.state == "down", "the link to be down")
    rig.cable.mend()
    rig.until(lambda: len(rig.ups()) > ups, "the link to be back")
