"""``fsorch apply``: a centre file becomes the configuration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from fsorch.edge.settings import read_centre
from fsorch.engine.checks import check_centre
from fsorch.errors import NotRunning
from fsorch_cli.app import App
from fsorch_cli.console import note, out, print_json, printable
from fsorch_cli.diff import Change, compare
from fsorch_cli.group import Command
from fsorch_cli.live import asked_by

STYLES = {"+": "green", "-": "red", "~": "yellow"}


@click.command("apply", cls=Command)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--dry-run", is_flag=True, help="Show what would change and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(app: App, file: Path, dry_run: bool, as_json: bool) -> None:
    """Make FILE the configuration: what it names is made or changed, what it leaves out is removed.

    A running fsorch follows within a second, and no caller is dropped by it."""
    centre = read_centre(file)
    check_centre(centre)
    with app.store() as store:
        changes = compare(store.load_centre(), centre)
        revision = store.revision() if dry_run or not changes else store.save_centre(centre, asked_by())
        without = [user.login for user in store.users() if not user.has_password]
    if as_json:
        print_json({"changes": changes, "revision": revision, "applied": bool(changes) and not dry_run})
    else:
        print_changes(changes)
        out().print(verdict(app, changes, revision, dry_run=dry_run))
    if without and not dry_run:
        note(f"no password yet: {', '.join(without)}; give one with: fsorch user passwd {without[0]}")


def print_changes(changes: Sequence[Change]) -> None:
    """One line for each change."""
    for change in changes:
        detail = f": {change.detail}" if change.detail else ""
        out().print(f"{change.sign} {printable(change.what)}{printable(detail)}", style=STYLES[change.sign])


def verdict(app: App, changes: Sequence[Change], revision: int, *, dry_run: bool) -> str:
    """What has come of it, in a sentence; a running fsorch is told to look at once."""
    if not changes:
        return "nothing to change"
    count = f"{len(changes)} change" + ("s" if len(changes) > 1 else "")
    if dry_run:
        return f"{count}, not applied (--dry-run)"
    try:
        with app.client() as client:
            client.call("reload", dict)
    except NotRunning:
        return f"{count} applied as revision {revision}; in force when fsorch runs"
    return f"{count} applied as revision {revision}, in force now"
