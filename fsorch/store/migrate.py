"""Brings a database to the tables this code knows: numbered migrations, forward only.

Several processes may open one database at once: the first one migrates, the others wait for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType

from fsorch.errors import StoreError
from fsorch.store import migrations
from fsorch.store.database import Db, PooledMysql
from fsorch.store.models import MigrationRecord
from fsorch.store.steps import Steps

__all__ = ["applied_migrations", "known_migrations", "migrate"]

LOCK = "fsorch.migrate"
LOCK_TIMEOUT_S = 60
TABLE = "number INTEGER NOT NULL PRIMARY KEY, name VARCHAR(64) NOT NULL, applied_at BIGINT NOT NULL"


def known_migrations() -> list[ModuleType]:
    """The modules of :mod:`fsorch.store.migrations`, first to last; number N stands at N-1."""
    return [getattr(migrations, name) for name in sorted(migrations.__all__)]


def migrate(db: Db, now_us: int, *, create: bool = True, known: Sequence[ModuleType] | None = None) -> list[int]:
    """Apply what is missing, each migration in a transaction where the engine can, and return the numbers applied.

    Raises StoreError for a database that is newer than this code, and, without ``create``, for one without our
    tables."""
    modules = known_migrations() if known is None else known
    if not create and not db.table_exists("migration"):
        raise StoreError("the database has no tables of fsorch; run `fsorch init` first")
    if applied_migrations(db) == len(modules):
        return []
    with _alone(db):
        return _apply(db, modules, now_us)


def _apply(db: Db, modules: Sequence[ModuleType], now_us: int) -> list[int]:
    steps = Steps(db)
    steps.table("migration", TABLE)
    applied = applied_migrations(db)
    if applied > len(modules):
        raise StoreError(
            f"the database is at migration {applied}, this fsorch knows {len(modules)}; run the newer one that made it"
        )
    numbers = range(applied + 1, len(modules) + 1)
    for number in numbers:
        _apply_one(db, steps, modules[number - 1], number, now_us)
    return list(numbers)


def _apply_one(db: Db, steps: Steps, module: ModuleType, number: int, now_us: int) -> None:
    name = module.__name__.rpartition(".")[2]
    if not re.fullmatch(rf"m{number:04}_\w+", name):
        raise StoreError(f"migration {name} stands at place {number}; the numbers must have no gap")
    module.up(steps)
    MigrationRecord.insert(number=number, name=name, applied_at=now_us).execute(db)


def applied_migrations(db: Db) -> int:
    """The highest number applied; 0 for an empty database."""
    if not db.table_exists("migration"):
        return 0
    highest = MigrationRecord.select(MigrationRecord.number).order_by(MigrationRecord.number.desc()).limit(1).scalar(db)
    return int(highest or 0)


@contextmanager
def _alone(db: Db) -> Iterator[None]:
    """Only one process at a time gets in. On SQLite this is also the transaction that all of it happens in."""
    if not isinstance(db, PooledMysql):
        with db.atomic("EXCLUSIVE"):
            yield
        return
    name = f"{LOCK}.{db.database}"[:64]
    if db.run("SELECT GET_LOCK(%s, %s)", (name, LOCK_TIMEOUT_S)).fetchone()[0] != 1:
        raise StoreError(
            f"another process has been migrating the database for {LOCK_TIMEOUT_S} s; try again when it has ended"
        )
    try:
        yield
    finally:
        db.run("SELECT RELEASE_LOCK(%s)", (name,))
