"""The simple pacers: a line for each free agent, a fixed ratio, and levels for each agent that follow the floor.

They are what people know, and the measure of the predictive one (`fsorch simulate dialer --compare`).
"""

from __future__ import annotations

import math

from fsorch.campaign.pacing_watch import Phase, Watch

__all__ = ["Average", "Level", "Power", "Progressive", "Tapered"]


class Progressive(Watch):
    """One line for each free agent: nobody who answers is ever without one, unless an agent leaves meanwhile."""

    def due(self, now: float) -> int:
        """How many calls to launch at ``now``: never more than free agents that no line is meant for."""
        self.see(now)
        return max(0, self.free - self.ringing - self.waiting)

    def surplus(self) -> int:
        """The lines whose agent has gone, or has taken another call."""
        return min(self.ringing, max(0, self.ringing + self.waiting - self.free))


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
            self.level = min(self.highest, max(1.0, self.level * self.change()))
        if self.drops > self.allowed() * self.lives:
            self.level = 1.0
        lines = self.ringing + self.waiting + self.count(Phase.TALK)
        return max(0, math.floor(self.level * self.agents) - lines)

    def change(self) -> float:
        """By what the level is multiplied now."""
        return 1.0 + (self.free - self.waiting) / self.agents

    def allowed(self) -> float:
        """The share of drops above which there is one line for each agent."""
        return self.target


class Average(Level):
    """A level that keeps drops at the target over the day, as ADAPT_AVERAGE is documented: over the target it is not 1
    at once but sinks, the faster the more was dropped, and under it rises as :class:`Level` does. So a bad quarter of
    an hour costs no standstill, and is made up for."""

    # So many drops above the target say nothing yet.
    LENIENT = 1.0

    def change(self) -> float:
        """By what the level is multiplied now."""
        over = self.drops > self.target * self.lives + self.LENIENT
        change = super().change()
        return min(1.0, change) * self.target * self.lives / self.drops if over else change

    def allowed(self) -> float:
        """Nothing makes it 1 at once."""
        return math.inf


class Tapered(Level):
    """A level whose limit is loose in the first half of the shift and strict at its end, as ADAPT_TAPERED is
    documented: up to twice the target until noon of the ``shift``, then less and less. ``shift``: its beginning and
    end in seconds of the day; None: the eight hours from when the first agent was there."""

    LOOSE = 2.0
    USUAL_S = 8 * 3600.0
    DAY_S = 86_400.0

    def __init__(
        self,
        *,
        target: float = 0.03,
        tolerance_s: float = 2.0,
        every_s: float = 15.0,
        highest: float = 6.0,
        shift: tuple[float, float] | None = None,
    ) -> None:
        super().__init__(target=target, tolerance_s=tolerance_s, every_s=every_s, highest=highest)
        if shift is not None and not all(0.0 <= at <= self.DAY_S for at in shift):
            raise ValueError(f"a shift is two moments of a day in seconds, not {shift!r}")
        self.shift = shift
        self._began: float | None = None

    def allowed(self) -> float:
        """The share of drops above which there is one line for each agent, at this time of the shift."""
        return self.target * min(self.LOOSE, max(1.0, 1.0 + 2.0 * (self.LOOSE - 1.0) * (1.0 - self.elapsed())))

    def elapsed(self) -> float:
        """How much of the shift is over, 0 to 1."""
        if self.shift is None:
            self._began = self.time if self._began is None else self._began
            return min(1.0, (self.time - self._began) / self.USUAL_S)
        start, end = self.shift
        length = (end - start) % self.DAY_S or self.DAY_S
        return min(1.0, (self.clock - start) % self.DAY_S / length)
