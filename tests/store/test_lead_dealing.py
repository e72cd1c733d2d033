"""How a campaign's lists are dealt out, what is next, and lists that are gone through once more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsorch.campaigns import CampaignSpec, Lead, LeadState, ListShare, Mix, OrderBy, OrderKey, Outcome
from fsorch.engine.facts import FactKind
from fsorch.store import Store, lead_resets
from fsorch.store.database import Db, writing
from fsorch.store.lead_choice import Shares
from fsorch.store.lead_lists import LeadList
from fsorch.store.lead_models import LeadNumberRecord, LeadRecord
from fsorch.store.turns import Turns
from tests.store.leads import MINUTE, NOW, attempt, campaign, elsewhere, make, names, told

ADDED = (OrderKey(by=OrderBy.ADDED),)


def numbered(store: Store, spec: CampaignSpec, count: int) -> list[int]:
    return [int(name.split()[1]) for name in names(store, spec, count)]


def test_each_list_has_a_filter_of_its_own(store: Store) -> None:
    make(store, 6, "a", last_outcome=lambda n: ("", "busy", "noanswer")[n % 3])
    make(store, 6, "b", priority=lambda n: n)
    lists = (ListShare(list="a", filter='lead.last_outcome in ["busy", "noanswer"]'), ListShare(list="b"))
    spec = CampaignSpec(id="c", lists=lists, order=ADDED, filter="lead.priority < 4")
    assert sorted(names(store, spec, 20)) == ["a 1", "a 2", "a 4", "a 5", "b 0", "b 1", "b 2", "b 3"]


def test_lists_one_after_the_other(store: Store) -> None:
    make(store, 3, "a")
    make(store, 3, "b")
    spec = campaign("b", "a", order=ADDED, mix=Mix.IN_ORDER)
    assert names(store, spec, 4) == ["b 0", "b 1", "b 2", "a 0"]


def test_lists_by_chance_all_come(store: Store) -> None:
    make(store, 5, "a")
    make(store, 5, "b")
    assert len(set(names(store, campaign("a", "b", mix=Mix.RANDOM), 20))) == 10


def test_every_so_manieth_was_never_dialled(store: Store) -> None:
    make(store, 8, "spring", attempts=lambda n: n % 2)
    spec = campaign(order=ADDED, new_every=3)
    # Tried leads have odd numbers; when they are used up the new ones follow.
    assert numbered(store, spec, 20) == [1, 3, 0, 5, 7, 2, 4, 6]


@given(every=st.integers(1, 9), turns=st.integers(1, 60))
def test_turns_are_even(every: int, turns: int) -> None:
    shares = Shares()
    new = [shares.is_new_turn("c", "l", every) for _ in range(turns)]
    assert sum(new) == turns // every
    assert all(mine == (n % every == 0) for n, mine in enumerate(new, 1))


def test_what_is_next_is_what_comes_and_nothing_is_reserved(store: Store) -> None:
    make(store, 6, "a", attempts=lambda n: n % 2)
    make(store, 3, "b")
    spec = CampaignSpec(
        id="c", lists=(ListShare(list="a", share=2), ListShare(list="b")), order=ADDED, new_every=2, owner_first=False
    )
    for n in range(3):
        shown = store.leads.upcoming(spec, 4, NOW)
        assert shown is not None
        assert store.leads.upcoming(spec, 4, NOW) == shown
        assert all(not one.token for one in shown)
        assert [one.name for one in shown][:2] == names(store, spec, 2, f"t:{n}")


def test_what_has_no_order_yet_is_told(store: Store) -> None:
    make(store, 2)
    assert store.leads.upcoming(campaign(order=(OrderKey(by=OrderBy.ZONE),)), 4, NOW, preparing=False) is None


def rests(store: Store, lead: Lead, outcome: Outcome, state: LeadState = LeadState.READY, **more: Any) -> Lead:
    """The lead after an attempt."""
    held = store.leads.reserve_one(lead.id, "c", NOW, f"t:{lead.id}{outcome}").lead
    values = {"attempts": 8, "tried": {outcome: 8}, "last_outcome": outcome.value, "next_at": NOW + 60 * MINUTE}
    changed = {name: getattr(held, name) for name in held.__struct_fields__} | values | {"state": state} | more
    assert store.leads.finish(Lead(**changed))
    return store.leads.get(lead.id)


class TestReset:
    def test_others_write_between_its_parts(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        for lead in make(store, 5):
            rests(store, lead, Outcome.BUSY)
        written: list[str] = []

        def others(_: Turns) -> None:
            elsewhere(lambda: written.append(store.leads.lists.make(LeadList(id=f"o{len(written)}"), "test").id))

        monkeypatch.setattr(lead_resets, "PAGE", 2)
        monkeypatch.setattr(Turns, "between", others)
        assert store.leads.lists.reset("spring", "sam") == 5
        assert written == ["o0", "o1", "o2"]

    def test_the_rest_of_leads_is_over_and_their_tries_count_anew(self, store: Store) -> None:
        one, two, three, four, five = make(store, 5)
        rests(store, one, Outcome.BUSY)
        rests(store, two, Outcome.NOANSWER, LeadState.FINISHED)
        rests(store, three, Outcome.LIVE, LeadState.FINISHED, disposition="sold")
        store.leads.promise(four.id, NOW + 9 * MINUTE, "test")
        assert names(store, campaign()) == [five.name]
        assert store.leads.lists.reset("spring", "sam") == 1
        fresh = store.leads.get(one.id)
        assert (fresh.state, fresh.attempts, fresh.tried, fresh.last_outcome) == (LeadState.READY, 0, {}, "busy")
        assert names(store, campaign(), token="t:2") == [one.name]
        # Those whose tries are used up only when that is asked for, and never what somebody has given a word to.
        assert store.leads.lists.reset("spring", "sam", done=True) == 1
        assert names(store, campaign(), token="t:3") == [two.name]
        assert store.leads.get(three.id).state is LeadState.FINISHED
        assert store.leads.get(four.id).state is LeadState.CALLBACK
        assert [(told.who, told.act) for told in store.audits(act="list.reset")] == [("sam", "list.reset")] * 2

    def test_who_was_reached_is_called_again_only_by_that_word(self, store: Store) -> None:
        one, two = make(store, 2)
        rests(store, one, Outcome.LIVE, LeadState.FINISHED)
        rests(store, two, Outcome.NOANSWER, LeadState.FINISHED)
        made = store.leads.lists.get("spring").created_at
        assert store.leads.lists.reset_by_clock("spring", made + MINUTE) == 1
        assert store.leads.get(one.id).state is LeadState.FINISHED
        assert store.leads.lists.reset("spring", "sam", outcomes=[Outcome.LIVE], done=True) == 1
        assert store.leads.get(one.id).state is LeadState.READY

    def test_only_those_that_ended_so(self, store: Store) -> None:
        one, two = make(store, 2)
        rests(store, one, Outcome.BUSY)
        rests(store, two, Outcome.MACHINE)
        assert store.leads.lists.reset("spring", "sam", outcomes=[Outcome.MACHINE]) == 1
        assert names(store, campaign()) == [two.name]

    def test_by_the_clock_each_time_once(self, store: Store) -> None:
        (lead,) = make(store, 1)
        made = store.leads.lists.get("spring").created_at
        rests(store, lead, Outcome.BUSY)
        assert store.leads.lists.reset_by_clock("spring", made) == 0
        assert store.leads.lists.reset_by_clock("spring", made + MINUTE) == 1
        rests(store, lead, Outcome.BUSY)
        assert store.leads.lists.reset_by_clock("spring", made + MINUTE) == 0
        assert store.leads.lists.reset_by_clock("spring", made + 2 * MINUTE) == 1
        long = "x" * 63
        store.leads.lists.make(LeadList(id=long), "test")
        assert store.leads.lists.reset_by_clock(long, made + 2 * MINUTE) == 0
        assert store.leads.lists.reset_by_clock("nosuch", made + 2 * MINUTE) == 0

    def test_who_was_given_a_word_meanwhile_keeps_it(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        made = make(store, 2)
        for lead in made:
            rests(store, lead, Outcome.NOANSWER, LeadState.FINISHED)
        word = {"state": LeadState.FINISHED.value, "disposition": "never"}

        @contextmanager
        def late(db: Db) -> Iterator[None]:
            # Between the look and the reset somebody has called one of them.
            with writing(db):
                LeadRecord.update(word).where(LeadRecord.id == int(made[0].id)).execute(db)
                LeadNumberRecord.update({"attempts": 8}).execute(db)
                yield

        monkeypatch.setattr("fsorch.store.lead_resets.writing", late)
        assert store.leads.lists.reset("spring", "sam", done=True) == 1
        first, second = (store.leads.get(lead.id) for lead in made)
        assert (first.state, first.numbers[0].attempts) == (LeadState.FINISHED, 8)
        assert (second.state, second.numbers[0].attempts) == (LeadState.READY, 0)

    @pytest.mark.parametrize("count", [0, 3])
    def test_a_list_of_any_size(self, store: Store, count: int) -> None:
        store.leads.lists.make(LeadList(id="spring"), "test")
        for lead in make(store, count) if count else ():
            rests(store, lead, Outcome.BUSY)
        assert store.leads.lists.reset("spring", "sam") == count


def test_what_an_agent_filled_in_is_kept_and_read(store: Store) -> None:
    (lead,) = make(store, 1)
    row = attempt(lead, answers={"boxes": "2", "colour": "grün"})
    store.write([told(FactKind.ATTEMPT_STARTED, attempt(lead), "f0"), told(FactKind.ATTEMPT_ENDED, row, "f1")])
    kept = store.leads.attempts.get("a1")
    assert kept is not None
    assert kept.answers == row.answers


def test_what_agents_said_before_comes_with_the_lead(store: Store) -> None:
    (lead,) = make(store, 1)
    row = attempt(lead, outcome="live", disposition="later", at=store.now_us() - MINUTE)
    store.write([told(FactKind.ATTEMPT_ENDED, row, "f1")])
    assert [one.said for one in store.leads.get(lead.id).history] == ["later"]


def test_causes_are_counted_for_each_gateway(store: Store) -> None:
    leads = make(store, 4)
    rows = [("one", "USER_BUSY"), ("one", "USER_BUSY"), ("two", "USER_BUSY"), ("", "NO_ANSWER")]
    for n, (gateway, cause) in enumerate(rows):
        row = attempt(leads[n], f"a{n}", outcome="busy", gateway=gateway, cause=cause, ended_at=NOW + 1)
        store.write([told(FactKind.ATTEMPT_ENDED, row, f"f{n}")])
    counts = store.leads.attempts.count("c", (), NOW, NOW + 1)
    assert counts.gateways == {"one": {"USER_BUSY": 2}, "two": {"USER_BUSY": 1}}
