"""``fsorch token``: programs that may use the API."""

from __future__ import annotations

import click

from fsorch.store.tokens import TOKEN_ROLES
from fsorch_cli.app import App
from fsorch_cli.console import note, out, print_json, print_table, printable
from fsorch_cli.group import Group
from fsorch_cli.live import asked_by, local_time
from fsorch_cli.options import AS_JSON
from fsorch_cli.scopes import TENANT, known_queues, known_tenant, shown_scope


@click.group("token", cls=Group)
def command() -> None:
    """Programs that may use the API, each by a token of its own."""


@command.command("list")
@AS_JSON
@click.pass_obj
def list_tokens(app: App, as_json: bool) -> None:
    """Every token's name and role; never the token."""
    with app.store() as store:
        tokens = store.tokens()
    if as_json:
        print_json(tokens)
        return
    rows = [
        (one.name, one.role, shown_scope(one.scope, one.tenant), local_time(one.made_at), one.made_by) for one in tokens
    ]
    empty = "No tokens yet; make one with: fsorch token add NAME"
    print_table(("token", "role", "sees", "made", "by"), rows, empty=empty)


@command.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(TOKEN_ROLES), default="auditor", show_default=True)
@click.option("--queues", default="", metavar="A,B", help="It sees these queues only, and what is theirs.")
@TENANT
@AS_JSON
@click.pass_obj
def add(app: App, name: str, role: str, queues: str, tenant: str | None, as_json: bool) -> None:
    """Make a token for the program NAME. It is shown this once."""
    with app.store() as store:
        scope, whose = known_queues(store, queues), known_tenant(store, tenant or "")
        token = store.add_token(name, role, by=asked_by(), scope=scope, tenant=whose)
    if as_json:
        print_json({"name": name, "role": role, "token": token, "scope": scope, "tenant": whose})
        return
    out().print(token)
    note("It is shown this once and stored only as a hash. Send it as: Authorization: Bearer TOKEN")


@command.command("remove")
@click.argument("name")
@click.pass_obj
def remove(app: App, name: str) -> None:
    """The token of NAME is worth nothing from now on."""
    with app.store() as store:
        store.remove_token(name, by=asked_by())
    out().print(printable(f"token {name} is gone"))
