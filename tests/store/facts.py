"""Facts as the engine tells them."""

from __future__ import annotations

from typing import Any

import msgspec

from fsorch.engine.facts import Fact, FactKind
from fsorch.engine.rows import ContactRow, LegRow, SegmentRow

__all__ = ["T0", "call", "contact_began", "contact_ended", "fact", "leg_ended", "segment_ended"]

T0 = 1_800_000_000_000_000
SECOND = 1_000_000


def fact(id: str, kind: FactKind = FactKind.BRIDGED, **fields: Any) -> Fact:
    """Any fact."""
    own = {name: fields.pop(name) for name in ("at", "contact", "leg", "agent", "queue", "switch") if name in fields}
    return Fact(id=id, kind=kind, data=fields, **{"at": T0, **own})


def contact_began(id: str, **data: Any) -> Fact:
    """The contact ``id`` began."""
    given: dict[str, Any] = {"number": "4930123", "name": "Mia", "destination": "800", "switch": "main", "began_at": T0}
    return fact(f"{id}-began", FactKind.CONTACT_BEGAN, contact=id, leg=f"{id}-leg", **(given | data))


def contact_ended(id: str, **fields: Any) -> Fact:
    """The contact ``id`` ended, answered unless said otherwise."""
    given: dict[str, Any] = {
        "switch": "main",
        "number": "4930123",
        "name": "Mia",
        "destination": "800",
        "queue": "sales",
        "agent": "ada",
        "outcome": "answered",
        "began_at": T0,
        "enqueued_at": T0 + SECOND,
        "ended_at": T0 + 60 * SECOND,
        "waited_us": 4 * SECOND,
        "answers": {"1:menu": "1"},
    }
    row = ContactRow(id=id, **(given | fields))
    return fact(f"{id}-ended", FactKind.CONTACT_ENDED, contact=id, row=msgspec.to_builtins(row))


def segment_ended(id: str, contact: str, **fields: Any) -> Fact:
    """A segment ended."""
    given: dict[str, Any] = {"kind": "queue", "began_at": T0, "ended_at": T0 + SECOND}
    row = SegmentRow(id=id, contact=contact, **(given | fields))
    return fact(f"{id}-fact", FactKind.SEGMENT_ENDED, contact=contact, row=msgspec.to_builtins(row))


def leg_ended(id: str, contact: str = "", **fields: Any) -> Fact:
    """A leg ended."""
    given: dict[str, Any] = {"switch": "main", "created_at": T0, "hungup_at": T0 + SECOND, "cause": "NORMAL_CLEARING"}
    row = LegRow(id=id, contact=contact, **(given | fields))
    return fact(f"{id}-fact", FactKind.LEG_ENDED, contact=contact, leg=id, row=msgspec.to_builtins(row))


def call(id: str, **fields: Any) -> list[Fact]:
    """A whole call: a contact with two segments and two legs."""
    return [
        contact_began(id),
        segment_ended(f"{id}:q", id),
        segment_ended(f"{id}:t", id, kind="talk", began_at=T0 + SECOND, agent="ada"),
        leg_ended(f"{id}-leg", id, codec="PCMA", mos=4.5, q850=16, peer=f"{id}-agent"),
        leg_ended(f"{id}-agent", id, role="agent", agent="ada", created_at=T0 + 1),
        contact_ended(id, **fields),
    ]
