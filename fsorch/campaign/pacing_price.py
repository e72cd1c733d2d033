"""What may be risked: the drops the target still allows, and the price of one.

Every live answer pays in a little less than the target's share of a drop, every drop takes one out. The price is the
chance of finding nobody that a call may be launched with: above the target while there is something in the bank, so
that idle time is bought with it; close to nothing once it is overdrawn. The bank holds a reserve for what is already in
the air, and no more than a few drops above it: a quiet morning buys no bad afternoon. So in whatever stretch of time
one counts, drops stay at the target but for these few.

When agents leave, calls that ring already find nobody. Those who stay pay that back: they get nothing of what was saved
from the answers of more, risk less by as much as such a leaving usually costs, and while more is owed than their own
reserve hardly anything. When agents come back, so does what was theirs.
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
    # than half of it in the bank the lowest price falls, to so much of it with nothing, and in debt to so much: that
    # costs a tenth of what agents do.
    RESERVE = 1.0
    POOREST, IN_DEBT = 0.3, 0.15
    # Held back beside it when agents leave, times the difference of the roots: of a hundred calls that ring for them
    # some six or ten drop, by chance, and it is the happy hours that have to make good for the others.
    INSURED = 0.4
    # What is held for more agents than there are is let go so slowly: with `PAID` it is all that the target allows.
    LET_GO = 0.03
    # How many targets the price rises with each drop above the reserve, with 20 agents; with more, chance swings wider.
    SLOPE = 0.67

    __slots__ = ("_agents", "_aside", "_held", "_most", "_saved", "target")

    def __init__(self, target: float) -> None:
        self.target = target
        self._saved = 0.0
        # The reserve that is held back, which is that of more agents for a while after they have left.
        self._held = 0.0
        # What of it was put aside since there were the most agents, and comes back with them.
        self._aside = 0.0
        self._agents = self._most = 0

    @property
    def saved(self) -> float:
        """What is in it, in drops, as far as it is that of those who are there."""
        agents = self._agents or self._most
        if not agents:
            return self._saved
        return self._saved - self._reserve(agents) + self._aside + self._needed(agents)

    def resume(self, saved: float) -> None:
        """Go on from what was in another."""
        if math.isfinite(saved):
            # For how many agents it was saved nobody knows.
            self._saved, self._held = saved, max(0.0, saved)

    def live(self, agents: int) -> None:
        """A person answered."""
        self._held -= self.LET_GO * self.target
        self._staff(agents)
        most = self._reserve(agents) + (self.HIGHEST - 1.0) / self._slope(agents)
        self._saved = min(max(most, self._saved), self._saved + self.PAID * self.target)

    def drop(self) -> None:
        """An answer had no agent in time."""
        self._saved -= 1.0

    def price(self, agents: int) -> float:
        """The chance of finding nobody that is worth taking now."""
        self._staff(agents)
        over = self._saved - self._reserve(agents)
        # Of the reserve that so many agents need.
        left = 1.0 + over / self._needed(agents)
        lowest = self.LOWEST * (min(1.0, max(self.POOREST, 2.0 * left)) if left > 0.0 else self.IN_DEBT)
        return self.target * min(self.HIGHEST, max(lowest, 1.0 + self._slope(agents) * over))

    def _staff(self, agents: int) -> None:
        """Agents have come or gone."""
        before, self._agents = self._agents, agents
        if agents < before:
            over = max(0.0, self._saved - self._reserve(before))
            aside = over * (1.0 - (agents / before) ** 2) + self.INSURED * (math.sqrt(before) - math.sqrt(agents))
            self._held, self._aside, self._most = self._held + aside, self._aside + aside, max(self._most, before)
        elif agents > before:
            away = max(0.0, (self._most - agents) / (self._most - before)) if self._most > before else 0.0
            self._held -= self._aside * (1.0 - away)
            self._aside *= away
            self._most = max(self._most, agents) if away else agents

    def _reserve(self, agents: int) -> float:
        self._held = max(self._held, self._needed(agents))
        return self._held

    def _needed(self, agents: int) -> float:
        return self.RESERVE * math.sqrt(max(1, agents))

    def _slope(self, agents: int) -> float:
        return self.SLOPE / max(0.7, math.sqrt(agents / 20.0))
