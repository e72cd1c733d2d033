"""Pacers that others write: how they are registered, and what becomes of those that fail or lie."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from fsorch.campaign.pacing import PACERS, Pacer
from fsorch.campaign.pacing_guard import Guard
from fsorch.campaign.pacing_predictive import Predictive
from fsorch.campaign.pacing_registry import GROUP, Registry
from fsorch.campaign.pacing_rules import Progressive
from fsorch.errors import ConfigError
from tests.campaign.test_pacing import PacerContract


class Plain:
    """No more than the interface: it knows of no lists."""

    def __init__(self, *, target: float = 0.03, tolerance_s: float = 2.0) -> None:
        self.launched: list[Hashable] = []
        self.answer: Any = 1

    def on_launch(self, call_id: Hashable, now: float) -> None:
        """A call."""
        self.launched.append(call_id)

    def on_result(self, call_id: Hashable, outcome: str, now: float) -> None:
        """A result that it does not care for."""

    def on_drop(self, call_id: Hashable, now: float) -> None:
        """One that breaks."""
        raise KeyError(call_id)

    def on_agent(self, agent_id: Hashable, state: str, now: float) -> None:
        """An agent that it does not care for."""

    def due(self, now: float) -> Any:
        """What the test wants it to say."""
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def guarded(make: Callable[[], Any], agents: int = 3) -> Guard:
    """A pacer of anybody's, with so many agents at work."""
    return Guard(make, lambda: agents)


class Guarded(Guard):
    """As the contract makes its pacers."""

    def __init__(self, *, target: float) -> None:
        super().__init__(lambda: Progressive(target=target), lambda: 100)
        if self.fault:
            raise ValueError(self.fault)


class TestGuarded(PacerContract):
    """A guard leaves what it guards as it is."""

    make = Guarded


def registry(*points: EntryPoint) -> Registry[Pacer]:
    """One with these packages installed."""
    return Registry({"progressive": Progressive}, lambda: points)


def point(value: str, name: str = "careful") -> EntryPoint:
    return EntryPoint(name, value, GROUP)


def test_one_that_is_registered_is_found() -> None:
    pacers = registry()
    pacers.register("mine", Progressive)
    assert pacers.find("mine") is Progressive
    assert pacers.names() == ["progressive", "mine"]


def test_one_of_an_installed_package_is_found_by_its_entry_point() -> None:
    pacers = registry(point("fsorch.campaign.pacing_predictive:Predictive"))
    assert pacers.names() == ["progressive", "careful"]
    assert pacers.find("careful") is Predictive


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("no_such_module:Pacer", "cannot be loaded from no_such_module:Pacer (ModuleNotFoundError"),
        ("fsorch.campaign.pacing:Nobody", "cannot be loaded from fsorch.campaign.pacing:Nobody (AttributeError"),
        ("fsorch.campaign.pacing_watch:LATEST_S", "is no class and no function"),
        ("fsorch.campaign.pacing_watch:Watch", "has no due"),
    ],
)
def test_one_that_cannot_be_loaded_is_said(value: str, why: str) -> None:
    with pytest.raises(ConfigError, match=r".*" + why.replace("(", r"\(")):
        registry(point(value)).find("careful")


def test_a_name_nobody_has_is_told_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"no pacer is called 'progresive'; did you mean progressive, predictive\?"):
        PACERS.find("progresive")
    with pytest.raises(ConfigError, match=r"'xyz' \(there: careful, progressive\)"):
        registry(point("a:b")).find("xyz")


@pytest.mark.parametrize("name", ["", "Mine", "a b", "predictive"])
def test_a_name_that_is_none_or_taken_is_refused(name: str) -> None:
    with pytest.raises(ConfigError):
        PACERS.register(name, Plain)


@pytest.mark.parametrize("answer", [-1, 301, 10**30, math.nan, math.inf, 2.5, "3", None, ZeroDivisionError("no")])
def test_one_that_lies_wants_nothing_any_more(answer: object) -> None:
    plain = Plain()
    guard = guarded(lambda: plain)
    plain.answer = answer
    assert guard.due(1.0) == 0
    assert guard.fault.startswith("due")
    plain.answer = 1
    assert guard.due(2.0) == 0
    guard.on_launch("late", 3.0)
    assert plain.launched == []


def test_one_that_knows_of_no_lists_is_told_without() -> None:
    plain = Plain()
    guard = guarded(lambda: plain)
    guard.on_launch("c1", 1.0, "cold")
    assert (plain.launched, guard.fault, guard.due(1.0)) == (["c1"], "", 1)


def test_one_that_breaks_at_what_it_is_told_is_out() -> None:
    guard = guarded(Plain)
    guard.on_drop("c1", 1.0)
    assert guard.fault == "on_drop failed with KeyError: 'c1'"
    assert guard.due(1.0) == 0


def test_one_that_cannot_be_made_is_no_pacer() -> None:
    assert guarded(lambda: Plain(target=1, nonsense=2)).fault.startswith("being made failed with TypeError: ")  # type: ignore[call-arg]
    assert guarded(lambda: None).fault == "it has no on_launch, on_result, on_drop, on_agent, due"
    assert guarded(lambda: Progressive(target=7.0)).fault.startswith("being made failed with ValueError: target")


def test_an_error_that_cannot_be_shown_is_a_fault_like_others() -> None:
    class Odd(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no")

    plain = Plain()
    plain.answer = Odd()
    guard = guarded(lambda: plain)
    assert guard.due(1.0) == 0
    assert guard.fault == "due failed with Odd: a Odd that cannot be shown"


def test_one_that_calls_none_off_hears_of_a_failure_and_one_that_does_of_what_was_so() -> None:
    class Heard(Plain):
        def on_result(self, call_id: Hashable, outcome: str, now: float) -> None:
            self.launched.append(outcome)

    class Caller(Heard):
        def excess(self, now: float) -> Any:
            return self.answer

    plain, caller = Heard(), Caller()
    for pacer in (plain, caller):
        guarded(lambda pacer=pacer: pacer).on_result("c", "cancelled", 1.0)  # type: ignore[misc]
    assert (plain.launched, caller.launched) == (["failed"], ["cancelled"])
    assert guarded(lambda: plain).excess(1.0) == 0
    guard = guarded(lambda: caller)
    assert guard.excess(1.0) == 1
    caller.answer = -2
    assert guard.excess(1.0) == 0
    assert guard.fault == "excess() says -2 calls, which is no number of calls"
