"""A queue and an agent as the distributor keeps them: the rules, the lines, who is ready, and what fits."""

from __future__ import annotations

from collections import OrderedDict

import msgspec

from fsorch.acd.pool import Pool, Skills, has_skills
from fsorch.acd.strategy import STRATEGIES, Candidate, Order, Tier, Work
from fsorch.names import Strategy

__all__ = ["Line", "QueueRules", "Worker", "weighed"]


class QueueRules(msgspec.Struct, frozen=True, kw_only=True):
    """How a queue distributes. ``level_wait_s``: a tier level above the lowest opens for a contact that has waited so
    long (0: all are open), times the number of levels up with ``level_wait_multiplied``; with ``skip_absent_levels``
    a level where nobody is present does not count. ``guard`` 0: none; ``guard_floor_s``: waits below it are taken as
    this long."""

    queue: str
    strategy: Strategy = Strategy.LONGEST_IDLE
    strict: bool = True
    level_wait_s: float = 0.0
    level_wait_multiplied: bool = False
    skip_absent_levels: bool = True
    guard: float = 0.0
    guard_floor_s: float = 30.0


class Line:
    """One queue: its rules, its pools, and its ready agents."""

    __slots__ = ("changes", "levels", "offers", "order", "pools", "present", "ready", "rules", "ticket")

    def __init__(self, rules: QueueRules) -> None:
        self.rules = rules
        self.order: Order = STRATEGIES[rules.strategy]()
        self.pools: OrderedDict[Skills, Pool] = OrderedDict()
        self.ready: dict[str, Candidate] = {}
        self.levels: dict[int, int] = {}
        self.present: dict[int, int] = {}
        self.offers = 0
        self.ticket = 0.0
        # Counts whatever may change a contact's position, or the agents there are for it.
        self.changes = 0

    def lowest(self) -> int:
        """The level that is open from the start."""
        levels = self.present if self.rules.skip_absent_levels and self.present else self.levels
        return min(levels, default=1)

    def opens_after(self, level: int) -> float:
        """The wait in seconds after which a level is open."""
        up = level - self.lowest()
        if up <= 0 or self.rules.level_wait_s <= 0:
            return 0.0
        return self.rules.level_wait_s * (up if self.rules.level_wait_multiplied else 1)

    def waiting(self) -> int:
        return sum(len(pool) for pool in self.pools.values())


class Worker:
    """One agent as the distributor knows them."""

    __slots__ = ("_fits", "offered", "present", "skills", "tickets", "tiers", "work")

    def __init__(self) -> None:
        self.tiers: dict[str, Tier] = {}
        self.skills: dict[str, int] = {}
        self._fits: dict[Skills, bool] = {}
        self.present = False
        self.work: Work | None = None
        self.offered: dict[str, int] = {}
        self.tickets: dict[str, float] = {}

    def learn(self, skills: dict[str, int]) -> None:
        """From now on the agent has these skills."""
        self.skills = skills
        self._fits.clear()

    def fits(self, wanted: Skills) -> bool:
        """Whether the agent has the skills; an answer is remembered, for the same few sets are asked for all day."""
        known = self._fits.get(wanted)
        if known is None:
            known = self._fits[wanted] = has_skills(self.skills, wanted)
        return known


def weighed(candidate: Candidate, line: Line, worker: Worker, skills: Skills) -> Candidate:
    """The candidate for contacts that ask for these skills."""
    if not line.order.weighs_skills or not skills:
        return candidate
    return msgspec.structs.replace(candidate, fit=sum(worker.skills[skill] for skill, _ in skills))
