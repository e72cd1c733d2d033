"""``fsorch tenant``: the clients of an outsourcer, and what is theirs."""

from __future__ import annotations

from pathlib import Path

import click

from fsorch.engine.views import TenantView
from fsorch.errors import NotRunning
from fsorch.flow_examples import CLIENTS, clients_file
from fsorch.objects import find_thing
from fsorch.store.adopting import adoption_of
from fsorch.tenancy import Tenancy
from fsorch_cli.app import App
from fsorch_cli.console import note, out, print_json, print_table, printable
from fsorch_cli.group import Group
from fsorch_cli.live import asked_by, format_contract
from fsorch_cli.objects import add_list, add_verbs
from fsorch_cli.options import AS_JSON, DRY_RUN
from fsorch_cli.templates import write_files


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
    """What TENANT is, what belongs to it, and, while fsorch runs, what of its limits is in use."""
    with app.store() as store:
        centre = store.load_centre()
    thing = find_thing(centre, "tenant", tenant)
    holdings = Tenancy(centre).holdings(tenant)
    now = _now(app, tenant)
    if as_json:
        print_json(thing | holdings | {"now": now})
        return
    spec = next(one for one in centre.tenants if one.id == tenant)
    promised = {"contract": format_contract(spec.contract)} if spec.contract is not None else {}
    said = {key: _said(value) for key, value in thing.items()} | promised
    rows = [*said.items(), *format_holdings(holdings), *format_now(now)]
    print_table(("key", "value"), rows, empty="")


@command.command("example")
@click.option(
    "--into", type=click.Path(path_type=Path, file_okay=False), default=".", metavar="DIR", help="Write there."
)
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
def example(into: Path, force: bool) -> None:
    """Write a centre file of two clients, to begin with."""
    write_files({CLIENTS: clients_file()}, into, force=force)
    file = printable(into / CLIENTS)
    out().print(f"wrote {file}\n\nNext:")
    out().print(f"  fsorch apply {file} --dry-run    # it becomes the whole centre; or take what you need into yours")
    out().print("  fsorch tenant show dairy         # once it is applied: what is theirs")


@command.command("adopt")
@click.argument("tenant")
@click.option("--queue", default="", metavar="ID", help="Only contacts of this queue of the tenant.")
@DRY_RUN
@AS_JSON
@click.pass_obj
def adopt(app: App, tenant: str, queue: str, dry_run: bool, as_json: bool) -> None:
    """Contacts on record that were nobody's when they ended become TENANT's: those of the queues that it has now, and
    those that called its numbers and came into no queue. Its reports of those days change."""
    with app.store() as store:
        done = store.adopt(adoption_of(store.load_centre(), tenant, queue), asked_by(), dry_run=dry_run)
    if as_json:
        print_json(done)
        return
    rows = [(id or "(no queue)", count) for id, count in done.contacts.items()]
    print_table(("queue", "contacts>"), rows, empty=f"There is no contact that {tenant} could have.")
    if done.left_out:
        note(f"{done.left_out} are left out: they were in a queue of another tenant as well")
    if rows:
        count, would = sum(done.contacts.values()), "would be" if dry_run else "are"
        out().print(f"{count} contacts and {done.promises} promises {would} {printable(tenant)}'s")


def _now(app: App, tenant: str) -> TenantView | None:
    """What the running fsorch says; None when none runs here."""
    try:
        with app.client() as client:
            return next((one for one in client.snapshot().tenants if one.id == tenant), None)
    except NotRunning:
        return None


def format_now(now: TenantView | None) -> list[tuple[str, str]]:
    """What is in use, for eyes."""
    if now is None:
        return []
    kinds = ("contacts", "waiting", "agents", "lines")
    used = ((name, getattr(now, name), getattr(now, f"{name}_max")) for name in kinds)
    rows = [(f"{name} now", f"{count} of {most}" if most else str(count)) for name, count, most in used]
    return [*rows, ("turned away", f"{now.turned_away} since fsorch started")]


def format_holdings(holdings: dict[str, list[str]]) -> list[tuple[str, str]]:
    """What a tenant has, for eyes: a line for each kind of which there is one."""
    return [(kind, ", ".join(ids)) for kind, ids in holdings.items() if ids]


def _said(value: object) -> str:
    return ", ".join(f"{key}: {one}" for key, one in value.items()) if isinstance(value, dict) else str(value)
