"""What the predictive pacer learns: how long calls ring until they are answered, how often they are, how long agents
are busy.

What has not ended yet counts as well: a call that has rung for 20 s says as much as one that was answered after 20 s.
So a distribution is learned as the chance to end in the next half second having lasted so long, which censored data do
not bend (Aalen-Johansen for the two ends a call has). Old data fade.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence

__all__ = ["BINS", "PER_S", "Ringing", "Talk", "Wrap", "bin_of"]

# Distributions stand in half seconds up to 64 s; what lasts longer ends at the last bin's pace.
PER_S = 2
BINS = 128


def bin_of(age: float) -> int:
    """The half second ``age`` falls into."""
    return min(int(age * PER_S), BINS - 1)


class Fading:
    """Counts by bin in which old observations fade."""

    __slots__ = ("_counts", "_worth")

    def __init__(self) -> None:
        self._counts = [0.0] * BINS
        self._worth = 1.0

    def fade(self, most: float) -> None:
        """Make all before this worth less: what came ``most`` times ago counts 1/e. What comes is made worth more
        instead, which is the same and cheaper."""
        self._worth *= 1.0 + 1.0 / most
        if self._worth > 1e9:
            self._counts = self.now()
            self._worth = 1.0

    def add(self, bin: int) -> None:
        """One more."""
        self._counts[bin] += self._worth

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
    each bin; ``other``: the same for every other end. ``exposure``: the answers to expect of a call that rang as far,
    for each that a whole call brings. All start at 0 and have BINS + 1 entries."""

    # Worth this many calls at each age: answers come around 10 s, all else is over by 30 s.
    PRIOR_CALLS = 2.0
    PRIOR_RATE, PRIOR_LIVE_S, PRIOR_OTHER_S = 0.35, 11.0, 18.0
    MOST = 1200.0

    __slots__ = ("_live", "_other", "exposure", "live", "other")

    def __init__(self) -> None:
        self._live = Fading()
        self._other = Fading()
        self.live: list[float] = []
        self.other: list[float] = []
        self.exposure: list[float] = []
        self.learn({})

    def over(self, age: float, live: bool) -> None:
        """A call that rang ``age`` seconds is over."""
        # Both fade with every call: else the rarer end would be remembered longer, and seem less rare.
        self._live.fade(self.MOST)
        self._other.fade(self.MOST)
        (self._live if live else self._other).add(bin_of(age))

    def learn(self, open_: Mapping[int, int]) -> None:
        """Make all anew; ``open_``: how many calls ring, by bin of their age."""
        live, other = self._live.now(), self._other.now()
        risk = at_risk([a + b for a, b in zip(live, other, strict=True)], open_)
        alive, lives, others, exposure = 1.0, [0.0], [0.0], [0.0]
        for b in range(BINS):
            # Hardly anybody answers in the first seconds.
            rise = 1.5 * min(1.0, b / (PER_S * self.PRIOR_LIVE_S)) * self.PRIOR_CALLS / PER_S
            to_live = (live[b] + rise * self.PRIOR_RATE / self.PRIOR_LIVE_S) / (risk[b] + self.PRIOR_CALLS)
            to_other = (other[b] + rise * (1.0 - self.PRIOR_RATE) / self.PRIOR_OTHER_S) / (risk[b] + self.PRIOR_CALLS)
            scale = 1.0 / max(1.0, to_live + to_other)
            lives.append(lives[-1] + alive * to_live * scale)
            others.append(others[-1] + alive * to_other * scale)
            exposure.append(exposure[-1] + to_live * scale)
            alive *= 1.0 - (to_live + to_other) * scale
        self.live = [x / lives[-1] for x in lives]
        self.other = [x / others[-1] for x in others]
        self.exposure = [x / lives[-1] for x in exposure]

    def exposed(self, age: float) -> float:
        """The answers to expect of a call that was over at ``age``, for each that a whole call brings."""
        # As in `learn`: who ends in a bin was at risk in it.
        return self.exposure[bin_of(age) + 1]

    def exposing(self, open_: Mapping[int, int]) -> float:
        """The same of calls that ring, by bin of their age."""
        return sum(calls * self.exposure[b] for b, calls in open_.items())

    def shares(self, count: int) -> list[int]:
        """The bins by which 1/2, 3/2, ... of ``count`` equal shares of the answers have come."""
        return [min(BINS, bisect_right(self.live, (i + 0.5) / count)) for i in range(count)]


class Wrap:
    """How long wrap-up lasts: ``done``, the chance that it is over by the end of each bin; ``sum_``: its integral in
    seconds."""

    MOST = 300.0

    __slots__ = ("_ended", "done", "sum_")

    def __init__(self) -> None:
        self._ended = Fading()
        self.done: list[float] = []
        self.sum_: list[float] = []
        self.learn({})

    def over(self, lasted: float) -> None:
        """A wrap-up (0: there was none) is over."""
        self._ended.fade(self.MOST)
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

    def learn(self, ages: Sequence[float]) -> None:
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

    def mean_pace(self, ages: Sequence[float]) -> float:
        """The chance in each second that a talk ends, over talks of these ages."""
        if not ages:
            return self.pace[0]
        return sum(self.pace[bisect_right(self.EDGES, age) - 1] for age in ages) / len(ages)
