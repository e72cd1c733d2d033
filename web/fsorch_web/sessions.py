"""The sessions that are open: how many a person may have, and how long one lasts. Pure: time is an argument.

The cookie is the session; what is kept here is which were ended, and when each was used last. After a restart of the
server a session is known again from its next request. ``now`` is a moment of the monotonic clock, in seconds.
"""

from __future__ import annotations

from collections import OrderedDict

__all__ = ["Sessions"]

# Ended sessions are remembered until their cookie is too old by itself.
ENDED_KEPT = 10_000
# People who have a session; the one who was quiet longest is forgotten first.
PEOPLE_KEPT = 10_000


class Sessions:
    """``most``: at once for one person (0: as many as they like)."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._ended: OrderedDict[str, None] = OrderedDict()
        self._used: OrderedDict[str, OrderedDict[str, float]] = OrderedDict()

    def begin(self, login: str, key: str, now: float) -> list[str]:
        """A session begins (monotonic seconds); gives the keys of those that have to end for it."""
        used = self._of(login)
        used[key] = now
        over = len(used) - self._most if self._most else 0
        return list(used)[: max(0, over)]

    def is_idle(self, login: str, key: str, now: float, idle_s: float) -> bool:
        """Whether nothing has been asked in it for longer than ``idle_s`` (0: it may rest as long as it likes)."""
        used = self._used.get(login)
        return bool(idle_s) and used is not None and now - used.get(key, now) > idle_s

    def use(self, login: str, key: str, now: float) -> None:
        """A request in this session."""
        used = self._of(login)
        used[key] = now
        used.move_to_end(key)
        while len(used) > ENDED_KEPT:
            used.popitem(last=False)

    def end(self, key: str) -> None:
        """The session is over, also for a copy of its cookie."""
        self._ended[key] = None
        for used in self._used.values():
            used.pop(key, None)
        while len(self._ended) > ENDED_KEPT:
            self._ended.popitem(last=False)

    def is_live(self, key: str) -> bool:
        """Whether the session was begun and not ended."""
        return bool(key) and key not in self._ended

    def _of(self, login: str) -> OrderedDict[str, float]:
        used = self._used.setdefault(login, OrderedDict())
        self._used.move_to_end(login)
        while len(self._used) > PEOPLE_KEPT:
            self._used.popitem(last=False)
        return used
