"""How a centre is at a moment, as the expressions of its flows see it: for flows that are tried without callers."""

from __future__ import annotations

from datetime import datetime

from fsorch.calendars import WEEKDAYS, Calendar
from fsorch.config import Centre
from fsorch.customers import CustomerFile
from fsorch.tenancy import Tenancy

__all__ = ["clock_values", "customer_values", "hours_values"]


def clock_values(moment: datetime) -> dict[str, object]:
    """The names of ``now``."""
    return {
        "now.hour": moment.hour,
        "now.minute": moment.minute,
        "now.weekday": WEEKDAYS[moment.weekday()].value,
        "now.date": moment.date().isoformat(),
    }


def customer_values(file: CustomerFile) -> dict[str, object]:
    """The names of ``customer``, of somebody who is known."""
    customer = file.customer
    return {
        "customer.known": True,
        "customer.id": customer.id,
        "customer.name": customer.name,
        "customer.tier": customer.tier,
        "customer.language": customer.language,
        "customer.tags": tuple(filter(None, customer.fields.get("tags", "").replace(";", " ").split())),
        "customer.open_tickets": len(file.tickets),
        "customer.open_promises": len(file.promises),
        "customer.own_agent": customer.agent,
    }


def hours_values(centre: Centre, wall_us: int, tenant: str = "") -> dict[str, object]:
    """Which calendars are open at a moment (UTC microseconds) for a flow of this tenant."""
    values: dict[str, object] = {}
    tenancy = Tenancy(centre)
    for spec in filter(None, (tenancy.calendar(one.id, tenant) for one in centre.calendars)):
        state = Calendar(spec).state(wall_us)
        values |= {f"calendar.{spec.id}.open": state.open, f"calendar.{spec.id}.reason": state.reason}
    return values
