"""What flows may know of the centre's own customers: rows of plain values, dates in ISO's form by UTC."""

from __future__ import annotations

from datetime import UTC, datetime

from fsorch.belongings import fits
from fsorch.customers import Customer, Promise, Ticket
from fsorch.flow_nodes import OwnRecords
from fsorch.ivr.steps import OwnAsk, Rows, Secret
from fsorch.store.customers import Customers

__all__ = ["MOST_RECORDS", "own_rows"]

# What a caller can be told of.
MOST_RECORDS = 100


def own_rows(customers: Customers, ask: OwnAsk) -> Rows:
    """The records that ``ask`` is about; none for somebody unknown or another tenant's customer, and none for a PIN
    that is not theirs, which takes as long. Blocks on the database. Raises StoreError."""
    asked = (customers.by_reference, ask.customer) if ask.customer else (customers.by_number, ask.number)
    customer = asked[0](asked[1], ask.tenant)
    if ask.pin is not None:
        pin = ask.pin.reveal() if isinstance(ask.pin, Secret) else ask.pin
        if not customers.verify_pin(customer.id if customer is not None else "", pin):
            return Rows()
    if customer is None or not fits(ask.tenant, customer.tenant):
        return Rows()
    match ask.of:
        case OwnRecords.CUSTOMER:
            return Rows((_customer(customer),))
        case OwnRecords.TICKETS:
            return Rows(tuple(map(_ticket, customers.tickets(customer.id)[:MOST_RECORDS])))
        case OwnRecords.PROMISES:
            return Rows(tuple(map(_promise, customers.file(customer.id).promises)))


def _customer(customer: Customer) -> dict[str, object]:
    """The centre's own fields stand beside the others, which keep their names."""
    return {
        **customer.fields,
        "id": customer.id,
        "tenant": customer.tenant,
        "reference": customer.reference,
        "name": customer.name,
        "tier": customer.tier,
        "language": customer.language,
        "agent": customer.agent,
        "has_pin": customer.has_pin,
    }


def _ticket(ticket: Ticket) -> dict[str, object]:
    return {
        "reference": ticket.reference,
        "subject": ticket.subject,
        "state": ticket.state.value,
        "opened_at": _day(ticket.opened_at),
        "changed_at": _day(ticket.changed_at),
        "due_at": _day(ticket.due_at),
    }


def _promise(promise: Promise) -> dict[str, object]:
    return {
        "kind": promise.kind,
        "what": promise.what,
        "made_at": _day(promise.made_at),
        "due_at": _day(promise.due_at),
    }


def _day(at: int) -> str | None:
    """A moment's day; None for never, so that a flow can ask whether there is one."""
    return datetime.fromtimestamp(at / 1_000_000, UTC).date().isoformat() if at else None
