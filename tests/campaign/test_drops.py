"""The budget of drops, by hand and at random."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsorch.campaign.drops import drop_budget, upper_bound
from fsorch.compliance_packs import DropRule

US = DropRule(id="us.drops", says="X", source="Y", ceiling=0.03, days=30)
UK = DropRule(id="uk.drops", says="X", source="Y", ceiling=0.03, days=1, false_positives=True)


def test_a_share_with_its_bound_and_what_is_left() -> None:
    budget = drop_budget(US, 1000, 20)
    assert (budget.share, budget.left, budget.is_over) == (0.02, 10, False)
    assert 0.028 < budget.bound < 0.029
    assert budget.words == (
        "2.00% dropped (20 of 1000 live answers in 30 days; below 2.87% at 95 %; ceiling 3.00%): 10 left"
    )


def test_after_nothing_nothing_is_known() -> None:
    budget = drop_budget(US, 0, 0)
    assert (budget.share, budget.bound, budget.left, budget.is_over) == (0.0, 1.0, 0, False)


def test_people_taken_for_machines_count_where_the_rule_says_so() -> None:
    plain, counted = drop_budget(US, 970, 10, 0.03), drop_budget(UK, 970, 10, 0.03)
    assert plain.missed == 0
    # 3 % of all people were missed: 970 are the other 97 %.
    assert (counted.live, counted.missed, counted.drops) == (1000, 30, 40)
    assert counted.is_over
    assert "over the ceiling" in counted.words
    assert counted.left < 0
    with pytest.raises(ValueError, match="a share of people"):
        drop_budget(UK, 10, 0, 1.0)


@given(st.integers(0, 5000), st.floats(0, 1))
def test_the_budget_is_exact(live: int, part: float) -> None:
    drops = int(live * part)
    budget = drop_budget(US, live, drops)
    if budget.left >= 0:
        more = budget.left
        assert (drops + more) <= 0.03 * (live + more) + 1e-9
        assert (drops + more + 1) > 0.03 * (live + more + 1) - 1e-9
    assert budget.is_over == (live > 0 and drops > 0.03 * live)


@given(st.integers(1, 5000), st.integers(0, 5000))
def test_the_bound_is_above_the_share_and_shrinks_with_what_is_known(tries: int, hits: int) -> None:
    hits = min(hits, tries)
    bound = upper_bound(hits, tries)
    assert hits / tries - 1e-12 <= bound <= 1.0
    assert upper_bound(hits * 10, tries * 10) <= bound + 1e-12
