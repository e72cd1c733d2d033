"""``fsorch export``: the configuration as a file."""

from __future__ import annotations

from pathlib import Path

import click

from fsorch.plain import plain_centre
from fsorch_cli.app import App
from fsorch_cli.centre_file import centre_text
from fsorch_cli.console import note, print_json
from fsorch_cli.export import destination
from fsorch_cli.group import Command


@click.command("export", cls=Command)
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--force", is_flag=True, help="Overwrite FILE if it is there.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of YAML.")
@click.pass_obj
def command(app: App, file: Path | None, force: bool, as_json: bool) -> None:
    """Write the configuration to FILE, or to standard output: as fsorch apply takes it.

    Applied again it changes nothing. Comments of the file that was applied are not kept, nor what is as it is by
    default."""
    if as_json and file is not None:
        raise click.UsageError("--json prints to standard output; leave FILE out")
    with app.store() as store:
        centre = store.load_centre()
    if as_json:
        print_json(plain_centre(centre))
        return
    with destination(file, force=force) as stream:
        stream.write(centre_text(centre))
    if file is not None:
        note(f"wrote {file}")
