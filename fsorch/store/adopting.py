"""Contacts of before a queue or number was a tenant's: given to it when somebody says so.

They ended as nobody's, and a report that was sent to a client does not change by itself. A contact that was in a queue
which another tenant has now is left out: it may be theirs as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec
from peewee import fn

from fsorch.config import Centre
from fsorch.errors import NotFound, RequestRefused
from fsorch.store.customer_models import PromiseRecord
from fsorch.store.database import Db, writing
from fsorch.store.models import ContactRecord, SegmentRecord
from fsorch.store.part import Audit, Use
from fsorch.tenancy import Tenancy

__all__ = ["Adopted", "Adoption", "adopt", "adoption_of"]

PAGE = 1_000


class Adoption(msgspec.Struct, frozen=True, kw_only=True):
    """Whose contacts become whose: those that came last to these ``queues`` of the ``tenant``, and of those that came
    to none the ones that called its ``numbers``. ``others``: the queues that other tenants have."""

    tenant: str
    queues: tuple[str, ...]
    numbers: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


class Adopted(msgspec.Struct, frozen=True, kw_only=True):
    """What has come of it. ``contacts`` by queue, under no name those that called a number and came into no queue;
    ``left_out``: those that another tenant's queue has had as well; ``applied``: it was done, and not only counted."""

    tenant: str
    contacts: dict[str, int]
    promises: int
    left_out: int
    applied: bool


def adoption_of(centre: Centre, tenant: str, queue: str = "") -> Adoption:
    """What ``tenant`` has that contacts may have come to before; ``queue``: this one alone. Raises NotFound for a
    tenant or queue that is not there, and RequestRefused for a queue that is not this tenant's."""
    tenancy = Tenancy(centre)
    if tenant not in tenancy.tenants:
        raise NotFound("tenant", tenant, known=tenancy.tenants)
    owners = tenancy.owners.queues
    if queue and queue not in owners:
        raise NotFound("queue", queue, known=owners)
    if queue and owners[queue] != tenant:
        whose = f"of the tenant {owners[queue]}" if owners[queue] else "nobody's"
        hint = f"give it to the tenant first: fsorch queue set {queue} tenant={tenant}"
        raise RequestRefused(f"the queue {queue}", whose, f"to give its contacts to {tenant}", hint)
    others = tuple(id for id, owner in owners.items() if owner not in ("", tenant))
    if queue:
        return Adoption(tenant=tenant, queues=(queue,), others=others)
    numbers = tuple(one for one in tenancy.holdings(tenant)["numbers"] if "@" not in one)
    return Adoption(tenant=tenant, queues=tenancy.queues(tenant), numbers=numbers, others=others)


def adopt(
    use: Use,
    audit: Audit,
    wanted: Adoption,
    by: str,
    *,
    dry_run: bool,
) -> Adopted:
    """Give the contacts that have ended, and what was promised in them, to the tenant, a part at a time; audited.
    With ``dry_run`` they are only counted. Contacts under way are the engine's to give."""
    counts: Counter[str] = Counter()
    promises = left_out = 0
    with use() as db:
        for page in _pages(db, wanted):
            other = _elsewhere(db, list(page), wanted.others)
            ids = [id for id in page if id not in other]
            left_out += len(other)
            counts.update(page[id] for id in ids)
            promises += _give(db, ids, wanted.tenant, dry_run=dry_run)
        found = Adopted(
            tenant=wanted.tenant,
            contacts=dict(sorted(counts.items())),
            promises=promises,
            left_out=left_out,
            applied=not dry_run and bool(counts),
        )
        if found.applied:
            audit(by, "tenant.adopt", msgspec.structs.asdict(found) | {"queues": wanted.queues})
    return found


def _pages(db: Db, wanted: Adoption) -> Iterator[dict[str, str]]:
    """The contacts that may be meant, each with its queue, in the order of their ids."""
    contact = ContactRecord
    there = contact.queue.in_(list(wanted.queues))
    if wanted.numbers:
        there |= (contact.queue == "") & contact.destination.in_(list(wanted.numbers))
    query = contact.select(contact.id, contact.queue).where(contact.tenant == "", contact.ended_at > 0, there)
    last = ""
    while page := dict(query.where(contact.id > last).order_by(contact.id).limit(PAGE).tuples().execute(db)):
        yield page
        last = max(page)


def _elsewhere(db: Db, ids: list[str], queues: Sequence[str]) -> set[str]:
    """Those of the contacts that were in one of these queues."""
    been = SegmentRecord.select(SegmentRecord.contact).where(
        SegmentRecord.contact.in_(ids), SegmentRecord.queue.in_(list(queues))
    )
    return {row[0] for row in been.tuples().execute(db)} if queues else set()


def _give(db: Db, ids: list[str], tenant: str, *, dry_run: bool) -> int:
    """Make the contacts the tenant's, and what was promised in them; how many promises there are."""
    theirs = (PromiseRecord.contact.in_(ids), PromiseRecord.tenant == "")
    if dry_run:
        return int(PromiseRecord.select(fn.COUNT(PromiseRecord.id)).where(*theirs).scalar(db) or 0)
    with writing(db):
        free = (ContactRecord.id.in_(ids), ContactRecord.tenant == "")
        ContactRecord.update({"tenant": tenant}).where(*free).execute(db)
        return int(PromiseRecord.update({"tenant": tenant}).where(*theirs).execute(db))
