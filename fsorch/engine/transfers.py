"""Transfers: a customer is handed to a queue, to another agent or to a number outside, at once or after a consult.

Who consults a queue gets the agent whose turn it is, and the next when that one does not pick up; the customer hears
that queue's music meanwhile. A consult can become a conference, see Rooms.

The customer's leg is told to stay when its bridge ends (``park_after_bridge``, captures 10 and 16) before anything else
happens to it, and not to any more as soon as the customer talks again: an agent who hangs up ends the call then. A
channel variable, ``fsorch_transfer``, names the leg of the agent who transfers, for who reads the channels after a
restart of ours: customer and agent are brought together again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fsorch.acd import ContactInput, ContactState, OfferInput, OfferState
from fsorch.acd.transfer import TransferEffect, TransferInput, TransferState
from fsorch.engine.core import Core
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import CancelTransfer, CompleteTransfer, ConferCall, Request, TakeOver, TransferCall
from fsorch.engine.music import Music
from fsorch.engine.offers import BRIDGE_GRACE_S, HANGUP_GRACE_S, Offers
from fsorch.engine.parties import AS_EVER, STAY, Parties
from fsorch.engine.people import People
from fsorch.engine.records import Records
from fsorch.engine.rooms import Rooms
from fsorch.engine.state import Aim, Callee, Contact, Destination, Leg, Offer, Person, Transfer
from fsorch.errors import RequestRefused
from fsorch.esl.commands import Break, Bridge, Park, Playback, SetVars
from fsorch.esl.events import Event
from fsorch.names import OfferOutcome, SegmentKind

__all__ = ["Transfers"]

RINGBACK = "tone_stream://%(2000,4000,440,480);loops=-1"
# So long the agent who transferred comes first for a customer whom nobody took; then anyone does.
RECALL_S = 20.0
_HEARS_MUSIC = (TransferState.RINGING, TransferState.CONSULTING, TransferState.PENDING)


class Transfers:
    """Carries out what agents ask for and what the transfer's machine decides."""

    def __init__(self, core: Core, records: Records, music: Music, offers: Offers, people: People) -> None:
        self.core = core
        self.records = records
        self.music = music
        self.offers = offers
        self.people = people
        self.parties = Parties(core, records, people)
        self.rooms = Rooms(core, records, offers, people, self.parties)
        people.leave = self.leave
        self._effects: dict[TransferEffect, Callable[[Contact, Transfer], None]] = {
            TransferEffect.CONSULT: self._consult,
            TransferEffect.CONFER: self._confer,
            TransferEffect.LET_GO: self._let_go,
            TransferEffect.WAIT: self._wait,
            TransferEffect.JOIN: self._join,
            TransferEffect.RETURN: self._return,
            TransferEffect.HAND_OVER: self._hand_over,
            TransferEffect.RESUME: self._resume,
            TransferEffect.REQUEUE: self._requeue,
            TransferEffect.CALL_OFF: self._call_off,
            TransferEffect.DROP_ALL: self._drop_all,
        }
        self.handlers: dict[type[Request], Callable[[Person, Request], None]] = {
            TransferCall: self._asked,
            CompleteTransfer: self._complete,
            CancelTransfer: lambda person, request: self._told(person, TransferInput.CANCEL),
            ConferCall: lambda person, request: self._told(person, TransferInput.CONFER),
            **self.rooms.handlers,
            TakeOver: self._take_over,
        }

    def ways(self, release: Callable[[Contact], None], step_contact: Callable[[Contact, ContactInput], None]) -> None:
        """The calls' own ways: to end an agent's part in a contact, and to move the contact."""
        self.release = self.rooms.release = release
        self.step_contact = self.rooms.step_contact = step_contact

    # -- from the calls -----------------------------------------------------------------------------------------------

    def owns(self, leg: Leg) -> bool:
        """Whether this leg has its place in a transfer, though its contact does not name it as the agent's."""
        contact = self.core.contacts.get(leg.contact)
        if contact is None:
            return False
        transfer = contact.transfer
        return (transfer is not None and leg.uuid == transfer.leg) or self.rooms.owns(contact, leg.uuid)

    def parked(self, leg: Leg, contact: Contact) -> bool:
        """A leg of a contact was parked; False when no transfer explains that."""
        transfer = contact.transfer
        if transfer is None:
            return contact.room is not None
        if leg.uuid == contact.leg:
            if self.plays_music(contact) and not contact.running:
                self.music.play(contact)
        elif leg.uuid == transfer.source_leg and transfer.machine.state is TransferState.RINGING:
            if not self._picked_up(transfer):
                transfer.ringback = self.core.ids()
                command = Playback(leg.uuid, RINGBACK, transfer.ringback)
                self.core.send(leg.switch, command, f"ringback:{leg.uuid}")
        return True

    def heard(self, contact: Contact, application: str) -> None:
        """An application on an agent's leg is over: the ringing that they heard, if it is that."""
        transfer = contact.transfer
        if transfer is not None and application and application == transfer.ringback:
            transfer.ringback = ""

    def _picked_up(self, transfer: Transfer) -> bool:
        offer = self.core.offers.get(transfer.offer)
        return offer is not None and offer.machine.state is OfferState.BRIDGING

    def _hush(self, transfer: Transfer) -> None:
        """The agent who transfers is joined to somebody, or free. The switch queues an application (sendmsg), and takes
        a leg to its bridge at once, so that ringing which was asked for a moment before begins within the bridge: after
        CHANNEL_BRIDGE, before any sound is exchanged (``switch_ivr_bridge.c``, switch_ivr_multi_threaded_bridge calls
        switch_ivr_parse_all_events there). The agent would not be heard until it ends, and it does not; seen on
        FreeSWITCH 1.10.12. Ringing that was under way before has ended with the bridge, and has said so before it."""
        leg = self.core.legs.get(transfer.source_leg)
        if transfer.ringback and leg is not None and not leg.hung_up:
            self.core.send(leg.switch, Break(leg.uuid))
        transfer.ringback = ""

    def plays_music(self, contact: Contact) -> bool:
        """Whether the customer is to hear music."""
        transfer = contact.transfer
        if transfer is None or transfer.machine.state not in _HEARS_MUSIC:
            return False
        # The switch ends the music to join the customer with a third party who has just picked up.
        return not (self._picked_up(transfer) and transfer.machine.state is TransferState.PENDING)

    def bridged(self, contact: Contact, legs: tuple[str, str]) -> None:
        """The switch has joined two legs of the contact."""
        transfer = contact.transfer
        if self.rooms.bridged(contact, legs) or transfer is None:
            return
        if transfer.source_leg in legs:
            self._hush(transfer)
        offer = self.core.offers.get(transfer.offer)
        if offer is not None and offer.leg in legs:
            self.offers.step(offer, OfferInput.BRIDGED)
        if transfer.leg in legs and contact.leg in legs:
            self._step(contact, TransferInput.JOINED)
        elif transfer.leg in legs and transfer.source_leg in legs:
            self._step(contact, TransferInput.MET)
        elif contact.leg in legs and contact.agent_leg in legs:
            self._step(contact, TransferInput.RETURNED)

    def leg_gone(self, contact: Contact, leg: Leg) -> bool:
        """A leg that is not the customer's has ended; False when no transfer explains that."""
        transfer = contact.transfer
        if self.rooms.leg_gone(contact, leg):
            return True
        if leg.uuid == contact.agent_leg and (transfer is not None or contact.destination_asked is not None):
            self.release(contact)
            contact.agent = contact.agent_leg = contact.ended_by = ""
            if transfer is not None:
                self._step(contact, TransferInput.AGENT_GONE)
            return True
        if transfer is not None and leg.uuid == transfer.leg:
            self._free(contact, transfer)
            transfer.leg = contact.ended_by = ""
            self._step(contact, TransferInput.TARGET_GONE)
            return True
        return False

    def leave(self, person: Person) -> bool:
        """The agent on a nailed-up phone leaves a transfer or a conference, as others do by hanging up; False when
        there is none."""
        contact, leg = self.core.contacts.get(person.contact), self.core.legs.get(person.leg)
        if contact is None or leg is None:
            return False
        if self.rooms.leave(person):
            return True
        if contact.transfer is None or leg.uuid not in (contact.agent_leg, contact.transfer.leg):
            return False
        left = self.leg_gone(contact, leg)
        self.parties.release(leg.uuid)
        return left

    def customer_gone(self, contact: Contact) -> None:
        """The customer hung up in the middle of it."""
        self.rooms.customer_gone(contact)
        if contact.transfer is not None:
            self._step(contact, TransferInput.CUSTOMER_GONE)

    def landed(self, contact: Contact) -> None:
        """The customer goes into the queue: the one that was asked for, if any."""
        asked, contact.destination_asked = contact.destination_asked, None
        if asked is not None:
            contact.queue, contact.passed = asked.queue or contact.queue, frozenset()
            if asked.priority is not None:
                contact.priority = asked.priority
            if asked.queue in self.core.queues:
                self.core.queues[asked.queue].queued += 1
        self.parties.as_ever(contact)

    def due(self, id: str) -> None:
        """A joining of two legs that did not come about."""
        contact = self.core.contacts.get(id)
        if contact is not None and contact.transfer is not None:
            self._step(contact, TransferInput.STUCK)

    def renew(self, contact: Contact, leg: Leg, event: Event) -> bool:
        """After a cut of the link: what was joined meanwhile; False when this leg is in no transfer."""
        if not self.owns(leg):
            return False
        if event.other_leg == contact.leg:
            self.bridged(contact, (contact.leg, leg.uuid))
        return True

    def mend(self, switch: str, events: Iterable[Event]) -> None:
        """After a restart of ours: a customer whose agent was consulting is given back to the agent, if that one is
        still there. ``events``, the channels, say then what will be so."""
        channels = {event.uuid: event for event in events}
        for event in list(channels.values()):
            agent = channels.get(event.variable("fsorch_transfer") or "")
            if agent is None or event.variable("fsorch_role") != "customer":
                continue
            partner = channels.get(event.other_leg)
            self.core.send(switch, SetVars(event.uuid, (*AS_EVER, ("fsorch_transfer", ""))))
            if partner is not None and partner is not agent and partner.other_leg == event.uuid:
                # Handed over already; only the end of it was not told.
                self.core.send(switch, SetVars(partner.uuid, AS_EVER))
                continue
            self.core.send(switch, SetVars(agent.uuid, AS_EVER))
            self.core.send(switch, Bridge(event.uuid, agent.uuid), f"mend:{event.uuid}")
            event.other_leg, agent.other_leg = agent.uuid, event.uuid

    # -- from the offers ----------------------------------------------------------------------------------------------

    def partner(self, offer: Offer) -> str:
        """The leg that the third party is joined with when the phone is picked up; empty for a conference."""
        contact = self.core.contacts[offer.contact]
        if self.rooms.calls(offer):
            return ""
        transfer = contact.transfer
        waits = transfer is not None and transfer.machine.state is TransferState.RINGING
        return transfer.source_leg if transfer is not None and waits else contact.leg

    def taken(self, contact: Contact, offer: Offer) -> None:
        """The third party's phone was picked up and joined."""
        if self.rooms.calls(offer):
            self.rooms.taken(contact, offer)
        elif contact.transfer is not None and contact.transfer.offer == offer.id:
            contact.transfer.offer = ""

    def not_taken(self, contact: Contact, offer: Offer, outcome: OfferOutcome) -> None:
        """The third party's phone was not picked up."""
        transfer = contact.transfer
        if self.rooms.calls(offer):
            self.rooms.not_taken(contact, offer, outcome)
        elif transfer is not None and transfer.offer == offer.id:
            transfer.offer = transfer.leg = ""
            withdrawn = outcome is OfferOutcome.WITHDRAWN
            if withdrawn or not self.parties.another_of(transfer.callee):
                self._step(contact, TransferInput.FAILED)
            else:
                self._call(contact, transfer, offer.why)

    # -- requests -----------------------------------------------------------------------------------------------------

    def _asked(self, person: Person, request: Request) -> None:
        assert isinstance(request, TransferCall)
        contact = self.call_of(person, "transfer")
        if request.queue and not request.consult and not (request.to or request.number):
            self._to_queue(person, contact, request)
            return
        callee = self.parties.find(person, request.queue, request.to, request.number, "transfer")
        self._begin(contact, Transfer(request.by, person.spec.id, person.leg, callee), consult=request.consult)

    def _to_queue(self, person: Person, contact: Contact, request: TransferCall) -> None:
        self.parties.known_queue(request.queue)
        self.parties.check_tenant(person, "transfer", queue=request.queue)
        contact.destination_asked = Destination(request.queue, request.priority)
        self.parties.stay(contact)
        self.parties.release(person.leg)
        self.core.timers.set(("orphan", contact.id), self.core.now.mono + HANGUP_GRACE_S)
        self._tell(FactKind.TRANSFER_BEGAN, contact, person.spec.id, to=request.queue, target="queue", by=request.by)

    def _begin(self, contact: Contact, transfer: Transfer, *, consult: bool) -> None:
        callee, source = transfer.callee, transfer.source
        fields = {"to": callee.name, "target": callee.kind, "consult": consult, "by": transfer.by}
        self._tell(FactKind.TRANSFER_BEGAN, contact, source, **fields)
        self.parties.stay(contact, transfer.source_leg if consult else "")
        contact.transfer = transfer
        if consult:
            self.records.begin(contact, SegmentKind.CONSULT, agent=source, leg=transfer.source_leg)
            self.core.send(contact.switch, SetVars(transfer.source_leg, STAY))
            self.core.send(contact.switch, Park(contact.leg), f"part:{contact.id}")
        self._call(contact, transfer, f"asked for by {transfer.by}", at_once=not consult)

    def _call(self, contact: Contact, transfer: Transfer, why: str, *, at_once: bool = False) -> None:
        """Dial the third party; ``at_once``: the agent does not wait for it."""
        callee = transfer.callee
        offer = self.offers.aside(contact, callee.person, callee.dial, why, callee.queue)
        transfer.offer, transfer.leg = offer.id, offer.leg
        if at_once and transfer.machine.state is TransferState.RINGING:
            self._step(contact, TransferInput.COMPLETE)
        self.offers.call(offer, contact, callee.person, STAY)

    def _complete(self, person: Person, request: Request) -> None:
        if not self.rooms.leave(person):
            self._told(person, TransferInput.COMPLETE)

    def _told(self, person: Person, input: TransferInput) -> None:
        contact = self.core.contacts.get(person.contact)
        transfer = contact.transfer if contact is not None else None
        if contact is None or transfer is None or transfer.source != person.spec.id:
            raise RequestRefused("the agent", person.agent.state.value, input.value, "there is no transfer of theirs")
        if input is TransferInput.CONFER and transfer.machine.state is TransferState.RINGING:
            raise RequestRefused("the transfer", "ringing", "confer", "wait until they pick up, or cancel and add them")
        self._step(contact, input)

    def _take_over(self, person: Person, request: Request) -> None:
        assert isinstance(request, TakeOver)
        contact = self.call_of(person, "take over")
        other = self.parties.free_agent(request.taker, person)
        transfer = Transfer(request.by, person.spec.id, person.leg, Callee(other.dial_string, other))
        transfer.machine.step(TransferInput.TAKE)
        self._begin(contact, transfer, consult=False)

    def call_of(self, person: Person, verb: str) -> Contact:
        """The talk of this agent. Raises RequestRefused when they have none of their own, or it is transferred."""
        contact = self.core.contacts.get(person.contact)
        if contact is None or contact.machine.state is not ContactState.TALKING or contact.agent_leg != person.leg:
            raise RequestRefused("the agent", person.agent.state.value, verb, "there is no call of theirs")
        if contact.transfer is not None or contact.destination_asked is not None:
            raise RequestRefused("the call", "in a transfer", verb, "complete or cancel that first")
        if contact.room is not None:
            raise RequestRefused("the call", "a conference", verb, "leave it, or add who is to have the call")
        return contact

    # -- effects ------------------------------------------------------------------------------------------------------

    def _step(self, contact: Contact, input: TransferInput) -> None:
        transfer = contact.transfer
        if transfer is None:
            return
        effect = transfer.machine.step(input)
        if effect is not None:
            self._effects[effect](contact, transfer)

    def _consult(self, contact: Contact, transfer: Transfer) -> None:
        self._tell(FactKind.TRANSFER_CHANGED, contact, transfer.source, state="consulting")

    def _confer(self, contact: Contact, transfer: Transfer) -> None:
        """From here on it is a conference."""
        contact.transfer = None
        self._tell(FactKind.TRANSFER_ENDED, contact, transfer.source, to=transfer.callee.name, outcome="conferred")
        self.rooms.merge(contact, transfer)

    def _let_go(self, contact: Contact, transfer: Transfer) -> None:
        self._hush(transfer)
        self._dismiss_agent(contact)
        self._wait(contact, transfer)

    def _wait(self, contact: Contact, transfer: Transfer) -> None:
        self.records.begin(contact, SegmentKind.OFFER, agent=transfer.target, leg=transfer.leg)
        self._tell(FactKind.TRANSFER_CHANGED, contact, transfer.source, state="pending")

    def _join(self, contact: Contact, transfer: Transfer) -> None:
        self._bridge(contact, transfer.leg)

    def _return(self, contact: Contact, transfer: Transfer) -> None:
        self._withdraw(transfer)
        leg = self.core.legs.get(contact.agent_leg)
        if leg is None or leg.hung_up:
            self._step(contact, TransferInput.STUCK)
        else:
            self._bridge(contact, leg.uuid)

    def _bridge(self, contact: Contact, leg: str) -> None:
        self.core.timers.set(("transfer", contact.id), self.core.now.mono + BRIDGE_GRACE_S)
        self.core.send(contact.switch, Bridge(contact.leg, leg), f"join:{contact.id}")

    def _hand_over(self, contact: Contact, transfer: Transfer) -> None:
        core = self.core
        self.music.hush(contact)
        self._dismiss_agent(contact)
        core.legs[transfer.leg].offer = ""
        self.parties.ends_with_bridge(transfer.leg)
        contact.queue = transfer.callee.queue or contact.queue
        contact.agent, contact.agent_leg = transfer.target, transfer.leg
        contact.connected_at = core.now.wall
        kind = SegmentKind.TALK if transfer.target else SegmentKind.OUTSIDE
        self.records.begin(contact, kind, agent=contact.agent, leg=contact.agent_leg)
        core.fact(
            FactKind.BRIDGED,
            contact,
            agent=contact.agent,
            leg=contact.leg,
            customer_leg=contact.leg,
            agent_leg=contact.agent_leg,
            answered_at=contact.answered_at,
        )
        self._end(contact, transfer, "handed_over")

    def _resume(self, contact: Contact, transfer: Transfer) -> None:
        self.music.hush(contact)
        self._dismiss(contact, transfer)
        self.parties.ends_with_bridge(contact.agent_leg)
        self.records.begin(contact, SegmentKind.TALK, agent=contact.agent, leg=contact.agent_leg)
        self._end(contact, transfer, "returned")

    def _requeue(self, contact: Contact, transfer: Transfer) -> None:
        self._dismiss(contact, transfer)
        self._dismiss_agent(contact)
        if transfer.callee.queue in self.core.queues:
            contact.queue = transfer.callee.queue
        else:
            contact.aim = Aim(transfer.source, "nobody took the transfer", self.core.now.mono + RECALL_S)
        contact.passed = frozenset()
        contact.music_kept = bool(contact.running)
        self._end(contact, transfer, "not_taken")
        self.step_contact(contact, ContactInput.REJOIN)

    def _call_off(self, contact: Contact, transfer: Transfer) -> None:
        self._dismiss(contact, transfer)
        self._end(contact, transfer, "called_off")

    def _drop_all(self, contact: Contact, transfer: Transfer) -> None:
        self._hush(transfer)
        self._dismiss(contact, transfer)
        self.parties.release(contact.agent_leg)
        self._end(contact, transfer, "customer_gone")

    def _end(self, contact: Contact, transfer: Transfer, outcome: str) -> None:
        contact.transfer = None
        contact.running = contact.running if outcome == "not_taken" else ""
        self.core.timers.cancel(("transfer", contact.id))
        if outcome != "customer_gone":
            self.parties.as_ever(contact)
        self._tell(FactKind.TRANSFER_ENDED, contact, transfer.source, to=transfer.callee.name, outcome=outcome)

    # -- legs ---------------------------------------------------------------------------------------------------------

    def _dismiss_agent(self, contact: Contact) -> None:
        """The agent's part is over: the talk ends here, not when the switch has ended the leg."""
        leg, contact.ended_by = contact.agent_leg, ""
        self.release(contact)
        contact.agent = contact.agent_leg = ""
        self.parties.release(leg)

    def _dismiss(self, contact: Contact, transfer: Transfer) -> None:
        """The third party is not needed any more."""
        self._withdraw(transfer)
        self._free(contact, transfer)
        self.parties.release(transfer.leg)
        transfer.leg = ""

    def _withdraw(self, transfer: Transfer) -> None:
        offer = self.core.offers.get(transfer.offer)
        if offer is not None:
            self.offers.step(offer, OfferInput.WITHDRAW)

    def _free(self, contact: Contact, transfer: Transfer) -> None:
        person = self.core.people.get(transfer.target)
        if person is not None and person.leg == transfer.leg and transfer.leg:
            self.people.call_ended(person, contact.id, "")

    def _tell(self, kind: FactKind, contact: Contact, agent: str, **data: object) -> None:
        self.core.fact(kind, contact, agent=agent, **data)
