"""A queue and an agent as the distributor keeps them: the rules, the lines, who is ready, and what fits."""

from __future__ import annotations

from collections import OrderedDict

import msgspec

from fsorch.acd.pool import Pool
from fsorch.acd.strategy import STRATEGIES, Candidate, Order, Tier, Work
from fsorch.demands import NOTHING, Demand, fulfils, missed, spoken
from fsorch.names import Skilled, Strategy

__all__ = ["Line", "QueueRules", "Worker", "weighed", "why_candidate"]

# So many demands are remembered with each agent: more than a centre has, unless its dialplan makes them up.
REMEMBERED = 512


class QueueRules(msgspec.Struct, frozen=True, kw_only=True):
    """How a queue distributes. ``level_wait_s``: a tier level above the lowest opens for a contact that has waited so
    long (0: all are open), times the number of levels up with ``level_wait_multiplied``; with ``skip_absent_levels``
    levels below the lowest where somebody is present do not count. ``guard`` 0: none; ``guard_floor_s``: waits below
    it are taken as this long. ``skilled``: what the skills that contacts ask for mean to it."""

    queue: str
    strategy: Strategy = Strategy.LONGEST_IDLE
    strict: bool = True
    level_wait_s: float = 0.0
    level_wait_multiplied: bool = False
    skip_absent_levels: bool = True
    guard: float = 0.0
    guard_floor_s: float = 30.0
    skilled: Skilled = Skilled.ALL


class Line:
    """One queue: its rules, its pools, and its ready agents."""

    __slots__ = (
        "_eligible",
        "changes",
        "levels",
        "offers",
        "order",
        "pools",
        "present",
        "ready",
        "rules",
        "staff",
        "ticket",
    )

    def __init__(self, rules: QueueRules) -> None:
        self.rules = rules
        self.order: Order = STRATEGIES[rules.strategy]()
        self.pools: OrderedDict[Demand, Pool] = OrderedDict()
        self.ready: dict[str, Candidate] = {}
        self.levels: dict[int, int] = {}
        self.present: dict[int, int] = {}
        # Who serves it, at work or not.
        self.staff: dict[str, Worker] = {}
        self._eligible: dict[Demand, frozenset[str]] = {}
        self.offers = 0
        self.ticket = 0.0
        # Counts whatever may change a contact's position, or the agents there are for it.
        self.changes = 0

    def asks(self, demand: Demand) -> Demand:
        """The part of a contact's demand that this queue looks at: the key of its pool."""
        return NOTHING if self.rules.skilled is Skilled.DISREGARD else demand

    def staffed(self) -> None:
        """Somebody of it came, went, or has learned something."""
        self._eligible.clear()

    def eligible(self, demand: Demand) -> frozenset[str]:
        """Who of it is at work, idle or not, and may serve contacts with this demand."""
        demand = self.asks(demand)
        known = self._eligible.get(demand)
        if known is None:
            staff = self.staff.items()
            known = frozenset(agent for agent, worker in staff if worker.present and self.takes(worker, demand))
            self._eligible[demand] = known
        return known

    def takes(self, worker: Worker, demand: Demand) -> bool:
        """Whether an agent may serve contacts with this demand here."""
        return self.rules.skilled is not Skilled.ALL or worker.fits(demand)

    def lowest(self) -> int:
        """The level that is open from the start."""
        levels = self.present if self.rules.skip_absent_levels and self.present else self.levels
        return min(levels, default=1)

    def opens_after(self, level: int) -> float:
        """The wait in seconds after which a level is open."""
        if self.rules.level_wait_s <= 0 or level <= (lowest := self.lowest()):
            return 0.0
        if not self.rules.level_wait_multiplied:
            return self.rules.level_wait_s
        return self.rules.level_wait_s * (level - lowest)

    def steps(self) -> frozenset[float]:
        """The waits in seconds after which a level opens that is not open from the start."""
        if self.rules.level_wait_s <= 0:
            return frozenset()
        return frozenset(wait for level in self.levels if (wait := self.opens_after(level)) > 0)

    def waiting(self) -> int:
        """How many wait in it, whatever they ask for."""
        return sum(len(pool) for pool in self.pools.values())


class Worker:
    """One agent as the distributor knows them."""

    __slots__ = ("_fits", "offered", "present", "skills", "tickets", "tiers", "work")

    def __init__(self) -> None:
        self.tiers: dict[str, Tier] = {}
        self.skills: dict[str, int] = {}
        self._fits: dict[Demand, bool] = {}
        self.present = False
        self.work: Work | None = None
        self.offered: dict[str, int] = {}
        self.tickets: dict[str, float] = {}

    def learn(self, skills: dict[str, int]) -> None:
        """From now on the agent has these skills."""
        self.skills = skills
        self._fits.clear()

    def forget(self, queue: str) -> None:
        """The queue is there no more: a new one of that name begins its turns and lots anew."""
        self.offered.pop(queue, None)
        self.tickets.pop(queue, None)

    def fits(self, demand: Demand) -> bool:
        """Whether the agent fulfils it; an answer is remembered, for the same few demands are made all day."""
        known = self._fits.get(demand)
        if known is None:
            if len(self._fits) >= REMEMBERED:
                self._fits.clear()
            known = self._fits[demand] = fulfils(self.skills, demand)
        return known


def weighed(candidate: Candidate, line: Line, worker: Worker, demand: Demand) -> Candidate:
    """The candidate for contacts with this demand."""
    best = line.rules.skilled is Skilled.BEST
    if not demand.parts or not (best or line.order.weighs_skills):
        return candidate
    fit = sum(worker.skills.get(skill, 0) for skill in demand.asked) if line.order.weighs_skills else 0
    return msgspec.structs.replace(candidate, fit=fit, missed=missed(worker.skills, demand) if best else 0)


def why_candidate(candidate: Candidate, line: Line, demand: Demand, now: float) -> str:
    """Why this agent, for a contact with this demand: a phrase for people; ``now`` is monotonic seconds."""
    level = candidate.tier.level
    why = line.order.why(candidate, now) + (f", of level {level}" if level > line.lowest() else "")
    if line.rules.skilled is not Skilled.BEST or not demand.parts:
        return why
    asked = len(demand.parts)
    if not candidate.missed:
        return f"has all that is asked for ({spoken(demand)}); {why}"
    return f"has {asked - candidate.missed} of the {asked} things that are asked for ({spoken(demand)}); {why}"
