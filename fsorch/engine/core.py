"""What the parts of the engine share: the state, the present moment, and the two outgoing lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec

from fsorch.acd import Distributor
from fsorch.clock import Moment
from fsorch.config import Centre
from fsorch.engine.actions import Action, LookUp, Outcome, Send
from fsorch.engine.dialling_state import Dial
from fsorch.engine.facts import Fact, FactKind
from fsorch.engine.state import Contact, Leg, Offer, Person, Queue, Switch, Watch
from fsorch.engine.timers import Timers
from fsorch.engine.views import CampaignView, LeadCard, TenantView
from fsorch.errors import EslError
from fsorch.esl.commands import Command
from fsorch.flows import FlowRelease, FlowSpec
from fsorch.ivr.steps import Ask, OwnAsk
from fsorch.rules import TierSpec
from fsorch.tenancy import Tenancy

__all__ = ["Core"]


class Core:
    """State and output of one engine. ``ids`` gives a new UUID at each call."""

    def __init__(self, ids: Callable[[], str]) -> None:
        self.ids = ids
        self.now = Moment(0.0, 0)
        # When the event of this step happened, where its link tells of it late (UTC microseconds); 0: just now.
        self.happened_at = 0
        self.timers = Timers()
        self.distributor = Distributor()
        self.centre = Centre()
        self.tenancy = Tenancy(self.centre)
        self.switches: dict[str, Switch] = {}
        self.contacts: dict[str, Contact] = {}
        self.legs: dict[str, Leg] = {}
        self.offers: dict[str, Offer] = {}
        # The id of each originate under way, and the leg it dials.
        self.jobs: dict[str, str] = {}
        self.people: dict[str, Person] = {}
        # The calls of campaigns under way, by the called party's leg.
        self.dials: dict[str, Dial] = {}
        # What is shown of campaigns; see fsorch.engine.dialling_showing.
        self.lead_of: Callable[[Person], LeadCard | None] = lambda person: None
        self.campaigns_now: Callable[[], tuple[CampaignView, ...]] = tuple
        self.not_called: Callable[[Person], str] = lambda person: ""
        # Why somebody who was promised a call cannot be called now; see Waiting.
        self.why_not_called_back: Callable[[Contact], str] = lambda contact: ""
        # How many customers were promised a call by an agent; see CalledAgain.
        self.calls_owed: Callable[[str], int] = lambda agent: 0
        # Supervisors who listen, by their own leg.
        self.watches: dict[str, Watch] = {}
        self.queues: dict[str, Queue] = {}
        self.flows: dict[str, FlowSpec] = {}
        # The versions of each flow that calls may enter, or be in.
        self.releases: dict[str, tuple[FlowRelease, ...]] = {}
        self.odd: Counter[str] = Counter()
        # Of each tenant, who was turned away.
        self.turned: Counter[str] = Counter()
        self.tenants_now: Callable[[], tuple[TenantView, ...]] = tuple
        self.seq = 0
        self._run = ids()
        self._facts_made = 0
        self._actions: list[Action] = []
        self._facts: list[Fact] = []
        self._write_first = False

    def send(self, switch: str, command: Command, tag: str = "", line: str = "") -> None:
        """Ask the edge to send ``command``; with a ``tag`` its reply comes back as an input. ``line``: the command as
        it goes over the wire, from whoever has written it already. Never raises."""
        try:
            line = line or command.wire()
        except EslError as error:
            # A value that cannot be quoted (an odd id, a path from a file): nothing is sent, and it is seen.
            name = type(command).__name__
            self.fact(FactKind.COMMAND_FAILED, switch=switch, command=name, answer=str(error), tag=tag)
            return
        self._actions.append(Send(switch, command, tag, line))

    def look_up(self, contact: str, serial: int, ask: Ask) -> None:
        """Ask the edge to look something up; what comes of it comes back as an input."""
        if isinstance(ask, OwnAsk) and contact in self.contacts:
            ask = msgspec.structs.replace(ask, tenant=self.contacts[contact].tenant)
        self._actions.append(LookUp(contact, serial, ask))

    def ask(self, action: Action) -> None:
        """Ask the edge for something that is no command; what comes of it comes back as an input."""
        self._actions.append(action)

    def fact(self, kind: FactKind, contact: Contact | str | None = None, **fields: Any) -> None:
        """Write down what happened. ``agent``, ``queue``, ``leg``, ``switch`` are the fact's own fields (queue and
        switch are the contact's unless they are given), the rest is data."""
        self._facts_made += 1
        take = fields.pop
        if isinstance(contact, Contact):
            queue, switch, contact = take("queue", contact.queue), take("switch", contact.switch), contact.id
        else:
            queue, switch = take("queue", ""), take("switch", "")
        fact = Fact(
            id=f"{self._run}-{self._facts_made:010d}",
            at=self.now.wall,
            kind=kind,
            contact=contact or "",
            leg=take("leg", ""),
            agent=take("agent", ""),
            queue=queue,
            switch=switch,
            data=fields,
        )
        self._facts.append(fact)

    def tier_of(self, contact: Contact) -> TierSpec | None:
        """What the customer's tier is worth; None while nobody knows who it is, or for a tier that is worth nothing."""
        return self.centre.tiers.get(contact.customer.customer.tier) if contact.customer is not None else None

    def write_first(self) -> None:
        """What this step does must be written down before it is done."""
        self._write_first = True

    def drop(self, leg: Leg) -> None:
        """Know this leg no more. Whoever calls this has written its CDR, or knows that the leg never was."""
        self.legs.pop(leg.uuid, None)
        self.jobs.pop(leg.job, None)
        for what in ("leg", "ghost"):
            self.timers.cancel((what, leg.uuid))

    def count_odd(self, what: str, detail: str) -> None:
        """An event nobody expected: counted, and written down the first time."""
        self.odd[what] += 1
        if self.odd[what] == 1:
            self.fact(FactKind.ODD_EVENT, what=what, detail=detail[:500])

    @property
    def pending(self) -> bool:
        """Whether output waits for the next step (a refused request leaves what came due before it)."""
        return bool(self._actions or self._facts)

    def take(self) -> Outcome:
        """The output so far, and an empty sheet."""
        outcome = Outcome(tuple(self._actions), tuple(self._facts), self._write_first)
        if outcome.facts:
            self.seq += 1
        self._actions, self._facts, self._write_first = [], [], False
        return outcome
