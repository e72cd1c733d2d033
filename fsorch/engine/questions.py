"""Questions to a caller who waits: a prompt, some keys, and back to the music.

The switch runs what is sent to a leg inside the music that plays there, and goes on with the music afterwards; so a
question neither stops the music's application nor costs the caller their place, and a bridge cuts through both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fsorch.acd import ContactState
from fsorch.engine.core import Core
from fsorch.engine.music import SILENCE, Music
from fsorch.engine.state import Contact, Question
from fsorch.esl.commands import PlayAndGetDigits
from fsorch.esl.events import Event
from fsorch.ivr.speech import Utterance

__all__ = ["Questions"]

# The longest a question's prompts may run, beyond the time it waits for keys.
PROMPT_LIMIT_S = 60.0
# Between two keys of an answer of several.
BETWEEN_KEYS_S = 3.0


class Questions:
    """Asks and hears. ``then`` gets the contact and the keys: empty when there were none, or none of those asked
    for."""

    def __init__(self, core: Core, music: Music) -> None:
        self.core = core
        self.music = music

    def ask(
        self,
        contact: Contact,
        words: Iterable[Utterance],
        keys: str,
        then: Callable[[Contact, str], None],
        *,
        timeout_s: float = 5.0,
        most: int = 1,
    ) -> None:
        """Play ``words`` one after another and wait ``timeout_s`` for up to ``most`` of ``keys`` (``#`` ends them).
        A question that is open already is dropped."""
        core = self.core
        contact.asked += 1
        question = Question(core.ids(), f"fsorch_said_{contact.asked}", then)
        contact.question = question
        command = PlayAndGetDigits(
            contact.leg,
            min=1,
            max=most,
            tries=1,
            timeout_ms=round(timeout_s * 1000),
            terminators="#",
            prompt=self.music.sound(contact, words),
            invalid=SILENCE,
            variable=question.variable,
            regex=f"^[{keys}]+$",
            digit_timeout_ms=round(BETWEEN_KEYS_S * 1000) if most > 1 else 0,
            event_uuid=question.running,
        )
        core.send(contact.switch, command, f"question:{contact.id}")
        limit_s = PROMPT_LIMIT_S + timeout_s + most * BETWEEN_KEYS_S
        core.timers.set(("question", contact.id), core.now.mono + limit_s)

    def heard(self, contact: Contact, event: Event) -> bool:
        """The end of an application on the caller's leg; False when it is not that of the open question."""
        question = contact.question
        if question is None or event.application_uuid != question.running:
            return False
        self._close(contact, question, event.variable(question.variable) or "")
        return True

    def due(self, id: str) -> None:
        """The end of a question was never heard of."""
        contact = self.core.contacts.get(id)
        if contact is not None and contact.question is not None:
            self._close(contact, contact.question, "")

    def drop(self, contact: Contact) -> None:
        """Whatever is said now, nobody listens: the caller talks, or is gone."""
        contact.question = None
        self.core.timers.cancel(("question", contact.id))

    def _close(self, contact: Contact, question: Question, keys: str) -> None:
        self.drop(contact)
        if contact.machine.state in (ContactState.WAITING, ContactState.OFFERED, ContactState.ASIDE):
            question.then(contact, keys)
