"""``fsorch explain``: what became of a contact, and why."""

from __future__ import annotations

import click

from fsorch.errors import NotRunning
from fsorch.store import ContactDetail
from fsorch.store.story import describe, tell_story
from fsorch_cli.app import App
from fsorch_cli.console import out, print_json, printable
from fsorch_cli.group import Command
from fsorch_cli.live import clock_time, local_time


@click.command("explain", cls=Command)
@click.argument("contact")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(app: App, contact: str, as_json: bool) -> None:
    """Tell what became of CONTACT (an id, or how one begins), and why it went so: who was asked, who came next, who was
    passed over, and what it waits for if it still does."""
    with app.store() as store:
        detail = store.contact(contact)
    now = "" if detail.contact.outcome else stands(app, detail)
    lines = tell_story(detail)
    if as_json:
        print_json({"contact": detail.contact, "story": lines, "now": now})
        return
    row = detail.contact
    out().print(printable(f"{row.id}, {local_time(row.began_at)}"))
    for line in lines:
        out().print(f"{clock_time(line.at)}  {printable(line.text)}")
    if now:
        out().print(f"now       {printable(now)}")


def stands(app: App, detail: ContactDetail) -> str:
    """How a contact that has not ended stands at this moment."""
    try:
        with app.client() as client:
            contacts = client.snapshot().contacts
    except NotRunning:
        return "how it stands is not known: fsorch is not running here"
    found = next((one for one in contacts if one.id == detail.contact.id), None)
    return describe(found) if found is not None else "it has just ended; look again"
