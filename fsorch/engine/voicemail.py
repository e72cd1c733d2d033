"""Voicemail: a caller leaves a message, and the message waits for an agent like a caller.

The switch records into ``<dir>/<contact>.wav``, where the contact is the message's own, so that the name holds nothing
a caller could choose. A message is a contact without a leg: it stands in the line of its queue from when it was left,
is offered on the desktop (no phone rings), and is over when the agent says so. A caller whose message cannot be
recorded hears that, and goes back to the place they had; the second time they are asked to call again.
"""

from __future__ import annotations

from collections.abc import Callable

from fsorch.acd import ContactInput, ContactState
from fsorch.belongings import fits
from fsorch.clock import US
from fsorch.engine.core import Core
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import BegunMessage, OpenContact
from fsorch.engine.music import Music
from fsorch.engine.records import Records
from fsorch.engine.rows import ContactRow
from fsorch.engine.state import Contact, Message
from fsorch.engine.tenants import first_queue
from fsorch.errors import RequestRefused
from fsorch.esl.commands import Break, Execute, Kill, Playback, Record, SetVars
from fsorch.esl.events import Event
from fsorch.names import ContactOutcome, SegmentKind

__all__ = ["VOICEMAIL", "Voicemail"]

VOICEMAIL = "voicemail"
# The end of the music is told within milliseconds of the order (capture 08); past this the prompt begins anyway.
BREAK_GRACE_S = 1.0
PROMPT_LIMIT_S = 60.0
# On the leg of a caller who speaks: the message, its recording, since when, its queue; or that it is left.
MARK = "fsorch_message"
LEFT = "left"
# A restart in the thanks for a message lets them come to their end.
THANKED_S = 3.0
# Sound below this energy is silence to the record application (capture 18).
THRESHOLD = 200
# What tells callers that it begins: the prompt says that they are to speak after the tone.
TONE = "tone_stream://%(400,100,640)"


class Voicemail:
    """Takes messages. ``step_contact`` moves a contact."""

    def __init__(self, core: Core, records: Records, music: Music) -> None:
        self.core = core
        self.records = records
        self.music = music
        self.step_contact: Callable[[Contact, ContactInput], None]
        self._next: dict[str, Callable[[Contact, Message, Event | None], None]] = {
            "music": self._ask,
            "prompt": self._ready,
            "tone": self._record,
            "record": self._recorded,
            "sorry": self._go_back,
            "farewell": self._hang_up,
        }

    def take(self, contact: Contact, queue: str = "", prompt: str = "", *, greeted: bool = False) -> None:
        """Ask a caller who waits, or is in the flow, for a message to ``queue`` (empty: the one they wait in).
        ``greeted``: they know what to do, so that no more than a tone asks them.

        Raises RequestRefused when they talk or are gone, or nobody would be there to hear it."""
        if not contact.leg or not contact.machine.allows(ContactInput.STEP_OUT):
            raise RequestRefused("the contact", contact.machine.state.value, "leave a message")
        failures = contact.message.failures if contact.message is not None else 0
        for_queue = self.queue_for(contact, queue)
        if contact.tenant and not for_queue:
            raise RequestRefused("the contact", contact.machine.state.value, "leave a message", "no queue is for them")
        self.step_contact(contact, ContactInput.STEP_OUT)
        asked = TONE if greeted else prompt or "leave_message"
        contact.message = message = Message(self.core.ids(), for_queue, asked, failures)
        self.records.begin(contact, SegmentKind.VOICEMAIL, queue=for_queue)
        if contact.running:
            # What is sent now would run inside the music: it ends first.
            self.core.send(contact.switch, Break(contact.leg))
            self._await(contact, "music", BREAK_GRACE_S)
        else:
            self._ask(contact, message, None)

    def queue_for(self, contact: Contact, queue: str) -> str:
        """The queue that a message of this caller is for: ``queue``, the one they wait in, or the first there is for
        them; empty: there is none."""
        if queue in self.core.queues and fits(contact.tenant, self.core.tenancy.of_queue(queue)):
            return queue
        return contact.queue or first_queue(self.core, contact.tenant)

    def heard(self, contact: Contact, event: Event) -> bool:
        """The end of an application on the caller's leg; False when no message is being taken."""
        message = contact.message
        if message is None or contact.machine.state is not ContactState.ASIDE:
            return False
        contact.running, message.broke = "", False
        self._next[message.step](contact, message, event)
        return True

    def due(self, id: str) -> None:
        """What should have ended by now has not been heard of: it is ended, and when that is not heard of either, the
        next is sent all the same."""
        contact = self.core.contacts.get(id)
        if contact is None or contact.message is None or contact.machine.state is not ContactState.ASIDE:
            return
        message = contact.message
        if contact.running and message.step != "music" and not message.broke:
            message.broke = True
            self.core.send(contact.switch, Break(contact.leg))
            self.core.timers.set(("voicemail", contact.id), self.core.now.mono + BREAK_GRACE_S)
            return
        message.broke = False
        self._next[message.step](contact, message, None)

    def gone(self, contact: Contact) -> None:
        """The caller has hung up: what has been said so far is the message."""
        message, spec = contact.message, self.core.centre.voicemail
        self.core.timers.cancel(("voicemail", contact.id))
        if message is None or spec is None or message.step != "record":
            return
        lasted_us = self.core.now.wall - message.began_at
        if lasted_us >= spec.least_s * US:
            contact.outcome = contact.outcome or ContactOutcome.VOICEMAIL
            self._deliver(contact, BegunMessage(message.id, message.queue, message.began_at), lasted_us)

    def _await(self, contact: Contact, step: str, limit_s: float) -> None:
        if contact.message is not None:
            contact.message.step = step
        self.core.timers.set(("voicemail", contact.id), self.core.now.mono + limit_s)

    def _play(self, contact: Contact, prompt: str, step: str) -> None:
        contact.running = self.core.ids()
        path = prompt if prompt == TONE else self.music.prompt(contact.switch, prompt, contact.language)
        self.core.send(contact.switch, SetVars(contact.leg, (("playback_terminators", "#"),)))
        self.core.send(contact.switch, Playback(contact.leg, path, contact.running), f"message:{contact.id}")
        self._await(contact, step, PROMPT_LIMIT_S)

    def _ask(self, contact: Contact, message: Message, event: Event | None) -> None:
        if self.core.centre.voicemail is None:
            self._failed(contact, message)
        else:
            self._probe(contact, self.core.centre.voicemail.file_of(message.id))
            self._play(contact, message.prompt, "prompt")

    def _probe(self, contact: Contact, path: str) -> None:
        """Whether the switch can write there: its record application would hang the caller up with
        DESTINATION_OUT_OF_ORDER when it cannot. The answer comes while the prompt plays."""
        self.core.send(contact.switch, Record(contact.leg, "start", path), f"probe:{contact.id}")
        self.core.send(contact.switch, Record(contact.leg, "stop", path))

    def cannot_record(self, id: str) -> None:
        """The switch has refused to record for this contact."""
        contact = self.core.contacts.get(id)
        if contact is not None and contact.message is not None:
            contact.message.unwritable = True

    def _ready(self, contact: Contact, message: Message, event: Event | None) -> None:
        if message.unwritable or message.prompt == TONE:
            self._record(contact, message, event)
        else:
            self._play(contact, TONE, "tone")

    def _record(self, contact: Contact, message: Message, event: Event | None) -> None:
        core, spec = self.core, self.core.centre.voicemail
        if spec is None or message.unwritable:
            self._failed(contact, message)
            return
        contact.running, message.began_at = core.ids(), core.now.wall
        # What a recording that fails leaves as it was must not look like a success.
        mark = f"{message.id} {contact.running} {message.began_at} {message.queue}"
        fresh = (("playback_terminators", "any"), ("record_ms", ""), (MARK, mark))
        core.send(contact.switch, SetVars(contact.leg, fresh))
        core.fact(FactKind.RECORDING_CHANGED, contact, queue=message.queue, message=message.id, on=True)
        argument = f"{spec.file_of(message.id)} {round(spec.limit_s)} {THRESHOLD} {round(spec.silence_s)}"
        core.send(contact.switch, Execute(contact.leg, "record", argument, contact.running), f"message:{contact.id}")
        self._await(contact, "record", spec.limit_s + BREAK_GRACE_S)

    def _recorded(self, contact: Contact, message: Message, event: Event | None) -> None:
        spec = self.core.centre.voicemail
        text = (event.variable("record_ms") if event is not None else None) or ""
        lasted_us = int(text) * 1000 if text.isascii() and text.isdigit() and len(text) < 10 else 0
        silent = event is not None and event.variable("silence_hits_exhausted") == "true"
        # Ended by silence, it has as much of that at its end: who said nothing has left no message.
        spoken_us = lasted_us - (round(spec.silence_s) * US if silent and spec is not None else 0)
        if spec is None or spoken_us < spec.least_s * US:
            self._over(contact, message, "")
            self._failed(contact, message)
            return
        self._over(contact, message, LEFT)
        contact.outcome = contact.outcome or ContactOutcome.VOICEMAIL
        self._deliver(contact, BegunMessage(message.id, message.queue, message.began_at), lasted_us)
        self._play(contact, "thanks", "farewell")

    def _over(self, contact: Contact, message: Message, mark: str) -> None:
        """The caller does not speak any more; ``mark``: what a restart of ours is to know of that."""
        self.core.send(contact.switch, SetVars(contact.leg, ((MARK, mark),)))
        self.core.fact(FactKind.RECORDING_CHANGED, contact, queue=message.queue, message=message.id, on=False)

    def _failed(self, contact: Contact, message: Message) -> None:
        message.failures += 1
        self.core.fact(FactKind.MESSAGE_FAILED, contact, queue=message.queue, tries=message.failures)
        if message.failures > 1:
            self._play(contact, "call_again", "farewell")
        else:
            self._play(contact, "not_recorded", "sorry")

    def _go_back(self, contact: Contact, message: Message, event: Event | None) -> None:
        self.core.timers.cancel(("voicemail", contact.id))
        self.step_contact(contact, ContactInput.QUEUE)

    def _hang_up(self, contact: Contact, message: Message, event: Event | None) -> None:
        contact.ended_by = contact.ended_by or "system"
        self._await(contact, "farewell", PROMPT_LIMIT_S)
        self.core.send(contact.switch, Kill(contact.leg, "NORMAL_CLEARING"), f"kill:{contact.leg}")

    def _deliver(self, caller: Contact | ContactRow, message: BegunMessage, lasted_us: int) -> None:
        core = self.core
        one = Contact(
            id=message.id,
            switch=caller.switch,
            leg="",
            number=caller.number,
            name=caller.name,
            destination=caller.destination,
            began_at=core.now.wall,
            priority=caller.priority if isinstance(caller, Contact) else 0,
            medium=VOICEMAIL,
            queue=message.queue,
            tenant=caller.tenant,
        )
        one.message_us = lasted_us
        core.contacts[one.id] = one
        self.records.contact_began(one)
        core.fact(FactKind.MESSAGE_LEFT, one, caller=caller.id, lasted_us=lasted_us)
        self.step_contact(one, ContactInput.QUEUE)

    # -- after a restart, and after a cut -----------------------------------------------------------------------------

    def take_up(self, contact: Contact, event: Event) -> bool:
        """A caller of an earlier life who was leaving a message, and goes on, or has come to its end meanwhile, or had
        left it. False: they were not."""
        mark, spec = event.variable(MARK) or "", self.core.centre.voicemail
        parts = mark.split(" ", 3)
        if spec is None or (mark != LEFT and (len(parts) < 4 or not parts[2].isdecimal())):
            return False
        contact.machine.step(ContactInput.QUEUE if contact.queue else ContactInput.ANSWERED)
        contact.machine.step(ContactInput.STEP_OUT)
        if mark == LEFT:
            contact.message = Message("", contact.queue, "", step="farewell")
            contact.outcome = ContactOutcome.VOICEMAIL
            self.records.begin(contact, SegmentKind.VOICEMAIL, queue=contact.queue)
            self._await(contact, "farewell", THANKED_S)
            return True
        contact.message = message = Message(parts[0], parts[3], "leave_message", step="record")
        message.began_at = min(int(parts[2]), self.core.now.wall)
        self.records.begin(contact, SegmentKind.VOICEMAIL, queue=message.queue)
        contact.running = parts[1]
        left_s = spec.limit_s - (self.core.now.wall - message.began_at) / US
        self._await(contact, "record", max(0.0, left_s) + BREAK_GRACE_S)
        self.renew(contact, event)
        return True

    def renew(self, contact: Contact, event: Event) -> None:
        """The caller's leg as it is after a cut: the recording may have ended in it."""
        message = contact.message
        speaks = event.variable("current_application") == "record"
        if message is None or message.step != "record":
            return
        if not speaks or event.variable("current_application_response"):
            contact.running, message.broke = "", False
            self._recorded(contact, message, event)

    def left_before(self, known: OpenContact, until: int) -> bool:
        """A caller of an earlier life who spoke has hung up, by ``until`` (UTC microseconds) at the latest: what they
        had said by then is the message. Whether there is one."""
        message, spec = known.message, self.core.centre.voicemail
        if message is None or spec is None or message.id in self.core.contacts:
            return False
        lasted_us = until - message.at
        if lasted_us < spec.least_s * US:
            return False
        self._deliver(known.row, message, lasted_us)
        return True
