"""When the leads of a list are ready anew: times of day, by the clock on a wall.

Where clocks are changed a time that does not exist is the moment it would have been, and one that comes twice counts
the first time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from fsorch.clock import EPOCH

__all__ = ["last_reset", "next_reset"]


def last_reset(times: Sequence[str], zone: str, now: int) -> int:
    """The newest moment up to ``now`` (both UTC microseconds) at which the clock of ``zone`` (IANA) showed one of these
    ``times`` (``09:00``); 0: there are none."""
    return max((at for at in _moments(times, zone, now) if at <= now), default=0)


def next_reset(times: Sequence[str], zone: str, now: int) -> int:
    """The first moment after ``now`` at which it will show one; 0: there are none."""
    return min((at for at in _moments(times, zone, now) if at > now), default=0)


def _moments(times: Sequence[str], zone: str, now: int) -> list[int]:
    """Those of the two days before, this day, and the two days after."""
    wall = ZoneInfo(zone)
    today = (EPOCH + timedelta(microseconds=now)).astimezone(wall).date()
    days = [today + timedelta(days=n) for n in range(-2, 3)]
    there = [datetime.combine(day, time.fromisoformat(one), wall) for day in days for one in times]
    return [(moment.astimezone(UTC) - EPOCH) // timedelta(microseconds=1) for moment in there]
