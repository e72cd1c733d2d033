"""How a queue orders its idle agents: one small class for each name.

A strategy is a sort key that stays the same while the agent is idle, so that a queue keeps its idle agents sorted and
a choice costs nothing. The tier's level comes first; the strategy decides within a level. ``rings`` says how many
phones ring at once. ``now`` is a moment of the monotonic clock, in seconds.
"""

from __future__ import annotations

import math
import random
from typing import Literal, Protocol

import msgspec

from fsorch.names import Strategy

__all__ = ["STRATEGIES", "Candidate", "Order", "Rings", "Tier", "Work", "next_ticket"]

Rings = Literal["one", "all", "more"]


class Tier(msgspec.Struct, frozen=True):
    """An agent's place in a queue. ``weight`` counts for weighted-random; ``share`` orders an agent's queues:
    contacts of a queue with a higher share come first for this agent. ``seniority`` is the agent's own."""

    queue: str
    level: int = 1
    position: int = 1
    weight: float = 1.0
    share: int = 0
    seniority: int = 0


class Work(msgspec.Struct, frozen=True):
    """What an idle agent has done so far. ``idle_since``: monotonic seconds; ``talked_s``: seconds of talk."""

    idle_since: float = 0.0
    talked_s: float = 0.0
    calls: int = 0


class Candidate(msgspec.Struct, frozen=True):
    """An idle agent as one queue sees it. ``offered``: the number of the last offer of this queue the agent had (0:
    none yet). ``ticket``: see :class:`Random`. ``fit``: the sum of the agent's levels in the skills that are asked for,
    where the strategy weighs them. ``missed``: how much of what is asked for they lack, where the queue lets them serve
    all the same."""

    agent: str
    tier: Tier
    work: Work
    offered: int = 0
    ticket: float = 0.0
    fit: int = 0
    missed: int = 0


class Order(Protocol):
    """What a strategy must do."""

    rings: Rings
    # Whether it looks at how good the agents are in the skills that are asked for.
    weighs_skills: bool
    # Whether who did not take a contact is passed over for it until everybody has been asked.
    remembers: bool

    def key(self, candidate: Candidate) -> tuple[float, ...]:
        """The smaller, the sooner, within a level."""
        ...

    def why(self, candidate: Candidate, now: float) -> str:
        """A phrase for people: why this agent; ``now`` is monotonic seconds."""
        ...


class LongestIdle:
    """Whoever has been idle longest."""

    rings: Rings = "one"
    remembers = False
    weighs_skills = False

    def key(self, candidate: Candidate) -> tuple[float, ...]:
        """(idle since, position)."""
        return (candidate.work.idle_since, candidate.tier.position)

    def why(self, candidate: Candidate, now: float) -> str:
        """Such as "idle longest (42 s)"."""
        return f"idle longest ({max(0, round(now - candidate.work.idle_since))} s)"


class RoundRobin:
    """Each in turn: whose last offer of this queue is longest ago."""

    rings: Rings = "one"
    remembers = False
    weighs_skills = False

    def key(self, candidate: Candidate) -> tuple[float, ...]:
        """(number of the last offer, position)."""
        return (candidate.offered, candidate.tier.position)

    def why(self, candidate: Candidate, now: float) -> str:
        """Whose turn it is."""
        return "next in turn"


class TopDown:
    """By position, from the top for every contact; who did not take a contact is passed over until all were asked."""

    rings: Rings = "one"
    remembers = True
    weighs_skills = False

    def key(self, candidate: Candidate) -> tuple[float, ...]:
        """(position,)."""
        return (candidate.tier.position,)

    def why(self, candidate: Candidate, now: float) -> str:
        """The place in the order."""
        return f"first in order (position {candidate.tier.position})"


class ByAgentOrder(TopDown):
    """By position, from the top for every offer: the same agent may be asked for the same contact again."""

    remembers = False


class LeastTalkTime:
    """Whoever has talked least."""

    rings: Rings = "one"
    remembers = False
    weighs_skills = False

    def key(self, candidate: Candidate) -> tuple[float, ...]:
        """(seconds talked, idle since)."""
        return (candidate.work.talked_s, candidate.work.idle_since)

    def why(self, candidate: Candidate, now: float) -> str:
        """How much they have talked."""
        return f"least talk time ({round(candidate.work.talked_s)} s)"


class FewestCalls:
    """Whoever has had the fewest calls."""

    rings: Rings = "one"
    remembers = False
    weighs_skills = False

    def key(self, candidate: Candidate) -> tuple[float, ...]:
        """(calls, idle since)."""
        return (candidate.work.calls, candidate.work.idle_since)

    def why(self, candidate: Candidate, now: float) -> str:
        """How many they have had."""
        return f"fewest calls ({candidate.work.calls})"


class BestSkilled(LongestIdle):
    """Whoever is best in the skills that are asked for, by the sum of the levels; of equals the longest idle, as where
    no skills are asked for."""

    weighs_skills = True

    def key(self, candidate: Candidate) -> tuple[float, ...]:
        """(minus the levels, idle since, position)."""
        return (-candidate.fit, *super().key(candidate))

    def why(self, candidate: Candidate, now: float) -> str:
        """How good they are."""
        if not candidate.fit:
            return super().why(candidate, now)
        return f"best in the skills that are asked for (levels {candidate.fit} in all)"


class MostSenior(LongestIdle):
    """Whoever has the highest seniority; of equals the longest idle."""

    def key(self, candidate: Candidate) -> tuple[float, ...]:
        """(minus the seniority, idle since, position)."""
        return (-candidate.tier.seniority, *super().key(candidate))

    def why(self, candidate: Candidate, now: float) -> str:
        """How senior they are."""
        return f"most senior ({candidate.tier.seniority})"


class Random:
    """Anybody, with equal chances.

    A fresh draw at each choice would leave no order to keep. So every idle agent holds a ticket: the time at which an
    exponential clock rings, the earliest wins, and the next ticket of the winner begins at the time that won. Such
    clocks have no memory: at every choice all tickets are as good as freshly drawn."""

    rings: Rings = "one"
    remembers = False
    weighs_skills = False

    def key(self, candidate: Candidate) -> tuple[float, ...]:
        """(ticket,)."""
        return (candidate.ticket,)

    def why(self, candidate: Candidate, now: float) -> str:
        """By lot."""
        return "drawn by lot"


class WeightedRandom(Random):
    """By lot, with chances in proportion to the tier's weight."""

    def why(self, candidate: Candidate, now: float) -> str:
        """By lot, with the weight."""
        return f"drawn by lot (weight {candidate.tier.weight:g})"


class RingAll(LongestIdle):
    """All free agents of the open levels at once; who answers first has the contact."""

    rings: Rings = "all"

    def why(self, candidate: Candidate, now: float) -> str:
        """All ring."""
        return "all free phones ring"


class RingProgressively(LongestIdle):
    """One phone, and one more every few seconds while the earlier ones ring on."""

    rings: Rings = "more"

    def why(self, candidate: Candidate, now: float) -> str:
        """One more rings."""
        return "phones ring one after another, the longest idle first"


STRATEGIES: dict[Strategy, type[Order]] = {
    Strategy.LONGEST_IDLE: LongestIdle,
    Strategy.ROUND_ROBIN: RoundRobin,
    Strategy.TOP_DOWN: TopDown,
    Strategy.BY_AGENT_ORDER: ByAgentOrder,
    Strategy.LEAST_TALK_TIME: LeastTalkTime,
    Strategy.FEWEST_CALLS: FewestCalls,
    Strategy.RANDOM: Random,
    Strategy.WEIGHTED_RANDOM: WeightedRandom,
    Strategy.BEST_SKILLED: BestSkilled,
    Strategy.MOST_SENIOR: MostSenior,
    Strategy.RING_ALL: RingAll,
    Strategy.RING_PROGRESSIVELY: RingProgressively,
}


def next_ticket(source: random.Random, after: float, weight: float) -> float:
    """A ticket for :class:`Random`: an exponential time with rate ``weight`` beyond ``after``. No weight: never."""
    return after + source.expovariate(weight) if weight > 0 else math.inf
