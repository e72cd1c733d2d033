"""When agents were on break and why, out of the journal."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from fsorch.acd.agent import AgentStatus
from fsorch.engine.facts import Fact, FactKind
from fsorch.store.database import Db
from fsorch.store.models import JournalRecord
from fsorch.store.queries import list_rows

__all__ = ["BreakStretch", "break_stretches"]

# A break that began longer before the span than this is told from its end, or not at all: nobody is away for so long.
LOOK_BACK_US = 7 * 86_400 * 1_000_000
PAGE = 2_000


class BreakStretch(msgspec.Struct, frozen=True):
    """One agent on break for one reason, from when to when (UTC microseconds), as far as it lies in the span."""

    agent: str
    reason: str
    began: int
    ended: int


def break_stretches(db: Db, since: int, until: int) -> Iterator[BreakStretch]:
    """The breaks from ``since`` to before ``until`` (UTC microseconds), by when they ended; those that still last come
    at the end. A break with another reason is another one; one that goes on over a restart of fsorch is one."""
    open_: dict[str, BreakStretch] = {}
    for fact in _changes(db, since - LOOK_BACK_US, until):
        now = _break_of(fact)
        before = open_.get(fact.agent)
        if before is not None and now is not None and before.reason == now.reason:
            continue
        if before is not None:
            del open_[fact.agent]
            yield from _within(before, fact.at, since, until)
        if now is not None:
            open_[fact.agent] = now
    for last in open_.values():
        yield from _within(last, until, since, until)


def _changes(db: Db, since: int, until: int) -> Iterator[Fact]:
    """What agents did, in order. Read in pages: three hundred agents change a million times in a week."""
    told, at, id = JournalRecord.kind == FactKind.AGENT_CHANGED.value, since, ""
    while True:
        after = (JournalRecord.at > at) | (JournalRecord.id > id)
        query = JournalRecord.select().where(told, JournalRecord.at >= at, JournalRecord.at < until, after)
        page = list_rows(db, query.order_by(JournalRecord.at, JournalRecord.id).limit(PAGE), Fact, "data")
        yield from page
        if len(page) < PAGE:
            return
        at, id = page[-1].at, page[-1].id


def _break_of(fact: Fact) -> BreakStretch | None:
    """The break that the agent is in after this change; None: none."""
    if fact.data.get("status") != AgentStatus.BREAK:
        return None
    began = fact.data.get("since")
    return BreakStretch(fact.agent, str(fact.data.get("reason") or ""), began if isinstance(began, int) else fact.at, 0)


def _within(one: BreakStretch, ended: int, since: int, until: int) -> Iterator[BreakStretch]:
    began, ended = max(one.began, since), min(ended, until)
    if began < ended:
        yield BreakStretch(one.agent, one.reason, began, ended)
