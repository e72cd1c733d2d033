"""Time as a value.

The engine and the machines never read a clock: each step is told a :class:`Moment`. Intervals are measured on the
monotonic side (seconds), what is written down comes from the wall side (UTC, microseconds since 1970).
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol

import msgspec

__all__ = ["DAY_US", "EPOCH", "HOUR_US", "US", "Clock", "ManualClock", "Moment", "SystemClock", "to_datetime"]

# Microseconds of a second, an hour, a day; and what they are counted from.
US = 1_000_000
HOUR_US, DAY_US = 3_600 * US, 86_400 * US
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Moment(msgspec.Struct, frozen=True, order=True):
    """One instant. ``mono``: seconds on a clock that never jumps. ``wall``: UTC microseconds since 1970."""

    mono: float
    wall: int

    def later(self, seconds: float) -> Moment:
        """The moment ``seconds`` after this one."""
        return Moment(self.mono + seconds, self.wall + round(seconds * 1_000_000))


class Clock(Protocol):
    """Whatever can tell the moment."""

    def now(self) -> Moment:
        """The present moment."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> Moment:
        """Monotonic seconds and UTC microseconds, read together."""
        return Moment(time.monotonic(), time.time_ns() // 1_000)


class ManualClock:
    """A clock that moves only when told to: for tests and for virtual time."""

    def __init__(self, mono: float = 0.0, wall: int = 1_800_000_000_000_000) -> None:
        self._moment = Moment(mono, wall)

    def now(self) -> Moment:
        """Where the clock was left."""
        return self._moment

    def advance(self, seconds: float) -> Moment:
        """Move forward by ``seconds`` (ValueError when negative) and return the new moment."""
        if seconds < 0:
            raise ValueError("a clock does not go back")
        self._moment = self._moment.later(seconds)
        return self._moment


def to_datetime(wall_us: int) -> datetime:
    """UTC datetime of a wall time in microseconds, exact to the microsecond."""
    seconds, micros = divmod(wall_us, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=micros)
