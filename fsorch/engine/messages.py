"""Messages on the desktop: an agent listens to one, is done with it, or calls its customer."""

from __future__ import annotations

from collections.abc import Callable

from fsorch.acd import ContactInput
from fsorch.engine.callbacks import Callbacks
from fsorch.engine.core import Core
from fsorch.engine.inputs import CallBack, Request
from fsorch.engine.people import People
from fsorch.engine.records import Records
from fsorch.engine.state import Contact, Person
from fsorch.errors import RequestRefused

__all__ = ["Messages"]


class Messages:
    """What agents do with messages. ``step_contact`` moves a contact."""

    def __init__(self, core: Core, records: Records, people: People, callbacks: Callbacks) -> None:
        self.core = core
        self.records = records
        self.people = people
        self.callbacks = callbacks
        self.step_contact: Callable[[Contact, ContactInput], None]
        people.finish = self._finish
        people.add({CallBack: self._call_back})

    def _finish(self, person: Person) -> None:
        contact = self.core.contacts[person.contact]
        contact.ended_by = "agent"
        self.step_contact(contact, ContactInput.GONE)

    def _call_back(self, person: Person, request: Request) -> None:
        """The message is done; the agent calls its customer, as a contact of its own."""
        if person.offer or not self.people.has_message(person):
            raise RequestRefused("the agent", person.agent.state.value, "call back", "there is no message open")
        message = self.core.contacts[person.contact]
        queue = self.core.queues.get(message.queue)
        if queue is None or queue.spec.callback is None or not self.callbacks.dialable(message.number):
            hint = "the queue has no callback rule, or the caller showed no number"
            raise RequestRefused("the message", "without a way back", "call back", hint)
        now = self.core.now.wall
        contact = Contact(
            id=self.core.ids(),
            switch=message.switch,
            leg="",
            number=message.number,
            name=message.name,
            destination=message.destination,
            began_at=now,
            queue=message.queue,
            tenant=message.tenant,
            # The agent means to call now, not once everybody has been served who came after the message.
            enqueued_at=message.enqueued_at,
            priority=message.priority,
        )
        self.core.contacts[contact.id] = contact
        self.records.contact_began(contact)
        self.callbacks.promise(contact, message.number, person.spec.id)
        self._finish(person)
        self.step_contact(contact, ContactInput.QUEUE)
