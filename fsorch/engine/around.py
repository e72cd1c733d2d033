"""What a flow's expressions and prompts can see of the centre from where one caller is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo

from fsorch.calendars import WEEKDAYS
from fsorch.clock import EPOCH
from fsorch.engine.core import Core
from fsorch.engine.sounds import spoken
from fsorch.engine.state import Contact
from fsorch.engine.waiting import Waiting
from fsorch.ivr.speech import Utterance

__all__ = ["Around"]

US_A_DAY = 86_400_000_000


class Around:
    """The surroundings of one contact's flow session. Values are those of the moment they are asked for."""

    def __init__(self, core: Core, contact: Contact, waiting: Waiting) -> None:
        self.core = core
        self.contact = contact
        self.waiting = waiting
        self._groups: dict[str, Callable[[str], object]] = {
            "contact": self._contact,
            "customer": self._customer,
            "queue": self._queue,
            "calendar": self._calendar,
            "now": self._now,
        }

    def value(self, name: str) -> object:
        """The present value of a name; None for one that has none."""
        group, _, rest = name.partition(".")
        read = self._groups.get(group)
        return read(rest) if read is not None else None

    def prompt(self, name: str, values: Mapping[str, object], language: str) -> tuple[Utterance, ...]:
        """One of the centre's prompts, or of fsorch's own."""
        return spoken(self.core.centre, name, values, language)

    def mono(self) -> float:
        """The monotonic clock, in seconds."""
        return self.core.now.mono

    def _contact(self, name: str) -> object:
        contact = self.contact
        known: dict[str, object] = {
            "number": contact.number,
            "name": contact.name,
            "destination": contact.destination,
            "priority": contact.priority,
            "again": contact.again,
            "met_days": self._days_since(max((one.at_us for one in contact.encounters), default=0)),
        }
        return known.get(name)

    def _days_since(self, at: int) -> float | None:
        return (self.core.now.wall - at) / US_A_DAY if at else None

    def _customer(self, name: str) -> object:
        file, contact = self.contact.customer, self.contact
        if name == "known":
            return file is not None
        if name == "surveyed_days":
            return self._days_since(contact.surveyed_at)
        if file is None:
            return None
        customer = file.customer
        known: dict[str, object] = {
            "id": customer.id,
            "name": customer.name,
            "tier": customer.tier,
            "language": customer.language,
            "tags": tuple(filter(None, customer.fields.get("tags", "").replace(";", " ").split())),
            "open_tickets": len(file.tickets),
            "open_promises": len(file.promises),
            "own_agent": customer.agent,
        }
        return known.get(name)

    def _queue(self, name: str) -> object:
        id, _, fact = name.rpartition(".")
        return self.waiting.fact_of(id, fact)

    def _calendar(self, name: str) -> object:
        id, _, fact = name.rpartition(".")
        flow = self.core.flows.get(self.contact.flow)
        calendar = self.waiting.calendar(id, flow.tenant if flow is not None else "")
        if calendar is None:
            return None
        state = calendar.state(self.core.now.wall)
        return state.open if fact == "open" else state.reason if fact == "reason" else None

    def _now(self, name: str) -> object:
        """By the clocks of the flow's calendar, or of the tenant whose flow it is, or UTC."""
        spec = self.core.flows.get(self.contact.flow)
        known = self.waiting.calendar(spec.calendar, spec.tenant) if spec is not None else None
        wall, zone = self.core.now.wall, ZoneInfo(self.core.tenancy.zone(spec.tenant if spec is not None else ""))
        moment = known.local(wall) if known is not None else (EPOCH + timedelta(microseconds=wall)).astimezone(zone)
        values: dict[str, object] = {
            "hour": moment.hour,
            "minute": moment.minute,
            "weekday": WEEKDAYS[moment.weekday()].value,
            "date": moment.date().isoformat(),
        }
        return values.get(name)
