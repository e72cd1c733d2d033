"""Both databases for every test that asks for a ``url``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from fsorch.clock import ManualClock
from fsorch.store import Passwords, Store, open_database
from tests.conftest import require
from tests.store.mariadb import MariaDb, missing_mariadb, running_mariadb


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDb]:
    """One server for the whole run."""
    if reason := missing_mariadb():
        require("mysql", reason)
    with running_mariadb() as server:
        yield server


@pytest.fixture(params=["sqlite", "mysql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database, once of each engine."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/records.db"
        return
    server: MariaDb = request.getfixturevalue("mariadb")
    made = server.new_database()
    yield made
    server.drop_database(made)


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands."""
    return ManualClock()


@pytest.fixture
def store(url: str, clock: ManualClock) -> Iterator[Store]:
    """An open store with cheap password hashes."""
    made = open_store(url, clock)
    yield made
    made.close()


def open_store(url: str, clock: ManualClock | None = None, *, create: bool = True) -> Store:
    """The store at ``url``, whose password hashes cost next to nothing."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    return open_database(url, create=create, clock=clock, passwords=Passwords(cheap))
