"""``fsorch cdr``: the call detail records, one for each channel."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.progress import Progress

from fsorch.clock import DAY_US, to_datetime
from fsorch.engine.rows import LegRow
from fsorch_cli.app import App
from fsorch_cli.console import err, first_rows, note, print_json, print_table
from fsorch_cli.export import FORMATS, destination
from fsorch_cli.filters import filter_options
from fsorch_cli.group import Group
from fsorch_cli.live import local_time, seconds
from fsorch_cli.options import AS_JSON, limited


@click.group("cdr", cls=Group)
def command() -> None:
    """Call detail records: one for each channel of the switch."""


@command.command("list")
@filter_options
@click.option("--cause", default="", help="Only this hangup cause, such as USER_BUSY.")
@limited(50)
@AS_JSON
@click.pass_obj
def list_cdrs(app: App, /, limit: int, as_json: bool, **filters: Any) -> None:
    """The newest records, the newest last; of the last 24 hours unless --since says otherwise."""
    filters["since"] = filters["since"] or time.time_ns() // 1_000 - DAY_US
    with app.store() as store:
        newest = deque(store.cdrs(**filters), maxlen=limit + 1)
    legs = first_rows(tuple(reversed(newest)), limit)[::-1]
    if as_json:
        print_json(legs)
        return
    print_table(
        ("made", "leg", "role", "number", "destination", "agent", "talked>", "cause", "code"),
        [format_leg(leg) for leg in legs],
        empty="No records match; they are written when a channel has ended (--since 7d looks back further).",
    )


@command.command("export")
@filter_options
@click.option("--cause", default="", help="Only this hangup cause, such as USER_BUSY.")
@click.option("--format", "kind", type=click.Choice(sorted(FORMATS)), default="csv", show_default=True)
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), help="A file; else standard output."
)
@click.option("--force", is_flag=True, help="Overwrite the file.")
@click.pass_obj
def export(app: App, /, kind: str, output: Path | None, force: bool, **filters: Any) -> None:
    """All records, oldest first, as CSV (times ISO 8601 in UTC) or JSON lines (times in microseconds).

    In CSV a text that a spreadsheet would run as a formula begins with an apostrophe."""
    path = None if output is None or str(output) == "-" else output
    written = 0
    with app.store() as store, destination(path, force=force) as file:
        total = None if any(filters.values()) else store.counts().cdr_rows
        writer = FORMATS[kind](file)
        shown = sys.stderr.isatty() and (path is not None or not sys.stdout.isatty())
        for leg in with_progress(store.cdrs(**filters), total) if shown else store.cdrs(**filters):
            writer.write(csv_row(leg) if kind == "csv" else msgspec.to_builtins(leg))
            written += 1
    if path is not None:
        note(f"wrote {written} records to {path}")


def format_leg(leg: LegRow) -> tuple[object, ...]:
    """The row of one leg."""
    talked = (leg.hungup_at - leg.answered_at) / 1e6 if leg.answered_at and leg.hungup_at else None
    return (
        local_time(leg.created_at),
        leg.id,
        leg.role,
        leg.number,
        leg.destination,
        leg.agent,
        "" if talked is None else seconds(talked),
        leg.cause,
        leg.sip_code,
    )


def csv_row(leg: LegRow) -> dict[str, object]:
    """One leg with its times as people and spreadsheets read them; never is empty."""
    row = msgspec.structs.asdict(leg)
    for name, value in row.items():
        if name.endswith("_at"):
            row[name] = to_datetime(value).isoformat(timespec="microseconds") if value else ""
    return row


def with_progress(legs: Iterable[LegRow], total: int | None) -> Iterator[LegRow]:
    """``legs``, with a bar on standard error."""
    with Progress(console=err(), transient=True) as progress:
        yield from progress.track(legs, total=total, description="records")
