"""``fsorch tenant``: the clients of an outsourcer, and what is theirs."""

from __future__ import annotations

import click

from fsorch.objects import find_thing
from fsorch.tenancy import Tenancy
from fsorch_cli.app import App
from fsorch_cli.console import print_json, print_table
from fsorch_cli.group import Group
from fsorch_cli.objects import AS_JSON, add_list, add_verbs


@click.group("tenant", cls=Group)
def command() -> None:
    """The clients of an outsourcer: each with a domain, queues, numbers, limits and a contract of its own."""


add_list(command, "tenant")
add_verbs(command, "tenant")


@command.command("show")
@click.argument("tenant")
@AS_JSON
@click.pass_obj
def show(app: App, tenant: str, as_json: bool) -> None:
    """What TENANT is, and what belongs to it."""
    with app.store() as store:
        centre = store.load_centre()
    thing = find_thing(centre, "tenant", tenant)
    holdings = Tenancy(centre).holdings(tenant)
    if as_json:
        print_json(thing | holdings)
        return
    rows = [*((key, _said(value)) for key, value in thing.items()), *format_holdings(holdings)]
    print_table(("key", "value"), rows, empty="")


def format_holdings(holdings: dict[str, list[str]]) -> list[tuple[str, str]]:
    """What a tenant has, for eyes: a line for each kind of which there is one."""
    return [(kind, ", ".join(ids)) for kind, ids in holdings.items() if ids]


def _said(value: object) -> str:
    return ", ".join(f"{key}: {one}" for key, one in value.items()) if isinstance(value, dict) else str(value)
