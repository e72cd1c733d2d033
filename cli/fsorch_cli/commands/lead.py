"""``fsorch lead``: one lead."""

from __future__ import annotations

import click
import msgspec

from fsorch.campaigns import AttemptRow, Lead, LeadNumber
from fsorch.countries import country_of
from fsorch.errors import ConfigError, NotFound
from fsorch.places import Places
from fsorch.store.reasons import reasons_of
from fsorch_cli.app import App
from fsorch_cli.console import first_rows, note, out, print_json, print_table, printable
from fsorch_cli.group import Group
from fsorch_cli.leads import find_lead, held_of, moment_there, number_of
from fsorch_cli.live import asked_by, local_time, now_us, seconds
from fsorch_cli.options import AS_JSON, limited


@click.group("lead", cls=Group)
def command() -> None:
    """Leads, one by one. LEAD is an id, a number with its country code, or a reference."""


@command.command("show")
@click.argument("lead")
@limited(100, "So many attempts.")
@AS_JSON
@click.pass_obj
def show(app: App, lead: str, limit: int, as_json: bool) -> None:
    """Who LEAD is, and every attempt to reach them."""
    with app.store() as store:
        found = find_lead(store, lead)
        attempts = first_rows(store.leads.attempts.newest(limit + 1, lead=found.id), limit)
        dnc = store.dnc.hits([one.number for one in found.numbers])
    if as_json:
        print_json({"lead": found, "attempts": attempts, "dnc": list(dnc.values())})
        return
    places = Places()
    for name, value in _card(found):
        if value:
            out().print(f"{name:<10} {printable(value)}")
    for one in found.numbers:
        barred = f", not called: {dnc[one.number].source}" if one.number in dnc else ""
        known = f", {one.note}" if one.note else ""
        tries = f"{one.attempts} attempt{'' if one.attempts == 1 else 's'}"
        told = f"{one.kind or 'number'}{known}, {tries}{', dead' if one.dead else ''}{barred}"
        out().print(f"{'':<10} {printable(one.number)} ({printable(told)})")
        if astray := places.astray(found, one):
            out().print(f"{'':<10} look: {astray}; the stricter of their clocks counts")
    print_table(
        ("attempt", "launched", "campaign", "number", "agent", "outcome", "cause", "talked>"),
        [_attempt(one) for one in attempts],
        empty="It has not been dialled yet.",
    )
    if attempts:
        note("what became of one, and why it was made: fsorch explain ATTEMPT")


@command.command("why")
@click.argument("lead")
@AS_JSON
@click.pass_obj
def why(app: App, lead: str, as_json: bool) -> None:
    """Why LEAD is not dialled now, and when it will be: a sentence for each campaign that has its list."""
    now = now_us()
    with app.store() as store:
        found = store.leads.find(lead)
        if not found:
            raise NotFound("lead", lead)
        meant = [one for one in found if one.id == lead] or found
        held = held_of(app, [one.id for one in store.load_centre().campaigns])
        told = [(one.id, said.campaign, said.reason) for one in meant for said in reasons_of(store, one, now, held)]
    if as_json:
        keys = [{"lead": id, "campaign": campaign} for id, campaign, _ in told]
        print_json([key | msgspec.to_builtins(reason) for key, (_, _, reason) in zip(keys, told, strict=True)])
        return
    for _, _, reason in told:
        out().print(printable(reason.sentence))


@command.command("add")
@click.argument("list_id", metavar="LIST")
@click.option(
    "--number",
    "numbers",
    multiple=True,
    metavar="[KIND:]NUMBER[=NOTE]",
    help="Several times, the first to be tried first.",
)
@click.option(
    "--region",
    default="",
    metavar="CC",
    help="The country of numbers without a code; else the lead's own, or the list's.",
)
@click.option("--name", default="")
@click.option("--reference", default="", help="What you know them by.")
@click.option("--owner", default="", help="Their own agent; an id of the centre.")
@click.option("--priority", type=click.IntRange(-1_000_000, 1_000_000), default=0)
@click.option("--zone", default="", help="Their time zone, such as Europe/Berlin.")
@click.option("--country", default="", help="Two letters, or its name.")
@click.option("--postcode", default="")
@click.option("--not-before", default="", metavar="WHEN", help="When they may be dialled first, by their own clock.")
@click.option("--field", "fields", multiple=True, metavar="NAME=TEXT", help="A field of the list; several times.")
@AS_JSON
@click.pass_obj
def add(
    app: App,
    /,
    list_id: str,
    numbers: tuple[str, ...],
    region: str,
    not_before: str,
    fields: tuple[str, ...],
    as_json: bool,
    **given: object,
) -> None:
    """Put a lead into LIST."""
    with app.store() as store:
        known = store.leads.lists.get(list_id).region
        region = region or country_of(str(given.get("country") or "")) or known
        lead = Lead(
            id="",
            list=list_id,
            numbers=tuple(_number(text, region) for text in numbers),
            fields=dict(_field(pair) for pair in fields),
            **given,  # type: ignore[arg-type] # click has made them what their options say
        )
        if not_before:
            lead = msgspec.structs.replace(lead, next_at=moment_there(not_before, "--not-before", lead))
        made = store.leads.add(lead, asked_by())
    print_json(made) if as_json else out().print(f"lead {printable(made.id)} is in list {printable(made.list)}")


@command.command("change")
@click.argument("lead")
@click.option("--number", "numbers", multiple=True, metavar="[KIND:]NUMBER[=NOTE]", help="Instead of all it has.")
@click.option(
    "--region",
    default="",
    metavar="CC",
    help="The country of numbers without a code; else the lead's own, or the list's.",
)
@click.option("--name", default=None)
@click.option("--reference", default=None, help="What you know them by.")
@click.option("--owner", default=None, help="Their own agent, or a territory; empty for nobody.")
@click.option("--priority", type=click.IntRange(-1_000_000, 1_000_000), default=None)
@click.option("--zone", default=None, help="Their time zone, such as Europe/Berlin.")
@click.option("--country", default=None, help="Two letters, or its name.")
@click.option("--postcode", default=None)
@click.option("--field", "fields", multiple=True, metavar="NAME=TEXT", help="A field of the list; empty takes it away.")
@AS_JSON
@click.pass_obj
def change(
    app: App,
    /,
    lead: str,
    numbers: tuple[str, ...],
    region: str,
    fields: tuple[str, ...],
    as_json: bool,
    **given: object,
) -> None:
    """Change what is known of LEAD; what is not named stays. Not possible while somebody dials it."""
    values: dict[str, object] = {name: value for name, value in given.items() if value is not None}
    with app.store() as store:
        found = find_lead(store, lead)
        if numbers:
            theirs = country_of(str(given.get("country") or "")) or found.country
            region = region or theirs or store.leads.lists.get(found.list).region
            values["numbers"] = tuple(_number(text, region) for text in numbers)
        if fields:
            together = found.fields | dict(_field(pair) for pair in fields)
            values["fields"] = {name: text for name, text in together.items() if text}
        if not values:
            raise ConfigError("nothing is to be changed; give at least one of the options")
        changed = store.leads.change(found.id, asked_by(), **values)
    print_json(changed) if as_json else out().print(
        f"lead {printable(changed.id)}: {', '.join(sorted(values))} changed"
    )


def _number(text: str, region: str) -> LeadNumber:
    text, _, known = text.partition("=")
    kind, sign, number = text.rpartition(":")
    return LeadNumber(number=number_of(number if sign else text, region), kind=kind, note=known)


def _field(pair: str) -> tuple[str, str]:
    name, sign, value = pair.partition("=")
    if not name or not sign:
        raise ConfigError(f"--field is {pair!r}; expected NAME=TEXT")
    return name, value


def _card(lead: Lead) -> list[tuple[str, str]]:
    tried = ", ".join(f"{outcome.value} {count}" for outcome, count in lead.tried.items())
    return [
        ("lead", lead.id),
        ("list", lead.list),
        ("name", lead.name),
        ("reference", lead.reference),
        ("state", lead.state.value),
        ("next", local_time(lead.next_at)),
        (
            "callback",
            f"{lead.callback_agent or 'anyone'} {lead.callback_note}" if lead.state.value == "callback" else "",
        ),
        ("attempts", f"{lead.attempts}{f' ({tried})' if tried else ''}"),
        ("last", f"{local_time(lead.last_at)} {lead.last_outcome}".strip()),
        ("said", lead.disposition),
        ("owner", lead.owner),
        ("priority", str(lead.priority) if lead.priority else ""),
        ("where", ", ".join(filter(None, (lead.zone, lead.country, lead.region, lead.postcode)))),
        *((f"{name}", value) for name, value in lead.fields.items()),
    ]


def _attempt(row: AttemptRow) -> tuple[object, ...]:
    talked = seconds((row.ended_at - row.answered_at) / 1e6) if row.answered_at and row.ended_at else ""
    return (
        row.id[:8],
        local_time(row.launched_at),
        row.campaign,
        row.number,
        row.agent,
        row.outcome or "under way",
        row.cause,
        talked,
    )
