"""Offers: one contact reserved to one agent, a phone dialled, and the first verdict."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import Protocol

from msgspec import structs

from fsorch.acd import ContactInput, Match, OfferEffect, OfferInput, OfferState, verdict_of
from fsorch.acd.agent import AgentInput, AgentState
from fsorch.acd.phones import way_of
from fsorch.causes import Cause
from fsorch.engine.away_notes import NOTE_IT
from fsorch.engine.confirming import confirmation
from fsorch.engine.core import Core
from fsorch.engine.elsewhere import STAY_WITH_US
from fsorch.engine.facts import FactKind
from fsorch.engine.records import Records
from fsorch.engine.rows import LegRow
from fsorch.engine.state import Contact, Leg, Offer, Person
from fsorch.errors import EslError
from fsorch.esl.commands import Bridge, Kill, Originate
from fsorch.esl.quoting import Pairs, display
from fsorch.esl.replies import JobResult
from fsorch.names import OfferOutcome, SegmentKind, Strategy

__all__ = ["BRIDGE_GRACE_S", "HANGUP_GRACE_S", "Offers"]

# Past the phone's own ring time the switch gets this long to say how it went; then we stop waiting for it.
RING_GRACE_S = 5.0
# Two parked legs are bridged within milliseconds (capture 02); this is for a switch in trouble.
BRIDGE_GRACE_S = 5.0
# After one side hung up, or a kill, the switch ends a leg within milliseconds (capture 02 and 03).
HANGUP_GRACE_S = 5.0


class MovesAgents(Protocol):
    """What an offer does to its agent: see People.move."""

    def __call__(self, person: Person, input: AgentInput) -> None:
        """Move the agent by ``input``."""
        ...


class Offers:
    """Makes offers from assignments and carries out what their machine decides."""

    def __init__(self, core: Core, records: Records) -> None:
        self.core = core
        self.records = records
        self.move_agent: MovesAgents
        self.missed: Callable[[Person, Offer, OfferOutcome, str], None]
        self.step_contact: Callable[[Contact, ContactInput], None]
        # For offers that stand aside, see Transfers: whom the phone is joined with (nobody: see Rooms), how it went.
        self.partner: Callable[[Offer], str]
        self.taken: Callable[[Contact, Offer], None]
        self.not_taken: Callable[[Contact, Offer, OfferOutcome], None]
        # Promised callbacks call the customer before, or after, the agent's phone; see Callbacks.
        self.instead_of_dialling: Callable[[Offer, Contact], bool]
        self.instead_of_bridging: Callable[[Offer, Contact], bool]
        # Of nailed-up phones, see Lines.
        self.line_of: Callable[[Person, str], str]
        self.take_line: Callable[[Offer, Contact, Person], None]
        self.begin_on_line: Callable[[Offer], None]
        self.before_bridge: Callable[[Contact], None]
        # Whether it is an hour at which customers may be called back, see Waiting.
        self.may_call: Callable[[Contact], bool]
        # A contact that was not taken waits again, unless other phones ring on; see Waiting.
        self.returned: Callable[[Contact], None]
        # What the agent's phone is told of the caller, see Notices.
        self.shown: Callable[[Offer, Contact], Pairs]
        # Told of each agent who is reserved.
        self.reserved: Callable[[Person], None]
        self._effects: dict[OfferEffect, Callable[[Offer, str], None]] = {
            OfferEffect.SHOW_RINGING: self._ringing,
            OfferEffect.BRIDGE: self._bridge,
            OfferEffect.ACCEPT: self._accept,
            OfferEffect.GIVE_UP: self._given_up,
            OfferEffect.KILL_AS_REFUSED: lambda offer, cause: self._kill(offer, OfferOutcome.REFUSED, "CALL_REJECTED"),
            OfferEffect.KILL_AS_WITHDRAWN: lambda offer, cause: self._kill(
                offer, OfferOutcome.WITHDRAWN, "ORIGINATOR_CANCEL"
            ),
            OfferEffect.KILL_AS_MISSED: lambda offer, cause: self._kill(offer, OfferOutcome.MISSED, "NO_ANSWER"),
            OfferEffect.KILL_AS_FAILED: lambda offer, cause: self._kill(offer, OfferOutcome.FAILED, "NORMAL_CLEARING"),
        }

    def distribute(self) -> None:
        """Match waiting contacts with idle agents and dial. Contacts of a switch that cannot be reached wait on."""
        core = self.core
        for match in core.distributor.match(core.now.mono, self._reachable):
            self.make(match)

    def ring_more(self, id: str) -> None:
        """One more phone for a contact whose phones ring one after another, and nobody has picked up."""
        contact = self.core.contacts.get(id)
        if contact is None or contact.need is None or not contact.offers_open:
            return
        match = self.core.distributor.another(contact.need, self.core.now.mono)
        if match is not None:
            self.make(match)
        else:
            self._plan_more(contact)

    def step(self, offer: Offer, input: OfferInput, cause: str = "") -> None:
        """Tell an offer what happened; ``cause`` is the hangup cause where one is known."""
        effect = offer.machine.step(input)
        if effect is not None:
            self._effects[effect](offer, cause)

    def dialled(self, offer: Offer, result: JobResult) -> None:
        """The outcome of the offer's originate."""
        if result.ok:
            self.step(offer, OfferInput.ANSWERED)
        else:
            self.step(offer, OfferInput.FAILED, result.cause or display(result.text))

    def not_bridged(self, id: str) -> None:
        """The switch refused to bridge for this offer."""
        offer = self.core.offers.get(id)
        if offer is not None:
            self.step(offer, OfferInput.NOT_BRIDGED)

    def not_dialled(self, id: str) -> None:
        """The switch refused to originate for this offer."""
        offer = self.core.offers.get(id)
        if offer is not None:
            leg = self.core.legs.get(offer.leg)
            if leg is not None and not leg.seen:
                self.core.drop(leg)
            self.step(offer, OfferInput.FAILED, "")

    def _reachable(self, contact: str) -> bool:
        found = self.core.contacts.get(contact)
        switch = self.core.switches.get(found.switch) if found else None
        queue = self.core.queues.get(found.queue) if found else None
        if found is None or switch is None or not switch.up or (queue is not None and queue.spec.paused):
            return False
        return self.may_call(found)

    def make(self, match: Match) -> None:
        """Offer a waiting contact that stands in no line to who was found for it. An agent who is reserved for it stays
        so."""
        contact = self.core.contacts[match.contact]
        owes = contact.promise.agent if contact.promise is not None and not contact.leg else ""
        if owes and owes not in match.agents:
            match = structs.replace(match, why=f"{match.why}; {owes}, who was to make this call, could not in time")
        if not contact.offers_open:
            contact.machine.step(ContactInput.OFFER)
            self.records.begin(contact, SegmentKind.OFFER, queue=match.queue)
        contact.why = match.why
        for offer in [self._offer(match, contact, agent) for agent in match.agents]:
            # A standing call is joined at once, which withdraws the offers to others.
            if offer.machine.state is OfferState.DIALLING and not self.instead_of_dialling(offer, contact):
                self.reach(offer, contact)
        if contact.segment is not None:
            contact.segment.agent = contact.agent if len(contact.offers_open) == 1 else ""
        self._plan_more(contact)

    def _plan_more(self, contact: Contact) -> None:
        queue = self.core.queues.get(contact.queue)
        if queue is not None and queue.spec.strategy is Strategy.RING_PROGRESSIVELY:
            self.core.timers.set(("ring_more", contact.id), self.core.now.mono + queue.spec.ring_more_s)

    def _offer(self, match: Match, contact: Contact, agent: str) -> Offer:
        core, person = self.core, self.core.people[agent]
        offer = Offer(
            id=core.ids(),
            contact=contact.id,
            agent=agent,
            queue=match.queue,
            switch=contact.switch,
            leg=(self.line_of(person, contact.switch) if contact.medium != "voicemail" else "") or core.ids(),
            job=core.ids(),
            why=match.why,
            made_at=core.now.wall,
            outbound=contact.direction == "outbound",
        )
        if person.agent.state is not AgentState.RESERVED:
            person.agent.reserve(core.now.wall)
            self.reserved(person)
        contact.offers_open[offer.id] = None
        contact.agent = contact.agent or agent
        contact.offers += 1
        person.offer, person.contact = offer.id, contact.id
        core.offers[offer.id] = offer
        core.fact(
            FactKind.OFFER_MADE,
            contact,
            agent=agent,
            queue=match.queue,
            leg=offer.leg,
            offer=offer.id,
            why=match.why,
            waited_us=core.now.wall - contact.enqueued_at,
            idle=match.idle,
            next=list(match.next),
            unfit=list(match.unfit),
        )
        offer.dial = person.dial_string
        if contact.medium == "voicemail":
            self._show(offer, core.queues[offer.queue].spec.offer_timeout_s)
        elif self._on_line(offer):
            self._take_line(offer, contact, person)
        return offer

    def reach(self, offer: Offer, contact: Contact) -> None:
        """Turn to the agent's phone: to their standing call, or to one that is dialled."""
        if self._on_line(offer):
            self.begin_on_line(offer)
        else:
            self.dial(offer, contact)

    def _on_line(self, offer: Offer) -> bool:
        leg = self.core.legs.get(offer.leg)
        return leg is not None and leg.standing

    def _take_line(self, offer: Offer, contact: Contact, person: Person) -> None:
        # It may have to be waited for.
        self.core.timers.set(("offer", offer.id), self.core.now.mono + self._ring_s(offer) + RING_GRACE_S)
        self.take_line(offer, contact, person)

    def _show(self, offer: Offer, seconds: float) -> None:
        """A message is offered on the desktop alone."""
        self.core.timers.set(("offer", offer.id), self.core.now.mono + seconds)
        self.step(offer, OfferInput.RINGING)

    def aside(self, contact: Contact, person: Person | None, dial: str, why: str, queue: str = "") -> Offer:
        """An offer that is not made out of the queue: the contact's place stays as it is. Without a ``person`` it goes
        outside; by the rules of ``queue``, if that is not the contact's. :meth:`call` follows."""
        core = self.core
        offer = Offer(
            id=core.ids(),
            contact=contact.id,
            agent=person.spec.id if person is not None else "",
            queue=queue or contact.queue,
            switch=contact.switch,
            leg=(self.line_of(person, contact.switch) if person is not None else "") or core.ids(),
            job=core.ids(),
            why=why,
            made_at=core.now.wall,
            aside=True,
            dial=dial,
        )
        core.offers[offer.id] = offer
        if person is not None:
            person.agent.reserve(core.now.wall)
            person.offer, person.contact = offer.id, contact.id
            core.distributor.unready(person.spec.id)
        fields = {"agent": offer.agent, "leg": offer.leg, "offer": offer.id, "why": why}
        core.fact(FactKind.OFFER_MADE, contact, **fields, waited_us=0, idle=0, next=[], unfit=[], aside=True)
        return offer

    def call(self, offer: Offer, contact: Contact, person: Person | None, more: Pairs) -> None:
        """Reach the phone of an offer that stands aside, with ``more`` variables on a leg that is dialled for it."""
        if person is not None and self._on_line(offer):
            self._take_line(offer, contact, person)
            self.begin_on_line(offer)
        else:
            self.dial(offer, contact, more)

    def dial(self, offer: Offer, contact: Contact, more: Pairs = ()) -> None:
        """Dial the offer's phone, with ``more`` variables on its leg."""
        if offer.leg in self.core.legs:
            return
        core = self.core
        role, person = "agent" if offer.agent else "other", core.people.get(offer.agent)
        row = LegRow(
            id=offer.leg,
            contact=contact.id,
            switch=offer.switch,
            role=role,
            agent=offer.agent,
            direction="outbound",
            destination=offer.dial,
            created_at=core.now.wall,
        )
        timeout = self._ring_s(offer)
        variables = (
            ("ignore_early_media", "true"),
            *NOTE_IT,
            *(STAY_WITH_US if offer.agent else ()),
            ("fsorch_contact", contact.id),
            ("fsorch_role", role),
            ("fsorch_agent", offer.agent),
            ("fsorch_queue", offer.queue),
            ("fsorch_offer", offer.id),
            ("presence_data", f"fsorch:{contact.id}:{role}"),
            ("origination_caller_id_number", display(contact.number) or "anonymous"),
            *self.shown(offer, contact),
            *more,
            *(confirmation(person.spec, offer.dial) if person is not None else ()),
        )
        command = Originate(offer.dial, offer.leg, variables, timeout_s=timeout, job_uuid=offer.job)
        try:
            line = command.wire()
        except EslError as error:
            core.fact(FactKind.COMMAND_FAILED, contact, agent=offer.agent, command="originate", answer=str(error))
            self.step(offer, OfferInput.FAILED, "INVALID_NUMBER_FORMAT")
            return
        core.legs[offer.leg] = Leg(offer.leg, offer.switch, role, contact.id, offer.agent, row, offer.id, job=offer.job)
        core.jobs[offer.job] = offer.leg
        core.send(offer.switch, command, f"originate:{offer.id}", line)
        core.timers.set(("offer", offer.id), core.now.mono + timeout + RING_GRACE_S)

    def _ring_s(self, offer: Offer) -> int:
        """How long its phone may ring."""
        return max(1, ceil(self.core.queues[offer.queue].spec.offer_timeout_s))

    def _ringing(self, offer: Offer, cause: str) -> None:
        offer.rang_at = self.core.now.wall
        person = self.core.people.get(offer.agent)
        if person is not None:
            self.move_agent(person, AgentInput.RING)

    def _bridge(self, offer: Offer, cause: str) -> None:
        contact = self.core.contacts.get(offer.contact)
        if contact is None:
            self.step(offer, OfferInput.WITHDRAW)
            return
        if offer.aside:
            partner = self.partner(offer)
            if partner:
                self.bridge(offer, partner)
            else:
                # Into a conference, which a single leg can enter.
                self.step(offer, OfferInput.BRIDGED)
            return
        self._withdraw_others(contact, offer)
        if contact.medium == "voicemail":
            self.step(offer, OfferInput.BRIDGED)
        else:
            self.join(offer, contact)

    def join(self, offer: Offer, contact: Contact) -> None:
        """The agent is on the phone: join them with the caller, unless something comes first."""
        if not self.instead_of_bridging(offer, contact):
            self.before_bridge(contact)
            self.bridge(offer, contact.leg)

    def picked_up(self, offer: Offer) -> bool:
        """Whether the agent's phone is picked up and waits to be joined."""
        return offer.machine.state is OfferState.BRIDGING

    def bridge(self, offer: Offer, partner: str) -> None:
        """Join the leg ``partner`` and the phone that was picked up."""
        core = self.core
        core.timers.set(("offer", offer.id), core.now.mono + BRIDGE_GRACE_S)
        core.send(offer.switch, Bridge(partner, offer.leg), f"bridge:{offer.id}")

    def withdraw_all(self, contact: Contact) -> None:
        """The contact is gone: its phones stop to ring."""
        for id in list(contact.offers_open):
            self.step(self.core.offers[id], OfferInput.WITHDRAW)

    def _withdraw_others(self, contact: Contact, winner: Offer) -> None:
        """One phone was picked up; the others stop, and their agents are free again."""
        self.core.timers.cancel(("ring_more", contact.id))
        for id in [id for id in contact.offers_open if id != winner.id]:
            self.step(self.core.offers[id], OfferInput.WITHDRAW)

    def _accept(self, offer: Offer, cause: str) -> None:
        contact, person = self.core.contacts.get(offer.contact), self.core.people.get(offer.agent)
        if contact is not None and not offer.aside:
            self._withdraw_others(contact, offer)
        self._close(offer, OfferOutcome.ACCEPTED, "")
        if contact is not None and offer.aside and (person is not None or not offer.agent):
            self._accept_aside(contact, offer, person)
            return
        if contact is None or person is None:
            self._kill_leg(offer, "NORMAL_CLEARING")
            if person is not None:
                person.offer = person.contact = ""
                person.leaving = offer.leg
                self.move_agent(person, AgentInput.RELEASE)
            return
        person.offer, person.leg = "", offer.leg
        person.answered += 1
        self.move_agent(person, AgentInput.CONNECT)
        contact.agent, contact.agent_leg, contact.why = offer.agent, offer.leg, offer.why
        contact.passed = frozenset()
        self.step_contact(contact, ContactInput.CONNECT)

    def _accept_aside(self, contact: Contact, offer: Offer, person: Person | None) -> None:
        if person is not None:
            person.offer, person.leg = "", offer.leg
            person.answered += 1
            self.move_agent(person, AgentInput.CONNECT)
        self.taken(contact, offer)

    def _given_up(self, offer: Offer, cause: str) -> None:
        """The phone's leg has ended, or never was. Who picks up and hangs up before they are joined does not want the
        call, and the switch may not even tell of an answer (seen on FreeSWITCH 1.10.12, BYE right behind the 200);
        where a key is asked for, that was a mailbox, and nobody has picked up."""
        outcome, person = verdict_of(cause), self.core.people.get(offer.agent)
        if Cause.of(cause) is Cause.NORMAL_CLEARING:
            asked = person is not None and confirmation(person.spec, offer.dial)
            outcome = OfferOutcome.MISSED if asked else OfferOutcome.REFUSED
        self._over(offer, outcome, cause)

    def _kill(self, offer: Offer, outcome: OfferOutcome, cause: str) -> None:
        self._kill_leg(offer, cause)
        self._over(offer, outcome, cause)

    def _kill_leg(self, offer: Offer, cause: str) -> None:
        if self._on_line(offer):
            return
        if offer.leg not in self.core.legs:
            return
        self.core.send(offer.switch, Kill(offer.leg, cause), f"kill:{offer.leg}")
        self.core.timers.set(("leg", offer.leg), self.core.now.mono + HANGUP_GRACE_S)

    def _over(self, offer: Offer, outcome: OfferOutcome, cause: str) -> None:
        """The contact goes back to its place, the agent to idle; a miss counts, and delays the next offer."""
        core = self.core
        contact, person = core.contacts.get(offer.contact), core.people.get(offer.agent)
        self._close(offer, outcome, cause)
        if contact is not None and not offer.aside:
            self._back(contact, offer, outcome)
        if person is not None and person.offer == offer.id:
            person.offer = person.contact = ""
            person.leaving = offer.leg
            if outcome is OfferOutcome.WITHDRAWN:
                self.move_agent(person, AgentInput.RELEASE)
            else:
                self.missed(person, offer, outcome, cause)
        if contact is not None and offer.aside:
            self.not_taken(contact, offer, outcome)
        elif contact is not None and outcome is not OfferOutcome.WITHDRAWN:
            self.returned(contact)

    def _back(self, contact: Contact, offer: Offer, outcome: OfferOutcome) -> None:
        if outcome is not OfferOutcome.WITHDRAWN:
            contact.misses += 1
            passed = contact.passed
            contact.passed = frozenset([offer.agent]) if offer.agent in passed else passed | {offer.agent}
        left = [self.core.offers[id].agent for id in contact.offers_open]
        contact.agent = left[0] if left else ""
        if not left:
            contact.why = ""
            self.core.timers.cancel(("ring_more", contact.id))
            self.records.end(contact, outcome.value)
            self.step_contact(contact, ContactInput.RETURN)

    def _close(self, offer: Offer, outcome: OfferOutcome, cause: str) -> None:
        core = self.core
        core.offers.pop(offer.id, None)
        core.timers.cancel(("offer", offer.id))
        contact = core.contacts.get(offer.contact)
        if contact is not None:
            contact.offers_open.pop(offer.id, None)
        rang = core.now.wall - offer.rang_at if offer.rang_at else 0
        core.fact(
            FactKind.OFFER_ENDED,
            contact or offer.contact,
            agent=offer.agent,
            queue=offer.queue,
            leg=offer.leg,
            offer=offer.id,
            outcome=outcome.value,
            cause=cause,
            rang_us=rang,
            way=way_of(outcome, cause, bool(offer.rang_at), offer.dnd) or "",
        )

    def take_up(self, contact: Contact, person: Person, leg: Leg, id: str) -> Offer:
        """An offer of an earlier life of ours whose phone is there: it goes on, with the time it had."""
        core, queue = self.core, self.core.queues.get(contact.queue)
        offer = _found(contact, person, leg, id, "offered before a restart", leg.row.created_at)
        core.distributor.leave(contact.id)
        core.distributor.unready(person.spec.id)
        person.agent.reserve(core.now.wall)
        if not contact.offers_open:
            contact.machine.step(ContactInput.OFFER)
        contact.offers_open[offer.id] = None
        contact.agent, contact.why = contact.agent or offer.agent, offer.why
        person.offer, person.contact = offer.id, contact.id
        core.offers[offer.id] = offer
        leg.offer = offer.id
        self.records.rename(contact, SegmentKind.OFFER, offer.agent)
        rang = (core.now.wall - leg.row.created_at) / 1_000_000
        limit = (queue.spec.offer_timeout_s if queue else 0.0) + RING_GRACE_S
        core.timers.set(("offer", offer.id), core.now.mono + max(1.0, limit - rang))
        return offer

    def restore(self, contact: Contact, person: Person, leg: Leg, id: str = "") -> None:
        """A pair found talking after a restart of ours: as if the offer had just been accepted."""
        offer = _found(contact, person, leg, id or self.core.ids(), "found talking", self.core.now.wall)
        self.core.offers[offer.id] = offer
        contact.offers_open[offer.id] = None
        leg.offer = offer.id
        self.step(offer, OfferInput.BRIDGED)


def _found(contact: Contact, person: Person, leg: Leg, id: str, why: str, made_at: int) -> Offer:
    """An offer that this life of ours did not make; ``made_at``: UTC microseconds."""
    return Offer(
        id=id,
        contact=contact.id,
        agent=person.spec.id,
        queue=contact.queue,
        switch=contact.switch,
        leg=leg.uuid,
        job="",
        why=why,
        made_at=made_at,
    )
