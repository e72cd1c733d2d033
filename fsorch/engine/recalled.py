"""What an earlier life of ours left in the middle, put together again.

Theory: the records say what was going on, the switch says what goes on. A caller that the switch still has goes on
where both agree they were: the flow at its prompt, the queue at its place, the offer at its phone, the talk with its
agent. What the switch has no more is over, and the records get its end. Moments are UTC microseconds, 0 for unknown.
"""

from __future__ import annotations

from collections.abc import Container

from msgspec import structs

from fsorch.acd import ContactInput, ContactState, OfferInput
from fsorch.engine.away_notes import AwayNote, noted_leg
from fsorch.engine.calls import Calls
from fsorch.engine.confirming import confirmed
from fsorch.engine.core import Core
from fsorch.engine.cuts import Cuts
from fsorch.engine.facts import FactKind
from fsorch.engine.guards import AWAY
from fsorch.engine.inputs import KeptPlace, LeftFlow, OpenContact, Recall
from fsorch.engine.music import Music
from fsorch.engine.offers import Offers
from fsorch.engine.queueing import STOOD
from fsorch.engine.records import Records
from fsorch.engine.rows import LegRow
from fsorch.engine.state import Contact, Leg, Person
from fsorch.engine.surveys import Surveys
from fsorch.engine.views import KeyedAnswer
from fsorch.engine.voicemail import VOICEMAIL
from fsorch.engine.wait_rules import read_ran
from fsorch.esl.events import Event
from fsorch.names import ContactOutcome, SegmentKind

__all__ = ["Recalled", "rehomed"]

# The outcome of who hung up unheard, by what they did. Whether a message was left nobody knows.
LEFT_AS = {SegmentKind.IVR.value: ContactOutcome.LEFT_FLOW, SegmentKind.VOICEMAIL.value: ContactOutcome.LOST}
ANSWER_STATES = {"ringing": OfferInput.RINGING, "early": OfferInput.RINGING, "answered": OfferInput.ANSWERED}


def rehomed(input: Recall) -> Recall:
    """The callbacks that are promised at a switch which is no longer in the settings are made by the first that is."""
    if not input.switches:
        return input
    contacts = tuple(
        structs.replace(one, row=structs.replace(one.row, switch=input.switches[0]))
        if one.promise is not None and one.row.switch and one.row.switch not in input.switches
        else one
        for one in input.contacts
    )
    return structs.replace(input, contacts=contacts)


class Recalled:
    """Contacts of an earlier life, until their switch has said whether it still has them."""

    def __init__(self, core: Core, records: Records, calls: Calls, offers: Offers, music: Music, cuts: Cuts) -> None:
        self.core = core
        self.cuts = cuts
        self.records = records
        self.calls = calls
        self.offers = offers
        self.music = music
        self._contacts: dict[str, OpenContact] = {}
        # Of customers' legs only.
        self._of_leg: dict[str, str] = {}
        self._served_alone: set[str] = set()
        # How the calls ended that each switch has noted, by leg.
        self.ends: dict[str, dict[str, AwayNote]] = {}
        # Taken back without the records, and where the count of their stretches began.
        self._blind: dict[str, int] = {}
        self._until = 0
        # Callers who talk to a leg that is still to be looked at.
        self._joined: list[str] = []
        self._legs: list[LegRow] = []
        # Legs that nobody needed and that were ended: each tells its own record when it goes.
        self.cleared: set[str] = set()

    def tell(self, input: Recall) -> None:
        """What the records say."""
        if input.late:
            for known in input.contacts:
                self._made_known(known)
            input = structs.replace(input, contacts=tuple(filter(self._unseen, input.contacts)), shifts=())
        self._contacts = {known.row.id: known for known in input.contacts}
        self._of_leg = {leg.id: leg.contact for known in input.contacts for leg in known.legs if leg.role == "customer"}
        self._until = input.until
        self._legs = list(input.legs)
        for place in input.places:
            self.calls.waiting.keep(place)
        for caller in input.left:
            self.calls.journey.left(caller)
        people = self.calls.people
        for shift in input.shifts:
            people.resume(shift)
        for known in input.contacts:
            if known.talks and not input.late:
                people.resume_talk(known.row.agent, known.row.id, known.agent_leg)
                if (person := self.core.people.get(known.row.agent)) is not None:
                    self.cuts.recalled(person, known.row.queue)
        if input.late:
            # The switches that are up have shown what they have.
            for switch in [switch.name for switch in self.core.switches.values() if switch.up]:
                self.close(switch, self.core.legs.keys() | self.cleared)

    def _made_known(self, known: OpenContact) -> None:
        """A contact that was taken back while nobody knew of it, and goes on with what was."""
        contact = self.core.contacts.get(known.row.id)
        if contact is not None and contact.id in self._blind:
            first = contact.segments == self._blind[contact.id]
            _remember(contact, known)
            contact.began_at = known.row.began_at
            if first and contact.machine.state is ContactState.TALKING and contact.segment is not None:
                self._fill(contact, known, contact.agent, contact.segment.began_at)
            if contact.segment is not None:
                contact.segment.began_at = max(contact.segment.began_at, known.segmented_at)
            for row in known.legs:
                if row.id not in self.core.legs and row.id not in self.cleared:
                    self.calls.legs.lost(row, known.row.ended_at)
        self._blind.pop(known.row.id, None)

    def _unseen(self, known: OpenContact) -> bool:
        """Whether this contact was not in our hands in this life. An agent's leg may be of another contact, too."""
        return known.row.id not in self.core.contacts and not any(
            self.calls.legs.has_ended(leg.id) for leg in known.legs if leg.role == "customer"
        )

    def id_of(self, event: Event) -> str:
        """The contact of a customer's leg: by its mark, or by the records where fsorch ended before the mark was on its
        way. Empty for a leg of nobody's."""
        role = event.variable("fsorch_role")
        if role:
            return (event.variable("fsorch_contact") or "") if role == "customer" else ""
        return self._of_leg.get(event.uuid, "")

    def take_back(self, switch: str, event: Event, joined: bool) -> None:
        """A caller of an earlier life: to where they were. ``joined`` to a leg that is there, they talk: the agent's
        leg, which follows, makes the pair whole."""
        core, id = self.core, self.id_of(event)
        known = self._contacts.get(id)
        began_at = known.row.began_at if known else event.created_time or core.now.wall
        contact = self.calls.adopt(switch, event, id, began_at)
        contact.flow = event.variable("fsorch_flow") or self.calls.doors.usual_flow(contact.tenant)
        self._place(contact, event, known)
        if known is None:
            # How many stretches were written down is not known; counted from anywhere, the next have their own ids.
            contact.segments = self._blind[id] = int(core.ids()[:6], 16)
            self.records.contact_began(contact)
        else:
            _remember(contact, known)
            contact.found = True
            contact.keyed = event.variable("fsorch_customer") or ""
            known_as = {"customer": contact.keyed, "tenant": contact.tenant}
            known_as = {name: value for name, value in known_as.items() if value}
            self.core.fact(FactKind.CONTACT_FOUND, contact, leg=contact.leg, number=contact.number, **known_as)
        contact.hushed = bool(event.variable("sensitive_dtmf"))
        contact.ran = read_ran(event.variable("fsorch_steps") or "")
        if not joined:
            self.calls.guards.take(contact)
        if joined or not self._asked_how_it_was(contact, event, known):
            self._resume(contact, event, joined)

    def _resume(self, contact: Contact, event: Event, joined: bool) -> None:
        """On to what the caller was at: a message, a talk, here or outside, the line of a queue, or a flow."""
        if not joined and self.calls.voicemail.take_up(contact, event):
            self.calls.guards.disarm(contact)
            if contact.message is not None:
                self.since(contact, contact.message.began_at)
            return
        if contact.queue and joined and event.variable("fsorch_outside"):
            contact.machine.step(ContactInput.QUEUE)
            contact.machine.step(ContactInput.STEP_OUT)
            self.calls.endings.resume(contact)
        elif contact.queue and joined:
            contact.machine.step(ContactInput.QUEUE)
            self._joined.append(contact.id)
        elif contact.queue:
            contact.music_kept = self.music.keep(contact, event)
            stood_at = contact.stood_at = _moment(event, STOOD, self.core.now.wall) or contact.enqueued_at
            self.calls.step(contact, ContactInput.QUEUE)
            self.since(contact, stood_at)
        else:
            self.records.begin(contact, SegmentKind.IVR)
            self.since(contact, contact.began_at)
            if event.answer_state == "answered":
                self._go_on(contact, event)
            else:
                self.calls.welcome(contact, event)

    def _asked_how_it_was(self, contact: Contact, event: Event, known: OpenContact | None) -> bool:
        """A caller whose talk is over goes on in the survey, or comes to it if the agent left while nobody listened.
        False: they have none."""
        flow, left_alone = Surveys.flow_of(event)
        if not flow or flow not in self.core.flows or (left_alone and (known is None or not known.row.agent)):
            return False
        contact.agent, contact.ended_by = known.row.agent if known is not None else "", "agent"
        contact.answered_at = contact.answered_at or event.bridged_time or contact.enqueued_at
        self.calls.surveys.enter(contact, flow)
        self.records.begin(contact, SegmentKind.IVR)
        self.since(contact, known.segmented_at if known is not None else event.bridged_time)
        if left_alone:
            self.calls.surveys.mark(contact)
            self.calls.step(contact, ContactInput.ANSWERED)
        else:
            self._go_on(contact, event)
        return True

    def knows(self, leg: str) -> bool:
        """Whether the records have the leg of a caller that has not been found yet, and no end of it."""
        return leg in self._of_leg or any(row.id == leg for row in self._legs)

    def talks(self, event: Event, present: Container[str]) -> bool:
        """Whether a caller of whom the records know the line is joined to a leg that is there. Who was called for an
        agent that was on the phone already has no mark of a line."""
        known = self._contacts.get(self.id_of(event))
        queued = known is not None and bool(known.row.enqueued_at)
        return queued and event.answer_state == "answered" and event.other_leg in present

    def left_to_dialplan(self, switch: str, event: Event) -> None:
        """The switch serves this caller alone; the leg's end is still written down by us. The contact may be over in
        the records: it was let go in the life before."""
        id = self._of_leg.get(event.uuid, "")
        if id:
            self._served_alone.add(id)
        if id := id or event.variable("fsorch_left") or "":
            self.calls.legs.own(switch, event, "customer", id, "")

    def pair(self, contact: Contact, leg: Leg, event: Event) -> bool:
        """The agent's leg that talks to a caller of an earlier life: the talk goes on. False when the records know of
        no such talk."""
        known, person = self._contacts.get(contact.id), self.core.people.get(leg.agent)
        if known is None or person is None or person.contact != contact.id or person.leg != leg.uuid:
            return False
        contact.machine.step(ContactInput.OFFER)
        contact.machine.step(ContactInput.CONNECT)
        contact.agent, contact.agent_leg, contact.why = leg.agent, leg.uuid, "found talking"
        contact.answered_at = contact.answered_at or event.bridged_time
        contact.connected_at = max(event.bridged_time, known.segmented_at)
        contact.held = known.doing == SegmentKind.HOLD
        kind = SegmentKind(known.doing) if known.talks else SegmentKind.TALK
        self.records.begin(contact, kind, agent=leg.agent, leg=leg.uuid)
        # A talk that was known goes on from the last stretch that was written down, however often the leg was bridged.
        self.since(contact, known.segmented_at if known.talks else event.bridged_time)
        if kind is SegmentKind.CONSULT:
            self.records.begin(contact, SegmentKind.TALK, agent=leg.agent, leg=leg.uuid)
        return True

    def talked_since(self, contact: Contact, leg: Leg, at: int) -> None:
        """The talk that was found began at ``at``, and the records know nothing of it: an earlier life of ours ended
        between the command that joined the two and the event that tells of it. What they know went on until then."""
        if (known := self._contacts.get(contact.id)) is not None:
            self._fill(contact, known, leg.agent, at)
        self.since(contact, at)
        contact.connected_at = at or contact.connected_at

    def _fill(self, contact: Contact, known: OpenContact, agent: str, at: int) -> None:
        began_at = known.segmented_at or known.row.began_at
        if known.doing and not known.talks and began_at < at:
            kind = SegmentKind(known.doing)
            self.records.past(contact, kind, agent if kind is SegmentKind.OFFER else "", began_at, at)

    def offer(self, switch: str, contact: Contact, event: Event) -> bool:
        """A phone that an earlier life of ours has called for a caller who waits: the offer goes on. False when it
        cannot, as the agent has something else to do."""
        person = self.core.people.get(event.variable("fsorch_agent") or "")
        input, id = ANSWER_STATES.get(event.answer_state), event.variable("fsorch_offer")
        if input is OfferInput.ANSWERED and not confirmed(event):
            input = OfferInput.RINGING
        waits = contact.machine.state in (ContactState.WAITING, ContactState.OFFERED)
        if person is None or not _may_take(person) or input is None or not id or not waits:
            return False
        leg = self.calls.legs.own(switch, event, "agent", contact.id, person.spec.id)
        first = not contact.offers_open
        offer = self.offers.take_up(contact, person, leg, id)
        # Without the records only the oldest phone says when the wait turned into an offer. The switch stamps
        # its legs by a clock that may be some milliseconds behind ours, but nothing is offered before it waits.
        at = contact.enqueued_at
        if contact.id in self._blind:
            at = max(at, event.created_time)
        if first or (contact.segment is not None and at < contact.segment.began_at):
            self.since(contact, at)
        if input is OfferInput.ANSWERED:
            self.offers.step(offer, OfferInput.RINGING)
        self.offers.step(offer, input)
        return True

    def line_up(self) -> None:
        """All legs were looked at: a caller who talks to somebody we know nothing of waits again, and loses nothing."""
        joined, self._joined = self._joined, []
        for contact in [self.core.contacts[id] for id in joined if id in self.core.contacts]:
            if contact.machine.state is ContactState.WAITING:
                contact.machine.step(ContactInput.OFFER)
                self.calls.step(contact, ContactInput.RETURN)
                self.since(contact, contact.enqueued_at)

    def close(self, switch: str, present: Container[str]) -> None:
        """Contacts and legs that this switch has no more, as they are not ``present``: what is known of them is their
        record. Who talked to them has their wrap-up."""
        core, ends = self.core, self.ends.get(switch, {})
        # Where the records come late, the noted leg may have its CDR by now.
        of_contact = {note.taken or note.left: note for note in ends.values()}
        for known in [known for known in self._contacts.values() if known.row.switch == switch]:
            del self._contacts[known.row.id]
            at = max(known.row.ended_at, min(self._until, core.now.wall))
            end = of_contact.get(known.row.id)
            at = end.ended_at if end is not None else at
            for row in known.legs:
                self._of_leg.pop(row.id, None)
                if (note := ends.pop(row.id, None)) is not None:
                    if row.role == "customer":
                        end, at = note, note.ended_at
                    self.calls.legs.told(noted_leg(note, row))
                elif row.id not in present:
                    self.calls.legs.lost(row, at)
            contact = core.contacts.get(known.row.id)
            if contact is None and not self._waits_without_leg(known):
                known = self._end_of(known, at, end)
            if known.talks and (contact is None or contact.agent_leg != known.agent_leg):
                self.calls.people.talk_lost(known.row.agent, known.row.id, known.row.queue)

        for row in [row for row in self._legs if row.switch == switch]:
            self._legs.remove(row)
            if (note := ends.pop(row.id, None)) is not None:
                self.calls.legs.told(noted_leg(note, row))
            elif row.id not in present:
                self.calls.legs.lost(row, min(self._until or core.now.wall, core.now.wall))

    def _end_of(self, known: OpenContact, at: int, note: AwayNote | None) -> OpenContact:
        """A contact is over since ``at`` or so; as its switch's ``note`` says, if there is one. What was going on then,
        as far as that tells more."""
        said, left = known.row, False
        alone = said.id in self._served_alone or (note is not None and note.alone)
        if note is not None and not alone:
            known = self._joined_unheard(known, note)
            # The last stretch that was written down ended when we heard so, which may be after the switch's moment.
            at = max(note.ended_at, known.segmented_at)
            known = structs.replace(known, row=structs.replace(known.row, ended_at=at))
            left = self.calls.voicemail.left_before(known, at)
            outcome = ContactOutcome.VOICEMAIL if left else LEFT_AS.get(known.doing, ContactOutcome.ABANDONED)
            # Where nothing came after the talk, it was with its end that this call was over.
            talked = known.talks or bool(known.row.answered_at and not known.doing)
            self.records.contact_lost(known, at, outcome, note.cause, note.ended_by(talked=talked))
        else:
            left = not alone and self.calls.voicemail.left_before(known, at)
            outcome = ContactOutcome.VOICEMAIL if left else ContactOutcome.OVERFLOWED if alone else ContactOutcome.LOST
            self.records.contact_lost(known, max(self._until, at) if alone else self._until, outcome, AWAY * alone)
        if not known.row.answered_at and not alone and not left:
            # Whoever hung up while nobody listened may ring again as well.
            self.calls.waiting.keep(KeptPlace(said.queue, said.number, said.enqueued_at, at))
            if known.doing == SegmentKind.IVR:
                self.calls.journey.left(LeftFlow(said.number, at, said.tenant))
        return known

    def _joined_unheard(self, known: OpenContact, note: AwayNote) -> OpenContact:
        """A caller who is gone may have been joined to the agent who was called for them, by a command of ours whose
        event nobody heard; the switch's note says when."""
        since = max(known.segmented_at, known.row.began_at)
        if known.doing not in (SegmentKind.QUEUE, SegmentKind.OFFER) or note.bridged_at < since:
            return known
        phones = [leg for leg in known.legs if leg.role == "agent"]
        # Of several that rang nobody knows which it was.
        agent, phone = (phones[0].agent, phones[0].id) if len(phones) == 1 else ("", "")
        known = self.records.joined(known, agent, phone, note.bridged_at)
        self.calls.people.resume_talk(agent, known.row.id, phone)
        return known

    def _waits_without_leg(self, known: OpenContact) -> bool:
        """A message, or a promised callback: back into the line, with the place it had."""
        if known.promise is None and known.row.medium != VOICEMAIL:
            return False
        contact = self.calls.callbacks.take_back(known)
        contact.message_us = known.message_us
        _remember(contact, known)
        self.calls.step(contact, ContactInput.QUEUE)
        if contact.segment is not None:
            contact.segment.began_at = max(contact.enqueued_at, known.segmented_at)
        return True

    def waits_behind(self, contact: Contact) -> None:
        """A contact whose agent's phone came first, and whose customer is called at this moment, waits on."""
        known = self._contacts.get(contact.id)
        if known is not None:
            _remember(contact, known)
            contact.began_at, contact.enqueued_at = known.row.began_at, known.row.enqueued_at
        self.calls.step(contact, ContactInput.QUEUE)
        if contact.segment is not None and known is not None:
            contact.segment.began_at = max(contact.enqueued_at, known.segmented_at)

    def _place(self, contact: Contact, event: Event, known: OpenContact | None) -> None:
        queue, at = event.variable("fsorch_queue") or "", _moment(event, "fsorch_enqueued", self.core.now.wall)
        if not at and known is not None:
            queue, at = known.row.queue, known.row.enqueued_at
        if not at:
            return
        contact.enqueued_at = at
        if queue in self.core.queues:
            contact.queue = queue
        else:
            # A rule has sent them from a queue into a flow, whose queue they join with the time they have.
            contact.hops = 1

    def _go_on(self, contact: Contact, event: Event) -> None:
        """In the flow, at the prompt where the caller was; its answer may have come while nobody listened."""
        flows = self.calls.flows
        version = event.variable("fsorch_flow_version") or ""
        number = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0
        release = flows.release_of(contact.flow, number)
        place = event.variable("fsorch_place") or ""
        step = flows.resume(contact, release, place) if release is not None else None
        if step is None:
            if self.core.flows or self.core.queues:
                self.calls.step(contact, ContactInput.ANSWERED)
            return
        contact.machine.step(ContactInput.ANSWERED)
        contact.running = event.variable("fsorch_ask") or ""
        flows.take_up(contact, step, event)

    def since(self, contact: Contact, at: int) -> None:
        """The open stretch of ``contact`` began at ``at``, or where the last one that was written down ends."""
        known = self._contacts.get(contact.id)
        if contact.segment is not None and at:
            contact.segment.began_at = max(at, known.segmented_at if known else 0)


def _remember(contact: Contact, known: OpenContact) -> None:
    contact.segments, contact.talked_us, contact.held_us = known.segments, known.row.talked_us, known.row.held_us
    contact.offers, contact.misses = known.row.offers, known.row.misses
    contact.answered_at = known.row.answered_at
    keyed = enumerate(known.row.answers.items())
    contact.answers = [
        KeyedAnswer(key.partition(":")[2], digits, known.means[n] if n < len(known.means) else "")
        for n, (key, digits) in keyed
    ]


def _moment(event: Event, name: str, now: int) -> int:
    """The moment in a mark of ours, not later than ``now``; 0 if there is none."""
    text = event.variable(name) or ""
    return min(int(text), now) if text.isascii() and text.isdigit() and len(text) < 18 else 0


def _may_take(person: Person) -> bool:
    return person.agent.free and not person.contact and not person.offer and not person.gone
