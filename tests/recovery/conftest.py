"""The sites of these tests, and the database server of the store's."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.recovery.site import Site
from tests.store.conftest import mariadb

__all__ = ["SEED", "Make", "mariadb"]

# ``mariadb``: every site that names no database of its own has one on the test's server, instead of SQLite.
STORE = os.environ.get("FSORCH_STORE", "sqlite")
# The same seed draws the same callers and the same moments; a failed test shows it.
SEED = int(os.environ.get("FSORCH_SEED") or 0) or random.randrange(1, 10**6)
Make = Callable[..., Site]


@pytest.fixture
def make(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Make]:
    """Makes the site of a test; it is gone after it."""
    sites: list[Site] = []

    def made(**options: object) -> Site:
        if STORE == "mariadb":
            options.setdefault("url", request.getfixturevalue("mariadb").new_database())
        sites.append(Site(tmp_path, SEED, **options))  # type: ignore[arg-type]
        return sites[-1]

    yield made
    for site in sites:
        site.close()
