"""When lists are reset by the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsorch.campaign.resets import last_reset, next_reset

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe", "Pacific/Apia")


def us(text: str, zone: str = "Europe/Berlin") -> int:
    local = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    return (local.astimezone(UTC) - EPOCH) // timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("now", "last", "next"),
    [
        ("2027-03-10T08:59", "2027-03-09T14:00", "2027-03-10T09:00"),
        ("2027-03-10T09:00", "2027-03-10T09:00", "2027-03-10T14:00"),
        ("2027-03-10T23:59", "2027-03-10T14:00", "2027-03-11T09:00"),
        # The night on which clocks go forward.
        ("2027-03-28T08:00", "2027-03-27T14:00", "2027-03-28T09:00"),
    ],
)
def test_by_the_clock_on_the_wall(now: str, last: str, next: str) -> None:
    times = ("14:00", "09:00")
    assert last_reset(times, "Europe/Berlin", us(now)) == us(last)
    assert next_reset(times, "Europe/Berlin", us(now)) == us(next)


def test_without_times_there_is_none() -> None:
    assert last_reset((), "UTC", us("2027-03-10T08:59")) == next_reset((), "UTC", us("2027-03-10T08:59")) == 0


@given(
    st.lists(st.times().map(lambda at: f"{at:%H:%M}"), min_size=1, max_size=4),
    st.sampled_from(ZONES),
    st.integers(1_500_000_000_000_000, 2_000_000_000_000_000),
)
def test_now_lies_between_the_last_and_the_next(times: list[str], zone: str, now: int) -> None:
    last, coming = last_reset(times, zone, now), next_reset(times, zone, now)
    assert last <= now < coming
    assert coming - last <= 26 * 3600 * 1_000_000
    # Nothing lies between them.
    assert next_reset(times, zone, last) >= coming or next_reset(times, zone, last) == coming
    assert last_reset(times, zone, coming) == coming
