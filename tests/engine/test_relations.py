"""Callers come to somebody they know: the records may be late, the person busy, and the caller chooses."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from fsorch.acd.affinity import Encounter
from fsorch.config import AgentSpec, Centre, decode
from fsorch.customers import Customer, CustomerFile
from fsorch.engine import FactKind, History, HoldCall, LogOut, SetPriority
from fsorch.errors import ConfigError
from fsorch.esl.commands import Originate, PlayAndGetDigits, SetVars
from fsorch.rules import AffinitySpec, TierSpec
from tests.engine.desk import CENTRE, Desk

NUMBER = "+441234"


def centre(own: tuple[str, ...] = (), **affinity: Any) -> Centre:
    """The usual one, whose sales callers come to whom they know; ``own`` are rob's customers."""
    sales, support = CENTRE.queues
    ann, rob = CENTRE.agents
    return structs.replace(
        CENTRE,
        queues=(structs.replace(sales, affinity=AffinitySpec(**affinity)), support),
        agents=(ann, structs.replace(rob, own_customers=own)),
    )


def met(desk: Desk, agent: str, ago_s: float = 86_400.0) -> tuple[Encounter, ...]:
    at = desk.clock.now().wall - round(ago_s * 1_000_000)
    return (Encounter(agent=agent, at_us=at, talked_s=120.0),)


def dialled(desk: Desk) -> str:
    return dict(desk.last(Originate).variables)["fsorch_agent"]


def busy(desk: Desk, agent: str) -> str:
    """Somebody else talks with ``agent``; their leg."""
    desk.call("other", "sales", caller_number="5550")
    desk.tell(History(of_caller(desk, "other")))
    dial = desk.last(Originate)
    assert dict(dial.variables)["fsorch_agent"] == agent
    desk.rings(dial.uuid)
    desk.picks_up(dial.uuid, dial.job_uuid)
    desk.bridge("other", dial.uuid)
    assert desk.agent(agent).state == "talking"
    return dial.uuid


def says(desk: Desk, leg: str, key: str) -> None:
    """The caller answers the question that was asked last."""
    ask = desk.last(PlayAndGetDigits)
    assert ask.uuid == leg
    desk.event("CHANNEL_EXECUTE_COMPLETE", leg, {ask.variable: key}, application_uuid=ask.event_uuid)


def of_caller(desk: Desk, leg: str = "caller") -> str:
    return next(fact.contact for fact in desk.of(FactKind.CONTACT_BEGAN) if fact.leg == leg)


def asked(centre: Centre) -> Desk:
    """Rob is busy, ann is free; a caller who knows rob has been asked."""
    desk = Desk(centre)
    desk.log_in("rob")
    busy(desk, "rob")
    desk.log_in("ann")
    desk.event("CHANNEL_PARK", "caller", {"fsorch_entry": "yes"}, answer_state="ringing", direction="inbound")
    contact = of_caller(desk)
    desk.tell(History(contact, met(desk, "rob")))
    desk.event("CHANNEL_ANSWER", "caller", answer_state="answered")
    greeting = desk.engine._core.contacts[contact]
    desk.event(
        "CHANNEL_EXECUTE_COMPLETE", "caller", {"playback_terminator_used": "1"}, application_uuid=greeting.running
    )
    desk.passes(0)
    return desk


def test_an_own_customer_comes_to_their_agent_whatever_the_strategy_says() -> None:
    desk = Desk(centre(own=("0044 1234",)))
    desk.log_in("ann", "rob")
    desk.call("caller", "sales", caller_number=NUMBER)
    assert dialled(desk) == "rob"
    assert desk.of(FactKind.OFFER_MADE)[-1].data["why"] == "the customer's own agent"
    assert desk.agent("rob").contact is not None
    assert desk.agent("rob").contact.why == "the customer's own agent"  # type: ignore[union-attr]


def test_a_history_in_time_leads_to_who_spoke_with_them_last() -> None:
    desk = Desk(centre())
    desk.log_in("ann", "rob")
    desk.event("CHANNEL_PARK", "caller", {"fsorch_entry": "yes", "fsorch_queue": "sales"}, direction="inbound")
    desk.tell(History(of_caller(desk), met(desk, "rob")))
    desk.event("CHANNEL_ANSWER", "caller", answer_state="answered")
    assert dialled(desk) == "rob"
    assert desk.of(FactKind.OFFER_MADE)[-1].data["why"] == "spoke with this customer 1 day ago"


def test_a_late_history_changes_the_need_of_who_waits() -> None:
    desk = Desk(centre(ask=False))
    desk.call("caller", "sales")
    desk.tell(History(of_caller(desk), met(desk, "rob")))
    desk.log_in("rob")
    assert dialled(desk) == "rob"
    late = Desk(centre(ask=False))
    late.log_in("rob")
    busy(late, "rob")
    late.call("caller", "sales")
    late.tell(History(of_caller(late), met(late, "rob")))
    assert late.engine._core.contacts[of_caller(late)].need.prefer == ("rob",)  # type: ignore[union-attr]


def test_nobody_is_quicker_than_the_records() -> None:
    desk = Desk(centre())
    desk.log_in("ann", "rob")
    desk.call("caller", "sales")
    assert desk.of(FactKind.OFFER_MADE) == []
    desk.passes(0.2)
    desk.tell(History(of_caller(desk), met(desk, "rob")))
    assert dialled(desk) == "rob"


def test_records_that_do_not_answer_hold_nobody_up() -> None:
    desk = Desk(centre())
    desk.log_in("ann", "rob")
    desk.call("caller", "sales")
    desk.passes(0.4)
    assert desk.of(FactKind.OFFER_MADE) == []
    desk.passes(0.2)
    assert dialled(desk) == "ann"


def test_a_history_of_nobody_there_changes_nothing() -> None:
    desk = Desk(centre())
    desk.tell(History("gone", met(desk, "rob")))
    desk.log_in("ann")
    desk.call("caller", "sales")
    desk.tell(History(of_caller(desk), met(desk, "rob")))
    assert dialled(desk) == "ann"


def test_a_queue_without_affinity_asks_nobody() -> None:
    desk = Desk()
    desk.log_in("ann", "rob")
    desk.event("CHANNEL_PARK", "caller", {"fsorch_entry": "yes", "fsorch_queue": "sales"}, direction="inbound")
    desk.tell(History(of_caller(desk), met(desk, "rob")))
    desk.event("CHANNEL_ANSWER", "caller", answer_state="answered")
    assert dialled(desk) == "ann"


def test_who_waits_for_a_busy_person_gets_that_person() -> None:
    desk = asked(centre())
    assert desk.agent("ann").state == "idle"
    says(desk, "caller", "1")
    assert desk.agent("ann").state == "idle"
    assert desk.of(FactKind.PERSON_CHOSEN)[-1].data == {"choice": "waiting"}
    desk.ends("other")
    leg = desk.of(FactKind.OFFER_MADE)[0].leg
    desk.ends(leg)
    desk.passes(11)
    assert dialled(desk) == "rob"
    assert "chose to wait for them" in desk.of(FactKind.OFFER_MADE)[-1].data["why"]


def test_who_takes_anyone_is_served_at_once() -> None:
    desk = asked(centre())
    says(desk, "caller", "2")
    assert dialled(desk) == "ann"


def test_who_says_nothing_is_asked_again_and_then_gets_anyone() -> None:
    desk = asked(centre())
    first = desk.last(PlayAndGetDigits)
    says(desk, "caller", "")
    assert desk.last(PlayAndGetDigits) is not first
    assert desk.agent("ann").state == "idle"
    says(desk, "caller", "")
    assert dialled(desk) == "ann"


def test_the_wait_for_a_person_has_its_limit() -> None:
    desk = asked(centre(wait_s=30.0))
    says(desk, "caller", "1")
    desk.passes(29)
    assert desk.agent("ann").state == "idle"
    desk.passes(2)
    assert dialled(desk) == "ann"


def test_the_person_goes_home() -> None:
    desk = asked(centre())
    says(desk, "caller", "1")
    desk.tell(LogOut(agent="rob", by="test"))
    desk.ends("other")
    desk.passes(11)
    assert desk.agent("rob").status == "logged_out"
    assert dialled(desk) == "ann"


def test_an_answer_that_never_comes_holds_nobody_up() -> None:
    desk = asked(centre(tries=1))
    desk.passes(100)
    assert dialled(desk) == "ann"


def test_the_person_becomes_free_during_the_question() -> None:
    desk = asked(centre())
    desk.ends("other")
    desk.ends(desk.of(FactKind.OFFER_MADE)[0].leg)
    desk.passes(11)
    assert dialled(desk) == "rob"
    says(desk, "caller", "2")
    dial = desk.last(Originate)
    desk.rings(dial.uuid)
    desk.picks_up(dial.uuid, dial.job_uuid)
    desk.bridge("caller", dial.uuid)
    assert desk.agent("rob").state == "talking"
    with pytest.raises(Exception, match="not possible"):
        desk.tell(HoldCall(agent="ann", by="t", on=True))


def test_a_customer_has_one_own_agent() -> None:
    agents = [{"id": id, "phone": "user/1", "own_customers": ["+49 30 1"]} for id in ("ann", "rob")]
    with pytest.raises(ConfigError, match=r"agents\[1\]\.own_customers\[0\].*'ann' already"):
        decode({"agents": agents}, Centre, where="centre.yaml")
    agents = [{"id": "ann", "phone": "user/1", "own_customers": ["anonymous"]}]
    with pytest.raises(ConfigError, match="expected a telephone number"):
        decode({"agents": agents}, Centre, where="centre.yaml")
    assert AgentSpec(id="x", phone="user/1").own_customers == ()


def ranked(**tiers: TierSpec) -> Centre:
    return structs.replace(CENTRE, tiers=tiers)


def of_tier(tier: str, agent: str = "") -> CustomerFile:
    return CustomerFile(customer=Customer(id="c", name="Zoë", tier=tier, agent=agent))


def test_a_customer_of_a_higher_tier_goes_before_those_who_wait() -> None:
    desk = Desk(ranked(gold=TierSpec(priority=7)))
    for leg in ("first", "second"):
        desk.call(leg, "sales", caller_number=f"+1{leg}")
        desk.passes(1)
    second = next(one for one in desk.engine.snapshot().contacts if one.number == "+1second")
    desk.tell(History(second.id, customer=of_tier("gold")))
    assert [one.number for one in desk.engine.snapshot().contacts if one.position == 1] == ["+1second"]
    assert ("fsorch_priority", "7") in desk.last(SetVars).pairs
    (told,) = desk.of(FactKind.PRIORITY_CHANGED)
    assert (told.data["priority"], told.data["by"]) == (7, "rule: tier gold")
    desk.tell(SetPriority(contact=second.id, priority=9, by="sam"))
    desk.tell(History(second.id, customer=of_tier("gold")))
    assert next(one for one in desk.engine.snapshot().contacts if one.id == second.id).priority == 9


def test_a_tier_may_be_worth_a_time_of_waiting_only() -> None:
    desk = Desk(ranked(silver=TierSpec(credit_s=30)))
    for leg in ("longer", "known", "later"):
        desk.call(leg, "sales", caller_number=f"+1{leg}")
        desk.passes(20)
    contacts = {one.number: one.id for one in desk.engine.snapshot().contacts}
    desk.tell(History(contacts["+1later"], customer=of_tier("silver")))
    desk.tell(History(contacts["+1known"], customer=of_tier("of nobody")))
    # Forty seconds behind the first and twenty behind the second, with thirty of credit.
    places = {one.number: one.position for one in desk.engine.snapshot().contacts}
    assert places == {"+1longer": 1, "+1later": 2, "+1known": 3}
    assert desk.of(FactKind.PRIORITY_CHANGED) == []


def test_the_agent_in_the_customers_record_is_their_own() -> None:
    desk = Desk(centre())
    desk.log_in("ann", "rob")
    desk.event("CHANNEL_PARK", "caller", {"fsorch_entry": "yes", "fsorch_queue": "sales"}, direction="inbound")
    desk.tell(History(of_caller(desk), met(desk, "ann"), customer=of_tier("", agent="rob")))
    desk.event("CHANNEL_ANSWER", "caller", answer_state="answered")
    assert dialled(desk) == "rob"
    assert desk.of(FactKind.OFFER_MADE)[-1].data["why"] == "the customer's own agent"
