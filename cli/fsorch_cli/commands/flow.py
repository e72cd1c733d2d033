"""``fsorch flow``: what callers hear before a queue."""

from __future__ import annotations

import click

from fsorch_cli.group import Group
from fsorch_cli.objects import add_list, add_verbs


@click.group("flow", cls=Group)
def command() -> None:
    """What callers hear before a queue: greetings and menus."""


add_list(command, "flow")
add_verbs(command, "flow")
