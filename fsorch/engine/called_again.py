"""Customers who were promised a call, and call again before it comes.

Whoever rings for the same queue has the place of the promise, and is not rung up while they are on the line. Once they
talk, the promise is kept: nobody is called about what has been spoken of. Who hangs up without having talked is called
back as before, and who asks for a call once more has one promise, with the first one's place.
"""

from __future__ import annotations

from collections.abc import Callable

from fsorch.acd import ContactState
from fsorch.acd.callback import CallbackInput, CallbackState
from fsorch.engine.core import Core
from fsorch.engine.state import Contact
from fsorch.engine.wait_rules import is_known
from fsorch.numbers import plain_number

__all__ = ["CalledAgain"]

OWED = (CallbackState.WAITING, CallbackState.CALLING, CallbackState.RESTING)


class CalledAgain:
    """Knows who has been promised a call, by queue and number, and by agent. ``step`` moves a promise, ``release`` lets
    the agents go who are reserved for it, ``rejoin`` gives a waiting contact its need anew."""

    def __init__(
        self,
        core: Core,
        step: Callable[[Contact, CallbackInput], None],
        release: Callable[[Contact], None],
    ) -> None:
        self.core = core
        self.step = step
        self.release = release
        self.rejoin: Callable[[Contact], None]
        self._owed: dict[tuple[str, str], str] = {}
        self._keys: dict[str, list[tuple[str, str]]] = {}
        self._of_agent: dict[str, set[str]] = {}
        # Who is on the line by a call of their own, by queue and number, and the promises that wait for them.
        self._callers: dict[tuple[str, str], str] = {}
        self._lines: dict[str, list[tuple[str, str]]] = {}
        self._met: dict[str, set[str]] = {}
        core.calls_owed = self.calls_owed

    def note(self, contact: Contact) -> None:
        """The promise to this contact has changed, or its queue. Who is to be called may be on the line already: a
        restart of ours finds callers before it knows what they were promised."""
        self._forget(contact)
        self._line_ends(contact)
        promise = contact.promise
        if promise is None or promise.machine.state not in OWED:
            return
        self._keys[contact.id] = keys = _keys(contact)
        self._owed.update(dict.fromkeys(keys, contact.id))
        if promise.agent:
            self._of_agent.setdefault(promise.agent, set()).add(contact.id)
        for caller in {self._callers[key] for key in keys if key in self._callers}:
            self._meet(contact, caller)

    def _forget(self, contact: Contact) -> None:
        for key in self._keys.pop(contact.id, ()):
            if self._owed.get(key) == contact.id:
                del self._owed[key]
        if contact.promise is not None and contact.promise.agent in self._of_agent:
            self._of_agent[contact.promise.agent].discard(contact.id)

    def calls_owed(self, agent: str) -> int:
        """How many customers were promised a call by this agent."""
        return len(self._of_agent.get(agent, ()))

    def place(self, contact: Contact) -> int:
        """The enqueue time of the promise that was made to who calls again; 0: none was."""
        owed = self._promise_to(contact)
        return owed.enqueued_at if owed is not None else 0

    def waits(self, contact: Contact) -> None:
        """The contact stands in line: who was promised a call there is not rung up meanwhile."""
        if not contact.leg or not self._counts(contact):
            return
        self._line_ends(contact)
        self._lines[contact.id] = keys = _keys(contact)
        self._callers.update(dict.fromkeys(keys, contact.id))
        owed = self._promise_to(contact)
        if owed is not None:
            self._meet(owed, contact.id)

    def _meet(self, owed: Contact, caller: str) -> None:
        """Nobody is called who is on the line; a phone that rings for them already rings on."""
        if owed.promise is None:
            return
        owed.promise.there = caller
        self._met.setdefault(caller, set()).add(owed.id)
        if owed.promise.machine.state is not CallbackState.CALLING:
            self.release(owed)

    def _line_ends(self, contact: Contact) -> None:
        for key in self._lines.pop(contact.id, ()):
            if self._callers.get(key) == contact.id:
                del self._callers[key]

    def on_the_line(self, contact: Contact) -> bool:
        """Whether the customer to whom this promise was made waits or talks at this moment, by a call of their own."""
        there = self.core.contacts.get(contact.promise.there) if contact.promise is not None else None
        return there is not None and bool(there.leg)

    def talks(self, contact: Contact) -> None:
        """The contact talks: what was promised to them is done."""
        self._done(contact)

    def promised(self, contact: Contact) -> None:
        """The contact is to be called back: what was promised before is the same."""
        self._done(contact)

    def over(self, contact: Contact) -> None:
        """The contact has ended; a promise that waited for that goes on, whatever queue they were in at last."""
        self._forget(contact)
        self._line_ends(contact)
        for owed in self._waiting_for(contact):
            if owed.promise is not None and owed.promise.there == contact.id:
                owed.promise.there = ""
                if owed.machine.state is ContactState.WAITING and owed.promise.machine.state is CallbackState.WAITING:
                    self.rejoin(owed)

    def _waiting_for(self, contact: Contact) -> list[Contact]:
        met = sorted(self._met.pop(contact.id, ()))
        return [self.core.contacts[id] for id in met if id in self.core.contacts]

    def _done(self, contact: Contact) -> None:
        owed = {one.id: one for one in self._waiting_for(contact)}
        if (here := self._promise_to(contact)) is not None:
            owed[here.id] = here
        for one in owed.values():
            if one.promise is not None and not one.leg:
                one.promise.there = contact.id
                self.step(one, CallbackInput.CAME)

    def _promise_to(self, contact: Contact) -> Contact | None:
        """The promise that was made to who calls; None for one who did not call themselves."""
        if not self._owed or not self._counts(contact):
            return None
        for key in _keys(contact):
            owed = self.core.contacts.get(self._owed.get(key, ""))
            if owed is not None and owed.id != contact.id and not owed.leg:
                return owed
        return None

    def _counts(self, contact: Contact) -> bool:
        """Whether this is a customer's own call, in a queue that looks at who has called again."""
        queue = self.core.queues.get(contact.queue)
        rules = queue.spec.callback if queue is not None else None
        return rules is not None and rules.called_again and contact.direction == "inbound" and contact.medium == "voice"


def _keys(contact: Contact) -> list[tuple[str, str]]:
    """By what a promise to this contact is found: the number that is called, and the one they rang from."""
    numbers = [contact.number, *([contact.promise.number] if contact.promise is not None else [])]
    return [(contact.queue, plain_number(number)) for number in dict.fromkeys(numbers) if is_known(number)]
