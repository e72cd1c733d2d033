"""Third parties: whom an agent can call in to a talk (another agent, a queue's next agent, a number outside), and what
is done to the legs of a talk when they come and go."""

from __future__ import annotations

from fsorch.acd import Need
from fsorch.acd.line import LineState
from fsorch.belongings import fits
from fsorch.engine.checks import phone_fault
from fsorch.engine.core import Core
from fsorch.engine.offers import HANGUP_GRACE_S
from fsorch.engine.people import People
from fsorch.engine.records import Records
from fsorch.engine.state import Callee, Contact, Leg, Person
from fsorch.engine.surveys import AS_EVER, STAY, survey_of
from fsorch.errors import NotFound, RequestRefused
from fsorch.esl.commands import Hold, Kill, Park, SetVars
from fsorch.names import SegmentKind

__all__ = ["AS_EVER", "STAY", "Parties"]

# So many agents who could be called are named in a refusal.
NAMED = 4


class Parties:
    """Finds third parties, and minds the legs of those who talk."""

    def __init__(self, core: Core, records: Records, people: People) -> None:
        self.core = core
        self.records = records
        self.people = people

    # -- who ----------------------------------------------------------------------------------------------------------

    def find(self, person: Person, queue: str, agent: str, number: str, verb: str) -> Callee:
        """The third party that ``person`` names by one of queue, agent and number. Raises NotFound or RequestRefused
        when there is none who can be called."""
        if sum(map(bool, (queue, agent, number))) != 1:
            raise RequestRefused("the call", "talking", verb, "name one of queue, agent and number")
        if queue:
            self.check_tenant(person, verb, queue=queue)
            return self._of_queue(queue, verb)
        if agent:
            other = self.free_agent(agent, person)
            return Callee(other.dial_string, other)
        return Callee(self._outside(number), number=number)

    def free_agent(self, id: str, besides: Person) -> Person:
        """An agent who can be called now. Raises NotFound or RequestRefused, which says who could be called instead."""
        person = self.core.people.get(id)
        if person is None:
            raise NotFound("agent", id, known=self.core.people)
        self.check_tenant(besides, "be given to others", agent=id)
        if person is besides or not self._can_be_called(person):
            state = f"{person.agent.status}, {person.agent.state.value}"
            raise RequestRefused(f"agent {id}", state, "be called", self._who_else(besides))
        return person

    def check_tenant(self, person: Person, verb: str, *, queue: str = "", agent: str = "") -> None:
        """The call of ``person`` goes to nothing of another tenant. Raises RequestRefused."""
        contact, other = self.core.contacts.get(person.contact), self.core.people.get(agent)
        owner = self.core.tenancy.of_queue(queue) if queue else other.spec.tenant if other is not None else ""
        if contact is not None and not fits(contact.tenant, owner):
            what = f"the queue {queue}" if queue else f"the agent {agent}"
            hint = f"{what} is another tenant's than the call, which is for {contact.tenant}"
            raise RequestRefused("the call", "talking", verb, hint)

    def known_queue(self, id: str) -> str:
        """Raises NotFound."""
        if id not in self.core.queues:
            raise NotFound("queue", id, known=self.core.queues)
        return id

    def next_of(self, queue: str, tried: set[str]) -> Person | None:
        """The agent of the queue whose turn it is, as for a customer who is first in its line; None when nobody is
        free. They are out of the distribution until they are busy or :meth:`People.sync` puts them back."""
        core, known = self.core, self.core.queues.get(queue)
        if known is None:
            return None
        need = Need(
            contact=core.ids(),
            queues=(queue,),
            enqueued_at=0,
            # Every level is open.
            since=float("-inf"),
            skills=known.demand,
            passed=frozenset(tried),
        )
        found = core.distributor.another(need, core.now.mono)
        person = core.people.get(found.agents[0]) if found is not None else None
        if person is not None and person.spec.id in tried:
            self.people.sync(person)
            return None
        return person

    def _of_queue(self, queue: str, verb: str) -> Callee:
        person = self.next_of(self.known_queue(queue), set())
        if person is None:
            hint = "none of its agents is free; transfer the call to the queue, or ask again"
            raise RequestRefused(f"queue {queue}", "nobody idle", verb, hint)
        return Callee(person.dial_string, person, queue=queue, tried={person.spec.id})

    def another_of(self, callee: Callee) -> bool:
        """The queue's next agent in the place of one who did not pick up; False when there is none."""
        person = self.next_of(callee.queue, callee.tried) if callee.queue else None
        if person is None:
            return False
        callee.person, callee.dial = person, person.dial_string
        callee.tried.add(person.spec.id)
        return True

    def _can_be_called(self, person: Person) -> bool:
        return person.agent.free and not person.gone and not self.people.leaves(person)

    def _who_else(self, besides: Person) -> str:
        contact = self.core.contacts.get(besides.contact)
        tenant = contact.tenant if contact is not None else ""
        people = (
            p for p in self.core.people.values() if p is not besides and not p.unready and fits(tenant, p.spec.tenant)
        )
        free = [person.spec.id for person in people if self._can_be_called(person)]
        if not free:
            return "nobody is free; transfer the call to a queue, or ask again"
        more = f" and {len(free) - NAMED} more" if len(free) > NAMED else ""
        return f"free are {', '.join(sorted(free)[:NAMED])}{more}; or choose a queue"

    def _outside(self, number: str) -> str:
        outside = self.core.centre.outside
        if not outside:
            hint = "the centre has no way outside; set `outside:` in the centre file"
            raise RequestRefused("the call", "talking", "transfer to a number", hint)
        dial = outside.replace("{number}", number)
        fault = phone_fault(dial) if number.lstrip("+").isalnum() and number.isascii() else "it is not a number"
        if fault:
            raise RequestRefused("the call", "talking", f"transfer to {number[:40]!r}", fault)
        return dial

    # -- legs ---------------------------------------------------------------------------------------------------------

    def stay(self, contact: Contact, source_leg: str = "") -> None:
        """The customer is taken back from hold, and their leg outlives its bridge from now on; ``source_leg`` is whom
        they are given back to after a restart of ours."""
        if contact.held:
            contact.held = False
            self.core.send(contact.switch, Hold(contact.agent_leg, False), f"hold:{contact.agent_leg}")
            self.records.begin(contact, SegmentKind.TALK, agent=contact.agent, leg=contact.agent_leg)
        contact.stays = True
        self.core.send(contact.switch, SetVars(contact.leg, (*STAY, ("fsorch_transfer", source_leg))))

    def as_ever(self, contact: Contact) -> None:
        """The customer's leg ends with its bridge again, unless a survey waits for them."""
        if contact.stays:
            contact.survey = survey_of(self.core, contact)
            contact.stays = bool(contact.survey)
            how = (*(STAY if contact.stays else AS_EVER), ("fsorch_survey", contact.survey))
            self.core.send(contact.switch, SetVars(contact.leg, (*how, ("fsorch_transfer", ""))))

    def ends_with_bridge(self, uuid: str) -> None:
        """So does an agent's, or a third party's, unless it is nailed up."""
        leg = self.core.legs.get(uuid)
        if leg is not None and not leg.standing:
            self.core.send(leg.switch, SetVars(uuid, AS_EVER))

    def release(self, uuid: str) -> None:
        """The leg is not needed any more: it is hung up, and a nailed-up phone stays on the line."""
        leg = self.core.legs.get(uuid)
        if leg is None or leg.hung_up:
            return
        if leg.standing:
            if not self._back(leg):
                self.core.send(leg.switch, Park(uuid), f"part:{uuid}")
            return
        self.core.send(leg.switch, Kill(uuid, "NORMAL_CLEARING"), f"kill:{uuid}")
        self.core.timers.set(("leg", uuid), self.core.now.mono + HANGUP_GRACE_S)

    def _back(self, leg: Leg) -> bool:
        """Whether the switch has parked a nailed-up phone already: the next caller may be on the way to it."""
        person = self.core.people.get(leg.agent)
        return person is not None and person.line.state in (LineState.READY, LineState.BACK)
