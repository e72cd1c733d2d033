"""``fsorch bench``: how fast, beside a peer or a limit measured in the same run."""

from __future__ import annotations

import click

from fsorch.edge import bench_acd, bench_calls, bench_esl, bench_leads
from fsorch_cli.console import err, out, print_json, print_table, printable
from fsorch_cli.group import Group
from fsorch_cli.options import AS_JSON


@click.group("bench", cls=Group)
def command() -> None:
    """Measure this machine."""


def _show(result: dict[str, float], as_json: bool) -> None:
    if as_json:
        print_json(result)
        return
    for name, value in result.items():
        out().print(f"{printable(name):<26} {value:,.3f}")


@command.command("esl")
@AS_JSON
def esl(as_json: bool) -> None:
    """Intake of 6 KB channel events over loopback: the link, plain greenswitch, and a bare loop."""
    with err().status("measuring three ways"):
        result = bench_esl.run()
    _show(result, as_json)


@command.command("acd")
@click.option(
    "--decisions", type=click.IntRange(100), default=20_000, show_default=True, help="Of each size of centre."
)
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same centre.")
@AS_JSON
def acd(decisions: int, seed: int, as_json: bool) -> None:
    """How long the distributor takes to decide, with 100, 1,000 and 10,000 agents and twice as many waiting.

    By the processor's time, which others on the machine do not lengthen; p99 by the clock is shown beside it."""
    with err().status("measuring three centres"):
        result = bench_acd.run(decisions, seed)
    if as_json:
        print_json(result)
        return
    names = ("p50_ms", "p99_ms", "max_ms", "p99_clock_ms")
    rows = [
        (f"{agents:,}", f"{queues:,}", f"{waiting:,}", *(f"{result[f'{name}_{agents}']:.3f}" for name in names))
        for agents, queues, waiting in bench_acd.SIZES
    ]
    heads = ("agents>", "queues>", "waiting>", "p50 ms>", "p99 ms>", "max ms>", "p99 by the clock>")
    print_table(heads, rows, empty="Nothing was measured.")
    growth, log = result["growth"], result["growth_log"]
    out().print(f"p99 grows {growth:.2f} times; with the logarithm of the agents it would {log:.2f} times")


@command.command("calls")
@click.option(
    "--scenario", type=click.Choice(list(bench_calls.SCENARIOS)), default="queue", show_default=True, help="Which."
)
@click.option(
    "--contacts",
    type=click.IntRange(20),
    default=None,
    help="Of the busy turn (3,000), inside flows (2,000), or leads (3,000).",
)
@click.option("--waiting", type=click.IntRange(1), default=1_000, show_default=True, help="Of the waiting turn.")
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same callers.")
@AS_JSON
def calls(scenario: str, contacts: int | None, waiting: int, seed: int, as_json: bool) -> None:
    """Whole voice contacts on a virtual switch: how many a second, how soon offered, how large, how soon recovered;
    or, with --scenario ivr, callers inside flows: how soon a key is answered, whatever is looked up meanwhile.

    contacts_per_s is by the clock, with the switch's process on the same machine; contacts_per_s_cpu by the processor
    time of the engine's process alone; engine_cores and switch_cores are the share of a core each of them used."""
    with err().status("measuring turn by turn"):
        result = bench_calls.run(contacts or 0, waiting, seed, scenario)
    _show(result, as_json)


@command.command("leads")
@click.option("--leads", type=click.IntRange(1_000), default=1_000_000, show_default=True, help="Rows of the list.")
@click.option("--dnc", type=click.IntRange(1_000), default=10_000_000, show_default=True, help="Of the register.")
@click.option("--database", default="", help="An empty database to measure in; else a SQLite file of its own.")
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same list.")
@AS_JSON
def leads(leads: int, dnc: int, database: str, seed: int, as_json: bool) -> None:
    """A large list imported, its next leads chosen, a large no-call register looked up, each beside its limit.

    rows_per_s is by the clock and rows_per_s_cpu by the processor time of this process; next_ms and dnc_ms are 95th
    percentiles. A ratio is figure over limit."""
    with err().status("measuring") as status:
        result = bench_leads.run(leads, dnc, database, seed, lambda words: status.update(words))
    _show(result, as_json)
