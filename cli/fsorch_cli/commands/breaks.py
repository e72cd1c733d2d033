"""``fsorch break``: why agents may be on break."""

from __future__ import annotations

import click

from fsorch_cli.group import Group
from fsorch_cli.objects import add_list, add_verbs


@click.group("break", cls=Group)
def command() -> None:
    """Why agents may be on break."""


add_list(command, "break")
add_verbs(command, "break")
