"""``fsorch simulate``: try a rule in virtual time before it meets people."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any

import click

from fsorch.campaign.pacing import LEVELS, PACERS, Pacer
from fsorch.campaign.pacing_registry import lacking
from fsorch.campaigns import LevelSpec
from fsorch.nearest import near
from fsorch.sim.dialer_compare import DialerSummary, compare, summed
from fsorch.sim.dialer_run import DialerReport
from fsorch.sim.dialer_traffic import DialerPlan, Step
from fsorch_cli.console import err, out, print_json, print_table
from fsorch_cli.group import Group
from fsorch_cli.options import AS_JSON

SHARE = click.FloatRange(0, 1)
SECONDS = click.FloatRange(0, 3600)
SPREAD = click.FloatRange(0, 5)
LIMIT = click.FloatRange(0.01, 3)
DEFAULT = DialerPlan()
LEVEL = LevelSpec()
# What the last of the pacers with a level has beside the others.
TAPER = ("loose", "strict")
LEVELLED = ", ".join(LEVELS)


class Steps(click.ParamType[Any]):
    """HOUR:VALUE,... in rising hours, such as 2:0.45,4:0.2."""

    name = "hour:value,..."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Step, ...]:
        """Fails in a line for anything else."""
        if not isinstance(value, str):
            return tuple(value)
        try:
            steps = tuple(Step(*map(float, part.split(":"))) for part in value.split(",") if part.strip())
        except (TypeError, ValueError):
            self.fail(f"{value!r} is not HOUR:VALUE,... such as 2:0.45,4:0.2", param, ctx)
        if any(a.hour >= b.hour for a, b in zip(steps, steps[1:], strict=False)):
            self.fail("the hours do not rise", param, ctx)
        return steps


def _of(
    usual: DialerPlan | LevelSpec, flag: str, name: str, kind: click.ParamType[Any], words: str | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """An option for the field ``name`` of what is ``usual``."""
    return click.option(flag, name, type=kind, default=getattr(usual, name), show_default=True, help=words)


@click.group("simulate", cls=Group)
def command() -> None:
    """Try a rule in virtual time, on seeded traffic."""


@command.command("dialer")
@_of(DEFAULT, "--agents", "agents", click.IntRange(1, 5000))
@_of(DEFAULT, "--hours", "hours", click.FloatRange(0.01, 200))
@_of(DEFAULT, "--answer-rate", "answer_rate", SHARE, "Persons, of all calls.")
@_of(DEFAULT, "--machine-rate", "machine_rate", SHARE, "Machines.")
@_of(DEFAULT, "--busy-rate", "busy_rate", SHARE, "Busy; the rest nobody answers.")
@_of(DEFAULT, "--failed-rate", "failed_rate", SHARE, "Failed.")
@click.option("--drift", type=Steps(), default=(), help="The answer rate from an hour on: 2:0.45,4:0.2.")
@click.option("--staff", type=Steps(), default=(), help="How many agents from an hour on: 1.5:10,3:20.")
@_of(DEFAULT, "--talk", "talk_s", SECONDS, "Mean talk, seconds.")
@_of(DEFAULT, "--talk-cv", "talk_cv", SPREAD, "Its deviation over its mean.")
@_of(DEFAULT, "--wrap", "wrap_s", SECONDS, "Mean wrap-up, seconds.")
@_of(DEFAULT, "--wrap-cv", "wrap_cv", SPREAD)
@_of(DEFAULT, "--answer", "answer_s", SECONDS, "Mean ring time of a person.")
@_of(DEFAULT, "--answer-cv", "answer_cv", SPREAD)
@_of(DEFAULT, "--ring", "ring_s", SECONDS, "How long nobody answers.")
@_of(DEFAULT, "--within", "tolerance_s", SECONDS, "An answer is dropped after so long, seconds.")
@_of(DEFAULT, "--setup", "setup_s", SECONDS, "A phone rings so much later.")
@click.option(
    "--call-off",
    "call_off_s",
    type=SECONDS,
    help="Calls that are too many are hung up if they do not ring yet, or have rung so long: 15 by most packs.",
)
@_of(DEFAULT, "--tick", "tick_s", click.FloatRange(0.05, 60), "How often the pacer is asked.")
@click.option(
    "--pacer",
    default="predictive",
    show_default=True,
    metavar="NAME|MODULE:CLASS",
    help=f"{', '.join(sorted(PACERS))}, or a class of yours in a module of this folder or of Python's path.",
)
@click.option("--target", type=SHARE, default=0.03, show_default=True, help="Drops over live answers that are allowed.")
@click.option(
    "--ratio",
    type=click.FloatRange(0.1, 100),
    default=2.0,
    show_default=True,
    help="Lines for each free agent: power only.",
)
@_of(LEVEL, "--level-every", "every_s", click.FloatRange(1, 600), f"Seconds from one level to the next: {LEVELLED}.")
@_of(LEVEL, "--level-step", "step", click.FloatRange(0.01, 4), f"How far a level moves at once: {LEVELLED}.")
@_of(LEVEL, "--level-highest", "highest", click.FloatRange(1, 15), f"The most lines for each agent: {LEVELLED}.")
@_of(LEVEL, "--loose", "loose", LIMIT, "Its limit in the first half of the shift, in targets: tapered.")
@_of(LEVEL, "--strict", "strict", LIMIT, "Its limit at the end of the shift, in targets: tapered.")
@click.option("--compare", "every", is_flag=True, help="All pacers on the same traffic.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same people.")
@click.option(
    "--seeds", type=click.IntRange(1, 1000), default=1, show_default=True, help="So many runs, from --seed on."
)
@AS_JSON
def dialer(pacer: str, target: float, ratio: float, every: bool, seeds: int, as_json: bool, **plan: Any) -> None:
    """How busy a pacer keeps agents, and how many answers it drops.

    Utilisation is talk and wrap-up over logged-in time, drops are counted over live answers. With --json a single run
    is an object; with --compare or --seeds there is an array with one run a line."""
    level = _level(plan)
    try:
        planned = DialerPlan(**plan)
    except ValueError as error:
        raise click.UsageError(f"{error}.") from None
    own = {} if pacer in PACERS.names() else {pacer: own_pacer(pacer)}
    if not own:
        PACERS.find(pacer)
    options: dict[str, dict[str, Any]] = {
        name: {"target": target, "tolerance_s": plan["tolerance_s"]} for name in (*PACERS, *own)
    }
    options["power"]["ratio"] = ratio
    for name in LEVELS:
        options[name] |= {key: level[key] for key in level if name == "tapered" or key not in TAPER}
    reports = []
    with err().status("dialling in virtual time"):
        for report in compare(planned, [*PACERS, *own] if every else [pacer], seeds, options, own):
            reports.append(report)
    if as_json:
        print_json(reports if every or seeds > 1 else reports[0])
    else:
        _show(planned, reports)


def _level(given: dict[str, Any]) -> dict[str, float]:
    """Take out of what was given the options of pacers with a level."""
    level: dict[str, float] = {key: given.pop(key) for key in LEVEL.__struct_fields__}
    if level["strict"] > level["loose"]:
        raise click.UsageError(f"--strict {level['strict']:g} is more than --loose {level['loose']:g}.")
    return level


def own_pacer(name: str) -> Callable[..., Pacer]:
    """The pacer that a person wrote, MODULE:CLASS. Raises UsageError where there is none that has the methods."""
    module, _, inside = name.partition(":")
    if not inside:
        there = near(name, PACERS.names())
        raise click.UsageError(f"no pacer is called {name!r}, and it is no MODULE:CLASS of yours{there}")
    if "" not in sys.path:
        # As with python -m: what lies in this folder is found.
        sys.path.insert(0, "")
    try:
        made: Callable[..., Pacer] = getattr(importlib.import_module(module), inside)
    except (ImportError, AttributeError, SyntaxError, ValueError) as error:
        raise click.UsageError(f"{name} cannot be loaded: {error}.") from error
    missing = lacking(made)
    if missing:
        raise click.UsageError(f"{name} is no pacer: it has no {', '.join(missing)}; see fsorch.campaign.pacing.Pacer.")
    return made


def _show(plan: DialerPlan, reports: list[DialerReport]) -> None:
    summaries = summed(reports)
    runs = f", {summaries[0].runs} runs" if summaries[0].runs > 1 else ""
    out().print(f"{plan.agents} agents, {plan.hours:g} hours, {plan.answer_rate:.0%} answer{runs}, seed {plan.seed}\n")
    columns = [
        "pacer", "utilisation>", "drops>", "worst run>", "worst hour>",
        "launched>", "live>", "connected>", "agent waits>", "caller waits>",
    ]  # fmt: skip
    print_table(columns, [_row(summary) for summary in summaries], empty="nothing was run")


def _row(summary: DialerSummary) -> list[str]:
    return [
        summary.pacer,
        f"{summary.utilisation:.1%}",
        f"{summary.drop_rate:.2%}",
        f"{summary.highest_drop_rate:.2%}",
        f"{summary.worst_hour:.1%}",
        f"{summary.launched:,.0f}",
        f"{summary.live:,.0f}",
        f"{summary.connected:,.0f}",
        f"{summary.agent_wait_s:.1f} s",
        f"{summary.answer_wait_s:.2f} s",
    ]
