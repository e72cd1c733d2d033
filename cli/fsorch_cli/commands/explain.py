"""``fsorch explain``: what became of a contact, and why."""

from __future__ import annotations

from collections.abc import Iterable

import click

from fsorch.errors import NotFound, NotRunning
from fsorch.store import ContactDetail, Store
from fsorch.store.reasons import attempt_detail
from fsorch.store.story import Line, describe, tell_story
from fsorch.store.story_attempt import tell_attempt, tell_choice
from fsorch_cli.app import App
from fsorch_cli.console import out, print_json, printable
from fsorch_cli.group import Command
from fsorch_cli.live import clock_time, local_time
from fsorch_cli.options import AS_JSON


@click.command("explain", cls=Command)
@click.argument("contact")
@AS_JSON
@click.pass_obj
def command(app: App, contact: str, as_json: bool) -> None:
    """Tell what became of CONTACT (an id, or how one begins), and why it went so: who was asked, who came next, who was
    passed over, and what it waits for if it still does.

    The id of an attempt does too, which `lead show` has: why this lead was called then, what each rule found, and what
    came of it, though nobody answered."""
    with app.store() as store:
        try:
            detail = store.contact(contact)
        except NotFound as unknown:
            _explain_attempt(store, contact, unknown, as_json=as_json)
            return
        attempt = attempt_detail(store, detail.contact.id) if store.leads.attempts.get(detail.contact.id) else None
    now = "" if detail.contact.outcome else stands(app, detail)
    chosen = tell_choice(attempt) if attempt is not None else []
    lines = [*chosen, *tell_story(detail)]
    if as_json:
        more = {"attempt": attempt.attempt} if attempt is not None else {}
        print_json({"contact": detail.contact, "story": lines, "now": now} | more)
        return
    row = detail.contact
    _print(row.id, row.began_at, lines)
    if now:
        out().print(f"now       {printable(now)}")


def _explain_attempt(store: Store, id: str, unknown: NotFound, *, as_json: bool) -> None:
    """A dial that never became a contact. Raises ``unknown`` where it is none either."""
    try:
        detail = attempt_detail(store, id)
    except NotFound as error:
        raise (error if error.close else unknown) from None
    lines = tell_attempt(detail)
    if as_json:
        print_json({"attempt": detail.attempt, "story": lines})
        return
    _print(detail.attempt.id, detail.attempt.launched_at, lines)


def _print(id: str, began_at: int, lines: Iterable[Line]) -> None:
    out().print(printable(f"{id}, {local_time(began_at)}"))
    for line in lines:
        out().print(f"{clock_time(line.at)}  {printable(line.text)}")


def stands(app: App, detail: ContactDetail) -> str:
    """How a contact that has not ended stands at this moment."""
    try:
        with app.client() as client:
            contacts = client.snapshot().contacts
    except NotRunning:
        return "how it stands is not known: fsorch is not running here"
    found = next((one for one in contacts if one.id == detail.contact.id), None)
    return describe(found) if found is not None else "it has just ended; look again"
