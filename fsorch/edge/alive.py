"""A sign of life for the process after this one: until when a switch was listened to.

What the records leave open went on until then at least. A process that dies before any switch has told it what it has
knows no more than the one before it, so it leaves the sign as it was: after two kills in short succession, calls that
ended in the first outage would otherwise count as alive until the second.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

from fsorch.engine.facts import Fact, FactKind

__all__ = ["Alive"]


class Alive:
    """The time of the file ``alive`` in ``home``."""

    def __init__(self, home: Path) -> None:
        self._path = home / "alive"
        self._heard: set[str] = set()

    def last(self) -> int:
        """When it was given last, in UTC microseconds; 0 if it never was."""
        try:
            return self._path.stat().st_mtime_ns // 1_000
        except OSError:
            return 0

    def take(self, facts: Iterable[Fact]) -> None:
        """Follow the links. The fact comes after the engine has taken in what the switch has."""
        for fact in facts:
            if fact.kind is FactKind.LINK_UP:
                self._heard.add(fact.switch)
            elif fact.kind is FactKind.LINK_DOWN:
                self._heard.discard(fact.switch)

    def beat(self) -> None:
        """Give it, if there is reason to. A home that cannot be written is told of by the spool, which is in it."""
        if self._heard:
            with contextlib.suppress(OSError):
                self._path.touch(mode=0o600)
