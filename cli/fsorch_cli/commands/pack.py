"""``fsorch pack``: compliance packs, rule by rule."""

from __future__ import annotations

import click

from fsorch_cli.commands import compliance
from fsorch_cli.group import Group
from fsorch_cli.objects import add_verbs


@click.group("pack", cls=Group)
def command() -> None:
    """Compliance packs: those that fsorch brings, and the centre's own; each rule with its source."""


command.add_command(compliance.packs, "list")
command.add_command(compliance.show, "show")
add_verbs(command, "pack")
