"""Callers are looked up beside the engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from gevent.event import AsyncResult, Event

from fsorch.acd.affinity import Encounter
from fsorch.edge import histories
from fsorch.edge.histories import Histories
from fsorch.engine.facts import Fact, FactKind
from fsorch.engine.inputs import History
from fsorch.errors import StoreError

MET = (Encounter(agent="rob", at_us=1),)


def began(contact: str, number: str = "4930") -> Fact:
    return Fact(id=contact, at=1, kind=FactKind.CONTACT_BEGAN, contact=contact, data={"number": number})


@pytest.fixture
def told() -> AsyncResult[History]:
    return AsyncResult()


@pytest.fixture
def at_work(told: AsyncResult[History]) -> Iterator[Histories]:
    def read(number: str) -> tuple[Encounter, ...]:
        if number == "away":
            raise StoreError("the database is away")
        return MET if number == "4930" else ()

    found = Histories(read, told.set, lambda: True)
    found.start()
    yield found
    found.stop()


def test_the_engine_is_told_whom_a_caller_has_met(at_work: Histories, told: AsyncResult[History]) -> None:
    at_work.take([began("nobody", ""), began("unknown", "1"), began("trouble", "away"), began("c1")])
    assert told.get(timeout=5) == History("c1", MET)


def test_a_slow_database_sheds_and_never_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(histories, "MOST_WAITING", 3)
    stuck = Event()

    def read(number: str) -> tuple[Encounter, ...]:
        stuck.wait()
        return ()

    found = Histories(read, lambda history: None, lambda: True)
    found.take([began(f"c{n}") for n in range(5)])
    assert found.shed == 2


def test_nobody_is_looked_up_when_no_queue_asks() -> None:
    found = Histories(lambda number: MET, lambda history: None, lambda: False)
    found.take([began("c1")] * (histories.MOST_WAITING + 1))
    assert found.shed == 0
