"""How long a contact will wait, and when the caller is told."""

from __future__ import annotations

import math

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsorch.acd.estimate import Announcement, Announcer, WaitEstimator
from fsorch.errors import ConfigError
from fsorch.rules import AnnounceSpec, EstimateSpec, check_announce, check_estimate

SPEC = EstimateSpec(window_s=600.0, least=3, most=10)


def handled(*seconds: float, spec: EstimateSpec = SPEC) -> WaitEstimator:
    estimator = WaitEstimator(spec)
    for one in seconds:
        estimator.handled(0.0, one)
    return estimator


def test_the_next_place_comes_as_agents_finish() -> None:
    estimator = handled(100.0, 200.0, 300.0)
    assert estimator.estimate(1.0, 1, 4).seconds == 50.0
    assert estimator.estimate(1.0, 3, 4).seconds == 150.0
    assert estimator.estimate(1.0, 3, 4).why == "3 calls took 200 s on average, 4 at work"


def test_idle_agents_serve_the_first_places() -> None:
    estimator = handled(100.0, 200.0, 300.0)
    assert estimator.estimate(1.0, 2, 4, idle=2).seconds == 0.0
    assert estimator.estimate(1.0, 3, 4, idle=2).seconds == 50.0


@pytest.mark.parametrize(
    ("position", "at_work", "why"),
    [(1, 0, "nobody is at work in this queue"), (0, 3, "it does not wait in line"), (1, 3, "too few contacts lately")],
)
def test_what_is_unknown_is_said_to_be(position: int, at_work: int, why: str) -> None:
    estimate = handled(100.0, 200.0).estimate(1.0, position, at_work)
    assert (estimate.seconds, estimate.why) == (None, why)


def test_waits_serve_while_handling_times_are_few() -> None:
    estimator = handled(100.0)
    for waited, joined_at in ((0.2, 1), (30.0, 1), (90.0, 3), (60.0, 2), (50.0, 0)):
        estimator.answered(0.0, waited, joined_at)
    assert estimator.estimate(1.0, 2, 5).seconds == 60.0
    assert estimator.estimate(1.0, 2, 5).why == "3 contacts waited 30 s for each place on average"


def test_the_past_is_forgotten() -> None:
    estimator = handled(100.0, 100.0, 100.0)
    assert estimator.estimate(600.0, 1, 1).seconds == 100.0
    assert estimator.estimate(600.1, 1, 1).seconds is None


def test_only_the_last_samples_count() -> None:
    estimator = handled(*[1000.0] * 50, *[10.0] * 10)
    assert estimator.estimate(1.0, 1, 1).seconds == 10.0


SAMPLES = st.lists(st.tuples(st.floats(0, 100), st.floats(0, 3600), st.integers(0, 30)), max_size=30)


@settings(max_examples=100)
@given(
    samples=SAMPLES, at_work=st.integers(0, 50), idle=st.integers(0, 5), positions=st.tuples(*[st.integers(1, 99)] * 2)
)
def test_an_estimate_is_honest_and_grows_with_the_position(
    samples: list[tuple[float, float, int]], at_work: int, idle: int, positions: tuple[int, int]
) -> None:
    estimator, now = WaitEstimator(SPEC), 0.0
    for wait, seconds, joined_at in samples:
        now += wait
        estimator.handled(now, seconds)
        estimator.answered(now, seconds, joined_at)
    near, far = (estimator.estimate(now, position, at_work, idle).seconds for position in sorted(positions))
    recent = [seconds for seconds, at in zip(*_recent(samples), strict=True) if at >= now - SPEC.window_s][-SPEC.most :]
    if len(recent) < SPEC.least or not at_work:
        assert near in (None, 0.0)  # at most an idle agent is known
    if near is not None and far is not None:
        assert 0 <= near <= far
        assert math.isfinite(far)
    assert near is not None or far is None
    if recent and len(recent) >= SPEC.least and at_work and min(positions) > idle:
        mean = math.fsum(recent) / len(recent)
        assert near == pytest.approx((min(positions) - idle) * mean / at_work, rel=1e-3, abs=0.1)


def _recent(samples: list[tuple[float, float, int]]) -> tuple[list[float], list[float]]:
    times, now = [], 0.0
    for wait, _, _ in samples:
        now += wait
        times.append(now)
    return [seconds for _, seconds, _ in samples], times


# -- telling --------------------------------------------------------------------------------------------------------


def test_first_after_a_while_then_only_what_is_better() -> None:
    announcer = Announcer(AnnounceSpec(first_s=10, every_s=30), 100.0)
    assert announcer.due(109.9, 5, 200.0) is None
    assert announcer.next_time(109.9) == 110.0
    assert announcer.due(110.0, 5, 200.0) == Announcement(5, 240)
    assert announcer.due(139.0, 1, 1.0) is None
    assert announcer.due(140.0, 5, 230.0) is None  # nothing is better; the next change may be told at once
    assert announcer.next_time(140.0) is None
    assert announcer.due(141.0, 4, 230.0) == Announcement(4, None)
    assert announcer.due(200.0, 4, 30.0) == Announcement(None, 60)


def test_all_is_told_again_when_asked_for() -> None:
    announcer = Announcer(AnnounceSpec(first_s=0, every_s=30, only_improved=False, times=2), 0.0)
    assert announcer.due(0.0, 5, 60.0) == Announcement(5, 60)
    assert announcer.due(30.0, 6, 61.0) == Announcement(6, 120)
    assert announcer.due(60.0, 1, 1.0) is None
    assert announcer.next_time(31.0) is None


def test_limits() -> None:
    spec = AnnounceSpec(first_s=0, position_limit=5, wait_limit_s=300, round_s=60)
    assert Announcer(spec, 0.0).due(0.0, 6, 301.0) is None
    assert Announcer(spec, 0.0).due(0.0, 5, 300.0) == Announcement(5, 300)
    assert Announcer(spec, 0.0).due(0.0, 0, None) is None
    assert Announcer(AnnounceSpec(first_s=0, position=False, wait=False), 0.0).due(0.0, 1, 1.0) is None


@settings(max_examples=150)
@given(
    spec=st.builds(
        AnnounceSpec,
        first_s=st.integers(0, 30).map(float),
        every_s=st.integers(1, 60).map(float),
        only_improved=st.booleans(),
        times=st.integers(0, 4),
        round_s=st.integers(1, 90),
        position_limit=st.integers(0, 5),
        position_more=st.booleans(),
        sooner_s=st.sampled_from([0.0, 0.5]),
        to_first=st.booleans(),
    ),
    asks=st.lists(
        st.tuples(st.floats(0, 40), st.integers(0, 8), st.none() | st.floats(0, 900)), min_size=1, max_size=30
    ),
)
def test_never_more_often_than_the_rule(spec: AnnounceSpec, asks: list[tuple[float, int, float | None]]) -> None:
    announcer, now = Announcer(spec, 0.0), 0.0
    said: list[tuple[float, Announcement]] = []
    for wait, position, wait_s in asks:
        now += wait
        one = announcer.due(now, position, wait_s)
        if one is not None:
            said.append((now, one))
            assert one.position in (None, position)
            assert one.more is None or (one.position is None and one.more == spec.position_limit < position)
            assert spec.to_first or position != 1
            assert one.wait_s is None or (
                one.wait_s % spec.round_s == 0 and wait_s is not None and one.wait_s >= wait_s
            )
            assert one.wait_s is None or wait_s is None or one.wait_s - wait_s <= spec.round_s
        assert announcer.due(now, position, wait_s) is None
    times = [at for at, _ in said]
    assert all(at >= spec.first_s for at in times)
    least_s = spec.sooner_s or spec.every_s
    assert all(later - before >= least_s - 1e-9 for before, later in zip(times, times[1:], strict=False))
    assert not spec.times or len(said) <= spec.times
    if spec.only_improved:
        places = [one.more + 1 if one.more is not None else one.position for _, one in said]
        for told in (places, [one.wait_s for _, one in said]):
            values = [value for value in told if value is not None]
            assert values == sorted(set(values), reverse=True)


def test_a_fault_is_named() -> None:
    check_estimate(SPEC, "estimate")
    check_announce(AnnounceSpec(wait_limit_s=60), "announce")
    with pytest.raises(ConfigError, match=r"estimate\.least is 5; expected at most estimate\.most, which is 4"):
        check_estimate(EstimateSpec(most=4), "estimate")
    with pytest.raises(ConfigError, match=r"announce\.wait_limit_s is 30"):
        check_announce(AnnounceSpec(wait_limit_s=30), "announce")
    check_announce(AnnounceSpec(position_more=True, position_limit=5), "announce")
    with pytest.raises(ConfigError, match=r"announce\.position_limit is 0; expected 2 or more"):
        check_announce(AnnounceSpec(position_more=True), "announce")
    with pytest.raises(ConfigError, match=r"announce\.position_more never comes, for position is false"):
        check_announce(AnnounceSpec(position_more=True, position=False, position_limit=5), "announce")
    with pytest.raises(ConfigError, match=r"announce\.sooner_s is 45; expected less than every_s"):
        check_announce(AnnounceSpec(sooner_s=45), "announce")


def test_an_estimate_may_be_told_once_and_the_position_again() -> None:
    announcer = Announcer(AnnounceSpec(first_s=0, every_s=10, wait_once=True), 0.0)
    assert announcer.due(0.0, 5, 300.0) == Announcement(5, 300)
    assert announcer.due(10.0, 4, 60.0) == Announcement(4, None)


def test_beyond_the_limit_that_there_are_more_than_so_many() -> None:
    spec = AnnounceSpec(first_s=0, every_s=10, wait=False, position_limit=5, position_more=True)
    announcer = Announcer(spec, 0.0)
    assert announcer.due(0.0, 9, None) == Announcement(None, None, 5)
    assert announcer.due(10.0, 6, None) is None, "that is still more than five"
    assert announcer.due(20.0, 5, None) == Announcement(5, None)
    assert announcer.due(30.0, 7, None) is None, "overtaken: that is no improvement"
    again = Announcer(msgspec.structs.replace(spec, only_improved=False), 0.0)
    assert [again.due(at, 9, None) for at in (0.0, 10.0)] == [Announcement(None, None, 5)] * 2


def test_a_better_position_is_told_sooner_than_the_rest() -> None:
    announcer = Announcer(AnnounceSpec(first_s=0, every_s=90, sooner_s=15, only_improved=False), 0.0)
    assert announcer.due(0.0, 5, 300.0) == Announcement(5, 300)
    assert announcer.due(14.0, 4, 300.0) is None
    assert (announcer.next_time(14.0), announcer.watches(14.0)) == (15.0, False)
    assert announcer.due(15.0, 5, 60.0) is None, "neither nearer nor time for all of it"
    assert (announcer.next_time(15.0), announcer.watches(15.0)) == (90.0, True)
    assert announcer.due(20.0, 4, 240.0) == Announcement(4, 240)
    assert announcer.due(110.0, 4, 240.0) == Announcement(4, 240)


def test_the_first_in_line_may_be_left_in_peace() -> None:
    announcer = Announcer(AnnounceSpec(first_s=0, every_s=10, to_first=False), 0.0)
    assert announcer.due(0.0, 1, 60.0) is None
    assert announcer.due(1.0, 2, 60.0) == Announcement(2, 60)
    assert announcer.due(11.0, 1, 30.0) is None
