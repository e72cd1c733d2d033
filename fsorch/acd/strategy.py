"""How a queue orders its idle agents: one small class for each name.

A strategy is a sort key that stays the same while the agent is idle, so that a queue can keep its idle agents
sorted."""

from __future__ import annotations

from typing import Protocol

import msgspec

from fsorch.names import Strategy

__all__ = ["STRATEGIES", "Candidate", "LongestIdle", "Order"]


class Candidate(msgspec.Struct, frozen=True):
    """An idle agent as one queue sees it. ``idle_since``: monotonic seconds."""

    agent: str
    level: int
    position: int
    idle_since: float


class Order(Protocol):
    """What a strategy must do."""

    def key(self, candidate: Candidate) -> tuple[float | str, ...]:
        """The smaller, the sooner; ends in the agent's id, so that no two are equal."""
        ...

    def why(self, candidate: Candidate, idle: int, now: float) -> str:
        """One sentence for people: why this agent. ``idle`` agents were free, ``now`` is monotonic seconds."""
        ...


class LongestIdle:
    """Lowest tier level first; within it whoever has been idle longest, then the tier position."""

    def key(self, candidate: Candidate) -> tuple[float | str, ...]:
        """(level, idle since, position, agent)."""
        return (candidate.level, candidate.idle_since, candidate.position, candidate.agent)

    def why(self, candidate: Candidate, idle: int, now: float) -> str:
        """Such as "idle longest (42 s) of 3 free agents"."""
        seconds = max(0, round(now - candidate.idle_since))
        if idle == 1:
            return f"the only free agent, idle for {seconds} s"
        return f"idle longest ({seconds} s) of {idle} free agents"


STRATEGIES: dict[Strategy, type[Order]] = {Strategy.LONGEST_IDLE: LongestIdle}
