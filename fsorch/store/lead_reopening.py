"""Leads that the records kept from being called, ready again once the records say otherwise.

A lead is barred when all its numbers stand on no-call lists, and put off when a consent is wanting: nobody would look
at it again for days, or ever. Whoever takes the number off the list, or brings the consent, means that it may be
called; the rules look at it again before it is. One with whom somebody has talked is not called by itself again, but
may be promised a call.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from fsorch.campaigns import LeadState, Outcome
from fsorch.store.database import Db, writing
from fsorch.store.lead_models import Gate, LeadNumberRecord, LeadRecord
from fsorch.store.models import MetaRecord
from fsorch.store.turns import Turns

__all__ = ["note_law", "reopen", "reopen_from", "reopen_like", "resume", "resume_lists", "resume_noted"]

PAGE = 1_000
# Notes of lists whose law has changed, by a name of their own: a list's may be as long as the column.
NOTED = "list.law."
# The leads of one part, chosen by numbers of an imported list: what the database puts together itself.
FROM_LIST = (
    "SELECT DISTINCT l.id, l.state FROM dnc_number d JOIN lead_number n ON n.number = d.number "
    "JOIN `lead` l ON l.id = n.`lead` WHERE d.source = ? AND d.number > ? AND d.number <= ? "
    "AND (l.state = ? OR (l.gate = ? AND l.put_off <> ''))"
)
# What E.164 allows for.
MOST_DIGITS = 15
BARRED = LeadRecord.state == LeadState.BARRED.value
RESTS = (LeadRecord.gate == int(Gate.LATER)) & (LeadRecord.put_off != "")
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
        done += _make_due(db, _ids(db, theirs, RESTS))
    return done


def reopen_from(db: Db, serial: int, above: int, last: int) -> int:
    """Let go, as :func:`reopen` does, of the leads that have one of the imported list's numbers above ``above`` and up
    to ``last``; in a transaction that writes, before these numbers leave the list. How many became ready or due."""
    values = (serial, above, last, LeadState.BARRED.value, int(Gate.LATER))
    found = db.run(FROM_LIST.replace("?", db.param), values).fetchall()
    barred = [id for id, state in found if state == LeadState.BARRED.value]
    return _let_go_of(db, barred) + _make_due(db, [id for id, state in found if state != LeadState.BARRED.value])


def note_law(db: Db, lists: Sequence[str], now_us: int) -> None:
    """Note, in the transaction that changes it, that it is another law now by which the leads of these lists are
    called; :func:`resume_lists` does what follows, also where the process that noted it is dead."""
    for list in dict.fromkeys(lists):
        MetaRecord.delete().where(MetaRecord.name == _noted(list)).execute(db)
        MetaRecord.insert({"name": _noted(list), "value": f"{now_us} {list}"}).execute(db)


def resume_lists(db: Db, turns: Turns) -> int:
    """Make the leads due that were put off in lists of which it is noted that their law has changed, a page at a time:
    each is a transaction, and others have their turn between them. How many there were."""
    noted = MetaRecord.select(MetaRecord.value).where(MetaRecord.name.startswith(NOTED)).tuples().execute(db)
    done = 0
    for (note,) in list(noted):
        # All are found before the first is changed: each page leaves the gate by which it was found.
        for page in _pages(_rest(db, _list_of(note))):
            with writing(db):
                done += _make_due(db, page)
            turns.between()
        with writing(db):
            _settle(db, note)
    return done


def resume_noted(db: Db, lists: Sequence[str]) -> int:
    """A page of the same for each of these lists, in a transaction that writes: of a change whose process was killed
    before it came so far. How many there were."""
    noted = MetaRecord.select(MetaRecord.value).where(MetaRecord.name.in_([_noted(one) for one in lists]))
    done = 0
    for (note,) in list(noted.tuples().execute(db)):
        page = _rest(db, _list_of(note), PAGE)
        done += _make_due(db, page)
        if len(page) < PAGE:
            _settle(db, note)
    return done


def _rest(db: Db, list: str, most: int | None = None) -> list[int]:
    """The leads of a list that records may make due, those that would rest longest first: of the others, which rest
    after a call, there may be many, and they rest for hours."""
    query = LeadRecord.select(LeadRecord.id).where(LeadRecord.list == list, RESTS).order_by(LeadRecord.next_at.desc())
    return [row[0] for row in query.limit(most).tuples().execute(db)]


def _settle(db: Db, note: str) -> None:
    """What was noted is done, unless it has been noted again since."""
    MetaRecord.delete().where(MetaRecord.name == _noted(_list_of(note)), MetaRecord.value == note).execute(db)


def _list_of(note: str) -> str:
    return note.partition(" ")[2]


def _noted(list: str) -> str:
    return f"{NOTED}{hashlib.sha256(list.encode()).hexdigest()[:32]}"


def _make_due(db: Db, leads: Sequence[int]) -> int:
    """Those of ``leads`` that still rest so."""
    done = 0
    for page in _pages(leads):
        done += LeadRecord.update(DUE).where(LeadRecord.id.in_(page), RESTS).execute(db)
    return done


def _let_go(db: Db, theirs: object) -> int:
    return _let_go_of(db, _ids(db, theirs, BARRED))


def _let_go_of(db: Db, leads: Sequence[int]) -> int:
    ready = 0
    for ids in _pages(leads):
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
