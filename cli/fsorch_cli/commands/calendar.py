"""``fsorch calendar``: when queues and flows are open."""

from __future__ import annotations

from datetime import datetime

import click

from fsorch.objects import with_emergency
from fsorch_cli.app import App
from fsorch_cli.changing import change_centre
from fsorch_cli.filters import End
from fsorch_cli.group import Group
from fsorch_cli.objects import add_list, add_verbs
from fsorch_cli.options import AS_JSON


@click.group("calendar", cls=Group)
def command() -> None:
    """When queues and flows are open."""


add_list(command, "calendar")
add_verbs(command, "calendar")


@command.command("emergency")
@click.argument("calendar")
@click.argument("switch", type=click.Choice(["on", "off"]))
@click.option("--reason", default="", help="Why; supervisors and the records see it.")
@click.option("--until", type=End(), metavar="TIME", help="Open again then: 30m, 2h, 18:00, 2027-01-31T09:00.")
@AS_JSON
@click.pass_obj
def emergency(app: App, calendar: str, switch: str, reason: str, until: datetime | None, as_json: bool) -> None:
    """Close CALENDAR at once whatever its hours say, or go by its hours again."""
    if switch == "off" and (reason or until):
        raise click.UsageError("--reason and --until belong to on; leave them out")
    change = with_emergency(calendar, switch == "on", reason, until)
    change_centre(app, change, "calendar.emergency", as_json=as_json)
