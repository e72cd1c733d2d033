"""Small questions about a wait, which need nothing but what is asked about."""

from __future__ import annotations

from fsorch.acd import AgentStatus
from fsorch.config import QueueSpec
from fsorch.engine.state import Person, Wait
from fsorch.rules import Action, RaisePriority
from fsorch.waits import Empty

__all__ = ["both", "counts", "is_known", "is_plain", "remember"]


def remember(wait: Wait, act: Action) -> None:
    """What a step has changed for the rest of the stay; a priority is the contact's own, and stays with it."""
    if not isinstance(act, RaisePriority):
        wait.taken.append(act)


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


def both(queue: dict[str, int], own: tuple[tuple[str, int], ...]) -> tuple[tuple[str, int], ...]:
    """The skills of the queue and of the caller, each at the higher level."""
    asked = queue | {name: max(level, queue.get(name, 1)) for name, level in own}
    return tuple(sorted(asked.items()))
