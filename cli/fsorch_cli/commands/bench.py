"""``fsorch bench``: how fast, beside a peer or a limit measured in the same run."""

from __future__ import annotations

import click

from fsorch.edge.bench_esl import run
from fsorch_cli.console import err, out, print_json, printable
from fsorch_cli.group import Group


@click.group("bench", cls=Group)
def command() -> None:
    """Measure this machine."""


@command.command("esl")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def esl(as_json: bool) -> None:
    """Intake of 6 KB channel events over loopback: the link, plain greenswitch, and a bare loop."""
    with err().status("measuring three ways"):
        result = run()
    if as_json:
        print_json(result)
        return
    for name, value in result.items():
        out().print(f"{printable(name):<20} {value:,.2f}")
