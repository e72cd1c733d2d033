"""Who picks up at a number outside may be a mailbox: the agent has to press a key before a customer is put through.

The switch asks for it (``group_confirm_key``, ``switch_ivr_originate.c``, collect_thread_run): it answers the originate
only then, and rings on for the offer's time. CHANNEL_ANSWER comes before the key.
"""

from __future__ import annotations

from fsorch.config import AgentSpec
from fsorch.esl.events import Event
from fsorch.esl.quoting import Pairs

__all__ = ["confirmation", "confirmed"]

OWN = "user/"


def confirmation(spec: AgentSpec, dial: str) -> Pairs:
    """The variables that make the switch ask whoever picks up ``dial``; none where the agent's own phone rings."""
    if not spec.confirm_key or dial.startswith(OWN):
        return ()
    asked = (("group_confirm_key", spec.confirm_key), ("group_confirm_file", spec.confirm_sound))
    return (*asked, ("fsorch_confirm", spec.confirm_key))


def confirmed(event: Event) -> bool:
    """Whether the phone of ``event``, a channel's data, was picked up, and the key was pressed if one is asked for: the
    leg is parked, or joined, then."""
    answered = event.answer_state == "answered"
    asks = event.variable("fsorch_confirm") and event.variable("current_application") != "park"
    return answered and not (asks and not event.other_leg)
