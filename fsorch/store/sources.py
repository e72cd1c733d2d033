"""Other people's databases, from which flows read: named in the settings, never written, never waited for long.

::

    sources:
      crm: "mysql://reader:secret@db.example:3306/crm"
      prices: "sqlite:////srv/prices.sqlite3"

A SQLite file is opened for reading (``mode=ro``), and every statement that is more than reading is refused before it
runs (sqlite3_set_authorizer). A MySQL or MariaDB session reads in a transaction that the server holds to be read-only.
Values are bound by the driver. What an error says never holds a value: it may be a PIN.

Everything blocks and belongs on a native thread.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import pymysql
from pymysql.cursors import SSCursor

from fsorch.errors import StoreError
from fsorch.expressions import Value
from fsorch.ivr.steps import Rows, Secret, SqlAsk
from fsorch.store.database import PooledMysql, connected, mysql_code, parse_url

__all__ = ["MOST_COLUMNS", "MOST_ROWS", "MysqlSource", "Source", "SqliteSource", "open_source"]

# A caller hears a handful of values; a query that finds more is cut off here.
MOST_ROWS = 100
MOST_COLUMNS = 50
MOST_CHARACTERS = 4000
# SQLite asks so many of its own instructions apart whether to go on (a tenth of a millisecond or so).
STEPS = 1000
READS = re.compile(r"\s*(select|with)\b", re.IGNORECASE)
# What a query is made of as far as its names go: texts and quoted names, comments, words that write files, names.
PIECES = re.compile(
    r"""'(?:[^'\\]|\\.|'')*' | "(?:[^"\\]|\\.|"")*" | `[^`]*` | --(?=\s|$)[^\n]* | \#[^\n]* | /\*(?!M?!).*?\*/
    | (?P<writes>/\*M?! | \b(?:outfile|dumpfile)\b) | (?<![:\w]):(?P<name>[a-z_][a-z0-9_]*)""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
# MySQL's errors whose text tells of tables, columns and rights, and holds no value of ours.
TELLING = frozenset((1044, 1045, 1046, 1049, 1054, 1142, 1143, 1146, 1305))
# Interrupted by the limit: MySQL's ER_QUERY_TIMEOUT, MariaDB's ER_STATEMENT_TIMEOUT; and what the wire gives.
OVERDUE = frozenset((3024, 1969))
# What a reading statement may do, by SQLite's numbers for sqlite3_set_authorizer: read a column, select, call a
# function, be recursive.
READING = frozenset((20, 21, 31, 33))
Binding = None | bool | int | float | str


class Source(Protocol):
    """Something that can be asked a query."""

    def ask(self, ask: SqlAsk) -> Rows:
        """The first :data:`MOST_ROWS` rows. Raises StoreError, whose text holds no value."""
        ...

    def shut(self) -> None:
        """Close what is open and idle."""
        ...


def open_source(name: str, url: str) -> Source:
    """The source called ``name`` at ``url``, of the forms of :mod:`fsorch.store.database`; nothing is touched. Raises
    StoreError."""
    db = parse_url(url)
    return MysqlSource(name, db) if isinstance(db, PooledMysql) else SqliteSource(name, Path(db.database))


class SqliteSource:
    """A SQLite file. Each query opens it anew: that costs little, and sees a file that was put in its place."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self.path = path

    def ask(self, ask: SqlAsk) -> Rows:
        """See Source."""
        deadline = time.monotonic() + ask.timeout_s
        _check(ask)
        try:
            with closing(self._connect(ask.timeout_s)) as db:
                db.set_progress_handler(lambda: time.monotonic() > deadline, STEPS)
                cursor = db.execute(ask.query, _bindings(ask))
                return _rows([column[0] for column in cursor.description or ()], cursor.fetchmany(MOST_ROWS))
        except (sqlite3.Error, ValueError, OverflowError) as error:
            raise StoreError(f"the source {self.name} {_sqlite_fault(error, ask.timeout_s)}") from None

    def shut(self) -> None:
        """Nothing is kept open."""

    def _connect(self, timeout_s: float) -> sqlite3.Connection:
        where = f"file:{quote(str(self.path.absolute()))}?mode=ro"
        db = sqlite3.connect(where, uri=True, timeout=timeout_s, isolation_level=None)
        try:
            db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 1_000_000)
            db.execute("PRAGMA query_only = 1")
            db.set_authorizer(lambda action, *_: sqlite3.SQLITE_OK if action in READING else sqlite3.SQLITE_DENY)
        except BaseException:
            db.close()
            raise
        return db


def _sqlite_fault(error: Exception, timeout_s: float) -> str:
    name = getattr(error, "sqlite_errorname", "")
    if name in ("SQLITE_INTERRUPT", "SQLITE_BUSY"):
        return f"gave no answer within {timeout_s:g} s"
    if name == "SQLITE_CANTOPEN":
        return "cannot be opened; check its path and rights"
    if name == "SQLITE_AUTH":
        return "is only read; the query does more than that"
    if not isinstance(error, sqlite3.Error):
        return "cannot hold one of the values"
    # SQLite names tables, columns and words of the query; values are bound and stand in none of them.
    return f"refused the query ({str(error)[:80] or name})"


class MysqlSource:
    """A MySQL or MariaDB database. Give it a user who may SELECT and nothing else, all the same."""

    def __init__(self, name: str, db: PooledMysql) -> None:
        self.name = name
        self._db = db

    def ask(self, ask: SqlAsk) -> Rows:
        """See Source."""
        _check(ask)
        bindings = _bindings(ask)
        query = _driver_form(ask.query, bindings)
        try:
            with connected(self._db) as db:
                session: Any = db.connection()  # type: ignore[no-untyped-call] # peewee's stub lacks it
                try:
                    return self._read(session, query, bindings, ask.timeout_s)
                except BaseException:
                    # Whatever is under way there, nobody waits for it: the pool drops a connection that is closed.
                    session.abandon()
                    raise
        except (pymysql.MySQLError, OSError, ValueError) as error:
            raise StoreError(f"the source {self.name} {_mysql_fault(error, ask.timeout_s)}") from None

    def shut(self) -> None:
        """See Source."""
        self._db.shut()

    def _read(self, session: Any, query: str, bindings: dict[str, Binding], timeout_s: float) -> Rows:
        session.patience(timeout_s + 0.5)
        if "mariadb" in session.get_server_info().lower():
            session.query(f"SET SESSION max_statement_time = {timeout_s:.3f}")
        else:
            session.query(f"SET SESSION max_execution_time = {max(1, round(timeout_s * 1000))}")
        session.query("SET SESSION TRANSACTION READ ONLY")
        session.query("START TRANSACTION READ ONLY")
        cursor = session.cursor(SSCursor)
        cursor.execute(query, bindings)
        names = [column[0] for column in cursor.description or ()]
        found = cursor.fetchmany(MOST_ROWS)
        if len(found) < MOST_ROWS or cursor.fetchone() is None:
            cursor.close()
            session.query("ROLLBACK")
        else:
            session.abandon()
        return _rows(names, found)


def _mysql_fault(error: Exception, timeout_s: float) -> str:
    code = mysql_code(error)
    if code in OVERDUE or isinstance(error, TimeoutError) or "timed out" in str(error):
        return f"gave no answer within {timeout_s:g} s"
    if code == 1792:
        return "is only read; the query does more than that"
    if code in TELLING:
        return f"refused the query ({str(error.args[-1])[:120]})"
    if 2000 <= code < 3000 or isinstance(error, OSError):
        return f"cannot be reached, or has closed the connection (error {code})"
    return f"refused the query (error {code})" if code else "refused the query"


def _check(ask: SqlAsk) -> None:
    """Raises StoreError for a query that does not begin as one that reads, or would write a file."""
    if not READS.match(ask.query):
        raise StoreError(f"the query for {ask.source} does not read; begin it with select or with")
    if any(piece["writes"] for piece in PIECES.finditer(ask.query)):
        raise StoreError(f"the query for {ask.source} would write a file, or hides words in a comment")


def _bindings(ask: SqlAsk) -> dict[str, Binding]:
    return {name: _binding(name, value) for name, value in ask.values}


def _binding(name: str, value: Value | Secret) -> Binding:
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, tuple):
        raise StoreError(f"the value of :{name} is a list; a query takes single values")
    return value


def _driver_form(query: str, bindings: Mapping[str, Binding]) -> str:
    """``:name`` as PyMySQL has it, outside of texts and comments. Raises StoreError for a name without a value."""

    def turn(piece: re.Match[str]) -> str:
        name = piece["name"]
        if name and name not in bindings:
            raise StoreError(f"the query names :{name}, which has no value; give it under values")
        return f"%({name})s" if name else piece[0].replace("%", "%%")

    parts, end = [], 0
    for piece in PIECES.finditer(query):
        parts += [query[end : piece.start()].replace("%", "%%"), turn(piece)]
        end = piece.end()
    return "".join([*parts, query[end:].replace("%", "%%")])


def _rows(names: Sequence[str], found: Iterable[Sequence[Any]]) -> Rows:
    names = names[:MOST_COLUMNS]
    return Rows(tuple(dict(zip(names, map(_plain, row), strict=False)) for row in found))


def _plain(value: Any) -> Value:
    """A database's value as a flow can hold it: dates in ISO's form, money as a number, bytes as text."""
    match value:
        case None | bool() | int() | float():
            return value
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case date() | datetime():
            return value.isoformat()
        case timedelta():
            return str(value)
        case bytes() | bytearray() | memoryview():
            return bytes(value[: 4 * MOST_CHARACTERS]).decode("utf-8", "replace")[:MOST_CHARACTERS]
        case _:
            return str(value)[:MOST_CHARACTERS]
