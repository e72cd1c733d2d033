"""``fsorch contact``: who called, and what became of it."""

from __future__ import annotations

from typing import Any

import click

from fsorch.engine.rows import ContactRow
from fsorch.store import ContactDetail
from fsorch_cli.app import App
from fsorch_cli.board import tell
from fsorch_cli.console import first_rows, out, print_json, print_table, printable
from fsorch_cli.filters import filter_options
from fsorch_cli.group import Group
from fsorch_cli.live import clock_time, local_time, seconds
from fsorch_cli.options import AS_JSON, limited
from fsorch_cli.steering import add_contact_verbs


@click.group("contact", cls=Group)
def command() -> None:
    """Contacts on record; those in progress too, which can be moved."""


add_contact_verbs(command)


@command.command("list")
@filter_options
@click.option(
    "--outcome",
    default="",
    help="Only those with this outcome, such as answered, abandoned or overflowed.",
)
@limited(50)
@AS_JSON
@click.pass_obj
def list_contacts(app: App, /, limit: int, as_json: bool, **filters: Any) -> None:
    """The newest contacts, newest first."""
    with app.store() as store:
        contacts = first_rows(store.contacts(limit + 1, **filters), limit)
    if as_json:
        print_json(contacts)
        return
    print_table(
        ("began", "contact", "number", "name", "queue", "agent", "outcome", "waited>", "talked>"),
        [format_contact(contact) for contact in contacts],
        empty="No contacts match." if any(filters.values()) else "No contacts yet.",
    )


@command.command("show")
@click.argument("contact")
@AS_JSON
@click.pass_obj
def show_contact(app: App, contact: str, as_json: bool) -> None:
    """One contact: its segments, its legs, and what happened in order."""
    with app.store() as store:
        detail = store.contact(contact)
    if as_json:
        print_json(detail)
    else:
        print_detail(detail)


def format_contact(contact: ContactRow) -> tuple[object, ...]:
    """The row of one contact."""
    return (
        local_time(contact.began_at),
        contact.id,
        contact.number,
        contact.name,
        contact.queue,
        contact.agent,
        contact.outcome or "(in progress)",
        seconds(contact.waited_us / 1e6) if contact.enqueued_at else "",
        seconds(contact.talked_us / 1e6) if contact.answered_at else "",
    )


def print_detail(detail: ContactDetail) -> None:
    """A contact with everything on record about it."""
    console = out()
    row = detail.contact
    caller = f"{row.number} {row.name}".strip()
    console.print(f"{printable(row.id)}: {printable(caller)} called {printable(row.destination)}")
    ended = f"{row.outcome}, ended by {row.ended_by or 'nobody known'} ({row.cause})" if row.outcome else "in progress"
    console.print(f"{local_time(row.began_at)} to {local_time(row.ended_at) or 'now'}: {printable(ended)}")
    for prompt, digits in row.answers.items():
        console.print(f"keyed {printable(digits)} at {printable(prompt)}")
    console.print()
    print_table(
        ("segment", "from", "length>", "queue", "agent", "outcome"),
        [
            (s.kind, clock_time(s.began_at), _length(s.began_at, s.ended_at), s.queue, s.agent, s.outcome)
            for s in detail.segments
        ],
        empty="No segments yet.",
    )
    console.print()
    print_table(
        ("leg", "role", "agent", "from", "answered", "length>", "cause"),
        [
            (
                leg.id,
                leg.role,
                leg.agent,
                clock_time(leg.created_at),
                clock_time(leg.answered_at),
                _length(leg.created_at, leg.hungup_at),
                leg.cause,
            )
            for leg in detail.legs
        ],
        empty="No legs have ended yet.",
    )
    console.print()
    for fact in detail.facts:
        if sentence := tell(fact):
            console.print(f"{clock_time(fact.at)}  {sentence}")


def _length(began_at: int, ended_at: int) -> str:
    return seconds((ended_at - began_at) / 1e6) if began_at and ended_at else ""
