"""The predictive pacer.

For a few moments within the ring time ahead it adds up, from what it has learned (`pacing_learn`, `pacing_rate`), how
many of the calls that ring will have been answered and how many agents will have come free: those in wrap-up by how
long they have been in it, those in talk by the pace at which talks of their age end, followed by a wrap-up. The
difference has a distribution (`pacing_odds`); from it follows the chance that a call launched now, if a person answers,
finds nobody, or takes the agent of another. Calls are launched while that chance is below a price (`pacing_price`),
which the drops so far set.

This is the base-stock rule of an inventory with lost sales: agents who will be free are the stock, the ring time is the
lead time, and the price is the critical fractile, found by control instead of costs. What is uncertain counts against
launching: the answer rate enters by its upper confidence bound.
"""

from __future__ import annotations

import math
from collections.abc import Hashable

from fsorch.campaign.pacing_learn import BINS, PER_S, Returns, Ringing, Talk, Wrap, bin_of
from fsorch.campaign.pacing_memory import Learnt, rounded
from fsorch.campaign.pacing_odds import Moment
from fsorch.campaign.pacing_price import Bank
from fsorch.campaign.pacing_rate import AnswerRate
from fsorch.campaign.pacing_watch import Phase, Ring, Watch

__all__ = ["Predictive"]


class _List:
    """What is known of one list, and its calls that ring: ``begun``, how many, by the half second of their launch;
    ``rung``, by bin of age."""

    __slots__ = ("begun", "rate", "rung")

    def __init__(self, rate: AnswerRate) -> None:
        self.rate = rate
        self.begun: dict[int, int] = {}
        self.rung: dict[int, int] = {}

    def over(self, ring: Ring) -> None:
        """A call rings no more."""
        begun = int(ring.since * PER_S)
        self.begun[begun] -= 1
        if not self.begun[begun]:
            del self.begun[begun]

    def look(self, now: int) -> None:
        """Sort what rings by age; ``now``: in half seconds."""
        self.rung = {}
        for begun, calls in self.begun.items():
            b = min(BINS - 1, now - begun)
            self.rung[b] = self.rung.get(b, 0) + calls

    def waits(self, ringing: Ringing, rate: float) -> list[tuple[int, int, float]]:
        """(bin of age, calls, the rate over the chance to ring still at that age): what `Predictive` needs to say by
        when they are answered."""
        found = []
        for b, calls in self.rung.items():
            still = 1.0 - rate * ringing.live[b] - (1.0 - rate) * ringing.other[b]
            if still > 1e-9:
                found.append((b, calls, rate / still))
        return found


class Predictive(Watch):
    """Launches what will find an agent, at a risk that keeps drops at ``target``."""

    # Moments ahead: at equal shares of the answers a call launched now may bring.
    POINTS = 6
    # How sure to be of an answer rate, in standard deviations.
    SURE = 0.7
    # Until the first so many calls are all over, one line for each free agent. Fewer, or those of them that were quick
    # to end, would say little of these people.
    FIRST_CALLS = 30
    # What may be launched within a second, in lines for each agent, and in talks for each agent: so a start is spread
    # over some ten seconds. Talks that begin together end together, and a carrier does not like a burst. Where talks
    # are so short that agents could begin more of them, so many are allowed.
    LINES_PER_S = 0.05
    # And what may ring at once. A list of which one in a hundred answers keeps agents busy with no more, if talks last
    # a minute and a half; and where nobody answers at all, something is broken and will be mended while it all rings.
    MOST_LINES = 12
    TALKS_PER_S = 0.03
    # Who asks less often than every second has at once what was not asked for meanwhile, up to that of so long.
    SELDOM_S = 5.0
    # How often distributions and rates are made anew, and over how long calls a second are averaged.
    RELEARN_S = 2.0
    RERATE_S = 1.0
    PACE_S = 60.0
    # Calls are called off when so many times more answers are to be lost than this and the target's share of them,
    # which is what chance brings; down to that.
    USUAL_LOSS, TOO_MUCH = 0.5, 2.0
    # How sure to be that people answer whose calls are called off, in standard deviations.
    CERTAIN = 1.0
    # Lists with a rate of their own; all others share one.
    MOST_LISTS = 64
    # An answer that may wait longer is paced as if it might wait so long.
    MOST_PATIENCE_S = 30.0

    def __init__(self, *, target: float = 0.03, tolerance_s: float = 2.0) -> None:
        super().__init__(target=target, tolerance_s=tolerance_s)
        self._bank = Bank(self.target)
        self._ringing, self._wrap, self._talk = Ringing(), Wrap(), Talk()
        self._lists: dict[str, _List] = {}
        # Of all calls together: what is expected of one that is not launched yet.
        self._any = _List(AnswerRate())
        self._relearn = self._rerate = 0.0
        self._turn = 0
        self._points = self._ringing.shares(self.POINTS)[::-1]
        # Calls that ring, for `_moment`.
        self._waits: list[tuple[int, int, float]] = []
        # Agents in wrap-up by bin, talks, and the chance that a talk ends within a second.
        self._wraps: dict[int, int] = {}
        self._talks = 0
        self._pace = self._talk.mean_pace([])
        # Who is free again after a contact, and how many agents seem to stay.
        self._returns = Returns()
        self._stayed = 0
        # When the first calls had been launched; infinite: they are over.
        self._first_until: float | None = None
        # Calls that are over, and how many a second.
        self._over = self._counted = 0
        self._calls_per_s = 0.0
        # The limit on bursts: what is left of it, and the calls and the time when that was reckoned.
        self._allowance = math.inf
        self._launched = 0
        self._asked = 0.0

    def due(self, now: float) -> int:
        """How many calls to launch at ``now``. Takes well under a millisecond, with 300 agents too."""
        self.see(now)
        if not self.agents:
            return 0
        self._look()
        self._learn()
        most = self._allowed()
        if not self._knows():
            most = min(most, self.free - self.ringing - self.waiting)
        return self._worth(most) if most > 0 else 0

    def surplus(self) -> int:
        """The calls that ring for more people than there will be agents for, as after many have left at once, or when
        many more answer than did. What chance brings is left alone: it takes more than a drop too many."""
        self._look()
        # Even if fewer answer than is to be expected: a few answers too many are soon taken for a jump.
        waits = self._waits = sorted(
            wait
            for list_ in self._lists.values()
            for wait in list_.waits(self._ringing, list_.rate.certain(self.CERTAIN))
        )
        lives = sum(calls * min(1.0, share * (1.0 - self._ringing.live[b])) for b, calls, share in waits)
        usual = self.USUAL_LOSS + self.target * lives
        if lives <= usual or self._lost() <= self.TOO_MUCH * usual:
            return 0
        stays, goes = 0, self.ringing
        # To one in twenty: it is asked again, with fewer.
        while goes - stays > max(1, goes // 20):
            middle = (stays + goes) // 2
            self._waits = _without(waits, middle)
            stays, goes = (stays, middle) if self._lost() <= usual else (middle, goes)
        return goes

    def _lost(self) -> float:
        """How many of those who may answer find nobody, on average."""
        return max(self._moment(point).lost() for point in self._points)

    def answer_rate(self, source: str = "") -> float:
        """The share of a list's calls that a person answers, as far as is known; without a list, of all calls."""
        known = self._lists.get(source) if source else None
        return (known or self._any).rate.rate

    # What outlasts it -------------------------------------------------------------------------------------------

    def learnt(self) -> Learnt:
        """What it knows, for the next pacer of the same campaign."""
        live, other = self._ringing.learnt()
        talks, talked = self._talk.learnt()
        return Learnt(
            live=rounded(live),
            other=rounded(other),
            wraps=rounded(self._wrap.learnt()),
            talks=rounded(talks),
            talked=rounded(talked),
            back=self._returns.usual,
            saved=self._bank.saved,
            rates={name: known.rate.learnt() for name, known in {**self._lists, "": self._any}.items()},
        )

    def resume(self, learnt: Learnt) -> None:
        """Go on from what another pacer knew, before anything is told. A call one by one for each free agent is not
        needed again where that one had seen enough of them."""
        calls = self._ringing.resume(learnt.live, learnt.other)
        self._wrap.resume(learnt.wraps)
        self._talk.resume(learnt.talks, learnt.talked)
        self._pace = self._talk.mean_pace([])
        self._bank.resume(learnt.saved)
        if 0.0 < learnt.back <= 1.0:
            self._returns.usual = learnt.back
        for name, known in list(learnt.rates.items())[: self.MOST_LISTS + 1]:
            list_ = self._lists.setdefault(name, _List(AnswerRate())) if name else self._any
            list_.rate.resume(known)
        self._rings_anew()
        if calls >= self.FIRST_CALLS:
            self._first_until = math.inf

    def caught_up(self) -> None:
        """Those who have answered already are not among the calls that ring: what these have rung until now says
        nothing of how many answer, and would look like a list that nobody answers."""
        self._look()
        self._rings_anew()

    # Learning --------------------------------------------------------------------------------------------------

    def call_begun(self, ring: Ring) -> None:
        """Count it among those of its half second: with many calls they are looked at by age and not one by one."""
        if ring.source not in self._lists and len(self._lists) >= self.MOST_LISTS:
            ring.source = ""
        known = self._lists.get(ring.source)
        if known is None:
            known = self._lists[ring.source] = _List(AnswerRate(self._any.rate.rate))
        for list_ in (known, self._any):
            begun = int(ring.since * PER_S)
            list_.begun[begun] = list_.begun.get(begun, 0) + 1

    def call_over(self, ring: Ring, age: float, live: bool) -> None:
        """Learn ring times and answer rates."""
        for list_ in (self._lists[ring.source], self._any):
            list_.over(ring)
            list_.rate.over(self._ringing.exposed(age), live)
        self._ringing.over(age, live)
        self._over += 1
        if live:
            self._bank.live(self._staying())

    def call_taken_back(self, ring: Ring, age: float) -> None:
        """Nobody had answered until then: that is all it says."""
        for list_ in (self._lists[ring.source], self._any):
            list_.over(ring)
            list_.rate.cut(self._ringing.exposure[bin_of(age)])

    def dropped(self) -> None:
        """Pay for it."""
        self._bank.drop()

    def phase_over(self, agent_id: Hashable, phase: Phase, lasted: float, then: Phase) -> None:
        """Learn talk and wrap-up times, and how many come back from them: some go on a break or home."""
        if phase is Phase.WRAP or (phase is Phase.TALK and then is not Phase.WRAP):
            self._returns.ended(then is not Phase.AWAY)
        elif phase is Phase.FREE and then is Phase.AWAY:
            self._returns.left()
        if phase is Phase.TALK:
            self._talk.over(lasted)
            if then is Phase.FREE:
                self._wrap.over(0.0)
        elif phase is Phase.WRAP:
            self._wrap.over(lasted)

    def _look(self) -> None:
        """Sort what is under way by age."""
        time = self.time
        now = int(time * PER_S)
        for list_ in (*self._lists.values(), self._any):
            list_.look(now)
        self._wraps.clear()
        self._talks = 0
        for phase, since in self._agents.values():
            if phase is Phase.WRAP:
                age = int((time - since) * PER_S)
                self._wraps[age] = self._wraps.get(age, 0) + 1
            elif phase is not Phase.FREE:
                self._talks += 1

    def _learn(self) -> None:
        """Bring what is known up to date, one thing at a time: no call of `due` is to take long."""
        if self.time >= self._relearn:
            self._relearn = self.time + self.RELEARN_S
            self._turn = (self._turn + 1) % 3
            if self._turn == 0:
                self._rerates()
                self._rings_anew()
            elif self._turn == 1:
                self._wrap.learn(self._ages(Phase.WRAP))
            else:
                self._talk.learn(self._ages(Phase.TALK, Phase.TAKEN))
        elif self.time >= self._rerate:
            self._rerates()
            self._pace = self._talk.mean_pace(self._ages(Phase.TALK, Phase.TAKEN))

    def _rings_anew(self) -> None:
        self._ringing.learn(self._any.rung)
        self._points = self._ringing.shares(self.POINTS)[::-1]
        for list_ in (*self._lists.values(), self._any):
            list_.rate.settle(self._ringing.exposing(list_.rung))

    def _knows(self) -> bool:
        """Whether the first calls are over. When they are, the answer rates begin from what they say."""
        if self._first_until == math.inf:
            return True
        if self._first_until is None and self.launched >= self.FIRST_CALLS:
            self._first_until = self.time
        if self._first_until is None or any(ring.since <= self._first_until for ring in self._rings.values()):
            return False
        self._first_until = math.inf
        self._rings_anew()
        for list_ in (*self._lists.values(), self._any):
            list_.rate.restart(self._ringing.rate, float(min(self._over, 2 * self.FIRST_CALLS)))
        return True

    def _rerates(self) -> None:
        lasted = self.time - self._rerate + self.RERATE_S
        self._rerate = self.time + self.RERATE_S
        over, self._counted = self._over - self._counted, self._over
        self._calls_per_s += (over - self._calls_per_s * lasted) / (self.PACE_S + lasted)
        for list_ in (*self._lists.values(), self._any):
            list_.rate.learn(self._ringing.exposing(list_.rung), self._calls_per_s, self.hour)

    def _staying(self) -> int:
        """How many agents there will be when those have left who seem to be leaving."""
        stay = self._returns.stay
        self._stayed = min(self._stayed, int(self.agents * stay)) if stay < 1.0 else self.agents
        return self._stayed

    def _ages(self, *phases: Phase) -> list[float]:
        """How long each agent in one of ``phases`` has been in it."""
        now = self.time
        return [now - since for phase, since in self._agents.values() if phase in phases]

    def _allowed(self) -> int:
        """How many calls the limit on bursts leaves for now. It refills with time, up to what one second allows, or
        the time between two questions."""
        talks = max(self.TALKS_PER_S, self._talk.mean)
        rate = self._any.rate.guess(0.0)
        a_second = max(1.0, self.agents * (self.LINES_PER_S + talks / rate))
        gone = self.launched - self._launched
        passed = self.time - self._asked
        self._allowance = max(0.0, self._allowance - gone) + a_second * passed
        self._allowance = min(a_second * min(max(1.0, passed), self.SELDOM_S), self._allowance)
        self._launched, self._asked = self.launched, self.time
        return min(int(self._allowance), self.MOST_LINES * self.agents - self.ringing)

    def _worth(self, most: int) -> int:
        """How many calls, up to ``most``, are worth their risk."""
        price = self._bank.price(self._staying())
        self._expect()
        chance = self._any.rate.guess(self.SURE)
        # Half an answer at a time: with few answers, dozens of calls. The last of them must be worth it, too.
        step = int(0.5 / chance) + 1
        moments: list[Moment] = []
        count = 0
        while count < most:
            more = min(step, most - count)
            self._ring(moments, chance, more - 1)
            if self._risk(moments, price, chance, count + more - 1) <= price:
                self._ring(moments, chance, 1)
                count += more
                continue
            if more == 1:
                break
            self._ring(moments, chance, 1 - more)
            step = more // 2
        return count

    def _expect(self) -> None:
        """Who may answer of those that ring. One list that is silent among others that are not is believed."""
        sure = self.SURE
        least = self._any.rate.guess(sure) if self._any.rate.silent else 0.0
        self._waits = [
            wait
            for list_ in self._lists.values()
            for wait in list_.waits(self._ringing, max(least, list_.rate.bound(sure)))
        ]

    def _ring(self, moments: list[Moment], chance: float, calls: int) -> None:
        """So many more calls (below 0: fewer) are launched now."""
        for moment, point in zip(moments, self._points, strict=False):
            moment.lives(chance * self._ringing.live[point], calls)

    def _risk(self, moments: list[Moment], price: float, chance: float, calls: int) -> float:
        """The chance that one more call beside ``calls`` that are launched now leaves somebody without an agent, if it
        is live: it finds nobody itself, or at a later moment another finds nobody for it. Adds to ``moments``, the
        latest first, those it had to look at, and stops as soon as the chance is above ``price`` whatever the others
        say."""
        points = self._points
        worst = total = 0.0
        for i, point in enumerate(points):
            if i == len(moments):
                moments.append(self._moment(point))
                moments[i].lives(chance * self._ringing.live[point], calls)
            worst = max(worst, moments[i].nobody())
            total += worst
            if total + worst * (len(points) - 1 - i) > price * len(points):
                return 1.0
        return total / len(points)

    def _moment(self, point: int) -> Moment:
        """Who will have been answered, and who will be free, ``point`` bins from now."""
        moment = Moment(self.free - self.waiting)
        live = self._ringing.live
        for b, calls, share in self._waits:
            moment.lives(min(1.0, share * (live[min(BINS, b + point)] - live[b])), calls)
        # An answer waits a little: an agent who comes free within its patience is in time.
        upto = point + int(min(self.tolerance_s, self.MOST_PATIENCE_S) * PER_S)
        back = self._returns.share
        for age, agents in self._wraps.items():
            moment.releases(back * self._wrap.within(age, upto), agents)
        moment.releases_at(back * self._talks * self._pace * self._wrap.sum_[upto])
        return moment


def _without(waits: list[tuple[int, int, float]], calls: int) -> list[tuple[int, int, float]]:
    """The ``waits``, in order of age, but for so many of the youngest."""
    left = []
    for b, count, share in waits:
        gone = min(count, calls)
        calls -= gone
        if count > gone:
            left.append((b, count - gone, share))
    return left
