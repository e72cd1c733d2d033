"""Wrap-up: its modes, its end, and more of it."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsorch.acd.wrap_up import WrapUp
from fsorch.errors import ConfigError, RequestRefused
from fsorch.rules import WrapUpMode, WrapUpSpec, check_wrap_up

FIXED = WrapUpSpec(mode=WrapUpMode.FIXED, seconds=30)
MANUAL = WrapUpSpec(mode=WrapUpMode.MANUAL)
BOXED = WrapUpSpec(mode=WrapUpMode.BOXED, seconds=30)
LOCKED = WrapUpSpec(mode=WrapUpMode.BOXED, seconds=30, may_end_early=False)
EXTENSION = WrapUpSpec(mode=WrapUpMode.EXTENSION, seconds=30, extension_s=20, max_s=60)


@pytest.mark.parametrize(
    ("spec", "ends_at", "may_end"),
    [
        (FIXED, 130.0, False),
        (MANUAL, None, True),
        (WrapUpSpec(mode=WrapUpMode.MANUAL, max_s=600), 700.0, True),
        (BOXED, 130.0, True),
        (LOCKED, 130.0, False),
        (EXTENSION, 130.0, True),
    ],
)
def test_modes(spec: WrapUpSpec, ends_at: float | None, may_end: bool) -> None:
    wrap_up = WrapUp(spec, 100.0)
    assert (wrap_up.ends_at, wrap_up.may_end, wrap_up.due) == (ends_at, may_end, True)
    assert not wrap_up.over(129.9)
    if ends_at is not None:
        assert wrap_up.over(ends_at)
    if may_end:
        wrap_up.check_end(100.0)
    else:
        with pytest.raises(RequestRefused, match="20 s are left, and this wrap-up is not ended early"):
            wrap_up.check_end(110.0)
        wrap_up.check_end(130.0)


def test_no_seconds_is_no_wrap_up() -> None:
    assert not WrapUp(WrapUpSpec(seconds=0), 100.0).due
    assert WrapUp(MANUAL, 100.0).due


def test_more_time_up_to_the_most() -> None:
    wrap_up = WrapUp(EXTENSION, 100.0)
    assert wrap_up.extend(101.0) == 150.0
    assert wrap_up.extend(102.0) == 160.0
    with pytest.raises(RequestRefused, match="60 s long: extend is not possible now; that is the longest"):
        wrap_up.extend(103.0)
    assert wrap_up.ends_at == 160.0


@pytest.mark.parametrize("spec", [FIXED, MANUAL, BOXED, LOCKED])
def test_other_modes_have_no_more_time(spec: WrapUpSpec) -> None:
    wrap_up = WrapUp(spec, 100.0)
    with pytest.raises(RequestRefused, match="only mode extension"):
        wrap_up.extend(101.0)


def test_what_is_over_is_not_extended() -> None:
    with pytest.raises(RequestRefused, match="is over"):
        WrapUp(EXTENSION, 100.0).extend(130.0)


def test_a_restart_takes_it_up() -> None:
    wrap_up = WrapUp(EXTENSION, -40.0)  # began before this clock did
    wrap_up.resume(10.0)
    assert wrap_up.ends_at == 10.0
    wrap_up.resume(1000.0)
    assert wrap_up.ends_at == 20.0
    manual = WrapUp(MANUAL, -40.0)
    manual.resume(None)
    assert manual.ends_at is None


SPECS = st.one_of(
    st.builds(
        WrapUpSpec,
        mode=st.sampled_from([WrapUpMode.FIXED, WrapUpMode.BOXED]),
        seconds=st.integers(0, 60).map(float),
        may_end_early=st.booleans(),
    ),
    st.builds(WrapUpSpec, mode=st.just(WrapUpMode.MANUAL), max_s=st.integers(0, 60).map(float)),
    st.builds(
        lambda seconds, more, extension, early: WrapUpSpec(
            mode=WrapUpMode.EXTENSION,
            seconds=seconds,
            extension_s=extension,
            max_s=seconds + more,
            may_end_early=early,
        ),
        st.integers(0, 60).map(float),
        st.integers(1, 60).map(float),
        st.integers(1, 30).map(float),
        st.booleans(),
    ),
)


@settings(max_examples=150)
@given(spec=SPECS, began=st.integers(-1000, 1000).map(float), acts=st.lists(st.tuples(st.floats(0, 20), st.booleans())))
def test_wrap_up_is_honoured_and_never_too_long(spec: WrapUpSpec, began: float, acts: list[tuple[float, bool]]) -> None:
    check_wrap_up(spec, "wrap_up")
    wrap_up, now = WrapUp(spec, began), began
    longest = spec.max_s if spec.mode in (WrapUpMode.MANUAL, WrapUpMode.EXTENSION) else spec.seconds
    for wait, extend in acts:
        now += wait
        before = wrap_up.ends_at
        if extend:
            with contextlib.suppress(RequestRefused):
                wrap_up.extend(now)
        if before is not None:
            assert wrap_up.ends_at is not None
            assert before <= wrap_up.ends_at <= began + longest
            assert spec.mode is WrapUpMode.MANUAL or wrap_up.ends_at >= began + spec.seconds
        if not wrap_up.over(now) and not wrap_up.may_end:
            with pytest.raises(RequestRefused):
                wrap_up.check_end(now)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (WrapUpSpec(mode=WrapUpMode.EXTENSION, max_s=60), r"w\.extension_s is 0"),
        (WrapUpSpec(extension_s=5), r"w\.extension_s is 5, but the mode is boxed; expected mode extension"),
        (
            WrapUpSpec(mode=WrapUpMode.EXTENSION, seconds=30, extension_s=5, max_s=30),
            r"w\.max_s is 30; expected more than seconds, which is 30",
        ),
        (WrapUpSpec(mode=WrapUpMode.FIXED, max_s=5), r"w\.max_s is 5, but in mode fixed 'seconds' is the longest"),
    ],
)
def test_a_fault_is_named(spec: WrapUpSpec, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        check_wrap_up(spec, "w")
