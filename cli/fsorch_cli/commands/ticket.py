"""``fsorch ticket``: the matters of customers."""

from __future__ import annotations

import click

from fsorch.customers import Ticket, TicketState
from fsorch.errors import ConfigError
from fsorch_cli.app import App
from fsorch_cli.commands.customer import TENANT, find_customer
from fsorch_cli.console import first_rows, out, print_json, print_table, printable
from fsorch_cli.group import Group
from fsorch_cli.live import asked_by, local_time
from fsorch_cli.options import AS_JSON, limited

STATES = click.Choice([state.value for state in TicketState])


@click.group("ticket", cls=Group)
def command() -> None:
    """Tickets: what customers are waiting for. Callers hear how theirs stand."""


@command.command("list")
@click.option("--customer", default="", help="Only of this customer.")
@TENANT
@click.option("--all", "everything", is_flag=True, help="Solved and closed ones as well.")
@limited(200)
@AS_JSON
@click.pass_obj
def list_tickets(app: App, customer: str, tenant: str | None, everything: bool, limit: int, as_json: bool) -> None:
    """The open tickets, the newest first."""
    with app.store() as store:
        id = find_customer(store, customer, tenant).id if customer else ""
        tickets = first_rows(store.customers.tickets(id, open_only=not everything, limit=limit + 1), limit)
    if as_json:
        print_json(tickets)
        return
    rows = [(one.reference, one.state.value, one.subject, one.agent, local_time(one.opened_at)) for one in tickets]
    print_table(("ticket", "state", "subject", "agent", "opened"), rows, empty="No open tickets.")


@command.command("open")
@click.argument("customer")
@click.argument("subject")
@click.option("--agent", default="", help="Who works on it; an agent's id.")
@click.option("--reference", default="", help="Its number; without it, the next one.")
@TENANT
@AS_JSON
@click.pass_obj
def open_(app: App, customer: str, subject: str, agent: str, reference: str, tenant: str | None, as_json: bool) -> None:
    """Open a ticket about SUBJECT for CUSTOMER."""
    with app.store() as store:
        owner = find_customer(store, customer, tenant)
        ticket = Ticket(reference=reference, customer=owner.id, subject=subject, agent=agent)
        made = store.customers.open_ticket(ticket, asked_by())
    print_json(made) if as_json else out().print(f"ticket {printable(made.reference)} is open")


@command.command("set")
@click.argument("ticket")
@click.option("--state", type=STATES, default=None)
@click.option("--subject", default=None)
@click.option("--agent", default=None)
@AS_JSON
@click.pass_obj
def set_(app: App, ticket: str, state: str | None, subject: str | None, agent: str | None, as_json: bool) -> None:
    """Change TICKET."""
    changes = {"state": TicketState(state) if state else None, "subject": subject, "agent": agent}
    given = {name: value for name, value in changes.items() if value is not None}
    if not given:
        raise ConfigError("nothing to change; give --state, --subject or --agent")
    with app.store() as store:
        changed = store.customers.change_ticket(ticket, asked_by(), **given)
    print_json(changed) if as_json else out().print(f"ticket {printable(ticket)} is {changed.state.value}")
