"""Callers come to somebody they know: the customer's own agent, or who spoke with them lately.

Who that is comes from the records, asked for when the contact begins and told by a ``History`` input. A caller who is
in such a queue before is offered to nobody for a moment (LOOKED_UP_S after the call came in), or whoever is free would
be quicker than any database; then they are served by anyone, and a history that comes later still changes their need.
When the person is at work but busy, the caller may be asked to wait for them, to take anyone, or to be called back by
them.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from fsorch.acd import AgentStatus, ContactState, Need
from fsorch.acd.affinity import Bond, ChoiceEffect, ChoiceState, PersonChoice, choose
from fsorch.engine.core import Core
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import History
from fsorch.engine.questions import PROMPT_LIMIT_S, Questions
from fsorch.engine.state import Contact, Person
from fsorch.esl.commands import SetVars
from fsorch.numbers import plain_number
from fsorch.rules import AffinitySpec

__all__ = ["Relations"]

PROMPT = "wait_for_person"
# How long after a call has come in its caller's history is waited for: nobody notices it, and records that are slower
# have troubles of their own.
LOOKED_UP_S = 0.5


class Relations:
    """Prefers agents for contacts, and carries out what callers choose."""

    def __init__(self, core: Core, questions: Questions) -> None:
        self.core = core
        self.questions = questions
        # Whether a callback of this contact by this agent has begun; where there are none, anyone will do.
        self.call_back: Callable[[Contact, str], bool] = lambda contact, agent: False
        # Gives a waiting contact its need, and its place, anew.
        self.rejoin: Callable[[Contact], None]
        self._own: dict[str, str] = {}

    def configure(self) -> None:
        """The customers that agents call their own, by number."""
        agents = self.core.centre.agents
        self._own = {plain_number(number): agent.id for agent in agents for number in agent.own_customers}

    def history(self, input: History) -> None:
        """What the records know of a caller."""
        contact = self.core.contacts.get(input.contact)
        if contact is None:
            return
        contact.encounters, contact.looked_up = input.encounters, True
        self._rank(contact)
        if contact.machine.state is ContactState.WAITING:
            self.rejoin(contact)
            self.joined(contact)

    def _rank(self, contact: Contact) -> None:
        """The customer's tier may give the contact a higher priority; a lower one than it has, never."""
        tier, was = self.core.tier_of(contact), contact.priority
        if tier is not None and contact.customer is not None and tier.priority > was:
            contact.priority = tier.priority
            if contact.leg:
                marks = (("fsorch_priority", str(tier.priority)),)
                self.core.send(contact.switch, SetVars(contact.leg, marks))
            by = f"rule: tier {contact.customer.customer.tier}"
            self.core.fact(FactKind.PRIORITY_CHANGED, contact, priority=tier.priority, previous=was, by=by)

    def bonded(self, contact: Contact, need: Need) -> Need:
        """``need`` with the agents to prefer."""
        if contact.aim is not None:
            return contact.aim.at(need)
        if contact.promise is not None and not contact.leg:
            return self._promised(contact, need, contact.promise.agent)
        spec, bond = self._spec(contact), self._bond(contact)
        if spec is not None and bond is None and (until := self._looked_up_until(contact)):
            return self._only(need, (), "", until)
        if spec is None or bond is None:
            return msgspec.structs.replace(need, prefer=(), bond="", only_until=0.0)
        choice = contact.choice
        if choice is not None and choice.machine.state is ChoiceState.ASKING:
            return self._only(need, bond.prefer[:1], bond.why, contact.hold_until)
        if choice is not None and choice.machine.state is ChoiceState.WAITING:
            return self._only(need, bond.prefer[:1], f"{bond.why}; chose to wait for them", choice.until or 0.0)
        return msgspec.structs.replace(need, prefer=bond.prefer, bond=bond.why, only_until=0.0)

    def _promised(self, contact: Contact, need: Need, agent: str) -> Need:
        """Who was promised a call by one agent waits for that one, for as long as the queue says; then anyone will do,
        and so at once where that agent does not serve the queue any more."""
        spec = self.core.queues[contact.queue].spec.callback
        if spec is None or not self._serves(agent, contact.queue):
            return msgspec.structs.replace(need, prefer=(), bond="", only_until=0.0)
        now = self.core.now
        since = (contact.promise.at if contact.promise is not None else 0) or contact.enqueued_at
        until = now.mono - (now.wall - since) / 1_000_000 + spec.own_s
        return self._only(need, (agent,), "the customer was promised a call by this agent", until)

    def joined(self, contact: Contact) -> None:
        """The contact waits: ask it, once, when the person it knows is busy."""
        spec, need = self._spec(contact), contact.need
        asked = contact.choice is not None or contact.aim is not None
        if spec is None or need is None or not need.prefer or not contact.leg or asked:
            return
        person = self.core.people.get(need.prefer[0])
        if person is None or person.agent.free or not spec.ask:
            return
        contact.choice = PersonChoice(spec)
        contact.person = need.prefer[0]
        self._ask(contact, spec)

    def due(self, id: str) -> None:
        """The wait for a person has reached its limit."""
        contact = self.core.contacts.get(id)
        if contact is not None and contact.choice is not None:
            self._chosen(contact, contact.choice.time(self.core.now.mono))

    def changed(self, person: Person) -> None:
        """Who waits for somebody who has gone home takes anyone."""
        if person.agent.status.status is not AgentStatus.LOGGED_OUT:
            return
        for contact in [one for one in self.core.contacts.values() if one.person == person.spec.id and one.choice]:
            if contact.choice is not None:
                self._chosen(contact, contact.choice.gone(self.core.now.mono))

    def _ask(self, contact: Contact, spec: AffinitySpec) -> None:
        contact.hold_until = self.core.now.mono + PROMPT_LIMIT_S + spec.ask_timeout_s
        self._renew(contact)
        words = self.questions.music.words(contact, PROMPT)
        self.questions.ask(contact, words, "123", self._heard, timeout_s=spec.ask_timeout_s)

    def _heard(self, contact: Contact, key: str) -> None:
        if contact.choice is not None:
            self._chosen(contact, contact.choice.key(key, self.core.now.mono))

    def _chosen(self, contact: Contact, effect: ChoiceEffect | None) -> None:
        spec, choice, core = self._spec(contact), contact.choice, self.core
        if effect is None or choice is None or spec is None:
            return
        if effect is ChoiceEffect.ASK_AGAIN:
            self._ask(contact, spec)
            return
        core.fact(FactKind.PERSON_CHOSEN, contact, agent=contact.person, choice=choice.machine.state.value)
        core.timers.cancel(("choice", contact.id))
        if choice.until is not None:
            core.timers.set(("choice", contact.id), choice.until)
        if effect is ChoiceEffect.PROMISE_CALLBACK and self.call_back(contact, contact.person):
            return
        if contact.machine.state is ContactState.WAITING:
            self._renew(contact)

    def _renew(self, contact: Contact) -> None:
        if contact.need is None or contact.machine.state is not ContactState.WAITING:
            return
        contact.need = self.bonded(contact, contact.need)
        self.core.distributor.join(contact.need)

    def _only(self, need: Need, agents: tuple[str, ...], why: str, until: float) -> Need:
        """Nobody else will do; then it matters not that they passed it over before."""
        passed = need.passed - set(agents)
        return msgspec.structs.replace(need, prefer=agents, bond=why, only_until=until, passed=passed)

    def _looked_up_until(self, contact: Contact) -> float:
        """Until when (monotonic seconds) the history of a caller may still come; 0: it has come, or is past waiting
        for."""
        now = self.core.now
        until = now.mono - (now.wall - contact.began_at) / 1_000_000 + LOOKED_UP_S
        return until if contact.leg and contact.number and not contact.looked_up and until > now.mono else 0.0

    def _spec(self, contact: Contact) -> AffinitySpec | None:
        queue = self.core.queues.get(contact.queue)
        return queue.spec.affinity if queue is not None else None

    def _bond(self, contact: Contact) -> Bond | None:
        spec = self._spec(contact)
        own = self._own.get(plain_number(contact.number), "") if contact.number else ""
        own = own or (contact.customer.customer.agent if contact.customer is not None else "")
        # What they have to do with other tenants is nobody's business here.
        met = tuple(one for one in contact.encounters if one.tenant == contact.tenant)
        if spec is None or not (own or met):
            return None
        return choose(
            met,
            self.core.now.wall,
            spec,
            own=own,
            able=lambda agent: self._able(agent, contact.queue),
        )

    def _able(self, agent: str, queue: str) -> bool:
        person = self.core.people.get(agent)
        logged_out = person is None or person.agent.status.status is AgentStatus.LOGGED_OUT
        return not logged_out and self._serves(agent, queue)

    def _serves(self, agent: str, queue: str) -> bool:
        person = self.core.people.get(agent)
        if person is None or person.gone:
            return False
        return any(member.queue == queue for member in person.spec.queues)
