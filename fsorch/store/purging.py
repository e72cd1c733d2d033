"""Letting go of what has been kept for long enough: calls, consents that ended, old wordings, no-call entries that ran
out.

How long is the packs' matter (:mod:`fsorch.campaign.keeping`); here is what there is, what a hold keeps, and the
removal, in small transactions, so that a running fsorch does not wait for it. A removal is audited before it begins and
when it has ended; one that was killed is gone on with by asking again. Holds are read from the audit, which nothing
removes. Blocks on the database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
from peewee import fn

from fsorch.campaign.keeping import Hold, Term, asked_back, longest
from fsorch.clock import DAY_US
from fsorch.compliance_packs import PackSpec, pack_named
from fsorch.config import Centre
from fsorch.deferred import VoicemailSpec
from fsorch.engine.facts import FactKind
from fsorch.errors import ConfigError, NotFound
from fsorch.ivr.events import EventKind
from fsorch.store.centre import read_centre
from fsorch.store.database import Db, writing
from fsorch.store.lead_models import AttemptRecord, ConsentRecord, DncRecord
from fsorch.store.lead_rows import number_text
from fsorch.store.models import (
    AuditRecord,
    CampaignVersionRecord,
    ContactRecord,
    JournalRecord,
    LegRecord,
    SegmentRecord,
)
from fsorch.store.part import Part
from fsorch.store.turns import Turns
from fsorch.store.values import clean, cut

__all__ = ["Lot", "Retention"]

# Calls of one transaction: what a running fsorch waits for at most.
PAGE = 500
# What is told of leads beside their calls.
NOTICES = (FactKind.LEAD_BARRED, FactKind.LEAD_CHANGED, FactKind.LEAD_SKIPPED, FactKind.PREVIEW_SHOWN)


class Lot(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of records. ``what``: records (calls), consents, script (wordings), dnc or notices (what was told of
    leads that were not called); of ``campaign`` under ``pack`` where it has one. They are kept ``days`` by ``rules``
    (none: nobody has said how long, and all stay). ``rows`` of them are from ``before`` (UTC microseconds) and go;
    ``held`` more would, but for a hold."""

    what: str
    campaign: str = ""
    pack: str = ""
    days: int = 0
    rules: tuple[str, ...] = ()
    before: int = 0
    rows: int = 0
    held: int = 0


class Retention(Part):
    """What one store keeps, and for how long."""

    # -- holds ----------------------------------------------------------------------------------------------------

    def holds(self) -> list[Hold]:
        """The holds in force, the oldest first."""
        found: dict[str, Hold] = {}
        query = AuditRecord.select().where(AuditRecord.act.in_(("compliance.hold", "compliance.release")))
        with self._use() as db:
            for row in query.order_by(AuditRecord.at, AuditRecord.id).execute(db):
                told = msgspec.json.decode(row.what)
                found.pop(told["id"], None)
                if row.act == "compliance.hold":
                    found[told["id"]] = msgspec.convert(told | {"since": row.at, "by": row.who}, Hold)
        return list(found.values())

    def hold(self, hold: Hold, by: str) -> Hold:
        """Keep what the hold covers, whatever its age; audited. Raises ConfigError without a name or a reason, or for a
        name that is taken."""
        if not hold.id.strip() or not hold.reason.strip():
            raise ConfigError("a hold wants a name, and a reason that the records keep")
        if len(hold.id) > 64 or hold.id != clean(hold.id):
            raise ConfigError(f"{hold.id[:40]!r} is no name of a hold; expected a word or two")
        if any(one.id == hold.id for one in self.holds()):
            raise ConfigError(f"there is a hold {hold.id!r} already; release it first, or take another name")
        told = {"id": hold.id, "campaign": hold.campaign, "number": hold.number, "reason": cut(hold.reason, 255)}
        with self._use() as db, writing(db):
            self._audit(by, "compliance.hold", told)
        return next(one for one in self.holds() if one.id == hold.id)

    def release(self, id: str, by: str, reason: str = "") -> None:
        """The hold is over; audited. Raises NotFound."""
        known = [one.id for one in self.holds()]
        if id not in known:
            raise NotFound("hold", id, tuple(known[:3]))
        with self._use() as db, writing(db):
            self._audit(by, "compliance.release", {"id": id, "reason": reason})

    # -- what would go --------------------------------------------------------------------------------------------

    def plan(self, at_least: int = 0) -> list[Lot]:
        """What has been kept for long enough, lot by lot; ``at_least``: so many days, whatever the packs say less."""
        holds = self.holds()
        with self._use() as db, db.atomic():
            return list(self._lots(db, read_centre(db), holds, at_least))

    def _lots(self, db: Db, centre: Centre, holds: list[Hold], at_least: int) -> Iterator[Lot]:
        now = self._clock.now().wall
        used: dict[str, PackSpec] = {}
        records = []
        pairs = AttemptRecord.select(AttemptRecord.campaign, AttemptRecord.pack).distinct().tuples()
        own = {spec.id: spec.pack for spec in centre.campaigns}
        counted = asked_back(centre.campaigns)
        for campaign, name in sorted(pairs.execute(db)):
            packs = [pack_named(one, centre.packs) for one in dict.fromkeys((name, own.get(campaign, name)))]
            known = [pack for pack in packs if pack is not None]
            used |= {pack.id: pack for pack in known}
            # A record is what says whose a recording is, and how old.
            spoken = longest("recordings", known).days
            term = longest("records", known, max(at_least, counted, spoken)) if packs[0] is not None else Term()
            records.append(_lot("records", term, now, campaign=campaign, pack=name))
        for name in own.values():
            if (pack := pack_named(name, centre.packs)) is not None:
                used[pack.id] = pack
        for lot in records:
            yield _counted(lot, self._calls(db, lot, holds))
        yield from self._wordings_lots(db, records, used, holds, now, at_least)
        for what, found in (("consents", self._consents), ("dnc", self._entries)):
            lot = _lot(what, longest(what, used.values(), at_least), now)
            yield _counted(lot, found(db, lot, holds))
        yield self._notices_lot(db, records, holds)

    def _wordings_lots(
        self, db: Db, records: list[Lot], used: dict[str, PackSpec], holds: list[Hold], now: int, at_least: int
    ) -> Iterator[Lot]:
        """Old wordings of each campaign: none goes before the calls that were made by it."""
        names = CampaignVersionRecord.select(CampaignVersionRecord.campaign).distinct().tuples().execute(db)
        for (campaign,) in sorted(names):
            lot = _lot("script", longest("script", used.values(), at_least), now, campaign=campaign)
            calls = [one.before for one in records if one.campaign == campaign]
            lot = msgspec.structs.replace(lot, before=min((lot.before, *calls)))
            yield _counted(lot, self._wordings(db, lot, holds))

    def _notices_lot(self, db: Db, records: list[Lot], holds: list[Hold]) -> Lot:
        """As long as the calls that are kept longest; they name campaigns and numbers in their text alone, so any hold
        keeps all of them."""
        last = max(records, key=lambda one: one.days, default=Lot(what="notices"))
        before = min((one.before for one in records), default=0)
        lot = Lot(what="notices", days=last.days if before else 0, rules=last.rules if before else (), before=before)
        where = (JournalRecord.kind.in_(NOTICES), JournalRecord.contact == "", JournalRecord.at < before)
        count = JournalRecord.select(fn.COUNT(JournalRecord.id)).where(*where).scalar(db) if before else 0
        return msgspec.structs.replace(lot, rows=0 if holds else count, held=count if holds else 0)

    # -- the rows of a lot: those that go, or that a hold keeps ---------------------------------------------------

    def _calls(self, db: Db, lot: Lot, holds: list[Hold]) -> Iterator[tuple[AttemptRecord, bool]]:
        """Calls that are over and old enough, in pages, and whether a hold keeps each."""
        last, last_id = 0, ""
        while lot.before:
            query = AttemptRecord.select().where(
                AttemptRecord.campaign == lot.campaign,
                AttemptRecord.pack == lot.pack,
                AttemptRecord.launched_at >= last,
                AttemptRecord.launched_at < lot.before,
                AttemptRecord.ended_at > 0,
                (AttemptRecord.launched_at > last) | (AttemptRecord.id > last_id),
            )
            page = list(query.order_by(AttemptRecord.launched_at, AttemptRecord.id).limit(PAGE).execute(db))
            for row in page:
                yield row, any(hold.covers(row.campaign, row.number) for hold in holds)
            if len(page) < PAGE:
                return
            last, last_id = page[-1].launched_at, page[-1].id

    def _wordings(self, db: Db, lot: Lot, holds: list[Hold]) -> Iterator[tuple[CampaignVersionRecord, bool]]:
        """Wordings that another has followed before the time."""
        query = CampaignVersionRecord.select().where(CampaignVersionRecord.campaign == lot.campaign)
        rows = list(query.order_by(CampaignVersionRecord.made_at).execute(db)) if lot.before else []
        for row, following in zip(rows, rows[1:], strict=False):
            if following.made_at < lot.before:
                yield row, any(hold.campaign in ("", lot.campaign) for hold in holds)

    def _consents(self, db: Db, lot: Lot, holds: list[Hold]) -> Iterator[tuple[ConsentRecord, bool]]:
        """Consents that have ended before the time, and by which nobody was called since."""
        if not lot.before:
            return
        ended, gone = ConsentRecord.until_at, ConsentRecord.withdrawn_at
        query = ConsentRecord.select().where(((ended > 0) & (ended < lot.before)) | ((gone > 0) & (gone < lot.before)))
        for row in list(query.order_by(ConsentRecord.id).execute(db)):
            number = number_text(row.number)
            used = AttemptRecord.select().where(AttemptRecord.number == number, AttemptRecord.launched_at >= lot.before)
            if not used.exists(db):
                yield row, any(hold.number in ("", number) for hold in holds)

    def _entries(self, db: Db, lot: Lot, holds: list[Hold]) -> Iterator[tuple[DncRecord, bool]]:
        """No-call entries that ran out before the time. One without an end is a wish that stands."""
        if not lot.before:
            return
        query = DncRecord.select().where(DncRecord.until_at > 0, DncRecord.until_at < lot.before)
        for row in list(query.order_by(DncRecord.number).execute(db)):
            yield row, any(hold.covers(row.campaign, row.number) for hold in holds)

    # -- removal --------------------------------------------------------------------------------------------------

    def recordings(self, at_least: int = 0) -> Iterator[str]:
        """The recordings of the calls that would go, as the switch has them. Raises ConfigError where the centre names
        no folder of recordings."""
        holds, planned = self.holds(), self.plan(at_least)
        with self._use() as db:
            folder = _folder(read_centre(db))
            for lot in planned:
                for page in self._pages(db, lot, holds) if lot.what == "records" else ():
                    yield from _recordings(db, page, folder)

    def purge(self, by: str, at_least: int = 0, listed: Callable[[Sequence[str]], None] | None = None) -> list[Lot]:
        """Remove what :meth:`plan` tells; audited before and after. Gives what has gone. ``listed`` is handed the
        recordings of some calls each time, before these calls go: afterwards nobody can say whose they are; what it
        raises keeps them. Raises ConfigError for ``listed`` where the centre names no folder of recordings."""
        planned = [lot for lot in self.plan(at_least) if lot.rows]
        if not planned:
            return []
        holds = self.holds()
        with self._use() as db:
            folder = _folder(read_centre(db)) if listed is not None else None
            with writing(db):
                self._audit(by, "compliance.purge", {"stage": "begun", "lots": planned})

            def going(page: list[AttemptRecord]) -> None:
                if listed is not None and folder is not None and (paths := _recordings(db, page, folder)):
                    listed(paths)

            done = [msgspec.structs.replace(lot, rows=self._remove(db, lot, holds, going)) for lot in planned]
            with writing(db):
                self._audit(by, "compliance.purge", {"stage": "ended", "lots": done})
        return done

    def _remove(self, db: Db, lot: Lot, holds: list[Hold], going: Callable[[list[AttemptRecord]], None]) -> int:
        turns = Turns(db, self._clock)
        match lot.what:
            case "records":
                removed = 0
                for page in self._pages(db, lot, holds):
                    going(page)
                    removed += _remove_page(db, page)
                    turns.between()
                return removed
            case "script":
                return _remove_each(db, self._wordings(db, lot, holds), turns)
            case "consents":
                return _remove_each(db, self._consents(db, lot, holds), turns)
            case "dnc":
                return _remove_each(db, self._entries(db, lot, holds), turns)
        return _remove_notices(db, lot, turns)

    def _pages(self, db: Db, lot: Lot, holds: list[Hold]) -> Iterator[list[AttemptRecord]]:
        """The calls of a lot that go, some at a time."""
        page: list[AttemptRecord] = []
        for row, held in self._calls(db, lot, holds):
            page += [] if held else [row]
            if len(page) >= PAGE:
                yield page
                page = []
        if page:
            yield page


def _lot(what: str, term: Term, now: int, *, campaign: str = "", pack: str = "") -> Lot:
    before = now - term.days * DAY_US if term else 0
    return Lot(what=what, campaign=campaign, pack=pack, days=term.days, rules=term.rules, before=before)


def _counted(lot: Lot, found: Iterator[tuple[Any, bool]]) -> Lot:
    rows = held = 0
    for _, kept in found:
        rows += not kept
        held += kept
    return msgspec.structs.replace(lot, rows=rows, held=held)


def _contacts(page: list[AttemptRecord]) -> list[str]:
    return list({id for row in page for id in (row.id, row.contact) if id})


def _remove_page(db: Db, page: list[AttemptRecord]) -> int:
    """The attempts with all that is kept of them beside: contact, segments, legs and facts."""
    contacts = _contacts(page)
    with writing(db):
        for model in (SegmentRecord, LegRecord, JournalRecord):
            model.delete().where(model.contact.in_(contacts)).execute(db)
        ContactRecord.delete().where(ContactRecord.id.in_(contacts)).execute(db)
        AttemptRecord.delete().where(AttemptRecord.id.in_([row.id for row in page])).execute(db)
    return len(page)


def _folder(centre: Centre) -> VoicemailSpec:
    if centre.voicemail is None:
        raise ConfigError("the centre names no folder of recordings, so none can be listed; set voicemail.dir")
    return centre.voicemail


def _recordings(db: Db, page: list[AttemptRecord], folder: VoicemailSpec) -> list[str]:
    """What was recorded in these calls: answers in flows, and messages that were left."""
    contacts = _contacts(page)
    told = JournalRecord.select(JournalRecord.data).where(
        JournalRecord.contact.in_(contacts), JournalRecord.kind == FactKind.FLOW_TOLD
    )
    facts = [msgspec.json.decode(text) for (text,) in told.order_by(JournalRecord.id).tuples().execute(db)]
    names = [str(data["value"]) for data in facts if data.get("what") == EventKind.RECORDED and data.get("value")]
    left = ContactRecord.select(ContactRecord.id).where(
        ContactRecord.id.in_(contacts), ContactRecord.medium == "voicemail"
    )
    return [folder.file_of(name) for name in (*names, *sorted(id for (id,) in left.tuples().execute(db)))]


def _remove_each(db: Db, found: Iterator[tuple[Any, bool]], turns: Turns) -> int:
    """Rows by their keys, some at a time."""
    gone = [row for row, held in found if not held]
    for at in range(0, len(gone), PAGE):
        with writing(db):
            for row in gone[at : at + PAGE]:
                type(row).delete().where(row._pk_expr()).execute(db)
        turns.between()
    return len(gone)


def _remove_notices(db: Db, lot: Lot, turns: Turns) -> int:
    """What was told of leads, some at a time; there may be one for each lead of a list."""
    where = (JournalRecord.kind.in_(NOTICES), JournalRecord.contact == "", JournalRecord.at < lot.before)
    ids = [id for (id,) in JournalRecord.select(JournalRecord.id).where(*where).tuples().execute(db)]
    for at in range(0, len(ids), PAGE):
        with writing(db):
            JournalRecord.delete().where(JournalRecord.id.in_(ids[at : at + PAGE])).execute(db)
        turns.between()
    return len(ids)
