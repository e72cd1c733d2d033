"""What was going on when an earlier life of the engine ended, out of the records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from fsorch.engine.facts import Fact, FactKind
from fsorch.engine.inputs import OpenContact, Recall, Shift
from fsorch.engine.rows import ContactRow, LegRow, SegmentRow
from fsorch.names import OfferOutcome, SegmentKind
from fsorch.store.database import Db
from fsorch.store.models import ContactRecord, JournalRecord, LegRecord, SegmentRecord
from fsorch.store.queries import list_rows

__all__ = ["recall"]

# So many contacts are looked up by one statement.
BATCH = 500
# Who has not ended within this time before is left as they are; it keeps the search short in a table of years.
LOOK_BACK_US = 7 * 24 * 3600 * 1_000_000
_TOLD = (FactKind.CONTACT_BEGAN, FactKind.ANSWER_KEYED, FactKind.OFFER_MADE, FactKind.OFFER_ENDED, FactKind.BRIDGED)


def recall(db: Db, since: int) -> Recall:
    """Every contact of the last days without an end, with the CDRs that are missing; and what each agent had chosen
    last, if that was after ``since`` (UTC microseconds)."""
    lately = ContactRecord.began_at >= since - LOOK_BACK_US
    rows = list_rows(db, ContactRecord.select().where(lately, ContactRecord.ended_at == 0), ContactRow, "answers")
    contacts: list[OpenContact] = []
    for start in range(0, len(rows), BATCH):
        contacts += _opened(db, rows[start : start + BATCH])
    return Recall(tuple(contacts), tuple(_shifts(db, since)))


def _opened(db: Db, rows: Sequence[ContactRow]) -> list[OpenContact]:
    ids = [row.id for row in rows]
    facts: dict[str, list[Fact]] = defaultdict(list)
    segments: dict[str, list[SegmentRow]] = defaultdict(list)
    told = JournalRecord.kind.in_([kind.value for kind in _TOLD])
    journal = JournalRecord.select().where(JournalRecord.contact.in_(ids), told)
    for fact in list_rows(db, journal.order_by(JournalRecord.at, JournalRecord.id), Fact, "data"):
        facts[fact.contact].append(fact)
    for segment in list_rows(db, SegmentRecord.select().where(SegmentRecord.contact.in_(ids)), SegmentRow):
        segments[segment.contact].append(segment)
    written = {leg.id for leg in list_rows(db, LegRecord.select().where(LegRecord.contact.in_(ids)), LegRow)}
    return [_open(row, facts[row.id], segments[row.id], written) for row in rows]


def _open(row: ContactRow, facts: Sequence[Fact], segments: Sequence[SegmentRow], written: set[str]) -> OpenContact:
    bridged = [fact for fact in facts if fact.kind is FactKind.BRIDGED]
    ended = [fact for fact in facts if fact.kind is FactKind.OFFER_ENDED]
    keyed = [fact for fact in facts if fact.kind is FactKind.ANSWER_KEYED]
    last = max([row.began_at, *(fact.at for fact in facts), *(segment.ended_at for segment in segments)])
    row = msgspec.structs.replace(
        row,
        ended_at=last,
        answered_at=bridged[0].at if bridged else 0,
        agent=bridged[-1].agent if bridged else "",
        talked_us=_lasted(segments, SegmentKind.TALK),
        held_us=_lasted(segments, SegmentKind.HOLD),
        offers=sum(fact.kind is FactKind.OFFER_MADE for fact in facts),
        misses=sum(fact.data.get("outcome") not in (OfferOutcome.ACCEPTED, OfferOutcome.WITHDRAWN) for fact in ended),
        answers={f"{n}:{fact.data.get('prompt')}": str(fact.data.get("digits")) for n, fact in enumerate(keyed, 1)},
    )
    legs = [leg for leg in _legs(row, facts) if leg.id not in written]
    until = max((segment.ended_at for segment in segments), default=0)
    return OpenContact(row=row, legs=tuple(legs), segments=len(segments), segmented_at=until)


def _legs(row: ContactRow, facts: Sequence[Fact]) -> Iterable[LegRow]:
    """The legs there were, as far as the facts tell. A phone whose offer failed may never have become a leg."""
    failed = {fact.leg for fact in facts if fact.data.get("outcome") == OfferOutcome.FAILED}
    for fact in facts:
        if fact.kind is FactKind.CONTACT_BEGAN:
            yield LegRow(
                id=fact.leg,
                contact=row.id,
                switch=row.switch,
                direction="inbound",
                number=row.number,
                name=row.name,
                destination=row.destination,
                created_at=row.began_at,
            )
        elif fact.kind is FactKind.OFFER_MADE and fact.leg not in failed:
            yield LegRow(
                id=fact.leg,
                contact=row.id,
                switch=row.switch,
                role="agent",
                agent=fact.agent,
                direction="outbound",
                created_at=fact.at,
            )


def _lasted(segments: Sequence[SegmentRow], kind: SegmentKind) -> int:
    return sum(segment.ended_at - segment.began_at for segment in segments if segment.kind == kind.value)


def _shifts(db: Db, since: int) -> list[Shift]:
    """The last change of each agent."""
    changed = JournalRecord.kind == FactKind.AGENT_CHANGED.value
    journal = JournalRecord.select().where(changed, JournalRecord.at >= since)
    latest: dict[str, Fact] = {}
    for fact in list_rows(db, journal.order_by(JournalRecord.at, JournalRecord.id), Fact, "data"):
        latest[fact.agent] = fact
    return [_shift(fact) for fact in latest.values()]


def _shift(fact: Fact) -> Shift:
    status, reason, phone = (str(fact.data.get(name, "")) for name in ("status", "reason", "phone"))
    since, on_demand = fact.data.get("since") or fact.at, fact.data.get("on_demand") is True
    return Shift(fact.agent, status, reason, phone, since if isinstance(since, int) else fact.at, on_demand)
