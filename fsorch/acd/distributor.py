"""Who gets whom: lines of waiting contacts, pools of idle agents, and the matching between them.

Contacts are ordered by priority, then by their first enqueue time, over all queues at once: an agent who serves
several queues takes whoever has waited longest. A contact that comes back from a missed offer has its first enqueue
time and therefore its old place. All lists are kept sorted; a match costs O(log n) and a few comparisons for each
queue that has both sides.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable

import msgspec

from fsorch.acd.strategy import STRATEGIES, Candidate, Order
from fsorch.names import Strategy

__all__ = ["Assignment", "Distributor", "Membership"]

Place = tuple[int, int, str]


class Membership(msgspec.Struct, frozen=True):
    """An agent's tier in a queue."""

    queue: str
    level: int = 1
    position: int = 1


class Assignment(msgspec.Struct, frozen=True):
    """One contact for one agent. ``why`` is one sentence for people."""

    contact: str
    agent: str
    queue: str
    why: str


class Line:
    """The waiting contacts of one queue, in order, and its idle agents, in the strategy's order."""

    __slots__ = ("idle", "keys", "order", "places", "waiting")

    def __init__(self, order: Order) -> None:
        self.order = order
        self.waiting: list[Place] = []
        self.places: dict[str, Place] = {}
        self.idle: list[tuple[tuple[float | str, ...], Candidate]] = []
        self.keys: dict[str, tuple[float | str, ...]] = {}

    def join(self, contact: str, priority: int, enqueued_at: int) -> None:
        self.leave(contact)
        place = (-priority, enqueued_at, contact)
        self.places[contact] = place
        insort(self.waiting, place)

    def leave(self, contact: str) -> bool:
        place = self.places.pop(contact, None)
        if place is None:
            return False
        del self.waiting[bisect_left(self.waiting, place)]
        return True

    def position(self, contact: str) -> int:
        place = self.places.get(contact)
        return 0 if place is None else bisect_left(self.waiting, place) + 1

    def add(self, candidate: Candidate) -> None:
        self.drop(candidate.agent)
        key = self.order.key(candidate)
        self.keys[candidate.agent] = key
        insort(self.idle, (key, candidate), key=lambda pair: pair[0])

    def drop(self, agent: str) -> None:
        key = self.keys.pop(agent, None)
        if key is not None:
            del self.idle[bisect_left(self.idle, key, key=lambda pair: pair[0])]


class Distributor:
    """Keeps lines and idle agents; :meth:`assign` matches them. Knows ids and numbers only."""

    def __init__(self) -> None:
        self._lines: dict[str, Line] = {}
        self._queue_of: dict[str, str] = {}
        self._members: dict[str, tuple[Membership, ...]] = {}
        self._ready: dict[str, float] = {}

    def set_queues(self, queues: Iterable[tuple[str, Strategy]]) -> None:
        """The queues there are. A queue that goes keeps its line until its last contact has left."""
        wanted = dict(queues)
        for queue, strategy in wanted.items():
            order = STRATEGIES[strategy]()
            line = self._lines.get(queue)
            if line is None:
                self._lines[queue] = Line(order)
            elif type(line.order) is not type(order):
                line.order = order
        for queue in [queue for queue, line in self._lines.items() if queue not in wanted and not line.waiting]:
            del self._lines[queue]
        for agent in list(self._ready):
            self._place(agent)

    def set_member(self, agent: str, memberships: Iterable[Membership]) -> None:
        """The queues of an agent; none removes the agent."""
        self._unplace(agent)
        self._members[agent] = tuple(memberships)
        if not self._members[agent]:
            del self._members[agent]
        if agent in self._ready:
            self._place(agent)

    def join(self, contact: str, queue: str, priority: int, enqueued_at: int) -> None:
        """Put a contact into a queue's line; ``enqueued_at`` (microseconds) is its first enqueue time. KeyError: no
        such queue."""
        line = self._lines[queue]
        self.leave(contact)
        line.join(contact, priority, enqueued_at)
        self._queue_of[contact] = queue

    def leave(self, contact: str) -> bool:
        """Take a contact out of its line; False when it was in none."""
        queue = self._queue_of.pop(contact, None)
        return queue is not None and self._lines[queue].leave(contact)

    def ready(self, agent: str, idle_since: float) -> None:
        """The agent may be offered contacts; idle since ``idle_since`` (monotonic seconds)."""
        self._ready[agent] = idle_since
        self._place(agent)

    def unready(self, agent: str) -> None:
        """The agent may not be offered contacts."""
        self._ready.pop(agent, None)
        self._unplace(agent)

    def position(self, contact: str) -> int:
        """Place in the line, from 1; 0 when it waits nowhere."""
        queue = self._queue_of.get(contact)
        return 0 if queue is None else self._lines[queue].position(contact)

    def waiting(self, queue: str) -> list[str]:
        """The contacts of a queue's line, first first."""
        line = self._lines.get(queue)
        return [] if line is None else [contact for _, _, contact in line.waiting]

    def assign(self, now: float, eligible: Callable[[str], bool] = lambda contact: True) -> list[Assignment]:
        """Match until nobody is left on one side. Matched contacts leave their line and matched agents are no longer
        ready.

        ``eligible`` says whether a contact may be offered at this moment (its switch can be reached)."""
        made: list[Assignment] = []
        skipped: set[str] = set()
        while (best := self._next(eligible, skipped)) is not None:
            contact, queue = best
            line = self._lines[queue]
            candidate = line.idle[0][1]
            made.append(Assignment(contact, candidate.agent, queue, line.order.why(candidate, len(line.idle), now)))
            self.leave(contact)
            self.unready(candidate.agent)
        return made

    def _next(self, eligible: Callable[[str], bool], skipped: set[str]) -> tuple[str, str] | None:
        best: Place | None = None
        best_queue = ""
        for queue, line in self._lines.items():
            if not line.idle:
                continue
            for place in line.waiting:
                if place[2] in skipped:
                    continue
                if best is not None and place >= best:
                    break
                if not eligible(place[2]):
                    skipped.add(place[2])
                    continue
                best, best_queue = place, queue
                break
        return None if best is None else (best[2], best_queue)

    def _place(self, agent: str) -> None:
        idle_since = self._ready[agent]
        for member in self._members.get(agent, ()):
            line = self._lines.get(member.queue)
            if line is not None:
                line.add(Candidate(agent, member.level, member.position, idle_since))

    def _unplace(self, agent: str) -> None:
        for member in self._members.get(agent, ()):
            line = self._lines.get(member.queue)
            if line is not None:
                line.drop(agent)
