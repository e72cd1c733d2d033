"""``fsorch disposition``: in which words agents say how a call ended, and what follows."""

from __future__ import annotations

import click

from fsorch.campaigns import Disposition
from fsorch.plain import plain
from fsorch_cli.app import App
from fsorch_cli.console import print_json, print_table
from fsorch_cli.group import Group
from fsorch_cli.live import find, missing, seconds
from fsorch_cli.objects import add_verbs
from fsorch_cli.options import AS_JSON

Row = tuple[str, Disposition]


@click.group("disposition", cls=Group)
def command() -> None:
    """How calls of campaigns may be said to have ended: the centre's words, and those of one campaign alone."""


add_verbs(command, "disposition")


@command.command("list")
@click.option("--campaign", default="", help="Those that agents of this campaign have.")
@AS_JSON
@click.pass_obj
def list_dispositions(app: App, campaign: str, as_json: bool) -> None:
    """Every word, what it means for the lead, its key at the desktop, and whose it is."""
    rows = _all(app, campaign)
    if as_json:
        print_json([{"campaign": whose} | plain(one) for whose, one in rows])
        return
    print_table(
        ("disposition", "title", "category", "then", "key", "note", "again after>", "of"),
        [_row(whose, one) for whose, one in rows],
        empty="No disposition yet; make one with: fsorch disposition add ID category=reached then=finish",
    )


@command.command("show")
@click.argument("disposition", metavar="DISPOSITION")
@AS_JSON
@click.pass_obj
def show(app: App, disposition: str, as_json: bool) -> None:
    """All keys of DISPOSITION; several, where campaigns have one of that name of their own."""
    rows = _all(app, "")
    found = [(whose, one) for whose, one in rows if one.id == disposition]
    if not found:
        raise missing("disposition", disposition, {one.id for _, one in rows})
    if as_json:
        print_json([{"campaign": whose} | plain(one) for whose, one in found])
        return
    for whose, one in found:
        keys = {"category": one.category.value, "then": one.then.value} | plain(one)
        print_table(("", ""), [("of", whose or "the centre"), *keys.items()], empty="")


def _all(app: App, campaign: str) -> list[Row]:
    """The centre's and the campaigns' own, each with whose it is (empty: the centre's)."""
    with app.store() as store:
        centre = store.load_centre()
    specs = [find("campaign", campaign, centre.campaigns)] if campaign else centre.campaigns
    return [("", one) for one in centre.dispositions] + [(spec.id, one) for spec in specs for one in spec.dispositions]


def _row(whose: str, one: Disposition) -> tuple[object, ...]:
    told = "asked for" if one.note else ""
    again = seconds(one.after_s) if one.after_s else ""
    words = (one.id, one.title, one.category.value, one.then.value, one.key, told, again)
    return (*words, (whose or "the centre") + ("" if one.active else ", not in use"))
