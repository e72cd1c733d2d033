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

__all__ = ["BINS", "PER_S", "Returns", "Ringing", "Talk", "Wrap", "bin_of"]

# Distributions stand in half seconds up to 64 s; what lasts longer ends at the last bin's pace.
PER_S = 2
BINS = 128


def bin_of(age: float) -> int:
    """The half second ``age`` falls into."""
    return min(int(age * PER_S), BINS - 1)


class Fading:
    """Counts by bin in which old observations fade."""

    __slots__ = ("_counts", "_worth")

    def __init__(self, bins: int = BINS) -> None:
        self._counts = [0.0] * bins
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

    def resume(self, counts: Sequence[float]) -> None:
        """Go on from what `now` gave another with as many bins; anything else is left out."""
        if len(counts) == len(self._counts) and _are_sound(counts):
            self._counts, self._worth = list(counts), 1.0


def _are_sound(counts: Sequence[float]) -> bool:
    return all(0.0 <= count < math.inf for count in counts)


def at_risk(ended: Sequence[float], open_: Mapping[int, int]) -> list[float]:
    """For each bin, how many came as far; those that still last count half in the bin they are in."""
    risk = [0.0] * len(ended)
    reach = 0.0
    for b in range(len(ended) - 1, -1, -1):
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

    __slots__ = ("_live", "_other", "exposure", "live", "other", "rate")

    def __init__(self) -> None:
        self._live = Fading()
        self._other = Fading()
        self.live: list[float] = []
        self.other: list[float] = []
        self.exposure: list[float] = []
        self.rate = self.PRIOR_RATE
        self.learn({})

    def learnt(self) -> tuple[list[float], list[float]]:
        """The answers and the other ends it knows of, by bin."""
        return self._live.now(), self._other.now()

    def resume(self, live: Sequence[float], other: Sequence[float]) -> float:
        """Go on from what another knew; how many calls that are."""
        self._live.resume(live)
        self._other.resume(other)
        self.learn({})
        return sum(self._live.now()) + sum(self._other.now())

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
        self.rate = lives[-1]
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
    """How long wrap-up lasts: ``done``, the chance that it is over by the end of each half second; ``sum_``: its
    integral in seconds. Both go to LONGEST_S; a longer one may end at any time then."""

    LONGEST_S = 300
    MOST = 300.0
    # Before anything is known: some fifteen seconds, worth this many at each age.
    PRIOR_S, PRIOR = 15.0, 1.0
    # Half seconds up to 30 s; then they widen, as there are fewer to learn from.
    FINE_S, WIDER = 30, 1.06

    __slots__ = ("_edges", "_ended", "done", "sum_")

    def __init__(self) -> None:
        self._edges = [n / PER_S for n in range(self.FINE_S * PER_S + 1)]
        while self._edges[-1] < self.LONGEST_S:
            self._edges.append(self._edges[-1] * self.WIDER)
        self._ended = Fading(len(self._edges))
        self.done: list[float] = []
        self.sum_: list[float] = []
        self.learn(())

    def learnt(self) -> list[float]:
        """The ends it knows of, by bin."""
        return self._ended.now()

    def resume(self, ended: Sequence[float]) -> None:
        """Go on from what another knew."""
        self._ended.resume(ended)
        self.learn(())

    def over(self, lasted: float) -> None:
        """A wrap-up (0: there was none) is over."""
        self._ended.fade(self.MOST)
        self._ended.add(self._bin(lasted))

    def learn(self, open_: Iterable[float]) -> None:
        """Make the distribution anew; ``open_``: how long agents have been in wrap-up."""
        counts: dict[int, int] = {}
        for age in open_:
            counts[self._bin(age)] = counts.get(self._bin(age), 0) + 1
        ended = self._ended.now()
        risk = at_risk(ended, counts)
        alive, done, sum_ = 1.0, [0.0], [0.0]
        for b, edge in enumerate(self._edges[:-1]):
            width = self._edges[b + 1] - edge
            usual = 1.0 - math.exp(-width / self.PRIOR_S)
            ends = alive * (ended[b] + self.PRIOR * usual) / (risk[b] + self.PRIOR)
            # Spread over the half seconds of the bin.
            first, last = len(done), min(int(self._edges[b + 1] * PER_S), self.LONGEST_S * PER_S)
            for n in range(first, last + 1):
                done.append(1.0 - alive + ends * min(1.0, (n / PER_S - edge) / width))
                sum_.append(sum_[-1] + (done[-1] + done[-2]) / 2 / PER_S)
            alive -= ends
        self.done, self.sum_ = done, sum_

    def within(self, age: int, ahead: int) -> float:
        """The chance that a wrap-up of this age is over so much later; both in half seconds."""
        last = len(self.done) - 1
        age = min(age, last - 1)
        left = 1.0 - self.done[age]
        return min(1.0, (self.done[min(last, age + ahead)] - self.done[age]) / left) if left > 1e-9 else 1.0

    def _bin(self, age: float) -> int:
        return bisect_right(self._edges, age) - 1


class Talk:
    """How long talks last: the pace at which they end by age, in bins that widen."""

    EDGES = (0.0, 2.0, 4.0, 7.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 180.0, 240.0, 360.0, 600.0)
    # Before anything is known: three minutes, worth so many talks; and what a bin borrows of all of them together.
    PRIOR_S, PRIOR_TALKS, BORROWED = 180.0, 2.0, 2.0
    # So many ends in a bin are remembered.
    MOST = 400.0

    __slots__ = ("_ended", "_lasted", "mean", "pace")

    def __init__(self) -> None:
        self._ended = [0.0] * len(self.EDGES)
        self._lasted = [0.0] * len(self.EDGES)
        self.pace: list[float] = []
        # That of all of them together.
        self.mean = 0.0
        self.learn([])

    def learnt(self) -> tuple[list[float], list[float]]:
        """The ends, and the seconds talked, by age."""
        return self._ended, self._lasted

    def resume(self, ended: Sequence[float], lasted: Sequence[float]) -> None:
        """Go on from what another knew."""
        if len(ended) == len(lasted) == len(self.EDGES) and _are_sound(ended) and _are_sound(lasted):
            self._ended, self._lasted = list(ended), list(lasted)
            self.learn([])

    def over(self, lasted: float) -> None:
        """A talk is over."""
        last = bisect_right(self.EDGES, lasted) - 1
        self._ended[last] += 1.0
        for b, part in enumerate(self._parts([lasted])):
            self._lasted[b] += part
        if self._ended[last] > self.MOST:
            self._ended = [x * 0.7 for x in self._ended]
            self._lasted = [x * 0.7 for x in self._lasted]

    def learn(self, ages: Sequence[float]) -> None:
        """Make the paces anew, with the ages of the talks under way."""
        lasted = [a + b for a, b in zip(self._lasted, self._parts(ages), strict=True)]
        mean = self.mean = (sum(self._ended) + self.PRIOR_TALKS) / (sum(lasted) + self.PRIOR_TALKS * self.PRIOR_S)
        more = self.BORROWED
        self.pace = [(ended + more) / (time + more / mean) for ended, time in zip(self._ended, lasted, strict=True)]

    def mean_pace(self, ages: Sequence[float]) -> float:
        """The chance in each second that a talk ends, over talks of these ages."""
        if not ages:
            return self.pace[0]
        return sum(self.pace[bisect_right(self.EDGES, age) - 1] for age in ages) / len(ages)

    def _parts(self, ages: Sequence[float]) -> list[float]:
        """The seconds that talks of these ages were in each bin, together."""
        parts, reached = [0.0] * len(self.EDGES), [0] * len(self.EDGES)
        for age in ages:
            last = bisect_right(self.EDGES, age) - 1
            parts[last] += age - self.EDGES[last]
            reached[last] += 1
        beyond = 0
        for b in range(len(self.EDGES) - 2, -1, -1):
            beyond += reached[b + 1]
            parts[b] += beyond * (self.EDGES[b + 1] - self.EDGES[b])
        return parts


class Returns:
    """How many agents are free again after a contact. Some go on a break or home, now and then; at the end of a shift
    all of them do, one after the other: then the last few say more than the day, and the day is not told of them.
    ``usual``: the share on the day."""

    OF, FEW = 100.0, 5.0
    # Those who went count one each, less so many for each contact that ended; from three in a row on it is an exodus.
    USUAL, EXODUS, MOST = 0.3, 2.0, 4.0

    __slots__ = ("_few", "_gone", "usual")

    def __init__(self) -> None:
        self.usual = 1.0
        self._few = 1.0
        self._gone = 0.0

    @property
    def share(self) -> float:
        """The share to count on now."""
        return min(self.usual, self._few) if self._gone >= self.EXODUS else self.usual

    @property
    def stay(self) -> float:
        """The share of agents who go on working: in an exodus those who come back, else all of them."""
        return self._few if self._gone >= self.EXODUS else 1.0

    def ended(self, back: bool) -> None:
        """A contact is over, and its agent is free again or is not."""
        self._gone = min(self.MOST, max(0.0, self._gone + (0.0 if back else 1.0) - self.USUAL))
        self._few += (back - self._few) / self.FEW
        if self._gone < self.EXODUS:
            self.usual += (back - self.usual) / self.OF

    def left(self) -> None:
        """An agent who was free has gone: where they do so one after the other, the busy ones will as well."""
        self._gone = min(self.MOST, self._gone + 1.0 - self.USUAL)
        self._few -= self._few / self.FEW
