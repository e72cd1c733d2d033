"""The verbs of calls and waiting contacts, for ``fsorch agent`` and ``fsorch contact``."""

from __future__ import annotations

import click

from fsorch.engine.inputs import (
    CancelTransfer,
    CompleteTransfer,
    ConferCall,
    GiveContact,
    MoveContact,
    Request,
    SetPriority,
    TransferCall,
)
from fsorch_cli.app import App
from fsorch_cli.console import out, printable
from fsorch_cli.live import asked_by

__all__ = ["add_call_verbs", "add_contact_verbs"]


def add_call_verbs(group: click.Group) -> None:
    """Transfer and what follows it."""
    for verb in (transfer, complete, cancel, confer):
        group.add_command(verb)


def add_contact_verbs(group: click.Group) -> None:
    """What can be done for who waits."""
    for verb in (move, pick, priority):
        group.add_command(verb)


@click.command("transfer")
@click.argument("agent")
@click.option("--queue", default="", help="To this queue.")
@click.option("--to", default="", metavar="AGENT", help="To this agent.")
@click.option("--number", default="", help="To this number outside.")
@click.option("--consult", is_flag=True, help="Talk to them first; the customer hears music.")
@click.option("--priority", type=click.IntRange(0, 999), help="The priority in the queue.")
@click.pass_obj
def transfer(app: App, agent: str, queue: str, to: str, number: str, consult: bool, priority: int | None) -> None:
    """Hand AGENT's customer to a queue, an agent or a number."""
    if len([one for one in (queue, to, number) if one]) != 1:
        raise click.UsageError("say where to: one of --queue, --to and --number")
    where = {"queue": queue, "to": to, "number": number}
    _ask(app, TransferCall(agent=agent, by=asked_by(), consult=consult, priority=priority, **where), agent)


@click.command("complete")
@click.argument("agent")
@click.pass_obj
def complete(app: App, agent: str) -> None:
    """AGENT leaves, and the customer goes to who was consulted."""
    _ask(app, CompleteTransfer(agent=agent, by=asked_by()), agent)


@click.command("cancel")
@click.argument("agent")
@click.pass_obj
def cancel(app: App, agent: str) -> None:
    """AGENT goes back to the customer."""
    _ask(app, CancelTransfer(agent=agent, by=asked_by()), agent)


@click.command("confer")
@click.argument("agent")
@click.pass_obj
def confer(app: App, agent: str) -> None:
    """AGENT, the customer and who was consulted talk together."""
    _ask(app, ConferCall(agent=agent, by=asked_by()), agent)


@click.command("move")
@click.argument("contact")
@click.argument("queue")
@click.pass_obj
def move(app: App, contact: str, queue: str) -> None:
    """Put a waiting CONTACT into QUEUE; it keeps the time it has waited."""
    _ask(app, MoveContact(contact=contact, queue=queue, by=asked_by()), contact)


@click.command("pick")
@click.argument("contact")
@click.argument("agent")
@click.pass_obj
def pick(app: App, contact: str, agent: str) -> None:
    """Give a waiting CONTACT to AGENT, as soon as that one is free."""
    _ask(app, GiveContact(contact=contact, agent=agent, by=asked_by()), contact)


@click.command("priority")
@click.argument("contact")
@click.argument("priority", type=click.IntRange(0, 999))
@click.pass_obj
def priority(app: App, contact: str, priority: int) -> None:
    """Give CONTACT another PRIORITY (more is sooner); it acts at once."""
    _ask(app, SetPriority(contact=contact, priority=priority, by=asked_by()), contact)


def _ask(app: App, request: Request, whom: str) -> None:
    with app.client() as client:
        client.request(request)
    out().print(printable(f"{whom}: asked for"))
