"""How many of the calls are answered by a person: what the predictive pacer learns of each list, by the hour.

A rate is a mean over some minutes of calls, those that still ring among them. Two things move it faster than its own
memory would: a jump, when the last few calls differ from the mean by more than chance allows, makes it forget all but
them; and an hour of the day that was better or worse than the one before it, on earlier days, is expected to be so
again.

A list that falls silent is another thing than one that few people answer: something keeps them from it, and when that
is over they answer as they did. So while answers stay away that were to be expected, `AnswerRate.guess` is no lower
than the rate was before. That costs nothing, for nobody answers.
"""

from __future__ import annotations

import math
from typing import Any

from fsorch.campaign.pacing_memory import RateLearnt, rounded

__all__ = ["AnswerRate", "DayProfile"]


class DayProfile:
    """The answer rate by hour of the day, from the days before."""

    # Fewer calls than these say nothing about an hour, and no hour is expected to differ more than this.
    LEAST_CALLS = 150.0
    MOST_CHANGE = 2.0
    # A day counts half of the next.
    FADE = 0.5

    __slots__ = ("_calls", "_hour", "_lives", "_today_calls", "_today_lives")

    def __init__(self) -> None:
        self._calls = [0.0] * 24
        self._lives = [0.0] * 24
        self._hour: int | None = None
        self._today_calls = self._today_lives = 0

    def learnt(self) -> dict[str, Any]:
        """What it knows, as `RateLearnt` has it."""
        today = {"today_calls": self._today_calls, "today_answers": self._today_lives}
        return {"calls": rounded(self._calls), "answers": rounded(self._lives), "hour": self._hour} | today

    def resume(self, learnt: RateLearnt) -> None:
        """Go on from what another knew."""
        counts = (*learnt.calls, *learnt.answers, learnt.today_calls, learnt.today_answers)
        if len(learnt.calls) == len(learnt.answers) == 24 and all(0.0 <= one < math.inf for one in counts):
            self._calls, self._lives = list(learnt.calls), list(learnt.answers)
            self._hour = learnt.hour % 24 if learnt.hour is not None else None
            self._today_calls, self._today_lives = learnt.today_calls, learnt.today_answers

    def over(self, live: bool) -> None:
        """A call is over."""
        self._today_calls += 1
        self._today_lives += live

    def turn(self, hour: int) -> float:
        """It is now this hour (0 to 23). By what the rate is expected to change for it: 1 unless the hour is new and
        both it and the one before are known."""
        before, self._hour = self._hour, hour
        if before is None or before == hour:
            return 1.0
        old, new = self._rate(before), self._rate(hour)
        if self._today_calls:
            self._calls[before] = self._calls[before] * self.FADE + self._today_calls
            self._lives[before] = self._lives[before] * self.FADE + self._today_lives
            self._today_calls = self._today_lives = 0
        if old is None or new is None:
            return 1.0
        return min(self.MOST_CHANGE, max(1.0 / self.MOST_CHANGE, new / old))

    def _rate(self, hour: int) -> float | None:
        if self._calls[hour] < self.LEAST_CALLS or not self._lives[hour]:
            return None
        return self._lives[hour] / self._calls[hour]


class AnswerRate:
    """The share of calls that a person answers. ``rate``: the mean; ``weight``: how many calls stand behind it.

    It is answers over exposure (`Ringing.exposure`): how many answers a rate of 1 would have brought by now from these
    calls at their ages. Both grow second by second, so that it does not matter that answers come early and all
    other ends late: a wave of calls launched together, half over, bends nothing."""

    # Before anything is known: a rate that is rather high than low, worth a few calls.
    PRIOR, PRIOR_CALLS = 0.35, 8.0
    # At least so many calls and so many answers are remembered, and as many more as come in so long.
    LEAST_CALLS, LEAST_LIVES = 150.0, 40.0
    REMEMBER_S = 600.0
    # The last few are so much of the least, and so many calls at least; they may be off by so many standard deviations,
    # and by so many answers more.
    FEW = (0.015, 0.06, 0.25)
    FEWEST = 6.0
    JUMP, JUMP_LIVES = 3.0, 1.5
    # Silence: so many answers fewer than half of those expected; and so many at most are counted. What was expected
    # follows the rate by so much with each answer that comes: who do answer now and then say that this is the rate.
    SILENT, MOST_SILENT = 2.0, 10.0
    FOLLOW = 1.0 / 8.0

    __slots__ = ("_answers", "_exposed", "_few", "_lives", "_missed", "_over", "_used", "_weight", "day", "rate")

    def __init__(self, rate: float = PRIOR) -> None:
        self._weight = self.PRIOR_CALLS
        self._lives = rate * self.PRIOR_CALLS
        # (calls, answers) of the last few, the fewest first.
        self._few = [(0.0, 0.0)] * len(self.FEW)
        # Answers since the rate was last learned; exposure of calls that are over, and of all calls when last learned.
        self._answers = 0
        self._over = self._exposed = 0.0
        self.day = DayProfile()
        self.rate = rate
        # The rate before a silence, and the answers that were missed since.
        self._used = rate
        self._missed = 0.0

    @property
    def weight(self) -> float:
        """How many calls stand behind the rate."""
        return self._weight

    def learnt(self) -> RateLearnt:
        """What it knows."""
        weight, lives = rounded((self._weight, self._lives))
        return RateLearnt(weight=weight, lives=lives, **self.day.learnt())

    def resume(self, learnt: RateLearnt) -> None:
        """Go on from what another knew, a while ago: it counts for no more than the least."""
        if 0.0 < learnt.lives < learnt.weight < math.inf:
            self.restart(min(0.99, max(0.002, learnt.lives / learnt.weight)), min(learnt.weight, self.LEAST_CALLS))
        self.day.resume(learnt)

    def over(self, exposure: float, live: bool) -> None:
        """A call is over that was so long exposed to be answered."""
        self._over += exposure
        self._answers += live
        self.day.over(live)

    def cut(self, exposure: float) -> None:
        """A call was called off that was so long exposed, and not answered until then."""
        self._over += exposure

    def learn(self, open_: float, calls_per_s: float, hour: int) -> None:
        """Bring the rate up to date. ``open_``: the exposure of the calls that ring. ``calls_per_s``: how many end of
        late. ``hour``: of the day."""
        more = max(0.0, self._over + open_ - self._exposed)
        lives, self._answers = self._answers, 0
        least = max(self.LEAST_CALLS, self.LEAST_LIVES / self.rate)
        keep = min(1.0, max(least, self.REMEMBER_S * calls_per_s) / (self._weight + more))
        self._weight, self._lives = self._weight * keep + more, self._lives * keep + lives
        change = self.day.turn(hour)
        if change != 1.0:
            self._forget(min(self._weight, least), self._lives / self._weight * change)
        for i, share in enumerate(self.FEW):
            most, (few, answers) = max(self.FEWEST, share * least), self._few[i]
            keep = min(1.0, most / (few + more)) if few else 1.0
            few, answers = self._few[i] = few * keep + more, answers * keep + lives
            if few >= 0.8 * most and self._jumped(few, answers, i == len(self.FEW) - 1):
                # No answer among so few does not mean that there is none among thousands.
                self._forget(few, max(answers, 0.5) / few)
                break
        self.rate = min(0.99, max(0.002, self._lives / self._weight))
        self._missed = min(self.MOST_SILENT, max(0.0, self._missed + 0.5 * self._used * more - lives))
        if lives or not self.silent:
            self._used += (self.rate - self._used) * (1.0 - (1.0 - self.FOLLOW) ** max(1, lives))
        self.settle(open_)

    @property
    def silent(self) -> bool:
        """Whether hardly anybody has answered of late, though many had before."""
        return self._missed >= self.SILENT

    def restart(self, rate: float, weight: float) -> None:
        """Begin anew from a rate that is worth so many calls."""
        self._forget(weight, rate)
        self._few = [(0.0, 0.0)] * len(self.FEW)
        self._answers = 0
        self.rate = self._used = rate
        self._missed = 0.0

    def settle(self, open_: float) -> None:
        """Count on from here; ``open_`` as in `learn`: it changes when ring times are learned anew."""
        self._over, self._exposed = 0.0, open_

    def bound(self, z: float) -> float:
        """The rate that is not exceeded with the confidence of ``z`` standard deviations."""
        return min(0.995, self.rate + z * math.sqrt(self.rate * (1.0 - self.rate) / self._weight))

    def certain(self, z: float) -> float:
        """The rate that is exceeded with the confidence of ``z`` standard deviations. After a jump it is that of the
        last few dozens, before it among them, until as many have come: a handful of answers in a row comes by chance,
        too."""
        few, answers = self._few[-1]
        rate, weight = (self.rate, self._weight) if self._weight >= few else (min(self.rate, answers / few), few)
        return max(0.0, rate - z * math.sqrt(rate * (1.0 - rate) / weight))

    def guess(self, z: float) -> float:
        """The rate to go by: its bound, or, in silence, what it was before if that was more."""
        return max(self.bound(z), self._used) if self.silent else self.bound(z)

    def _forget(self, weight: float, rate: float) -> None:
        self._weight, self._lives = weight, weight * min(0.99, rate)

    def _jumped(self, few: float, answers: float, most: bool) -> bool:
        """Whether so many answers to the last few calls are more, or for the most of them fewer, than chance brings."""
        if self._weight < 2.0 * few:
            return False
        expected = few * self._lives / self._weight
        # A fading sum of rare things has the spread of a plain one over half of it.
        off = answers - expected if not most else abs(answers - expected)
        return off > self.JUMP * math.sqrt(expected / 2.0) + self.JUMP_LIVES
