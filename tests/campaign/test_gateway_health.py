"""How long a gateway that fails is left alone, and what makes it well again."""

from __future__ import annotations

import pytest

from fsorch.campaign.gateway_health import DEAD, LONGEST_S, GatewayHealth, HealthEffect

CAUSE = "NORMAL_TEMPORARY_FAILURE"


def failed_often(rest_s: float = 60.0) -> GatewayHealth:
    """One that has failed as often as makes it dead, at 0."""
    health = GatewayHealth(rest_s)
    for _ in range(DEAD):
        health.failed(CAUSE, 0.0, 0.0)
    return health


def test_one_failure_is_a_rest_and_no_death() -> None:
    health = GatewayHealth(60.0)
    assert health.failed(CAUSE, 0.0, 1.0) is HealthEffect.REST
    assert (health.dead, health.rests(60.9), health.rests(61.0), health.tries(61.0)) == (False, True, False, True)


def test_calls_that_fail_together_make_it_dead_and_no_rest_longer() -> None:
    health = GatewayHealth(60.0)
    effects = [health.failed(CAUSE, 0.0, 1.0) for _ in range(20)]
    assert effects == [HealthEffect.REST, *[None] * 19]
    assert health.dead
    assert health.until == 61.0


def test_each_trial_that_fails_doubles_the_rest_up_to_the_longest() -> None:
    health, rests, now = failed_often(), list[float](), 0.0
    for _ in range(8):
        rests.append(health.until - now)
        now = health.until
        assert health.tries(now)
        assert health.failed(CAUSE, now, now) is HealthEffect.LONGER
    assert rests == [60.0, 120.0, 240.0, 480.0, LONGEST_S, LONGEST_S, LONGEST_S, LONGEST_S]


def test_a_rest_that_is_asked_for_is_never_cut_short() -> None:
    health = failed_often(3600.0)
    assert health.until == 3600.0
    health.failed(CAUSE, 3600.0, 3600.0)
    assert health.until == 7200.0


def test_the_first_call_that_gets_anywhere_makes_it_well() -> None:
    health = failed_often()
    health.failed(CAUSE, 60.0, 60.0)
    assert health.worked(180.0, 181.0) is HealthEffect.MEND
    assert (health.dead, health.failures, health.rests(181.0), health.tries(181.0)) == (False, 0, False, False)
    # And what follows begins with the first rest again.
    assert health.failed(CAUSE, 200.0, 200.0) is HealthEffect.REST
    assert health.until == 260.0


def test_what_was_placed_before_the_rest_says_nothing_of_now() -> None:
    health = GatewayHealth(60.0)
    health.failed(CAUSE, 10.0, 10.0)
    assert health.worked(5.0, 12.0) is None
    assert health.rests(12.0)
    # One that was placed before the rest fails after it: no trial has.
    assert health.failed(CAUSE, 9.0, 71.0) is None
    assert health.tries(71.0)


def test_a_cause_of_its_own_is_enough() -> None:
    health = GatewayHealth(60.0)
    health.failed("GATEWAY_DOWN", 0.0, 0.0, own=True)
    assert health.dead


@pytest.mark.parametrize("failures", [1, 10])
def test_without_a_rest_it_is_always_used(failures: int) -> None:
    health = GatewayHealth(0.0)
    assert {health.failed(CAUSE, 0.0, float(n)) for n in range(failures)} == {None}
    assert (health.dead, health.rests(1.0), health.tries(1.0)) == (False, False, False)
