"""What flows may know of the centre's own customers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fsorch.customers import Customer, Promise, Ticket, TicketState
from fsorch.edge.lookups_own import MOST_RECORDS, own_rows
from fsorch.flow_nodes import OwnRecords
from fsorch.ivr.steps import OwnAsk, Rows, Secret
from fsorch.store import Store
from tests.store.conftest import open_store

NUMBER, PIN = "+442079460001", "73519"
DUE = 1_795_000_000_000_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_store(f"sqlite:///{tmp_path}/records.db")
    fields = {"plan": "gold", "name": "not this one"}
    known = Customer(reference="4711", name="Zoë", tier="vip", language="de", numbers=(NUMBER,), fields=fields)
    zoe = made.customers.put(known, "test", pin=PIN)
    made.customers.open_ticket(Ticket(customer=zoe.id, subject="a leak", due_at=DUE), "test")
    closed = made.customers.open_ticket(Ticket(customer=zoe.id, subject="old"), "test")
    made.customers.change_ticket(closed.reference, "test", state=TicketState.CLOSED)
    made.customers.make_promise(Promise(what="a call", customer=zoe.id, due_at=DUE), "test")
    made.customers.put(Customer(reference="4712", name="Bob"), "test")
    yield made
    made.close()


def test_a_customer_by_number_or_by_reference(store: Store) -> None:
    for ask in (OwnAsk(of=OwnRecords.CUSTOMER, number=NUMBER), OwnAsk(of=OwnRecords.CUSTOMER, customer="4711")):
        (row,) = own_rows(store.customers, ask).rows
        assert (row["name"], row["tier"], row["language"], row["has_pin"]) == ("Zoë", "vip", "de", True)
        assert row["plan"] == "gold", "the centre's own fields"
    assert own_rows(store.customers, OwnAsk(of=OwnRecords.CUSTOMER, number="+4420")) == Rows()
    assert own_rows(store.customers, OwnAsk(of=OwnRecords.CUSTOMER)) == Rows()
    store.customers.put(Customer(reference="9", numbers=("555009",), fields={"tenant": "acme"}), "sam")
    store.customers.put(Customer(reference="10", numbers=("555009",), tenant="beta"), "sam")
    for tenant, found in (("", ""), ("acme", "9"), ("beta", "10"), ("gamma", "")):
        ask = OwnAsk(of=OwnRecords.CUSTOMER, number="555009", tenant=tenant)
        assert [row["reference"] for row in own_rows(store.customers, ask).rows] == ([found] if found else [])
    for tenant, count in (("", 1), ("acme", 1), ("beta", 0)):
        ask = OwnAsk(of=OwnRecords.CUSTOMER, customer="9", tenant=tenant)
        rows = own_rows(store.customers, ask).rows
        assert [row["tenant"] for row in rows] == ["acme"] * count


@pytest.mark.parametrize("pin", ["", "0000", PIN + "1", "' or 1=1 --"])
def test_a_pin_that_is_not_theirs_finds_nothing(store: Store, pin: str) -> None:
    for kind in OwnRecords:
        assert own_rows(store.customers, OwnAsk(of=kind, customer="4711", pin=Secret(pin))) == Rows()
    assert own_rows(store.customers, OwnAsk(of=OwnRecords.CUSTOMER, customer="4712", pin=pin)) == Rows()
    assert own_rows(store.customers, OwnAsk(of=OwnRecords.CUSTOMER, customer="nobody", pin=pin)) == Rows()


def test_their_own_pin_finds_them(store: Store) -> None:
    ask = OwnAsk(of=OwnRecords.CUSTOMER, customer="4711", pin=Secret(PIN))
    assert [row["name"] for row in own_rows(store.customers, ask).rows] == ["Zoë"]


def test_what_is_open_with_them(store: Store) -> None:
    (ticket,) = own_rows(store.customers, OwnAsk(of=OwnRecords.TICKETS, number=NUMBER)).rows
    assert (ticket["subject"], ticket["state"], ticket["due_at"]) == ("a leak", "open", "2026-11-18")
    (promise,) = own_rows(store.customers, OwnAsk(of=OwnRecords.PROMISES, number=NUMBER)).rows
    assert (promise["what"], promise["due_at"]) == ("a call", "2026-11-18")


def test_nobody_is_told_of_more_than_they_can_hear(store: Store) -> None:
    zoe = store.customers.by_reference("4711")
    assert zoe is not None
    for n in range(MOST_RECORDS + 5):
        store.customers.open_ticket(Ticket(customer=zoe.id, subject=str(n)), "test")
    assert len(own_rows(store.customers, OwnAsk(of=OwnRecords.TICKETS, number=NUMBER)).rows) == MOST_RECORDS
