"""``fsorch promise``: what the centre owes its customers."""

from __future__ import annotations

from datetime import datetime

import click

from fsorch.customers import Customer, Promise, PromiseState
from fsorch.names import Role
from fsorch_cli.app import App
from fsorch_cli.commands.customer import TENANT, find_customer
from fsorch_cli.console import first_rows, out, print_json, print_table, printable
from fsorch_cli.filters import End
from fsorch_cli.group import Group
from fsorch_cli.live import asked_by, local_time
from fsorch_cli.options import AS_JSON, limited

VERBS = {"keep": PromiseState.KEPT, "break": PromiseState.BROKEN, "cancel": PromiseState.CANCELLED}


@click.group("promise", cls=Group)
def command() -> None:
    """Promises: what customers were told would be done, by when, by whom."""


@command.command("list")
@click.option("--role", type=click.Choice([role.value for role in Role]), default=None, help="Only for this role.")
@click.option("--agent", default="", help="Only of this agent.")
@click.option("--tenant", default="", metavar="ID", help="Only of this tenant's callers.")
@limited(200)
@AS_JSON
@click.pass_obj
def list_promises(app: App, role: str | None, agent: str, tenant: str, limit: int, as_json: bool) -> None:
    """The open promises, those due first first."""
    with app.store() as store:
        found = store.customers.promises(role=role or "", agent=agent, tenant=tenant, limit=limit + 1)
    promises = first_rows(found, limit)
    if as_json:
        print_json(promises)
        return
    rows = [
        (
            one.id[:12],
            local_time(one.due_at) if one.due_at else "",
            one.what,
            one.number,
            one.agent or one.role,
            one.tenant,
        )
        for one in promises
    ]
    print_table(("promise", "due", "what", "to", "by", "tenant"), rows, empty="Nothing is owed to anybody.")


@command.command("add")
@click.argument("customer")
@click.argument("what")
@click.option("--by", "due", type=End(), required=True, metavar="TIME", help="30m, 2h, 18:00, 2027-01-31T09:00.")
@click.option("--agent", default="", help="Who keeps it; else any supervisor.")
@TENANT
@AS_JSON
@click.pass_obj
def add(app: App, customer: str, what: str, due: datetime, agent: str, tenant: str | None, as_json: bool) -> None:
    """WHAT is promised to CUSTOMER. Callers hear of it where a flow looks up their promises, agents see it."""
    with app.store() as store:
        made = store.customers.make_promise(
            _promised(find_customer(store, customer, tenant), what, due, agent), asked_by()
        )
    print_json(made) if as_json else out().print(f"promise {printable(made.id[:12])} is made")


def _promised(to: Customer, what: str, due: datetime, agent: str) -> Promise:
    return Promise(
        tenant=to.tenant,
        what=what,
        customer=to.id,
        number=next(iter(to.numbers), ""),
        agent=agent,
        role="" if agent else Role.SUPERVISOR,
        due_at=round(due.timestamp() * 1_000_000),
    )


def _add_verb(verb: str, state: PromiseState) -> None:
    @command.command(verb, help=f"PROMISE is {state.value}. The beginning of its id will do.")
    @click.argument("promise")
    @click.pass_obj
    def end(app: App, promise: str) -> None:
        with app.store() as store:
            known = [one.id for one in store.customers.promises(begins=promise, limit=2)]
            ended = store.customers.end_promise(known[0] if len(known) == 1 else promise, state, asked_by())
        out().print(f"promise {printable(ended.id[:12])} is {state.value}")


for _verb, _state in VERBS.items():
    _add_verb(_verb, _state)
