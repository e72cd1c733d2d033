"""Virtual time: a heap of what is due, in whole microseconds.

Everything in the virtual switch happens in a callback of this heap, so a run is a function of its inputs and the
seed. Two callbacks due at the same microsecond run in the order in which they were asked for.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable

from fsorch.clock import US

__all__ = ["TICK", "Timeline", "Timer"]

"""Microseconds of a second."""

TICK = 20_000
"""FreeSWITCH's media and time tick: every channel acts, and every event is stamped, on a grid of 20 ms (all
captures)."""


class Timer:
    """Something that is due at ``at`` (virtual microseconds). `cancel` makes it nothing."""

    __slots__ = ("at", "call")

    def __init__(self, at: int, call: Callable[[], None]) -> None:
        self.at = at
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        """Never run it. Idempotent."""
        self.call = None


class Timeline:
    """The heap and the present moment ``now`` (microseconds since the switch started)."""

    def __init__(self) -> None:
        self.now = 0
        self._heap: list[tuple[int, int, Timer]] = []
        self._count = 0

    def at(self, due: int, call: Callable[[], None]) -> Timer:
        """Run ``call`` at ``due``, or now if that is past."""
        timer = Timer(due if due > self.now else self.now, call)
        self._count += 1
        heapq.heappush(self._heap, (timer.at, self._count, timer))
        return timer

    def after(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Run ``call`` in ``seconds`` of virtual time."""
        return self.at(self.now + round(seconds * US), call)

    def next_tick(self) -> int:
        """The first point of the 20 ms grid after now."""
        return (self.now // TICK + 1) * TICK

    def next_due(self) -> int | None:
        """When the next callback is due, or None if nothing is."""
        while self._heap and self._heap[0][2].call is None:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def advance(self, to: int) -> None:
        """Run all that is due until ``to`` and stand there. Going back is a ValueError."""
        if to < self.now:
            raise ValueError(f"virtual time does not go back from {self.now} to {to}")
        heap, pop = self._heap, heapq.heappop
        while heap and heap[0][0] <= to:
            due, _, timer = pop(heap)
            if timer.call is not None:
                self.now = due
                timer.call()
        self.now = to
