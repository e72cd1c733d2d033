"""``fsorch apply``: a centre file becomes the configuration."""

from __future__ import annotations

from pathlib import Path

import click

from fsorch.edge.settings import read_centre
from fsorch_cli.app import App
from fsorch_cli.changing import change_centre
from fsorch_cli.group import Command
from fsorch_cli.options import AS_JSON, DRY_RUN


@click.command("apply", cls=Command)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@DRY_RUN
@AS_JSON
@click.option("--override", default="", metavar="REASON", help="Publish flows that the linter refuses; audited.")
@click.pass_obj
def command(app: App, file: Path, dry_run: bool, as_json: bool, override: str) -> None:
    """Make FILE the configuration: what it names is made or changed, what it leaves out is removed.

    A running fsorch follows within a second, and no caller is dropped by it. A flow in FILE may be the path of a file
    of its own; flows that change are published, if the linter has nothing against them. FILE may be -, standard
    input."""
    centre = read_centre(file)
    change_centre(app, lambda old: centre, "centre.apply", dry_run=dry_run, as_json=as_json, override=override)
