"""Deadlines as data: named, replaceable, and asked for in order. Times are monotonic seconds."""

from __future__ import annotations

import heapq

__all__ = ["Key", "Timers"]

# What is due and for whom, such as ("wrap_up", agent id).
Key = tuple[str, str]


class Timers:
    """A heap of named deadlines. Setting a name again moves it; a cancelled or moved entry is dropped when it
    surfaces."""

    def __init__(self) -> None:
        self._at: dict[Key, float] = {}
        self._heap: list[tuple[float, Key]] = []

    def set(self, key: Key, at: float) -> None:
        """``key`` is due at ``at``."""
        self._at[key] = at
        heapq.heappush(self._heap, (at, key))

    def cancel(self, key: Key) -> None:
        """``key`` is not due any more."""
        self._at.pop(key, None)

    def is_set(self, key: Key) -> bool:
        """Whether ``key`` is to come."""
        return key in self._at

    def next(self) -> float | None:
        """When the next deadline is."""
        while self._heap and self._at.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def due(self, now: float) -> list[Key]:
        """Take out what is due by ``now``, earliest first."""
        keys: list[Key] = []
        # What stands first is never later than the next deadline, so nothing is due before it.
        while self._heap and self._heap[0][0] <= now:
            at, key = heapq.heappop(self._heap)
            if self._at.get(key) == at:
                del self._at[key]
                keys.append(key)
        return keys
