"""Who is not called: what people here said, what campaigns collect, and the registers that are imported.

Three tables answer one question. ``dnc`` holds what came one by one: from agents' dispositions, keys that callers
pressed, the API, the command line; for everybody or one campaign; a number, or with a star all that begin so.
``dnc_number`` holds imported registers, a number and its list in 12 bytes and nothing else, so that ten million are
found by one look down a tree. Everything blocks on the database, like the store's other methods.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import msgspec
from peewee import fn

from fsorch.campaigns import DncRow
from fsorch.clock import Clock
from fsorch.compliance_packs import SHIPPED_REGISTERS
from fsorch.errors import ConfigError, NotFound
from fsorch.store.database import Db, PooledMysql, PooledSqlite, roomy, writing
from fsorch.store.lead_models import DncListRecord, DncNumberRecord, DncRecord
from fsorch.store.lead_reopening import reopen, reopen_from, reopen_like
from fsorch.store.lead_rows import number_text, number_value
from fsorch.store.part import Audit, Part, Use
from fsorch.store.turns import Turns
from fsorch.store.values import clean, cut

__all__ = ["Dnc", "DncList", "DncProgress"]

PATTERN = re.compile(r"\+[1-9][0-9]{1,14}\*?", re.ASCII)
LONGEST = 15
# Numbers written in one transaction: a fraction of a second, and a few megabytes.
BATCH = 50_000
# Numbers put in order at a time. A register that stands in no order touches every page of the tree with each run; so
# the runs are long, some 50 MB of memory.
RUN = 500_000
# A statement of MySQL's with so many numbers is about a megabyte.
STATEMENT = 50_000


class DncList(msgspec.Struct, frozen=True, kw_only=True):
    """An imported list. Of its file ``rows`` were read (``done``: to the end), of which ``numbers`` held a number and
    ``refused`` did not."""

    id: str
    campaign: str
    numbers: int
    rows: int
    refused: int
    done: bool
    imported_at: int
    by: str


class DncProgress(msgspec.Struct, frozen=True):
    """How far an import has come."""

    rows: int
    taken: int
    refused: int


class Dnc(Part):
    """The numbers that are not called, of one store."""

    def __init__(self, use: Use, clock: Clock, audit: Audit) -> None:
        super().__init__(use, clock, audit)
        # Imported lists that are public registers: packs say for whom they count, and consent comes before them.
        self.registers: frozenset[str] = SHIPPED_REGISTERS
        # For whom each campaign that there is calls: who wants no more calls says so to the seller (47 CFR 64.1200(d)).
        self.sellers: dict[str, str] = {}

    # -- one by one -----------------------------------------------------------------------------------------------

    def add(self, row: DncRow, by: str) -> DncRow:
        """Do not call this number, or with a star all that begin so; audited. A second time changes reason and end.
        Raises ConfigError for what is neither."""
        number = _pattern(row.number)
        now = self._clock.now().wall
        if row.until and row.until <= now:
            raise ConfigError("the entry would have ended already; give a later end, or none")
        made = msgspec.structs.replace(row, number=number, added_at=row.added_at or now, by=by)
        values = {
            "source": cut(made.source, 64),
            "reason": cut(made.reason, 255),
            "added_at": made.added_at,
            "until_at": made.until,
            "made_by": cut(by, 64),
        }
        key = {"number": number, "campaign": cut(made.campaign, 64)}
        with self._use() as db, writing(db):
            changed = DncRecord.update(values).where(_is(key)).execute(db)
            if not changed and not DncRecord.select().where(_is(key)).exists(db):
                DncRecord.insert(key | values).execute(db)
            self._audit(by, "dnc.add", key | {"source": made.source, "reason": made.reason, "until": made.until})
        return made

    def remove(self, number: str, by: str, *, campaign: str = "", reason: str = "") -> list[DncRow]:
        """Call this number (or pattern) again: its entry for ``campaign`` (empty: for everybody) goes, and where it is
        for everybody also those of imported lists; leads that were barred for it are ready. Audited with ``reason`` and
        all that was removed. Raises NotFound when there is none, with the pattern that covers the number, if one
        does."""
        number = _pattern(number)
        key = {"number": number, "campaign": clean(campaign)}
        with self._use() as db, writing(db):
            gone = [_row(record) for record in DncRecord.select().where(_is(key)).execute(db)]
            DncRecord.delete().where(_is(key)).execute(db)
            if not campaign and not number.endswith("*"):
                value = number_value(number)
                gone += [row for _, row in self._all_imported(db, [value])]
                DncNumberRecord.delete().where(DncNumberRecord.number == value).execute(db)
            if not gone:
                # It may be one of those that a pattern stands for, which is what there is to remove.
                by_other = self.read_hits(db, [number], campaign).get(number)
                raise NotFound("entry of the no-call list", number, (by_other.number,) if by_other is not None else ())
            ready = reopen_like(db, number[1:-1]) if number.endswith("*") else reopen(db, [number_value(number)])
            self._audit(by, "dnc.remove", key | {"reason": reason, "removed": gone, "leads": ready})
        return gone

    def entries(
        self,
        *,
        campaign: str | None = None,
        begins: str = "",
        limit: int = 100,
        after: tuple[int, str, str] | None = None,
    ) -> list[DncRow]:
        """What came one by one, the newest first: of a campaign (empty: for everybody), of numbers that begin so.
        ``after``: those behind the one that came then (UTC microseconds), of this number and campaign."""
        order = (DncRecord.added_at.desc(), DncRecord.number, DncRecord.campaign)
        query = DncRecord.select().order_by(*order).limit(limit)
        if after is not None:
            at, number, of = after
            behind = (DncRecord.number > number) | ((DncRecord.number == number) & (DncRecord.campaign > of))
            query = query.where((DncRecord.added_at < at) | ((DncRecord.added_at == at) & behind))
        if campaign is not None:
            query = query.where(DncRecord.campaign == clean(campaign))
        if begins:
            query = query.where(DncRecord.number.startswith(clean(begins)))
        with self._use() as db:
            return [_row(record) for record in query.execute(db)]

    # -- asked ----------------------------------------------------------------------------------------------------

    def find(self, number: str, campaign: str = "") -> DncRow | None:
        """Why this number is not called by ``campaign``, or None."""
        return self.hits([number], campaign).get(number)

    def hits(self, numbers: Iterable[str], campaign: str = "") -> dict[str, DncRow]:
        """Those of ``numbers`` (E.164) that are not called by ``campaign``, each with an entry that says why: at
        filling, and again when they are dialled. Of several that one which nothing can make good comes first: a public
        register only where there is no other."""
        with self._use() as db:
            return self.read_hits(db, numbers, campaign)

    def read_hits(self, db: Db, numbers: Iterable[str], campaign: str) -> dict[str, DncRow]:
        """The same, on a connection that is open."""
        return {number: rows[0] for number, rows in self.read_all(db, numbers, campaign).items()}

    def all_hits(self, numbers: Iterable[str], campaign: str = "") -> dict[str, tuple[DncRow, ...]]:
        """Those of ``numbers`` that are not called by ``campaign``, each with the entry that says why first, and then
        every public register that has it: packs say which of them counts for whom."""
        with self._use() as db:
            return self.read_all(db, numbers, campaign)

    def read_all(self, db: Db, numbers: Iterable[str], campaign: str) -> dict[str, tuple[DncRow, ...]]:
        """The same, on a connection that is open."""
        wanted = {number: number_value(number) for number in numbers}
        values = [value for value in wanted.values() if value]
        if not values:
            return {}
        own = self._own(db, wanted, campaign, self._clock.now().wall)
        imported = self._imported(db, values, campaign)
        hits = {}
        for number, value in wanted.items():
            first = next((own[key] for key in _ways(number) if key in own), None)
            if found := ((first,) if first is not None else ()) + imported.get(value, ()):
                hits[number] = found
        return hits

    def _own(self, db: Db, numbers: Collection[str], campaign: str, now: int) -> dict[str, DncRow]:
        """Entries in force that count for ``campaign``, by their numbers or patterns."""
        keys = {key for number in numbers for key in _ways(number)}
        query = (
            "SELECT number, campaign, source, reason, added_at, until_at, made_by FROM dnc "
            "WHERE number IN ({}) AND (until_at = 0 OR until_at > ?)"
        )
        found: dict[str, DncRow] = {}
        for values in db.among(query, list(keys), now):
            row = DncRow(**dict(zip(DncRow.__struct_fields__, values, strict=True)))
            if row.campaign in ("", campaign):
                found[row.number] = row
            elif self._is_sellers(row.campaign, campaign):
                told = f"{row.reason or row.source}, said to {row.campaign}"
                found.setdefault(row.number, msgspec.structs.replace(row, campaign=campaign, reason=told))
        return found

    def _is_sellers(self, told: str, campaign: str) -> bool:
        """Whether what was said to the campaign ``told`` was said to the seller of ``campaign`` too. Of a campaign that
        is gone nobody knows whose it was."""
        seller = self.sellers.get(campaign, "")
        return bool(seller) and self.sellers.get(told, seller) == seller

    def _imported(self, db: Db, numbers: Sequence[int], campaign: str) -> dict[int, tuple[DncRow, ...]]:
        """Of imported lists, for each number one that is no public register, if there is one, and all that are."""
        lists: dict[int, DncRow] = {}
        registers: dict[int, list[DncRow]] = {}
        for number, row in self._all_imported(db, numbers):
            if row.campaign not in ("", campaign):
                continue
            if row.source in self.registers:
                registers.setdefault(number, []).append(row)
            else:
                lists.setdefault(number, row)
        return {
            number: (*((lists[number],) if number in lists else ()), *registers.get(number, ()))
            for number in lists.keys() | registers.keys()
        }

    def _all_imported(self, db: Db, numbers: Sequence[int]) -> list[tuple[int, DncRow]]:
        query = (
            "SELECT n.number, l.campaign, l.id, l.imported_at, l.made_by FROM dnc_number n "
            "JOIN dnc_list l ON l.serial = n.source WHERE n.number IN ({})"
        )
        return [
            (
                number,
                DncRow(number=number_text(number), campaign=campaign, source=id, reason="imported", added_at=at, by=by),
            )
            for number, campaign, id, at, by in db.among(query, numbers)
        ]

    # -- imported lists -------------------------------------------------------------------------------------------

    def lists(self) -> list[DncList]:
        """The imported lists, by name."""
        with self._use() as db:
            return [
                DncList(
                    id=one.id,
                    campaign=one.campaign,
                    numbers=one.taken,
                    rows=one.rows,
                    refused=one.refused,
                    done=one.done,
                    imported_at=one.imported_at,
                    by=one.made_by,
                )
                for one in DncListRecord.select().order_by(DncListRecord.id).execute(db)
            ]

    def remove_list(self, id: str, by: str) -> None:
        """Forget an imported list; audited. Raises NotFound. The list is there until the last of its numbers has gone,
        and not held to be whole meanwhile: a removal that was killed is gone on with by asking again, and no list that
        is made later inherits what is left."""
        with self._use() as db:
            record = DncListRecord.select().where(DncListRecord.id == clean(id)).first(db)
            if record is None:
                raise NotFound("imported no-call list", id)
            with writing(db):
                self._audit(by, "dnc.remove_list", {"list": id, "rows": record.rows})
                # Nor is an import of the same file gone on with, of which the first numbers are gone.
                gone = {"done": False, "print": ""}
                DncListRecord.update(gone).where(DncListRecord.serial == record.serial).execute(db)
            self._clear(db, record.serial)
            with writing(db):
                DncListRecord.delete().where(DncListRecord.serial == record.serial).execute(db)

    def take(
        self,
        id: str,
        numbers: Iterator[int],
        by: str,
        *,
        campaign: str = "",
        mark: str = "",
        told: Callable[[DncProgress], None] | None = None,
    ) -> DncProgress:
        """Put ``numbers``, one for each row of a file (0: a row that holds none), into the imported list ``id``, which
        is made if need be; a second file adds to it. What was written when an import of the same file (``mark`` tells
        it) ended in the middle is not read twice. ``told`` is called after each batch. Audited."""
        with self._use() as db, roomy(db):
            serial, progress = self._begin(db, id, campaign, mark, by)
            turns = Turns(db, self._clock)
            for _ in islice(numbers, progress.rows):
                pass
            while run := list(islice(numbers, RUN)):
                progress = self._run(db, serial, run, progress, turns)
                if told is not None:
                    told(progress)
            with writing(db):
                DncListRecord.update({"done": True}).where(DncListRecord.serial == serial).execute(db)
                self._audit(by, "dnc.import", {"list": id, "campaign": campaign} | msgspec.structs.asdict(progress))
        return progress

    def _begin(self, db: Db, id: str, campaign: str, mark: str, by: str) -> tuple[int, DncProgress]:
        now = self._clock.now().wall
        values = {"campaign": clean(campaign), "print": mark, "done": False, "imported_at": now, "made_by": cut(by, 64)}
        begun = {"rows": 0, "taken": 0, "refused": 0}
        with writing(db):
            record = DncListRecord.select().where(DncListRecord.id == clean(id)).first(db)
            if record is None:
                serial = (DncListRecord.select(fn.MAX(DncListRecord.serial)).scalar(db) or 0) + 1
                DncListRecord.insert(values | begun | {"serial": serial, "id": clean(id)}).execute(db)
                return serial, DncProgress(0, 0, 0)
            if mark and record.print == mark and not record.done:
                return record.serial, DncProgress(record.rows, record.taken, record.refused)
            DncListRecord.update(values | begun).where(DncListRecord.serial == record.serial).execute(db)
            return record.serial, DncProgress(0, 0, 0)

    def _run(self, db: Db, serial: int, run: Sequence[int], before: DncProgress, turns: Turns) -> DncProgress:
        """Write a run of numbers in their order, so that each page of the tree is touched once, in transactions that
        nobody waits for long. What a killed process wrote of a run does no harm: it is written again."""
        numbers = sorted({number for number in run if number})
        refused = run.count(0)
        after = DncProgress(before.rows + len(run), before.taken + len(run) - refused, before.refused + refused)
        for at in range(0, len(numbers), BATCH):
            with writing(db):
                _insert(db, serial, numbers[at : at + BATCH])
            turns.between()
        with writing(db):
            DncListRecord.update(msgspec.structs.asdict(after)).where(DncListRecord.serial == serial).execute(db)
        return after

    def _clear(self, db: Db, serial: int) -> None:
        """Remove the numbers of a list that goes, a batch at a time, so that nobody waits long."""
        last, turns = 0, Turns(db, self._clock)
        while True:
            query = DncNumberRecord.select(DncNumberRecord.number).where(
                DncNumberRecord.number > last, DncNumberRecord.source == serial
            )
            found = [row[0] for row in query.order_by(DncNumberRecord.number).limit(BATCH).tuples().execute(db)]
            if not found:
                return
            with writing(db):
                reopen_from(db, serial, last, found[-1])
                DncNumberRecord.delete().where(
                    DncNumberRecord.number > last, DncNumberRecord.number <= found[-1], DncNumberRecord.source == serial
                ).execute(db)
            turns.between()
            last = found[-1]


def _insert(db: Db, serial: int, numbers: Sequence[int]) -> None:
    if isinstance(db, PooledSqlite):
        db.execute_many(
            'INSERT OR IGNORE INTO "dnc_number" ("number", "source") VALUES (?, ?)', [(one, serial) for one in numbers]
        )
        return
    assert isinstance(db, PooledMysql)
    for at in range(0, len(numbers), STATEMENT):
        # Whole numbers only: PyMySQL would take ten times as long to bind them one by one.
        rows = ",".join([f"({int(one)},{serial:d})" for one in numbers[at : at + STATEMENT]])
        db.run(f"INSERT IGNORE INTO `dnc_number` (`number`, `source`) VALUES {rows}")  # noqa: S608 - whole numbers


def _pattern(text: str) -> str:
    """``text`` as the table holds it. Raises ConfigError."""
    # +44 (0)20 is +4420: the nought is dialled at home alone, but for Italy, where it is part of the number.
    bare = text if text.lstrip().startswith("+39") else text.replace("(0)", "")
    plain = re.sub(r"[ ().-]", "", bare)
    if not PATTERN.fullmatch(plain):
        raise ConfigError(
            f"{text[:40]!r} is no number of the no-call list; expected +442079460001, or +4420* for all that begin so"
        )
    return plain


def _ways(number: str) -> Iterator[str]:
    """The entries that would keep ``number`` from being called, the closest first."""
    yield number
    for length in range(len(number), 1, -1):
        yield f"{number[:length]}*"


def _is(key: dict[str, str]) -> Any:
    return (DncRecord.number == key["number"]) & (DncRecord.campaign == key["campaign"])


def _row(record: DncRecord) -> DncRow:
    return DncRow(
        number=record.number,
        campaign=record.campaign,
        source=record.source,
        reason=record.reason,
        added_at=record.added_at,
        until=record.until_at,
        by=record.made_by,
    )
