"""What a contact's wait changes: steps over time.

A :class:`StepSession` says which steps are due; :func:`changed` says what a step makes of the contact's need. The
engine carries out the others (prompts, callbacks, the ends of a wait). Times are monotonic seconds.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from fsorch.acd.pool import Need
from fsorch.demands import NOTHING, Demand, demand_of, joined, lowered, with_skill, without
from fsorch.rules import (
    Action,
    AddSkill,
    Announce,
    AnyAgent,
    AskSkills,
    DropSkill,
    LowerPriority,
    LowerSkill,
    Overflow,
    PromptOrder,
    RaisePriority,
    Range,
    StepPlan,
    StepSpec,
    Voicemail,
    When,
    Widen,
)

__all__ = ["QueueFacts", "Ran", "StepAction", "StepSession", "changed", "ends_wait", "next_prompt"]

# A step raises no priority beyond this, nor lowers one below 0: what a door may ask for.
HIGHEST_PRIORITY = 999


class QueueFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a contact's queue looks like to it; see :class:`fsorch.rules.When`. ``estimated_wait_s`` None: unknown."""

    agents_available: int = 0
    agents_eligible: int = 0
    agents_present: int = 0
    position: int = 0
    waiting: int = 0
    estimated_wait_s: float | None = None


class StepAction(msgspec.Struct, frozen=True):
    """A step that is due. ``step``: its place in the plan, from 0; after the last: anyone, as the plan's end.
    ``why``: the conditions that came true, for people."""

    step: int
    do: Action
    why: str


class Ran(NamedTuple):
    """How a step was taken: the seconds waited when it was the last time, and how often."""

    at: float
    times: int = 1


class StepSession:
    """The steps of one contact's wait. ``ran``: for a session that goes on after a restart, what :attr:`ran` was."""

    __slots__ = ("_plan", "_ran", "_since", "over")

    def __init__(self, plan: StepPlan, need: Need, ran: Mapping[int, Ran] | None = None) -> None:
        self._plan = plan
        self._since = need.since
        self._ran = dict(ran or {})
        # Whether a step has ended the wait, after which none is due.
        self.over = any(n in self._ran and ends_wait(step.do) for n, step in enumerate(plan.steps))

    @property
    def ran(self) -> dict[int, Ran]:
        """Each step that was taken, by its place."""
        return dict(self._ran)

    def due(self, now: float, facts: QueueFacts, *, prompts: int | None = None) -> list[StepAction]:
        """The steps to take now, in the order of the plan; each counts as taken. One that ends the wait is the last.
        ``prompts``: so many are played at most, and others wait (None: any number)."""
        actions: list[StepAction] = []
        for n, step in enumerate(self._plan.steps):
            if prompts is not None and prompts < 1 and isinstance(step.do, Announce):
                continue
            if not self.over and now >= self._opens(n, step) and _holds(step.when, facts):
                if prompts is not None and isinstance(step.do, Announce):
                    prompts -= 1
                self._ran[n] = Ran(now - self._since, self._ran[n].times + 1 if n in self._ran else 1)
                self.over = ends_wait(step.do)
                actions.append(StepAction(n, step.do, _why(step.when, facts)))
        last = len(self._plan.steps)
        if not self.over and now >= self._anyone_at():
            self._ran[last] = Ran(now - self._since)
            actions.append(StepAction(last, AnyAgent(), "all steps were taken"))
        return actions

    def ended(self, step: int, now: float) -> None:
        """What the step has played is over: the time until it comes again counts from now."""
        if step in self._ran:
            self._ran[step] = self._ran[step]._replace(at=now - self._since)

    def next_time(self, now: float) -> float | None:
        """When a condition of time will next come true, after ``now``; None: never. Other conditions are looked at
        whenever :meth:`due` is asked."""
        if self.over:
            return None
        times = [self._opens(n, step) for n, step in enumerate(self._plan.steps)]
        return min((time for time in (*times, self._anyone_at()) if now < time < math.inf), default=None)

    def watches(self, now: float) -> bool:
        """Whether a step's time has come and it waits for another condition: only then is :meth:`due` worth asking
        before :meth:`next_time`, when the queue changes."""
        return not self.over and any(now >= self._opens(n, step) for n, step in enumerate(self._plan.steps))

    def _opens(self, n: int, step: StepSpec) -> float:
        """From when on a step may be taken, as far as time goes."""
        ran = self._ran.get(n)
        if ran is None:
            return self._since + step.when.waited_s
        return self._since + ran.at + step.every_s if step.every_s > 0 else math.inf

    def _anyone_at(self) -> float:
        """When anyone will do: some time after the last of the steps that are taken once."""
        plan = self._plan
        once = [n for n, step in enumerate(plan.steps) if not step.every_s > 0]
        if plan.anyone_after_s is None or len(plan.steps) in self._ran or any(n not in self._ran for n in once):
            return math.inf
        return self._since + max((self._ran[n].at for n in once), default=0.0) + plan.anyone_after_s


def ends_wait(action: Action) -> bool:
    """Whether the contact waits no longer after this."""
    return isinstance(action, Voicemail | Overflow)


def changed(need: Need, action: Action) -> Need:
    """The need after a step; the same one when the step changes nothing about it."""
    match action:
        case DropSkill():
            return _asking(need, lambda demand: without(demand, action.skill))
        case LowerSkill():
            return _asking(need, lambda demand: lowered(demand, action.skill, action.to, action.by))
        case AddSkill():
            more = with_skill(need.skills, action.skill, action.level)
            return need if more == need.skills else msgspec.structs.replace(need, skills=more)
        case AskSkills():
            instead = joined(demand_of(action.skills), need.own)
            return need if instead == need.skills else msgspec.structs.replace(need, skills=instead)
        case AnyAgent():
            return _asking(need, lambda demand: NOTHING)
        case Widen() if action.queue not in need.queues:
            return msgspec.structs.replace(need, queues=(*need.queues, action.queue))
        case RaisePriority():
            wanted = min(HIGHEST_PRIORITY, need.priority + action.by if action.by is not None else action.to or 0)
            return need if wanted <= need.priority else msgspec.structs.replace(need, priority=wanted)
        case LowerPriority():
            wanted = max(0, need.priority - action.by if action.by is not None else action.to or 0)
            return need if wanted >= need.priority else msgspec.structs.replace(need, priority=wanted)
    return need


def _asking(need: Need, change: Callable[[Demand], Demand]) -> Need:
    """The need with what it asks for changed, the contact's own part of it too."""
    skills, own = change(need.skills), change(need.own)
    if (skills, own) == (need.skills, need.own):
        return need
    return msgspec.structs.replace(need, skills=skills, own=own)


def _within(bounds: Range | None, value: float | None) -> bool:
    return bounds is None or (value is not None and bounds.holds(value))


def _holds(when: When, facts: QueueFacts) -> bool:
    return (
        _within(when.agents_available, facts.agents_available)
        and _within(when.agents_eligible, facts.agents_eligible)
        and _within(when.agents_present, facts.agents_present)
        and _within(when.position, facts.position)
        and _within(when.waiting, facts.waiting)
        and _within(when.estimated_wait_s, facts.estimated_wait_s)
    )


def _why(when: When, facts: QueueFacts) -> str:
    """The conditions of a step, with the values that met them."""
    asked = (
        ("agents available", when.agents_available, facts.agents_available),
        ("agents eligible", when.agents_eligible, facts.agents_eligible),
        ("agents present", when.agents_present, facts.agents_present),
        ("position", when.position, facts.position),
        ("waiting", when.waiting, facts.waiting),
        ("estimated wait in seconds", when.estimated_wait_s, facts.estimated_wait_s),
    )
    told = [f"waited {when.waited_s:g} s"] if when.waited_s else []
    told += [f"{words} {value:g}" for words, bounds, value in asked if bounds is not None and value is not None]
    return ", ".join(told) or "on joining"


def next_prompt(act: Announce, before: str, times: int, who: str) -> str:
    """What is played now, after ``times`` before this and ``before`` last (empty: nothing). What is random for people
    follows from ``who`` hears it, so that the same story comes out the same."""
    prompts = (act.prompt, *act.more)
    if act.order is PromptOrder.IN_TURN:
        return prompts[times % len(prompts)]
    others = [prompt for prompt in prompts if prompt != before] or [act.prompt]
    return others[zlib.crc32(f"{who}:{times}".encode()) % len(others)]
