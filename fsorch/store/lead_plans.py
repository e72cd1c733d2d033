"""An index for each order and filter that campaigns have, so that the next of a million leads are at its front.

An index begins with the list and the gate, goes on with the campaign's filter (1 for leads it holds for) and, where
agents have leads of their own, with the owner, and then has the keys of the order. So the leads that may be dialled now
stand in it side by side, in order, and choosing some reads as many rows as it gives. The database keeps it true whoever
changes a lead. Making one takes seconds for a million leads, once for each order and filter anybody thinks of; one that
nobody has used for a week is dropped when another is made.

SQLite has indexes over expressions, and lets nobody write while one is made: for a million leads 0.8 s by their own
columns and 3.7 s by fields of their list (measured, on a busy machine); readers go on. MariaDB has them over columns
that are computed, and makes them while everybody writes (``LOCK=NONE``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec
from peewee import NotSupportedError, OperationalError, ProgrammingError

from fsorch.campaigns import CampaignSpec, OrderBy, OrderKey
from fsorch.errors import ConfigError
from fsorch.store.database import Db, PooledMysql, mysql_code
from fsorch.store.lead_filter import MYSQL, SQLITE, Dialect, LeadFilter, compile_filter, field_sql
from fsorch.store.lead_models import LeadPlanRecord

__all__ = ["Paths", "Plan", "dialect_of", "ensure_plan", "find_plan", "paths_of", "plan_of"]

# An index that no campaign has asked for in this time may go.
UNUSED_US = 7 * 86_400 * 1_000_000
# InnoDB takes 64 indexes on a table.
MOST_PLANS = 40
# Of a text, so many characters count for the order; InnoDB takes 3,072 bytes in an index.
ORDERED_TEXT = 100
# How the names of computed columns begin.
COMPUTED = "x_"
DUPLICATE_NAME = frozenset((1060, 1061))
# "ALGORITHM=INPLACE is not supported", "LOCK=NONE is not supported", with and without the reason.
NOT_ONLINE = frozenset((1845, 1846))
# The server is silent for so long while it makes an index of very many leads.
LONGEST_MAKING_S = 3600.0
COLUMNS = {
    OrderBy.PRIORITY: "priority",
    OrderBy.ATTEMPTS: "attempts",
    # Ids are given in the order in which leads come.
    OrderBy.ADDED: "id",
    OrderBy.DUE: "next_at",
    OrderBy.NAME: "name",
    OrderBy.NUMBER: "number",
    OrderBy.ZONE: "zone",
    OrderBy.OWNER: "owner",
    OrderBy.RANDOM: "dice",
}


class Plan(msgspec.Struct, frozen=True):
    """How the leads of a campaign are found. ``index``: its name; ``flag``: the filter as a column or expression, empty
    for none; ``by_owner``: the owner stands before the order; ``keys``: the order, each with its direction;
    ``computed``: the columns that MariaDB needs for it, with what they are computed from."""

    index: str
    flag: str
    by_owner: bool
    keys: tuple[str, ...]
    computed: tuple[tuple[str, str], ...]
    filter: LeadFilter


def dialect_of(db: Db) -> Dialect:
    """How this engine writes things."""
    return MYSQL if isinstance(db, PooledMysql) else SQLITE


class Paths(msgspec.Struct, frozen=True):
    """The plans by which the leads of one list are found: ``whole``: all that may be dialled; ``owned``: the same, by
    owner (None: nobody asks for it). Where leads that were never dialled are dealt out by turns with the others,
    ``new`` and ``tried`` are those (else both None)."""

    whole: Plan
    owned: Plan | None = None
    new: Plan | None = None
    tried: Plan | None = None

    @property
    def plans(self) -> tuple[Plan, ...]:
        """All that are gone by, the one that cannot be done without first."""
        parts = (self.new, self.tried) if self.new is not None else (self.whole,)
        return tuple(one for one in (*parts, self.owned) if one is not None)


def paths_of(db: Db, spec: CampaignSpec, *, by_owner: bool) -> dict[str, Paths]:
    """The plans of each list of a campaign. Raises ConfigError for a filter or a field that cannot be."""
    found = {}
    for one in spec.lists:
        filter = spec.filter_of(one.list)
        new = tried = None
        if spec.new_every:
            so_far = f"({filter}) and " if filter else ""
            new = plan_of(db, spec.order, f"{so_far}lead.attempts == 0", by_owner=False)
            tried = plan_of(db, spec.order, f"{so_far}lead.attempts > 0", by_owner=False)
        owned = plan_of(db, spec.order, filter, by_owner=True) if by_owner else None
        found[one.list] = Paths(plan_of(db, spec.order, filter, by_owner=False), owned, new, tried)
    return found


def plan_of(db: Db, order: tuple[OrderKey, ...], wanted: str, *, by_owner: bool) -> Plan:
    """The plan for an order and a filter. Raises ConfigError for a filter or a field that cannot be."""
    maker = _Maker(db)
    filter = compile_filter(wanted, maker.to)
    flag = maker.column(filter.sql, "INTEGER") if filter.sql else ""
    keys = tuple(key for one in order for key in maker.keys(one))
    text = "\n".join((filter.sql, str(by_owner), *keys, *(sql for _, sql in maker.computed)))
    name = f"lead_by_{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    return Plan(name, flag, by_owner, keys, tuple(maker.computed), filter)


class _Maker:
    """Turns what is not a column into what an index may hold."""

    def __init__(self, db: Db) -> None:
        self.to = dialect_of(db)
        self.is_mysql = isinstance(db, PooledMysql)
        self.computed: list[tuple[str, str]] = []

    def column(self, sql: str, kind: str) -> str:
        """``sql`` for an index and for queries that use it."""
        if not self.is_mysql:
            return f"({sql})"
        name = f"{COMPUTED}{hashlib.sha256(sql.encode()).hexdigest()[:16]}"
        self.computed.append((name, f"{kind} GENERATED ALWAYS AS ({sql}) VIRTUAL"))
        return self.to.quote(name)

    def keys(self, key: OrderKey) -> Iterator[str]:
        """A key of the order. A field that holds numbers is ordered by them, then come texts, then leads without it."""
        way = " DESC" if key.down else ""
        if key.by is not OrderBy.FIELD:
            yield self.to.quote(COLUMNS[key.by]) + way
            return
        try:
            field = field_sql(key.field, self.to)
        except ValueError:
            raise ConfigError(f"the order's field {key.field!r} can be none; expected letters, digits and _") from None
        last = "-1e300" if key.down else "1e300"
        yield self.column(f"COALESCE({self.to.number(field)}, {last})", "DOUBLE") + way
        text = self.to.head(f"COALESCE({field}, '')", ORDERED_TEXT)
        yield self.column(text, f"VARCHAR({ORDERED_TEXT}) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin") + way


def find_plan(db: Db, plan: Plan) -> bool:
    """Whether the plan's index is there, whole. Changes nothing."""
    return any(one.name == plan.index for one in db.get_indexes("lead"))


def ensure_plan(db: Db, plan: Plan, now_us: int) -> None:
    """Make the plan's index if it is not there, and note that it is used."""
    used = {"used_at": now_us}
    if not LeadPlanRecord.update(used).where(LeadPlanRecord.id == plan.index).execute(db):
        # MySQL counts a row that is what it was as not changed.
        if not LeadPlanRecord.select().where(LeadPlanRecord.id == plan.index).exists(db):
            LeadPlanRecord.insert(used | {"id": plan.index}).execute(db)
    if find_plan(db, plan):
        return
    _drop_unused(db, now_us)
    try:
        _make(db, plan)
    except (OperationalError, ProgrammingError) as error:
        # Another process was making it at the same time.
        if mysql_code(error) not in DUPLICATE_NAME:
            raise


def _make(db: Db, plan: Plan) -> None:
    to = dialect_of(db)
    there = {one.name for one in db.get_columns("lead")}
    for name, kind in plan.computed:
        if name not in there:
            db.run(f"ALTER TABLE {to.quote('lead')} ADD COLUMN {to.quote(name)} {kind}")
    columns = [to.quote("list"), to.quote("gate")]
    columns += [plan.flag] if plan.flag else []
    columns += [to.quote("owner")] if plan.by_owner else []
    listed = ", ".join((*columns, *_whole(plan, to)))
    if isinstance(db, PooledMysql):
        _make_online(db, f"CREATE INDEX {to.quote(plan.index)} ON {to.quote('lead')} ({listed})")
    else:
        db.run(f"CREATE INDEX IF NOT EXISTS {to.quote(plan.index)} ON {to.quote('lead')} ({listed})")


def _make_online(db: PooledMysql, sql: str) -> None:
    """While everybody writes, where the server can do so; it says nothing until it is done."""
    with db.patient(LONGEST_MAKING_S):
        try:
            db.run(f"{sql} ALGORITHM=INPLACE LOCK=NONE")
        except (OperationalError, NotSupportedError, ProgrammingError) as error:
            if mysql_code(error) not in NOT_ONLINE:
                raise
            db.run(sql)


def _whole(plan: Plan, to: Dialect) -> tuple[str, ...]:
    """The order to its end: what is alike in all else comes as it was added."""
    quoted = to.quote("id")
    return plan.keys if any(key.startswith(quoted) for key in plan.keys) else (*plan.keys, quoted)


def _drop_unused(db: Db, now_us: int) -> None:
    rows = list(LeadPlanRecord.select().order_by(LeadPlanRecord.used_at).execute(db))
    for n, row in enumerate(rows):
        if row.used_at >= now_us - UNUSED_US and len(rows) - n <= MOST_PLANS:
            return
        LeadPlanRecord.delete().where(LeadPlanRecord.id == row.id).execute(db)
        _drop(db, row.id)


def _drop(db: Db, index: str) -> None:
    """An index, and the computed columns that no other has."""
    to = dialect_of(db)
    columns = {one.name: set(one.columns) for one in db.get_indexes("lead")}
    if index not in columns:
        return
    is_mysql = isinstance(db, PooledMysql)
    on_lead = f" ON {to.quote('lead')}" if is_mysql else ""
    db.run(f"DROP INDEX {to.quote(index)}{on_lead}")
    gone = columns.pop(index) if is_mysql else set()
    for name in sorted(gone - set().union(*columns.values())):
        if name.startswith(COMPUTED):
            db.run(f"ALTER TABLE {to.quote('lead')} DROP COLUMN {to.quote(name)}")


def order_sql(plan: Plan, to: Dialect) -> str:
    """What stands after ORDER BY."""
    return ", ".join(_whole(plan, to))
