"""``fsorch calendar``: when queues and flows are open."""

from __future__ import annotations

import click

from fsorch_cli.group import Group
from fsorch_cli.objects import add_list, add_verbs


@click.group("calendar", cls=Group)
def command() -> None:
    """When queues and flows are open."""


add_list(command, "calendar")
add_verbs(command, "calendar")
