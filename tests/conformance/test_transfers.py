"""Transfers and supervision on the switch under test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import (
    AddParty,
    CancelTransfer,
    CompleteTransfer,
    ConferCall,
    DropParty,
    HangUp,
    HoldCall,
    MuteCall,
    PressKeys,
    StopListening,
    Supervise,
    TakeOver,
    TransferCall,
)
from fsorch.esl.commands import Conference, GetVar, Kill
from tests.conformance.office import BY, Office
from tests.conformance.rig import Call, Rig
from tests.conformance.test_engine import Opener, cut, hang_up_as_caller, waiting

TWO = {"ada": "answer-300", "bob": "answer-300"}


@pytest.fixture
def opened(rig: Rig) -> Iterator[Opener]:
    """Opens an office on the link."""
    offices: list[Office] = []

    def opener(phones: Mapping[str, str] = TWO, offer_timeout_s: float = 20.0, nailed: tuple[str, ...] = ()) -> Office:
        offices.append(Office(rig, phones, offer_timeout_s=offer_timeout_s, nailed=nailed))
        return offices[-1]

    yield opener
    for office in offices:
        office.close()


def talking(office: Office, *more: str) -> tuple[Call, str]:
    """A caller in talk with ada; the caller and the contact. The others log in after that."""
    office.log_in("ada")
    call = waiting(office)
    bridged = office.fact(FactKind.BRIDGED, agent="ada")
    office.log_in(*more)
    return call, bridged.contact


def plays(office: Office, call: Call, app: str) -> None:
    """Wait until the caller's leg runs ``app``."""
    name, response = GetVar(call.leg, "current_application"), GetVar(call.leg, "current_application_response")

    def runs() -> bool:
        rig = office.rig
        return rig.ask(name).text == app and rig.ask(response).text in ("_undef_", "")

    office.rig.until(runs, f"the caller to run {app}")


def outcome(office: Office, contact: str) -> str:
    said: str = office.fact(FactKind.TRANSFER_ENDED, contact=contact).data["outcome"]
    return said


def finish(office: Office, call: Call, contact: str, legs: int) -> dict[str, object]:
    """The caller hangs up; everything ends and is written down."""
    hang_up_as_caller(office.rig, call)
    row = office.ended(contact)
    office.fact(FactKind.LEG_ENDED, legs, contact=contact)
    rows = [fact.data["row"]["id"] for fact in office.of(FactKind.LEG_ENDED, contact=contact)]
    assert len(set(rows)) == len(rows) == legs
    office.rig.until(lambda: office.pump.snapshot().switches[0].legs == 0, "no leg of ours left")
    return row


def test_to_a_queue_and_on_to_the_next_agent(rig: Rig, opened: Opener) -> None:
    office = opened()
    call, contact = talking(office, "bob")
    office.ask(TransferCall(agent="ada", by=BY, queue="support", priority=3))
    office.fact(FactKind.BRIDGED, agent="bob", contact=contact)
    assert office.contact_of(call).queue == "support"
    office.agent_is("ada", "idle")
    office.ask(HangUp(agent="bob", by=BY))
    row = office.ended(contact)
    assert (row["agent"], row["ended_by"], row["priority"]) == ("bob", "agent", 3)
    rig.gone(call.caller)


def test_at_once_to_an_agent(rig: Rig, opened: Opener) -> None:
    office = opened()
    call, contact = talking(office, "bob")
    office.ask(TransferCall(agent="ada", by=BY, to="bob"))
    office.agent_is("ada", "idle")
    office.fact(FactKind.BRIDGED, agent="bob", contact=contact)
    assert outcome(office, contact) == "handed_over"
    office.agent_is("bob", "talking")
    office.ask(HangUp(agent="bob", by=BY))
    assert office.ended(contact)["ended_by"] == "agent"
    rig.gone(call.caller)


def test_at_once_to_an_agent_whose_phone_is_busy_and_back(rig: Rig, opened: Opener) -> None:
    office = opened(phones={"ada": "answer-300", "bob": "busy"})
    call, contact = talking(office, "bob")
    office.ask(TransferCall(agent="ada", by=BY, to="bob"))
    assert outcome(office, contact) == "not_taken"
    office.fact(FactKind.BRIDGED, 2, agent="ada", contact=contact)
    finish(office, call, contact, 4)


def test_a_consult_completed(rig: Rig, opened: Opener) -> None:
    office = opened()
    call, contact = talking(office, "bob")
    office.ask(TransferCall(agent="ada", by=BY, to="bob", consult=True))
    plays(office, call, "playback")
    office.agent_is("bob", "talking")
    assert office.contact_of(call).transfer == "consulting"
    office.ask(CompleteTransfer(agent="ada", by=BY))
    office.fact(FactKind.BRIDGED, agent="bob", contact=contact)
    office.agent_is("ada", "idle")
    assert office.contact_of(call).agent == "bob"
    office.ask(HangUp(agent="bob", by=BY))
    assert office.ended(contact)["agent"] == "bob"
    rig.gone(call.caller)


def test_a_consult_cancelled_and_the_call_goes_on(rig: Rig, opened: Opener) -> None:
    office = opened()
    call, contact = talking(office, "bob")
    office.ask(TransferCall(agent="ada", by=BY, to="bob", consult=True))
    office.agent_is("bob", "talking")
    office.ask(CancelTransfer(agent="ada", by=BY))
    assert outcome(office, contact) == "returned"
    office.agent_is("bob", "idle")
    assert office.contact_of(call).agent == "ada"
    office.ask(HangUp(agent="ada", by=BY))
    assert office.ended(contact)["agent"] == "ada"
    rig.gone(call.caller)


def test_a_consult_cancelled_while_it_rings(rig: Rig, opened: Opener) -> None:
    office = opened(phones={"ada": "answer-300", "bob": "ring"})
    call, contact = talking(office, "bob")
    office.ask(TransferCall(agent="ada", by=BY, to="bob", consult=True))
    plays(office, call, "playback")
    office.agent_is("bob", "ringing")
    office.ask(CancelTransfer(agent="ada", by=BY))
    assert outcome(office, contact) == "returned"
    office.agent_is("bob", "idle")
    finish(office, call, contact, 3)


def test_a_consult_that_is_refused_comes_back(rig: Rig, opened: Opener) -> None:
    office = opened(phones={"ada": "answer-300", "bob": "reject"})
    call, contact = talking(office, "bob")
    office.ask(TransferCall(agent="ada", by=BY, to="bob", consult=True))
    assert outcome(office, contact) == "returned"
    finish(office, call, contact, 3)


def test_the_agent_hangs_up_the_phone_in_the_consult(rig: Rig, opened: Opener) -> None:
    office = opened()
    call, contact = talking(office, "bob")
    office.ask(TransferCall(agent="ada", by=BY, to="bob", consult=True))
    office.agent_is("bob", "talking")
    office.ask(HangUp(agent="ada", by=BY))
    office.fact(FactKind.BRIDGED, agent="bob", contact=contact)
    assert outcome(office, contact) == "handed_over"
    finish(office, call, contact, 3)


def test_the_one_who_was_consulted_hangs_up(rig: Rig, opened: Opener) -> None:
    office = opened(phones={"ada": "answer-300", "bob": "short-1000"})
    call, contact = talking(office, "bob")
    office.ask(TransferCall(agent="ada", by=BY, to="bob", consult=True))
    assert outcome(office, contact) == "returned"
    assert office.contact_of(call).agent == "ada"
    finish(office, call, contact, 3)


def test_the_caller_hangs_up_in_the_consult(rig: Rig, opened: Opener) -> None:
    office = opened()
    call, contact = talking(office, "bob")
    office.ask(TransferCall(agent="ada", by=BY, to="bob", consult=True))
    office.agent_is("bob", "talking")
    row = finish(office, call, contact, 3)
    assert row["ended_by"] == "customer"
    office.agent_is("ada", "idle")
    office.agent_is("bob", "idle")


def together(office: Office, contact: str, number: int) -> None:
    """Wait until so many are in the contact's room."""
    members = Conference(f"fsorch-{contact}", "list")
    office.rig.until(lambda: office.rig.ask(members).text.count("hear|speak") == number, f"{number} in the room")


def alone(office: Office, contact: str) -> None:
    """Wait until the room is gone: those who are left are a pair."""
    members = Conference(f"fsorch-{contact}", "list")
    office.rig.until(lambda: "not found" in office.rig.ask(members).text, "the end of the room")
    office.rig.until(lambda: all(not c.parties for c in office.pump.snapshot().contacts), "a pair")


@pytest.mark.parametrize("leaves", ["ada", "bob", "caller"])
def test_a_conference_of_three_until_one_leaves(rig: Rig, opened: Opener, leaves: str) -> None:
    office = opened()
    call, contact = talking(office, "bob")
    office.ask(TransferCall(agent="ada", by=BY, to="bob", consult=True))
    office.agent_is("bob", "talking")
    office.ask(ConferCall(agent="ada", by=BY))
    assert outcome(office, contact) == "conferred"
    together(office, contact, 3)
    if leaves == "caller":
        finish(office, call, contact, 3)
        return
    office.ask(HangUp(agent=leaves, by=BY))
    alone(office, contact)
    stays = "bob" if leaves == "ada" else "ada"
    assert office.contact_of(call).agent == stays
    office.agent_is(leaves, "idle")
    office.ask(HangUp(agent=stays, by=BY))
    assert office.ended(contact)["agent"] == stays
    rig.gone(call.caller)


def test_a_conference_of_five_whose_members_come_and_go(rig: Rig, opened: Opener) -> None:
    names = ("ada", "bob", "cyd", "dan")
    office = opened(phones={name: "answer-300" for name in names} | {"eva": "reject"})
    call, contact = talking(office, *names[1:])
    office.ask(AddParty(agent="ada", by=BY, to="bob"))
    together(office, contact, 3)
    office.ask(AddParty(agent="bob", by=BY, queue="support"))
    together(office, contact, 4)
    office.ask(AddParty(agent="ada", by=BY, queue="support"))
    together(office, contact, 5)
    office.ask(HangUp(agent="ada", by=BY))
    together(office, contact, 4)
    assert office.contact_of(call).agent == "bob"
    office.agent_is("ada", "idle")
    office.ask(DropParty(agent="bob", by=BY, party="cyd"))
    together(office, contact, 3)
    office.log_in("eva")
    office.ask(AddParty(agent="bob", by=BY, to="eva"))
    office.fact(FactKind.PARTY_LEFT, 3, contact=contact)
    office.ask(HangUp(agent="dan", by=BY))
    alone(office, contact)
    office.agent_is("dan", "idle")
    row = finish(office, call, contact, 6)
    assert (row["agent"], row["ended_by"]) == ("bob", "customer")
    rows = [fact.data["row"] for fact in office.of(FactKind.SEGMENT_ENDED, contact=contact)]
    times = {(row["kind"], row["agent"]) for row in rows if row["kind"] in ("talk", "conference")}
    assert times == {("talk", "ada"), ("talk", "bob")} | {("conference", name) for name in names[1:]}


def test_a_conference_everybody_else_leaves_at_once(rig: Rig, opened: Opener) -> None:
    office = opened()
    call, contact = talking(office, "bob")
    office.ask(AddParty(agent="ada", by=BY, to="bob"))
    together(office, contact, 3)
    for leg in {fact.leg for fact in office.of(FactKind.OFFER_MADE, contact=contact)}:
        rig.ask(Kill(leg, "NORMAL_CLEARING"))
    office.fact(FactKind.CONTACT_QUEUED, 2, contact=contact)
    office.contact_is(call, "talking")
    assert office.contact_of(call).queue == "sales"
    finish(office, call, contact, 4)


def test_a_queue_is_consulted(rig: Rig, opened: Opener) -> None:
    office = opened(phones={"ada": "answer-300", "bob": "reject", "cyd": "answer-300"})
    call, contact = talking(office, "bob")
    office.log_in("cyd")
    office.ask(TransferCall(agent="ada", by=BY, queue="support", consult=True))
    plays(office, call, "playback")
    office.agent_is("cyd", "talking")
    office.ask(CompleteTransfer(agent="ada", by=BY))
    office.fact(FactKind.BRIDGED, agent="cyd", contact=contact)
    assert office.contact_of(call).queue == "support"
    assert ("bob", "refused") in office.offers(contact)
    finish(office, call, contact, 4)


def test_a_supervisor_takes_over(rig: Rig, opened: Opener) -> None:
    office = opened()
    call, contact = talking(office, "bob")
    office.ask(TakeOver(agent="ada", by=BY, taker="bob"))
    office.fact(FactKind.BRIDGED, agent="bob", contact=contact)
    office.agent_is("ada", "idle")
    finish(office, call, contact, 3)


def test_mute_and_keys(rig: Rig, opened: Opener) -> None:
    office = opened()
    call, contact = talking(office)
    for on in (True, False):
        office.ask(MuteCall(agent="ada", by=BY, on=on))
    office.ask(PressKeys(agent="ada", by=BY, digits="42#"))
    rig.until(lambda: [e.dtmf_digit for e in rig.events if e.name == "DTMF" and e.uuid == call.caller], "the keys")
    assert office.of(FactKind.COMMAND_FAILED) == []
    finish(office, call, contact, 2)


def test_a_supervisor_listens_whispers_and_barges(rig: Rig, opened: Opener) -> None:
    office = opened()
    call, contact = talking(office, "bob")
    ask = Supervise(agent="ada", by=BY, watcher="bob", mode="whisper")
    office.ask(ask)
    began = office.fact(FactKind.LISTENING_BEGAN, contact=contact)
    rig.event("CHANNEL_ANSWER", leg=began.leg)
    for mode in ("barge", "listen"):
        office.ask(Supervise(agent="ada", by=BY, watcher="bob", mode=mode))
    rig.until(lambda: rig.ask(GetVar(began.leg, "current_application")).text == "eavesdrop", "bob to listen")
    assert office.of(FactKind.COMMAND_FAILED) == []
    finish(office, call, contact, 3)
    office.fact(FactKind.LISTENING_ENDED, contact=contact)


def test_a_nailed_up_supervisor_listens_by_the_call_that_stands(rig: Rig, opened: Opener) -> None:
    office = opened(nailed=("bob",))
    call, contact = talking(office, "bob")
    rig.until(lambda: office.agent("bob").line == "ready", "bob's standing call")
    office.ask(Supervise(agent="ada", by=BY, watcher="bob", mode="whisper"))
    began = office.fact(FactKind.LISTENING_BEGAN, contact=contact)
    rig.until(lambda: rig.ask(GetVar(began.leg, "current_application")).text == "eavesdrop", "bob to listen")
    office.ask(Supervise(agent="ada", by=BY, watcher="bob", mode="barge"))
    office.ask(StopListening(agent="ada", by=BY, watcher="bob"))
    rig.until(lambda: office.agent("bob").line == "ready", "bob's call to be parked")
    office.ask(Supervise(agent="ada", by=BY, watcher="bob", mode="listen"))
    office.ask(TakeOver(agent="ada", by=BY, taker="bob"))
    bridged = office.fact(FactKind.BRIDGED, agent="bob", contact=contact)
    assert bridged.data["agent_leg"] == began.leg
    assert office.of(FactKind.COMMAND_FAILED) == []
    office.ask(HangUp(agent="bob", by=BY))
    assert office.ended(contact)["agent"] == "bob"
    rig.gone(call.caller)
    rig.until(lambda: office.agent("bob").line == "ready", "bob's call to stand on")


def test_a_supervisor_hears_on_over_a_restart(rig: Rig, opened: Opener) -> None:
    first = opened()
    call, contact = talking(first, "bob")
    first.ask(Supervise(agent="ada", by=BY, watcher="bob", mode="whisper"))
    began = first.fact(FactKind.LISTENING_BEGAN, contact=contact)
    rig.event("CHANNEL_ANSWER", leg=began.leg)
    rig.until(lambda: rig.ask(GetVar(began.leg, "current_application")).text == "eavesdrop", "bob to listen")
    rig.listener = None
    second = opened()
    second.log_in("ada", "bob")
    cut(rig)
    assert second.contact_is(call, "talking").agent == "ada"
    assert [(one.name, one.mode) for one in second.agent("ada").listeners] == [("bob", "whisper")]
    second.ask(StopListening(agent="ada", by=BY, watcher="bob"))
    second.fact(FactKind.LISTENING_ENDED, contact=contact)
    rig.gone(began.leg)
    second.ask(HangUp(agent="ada", by=BY))
    assert second.ended(contact)["agent"] == "ada"
    rig.gone(call.caller)


@pytest.mark.parametrize("picks_up", [True, False])
def test_a_restart_in_a_consult_brings_caller_and_agent_together(rig: Rig, opened: Opener, picks_up: bool) -> None:
    phones = {"ada": "answer-300", "bob": "answer-300" if picks_up else "ring"}
    first = opened(phones=phones)
    call, contact = talking(first, "bob")
    first.ask(TransferCall(agent="ada", by=BY, to="bob", consult=True))
    first.agent_is("bob", "talking" if picks_up else "ringing")
    plays(first, call, "playback")
    rig.listener = None
    second = opened(phones=phones)
    second.log_in("ada", "bob")
    since = len(rig.events)
    cut(rig)
    assert second.contact_is(call, "talking").agent == "ada"
    rig.event("CHANNEL_BRIDGE", lambda event: event.bridge_a == call.leg, since=since)
    second.agent_is("bob", "idle")
    second.ask(HangUp(agent="ada", by=BY))
    assert second.ended(contact)["agent"] == "ada"
    rig.gone(call.caller)


# -- nailed-up phones -----------------------------------------------------------------------------------------------

NAILED = ("ada", "bob", "cyd")


@pytest.fixture
def standing(rig: Rig) -> Iterator[Office]:
    """Agents whose phones stay on the line, logged in one after another."""
    office = Office(rig, dict.fromkeys(NAILED, "answer-100"), nailed=NAILED)
    for name in NAILED:
        office.log_in(name)
        lined(office, name)
    yield office
    office.log_out(*NAILED)
    office.rig.until(lambda: office.pump.snapshot().switches[0].legs == 0, "no leg of ours left")
    office.close()


def lined(office: Office, name: str) -> None:
    """Wait until the agent is idle and the line parked."""
    office.agent_is(name, "idle")
    office.rig.until(lambda: office.agent(name).line == "ready", f"the line of {name}")


def ready_again(office: Office) -> None:
    """All lines are parked, and none was dialled a second time."""
    for name in NAILED:
        lined(office, name)
    assert office.of(FactKind.COMMAND_FAILED) == []
    created = [event for event in office.rig.events if event.name == "CHANNEL_CREATE"]
    assert len({event.uuid for event in created if event.variable("fsorch_line")}) == len(NAILED)


def test_nailed_up_phones_in_hold_consult_transfer_and_conference(rig: Rig, standing: Office) -> None:
    office = standing
    call = waiting(office)
    contact = office.fact(FactKind.BRIDGED, agent="ada").contact
    office.ask(HoldCall(agent="ada", by=BY, on=True))
    office.fact(FactKind.HOLD_CHANGED, 1, contact=contact)
    office.ask(HoldCall(agent="ada", by=BY, on=False))
    office.fact(FactKind.HOLD_CHANGED, 2, contact=contact)
    # A consult that is cancelled, one that bob leaves, and one that is completed.
    office.ask(TransferCall(agent="ada", by=BY, to="bob", consult=True))
    office.agent_is("bob", "talking")
    office.ask(CancelTransfer(agent="ada", by=BY))
    office.fact(FactKind.TRANSFER_ENDED, 1, contact=contact)
    lined(office, "bob")
    office.ask(TransferCall(agent="ada", by=BY, to="bob", consult=True))
    office.agent_is("bob", "talking")
    office.ask(HangUp(agent="bob", by=BY))
    office.fact(FactKind.TRANSFER_ENDED, 2, contact=contact)
    lined(office, "bob")
    office.ask(TransferCall(agent="ada", by=BY, to="bob", consult=True))
    office.agent_is("bob", "talking")
    office.ask(CompleteTransfer(agent="ada", by=BY))
    office.fact(FactKind.BRIDGED, agent="bob", contact=contact)
    office.agent_is("ada", "idle")
    lined(office, "ada")
    # At once, and into a conference of four.
    office.ask(TransferCall(agent="bob", by=BY, to="ada"))
    office.fact(FactKind.BRIDGED, 2, agent="ada", contact=contact)
    lined(office, "bob")
    office.ask(AddParty(agent="ada", by=BY, to="bob"))
    together(office, contact, 3)
    office.ask(AddParty(agent="ada", by=BY, to="cyd"))
    together(office, contact, 4)
    office.ask(HangUp(agent="ada", by=BY))
    together(office, contact, 3)
    office.ask(HangUp(agent="cyd", by=BY))
    alone(office, contact)
    assert office.contact_of(call).agent == "bob"
    hang_up_as_caller(rig, call)
    office.ended(contact)
    ready_again(office)


@pytest.mark.parametrize("leaves", ["ada", "bob"])
def test_who_is_consulted_before_the_line_stands_has_one_call(rig: Rig, leaves: str) -> None:
    office = Office(rig, dict.fromkeys(NAILED, "answer-300"), nailed=NAILED)
    try:
        call, contact = talking(office, "bob")
        office.ask(TransferCall(agent="ada", by=BY, to="bob", consult=True))
        assert office.agent("bob").line == "dialling"
        office.agent_is("bob", "talking")
        office.ask(HangUp(agent=leaves, by=BY))
        stays = "bob" if leaves == "ada" else "ada"
        assert outcome(office, contact) == ("handed_over" if leaves == "ada" else "returned")
        assert office.contact_of(call).agent == stays
        # While their line is parked again, the next consult waits for it.
        office.agent_is(leaves, "idle")
        office.ask(TransferCall(agent=stays, by=BY, to=leaves, consult=True))
        office.agent_is(leaves, "talking")
        office.ask(CancelTransfer(agent=stays, by=BY))
        office.fact(FactKind.TRANSFER_ENDED, 2, contact=contact)
        hang_up_as_caller(rig, call)
        office.ended(contact)
        lined(office, "ada")
        lined(office, "bob")
        assert office.of(FactKind.COMMAND_FAILED) == []
        dialled = {
            event.uuid for event in rig.events if event.name == "CHANNEL_CREATE" and event.direction == "outbound"
        }
        assert len(dialled - {call.caller}) == 2
    finally:
        office.log_out("ada", "bob")
        rig.until(lambda: office.pump.snapshot().switches[0].legs == 0, "no leg of ours left")
        office.close()


def test_a_nailed_up_phone_talks_over_a_restart_and_is_not_dialled_again(rig: Rig, standing: Office) -> None:
    call = waiting(standing)
    contact = standing.fact(FactKind.BRIDGED, agent="ada").contact
    rig.listener = None
    second = Office(rig, dict.fromkeys(NAILED, "answer-100"), nailed=NAILED)
    try:
        rig.cable.cut()
        rig.until(lambda: rig.link.state == "down", "the link to be down")
        second.log_in(*NAILED)
        cut(rig)
        second.contact_is(call, "talking")
        assert second.agent("ada").line == "talking"
        hang_up_as_caller(rig, call)
        second.ended(contact)
        second.agent_is("ada", "idle")
        ready_again(second)
    finally:
        second.log_out(*NAILED)
        second.rig.until(lambda: second.pump.snapshot().switches[0].legs == 0, "no leg of ours left")
        second.close()
        rig.listener = standing.pump.feed
        cut(rig)
