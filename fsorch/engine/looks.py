"""Looks at a channel itself (``uuid_dump``) where an event that should have come has not: a switch that is slow, or an
endpoint that does not say what it does. What the switch shows then is as good as the event.

A slow switch must not cost a contact its agent: while the answer is out, an offer whose phone was picked up waits. And
mod_loopback fires CHANNEL_HOLD but does not take ``uuid_hold off`` (seen on 1.10.12: the call state stays ACTIVE, and
the answer is ``-ERR Operation failed``): the music is stopped by hand then.
"""

from __future__ import annotations

from collections.abc import Callable

from fsorch.acd import ContactState, OfferInput, OfferState
from fsorch.engine.core import Core
from fsorch.engine.facts import FactKind
from fsorch.engine.offers import BRIDGE_GRACE_S, Offers
from fsorch.engine.state import Contact, Leg, Offer
from fsorch.esl.commands import Break, Dump
from fsorch.esl.errors import EventError
from fsorch.esl.events import Event, channel_data

__all__ = ["Looks"]

# CHANNEL_HOLD comes within milliseconds (capture 02).
HOLD_GRACE_S = 1.0
# So often an answer is waited for, BRIDGE_GRACE_S each time: a switch that is silent for longer is in trouble.
PATIENCE = 12


class Looks:
    """Asks how channels stand. ``hear`` takes the event that should have come."""

    def __init__(self, core: Core, offers: Offers, hear: Callable[[str, Event], None]) -> None:
        self.core = core
        self.offers = offers
        self.hear = hear

    # -- hold ---------------------------------------------------------------------------------------------------------

    def hold(self, contact: Contact, on: bool) -> None:
        """The customer was put on hold, or taken back: the switch will say so."""
        contact.hold_asked = on
        self.core.timers.set(("hold", contact.id), self.core.now.mono + HOLD_GRACE_S)

    def hold_due(self, id: str) -> None:
        """It should have said so by now."""
        contact = self.core.contacts.get(id)
        if contact is None or contact.machine.state is not ContactState.TALKING or contact.held is contact.hold_asked:
            return
        if contact.transfer is None and contact.room is None:
            self._look(contact.switch, contact.agent_leg)

    def hold_refused(self, uuid: str) -> None:
        """The switch did not take the command, of which only the one that ends the hold can fail."""
        leg = self.core.legs.get(uuid)
        contact = self.core.contacts.get(leg.contact) if leg is not None else None
        if contact is not None and contact.agent_leg == uuid and contact.held and not contact.hold_asked:
            self.core.send(contact.switch, Break(contact.leg))
            self._look(contact.switch, uuid)

    # -- bridges ------------------------------------------------------------------------------------------------------

    def waits(self, offer: Offer) -> bool:
        """An offer's time is over: whether its end has to wait, as the phone was picked up and the switch is asked
        whether the two are joined."""
        if offer.machine.state is not OfferState.BRIDGING or offer.looks >= PATIENCE:
            return False
        if not offer.looks:
            self._look(offer.switch, offer.leg)
        offer.looks += 1
        self.core.timers.set(("offer", offer.id), self.core.now.mono + BRIDGE_GRACE_S)
        return True

    # -- answers ------------------------------------------------------------------------------------------------------

    def _look(self, switch: str, uuid: str) -> None:
        self.core.send(switch, Dump(uuid), f"look:{uuid}")

    def told(self, uuid: str, text: str) -> None:
        """How a channel stands."""
        leg = self.core.legs.get(uuid)
        if leg is None:
            return
        try:
            event = channel_data(text)
        except EventError:
            event = Event(uuid=uuid)
        offer, contact = self.core.offers.get(leg.offer), self.core.contacts.get(leg.contact)
        if offer is not None and offer.machine.state is OfferState.BRIDGING:
            self._joined(leg, offer, event)
        elif contact is not None and contact.agent_leg == uuid:
            self._held(leg, contact, event)

    def _joined(self, leg: Leg, offer: Offer, event: Event) -> None:
        if event.other_leg in self.core.legs:
            self.hear(
                leg.switch, Event(name="CHANNEL_BRIDGE", uuid=leg.uuid, bridge_a=event.other_leg, bridge_b=leg.uuid)
            )
        else:
            self.offers.step(offer, OfferInput.DEADLINE)

    def _held(self, leg: Leg, contact: Contact, event: Event) -> None:
        on = event.call_state == "HELD"
        if on is not contact.held:
            self.hear(leg.switch, Event(name="CHANNEL_HOLD" if on else "CHANNEL_UNHOLD", uuid=leg.uuid))
        if on is not contact.hold_asked:
            verb = "hold" if contact.hold_asked else "hold off"
            answer = f"the switch shows the call {'on hold' if on else 'not on hold'}"
            self.core.fact(FactKind.COMMAND_FAILED, contact, agent=contact.agent, command=verb, answer=answer)
