"""Agents' time on breaks by the weight of the reasons: what ``fsorch report --breaks`` prints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from fsorch.names import BreakWeight
from fsorch.store.break_times import BreakStretch
from fsorch_cli.live import seconds

__all__ = ["HEADS", "BreakRow", "breaks_by_agent", "breaks_by_day", "format_breaks"]

Weights = Mapping[str, BreakWeight]
HEADS = ("breaks>", *(f"{weight.value}>" for weight in BreakWeight), "in all>")


class BreakRow(msgspec.Struct, frozen=True, kw_only=True):
    """The breaks of one group, in seconds by the weight of the reason, neutral where the centre has it no more."""

    group: str
    breaks: int
    good_s: float
    neutral_s: float
    bad_s: float
    total_s: float


def breaks_by_agent(stretches: Sequence[BreakStretch], weights: Weights) -> Iterator[BreakRow]:
    """A row for each agent who was on break, and one for all."""
    for agent in sorted({one.agent for one in stretches}):
        yield _row(agent, [one for one in stretches if one.agent == agent], weights)
    yield _row("all", stretches, weights)


def breaks_by_day(
    stretches: Sequence[BreakStretch], weights: Weights, days: Iterable[tuple[str, int, int]]
) -> Iterator[BreakRow]:
    """A row for each of ``days`` (its name, from and to before when), and one for all; a break over midnight counts on
    both days."""
    for name, began, ended in days:
        here = [
            BreakStretch(one.agent, one.reason, max(one.began, began), min(one.ended, ended))
            for one in stretches
            if one.began < ended and one.ended > began
        ]
        yield _row(name, here, weights)
    yield _row("all", stretches, weights)


def format_breaks(row: BreakRow) -> tuple[object, ...]:
    """A row for eyes."""
    spans = (row.good_s, row.neutral_s, row.bad_s, row.total_s)
    return (row.group, row.breaks, *(seconds(span) if span else "" for span in spans))


def _row(group: str, stretches: Sequence[BreakStretch], weights: Weights) -> BreakRow:
    us = dict.fromkeys(BreakWeight, 0)
    for one in stretches:
        us[weights.get(one.reason, BreakWeight.NEUTRAL)] += one.ended - one.began
    spans = {f"{weight.value}_s": spent / 1e6 for weight, spent in us.items()}
    return BreakRow(group=group, breaks=len(stretches), total_s=sum(us.values()) / 1e6, **spans)
