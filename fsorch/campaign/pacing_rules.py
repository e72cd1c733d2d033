"""The simple pacers: a line for each free agent, a fixed ratio, and a level for each agent that follows the floor.

They are what people know, and the measure of the predictive one (`fsorch simulate dialer --compare`).
"""

from __future__ import annotations

import math

from fsorch.campaign.pacing_watch import Phase, Watch

__all__ = ["Level", "Power", "Progressive"]


class Progressive(Watch):
    """One line for each free agent: nobody who answers is ever without one, unless an agent leaves meanwhile."""

    def due(self, now: float) -> int:
        """How many calls to launch at ``now``: never more than free agents that no line is meant for."""
        self.see(now)
        return max(0, self.free - self.ringing - self.waiting)


class Power(Watch):
    """``ratio`` lines for each free agent, whatever comes of it."""

    def __init__(self, *, target: float = 0.03, tolerance_s: float = 2.0, ratio: float = 2.0) -> None:
        super().__init__(target=target, tolerance_s=tolerance_s)
        if not 0.0 < ratio <= 100.0:
            raise ValueError(f"ratio is lines for each free agent, over 0 and up to 100, not {ratio!r}")
        self.ratio = ratio

    def due(self, now: float) -> int:
        """How many calls to launch at ``now``."""
        self.see(now)
        return max(0, math.floor(self.ratio * self.free) - self.ringing - self.waiting)


class Level(Watch):
    """Lines for each agent at work, as ViciDial's manager documents its ADAPT_HARD_LIMIT: every ``every_s`` seconds the
    level is multiplied by 1 + (free - waiting) / agents; while the day's drop rate is over the target it is 1. A line
    is a call that rings, waits or talks."""

    def __init__(
        self, *, target: float = 0.03, tolerance_s: float = 2.0, every_s: float = 15.0, highest: float = 6.0
    ) -> None:
        super().__init__(target=target, tolerance_s=tolerance_s)
        if not every_s > 0.0 or not highest >= 1.0:
            raise ValueError("every_s is seconds over 0, highest is at least 1 line for each agent")
        self.every_s = every_s
        self.highest = highest
        self.level = 1.0
        self._adapted = 0.0

    def due(self, now: float) -> int:
        """How many calls to launch at ``now``."""
        self.see(now)
        if not self.agents:
            return 0
        if self.time - self._adapted >= self.every_s:
            self._adapted = self.time
            self.level = min(self.highest, max(1.0, self.level * (1 + (self.free - self.waiting) / self.agents)))
        if self.drops > self.target * self.lives:
            self.level = 1.0
        lines = self.ringing + self.waiting + self.count(Phase.TALK)
        return max(0, math.floor(self.level * self.agents) - lines)
