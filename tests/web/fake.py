"""A small centre in memory, built on the engine's views: what the desktop's server is tested and developed against."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from queue import SimpleQueue
from typing import Any

import msgspec

from fsorch.config import Centre
from fsorch.edge.gateway import Check, LocalGateway
from fsorch.engine.facts import Fact, FactKind
from fsorch.engine.inputs import (
    AgentAway,
    AgentBack,
    AnswerCall,
    CallBack,
    Dispose,
    EndWrapUp,
    ExtendWrapUp,
    HangUp,
    HoldCall,
    LogIn,
    LogOut,
    NextContact,
    Request,
    SetStatus,
)
from fsorch.engine.rows import ContactRow
from fsorch.engine.views import (
    AgentView,
    BreakView,
    ContactView,
    KeyedAnswer,
    QueueView,
    Snapshot,
    SwitchView,
    TenantView,
)
from fsorch.errors import NotFound, RequestRefused
from fsorch.flows import FlowSpec
from fsorch.store import ContactDetail
from fsorch.store.adopting import Adopted, Adoption
from fsorch.store.answered import AnsweredRequests
from fsorch.store.campaigns import Campaigns
from fsorch.store.consents import Consents
from fsorch.store.dnc import Dnc
from fsorch.store.factors import Factors
from fsorch.store.flow_stats import FlowFigures
from fsorch.store.flows import FlowVersion
from fsorch.store.leads import Leads
from fsorch.store.linting import Override
from fsorch.store.phones import PhoneSecret
from fsorch.store.purging import Retention
from fsorch.store.queries import Answers

__all__ = ["FakeCentre", "FakeStore", "User", "wall"]

WRAP_UP_S = 20


def wall() -> int:
    """Now, in UTC microseconds."""
    return time.time_ns() // 1000


class User(msgspec.Struct, frozen=True):
    """A person, with the password in clear: there is nothing to protect here."""

    login: str
    password: str
    role: str
    agent: str = ""
    active: bool = True
    second_factor: bool = False
    changed_at: int = 0
    scope: tuple[str, ...] = ()
    tenant: str = ""


class FakeStore:
    """People in memory. ``audited`` holds what was written down. Leads are nothing that is tried with a fake: see
    tests/web/test_leads.py."""

    leads: Leads
    dnc: Dnc
    consents: Consents
    campaigns: Campaigns
    answered: AnsweredRequests
    factors: Factors
    retention: Retention

    def __init__(self, *users: User) -> None:
        self.people = {user.login: user for user in users}
        self.audited: list[tuple[str, str, Any]] = []
        self.messages: dict[str, FakeMessage] = {}
        self.tokens: dict[str, FakeToken] = {}
        self.centre = Centre()
        self.secrets: dict[str, PhoneSecret] = {}
        self.revisions = 1
        self.details: dict[str, ContactDetail] = {}

    def user(self, login: str, /) -> User | None:
        return self.people.get(login)

    def verify(self, login: str, password: str, /) -> User | None:
        user = self.people.get(login)
        return user if user is not None and user.password == password else None

    def token(self, token: str, /) -> FakeToken | None:
        return self.tokens.get(token)

    def phone_secret(self, agent: str, /) -> PhoneSecret | None:
        return self.secrets.get(agent)

    def revision(self) -> int:
        return self.revisions

    def steady(self) -> AbstractContextManager[int]:
        return nullcontext(self.revisions)

    def adopt(self, wanted: Adoption, by: str, *, dry_run: bool = False) -> Adopted:
        self.audited.append((by, "tenant.adopt", wanted))
        return Adopted(tenant=wanted.tenant, contacts={}, promises=0, left_out=0, applied=False)

    def load_centre(self) -> Centre:
        return self.centre

    def save_centre(
        self,
        centre: Centre,
        by: str,
        *,
        expected: int | None = None,
        act: str = "",
        told: Sequence[str] = (),
        overrides: Mapping[str, Override] | None = None,
    ) -> int:
        self.centre, self.revisions = centre, self.revisions + 1
        self.audited.append((by, act, list(told)))
        return self.revisions

    def flow_versions(self, flow: str) -> list[FlowVersion]:
        raise NotFound("flow", flow)

    def flow_version(self, flow: str, version: int) -> FlowSpec:
        raise NotFound("flow", flow)

    def set_flow_share(
        self, flow: str, version: int, share: float, *, by: str = "cli", override: Override | None = None
    ) -> int:
        raise NotFound("flow", flow)

    def flow_figures(self, flow: str, *, since: int = 0, until: int = 0, version: int = 0) -> FlowFigures:
        raise NotFound("flow", flow)

    def contacts(self, limit: int = 50, after: str = "", **filters: Any) -> list[ContactRow]:
        self.filters = filters
        rows = [detail.contact for detail in self.details.values()]
        return [row for row in rows if filters.get("digits", "") in row.number][:limit]

    def count_contacts(self, **filters: Any) -> int:
        return sum(one.contact.tenant == filters["tenant"] for one in self.details.values())

    def answers(self, service_level_s: float, **filters: Any) -> Answers:
        rows = (one.contact for one in self.details.values())
        waits = [row.waited_us / 1e6 for row in rows if row.tenant == filters["tenant"]]
        within = sum(wait <= service_level_s for wait in waits)
        return Answers(answered=len(waits), within=within, late_abandoned=0, short_abandoned=0, p95_wait_s=None)

    def contact(self, id: str, /) -> ContactDetail:
        if id not in self.details:
            raise NotFound("contact", id)
        return self.details[id]

    def message(self, contact: str, /) -> FakeMessage | None:
        return self.messages.get(contact)

    def audit(self, who: str, act: str, what: Any, /) -> None:
        self.audited.append((who, act, what))


class FakeToken(msgspec.Struct, frozen=True):
    """A program."""

    name: str
    role: str
    scope: tuple[str, ...] = ()
    tenant: str = ""


class FakeMessage:
    """A message at a path."""

    def __init__(self, queue: str, path: str, tenant: str = "") -> None:
        self.queue = queue
        self.path = path
        self.tenant = tenant


class FakeCentre:
    """Agents, queues and calls that do what they are told. ``requests`` holds what was asked."""

    def __init__(self, agents: tuple[AgentView, ...], queues: tuple[QueueView, ...]) -> None:
        self.agents = {agent.id: agent for agent in agents}
        self.queues = {queue.id: queue for queue in queues}
        self.contacts: dict[str, ContactView] = {}
        self.tenants: tuple[TenantView, ...] = ()
        self.switches: tuple[SwitchView, ...] = (SwitchView(name="main", up=True, since=wall(), legs=0),)
        self.requests: list[Request] = []
        self.presence: SimpleQueue[tuple[str, str]] = SimpleQueue()
        self.seq = 0
        self.gateway = LocalGateway(self)
        self._facts = 0

    def snapshot(self) -> Snapshot:
        return Snapshot(
            seq=self.seq,
            at=wall(),
            centre="Harbour Line",
            switches=self.switches,
            queues=tuple(self._count(queue) for queue in self.queues.values()),
            agents=tuple(self.agents.values()),
            contacts=tuple(self.contacts.values()),
            tenants=self.tenants,
            breaks=(
                BreakView("lunch", "Lunch"),
                BreakView("coffee", "Short break", "bad"),
                BreakView("training", "Training", "good"),
                BreakView("script", "Script talk", queues=("nobodys",)),
            ),
        )

    def request(self, request: Request, check: Check | None = None) -> None:
        if check is not None:
            check(self.snapshot())
        if isinstance(request, AgentAway | AgentBack):
            self.presence.put((request.agent, type(request).__name__))
            return
        self.requests.append(request)
        agent = self.agents.get(request.agent)
        if agent is None:
            raise NotFound("agent", request.agent)
        match request:
            case LogIn():
                self.set_agent(agent.id, status="available", status_since=wall(), phone=request.phone or agent.phone)
            case LogOut():
                self._wish(agent, "logged_out", "")
            case SetStatus():
                self._wish(agent, request.status, request.reason)
            case AnswerCall() if agent.state == "ringing":
                self.answer(agent.id)
            case HangUp() if agent.state in ("ringing", "talking"):
                self.end_call(agent.id)
            case CallBack() if agent.state == "talking":
                self.end_call(agent.id)
            case HoldCall() if agent.state == "talking" and agent.contact is not None:
                self.set_contact(agent.contact.id, held=request.on, state="held" if request.on else "talking")
            case ExtendWrapUp() if agent.state == "wrap_up":
                self.set_agent(agent.id, wrap_up_until=agent.wrap_up_until + 10_000_000)
            case NextContact() if agent.on_demand:
                self.set_agent(agent.id, next_wanted=True, unready="")
            case Dispose() if agent.lead is not None:
                self.set_agent(agent.id, lead=msgspec.structs.replace(agent.lead, said=request.disposition))
            case EndWrapUp() if agent.state == "wrap_up":
                self.end_wrap_up(agent.id)
            case _:
                raise RequestRefused("the agent", agent.state, type(request).__name__)

    def set_agent(self, id: str, **changes: Any) -> None:
        """Change an agent; a new state or status begins now."""
        before = self.agents[id]
        if "state" in changes and changes["state"] != before.state:
            changes.setdefault("state_since", wall())
        self.agents[id] = msgspec.structs.replace(before, **changes)
        self.tell(FactKind.AGENT_CHANGED, agent=id)

    def set_contact(self, id: str, **changes: Any) -> None:
        """Change a contact, also where its agent shows it."""
        contact = self.contacts[id] = msgspec.structs.replace(self.contacts[id], **changes)
        if contact.agent:
            self.agents[contact.agent] = msgspec.structs.replace(self.agents[contact.agent], contact=contact)
        self.tell(FactKind.HOLD_CHANGED, contact=id, agent=contact.agent)

    def call(self, id: str, queue: str, number: str, name: str, *, waited_s: float = 0.0) -> None:
        """A caller waits in ``queue``."""
        came = wall() - round(waited_s * 1e6)
        self.contacts[id] = ContactView(
            id=id,
            switch="main",
            state="waiting",
            number=number,
            name=name,
            destination="+4940555000",
            answers=(KeyedAnswer("menu", "1", self.queues[queue].title),),
            queue=queue,
            queue_title=self.queues[queue].title,
            position=1,
            began_at=came - 9_000_000,
            enqueued_at=came,
        )
        self.tell(FactKind.CONTACT_QUEUED, contact=id, queue=queue)

    def offer(self, id: str, agent: str) -> None:
        """The caller rings at ``agent``."""
        why = "You have been idle longest among the agents of this queue."
        self.contacts[id] = msgspec.structs.replace(
            self.contacts[id], state="offered", agent=agent, position=0, offered_at=wall(), why=why
        )
        self.agents[agent] = msgspec.structs.replace(
            self.agents[agent], state="ringing", state_since=wall(), contact=self.contacts[id]
        )
        self.tell(FactKind.OFFER_MADE, contact=id, agent=agent)

    def answer(self, agent: str) -> None:
        """The agent takes the call that rings."""
        ringing = self.agents[agent].contact
        assert ringing is not None
        self.contacts[ringing.id] = msgspec.structs.replace(ringing, state="talking", answered_at=wall())
        queue = self.queues[ringing.queue]
        self.queues[queue.id] = msgspec.structs.replace(queue, answered=queue.answered + 1, within=queue.within + 1)
        self.set_agent(
            agent, state="talking", contact=self.contacts[ringing.id], answered=self.agents[agent].answered + 1
        )

    def end_call(self, agent: str) -> None:
        """The call ends: wrap-up, or, if it only rang, back to idle."""
        view = self.agents[agent]
        if view.contact is not None:
            self.contacts.pop(view.contact.id, None)
        if view.state == "talking":
            self.set_agent(agent, state="wrap_up", contact=None, wrap_up_until=wall() + WRAP_UP_S * 1_000_000)
        else:
            self.set_agent(agent, state="idle", contact=None, missed=view.missed + 1)

    def end_wrap_up(self, agent: str) -> None:
        """Idle again, or what was wished for."""
        wish, _, reason = self.agents[agent].asked.partition(":")
        self.set_agent(agent, state="idle", wrap_up_until=0, asked="")
        if wish:
            self.set_agent(agent, status=wish, reason=reason, status_since=wall())

    def tell(self, kind: FactKind, **fields: Any) -> None:
        """Publish a fact: something has changed."""
        self.seq += 1
        self._facts += 1
        self.gateway.publish((Fact(id=f"f{self._facts}", at=wall(), kind=kind, **fields),))

    def _wish(self, agent: AgentView, status: str, reason: str) -> None:
        if agent.state == "idle":
            self.set_agent(agent.id, status=status, reason=reason, status_since=wall(), state_since=wall(), asked="")
        elif (status, reason) == (agent.status, agent.reason):
            self.set_agent(agent.id, asked="")
        else:
            self.set_agent(agent.id, asked=f"{status}:{reason}" if reason else status)

    def _count(self, queue: QueueView) -> QueueView:
        mine = [agent for agent in self.agents.values() if queue.id in agent.queues]
        waiting = [
            contact for contact in self.contacts.values() if (contact.queue, contact.state) == (queue.id, "waiting")
        ]
        on = [agent for agent in mine if agent.status == "available"]
        return msgspec.structs.replace(
            queue,
            waiting=len(waiting),
            oldest_enqueued_at=min((contact.enqueued_at for contact in waiting), default=0),
            idle=sum(agent.state == "idle" for agent in on),
            busy=sum(agent.state != "idle" for agent in on),
            on_break=sum(agent.status == "break" for agent in mine),
        )
