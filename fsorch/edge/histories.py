"""Looks up who a new caller is and whom they have met, beside the engine: the database may take its time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import NamedTuple

import gevent
from gevent.queue import Full, Queue

from fsorch.edge.logs import about
from fsorch.engine.facts import Fact, FactKind
from fsorch.engine.inputs import History
from fsorch.errors import FsorchError
from fsorch.store import Store

__all__ = ["Asked", "Histories", "read_history"]

log = logging.getLogger(__name__)

# Beyond these, callers are simply served by anyone; a database that is so far behind has other troubles.
MOST_WAITING = 200
READERS = 2
NEWS = (FactKind.CONTACT_BEGAN, FactKind.CONTACT_FOUND, FactKind.CONTACT_CLAIMED, FactKind.CUSTOMER_KEYED)


class Asked(NamedTuple):
    """Who is to be looked up: the caller of ``contact`` by their ``number``, or as the ``customer`` with this id. For
    ``tenant``: as whose contact they call, empty for nobody's."""

    contact: str
    number: str
    customer: str = ""
    tenant: str = ""


class Histories:
    """``read`` says what is known of somebody; it runs in whatever thread it likes and only its greenlet waits.
    ``feed`` is told what is known, and when nothing is: a flow may wait for it. ``wanted``: whether anybody asks for
    it at present."""

    def __init__(
        self,
        read: Callable[[Asked], History],
        feed: Callable[[History], None],
        wanted: Callable[[], bool],
    ) -> None:
        self._read = read
        self._feed = feed
        self._wanted = wanted
        self._line: Queue[Asked] = Queue(MOST_WAITING)
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
            said = {name: str(fact.data.get(name, "")) for name in ("number", "customer", "tenant")}
            if said["customer"] or (said["number"] and self._wanted()):
                try:
                    self._line.put_nowait(Asked(fact.contact, **said))
                except Full:
                    self.shed += 1

    def _run(self) -> None:
        while True:
            asked = self._line.get()
            try:
                known = self._read(asked)
            except FsorchError as error:
                log.debug("nobody knows who %s is: %s", asked.contact, error, extra=about(contact=asked.contact))
                known = History(asked.contact, tenant=asked.tenant)
            self._feed(known)


def read_history(store: Store, asked: Asked, since: int) -> History:
    """All that the records know of somebody: who that is (to the tenant; or the customer whom they have said to be),
    whom they met since then (UTC microseconds), and when they were asked for their opinion. Blocks on the database.
    Raises StoreError, or NotFound for a customer who is gone."""
    found = store.customers.by_number(asked.number, asked.tenant) if not asked.customer else None
    id = asked.customer or (found.id if found is not None else "")
    return History(
        contact=asked.contact,
        encounters=store.encounters(asked.number, since),
        customer=store.customers.file(id) if id else None,
        surveyed_at=store.customers.surveyed_at(asked.number),
        tenant=asked.tenant,
    )
