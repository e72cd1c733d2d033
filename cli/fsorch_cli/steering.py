"""The verbs of calls and waiting contacts, for ``fsorch agent`` and ``fsorch contact``."""

from __future__ import annotations

import click

from fsorch.engine.inputs import (
    AddParty,
    CancelTransfer,
    CompleteTransfer,
    ConferCall,
    DropParty,
    GiveContact,
    MoveContact,
    Request,
    SetPriority,
    TransferCall,
)
from fsorch.errors import NotFound
from fsorch_cli.app import App
from fsorch_cli.console import out, print_json, printable
from fsorch_cli.group import Command
from fsorch_cli.live import asked_by
from fsorch_cli.options import AS_JSON

__all__ = ["add_call_verbs", "add_contact_verbs", "ask", "live_contact", "plain_verb"]

# An id may be cut short, but not shorter.
SHORTEST = 4
# What may follow a consultation, as the API calls it: the request, and what it does.
PLAIN: dict[str, tuple[type[Request], str]] = {
    "complete": (CompleteTransfer, "AGENT leaves, and the customer goes to who was consulted."),
    "cancel": (CancelTransfer, "AGENT goes back to the customer."),
    "confer": (ConferCall, "AGENT, the customer and who was consulted talk together."),
}


def add_call_verbs(group: click.Group) -> None:
    """Transfer and what follows it."""
    for verb in (transfer, add_party, drop_party):
        group.add_command(verb)
    for name, (kind, words) in PLAIN.items():
        group.add_command(plain_verb(name, kind, words))


def add_contact_verbs(group: click.Group) -> None:
    """What can be done for who waits."""
    for verb in (move, pick, priority):
        group.add_command(verb)


@click.command("transfer", cls=Command)
@click.argument("agent")
@click.option("--queue", default="", help="To this queue.")
@click.option("--to", default="", metavar="AGENT", help="To this agent.")
@click.option("--number", default="", help="To this number outside.")
@click.option("--consult", is_flag=True, help="Talk to them first; the customer hears music.")
@click.option("--priority", type=click.IntRange(0, 999), help="The priority in the queue.")
@AS_JSON
@click.pass_obj
def transfer(
    app: App, agent: str, queue: str, to: str, number: str, consult: bool, priority: int | None, as_json: bool
) -> None:
    """Hand AGENT's customer to a queue, an agent or a number."""
    if len([one for one in (queue, to, number) if one]) != 1:
        raise click.UsageError("say where to: one of --queue, --to and --number")
    where = {"queue": queue, "to": to, "number": number}
    request = TransferCall(agent=agent, by=asked_by(), consult=consult, priority=priority, **where)
    ask(app, request, agent, as_json)


@click.command("add-party", cls=Command)
@click.argument("agent")
@click.option("--queue", default="", help="The next agent of this queue.")
@click.option("--to", default="", metavar="AGENT", help="This agent.")
@click.option("--number", default="", help="This number outside.")
@AS_JSON
@click.pass_obj
def add_party(app: App, agent: str, queue: str, to: str, number: str, as_json: bool) -> None:
    """Call somebody into the talk of AGENT and the customer."""
    if len([one for one in (queue, to, number) if one]) != 1:
        raise click.UsageError("say who: one of --queue, --to and --number")
    ask(app, AddParty(agent=agent, by=asked_by(), queue=queue, to=to, number=number), agent, as_json)


@click.command("drop-party", cls=Command)
@click.argument("agent")
@click.argument("party")
@AS_JSON
@click.pass_obj
def drop_party(app: App, agent: str, party: str, as_json: bool) -> None:
    """PARTY (an agent or a number) leaves the conference that AGENT is in."""
    ask(app, DropParty(agent=agent, by=asked_by(), party=party), agent, as_json)


@click.command("move", cls=Command)
@click.argument("contact")
@click.argument("queue")
@AS_JSON
@click.pass_obj
def move(app: App, contact: str, queue: str, as_json: bool) -> None:
    """Put a waiting CONTACT into QUEUE; it keeps the time it has waited."""
    id = live_contact(app, contact)
    ask(app, MoveContact(contact=id, queue=queue, by=asked_by()), id, as_json)


@click.command("pick", cls=Command)
@click.argument("contact")
@click.argument("agent")
@AS_JSON
@click.pass_obj
def pick(app: App, contact: str, agent: str, as_json: bool) -> None:
    """Give a waiting CONTACT to AGENT, as soon as that one is free."""
    id = live_contact(app, contact)
    ask(app, GiveContact(contact=id, agent=agent, by=asked_by()), id, as_json)


@click.command("priority", cls=Command)
@click.argument("contact")
@click.argument("priority", type=click.IntRange(0, 999))
@AS_JSON
@click.pass_obj
def priority(app: App, contact: str, priority: int, as_json: bool) -> None:
    """Give CONTACT another PRIORITY (more is sooner); it acts at once."""
    id = live_contact(app, contact)
    ask(app, SetPriority(contact=id, priority=priority, by=asked_by()), id, as_json)


def plain_verb(name: str, kind: type[Request], words: str) -> click.Command:
    """A verb that needs no more than the agent; ``words`` say what it does."""

    @click.argument("agent")
    @AS_JSON
    @click.pass_obj
    def verb(app: App, agent: str, as_json: bool) -> None:
        ask(app, kind(agent=agent, by=asked_by()), agent, as_json)

    return click.command(name, cls=Command, help=words)(verb)


def live_contact(app: App, id: str) -> str:
    """The id of the live contact that is called ``id``, or the only one whose id begins so. Raises NotFound."""
    with app.client() as client:
        ids = [one.id for one in client.snapshot().contacts]
    begin = [one for one in ids if one.startswith(id)] if len(id) >= SHORTEST else []
    if id in ids or len(begin) == 1:
        return id if id in ids else begin[0]
    raise NotFound("live contact", id, tuple(begin[:3]))


def ask(app: App, request: Request, whom: str, as_json: bool = False) -> None:
    """Have the running fsorch carry ``request`` out, and say so: to programs by repeating what was asked for. Raises
    what the engine raises."""
    with app.client() as client:
        client.request(request)
    print_json({"asked": request}) if as_json else out().print(printable(f"{whom}: asked for"))
