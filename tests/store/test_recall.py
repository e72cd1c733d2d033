"""What the records know of contacts without an end, and of the agents."""

from __future__ import annotations

from typing import Any

import msgspec

from fsorch.engine import Shift
from fsorch.engine.facts import Fact, FactKind
from fsorch.store import Store
from tests.engine.desk import Desk
from tests.store.facts import SECOND, T0, call, contact_began, contact_ended, fact, leg_ended, segment_ended


class TestRecall:
    def test_nothing_is_open_when_all_has_ended(self, store: Store) -> None:
        store.write(call("c1"))
        assert store.recall(0).contacts == ()

    def test_an_open_contact_with_the_records_it_lacks(self, store: Store) -> None:
        at = T0 + 5 * SECOND
        store.write(
            [
                contact_began("c1"),
                segment_ended("s1", "c1", kind="queue", ended_at=T0 + 3 * SECOND),
                fact("k", FactKind.ANSWER_KEYED, contact="c1", prompt="menu", digits="2"),
                fact("o1", FactKind.OFFER_MADE, contact="c1", leg="never", agent="rob", at=T0 + SECOND),
                fact("e1", FactKind.OFFER_ENDED, contact="c1", leg="never", outcome="failed"),
                fact("o2", FactKind.OFFER_MADE, contact="c1", leg="missed", agent="rob", at=T0 + SECOND),
                fact("e2", FactKind.OFFER_ENDED, contact="c1", leg="missed", outcome="missed"),
                leg_ended("missed", "c1"),
                fact("o3", FactKind.OFFER_MADE, contact="c1", leg="talks", agent="ada", at=T0 + 2 * SECOND),
                fact("e3", FactKind.OFFER_ENDED, contact="c1", leg="talks", outcome="accepted"),
                fact("b", FactKind.BRIDGED, contact="c1", agent="ada", at=at),
            ]
        )
        (known,) = store.recall(T0).contacts
        row = known.row
        assert (row.id, row.switch, row.number, row.began_at, row.ended_at) == ("c1", "main", "4930123", T0, at)
        assert (row.answered_at, row.agent, row.offers, row.misses) == (at, "ada", 3, 2)
        assert row.answers == {"1:menu": "2"}
        assert (known.segments, known.segmented_at) == (1, T0 + 3 * SECOND)
        assert [(leg.id, leg.role, leg.agent) for leg in known.legs] == [
            ("c1-leg", "customer", ""),
            ("talks", "agent", "ada"),
        ]

    def test_a_talk_that_was_found_by_the_last_life_was_answered_before_it(self, store: Store) -> None:
        bridged = fact("b", FactKind.BRIDGED, contact="c1", agent="ada", at=T0 + 9 * SECOND, answered_at=T0 + SECOND)
        store.write([contact_began("c1"), bridged])
        (known,) = store.recall(T0).contacts
        assert known.row.answered_at == T0 + SECOND

    def test_the_legs_that_ended_unseen_are_known_to_have_been_answered_and_joined(self, store: Store) -> None:
        legs = {"customer_leg": "c1-leg", "agent_leg": "talks"}
        store.write(
            [
                contact_began("c1"),
                fact("o1", FactKind.OFFER_MADE, contact="c1", leg="talks", agent="ada", at=T0 + SECOND),
                fact("e1", FactKind.OFFER_ENDED, contact="c1", leg="talks", outcome="accepted", at=T0 + 2 * SECOND),
                fact("b1", FactKind.BRIDGED, contact="c1", agent="ada", at=T0 + 2 * SECOND, **legs),
                fact("o2", FactKind.OFFER_MADE, contact="c1", leg="third", agent="", at=T0 + 3 * SECOND),
                fact("e2", FactKind.OFFER_ENDED, contact="c1", leg="third", outcome="accepted", at=T0 + 4 * SECOND),
                fact("o3", FactKind.OFFER_MADE, contact="c1", leg="rings", agent="rob", at=T0 + 5 * SECOND),
            ]
        )
        (known,) = store.recall(T0).contacts
        assert [(leg.id, leg.role, leg.answered_at - T0, leg.bridged_at - T0, leg.peer) for leg in known.legs] == [
            ("c1-leg", "customer", -T0, 2 * SECOND, "talks"),
            ("talks", "agent", 2 * SECOND, 2 * SECOND, "c1-leg"),
            ("third", "other", 4 * SECOND, -T0, ""),
            ("rings", "agent", -T0, -T0, ""),
        ]

    def test_the_leg_of_a_lead_whose_agent_was_called_first_is_known(self, store: Store) -> None:
        legs = {"customer_leg": "lead", "agent_leg": "own"}
        began = contact_began("c1")
        store.write(
            [
                msgspec.structs.replace(began, leg=""),
                fact("o1", FactKind.OFFER_MADE, contact="c1", leg="own", agent="ada", at=T0 + SECOND),
                fact("e1", FactKind.OFFER_ENDED, contact="c1", leg="own", outcome="accepted", at=T0 + 2 * SECOND),
                fact("b1", FactKind.BRIDGED, contact="c1", leg="lead", agent="ada", at=T0 + 9 * SECOND, **legs),
            ]
        )
        (known,) = store.recall(T0).contacts
        assert [(leg.id, leg.role, leg.direction, leg.bridged_at - T0, leg.peer) for leg in known.legs] == [
            ("lead", "customer", "outbound", 9 * SECOND, "own"),
            ("own", "agent", "outbound", 9 * SECOND, "lead"),
        ]

    def test_a_contact_of_long_ago_is_not_looked_for(self, store: Store) -> None:
        store.write([contact_began("c1")])
        assert store.recall(T0 + 8 * 24 * 3600 * SECOND).contacts == ()

    def test_the_last_choice_of_each_agent_counts(self, store: Store) -> None:
        def changed(n: int, agent: str, status: str, **data: str) -> Fact:
            return fact(f"f{n}", FactKind.AGENT_CHANGED, agent=agent, at=T0 + n, status=status, **data)

        store.write(
            [
                changed(1, "ada", "available"),
                changed(2, "old", "available"),
                changed(3, "rob", "available", phone="user/7"),
                changed(4, "ada", "break", reason="lunch"),
            ]
        )
        assert store.recall(T0 + 3).shifts == (
            Shift("rob", "available", "", "user/7", T0 + 3),
            Shift("ada", "break", "lunch", "", T0 + 4),
        )

    def test_what_an_agent_has_done_so_far_is_recalled_with_the_choice(self, store: Store) -> None:
        def talk(n: int, contact: str, agent: str = "ada", kind: str = "talk", at: int = 10) -> Fact:
            times = {"began_at": T0 + at * SECOND, "ended_at": T0 + (at + 5) * SECOND}
            return segment_ended(f"s{n}", contact=contact, kind=kind, agent=agent, **times)

        store.write(
            [
                fact("f1", FactKind.AGENT_CHANGED, agent="ada", at=T0 + 1, status="available"),
                fact("f2", FactKind.AGENT_CHANGED, agent="rob", at=T0 + 2, status="logged_out"),
                talk(1, "c1"),
                talk(2, "c1", at=20),
                talk(3, "c2", at=30),
                talk(4, "c2", kind="hold", at=35),
                talk(5, "c3", at=-100),
                talk(6, "c4", agent="rob"),
            ]
        )
        assert {one.agent: (one.calls, one.talked_us) for one in store.recall(T0).shifts} == {
            "ada": (2, 15 * SECOND),
            "rob": (0, 0),
        }

    def test_what_the_engine_says_of_an_agent_can_be_recalled(self, store: Store) -> None:
        desk = Desk()
        desk.log_in("ann")
        store.write(desk.facts)
        (shift,) = store.recall(0).shifts
        assert (shift.agent, shift.status, shift.since) == ("ann", "available", desk.agent("ann").status_since)

    def test_the_places_of_those_who_hung_up_while_waiting(self, store: Store) -> None:
        def ended(id: str, number: str, at: int, outcome: str = "abandoned", answered_at: int = 0) -> list[Fact]:
            began_at = T0 + at * SECOND
            fields: dict[str, Any] = {
                "number": number,
                "queue": "sales",
                "began_at": began_at,
                "enqueued_at": began_at + 1,
            }
            row = contact_ended(id, outcome=outcome, answered_at=answered_at, ended_at=began_at + SECOND, **fields)
            return [contact_began(id, number=number, began_at=began_at), row]

        store.write(
            [
                *ended("c1", "+1", 1),
                *ended("c2", "+2", 2, "answered", T0),
                *ended("c3", "+3", 3, "lost"),
                *ended("c4", "+4", 4),
                *ended("c5", "+4", 5, "answered", T0),
                *ended("c6", "+5", 6),
                *ended("c7", "+5", 7),
            ]
        )
        kept = {place.number: place.enqueued_at - T0 for place in store.recall(T0).places}
        assert kept == {"+1": SECOND + 1, "+3": 3 * SECOND + 1, "+5": 7 * SECOND + 1}
        assert all(place.left_at == place.enqueued_at - 1 + SECOND for place in store.recall(T0).places)
        assert store.recall(T0 + 10 * SECOND).places == ()

    def test_who_hung_up_in_a_flow(self, store: Store) -> None:
        def ended(id: str, number: str, at: int, outcome: str = "left_flow", entered: bool = True) -> list[Fact]:
            began_at = T0 + at * SECOND
            row = contact_ended(
                id,
                outcome=outcome,
                answered_at=0,
                enqueued_at=0,
                queue="",
                number=number,
                began_at=began_at,
                ended_at=began_at + SECOND,
            )
            went_in = [fact(f"f{id}", FactKind.FLOW_ENTERED, contact=id, at=began_at, flow="main")] if entered else []
            return [contact_began(id, number=number, began_at=began_at), *went_in, row]

        store.write(
            [
                *ended("c1", "+1", 1),
                *ended("c2", "+2", 2, entered=False),
                *ended("c3", "+3", 3, "lost"),
                *ended("c4", "+4", 4),
                *ended("c5", "+4", 5, "self_served"),
                *ended("c6", "+5", 6),
                *ended("c7", "+5", 7),
            ]
        )
        left = [(one.number, one.left_at - T0) for one in store.recall(T0).left]
        assert left == [("+1", 2 * SECOND), ("+3", 4 * SECOND), ("+5", 8 * SECOND)]
        assert store.recall(T0 + 10 * SECOND).left == ()

    def test_who_was_sent_from_a_queue_into_a_flow_is_in_the_flow(self, store: Store) -> None:
        out = fact("w", FactKind.WAIT_ENDED, contact="c1", at=T0 + 2, act="overflow", to="flow", name="main")
        store.write([contact_began("c1"), fact("q", FactKind.CONTACT_QUEUED, contact="c1", at=T0 + 1), out])
        assert store.recall(T0).contacts[0].doing == "ivr"
        store.write([fact("r", FactKind.CONTACT_QUEUED, contact="c1", at=T0 + 3)])
        store.write([fact("v", FactKind.WAIT_ENDED, contact="c1", at=T0 + 4, act="overflow", to="queue")])
        assert store.recall(T0).contacts[0].doing == "queue"
