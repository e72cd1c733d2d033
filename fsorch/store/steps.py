"""What a migration may do, in words that both engines understand.

MySQL commits at every change of a table, so a migration that was killed in the middle is run again from its start: each
step looks first and does nothing where its work is done already. SQLite runs a migration whole or not at all.
"""

from __future__ import annotations

from typing import Any

from fsorch.store.database import Db, PooledMysql

__all__ = ["Steps"]

# InnoDB for transactions; the binary collation so that ids and names compare byte by byte, as in SQLite.
MYSQL_TABLE = " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"


class Steps:
    """Makes tables and indexes on one database."""

    def __init__(self, db: Db) -> None:
        self._db = db
        self._options = MYSQL_TABLE if isinstance(db, PooledMysql) else ""

    def table(self, name: str, columns: str, *, clustered: bool = False) -> None:
        """Make the table ``name``; ``columns`` is what stands between the parentheses. Columns are not quoted: one that
        is called by a reserved word of either engine stands in backticks, which both take. ``clustered``: rows are kept
        in the order of a primary key of several columns, as InnoDB always does and SQLite when it is told to."""
        options = " WITHOUT ROWID" if clustered and not self._options else self._options
        self._db.run(f"CREATE TABLE IF NOT EXISTS {self.quote(name)} ({columns}){options}")

    def column(self, table: str, name: str, kind: str) -> None:
        """Add a column, if the table has none of that name."""
        if all(column.name != name for column in self._db.get_columns(table)):
            self._db.run(f"ALTER TABLE {self.quote(table)} ADD COLUMN {name} {kind}")

    def index(self, table: str, *columns: str) -> None:
        """Make an index over ``columns``, called ``<table>_<column>_...``."""
        name = "_".join((table, *columns))
        if any(index.name == name for index in self._db.get_indexes(table)):
            return
        listed = ", ".join(self.quote(column) for column in columns)
        self._db.run(f"CREATE INDEX {self.quote(name)} ON {self.quote(table)} ({listed})")

    def rebuild(self, table: str, columns: str, new: str) -> None:
        """Make the table anew with ``columns``, of which ``new`` is the one it had not: neither engine takes every key
        and constraint off a table that is there. Its rows are kept, its indexes to be made again."""
        fresh = f"{table}_anew"
        if self._db.table_exists(table):
            known = {column.name for column in self._db.get_columns(table)}
            if new in known:
                return
            # Of a run that broke off.
            self._db.run(f"DROP TABLE IF EXISTS {self.quote(fresh)}")
            self.table(fresh, columns)
            listed = ", ".join(self.quote(column) for column in sorted(known))
            self._db.run(
                f"INSERT INTO {self.quote(fresh)} ({listed}) SELECT {listed} FROM {self.quote(table)}"  # noqa: S608 - names of ours
            )
            self._db.run(f"DROP TABLE {self.quote(table)}")
        self._db.run(f"ALTER TABLE {self.quote(fresh)} RENAME TO {self.quote(table)}")

    def rows(self, table: str, *columns: str, **key: Any) -> list[tuple[Any, ...]]:
        """The ``columns`` of every row, or of those with this ``key``."""
        listed = ", ".join(self.quote(column) for column in columns)
        where = " AND ".join(f"{self.quote(name)} = {self._db.param}" for name in key)
        query = f"SELECT {listed} FROM {self.quote(table)}{f' WHERE {where}' if key else ''}"  # noqa: S608 - names of ours
        found: list[tuple[Any, ...]] = self._db.run(query, tuple(key.values())).fetchall()
        return list(found)

    def change(self, table: str, values: dict[str, Any], key: dict[str, Any]) -> None:
        """Set ``values`` in the row with this ``key``."""
        mark = self._db.param
        set_ = ", ".join(f"{self.quote(name)} = {mark}" for name in values)
        where = " AND ".join(f"{self.quote(name)} = {mark}" for name in key)
        self._db.run(f"UPDATE {self.quote(table)} SET {set_} WHERE {where}", (*values.values(), *key.values()))  # noqa: S608 - names of ours

    def put(self, table: str, key: dict[str, Any], values: dict[str, Any]) -> None:
        """Have one row with this ``key`` and these ``values``."""
        row = key | values
        columns, marks = ", ".join(map(self.quote, row)), ", ".join([self._db.param] * len(row))
        where = " AND ".join(f"{self.quote(name)} = {self._db.param}" for name in key)
        self._db.run(f"DELETE FROM {self.quote(table)} WHERE {where}", tuple(key.values()))  # noqa: S608 - names of ours
        self._db.run(f"INSERT INTO {self.quote(table)} ({columns}) VALUES ({marks})", tuple(row.values()))  # noqa: S608

    def quote(self, name: str) -> str:
        """``name`` as this engine quotes it."""
        mark = self._db.quote[0]
        return f"{mark}{name}{mark}"
