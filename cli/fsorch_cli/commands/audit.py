"""``fsorch audit``: who did what, and whether the record of it is whole."""

from __future__ import annotations

import json
import re
from typing import Any

import click

from fsorch.store.chain import ChainReport
from fsorch_cli.app import App
from fsorch_cli.console import first_rows, out, print_json, print_table, printable
from fsorch_cli.filters import Moment
from fsorch_cli.group import Group
from fsorch_cli.live import local_time
from fsorch_cli.options import AS_JSON, limited


class Noted(click.ParamType[tuple[int, str]]):
    """A head as ``verify`` prints it: PLACE:HASH."""

    name = "PLACE:HASH"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, str]:
        """Place and hash."""
        found = re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{64})", str(value))
        if found is None:
            self.fail("expected a head as fsorch audit verify prints it, such as 12:0f3a...", param, ctx)
        return int(found[1]), found[2]


@click.group("audit", cls=Group, invoke_without_command=True)
@click.option("--since", type=Moment(), default=0, metavar="TIME", help="Only from then on: 2h, 7d, today, 2027-01-31.")
@click.option("--who", default="", help="Only of this login, or of an account of this machine: cli:NAME.")
@click.option("--act", default="", help="Only acts that begin so: contact, agent.transfer, talk.whisper.")
@limited(50)
@AS_JSON
@click.pass_context
def command(ctx: click.Context, since: int, who: str, act: str, limit: int, as_json: bool) -> None:
    """Who did what, the newest first: log-ins, what supervisors and the command line asked for, each change of the
    centre. Who worked at the command line is called cli:ACCOUNT."""
    if ctx.invoked_subcommand is not None:
        return
    app: App = ctx.obj
    with app.store() as store:
        rows = first_rows(store.audits(limit + 1, since=since, who=who, act=act), limit)
    if as_json:
        print_json(rows)
        return
    lines = [(local_time(row.at), row.who, row.act, _words(row.what)) for row in rows]
    print_table(("at", "who", "act", "what"), lines, empty="Nothing on record.")


@command.command("verify")
@click.option("--noted", type=Noted(), help="A head of the chain that was written down: it must be in it still.")
@click.option("--last", type=click.IntRange(min=1), default=None, help="Only so many of the newest entries.")
@AS_JSON
@click.pass_obj
def verify(app: App, noted: tuple[int, str] | None, last: int | None, as_json: bool) -> None:
    """Whether each entry is as it was written, none is gone and none was put in.

    Ends with 1 when that is not so, and names the first entry that does not fit. Prints the chain's head: written down
    elsewhere, and given back with --noted, it also shows a chain that was written anew from its beginning."""
    with app.store() as store:
        report = store.verify_audit(last=last or 0, noted=noted)
    if as_json:
        print_json(report)
    else:
        print_report(report)
    if report.fault:
        raise click.exceptions.Exit(1)


def print_report(report: ChainReport) -> None:
    """What was found, in words."""
    if not report.fault:
        out().print(f"the audit is whole: {report.checked} entries checked")
        out().print(f"head {report.head_place}:{report.head}", soft_wrap=True)
        return
    out().print(f"the audit is not as it was written: {printable(report.fault)}")
    if report.id:
        out().print(f"first entry that does not fit: {printable(report.id)}; {report.checked} before it do")
    out().print("Compare with a backup. Until it is known who could write to the database, trust no later entry.")


def _words(what: Any) -> str:
    """The particulars of an act on one line."""
    if isinstance(what, dict):
        return ", ".join(f"{key} {_words(value)}" for key, value in what.items())
    if isinstance(what, list):
        return "; ".join(map(_words, what))
    return what if isinstance(what, str) else json.dumps(what)
