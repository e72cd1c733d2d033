"""One line of contacts that ask for the same, and the idle agents who have it. Both sides are kept in order.

A queue has one pool for each demand that its contacts have at present: within a pool any agent fits any contact as far
as skills go, so the first of the one side and the first of the other side are a match.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from itertools import takewhile

import msgspec

from fsorch.acd.strategy import Candidate, Order
from fsorch.demands import NOTHING, Demand

__all__ = ["Need", "Place", "Pool"]

# Smaller is sooner: (minus the priority where it is strict, enqueue time in microseconds less what it is credited,
# contact).
Place = tuple[int, int, str]
Rank = tuple[float | str, ...]


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """What a waiting contact asks for. ``enqueued_at``: UTC microseconds of the first enqueue; ``since``: the same on
    the monotonic clock, in seconds. ``credit_s``: seconds of waiting it is credited with (base score, customer tier).
    ``skills``: what is asked of the agent, in all; ``own``: the part of it that is this contact's, and not the queue's.

    ``prefer``: agents who come first when they are free, whatever the strategy says, with ``bond`` saying why; until
    ``only_until`` (monotonic seconds) nobody else will do. ``passed``: agents who did not take it in this round."""

    contact: str
    queues: tuple[str, ...]
    enqueued_at: int
    since: float = 0.0
    priority: int = 0
    credit_s: float = 0.0
    skills: Demand = NOTHING
    own: Demand = NOTHING
    prefer: tuple[str, ...] = ()
    bond: str = ""
    only_until: float = 0.0
    passed: frozenset[str] = frozenset()

    def place(self, strict: bool) -> Place:
        """The key among contacts. Not strict: each point of priority counts as a minute of waiting."""
        credit = round(self.credit_s * 1_000_000)
        if strict:
            return (-self.priority, self.enqueued_at - credit, self.contact)
        return (0, self.enqueued_at - credit - self.priority * 60_000_000, self.contact)

    def wants(self, agent: str, now: float) -> bool:
        """Whether it prefers this agent, who has not been asked in this round; where nobody else will do, they are
        asked again."""
        return agent in self.prefer and (agent not in self.passed or self.only_until > now)

    def has_waited(self, seconds: float, now: float) -> bool:
        """Whether it has waited so long. The sum is that of the time for which a look was set: the difference of the
        same fractions may be a little less."""
        return self.since + seconds <= now


class Pool:
    """Waiting contacts by place and by age, idle agents by rank."""

    __slots__ = ("_ages", "_idle", "_places", "_ranks", "_since", "_waiting", "order")

    def __init__(self, order: Order) -> None:
        self.order = order
        self._waiting: list[Place] = []
        self._places: dict[str, Place] = {}
        self._ages: list[tuple[float, str]] = []
        self._since: dict[str, float] = {}
        self._idle: list[Rank] = []
        self._ranks: dict[str, tuple[Rank, Candidate]] = {}

    # -- contacts -------------------------------------------------------------------------------------------------

    def join(self, need: Need, strict: bool) -> None:
        """Into the line, at the place the need has."""
        self.leave(need.contact)
        place = need.place(strict)
        self._places[need.contact] = place
        self._since[need.contact] = need.since
        insort(self._waiting, place)
        insort(self._ages, (need.since, need.contact))

    def leave(self, contact: str) -> None:
        """Out of the line, if it is in it."""
        place = self._places.pop(contact, None)
        if place is not None:
            del self._waiting[bisect_left(self._waiting, place)]
            del self._ages[bisect_left(self._ages, (self._since.pop(contact), contact))]

    def __len__(self) -> int:
        return len(self._waiting)

    def places(self) -> Iterator[Place]:
        """The line, first first."""
        return iter(self._waiting)

    def head(self) -> Place | None:
        """Who is first in the line; None when nobody waits."""
        return self._waiting[0] if self._waiting else None

    def by_age(self, until: float) -> Iterator[str]:
        """The contacts that wait since ``until`` (monotonic seconds) or longer, the longest waiting first."""
        return (contact for since, contact in takewhile(lambda age: age[0] <= until, self._ages))

    def waits_since(self, until: float) -> bool:
        """Whether anybody waits since ``until`` (monotonic seconds) or longer."""
        return bool(self._ages) and self._ages[0][0] <= until

    def before(self, place: Place) -> int:
        """How many stand before a place."""
        return bisect_left(self._waiting, place)

    # -- agents ---------------------------------------------------------------------------------------------------

    def add(self, candidate: Candidate) -> None:
        """An idle agent, at the rank the strategy gives: those who lack less before those who lack more."""
        self.drop(candidate.agent)
        rank: Rank = (candidate.tier.level, candidate.missed, *self.order.key(candidate), candidate.agent)
        self._ranks[candidate.agent] = (rank, candidate)
        insort(self._idle, rank)

    def drop(self, agent: str) -> None:
        """No longer idle."""
        known = self._ranks.pop(agent, None)
        if known is not None:
            del self._idle[bisect_left(self._idle, known[0])]

    @property
    def idle(self) -> int:
        """How many idle agents fit."""
        return len(self._idle)

    def candidates(self) -> Iterator[Candidate]:
        """The idle agents, first first."""
        return (self._ranks[str(rank[-1])][1] for rank in self._idle)
