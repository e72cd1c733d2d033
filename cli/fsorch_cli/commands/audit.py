"""``fsorch audit``: who did what."""

from __future__ import annotations

import json
from typing import Any

import click

from fsorch_cli.app import App
from fsorch_cli.console import print_json, print_table
from fsorch_cli.filters import Moment
from fsorch_cli.group import Command
from fsorch_cli.live import local_time


@click.command("audit", cls=Command)
@click.option("--since", type=Moment(), default=0, metavar="TIME", help="Only from then on: 2h, 7d, today, 2027-01-31.")
@click.option("--who", default="", help="Only of this login, or of an account of this machine: cli:NAME.")
@click.option("--act", default="", help="Only acts that begin so: contact, agent.transfer, talk.whisper.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(app: App, since: int, who: str, act: str, limit: int, as_json: bool) -> None:
    """Who did what, the newest first: log-ins, what supervisors and the command line asked for, each change of the
    centre. Who worked at the command line is called cli:ACCOUNT."""
    with app.store() as store:
        rows = store.audits(limit, since=since, who=who, act=act)
    if as_json:
        print_json(rows)
        return
    lines = [(local_time(row.at), row.who, row.act, _words(row.what)) for row in rows]
    print_table(("at", "who", "act", "what"), lines, empty="Nothing on record.")


def _words(what: Any) -> str:
    """The particulars of an act on one line."""
    if isinstance(what, dict):
        return ", ".join(f"{key} {_words(value)}" for key, value in what.items())
    if isinstance(what, list):
        return "; ".join(map(_words, what))
    return what if isinstance(what, str) else json.dumps(what)
