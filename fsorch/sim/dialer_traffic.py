"""The people an outbound campaign reaches, seeded: who answers, after how long, and how long they talk.

The n-th call placed has the same person behind it in every run with the same seed, whichever pacer placed it and when;
only the answer rate follows the clock. So pacers are compared on the same traffic. Times are seconds.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right

import msgspec

__all__ = ["Answer", "DialerPlan", "Step", "Traffic"]


class Step(msgspec.Struct, frozen=True):
    """From ``hour`` (of the run) on the value is ``value``."""

    hour: float
    value: float


class DialerPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A run. Rates are shares of all calls placed; what they leave is nobody answering. A ``_s`` is a mean in seconds,
    its ``_cv`` the standard deviation over the mean (0: always the same; else log-normal).

    ``drift`` and ``staff`` change the answer rate and the head count by the hour of the run. When more answer, all
    other ends become fewer in proportion. ``tolerance_s``: how long a live answer waits for an agent before it is
    dropped. ``tick_s``: how often the pacer is asked.

    ``call_off_s``: a pacer that finds too many calls ringing may have those hung up that have rung so long, or do not
    ring yet; None: none is. A phone rings ``setup_s`` after its call was placed."""

    agents: int = 20
    hours: float = 8.0
    answer_rate: float = 0.3
    machine_rate: float = 0.35
    busy_rate: float = 0.07
    failed_rate: float = 0.03
    answer_s: float = 9.0
    answer_cv: float = 0.5
    machine_s: float = 16.0
    machine_cv: float = 0.4
    busy_s: float = 3.0
    failed_s: float = 1.5
    ring_s: float = 26.0
    talk_s: float = 110.0
    talk_cv: float = 0.9
    wrap_s: float = 15.0
    wrap_cv: float = 0.5
    drift: tuple[Step, ...] = ()
    staff: tuple[Step, ...] = ()
    tolerance_s: float = 2.0
    tick_s: float = 0.5
    setup_s: float = 0.0
    call_off_s: float | None = None
    seed: int = 1

    def __post_init__(self) -> None:
        """Raises ValueError for a plan no run could follow."""
        rates = (self.answer_rate, self.machine_rate, self.busy_rate, self.failed_rate, *(s.value for s in self.drift))
        if any(not 0 <= rate <= 1 for rate in rates):
            raise ValueError("rates are shares from 0 to 1")
        if self.agents < 0 or not 0 < self.hours <= 1000 or self.tick_s <= 0 or any(s.value < 0 for s in self.staff):
            raise ValueError("a run has agents, hours and ticks, and none is negative")


class Answer(msgspec.Struct, frozen=True):
    """What becomes of a call if nobody interferes: the outcome, after how long, and the talk and wrap-up it brings."""

    outcome: str
    after_s: float
    talk_s: float
    wrap_s: float


class Traffic:
    """The people of one plan, in the order they are called."""

    __slots__ = ("_hours", "_plan", "_random", "_rates")

    def __init__(self, plan: DialerPlan) -> None:
        self._plan = plan
        self._random = random.Random(plan.seed)
        self._hours = [step.hour for step in plan.drift]
        self._rates = [plan.answer_rate, *(step.value for step in plan.drift)]

    def rate(self, now: float) -> float:
        """The answer rate ``now`` seconds into the run."""
        return self._rates[bisect_right(self._hours, now / 3600.0)] if self._hours else self._rates[0]

    def next(self, now: float) -> Answer:
        """The person behind the next call, placed ``now`` seconds into the run."""
        # Every person takes the same five draws, whatever comes of them: that keeps the traffic the same.
        draw = self._random
        which, ring = draw.random(), draw.normalvariate()
        talk, wrap = draw.normalvariate(), draw.normalvariate()
        plan = self._plan
        outcome, mean, cv = self._outcome(which, self.rate(now))
        return Answer(
            outcome,
            spread(mean, cv, ring),
            max(1.0, spread(plan.talk_s, plan.talk_cv, talk)),
            spread(plan.wrap_s, plan.wrap_cv, wrap),
        )

    def _outcome(self, which: float, rate: float) -> tuple[str, float, float]:
        plan = self._plan
        if which < rate:
            return "live", plan.answer_s, plan.answer_cv
        others = plan.machine_rate + plan.busy_rate + plan.failed_rate
        left = (which - rate) / (1.0 - rate) * max(others, 1.0 - plan.answer_rate)
        for outcome, share, mean, cv in (
            ("machine", plan.machine_rate, plan.machine_s, plan.machine_cv),
            ("busy", plan.busy_rate, plan.busy_s, 0.3),
            ("failed", plan.failed_rate, plan.failed_s, 0.5),
        ):
            if left < share:
                return outcome, mean, cv
            left -= share
        return "noanswer", plan.ring_s, 0.0


def spread(mean: float, cv: float, z: float) -> float:
    """A log-normal value with this mean and coefficient of variation, from a standard normal ``z``."""
    if cv <= 0.0 or mean <= 0.0:
        return mean
    variance = math.log1p(cv * cv)
    return mean * math.exp(z * math.sqrt(variance) - variance / 2.0)
