"""What a pacer has learned, as a value that outlasts it: kept by the records, and given to the next pacer of the same
campaign.

A campaign that is edited, paused or restarted must not begin again with calls one by one, nor be forgiven its drops.
Figures are rounded: what is learned is never that exact.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, runtime_checkable

import msgspec

__all__ = ["Learner", "Learnt", "RateLearnt", "rounded"]

DIGITS = 4


class RateLearnt(msgspec.Struct, frozen=True, kw_only=True):
    """The answer rate of a list: ``lives`` of ``weight`` calls; ``calls`` and ``answers`` by the hour of earlier days,
    and of today's ``hour`` (None: none has begun) so far."""

    weight: float
    lives: float
    calls: tuple[float, ...] = ()
    answers: tuple[float, ...] = ()
    hour: int | None = None
    today_calls: int = 0
    today_answers: int = 0


class Learnt(msgspec.Struct, frozen=True, kw_only=True):
    """All that the predictive pacer keeps. ``live`` and ``other``: how calls ended, by bin of age; ``wraps``: likewise;
    ``talks`` that ended and ``talked`` seconds, by age; ``back``: the share of agents who come back from a contact;
    ``saved``: what the bank of drops has; ``rates`` by list, that of all calls together under no name."""

    live: tuple[float, ...]
    other: tuple[float, ...]
    wraps: tuple[float, ...]
    talks: tuple[float, ...]
    talked: tuple[float, ...]
    back: float
    saved: float
    rates: dict[str, RateLearnt]


@runtime_checkable
class Learner(Protocol):
    """A pacer that can be taken up by another."""

    def learnt(self) -> Learnt:
        """What it knows."""
        ...

    def resume(self, learnt: Learnt) -> None:
        """Go on from what another knew, before anything is told. What does not fit is left out."""
        ...

    def caught_up(self) -> None:
        """All that was under way has been told, and all that is told from now on is new."""
        ...


def rounded(values: Iterable[float]) -> tuple[float, ...]:
    """For the records."""
    return tuple(round(value, DIGITS) for value in values)
