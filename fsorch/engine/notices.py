"""What an agent is shown and told of a caller before the two are joined: see :class:`fsorch.rules.ToAgent`.

Words are played to the agent once the phone is picked up, while the caller goes on hearing music. They keep the two
apart for as long as they last, never longer than the queue's ``limit_s``: a sound that hangs must not cost a caller.
"""

from __future__ import annotations

from collections.abc import Callable

from fsorch.engine.core import Core
from fsorch.engine.music import Music
from fsorch.engine.offers import BRIDGE_GRACE_S, Offers
from fsorch.engine.sounds import sound, spoken
from fsorch.engine.state import Contact, Offer
from fsorch.esl.commands import Break, Playback, SetVars
from fsorch.esl.events import Event
from fsorch.esl.quoting import Pairs, display, shown_name
from fsorch.rules import ToAgent

__all__ = ["Notices"]

LONGEST_VALUE = 512


class Notices:
    """Shows and tells. ``join`` carries on with an offer whose agent has heard all."""

    def __init__(self, core: Core, music: Music, offers: Offers, join: Callable[[Offer, Contact], None]) -> None:
        self.core = core
        self.music = music
        self.offers = offers
        self.join = join
        offers.shown = self.shown
        # The offer whose agent is being told, by the id of what plays.
        self._playing: dict[str, str] = {}

    def note(self, contact: Contact, event: Event) -> None:
        """Keep of the caller's leg what some queue's agents get to see."""
        for queue in self.core.queues.values():
            for name in queue.spec.to_agent.variables if queue.spec.to_agent is not None else ():
                if (value := event.variable(name)) is not None:
                    contact.exports[name] = value

    def shown(self, offer: Offer, contact: Contact) -> Pairs:
        """The caller's name as the phone shows it, and the variables that the agent's leg gets."""
        rules = self._rules(offer)
        prefix = rules.name_prefix if rules is not None else ""
        name = ("origination_caller_id_name", shown_name(f"{prefix}{contact.name}") or "anonymous")
        wanted = rules.variables if rules is not None else ()
        known = {key: display(contact.exports[key], LONGEST_VALUE) for key in wanted if key in contact.exports}
        return (name, *((key, value) for key, value in known.items() if value))

    def instead_of_bridging(self, offer: Offer, contact: Contact) -> bool:
        """Tell the agent, who has just picked up; False when there is nothing to tell."""
        rules = self._rules(offer)
        if rules is None or not rules.say or offer.told:
            return False
        if not contact.leg or contact.direction == "outbound":
            # Nobody is there yet, or somebody who was called and must not wait.
            return False
        core, queue = self.core, self.core.queues[offer.queue].spec
        waited_s = max(0, (core.now.wall - contact.enqueued_at) // 1_000_000)
        words = spoken(
            core.centre, rules.say, {"queue": queue.title or queue.id, "wait": waited_s}, core.centre.language
        )
        made = sound(words, lambda file: self.music.prompt(offer.switch, file.name, file.language), core.centre.speech)
        offer.told = core.ids()
        if not made.file:
            return False
        if made.variables:
            core.send(offer.switch, SetVars(offer.leg, made.variables))
        self._playing[offer.told] = offer.id
        core.send(offer.switch, Playback(offer.leg, made.file, offer.told), f"notice:{offer.id}")
        core.timers.set(("notice", offer.id), core.now.mono + rules.limit_s)
        core.timers.set(("offer", offer.id), core.now.mono + rules.limit_s + BRIDGE_GRACE_S)
        return True

    def heard(self, event: Event) -> None:
        """An application of some leg has ended: the words, perhaps."""
        if event.application_uuid in self._playing:
            self._go_on(self._playing[event.application_uuid])

    def due(self, id: str) -> None:
        """The words take too long, or could not be played: they are broken off."""
        offer = self.core.offers.get(id)
        if offer is not None and offer.told in self._playing:
            self.core.send(offer.switch, Break(offer.leg))
        self._go_on(id)

    def _go_on(self, id: str) -> None:
        self._playing = {playing: offer for playing, offer in self._playing.items() if offer != id}
        self.core.timers.cancel(("notice", id))
        offer = self.core.offers.get(id)
        contact = self.core.contacts.get(offer.contact) if offer is not None else None
        if offer is not None and contact is not None and self.offers.picked_up(offer):
            self.join(offer, contact)

    def _rules(self, offer: Offer) -> ToAgent | None:
        queue = self.core.queues.get(offer.queue)
        return queue.spec.to_agent if queue is not None else None
