"""``fsorch dnc``: the numbers that are not called."""

from __future__ import annotations

from pathlib import Path

import click

from fsorch.campaigns import DncRow
from fsorch.edge.lead_import import import_dnc
from fsorch.errors import ConfigError
from fsorch.store.giving import not_to_be_called
from fsorch_cli.app import App
from fsorch_cli.console import err, first_rows, note, out, print_json, print_table, printable
from fsorch_cli.group import Group
from fsorch_cli.leads import moment, number_of
from fsorch_cli.live import asked_by, find, local_time
from fsorch_cli.options import AS_JSON, limited
from fsorch_cli.progress import reading

CAMPAIGN = click.option("--campaign", default="", help="Only for this campaign; else for everybody.")
REGION = click.option("--region", default="", metavar="CC", help="The country of numbers without a code: GB, US, CN.")


@click.group("dnc", cls=Group)
def command() -> None:
    """Numbers that are not called. NUMBER is with its country code, +442079460001; +4420* is all that begin so."""


@command.command("list")
@click.option("--campaign", default=None, help="Only what is for this campaign.")
@click.option("--begins", default="", help="Only numbers that begin so.")
@limited(100)
@AS_JSON
@click.pass_obj
def list_entries(app: App, campaign: str | None, begins: str, limit: int, as_json: bool) -> None:
    """What came one by one, the newest first, and the lists that were imported."""
    with app.store() as store:
        entries = first_rows(store.dnc.entries(campaign=campaign, begins=begins, limit=limit + 1), limit)
        lists = store.dnc.lists()
    if as_json:
        print_json({"entries": entries, "lists": lists})
        return
    rows = [(one.number, one.campaign, one.source, one.reason, local_time(one.added_at), one.by) for one in entries]
    print_table(("number", "campaign", "source", "reason", "since", "by"), rows, empty="Nobody is on the list.")
    if lists:
        print_table(
            ("imported list", "campaign", "numbers>", "refused>", "at", "whole"),
            [
                (
                    one.id,
                    one.campaign,
                    one.numbers,
                    one.refused,
                    local_time(one.imported_at),
                    "yes" if one.done else "no",
                )
                for one in lists
            ],
            empty="",
        )


@command.command("add")
@click.argument("number")
@CAMPAIGN
@click.option("--reason", default="", help="Why, for those who ask later.")
@click.option("--until", default="", metavar="WHEN", help="When it ends, such as 2027-12-31; else never.")
@AS_JSON
@click.pass_obj
def add(app: App, number: str, campaign: str, reason: str, until: str, as_json: bool) -> None:
    """Do not call NUMBER any more."""
    row = DncRow(number=number, campaign=campaign, reason=reason, until=moment(until, "--until") if until else 0)
    with app.store() as store:
        made = not_to_be_called(store, row, asked_by())
    print_json(made) if as_json else out().print(f"{printable(made.number)} is not called{_by(campaign)}")


@command.command("remove")
@click.argument("number")
@CAMPAIGN
@click.option("--reason", required=True, help="Why it may be called again; kept in the audit.")
@AS_JSON
@click.pass_obj
def remove(app: App, number: str, campaign: str, reason: str, as_json: bool) -> None:
    """NUMBER may be called again; the exit code is 1 when another entry still forbids it."""
    if not reason.strip():
        raise ConfigError("--reason is empty; say why the number may be called again")
    with app.store() as store:
        gone = store.dnc.remove(number, asked_by(), campaign=campaign, reason=reason)
        still = None if number.endswith("*") else store.dnc.find(number, campaign)
    if as_json:
        print_json(gone)
    elif still is None:
        out().print(f"{printable(number)} may be called again{_by(campaign)}")
    if still is not None:
        note(f"{printable(number)} is still not called{_by(campaign)}: {printable(still.number)} ({still.source})")
        raise click.exceptions.Exit(1)


@command.command("check")
@click.argument("number")
@CAMPAIGN
@REGION
@AS_JSON
@click.pass_obj
def check(app: App, number: str, campaign: str, region: str, as_json: bool) -> None:
    """Whether NUMBER may be called; the exit code is 1 when it may not."""
    with app.store() as store:
        if campaign:
            find("campaign", campaign, store.load_centre().campaigns)
        found = store.dnc.find(number_of(number, region), campaign)
    if as_json:
        print_json({"number": number, "callable": found is None, "entry": found})
    elif found is None:
        out().print(f"{printable(number)} may be called")
    else:
        why = f": {printable(found.reason)}" if found.reason else ""
        by = f", by {printable(found.by)}" if found.by else ""
        since = f" since {local_time(found.added_at)}" if found.added_at else ""
        entry = f" as {printable(found.number)}" if found.number.endswith("*") else ""
        out().print(f"{printable(number)} is not called{entry}{since}{by} ({printable(found.source)}{why})")
    if found is not None:
        raise click.exceptions.Exit(1)


@command.command("import")
@click.argument("list_id", metavar="LIST")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@REGION
@CAMPAIGN
@click.option("--column", default="", help="The column of a CSV file; else each line is a number.")
@AS_JSON
@click.pass_obj
def import_(app: App, list_id: str, file: Path, region: str, campaign: str, column: str, as_json: bool) -> None:
    """Take the numbers of FILE into the imported list LIST, such as a country's register.

    The same command goes on where a killed one was. Lines without a number are counted; then the exit code is 1."""
    with app.store() as store, reading(file) as told:
        done = import_dnc(
            store,
            file,
            list_id,
            asked_by(),
            region=region,
            campaign=campaign,
            column=column,
            told=lambda progress: told(progress.rows, None),
        )
    if as_json:
        print_json(done)
    else:
        numbers = "1 number is" if done.taken == 1 else f"{done.taken:,} numbers are"
        lines = "1 line holds" if done.refused == 1 else f"{done.refused:,} lines hold"
        out().print(f"{numbers} on the list {printable(list_id)}, {lines} none")
    if done.refused:
        raise click.exceptions.Exit(1)


@command.command("drop-list")
@click.argument("list_id", metavar="LIST")
@click.confirmation_option(prompt="Forget the imported list?")
@click.pass_obj
def drop_list(app: App, list_id: str) -> None:
    """Forget the imported list LIST, such as before a newer edition is imported."""
    with app.store() as store, err().status("removing"):
        store.dnc.remove_list(list_id, asked_by())
    note(f"the imported list {list_id} is gone")


def _by(campaign: str) -> str:
    return f" by {printable(campaign)}" if campaign else ""
