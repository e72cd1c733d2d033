"""The predictive pacer.

For a few moments within the ring time ahead it adds up, from what it has learned (`pacing_learn`), how many of the
calls that ring will have been answered and how many agents will have come free: those in wrap-up by how long they have
been in it, those in talk by the pace at which talks of their age end, followed by a wrap-up. The difference has a
distribution (`pacing_odds`); from it follows the chance that a call launched now, if a person answers, finds nobody, or
takes the agent of another. Calls are launched while that chance is below a price (`pacing_price`), which the drops so
far set.

This is the base-stock rule of an inventory with lost sales: agents who will be free are the stock, the ring time is the
lead time, and the price is the critical fractile, found by control instead of costs. What is uncertain counts against
launching: the answer rate enters by its upper confidence bound.
"""

from __future__ import annotations

import math
from collections.abc import Hashable

from fsorch.campaign.pacing_learn import BINS, PER_S, AnswerRate, Ringing, Talk, Wrap, bin_of
from fsorch.campaign.pacing_odds import Moment
from fsorch.campaign.pacing_price import Bank
from fsorch.campaign.pacing_watch import Phase, Ring, Watch

__all__ = ["Predictive"]


class Predictive(Watch):
    """Launches what will find an agent, at a risk that keeps drops at ``target``."""

    # Moments ahead, the latest first: at equal shares of the answers a call launched now may bring.
    POINTS = 6
    # How sure to be of the answer rate, in standard deviations.
    SURE = 0.7
    # Until so many calls are over, one line for each free agent: nothing is known of these people yet.
    FIRST_CALLS = 10
    # What may be launched within a second, in lines for each agent, and in talks for each agent: so a start is spread
    # over some ten seconds. Talks that begin together end together, and a carrier does not like a burst.
    LINES_PER_S = 0.05
    TALKS_PER_S = 0.03
    RELEARN_S = 5.0
    RERATE_S = 1.0

    def __init__(self, *, target: float = 0.03, tolerance_s: float = 2.0) -> None:
        super().__init__(target=target, tolerance_s=tolerance_s)
        self._bank = Bank(self.target)
        self._ringing, self._wrap, self._talk = Ringing(), Wrap(), Talk()
        self._rate = AnswerRate()
        self._relearn = self._rerate = 0.0
        self._over = 0
        # The limit on bursts: what is left of it, and the calls and the time when that was reckoned.
        self._allowance = math.inf
        self._launched = 0
        self._asked = 0.0
        self._points: list[int] = []  # bins
        # By bin of age: the chance that a call was answered by then, and that it still rings.
        self._answered: list[float] = []
        self._still: list[float] = []
        # By bin of age: calls that ring, agents in wrap-up; and the ages of talks.
        self._rung: dict[int, int] = {}
        self._wraps: dict[int, int] = {}
        self._talks: list[float] = []
        # Talks that end, a second.
        self._pace = 0.0

    def due(self, now: float) -> int:
        """How many calls to launch at ``now``."""
        self.see(now)
        if not self.agents:
            return 0
        self._look()
        self._learn()
        most = self._allowed()
        if self._over < self.FIRST_CALLS:
            most = min(most, self.free - self.ringing - self.waiting)
        return self._worth(most)

    # Learning --------------------------------------------------------------------------------------------------

    def call_over(self, ring: Ring, age: float, live: bool) -> None:
        """Learn ring times and the answer rate."""
        self._ringing.over(age, live)
        self._rate.over(live, 0.0)
        self._over += 1
        if live:
            self._bank.live(self.agents)

    def dropped(self) -> None:
        """Pay for it."""
        self._bank.drop()

    def phase_over(self, agent_id: Hashable, phase: Phase, lasted: float, then: Phase) -> None:
        """Learn talk and wrap-up times."""
        if phase is Phase.TALK:
            self._talk.over(lasted)
            if then is Phase.FREE:
                self._wrap.over(0.0)
        elif phase is Phase.WRAP:
            self._wrap.over(lasted)

    def _look(self) -> None:
        """Sort what is under way by age."""
        time = self.time
        self._rung, self._wraps, self._talks = {}, {}, []
        for ring in self._rings.values():
            b = bin_of(time - ring.since)
            self._rung[b] = self._rung.get(b, 0) + 1
        for phase, since in self._agents.values():
            if phase is Phase.WRAP:
                b = bin_of(time - since)
                self._wraps[b] = self._wraps.get(b, 0) + 1
            elif phase is not Phase.FREE:
                self._talks.append(time - since)

    def _learn(self) -> None:
        if self.time >= self._relearn:
            self._relearn = self.time + self.RELEARN_S
            self._ringing.learn(self._rung)
            self._wrap.learn(self._wraps)
            self._talk.learn(self._talks)
            self._points = self._ringing.shares(self.POINTS)[::-1]
        if self.time >= self._rerate:
            self._rerate = self.time + self.RERATE_S
            self._rate.learn(self._ringing, self._rung)
            rate = self._rate.bound(self.SURE)
            self._answered = [rate * share for share in self._ringing.live]
            self._still = [1.0 - a - (1.0 - rate) * b for a, b in zip(self._answered, self._ringing.other, strict=True)]

    def _allowed(self) -> int:
        """How many calls a burst's limit leaves for now. It refills with time, up to what one second allows."""
        a_second = max(1.0, self.agents * (self.LINES_PER_S + self.TALKS_PER_S / self._rate.rate))
        gone = self.launched - self._launched
        self._allowance = max(0.0, self._allowance - gone) + a_second * (self.time - self._asked)
        self._allowance = min(a_second, self._allowance)
        self._launched, self._asked = self.launched, self.time
        return int(self._allowance)

    # Deciding --------------------------------------------------------------------------------------------------

    def _worth(self, most: int) -> int:
        """How many calls, up to ``most``, are worth their risk."""
        self._pace = sum(map(self._talk.pace_at, self._talks))
        price = self._bank.price(self.agents)
        moments: list[Moment] = []
        count = 0
        while count < most and self._risk(moments, price) <= price:
            count += 1
            for moment, point in zip(moments, self._points, strict=True):
                moment.lives(self._answered[point])
        return count

    def _risk(self, moments: list[Moment], price: float) -> float:
        """The chance that one more call, if it is live, leaves somebody without an agent: it finds nobody itself, or at
        a later moment another finds nobody for it. Adds to ``moments``, the latest first, those it had to look at, and
        stops as soon as the chance is above ``price`` whatever the others say."""
        points = self._points
        worst = total = 0.0
        for i in range(len(points)):
            if i == len(moments):
                moments.append(self._moment(points[i]))
            worst = max(worst, moments[i].nobody())
            total += worst
            if total + worst * (len(points) - 1 - i) > price * len(points):
                return 1.0
        return total / len(points)

    def _moment(self, point: int) -> Moment:
        """Who will have been answered, and who will be free, ``point`` bins from now."""
        moment = Moment(self.free - self.waiting)
        live, still = self._answered, self._still
        for b, calls in self._rung.items():
            if still[b] > 1e-9:
                moment.lives((live[min(BINS, b + point)] - live[b]) / still[b], calls)
        # An answer waits a little: an agent who comes free within its patience is in time.
        upto = min(BINS, point + int(self.tolerance_s * PER_S))
        done = self._wrap.done
        for b, agents in self._wraps.items():
            left = 1.0 - done[b]
            moment.releases((done[min(BINS, b + upto)] - done[b]) / left if left > 1e-9 else 1.0, agents)
        moment.releases_at(self._pace * self._wrap.sum_[upto])
        return moment
