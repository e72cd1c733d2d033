"""Lists of leads as a whole: made, counted, read from end to end, removed; and files taken into them.

An import writes its leads in batches. Each batch is one transaction, which also says how many rows of the file have
been read: a process that is killed has written a batch whole or not at all, and the next one goes on after it.
"""

from __future__ import annotations

import random
import re
import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from operator import le
from typing import Any

import msgspec
from peewee import fn

from fsorch.campaigns import ConsentRow, Lead, LeadNumber, LeadState, Outcome
from fsorch.clock import Clock
from fsorch.e164 import NumberReader
from fsorch.errors import ConfigError, NotFound, RequestRefused
from fsorch.store.attempts import ListCounts, count_list
from fsorch.store.consents import consent_values
from fsorch.store.database import Db, PooledSqlite, roomy, writing
from fsorch.store.lead_models import (
    ConsentRecord,
    Gate,
    LeadImportRecord,
    LeadListRecord,
    LeadNumberRecord,
    LeadRecord,
)
from fsorch.store.lead_reopening import resume
from fsorch.store.lead_resets import Within, note_reset, reset_leads, was_reset
from fsorch.store.lead_rows import gate_of, next_number, number_value, read_leads
from fsorch.store.models import MetaRecord
from fsorch.store.part import Part
from fsorch.store.turns import Turns
from fsorch.store.values import clean, cut, dump_json

__all__ = ["ImportState", "LeadList", "Lists", "claim_ids", "ids_of", "lead_row", "number_rows"]

# As fsorch.campaigns.Word, by which campaigns name it.
WORD = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")
NEXT_ID = "lead.next_id"
PAGE = 1_000
# For the ids in their order the database looks through the whole list each time: so many at once.
AHEAD = 50_000
# A page of a list is looked for among so many times as many rows of the table before it is sorted for.
STRETCH = 20
# Of each list so many leads, from either end, tell what fields there are.
FEW_LEADS = 100
# Values of one statement: below the bound of every SQLite of these years, and a megabyte of MySQL's.
VALUES = 5_000
Ids = list[int]
COLUMNS = tuple(field.column_name for field in LeadRecord._meta.sorted_fields)
# How long each text of a lead may be, in the order of _lead_tuple.
WIDTHS = (64, 255, 64, 64, 16, 64, 32, 16, 16, 64, 64, 64, 255, 64)


OPEN = Gate.OPEN.value


class LeadList(msgspec.Struct, frozen=True, kw_only=True):
    """A list. ``region``: the country of numbers that are written without a code."""

    id: str
    title: str = ""
    region: str = ""
    created_at: int = 0
    by: str = ""


class ImportState(msgspec.Struct, frozen=True, kw_only=True):
    """How far the import of a file has come: of the ``rows`` that were read, ``taken`` are leads, ``refused`` are none,
    and ``doubles`` were there already. ``print`` tells the file and how it is read from others; ``errors``: so many
    bytes of the file of errors are true. Under way while ``ended_at`` is 0."""

    id: str
    list: str
    path: str
    print: str
    options: dict[str, Any]
    rows: int = 0
    taken: int = 0
    refused: int = 0
    doubles: int = 0
    errors: int = 0
    began_at: int = 0
    ended_at: int = 0
    by: str = ""


class Lists(Part):
    """The lists of one store."""

    def make(self, made: LeadList, by: str) -> LeadList:
        """Make a list, or change title and region of the one there is; audited. Raises ConfigError for an id or a
        region that cannot be."""
        if not WORD.fullmatch(made.id):
            raise ConfigError(
                f"the list is called {made.id[:70]!r}; expected up to 63 of a-z, 0-9, '_', '-' and '.', as in spring-27"
            )
        NumberReader(made.region)
        values = {"title": cut(made.title, 255), "region": cut(made.region, 16)}
        now = self._clock.now().wall
        with self._use() as db, writing(db):
            if LeadListRecord.select().where(LeadListRecord.id == made.id).exists(db):
                LeadListRecord.update(values).where(LeadListRecord.id == made.id).execute(db)
            else:
                row = values | {"id": made.id, "owned": False, "created_at": now, "created_by": cut(by, 64)}
                LeadListRecord.insert(row).execute(db)
            self._audit(by, "list.make", {"list": made.id} | values)
            return self._one(db, made.id)

    def all(self) -> list[LeadList]:
        """Every list, by name."""
        with self._use() as db:
            return [_list(record) for record in LeadListRecord.select().order_by(LeadListRecord.id).execute(db)]

    def get(self, id: str) -> LeadList:
        """One list. Raises NotFound with those that look like it."""
        with self._use() as db:
            return self._one(db, id)

    def count(self, id: str) -> ListCounts:
        """How far a list has been worked through. Raises NotFound."""
        with self._use() as db:
            return count_list(db, self._one(db, id).id)

    def remove(self, id: str, by: str) -> int:
        """Remove a list and its leads, a part at a time, and between them others may write; attempts stay. How many
        leads there were. Raises NotFound, and RequestRefused while some of them are being dialled."""
        with self._use() as db:
            held = count_list(db, self._one(db, id).id).held
            if held:
                raise RequestRefused("the list", f"in use ({held} leads are being dialled)", "to remove it")
            removed, turns = 0, Turns(db, self._clock)
            for ids in _pages(db, id, goes=True):
                with writing(db):
                    LeadNumberRecord.delete().where(LeadNumberRecord.lead.in_(ids)).execute(db)
                    removed += LeadRecord.delete().where(LeadRecord.id.in_(ids)).execute(db)
                turns.between()
            with writing(db):
                LeadImportRecord.delete().where(LeadImportRecord.list == id).execute(db)
                LeadListRecord.delete().where(LeadListRecord.id == id).execute(db)
                self._audit(by, "list.remove", {"list": id, "leads": removed})
            return removed

    def reset(
        self,
        id: str,
        by: str,
        *,
        outcomes: Collection[Outcome] = (),
        done: bool = False,
        within: Within | None = None,
    ) -> int:
        """Make the leads that rest ready at once, and count their attempts anew; with ``done`` those too whose tries
        are used up, unless somebody has said how it ended; with ``outcomes`` only those whose last attempt ended so.
        How many there were; audited. Callbacks stay, and so does what is on record of attempts. ``within`` does each
        part of a thousand leads; what it raises ends it, and the parts of before stay. Raises NotFound."""
        with self._use() as db:
            parts = reset_leads(db, self._one(db, id).id, outcomes=outcomes, done=done, within=within)
            count, over, turns = 0, False, Turns(db, self._clock)
            try:
                for part in parts:
                    count += part
                    turns.between()
                over = True
            finally:
                # What was done is told, also when something ended it halfway.
                if count or over:
                    told = {"list": id, "leads": count, "outcomes": sorted(one.value for one in outcomes), "done": done}
                    self._audit(by, "list.reset", told)
            return count

    def reset_by_clock(self, id: str, at: int) -> int:
        """Reset a list that was due to be at ``at`` (UTC microseconds), unless that was done; how many leads are ready
        anew."""
        with self._use() as db:
            if not 0 < was_reset(db, id) < at:
                return 0
            with writing(db):
                ours = note_reset(db, id, at)
        return self.reset(id, "clock", done=True) if ours else 0

    def leads(self, id: str) -> Iterator[Lead]:
        """Every lead of a list, in the order they came, without history; needs the memory of one page, and of the ids
        of some. No connection is kept while the caller has a lead."""
        last = 0
        while True:
            with self._use() as db:
                ids = _ids(db, id, last, AHEAD)
            if not ids:
                return
            for page in _parts(ids):
                with self._use() as db:
                    found = read_leads(db, page)
                yield from (found[key] for key in sorted(found))
            last = ids[-1]

    def field_names(self, id: str) -> list[str]:
        """The names of all fields that any lead of a list has, in their order."""
        with self._use() as db:
            if isinstance(db, PooledSqlite):
                sql = "SELECT DISTINCT key FROM `lead`, json_each(fields) WHERE `list` = ?"
                return sorted(name for (name,) in db.run(sql, (clean(id),)).fetchall())
            rows = db.run("SELECT DISTINCT JSON_KEYS(fields) FROM `lead` WHERE `list` = %s", (clean(id),)).fetchall()
            return sorted(set().union(*(msgspec.json.decode(keys) for (keys,) in rows)))

    def fields(self, lists: Sequence[str], wanted: Sequence[str]) -> frozenset[str] | None:
        """The names of the fields that leads of these lists have: all those of ``wanted`` that any lead has, and beside
        them what some leads of each list have, old and new. None: there is no lead. A field that no lead has takes a
        look at all of them, a second for a million."""
        found: set[str] = set()
        seen = False
        with self._use() as db:
            for name in lists:
                query = LeadRecord.select(LeadRecord.fields).where(LeadRecord.list == clean(name))
                for order in (LeadRecord.id, LeadRecord.id.desc()):
                    for (text,) in query.order_by(order).limit(FEW_LEADS).tuples().execute(db):
                        seen = True
                        found |= msgspec.json.decode(text, type=dict[str, Any]).keys()
            for field in wanted if seen else ():
                if field not in found:
                    # As msgspec writes a key; a quote within a value has a backslash before it.
                    there = fn.INSTR(LeadRecord.fields, f"{dump_json(field)}:") > 0
                    any_list = LeadRecord.list.in_([clean(name) for name in lists])
                    found |= {field} if LeadRecord.select().where(any_list, there).exists(db) else set()
        return frozenset(found) if seen else None

    # -- for the leads ----------------------------------------------------------------------------------------------

    def ids(self, db: Db) -> list[str]:
        """The ids of all lists."""
        return [row[0] for row in LeadListRecord.select(LeadListRecord.id).tuples().execute(db)]

    def known(self, db: Db, id: str) -> None:
        """There is such a list. Raises NotFound."""
        self._one(db, id)

    def are_owned(self, db: Db, lists: Sequence[str]) -> bool:
        """Whether a lead of these lists has an owner, or once had."""
        query = LeadListRecord.select().where(LeadListRecord.id.in_(list(lists)), LeadListRecord.owned == True)  # noqa: E712 - a column
        return bool(lists) and bool(query.exists(db))

    def note_owned(self, db: Db, id: str) -> None:
        """A lead of this list has an owner."""
        LeadListRecord.update({"owned": True}).where(LeadListRecord.id == id).execute(db)

    # -- imports ----------------------------------------------------------------------------------------------------

    def imports(self, list: str = "", limit: int = 20) -> list[ImportState]:
        """The newest imports, newest first."""
        query = LeadImportRecord.select().order_by(LeadImportRecord.began_at.desc(), LeadImportRecord.id).limit(limit)
        query = query.where(LeadImportRecord.list == clean(list)) if list else query
        with self._use() as db:
            return [_import(record) for record in query.execute(db)]

    def begin_import(self, begun: ImportState, by: str) -> ImportState:
        """Begin the import of a file, or go on with that of the same file (by its ``print``) that has not ended."""
        now = self._clock.now().wall
        with self._use() as db, writing(db):
            self._one(db, begun.list)
            record = (
                LeadImportRecord.select()
                .where(
                    LeadImportRecord.list == begun.list,
                    LeadImportRecord.print == begun.print,
                    LeadImportRecord.ended_at == 0,
                )
                .first(db)
            )
            if record is not None:
                return _import(record)
            made = msgspec.structs.replace(begun, id=uuid.uuid4().hex, began_at=now, by=by)
            LeadImportRecord.insert(_import_row(made)).execute(db)
            self._audit(by, "list.import", {"import": made.id, "list": made.list, "path": made.path})
            return made

    @contextmanager
    def taking(self) -> Iterator[Intake]:
        """A connection for the many batches of an import."""
        with self._use() as db, roomy(db):
            yield Intake(db, self._clock)

    def end_import(self, state: ImportState, by: str) -> ImportState:
        """The file has been read to its end; audited with the figures."""
        with self._use() as db, writing(db):
            ended = msgspec.structs.replace(state, ended_at=self._clock.now().wall)
            LeadImportRecord.update(_import_row(ended)).where(LeadImportRecord.id == state.id).execute(db)
            figures = {name: getattr(ended, name) for name in ("rows", "taken", "refused", "doubles")}
            self._audit(by, "list.imported", {"import": state.id, "list": state.list} | figures)
            return ended

    def _one(self, db: Db, id: str) -> LeadList:
        record = LeadListRecord.select().where(LeadListRecord.id == clean(id)).first(db)
        if record is None:
            raise NotFound("list", id, known=self.ids(db))
        return _list(record)


class Intake:
    """Writes the batches of one import."""

    def __init__(self, db: Db, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        marks = ", ".join([db.param] * len(COLUMNS))
        quote = db.quote[0]
        names = ", ".join(f"{quote}{name}{quote}" for name in COLUMNS)
        self._insert = f"INSERT INTO {quote}lead{quote} ({names}) VALUES ({marks})"  # noqa: S608 - names of our own model

    def known(self, numbers: Iterable[int], lists: Sequence[str] | None) -> set[int]:
        """Those of ``numbers`` that a lead has already, in these lists (None: in any)."""
        wanted = list(numbers)
        found: set[int] = set()
        for at in range(0, len(wanted), VALUES):
            # In order, as the index is.
            page = sorted(wanted[at : at + VALUES])
            rows = self._db.among("SELECT number, `lead` FROM lead_number WHERE number IN ({})", page)
            if lists is not None and rows:
                inside = self._inside({lead for _, lead in rows}, lists)
                rows = [row for row in rows if row[1] in inside]
            found.update(row[0] for row in rows)
        return found

    def _inside(self, leads: Iterable[int], lists: Sequence[str]) -> set[int]:
        rows = self._db.among("SELECT id, `list` FROM `lead` WHERE id IN ({})", sorted(leads))
        return {id for id, name in rows if name in lists}

    def write(self, leads: Sequence[Lead], consents: Sequence[ConsentRow], state: ImportState) -> None:
        """Write one batch and, in the same transaction, that the import is at ``state``."""
        db = self._db
        now = self._clock.now().wall
        with writing(db):
            if leads:
                first = claim_ids(db, len(leads))
                numbers = [row for n, lead in enumerate(leads) for row in _number_tuples(first + n, lead.numbers)]
                # In the order of the index, so that each of its pages is touched once.
                numbers.sort(key=_by_number)
                db.execute_many(self._insert, [_lead_tuple(first + n, lead, now) for n, lead in enumerate(leads)])
                db.execute_many(_NUMBER_INSERT.replace("?", db.param), numbers)
                if any(lead.owner for lead in leads):
                    LeadListRecord.update({"owned": True}).where(LeadListRecord.id == state.list).execute(db)
            if consents:
                given = [consent_values(row) for row in consents]
                ConsentRecord.insert_many(given).execute(db)
                resume(db, [row["number"] for row in given])
            LeadImportRecord.update(_import_row(state)).where(LeadImportRecord.id == state.id).execute(db)


def claim_ids(db: Db, count: int) -> int:
    """The first of ``count`` ids that are ours from now on; in a transaction that writes."""
    query = MetaRecord.select(MetaRecord.value).where(MetaRecord.name == NEXT_ID)
    if not isinstance(db, PooledSqlite):
        # Whoever writes in SQLite is alone; here the row is locked.
        query = query.for_update()
    value = query.scalar(db)
    first = int(value or 0) or (LeadRecord.select(fn.MAX(LeadRecord.id)).scalar(db) or 0) + 1
    if value is None:
        MetaRecord.insert({"name": NEXT_ID, "value": str(first + count)}).execute(db)
    else:
        MetaRecord.update({"value": str(first + count)}).where(MetaRecord.name == NEXT_ID).execute(db)
    if first + count > 2**31 - 1:
        raise ConfigError("there are no ids left for leads; remove the lists that are done")
    return first


def lead_row(id: int, lead: Lead, now: int) -> dict[str, Any]:
    """A lead as its table's columns."""
    return dict(zip(COLUMNS, _lead_tuple(id, lead, now), strict=True))


def number_rows(id: int, numbers: Sequence[LeadNumber]) -> list[dict[str, Any]]:
    """The numbers of a lead as their table's columns."""
    return [dict(zip(_NUMBER_COLUMNS, row, strict=True)) for row in _number_tuples(id, numbers)]


_NUMBER_COLUMNS = ("lead", "place", "number", "kind", "zone", "attempts", "last_at", "dead", "note")
_NUMBER_INSERT = (
    "INSERT INTO lead_number (`lead`, place, number, kind, zone, attempts, last_at, dead, note) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def _by_number(row: tuple[Any, ...]) -> int:
    number: int = row[2]
    return number


def _number_tuples(id: int, numbers: Sequence[LeadNumber]) -> list[tuple[Any, ...]]:
    return [
        (
            *(id, place, number_value(one.number), one.kind[:32], one.zone[:64], one.attempts, one.last_at, one.dead),
            cut(one.note, 255) if one.note else "",
        )
        for place, one in enumerate(numbers)
    ]


def _lead_tuple(id: int, lead: Lead, now: int) -> tuple[Any, ...]:
    """In the order of COLUMNS; this is what an import does a million times."""
    texts: Sequence[Any] = (
        lead.owner,
        lead.name,
        lead.reference,
        lead.zone,
        lead.country,
        lead.region,
        lead.postcode,
        lead.language,
        lead.last_outcome,
        lead.disposition,
        lead.campaign,
        lead.callback_agent,
        lead.callback_note,
        lead.caller_id,
    )
    if not (all(map(le, map(len, texts), WIDTHS)) and "".join(texts).isascii()):
        texts = [cut(text, width) for text, width in zip(texts, WIDTHS, strict=True)]
    owner, name, reference, zone, country, region, postcode, language, outcome, disposition, campaign, *called = texts
    return (
        id,
        lead.list,
        OPEN if lead.state is LeadState.READY and not lead.next_at else gate_of(lead.state, lead.next_at).value,
        lead.next_at,
        lead.priority,
        random.getrandbits(31),
        next_number(lead),
        lead.attempts,
        owner,
        lead.state.value if lead.state is not LeadState.READY else "ready",
        name,
        reference or None,
        zone,
        country,
        region,
        postcode,
        language,
        dump_json(lead.fields) if lead.fields else "{}",
        dump_json(lead.tried) if lead.tried else "{}",
        lead.next_number,
        lead.last_at,
        outcome,
        disposition,
        campaign,
        *called,
        "",
        0,
        now,
        "",
    )


def _pages(db: Db, list: str, *, goes: bool = False) -> Iterator[Ids]:
    """The ids of a list's leads, in their order, a page at a time; ``goes``: what was given out is gone before the
    next is asked for."""
    last = 0
    while ids := _ids(db, list, last, AHEAD):
        yield from _parts(ids)
        last = 0 if goes else ids[-1]


def _parts(ids: Ids) -> Iterator[Ids]:
    return (ids[at : at + PAGE] for at in range(0, len(ids), PAGE))


def _ids(db: Db, list: str, after: int, count: int) -> Ids:
    # By hand and not by peewee: so many rows that it would take as long over them as the database does.
    sql = "SELECT id FROM `lead` WHERE `list` = ? AND id > ? ORDER BY id LIMIT ?"
    return [id for (id,) in db.run(sql.replace("?", db.param), (clean(list), after, count)).fetchall()]


def ids_of(db: Db, list: str, after: int, count: int) -> Ids:
    """The first ``count`` ids of a list's leads above ``after``, in their order.

    The index of lists has them in the order of their times; to sort what is left of the list for each page would make
    a walk grow with its square. Leads of one list mostly stand together, so that a stretch of the table itself brings a
    page at once. Where it does not, few of that list are left, or a long part of another list is passed once."""
    hint = "NOT INDEXED" if isinstance(db, PooledSqlite) else "FORCE INDEX (PRIMARY)"
    sql = f"SELECT id FROM `lead` {hint} WHERE `list` = ? AND id > ? AND id <= ? ORDER BY id LIMIT ?"  # noqa: S608 - no values
    stretch = after + STRETCH * count
    ids = [id for (id,) in db.run(sql.replace("?", db.param), (clean(list), after, stretch, count)).fetchall()]
    return ids if len(ids) == count else _ids(db, list, after, count)


def _list(record: LeadListRecord) -> LeadList:
    return LeadList(
        id=record.id, title=record.title, region=record.region, created_at=record.created_at, by=record.created_by
    )


def _import(record: LeadImportRecord) -> ImportState:
    names = [name for name in ImportState.__struct_fields__ if name not in ("options", "by")]
    values = {name: getattr(record, name) for name in names}
    return ImportState(**values, options=msgspec.json.decode(record.options), by=record.made_by)


def _import_row(state: ImportState) -> dict[str, Any]:
    row = msgspec.structs.asdict(state) | {"options": dump_json(state.options), "made_by": cut(state.by, 64)}
    row.pop("by")
    return row | {"path": cut(state.path, 1024)}
