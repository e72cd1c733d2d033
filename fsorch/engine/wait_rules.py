"""Small questions about a wait, which need nothing but what is asked about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fsorch.acd import AgentStatus, Need
from fsorch.acd.steps import Ran
from fsorch.config import QueueSpec
from fsorch.demands import Demand, joined, spoken
from fsorch.engine.state import Person, Wait
from fsorch.rules import Action, AddSkill, AskSkills, DropSkill, LowerPriority, LowerSkill, RaisePriority
from fsorch.waits import Empty

__all__ = ["after_step", "both", "counts", "is_known", "is_plain", "read_ran", "remember", "written_ran"]


def remember(wait: Wait, act: Action) -> None:
    """What a step has changed for the rest of the stay; a priority is the contact's own, and stays with it."""
    if not isinstance(act, RaisePriority | LowerPriority):
        wait.taken = (*wait.taken, act)


def after_step(act: Action, need: Need | None) -> dict[str, Any]:
    """What a fact says of the need after a step, where the step is about it."""
    match act:
        case RaisePriority() | LowerPriority() if need is not None:
            return {"priority": need.priority}
        case DropSkill() | LowerSkill() | AddSkill() | AskSkills() if need is not None:
            return {"asks": spoken(need.skills)}
    return {}


def is_plain(spec: QueueSpec) -> bool:
    """Whether nothing happens to a contact of this queue because it waits."""
    rules, steps = spec.wait, spec.steps
    stepless = not steps.steps and steps.anyone_after_s is None and spec.announce is None
    limitless = rules.max_s <= 0 and rules.max_no_agent_s <= 0 and rules.leave_empty is Empty.NEVER
    return stepless and limitless and not spec.close_ends_wait


def counts(person: Person, kind: Empty) -> bool:
    """Whether this agent keeps a queue from being empty."""
    status, unready = person.agent.status.status, person.unready
    match kind:
        case Empty.UNAVAILABLE:
            return status is AgentStatus.AVAILABLE
        case Empty.UNREACHABLE:
            return status is AgentStatus.AVAILABLE and not unready
        case Empty.BUSY:
            return person.agent.free and not unready
    return status is not AgentStatus.LOGGED_OUT


def is_known(number: str) -> bool:
    """Whether a number names a caller: withheld ones are all alike."""
    return sum(sign.isdigit() for sign in number) >= 3


def both(queue: Demand, own: Demand) -> Demand:
    """What the queue and the caller ask for together. Where that contradicts itself the queue's word stands, or the
    caller would wait for nobody."""
    asked = joined(queue, own)
    return asked if asked.possible else queue


def written_ran(ran: Mapping[int, Ran]) -> str:
    """The steps that were taken, as the leg's ``fsorch_steps`` tells them: ``0:12.5,2:60.0*3`` (three times)."""
    return ",".join(f"{n}:{one.at:.1f}{f'*{one.times}' if one.times > 1 else ''}" for n, one in ran.items())


def read_ran(text: str) -> dict[int, Ran]:
    """What :func:`written_ran` has written before a restart of ours; what is anything else is left out."""
    found = re.findall(r"(?a:\b([0-9]{1,3}):([0-9]{1,7}\.[0-9])(?:\*([0-9]{1,5}))?(?=,|\Z))", text[:1000])
    return {int(step): Ran(float(at), int(times or 1)) for step, at, times in found}
