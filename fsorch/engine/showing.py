"""The engine's state as views."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fsorch.acd import AgentState, AgentStatus, ContactState
from fsorch.acd.explain import Standings, Waits, why_waiting
from fsorch.config import BreakReason
from fsorch.engine.agent_rules import break_end, weight_of
from fsorch.engine.core import Core
from fsorch.engine.state import Contact, Person, Queue
from fsorch.engine.views import (
    AgentView,
    BreakView,
    ContactView,
    ListenerView,
    PartyView,
    QueueView,
    Snapshot,
    SwitchView,
)
from fsorch.rules import PhoneMode

__all__ = ["agent_view", "contact_view", "queue_view", "snapshot"]


def contact_view(core: Core, contact: Contact, standings: Standings | None = None) -> ContactView:
    """One live contact. ``standings`` of this moment are shared by who shows many."""
    offer = next((core.offers[id] for id in contact.offers_open), None)
    queue, transfer = core.queues.get(contact.queue), contact.transfer
    return ContactView(
        id=contact.id,
        switch=contact.switch,
        state="flow" if contact.machine.state is ContactState.ARRIVED else contact.machine.state.value,
        number=contact.number,
        name=contact.name,
        destination=contact.destination,
        answers=tuple(contact.answers),
        queue=contact.queue,
        queue_title=(queue.spec.title or queue.spec.id) if queue else "",
        position=core.distributor.position(contact.id),
        agent=contact.agent,
        began_at=contact.began_at,
        enqueued_at=contact.enqueued_at,
        offered_at=offer.made_at if offer else 0,
        answered_at=contact.answered_at,
        held=contact.held,
        medium=contact.medium,
        direction=contact.direction,
        callback=contact.promise.machine.state.value if contact.promise else "",
        callback_by=contact.promise.agent if contact.promise else "",
        message_us=contact.message_us,
        tenant=contact.tenant,
        muted=contact.muted,
        transfer=transfer.machine.state.value if transfer else "",
        transfer_by=transfer.source if transfer else "",
        transfer_to=transfer.callee.name if transfer else "",
        parties=_parties(contact),
        priority=contact.priority,
        why=contact.why or _why_waiting(core, contact, standings or Standings(core.distributor, core.now.mono)),
    )


def _parties(contact: Contact) -> tuple[PartyView, ...]:
    """Everybody in the contact's conference, and who is called into it."""
    room = contact.room
    if room is None:
        return ()
    inside = [PartyView(name=m.name, agent=m.agent, state="inside") for m in room.members.values()]
    called = [PartyView(name=c.name, agent=c.agent, state="called") for c in room.called.values()]
    return (*inside, *called)


def _why_waiting(core: Core, contact: Contact, standings: Standings) -> str:
    """Why nobody is offered this contact; empty when it does not wait."""
    standing = standings.of(contact.id)
    if standing is None:
        return ""
    switch = core.switches.get(contact.switch)
    if switch is None or not switch.up:
        return f"switch {contact.switch} cannot be reached"
    queue = core.queues.get(contact.queue)
    if queue is not None and queue.spec.paused:
        return "the queue is paused"
    why = core.why_not_called_back(contact)
    if why or standing.waits is not Waits.PERSON:
        return why or why_waiting(standing)
    return "; ".join((why_waiting(standing), *_why_not_free(core, standing.persons)))


def _why_not_free(core: Core, agents: Sequence[str]) -> Iterator[str]:
    """Such as "ann is on a break"."""
    for person in [core.people[agent] for agent in agents if agent in core.people]:
        status, state = person.agent.status.status, person.agent.state
        if status is AgentStatus.LOGGED_OUT:
            yield f"{person.spec.id} is logged out"
        elif status is AgentStatus.BREAK:
            yield f"{person.spec.id} is on a break"
        elif state is not AgentState.IDLE or person.unready:
            yield f"{person.spec.id} is {person.unready or state.value.replace('_', ' ')}"


def agent_view(core: Core, person: Person) -> AgentView:
    """One agent, with the contact they are offered or talk to."""
    agent, contact = person.agent, core.contacts.get(person.contact)
    return AgentView(
        id=person.spec.id,
        name=person.spec.name or person.spec.id,
        status=agent.status.status.value,
        reason=agent.status.reason,
        state=agent.state.value,
        status_since=agent.status_since,
        state_since=agent.state_since,
        asked=str(agent.wish) if agent.wish else "",
        queues=tuple(member.queue for member in person.spec.queues),
        phone=person.dial_string,
        contact=contact_view(core, contact) if contact else None,
        wrap_up_until=person.wrap_up_until if agent.state is AgentState.WRAP_UP else 0,
        wrap_up_may_end=person.wrap_up is None or person.wrap_up.may_end,
        wrap_up_more_s=person.wrap_up.more if person.wrap_up else 0.0,
        answered=person.answered,
        missed=person.missed,
        unready=person.unready,
        rule=person.rule,
        on_demand=person.on_demand,
        next_wanted=person.next_wanted,
        break_until=break_end(core, person),
        overrun=person.overrun,
        break_weight=weight_of(core, agent.status.reason).value if agent.status.status is AgentStatus.BREAK else "",
        breaks_us={weight.value: us for weight, us in person.breaks_us.items()},
        listeners=tuple(_listeners(core, person)),
        line=person.line.state.value if person.spec.phone_mode is PhoneMode.NAILED else "",
        lead=core.lead_of(person),
        not_called=core.not_called(person),
        calls_owed=core.calls_owed(person.spec.id),
        tenant=person.spec.tenant,
    )


def _listeners(core: Core, person: Person) -> Iterator[ListenerView]:
    for watch in core.watches.values():
        if watch.agent == person.spec.id:
            who = core.people.get(watch.watcher)
            yield ListenerView((who.spec.name if who is not None else "") or watch.watcher, watch.mode)


def _break_view(core: Core, reason: BreakReason) -> BreakView:
    queues = tuple(sorted({one.queue for one in core.centre.campaigns if one.id in reason.campaigns}))
    return BreakView(reason.id, reason.title or reason.id, reason.weight.value, queues if reason.campaigns else None)


def queue_view(core: Core, queue: Queue) -> QueueView:
    """One queue, with the agents that serve it."""
    waiting = core.distributor.waiting(queue.spec.id)
    members = [p for p in core.people.values() if any(m.queue == queue.spec.id for m in p.spec.queues)]
    available = [p for p in members if p.agent.status.status is AgentStatus.AVAILABLE]
    idle = [p for p in available if p.agent.state is AgentState.IDLE]
    unready = sum(bool(p.unready) for p in idle)
    return QueueView(
        id=queue.spec.id,
        title=queue.spec.title or queue.spec.id,
        waiting=len(waiting),
        oldest_enqueued_at=min((core.contacts[id].enqueued_at for id in waiting if id in core.contacts), default=0),
        idle=len(idle) - unready,
        unready=unready,
        busy=sum(p.agent.state is not AgentState.IDLE for p in members),
        on_break=sum(p.agent.status.status is AgentStatus.BREAK for p in members),
        queued=queue.queued,
        answered=queue.answered,
        abandoned=queue.abandoned,
        within=queue.within,
        service_level_s=queue.spec.service_level_s,
        paused=queue.spec.paused,
        tenant=queue.spec.tenant,
    )


def snapshot(core: Core) -> Snapshot:
    """Everything at once."""
    legs: dict[str, int] = {}
    for leg in core.legs.values():
        legs[leg.switch] = legs.get(leg.switch, 0) + 1
    switches = core.switches.values()
    standings = Standings(core.distributor, core.now.mono)
    return Snapshot(
        seq=core.seq,
        at=core.now.wall,
        centre=core.centre.name,
        switches=tuple(SwitchView(name=s.name, up=s.up, since=s.since, legs=legs.get(s.name, 0)) for s in switches),
        queues=tuple(queue_view(core, queue) for queue in core.queues.values()),
        agents=tuple(agent_view(core, person) for person in core.people.values()),
        contacts=tuple(contact_view(core, contact, standings) for contact in core.contacts.values()),
        campaigns=core.campaigns_now(),
        tenants=core.tenants_now(),
        breaks=tuple(_break_view(core, reason) for reason in core.centre.breaks),
        odd_events=dict(core.odd),
    )
