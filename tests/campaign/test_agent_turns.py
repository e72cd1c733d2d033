"""Agents shared over time, where there are too few to be shared by number."""

from __future__ import annotations

from collections import Counter

import pytest

from fsorch.campaign.agent_turns import Turns


def shared(agents: int, weights: dict[str, float], hours: float = 2.0) -> dict[str, float]:
    """The share of the agents' time that each campaign has had, where an agent may move every ten seconds."""
    turns, homes, had = Turns(), ["a"] * agents, Counter[str]()
    for second in range(int(hours * 3600)):
        turns.reckon(float(second), [(home, weights) for home in homes])
        had.update(homes)
        if second % 10 == 0:
            home = min(homes, key=lambda one: turns.owed[one])
            other = max(weights, key=lambda one: turns.owed[one])
            more = homes.count(home) / weights[home] > homes.count(other) / weights[other]
            if more and turns.is_turn(other, home):
                homes[homes.index(home)] = other
    return {campaign: had[campaign] / had.total() for campaign in weights}


@pytest.mark.parametrize("agents", [1, 2, 3, 7])
@pytest.mark.parametrize("weights", [{"a": 1.0, "b": 1.0}, {"a": 1.0, "b": 3.0}, {"a": 2.0, "b": 1.0, "c": 1.0}])
def test_each_campaign_has_its_part_of_the_time(agents: int, weights: dict[str, float]) -> None:
    total = sum(weights.values())
    parts = {campaign: weight / total for campaign, weight in weights.items()}
    assert shared(agents, weights) == pytest.approx(parts, abs=0.04)


def test_one_agent_changes_campaigns_every_two_minutes() -> None:
    turns, home, changes = Turns(), "a", list[int]()
    for second in range(3600):
        turns.reckon(float(second), [(home, {"a": 1.0, "b": 1.0})])
        other = "b" if home == "a" else "a"
        if turns.is_turn(other, home):
            home = other
            changes.append(second)
    assert changes[0] == 60
    assert {after - before for before, after in zip(changes, changes[1:], strict=False)} == {120}


def test_who_could_not_be_served_does_not_get_everybody_later() -> None:
    turns = Turns()
    for second in range(7200):
        turns.reckon(float(second), [("a", {"a": 1.0, "b": 1.0})])
    assert turns.owed == {"a": -120.0, "b": 120.0}


def test_who_has_nobody_to_call_is_owed_nothing() -> None:
    turns = Turns()
    for second in range(100):
        turns.reckon(float(second), [("a", {"a": 1.0, "b": 1.0})])
    turns.reckon(100.0, [("a", {"a": 1.0})])
    assert "b" not in turns.owed
    assert not turns.is_turn("b", "a")


def test_what_is_wished_is_seen_at_once() -> None:
    turns = Turns()
    turns.reckon(0.0, [("a", {"a": 1.0, "b": 1.0})])
    turns.favour("b", True)
    assert turns.is_turn("b", "a")
    turns.favour("b", False)
    assert turns.is_turn("a", "b")


def test_a_machine_that_slept_owes_no_more_for_that() -> None:
    turns = Turns()
    turns.reckon(0.0, [("a", {"a": 1.0, "b": 1.0})])
    turns.reckon(50_000.0, [("a", {"a": 1.0, "b": 1.0})])
    turns.reckon(40_000.0, [("a", {"a": 1.0, "b": 1.0})])
    assert turns.owed["b"] == 5.0
