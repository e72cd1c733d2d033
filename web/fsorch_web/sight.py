"""What somebody with a scope sees of the centre: their queues, and what belongs to these alone.

A scope is a set of queues. What belongs to no queue, or to another one, is not there for them. Agents and campaigns are
there through the queues that they serve. Who is bound to a tenant sees its queues, also those that it gets tomorrow; of
contacts those that are the tenant's, and of campaigns, whatever queue they are in.
"""

from __future__ import annotations

import msgspec

from fsorch.config import Centre
from fsorch.engine.views import AgentView, BreakView, CampaignView, ContactView, Snapshot, SwitchView
from fsorch.errors import NotFound
from fsorch.names import Role
from fsorch.tenancy import Tenancy

__all__ = ["Sight", "lists_of", "seen", "sight_of"]


class Sight(msgspec.Struct, frozen=True):
    """``queues``: those that are seen; None for all, and for what has no queue. ``client``: of an outsourcer, who sees
    how the work goes and not how the people do. ``tenant``: whose the queues are, and all that is seen."""

    queues: frozenset[str] | None = None
    client: bool = False
    tenant: str = ""

    @property
    def whole(self) -> bool:
        """Whether there is no bound."""
        return self.queues is None

    def has(self, queue: str) -> bool:
        """Whether this queue is seen."""
        return self.queues is None or queue in self.queues

    def has_contact(self, queue: str, tenant: str) -> bool:
        """Whether a contact of this tenant in this queue is seen."""
        return tenant == self.tenant if self.tenant else self.has(queue)

    def at(self, snapshot: Snapshot) -> Sight:
        """The same with the queues that the tenant has in this moment."""
        if not self.tenant:
            return self
        own = frozenset(one.id for one in snapshot.queues if one.tenant == self.tenant)
        return msgspec.structs.replace(self, queues=own)

    def on(self, centre: Centre) -> Sight:
        """The same with the queues that the tenant has in this centre."""
        if not self.tenant:
            return self
        return msgspec.structs.replace(self, queues=frozenset(Tenancy(centre).queues(self.tenant)))

    def need(self, kind: str, id: str, queue: str) -> None:
        """Raises NotFound when the thing ``id``, which belongs to ``queue``, is not seen."""
        if not self.has(queue):
            raise NotFound(kind, id[:64])

    def campaigns(self, centre: Centre) -> frozenset[str]:
        """The ids of the campaigns that are seen."""
        if self.tenant:
            tenancy = Tenancy(centre)
            return frozenset(spec.id for spec in centre.campaigns if tenancy.of_campaign(spec.id) == self.tenant)
        return frozenset(spec.id for spec in centre.campaigns if self.has(spec.queue))


def sight_of(role: str, scope: tuple[str, ...], tenant: str = "") -> Sight:
    """What a role sees with a scope. A principal without one sees nothing, and so does who is bound to a tenant that is
    gone."""
    client = role == Role.PRINCIPAL
    return Sight(frozenset(scope), client, tenant) if scope or client or tenant else Sight()


def lists_of(centre: Centre, sight: Sight) -> frozenset[str]:
    """The lists that are seen with a scope: some campaign that is seen dials them, and no other does."""
    mine = sight.campaigns(centre)
    dialled = {True: set[str](), False: set[str]()}
    for spec in centre.campaigns:
        dialled[spec.id in mine].update(spec.list_shares())
    return frozenset(dialled[True] - dialled[False])


def seen(snapshot: Snapshot, sight: Sight) -> Snapshot:
    """The snapshot as far as it is seen."""
    sight = sight.at(snapshot)
    if sight.queues is None:
        return snapshot
    campaigns = tuple(one for one in snapshot.campaigns if sight.has_contact(one.queue, one.tenant))
    known = {one.id for one in snapshot.agents if not sight.queues.isdisjoint(one.queues)}
    agents = (_agent(one, sight, campaigns, known) for one in snapshot.agents if one.id in known)
    # Made anew, not replaced: what is added to a snapshot is not seen until it is said here.
    return Snapshot(
        seq=snapshot.seq,
        at=snapshot.at,
        centre=snapshot.centre,
        switches=tuple(SwitchView(name=one.name, up=one.up, since=one.since) for one in snapshot.switches),
        queues=tuple(one for one in snapshot.queues if sight.has(one.id)),
        agents=tuple(agents),
        contacts=tuple(
            _contact(one, sight, known) for one in snapshot.contacts if sight.has_contact(one.queue, one.tenant)
        ),
        campaigns=campaigns,
        tenants=tuple(one for one in snapshot.tenants if one.id == sight.tenant),
        breaks=() if sight.client else tuple(_breaks(snapshot.breaks, sight.queues)),
    )


def _contact(one: ContactView, sight: Sight, known: set[str]) -> ContactView:
    if not sight.client:
        return one
    # Who else is called to it, and why it waits, speaks of people and queues that are not the client's.
    agent = one.agent if one.agent in known else ""
    return msgspec.structs.replace(one, agent=agent, transfer_by="", transfer_to="", parties=(), why="")


def _agent(view: AgentView, sight: Sight, campaigns: tuple[CampaignView, ...], known: set[str]) -> AgentView:
    """An agent who serves a queue that is seen, with no call but those of such queues."""
    there = view.contact is not None and sight.has_contact(view.contact.queue, view.contact.tenant)
    contact = view.contact if there else None
    lead = view.lead if view.lead is not None and any(view.lead.campaign == one.id for one in campaigns) else None
    queues = tuple(queue for queue in view.queues if sight.has(queue))
    if not sight.client:
        return msgspec.structs.replace(view, queues=queues, contact=contact, lead=lead, not_called="")
    return AgentView(
        id=view.id,
        name=view.name,
        status=view.status,
        state=view.state,
        status_since=view.status_since,
        state_since=view.state_since,
        queues=queues,
        contact=_contact(contact, sight, known) if contact is not None else None,
        lead=lead,
    )


def _breaks(breaks: tuple[BreakView, ...], queues: frozenset[str]) -> list[BreakView]:
    """The breaks that agents of these queues may take."""
    return [
        msgspec.structs.replace(one, queues=None if one.queues is None else tuple(set(one.queues) & queues))
        for one in breaks
        if one.fits(queues)
    ]
