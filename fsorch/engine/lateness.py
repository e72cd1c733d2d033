"""How late a link tells what happened.

The switch stamps its events, by a clock that need not be ours: the least difference to ours in the last minute or two
is that of the clocks and of the way. What an event has above it, it was held up: a link that stalls for some seconds
without being cut brings all that happened meanwhile at once.
"""

from __future__ import annotations

from fsorch.clock import US, Moment
from fsorch.esl.events import Event

__all__ = ["Lateness"]

# Less is the ordinary unevenness of a busy machine.
LATE_US = 2 * US
# A link that is silent for longer is cut before that; so much is a clock that was set.
MOST_US = 60 * US
# The least difference is kept for so long, and for as long again.
KEPT_S = 60.0


class Lateness:
    """Of one link."""

    def __init__(self) -> None:
        self._least = self._before = MOST_US**2
        self._since = 0.0

    def happened_at(self, event: Event, now: Moment) -> int:
        """When an event that comes late happened, by our clock in UTC microseconds; 0: just now. To be asked of every
        event."""
        if not event.timestamp:
            return 0
        lag = now.wall - event.timestamp
        if now.mono - self._since > KEPT_S:
            self._before = self._least if now.mono - self._since < 2 * KEPT_S else lag
            self._least, self._since = lag, now.mono
        self._least = min(self._least, lag)
        late = lag - min(self._least, self._before)
        return now.wall - late if LATE_US < late < MOST_US else 0
