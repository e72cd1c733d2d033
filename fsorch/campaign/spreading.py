"""Tries spread over the parts of a day, so that who is never at home in the morning is called in the evening.

A part lasts from its beginning to that of the next, by the clock on the wall; the last one goes on past midnight until
the first. A try is for the part in which it falls, on whatever day. It is a part's turn while no other has fewer tries.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from fsorch.clock import EPOCH

__all__ = ["parts_allow"]


def parts_allow(parts: Sequence[str], zone: str, tries: Sequence[int], now: int) -> int:
    """The first moment from ``now`` on that lies in a part whose turn it is, after ``tries`` (all UTC microseconds).
    ``parts``: when each begins (``17:00``), by the clock of ``zone`` (IANA)."""
    wall = ZoneInfo(zone)
    begins = sorted({time.fromisoformat(one) for one in parts})
    counts = [0] * len(begins)
    for at in tries:
        counts[_part(begins, _local(at, wall))] += 1
    fewest = min(counts)
    if counts[_part(begins, _local(now, wall))] == fewest:
        return now
    today = _local(now, wall).date()
    moments = [
        _micros(datetime.combine(today + timedelta(days=day), begin, wall))
        for day in range(3)
        for begin, count in zip(begins, counts, strict=True)
        if count == fewest
    ]
    return min(at for at in moments if at > now)


def _part(begins: Sequence[time], local: datetime) -> int:
    """Which part this is; before the first begins, the last of the day before goes on."""
    return (bisect_right(begins, local.time().replace(tzinfo=None)) - 1) % len(begins)


def _local(at: int, wall: ZoneInfo) -> datetime:
    return (EPOCH + timedelta(microseconds=at)).astimezone(wall)


def _micros(moment: datetime) -> int:
    return (moment.astimezone(UTC) - EPOCH) // timedelta(microseconds=1)
