"""Whom a customer has met, out of the contacts."""

from __future__ import annotations

from peewee import fn

from fsorch.acd.affinity import RATINGS, Encounter, EncounterOutcome
from fsorch.numbers import plain_number
from fsorch.store.customer_models import SurveyAnswerRecord
from fsorch.store.database import Db
from fsorch.store.models import ContactRecord

__all__ = ["read_encounters"]

# More do not change who scores highest.
MOST = 50


def read_encounters(db: Db, number: str, since: int) -> tuple[Encounter, ...]:
    """The talks of whoever calls from ``number`` that began at ``since`` (UTC microseconds) or later, the newest first.
    Found by the index over number and time."""
    contact = ContactRecord
    fields = (contact.id, contact.agent, contact.ended_at, contact.talked_us, contact.ended_by, contact.tenant)
    talks = contact.select(*fields).where(
        contact.number == number, contact.began_at >= since, contact.answered_at > 0, contact.ended_at > 0
    )
    rows = talks.order_by(contact.began_at.desc()).limit(MOST).dicts().execute(db)
    rows = [row for row in rows if row["agent"]]
    ratings = _ratings(db, number, since)
    return tuple(
        Encounter(
            agent=row["agent"],
            at_us=row["ended_at"],
            talked_s=row["talked_us"] / 1_000_000,
            tenant=row["tenant"],
            outcome=EncounterOutcome.CUT_OFF if row["ended_by"] == "system" else EncounterOutcome.SERVED,
            rating=ratings.get((row["id"], row["agent"])),
        )
        for row in rows
    )


def _ratings(db: Db, number: str, since: int) -> dict[tuple[str, str], int]:
    """For each contact and its agent what whoever called thought of it, 1 to 5: the mean of the scores of a survey.
    Found by the index over number and time."""
    answer = SurveyAnswerRecord
    mean = fn.AVG(answer.score).alias("mean")
    given = answer.select(answer.contact, answer.agent, mean).where(
        answer.number == plain_number(number), answer.at >= since, answer.score.between(1, len(RATINGS))
    )
    rows = given.group_by(answer.contact, answer.agent).dicts().execute(db)
    return {(row["contact"], row["agent"]): round(row["mean"]) for row in rows}
