"""What the centre owes without a caller on the line: callbacks and messages, as supervisors steer them."""

from __future__ import annotations

from collections.abc import Callable

from fsorch.acd import ContactInput, ContactState
from fsorch.engine.callbacks import Callbacks
from fsorch.engine.core import Core
from fsorch.engine.inputs import CallNow, CancelCallback, FinishMessage, Request, SetPriority
from fsorch.engine.state import Contact
from fsorch.engine.supervising import Supervising
from fsorch.errors import RequestRefused
from fsorch.names import ContactOutcome

__all__ = ["Owed"]

# Before everybody who came in by themselves.
FIRST = 999


class Owed:
    """Carries out what supervisors ask for about callbacks and messages. ``step_contact`` moves a contact."""

    def __init__(
        self,
        core: Core,
        callbacks: Callbacks,
        supervising: Supervising,
        step_contact: Callable[[Contact, ContactInput], None],
    ) -> None:
        self.core = core
        self.callbacks = callbacks
        self.supervising = supervising
        self.step_contact = step_contact
        supervising.before, supervising.after = callbacks.hurry, callbacks.told
        supervising.add({CancelCallback: self._cancel, CallNow: self._call_now, FinishMessage: self._finish})

    def _cancel(self, contact: Contact, request: Request) -> None:
        self.callbacks.cancel(contact, request.by)

    def _call_now(self, contact: Contact, request: Request) -> None:
        if contact.promise is None or contact.leg:
            hint = "only who has been promised a callback can be called"
            raise RequestRefused("the contact", contact.machine.state.value, "call now", hint)
        self.supervising.request(SetPriority(contact=contact.id, priority=FIRST, by=request.by))

    def _finish(self, contact: Contact, request: Request) -> None:
        state = contact.machine.state
        if contact.medium != "voicemail" or state not in (ContactState.WAITING, ContactState.OFFERED):
            hint = "only a message that waits can be; an agent who listens ends it"
            raise RequestRefused("the contact", state.value, "be done with the message", hint)
        contact.outcome, contact.ended_by = ContactOutcome.OVERFLOWED, "system"
        self.step_contact(contact, ContactInput.GONE)
