"""``fsorch list``: lists of leads, from files and into files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import msgspec

from fsorch.campaigns import Lead, Outcome
from fsorch.edge.lead_columns import parse_mapping
from fsorch.edge.lead_import import DUPLICATES, ImportOptions, ImportResult, import_leads, without_search
from fsorch.errors import NotFound
from fsorch.store import Store
from fsorch.store.lead_lists import ImportState, LeadList
from fsorch_cli.app import App
from fsorch_cli.console import first_rows, note, out, print_json, print_table, printable
from fsorch_cli.export import FORMATS, destination
from fsorch_cli.group import Group
from fsorch_cli.live import asked_by, local_time
from fsorch_cli.options import AS_JSON, limited
from fsorch_cli.progress import reading

# So many columns are told in one line.
ON_ONE_LINE = 8


@click.group("list", cls=Group)
def command() -> None:
    """Lists of leads for campaigns."""


@command.command("list")
@AS_JSON
@click.pass_obj
def list_lists(app: App, as_json: bool) -> None:
    """Every list, and how far it has been worked through."""
    with app.store() as store:
        found = [(one, store.leads.lists.count(one.id)) for one in store.leads.lists.all()]
    if as_json:
        print_json([_plain(one, counts) for one, counts in found])
        return
    rows = [
        (one.id, one.title, c.leads, f"{c.penetration:.1%}", c.open, c.promised, c.held, c.shut) for one, c in found
    ]
    print_table(
        ("list", "title", "leads>", "tried>", "open>", "callbacks>", "held>", "done>"),
        rows,
        empty="There is no list yet; make one with: fsorch list import LIST FILE",
    )


@command.command("show")
@click.argument("list_id", metavar="LIST")
@limited(20, "So many imports.")
@AS_JSON
@click.pass_obj
def show(app: App, list_id: str, limit: int, as_json: bool) -> None:
    """One list, its imports, and its first leads."""
    with app.store() as store:
        one = store.leads.lists.get(list_id)
        counts = store.leads.lists.count(list_id)
        imports = first_rows(store.leads.lists.imports(list_id, limit + 1), limit)
        first = [lead for lead, _ in zip(store.leads.lists.leads(list_id), range(10), strict=False)]
    if as_json:
        print_json(_plain(one, counts) | {"imports": imports, "first": first})
        return
    out().print(
        f"{printable(one.id)}: {counts.leads:,} leads, {counts.penetration:.1%} tried, {counts.open:,} open "
        f"({counts.promised:,} callbacks), {counts.held:,} held, {counts.shut:,} done"
    )
    print_table(
        ("import", "file", "rows>", "taken>", "doubles>", "refused>", "ended"),
        [_import_row(row) for row in imports],
        empty="No file was imported into it.",
    )
    print_table(
        ("lead", "name", "number", "state", "tries>"),
        [(lead.id, lead.name, _numbers(lead), lead.state.value, lead.attempts) for lead in first],
        empty="It has no leads.",
    )


@command.command("make")
@click.argument("list_id", metavar="LIST")
@click.option("--title", default="", help="What people call it.")
@click.option("--region", default="", metavar="CC", help="The country of numbers without a code: GB, US, CN.")
@AS_JSON
@click.pass_obj
def make(app: App, list_id: str, title: str, region: str, as_json: bool) -> None:
    """Make LIST, or change title and region of the one there is."""
    with app.store() as store:
        made = store.leads.lists.make(LeadList(id=list_id, title=title, region=region), asked_by())
    print_json(made) if as_json else out().print(f"list {printable(made.id)} is there")


@command.command("remove")
@click.argument("list_id", metavar="LIST")
@click.confirmation_option(prompt="Remove the list and all its leads?")
@click.pass_obj
def remove(app: App, list_id: str) -> None:
    """Remove LIST and its leads; attempts on record stay."""
    with app.store() as store:
        gone = store.leads.lists.remove(list_id, asked_by())
    out().print(f"list {printable(list_id)} and its {gone:,} leads are removed")


@command.command("reset")
@click.argument("list_id", metavar="LIST")
@click.option(
    "--outcome",
    "outcomes",
    type=click.Choice([one.value for one in Outcome]),
    multiple=True,
    help="Only leads whose last attempt ended so; several times.",
)
@click.option("--done", is_flag=True, help="Also leads whose tries are used up, who were never reached.")
@AS_JSON
@click.pass_obj
def reset(app: App, list_id: str, outcomes: tuple[str, ...], done: bool, as_json: bool) -> None:
    """Make the leads of LIST that rest ready at once, with all their tries again.

    What was dialled stays on record, and what the law counts is counted from there. Callbacks stay as promised."""
    with app.store() as store:
        wanted = [Outcome(one) for one in outcomes]
        count = store.leads.lists.reset(list_id, asked_by(), outcomes=wanted, done=done)
    print_json({"list": list_id, "leads": count}) if as_json else out().print(f"{count:,} leads are ready anew")


@command.command("import")
@click.argument("list_id", metavar="LIST")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--map", "mapping", multiple=True, metavar="COLUMN=TARGET", help="What a column is; several times.")
@click.option("--region", default="", metavar="CC", help="The country of numbers without a code: GB, US, CN.")
@click.option("--zone", default="", help="The time zone of rows that name none, such as Europe/Berlin.")
@click.option(
    "--duplicates",
    type=click.Choice(DUPLICATES),
    default="list",
    show_default=True,
    help="Whose leads a number must be among to be left out.",
)
@click.option("--campaign", default="", help="Whose lists count, with --duplicates campaign; else all that share LIST.")
@click.option("--encoding", default="", help="Of the file; else its mark (BOM), or UTF-8.")
@click.option("--delimiter", default="", help="What parts the columns; else what the first row shows.")
@click.option("--sheet", default="", help="Of a workbook; else its first.")
@click.option("--no-names", is_flag=True, help="The first row is data; the columns are called 1, 2, 3.")
@click.option("--errors", type=click.Path(path_type=Path, dir_okay=False), default=None, help="The file of errors.")
@click.option("--dry-run", is_flag=True, help="Read and check all rows, and keep nothing but the file of --errors.")
@AS_JSON
@click.pass_obj
def import_(
    app: App,
    /,
    list_id: str,
    file: Path,
    mapping: tuple[str, ...],
    campaign: str,
    no_names: bool,
    errors: Path | None,
    dry_run: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Take the rows of FILE, CSV or a workbook (.xlsx), into LIST, which is made if need be.

    Columns are known by their names (phone, mobile, first name, zip, ...) or by --map: number, number:KIND, name,
    reference, owner, priority, zone, country, region, postcode, language, next_at, field.NAME, consent.NAME, or - to
    leave a column out; every other becomes a field of its name. A row that cannot be taken stands in the file of errors
    with line and reason; then the exit code is 1. The same command goes on where a killed one was."""
    given = ImportOptions(mapping=parse_mapping(mapping) if mapping else {}, has_names=not no_names, **options)
    with app.store() as store:
        _make_if_missing(store, list_id, given, dry_run)
        shared = _shared_lists(store, list_id, campaign)
        with reading(file) as told, _told_to_go_on(dry_run):
            result = import_leads(
                store,
                file,
                list_id,
                given,
                asked_by(),
                campaign_lists=shared,
                errors=errors,
                dry_run=dry_run,
                told=lambda state, share: told(state.rows, share),
            )
    if as_json:
        print_json(result)
    else:
        _tell(result)
    if result.refused or result.doubles:
        raise click.exceptions.Exit(1)


@command.command("export")
@click.argument("list_id", metavar="LIST")
@click.option("--format", "format_", type=click.Choice(list(FORMATS)), default="csv", show_default=True)
@click.option(
    "--output", "-o", type=click.Path(path_type=Path, dir_okay=False), default=None, help="Else to the screen."
)
@click.option("--force", is_flag=True, help="Overwrite the file.")
@click.pass_obj
def export(app: App, list_id: str, format_: str, output: Path | None, force: bool) -> None:
    """Every lead of LIST with its state, numbers and fields; what is written can be imported."""
    with app.store() as store:
        store.leads.lists.get(list_id)
        # The columns must be known before the first row.
        names = store.leads.lists.field_names(list_id) if format_ == "csv" else []
        with destination(output, force=force) as stream, without_search():
            writer = FORMATS[format_](stream)
            for lead in store.leads.lists.leads(list_id):
                writer.write(_flat(lead, names) if format_ == "csv" else msgspec.to_builtins(lead))


def _make_if_missing(store: Store, list_id: str, options: ImportOptions, dry_run: bool) -> None:
    try:
        store.leads.lists.get(list_id)
    except NotFound:
        if dry_run:
            # The file can be looked through before there is a list.
            return
        store.leads.lists.make(LeadList(id=list_id, region=options.region), asked_by())


def _shared_lists(store: Store, list_id: str, campaign: str) -> list[str]:
    """The lists of the campaign, or of all campaigns that share this one."""
    campaigns = store.load_centre().campaigns
    if campaign and all(one.id != campaign for one in campaigns):
        raise NotFound("campaign", campaign, known=(one.id for one in campaigns))
    lists = [
        {share.list for share in one.lists}
        for one in campaigns
        if (one.id == campaign if campaign else list_id in {share.list for share in one.lists})
    ]
    return sorted(set().union(*lists))


@contextmanager
def _told_to_go_on(dry_run: bool) -> Iterator[None]:
    """Who stops an import is told what becomes of it."""
    try:
        yield
    except KeyboardInterrupt:
        if not dry_run:
            note("what was read is kept; the same command goes on from there")
        raise


def format_columns(columns: Mapping[str, str]) -> list[str]:
    """What every column was taken for. Few stand on one line; of many, those that mean something to a campaign stand
    one a line, and the fields that only got a name of their own are counted, the first of them named."""
    told = [f"{column} = {target}" for column, target in columns.items()]
    if len(told) <= ON_ONE_LINE:
        return [f"columns: {', '.join(told)}"]
    known = [line for line, target in zip(told, columns.values(), strict=True) if not target.startswith("field.")]
    fields = [target.removeprefix("field.") for target in columns.values() if target.startswith("field.")]
    first, more = ", ".join(fields[:ON_ONE_LINE]), len(fields) - ON_ONE_LINE
    rest = f"  {len(fields)} fields: {first}" + (f" and {more} more (all of them: --json)" if more > 0 else "")
    return [f"{len(told)} columns:", *(f"  {line}" for line in known), *([rest] if fields else [])]


def _tell(result: ImportResult) -> None:
    for line in format_columns(result.columns):
        note(line)
    for fault in result.first_faults:
        note(fault)
    told = result.refused + result.doubles + result.notes
    if told > len(result.first_faults):
        note(f"and {told - len(result.first_faults):,} more")
    if result.resumed:
        note(f"an earlier import was killed after {result.resumed:,} rows; this one went on from there")
    kept = "could be taken" if result.dry_run else "taken"
    leads = f"{result.taken:,} lead{'' if result.taken == 1 else 's'}"
    rows = f"{result.refused:,} row{'' if result.refused == 1 else 's'}"
    were = "was" if result.doubles == 1 else "were"
    out().print(f"{leads} {kept}, {result.doubles:,} {were} there already, {rows} could not be taken")
    if result.errors:
        note(f"line and reason of each: {result.errors}")


def _plain(one: LeadList, counts: Any) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(one) | msgspec.to_builtins(counts)
    return plain | {"penetration": round(counts.penetration, 4)}


def _import_row(row: ImportState) -> tuple[object, ...]:
    ended = local_time(row.ended_at) or "under way, or killed"
    return (local_time(row.began_at), row.path, row.rows, row.taken, row.doubles, row.refused, ended)


def _numbers(lead: Lead) -> str:
    return ", ".join(one.number for one in lead.numbers)


def _flat(lead: Lead, names: list[str]) -> dict[str, Any]:
    """A lead as one row."""
    numbers = lead.numbers
    row: dict[str, Any] = {
        "fsorch_lead": lead.id,
        "number": numbers[0].number if len(numbers) == 1 else ";".join(one.number for one in numbers),
        "name": lead.name,
        "reference": lead.reference,
        "owner": lead.owner,
        "priority": lead.priority,
        "zone": lead.zone,
        "country": lead.country,
        "region": lead.region,
        "postcode": lead.postcode,
        "language": lead.language,
        "fsorch_state": lead.state.value,
        "fsorch_attempts": lead.attempts,
        "fsorch_last_outcome": lead.last_outcome,
        "fsorch_disposition": lead.disposition,
        "fsorch_next": local_time(lead.next_at),
        "fsorch_last": local_time(lead.last_at),
    }
    for name in names:
        row[f"field.{name}"] = lead.fields.get(name, "")
    return row
