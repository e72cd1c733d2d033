"""Whom a customer has met, out of the contacts."""

from __future__ import annotations

from fsorch.acd.affinity import Encounter, EncounterOutcome
from fsorch.store.database import Db
from fsorch.store.models import ContactRecord

__all__ = ["read_encounters"]

# More do not change who scores highest.
MOST = 50


def read_encounters(db: Db, number: str, since: int) -> tuple[Encounter, ...]:
    """The talks of whoever calls from ``number`` that began at ``since`` (UTC microseconds) or later, the newest first.
    Found by the index over number and time."""
    contact = ContactRecord
    fields = (contact.agent, contact.ended_at, contact.talked_us, contact.ended_by)
    talks = contact.select(*fields).where(
        contact.number == number, contact.began_at >= since, contact.answered_at > 0, contact.ended_at > 0
    )
    rows = talks.order_by(contact.began_at.desc()).limit(MOST).dicts().execute(db)
    return tuple(
        Encounter(
            agent=row["agent"],
            at_us=row["ended_at"],
            talked_s=row["talked_us"] / 1_000_000,
            outcome=EncounterOutcome.CUT_OFF if row["ended_by"] == "system" else EncounterOutcome.SERVED,
        )
        for row in rows
        if row["agent"]
    )
