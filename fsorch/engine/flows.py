"""Drives a caller through a flow: plays what the session asks for, hands it what was keyed, and takes them out."""

from __future__ import annotations

from collections.abc import Callable

from fsorch.acd import ContactInput
from fsorch.config import FlowSpec
from fsorch.engine.core import Core
from fsorch.engine.facts import FactKind
from fsorch.engine.music import Music
from fsorch.engine.state import Contact
from fsorch.engine.views import KeyedAnswer
from fsorch.esl.commands import PlayAndGetDigits, Playback, SetVars
from fsorch.esl.events import Event
from fsorch.ivr import Ask, FlowSession, Route

__all__ = ["Flows"]

# The longest a prompt may run, beyond the time it waits for a key.
PROMPT_LIMIT_S = 120.0


class Flows:
    """The flows of all callers. ``open``: whether the flow's hours let a caller in (who they do not is elsewhere
    already); ``step_contact`` moves a contact."""

    def __init__(self, core: Core, music: Music, step_contact: Callable[[Contact, ContactInput], None]) -> None:
        self.core = core
        self.music = music
        self.step_contact = step_contact
        self.open: Callable[[Contact], bool]

    def start(self, contact: Contact) -> None:
        """Let a contact enter its flow; one whose flow is gone goes to its queue."""
        flow = self.core.flows.get(contact.flow)
        if flow is None:
            self.step_contact(contact, ContactInput.QUEUE)
            return
        if not self.open(contact):
            return
        contact.session = FlowSession(flow)
        self._ask(contact, contact.session.start())

    def leave(self, contact: Contact) -> None:
        """The contact is not in the flow any more."""
        contact.session = contact.ask = None
        self.core.timers.cancel(("prompt", contact.id))

    def due(self, contact: Contact) -> None:
        """The end of a prompt was never told."""
        self._heard(contact, "", "", trouble=True)

    def ask_again(self, contact: Contact) -> None:
        """Repeat the prompt a caller was in when the link was cut: its end may have been missed."""
        if contact.ask is not None:
            self._ask(contact, contact.ask)

    def await_answer(self, contact: Contact, ask: Ask) -> None:
        """A prompt plays; should its end never be told, the flow goes on after a while."""
        self.core.timers.set(("prompt", contact.id), self.core.now.mono + PROMPT_LIMIT_S + ask.timeout_s)

    def _ask(self, contact: Contact, ask: Ask) -> None:
        core = self.core
        contact.ask, contact.running = ask, core.ids()
        path = self.music.prompt(contact.switch, ask.prompt)
        self.await_answer(contact, ask)
        tag = f"ask:{contact.id}"
        place = contact.session.place if contact.session is not None else ""
        core.send(
            contact.switch,
            SetVars(contact.leg, (("playback_terminators", ask.keys), ("fsorch_ask", f"{contact.running}:{place}"))),
        )
        if ask.timeout_s <= 0:
            core.send(contact.switch, Playback(contact.leg, path, contact.running), tag)
            return
        digits = PlayAndGetDigits(
            contact.leg,
            min=1,
            max=1,
            tries=1,
            timeout_ms=round(ask.timeout_s * 1000),
            terminators="#",
            prompt=path,
            invalid=self.music.prompt(contact.switch, ask.invalid) if ask.invalid else "silence_stream://10",
            variable=_variable(contact, ask),
            regex=f"^[{ask.keys}]$",
            event_uuid=contact.running,
        )
        core.send(contact.switch, digits, tag)

    def collected(self, contact: Contact, ask: Ask, event: Event) -> None:
        """The prompt is over; ``event`` holds the leg's variables, with what was keyed."""
        if ask.timeout_s <= 0:
            key, wrong = event.variable("playback_terminator_used") or "", ""
        else:
            name = _variable(contact, ask)
            key, wrong = event.variable(name) or "", event.variable(f"{name}_invalid") or ""
        self._heard(contact, key[:1], wrong[:8])

    def _heard(self, contact: Contact, key: str, wrong: str, *, trouble: bool = False) -> None:
        session, ask = contact.session, contact.ask
        if session is None or ask is None:
            return
        contact.ask = None
        step = session.heard(key, wrong, trouble)
        if key or wrong:
            self._keyed(contact, ask, session.spec, key or wrong, step)
        if isinstance(step, Ask):
            self._ask(contact, step)
        elif isinstance(step, Route):
            contact.queue = step.queue
            self.step_contact(contact, ContactInput.QUEUE)

    def _keyed(self, contact: Contact, ask: Ask, flow: FlowSpec, digits: str, step: Ask | Route | None) -> None:
        means = ""
        if isinstance(step, Route) and step.key and step.queue in self.core.queues:
            means = self.core.queues[step.queue].spec.title or step.queue
        # Named by what was asked, not by where barge-in caught it: the key answers the menu either way.
        contact.answers.append(KeyedAnswer(flow.menu.prompt, digits, means))
        self.core.fact(
            FactKind.ANSWER_KEYED,
            contact,
            leg=contact.leg,
            node=ask.node,
            prompt=ask.prompt,
            digits=digits,
            valid=isinstance(step, Route) and bool(step.key),
            means=means,
        )


def _variable(contact: Contact, ask: Ask) -> str:
    """A fresh channel variable for each prompt: an old one would still hold an old answer (capture 07)."""
    return f"fsorch_key_{ask.serial}"
