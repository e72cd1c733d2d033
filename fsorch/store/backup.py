"""Copies of an SQLite database: one before each upgrade by itself, others when asked for, and the way back.

A database on a server has the backups of its administrator; here it is told how far it is, and by which commands it is
copied and put back.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import msgspec

from fsorch.errors import ConfigError, StoreError
from fsorch.store.database import Db, PooledMysql, PooledSqlite, connected, make_private, parse_url
from fsorch.store.migrate import applied_migrations, known_migrations

__all__ = ["Schema", "back_up", "copy_before_upgrade", "newest_copy", "read_schema", "roll_back", "server_copy"]

# What SQLite keeps beside the file: parts of the database as long as they are there.
BESIDE = ("-wal", "-shm")


class Schema(msgspec.Struct, frozen=True, kw_only=True):
    """How far a database is: the last migration ``applied`` (0: no tables), of those this fsorch has ``known``.
    ``backups``: the copies that upgrades have made, the newest last. For a database on a server instead: the command
    that writes a copy as it is now (``dump``), and the one that puts it back (``restore``); both ask for the
    password."""

    engine: str
    where: str
    applied: int
    known: int
    backups: tuple[str, ...] = ()
    dump: str = ""
    restore: str = ""


def read_schema(url: str) -> Schema:
    """How far the database is; nothing is changed. Raises StoreError."""
    db = parse_url(url)
    try:
        db.prepare(False)
        with connected(db):
            applied = applied_migrations(db)
    finally:
        db.shut()
    engine = "mysql" if isinstance(db, PooledMysql) else "sqlite"
    backups = () if isinstance(db, PooledMysql) else tuple(map(str, _copies(Path(db.database))))
    dump, restore = server_copy(db, applied) if isinstance(db, PooledMysql) else ("", "")
    return Schema(
        engine=engine,
        where=str(db.database),
        applied=applied,
        known=len(known_migrations()),
        backups=backups,
        dump=dump,
        restore=restore,
    )


def server_copy(db: PooledMysql, applied: int) -> tuple[str, str]:
    """The commands by which an administrator copies a database on a server, at migration ``applied``, and puts it back.
    A table that is changed cannot be rolled back there, so the copy is the only way; it takes the place of the whole
    database, for a later migration may have made tables that it knows nothing of."""
    given = db.connect_params
    options = {name: given.get(key) for name, key in (("host", "host"), ("port", "port"), ("user", "user"))}
    options |= {"socket": given.get("unix_socket"), "ssl-ca": given.get("ssl_ca")}
    if options["socket"]:
        options |= {"host": None, "port": None}
    where = " ".join(shlex.quote(f"--{name}={value}") for name, value in options.items() if value)
    file = shlex.quote(f"{db.database}.at-{applied:04}.sql")
    copied = f"--databases {shlex.quote(str(db.database))}"
    dump = f"mariadb-dump {where} -p --single-transaction --add-drop-database {copied} > {file}"
    return dump, f"mariadb {where} -p < {file}"


def back_up(url: str, target: Path) -> None:
    """Copy the SQLite database to ``target``, a new file for the owner only, as it is at one moment; whoever writes
    goes on writing. Raises ConfigError where such a file is there, StoreError for a database on a server and where the
    file cannot be made."""
    db = _sqlite(url)
    if target.exists():
        raise ConfigError(f"{target} is there already; name a new file")
    try:
        db.prepare(False)
        with connected(db):
            _copy(db, target)
    finally:
        db.shut()


def copy_before_upgrade(db: Db) -> Path | None:
    """Copy a database that is about to be brought up to date; where the copy is, or None when there is nothing to copy:
    no tables, no migration to come, a database on a server. Raises StoreError when there is no room: then nothing has
    been changed, and the older fsorch runs on."""
    if not isinstance(db, PooledSqlite):
        return None
    applied = applied_migrations(db)
    if not 0 < applied < len(known_migrations()):
        return None
    target = Path(f"{db.database}.at-{applied:04}")
    # A copy of an earlier try is older than what is there now.
    target.unlink(missing_ok=True)
    _copy(db, target)
    return target


def newest_copy(url: str) -> Path:
    """The newest copy that an upgrade has left beside the SQLite database. Raises StoreError where there is none, and
    for a database on a server."""
    copies = _copies(Path(_sqlite(url).database))
    if not copies:
        raise StoreError("no upgrade has left a copy here; name a file that fsorch db backup made")
    return copies[-1]


def roll_back(url: str, backup: Path, now_us: int) -> Path:
    """Put ``backup`` into the place of the SQLite database, which is kept beside it under the name that is returned.
    Nobody may use the database meanwhile. Raises StoreError; then nothing has changed."""
    db = _sqlite(url)
    file = Path(db.database)
    check_copy(backup)
    kept = Path(f"{file}.rolled-back-{now_us // 1_000_000}")
    part = Path(f"{file}.part-{os.getpid()}")
    source = PooledSqlite(str(backup))
    try:
        with connected(source):
            _copy(source, part)
    finally:
        source.shut()
    try:
        for suffix in ("", *BESIDE):
            if (beside := Path(f"{file}{suffix}")).exists():
                beside.rename(f"{kept}{suffix}")
        part.rename(file)
    except OSError as error:
        raise StoreError(f"{file} cannot be changed for {backup}: {error.strerror}") from error
    return kept


def check_copy(backup: Path) -> None:
    """StoreError unless the file is a whole database of fsorch."""
    if not backup.is_file():
        raise StoreError(f"there is no backup at {backup}; fsorch db status lists those there are")
    source = PooledSqlite(str(backup))
    try:
        with connected(source):
            if not applied_migrations(source) or source.run("PRAGMA quick_check").fetchone()[0] != "ok":
                raise StoreError(f"{backup} is no whole database of fsorch")
    finally:
        source.shut()


def _copies(file: Path) -> list[Path]:
    return sorted(file.parent.glob(f"{file.name}.at-[0-9][0-9][0-9][0-9]"))


def _sqlite(url: str) -> PooledSqlite:
    db = parse_url(url)
    if isinstance(db, PooledMysql):
        raise StoreError("this database is on a server: use its own tools, by the commands of fsorch db status")
    return db


def _copy(db: PooledSqlite, target: Path) -> None:
    """All of the database at one moment. ``target`` is whole or not there."""
    try:
        # VACUUM INTO takes a file that is empty, and leaves its mode alone.
        make_private(target)
        db.run("VACUUM INTO ?", (str(target),))
    except OSError as error:
        raise StoreError(f"{target} cannot be made: {error.strerror or error}") from error
    except BaseException:
        target.unlink(missing_ok=True)
        raise
