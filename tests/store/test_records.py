"""Facts into rows and out again, on both engines."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fsorch.engine.facts import Fact, FactKind
from fsorch.engine.rows import ContactRow, LegRow
from fsorch.errors import NotFound
from fsorch.store import Filter, Store
from fsorch.store.queries import page_legs
from fsorch.store.writer import RowError
from tests.store.facts import SECOND, T0, call, contact_began, contact_ended, fact, leg_ended, segment_ended

HOSTILE = [
    "x%0AUnique-ID: evil",
    "'; DROP TABLE contact; --",
    '" OR 1=1 --',
    "a\r\nb\0c",
    "%s %(x)s {0} ${jndi:x} `id`",
    "\\",
    "\\'",
    "🧑‍🚒📞",
    "‮evil‬",
    "é" * 255,
    "",
]


def dump(store: Store) -> dict[str, Any]:
    """All that the records hold, in an order of its own."""
    contacts = [store.contact(one.id) for one in store.contacts(limit=10_000)]
    return {"contacts": contacts, "legs": list(store.cdrs()), "counts": store.counts()}


class TestWriting:
    def test_a_call_comes_back_whole(self, store: Store) -> None:
        store.write(call("c1"))
        detail = store.contact("c1")
        assert detail.contact == msgspec.convert(contact_ended("c1").data["row"], ContactRow)
        assert [segment.kind for segment in detail.segments] == ["queue", "talk"]
        assert [leg.id for leg in detail.legs] == ["c1-leg", "c1-agent"]
        assert detail.legs[0] == msgspec.convert(call("c1")[3].data["row"], LegRow)
        assert {one.id for one in detail.facts} == {one.id for one in call("c1")}
        assert contact_ended("c1") in detail.facts

    def test_a_contact_knows_of_the_hook_that_failed_before_it_began(self, store: Store) -> None:
        failed = fact("h1", FactKind.HOOK_FAILED, leg="c1-leg", at=T0 - SECOND, hook="pin", error="ValueError: no")
        other = fact("h2", FactKind.HOOK_FAILED, leg="c2-leg", at=T0 - SECOND, hook="pin", error="KeyError")
        long_ago = fact("h3", FactKind.HOOK_FAILED, leg="c1-leg", at=T0 - 60 * SECOND, hook="pin", error="OSError")
        store.write([failed, other, long_ago, contact_began("c1")])
        assert [one.id for one in store.contact("c1").facts] == ["h1", "c1-began"]

    def test_contacts_come_in_pages_also_those_of_one_moment(self, store: Store) -> None:
        ids = [f"c{n}" for n in range(7)]
        store.write([contact_began(id, began_at=T0 + n // 3) for n, id in enumerate(ids)])
        seen, after = list[str](), ""
        while page := store.contacts(2, after):
            seen, after = seen + [one.id for one in page], page[-1].id
        assert seen == ids[::-1]
        with pytest.raises(NotFound):
            store.contacts(2, "nobody")

    def test_a_contact_in_progress_is_there(self, store: Store) -> None:
        store.write([contact_began("c1")])
        (contact,) = store.contacts()
        assert (contact.number, contact.name, contact.outcome, contact.ended_at) == ("4930123", "Mia", "", 0)
        assert store.counts().live == 1

    def test_the_end_stays_when_the_beginning_comes_late(self, store: Store) -> None:
        store.write([contact_ended("c1")])
        store.write([contact_began("c1", name="somebody else")])
        assert store.contact("c1").contact.outcome == "answered"
        assert store.contact("c1").contact.name == "Mia"

    def test_writing_again_changes_nothing(self, store: Store) -> None:
        facts = [one for n in range(20) for one in call(f"c{n}")]
        store.write(facts)
        before = dump(store)
        store.write(facts)
        random.Random(1).shuffle(facts)
        for one in facts:
            store.write([one])
        store.write(facts[:37] * 2)
        assert dump(store) == before

    def test_any_order_in_any_pieces_gives_the_same_rows(self, store: Store) -> None:
        facts = [one for n in range(10) for one in call(f"c{n}")]
        random.Random(7).shuffle(facts)
        for start in range(0, len(facts), 7):
            store.write(facts[start : start + 7])
        counts = store.counts()
        assert (counts.contacts, counts.answered, counts.live) == (10, 10, 0)
        assert (counts.segments, counts.legs, counts.cdr_rows, counts.facts) == (20, 20, 20, 60)

    def test_a_batch_is_written_whole_or_not_at_all(self, store: Store) -> None:
        with pytest.raises(RowError, match="contact_ended bad"):
            store.write([*call("c1"), fact("bad", FactKind.CONTACT_ENDED, row={"id": "c2"})])
        assert store.counts().facts == 0

    def test_what_is_no_row_is_refused(self, store: Store) -> None:
        rows: list[Any] = [None, 3, {}, {"id": ""}, {"id": "x", "began_at": "soon"}, [1]]
        for row in rows:
            for kind in (FactKind.CONTACT_ENDED, FactKind.SEGMENT_ENDED, FactKind.LEG_ENDED):
                with pytest.raises(RowError):
                    store.write([fact("x", kind, row=row)])


class TestValues:
    def test_hostile_values_come_back_as_they_were(self, store: Store) -> None:
        for n, value in enumerate(HOSTILE):
            contact, leg = f"c{n}", f"l{n}"
            store.write(
                [
                    contact_ended(contact, name=value, number=value, answers={value: value}),
                    leg_ended(leg, contact, name=value, number=value, channel=value),
                    fact(f"f{n}", contact=contact, what=value),
                ]
            )
            detail = store.contact(contact)
            assert (detail.contact.name, detail.contact.number) == (value, value)
            assert detail.contact.answers == {value: value}
            assert (detail.legs[0].name, detail.legs[0].channel) == (value, value)
            assert next(one for one in detail.facts if one.id == f"f{n}").data == {"what": value}
            if value:
                assert [one.id for one in store.cdrs(number=value)] == [leg]

    def test_a_name_of_100_kb_is_cut_visibly(self, store: Store) -> None:
        name = "📞" * 25_000
        store.write([contact_began("c0", name=name), contact_ended("c1", name=name), leg_ended("l1", "c1", name=name)])
        assert store.contact("c0").contact.name == "📞" * 254 + "…"
        assert store.contact("c1").contact.name == "📞" * 254 + "…"
        assert store.contact("c1").legs[0].name == "📞" * 254 + "…"

    def test_long_ids_stay_different(self, store: Store) -> None:
        store.write([leg_ended("x" * 100 + "1"), leg_ended("x" * 100 + "2"), leg_ended("y" * 64)])
        ids = [leg.id for leg in store.cdrs()]
        assert len(set(ids)) == 3
        assert all(len(id) == 64 for id in ids)

    def test_ids_that_differ_in_case_alone_are_two(self, store: Store) -> None:
        store.write([leg_ended("Leg"), leg_ended("leg")])
        assert sorted(leg.id for leg in store.cdrs()) == ["Leg", "leg"]

    def test_the_segment_id_of_the_engine_fits(self, store: Store) -> None:
        contact = "37d7fb69-cde3-4ab5-b882-80ea320b8d9f"
        id = f"{contact}:w:{'a' * 63}:{T0}"
        store.write([contact_ended(contact), segment_ended(id, contact)])
        assert store.contact(contact).segments[0].id == id

    def test_huge_numbers_are_held_at_the_edge(self, store: Store) -> None:
        store.write([leg_ended("l1", hold_us=2**70, q850=-(2**70), mos=float("inf"))])
        (leg,) = store.cdrs()
        assert (leg.hold_us, leg.q850, leg.mos) == (2**63 - 1, -(2**63 - 1), None)

    def test_data_of_a_megabyte_is_cut(self, store: Store) -> None:
        store.write(
            [fact("f1", contact="c1", what="ü" * 1_000_000), fact("f2", many={str(n): n for n in range(50_000)})]
        )
        assert store.counts().facts == 2


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(max_size=400), cause=st.text(max_size=100), at=st.integers(), mos=st.floats() | st.none())
def test_nothing_that_json_can_say_stops_a_batch(
    store: Store, name: str, cause: str, at: int, mos: float | None
) -> None:
    rows: list[Fact] = [leg_ended("l1", name=name, cause=cause, created_at=at, mos=mos), fact("f", at=at, name=name)]
    store.write(rows)
    (leg,) = store.cdrs()
    assert leg.name == (name if len(name) <= 255 else name[:254] + "…")


class TestQueries:
    def fill(self, store: Store) -> None:
        for n in range(10):
            store.write(
                [
                    contact_ended(
                        f"c{n}",
                        queue="sales" if n % 2 else "support",
                        agent=f"a{n % 3}",
                        number=f"+49{n}",
                        began_at=T0 + n * SECOND,
                    ),
                    leg_ended(f"l{n}", f"c{n}", created_at=T0 + n * SECOND, agent=f"a{n % 3}", number=f"+49{n}"),
                ]
            )

    def test_contacts_are_listed_newest_first(self, store: Store) -> None:
        self.fill(store)
        assert [one.id for one in store.contacts(limit=3)] == ["c9", "c8", "c7"]
        assert [one.id for one in store.contacts(queue="sales")] == ["c9", "c7", "c5", "c3", "c1"]
        assert [one.id for one in store.contacts(agent="a0", queue="support")] == ["c6", "c0"]
        assert [one.id for one in store.contacts(number="+494")] == ["c4"]
        assert [one.id for one in store.contacts(since=T0 + 8 * SECOND)] == ["c9", "c8"]
        assert [one.id for one in store.contacts(until=T0 + 2 * SECOND)] == ["c1", "c0"]
        assert store.contacts(outcome="lost") == []

    def test_the_cdr_is_exported_oldest_first(self, store: Store) -> None:
        self.fill(store)
        store.write([leg_ended("busy", created_at=T0, cause="USER_BUSY")])
        assert [leg.id for leg in store.cdrs(limit=3)] == ["busy", "l0", "l1"]
        assert [leg.id for leg in store.cdrs(cause="USER_BUSY")] == ["busy"]
        assert [leg.id for leg in store.cdrs(queue="sales", limit=2)] == ["l1", "l3"]
        assert [leg.id for leg in store.cdrs(agent="a1", since=T0 + 2 * SECOND)] == ["l4", "l7"]
        assert [leg.id for leg in store.cdrs(number="+499")] == ["l9"]
        assert list(store.cdrs(limit=0)) == []

    def test_pages_lose_and_repeat_nothing(self, store: Store) -> None:
        # Many legs of one microsecond: a page may end between them.
        store.write([leg_ended(f"l{n:03}", created_at=T0 + n // 7) for n in range(100)])
        store.write([leg_ended("never", created_at=0), leg_ended("before", created_at=-5)])
        wanted = ["before", "never", *(f"l{n:03}" for n in range(100))]
        for page in (1, 3, 7, 50, 102, 1000):
            legs = page_legs(store._use, Filter(), None, page)
            assert [leg.id for leg in legs] == wanted

    def test_an_unknown_contact_has_close_ones(self, store: Store) -> None:
        store.write([contact_ended("abcd-1"), contact_ended("abcd-2"), contact_ended("b")])
        with pytest.raises(NotFound, match="did you mean abcd-1, abcd-2"):
            store.contact("abcd")
        assert store.contact("abcd-1").contact.id == "abcd-1"
        with pytest.raises(NotFound, match=r"no contact called 'x'$"):
            store.contact("x")
        store.write([contact_ended("efgh-1")])
        assert store.contact("efgh").contact.id == "efgh-1"
        with pytest.raises(NotFound):
            store.contact("%" * 1000)

    def test_what_no_database_takes_finds_nothing(self, store: Store) -> None:
        assert store.contacts(number="\ud800") == []
        assert list(store.cdrs(agent="\ud800")) == []
        with pytest.raises(NotFound):
            store.contact("\ud800")
        store.audit("\ud800", "\ud800", {"\ud800": object()})
        assert store.audits()[0].who == "?"

    def test_the_figures(self, store: Store) -> None:
        answered = [contact_ended(f"a{n}", waited_us=n * SECOND) for n in (1, 10, 20, 40)]
        gone = [contact_ended(f"g{n}", outcome="abandoned", agent="", waited_us=n * SECOND) for n in (2, 5, 30)]
        early = [contact_ended("e", outcome="left_flow", enqueued_at=0, waited_us=0, queue="")]
        store.write([*answered, *gone, *early, contact_began("live"), leg_ended("l1"), fact("f", leg="l2")])
        summary = store.summary()
        assert (summary.contacts, summary.live, summary.answered, summary.abandoned) == (9, 1, 4, 3)
        assert (summary.left_flow, summary.lost, summary.failed, summary.short_abandoned) == (1, 0, 0, 2)
        # live-leg, l1 and l2 are named; only l1 has its row.
        assert (summary.legs, summary.cdr_rows) == (3, 1)
        assert (summary.p50_wait_s, summary.p95_wait_s) == (10.0, 40.0)
        assert (summary.p50_wait_all_s, summary.p95_wait_all_s) == (10.0, 40.0)
        # Three within 20 s, of four answered and the one who waited 30 s.
        assert summary.service_level == pytest.approx(3 / 5)
        assert store.summary(service_level_s=5, short_abandon_s=1).service_level == pytest.approx(1 / 7)

    def test_figures_of_nothing(self, store: Store) -> None:
        summary = store.summary()
        assert (summary.contacts, summary.p50_wait_s, summary.service_level) == (0, None, None)
