"""How long a contact will wait, as well as that can be known, and when the caller is told.

Times are monotonic seconds. An estimate is an honest one: with too little to go by it is unknown, not zero.
"""

from __future__ import annotations

import math
from collections import deque

import msgspec

from fsorch.rules import AnnounceSpec, EstimateSpec

__all__ = ["Announcement", "Announcer", "Estimate", "WaitEstimator"]

# Who was served sooner than this found an agent free, and says nothing about waiting.
AT_ONCE_S = 1.0


class Estimate(msgspec.Struct, frozen=True):
    """Seconds to wait, or None: unknown. ``why`` is a phrase for people: what it is made of, or what is missing."""

    seconds: float | None
    why: str


class Window:
    """The pairs of numbers of the recent past. The sums are whole thousandths, so that they never drift."""

    __slots__ = ("_length_s", "_most", "_samples", "first", "second")

    def __init__(self, spec: EstimateSpec) -> None:
        self._length_s = spec.window_s
        self._most = spec.most
        self._samples: deque[tuple[float, int, int]] = deque()
        self.first = 0
        self.second = 0

    def add(self, now: float, first: float, second: float) -> None:
        """One more pair; the oldest goes when there are too many."""
        sample = (now, round(first * 1000), round(second * 1000))
        self._samples.append(sample)
        self.first += sample[1]
        self.second += sample[2]
        if len(self._samples) > self._most:
            self._drop()

    def count(self, now: float) -> int:
        """How many there are, without those that are too old."""
        while self._samples and self._samples[0][0] < now - self._length_s:
            self._drop()
        return len(self._samples)

    def _drop(self) -> None:
        _, first, second = self._samples.popleft()
        self.first -= first
        self.second -= second


class WaitEstimator:
    """The recent past of one queue. ``now`` never goes back."""

    __slots__ = ("_handled", "_waited", "spec")

    def __init__(self, spec: EstimateSpec) -> None:
        self.spec = spec
        self._handled = Window(spec)
        self._waited = Window(spec)

    def handled(self, now: float, handled_s: float) -> None:
        """An agent is free again after ``handled_s`` of talk and wrap-up for this queue."""
        self._handled.add(now, max(0.0, handled_s), 1.0)

    def answered(self, now: float, waited_s: float, joined_at: int) -> None:
        """A contact was answered that had waited so long and joined at this position (from 1)."""
        if waited_s >= AT_ONCE_S and joined_at >= 1:
            self._waited.add(now, waited_s, float(joined_at))

    def estimate(self, now: float, position: int, at_work: float, idle: int = 0) -> Estimate:
        """The wait from now on of the contact at ``position`` (from 1). ``at_work``: agents who serve this queue, busy
        or idle; one who serves several may count in part. ``idle``: those free for it.

        With known handling times: a place is worth the mean of them, shared by the agents. Else: what a place was worth
        to those who were answered lately."""
        if position < 1:
            return Estimate(None, "it does not wait in line")
        if at_work <= 0:
            return Estimate(None, "nobody is at work in this queue")
        if position <= idle:
            return Estimate(0.0, "an agent is free")
        places = position - max(0, idle)
        count = self._handled.count(now)
        if count >= self.spec.least:
            mean = self._handled.first / self._handled.second
            return Estimate(places * mean / at_work, f"{count} calls took {mean:.0f} s on average, {at_work:g} at work")
        count = self._waited.count(now)
        if count >= self.spec.least:
            worth = self._waited.first / self._waited.second
            return Estimate(places * worth, f"{count} contacts waited {worth:.0f} s for each place on average")
        return Estimate(None, "too few contacts lately")


class Announcement(msgspec.Struct, frozen=True):
    """What to tell the caller; None: nothing about it. ``more``: not the position, but that more than so many are
    waiting. ``wait_s`` is rounded."""

    position: int | None
    wait_s: int | None
    more: int | None = None


class Announcer:
    """When one caller is told what. ``since``: when they joined, or when a restart of ours found them."""

    __slots__ = ("_next", "_position", "_sooner", "_spec", "_times", "_wait")

    def __init__(self, spec: AnnounceSpec, since: float) -> None:
        self._spec = spec
        # From when on anything may be said, and from when on a better position may.
        self._next = self._sooner = since + spec.first_s
        self._times = 0
        self._position: int | None = None
        self._wait: int | None = None

    def due(self, now: float, position: int, wait_s: float | None) -> Announcement | None:
        """What to say now, or None; what is returned counts as said. ``position`` from 1 (0: none), ``wait_s``: the
        estimate, None when unknown."""
        spec = self._spec
        if self._silent or now < self._sooner or (position == 1 and not spec.to_first):
            return None
        place = self._tell_position(position)
        if now < self._next and (place is None or self._position is None or place >= self._position):
            return None
        wait = self._tell_wait(wait_s)
        if place is None and wait is None:
            return None
        self._next = now + spec.every_s
        self._sooner = now + (spec.sooner_s or spec.every_s)
        self._times += 1
        self._position = place if place is not None else self._position
        self._wait = wait if wait is not None else self._wait
        if place is not None and 0 < spec.position_limit < place:
            return Announcement(None, wait, spec.position_limit)
        return Announcement(place, wait)

    def next_time(self, now: float) -> float | None:
        """The soonest time, after ``now``, at which something may be said that may not now."""
        ahead = [time for time in (self._sooner, self._next) if time > now]
        return None if self._silent or not ahead else min(ahead)

    def watches(self, now: float) -> bool:
        """Whether something would be said now if position or estimate changed: only then is :meth:`due` worth asking
        before :meth:`next_time`."""
        return not self._silent and self._sooner <= now

    @property
    def _silent(self) -> bool:
        return 0 < self._spec.times <= self._times

    def _tell_position(self, position: int) -> int | None:
        """The position to tell; all those beyond the limit count as the one after it."""
        limit = self._spec.position_limit
        if not self._spec.position or position < 1:
            return None
        if 0 < limit < position:
            if not self._spec.position_more:
                return None
            position = limit + 1
        return position if self._better(position, self._position) else None

    def _tell_wait(self, wait_s: float | None) -> int | None:
        if not self._spec.wait or wait_s is None or not math.isfinite(wait_s):
            return None
        if self._spec.wait_once and self._wait is not None:
            return None
        step, limit = self._spec.round_s, self._spec.wait_limit_s
        rounded = max(1, math.ceil(wait_s / step)) * step
        if 0 < limit < rounded:
            return None
        return rounded if self._better(rounded, self._wait) else None

    def _better(self, value: int, before: int | None) -> bool:
        return before is None or value < before or not self._spec.only_improved
