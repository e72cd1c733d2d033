"""``fsorch compliance``: the rules that campaigns are held to, and the proof that they were."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import time, tzinfo
from pathlib import Path

import click

from fsorch.campaign.evidence import COLUMNS
from fsorch.campaign.keeping import Hold
from fsorch.campaigns import Lead, LeadNumber
from fsorch.clock import to_datetime
from fsorch.compliance_packs import SHIPPED_PACKS, PackSpec, pack_named, shipped_pack
from fsorch.errors import ConfigError, NotFound
from fsorch.store.purging import Lot
from fsorch.store.reasons import may_dial
from fsorch.store.report import CampaignReport
from fsorch_cli.app import App
from fsorch_cli.console import format_json, note, out, print_json, print_table, printable
from fsorch_cli.export import CsvWriter, destination
from fsorch_cli.filters import Moment, check_span
from fsorch_cli.group import Group
from fsorch_cli.leads import number_of
from fsorch_cli.live import asked_by, local_time, now_us
from fsorch_cli.live import find as find_one
from fsorch_cli.options import AS_JSON
from fsorch_cli.zones import HERE, Zone


@click.group("compliance", cls=Group)
def command() -> None:
    """The law in campaigns: packs of rules with their sources, and evidence for who asks."""


@command.command("packs")
@AS_JSON
@click.pass_obj
def packs(app: App, as_json: bool) -> None:
    """The packs there are: those fsorch brings, and the centre's own."""
    found = _packs(app)
    if as_json:
        print_json([{"id": pack.id, "title": pack.title, "own": own, "checked": pack.checked} for pack, own in found])
        return
    rows = [
        (pack.id, pack.title, len(list(pack.rules())), pack.checked.isoformat(), "own" if own else "fsorch's")
        for pack, own in found
    ]
    print_table(("pack", "title", "rules>", "checked", "whose"), rows, empty="")


@command.command("show")
@click.argument("pack", metavar="PACK")
@AS_JSON
@click.pass_obj
def show(app: App, pack: str, as_json: bool) -> None:
    """Every rule of PACK with its source, and whether a law, a regulator or good practice asks for it."""
    found = pack_named(pack, _own(app))
    if found is None:
        raise NotFound("compliance pack", pack, known=[one.id for one, _ in _packs(app)])
    if as_json:
        print_json(found)
        return
    out().print(printable(f"{found.title}; sources read {found.checked.isoformat()}"))
    out().print(printable(found.note))
    rows = [(rule.id, rule.nature.value, rule.says, rule.source) for _, rule in found.rules()]
    print_table(("rule", "by", "says", "source"), rows, empty="It has no rules.")


@command.command("check")
@click.argument("campaign", metavar="CAMPAIGN")
@click.argument("number", metavar="NUMBER")
@click.option("--at", "moment", type=Moment(), default=0, metavar="TIME", help="Then; else now.")
@click.option("--country", default="", help="Where they live, beside what the number says: two letters.")
@click.option("--region", default="", help="Such as US-TX.")
@click.option("--postcode", default="")
@click.option("--zone", default="", help="Such as Europe/Berlin.")
@AS_JSON
@click.pass_obj
def check(
    app: App,
    /,
    campaign: str,
    number: str,
    moment: int,
    country: str,
    region: str,
    postcode: str,
    zone: str,
    as_json: bool,
) -> None:
    """Whether CAMPAIGN may dial NUMBER, every rule that is asked, and when it may; ends with 1 when it may not.

    DNC, consents and earlier attempts are those on record."""
    numbers = (LeadNumber(number=number_of(number)),)
    bare = Lead(id="", numbers=numbers, country=country, region=region, postcode=postcode, zone=zone)
    with app.store() as store:
        found = may_dial(store, campaign, bare, moment or now_us())
    if as_json:
        print_json(found)
    else:
        rows = [*found.verdict.passed.items()]
        rows += [] if found.verdict.allowed else [(found.verdict.rule, f"NO: {found.verdict.words}")]
        print_table(("rule", "found"), rows, empty="")
        until = (
            f"; it may from {local_time(found.when)} (by the clock here)"
            if found.when and not found.verdict.allowed
            else ""
        )
        out().print(f"{'it may be dialled' if found.verdict.allowed else 'it may not be dialled'}{until}")
    if not found.verdict.allowed:
        raise click.exceptions.Exit(1)


@command.command("report")
@click.argument("campaign", metavar="CAMPAIGN")
@click.option("--from", "since", type=Moment(), required=True, metavar="TIME", help="2027-01-01, 30d, today, ...")
@click.option(
    "--to", "until", type=Moment(), default=0, metavar="TIME", help="Before (of a day: its beginning); else until now."
)
@click.option("--dir", "folder", type=click.Path(path_type=Path, file_okay=False), default=".", help="Where to.")
@click.option("--force", is_flag=True, help="Overwrite the files.")
@click.option("--zone", type=Zone(), is_eager=True, help="Whose days, such as Europe/Berlin; else this machine's.")
@AS_JSON
@click.pass_obj
def report(
    app: App, campaign: str, since: int, until: int, folder: Path, force: bool, zone: tzinfo | None, as_json: bool
) -> None:
    """Write the evidence of CAMPAIGN: a CSV with a row for each call, by the letters of 16 CFR 310.5(a)(2), and a JSON
    report with the rules, the drops by period, every wording and script, and who was not called and why.

    With --json the report is printed as well. What does not fit the pack is in the column irregular. The periods of
    drops are days of --zone, also where its clocks change."""
    zone = zone or HERE
    until = until or now_us()
    check_span(since, until, "--from", "--to")
    name = f"{campaign}-{_day(since, zone)}-{_day(until, zone)}"
    table, whole = folder / f"{name}.csv", folder / f"{name}.json"
    folder.mkdir(parents=True, exist_ok=True)
    with app.store() as store:
        made = CampaignReport(store, campaign, since, until, zone)
        written = 0
        with destination(table, force=force) as file:
            writer = CsvWriter(file)
            for record in made.calls():
                writer.write(record)
                written += 1
            if not written:
                file.write(",".join(COLUMNS) + "\r\n")
        told = made.whole() | {"calls_file": table.name, "calls_sha256": _digest(table)}
    with destination(whole, force=force) as file:
        file.write(format_json(told) + "\n")
    if as_json:
        print_json(told)
    note(f"wrote {written} calls to {table} and the report to {whole}")
    irregular = told["summary"]["irregular"]
    for rule, count in irregular.items():
        note(f"irregular: {rule}: {count}")


@command.command("purge")
@click.option("--at-least", type=click.IntRange(min=0), default=0, metavar="DAYS", help="Keep so long at least.")
@click.option("--dry-run", is_flag=True, help="Tell what has been kept for long enough, and remove nothing.")
@click.option(
    "--recordings",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Add the paths of the calls' recordings to this file, one a line.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@AS_JSON
@click.pass_obj
def purge(app: App, at_least: int, dry_run: bool, recordings: Path | None, yes: bool, as_json: bool) -> None:
    """Remove what has been kept for as long as the packs ask: calls with their contacts, legs and facts, consents that
    ended, wordings that no call on record goes by, no-call entries that ran out.

    What no rule speaks of stays, and so do a wish not to be called, what a hold covers, and calls that a rule has
    still to count. Recordings are the switch's: with --recordings a script of yours knows which have had their time.
    Who purged, and what, is audited and stands in later reports."""
    with app.store() as store, _listing(recordings) as listed:
        lots = store.retention.plan(at_least)
        if dry_run and listed is not None:
            listed(list(store.retention.recordings(at_least)))
        if not dry_run:
            rows = sum(lot.rows for lot in lots)
            if rows and not yes:
                _show_lots(lots)
                click.confirm(f"Remove {rows:,} records for good?", abort=True, err=True)
            lots = store.retention.purge(asked_by(), at_least, listed) if rows else []
    if as_json:
        print_json({"removed": not dry_run, "lots": lots})
        return
    if dry_run:
        _show_lots(lots)
    gone = sum(lot.rows for lot in lots)
    out().print(f"{gone:,} records {'would go' if dry_run else 'are removed'}")


@contextmanager
def _listing(path: Path | None) -> Iterator[Callable[[Sequence[str]], None] | None]:
    """Adds lines to a file, on the disk before the records go that say whose they are."""
    if path is None:
        yield None
        return
    try:
        with path.open("a", encoding="utf-8") as file:

            def listed(paths: Sequence[str]) -> None:
                file.writelines(f"{one}\n" for one in paths)
                file.flush()
                os.fsync(file.fileno())

            yield listed
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error.strerror}); nothing more is removed") from None


def _show_lots(lots: list[Lot]) -> None:
    print_table(
        ("what", "campaign", "pack", "kept", "by", "from before", "go>", "held>"),
        [
            (
                lot.what,
                lot.campaign,
                lot.pack,
                f"{lot.days} days" if lot.rules else "no rule says how long",
                ", ".join(lot.rules),
                local_time(lot.before),
                lot.rows,
                lot.held,
            )
            for lot in lots
        ],
        empty="Nothing is on record.",
    )


@command.command("hold")
@click.argument("name", metavar="NAME")
@click.option("--campaign", default="", help="Only what is of this campaign.")
@click.option("--number", default="", help="Only what is of this number.")
@click.option("--reason", required=True, help="The case it is for; the records keep it.")
@AS_JSON
@click.pass_obj
def hold(app: App, name: str, campaign: str, number: str, reason: str, as_json: bool) -> None:
    """Let no purge remove what a lawsuit or an authority asks for, until `compliance release NAME`.

    Without --campaign and --number all records are held."""
    with app.store() as store:
        if campaign and not store.campaigns.versions(campaign):
            find_one("campaign", campaign, store.load_centre().campaigns)
        asked = Hold(id=name, campaign=campaign, number=number_of(number) if number else "", reason=reason)
        made = store.retention.hold(asked, asked_by())
    print_json(made) if as_json else out().print(f"hold {printable(made.id)} is in force")


@command.command("release")
@click.argument("name", metavar="NAME")
@click.option("--reason", default="", help="Why; audited.")
@click.pass_obj
def release(app: App, name: str, reason: str) -> None:
    """End the hold NAME: what it kept may be purged again."""
    with app.store() as store:
        store.retention.release(name, asked_by(), reason)
    out().print(f"hold {printable(name)} is over")


@command.command("holds")
@AS_JSON
@click.pass_obj
def holds(app: App, as_json: bool) -> None:
    """The holds in force."""
    with app.store() as store:
        found = store.retention.holds()
    if as_json:
        print_json(found)
        return
    rows = [(one.id, one.campaign, one.number, one.reason, local_time(one.since), one.by) for one in found]
    print_table(("hold", "campaign", "number", "reason", "since", "by"), rows, empty="Nothing is held.")


def _digest(path: Path) -> str:
    """What the file was when it was written, so that nobody need take our word for it."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for chunk in iter(lambda: file.read(1 << 20), b""):
            digest.update(chunk)
    return digest.hexdigest()


def _day(at: int, zone: tzinfo) -> str:
    moment = to_datetime(at)
    there = moment.astimezone(zone)
    return f"{there:%Y%m%d}" if there.time() == time.min else f"{moment:%Y%m%dT%H%M%SZ}"


def _own(app: App) -> tuple[PackSpec, ...]:
    """The centre's packs; none without an installation."""
    if not app.has_settings():
        return ()
    with app.store() as store:
        return store.load_centre().packs


def _packs(app: App) -> list[tuple[PackSpec, bool]]:
    own = {pack.id: pack for pack in _own(app)}
    shipped = [(shipped_pack(name), False) for name in SHIPPED_PACKS if name not in own]
    return sorted([*shipped, *((pack, True) for pack in own.values())], key=lambda one: one[0].id)
