"""Callers are looked up beside the engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from gevent.event import Event
from gevent.queue import Queue

from fsorch.acd.affinity import Encounter
from fsorch.customers import Customer, Ticket
from fsorch.edge import histories
from fsorch.edge.histories import Asked, Histories, read_history
from fsorch.engine.facts import Fact, FactKind
from fsorch.engine.inputs import History
from fsorch.errors import NotFound, StoreError
from tests.store.conftest import open_store

MET = (Encounter(agent="rob", at_us=1),)


def began(contact: str, number: str = "4930") -> Fact:
    return Fact(id=contact, at=1, kind=FactKind.CONTACT_BEGAN, contact=contact, data={"number": number})


@pytest.fixture
def told() -> Queue[History]:
    return Queue()


@pytest.fixture
def at_work(told: Queue[History]) -> Iterator[Histories]:
    def read(asked: Asked) -> History:
        if asked.number == "away":
            raise StoreError("the database is away")
        return History(asked.contact, MET if asked.number == "4930" else (), tenant=asked.tenant)

    found = Histories(read, told.put, lambda: True)
    found.start()
    yield found
    found.stop()


def test_the_engine_is_told_who_rings_and_when_nobody_knows(at_work: Histories, told: Queue[History]) -> None:
    at_work.take([began("nobody", ""), began("unknown", "1"), began("trouble", "away"), began("c1")])
    heard = [told.get(timeout=60) for _ in range(3)]
    assert sorted(heard, key=lambda one: one.contact) == [
        History("c1", MET, tenant=""),
        History("trouble", tenant=""),
        History("unknown", tenant=""),
    ]
    assert told.empty()


def test_a_slow_database_sheds_and_never_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(histories, "MOST_WAITING", 3)
    stuck = Event()

    def read(asked: Asked) -> History:
        stuck.wait()
        return History(asked.contact)

    found = Histories(read, lambda history: None, lambda: True)
    found.take([began(f"c{n}") for n in range(5)])
    assert found.shed == 2


def test_nobody_is_looked_up_when_no_queue_asks() -> None:
    found = Histories(lambda asked: History(asked.contact, MET), lambda history: None, lambda: False)
    found.take([began("c1")] * (histories.MOST_WAITING + 1))
    assert found.shed == 0


def test_the_records_tell_who_it_is(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/records.db")
    kept = store.customers
    assert not kept.are_there_any()
    ann = kept.put(Customer(reference="77", name="Ann", numbers=("+49 30 1",)), "test")
    kept.open_ticket(Ticket(customer=ann.id, subject="lamp"), "test")
    found = read_history(store, Asked("c1", "49301"), 0)
    assert kept.are_there_any()
    assert found.customer is not None
    assert (found.contact, found.customer.customer.name, len(found.customer.tickets)) == ("c1", "Ann", 1)
    assert (found.encounters, found.surveyed_at) == ((), 0)
    assert read_history(store, Asked("c2", "1234"), 0) == History("c2", tenant="")
    keyed = read_history(store, Asked("c3", "1234", ann.id), 0)
    assert keyed.customer == found.customer
    with pytest.raises(NotFound):
        read_history(store, Asked("c3", "1234", "gone"), 0)
    store.close()


def test_a_caller_is_asked_for_anew_when_a_tenant_has_them(told: Queue[History]) -> None:
    found = Histories(lambda asked: History(f"{asked.number} {asked.tenant}"), told.put, lambda: True)
    found.start()
    data = {"number": "4930", "tenant": "beta"}
    found.take([Fact(id="f", at=1, kind=FactKind.CONTACT_CLAIMED, contact="c1", data=data)])
    assert told.get(timeout=60).contact == "4930 beta"
    found.stop()


def test_who_keys_their_number_is_looked_up_even_when_nobody_asks(told: Queue[History]) -> None:
    found = Histories(lambda asked: History(f"{asked.contact}/{asked.customer}"), told.put, lambda: False)
    found.start()
    keyed = Fact(id="k", at=1, kind=FactKind.CUSTOMER_KEYED, contact="c1", data={"number": "", "customer": "x7"})
    found.take([began("c0"), keyed])
    assert told.get(timeout=60).contact == "c1/x7"
    found.stop()
