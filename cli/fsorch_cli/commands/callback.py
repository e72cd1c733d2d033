"""``fsorch callback``: who has been promised a call."""

from __future__ import annotations

import click

from fsorch.engine.inputs import CallNow, CancelCallback, MoveContact
from fsorch.engine.views import ContactView
from fsorch_cli.app import App
from fsorch_cli.console import print_json, print_table
from fsorch_cli.group import Group
from fsorch_cli.live import ago, asked_by, now_us
from fsorch_cli.steering import ask, live_contact


@click.group("callback", cls=Group)
def command() -> None:
    """Who has been promised a call and keeps their place; CONTACT is an id or how one begins."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_callbacks(app: App, as_json: bool) -> None:
    """Every promise that is not kept yet, in the order of the queues."""
    with app.client() as client:
        contacts = [one for one in client.snapshot().contacts if is_owed(one)]
    contacts.sort(key=lambda one: (one.queue, one.position or 1_000_000))
    if as_json:
        print_json(contacts)
        return
    now = now_us()
    rows = [
        (one.id, one.number, one.name, one.queue, one.position or "", one.callback, ago(one.enqueued_at, now))
        for one in contacts
    ]
    print_table(
        ("contact", "number", "name", "queue", "place>", "state", "since>"), rows, empty="Nobody waits for a call."
    )


@command.command("cancel")
@click.argument("contact")
@click.pass_obj
def cancel(app: App, contact: str) -> None:
    """Do not call CONTACT back."""
    id = live_contact(app, contact)
    ask(app, CancelCallback(contact=id, by=asked_by()), id)


@command.command("now")
@click.argument("contact")
@click.pass_obj
def now(app: App, contact: str) -> None:
    """Make CONTACT the next in its queue, with no pause after a try that failed."""
    id = live_contact(app, contact)
    ask(app, CallNow(contact=id, by=asked_by()), id)


@command.command("move")
@click.argument("contact")
@click.argument("queue")
@click.pass_obj
def move(app: App, contact: str, queue: str) -> None:
    """Let QUEUE call CONTACT back; it keeps the time it has waited."""
    id = live_contact(app, contact)
    ask(app, MoveContact(contact=id, queue=queue, by=asked_by()), id)


def is_owed(contact: ContactView) -> bool:
    """Whether this contact is to be called back, or is being called."""
    return contact.callback in ("waiting", "calling", "resting")
