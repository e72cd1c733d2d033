"""Conferences on an engine alone: any number comes and goes, and the customer is never left alone."""

from __future__ import annotations

import msgspec
import pytest

from fsorch.acd import Distributor
from fsorch.config import AgentSpec, Centre, MembershipSpec
from fsorch.engine import (
    AddParty,
    CompleteTransfer,
    ConferCall,
    Configure,
    DropParty,
    FactKind,
    HangUp,
    HoldCall,
    LinkDown,
    LinkUp,
    TransferCall,
)
from fsorch.engine.inputs import Request
from fsorch.errors import NotFound, RequestRefused
from fsorch.esl.commands import Bridge, Kill, Originate, Park, Playback, Transfer
from fsorch.esl.events import Event
from fsorch.rules import PhoneMode
from tests.engine.desk import CENTRE, Desk

CUSTOMER = "caller-1"
MORE = tuple(
    AgentSpec(id=id, phone=f"user/{id}", queues=(MembershipSpec(queue="support"),)) for id in ("sue", "tom", "una")
)


def centre(nailed: str = "") -> Centre:
    """Five agents; ``nailed`` has a standing call."""
    agents = tuple(
        msgspec.structs.replace(agent, phone_mode=PhoneMode.NAILED if agent.id == nailed else agent.phone_mode)
        for agent in (*CENTRE.agents, *MORE)
    )
    sales, support = CENTRE.queues
    support = msgspec.structs.replace(support, music="local_stream://soft")
    return msgspec.structs.replace(
        CENTRE, agents=agents, queues=(sales, support), outside="sofia/gateway/carrier/{number}"
    )


def talking(*more: str) -> tuple[Desk, str]:
    """A customer of sales talks to ann; her leg."""
    desk = Desk(centre())
    desk.log_in("ann")
    leg = desk.talks(CUSTOMER, "sales")
    desk.log_in(*more)
    desk.sent.clear()
    return desk, leg


def add(desk: Desk, picks_up: bool = True, **whom: str) -> str:
    """Ann calls one more; their leg."""
    desk.tell(AddParty(agent="ann", by="ann", **whom))
    dial = desk.last(Originate)
    desk.rings(dial.uuid)
    if picks_up:
        desk.picks_up(dial.uuid, dial.job_uuid)
    return dial.uuid


def sent_in(desk: Desk) -> list[tuple[str, str]]:
    """Who was sent into the room, in order."""
    return [(c.uuid, c.leg) for c, _ in desk.sent if isinstance(c, Transfer)]


def killed(desk: Desk) -> set[str]:
    return {command.uuid for command, _ in desk.sent if isinstance(command, Kill)}


def inside(desk: Desk) -> list[str]:
    return [party.name for party in desk.contact().parties if party.state == "inside"]


def segments(desk: Desk) -> list[tuple[str, str, int]]:
    """Kind, agent, seconds."""
    rows = [fact.data["row"] for fact in desk.of(FactKind.SEGMENT_ENDED)]
    return [(row["kind"], row["agent"], round((row["ended_at"] - row["began_at"]) / 1e6)) for row in rows]


# -- coming ---------------------------------------------------------------------------------------------------------


def test_a_talk_of_two_goes_on_until_the_third_picks_up() -> None:
    desk, leg = talking("rob")
    rob = add(desk, picks_up=False, to="rob")
    assert sent_in(desk) == []
    assert [(party.name, party.state) for party in desk.contact().parties] == [("ann", "inside"), ("rob", "called")]
    with pytest.raises(RequestRefused):
        desk.tell(HoldCall(agent="ann", by="ann", on=True))
    dial = desk.last(Originate)
    desk.picks_up(rob, dial.job_uuid)
    assert sent_in(desk) == [(CUSTOMER, "-both"), (rob, "")]
    assert (desk.agent("rob").state, inside(desk)) == ("talking", ["ann", "rob"])


def test_a_consult_becomes_a_conference_of_as_many_as_one_likes() -> None:
    desk, leg = talking("rob", "sue", "tom")
    desk.tell(TransferCall(agent="ann", by="ann", to="rob", consult=True))
    rob = desk.last(Originate)
    desk.rings(rob.uuid)
    desk.picks_up(rob.uuid, rob.job_uuid)
    desk.bridge(leg, rob.uuid)
    desk.tell(ConferCall(agent="ann", by="ann"))
    assert sent_in(desk) == [(leg, "-both"), (CUSTOMER, "")]
    assert [fact.data["outcome"] for fact in desk.of(FactKind.TRANSFER_ENDED)] == ["conferred"]
    with pytest.raises(RequestRefused):
        desk.tell(ConferCall(agent="ann", by="ann"))
    desk.tell(AddParty(agent="rob", by="rob", queue="support"))
    third = desk.last(Originate)
    desk.picks_up(third.uuid, third.job_uuid)
    fourth = add(desk, number="+49301234")
    assert sent_in(desk)[2:] == [(third.uuid, ""), (fourth, "")]
    assert inside(desk) == ["ann", "rob", "sue", "+49301234"]
    assert desk.contact().agent == "ann"
    roles = {fact.data["to"]: fact.agent for fact in desk.of(FactKind.PARTY_JOINED)}
    assert roles == {"rob": "rob", "sue": "sue", "+49301234": ""}


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (AddParty(agent="ann", by="ann"), RequestRefused),
        (AddParty(agent="ann", by="ann", to="rob", queue="sales"), RequestRefused),
        (AddParty(agent="ann", by="ann", to="una"), RequestRefused),  # logged out
        (AddParty(agent="ann", by="ann", to="unna"), NotFound),
        (AddParty(agent="ann", by="ann", queue="sales"), RequestRefused),  # nobody is free
        (AddParty(agent="ann", by="ann", queue="sals"), NotFound),
        (AddParty(agent="tom", by="tom", to="rob"), RequestRefused),  # in no talk
        (DropParty(agent="ann", by="ann", party="ann"), RequestRefused),
        (DropParty(agent="ann", by="ann", party="tom"), RequestRefused),
        (TransferCall(agent="ann", by="ann", queue="support"), RequestRefused),
        (HoldCall(agent="ann", by="ann", on=True), RequestRefused),
    ],
)
def test_what_is_refused_changes_nothing(request_: Request, error: type[Exception]) -> None:
    desk, _ = talking("rob", "tom")
    add(desk, to="rob")
    before, sent = desk.engine.snapshot(), len(desk.sent)
    with pytest.raises(error):
        desk.tell(request_)
    assert desk.engine.snapshot() == before
    assert len(desk.sent) == sent


def test_a_refusal_says_who_is_free() -> None:
    desk, _ = talking("rob", "sue")
    with pytest.raises(RequestRefused, match="free are rob, sue; or choose a queue"):
        desk.tell(TransferCall(agent="ann", by="ann", to="tom", consult=True))


def test_a_third_who_does_not_pick_up_changes_nothing() -> None:
    desk, leg = talking("rob")
    rob = add(desk, picks_up=False, to="rob")
    desk.ends(rob, "NO_ANSWER")
    assert sent_in(desk) == []
    assert (desk.contact().parties, desk.contact().state) == ((), "talking")
    desk.tell(HoldCall(agent="ann", by="ann", on=True))


def test_a_third_who_is_not_wanted_any_longer_stops_to_ring() -> None:
    desk, leg = talking("rob")
    rob = add(desk, picks_up=False, to="rob")
    desk.tell(DropParty(agent="ann", by="ann", party="rob"))
    assert killed(desk) == {rob}
    assert desk.contact().parties == ()


def test_the_agent_of_a_talk_of_two_hangs_up_while_a_third_rings() -> None:
    desk, leg = talking("rob")
    rob = add(desk, picks_up=False, to="rob")
    desk.ends(leg)
    desk.ends(CUSTOMER)
    assert killed(desk) == {rob}
    assert desk.of(FactKind.CONTACT_ENDED)[0].data["row"]["agent"] == "ann"
    assert desk.agent("ann").state == "wrap_up"
    desk.ends(rob)
    assert desk.agent("rob").state == "idle"


def test_the_next_agent_of_a_queue_is_called_when_one_does_not_pick_up() -> None:
    desk, _ = talking("sue", "tom")
    first = add(desk, picks_up=False, queue="support")
    desk.ends(first, "NO_ANSWER")
    second = desk.last(Originate)
    assert second.uuid != first
    assert [desk.agent(id).contact is not None for id in ("sue", "tom")] == [False, True]
    desk.picks_up(second.uuid, second.job_uuid)
    assert inside(desk) == ["ann", "tom"]


# -- going ----------------------------------------------------------------------------------------------------------


def test_each_has_their_own_time_and_the_next_takes_the_part_of_the_first() -> None:
    desk, leg = talking("rob", "sue")
    desk.passes(8)
    rob = add(desk, to="rob")
    desk.passes(10)
    sue = add(desk, to="sue")
    desk.passes(10)
    desk.ends(leg)
    assert (desk.contact().agent, desk.agent("ann").state) == ("rob", "wrap_up")
    assert [fact.agent for fact in desk.of(FactKind.BRIDGED)] == ["ann", "rob"]
    assert len({fact.data["answered_at"] for fact in desk.of(FactKind.BRIDGED)}) == 1
    assert [c for c, _ in desk.sent if isinstance(c, Bridge)] == []
    desk.passes(5)
    desk.ends(sue)
    assert desk.last(Bridge) == Bridge(CUSTOMER, rob)
    desk.bridge(CUSTOMER, rob)
    assert (desk.contact().parties, desk.agent("sue").state) == ((), "idle")
    desk.passes(5)
    desk.ends(rob)
    desk.ends(CUSTOMER)
    assert [one for one in segments(desk) if one[0] in ("talk", "conference")] == [
        ("talk", "ann", 30),
        ("conference", "rob", 20),
        ("conference", "sue", 15),
        ("talk", "rob", 10),
    ]
    (row,) = (fact.data["row"] for fact in desk.of(FactKind.CONTACT_ENDED))
    assert (row["talked_us"], row["agent"], row["ended_by"]) == (40_000_000, "rob", "agent")


@pytest.mark.parametrize("verb", [HangUp(agent="rob", by="rob"), DropParty(agent="ann", by="ann", party="rob")])
def test_an_added_agent_leaves_or_is_asked_out(verb: Request) -> None:
    desk, leg = talking("rob")
    rob = add(desk, to="rob")
    desk.tell(verb)
    assert killed(desk) == {rob}
    desk.ends(rob)
    assert desk.last(Bridge) == Bridge(CUSTOMER, leg)
    desk.bridge(CUSTOMER, leg)
    assert desk.contact().agent == "ann"
    assert desk.agent("rob").state == "idle"


def test_the_first_agent_leaves_customer_and_number_to_themselves() -> None:
    desk, leg = talking()
    number = add(desk, number="100")
    desk.tell(CompleteTransfer(agent="ann", by="ann"))
    desk.ends(leg)
    assert desk.last(Bridge) == Bridge(CUSTOMER, number)
    desk.bridge(CUSTOMER, number)
    assert (desk.contact().agent, desk.contact().state) == ("", "talking")
    desk.passes(7)
    desk.ends(number)
    desk.ends(CUSTOMER)
    assert segments(desk)[-1] == ("outside", "", 7)


def test_one_who_rings_keeps_the_room_open() -> None:
    desk, leg = talking("rob", "sue")
    rob = add(desk, to="rob")
    sue = add(desk, picks_up=False, to="sue")
    desk.ends(rob)
    assert not any(isinstance(c, Bridge) for c, _ in desk.sent)
    desk.ends(sue, "NO_ANSWER")
    assert desk.last(Bridge) == Bridge(CUSTOMER, leg)


def test_when_all_are_gone_the_customer_is_in_the_queue_again() -> None:
    desk, leg = talking("rob")
    enqueued = desk.contact().enqueued_at
    rob = add(desk, to="rob")
    desk.ends(rob)
    desk.ends(leg)
    assert desk.last(Park) == Park(CUSTOMER)
    desk.event("CHANNEL_PARK", CUSTOMER)
    assert (desk.contact().state, desk.contact().enqueued_at) in (("waiting", enqueued), ("offered", enqueued))
    assert desk.contact().parties == ()


@pytest.mark.parametrize("how", ["refused", "silent"])
def test_a_pair_that_cannot_be_joined_is_not_left_in_the_room(how: str) -> None:
    desk, leg = talking("rob")
    rob = add(desk, to="rob")
    desk.ends(rob)
    if how == "refused":
        desk.answer(Bridge, "-ERR Invalid uuid")
    else:
        desk.passes(6)
    assert leg in killed(desk)
    desk.passes(6)
    assert desk.contact().state in ("waiting", "offered")


def test_the_customer_goes_and_all_are_released() -> None:
    desk, leg = talking("rob", "sue", "tom")
    rob, sue = add(desk, to="rob"), add(desk, to="sue")
    tom = add(desk, picks_up=False, to="tom")
    desk.passes(3)
    desk.ends(CUSTOMER)
    assert killed(desk) == {leg, rob, sue, tom}
    for uuid in (leg, rob, sue, tom):
        desk.ends(uuid)
    assert [desk.agent(id).state for id in ("ann", "rob", "sue", "tom")] == ["wrap_up", "idle", "idle", "idle"]
    assert desk.engine.snapshot().switches[0].legs == 0
    (row,) = (fact.data["row"] for fact in desk.of(FactKind.CONTACT_ENDED))
    assert (row["agent"], row["ended_by"]) == ("ann", "customer")


def test_a_cut_of_the_link_leaves_the_conference_alone() -> None:
    desk, leg = talking("rob")
    rob = add(desk, to="rob")
    sent = len(desk.sent)
    desk.tell(LinkDown("main", "gone"))
    there = tuple(Event(name="CHANNEL_DATA", uuid=uuid, answer_state="answered") for uuid in (CUSTOMER, leg, rob))
    desk.tell(LinkUp("main", "core-1", there, "/sounds"))
    assert inside(desk) == ["ann", "rob"]
    assert desk.sent[sent:] == []


# -- a queue is consulted -------------------------------------------------------------------------------------------


def test_a_queue_is_consulted_and_the_customer_hears_its_music() -> None:
    desk, leg = talking("rob", "sue")
    desk.tell(TransferCall(agent="ann", by="ann", queue="support", consult=True))
    desk.event("CHANNEL_PARK", CUSTOMER)
    assert desk.last(Playback) == Playback(CUSTOMER, "local_stream://soft", desk.last(Playback).event_uuid)
    dial = desk.last(Originate)
    assert dial.endpoint == "user/sue"
    assert (desk.contact().transfer, desk.contact().transfer_to, desk.contact().queue) == (
        "ringing",
        "support",
        "sales",
    )
    desk.picks_up(dial.uuid, dial.job_uuid)
    desk.bridge(leg, dial.uuid)
    desk.tell(CompleteTransfer(agent="ann", by="ann"))
    desk.bridge(CUSTOMER, dial.uuid)
    assert (desk.contact().agent, desk.contact().queue) == ("sue", "support")


def test_a_queue_of_which_nobody_picks_up_is_no_loss() -> None:
    desk, leg = talking("sue", "tom")
    desk.tell(TransferCall(agent="ann", by="ann", queue="support", consult=True))
    called = []
    while desk.contact().transfer == "ringing":
        dial = desk.last(Originate)
        called.append(dial.endpoint)
        desk.ends(dial.uuid, "NO_ANSWER")
    assert called == ["user/sue", "user/tom"]
    assert desk.last(Bridge) == Bridge(CUSTOMER, leg)
    desk.bridge(CUSTOMER, leg)
    assert desk.contact().agent == "ann"


def test_an_agent_who_does_not_wait_for_a_queue_leaves_the_customer_in_it() -> None:
    desk, leg = talking("sue")
    desk.tell(TransferCall(agent="ann", by="ann", queue="support", consult=True))
    dial = desk.last(Originate)
    desk.tell(CompleteTransfer(agent="ann", by="ann"))
    desk.ends(dial.uuid, "NO_ANSWER")
    assert (desk.contact().queue, desk.contact().state) == ("support", "waiting")


# -- nailed-up phones -----------------------------------------------------------------------------------------------


def test_a_nailed_up_phone_comes_goes_and_stays_on_the_line() -> None:
    desk, leg = talking()
    desk.tell(Configure(centre("rob")))
    desk.log_in("rob")
    line = desk.last(Originate)
    desk.picks_up(line.uuid, line.job_uuid)
    assert desk.agent("rob").line == "ready"
    desk.tell(AddParty(agent="ann", by="ann", to="rob"))
    assert sent_in(desk) == [(CUSTOMER, "-both"), (line.uuid, "")]
    assert desk.agent("rob").line == "talking"
    desk.tell(HangUp(agent="rob", by="rob"))
    assert desk.last(Park) == Park(line.uuid)
    assert killed(desk) == set()
    desk.event("CHANNEL_PARK", line.uuid)
    desk.bridge(CUSTOMER, leg)
    assert (desk.agent("rob").line, desk.agent("rob").state) == ("ready", "idle")
    assert desk.contact().agent == "ann"


def test_a_nailed_up_phone_leaves_a_consult_by_the_desktop() -> None:
    desk, leg = talking()
    desk.tell(Configure(centre("rob")))
    desk.log_in("rob")
    line = desk.last(Originate)
    desk.picks_up(line.uuid, line.job_uuid)
    desk.tell(TransferCall(agent="ann", by="ann", to="rob", consult=True))
    desk.bridge(leg, line.uuid)
    assert (desk.agent("rob").state, desk.agent("rob").line) == ("talking", "talking")
    desk.tell(HangUp(agent="rob", by="rob"))
    assert killed(desk) == set()
    assert desk.last(Bridge) == Bridge(CUSTOMER, leg)
    desk.event("CHANNEL_PARK", line.uuid)
    desk.bridge(CUSTOMER, leg)
    assert (desk.agent("rob").state, desk.agent("rob").line, desk.contact().agent) == ("idle", "ready", "ann")


def test_nobody_is_taken_out_of_the_distribution_by_asking_in_vain() -> None:
    desk, _ = talking("rob")
    assert isinstance(desk.engine._core.distributor, Distributor)
    desk.tell(TransferCall(agent="ann", by="ann", to="rob", consult=True))
    with pytest.raises(RequestRefused):
        desk.tell(AddParty(agent="ann", by="ann", queue="sales"))
    desk.ends(desk.last(Originate).uuid, "NO_ANSWER")
    desk.passes(30)
    desk.call("caller-2", "sales")
    assert desk.agent("rob").contact is not None
