"""Conferences: a customer, and any number of agents and numbers outside, in a room of mod_conference (capture 10).

A third party is called into a talk and rings while it goes on; who picks up goes into the room, with everybody else if
there was none yet. Each agent's time in the room is their own: the main agent's is the contact's talk, that of each
other a stretch of its own beside it (``conference``), which ends when they leave. When the main agent leaves, another
takes their part. The last one who is left with the customer is bridged to them.
"""

from __future__ import annotations

from collections.abc import Callable

from fsorch.acd import ContactInput, ContactState, OfferInput
from fsorch.acd.line import LineInput
from fsorch.acd.room import RoomEffect, RoomInput, RoomState
from fsorch.engine.core import Core
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import AddParty, DropParty, Request
from fsorch.engine.offers import BRIDGE_GRACE_S, HANGUP_GRACE_S, Offers
from fsorch.engine.parties import STAY, Parties
from fsorch.engine.people import People
from fsorch.engine.records import Records
from fsorch.engine.state import Callee, Contact, Leg, Member, Offer, Person, Room, Transfer
from fsorch.errors import RequestRefused
from fsorch.esl.commands import Bridge, Park, SetVars
from fsorch.esl.commands import Transfer as Send
from fsorch.names import OfferOutcome, SegmentKind

__all__ = ["Rooms"]

# Talks with more are meetings, which others do better.
MOST = 10


class Rooms:
    """Carries out what the conference's machine decides."""

    def __init__(self, core: Core, records: Records, offers: Offers, people: People, parties: Parties) -> None:
        self.core = core
        self.records = records
        self.offers = offers
        self.people = people
        self.parties = parties
        # See Transfers, whose ways these are.
        self.release: Callable[[Contact], None]
        self.step_contact: Callable[[Contact, ContactInput], None]
        self._effects: dict[RoomEffect, Callable[[Contact, Room], None]] = {
            RoomEffect.OPEN: self._open,
            RoomEffect.LET_IN: self._let_in,
            RoomEffect.JOIN: self._join,
            RoomEffect.PAIR: self._pair,
            RoomEffect.REQUEUE: self._requeue,
            RoomEffect.CALL_OFF: self._call_off,
            RoomEffect.DROP_ALL: self._drop_all,
        }
        self.handlers: dict[type[Request], Callable[[Person, Request], None]] = {
            AddParty: self._add,
            DropParty: self._drop,
        }

    # -- requests -----------------------------------------------------------------------------------------------------

    def _add(self, person: Person, request: Request) -> None:
        assert isinstance(request, AddParty)
        contact = self._of(person, "add")
        room = contact.room
        if room is not None and len(room.members) + len(room.called) >= MOST:
            raise RequestRefused("the conference", f"of {MOST} and the customer", "add", "somebody has to leave first")
        callee = self.parties.find(person, request.queue, request.to, request.number, "add")
        if room is None:
            room = contact.room = Room()
            room.members[person.leg] = Member(person.leg, person.spec.id, since=contact.connected_at)
            room.together = (contact.leg, person.leg)
        fields = {"to": callee.name, "target": callee.kind, "by": request.by}
        self.core.fact(FactKind.PARTY_CALLED, contact, agent=person.spec.id, **fields)
        self._call(contact, room, callee, f"asked for by {request.by}")

    def _drop(self, person: Person, request: Request) -> None:
        """Somebody else is asked out, or is not called any longer."""
        assert isinstance(request, DropParty)
        contact = self._of(person, "drop")
        room = contact.room or Room()
        for id, callee in list(room.called.items()):
            if request.party in (callee.name, callee.agent):
                self.offers.step(self.core.offers[id], OfferInput.WITHDRAW)
                return
        found = [member for member in room.members.values() if member.name == request.party]
        if not found or found[0].leg == person.leg:
            names = [member.name for member in room.members.values() if member.leg != person.leg]
            names += [callee.name for callee in room.called.values()]
            where = ("the conference", f"of {', '.join(sorted(names))}") if names else ("the call", "of two")
            hint = "they are not in it" if not found else "leave it by hanging up, or complete"
            raise RequestRefused(*where, f"drop {request.party[:40]!r}", hint)
        self._left(contact, room, found[0], "dropped")

    def _of(self, person: Person, verb: str) -> Contact:
        """The talk of this agent, who may be any in its room."""
        contact = self.core.contacts.get(person.contact)
        talks = contact is not None and contact.machine.state is ContactState.TALKING
        room = contact.room if contact is not None else None
        inside = room is not None and person.leg in room.members
        if contact is None or not talks or not (inside or contact.agent_leg == person.leg):
            raise RequestRefused("the agent", person.agent.state.value, verb, "there is no call of theirs")
        if contact.transfer is not None or contact.destination_asked is not None:
            raise RequestRefused("the call", "in a transfer", verb, "confer, complete or cancel that first")
        if contact.held:
            raise RequestRefused("the call", "on hold", verb, "take the customer back first")
        if room is not None and room.machine.state is RoomState.JOINING:
            raise RequestRefused("the conference", "joining the last two", verb, "ask again in a moment")
        return contact

    def _call(self, contact: Contact, room: Room, callee: Callee, why: str) -> None:
        offer = self.offers.aside(contact, callee.person, callee.dial, why, callee.queue)
        room.called[offer.id] = callee
        self.offers.call(offer, contact, callee.person, STAY)

    # -- from transfers -----------------------------------------------------------------------------------------------

    def merge(self, contact: Contact, transfer: Transfer) -> None:
        """A consult becomes a conference: customer, agent and third party."""
        room = contact.room = Room()
        self.records.begin(contact, SegmentKind.TALK, agent=transfer.source, leg=transfer.source_leg)
        now = self.core.now.wall
        room.members[transfer.source_leg] = Member(transfer.source_leg, transfer.source, since=contact.connected_at)
        room.members[transfer.leg] = Member(transfer.leg, transfer.target, transfer.callee.number, now)
        room.together = (transfer.source_leg, transfer.leg)
        self._tell(FactKind.PARTY_JOINED, contact, room.members[transfer.leg])
        self._step(contact, RoomInput.MERGE)

    def leave(self, person: Person) -> bool:
        """The agent leaves the others to themselves; False when they are in no conference."""
        contact = self.core.contacts.get(person.contact)
        room = contact.room if contact is not None else None
        if contact is None or room is None or not room.opened or person.leg not in room.members:
            return False
        self._left(contact, room, room.members[person.leg], "left")
        return True

    def customer_gone(self, contact: Contact) -> None:
        """The customer hung up: nobody has anybody to talk to."""
        if contact.room is not None:
            self._step(contact, RoomInput.CUSTOMER_GONE)

    # -- from offers --------------------------------------------------------------------------------------------------

    def calls(self, offer: Offer) -> bool:
        """Whether the offer calls somebody into a room."""
        contact = self.core.contacts.get(offer.contact)
        return contact is not None and contact.room is not None and offer.id in contact.room.called

    def taken(self, contact: Contact, offer: Offer) -> None:
        """Who was called has picked up."""
        room = contact.room
        if room is None:
            return
        callee = room.called.pop(offer.id)
        member = Member(offer.leg, offer.agent, callee.number, self.core.now.wall)
        room.members[offer.leg] = room.last = member
        self.core.legs[offer.leg].offer = ""
        self._tell(FactKind.PARTY_JOINED, contact, member)
        self._step(contact, RoomInput.ENTERED)

    def not_taken(self, contact: Contact, offer: Offer, outcome: OfferOutcome) -> None:
        """Who was called did not pick up: the queue's next agent instead, if a queue was asked."""
        room = contact.room
        callee = room.called.pop(offer.id, None) if room is not None else None
        if room is None or callee is None:
            return
        if outcome is not OfferOutcome.WITHDRAWN and self.parties.another_of(callee):
            self._call(contact, room, callee, offer.why)
            return
        fields = {"to": callee.name, "why": outcome.value}
        self.core.fact(FactKind.PARTY_LEFT, contact, agent=offer.agent, leg=offer.leg, **fields)
        self._settle(contact, room)

    # -- events -------------------------------------------------------------------------------------------------------

    def owns(self, contact: Contact, uuid: str) -> bool:
        """Whether this leg is in the contact's room."""
        return contact.room is not None and uuid in contact.room.members

    def leg_gone(self, contact: Contact, leg: Leg) -> bool:
        """A leg has ended; False when no conference explains that."""
        room = contact.room
        if room is None or leg.uuid not in room.members:
            return False
        if not room.opened:
            # A talk of two: it ends as such talks do, and nobody is called into it any more.
            self._step(contact, RoomInput.NONE_LEFT)
            return False
        self._left(contact, room, room.members[leg.uuid], "left")
        return True

    def bridged(self, contact: Contact, legs: tuple[str, str]) -> bool:
        """The switch has joined two legs of the contact; False when it has no conference."""
        room = contact.room
        if room is None:
            return False
        if contact.leg in legs and any(uuid in room.members for uuid in legs):
            self._step(contact, RoomInput.JOINED)
        return True

    def due(self, id: str) -> None:
        """The joining of the last two that did not come about."""
        contact = self.core.contacts.get(id)
        if contact is not None and contact.room is not None:
            self._step(contact, RoomInput.STUCK)

    def _left(self, contact: Contact, room: Room, member: Member, why: str) -> None:
        """A member's part is over: their time ends here, and somebody else is the main agent if they were it."""
        del room.members[member.leg]
        main = member.leg == contact.agent_leg
        if main:
            self.release(contact)
            contact.agent = contact.agent_leg = contact.ended_by = ""
        else:
            self._end_part(contact, member)
        self.parties.release(member.leg)
        self._tell(FactKind.PARTY_LEFT, contact, member, why=why)
        if main and room.members:
            self._promote(contact, room)
        self._settle(contact, room)

    def _end_part(self, contact: Contact, member: Member) -> None:
        self.records.aside(contact, SegmentKind.CONFERENCE, member.agent, member.leg, member.since)
        person = self.core.people.get(member.agent)
        if person is not None and person.leg == member.leg:
            person.talked_us += max(0, self.core.now.wall - member.since)
            self.people.call_ended(person, contact.id, "")

    def _promote(self, contact: Contact, room: Room) -> None:
        """The agent who is there longest has the customer now; without any agent, the number."""
        member = min(room.members.values(), key=lambda member: (not member.agent, member.since))
        self.records.aside(contact, SegmentKind.CONFERENCE, member.agent, member.leg, member.since)
        contact.agent, contact.agent_leg, contact.connected_at = member.agent, member.leg, member.since
        kind = SegmentKind.TALK if member.agent else SegmentKind.OUTSIDE
        self.records.begin(contact, kind, agent=member.agent, leg=member.leg)
        self.core.send(contact.switch, SetVars(contact.leg, (("fsorch_transfer", member.leg),)))
        legs = {"leg": contact.leg, "customer_leg": contact.leg, "agent_leg": member.leg}
        self.core.fact(FactKind.BRIDGED, contact, agent=member.agent, **legs, answered_at=contact.answered_at)

    def _settle(self, contact: Contact, room: Room) -> None:
        """Who is left, now that somebody is not there any more."""
        if not room.members:
            self._step(contact, RoomInput.NONE_LEFT)
        elif not room.called and not room.opened:
            self._step(contact, RoomInput.NOT_TAKEN)
        elif not room.called and len(room.members) == 1:
            self._step(contact, RoomInput.ONE_LEFT)

    # -- effects ------------------------------------------------------------------------------------------------------

    def _step(self, contact: Contact, input: RoomInput) -> None:
        room = contact.room
        if room is None:
            return
        effect = room.machine.step(input)
        if effect is not None:
            self._effects[effect](contact, room)

    def _open(self, contact: Contact, room: Room) -> None:
        """Where a leg comes from does not matter, but that two who are bridged are sent at once."""
        contact.running, room.opened = "", True
        self.core.timers.cancel(("room", contact.id))
        first, *_ = together = room.together
        self._send(contact, first, "-both")
        for uuid in (contact.leg, *room.members):
            if uuid not in together:
                self._send(contact, uuid)
        room.together = ()
        self.parties.stay(contact, contact.agent_leg)
        self._stand_in(room)

    def _let_in(self, contact: Contact, room: Room) -> None:
        if room.last is not None:
            self._send(contact, room.last.leg)
        self._stand_in(room)

    def _send(self, contact: Contact, uuid: str, leg: str = "") -> None:
        target, tag = f"conference:fsorch-{contact.id}@default", f"confer:{contact.id}"
        command = Send(uuid, target, "inline", leg="-both") if leg else Send(uuid, target, "inline")
        self.core.send(contact.switch, command, tag)

    def _stand_in(self, room: Room) -> None:
        """A nailed-up phone in the room is in a talk, until it is parked again."""
        for member in room.members.values():
            leg = self.core.legs.get(member.leg)
            if leg is not None and leg.standing:
                self.people.lines.heard(leg, LineInput.BRIDGED)

    def _join(self, contact: Contact, room: Room) -> None:
        (member,) = room.members.values()
        room.together = (contact.leg, member.leg)
        if not self.core.legs[member.leg].standing:
            self.core.send(contact.switch, SetVars(member.leg, STAY))
        self.core.timers.set(("room", contact.id), self.core.now.mono + BRIDGE_GRACE_S)
        self.core.send(contact.switch, Bridge(contact.leg, member.leg), f"pair:{contact.id}")

    def _pair(self, contact: Contact, room: Room) -> None:
        self._end(contact)
        self.parties.ends_with_bridge(contact.agent_leg)

    def _requeue(self, contact: Contact, room: Room) -> None:
        """Nobody is left for the customer: into the queue, in the place that their first enqueue time gives."""
        for member in list(room.members.values()):
            self._part(contact, room, member)
        self._end(contact)
        contact.passed = frozenset()
        self.core.send(contact.switch, Park(contact.leg), f"part:{contact.id}")
        # The line begins when the switch has parked them; it may not say so.
        self.core.timers.set(("orphan", contact.id), self.core.now.mono + HANGUP_GRACE_S)

    def _call_off(self, contact: Contact, room: Room) -> None:
        self._end(contact)

    def _drop_all(self, contact: Contact, room: Room) -> None:
        for member in list(room.members.values()):
            if member.leg != contact.agent_leg:
                self._part(contact, room, member)
            elif room.opened:
                self.parties.release(member.leg)
        self._end(contact)

    def _part(self, contact: Contact, room: Room, member: Member) -> None:
        """A member is sent away with all others."""
        del room.members[member.leg]
        if member.leg == contact.agent_leg:
            self.release(contact)
            contact.agent = contact.agent_leg = contact.ended_by = ""
        else:
            self._end_part(contact, member)
        self.parties.release(member.leg)
        self._tell(FactKind.PARTY_LEFT, contact, member, why="over")

    def _end(self, contact: Contact) -> None:
        """There is no conference any more, and nobody is called into it."""
        room, contact.room = contact.room, None
        self.core.timers.cancel(("room", contact.id))
        for id in list(room.called if room is not None else ()):
            self.offers.step(self.core.offers[id], OfferInput.WITHDRAW)
        if contact.leg in self.core.legs and not self.core.legs[contact.leg].hung_up:
            self.parties.as_ever(contact)

    def _tell(self, kind: FactKind, contact: Contact, member: Member, **data: str) -> None:
        self.core.fact(kind, contact, agent=member.agent, leg=member.leg, to=member.name, **data)
