"""Tenants at work: whose a contact is, and who would be one too many for its tenant.

A limit acts at the door: who is in stays in, also when the limit is lowered meanwhile. A caller who is over it gets
what their number, the queue or the tenant says for that, and else a message: never silence.
"""

from __future__ import annotations

from fsorch.acd import AgentStatus, ContactState
from fsorch.belongings import fits
from fsorch.engine.core import Core
from fsorch.engine.dialling_state import Limit, Run
from fsorch.engine.facts import FactKind
from fsorch.engine.state import Contact, Person
from fsorch.engine.views import TenantView
from fsorch.esl.commands import SetVars
from fsorch.rules import Overflow, OverflowTo
from fsorch.tenants import TenantSpec
from fsorch.waits import Ending

__all__ = ["FULL", "SORRY", "TenantLines", "Tenants", "agents_full", "first_queue", "tenant_views"]

# The cause of contacts that were turned away.
FULL = "FSORCH_FULL"
# Contacts that are over are taken out of the books at last when there are so many.
SWEEP_AT = 1000
# Where a contact is, as far as its queue goes: in its line, on the way to an agent, with one.
IN_QUEUE = (ContactState.WAITING, ContactState.OFFERED, ContactState.TALKING)
# What callers get when nobody has said what.
SORRY = Overflow(to=OverflowTo.MESSAGE, name="call_again")


class Tenants:
    """Knows the live contacts of each tenant."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self._live: dict[str, dict[str, None]] = {}
        # How many there may be before those who are over are taken out.
        self._sweep_at: dict[str, int] = {}

    def take(self, contact: Contact) -> None:
        """The contact counts as its tenant's, if it has one, until it is over."""
        tenant = contact.tenant
        if not tenant:
            return
        live = self._live.setdefault(tenant, {})
        live[contact.id] = None
        if len(live) > self._sweep_at.get(tenant, SWEEP_AT):
            self._sweep_at[tenant] = max(SWEEP_AT, 2 * self.count(tenant))

    def enter(self, contact: Contact) -> None:
        """A contact that was nobody's comes into a queue: it is that queue's tenant's from now on."""
        owner = self.core.tenancy.of_queue(contact.queue)
        if owner and not contact.tenant:
            why = self.full(owner)
            contact.tenant = owner
            self.mind_customer(contact)
            # To this tenant they may be another customer.
            self.core.fact(FactKind.CONTACT_CLAIMED, contact, leg=contact.leg, tenant=owner, number=contact.number)
            self.let_in(contact, why)

    def renew(self) -> list[Contact]:
        """The centre has changed. Whoever is in a queue that has got a tenant, and was nobody's, is that tenant's from
        now on. Given back are those who wait in one that is another tenant's now."""
        astray = []
        for contact in self.core.contacts.values():
            there, owner = contact.machine.state in IN_QUEUE, self.core.tenancy.of_queue(contact.queue)
            if there and owner and not contact.tenant:
                self.enter(contact)
                if contact.leg:
                    mark = SetVars(contact.leg, (("fsorch_tenant", contact.tenant),))
                    self.core.send(contact.switch, mark)
            elif contact.machine.state is ContactState.WAITING and not self.fits(contact, contact.queue):
                astray.append(contact)
        return astray

    def mind_customer(self, contact: Contact) -> None:
        """Somebody who is another tenant's customer is nobody to this one."""
        if contact.customer is not None and not fits(contact.tenant, contact.customer.customer.tenant):
            contact.customer, contact.keyed = None, ""

    def let_in(self, contact: Contact, why: str) -> None:
        """A new contact of a tenant; ``why`` it is one too many, if it is."""
        contact.too_many = why if not contact.enqueued_at else ""
        if contact.too_many:
            self._live.get(contact.tenant, {}).pop(contact.id, None)
        else:
            self.take(contact)

    def full(self, tenant: str) -> str:
        """Why one more contact would be too many; empty: it would not."""
        spec = self.core.tenancy.get(tenant)
        most = spec.limits.contacts
        if not most or len(self._live.get(tenant, ())) < most or self.count(tenant) < most:
            return ""
        return f"{_named(spec)} has {most} contacts at once, as many as it may"

    def count(self, tenant: str) -> int:
        """The live contacts of a tenant that have a call."""
        live, contacts = self._live.get(tenant, {}), self.core.contacts
        kept = {id: None for id in live if id in contacts and contacts[id].leg and contacts[id].tenant == tenant}
        if len(kept) < len(live):
            self._live[tenant] = kept
        return len(kept)

    def waiting(self, tenant: str) -> int:
        """How many wait in a tenant's queues."""
        return sum(self.core.distributor.length(queue) for queue in self.core.tenancy.queues(tenant))

    def line_full(self, queue: str) -> str:
        """Why one more would be too many to wait in this queue, for its tenant; empty: they would not."""
        spec = self.core.tenancy.get(self.core.tenancy.of_queue(queue))
        most = spec.limits.waiting
        if not most or self.waiting(spec.id) < most:
            return ""
        return f"{_named(spec)} has {most} callers waiting, as many as it may"

    def way(self, contact: Contact, queue: Ending | None) -> Ending:
        """What a contact gets that is one too many: by its number, the ``queue``, its tenant, or nobody's word."""
        return contact.on_full or queue or self.core.tenancy.get(contact.tenant).on_full or SORRY

    def turned(self, contact: Contact, why: str) -> None:
        """A contact is turned away at the door."""
        contact.turned_away = True
        self.core.turned[contact.tenant] += 1
        self.core.fact(FactKind.TURNED_AWAY, contact, leg=contact.leg, tenant=contact.tenant, why=why)

    def fits(self, contact: Contact, queue: str) -> bool:
        """Whether a contact may come into this queue."""
        return fits(contact.tenant, self.core.tenancy.of_queue(queue))


class TenantLines:
    """How many calls the campaigns of a tenant may still launch, all together. ``runs`` are the campaigns."""

    def __init__(self, core: Core, runs: dict[str, Run]) -> None:
        self.core = core
        self.runs = runs
        self._limits: dict[str, Limit] = {}

    def configure(self) -> None:
        """The centre has changed."""
        for id, spec in self.core.tenancy.tenants.items():
            if id not in self._limits or self._limits[id].per_s != spec.limits.cps:
                self._limits[id] = Limit(spec.limits.cps)

    def room(self, run: Run) -> int | None:
        """The calls that this campaign may launch now, by its tenant's limits; None: there are none."""
        spec = self._spec(run)
        if spec is None:
            return None
        rooms = [self._limits[spec.id].room(self.core.now.mono)]
        if spec.limits.lines:
            rooms.append(max(0, spec.limits.lines - self.used(spec.id)))
        return min((room for room in rooms if room is not None), default=None)

    def used(self, tenant: str) -> int:
        """The calls of a tenant's campaigns that are under way."""
        return sum(run.lines for id, run in self.runs.items() if self.core.tenancy.of_campaign(id) == tenant)

    def launched(self, run: Run) -> None:
        """A call of a campaign was launched."""
        spec = self._spec(run)
        if spec is not None:
            self._limits[spec.id].take(self.core.now.mono)

    def held(self, run: Run) -> str:
        """Why a campaign without a call has no line; empty: it may have one."""
        spec = self._spec(run)
        if spec is None or not spec.limits.lines or run.lines or self.used(spec.id) < spec.limits.lines:
            return ""
        return f"the {spec.limits.lines} lines of {_named(spec)} are in use by its other campaigns"

    def _spec(self, run: Run) -> TenantSpec | None:
        return self.core.tenancy.tenants.get(self.core.tenancy.of_campaign(run.spec.id))


def first_queue(core: Core, tenant: str) -> str:
    """The first queue of a tenant, or else one that is shared; of nobody's callers any, if there is no other. Empty:
    there is none."""
    own, shared = ([id for id in core.queues if core.tenancy.of_queue(id) == owner] for owner in (tenant, ""))
    return next(iter([*own, *shared, *(() if tenant else core.queues)]), "")


def agents_full(core: Core, person: Person) -> str:
    """Why this agent would be one too many to be logged in, for their tenant; empty: they would not."""
    spec = core.tenancy.get(person.spec.tenant)
    most = spec.limits.agents
    if not most or _logged_in(core, spec.id, but=person) < most:
        return ""
    return f"{_named(spec)} has {most} agents logged in, as many as it may; one of them has to log out first"


def tenant_views(core: Core, tenants: Tenants, lines: TenantLines) -> tuple[TenantView, ...]:
    """Each tenant now."""
    return tuple(
        TenantView(
            id=spec.id,
            title=spec.title or spec.id,
            contacts=tenants.count(spec.id),
            waiting=tenants.waiting(spec.id),
            agents=_logged_in(core, spec.id),
            lines=lines.used(spec.id),
            turned_away=core.turned[spec.id],
            contacts_max=spec.limits.contacts,
            waiting_max=spec.limits.waiting,
            agents_max=spec.limits.agents,
            lines_max=spec.limits.lines,
        )
        for spec in core.tenancy.tenants.values()
    )


def _logged_in(core: Core, tenant: str, but: Person | None = None) -> int:
    people = (person for person in core.people.values() if person.spec.tenant == tenant and person is not but)
    return sum(person.agent.status.status is not AgentStatus.LOGGED_OUT for person in people)


def _named(spec: TenantSpec) -> str:
    return f"the tenant {spec.id}"
