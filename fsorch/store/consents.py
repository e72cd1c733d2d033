"""The ledger of consents: who agreed to be called, to what, when and how, until when, and when they took it back.

A row is never rewritten but for its withdrawal, and goes only when its time is over (fsorch.store.purging): it is
evidence. Everything blocks on the database.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

import msgspec

from fsorch.campaigns import ConsentRow
from fsorch.errors import ConfigError, NotFound
from fsorch.store.database import Db, writing
from fsorch.store.lead_models import ConsentRecord
from fsorch.store.lead_reopening import resume
from fsorch.store.lead_rows import number_text, number_value
from fsorch.store.part import Part
from fsorch.store.values import clean, cut

__all__ = ["Consents", "consent_values"]


class Consents(Part):
    """The consents of one store."""

    def add(self, row: ConsentRow, by: str) -> ConsentRow:
        """Write a consent down, and make leads due that wait for one; audited. Raises ConfigError when it has no
        number, or ends before it begins."""
        if not number_value(row.number):
            raise ConfigError(f"{row.number[:40]!r} is no number; expected its country code, as in +442079460001")
        if row.until and row.until <= row.given_at:
            raise ConfigError("the consent ends before it was given; give a later end")
        made = msgspec.structs.replace(row, id=row.id or uuid.uuid4().hex, by=by)
        with self._use() as db, writing(db):
            ConsentRecord.insert(consent_values(made)).execute(db)
            resume(db, [number_value(made.number)])
            self._audit(by, "consent.add", {"consent": made.id, "number": made.number, "scope": made.scope})
        return made

    def of(self, number: str) -> list[ConsentRow]:
        """All that is on record of a number, withdrawn and ended ones too, the newest first."""
        return self.of_all([number]).get(number, [])

    def of_all(self, numbers: Iterable[str]) -> dict[str, list[ConsentRow]]:
        """The same for several numbers; those with none are left out."""
        with self._use() as db:
            return self.read(db, numbers)

    def read(self, db: Db, numbers: Iterable[str]) -> dict[str, list[ConsentRow]]:
        """The same, on a connection that is open."""
        values = [value for value in map(number_value, numbers) if value]
        if not values:
            return {}
        query = (
            "SELECT id, number, who, what, scope, channel, evidence, given_at, until_at, withdrawn_at, made_by "
            "FROM consent WHERE number IN ({}) ORDER BY given_at DESC, id"
        )
        found: dict[str, list[ConsentRow]] = {}
        for row in db.among(query, values):
            values_of = dict(zip(ConsentRow.__struct_fields__, row, strict=True)) | {"number": number_text(row[1])}
            found.setdefault(number_text(row[1]), []).append(ConsentRow(**values_of))
        return found

    def withdraw(self, number: str, by: str, *, scope: str = "", id: str = "") -> list[ConsentRow]:
        """Take back what a number has consented to: all of it, what covers one ``scope`` (a consent to everything does,
        and is gone with it), or the one consent ``id``; audited. Gives those that are withdrawn now. Raises
        NotFound when there is none in force."""
        now = self._clock.now().wall
        where: list[Any] = [ConsentRecord.number == number_value(number), ConsentRecord.withdrawn_at == 0]
        where += [ConsentRecord.scope.in_((clean(scope), "*"))] if scope else []
        where += [ConsentRecord.id == clean(id)] if id else []
        with self._use() as db, writing(db):
            found = [_row(record) for record in ConsentRecord.select().where(*where).execute(db)]
            if not found:
                raise NotFound("consent in force", number)
            ids = [one.id for one in found]
            ConsentRecord.update({"withdrawn_at": now}).where(ConsentRecord.id.in_(ids)).execute(db)
            self._audit(by, "consent.withdraw", {"number": number, "consents": ids})
        return [msgspec.structs.replace(one, withdrawn_at=now) for one in found]

    def newest(self, limit: int = 100, *, number: str = "", after: tuple[int, str] | None = None) -> list[ConsentRow]:
        """The newest consents, newest first; of one number where it is given. ``after``: those behind the one that was
        given then (UTC microseconds) and has this id."""
        query = ConsentRecord.select().order_by(ConsentRecord.given_at.desc(), ConsentRecord.id).limit(limit)
        if after is not None:
            at, id = after
            there = (ConsentRecord.given_at == at) & (ConsentRecord.id > clean(id))
            query = query.where((ConsentRecord.given_at < at) | there)
        query = query.where(ConsentRecord.number == number_value(number)) if number else query
        with self._use() as db:
            return [_row(record) for record in query.execute(db)]


def consent_values(row: ConsentRow) -> dict[str, Any]:
    """A consent as its table's columns; one that came with a list gets its id here."""
    return {
        "id": cut(row.id or uuid.uuid4().hex, 64),
        "number": number_value(row.number),
        "who": cut(row.who, 255),
        "what": cut(row.what, 2000),
        "scope": cut(row.scope, 64),
        "channel": cut(row.channel, 32),
        "evidence": cut(row.evidence, 1024),
        "given_at": row.given_at,
        "until_at": row.until,
        "withdrawn_at": row.withdrawn_at,
        "made_by": cut(row.by, 64),
    }


def _row(record: ConsentRecord) -> ConsentRow:
    return ConsentRow(
        id=record.id,
        number=number_text(record.number),
        who=record.who,
        what=record.what,
        scope=record.scope,
        channel=record.channel,
        evidence=record.evidence,
        given_at=record.given_at,
        until=record.until_at,
        withdrawn_at=record.withdrawn_at,
        by=record.made_by,
    )
