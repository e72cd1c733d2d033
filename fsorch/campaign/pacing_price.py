"""What may be risked: the drops the target still allows, and the price of one.

Every live answer pays in a little less than the target's share of a drop, every drop takes one out. The price is the
chance of finding nobody that a call may be launched with: above the target while there is something in the bank, so
that idle time is bought with it; close to nothing once it is overdrawn. The bank holds a reserve for what is already in
the air, and no more than a few drops above it: a quiet morning buys no bad afternoon. So in whatever stretch of time
one counts, drops stay at the target but for these few. What is held back for a hundred agents is much to ten: when most
of them leave it is not theirs to spend, and is let go by and by.
"""

from __future__ import annotations

import math

__all__ = ["Bank"]


class Bank:
    """The account of one campaign. ``target``: drops over live answers."""

    # Of the target's share: the rest is for what chance brings in a day's last minutes, and when answer rates jump.
    PAID = 0.97
    # In targets. Never nothing: a call whose answer is all but certain to find an agent is always worth it.
    LOWEST, HIGHEST = 0.33, 5.0
    # Held back, in drops, times the root of the number of agents: so chance swings with the calls in the air. With less
    # than half of it in the bank the lowest price falls, to so much of it with nothing.
    RESERVE = 1.0
    POOREST = 0.3
    # With fewer agents less of it is needed. So much of what answers pay in, at most, is added to it of what is over.
    LET_GO = 0.1
    # How many targets the price rises with each drop above the reserve, with 20 agents; with more, chance swings wider.
    SLOPE = 0.67

    __slots__ = ("_held", "_saved", "target")

    def __init__(self, target: float) -> None:
        self.target = target
        self._saved = 0.0
        # The reserve that is held back, which is that of more agents for a while after they have left.
        self._held = 0.0

    @property
    def saved(self) -> float:
        """What is in it, in drops."""
        return self._saved

    def resume(self, saved: float) -> None:
        """Go on from what was in another."""
        if math.isfinite(saved):
            # For how many agents it was saved nobody knows.
            self._saved, self._held = saved, max(0.0, saved)

    def live(self, agents: int) -> None:
        """A person answered."""
        self._held -= self.LET_GO * self.target
        most = self._reserve(agents) + (self.HIGHEST - 1.0) / self._slope(agents)
        self._saved = min(max(most, self._saved), self._saved + self.PAID * self.target)

    def drop(self) -> None:
        """An answer had no agent in time."""
        self._saved -= 1.0

    def price(self, agents: int) -> float:
        """The chance of finding nobody that is worth taking now."""
        reserve = self._reserve(agents)
        lowest = self.LOWEST * min(1.0, max(self.POOREST, 2.0 * self._saved / reserve))
        targets = 1.0 + self._slope(agents) * (self._saved - reserve)
        return self.target * min(self.HIGHEST, max(lowest, targets))

    def _reserve(self, agents: int) -> float:
        self._held = max(self._held, self.RESERVE * math.sqrt(max(1, agents)))
        return self._held

    def _slope(self, agents: int) -> float:
        return self.SLOPE / max(0.7, math.sqrt(agents / 20.0))
