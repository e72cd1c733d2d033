"""The chain of the audit: each entry carries a hash over itself and the hash of the entry before it.

::

    entry 1 ---------> entry 2 ---------> entry 3 <--- head (meta table: place and hash of the newest)
    hash(ROOT, 1)      hash(hash 1, 2)    hash(hash 2, 3)

Who changes an entry, takes one out, puts one in or cuts the end off has to write every later hash and the head anew;
one head that was noted elsewhere (``fsorch audit verify`` prints it) then shows that. The writers of one database take
turns at the head's row, whatever process they are in.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator

import msgspec

from fsorch.store.database import Db, PooledMysql, writing
from fsorch.store.models import AuditRecord, MetaRecord

__all__ = ["HEAD", "ROOT", "ChainReport", "Entry", "add_entry", "head_text", "link", "verify_chain"]

# The name of the head's row in the meta table.
HEAD = "audit.head"
# What stands before the first entry.
ROOT = "0" * 64
PAGE = 1_000


class Entry(msgspec.Struct, frozen=True):
    """What an entry says; ``what`` is JSON as it is stored."""

    id: str
    at: int
    who: str
    act: str
    what: str


class ChainReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a look at the chain found. ``checked`` entries fit before the ``fault``, which is one sentence, empty when
    all is well; ``place`` and ``id``: of the first entry that does not fit, 0 and empty where it is none that is
    there. ``head_place`` and ``head``: the newest entry's place and hash as the database has noted them."""

    checked: int
    head_place: int
    head: str
    fault: str = ""
    place: int = 0
    id: str = ""


def link(before: str, place: int, entry: Entry) -> str:
    """The hash of the entry at ``place``, where ``before`` is that of the one before it."""
    told = [before, place, entry.id, entry.at, entry.who, entry.act, entry.what]
    return hashlib.sha256(json.dumps(told, ensure_ascii=True, separators=(",", ":")).encode()).hexdigest()


def head_text(place: int, hash: str) -> str:
    """The head as its row has it."""
    return f"{place} {hash}"


def add_entry(db: Db, entry: Entry) -> None:
    """Put ``entry`` at the end of the chain: a transaction of its own, or a part of the one that is open."""
    with writing(db):
        place, before = _read_head(db, lock=True)
        hash = link(before, place + 1, entry)
        AuditRecord.insert(msgspec.structs.asdict(entry) | {"place": place + 1, "hash": hash}).execute(db)
        MetaRecord.update(value=head_text(place + 1, hash)).where(MetaRecord.name == HEAD).execute(db)


def verify_chain(db: Db, *, last: int = 0, noted: tuple[int, str] | None = None) -> ChainReport:
    """Whether the chain holds: all of it, or the ``last`` entries. ``noted``: place and hash of a head that somebody
    wrote down, which must be in it still. Call it in a transaction, so that nobody writes meanwhile."""
    place, head = _read_head(db)
    found = ChainReport(checked=0, head_place=place, head=head)
    if noted is not None and (fault := _noted_fault(db, *noted)):
        return msgspec.structs.replace(found, fault=fault, place=noted[0])
    stranger = AuditRecord.select(AuditRecord.id).where(AuditRecord.place.is_null()).order_by(AuditRecord.id).first(db)
    if stranger is not None:
        fault = "the entry was put in past the chain, by hand or by an older fsorch that still runs"
        return msgspec.structs.replace(found, fault=fault, id=stranger.id)
    return _walk(db, found, max(0, place - last) if last else 0)


def _walk(db: Db, found: ChainReport, after: int) -> ChainReport:
    """``found``, with what the entries after that place say."""
    hash, place = _hash_at(db, after), after
    for here, record in _records(db, after):
        entry = Entry(record.id, record.at, record.who, record.act, record.what)
        fault = ""
        if here != place + 1:
            fault = f"entries {place + 1} to {here - 1} are gone" if here > place else "it stands twice"
        elif record.hash != link(hash, here, entry):
            fault = f"entry {here} does not say what it said when it was written, or is another"
        if fault:
            return msgspec.structs.replace(found, checked=place - after, fault=fault, place=here, id=record.id)
        hash, place = record.hash, here
    found = msgspec.structs.replace(found, checked=place - after)
    if (place, hash) == (found.head_place, found.head):
        return found
    fault = "the head was changed"
    if place < found.head_place:
        fault = f"entries {place + 1} to {found.head_place} are gone: the newest have been cut off"
    elif place > found.head_place:
        fault = f"entries after {found.head_place} are newer than the head says"
    return msgspec.structs.replace(found, fault=fault, place=min(place, found.head_place) + 1)


def _noted_fault(db: Db, place: int, hash: str) -> str:
    there = _hash_at(db, place)
    if not there:
        return f"there is no entry {place}, which was noted: the chain was cut off, or written anew"
    return "" if there == hash else f"entry {place} is not the one that was noted: the chain was written anew"


def _hash_at(db: Db, place: int) -> str:
    """The hash of the entry there; empty where there is none."""
    if place == 0:
        return ROOT
    return AuditRecord.select(AuditRecord.hash).where(AuditRecord.place == place).scalar(db) or ""


def _records(db: Db, after: int) -> Iterator[tuple[int, AuditRecord]]:
    """The chained entries after that place, in order, each with its place; needs the memory of one page."""
    while True:
        query = AuditRecord.select().where(AuditRecord.place > after).order_by(AuditRecord.place, AuditRecord.id)
        rows: Iterable[AuditRecord] = query.limit(PAGE).execute(db)
        page = [(row.place or 0, row) for row in rows]
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1][0]


def _read_head(db: Db, *, lock: bool = False) -> tuple[int, str]:
    """Place and hash of the newest entry. With ``lock`` nobody else adds one before this transaction ends."""
    query = MetaRecord.select(MetaRecord.value).where(MetaRecord.name == HEAD)
    if lock and isinstance(db, PooledMysql):
        query = query.for_update()
    place, _, hash = (query.scalar(db) or head_text(0, ROOT)).partition(" ")
    return int(place) if place.isdecimal() else 0, hash
