"""What the steps of a wait have changed, in sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fsorch.demands import demand_of, spoken
from fsorch.engine.facts import Fact
from fsorch.errors import ConfigError

__all__ = ["step_taken"]

Detail = Mapping[str, Any]


def step_taken(fact: Fact) -> str:
    """``step 2 of the wait, for waited 30 s: french at level 2 will do; french 2 and german 1 are asked for now``."""
    act, detail = str(fact.data.get("act", "")), fact.data.get("detail")
    sentence = _ACTS.get(act) if isinstance(detail, Mapping) else None
    did = sentence(detail) if sentence is not None and isinstance(detail, Mapping) else f"{act} {detail or ''}".strip()
    number = int(fact.data.get("step") or 0) + 1
    return f"step {number} of the wait, for {fact.data.get('why', '')}: {did}{_left(fact.data)}"


def _left(data: Mapping[str, Any]) -> str:
    """What is asked for after it, or the priority: the facts of old say neither."""
    if "asks" in data:
        return f"; asked for now: {data['asks'] or 'no skill at all'}"
    return f"; the priority is {data['priority']} now" if "priority" in data else ""


def _changed(detail: Detail, word: str) -> str:
    """``raised by 2`` or ``lowered to 1``."""
    by = detail.get("by")
    return f"{word} {'by' if by is not None else 'to'} {by if by is not None else detail.get('to')}"


def _asked(detail: Detail) -> str:
    skills = detail.get("skills")
    try:
        asked = spoken(demand_of(skills)) if isinstance(skills, str | dict) else ""
    except ConfigError:
        asked = str(skills)
    return f"{asked or 'no skill'} instead of what the queue asked for"


def _overflow(detail: Detail) -> str:
    to, name = detail.get("to", ""), detail.get("name", "")
    return "the call is to end" if to == "hangup" else f"goes over to {to} {name}".strip()


_ACTS: dict[str, Callable[[Detail], str]] = {
    "drop_skill": lambda detail: f"{detail.get('skill')} does not matter any more",
    "lower_skill": lambda detail: f"the level of {detail.get('skill')} is {_changed(detail, 'lowered')}",
    "add_skill": lambda detail: f"{detail.get('skill')} at level {detail.get('level', 1)} is asked for as well",
    "ask_skills": _asked,
    "any_agent": lambda detail: "any agent of the queue will do",
    "widen": lambda detail: f"agents of queue {detail.get('queue')} will do as well",
    "raise_priority": lambda detail: f"the priority is {_changed(detail, 'raised')}",
    "lower_priority": lambda detail: f"the priority is {_changed(detail, 'lowered')}",
    "offer_callback": lambda detail: "is asked whether to be called back",
    "announce": lambda detail: "is told something",
    "voicemail": lambda detail: "is asked for a message",
    "overflow": _overflow,
}
