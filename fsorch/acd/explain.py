"""Why a contact still waits, told from what the distributor knows at this moment.

:class:`Standings` counts each queue once and is then asked for any number of contacts: make a new one for each look,
it does not follow what happens later.
"""

from __future__ import annotations

from collections import Counter
from enum import StrEnum

import msgspec

from fsorch.acd.crew import Line
from fsorch.acd.distributor import Distributor
from fsorch.acd.pool import Need
from fsorch.demands import NOTHING, Demand, spoken
from fsorch.names import Skilled

__all__ = ["Standing", "Standings", "Waits", "standing", "why_waiting"]


class Waits(StrEnum):
    """What a contact waits for."""

    NOBODY = "nobody"  # nobody who serves its queues is at work
    NOBODY_SKILLED = "nobody_skilled"  # of those at work, nobody has the skills
    BUSY = "busy"  # all of them are busy, on a break or not ready
    UNSKILLED = "unskilled"  # some are idle, without the skills
    LEVEL = "level"  # some are idle, on a level that is not open to it yet
    PERSON = "person"  # for the time being only somebody it knows will do
    TURN = "turn"  # somebody is idle and fits: it is offered at the next step


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where a waiting contact stands. ``present``, ``idle``: agents of its queues who are at work, who are idle;
    ``skilled``, ``fit``: those of them who have the skills. ``ready``: idle, fit, and on a level open to it.
    ``persons`` with ``seconds``: whom alone it waits for, and how long still. ``level`` with ``seconds``: the next
    level with somebody idle, and when it opens. ``before``: how many contacts stand before it in its first queue."""

    contact: str
    waits: Waits
    present: int = 0
    idle: int = 0
    skilled: int = 0
    fit: int = 0
    ready: int = 0
    before: int = 0
    skills: Demand = NOTHING
    persons: tuple[str, ...] = ()
    level: int = 0
    seconds: float = 0.0


class Crew(msgspec.Struct):
    """The agents of some queues who may serve contacts with some skills. ``levels``: how many are idle and fit, by
    queue and level; a person in several of the queues is in it several times, but counted once in the numbers."""

    present: int = 0
    idle: int = 0
    skilled: int = 0
    fit: int = 0
    levels: Counter[tuple[str, int]] = msgspec.field(default_factory=Counter)


class Standings:
    """One look at a distributor; ``now`` in monotonic seconds."""

    def __init__(self, distributor: Distributor, now: float) -> None:
        self._distributor = distributor
        self._now = now
        self._crews: dict[tuple[tuple[str, ...], Demand], Crew] = {}
        self._members: dict[str, set[str]] | None = None

    def of(self, contact: str) -> Standing | None:
        """Where the contact stands; None when it does not wait."""
        need = self._distributor.need(contact)
        if need is None:
            return None
        crew = self._crew(need)
        level, seconds, ready = self._levels(need, crew)
        only = max(0.0, need.only_until - self._now)
        if only:
            ready = 0
        waits = self._waits(crew, only, ready)
        return Standing(
            contact=contact,
            waits=waits,
            present=crew.present,
            idle=crew.idle,
            skilled=crew.skilled,
            fit=crew.fit,
            ready=ready,
            before=max(0, self._distributor.position(contact) - 1),
            skills=need.skills if self._looks_at_skills(need) else NOTHING,
            persons=need.prefer if only else (),
            level=level if waits is Waits.LEVEL else 0,
            seconds=only if only else seconds if waits is Waits.LEVEL else 0.0,
        )

    def _looks_at_skills(self, need: Need) -> bool:
        """Whether a queue of the contact rules anybody out for their skills."""
        lines = [line for queue in need.queues if (line := self._distributor.line(queue)) is not None]
        return any(line.rules.skilled is Skilled.ALL for line in lines)

    def _waits(self, crew: Crew, only: float, ready: int) -> Waits:
        if only:
            return Waits.PERSON
        if not crew.present:
            return Waits.NOBODY
        if ready:
            return Waits.TURN
        if crew.fit:
            return Waits.LEVEL
        if not crew.skilled:
            return Waits.NOBODY_SKILLED
        return Waits.UNSKILLED if crew.idle else Waits.BUSY

    def _levels(self, need: Need, crew: Crew) -> tuple[int, float, int]:
        """The next level to open, in how many seconds, and how many are idle on those that are open."""
        ready, soonest, level = 0, 0.0, 0
        for (queue, one), number in crew.levels.items():
            line = self._distributor.line(queue)
            left = need.since + line.opens_after(one) - self._now if line is not None else 0.0
            if left <= 0:
                ready += number
            elif not level or left < soonest:
                soonest, level = left, one
        return level, soonest, ready

    def _crew(self, need: Need) -> Crew:
        key = (need.queues, need.skills)
        crew = self._crews.get(key)
        if crew is None:
            crew = self._crews[key] = self._count(need)
        return crew

    def _count(self, need: Need) -> Crew:
        crew = Crew()
        lines = [line for queue in need.queues if (line := self._distributor.line(queue)) is not None]
        agents = {agent for queue in need.queues for agent in self._of_queue(queue)}
        for agent in agents:
            fits = self._distributor.fits(agent, need)
            idle = [line for line in lines if agent in line.ready]
            crew.present += 1
            crew.skilled += fits
            crew.idle += bool(idle)
            if idle and fits:
                crew.fit += 1
                crew.levels.update(_place(line, agent) for line in idle)
        return crew

    def _of_queue(self, queue: str) -> set[str]:
        """Who is at work in a queue."""
        if self._members is None:
            self._members = {}
            for agent, queues in self._distributor.present():
                for one in queues:
                    self._members.setdefault(one, set()).add(agent)
        return self._members.get(queue, set())


def _place(line: Line, agent: str) -> tuple[str, int]:
    return (line.rules.queue, line.ready[agent].tier.level)


def standing(distributor: Distributor, contact: str, now: float) -> Standing | None:
    """Where one contact stands at ``now`` (monotonic seconds); see :class:`Standings` for many."""
    return Standings(distributor, now).of(contact)


def why_waiting(standing: Standing) -> str:
    """A standing as a phrase for people, such as ``none of the 3 agents at work is free``."""
    demand, asked = standing.skills, spoken(standing.skills)
    fitting = "who fits" if standing.skilled == 1 else "who fit"
    with_skills = f" {'with' if demand.plain else fitting} {asked}" if demand else ""
    match standing.waits:
        case Waits.NOBODY:
            return "nobody who serves this queue is logged in"
        case Waits.NOBODY_SKILLED:
            return f"of {_agents(standing.present)} at work nobody {'has' if demand.plain else 'fits'} {asked}"
        case Waits.UNSKILLED:
            return f"{_agents(standing.idle)} idle, but {'without' if demand.plain else 'none who fits'} {asked}"
        case Waits.BUSY if standing.skilled == 1:
            return f"the only agent at work{with_skills} is not free"
        case Waits.BUSY:
            return f"none of the {standing.skilled} agents at work{with_skills} is free"
        case Waits.LEVEL:
            idle = f"{_agents(standing.fit)} idle"
            return f"{idle} on level {standing.level}, which opens in {_seconds(standing.seconds)}"
        case Waits.PERSON:
            whom = " or ".join(standing.persons) or "somebody they know"
            return f"waits for {whom} alone, for {_lasting(standing.seconds)} more"
        case Waits.TURN:
            return f"{_agents(standing.ready)} idle and fitting: offered at the next step"


def _agents(number: int) -> str:
    return f"{number} agent{'' if number == 1 else 's'}"


def _seconds(seconds: float) -> str:
    return f"{max(1, round(seconds))} s"


def _lasting(seconds: float) -> str:
    """Such as "90 s", "12 min", "3 hours" or "2 days"."""
    for unit, length in (("day", 86_400), ("hour", 3_600)):
        if seconds >= 2 * length:
            return f"{round(seconds / length)} {unit}s"
    return f"{round(seconds / 60)} min" if seconds >= 600 else _seconds(seconds)
