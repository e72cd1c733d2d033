"""How far each campaign has come: what people asked for, and what the engine made of it.

People write here (command line, desktop), a running engine reads every second and writes what hours, leads and calls
have changed. Both walk the campaign's machine from the row as it stands, in one transaction: who was late is refused,
or changes nothing. Everything blocks on the database and raises StoreError when it is away.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from fsorch.campaign.campaign import CampaignInput, CampaignMachine
from fsorch.campaign.pacing_memory import Learnt
from fsorch.campaigns import CampaignSpec, CampaignState
from fsorch.engine.facts import FactKind
from fsorch.errors import RequestRefused
from fsorch.store.database import Db, PooledMysql, writing
from fsorch.store.lead_models import Gate, LeadListRecord, LeadRecord
from fsorch.store.models import (
    AuditRecord,
    CampaignLearntRecord,
    CampaignStateRecord,
    CampaignVersionRecord,
    JournalRecord,
)
from fsorch.store.part import Part
from fsorch.store.values import clean, cut

__all__ = ["CampaignRow", "CampaignVersion", "Campaigns", "keep_versions", "read_states", "settle_campaign"]

ENGINE = "engine"
LEAD_BARRED = FactKind.LEAD_BARRED.value
# What the engine tells of a campaign, as the input by which one comes there. A state says no more than this.
ARRIVES: Mapping[CampaignState, CampaignInput] = {
    CampaignState.RUNNING: CampaignInput.OPENED,
    CampaignState.SCHEDULED: CampaignInput.CLOSED,
    CampaignState.DRAINING: CampaignInput.EMPTY,
    CampaignState.FINISHED: CampaignInput.DRAINED,
}


class CampaignRow(msgspec.Struct, frozen=True, kw_only=True):
    """Where a campaign is, since ``since_at``, by ``who`` and ``why``. ``started_at``: when somebody started it last.
    Times are UTC microseconds, 0 for never."""

    id: str
    state: CampaignState = CampaignState.DRAFT
    since_at: int = 0
    who: str = ""
    why: str = ""
    started_at: int = 0

    @property
    def stopped(self) -> str:
        """Who paused or stopped it and why, for people; empty while it is to dial."""
        if self.state not in (CampaignState.PAUSED, CampaignState.DRAINING, CampaignState.FINISHED):
            return ""
        return ": ".join(filter(None, ("" if self.who == ENGINE else f"by {self.who}", self.why)))


class CampaignVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign as it was from ``made_at`` (UTC microseconds) on."""

    made_at: int
    made_by: str
    spec: CampaignSpec


class Campaigns(Part):
    """The states of one store's campaigns."""

    def states(self) -> dict[str, CampaignRow]:
        """Every campaign that anything has been asked of; one that is not here is a draft."""
        with self._use() as db:
            return read_states(db)

    def state(self, id: str) -> CampaignRow:
        """One of them; a draft when nothing has been asked of it."""
        return self.states().get(id, CampaignRow(id=id))

    def request(self, id: str, asked: CampaignInput, by: str, why: str = "") -> CampaignRow:
        """Somebody starts, pauses, resumes or stops the campaign; audited. A running fsorch follows within a second.

        Raises RequestRefused where that is not possible now; nothing has changed then. ValueError for an event."""
        if asked in ARRIVES.values():
            raise ValueError(f"{asked.value} is nothing to ask for")
        with self._use() as db, writing(db):
            before = read_states(db).get(id, CampaignRow(id=id)).state
            row = _step(db, id, asked, by, why, self._clock.now().wall)
            what = {"campaign": id, "before": before.value, "state": row.state.value} | ({"why": why} if why else {})
            self._audit(by, f"campaign.{asked.value}", what)
            return row

    def started_because(self, id: str) -> str:
        """The reason that was given when the campaign was started last, such as why it was although something was
        missing; empty: none."""
        acts = AuditRecord.select(AuditRecord.what).where(AuditRecord.act == f"campaign.{CampaignInput.START.value}")
        with self._use() as db:
            for (body,) in acts.order_by(AuditRecord.at.desc(), AuditRecord.id.desc()).tuples().execute(db):
                told = msgspec.json.decode(body)
                if told.get("campaign") == id:
                    return str(told.get("why", ""))
        return ""

    def settle(self, id: str, state: CampaignState, why: str = "") -> CampaignRow:
        """The engine says that the campaign has come to ``state``. What people have asked for meanwhile stands."""
        with self._use() as db, writing(db):
            return settle_campaign(db, id, state, why, self._clock.now().wall)

    def keep_learnt(self, id: str, learnt: Learnt) -> None:
        """What a campaign's pacer has learned so far, in place of what was kept before."""
        row = {"campaign": cut(id, 64), "at": self._clock.now().wall, "body": msgspec.json.encode(learnt).decode()}
        with self._use() as db, writing(db):
            CampaignLearntRecord.delete().where(CampaignLearntRecord.campaign == row["campaign"]).execute(db)
            CampaignLearntRecord.insert(row).execute(db)

    def learnt(self) -> dict[str, Learnt]:
        """What each campaign's pacer had learned when it was kept last; one that cannot be read is left out, for it is
        learned again."""
        found = {}
        with self._use() as db:
            for row in CampaignLearntRecord.select().execute(db):
                with contextlib.suppress(msgspec.DecodeError):
                    found[row.campaign] = msgspec.json.decode(row.body, type=Learnt)
        return found

    def versions(self, id: str) -> list[CampaignVersion]:
        """The campaign as it has been, the oldest first, with every script it ever had."""
        query = CampaignVersionRecord.select().where(CampaignVersionRecord.campaign == clean(id))
        with self._use() as db:
            return [
                CampaignVersion(
                    made_at=row.made_at,
                    made_by=row.made_by,
                    spec=msgspec.json.decode(row.body, type=CampaignSpec),
                )
                for row in query.order_by(CampaignVersionRecord.made_at).execute(db)
            ]

    def barred(self, id: str, since: int, until: int) -> dict[str, int]:
        """How often a lead of the campaign was not dialled, by the rule that forbade it, from ``since`` to before
        ``until`` (UTC microseconds)."""
        found: Counter[str] = Counter()
        query = JournalRecord.select(JournalRecord.data).where(
            JournalRecord.kind == LEAD_BARRED, JournalRecord.at >= since, JournalRecord.at < until
        )
        with self._use() as db:
            for row in query.tuples().execute(db):
                data = msgspec.json.decode(row[0])
                if data.get("campaign") == id:
                    found[str(data.get("rule", ""))] += 1
        return dict(sorted(found.items()))


def keep_versions(db: Db, campaigns: Iterable[CampaignSpec], by: str, now_us: int) -> None:
    """Remember each campaign that is not as its last version has it. Call it in a write transaction."""
    last: dict[str, str] = {}
    order = CampaignVersionRecord.select().order_by(CampaignVersionRecord.made_at)
    for row in order.execute(db):
        last[row.campaign] = row.body
    for spec in campaigns:
        body = msgspec.json.encode(spec, order="sorted").decode()
        if last.get(spec.id) != body:
            key = {"campaign": spec.id, "made_at": now_us}
            CampaignVersionRecord.delete().where(
                CampaignVersionRecord.campaign == spec.id, CampaignVersionRecord.made_at == now_us
            ).execute(db)
            CampaignVersionRecord.insert(key | {"made_by": cut(by, 64), "body": body}).execute(db)


def hand_on_promises(db: Db, campaigns: Iterable[CampaignSpec]) -> None:
    """Calls that were promised for campaigns which are not among ``campaigns`` any more are anybody's to make who dials
    the list. Call it in a write transaction."""
    lists = [row[0] for row in LeadListRecord.select(LeadListRecord.id).tuples().execute(db)]
    promised = (LeadRecord.list.in_(lists)) & (LeadRecord.gate == int(Gate.PROMISED))
    gone = LeadRecord.campaign.not_in(["", *(spec.id for spec in campaigns)])
    LeadRecord.update({"campaign": ""}).where(promised, gone).execute(db)


def read_states(db: Db, *, lock: bool = False) -> dict[str, CampaignRow]:
    """The rows by campaign. With ``lock`` nobody else changes them before this transaction ends (SQLite's write
    transactions exclude each other anyway)."""
    query = CampaignStateRecord.select().order_by(CampaignStateRecord.id)
    if lock and isinstance(db, PooledMysql):
        query = query.for_update()
    return {row["id"]: msgspec.convert(row, CampaignRow) for row in query.dicts().execute(db)}


def settle_campaign(db: Db, id: str, state: CampaignState, why: str, now_us: int) -> CampaignRow:
    """See :meth:`Campaigns.settle`; call it in a write transaction."""
    told = ARRIVES.get(state)
    known = read_states(db, lock=True).get(id, CampaignRow(id=id))
    if told is None or known.state is state:
        return known
    return _step(db, id, told, ENGINE, why, now_us)


def _step(db: Db, id: str, input: CampaignInput, who: str, why: str, now_us: int) -> CampaignRow:
    known = read_states(db, lock=True).get(id)
    old = known or CampaignRow(id=id)
    machine = CampaignMachine(old.state)
    try:
        machine.step(input)
    except RequestRefused as error:
        raise RequestRefused(f"campaign {id!r}", old.state.value, input.value, _hint(old.state)) from error
    if machine.state is old.state:
        return old
    row = CampaignRow(
        id=id,
        state=machine.state,
        since_at=now_us,
        who=cut(who, 64),
        why=cut(why, 255),
        started_at=now_us if input is CampaignInput.START else old.started_at,
    )
    values = msgspec.structs.asdict(row) | {"state": row.state.value}
    if known is None:
        CampaignStateRecord.insert(values).execute(db)
    else:
        CampaignStateRecord.update(values).where(CampaignStateRecord.id == id).execute(db)
    return row


def _hint(state: CampaignState) -> str:
    """What is possible instead."""
    allowed = [one.value for one in CampaignInput if one not in ARRIVES.values() and CampaignMachine(state).allows(one)]
    return f"possible: {', '.join(allowed)}"
