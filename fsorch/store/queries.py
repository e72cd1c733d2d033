"""What is asked of the records: lists, one contact with all of it, the CDR, the figures.

Every reader takes the filters of :class:`Filter`. Long results come in pages that follow a key, not an offset, so
that an export of any size needs the memory of one page and holds no connection while its reader is busy.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

import msgspec
from peewee import SQL, fn

from fsorch.engine.facts import Fact, FactKind
from fsorch.engine.rows import ContactRow, LegRow, SegmentRow
from fsorch.errors import NotFound
from fsorch.names import ContactOutcome
from fsorch.store.database import Db
from fsorch.store.models import AuditRecord, ContactRecord, JournalRecord, LegRecord, SegmentRecord
from fsorch.store.part import Use
from fsorch.store.values import clean

__all__ = [
    "Answers",
    "AuditRow",
    "ContactDetail",
    "Counts",
    "Filter",
    "Summary",
    "count_all",
    "count_answers",
    "count_contacts",
    "list_contacts",
    "list_rows",
    "page_legs",
    "summarise",
]

PAGE = 1000
HOOK_BEFORE_US = 10_000_000
SHORT_ABANDON_S = 5.0
SERVICE_LEVEL_S = 20.0
R = TypeVar("R", bound=msgspec.Struct)
Levels = float | Mapping[str, float]


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which contacts or legs. Empty means any. ``since`` (included) and ``until`` (not included) are UTC
    microseconds and compared with when the contact began, the leg was made. ``number`` is the caller's or the
    dialled one, exactly; ``digits`` is a part of the caller's. ``outcome`` is a contact's, ``cause`` a hangup cause
    such as USER_BUSY. ``queues``: one of these, and nothing when there is none of them; None for any. ``tenant``: whose
    the contact was; ``medium`` and ``direction`` are the contact's."""

    since: int = 0
    until: int = 0
    queue: str = ""
    queues: tuple[str, ...] | None = None
    agent: str = ""
    number: str = ""
    digits: str = ""
    outcome: str = ""
    cause: str = ""
    tenant: str = ""
    medium: str = ""
    direction: str = ""


def cleaned(filters: dict[str, Any]) -> Filter:
    """The filter with these fields. What no database takes (lone surrogates, from an odd command line) finds
    nothing."""
    fields: dict[str, Any] = {
        name: clean(value) if isinstance(value, str) else value for name, value in filters.items()
    }
    return Filter(**fields)


class ContactDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A contact with its segments and legs in the order of time, and its facts as the journal has them."""

    contact: ContactRow
    segments: tuple[SegmentRow, ...]
    legs: tuple[LegRow, ...]
    facts: tuple[Fact, ...]


class AuditRow(msgspec.Struct, frozen=True, kw_only=True):
    """Who did what, and when (UTC microseconds)."""

    id: str
    at: int
    who: str
    act: str
    what: Any


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows there are. ``contacts`` is all of them: ``live`` ones and those of each outcome."""

    contacts: int = 0
    live: int = 0
    answered: int = 0
    abandoned: int = 0
    left_flow: int = 0
    lost: int = 0
    failed: int = 0
    overflowed: int = 0
    self_served: int = 0
    dropped: int = 0
    machine: int = 0
    voicemail: int = 0
    not_reached: int = 0
    segments: int = 0
    legs: int = 0
    cdr_rows: int = 0
    facts: int = 0


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of the contacts that a filter selects; see :func:`summarise`. Seconds; None where there is nothing to
    measure. ``service_level_s`` None: each queue's own."""

    contacts: int
    live: int
    answered: int
    abandoned: int
    short_abandoned: int
    left_flow: int
    lost: int
    failed: int
    cdr_rows: int
    legs: int
    p50_wait_s: float | None
    p95_wait_s: float | None
    p50_wait_all_s: float | None
    p95_wait_all_s: float | None
    service_level: float | None
    service_level_s: float | None
    overflowed: int = 0
    self_served: int = 0
    dropped: int = 0
    machine: int = 0
    voicemail: int = 0
    not_reached: int = 0


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """How contacts that came into a queue were answered; ``within``: in time."""

    answered: int
    within: int
    late_abandoned: int
    short_abandoned: int
    p95_wait_s: float | None

    @property
    def measured(self) -> int:
        """Of how many the service level is the share."""
        return self.answered + self.late_abandoned

    @property
    def service_level(self) -> float | None:
        """The share that was answered in time; None where there is nothing to measure."""
        return self.within / self.measured if self.measured else None

    @property
    def abandoned_share(self) -> float | None:
        """The share of the same that gave up."""
        return self.late_abandoned / self.measured if self.measured else None


def list_contacts(db: Db, filter: Filter, limit: int, after: str = "") -> list[ContactRow]:
    """The newest ``limit`` contacts, newest first; or those that come after the contact ``after``. Raises NotFound
    when there is none of that id."""
    where = list(_contact_where(filter))
    if after:
        last = ContactRecord.select(ContactRecord.began_at).where(ContactRecord.id == after).scalar(db)
        if last is None:
            raise NotFound("contact", after[:64], ())
        earlier = ContactRecord.began_at < last
        where.append(earlier | ((ContactRecord.began_at == last) & (ContactRecord.id < after)))
    order = (ContactRecord.began_at.desc(), ContactRecord.id.desc())
    return _contacts(db, ContactRecord.select().where(*where).order_by(*order).limit(limit))


def find_contact(db: Db, id: str) -> ContactDetail:
    """The contact ``id``, or the only one whose id begins so. Raises NotFound, which names contacts whose id begins
    alike."""
    found = _contacts(db, ContactRecord.select().where(ContactRecord.id == id))
    if not found:
        close = _close_ids(db, id)
        if len(close) != 1:
            raise NotFound("contact", id[:64], close)
        return find_contact(db, close[0])
    segments = (
        SegmentRecord.select().where(SegmentRecord.contact == id).order_by(SegmentRecord.began_at, SegmentRecord.id)
    )
    legs = LegRecord.select().where(LegRecord.contact == id).order_by(LegRecord.created_at, LegRecord.id)
    facts = JournalRecord.select().where(JournalRecord.contact == id).order_by(JournalRecord.at, JournalRecord.id)
    told = list_rows(db, facts, Fact, "data")
    return ContactDetail(
        contact=found[0],
        segments=tuple(list_rows(db, segments, SegmentRow)),
        legs=tuple(list_rows(db, legs, LegRow)),
        facts=(*_failed_hooks(db, found[0].began_at, {fact.leg for fact in told if fact.leg}), *told),
    )


def _failed_hooks(db: Db, began_at: int, legs: set[str]) -> list[Fact]:
    """The hooks that failed on a call before it was a contact; their facts name the leg alone. A call that its hook
    has let go is parked at once, so a short stretch of the journal is enough."""
    query = JournalRecord.select().where(
        (JournalRecord.at >= began_at - HOOK_BEFORE_US)
        & (JournalRecord.at <= began_at)
        & (JournalRecord.kind == FactKind.HOOK_FAILED.value)
        & JournalRecord.leg.in_(sorted(legs))
    )
    return list_rows(db, query.order_by(JournalRecord.at, JournalRecord.id), Fact, "data")


def _close_ids(db: Db, id: str) -> tuple[str, ...]:
    if len(id) < 4:
        return ()
    # A range rather than LIKE: nothing to escape, and it uses the key.
    query = ContactRecord.select(ContactRecord.id).where(
        ContactRecord.id >= id[:64], ContactRecord.id < id[:64] + "\U0010ffff"
    )
    return tuple(row.id for row in query.limit(3).execute(db))


def page_legs(use: Use, filter: Filter, limit: int | None, page: int = PAGE) -> Iterator[LegRow]:
    """The legs, oldest first, page by page. ``use`` lends a connection for each page."""
    after = (-(2**63), "")
    left = limit
    while left is None or left > 0:
        size = page if left is None else min(page, left)
        with use() as db:
            rows = list_rows(db, _legs_after(filter, after).limit(size), LegRow)
        yield from rows
        if len(rows) < size:
            return
        after = (rows[-1].created_at, rows[-1].id)
        left = None if left is None else left - len(rows)


def _legs_after(filter: Filter, after: tuple[int, str]) -> Any:
    at, id = after
    newer = (LegRecord.created_at > at) | ((LegRecord.created_at == at) & (LegRecord.id > id))
    # The bound on the first column alone is implied; it is what both engines use to go straight into the index.
    where = [LegRecord.created_at >= at, newer, *_leg_where(filter)]
    return LegRecord.select().where(*where).order_by(LegRecord.created_at, LegRecord.id)


def list_audit(db: Db, limit: int, *, since: int = 0, who: str = "", act: str = "") -> list[AuditRow]:
    """The newest ``limit`` entries, newest first: those from ``since`` (UTC microseconds) on, of ``who``, whose act
    begins with ``act``."""
    where = [AuditRecord.at >= since]
    if who:
        where.append(AuditRecord.who == who)
    if act:
        where.append(fn.SUBSTR(AuditRecord.act, 1, len(act)) == act)
    query = AuditRecord.select().where(*where).order_by(AuditRecord.at.desc(), AuditRecord.id.desc()).limit(limit)
    return list_rows(db, query, AuditRow, "what")


def count_all(db: Db) -> Counts:
    """All rows. ``legs`` counts the channels that any fact names, ``cdr_rows`` those that have their CDR: once every
    call is over the two are equal."""
    outcomes = _outcomes(db, Filter())
    return Counts(
        **_by_outcome(outcomes),
        contacts=sum(outcomes.values()),
        segments=SegmentRecord.select().count(db),
        facts=JournalRecord.select().count(db),
        cdr_rows=LegRecord.select().count(db),
        legs=_legs_named(db, Filter()),
    )


def summarise(
    db: Db, filter: Filter, service_level_s: Levels = SERVICE_LEVEL_S, short_abandon_s: float = SHORT_ABANDON_S
) -> Summary:
    """The figures of the contacts that ``filter`` selects.

    - Wait: from the first entry into a queue to the answer, or until the line was left (``waited_us``), of contacts
      that were queued and have ended: ``p50_wait_s``, ``p95_wait_s`` of those answered, ``..._all_s`` of all. The p-th
      percentile is the smallest wait that at least p percent of them did not exceed (nearest rank).
    - Service level: answered within ``service_level_s`` (one for all, or each queue's own by its id; a queue that is
      not among them is held to SERVICE_LEVEL_S), divided by (answered + abandoned after more than
      ``short_abandon_s``). Who gives up sooner than that had no chance to be answered and counts neither way.
      Contacts that left the flow before a queue are not in it. A fraction of 1.
    - ``lost``: contacts whose outcome is lost; ``live``: not ended yet."""
    outcomes = _outcomes(db, filter)
    waits = count_answers(db, filter, service_level_s, short_abandon_s)
    queued = _queued(filter)
    answered = [*queued, ContactRecord.outcome == "answered"]
    return Summary(
        **_by_outcome(outcomes),
        contacts=sum(outcomes.values()),
        short_abandoned=waits.short_abandoned,
        cdr_rows=LegRecord.select().where(*_leg_where(filter)).count(db),
        legs=_legs_named(db, filter),
        p50_wait_s=_percentile(db, answered, 0.50),
        p95_wait_s=waits.p95_wait_s,
        p50_wait_all_s=_percentile(db, queued, 0.50),
        p95_wait_all_s=_percentile(db, queued, 0.95),
        service_level=waits.service_level,
        service_level_s=None if isinstance(service_level_s, Mapping) else service_level_s,
    )


def count_answers(db: Db, filter: Filter, service_level_s: Levels, short_abandon_s: float) -> Answers:
    """How the contacts that were queued and have ended were answered; see :func:`summarise`."""
    queued = _queued(filter)
    answered = [*queued, ContactRecord.outcome == "answered"]
    abandoned = [*queued, ContactRecord.outcome == "abandoned"]
    late = _count(db, [*abandoned, ContactRecord.waited_us > round(short_abandon_s * 1e6)])
    return Answers(
        answered=_count(db, answered),
        within=_count(db, [*answered, _in_time(service_level_s)]),
        late_abandoned=late,
        short_abandoned=_count(db, abandoned) - late,
        p95_wait_s=_percentile(db, answered, 0.95),
    )


def _in_time(service_level_s: Levels) -> Any:
    """Whether a contact waited no longer than it may."""
    if not isinstance(service_level_s, Mapping):
        return ContactRecord.waited_us <= round(service_level_s * 1e6)
    # A condition for each time that queues have, of which there are few, not one for each queue.
    by_time: dict[float, list[str]] = {}
    for queue, seconds in service_level_s.items():
        if seconds != SERVICE_LEVEL_S:
            by_time.setdefault(seconds, []).append(queue)
    own = [queue for queues in by_time.values() for queue in queues]
    found = ContactRecord.waited_us <= round(SERVICE_LEVEL_S * 1e6)
    if own:
        found &= ContactRecord.queue.not_in(own)
    for seconds, queues in by_time.items():
        found |= ContactRecord.queue.in_(queues) & (ContactRecord.waited_us <= round(seconds * 1e6))
    return found


def _queued(filter: Filter) -> list[Any]:
    return [ContactRecord.enqueued_at > 0, ContactRecord.ended_at > 0, *_contact_where(filter)]


def count_contacts(db: Db, filter: Filter) -> int:
    """How many contacts the filter selects."""
    return _count(db, _contact_where(filter))


def _outcomes(db: Db, filter: Filter) -> dict[str, int]:
    query = ContactRecord.select(ContactRecord.outcome, fn.COUNT(ContactRecord.id)).where(*_contact_where(filter))
    rows: Iterable[tuple[str, int]] = query.group_by(ContactRecord.outcome).tuples().execute(db)
    return dict(rows)


def _by_outcome(outcomes: dict[str, int]) -> dict[str, int]:
    named = ("failed", *(outcome.value for outcome in ContactOutcome))
    return {"live": outcomes.get("", 0), **{name: outcomes.get(name, 0) for name in named}}


def _count(db: Db, where: list[Any]) -> int:
    return ContactRecord.select().where(*where).count(db)


def _percentile(db: Db, where: list[Any], share: float) -> float | None:
    number = _count(db, where)
    if not number:
        return None
    rank = max(1, math.ceil(number * share))
    query = ContactRecord.select(ContactRecord.waited_us).where(*where).order_by(ContactRecord.waited_us)
    return int(query.offset(rank - 1).limit(1).scalar(db)) / 1e6


def _legs_named(db: Db, filter: Filter) -> int:
    """Channels that the journal names."""
    where = [JournalRecord.leg != "", *_between(JournalRecord.at, filter)]
    return int(JournalRecord.select(fn.COUNT(JournalRecord.leg.distinct())).where(*where).scalar(db) or 0)


def _between(column: Any, filter: Filter) -> list[Any]:
    """At least one condition: peewee's ``where`` wants one."""
    where: list[Any] = [SQL("1 = 1")]
    if filter.since:
        where.append(column >= filter.since)
    if filter.until:
        where.append(column < filter.until)
    return where


def _contact_where(filter: Filter) -> list[Any]:
    where = _between(ContactRecord.began_at, filter)
    for name in ("queue", "agent", "outcome", "cause", "tenant", "medium", "direction"):
        if value := getattr(filter, name):
            where.append(getattr(ContactRecord, name) == value)
    if filter.queues is not None:
        where.append(ContactRecord.queue.in_(filter.queues))
    if filter.number:
        where.append((ContactRecord.number == filter.number) | (ContactRecord.destination == filter.number))
    if filter.digits:
        where.append(ContactRecord.number.contains(filter.digits))
    return where


def _leg_where(filter: Filter) -> list[Any]:
    where = _between(LegRecord.created_at, filter)
    for name in ("agent", "cause"):
        if value := getattr(filter, name):
            where.append(getattr(LegRecord, name) == value)
    if filter.number:
        where.append((LegRecord.number == filter.number) | (LegRecord.destination == filter.number))
    of = msgspec.structs.replace(filter, since=0, until=0, agent="", number="", digits="", cause="")
    if of != Filter():
        where.append(LegRecord.contact.in_(ContactRecord.select(ContactRecord.id).where(*_contact_where(of))))
    return where


def _contacts(db: Db, query: Any) -> list[ContactRow]:
    return list_rows(db, query, ContactRow, "answers")


def list_rows(db: Db, query: Any, kind: type[R], json: str = "") -> list[R]:
    """The rows of ``query`` as ``kind``; the column ``json`` is decoded."""
    return [_row(row, kind, json) for row in query.dicts().execute(db)]


def _row(row: dict[str, Any], kind: type[R], json: str) -> R:
    if json:
        row[json] = msgspec.json.decode(row[json])
    # Not strict: a boolean comes as 0 or 1.
    return msgspec.convert(row, kind, strict=False)
