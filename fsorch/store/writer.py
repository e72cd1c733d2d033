"""Facts into rows.

Every fact becomes a journal row; ``*_ended`` facts become the row they carry as ``row`` in their data,
``contact_began`` a contact in progress. Writing is idempotent: each row has its key from the engine, and

- journal: the first one stays;
- promise_made, note_made: the first one stays, for people have changed it since;
- contact_began: only when there is no row of that contact yet, so that it never undoes the end;
- contact, segment, leg, survey answer, attempt: the newest one stays; attempt_started only when there is none yet;
- dnc_asked: the first one stays;
- call_noted: its rows are written unless its leg is a contact's already;
- campaign_changed: an input of the machine of the campaign, which may be elsewhere by then;
- lead_changed: only while the lead is held by the token that the fact carries, which ends with it.

So a batch may be written twice, in part, or again years later, and the tables are the same afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter, le
from typing import Any

import msgspec
from peewee import BigIntegerField, BooleanField, CharField, DoubleField, Field, IntegerField, Model

from fsorch.campaigns import AttemptRow, CampaignState, Lead
from fsorch.customers import Note, Promise, SurveyAnswer
from fsorch.engine.facts import Fact, FactKind
from fsorch.engine.rows import ContactRow, LegRow, SegmentRow
from fsorch.store.campaigns import settle_campaign
from fsorch.store.customer_models import NoteRecord, PromiseRecord, SurveyAnswerRecord
from fsorch.store.database import Db, PooledMysql, writing
from fsorch.store.lead_models import AttemptRecord, DncRecord
from fsorch.store.lead_rows import number_value, update_lead
from fsorch.store.models import ContactRecord, IdField, JournalRecord, JsonField, LegRecord, MetaRecord, SegmentRecord
from fsorch.store.values import LARGEST, cut, cut_id, dump_json, real, text_of, whole

__all__ = ["FactWriter", "RowError", "Rows"]

# PyMySQL joins the rows of one executemany into statements of at most 1 MB; SQLite runs them one by one in C.
Values = tuple[Any, ...]


class RowError(ValueError):
    """A fact whose data is not the row its kind promises. Nothing can make it one."""


class NotedCall(msgspec.Struct, frozen=True):
    """What ``call_noted`` carries: the rows of one ``call``, which is a contact, and ``row``, that of its leg;
    ``taken``: the contact that fsorch had made of it, if it wrote that down."""

    call: ContactRow
    segment: SegmentRow
    row: LegRow
    promise: Promise | None = None
    taken: str = ""


class Rows:
    """The rows of one batch, by table and key."""

    def __init__(self) -> None:
        self.journal: dict[str, Values] = {}
        self.began: dict[str, Values] = {}
        self.ended: dict[type[Model], dict[str, Values]] = {model: {} for model, _ in ENDED.values()}
        self.made: dict[type[Model], dict[str, Values]] = {model: {} for model, _ in MADE.values()}
        self.leads: list[tuple[Lead, str]] = []
        self.refusals: dict[tuple[str, str], Values] = {}
        self.campaigns: list[tuple[str, CampaignState, str, int]] = []
        self.calls: dict[str, NotedCall] = {}


class BeganData(msgspec.Struct, frozen=True):
    """What ``contact_began`` carries beside the fact's own fields."""

    medium: str = "voice"
    direction: str = "inbound"
    number: str = ""
    name: str = ""
    destination: str = ""
    switch: str = ""
    tenant: str = ""
    began_at: int = 0


ENDED: dict[FactKind, tuple[type[Model], type[msgspec.Struct]]] = {
    FactKind.CONTACT_ENDED: (ContactRecord, ContactRow),
    FactKind.SEGMENT_ENDED: (SegmentRecord, SegmentRow),
    FactKind.LEG_ENDED: (LegRecord, LegRow),
    FactKind.SURVEY_ANSWERED: (SurveyAnswerRecord, SurveyAnswer),
    FactKind.ATTEMPT_ENDED: (AttemptRecord, AttemptRow),
}
# Rows that people, or later facts, go on with: a fact only begins them.
MADE: dict[FactKind, tuple[type[Model], type[msgspec.Struct]]] = {
    FactKind.PROMISE_MADE: (PromiseRecord, Promise),
    FactKind.NOTE_MADE: (NoteRecord, Note),
    FactKind.ATTEMPT_STARTED: (AttemptRecord, AttemptRow),
}
# Where a leg's values say whether its CDR is the switch's own.
_COMPLETE = [field.name for field in LegRecord._meta.sorted_fields].index("complete")


class Plan:
    """How a row becomes the values of its table's columns, which are called the same. Nearly every row fits as it is:
    that is found out in C, for all its texts and numbers together."""

    def __init__(self, model: type[Model]) -> None:
        fields = model._meta.sorted_fields
        self._get = attrgetter(*(field.name for field in fields))
        self._fits = [_fit(field) for field in fields]
        self._texts = [n for n, field in enumerate(fields) if isinstance(field, CharField)]
        self._widths = [fields[n].max_length for n in self._texts]
        self._wholes = [n for n, field in enumerate(fields) if isinstance(field, IntegerField)]
        known = {*self._texts, *self._wholes}
        self._others = [(n, self._fits[n]) for n in range(len(fields)) if n not in known]

    def values(self, row: Any) -> Values:
        """The values of ``row``, made to fit. Raises TypeError for one that is of another kind than its column."""
        values = list(self._get(row))
        texts = [values[n] for n in self._texts]
        wholes = [values[n] for n in self._wholes]
        if (
            all(map(le, map(len, texts), self._widths))
            and "".join(texts).isascii()
            and -LARGEST <= min(wholes, default=0)
            and max(wholes, default=0) <= LARGEST
        ):
            for n, fit in self._others:
                values[n] = fit(values[n])
            return tuple(values)
        return tuple([fit(value) for fit, value in zip(self._fits, values, strict=True)])


class FactWriter:
    """Writes batches of facts to one database."""

    def __init__(self, db: Db) -> None:
        self._db = db
        ended: list[type[Model]] = [model for model, _ in ENDED.values()]
        made: list[type[Model]] = [model for model, _ in MADE.values()]
        first: tuple[type[Model], ...] = (JournalRecord, ContactRecord, DncRecord, *made)
        newest: tuple[type[Model], ...] = (MetaRecord, *ended)
        self._plans = {model: Plan(model) for model in {*first, *ended}}
        self._replace = {model: _upsert(db, model, replace=True) for model in newest}
        self._keep = {model: _upsert(db, model, replace=False) for model in first}

    def rows(self, facts: Iterable[Fact]) -> Rows:
        """The rows of ``facts``. Raises RowError at the first fact that has none."""
        rows = Rows()
        for fact in facts:
            try:
                self._add(rows, fact)
            except (msgspec.ValidationError, TypeError, UnicodeError, RecursionError, OverflowError) as error:
                raise RowError(f"{fact.kind} {fact.id}: {error}") from error
        return rows

    def _add(self, rows: Rows, fact: Fact) -> None:
        if fact.kind is FactKind.CONTACT_BEGAN:
            contact = _begun(fact)
            rows.began.setdefault(contact.id, self._plans[ContactRecord].values(contact))
        elif (target := ENDED.get(fact.kind)) is not None:
            model, row = _carried(fact, *target)
            known = rows.ended[model].get(row.id) if fact.kind is FactKind.LEG_ENDED else None
            if known is None or row.complete or not known[_COMPLETE]:
                rows.ended[model][row.id] = self._plans[model].values(row)
        elif (target := MADE.get(fact.kind)) is not None:
            model, row = _carried(fact, *target)
            rows.made[model].setdefault(row.id, self._plans[model].values(row))
        elif fact.kind is FactKind.LEAD_CHANGED:
            lead = msgspec.convert(fact.data.get("row"), Lead)
            rows.leads.append((lead, str(fact.data.get("put_off", ""))))
        elif fact.kind is FactKind.DNC_ASKED:
            refusal = _refusal(fact)
            rows.refusals.setdefault((refusal.number, refusal.campaign), self._plans[DncRecord].values(refusal))
        elif fact.kind is FactKind.CALL_NOTED:
            call = msgspec.convert(fact.data, NotedCall)
            rows.calls.setdefault(call.row.id, call)
        elif fact.kind is FactKind.CAMPAIGN_CHANGED:
            state = msgspec.convert(fact.data.get("state"), CampaignState)
            rows.campaigns.append((str(fact.data.get("campaign")), state, str(fact.data.get("held")), fact.at))
        rows.journal.setdefault(fact.id, self._plans[JournalRecord].values(fact))

    def write(self, facts: Sequence[Fact], mark: tuple[str, str] | None = None) -> None:
        """Write ``facts`` in one transaction on this thread's connection, and with them ``mark``, a name and value
        of the meta table. Raises RowError, or what peewee raises."""
        rows = self.rows(facts)
        with writing(self._db):
            self._many(self._keep[JournalRecord], rows.journal)
            self._many(self._keep[ContactRecord], rows.began)
            self._keep_whole(rows.ended[LegRecord])
            for model, ended in rows.ended.items():
                self._many(self._replace[model], ended)
            for model, made in rows.made.items():
                self._many(self._keep[model], made)
            self._many(self._keep[DncRecord], rows.refusals)
            for lead, put_off in rows.leads:
                update_lead(self._db, lead, put_off)
            for campaign in rows.campaigns:
                settle_campaign(self._db, *campaign)
            self._calls(rows.calls)
            if mark is not None:
                self._many(self._replace[MetaRecord], {mark[0]: mark})

    def _keep_whole(self, legs: dict[Any, Values]) -> None:
        """Take out of ``legs`` those of whose end nobody heard and that have their CDR by the switch all the same: an
        earlier life may have written it before it was killed with the call still going on, by another gateway."""
        unheard = [id for id, values in legs.items() if not values[_COMPLETE]]
        if not unheard:
            return
        whole = LegRecord.select(LegRecord.id).where(LegRecord.id.in_(unheard), LegRecord.complete == True)  # noqa: E712
        for (id,) in whole.tuples().execute(self._db):
            del legs[id]

    def _calls(self, calls: dict[str, NotedCall]) -> None:
        """The noted ``calls`` whose legs are no contact's."""
        if not calls:
            return
        known = LegRecord.select(LegRecord.id).where(LegRecord.id.in_(list(calls)), LegRecord.contact != "")
        theirs = {str(row[0]) for row in known.tuples().execute(self._db)}
        taken = [call.taken for call in calls.values() if call.taken]
        there = ContactRecord.select(ContactRecord.id).where(ContactRecord.id.in_(taken))
        ours = {str(row[0]) for row in there.tuples().execute(self._db)} if taken else set()
        for call in (call for id, call in calls.items() if id not in theirs):
            if call.taken in ours:
                # The contact has its own records; of this leg it lacks the end.
                leg = msgspec.structs.replace(call.row, contact=call.taken)
                self._many(self._replace[LegRecord], {leg.id: self._plans[LegRecord].values(leg)})
                continue
            rows: list[tuple[str, type[Model], Any]] = [
                (self._keep[ContactRecord], ContactRecord, call.call),
                (self._replace[SegmentRecord], SegmentRecord, call.segment),
                (self._replace[LegRecord], LegRecord, call.row),
            ]
            if call.promise is not None:
                rows.append((self._keep[PromiseRecord], PromiseRecord, call.promise))
            for sql, model, row in rows:
                self._many(sql, {row.id: self._plans[model].values(row)})

    def _many(self, sql: str, rows: dict[Any, Values]) -> None:
        if rows:
            self._db.execute_many(sql, list(rows.values()))


def _carried(fact: Fact, model: type[Model], struct: type[msgspec.Struct]) -> tuple[type[Model], Any]:
    row: Any = msgspec.convert(fact.data.get("row"), struct)
    if not row.id:
        raise RowError("the row has no id")
    return model, row


class Refusal(msgspec.Struct, frozen=True):
    """A row of the no-call list, as its table's columns are called."""

    number: str
    campaign: str
    source: str
    reason: str
    added_at: int
    until_at: int
    made_by: str


def _refusal(fact: Fact) -> Refusal:
    """Who presses a key is not called again by that campaign; who says it to an agent, by nobody here."""
    number, source, campaign = (str(fact.data.get(name, "")) for name in ("number", "source", "campaign"))
    if not number_value(number):
        raise RowError("the fact names no number")
    return Refusal(
        number=f"+{number_value(number)}",
        campaign=campaign if source == "key" else "",
        source=source,
        reason=f"asked by {'key' if source == 'key' else 'word'}",
        added_at=fact.at,
        until_at=0,
        made_by=fact.agent or "engine",
    )


def _begun(fact: Fact) -> ContactRow:
    """The contact row in progress: without outcome, ``ended_at`` 0."""
    data = msgspec.convert(fact.data, BeganData)
    if not fact.contact:
        raise RowError("the fact names no contact")
    return ContactRow(
        id=fact.contact,
        medium=data.medium,
        direction=data.direction,
        switch=data.switch or fact.switch,
        number=data.number,
        name=data.name,
        destination=data.destination,
        tenant=data.tenant,
        queue=fact.queue,
        agent=fact.agent,
        outcome="",
        began_at=data.began_at or fact.at,
        ended_at=0,
    )


def _fit(field: Field[Any]) -> Callable[[Any], Any]:
    if isinstance(field, JsonField):
        return dump_json
    if isinstance(field, CharField):
        return text_of(field.max_length, cut_id if isinstance(field, IdField) else cut)
    if isinstance(field, BooleanField):
        return int
    if isinstance(field, DoubleField):
        return real
    if isinstance(field, BigIntegerField | IntegerField):
        return whole
    raise TypeError(f"no rule for the column {field.name}")


def _key(model: type[Model]) -> Sequence[Field[Any]]:
    keys: Sequence[Field[Any]] = model._meta.get_primary_keys()  # type: ignore[no-untyped-call] # peewee's stub
    return keys


def _upsert(db: Db, model: type[Model], *, replace: bool) -> str:
    """INSERT into ``model``'s table that, where the key is there already, replaces the row or leaves it as it is."""
    quote = db.quote[0]
    names = [f"{quote}{field.column_name}{quote}" for field in model._meta.sorted_fields]
    table = f"{quote}{model._meta.table_name}{quote}"
    key = ", ".join(f"{quote}{field.column_name}{quote}" for field in _key(model))
    marks = ", ".join([db.param] * len(names))
    insert = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608 - names of our own models
    changed = names[1:] if replace else names[:1]
    if isinstance(db, PooledMysql):
        return f"{insert} ON DUPLICATE KEY UPDATE {', '.join(f'{name} = VALUES({name})' for name in changed)}"
    if not replace:
        return f"{insert} ON CONFLICT ({key}) DO NOTHING"
    return (
        f"{insert} ON CONFLICT ({names[0]}) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in changed)}"
    )
