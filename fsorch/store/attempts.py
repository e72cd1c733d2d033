"""What has been dialled, and what came of it: written, counted, and read for the limits of the law."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import msgspec
from peewee import fn

from fsorch.campaign.answer_counts import AnswerCounts, count_answers
from fsorch.campaigns import LIVE_OUTCOMES, AttemptRow, Outcome, Past
from fsorch.clock import HOUR_US
from fsorch.engine.facts import Fact, FactKind
from fsorch.engine.inputs import SaidWord
from fsorch.errors import NotFound
from fsorch.store.database import Db
from fsorch.store.lead_models import AttemptRecord, Gate, LeadRecord
from fsorch.store.models import JournalRecord
from fsorch.store.part import Use
from fsorch.store.queries import list_rows
from fsorch.store.values import clean, cut, dump_json

__all__ = ["Attempts", "CampaignCounts", "HourCounts", "ListCounts", "attempt_of", "count_list"]

# An id may be cut short, but not shorter.
SHORTEST = 4
# Rows of a page of attempts that are read from end to end.
PAGE = 2_000
# What stands in a column as JSON.
AS_JSON = ("checks", "answers")


class HourCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What was dialled in one hour that began at ``at`` (UTC microseconds)."""

    at: int
    launched: int
    live: int
    drops: int
    machines: int


class ListCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How far a list has been worked through. ``tried``: dialled at least once; ``open``: to be dialled, now or later;
    ``promised`` callbacks among them; ``held``: with somebody now; ``shut``: done or barred."""

    list: str
    leads: int
    tried: int
    open: int
    promised: int
    held: int
    shut: int

    @property
    def penetration(self) -> float:
        """The share of leads that were dialled at least once."""
        return self.tried / self.leads if self.leads else 0.0


class CampaignCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a campaign's attempts in some time. ``outcomes``: by what they ended with, those under way as
    ``""``; ``causes``: by the switch's cause, and ``gateways``: the same of each gateway, for carriers differ;
    ``rang_us``, ``talked_us``: sums, of those answered by people; ``answers``: what telling machines from people
    has come to and cost."""

    launched: int
    live: int
    drops: int
    outcomes: dict[str, int]
    causes: dict[str, int]
    rang_us: int
    talked_us: int
    hours: tuple[HourCounts, ...]
    lists: tuple[ListCounts, ...]
    answers: AnswerCounts = AnswerCounts()
    gateways: dict[str, dict[str, int]] = {}

    @property
    def drop_rate(self) -> float:
        """Drops over live answers."""
        return self.drops / self.live if self.live else 0.0


class Attempts:
    """The attempts of one store."""

    def __init__(self, use: Use) -> None:
        self._use = use

    def write(self, db: Db, row: AttemptRow) -> None:
        """Write an attempt past the spool, on a connection that is open; one that is there is replaced."""
        AttemptRecord.delete().where(AttemptRecord.id == row.id).execute(db)
        AttemptRecord.insert(_columns(row)).execute(db)

    def get(self, id: str) -> AttemptRow | None:
        """One attempt."""
        with self._use() as db:
            record = AttemptRecord.select().where(AttemptRecord.id == clean(id)).first(db)
            return None if record is None else attempt_of(record)

    def begins_with(self, id: str) -> AttemptRow:
        """The attempt ``id``, or the only one whose id begins so. Raises NotFound with those that begin alike."""
        id = clean(id)
        whole = self.get(id)
        if whole is not None:
            return whole
        # A range rather than LIKE: nothing to escape, and it uses the key.
        near = AttemptRecord.select().where(AttemptRecord.id >= id[:64], AttemptRecord.id < id[:64] + "\U0010ffff")
        with self._use() as db:
            found = [attempt_of(record) for record in near.limit(3).execute(db)] if len(id) >= SHORTEST else []
        if len(found) != 1:
            raise NotFound("attempt", id[:64], tuple(one.id for one in found))
        return found[0]

    def facts(self, id: str) -> tuple[Fact, ...]:
        """What the journal has of an attempt, in order."""
        query = JournalRecord.select().where(JournalRecord.contact == clean(id))
        with self._use() as db:
            return tuple(list_rows(db, query.order_by(JournalRecord.at, JournalRecord.id), Fact, "data"))

    def before(self, row: AttemptRow) -> tuple[AttemptRow | None, int]:
        """The attempt at the same lead before this one (None: it was the first), and which one this was, from 1."""
        earlier = AttemptRecord.lead == row.lead, AttemptRecord.launched_at < row.launched_at
        query = AttemptRecord.select().where(*earlier).order_by(AttemptRecord.launched_at.desc())
        with self._use() as db:
            record = query.first(db) if row.lead else None
            count = query.order_by().count(db) if record is not None else 0
        return (attempt_of(record) if record is not None else None), count + 1

    def skipped(self, lead: str, moments: Collection[int]) -> Fact | None:
        """That an agent put the lead off at one of these moments (UTC microseconds)."""
        query = JournalRecord.select().where(
            JournalRecord.at.in_(sorted(moments)), JournalRecord.kind == FactKind.LEAD_SKIPPED.value
        )
        with self._use() as db:
            facts = list_rows(db, query, Fact, "data") if moments else []
        return next((fact for fact in facts if fact.data.get("lead") == lead), None)

    def under_way(self) -> list[AttemptRow]:
        """Those that were begun and have no end, the oldest first."""
        query = AttemptRecord.select().where(AttemptRecord.ended_at == 0).order_by(AttemptRecord.launched_at)
        with self._use() as db:
            return [attempt_of(record) for record in query.execute(db)]

    def dropped(self, rows: Sequence[AttemptRow]) -> dict[str, int]:
        """Those of these attempts whose customer was told that nobody is there, and when (UTC microseconds)."""
        if not rows:
            return {}
        ids, since = {row.id for row in rows}, min(row.launched_at for row in rows)
        query = JournalRecord.select(JournalRecord.contact, JournalRecord.at).where(
            JournalRecord.kind == FactKind.DROPPED.value, JournalRecord.at >= since
        )
        with self._use() as db:
            return {id: at for id, at in query.tuples().execute(db) if id in ids}

    def words(self, rows: Sequence[AttemptRow]) -> dict[str, SaidWord]:
        """What agents have said last of these attempts, by the ids of those of which they have."""
        found: dict[str, SaidWord] = {}
        for at in range(0, len(rows), PAGE):
            ids = [row.id for row in rows[at : at + PAGE]]
            query = JournalRecord.select().where(
                JournalRecord.contact.in_(ids), JournalRecord.kind == FactKind.WORD_SAID.value
            )
            with self._use() as db:
                for fact in list_rows(db, query.order_by(JournalRecord.at, JournalRecord.id), Fact, "data"):
                    found[fact.contact] = msgspec.convert(fact.data, SaidWord)
        return found

    def dropped_since(self, campaign: str, since: int) -> tuple[int, int, int]:
        """A campaign's live answers since then (UTC microseconds), how many of them were dropped, and how many hung up
        before anybody could be there. What was written by a clock that has been set back since counts as well."""
        where = (AttemptRecord.campaign == clean(campaign)) & (AttemptRecord.launched_at >= since)
        with self._use() as db:
            found = _counted(db, AttemptRecord.outcome, where)
        live = sum(found.get(one.value, 0) for one in LIVE_OUTCOMES)
        return live, found.get(Outcome.DROP.value, 0), found.get(Outcome.HUNG_UP.value, 0)

    def newest(
        self, limit: int = 100, *, campaign: str = "", lead: str = "", number: str = "", agent: str = ""
    ) -> list[AttemptRow]:
        """The newest, newest first, of a campaign, a lead, a number, an agent where these are given."""
        query = AttemptRecord.select().order_by(AttemptRecord.launched_at.desc(), AttemptRecord.id).limit(limit)
        for column, value in (
            (AttemptRecord.campaign, campaign),
            (AttemptRecord.lead, lead),
            (AttemptRecord.number, number),
            (AttemptRecord.agent, agent),
        ):
            query = query.where(column == clean(value)) if value else query
        with self._use() as db:
            return [attempt_of(record) for record in query.execute(db)]

    def between(self, campaign: str, since: int, until: int) -> Iterator[AttemptRow]:
        """All of a campaign that were launched from ``since`` to before ``until`` (UTC microseconds), in order; needs
        the memory of one page."""
        last, last_id = since, ""
        while True:
            with self._use() as db:
                query = AttemptRecord.select().where(
                    AttemptRecord.campaign == clean(campaign),
                    AttemptRecord.launched_at >= last,
                    AttemptRecord.launched_at < until,
                    (AttemptRecord.launched_at > last) | (AttemptRecord.id > last_id),
                )
                ordered = query.order_by(AttemptRecord.launched_at, AttemptRecord.id).limit(PAGE)
                page = [attempt_of(record) for record in ordered.execute(db)]
            yield from page
            if len(page) < PAGE:
                return
            last, last_id = page[-1].launched_at, page[-1].id

    def past(self, db: Db, numbers: Collection[str], since: int) -> dict[str, list[Past]]:
        """The attempts of these numbers since then (UTC microseconds), by number, whatever their campaign."""
        query = (
            "SELECT launched_at, number, outcome, campaign, `lead`, disposition FROM attempt "
            "WHERE number IN ({}) AND launched_at >= ?"
        )
        found: dict[str, list[Past]] = {}
        for at, number, outcome, campaign, lead, said in db.among(query, list(numbers), since):
            # One that is under way counts: nobody knows yet that it did not ring.
            known = Outcome(outcome) if outcome in _OUTCOMES else Outcome.LOST
            past = Past(at=at, number=number, outcome=known, campaign=campaign, lead=lead, said=said)
            found.setdefault(number, []).append(past)
        return found

    def count(self, campaign: str, lists: Sequence[str], since: int, until: int) -> CampaignCounts:
        """The figures of a campaign from ``since`` to before ``until`` (UTC microseconds), and how far its lists
        are."""
        where = (
            (AttemptRecord.campaign == clean(campaign))
            & (AttemptRecord.launched_at >= since)
            & (AttemptRecord.launched_at < until)
        )
        with self._use() as db:
            outcomes = _counted(db, AttemptRecord.outcome, where)
            live = sum(outcomes.get(one.value, 0) for one in LIVE_OUTCOMES)
            rang, talked = (
                AttemptRecord.select(
                    fn.SUM(AttemptRecord.answered_at - AttemptRecord.launched_at),
                    fn.SUM(AttemptRecord.ended_at - AttemptRecord.answered_at),
                )
                .where(where, AttemptRecord.outcome.in_(sorted(LIVE_OUTCOMES)), AttemptRecord.ended_at > 0)
                .tuples()
                .execute(db)[0]
            )
            return CampaignCounts(
                launched=sum(outcomes.values()),
                live=live,
                drops=outcomes.get(Outcome.DROP.value, 0),
                outcomes=outcomes,
                causes=_counted(db, AttemptRecord.cause, where),
                rang_us=int(rang or 0),
                talked_us=int(talked or 0),
                hours=tuple(_hours(db, campaign, since, until)),
                lists=tuple(count_list(db, name) for name in lists),
                answers=count_answers(_counted(db, AttemptRecord.answer, where)),
                gateways=_by_gateway(db, where),
            )


_OUTCOMES = frozenset(one.value for one in Outcome)


def attempt_of(record: AttemptRecord) -> AttemptRow:
    """An attempt from its row."""
    values = {name: getattr(record, name) for name in AttemptRow.__struct_fields__ if name not in AS_JSON}
    read: dict[str, Any] = {}
    for name in AS_JSON:
        read[name] = msgspec.json.decode(getattr(record, name) or "{}", type=dict[str, str])
    return AttemptRow(**values, **read)


def _columns(row: AttemptRow) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field in AttemptRecord._meta.sorted_fields:
        value = getattr(row, field.name)
        if isinstance(value, str):
            value = cut(value, field.max_length)
        values[field.name] = dump_json(value) if field.name in AS_JSON else value
    return values


def _counted(db: Db, column: Any, where: Any) -> dict[str, int]:
    query = AttemptRecord.select(column, fn.COUNT(AttemptRecord.id)).where(where).group_by(column).order_by(column)
    return dict(query.tuples().execute(db))


def _by_gateway(db: Db, where: Any) -> dict[str, dict[str, int]]:
    """How calls through each gateway ended, by cause; of those that are over and went through one."""
    columns = AttemptRecord.gateway, AttemptRecord.cause
    over = (AttemptRecord.gateway != "") & (AttemptRecord.ended_at > 0)
    query = AttemptRecord.select(*columns, fn.COUNT(AttemptRecord.id)).where(where, over).group_by(*columns)
    found: dict[str, dict[str, int]] = {}
    for gateway, cause, count in query.order_by(*columns).tuples().execute(db):
        found.setdefault(gateway, {})[cause] = count
    return found


def _hours(db: Db, campaign: str, since: int, until: int) -> Iterator[HourCounts]:
    query = (
        f"SELECT launched_at - launched_at % {HOUR_US} AS began, outcome, COUNT(*) FROM attempt "  # noqa: S608 - a constant
        "WHERE campaign = ? AND launched_at >= ? AND launched_at < ? GROUP BY began, outcome ORDER BY began"
    )
    query = query.replace("%", "%%").replace("?", "%s") if db.param == "%s" else query
    rows = db.run(query, (clean(campaign), since, until)).fetchall()
    hours: dict[int, dict[str, int]] = {}
    for at, outcome, count in rows:
        hours.setdefault(int(at), {})[outcome] = count
    for at, counts in hours.items():
        yield HourCounts(
            at=at,
            launched=sum(counts.values()),
            live=sum(counts.get(one.value, 0) for one in LIVE_OUTCOMES),
            drops=counts.get(Outcome.DROP.value, 0),
            machines=counts.get(Outcome.MACHINE.value, 0),
        )


def count_list(db: Db, name: str) -> ListCounts:
    """How far a list has been worked through."""
    query = LeadRecord.select(LeadRecord.gate, fn.COUNT(LeadRecord.id)).where(LeadRecord.list == name)
    gates = dict(query.group_by(LeadRecord.gate).tuples().execute(db))
    tried = LeadRecord.select(fn.COUNT(LeadRecord.id)).where(LeadRecord.list == name, LeadRecord.attempts > 0)
    promised = gates.get(int(Gate.PROMISED), 0)
    return ListCounts(
        list=name,
        leads=sum(gates.values()),
        tried=tried.scalar(db) or 0,
        open=gates.get(int(Gate.OPEN), 0) + gates.get(int(Gate.LATER), 0) + promised,
        promised=promised,
        held=gates.get(int(Gate.HELD), 0),
        shut=gates.get(int(Gate.SHUT), 0),
    )
