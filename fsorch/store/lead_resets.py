"""Leads that rest are ready anew: a list is gone through once more, by order of somebody or of the clock.

A reset ends the rest of leads and counts their attempts anew, so that the rules of a campaign give them all their
tries again. The attempts themselves stay on record, and what a law counts is counted from those. Callbacks, and leads
that somebody holds, stay as they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from typing import Any

from fsorch.campaigns import LeadState, Outcome
from fsorch.store.database import Db, writing
from fsorch.store.lead_models import Gate, LeadListRecord, LeadNumberRecord, LeadRecord
from fsorch.store.models import MetaRecord

__all__ = ["Within", "note_reset", "reset_leads", "was_reset"]

PAGE = 1_000
# Does a part of the work, and gives what it gives.
Within = Callable[[Callable[[], int]], int]
ANEW = {"next_at": 0, "attempts": 0, "tried": {}, "gate": int(Gate.OPEN), "state": LeadState.READY.value}


def reset_leads(
    db: Db, list: str, *, outcomes: Collection[Outcome] = (), done: bool = False, within: Within | None = None
) -> Iterator[int]:
    """Make the leads of ``list`` ready that rest, a part at a time; ``done``: those too whose tries are used up, unless
    somebody has said how it ended with them, or they were reached (a campaign without agents has no words for that).
    ``outcomes``: only those whose last attempt ended so (none: all); ``within`` does each part, and may raise instead.
    How many there were, part by part."""
    rests = LeadRecord.gate == int(Gate.LATER)
    if done:
        over = (LeadRecord.state == LeadState.FINISHED.value) & (LeadRecord.disposition == "")
        if Outcome.LIVE not in outcomes:
            over &= LeadRecord.last_outcome != Outcome.LIVE.value
        rests |= (LeadRecord.gate == int(Gate.SHUT)) & over
    if outcomes:
        rests &= LeadRecord.last_outcome.in_([one.value for one in outcomes])
    query = LeadRecord.select(LeadRecord.id)
    # Each part leaves the gate it was found by, so all of them are found before the first is changed.
    ids = [row[0] for row in query.where(LeadRecord.list == list, rests).tuples().execute(db)]
    # One part at least, so that ``within`` has its say.
    for at in range(0, len(ids) or 1, PAGE):
        part = partial(_reset_part, db, query, rests, ids[at : at + PAGE])
        yield part() if within is None else within(part)


def _reset_part(db: Db, query: Any, rests: Any, page: Sequence[int]) -> int:
    with writing(db):
        # Since it was found somebody may have reserved one, promised it a call, or called it and said how it ended.
        still = [row[0] for row in query.where(LeadRecord.id.in_(page), rests).tuples().execute(db)]
        changed: int = LeadRecord.update(ANEW).where(LeadRecord.id.in_(still), rests).execute(db)
        LeadNumberRecord.update({"attempts": 0}).where(LeadNumberRecord.lead.in_(still)).execute(db)
        return changed


def was_reset(db: Db, list: str) -> int:
    """When ``list`` was reset by the clock last, or made (UTC microseconds); 0: there is no such list."""
    made = LeadListRecord.select(LeadListRecord.created_at).where(LeadListRecord.id == list).scalar(db)
    at = MetaRecord.select(MetaRecord.value).where(MetaRecord.name == _noted(list)).scalar(db)
    return max(int(made), int(at or 0)) if made is not None else 0


def note_reset(db: Db, list: str, at: int) -> bool:
    """Note that ``list`` is reset by the clock at ``at``, in a transaction that writes; False: another process has done
    so."""
    if was_reset(db, list) >= at:
        return False
    MetaRecord.delete().where(MetaRecord.name == _noted(list)).execute(db)
    MetaRecord.insert({"name": _noted(list), "value": str(at)}).execute(db)
    return True


def _noted(list: str) -> str:
    """Under which name it is noted: a list's own may be as long as all of that."""
    return f"list.reset.{hashlib.sha256(list.encode()).hexdigest()[:32]}"
