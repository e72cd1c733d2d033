"""Leads, campaigns and attempts for the tests of the store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from fsorch.campaigns import (
    AttemptRow,
    CampaignSpec,
    Lead,
    LeadNumber,
    ListShare,
)
from fsorch.engine.facts import Fact, FactKind
from fsorch.store import Store
from fsorch.store.lead_lists import LeadList
from fsorch.store.native import Bell, start_thread

NOW = 1_800_000_000_000_000
MINUTE = 60_000_000


def make(store: Store, count: int = 3, list: str = "spring", **fields: Any) -> list[Lead]:
    """Leads with numbers that nobody else has."""
    store.leads.lists.make(LeadList(id=list), "test")
    first = sum(store.leads.lists.count(one.id).leads for one in store.leads.lists.all())
    made = []
    for n in range(count):
        given = {name: value(n) if callable(value) else value for name, value in fields.items()}
        numbers = given.pop("numbers", (LeadNumber(number=f"+4930{first + n:06}"),))
        made.append(store.leads.add(Lead(id="", list=list, name=f"{list} {n}", numbers=numbers, **given), "test"))
    return made


def campaign(*lists: str, **keys: Any) -> CampaignSpec:
    return CampaignSpec(id="c", lists=tuple(ListShare(list=one) for one in lists or ("spring",)), **keys)


def names(
    store: Store, spec: CampaignSpec, count: int = 10, token: str = "t:1", now: int = NOW, **more: Any
) -> list[str]:
    return [one.lead.name for one in store.leads.reserve(spec, count, now, token, **more).leads]


def attempt(lead: Lead, id: str = "a1", at: int = NOW, **fields: Any) -> AttemptRow:
    return AttemptRow(
        id=id, campaign="c", lead=lead.id, number=lead.numbers[0].number, list=lead.list, launched_at=at, **fields
    )


def told(kind: FactKind, row: Any, id: str) -> Fact:
    return Fact(id=id, at=NOW, kind=kind, data={"row": msgspec.to_builtins(row)})


def elsewhere(work: Callable[[], None]) -> None:
    """Does ``work`` on another connection. While one of ours has SQLite's lock it would wait for five seconds and
    raise, and the bell not ring."""
    ended = Bell()

    def run() -> None:
        work()
        ended.ring()

    start_thread(run)
    assert ended.wait(30)
