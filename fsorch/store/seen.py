"""Numbers that have been met, however many: for looking through a file that is not kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

__all__ = ["Seen"]


class Seen:
    """A set of whole numbers in a temporary file of SQLite's, gone after the ``with`` block: of ten million it needs a
    few megabytes of memory."""

    def __init__(self) -> None:
        # An empty name is a database on disk that is removed when it is closed (sqlite.org, "In-Memory Databases").
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("PRAGMA journal_mode = off")
        self._db.execute("CREATE TABLE seen (number INTEGER PRIMARY KEY)")

    def __enter__(self) -> Seen:
        return self

    def __exit__(self, *_error: object) -> None:
        self._db.close()

    def known(self, numbers: Sequence[int]) -> set[int]:
        """Those of ``numbers`` that were met in an earlier call; all of them have been from now on."""
        found: set[int] = set()
        for number in sorted(set(numbers)):
            if self._db.execute("SELECT 1 FROM seen WHERE number = ?", (number,)).fetchone():
                found.add(number)
        self._db.execute("BEGIN")
        self._db.executemany("INSERT OR IGNORE INTO seen VALUES (?)", [(number,) for number in set(numbers)])
        self._db.execute("COMMIT")
        return found
