"""Leads: kept, chosen in order, reserved once, given back; on SQLite and MariaDB."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsorch.campaigns import (
    CampaignSpec,
    ConsentRow,
    DncRow,
    Lead,
    LeadCallbacks,
    LeadNumber,
    LeadState,
    ListShare,
    OrderBy,
    OrderKey,
    Outcome,
)
from fsorch.clock import ManualClock
from fsorch.engine.facts import FactKind
from fsorch.errors import ConfigError, NotFound, RequestRefused
from fsorch.store import Store, lead_choice, lead_lists
from fsorch.store import leads as leads_module
from fsorch.store.database import Db, PooledMysql, PooledSqlite, connected, parse_url
from fsorch.store.lead_choice import Shares
from fsorch.store.lead_lists import LeadList, ids_of
from fsorch.store.turns import PAUSE_S, TURN_S, Turns
from tests.store.leads import MINUTE, NOW, attempt, campaign, elsewhere, make, names, told


class TestOneLead:
    def test_it_is_kept_and_found(self, store: Store) -> None:
        lead = Lead(
            id="",
            list="spring",
            name="Zoë",
            reference="4711",
            fields={"city": "Köln"},
            owner="ada",
            zone="Europe/Berlin",
            priority=-3,
            numbers=(
                LeadNumber(number="+49301", kind="home", note="after six"),
                LeadNumber(number="+49302", zone="Europe/Rome"),
            ),
        )
        store.leads.lists.make(LeadList(id="spring"), "test")
        made = store.leads.add(lead, "test")
        assert made.numbers == (
            LeadNumber(number="+49301", kind="home", note="after six"),
            LeadNumber(number="+49302", order=1, zone="Europe/Rome"),
        )
        assert msgspec.structs.replace(made, id="", numbers=lead.numbers, created_at=0) == lead
        for text in (made.id, "+49302", "4711"):
            assert store.leads.find(text) == [made]
        assert store.leads.find("nobody") == []
        assert store.audits(1)[0].act == "lead.add"

    def test_it_is_changed(self, store: Store) -> None:
        (lead,) = make(store, 1)
        changed = store.leads.change(lead.id, "test", priority=5, numbers=(LeadNumber(number="+49309"),))
        assert (changed.priority, [one.number for one in changed.numbers]) == (5, ["+49309"])
        assert store.leads.find("+49309") == [changed]
        assert store.leads.find(lead.numbers[0].number) == []
        told = {
            "lead": lead.id,
            "changed": ["numbers", "priority"],
            "before": {"priority": 0},
            "after": {"priority": 5},
        }
        assert store.audits(1)[0].what == told, "what is in the audit stays there, so nobody's number may be"

    def test_one_without_number_or_list_is_refused(self, store: Store) -> None:
        make(store, 1)
        with pytest.raises(ConfigError, match="has no number"):
            store.leads.add(Lead(id="", list="spring"), "test")
        with pytest.raises(NotFound, match="did you mean spring"):
            store.leads.add(Lead(id="", list="sprung", numbers=(LeadNumber(number="+49301"),)), "test")
        for id in ("x", "0", "99", "'; DROP TABLE lead; --", "9" * 30):
            with pytest.raises(NotFound):
                store.leads.get(id)

    def test_a_list_is_read_counted_and_removed(self, store: Store) -> None:
        made = make(store, 3)
        assert list(store.leads.lists.leads("spring")) == made
        counts = store.leads.lists.count("spring")
        assert (counts.leads, counts.open, counts.tried, counts.penetration) == (3, 3, 0, 0.0)
        store.leads.reserve(campaign(), 1, NOW, "t:1")
        with pytest.raises(RequestRefused, match="1 leads are being dialled"):
            store.leads.lists.remove("spring", "test")
        store.leads.recover()
        assert store.leads.lists.remove("spring", "test") == 3
        with pytest.raises(NotFound):
            store.leads.lists.get("spring")

    def test_a_filter_that_lets_one_of_many_pass_does_not_end_its_campaign(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(lead_choice, "LOOKED_AT", 3)
        monkeypatch.setattr(leads_module, "MOST_ROUNDS", 2)
        make(store, 20)
        # What the database cannot decide is tried on the leads themselves, some at a time.
        spec = campaign(filter='lower(lead.name) == "spring 19"')
        assert [one.name for one in store.leads.upcoming(spec, 2, NOW) or ()] == ["spring 19"]
        found = []
        for n in range(30):
            come = store.leads.reserve(spec, 2, NOW, f"t:{n}")
            found += [one.lead.name for one in come.leads]
            if not come.leads and come.next_at > NOW:
                break  # the one that passes is with us
            # While there is more to look at nobody says that there is no lead.
            assert come.leads or come.next_at == NOW
        else:
            pytest.fail("it never comes to an end")
        assert found == ["spring 19"]

    def test_a_long_list_is_gone_through_in_parts(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        made = make(store, 11, fields=lambda n: {f"f{n % 3}": "x"} if n else {})
        other = make(store, 2, list="other", fields=lambda n: {"g": "x"})
        looked: list[int] = []
        ids_of = lead_lists._ids

        def watched(db: Db, name: str, after: int, count: int) -> list[int]:
            looked.append(count)
            return ids_of(db, name, after, count)

        monkeypatch.setattr(lead_lists, "_ids", watched)
        monkeypatch.setattr(lead_lists, "AHEAD", 4)
        monkeypatch.setattr(lead_lists, "PAGE", 3)
        assert list(store.leads.lists.leads("spring")) == made
        # Eleven, four at a time, and once more for nothing.
        assert looked == [4] * 4
        assert store.leads.lists.field_names("spring") == ["f0", "f1", "f2"]
        assert store.leads.lists.remove("spring", "test") == 11
        assert list(store.leads.lists.leads("other")) == other

    def test_others_write_between_the_parts_of_a_removal(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        made = make(store, 7)
        left: list[int] = []

        def others(_: Turns) -> None:
            def work() -> None:
                left.append(store.leads.lists.count("spring").leads)
                store.leads.lists.make(LeadList(id="other", title=f"{len(left)}"), "test")

            elsewhere(work)

        monkeypatch.setattr(lead_lists, "PAGE", 3)
        monkeypatch.setattr(Turns, "between", others)
        assert store.leads.lists.remove("spring", "test") == len(made)
        assert (left, store.leads.lists.get("other").title) == ([4, 1, 0], "3")


def test_a_turn_that_was_long_is_followed_by_a_pause(tmp_path: Path, clock: ManualClock) -> None:
    paused: list[float] = []
    turns = Turns(parse_url(f"sqlite:///{tmp_path}/none.db"), clock, paused.append)
    for took, so_far in ((TURN_S * 0.6, 0), (TURN_S * 0.6, 1), (TURN_S * 0.6, 1), (TURN_S * 3, 2)):
        clock.advance(took)
        turns.between()
        assert paused == [PAUSE_S] * so_far
    # Where each row has its own lock nobody waits for all of them.
    turns = Turns(parse_url("mysql://u:p@127.0.0.1/none"), clock, paused.append)
    clock.advance(TURN_S * 3)
    turns.between()
    assert len(paused) == 2


class TestOrder:
    @pytest.mark.parametrize(
        ("order", "expected"),
        [
            ([("priority", True), ("added", False)], "1 4 0 3 2 5"),
            ([("added", True)], "5 4 3 2 1 0"),
            ([("name", False)], "0 1 2 3 4 5"),
            ([("number", True)], "5 4 3 2 1 0"),
            ([("attempts", False), ("added", False)], "0 1 2 3 4 5"),
            ([("owner", True), ("added", False)], "1 3 5 0 2 4"),
            # Numbers by their size; then what is no number, and then, or before it, who has none.
            ([("field", False)], "3 2 0 1 4 5"),
            ([("field", True)], "1 0 2 3 5 4"),
            ([("due", False)], "0 1 2 3 4 5"),
        ],
    )
    def test_several_keys(self, store: Store, order: list[tuple[str, bool]], expected: str) -> None:
        scores = ["9", "10", "-3.5", "-4", "", "abc"]
        make(
            store,
            6,
            priority=lambda n: (0, 5, -1)[n % 3],
            owner=lambda n: ("", "ada")[n % 2],
            fields=lambda n: {"score": scores[n]} if scores[n] else {},
        )
        keys = tuple(OrderKey(by=OrderBy(by), down=down, field="score" if by == "field" else "") for by, down in order)
        found = names(store, campaign(order=keys, owner_first=False))
        assert [one.split()[1] for one in found] == expected.split()

    def test_random_is_a_permutation_that_stays(self, store: Store) -> None:
        make(store, 20)
        spec = campaign(order=(OrderKey(by=OrderBy.RANDOM),))
        first = names(store, spec, 20)
        store.leads.recover()
        assert names(store, spec, 20, "t:2") == first
        assert sorted(first) != first
        assert len(set(first)) == 20

    def test_lists_have_their_shares(self, store: Store) -> None:
        for name in ("a", "b", "rest"):
            make(store, 30, name)
        spec = CampaignSpec(
            id="c",
            lists=(ListShare(list="a", share=3), ListShare(list="b", share=1), ListShare(list="rest", share=0)),
        )
        counts = Counter(name.split()[0] for n in range(5) for name in names(store, spec, 4, f"t:{n}"))
        assert counts == {"a": 15, "b": 5}
        rest = Counter(name.split()[0] for name in names(store, spec, 90, "t:9"))
        assert rest == {"a": 15, "b": 25, "rest": 30}

    @given(st.lists(st.floats(0.1, 10), min_size=1, max_size=6), st.integers(1, 300))
    def test_no_list_is_ever_far_from_its_share(self, shares: list[float], count: int) -> None:
        named = {str(n): share for n, share in enumerate(shares)}
        picker = Shares()
        counts = Counter(picker.pick("c", named) for _ in range(count))
        for name, share in named.items():
            assert abs(counts[name] - count * share / sum(shares)) <= len(shares)

    def test_a_filter_chooses(self, store: Store) -> None:
        make(store, 10, fields=lambda n: {"city": ("Ulm", "Bonn")[n % 2], "age": str(n)})
        sql = campaign(filter='field.city == "Ulm" and number(field.age) > 3')
        assert sorted(names(store, sql)) == ["spring 4", "spring 6", "spring 8"]
        rest = campaign(filter='upper(field.city) == "BONN"')
        assert len(names(store, rest, token="t:2")) == 5
        with pytest.raises(ConfigError, match="filter, column 1"):
            names(store, campaign(filter="nonsense"), token="t:3")

    def test_a_filter_that_hardly_anybody_passes_gets_through_the_list(self, store: Store) -> None:
        make(store, 12, fields=lambda n: {"city": "Ulm" if n in (7, 11) else "Bonn"})
        spec = campaign(filter='matches(field.city, "U*")')
        for n, expected in enumerate(("spring 7", "spring 11")):
            assert names(store, spec, 1, f"t:{n}") == [expected]
        assert names(store, spec, 1, "t:3") == []
        store.leads.add(
            Lead(id="", list="spring", name="new", fields={"city": "U"}, numbers=(LeadNumber(number="+49309"),)), "test"
        )
        assert names(store, spec, 1, "t:4") == ["new"]

    def test_one_that_was_found_and_not_taken_is_found_again(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(lead_choice, "LOOKED_AT", 3)
        for name in ("a", "b", "z"):
            make(store, 6, name, fields=lambda n: {"city": "Ulm" if n in (0, 4) else "Bonn"})
        spec = campaign("a", "b", "z", filter='matches(field.city, "U*")')
        # Each list is looked through for two, and two lists give one each: what the third has stays its first.
        first = names(store, spec, 2)
        assert len(first) == 2
        (left,) = {"a 0", "b 0", "z 0"} - set(first)
        second = names(store, spec, 2, "t:2")
        assert left in second
        rest = [name for n in range(6) for name in names(store, spec, 2, f"u:{n}")]
        assert sorted(first + second + rest) == ["a 0", "a 4", "b 0", "b 4", "z 0", "z 4"]

    def test_an_index_that_somebody_dropped_is_made_again(self, store: Store) -> None:
        make(store, 2)
        spec = campaign(filter="field.x == none")
        assert len(names(store, spec, 1)) == 1
        with connected(store.db) as db:
            for index in db.get_indexes("lead"):
                if index.name.startswith("lead_by_"):
                    db.run(f"DROP INDEX {index.name}{' ON `lead`' if isinstance(db, PooledMysql) else ''}")
        assert len(names(store, spec, 1, "t:2")) == 1

    def test_nobody_waits_for_an_index_that_is_made_elsewhere(self, store: Store) -> None:
        make(store, 2)
        spec = campaign(filter="field.x == none")
        assert not store.leads.is_prepared(spec)
        found = store.leads.reserve(spec, 9, NOW, "t:1", preparing=False)
        assert (found.leads, found.unprepared, store.leads.is_prepared(spec)) == ((), True, False)
        store.leads.prepare(spec)
        assert store.leads.is_prepared(spec)
        found = store.leads.reserve(spec, 1, NOW, "t:2", preparing=False)
        assert (len(found.leads), found.unprepared) == (1, False)
        # The first lead with an owner wants another index; the others are dialled meanwhile.
        store.leads.add(Lead(id="", list="spring", numbers=(LeadNumber(number="+4940"),), owner="ada"), "test")
        only = msgspec.structs.replace(spec, owner_only=True)
        assert store.leads.reserve(only, 1, NOW, "t:3", preparing=False).leads == ()
        found = store.leads.reserve(spec, 1, NOW, "t:4", owners=("ada",), preparing=False)
        assert ([one.lead.owner for one in found.leads], found.unprepared) == ([""], True)
        store.leads.prepare(spec)
        found = store.leads.reserve(spec, 1, NOW, "t:5", owners=("ada",), preparing=False)
        assert ([one.lead.owner for one in found.leads], found.unprepared) == (["ada"], False)

    def test_an_index_that_nobody_uses_goes_and_comes_back(self, store: Store, clock: ManualClock) -> None:
        make(store, 4, fields=lambda n: {"city": ("Ulm", "Bonn")[n % 2], "age": str(n)})

        def made() -> tuple[int, int]:
            with connected(store.db) as db:
                indexes = sum(one.name.startswith("lead_by_") for one in db.get_indexes("lead"))
                return indexes, sum(one.name.startswith("x_") for one in db.get_columns("lead"))

        old = campaign(filter='field.city == "Ulm"')
        store.leads.prepare(old)
        before = made()
        assert before[0] == 1
        clock.advance(8 * 86_400)
        new = campaign(order=(OrderKey(by=OrderBy.FIELD, field="age", down=True),))
        assert names(store, new, 1) == ["spring 3"]
        is_mysql = isinstance(store.db, PooledMysql)
        assert made() == (1, 2 if is_mysql else 0)
        assert names(store, old, 9, "t:2") == ["spring 0", "spring 2"]
        assert made() == (2, 3 if is_mysql else 0)


class TestTime:
    def test_who_waits_comes_when_it_is_time(self, store: Store) -> None:
        make(store, 3, next_at=lambda n: NOW + n * MINUTE)
        first = store.leads.reserve(campaign(), 5, NOW, "t:1")
        assert [one.lead.name for one in first.leads] == ["spring 0"]
        assert first.next_at == NOW + MINUTE
        assert names(store, campaign(), now=NOW + 2 * MINUTE, token="t:2") == ["spring 1", "spring 2"]

    def test_a_campaign_is_not_over_while_somebody_holds_a_lead_of_it(self, store: Store) -> None:
        (lead,) = make(store, 1)
        assert names(store, campaign()) == [lead.name]
        # It may come back: put off until the morning, say, by a fact that is still on its way here.
        assert store.leads.reserve(campaign(), 1, NOW, "t:2").next_at == NOW + leads_module.HELD_US
        put_off = msgspec.structs.replace(store.leads.get(lead.id), state=LeadState.READY, next_at=NOW + MINUTE)
        store.write([told(FactKind.LEAD_CHANGED, put_off, "f1")])
        assert store.leads.reserve(campaign(), 1, NOW, "t:3").next_at == NOW + MINUTE
        done = msgspec.structs.replace(put_off, state=LeadState.FINISHED, token="t:4")
        assert names(store, campaign(), token="t:4", now=NOW + MINUTE) == [lead.name]
        store.write([told(FactKind.LEAD_CHANGED, done, "f2")])
        assert store.leads.reserve(campaign(), 1, NOW + MINUTE, "t:5").next_at == 0

    def test_very_many_that_come_due_at_once_come_in_order(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(leads_module, "THROUGH", 1)
        make(store, 9, next_at=NOW, priority=lambda n: n)
        # One reservation lets through twice what it wants, of those that wait longest.
        assert names(store, campaign(), 1) == ["spring 1"]
        assert store.leads.open_gates(campaign(), NOW - 1) == 0
        assert store.leads.open_gates(campaign(), NOW) == 7
        assert names(store, campaign(), 2, "t:2") == ["spring 8", "spring 7"]

    def test_callbacks_come_before_all_else_and_to_their_agent(self, store: Store) -> None:
        leads = make(store, 5, priority=lambda n: n)
        store.leads.promise(leads[0].id, NOW, "test", note="about the bill")
        store.leads.promise(leads[1].id, NOW - MINUTE, "test", agent="ada")
        store.leads.promise(leads[2].id, NOW + MINUTE, "test")
        assert [one.name for one in store.leads.callbacks()] == ["spring 1", "spring 0", "spring 2"]
        assert [one.name for one in store.leads.callbacks(agent="ada")] == ["spring 1"]
        spec = campaign(callbacks=LeadCallbacks(own_wait_s=3600))
        assert names(store, spec, 2) == ["spring 0", "spring 4"]
        assert names(store, spec, 1, "t:2", owners=("bob",)) == ["spring 3"]
        assert names(store, spec, 5, "t:3", owners=("ada",)) == ["spring 1"]
        store.leads.release([leads[1].id], "t:3")
        assert names(store, spec, 5, "t:4", now=NOW + 60 * MINUTE) == ["spring 1", "spring 2"]

    @pytest.mark.parametrize(("done", "state"), [(False, LeadState.READY), (True, LeadState.FINISHED)])
    def test_a_promise_is_taken_back(self, store: Store, done: bool, state: LeadState) -> None:
        leads = make(store, 2)
        store.leads.promise(leads[0].id, NOW + MINUTE, "test", agent="ada", note="n")
        taken = store.leads.unpromise(leads[0].id, "eve", done=done)
        assert (taken.state, taken.next_at, taken.callback_agent, taken.callback_note) == (state, 0, "", "")
        assert store.leads.callbacks() == []
        assert store.audits(1)[0].what["done"] is done
        with pytest.raises(RequestRefused, match="promised no call"):
            store.leads.unpromise(leads[1].id, "eve")

    def test_a_callback_of_another_campaign_is_left_to_it(self, store: Store) -> None:
        leads = make(store, 1)
        store.leads.promise(leads[0].id, NOW, "test", campaign="other")
        assert names(store, campaign()) == []
        assert store.leads.get(leads[0].id).state is LeadState.CALLBACK

    def test_owners_get_their_own_first_and_each_one_in_turn(self, store: Store) -> None:
        make(store, 6, owner=lambda n: ("", "ada", "bob")[n % 3])
        assert names(store, campaign(), 3, owners=("bob", "ada")) == ["spring 2", "spring 1", "spring 5"]
        assert names(store, campaign(), 5, "t:2") == ["spring 0", "spring 3", "spring 4"]

    def test_owner_only_leaves_them_to_nobody_else(self, store: Store) -> None:
        make(store, 6, owner=lambda n: ("", "ada", "bob")[n % 3])
        spec = campaign(owner_only=True)
        assert names(store, spec) == ["spring 0", "spring 3"]
        assert names(store, spec, token="t:2", owners=("ada",)) == ["spring 1", "spring 4"]

    def test_attempts_end(self, store: Store) -> None:
        make(store, 3, attempts=lambda n: n)
        assert names(store, campaign(attempts_max=2)) == ["spring 0", "spring 1"]


class TestReservation:
    def test_nobody_gets_a_lead_twice(self, store: Store) -> None:
        make(store, 10)
        first = names(store, campaign(), 6, "t:1")
        second = names(store, campaign(), 6, "t:2")
        assert len(set(first) | set(second)) == 10
        lead = store.leads.find(store.leads.refresh("c", ["1"], "t:")[0].lead.id)[0]
        assert (lead.state, lead.token, lead.campaign) == (LeadState.RESERVED, "t:1", "c")

    def test_given_back_it_is_as_it_was(self, store: Store) -> None:
        leads = make(store, 2)
        store.leads.promise(leads[0].id, NOW, "test", agent="ada", note="n")
        before = [store.leads.get(one.id) for one in leads]
        store.leads.reserve(campaign(), 2, NOW, "t:1", owners=("ada",))
        assert store.leads.release([one.id for one in leads], "t:2") == 0
        assert store.leads.release([one.id for one in leads], "t:1") == 2
        after = [store.leads.get(one.id) for one in leads]
        assert [msgspec.structs.replace(one, campaign="") for one in after] == before
        store.leads.reserve(campaign(), 2, NOW, "t:3", owners=("ada",))
        store.leads.release([leads[1].id], "t:3", next_at=NOW + MINUTE)
        assert names(store, campaign(), now=NOW + 1, token="t:4") == []
        assert names(store, campaign(), now=NOW + MINUTE, token="t:5") == ["spring 1"]

    def test_one_by_hand(self, store: Store) -> None:
        (lead,) = make(store, 1, next_at=NOW + MINUTE)
        ready = store.leads.reserve_one(lead.id, "c", NOW, "hand:1")
        assert ready.lead.token == "hand:1"
        with pytest.raises(RequestRefused, match="being dialled"):
            store.leads.reserve_one(lead.id, "c", NOW, "hand:2")
        with pytest.raises(RequestRefused, match="being dialled"):
            store.leads.change(lead.id, "test", name="x")
        with pytest.raises(RequestRefused, match="being dialled"):
            store.leads.promise(lead.id, NOW, "test")
        assert store.leads.refresh("c", [lead.id], "hand:2") == ()
        assert [one.lead.id for one in store.leads.refresh("c", [lead.id], "hand:")] == [lead.id]

    def test_what_is_known_comes_with_it(self, store: Store) -> None:
        numbers = (LeadNumber(number="+49301"), LeadNumber(number="+49302"))
        (lead,) = make(store, 1, numbers=numbers)
        store.dnc.add(DncRow(number="+49302", source="key"), "test")
        consent = store.consents.add(ConsentRow(number="+49301", given_at=NOW), "test")
        year = 366 * 1440 * MINUTE
        past = {"a1": NOW - MINUTE, "a2": NOW - year, "a3": NOW - year - 2 * 1440 * MINUTE}
        rows = [attempt(lead, id, at, outcome="busy") for id, at in past.items()]
        store.write([told(FactKind.ATTEMPT_ENDED, row, f"f{row.id}") for row in rows])
        (ready,) = store.leads.reserve(campaign(), 1, NOW, "t:1").leads
        assert ready.dnc == {"+49302": "key"}
        assert ready.consents == (consent,)
        # As far back as a rule may ask, the oldest first.
        assert [(one.at, one.outcome, one.number) for one in ready.lead.history] == [
            (past[id], Outcome.BUSY, "+49301") for id in ("a2", "a1")
        ]

    def test_who_is_not_called_is_barred_and_another_comes(self, store: Store) -> None:
        leads = make(store, 3)
        store.dnc.add(DncRow(number=f"{leads[0].numbers[0].number}*"), "test")
        found = store.leads.reserve(campaign(), 2, NOW, "t:1")
        assert [one.lead.name for one in found.leads] == ["spring 1", "spring 2"]
        assert found.barred == 1
        assert store.leads.get(leads[0].id).state is LeadState.BARRED
        with pytest.raises(RequestRefused, match="no-call list"):
            store.leads.reserve_one(leads[0].id, "c", NOW, "t:2")

    def test_a_public_register_leaves_it_to_the_rules_and_every_other_list_does_not(self, store: Store) -> None:
        leads = make(store, 2)
        values = [int(one.numbers[0].number[1:]) for one in leads]
        store.dnc.take("us-dnc", iter(values), "test")
        found = store.leads.reserve(campaign(), 2, NOW, "t:1")
        assert [one.dnc for one in found.leads] == [{one.numbers[0].number: "us-dnc"} for one in leads]
        store.leads.release([one.id for one in leads], "t:1")
        store.dnc.take("aaa", iter(values[:1]), "test")
        store.dnc.take("zzz", iter(values[1:]), "test")
        again = store.leads.reserve(campaign(), 2, NOW, "t:2")
        assert (again.leads, again.barred) == ((), 2)
        assert [store.dnc.hits([one.numbers[0].number]).popitem()[1].source for one in leads] == ["aaa", "zzz"]


class TestCounts:
    def test_of_a_campaign(self, store: Store) -> None:
        leads = make(store, 4)
        hour = NOW - NOW % (60 * MINUTE)
        rows = [
            ("live", "NORMAL_CLEARING", hour + 1, hour + MINUTE),
            ("drop", "NORMAL_CLEARING", hour + 2, hour + MINUTE),
            ("busy", "USER_BUSY", hour + 60 * MINUTE, 0),
            ("", "", hour + 60 * MINUTE, 0),
        ]
        for n, (outcome, cause, at, answered) in enumerate(rows):
            ended = at + 2 * MINUTE if outcome else 0
            row = attempt(leads[n], f"a{n}", at, outcome=outcome, cause=cause, answered_at=answered, ended_at=ended)
            store.write([told(FactKind.ATTEMPT_ENDED, row, f"f{n}")])
            (held,) = [store.leads.reserve_one(leads[n].id, "c", NOW, f"t:{n}").lead]
            store.leads.finish(msgspec.structs.replace(held, attempts=1, state=LeadState.FINISHED))
        counts = store.leads.attempts.count("c", ["spring"], 0, NOW * 2)
        assert (counts.launched, counts.live, counts.drops, counts.drop_rate) == (4, 2, 1, 0.5)
        assert counts.outcomes == {"": 1, "busy": 1, "drop": 1, "live": 1}
        assert counts.causes == {"": 1, "NORMAL_CLEARING": 2, "USER_BUSY": 1}
        assert [(one.at, one.launched, one.live) for one in counts.hours] == [(hour, 2, 2), (hour + 60 * MINUTE, 2, 0)]
        assert (counts.lists[0].tried, counts.lists[0].shut, counts.lists[0].penetration) == (4, 4, 1.0)
        assert counts.talked_us == 2 * MINUTE + 3
        page = list(store.leads.attempts.between("c", hour + 2, NOW * 2))
        assert [one.id for one in page] == ["a1", "a2", "a3"]
        assert [one.id for one in store.leads.attempts.newest(2, campaign="c")] == ["a2", "a3"]


class TestWalk:
    def test_every_lead_of_a_list_whose_leads_stand_apart(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("fsorch.store.lead_lists.STRETCH", 2)
        made = [*make(store, 2, "a"), *make(store, 9, "b"), *make(store, 4, "a"), *make(store, 1, "b")]
        for name in "ab":
            seen: list[str] = []
            while page := store.leads.of_list(name, 2, after=int(seen[-1]) if seen else 0):
                seen += [one.id for one in page]
            assert seen == [one.id for one in made if one.list == name]

    def test_a_page_does_not_sort_the_rest_of_the_list(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        ids = [one.id for one in make(store, 5)]
        monkeypatch.setattr("fsorch.store.lead_lists._ids", None)
        assert [one.id for one in store.leads.of_list("spring", 2, after=int(ids[0]))] == ids[1:3]
        told: list[str] = []
        with connected(store.db) as db:
            run = db.run

            def noted(sql: str, values: tuple[object, ...] = ()) -> object:
                told.append(sql)
                return run(sql, values)

            monkeypatch.setattr(db, "run", noted)
            ids_of(db, "spring", 0, 2)
            explain = "EXPLAIN QUERY PLAN" if isinstance(db, PooledSqlite) else "EXPLAIN"
            plan = str(run(f"{explain} {told[0]}", ("spring", 0, 40, 2)).fetchall())
        assert "PRIMARY" in plan
        assert not any(sorts in plan for sorts in ("TEMP B-TREE", "filesort"))
