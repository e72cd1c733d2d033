"""What comes of matching: who is offered to whom, and why; and on the way there, the first contact for an agent."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from fsorch.acd.crew import Line
from fsorch.acd.pool import Need, Place

__all__ = ["Best", "Match", "explained"]


class Match(msgspec.Struct, frozen=True):
    """One contact for one agent, or for several whose phones ring at once. ``why`` is a phrase for people; ``next`` are
    the agents who would have been asked after them, ``unfit`` those idle in the queue without the skills."""

    contact: str
    queue: str
    agents: tuple[str, ...]
    why: str
    idle: int = 1
    next: tuple[str, ...] = ()
    unfit: tuple[str, ...] = ()


class Best(NamedTuple):
    """The first contact for an agent, in which line (None: it asks for this agent), and its ``key`` among others.
    ``before``: who would have been first without the guard."""

    key: tuple[int, Place]
    need: Need
    line: Line | None
    before: Need | None = None


def explained(match: Match, best: Best) -> Match:
    """The match, with what the guard had to do with it."""
    if best.before is None or best.line is None:
        return match
    why = f"{match.why}; first by the guard, beyond {best.line.rules.guard:g} times the wait of the preferred"
    return msgspec.structs.replace(match, why=why)
