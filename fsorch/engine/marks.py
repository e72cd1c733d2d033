"""The marks on channels: what says that a channel is ours, and where an agent can be reached."""

from __future__ import annotations

from fsorch.config import AgentSpec
from fsorch.engine.core import Core
from fsorch.esl.events import Event

__all__ = ["is_copy", "is_marked", "phone_skills", "switch_skill"]

MARKS = ("fsorch_role", "fsorch_contact", "fsorch_entry", "fsorch_fallback")


def is_marked(event: Event) -> bool:
    """Whether the channel is one of ours, or the dialplan served it in our absence."""
    return any(event.variable(name) for name in MARKS)


def is_copy(event: Event) -> bool:
    """Whether the marks are those of another channel: mod_loopback gives its far half every variable of the originate,
    and with them the id that only the near half has."""
    origin = event.variable("origination_uuid")
    return bool(origin) and origin != event.uuid


def switch_skill(switch: str) -> str:
    """The switch that an agent's phone can be dialled on is asked for like a skill; no skill of a centre begins so."""
    return f"@{switch}"


def phone_skills(core: Core, spec: AgentSpec) -> dict[str, int]:
    """The agent's skills, with the switches that can dial the phone: the one the spec names, else all there are."""
    if not any(agent.switch for agent in core.centre.agents):
        return spec.skills
    known = {*core.switches, *(agent.switch for agent in core.centre.agents if agent.switch)}
    return spec.skills | {switch_skill(switch): 5 for switch in ([spec.switch] if spec.switch else known)}
