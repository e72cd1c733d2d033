"""Looks up who a new caller is and whom they have met, beside the engine: the database may take its time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

import gevent
from gevent.queue import Full, Queue

from fsorch.edge.logs import about
from fsorch.engine.facts import Fact, FactKind
from fsorch.engine.inputs import History
from fsorch.errors import FsorchError
from fsorch.store import Store

__all__ = ["Histories", "read_history"]

log = logging.getLogger(__name__)

# Beyond these, callers are simply served by anyone; a database that is so far behind has other troubles.
MOST_WAITING = 200
READERS = 2
NEWS = (FactKind.CONTACT_BEGAN, FactKind.CONTACT_FOUND, FactKind.CUSTOMER_KEYED)


class Histories:
    """``read`` takes a contact, its number and the id of the customer (empty where the number must do); it runs in
    whatever thread it likes and only its greenlet waits.
    ``feed`` is told what is known, and when nothing is: a flow may wait for it. ``wanted``: whether anybody asks for
    it at present."""

    def __init__(
        self,
        read: Callable[[str, str, str], History],
        feed: Callable[[History], None],
        wanted: Callable[[], bool],
    ) -> None:
        self._read = read
        self._feed = feed
        self._wanted = wanted
        self._line: Queue[tuple[str, str, str]] = Queue(MOST_WAITING)
        self._readers: list[gevent.Greenlet[[], None]] = []
        self.shed = 0

    def start(self) -> None:
        """Begin to look up."""
        self._readers = [gevent.spawn(self._run) for _ in range(READERS)]

    def stop(self) -> None:
        """End; what waits is not looked up any more."""
        gevent.killall(self._readers)

    def take(self, facts: Iterable[Fact]) -> None:
        """See which contacts are new, or new to this life of ours, and who has keyed their customer number. Never
        blocks."""
        for fact in facts:
            if fact.kind not in NEWS:
                continue
            number, customer = str(fact.data.get("number", "")), str(fact.data.get("customer", ""))
            if customer or (number and self._wanted()):
                try:
                    self._line.put_nowait((fact.contact, number, customer))
                except Full:
                    self.shed += 1

    def _run(self) -> None:
        while True:
            contact, number, customer = self._line.get()
            try:
                known = self._read(contact, number, customer)
            except FsorchError as error:
                log.debug("nobody knows who %s is: %s", contact, error, extra=about(contact=contact))
                known = History(contact)
            self._feed(known)


def read_history(store: Store, contact: str, number: str, since: int, customer: str = "") -> History:
    """All that the records know of ``number``: who that is (the ``customer`` with this id, where they have said so),
    whom they met since then (UTC microseconds), and when they were asked for their opinion. Blocks on the database.
    Raises StoreError, or NotFound for a customer who is gone."""
    found = store.customers.by_number(number) if not customer else None
    id = customer or (found.id if found is not None else "")
    return History(
        contact=contact,
        encounters=store.encounters(number, since),
        customer=store.customers.file(id) if id else None,
        surveyed_at=store.customers.surveyed_at(number),
    )
