"""``fsorch doctor``: is everything as it must be?"""

from __future__ import annotations

from collections.abc import Sequence

import click

from fsorch.edge.doctor import Check, run_checks
from fsorch_cli.app import App
from fsorch_cli.console import err, out, print_json, printable
from fsorch_cli.group import Command
from fsorch_cli.options import AS_JSON

MARKS = {True: ("ok", "green"), False: ("wrong", "bold red"), None: ("note", "yellow")}


@click.command("doctor", cls=Command)
@AS_JSON
@click.pass_obj
def command(app: App, as_json: bool) -> None:
    """Check the switch, the database and this machine, and say how to mend what is wrong.

    Changes nothing. Ends with 1 when something is wrong."""
    settings = app.settings()
    with err().status("checking"):
        checks = run_checks(settings, settings.database)
    if as_json:
        print_json(checks)
    else:
        print_checks(checks)
    if any(check.ok is False for check in checks):
        raise click.exceptions.Exit(1)


def print_checks(checks: Sequence[Check]) -> None:
    """One line for each check, and below it how to mend."""
    console = out()
    width = max((len(check.name) for check in checks), default=0)
    for check in checks:
        mark, style = MARKS[check.ok]
        console.print(f"{mark:<8}", style=style, end="")
        console.print(f"{printable(check.name):<{width}}  {printable(check.detail)}")
        if check.mend and check.ok is not True:
            console.print(f"{'':<8}{'':<{width}}  → {printable(check.mend)}")
    wrong = sum(check.ok is False for check in checks)
    console.print("everything is as it must be" if not wrong else f"{wrong} of {len(checks)} checks failed")
