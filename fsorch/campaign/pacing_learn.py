"""What the predictive pacer learns: how long calls ring until they are answered, how often they are, how long agents
are busy.

What has not ended yet counts as well: a call that has rung for 20 s says as much as one that was answered after 20 s.
So a distribution is learned as the chance to end in the next half second having lasted so long, which censored data do
not bend (Aalen-Johansen for the two ends a call has). Old data fade.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence

__all__ = ["BINS", "PER_S", "AnswerRate", "Ringing", "Talk", "Wrap", "bin_of"]

# Distributions stand in half seconds up to 64 s; what lasts longer ends at the last bin's pace.
PER_S = 2
BINS = 128


def bin_of(age: float) -> int:
    """The half second ``age`` falls into."""
    return min(int(age * PER_S), BINS - 1)


class Fading:
    """Counts by bin in which old observations fade: what came ``most`` observations ago counts 1/e."""

    __slots__ = ("_counts", "_most", "_worth")

    def __init__(self, most: float) -> None:
        self._most = most
        self._counts = [0.0] * BINS
        self._worth = 1.0

    def add(self, bin: int) -> None:
        """One more, worth more than all before it: cheaper than making those worth less."""
        self._worth *= 1.0 + 1.0 / self._most
        self._counts[bin] += self._worth
        if self._worth > 1e9:
            self._counts = self.now()
            self._worth = 1.0

    def now(self) -> list[float]:
        """The counts as they weigh now."""
        return [count / self._worth for count in self._counts]


def at_risk(ended: Sequence[float], open_: Mapping[int, int]) -> list[float]:
    """For each bin, how many came as far; those that still last count half in the bin they are in."""
    risk = [0.0] * BINS
    reach = 0.0
    for b in range(BINS - 1, -1, -1):
        lasting = open_.get(b, 0)
        reach += ended[b]
        risk[b] = reach + 0.5 * lasting
        reach += lasting
    return risk


class Ringing:
    """How long a call rings. ``live``: for a call that is answered by a person, the chance that it was by the end of
    each bin; ``other``: the same for every other end. Both start at 0 and have BINS + 1 entries."""

    # Worth this many calls at each age: answers come around 10 s, all else is over by 30 s.
    PRIOR_CALLS = 2.0
    PRIOR_LIVE_S = 11.0
    PRIOR_OTHER_S = 18.0

    __slots__ = ("_live", "_other", "live", "other")

    def __init__(self) -> None:
        self._live = Fading(400.0)
        self._other = Fading(800.0)
        self.live: list[float] = []
        self.other: list[float] = []
        self.learn({})

    def over(self, age: float, live: bool) -> None:
        """A call that rang ``age`` seconds is over."""
        (self._live if live else self._other).add(bin_of(age))

    def learn(self, open_: Mapping[int, int]) -> None:
        """Make both anew; ``open_``: how many calls ring, by bin of their age."""
        live, other = self._live.now(), self._other.now()
        # The two fade at their own pace; a call at risk is one of either.
        risk = at_risk([a + b for a, b in zip(live, other, strict=True)], open_)
        alive, lives, others = 1.0, [0.0], [0.0]
        for b in range(BINS):
            weight = self.PRIOR_CALLS
            rise = min(1.0, b / (PER_S * self.PRIOR_LIVE_S))
            to_live = (live[b] + weight * 0.35 * rise / (PER_S * self.PRIOR_LIVE_S) * 1.5) / (risk[b] + weight)
            to_other = (other[b] + weight * 0.65 * rise / (PER_S * self.PRIOR_OTHER_S) * 1.5) / (risk[b] + weight)
            ends = to_live + to_other
            scale = 1.0 / ends if ends > 1.0 else 1.0
            lives.append(lives[-1] + alive * to_live * scale)
            others.append(others[-1] + alive * to_other * scale)
            alive *= 1.0 - ends * scale
        self.live = [x / lives[-1] for x in lives]
        self.other = [x / others[-1] for x in others]

    def shares(self, count: int) -> list[int]:
        """The bins by which 1/2, 3/2, ... of ``count`` equal shares of the answers have come."""
        return [min(BINS, bisect_right(self.live, (i + 0.5) / count)) for i in range(count)]


class AnswerRate:
    """The share of calls that a person answers, from the last calls; a jump makes it forget."""

    PRIOR, PRIOR_CALLS = 0.35, 8.0
    FAST = 40.0
    JUMP = 3.2

    __slots__ = ("_fast", "_fast_weight", "_lives", "_most", "_weight", "rate", "weight")

    def __init__(self, most: float = 150.0) -> None:
        self._most = most
        self._weight = self.PRIOR_CALLS
        self._lives = self.PRIOR * self.PRIOR_CALLS
        self._fast_weight = self._fast = 0.0
        self.rate = self.PRIOR
        self.weight = self._weight

    def over(self, live: bool, most: float) -> None:
        """A call is over; ``most``: how many calls to remember."""
        most = max(self._most, most)
        keep = min(1.0, most / (self._weight + 1.0))
        self._weight = self._weight * keep + 1.0
        self._lives = self._lives * keep + live
        keep = 1.0 - 1.0 / self.FAST
        self._fast_weight = self._fast_weight * keep + 1.0
        self._fast = self._fast * keep + live

    def learn(self, ringing: Ringing, open_: Mapping[int, int]) -> None:
        """Bring the rate up to date. The calls that ring count with their chance to be answered still (one step of
        expectation maximisation for each time it is called)."""
        count, expected = 0, 0.0
        for b, n in open_.items():
            live, other = self.rate * (1.0 - ringing.live[b]), (1.0 - self.rate) * (1.0 - ringing.other[b])
            count += n
            expected += n * (live / (live + other) if live + other > 0.0 else 0.0)
        slow = (self._lives + expected) / (self._weight + count)
        fast = (self._fast + expected) / max(1.0, self._fast_weight + count)
        known = self._fast_weight + 0.5 * count
        spread = math.sqrt(max(0.01, slow * (1.0 - slow)) / max(1.0, known))
        if self._fast_weight > 15.0 and abs(fast - slow) > self.JUMP * spread and self._weight > 2 * self._fast_weight:
            self._weight, self._lives = self._fast_weight, self._fast
            slow = fast
        self.rate = min(0.99, max(0.005, slow))
        self.weight = self._weight + 0.5 * count

    def bound(self, z: float) -> float:
        """The rate that is not exceeded with the confidence of ``z`` standard deviations."""
        return min(0.995, self.rate + z * math.sqrt(self.rate * (1.0 - self.rate) / self.weight))


class Wrap:
    """How long wrap-up lasts: ``done``, the chance that it is over by the end of each bin; ``sum_``: its integral in
    seconds."""

    __slots__ = ("_ended", "done", "sum_")

    def __init__(self) -> None:
        self._ended = Fading(300.0)
        self.done: list[float] = []
        self.sum_: list[float] = []
        self.learn({})

    def over(self, lasted: float) -> None:
        """A wrap-up (0: there was none) is over."""
        self._ended.add(bin_of(lasted))

    def learn(self, open_: Mapping[int, int]) -> None:
        """Make the distribution anew; ``open_``: how many agents wrap up, by bin."""
        ended = self._ended.now()
        risk = at_risk(ended, open_)
        alive, done, sum_ = 1.0, [0.0], [0.0]
        for b in range(BINS):
            # Before anything is known: some fifteen seconds.
            chance = min(1.0, (ended[b] + 2.0 / (15.0 * PER_S)) / (risk[b] + 2.0))
            alive *= 1.0 - chance
            done.append(1.0 - alive)
            sum_.append(sum_[-1] + (done[-1] + done[-2]) / 2 / PER_S)
        self.done, self.sum_ = done, sum_


class Talk:
    """How long talks last: the pace at which they end by age, in bins that widen."""

    EDGES = (0.0, 2.0, 4.0, 7.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 180.0, 240.0, 360.0, 600.0)
    PRIOR_S = 120.0
    PRIOR_TALKS = 3.0

    __slots__ = ("_ended", "_lasted", "pace")

    def __init__(self) -> None:
        self._ended = [0.0] * len(self.EDGES)
        self._lasted = [0.0] * len(self.EDGES)
        self.pace: list[float] = []
        self.learn([])

    def over(self, lasted: float) -> None:
        """A talk is over."""
        last = bisect_right(self.EDGES, lasted) - 1
        self._ended[last] += 1.0
        for b in range(last + 1):
            until = self.EDGES[b + 1] if b < last else lasted
            self._lasted[b] += until - self.EDGES[b]
        if self._ended[last] > 400.0:
            self._ended = [x * 0.7 for x in self._ended]
            self._lasted = [x * 0.7 for x in self._lasted]

    def learn(self, ages: Iterable[float]) -> None:
        """Make the paces anew, with the ages of the talks under way."""
        lasted = list(self._lasted)
        for age in ages:
            last = bisect_right(self.EDGES, age) - 1
            for b in range(last + 1):
                lasted[b] += (self.EDGES[b + 1] if b < last else age) - self.EDGES[b]
        ends = sum(self._ended) + self.PRIOR_TALKS
        mean = ends / (sum(lasted) + self.PRIOR_TALKS * self.PRIOR_S)
        weight = 4.0
        self.pace = [(ended + weight) / (time + weight / mean) for ended, time in zip(self._ended, lasted, strict=True)]

    def pace_at(self, age: float) -> float:
        """The chance in each second that a talk of this age ends."""
        return self.pace[bisect_right(self.EDGES, age) - 1]
