"""What the records would say of an engine's facts, without a database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import msgspec

from fsorch.engine import Fact, FactKind, Recall, Shift
from fsorch.engine.rows import ContactRow, LegRow, SegmentRow
from fsorch.store.recall import follow_shift, open_contact

__all__ = ["recalled"]


def recalled(facts: Sequence[Fact], *, late: bool = False) -> Recall:
    """What a new life is told of the one that these facts are of."""
    shifts: dict[str, Shift] = {}
    told: dict[str, list[Fact]] = defaultdict(list)
    segments: dict[str, list[SegmentRow]] = defaultdict(list)
    rows: dict[str, ContactRow] = {}
    ended: set[str] = set()
    written: set[str] = set()
    for fact in facts:
        follow_shift(shifts, fact)
        if fact.contact:
            told[fact.contact].append(fact)
        if fact.kind is FactKind.CONTACT_BEGAN:
            row = {"id": fact.contact, "switch": fact.switch, "outcome": "", "ended_at": 0}
            rows[fact.contact] = msgspec.convert(row | fact.data, ContactRow)
        elif fact.kind is FactKind.CONTACT_ENDED:
            ended.add(fact.contact)
        elif fact.kind is FactKind.SEGMENT_ENDED:
            segment = msgspec.convert(fact.data["row"], SegmentRow)
            segments[segment.contact].append(segment)
        elif fact.kind is FactKind.LEG_ENDED:
            written.add(msgspec.convert(fact.data["row"], LegRow).id)
    known = {id: open_contact(row, told[id], segments[id], written) for id, row in rows.items()}
    legs = tuple(leg for id in ended & set(known) for leg in known[id].legs)
    contacts = tuple(one for id, one in known.items() if id not in ended)
    until = facts[-1].at if facts else 0
    return Recall(contacts, tuple(shifts.values()), until=until, legs=legs, late=late)
