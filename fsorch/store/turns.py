"""How long work on the database lets others have their turn."""

from __future__ import annotations

import time
from collections.abc import Callable

from fsorch.clock import Clock
from fsorch.store.database import Db, PooledSqlite

__all__ = ["Turns"]

# Who waits for SQLite's one write lock gives up after BUSY_TIMEOUT_S, and is not woken when it is free: it looks at the
# latest every 100 ms (sqlite3.c, sqliteDefaultBusyCallback). Work that takes the lock again at once may never be seen
# without it. So there is a pause that nobody who waits can miss, after as much work as nobody minds to wait for.
TURN_S = 0.5
PAUSE_S = 0.11


class Turns:
    """The turns of work in many parts, each a transaction. ``pause``: waits for so many seconds."""

    def __init__(self, db: Db, clock: Clock, pause: Callable[[float], None] = time.sleep) -> None:
        self._clock = clock
        self._pause = pause
        # In MySQL rows are locked, and who waits is woken.
        self._is_alone = isinstance(db, PooledSqlite)
        self._began = clock.now().mono

    def between(self) -> None:
        """A part is done, and its transaction has ended: the others' turn, if ours was long enough."""
        if self._is_alone and self._clock.now().mono - self._began >= TURN_S:
            self._pause(PAUSE_S)
            self._began = self._clock.now().mono
