"""Tries spread over the parts of a day."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from fsorch.campaign.spreading import parts_allow

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(1_750_000_000_000_000, 1_850_000_000_000_000)
PARTS = st.lists(st.times().map(lambda at: f"{at:%H:%M}"), min_size=2, max_size=5, unique=True)


@given(PARTS, st.sampled_from(["UTC", "Asia/Shanghai", "Asia/Kolkata"]), st.lists(MOMENTS, max_size=12), MOMENTS)
def test_the_answer_is_the_first_moment_in_a_part_with_the_fewest(
    parts: list[str], zone: str, tries: list[int], now: int
) -> None:
    begins = sorted(parts)

    def part(at: int) -> int:
        local = (EPOCH + timedelta(microseconds=at)).astimezone(ZoneInfo(zone))
        return (bisect_right(begins, f"{local:%H:%M}") - 1) % len(begins)

    counts = [sum(part(one) == n for one in tries) for n in range(len(begins))]
    answer = parts_allow(parts, zone, tries, now)
    assert now <= answer <= now + 48 * 3600 * 1_000_000
    assert counts[part(answer)] == min(counts)
    assert parts_allow(parts, zone, tries, answer) == answer
    # No part with the fewest lies between.
    if answer > now:
        assert all(counts[part(at)] > min(counts) for at in (now, (now + answer) // 2, answer - 1))
