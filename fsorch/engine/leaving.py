"""How callers leave flows: into a queue, with a callback, to a message, to a number, or with a stated end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fsorch.acd import ContactInput
from fsorch.demands import joined, names_in, without
from fsorch.engine.core import Core
from fsorch.engine.endings import Endings
from fsorch.engine.facts import FactKind
from fsorch.engine.state import Contact
from fsorch.errors import RequestRefused
from fsorch.ivr import FlowSession
from fsorch.ivr.steps import End, HangUp, ToCallback, ToNumber, ToQueue, ToVoicemail
from fsorch.names import ContactOutcome
from fsorch.rules import Overflow, OverflowTo

__all__ = ["Leaving"]


class Leaving:
    """Carries out the ends of flows. What cannot be done leads to the person. ``call_back`` promises a caller who waits
    to be called at a number; ``take_message`` asks for a message to a queue (``greeted``: they know what to do)."""

    def __init__(self, core: Core, endings: Endings, step_contact: Callable[[Contact, ContactInput], None]) -> None:
        self.core = core
        self.endings = endings
        self.step_contact = step_contact
        self.call_back: Callable[[Contact, str], bool]
        self.take_message: Callable[[Contact, str, bool], None]
        self._ends: dict[type[Any], Callable[[Contact, FlowSession, Any], None]] = {
            ToQueue: self._to_queue,
            ToCallback: self._to_callback,
            ToVoicemail: self._to_voicemail,
            ToNumber: self._to_number,
            HangUp: self._hang_up,
        }

    def leave(self, contact: Contact, session: FlowSession, end: End) -> None:
        """Take a contact out of its flow."""
        self._ends[type(end)](contact, session, end)

    def to_person(self, contact: Contact, queue: str) -> None:
        """Whoever hung up on a recording and rings again."""
        self.core.fact(FactKind.FLOW_TOLD, contact, leg=contact.leg, what="left", value="queue", detail="rang again")
        self._queue(contact, queue)

    def _queue(self, contact: Contact, queue: str) -> None:
        contact.queue = queue
        # After a survey: somebody else takes it from here.
        contact.agent = contact.agent_leg = ""
        self.step_contact(contact, ContactInput.QUEUE)

    def _to_queue(self, contact: Contact, session: FlowSession, end: ToQueue) -> None:
        if end.priority is not None:
            contact.priority = end.priority
        for skill in names_in(end.skills):
            # The flow's word about a skill counts more than the dialplan's.
            contact.skills = without(contact.skills, skill)
        contact.skills = joined(contact.skills, end.skills)
        self._queue(contact, end.queue)

    def _to_callback(self, contact: Contact, session: FlowSession, end: ToCallback) -> None:
        """The place is that of somebody who waits: so they wait, for as long as the question takes."""
        self._queue(contact, end.queue)
        self.call_back(contact, end.number)

    def _to_voicemail(self, contact: Contact, session: FlowSession, end: ToVoicemail) -> None:
        # Where they come to should nothing be recorded.
        contact.queue = end.queue
        try:
            self.take_message(contact, end.queue, end.greeted)
        except RequestRefused:
            self._queue(contact, end.queue)

    def _to_number(self, contact: Contact, session: FlowSession, end: ToNumber) -> None:
        way = Overflow(to=OverflowTo.NUMBER, name=end.number)
        if not self.endings.end(contact, way, "flow", "the flow leads there"):
            self._queue(contact, session.spec.person)

    def _hang_up(self, contact: Contact, session: FlowSession, end: HangUp) -> None:
        """A stated end: the caller has been told."""
        contact.outcome = contact.outcome or ContactOutcome.SELF_SERVED
        self.endings.hang_up(contact)
