"""Looks up whom a new caller has met, beside the engine: the database may take its time, calls never wait for it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

import gevent
from gevent.queue import Full, Queue

from fsorch.acd.affinity import Encounter
from fsorch.engine.facts import Fact, FactKind
from fsorch.engine.inputs import History
from fsorch.errors import FsorchError

__all__ = ["Histories"]

log = logging.getLogger(__name__)

# Beyond these, callers are simply served by anyone; a database that is so far behind has other troubles.
MOST_WAITING = 200
READERS = 2


class Histories:
    """``read`` takes a number and gives the encounters; it runs in whatever thread it likes and only its greenlet
    waits. ``feed`` is told of what was found. ``wanted``: whether any queue asks for it at present."""

    def __init__(
        self,
        read: Callable[[str], tuple[Encounter, ...]],
        feed: Callable[[History], None],
        wanted: Callable[[], bool],
    ) -> None:
        self._read = read
        self._feed = feed
        self._wanted = wanted
        self._line: Queue[tuple[str, str]] = Queue(MOST_WAITING)
        self._readers: list[gevent.Greenlet[[], None]] = []
        self.shed = 0

    def start(self) -> None:
        """Begin to look up."""
        self._readers = [gevent.spawn(self._run) for _ in range(READERS)]

    def stop(self) -> None:
        """End; what waits is not looked up any more."""
        gevent.killall(self._readers)

    def take(self, facts: Iterable[Fact]) -> None:
        """See which contacts are new. Never blocks."""
        for fact in facts:
            if fact.kind is FactKind.CONTACT_BEGAN and fact.data.get("number") and self._wanted():
                try:
                    self._line.put_nowait((fact.contact, fact.data["number"]))
                except Full:
                    self.shed += 1

    def _run(self) -> None:
        while True:
            contact, number = self._line.get()
            try:
                met = self._read(number)
            except FsorchError as error:
                log.debug("nobody knows whom %s has met: %s", contact, error)
                continue
            if met:
                self._feed(History(contact, met))
