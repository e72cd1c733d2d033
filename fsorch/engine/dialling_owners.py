"""Whose leads are called now: of those at hand the owner's first, in the campaign's order otherwise.

Pure. An owner is an agent's id or one of the territories of agents; both are called a name here. What is said of each
name holds at one moment, and of what is at hand no more is looked at than is needed.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

import msgspec

from fsorch.campaigns import Lead, LeadState
from fsorch.engine.inputs import ReadyLead

__all__ = ["WAIT_S", "Owners", "Turn"]

# So long a lead at hand lets others pass while its owner is busy: a talk ends within it often enough, and a number that
# may be called by the clock of its place still may.
WAIT_S = 60.0


class Turn(IntEnum):
    """When a lead is called among those at hand: the lowest first."""

    PROMISED = 0
    OWN = 1
    ANYBODYS = 2
    # Its owner is free, and has a call coming already.
    SECOND = 3
    BUSY = 4


class Owners(msgspec.Struct, frozen=True):
    """Whose leads are called now. ``free``: the names of agents who wait for a call; ``engaged``: of those who are free
    and have one coming, or look at a lead; ``busy``: of the others at work. Of a name that several agents have the
    first of these holds; a name of which nobody is at work is as good as none."""

    free: frozenset[str] = frozenset()
    engaged: frozenset[str] = frozenset()
    busy: frozenset[str] = frozenset()

    def turn(self, lead: Lead, at_hand_s: float) -> Turn:
        """When a lead that has been at hand for ``at_hand_s`` is called."""
        if lead.state is LeadState.CALLBACK:
            return Turn.PROMISED
        if not lead.owner:
            return Turn.ANYBODYS
        if lead.owner in self.free:
            return Turn.OWN
        if at_hand_s < WAIT_S:
            if lead.owner in self.engaged:
                return Turn.SECOND
            if lead.owner in self.busy:
                return Turn.BUSY
        return Turn.ANYBODYS

    def first(self, leads: Iterable[tuple[int, ReadyLead, float]]) -> int | None:
        """Of leads with their places and how long each has been at hand, the place of the one to call; None: there is
        none. Of equals the first."""
        found, best = None, Turn.BUSY + 1
        # Promises stand at the front: where no owner waits nothing behind a lead for anybody comes before it.
        enough = Turn.OWN if self.free else Turn.ANYBODYS
        for place, ready, at_hand_s in leads:
            turn = self.turn(ready.lead, at_hand_s)
            if turn < best:
                found, best = place, turn
            if best <= enough:
                break
        return found
