"""``fsorch consent``: who has agreed to be called, to what, and who took it back."""

from __future__ import annotations

import click

from fsorch.campaigns import ConsentRow
from fsorch.store.giving import consent_given
from fsorch_cli.app import App
from fsorch_cli.console import first_rows, out, print_json, print_table, printable
from fsorch_cli.group import Group
from fsorch_cli.leads import moment, number_of
from fsorch_cli.live import asked_by, local_time, now_us
from fsorch_cli.options import AS_JSON, limited

REGION = click.option("--region", default="", metavar="CC", help="The country of numbers without a code: GB, US, CN.")


@click.group("consent", cls=Group)
def command() -> None:
    """Consents to be called. Nothing is removed here: a withdrawal is noted."""


@command.command("list")
@click.argument("number", default="")
@REGION
@limited(100)
@AS_JSON
@click.pass_obj
def list_consents(app: App, number: str, region: str, limit: int, as_json: bool) -> None:
    """What is on record, the newest first; of NUMBER alone where it is given."""
    with app.store() as store:
        of = number_of(number, region) if number else ""
        found = first_rows(store.consents.newest(limit + 1, number=of), limit)
    if as_json:
        print_json(found)
        return
    now = now_us()
    rows = [
        (one.id[:8], one.number, one.who, one.scope, one.channel, local_time(one.given_at), _stands(one, now), one.what)
        for one in found
    ]
    columns = ("consent", "number", "who", "for", "channel", "given", "stands", "what")
    print_table(columns, rows, empty="There is no consent on record.")


@command.command("add")
@click.argument("number")
@REGION
@click.option("--who", default="", help="Whose consent it is.")
@click.option("--what", default="", help="The words that were agreed to.")
@click.option("--scope", default="*", show_default=True, help="calls, automated, campaign:ID, or * for all.")
@click.option("--channel", default="", help="How it was given: web, paper, voice, sms.")
@click.option("--evidence", default="", help="Where the proof is.")
@click.option("--given", default="", metavar="WHEN", help="When; else now.")
@click.option("--until", default="", metavar="WHEN", help="When it ends; else when it is withdrawn.")
@AS_JSON
@click.pass_obj
def add(
    app: App,
    /,
    number: str,
    region: str,
    who: str,
    what: str,
    scope: str,
    channel: str,
    evidence: str,
    given: str,
    until: str,
    as_json: bool,
) -> None:
    """Write down that NUMBER has consented."""
    row = ConsentRow(
        number=number_of(number, region),
        who=who,
        what=what,
        scope=scope,
        channel=channel,
        evidence=evidence,
        given_at=moment(given, "--given") if given else now_us(),
        until=moment(until, "--until") if until else 0,
    )
    with app.store() as store:
        made = consent_given(store, row, asked_by(), now_us())
    print_json(made) if as_json else out().print(f"the consent of {printable(made.number)} is on record")


@command.command("withdraw")
@click.argument("number")
@REGION
@click.option("--scope", default="", help="Only what was given for this.")
@AS_JSON
@click.pass_obj
def withdraw(app: App, number: str, region: str, scope: str, as_json: bool) -> None:
    """NUMBER takes back what it has consented to."""
    with app.store() as store:
        gone = store.consents.withdraw(number_of(number, region), asked_by(), scope=scope)
    if as_json:
        print_json(gone)
    else:
        out().print(f"{len(gone)} consent{'s are' if len(gone) > 1 else ' is'} withdrawn")


def _stands(row: ConsentRow, now: int) -> str:
    if row.withdrawn_at:
        return f"withdrawn {local_time(row.withdrawn_at)}"
    if row.until:
        return f"{'until' if row.holds(now) else 'ended'} {local_time(row.until)}"
    return "yes" if row.holds(now) else "not yet"
