"""Leads that the records kept from being called, ready again once the records say otherwise.

A lead is barred when all its numbers stand on no-call lists, and put off when a consent is wanting: nobody would look
at it again for days, or ever. Whoever takes the number off the list, or brings the consent, means that it may be
called; the rules look at it again before it is. One with whom somebody has talked is not called by itself again, but
may be promised a call.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fsorch.campaigns import LeadState, Outcome
from fsorch.store.database import Db
from fsorch.store.lead_models import Gate, LeadNumberRecord, LeadRecord

__all__ = ["reopen", "reopen_like", "resume", "resume_lists"]

PAGE = 1_000
# What E.164 allows for.
MOST_DIGITS = 15
BARRED = LeadRecord.state == LeadState.BARRED.value
TALKED = LeadRecord.last_outcome == Outcome.LIVE.value
READY = {"state": LeadState.READY.value, "gate": int(Gate.OPEN), "next_at": 0, "put_off": "", "disposition": ""}
DUE = {"gate": int(Gate.OPEN), "next_at": 0, "put_off": ""}
FINISHED = {"state": LeadState.FINISHED.value, "gate": int(Gate.SHUT), "next_at": 0}


def reopen(db: Db, numbers: Sequence[int]) -> int:
    """Let go of the leads that are barred, or put off by a register, and have one of ``numbers``, in a transaction that
    writes. How many became ready."""
    done = 0
    for some in _pages(numbers):
        done += _let_go(db, LeadNumberRecord.number.in_(some))
    return done + resume(db, numbers)


def reopen_like(db: Db, start: str) -> int:
    """The same for all numbers (digits alone) that begin with ``start``; those of registers do not."""
    return sum(_let_go(db, LeadNumberRecord.number.between(low, high)) for low, high in _spans(start))


def resume(db: Db, numbers: Sequence[int]) -> int:
    """Make leads due that have one of ``numbers`` and were put off for want of what may be on record now, in a
    transaction that writes. How many."""
    done = 0
    for some in _pages(numbers):
        theirs = LeadNumberRecord.number.in_(some)
        rests = (LeadRecord.gate == int(Gate.LATER)) & (LeadRecord.put_off != "")
        for page in _pages(_ids(db, theirs, rests)):
            done += LeadRecord.update(DUE).where(LeadRecord.id.in_(page), rests).execute(db)
    return done


def resume_lists(db: Db, lists: Sequence[str]) -> int:
    """The same for all leads of these lists: it is another law now by which they are called."""
    rests = (LeadRecord.list.in_(lists)) & (LeadRecord.gate == int(Gate.LATER)) & (LeadRecord.put_off != "")
    done: int = LeadRecord.update(DUE).where(rests).execute(db)
    return done


def _let_go(db: Db, theirs: object) -> int:
    ready = 0
    for ids in _pages(_ids(db, theirs, BARRED)):
        page = LeadRecord.id.in_(ids)
        ready += LeadRecord.update(READY).where(page, BARRED, ~TALKED).execute(db)
        LeadRecord.update(FINISHED).where(page, BARRED, TALKED).execute(db)
    return ready


def _ids(db: Db, theirs: object, those: object) -> list[int]:
    query = LeadRecord.select(LeadRecord.id).join(LeadNumberRecord, on=(LeadNumberRecord.lead == LeadRecord.id))
    return [row[0] for row in query.where(theirs, those).distinct().tuples().execute(db)]


def _pages(values: Sequence[int]) -> Iterator[Sequence[int]]:
    """As many as one statement takes with ease."""
    for at in range(0, len(values), PAGE):
        yield values[at : at + PAGE]


def _spans(start: str) -> Iterator[tuple[int, int]]:
    """The whole numbers that begin so, from and to, by how many digits they have."""
    for more in range(MOST_DIGITS - len(start) + 1):
        yield int(start) * 10**more, (int(start) + 1) * 10**more - 1
