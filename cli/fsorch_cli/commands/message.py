"""``fsorch message``: what callers have left on tape."""

from __future__ import annotations

from pathlib import Path

import click

from fsorch.engine.inputs import FinishMessage
from fsorch.errors import NotFound
from fsorch_cli.app import App
from fsorch_cli.console import note, out, print_json, print_table, printable
from fsorch_cli.group import Group
from fsorch_cli.live import ago, asked_by, now_us, seconds
from fsorch_cli.options import AS_JSON
from fsorch_cli.steering import ask, live_contact


@click.group("message", cls=Group)
def command() -> None:
    """Messages that callers have left; MESSAGE is an id or how one begins."""


@command.command("list")
@AS_JSON
@click.pass_obj
def list_messages(app: App, as_json: bool) -> None:
    """Every message that waits, rings at an agent or is being listened to."""
    with app.client() as client:
        contacts = [one for one in client.snapshot().contacts if one.medium == "voicemail"]
    contacts.sort(key=lambda one: (one.queue, one.position or 0))
    if as_json:
        print_json(contacts)
        return
    now = now_us()
    rows = [
        (
            one.id,
            one.number,
            one.name,
            one.queue,
            one.state,
            seconds(one.message_us / 1e6),
            ago(one.began_at, now),
            one.agent,
        )
        for one in contacts
    ]
    columns = ("message", "number", "name", "queue", "state", "length>", "since>", "agent")
    print_table(columns, rows, empty="No message waits.")


@command.command("play")
@click.argument("message")
@AS_JSON
@click.pass_obj
def play(app: App, message: str, as_json: bool) -> None:
    """Say where the recording of MESSAGE is, for a player: aplay "$(fsorch message play ID)". Audited."""
    with app.store() as store:
        contact = store.contact(message).contact.id
        found = store.message(contact)
        if found is None:
            raise NotFound("message", message)
        store.audit(asked_by(), "message.play", {"contact": contact})
    there = Path(found.path).is_file()
    if as_json:
        print_json({"contact": contact, "queue": found.queue, "path": found.path, "here": there})
        return
    out().print(printable(found.path))
    if not there:
        note(f"the recording is not on this machine: mount {Path(found.path).parent} here")


@command.command("done")
@click.argument("message")
@click.pass_obj
def done(app: App, message: str) -> None:
    """Nobody needs to listen to MESSAGE any more; the recording stays."""
    id = live_contact(app, message)
    ask(app, FinishMessage(contact=id, by=asked_by()), id)
