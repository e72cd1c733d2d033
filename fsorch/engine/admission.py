"""The doors of flows and queues: who may come in now, and what who may not gets instead.

Whoever nothing else can be done for comes in all the same: nobody falls into nothing. Two things are not bent for that:
a tenant's limits, and the line between tenants; there the last word is a message.
"""

from __future__ import annotations

from collections.abc import Callable

from fsorch.calendars import Calendar
from fsorch.engine.core import Core
from fsorch.engine.endings import Endings
from fsorch.engine.facts import FactKind
from fsorch.engine.state import Contact
from fsorch.engine.tenants import SORRY, Tenants, first_queue
from fsorch.rules import Overflow, OverflowTo
from fsorch.waits import Empty, Ending

__all__ = ["Admission"]

GOODBYE = Overflow(to=OverflowTo.HANGUP)


class Admission:
    """Lets contacts in. ``endings`` carries out what they get instead; ``calendar`` gives one by its id and tenant,
    ``empty`` says whether a queue has nobody, ``kept`` whether the contact has a place in its queue already."""

    def __init__(
        self,
        core: Core,
        endings: Endings,
        tenants: Tenants,
        calendar: Callable[[str, str], Calendar | None],
        empty: Callable[[str, Empty], bool],
        kept: Callable[[Contact], bool],
    ) -> None:
        self.core = core
        self.endings = endings
        self.tenants = tenants
        self.calendar = calendar
        self.empty = empty
        self.kept = kept

    def flow_open(self, contact: Contact) -> bool:
        """Whether the contact's flow is open, and its tenant has room for it; if not, what is said for then has been
        done."""
        flow = self.core.flows.get(contact.flow)
        if contact.too_many and not contact.turned_away:
            self.tenants.turned(contact, contact.too_many)
            ways = (self.tenants.way(contact, None), SORRY)
            return not any(self.endings.end(contact, way, "full", contact.too_many) for way in ways)
        if flow is None or not flow.calendar or flow.on_closed is None:
            return True
        reason = self._closed(flow.calendar, flow.tenant)
        return not reason or not self.endings.end(contact, flow.on_closed, "closed", reason)

    def admit(self, contact: Contact) -> bool:
        """Whether the contact, who is about to join its queue, may; ``contact.queue`` may be another one afterwards.
        False: it went elsewhere."""
        if contact.queue not in self.core.queues or not self.tenants.fits(contact, contact.queue):
            self._lead_elsewhere(contact)
            if not contact.queue:
                # Their message could not be played if they come here again.
                way = GOODBYE if contact.admitted else SORRY
                return not self.endings.end(contact, way, "tenant", "there is no queue for these callers")
        self.tenants.enter(contact)
        if contact.admitted or not contact.leg or (contact.enqueued_at and not contact.hops):
            return True
        contact.admitted = self._let_in(contact)
        return contact.admitted

    def _lead_elsewhere(self, contact: Contact) -> None:
        """Where a caller goes when the queue they chose is no longer there, or another tenant's; to none if there is
        none for them."""
        core, was, spec = self.core, contact.queue, self.core.flows.get(contact.flow)
        known = spec is not None and spec.person in core.queues and self.tenants.fits(contact, spec.person)
        contact.queue = spec.person if spec is not None and known else first_queue(self.core, contact.tenant)
        if was in core.queues:
            got = f"queue {contact.queue}" if contact.queue else "message"
            fault = f"the queue {was} is another tenant's than {contact.tenant}"
            core.count_odd("other_tenant", f"a caller was led where they may not come: {fault}; they got the {got}")
            core.fact(FactKind.DOOR_MISUSED, contact, leg=contact.leg, faults=[fault], got=got)
        if not contact.leg and not contact.queue:
            # A message, or a promise, is not to be lost for that.
            contact.queue = next(iter(core.queues), "")

    def _let_in(self, contact: Contact) -> bool:
        seen: set[str] = set()
        first = contact.queue
        while (gate := self._gate(contact)) is not None:
            case, way, why = gate
            seen.add(contact.queue)
            if not isinstance(way, Overflow) or way.to is not OverflowTo.QUEUE:
                done = self.endings.end(contact, way, case, why)
                return not done and not self._turned_away(contact, why)
            there = way.name in self.core.queues and self.tenants.fits(contact, way.name)
            if way.name in seen or not there:
                contact.queue = first
                self._gate_fact(FactKind.WAIT_NOT_ENDED, contact, way, case, why)
                return not self._turned_away(contact, why)
            self._gate_fact(FactKind.WAIT_ENDED, contact, way, case, why)
            contact.queue = way.name
        return True

    def _turned_away(self, contact: Contact, why: str) -> bool:
        """Nothing can be done for who is one too many: they are told so."""
        return contact.turned_away and self.endings.end(contact, SORRY, "full", why)

    def _gate_fact(self, kind: FactKind, contact: Contact, way: Overflow, case: str, why: str) -> None:
        trouble = {"trouble": "all queues it leads to refuse"} if kind is FactKind.WAIT_NOT_ENDED else {}
        fields = {"act": "overflow", "to": way.to.value, "name": way.name, "case": case, "why": why}
        self.core.fact(kind, contact, leg=contact.leg, **fields, **trouble)

    def _gate(self, contact: Contact) -> tuple[str, Ending, str] | None:
        """Why the contact's queue does not take it now, and what it gets instead."""
        id = contact.queue
        spec = self.core.queues[id].spec
        rules = spec.wait
        if spec.on_closed is not None and (reason := self._closed(spec.calendar, spec.tenant)):
            return "closed", spec.on_closed, reason
        full = 0 < rules.max_length <= self.core.distributor.length(id)
        if rules.on_full is not None and full and not self.kept(contact):
            return "full", rules.on_full, f"{rules.max_length} are waiting"
        if why := self._one_too_many(contact):
            if not contact.turned_away:
                self.tenants.turned(contact, why)
            return "full", self.tenants.way(contact, rules.on_full), why
        if rules.on_empty is not None and self.empty(id, rules.refuse_empty):
            return "empty", rules.on_empty, f"every agent is {rules.refuse_empty.value.replace('_', ' ')}"
        return None

    def _one_too_many(self, contact: Contact) -> str:
        """Why there is no room for the contact in its queue, by the tenant's limits. One who was turned away may still
        go to a queue that is shared."""
        own = bool(self.core.tenancy.of_queue(contact.queue))
        why = contact.too_many if own or not contact.turned_away else ""
        return why or self.tenants.line_full(contact.queue)

    def _closed(self, calendar: str, tenant: str) -> str:
        """Why it is closed now; empty when it is open."""
        known = self.calendar(calendar, tenant) if calendar else None
        if known is None:
            return ""
        state = known.state(self.core.now.wall)
        return "" if state.open else state.reason
