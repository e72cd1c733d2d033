"""What ends a wait: to another queue, back into a flow, to a number, a message, the end of the call, or a door that
another part opens (a message left, a callback).

Nobody falls into nothing: what cannot be carried out leaves the caller where they wait, and is a fact with its
trouble.
"""

from __future__ import annotations

from collections.abc import Callable

from fsorch.acd import ContactInput, ContactState
from fsorch.belongings import fits
from fsorch.engine.core import Core
from fsorch.engine.facts import FactKind
from fsorch.engine.music import Music
from fsorch.engine.offers import HANGUP_GRACE_S
from fsorch.engine.records import Records
from fsorch.engine.state import Contact
from fsorch.esl.commands import Break, Execute, Kill, Playback, SetVars
from fsorch.esl.events import Event
from fsorch.names import ContactOutcome, SegmentKind
from fsorch.rules import OfferCallback, Overflow, OverflowTo, Voicemail

__all__ = ["Endings"]

# A message that has not ended by then, and a number that has not answered, will not.
MESSAGE_LIMIT_S = 180.0
NUMBER_LIMIT_S = 90.0
NUMBER_RING_S = 45
# Rules that send callers to and fro end here: the caller stays.
HOPS = 5

Way = Overflow | Voicemail | OfferCallback


class Endings:
    """Carries out the ends of waits. ``doors``: who takes a caller for an action that is not ours, and whether they
    did; they step the contact out themselves. ``line_up`` puts a contact into the line of its queue, ``start_flow``
    at the beginning of its flow."""

    def __init__(
        self,
        core: Core,
        records: Records,
        music: Music,
        step_contact: Callable[[Contact, ContactInput], None],
        line_up: Callable[[Contact, bool], None],
        start_flow: Callable[[Contact], None],
    ) -> None:
        self.core = core
        self.records = records
        self.music = music
        self.step_contact = step_contact
        self.line_up = line_up
        self.start_flow = start_flow
        # Told of each contact that leaves a line for good.
        self.left: Callable[[Contact], None]
        # Told of each contact that is about to be joined to somebody.
        self.before_talk: Callable[[Contact], None]
        self.doors: dict[type[Way], Callable[[Contact, Way], bool]] = {}
        self._ways: dict[OverflowTo, Callable[[Contact, str], str]] = {
            OverflowTo.QUEUE: self._to_queue,
            OverflowTo.FLOW: self._to_flow,
            OverflowTo.NUMBER: self._to_number,
            OverflowTo.MESSAGE: self._to_message,
            OverflowTo.HANGUP: self._to_hangup,
        }

    def end(self, contact: Contact, way: Way, case: str, why: str) -> bool:
        """End the wait (or the flow) of a contact. False: it could not be done and nothing has changed."""
        fields = {"act": str(way.__struct_config__.tag), "case": case, "why": why}
        if isinstance(way, Overflow):
            fields |= {"to": way.to.value, "name": way.name}
        queue = contact.queue
        trouble = self._walk(contact, way)
        if isinstance(way, OfferCallback) and not trouble:
            # Only asked so far; what comes of it is told by who asks.
            return True
        kind = FactKind.WAIT_NOT_ENDED if trouble else FactKind.WAIT_ENDED
        if trouble:
            fields["trouble"] = trouble
        self.core.fact(kind, contact, leg=contact.leg, queue=queue, **fields)
        return not trouble

    def _walk(self, contact: Contact, way: Way) -> str:
        """Carry it out; what hindered it, or nothing."""
        if contact.hops >= HOPS and isinstance(way, Overflow) and way.to in (OverflowTo.QUEUE, OverflowTo.FLOW):
            return f"the caller has been sent on {contact.hops} times"
        if isinstance(way, Overflow):
            return self._ways[way.to](contact, way.name)
        door = self.doors.get(type(way))
        if door is None or not door(contact, way):
            return "nothing takes callers for that"
        return ""

    # -- ways -----------------------------------------------------------------------------------------------------

    def _to_queue(self, contact: Contact, name: str) -> str:
        if name not in self.core.queues:
            return f"there is no queue {name}"
        if not fits(contact.tenant, self.core.tenancy.of_queue(name)):
            return f"the queue {name} is another tenant's"
        if name == contact.queue and contact.machine.state is ContactState.WAITING:
            return "the caller is in this queue already"
        contact.hops += 1
        if contact.machine.state is ContactState.WAITING:
            self._change_queue(contact, name)
        else:
            contact.queue = name
            self.step_contact(contact, ContactInput.QUEUE)
        return ""

    def _to_flow(self, contact: Contact, name: str) -> str:
        if name not in self.core.flows:
            return f"there is no flow {name}"
        if not fits(contact.tenant, self.core.tenancy.of_flow(name)):
            return f"the flow {name} is another tenant's"
        contact.hops += 1
        contact.flow, contact.admitted = name, False
        self.step_contact(contact, ContactInput.TO_FLOW)
        return ""

    def _to_number(self, contact: Contact, name: str) -> str:
        core = self.core
        if not core.centre.outside:
            return "the centre has no outside"
        own = f"{{fsorch_contact={contact.id},fsorch_role=other,originate_timeout={NUMBER_RING_S}}}"
        self._outside(contact, "number", NUMBER_LIMIT_S)
        self.before_talk(contact)
        marks = (("hangup_after_bridge", "true"), ("continue_on_fail", "true"), ("fsorch_outside", "number"))
        core.send(contact.switch, SetVars(contact.leg, marks))
        core.send(contact.switch, Break(contact.leg))
        dialled = own + core.centre.outside.replace("{number}", name)
        contact.running = core.ids()
        core.send(contact.switch, Execute(contact.leg, "bridge", dialled, contact.running), f"outside:{contact.id}")
        return ""

    def _to_message(self, contact: Contact, name: str) -> str:
        core = self.core
        self._outside(contact, "message", MESSAGE_LIMIT_S)
        contact.running = core.ids()
        path = self.music.prompt(contact.switch, name, contact.language)
        core.send(contact.switch, Playback(contact.leg, path, contact.running), f"outside:{contact.id}")
        return ""

    def hang_up(self, contact: Contact) -> None:
        """A flow has come to its stated end."""
        self.step_contact(contact, ContactInput.STEP_OUT)
        contact.sent_to = "hangup"
        self._hang_up(contact)

    def _to_hangup(self, contact: Contact, name: str) -> str:
        self._outside(contact, "hangup", 0.0)
        self._hang_up(contact)
        return ""

    def _outside(self, contact: Contact, what: str, limit_s: float) -> None:
        self.step_contact(contact, ContactInput.STEP_OUT)
        contact.sent_to, contact.outcome = what, ContactOutcome.OVERFLOWED
        self.records.begin(contact, SegmentKind.IVR)
        if limit_s > 0:
            self.core.timers.set(("outside", contact.id), self.core.now.mono + limit_s)

    def return_to_flow(self, contact: Contact) -> None:
        """Out of the line, and the music stops; the enqueue time is kept for the queue the flow leads to."""
        core = self.core
        contact.left_line_at = core.now.wall
        core.distributor.leave(contact.id)
        self.left(contact)
        contact.queue, contact.running = "", ""
        core.send(contact.switch, SetVars(contact.leg, (("fsorch_queue", ""), ("fsorch_flow", contact.flow))))
        core.send(contact.switch, Break(contact.leg))
        self.records.begin(contact, SegmentKind.IVR)
        self.start_flow(contact)

    def _change_queue(self, contact: Contact, queue: str) -> None:
        """A contact that waits goes into another queue, with the enqueue time it has."""
        core = self.core
        before = core.queues[contact.queue].spec.music
        core.distributor.leave(contact.id)
        self.left(contact)
        contact.queue, contact.passed = queue, frozenset()
        core.queues[queue].queued += 1
        core.send(contact.switch, SetVars(contact.leg, (("fsorch_queue", queue), ("fsorch_steps", ""))))
        self.line_up(contact, True)
        if not contact.running:
            self.music.play(contact)
        elif core.queues[queue].spec.music != before:
            contact.plain_music = False
            core.send(contact.switch, Break(contact.leg))
            self.music.play(contact)

    # -- outside --------------------------------------------------------------------------------------------------

    def executed(self, contact: Contact, event: Event) -> None:
        """The message has ended, or the call to the number."""
        if contact.sent_to == "message":
            if event.application_response == "FILE NOT FOUND":
                self._stay(contact, "the message cannot be played: its file is not there")
            else:
                self._hang_up(contact)
        elif contact.sent_to == "number":
            verdict = event.variable("originate_disposition") or ""
            if verdict == "SUCCESS":
                self._hang_up(contact)
            else:
                self._stay(contact, f"the number was not reached: {verdict or 'no answer'}")

    def bridged(self, id: str) -> None:
        """A caller has been joined to a leg that is not ours: the number has answered."""
        contact = self.core.contacts.get(id)
        if contact is not None and contact.sent_to == "number":
            self.core.timers.cancel(("outside", contact.id))

    def due(self, id: str) -> None:
        """A message that does not end, or a number that does not answer."""
        contact = self.core.contacts.get(id)
        if contact is None or contact.machine.state is not ContactState.ASIDE:
            return
        if contact.sent_to == "number":
            self.core.send(contact.switch, Break(contact.leg))
            self._stay(contact, "the number did not answer in time")
        elif contact.sent_to:
            self._hang_up(contact)

    def refused(self, id: str, answer: str) -> None:
        """The switch did not take the command to play or to dial."""
        contact = self.core.contacts.get(id)
        if contact is not None and contact.sent_to and contact.machine.state is ContactState.ASIDE:
            self._stay(contact, f"the switch refused: {answer[:200]}")

    def renew(self, contact: Contact, event: Event, busy: bool) -> None:
        """After the link was cut, what is known of the leg: whether what the caller was sent to still goes on.
        ``busy``: an application runs there."""
        if event.other_leg:
            self.bridged(contact.id)
        elif contact.sent_to == "number" and not busy:
            self._stay(contact, "the call to the number ended while the link was down")
        elif contact.sent_to == "hangup" or (contact.sent_to and not busy):
            self._hang_up(contact)

    def resume(self, contact: Contact) -> None:
        """A caller of an earlier life of ours who talks to a number they were sent to."""
        contact.sent_to, contact.outcome = "number", ContactOutcome.OVERFLOWED

    def _stay(self, contact: Contact, trouble: str) -> None:
        """Back into the queue, to the place they had."""
        core, what = self.core, contact.sent_to
        core.timers.cancel(("outside", contact.id))
        contact.sent_to, contact.running, contact.outcome = "", "", None
        contact.admitted = True
        if what == "number":
            marks = (("hangup_after_bridge", ""), ("continue_on_fail", ""), ("fsorch_outside", ""))
            core.send(contact.switch, SetVars(contact.leg, marks))
        fields = {"act": "overflow", "to": what, "trouble": trouble}
        core.fact(FactKind.WAIT_NOT_ENDED, contact, leg=contact.leg, **fields)
        self.step_contact(contact, ContactInput.QUEUE)

    def _hang_up(self, contact: Contact) -> None:
        core = self.core
        core.timers.cancel(("outside", contact.id))
        contact.ended_by = contact.ended_by or "system"
        core.send(contact.switch, Kill(contact.leg, "NORMAL_CLEARING"), f"kill:{contact.leg}")
        core.timers.set(("leg", contact.leg), core.now.mono + HANGUP_GRACE_S)
