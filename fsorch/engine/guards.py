"""If fsorch falls silent and stays so, the switch serves its callers alone: each of them has a transfer on the switch's
clock, which a living fsorch puts off again and again.

One command for each caller and half of the centre's ``unserved_s``. The clock is stopped before the caller is joined to
anybody, so that it never ends a talk. Where it leads, ``fsorch_left`` in ``freeswitch/dialplan/fsorch.xml``, the call
is marked ``fsorch_fallback``, and is not ours any more when we come back: the contact ends there.
"""

from __future__ import annotations

from collections.abc import Callable

from fsorch.acd import ContactInput, ContactState
from fsorch.engine.core import Core
from fsorch.engine.state import Contact
from fsorch.esl.commands import PutOff, Unschedule
from fsorch.esl.events import Event
from fsorch.names import ContactOutcome

__all__ = ["ANSWERED_S", "AWAY", "CALLED_S", "Guards", "served_alone"]

# Whom a campaign has called does not wait for long: then the switch itself says who called. A living fsorch has them at
# once, unless their answer is listened to first (CALLED_S).
CALLED_S = 15.0
ANSWERED_S = 6.0
# The cause of contacts that the switch has served alone.
AWAY = "FSORCH_AWAY"
_OURS = frozenset(
    {ContactState.ARRIVED, ContactState.FLOW, ContactState.WAITING, ContactState.OFFERED, ContactState.ASIDE}
)


def served_alone(event: Event) -> bool:
    """Whether the dialplan has taken this call over."""
    return event.variable("fsorch_fallback") == "yes"


class Guards:
    """Sets and stops those clocks. ``step_contact`` moves a contact."""

    def __init__(self, core: Core, step_contact: Callable[[Contact, ContactInput], None]) -> None:
        self.core = core
        self.step_contact = step_contact

    def take(self, contact: Contact) -> None:
        """The caller is ours from now on: what was scheduled for them before goes."""
        self.arm(contact)
        if not contact.guarded:
            self.core.send(contact.switch, Unschedule(contact.leg))

    def arm(self, contact: Contact) -> None:
        """From now on, or anew: the switch takes over unless it hears of us."""
        core, seconds = self.core, self.core.centre.unserved_s
        if not contact.leg or seconds <= 0:
            return
        if contact.direction == "outbound":
            seconds = min(seconds, CALLED_S)
        contact.guarded = True
        core.send(contact.switch, PutOff(contact.leg, round(seconds)))
        core.timers.set(("guard", contact.id), core.now.mono + seconds / 2)

    def disarm(self, contact: Contact) -> None:
        """The caller is about to talk."""
        if contact.guarded:
            contact.guarded = False
            self.core.timers.cancel(("guard", contact.id))
            self.core.send(contact.switch, Unschedule(contact.leg))

    def due(self, id: str) -> None:
        """Put it off once more; while the switch cannot be told it may take over."""
        contact = self.core.contacts.get(id)
        if contact is None or not contact.guarded:
            return
        switch = self.core.switches.get(contact.switch)
        if switch is None or not switch.up:
            self.core.timers.set(("guard", id), self.core.now.mono + max(1.0, self.core.centre.unserved_s / 2))
        elif contact.machine.state in _OURS:
            self.arm(contact)
        else:
            self.disarm(contact)

    def let_go(self, contact: Contact) -> None:
        """The switch serves this caller alone; our part is over, the call is not. Our last sign of life may have
        crossed with the transfer, and would end what the switch does for the caller."""
        if contact.guarded and contact.leg:
            self.core.send(contact.switch, Unschedule(contact.leg))
        contact.guarded = False
        if contact.machine.state in _OURS:
            contact.outcome, contact.cause, contact.ended_by = ContactOutcome.OVERFLOWED, AWAY, "system"
            self.step_contact(contact, ContactInput.GONE)
