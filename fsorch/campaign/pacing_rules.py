"""The simple pacers: a line for each free agent, a fixed ratio, and levels for each agent that follow the floor.

They are what people know, and the measure of the predictive one (`fsorch simulate dialer --compare`). Times are seconds
on any clock.
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
    level is multiplied by 1 + ``step`` times (free - waiting) / agents, between 1 and ``highest``. A line is a call
    that rings, waits or talks. While some drops more would be too many for the day there is one line for each free
    agent."""

    # What is on its way when that is found out: some drops, and one more for so many agents.
    COMING, FOR_AGENTS = 2.0, 5.0

    def __init__(
        self,
        *,
        target: float = 0.03,
        tolerance_s: float = 2.0,
        every_s: float = 15.0,
        step: float = 1.0,
        highest: float = 6.0,
    ) -> None:
        super().__init__(target=target, tolerance_s=tolerance_s)
        if not every_s > 0.0 or not highest >= 1.0 or not 0.0 < step <= 4.0:
            raise ValueError(
                "every_s is seconds over 0, step over 0 and up to 4, highest at least 1 line for each agent, not "
                f"{every_s!r}, {step!r} and {highest!r}"
            )
        self.every_s = every_s
        self.step = step
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
        coming = self.COMING + self.agents / self.FOR_AGENTS
        if self.drops and self.drops + coming > self.allowed() * self.lives:
            # With a line for each agent at work those in wrap-up had one, and their answers nobody.
            self.level = 1.0
            return max(0, self.free - self.ringing - self.waiting)
        lines = self.ringing + self.waiting + self.count(Phase.TALK)
        return max(0, math.floor(self.level * self.agents) - lines)

    def change(self) -> float:
        """By what the level is multiplied now."""
        return max(0.0, 1.0 + self.step * (self.free - self.waiting) / self.agents)

    def allowed(self) -> float:
        """The share of drops above which there is one line for each free agent."""
        return self.target


class Average(Level):
    """A level that keeps drops near the target over the day, as ADAPT_AVERAGE is documented: when the target comes near
    it is not 1 at once but sinks, the faster the more was dropped, and else rises as :class:`Level` does. So a bad
    quarter of an hour costs no standstill, and is made up for. It has the limit of a level all the same."""

    # Of the target: from there on it sinks. And so many drops more say nothing yet.
    NEAR, LENIENT = 0.8, 1.0

    def change(self) -> float:
        """By what the level is multiplied now."""
        near = self.NEAR * self.target * self.lives
        change = super().change()
        return min(1.0, change) * near / self.drops if self.drops > near + self.LENIENT else change


class Tapered(Level):
    """A level whose limit is loose in the first half of the shift and strict at its end, as ADAPT_TAPERED is
    documented: ``loose`` targets until noon of the ``shift``, then less and less down to ``strict`` targets. ``shift``:
    its beginning and end in seconds of the day; None: the eight hours from when the first agent was there. ``level``:
    what every level takes. As long as ``loose`` is no more than 1, drops are never over the target, whenever the day
    ends."""

    USUAL_S = 8 * 3600.0
    DAY_S = 86_400.0

    def __init__(
        self,
        *,
        loose: float = 1.0,
        strict: float = 0.7,
        shift: tuple[float, float] | None = None,
        **level: float,
    ) -> None:
        super().__init__(**level)
        if shift is not None and not all(0.0 <= at <= self.DAY_S for at in shift):
            raise ValueError(f"a shift is two moments of a day in seconds, not {shift!r}")
        if not 0.0 < strict <= loose <= 10.0:
            raise ValueError(f"loose and strict are targets, the first no less, up to 10, not {loose!r} and {strict!r}")
        self.shift = shift
        self.loose = loose
        self.strict = strict
        self._began: float | None = None

    def allowed(self) -> float:
        """The share of drops above which there is one line for each free agent, at this time of the shift."""
        left = min(1.0, 2.0 * (1.0 - self.elapsed()))
        return self.target * (self.strict + (self.loose - self.strict) * left)

    def elapsed(self) -> float:
        """How much of the shift is over, 0 to 1."""
        if self.shift is None:
            self._began = self.time if self._began is None else self._began
            return min(1.0, (self.time - self._began) / self.USUAL_S)
        start, end = self.shift
        length = (end - start) % self.DAY_S or self.DAY_S
        return min(1.0, (self.clock - start) % self.DAY_S / length)
