"""``fsorch diff``: what applying a file would change."""

from __future__ import annotations

from pathlib import Path

import click

from fsorch.campaign.readiness import check_pacers
from fsorch.comparing import compare
from fsorch.edge.settings import read_centre
from fsorch.engine.checks import check_centre
from fsorch_cli.app import App
from fsorch_cli.changing import print_changes
from fsorch_cli.console import print_json
from fsorch_cli.group import Command
from fsorch_cli.options import AS_JSON


@click.command("diff", cls=Command)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@AS_JSON
@click.pass_obj
def command(app: App, file: Path, as_json: bool) -> None:
    """Show what fsorch apply FILE would change, and change nothing. FILE may be -, standard input.

    Ends with 1 when there is a difference. + is new, - is removed, ~ is different."""
    centre = read_centre(file)
    check_centre(centre)
    with app.store() as store:
        before = store.load_centre()
    check_pacers(centre, before)
    changes = compare(before, centre)
    if as_json:
        print_json(changes)
    else:
        print_changes(changes)
    if changes:
        raise click.exceptions.Exit(1)
