"""``fsorch freeswitch``: the files that are copied to a switch."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from fsorch.edge.switch_tree import export_tree
from fsorch.errors import ConfigError
from fsorch_cli.app import App
from fsorch_cli.console import out, printable
from fsorch_cli.group import Group


@click.group("freeswitch", cls=Group)
def command() -> None:
    """The files a FreeSWITCH needs."""


@command.command("export")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@click.option("--password-stdin", is_flag=True, help="Read the event socket's password from standard input.")
@click.option("--force", is_flag=True, help="Overwrite files that are there.")
@click.pass_obj
def export(app: App, directory: Path, password_stdin: bool, force: bool) -> None:
    """Write dialplan, configuration and Lua to DIRECTORY; its README says where each file goes.

    The event socket gets the password of the first switch in the settings; without settings one is made and shown."""
    password, origin = choose_password(app, password_stdin)
    exported = export_tree(directory, password, force=force)
    for file in exported.files:
        out().print(printable(file))
    out().print(f"The event socket's password: {origin or exported.password}")


def choose_password(app: App, from_stdin: bool) -> tuple[str, str]:
    """The password and where it is from, in words; nothing where there are no settings: then one is to be made."""
    if from_stdin:
        given = sys.stdin.readline().rstrip("\r\n")
        if not given:
            raise ConfigError("standard input holds no password; its first line is taken")
        return given, "the one you gave"
    if not app.has_settings():
        return "", ""
    switch = app.settings().switches[0]
    return switch.password, f"that of the switch {printable(switch.name)} in {printable(app.settings_file())}"
