"""Waiting in tests: for a state, and never for a guessed time.

What tells when it changes is :class:`Watched`. What cannot tell (another process, a database, a native thread) is asked
by :func:`until`. What must NOT come has no time of its own: wait for something that comes after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

import gevent
from gevent.event import Event as Signal

__all__ = ["PATIENCE_S", "Watched", "turns", "until"]

# The limit of a wait for what must come, not its length: on a busy machine a test may stand still for seconds.
PATIENCE_S = 60.0
# Between two looks at what cannot tell that it has changed.
LOOK_S = 0.02


def until(true: Callable[[], Any], what: str = "", patience_s: float = PATIENCE_S) -> None:
    """Look again and again until ``true()``; the test fails after ``patience_s``. Others run meanwhile."""
    with gevent.Timeout(patience_s, AssertionError(f"waited {patience_s:g} s for {what or true}")):
        while not true():
            gevent.sleep(LOOK_S)


class Watched:
    """Something that changes and says so, which a test waits for. Its repr is what the test says when it has waited in
    vain."""

    def __init__(self) -> None:
        self._changed = Signal()

    def changed(self) -> None:
        """Something happened that a test may be waiting for."""
        self._changed.set()

    def until(self, true: Callable[[], Any], what: str = "", patience_s: float = PATIENCE_S) -> None:
        """Wait until ``true()``, which may also become so untold; the test fails after ``patience_s``."""
        end = monotonic() + patience_s
        while not true():
            left = end - monotonic()
            assert left > 0, f"waited {patience_s:g} s for {what or true}: {self!r}"
            self._changed.wait(min(left, 0.05))
            self._changed.clear()


@contextmanager
def turns() -> Iterator[list[None]]:
    """Counts how often the hub turns to its sockets and timers meanwhile: as many as the list has elements."""
    made: list[None] = []
    watcher = gevent.get_hub().loop.prepare()
    watcher.start(made.append, None)
    try:
        yield made
    finally:
        watcher.stop()
        watcher.close()
