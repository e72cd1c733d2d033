"""Calls: what the switch's events mean for legs and contacts, and what a contact does next."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from fsorch.acd import ContactEffect, ContactInput, ContactState, OfferInput, OfferState
from fsorch.acd.line import LineInput
from fsorch.engine import dnd
from fsorch.engine.away_notes import AwayNote, untold
from fsorch.engine.callbacks import Callbacks
from fsorch.engine.checks import leg_fault
from fsorch.engine.core import Core
from fsorch.engine.dialling_state import Dial
from fsorch.engine.doors import Doors
from fsorch.engine.ears import Ears
from fsorch.engine.elsewhere import ending
from fsorch.engine.endings import Endings
from fsorch.engine.facts import FactKind
from fsorch.engine.flows import Flows
from fsorch.engine.guards import Guards, served_alone
from fsorch.engine.journey import Journey
from fsorch.engine.leaving import Leaving
from fsorch.engine.legs import Legs
from fsorch.engine.looks import Looks
from fsorch.engine.music import Music
from fsorch.engine.notices import Notices
from fsorch.engine.offers import HANGUP_GRACE_S, Offers
from fsorch.engine.people import People
from fsorch.engine.questions import Questions
from fsorch.engine.queueing import Queueing
from fsorch.engine.records import Records
from fsorch.engine.relations import Relations
from fsorch.engine.state import Contact, Leg, Offer
from fsorch.engine.supervising import Supervising
from fsorch.engine.surveys import Surveys
from fsorch.engine.tones import tone_of
from fsorch.engine.transfers import Transfers
from fsorch.engine.voicemail import Voicemail
from fsorch.engine.waiting import Waiting
from fsorch.esl.commands import Answer, SetVars
from fsorch.esl.events import Event
from fsorch.esl.quoting import display
from fsorch.esl.replies import JobResult, job_result
from fsorch.names import ContactOutcome, SegmentKind
from fsorch.prompts import LANGUAGE

__all__ = ["Calls"]

# An answered call says so within milliseconds (capture 02); past this the flow begins anyway.
ANSWER_GRACE_S = 10.0
# The deadlines of a contact.
CONTACT_TIMERS = (
    "guard",
    "late",
    "arrive",
    "prompt",
    "comfort",
    "known",
    "orphan",
    "ring_more",
    "question",
    "choice",
    "callback",
    "voicemail",
    "outside",
    "hold",
)


class Calls:
    """Turns events into machine inputs, and carries out what the contact machine decides."""

    def __init__(self, core: Core, records: Records, music: Music, offers: Offers, people: People) -> None:
        self.core = core
        self.doors = Doors(core)
        self.guards = Guards(core, self.step)
        self.queueing = Queueing(core, records, music, offers, self.guards)
        wait = self.queueing.wait
        self.endings = Endings(core, records, music, self.step, wait, lambda contact: self.flows.start(contact))
        self.waiting = Waiting(core, music, offers, self.endings)
        self.endings.before_talk = self.guards.disarm
        self.journey = Journey(core)
        self.leaving = Leaving(core, self.endings, self.step)
        self.flows = Flows(core, music, self.waiting, self.leaving, self.journey, self.step)
        self.records = records
        self.music = music
        self.offers = offers
        self.people = people
        self.questions = Questions(core, music)
        self.notices = Notices(core, music, offers, offers.join)
        self.relations = Relations(core, self.questions)
        self.relations.rejoin = self.rejoin = self.queueing.rejoin
        self.queueing.waiting, self.queueing.flows, self.queueing.relations = self.waiting, self.flows, self.relations
        self.supervising = Supervising(core, music, offers)
        self.supervising.wait = wait
        self.supervising.ears = Ears(core, people.lines, people.hinder)
        people.lines.stop_listening = self.supervising.stop_listening
        self.legs = Legs(core, records, people, self.supervising)
        self.supervising.own = self.legs.own
        self.transfers = Transfers(core, records, music, offers, people)
        self.transfers.ways(self._release_agent, self.step)
        dismiss = self.transfers.parties.release
        self.surveys = Surveys(core, records, self.step, self._release_agent, dismiss, self.flows.start)
        people.asks_after = self.surveys.awaits
        self.callbacks = Callbacks(core, records, music, offers, self.questions)
        again = self.queueing.again = self.waiting.again = self.callbacks.again
        again.rejoin = self.rejoin
        self.voicemail = Voicemail(core, records, music)
        self.looks = Looks(core, offers, self.event)
        people.held = self.looks.hold
        # Of the calls of campaigns, see DialCalls.
        self.dial_event: Callable[[Dial, Event], None]
        self.dial_job: Callable[[Dial, JobResult], None]
        self.dial_gone: Callable[[Leg, str], None]
        self.dial_served: Callable[[Contact], None]
        self.dial_left: Callable[[Contact], None]
        self._events = self._by_event()
        self._effects = self._by_effect()

    def _by_event(self) -> dict[str, Callable[[str, Event], None]]:
        """What is done on an event of a switch, by its name."""
        return {
            "CHANNEL_CREATE": self._created,
            "CHANNEL_PARK": self._parked,
            "CHANNEL_PROGRESS": self._progress,
            "CHANNEL_PROGRESS_MEDIA": self._progress,
            "CHANNEL_ANSWER": self._answered,
            "CHANNEL_BRIDGE": self._bridged,
            "CHANNEL_HOLD": lambda switch, event: self._held(event, True),
            "CHANNEL_UNHOLD": lambda switch, event: self._held(event, False),
            "CHANNEL_HANGUP": self._hung_up,
            "CHANNEL_HANGUP_COMPLETE": self._hangup_complete,
            "CHANNEL_DESTROY": self._destroyed,
            "CHANNEL_EXECUTE_COMPLETE": self._executed,
            "BACKGROUND_JOB": self._job,
            "CUSTOM": self.people.phones.custom,
            "PRESENCE_IN": self.people.phones.presence,
            "PHONE_FEATURE_SUBSCRIBE": self.people.phones.presence,
            "DTMF": self._pressed,
            "DETECTED_TONE": lambda switch, event: None,
        }

    def _by_effect(self) -> dict[ContactEffect, Callable[[Contact], None]]:
        """What carries out a decision of the contact's machine."""
        return {
            ContactEffect.START_FLOW: self.flows.start,
            ContactEffect.RETURN_TO_FLOW: self.endings.return_to_flow,
            ContactEffect.JOIN_QUEUE: self.queueing.join,
            ContactEffect.RESERVE: lambda contact: None,
            ContactEffect.GO_BACK: self._go_back,
            ContactEffect.BEGIN_TALK: self._begin_talk,
            ContactEffect.STOP_TALK_AND_GO_BACK: self._talk_to_queue,
            ContactEffect.STOP_TALK_AND_ASK: lambda contact: self.surveys.begin(contact),
            ContactEffect.END_UNSERVED: self._end_unserved,
            ContactEffect.LEAVE_QUEUE: self._leave_queue,
            ContactEffect.WITHDRAW_AND_LEAVE: self._withdraw_and_leave,
            ContactEffect.END_TALK: self._end_talk,
            ContactEffect.LEAVE_FLOW: self._leave_flow,
            ContactEffect.LEAVE_LINE: self.queueing.leave_line,
            ContactEffect.WITHDRAW_AND_LEAVE_LINE: self.queueing.withdraw_and_leave_line,
            ContactEffect.END_ASIDE: self._end_aside,
        }

    # -- from outside ---------------------------------------------------------------------------------------------

    def event(self, switch: str, event: Event) -> None:
        """One event of a switch. Events nobody handles cost one look-up."""
        handler = self._events.get(event.name)
        if handler is not None:
            if event.uuid not in self.core.legs:
                self.people.phones.call(switch, event)
            self.legs.see(event)
            handler(switch, event)
            dial = self.core.dials.get(event.uuid or tone_of(event)[1])
            if dial is not None:
                self.dial_event(dial, event)

    def step(self, contact: Contact, input: ContactInput) -> None:
        """Move a contact and carry out the effect."""
        effect = contact.machine.step(input)
        if effect is not None:
            self._effects[effect](contact)

    def arrive(self, switch: str, event: Event) -> None:
        """A caller is parked for us. Without anything to do with them they are left to the dialplan's own fallback."""
        if fault := leg_fault(event.uuid):
            # A profile with inbound-use-callid-as-uuid lets callers choose it.
            self.core.count_odd("leg_id", f"a call was left to the dialplan: {fault}")
            return
        verdict = self.doors.judge(event)
        if verdict is None:
            return
        why = self.waiting.tenants.full(verdict.tenant) if verdict.tenant else ""
        contact = self.adopt(switch, event, self.core.ids(), self.core.now.wall)
        self.waiting.tenants.let_in(contact, why)
        contact.flow, contact.queue = verdict.flow, verdict.queue
        self.records.contact_began(contact)
        self.doors.report(contact.id, event, verdict)
        self.records.begin(contact, SegmentKind.IVR)
        marks = (
            ("fsorch_contact", contact.id),
            ("fsorch_role", "customer"),
            ("presence_data", f"fsorch:{contact.id}:customer"),
            *verdict.marks,
            *untold(event),
        )
        self.guards.take(contact)
        self.core.send(switch, SetVars(contact.leg, marks), f"mark:{contact.id}")
        self.welcome(contact, event)

    def welcome(self, contact: Contact, event: Event) -> None:
        """Answer the call, unless it is answered; then the flow or the queue begins."""
        if event.answer_state == "answered":
            self._answer_known(contact)
        else:
            self.core.send(contact.switch, Answer(contact.leg), f"answer:{contact.id}")
            self.core.timers.set(("arrive", contact.id), self.core.now.mono + ANSWER_GRACE_S)

    def adopt(self, switch: str, event: Event, id: str, began_at: int) -> Contact:
        """A contact for the caller's leg in ``event``; known from now on."""
        asked = self.doors.asked(event)
        contact = Contact(
            id=id,
            switch=switch,
            leg=event.uuid,
            number=event.caller_number[:64],
            name=display(event.caller_name, 128),
            destination=event.destination[:64],
            began_at=began_at,
            direction="outbound" if event.variable("fsorch_attempt") else "inbound",
            language=self._language(event),
            priority=asked.priority,
            skills=asked.skills,
            tenant=asked.tenant,
            on_full=asked.on_full,
        )
        self.core.contacts[id] = contact
        self.waiting.tenants.take(contact)
        self.notices.note(contact, event)
        self.legs.own(switch, event, "customer", id, "")
        return contact

    def _language(self, event: Event) -> str:
        """In which the caller is spoken to; it is kept on the leg, so that a restart knows it."""
        asked = event.variable("fsorch_language") or ""
        return asked if LANGUAGE.fullmatch(asked) else self.core.centre.language

    def due(self, what: str, id: str) -> None:
        """A deadline of a contact: ``arrive``, ``prompt`` or ``orphan``."""
        contact = self.core.contacts.get(id)
        if contact is None:
            return
        if what == "arrive":
            self._answer_known(contact)
        elif what == "orphan" and contact.machine.state is ContactState.TALKING:
            self.surveys.left(contact)

    def before_bridge(self, contact: Contact) -> None:
        """An agent's phone is picked up; the caller is joined to it next."""
        self.guards.disarm(contact)
        self.waiting.before_bridge(contact)

    def _left_to_dialplan(self, event: Event) -> bool:
        """Whether the dialplan has taken over a caller of ours: our mark, or our sign of life, came too late."""
        leg = self.core.legs.get(event.uuid)
        if leg is None or leg.role != "customer" or not served_alone(event):
            return False
        contact = self.core.contacts.get(leg.contact)
        if contact is not None and contact.leg == leg.uuid:
            self.guards.let_go(contact)
        return True

    def ghost_due(self, uuid: str) -> None:
        """The hangup of a leg that the switch does not have never came."""
        leg = self.core.legs.get(uuid)
        if leg is not None:
            self.lose(leg)

    def lose(self, leg: Leg, why: str = "", at: int = 0) -> None:
        """The switch does not have this leg any more and its end was never heard of; ``why`` and ``at``: the cause of
        its end, and its contact's, and when that was (UTC microseconds), where they are known."""
        contact = self.core.contacts.get(leg.contact)
        if contact is not None:
            contact.cause, contact.lost_at = why, at
        self._gone(leg, "", at)
        leg.row = msgspec.structs.replace(leg.row, cause=leg.row.cause or why)
        self.legs.forget(leg, None)

    def noted(self, leg: Leg, note: AwayNote) -> None:
        """The switch does not have this leg any more, and has noted how the call ended, which may have been with the
        switch alone."""
        contact = self.core.contacts.get(leg.contact)
        if contact is not None and contact.leg == leg.uuid:
            if not note.alone:
                self._joined_unheard(contact, note.bridged_at)
            contact.lost_at = note.ended_at
            if note.alone:
                self.guards.let_go(contact)
            else:
                talked = contact.machine.state is ContactState.TALKING
                contact.ended_by = contact.ended_by or note.ended_by(talked=talked)
                self._gone(leg, note.cause)
        else:
            self._left_at(leg, contact, note.ended_at, note.cause)
        self.legs.noted(leg, note)

    def _left_at(self, leg: Leg, contact: Contact | None, at: int, cause: str) -> None:
        """A leg has ended before now; a contact that outlives it has its further moments itself."""
        if contact is not None:
            contact.lost_at = at
        if (dial := self.core.dials.get(leg.uuid)) is not None:
            dial.ended_at = at
        self._gone(leg, cause, at)
        if contact is not None and contact.machine.state is not ContactState.ENDED:
            contact.lost_at = 0

    def _joined_unheard(self, contact: Contact, at: int) -> None:
        """Our command may have joined a caller who is gone to the phone that was picked up for them."""
        for offer in [self.core.offers[id] for id in contact.offers_open]:
            if self.offers.picked_up(offer) and at >= offer.made_at:
                contact.joined_at = at
                self.offers.step(offer, OfferInput.BRIDGED)
                contact.joined_at = 0
                return

    # -- events ---------------------------------------------------------------------------------------------------

    def _created(self, switch: str, event: Event) -> None:
        self._agent_offer(event)

    def _parked(self, switch: str, event: Event) -> None:
        leg = self.core.legs.get(event.uuid)
        if leg is None:
            marked = event.variable("fsorch_entry") or event.variable("fsorch_flow") or event.variable("fsorch_queue")
            ours = event.variable("fsorch_contact") or event.variable("fsorch_fallback")
            if marked and not ours and event.direction == "inbound" and not self.legs.has_ended(event.uuid):
                self.arrive(switch, event)
        elif leg.role != "customer":
            offer, contact = self._agent_offer(event), self.core.contacts.get(leg.contact)
            if leg.standing:
                self.people.lines.heard(leg, LineInput.PARKED)
                offer = None
            if offer is not None:
                self.offers.step(offer, OfferInput.ANSWERED)
            elif contact is not None:
                self.transfers.parked(leg, contact)
        else:
            contact = self.core.contacts.get(leg.contact)
            if contact is None or self.transfers.parked(leg, contact) or self.callbacks.answered(leg):
                return
            talks = contact.machine.state is ContactState.TALKING and contact.leg == leg.uuid
            if talks and not self.surveys.parked(contact):
                self.step(contact, ContactInput.REJOIN)

    def _progress(self, switch: str, event: Event) -> None:
        offer = self._agent_offer(event)
        if offer is not None:
            self.offers.step(offer, OfferInput.RINGING)

    def _answered(self, switch: str, event: Event) -> None:
        leg = self.core.legs.get(event.uuid)
        if leg is None:
            return
        if self._left_to_dialplan(event):
            return
        leg.answered = True
        leg.row = msgspec.structs.replace(leg.row, answered_at=event.answered_time or self.core.now.wall)
        if leg.role != "customer":
            offer = self._agent_offer(event)
            self.supervising.answered(leg)
            if offer is not None and not offer.aside and not event.variable("fsorch_confirm"):
                self.waiting.hush(offer)
            return
        contact = self.core.contacts.get(leg.contact)
        if contact is not None:
            self._answer_known(contact)

    def _bridged(self, switch: str, event: Event) -> None:
        a, b = self.core.legs.get(event.bridge_a), self.core.legs.get(event.bridge_b)
        if a is None or b is None:
            self.endings.bridged(a.contact if a is not None else "")
            return
        now = self.core.now.wall
        a.row = msgspec.structs.replace(a.row, peer=b.uuid, bridged_at=a.row.bridged_at or now)
        b.row = msgspec.structs.replace(b.row, peer=a.uuid, bridged_at=b.row.bridged_at or now)
        for leg in (a, b):
            if leg.standing:
                self.people.lines.heard(leg, LineInput.BRIDGED)
        contact = self.core.contacts.get(a.contact)
        if contact is not None and (contact.transfer is not None or contact.room is not None):
            self.transfers.bridged(contact, (a.uuid, b.uuid))
            return
        offer = self._offer_of(a if a.role == "agent" else b)
        if offer is not None:
            self.offers.step(offer, OfferInput.BRIDGED)

    def _held(self, event: Event, on: bool) -> None:
        leg = self.core.legs.get(event.uuid)
        contact = self.core.contacts.get(leg.contact) if leg else None
        if contact is None or contact.machine.state is not ContactState.TALKING or contact.held is on:
            return
        if contact.transfer is not None or contact.room is not None:
            return
        contact.held = on
        kind = SegmentKind.HOLD if on else SegmentKind.TALK
        self.records.begin(contact, kind, agent=contact.agent, leg=contact.agent_leg)
        self.core.fact(FactKind.HOLD_CHANGED, contact, agent=contact.agent, leg=event.uuid, on=on)

    def _hung_up(self, switch: str, event: Event) -> None:
        leg = self.core.legs.get(event.uuid)
        self._left_to_dialplan(event)
        if leg is not None:
            offer = self._offer_of(leg)
            if offer is not None:
                offer.dnd = dnd.refused(event)
            if self.core.happened_at:
                self._left_at(leg, self.core.contacts.get(leg.contact), self.core.happened_at, ending(event))
            else:
                self._gone(leg, ending(event))

    def _hangup_complete(self, switch: str, event: Event) -> None:
        leg = self.core.legs.get(event.uuid)
        if leg is None:
            self.legs.stray(switch, event)
            return
        self._gone(leg, ending(event))
        self.legs.forget(leg, event)

    def _destroyed(self, switch: str, event: Event) -> None:
        leg = self.core.legs.get(event.uuid)
        if leg is not None and leg.seen:
            self._gone(leg, ending(event))
            self.legs.forget(leg, None)

    def _executed(self, switch: str, event: Event) -> None:
        leg = self.core.legs.get(event.uuid)
        if self._left_to_dialplan(event):
            return
        contact = self.core.contacts.get(leg.contact) if leg else None
        self.notices.heard(event)
        if leg is not None and leg.standing:
            self.people.lines.alerted(leg, event.application_uuid)
            self.supervising.silent(leg, event)
        if contact is not None:
            self.transfers.heard(contact, event.application_uuid)
        if contact is None or self.waiting.said(contact, event) or self.questions.heard(contact, event):
            return
        if event.application_uuid != contact.running or not contact.running or self.voicemail.heard(contact, event):
            return
        contact.running = ""
        if contact.ask is not None:
            self.flows.heard(contact, event)
        elif contact.sent_to:
            self.endings.executed(contact, event)
        elif contact.machine.state in (ContactState.WAITING, ContactState.OFFERED):
            self.music.ended(contact, self._bridging(contact))
        elif self.transfers.plays_music(contact):
            self.music.ended(contact, False)

    def _pressed(self, switch: str, event: Event) -> None:
        leg = self.core.legs.get(event.uuid)
        contact = self.core.contacts.get(leg.contact) if leg is not None and leg.role == "customer" else None
        if contact is not None and contact.machine.state is ContactState.FLOW:
            self.flows.pressed(contact, event.dtmf_digit)
        else:
            self.waiting.pressed(switch, event)

    def _job(self, switch: str, event: Event) -> None:
        result = job_result(event)
        leg = self.core.legs.get(self.core.jobs.pop(result.job_uuid, ""))
        if leg is None:
            return
        offer = self._offer_of(leg)
        if not result.ok and not leg.seen:
            self.legs.drop(leg)
        elif not result.ok and not leg.hung_up:
            # Its hangup is on the way; should it never come, the leg must not keep its agent from the next contact.
            self.core.timers.set(("leg", leg.uuid), self.core.now.mono + HANGUP_GRACE_S)
        self.callbacks.dialled(leg, result)
        dial = self.core.dials.get(leg.uuid)
        if dial is not None:
            self.dial_job(dial, result)
        if offer is not None and not (leg.standing and result.ok):
            # A standing call that was waited for is there when it is parked.
            self.offers.dialled(offer, result)
        if leg.standing and not result.ok:
            self.people.lines.heard(leg, LineInput.GONE)

    # -- effects --------------------------------------------------------------------------------------------------

    def _go_back(self, contact: Contact) -> None:
        if contact.direction == "outbound" and not contact.leg:
            # Their agent is gone before they were called.
            self.dial_left(contact)
            return
        self.queueing.go_back(contact)

    def _begin_talk(self, contact: Contact) -> None:
        core = self.core
        self.music.hush(contact)
        self.guards.disarm(contact)
        self.questions.drop(contact)
        at, contact.joined_at = contact.joined_at or core.now.wall, 0
        contact.connected_at = at
        queue = core.queues.get(contact.queue)
        if not contact.answered_at:
            contact.answered_at = at
            self.waiting.answered(contact)
            if queue is not None:
                queue.answered += 1
                within = contact.answered_at - contact.enqueued_at <= queue.spec.service_level_s * 1_000_000
                queue.within += within
        self.records.begin(contact, SegmentKind.TALK, at, agent=contact.agent, leg=contact.agent_leg)
        self.waiting.bridged(contact)
        self.waiting.left(contact)
        self.surveys.talk_began(contact)
        self.callbacks.again.talks(contact)
        core.fact(
            FactKind.BRIDGED,
            contact,
            agent=contact.agent,
            leg=contact.leg,
            customer_leg=contact.leg,
            agent_leg=contact.agent_leg,
            answered_at=contact.answered_at,
        )
        if contact.direction == "outbound":
            self.dial_served(contact)

    def _talk_to_queue(self, contact: Contact) -> None:
        self._release_agent(contact)
        contact.agent = contact.agent_leg = contact.ended_by = ""
        self.core.timers.cancel(("orphan", contact.id))
        self.transfers.landed(contact)
        self.queueing.join(contact)

    def _end_unserved(self, contact: Contact) -> None:
        if contact.session is not None and not contact.answered_at:
            self.journey.hung_up(contact)
        self._end(contact, ContactOutcome.LEFT_FLOW)

    def _end_aside(self, contact: Contact) -> None:
        self.voicemail.gone(contact)
        self._end(contact, ContactOutcome.ABANDONED)

    def _leave_flow(self, contact: Contact) -> None:
        self.flows.leave(contact)
        self.records.end(contact)

    def _leave_queue(self, contact: Contact) -> None:
        self.core.distributor.leave(contact.id)
        self._abandon(contact)

    def _withdraw_and_leave(self, contact: Contact) -> None:
        self.offers.withdraw_all(contact)
        self._abandon(contact)

    def _abandon(self, contact: Contact) -> None:
        queue = self.core.queues.get(contact.queue)
        # Who was to be called and was not reached has given up nothing; the reports count the same way.
        if queue is not None and not contact.answered_at and contact.outcome in (None, ContactOutcome.ABANDONED):
            queue.abandoned += 1
            self.waiting.abandoned(contact)
        self._end(contact, ContactOutcome.ABANDONED)

    def _end_talk(self, contact: Contact) -> None:
        self.transfers.customer_gone(contact)
        self._release_agent(contact)
        leg = self.core.legs.get(contact.agent_leg)
        if leg is not None and not leg.hung_up and not leg.standing:
            self.core.timers.set(("leg", leg.uuid), self.core.now.mono + HANGUP_GRACE_S)
        self._end(contact, ContactOutcome.ANSWERED)

    def _end(self, contact: Contact, outcome: ContactOutcome) -> None:
        # Who was served was answered, whatever came after; who vanished unseen before that was lost (see _gone).
        served = ContactOutcome.ANSWERED if contact.answered_at else None
        contact.outcome = served or contact.outcome or outcome
        for what in CONTACT_TIMERS:
            self.core.timers.cancel((what, contact.id))
        self.waiting.left(contact)
        self.records.contact_ended(contact)
        self.supervising.contact_over(contact)
        self.core.contacts.pop(contact.id, None)
        self.callbacks.again.over(contact)

    # -- legs -----------------------------------------------------------------------------------------------------

    def _gone(self, leg: Leg, cause: str, at: int = 0) -> None:
        if leg.hung_up:
            return
        leg.hung_up = True
        contact = self.core.contacts.get(leg.contact)
        at = at or (contact.lost_at if contact is not None else 0) or self.core.now.wall
        leg.row = msgspec.structs.replace(leg.row, cause=cause, hungup_at=at)
        self.core.timers.set(("leg", leg.uuid), self.core.now.mono + HANGUP_GRACE_S)
        known = contact or leg.contact
        self.core.fact(FactKind.CALL_HUNG_UP, known, agent=leg.agent, leg=leg.uuid, who=leg.role, cause=cause)
        if leg.role != "customer":
            self._agent_gone(leg, contact, cause)
            if leg.standing:
                self.people.lines.heard(leg, LineInput.GONE)
        elif contact is not None:
            if contact.leg != leg.uuid:
                self.callbacks.lost(leg, cause)
            else:
                self._customer_gone(contact, cause)
        if leg.uuid in self.core.dials:
            self.dial_gone(leg, cause)

    def _customer_gone(self, contact: Contact, cause: str) -> None:
        contact.cause = cause or contact.cause
        if cause and self.surveys.awaits(contact) and not contact.left_alone:
            # Their leg outlives the agent's hangup, of which the switch may tell first (capture 16): it was theirs.
            contact.ended_by = "customer"
        contact.ended_by = contact.ended_by or ("customer" if cause else "system")
        if not cause and not contact.answered_at:
            contact.outcome = ContactOutcome.LOST
        self.step(contact, ContactInput.GONE)

    def _agent_gone(self, leg: Leg, contact: Contact | None, cause: str) -> None:
        offer = self._offer_of(leg)
        if offer is not None:
            self.offers.step(offer, OfferInput.FAILED, cause)
        elif contact is not None and self.transfers.leg_gone(contact, leg):
            return
        elif contact is not None and contact.agent_leg == leg.uuid:
            contact.ended_by = contact.ended_by or ("agent" if cause else "system")
            self._release_agent(contact)
            self.core.timers.set(("orphan", contact.id), self.core.now.mono + HANGUP_GRACE_S)
            self.surveys.agent_gone(contact, cause)

    def _release_agent(self, contact: Contact) -> None:
        """The talk is over for the agent: talk time ends here, wrap-up begins."""
        self.records.end(contact)
        leg = self.core.legs.get(contact.agent_leg)
        if contact.muted and leg is not None:
            self.people.heard_again(leg)
        contact.held = contact.muted = False
        if leg is not None:
            self.supervising.talk_over(leg)
        person = self.core.people.get(contact.agent)
        if person is not None and person.contact == contact.id:
            talked_us = max(0, self.core.now.wall - contact.connected_at)
            person.talked_us += talked_us
            self.people.call_ended(person, contact.id, contact.queue)
            self.waiting.talked(contact.queue, person, talked_us)

    def _agent_offer(self, event: Event) -> Offer | None:
        """The offer whose phone this leg is; a leg that shows itself after the verdict is killed (no zombie calls)."""
        leg = self.core.legs.get(event.uuid)
        if leg is None or leg.role == "customer" or leg.hung_up:
            return None
        offer = self._offer_of(leg)
        contact = self.core.contacts.get(leg.contact)
        if offer is None and (contact is None or contact.agent_leg != leg.uuid) and not self._owned(leg):
            self.legs.kill(leg)
        return offer

    def _owned(self, leg: Leg) -> bool:
        return leg.standing or self.transfers.owns(leg) or self.supervising.owns(leg)

    def _offer_of(self, leg: Leg) -> Offer | None:
        return self.core.offers.get(leg.offer)

    def _bridging(self, contact: Contact) -> bool:
        if any(self.core.offers[id].machine.state is OfferState.BRIDGING for id in contact.offers_open):
            return True
        return self.waiting.hushed(contact) and bool(contact.offers_open)

    # -- the flow -------------------------------------------------------------------------------------------------

    def _answer_known(self, contact: Contact) -> None:
        self.core.timers.cancel(("arrive", contact.id))
        if contact.machine.state is ContactState.ARRIVED and contact.queue:
            self.step(contact, ContactInput.QUEUE)
        else:
            self.step(contact, ContactInput.ANSWERED)
