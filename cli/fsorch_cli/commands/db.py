"""``fsorch db``: how far the database is, copies of it, and the way back from an upgrade."""

from __future__ import annotations

import sys
import time
from contextlib import closing
from pathlib import Path

import click

from fsorch.edge.control import HomeLock
from fsorch.store import open_database
from fsorch.store.backup import Schema, back_up, newest_copy, read_schema, roll_back
from fsorch_cli.app import App
from fsorch_cli.console import note, out, print_json, printable
from fsorch_cli.group import Group
from fsorch_cli.options import AS_JSON


@click.group("db", cls=Group)
def command() -> None:
    """The database: how far it is, copies of it, and the way back from an upgrade."""


@command.command("status")
@AS_JSON
@click.pass_obj
def status(app: App, as_json: bool) -> None:
    """How far the database is, and what copies upgrades have left. Changes nothing.

    Ends with 1 when this fsorch and the database do not fit together."""
    schema = read_schema(app.settings().database)
    if as_json:
        print_json(schema)
    else:
        print_schema(schema)
    if schema.applied != schema.known:
        raise click.exceptions.Exit(1)


@command.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def backup(app: App, file: Path) -> None:
    """Copy the SQLite database to FILE, all of one moment; fsorch may run meanwhile. For a database on a server `db
    status` has the commands."""
    back_up(app.settings().database, file)
    note(f"wrote {file}, {file.stat().st_size / 1e6:.1f} MB")


@command.command("migrate")
@click.pass_obj
def migrate(app: App) -> None:
    """Bring the database up to date now; the next start of fsorch would do it as well.

    An SQLite database is copied first: fsorch.sqlite3.at-0016 is what it was at migration 16. One on a server is not,
    and has no way back without a copy: see `db status`."""
    url = app.settings().database
    before = read_schema(url)
    if before.dump and before.applied < before.known:
        note(f"on a server there is no way back but a copy as it was: {before.dump}")
        if sys.stdin.isatty():
            click.confirm("Is it copied, and shall it be brought up to date?", abort=True, err=True)
    with closing(open_database(url, create=False)):
        after = read_schema(url)
    if before.applied == after.applied:
        out().print(f"the database was at migration {after.applied} already")
        return
    copy = f"; as it was it is kept in {printable(after.backups[-1])}" if after.backups else ""
    out().print(f"the database is at migration {after.applied}, was at {before.applied}{copy}")


@command.command("rollback")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.pass_obj
def rollback(app: App, file: Path | None) -> None:
    """Put FILE, or the newest copy that an upgrade has made, into the place of the SQLite database. Then start the
    fsorch that goes with it.

    fsorch must be stopped. What was written since that copy is not in it; the database as it is now is kept beside. For
    a database on a server `db status` has the command that puts a copy back."""
    settings = app.settings()
    lock = HomeLock(Path(settings.home))
    try:
        chosen = file or newest_copy(settings.database)
        kept = roll_back(settings.database, chosen, time.time_ns() // 1_000)
    finally:
        lock.release()
    out().print(f"the database is that of {printable(chosen)} again; what it was is kept in {printable(kept)}")
    out().print("Install and start the fsorch that goes with it: this one would bring it up to date again.")


def print_schema(schema: Schema) -> None:
    """How far it is, in words."""
    console = out()
    console.print(f"{schema.engine} {printable(schema.where)}: migration {schema.applied} of {schema.known}")
    if schema.applied > schema.known:
        back = ", or: fsorch db rollback" if schema.backups else ""
        console.print(f"A newer fsorch made it, and this one will not touch it; run the newer one{back}")
    elif schema.applied < schema.known:
        console.print("The next start brings it up to date, or now: fsorch db migrate")
    for copy in schema.backups:
        console.print(f"copy {printable(copy)}")
    if schema.dump:
        if schema.applied < schema.known:
            console.print("Copy it first: on a server there is no way back from an upgrade but a copy.")
        for what, command in (("copy it", schema.dump), ("put it back", schema.restore)):
            # Whole, in one line, to be pasted.
            console.print(f"{what}: {printable(command)}", soft_wrap=True)
