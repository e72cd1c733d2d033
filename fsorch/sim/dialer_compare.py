"""Several pacers over several seeds of the same traffic, and what came of each in all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from fsorch.campaign.pacing import PACERS, Pacer
from fsorch.errors import ConfigError
from fsorch.sim.dialer_run import DialerReport, run
from fsorch.sim.dialer_strict import PacerFaultError, Strict
from fsorch.sim.dialer_traffic import DialerPlan

__all__ = ["DialerSummary", "compare", "summed"]


class DialerSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A pacer over its runs: means, and the worst run. Names as in `DialerReport`."""

    pacer: str
    runs: int
    utilisation: float
    lowest_utilisation: float
    drop_rate: float
    highest_drop_rate: float
    worst_hour: float
    launched: float
    live: float
    connected: float
    dropped: float
    peak_10s: int
    agent_wait_s: float
    answer_wait_s: float


def compare(
    plan: DialerPlan,
    pacers: Sequence[str],
    seeds: int,
    options: Mapping[str, Mapping[str, Any]],
    own: Mapping[str, Callable[..., Pacer]] | None = None,
) -> Iterator[DialerReport]:
    """Each pacer on each of ``seeds`` seeds from the plan's on, one report after the other; ``options``: what a pacer
    is made with, by its name; ``own``: pacers beside those of fsorch. Raises KeyError for a name nobody knows, and
    ConfigError for a pacer that raises or answers what is no answer: which, in what method, when, and where."""
    known = {**PACERS, **(own or {})}
    most = max(plan.agents, *(int(step.value) for step in plan.staff), 1)
    for name in pacers:
        for seed in range(plan.seed, plan.seed + seeds):
            try:
                pacer = Strict(partial(known[name], **options.get(name, {})), lambda: most)
                report = run(msgspec.structs.replace(plan, seed=seed), pacer, name)
            except PacerFaultError as fault:
                raise ConfigError(f"the pacer {name}, on seed {seed}: {fault}") from fault
            yield report


def summed(reports: Iterable[DialerReport]) -> list[DialerSummary]:
    """One summary for each pacer, in the order they first appear."""
    by_pacer: dict[str, list[DialerReport]] = {}
    for report in reports:
        by_pacer.setdefault(report.pacer, []).append(report)
    return [_summary(name, runs) for name, runs in by_pacer.items()]


def _summary(name: str, runs: list[DialerReport]) -> DialerSummary:
    def mean(field: str) -> float:
        return float(sum(getattr(report, field) for report in runs)) / len(runs)

    return DialerSummary(
        pacer=name,
        runs=len(runs),
        utilisation=mean("utilisation"),
        lowest_utilisation=min(report.utilisation for report in runs),
        drop_rate=mean("drop_rate"),
        highest_drop_rate=max(report.drop_rate for report in runs),
        worst_hour=max(report.worst_hour for report in runs),
        launched=mean("launched"),
        live=mean("live"),
        connected=mean("connected"),
        dropped=mean("dropped"),
        peak_10s=max(report.peak_10s for report in runs),
        agent_wait_s=mean("agent_wait_s"),
        answer_wait_s=mean("answer_wait_s"),
    )
