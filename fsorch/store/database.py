"""Databases by URL, with connections that are kept, checked and bounded.

``sqlite:///relative/path``, ``sqlite:////absolute/path``, ``mysql://user:password@host:port/name?option=value``
(``mariadb://`` is the same). In the MySQL form user, password and name are percent-decoded; the options are those of
``MYSQL_OPTIONS``. No message names the password.

A connection belongs to one thread (or, where gevent has patched the process before peewee was imported, to one
greenlet) while it is in use, and goes back to a small pool after it. A MySQL connection that the pool hands out has
answered a ping, so a server that was restarted costs nobody an error.
"""

from __future__ import annotations

import errno
import os
import re
import sqlite3
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from itertools import repeat
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pymysql
from peewee import (
    Database,
    DatabaseError,
    DataError,
    ExceptionWrapper,
    IntegrityError,
    InterfaceError,
    InternalError,
    MySQLDatabase,
    NotSupportedError,
    OperationalError,
    PeeweeException,
    ProgrammingError,
    SqliteDatabase,
)

from fsorch.errors import DatabaseAway, StoreError
from fsorch.store.native import dial, is_patched

__all__ = [
    "Db",
    "PooledMysql",
    "PooledSqlite",
    "connected",
    "is_passing",
    "make_private",
    "parse_url",
    "roomy",
    "writing",
]

IDLE_CONNECTIONS = 8
BUSY_TIMEOUT_S = 5.0
CONNECT_TIMEOUT_S = 5
# A query of ours takes milliseconds. This frees the recorder from a server that has stopped talking without closing.
READ_TIMEOUT_S = 60
MYSQL_FORM = "mysql://user:password@host:port/name"
MYSQL_OPTIONS = ("ssl_ca", "unix_socket")
# While something large is imported, in pages of 4 KB: 16 MB and 32 MB. With 64 MB it took as long.
IMPORT_CACHE_PAGES = 4_000
IMPORT_LOG_PAGES = 8_000
# Below the bound of every SQLite of these years (32,766), with room for the values that are no list's.
MOST_MARKS = 16_384
PRAGMAS = {"journal_mode": "wal", "synchronous": "normal", "foreign_keys": 1}
SQLITE_BUSY = 5
# SQLITE_READONLY, SQLITE_IOERR, SQLITE_FULL, SQLITE_CANTOPEN: the file system's refusal, not the file's.
FILE_TROUBLE = (8, 10, 13, 14)
# What MySQL says when it is the server's state, not the statement, that is wrong: trying again later makes sense.
# From the server's error list: connections, shutdown, disk, locks, read-only, rights, missing database or table,
# killed.
PASSING_MYSQL = frozenset(
    (1021, 1030, 1040, 1041, 1042, 1043, 1044, 1045, 1049, 1053, 1054, 1077, 1079, 1114, 1129, 1130, 1136, 1142, 1143)
    + (1146, 1152, 1158, 1159, 1160, 1161, 1180, 1203, 1205, 1213, 1226, 1227, 1290, 1317, 1364, 1412, 1613, 1614)
    + (1637, 1792, 1836, 1877, 1927, 3024, 3032, 3100, 3101, 3159, 3169, 4031)
)


# Too many connections, shutting down, and what breaks on the wire.
AWAY_MYSQL = frozenset((1040, 1053, 1077, 1079, 1158, 1159, 1160, 1161, 1203, 1927))

# peewee's own errors for those of the drivers, which are called the same.
DRIVER_ERRORS = ExceptionWrapper(
    {
        error.__name__: error
        for error in (
            DatabaseError,
            DataError,
            IntegrityError,
            InterfaceError,
            InternalError,
            NotSupportedError,
            OperationalError,
            ProgrammingError,
        )
    }
)


class ManyRows(Database):
    """What peewee lacks: one statement for many rows, made and bound by the driver. It is many times as fast as
    building the statement anew for each batch, and the recorder's thread shares the interpreter with the engine."""

    def execute_many(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Run ``sql`` once for each of ``rows`` on this thread's connection."""
        with DRIVER_ERRORS:
            cursor: Any = self.cursor()  # type: ignore[no-untyped-call] # peewee's stub lacks it
            cursor.executemany(sql, rows)

    def run(self, sql: str, values: tuple[Any, ...] = ()) -> Any:
        """Run one statement as it stands and return the cursor."""
        return self.execute_sql(sql, values)  # type: ignore[no-untyped-call] # peewee's stub lacks it

    def among(self, sql: str, wanted: Sequence[Any], *more: Any) -> list[tuple[Any, ...]]:
        """The rows of a query in which ``{}`` stands for the marks of ``wanted``, the first values, and ``?`` for those
        of which come after them. Binding some hundred values through peewee's query builder takes
        longer than finding them."""
        if not wanted:
            return []
        wanted = self._filled(wanted)
        marks = ", ".join([self.param] * len(wanted))
        return list(self.run(sql.format(marks).replace("?", self.param), (*wanted, *more)).fetchall())

    def _filled(self, wanted: Sequence[Any]) -> Sequence[Any]:
        """The values to bind for ``wanted``, which may be more but no others."""
        return wanted


class PooledSqlite(ManyRows, SqliteDatabase):
    """SQLite in WAL mode: readers never wait for the writer. ``synchronous`` NORMAL: a power cut may lose the last
    commits but never harms the file, and what they held is in the spool until it has been synced."""

    def __init__(self, path: str) -> None:
        self._idle: deque[Any] = deque()
        self._is_shut = False
        # A connection moves between threads but is used by one at a time, which SQLite allows.
        super().__init__(path, pragmas=PRAGMAS, timeout=BUSY_TIMEOUT_S, check_same_thread=False)
        self._lock = nullcontext()

    def _connect(self) -> Any:
        try:
            return self._idle.pop()
        except IndexError:
            return super()._connect()  # type: ignore[misc] # a seam that peewee's stub does not show

    def _filled(self, wanted: Sequence[Any]) -> Sequence[Any]:
        # The driver keeps the last 128 statements as they were compiled, those of some thousand marks in a quarter of a
        # megabyte each. With the last value again, up to a power of two, there are few of them, whatever is asked for.
        full = 1 << (len(wanted) - 1).bit_length()
        return wanted if full > MOST_MARKS else [*wanted, *repeat(wanted[-1], full - len(wanted))]

    def _close(self, conn: Any) -> None:
        if conn.in_transaction or self._is_shut or len(self._idle) >= IDLE_CONNECTIONS:
            conn.close()
        else:
            self._idle.append(conn)

    def prepare(self, create: bool) -> None:
        """See to the file before it is opened: with ``create`` make it, and its folder, if need be; without, refuse a
        file that is not there. Raises StoreError."""
        file = Path(self.database)
        if not create and not file.exists():
            raise DatabaseAway(f"there is no database at {file}; run `fsorch init` first")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            if file.is_dir():
                raise StoreError(f"{file} is a folder; name a file in the database URL")
            make_private(file)
        except OSError as error:
            raise DatabaseAway(f"the database {file} cannot be made or written: {error.strerror}") from error

    def shut(self) -> None:
        """Close every connection that nobody uses; the others are closed when they come back."""
        self._is_shut = True
        while self._idle:
            self._idle.pop().close()


class MysqlConnection(pymysql.connections.Connection):
    """A connection over a real socket, which any thread may use after another; see :mod:`fsorch.store.native`."""

    def connect(self, sock: Any = None) -> None:
        """Dial and log in. Raises pymysql's OperationalError."""
        path = str(self.unix_socket or "")
        if sock is None:
            try:
                sock = dial(self.host, self.port, path, CONNECT_TIMEOUT_S)
            except OSError as error:
                raise pymysql.OperationalError(2003, f"no connection to {path or self.host} ({error})") from error
        # Nobody listens in on a Unix socket, so that MySQL's full authentication may pass over it.
        self._secure = bool(path)
        super().connect(sock)

    def patience(self, seconds: float) -> None:
        """How many seconds the server may be silent from now on, before an OperationalError."""
        self._read_timeout = seconds

    def abandon(self) -> None:
        """Close at once, whatever result is still on its way (PyMySQL itself would read it to its end)."""
        result: Any = self._result  # type: ignore[attr-defined] # the stub lacks it
        if result is not None:
            result.unbuffered_active, result.connection = False, None
        self._force_close()  # type: ignore[attr-defined] # the stub lacks it


class PooledMysql(ManyRows, MySQLDatabase):
    """MySQL or MariaDB through PyMySQL."""

    # Values that do not fit are an error rather than a silent cut, whatever the server's own setting.
    sql_mode = "STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION"

    def __init__(self, name: str, **options: Any) -> None:
        self._idle: deque[Any] = deque()
        self._is_shut = False
        super().__init__(
            name,
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=READ_TIMEOUT_S,
            write_timeout=READ_TIMEOUT_S,
            collation="utf8mb4_bin",
            **options,
        )
        # peewee holds this lock while it connects. Its state is kept for each thread, so there is nothing to guard;
        # and a lock between a native thread and greenlets of a hub would make one wait for the other's network.
        self._lock = nullcontext()
        # Where gevent has patched ``ssl``, a TLS connection belongs to the thread that made it.
        self._is_kept = bool(options.get("ssl_disabled")) or not is_patched()

    def _connect(self) -> Any:
        while self._idle:
            conn = self._idle.pop()
            try:
                conn.ping(reconnect=False)
            except (pymysql.MySQLError, OSError):
                _close_quietly(conn)
            else:
                return conn
        return MysqlConnection(database=self.database, autocommit=True, **self.connect_params)

    def _close(self, conn: Any) -> None:
        if not (conn.open and self._is_kept) or self._is_shut or len(self._idle) >= IDLE_CONNECTIONS:
            _close_quietly(conn)
        else:
            self._idle.append(conn)

    def prepare(self, create: bool) -> None:
        """Nothing: a server's database is made by its administrator."""

    @contextmanager
    def patient(self, seconds: float) -> Iterator[None]:
        """In this block a statement on this thread's connection may take so long."""
        connection: Any = self.connection()  # type: ignore[no-untyped-call] # peewee's stub lacks it
        connection.patience(seconds)
        try:
            yield
        finally:
            connection.patience(READ_TIMEOUT_S)

    def shut(self) -> None:
        """Close every connection that nobody uses; the others are closed when they come back."""
        self._is_shut = True
        while self._idle:
            _close_quietly(self._idle.pop())


# Whichever a URL names.
Db = PooledSqlite | PooledMysql


def _close_quietly(conn: Any) -> None:
    """Close a connection of which nothing is expected any more."""
    try:
        conn.close()
    except (pymysql.MySQLError, OSError):
        return


def parse_url(url: str) -> Db:
    """The database that ``url`` names; nothing is touched. Raises StoreError for a URL that is not one of the forms
    above."""
    if url.startswith("sqlite:"):
        return _parse_sqlite(url)
    if re.match(r"(mysql|mariadb):", url):
        return _parse_mysql(url)
    scheme = url.partition(":")[0] if re.match(r"\w+:", url) else "nothing known"
    raise StoreError(f"the database URL begins with {scheme}; use sqlite:///path or {MYSQL_FORM}")


def _parse_sqlite(url: str) -> PooledSqlite:
    path = url.removeprefix("sqlite:///")
    if path == url or not path or "\0" in path or path.startswith(":memory:"):
        raise StoreError(
            f"{url!r} names no database file; use sqlite:///path, with a fourth slash for an absolute path"
        )
    return PooledSqlite(path)


def _parse_mysql(url: str) -> PooledMysql:
    try:
        parts = urlsplit(url)
        port = parts.port or 3306
    except ValueError:
        raise StoreError(f"the MySQL URL has a faulty host or port; use {MYSQL_FORM}") from None
    name = unquote(parts.path.removeprefix("/"))
    if not name or "/" in name or not parts.hostname:
        raise StoreError(f"the MySQL URL lacks a host or a database name; use {MYSQL_FORM}")
    options = _mysql_options(parts.query, parts.hostname)
    return PooledMysql(
        name,
        host=parts.hostname,
        port=port,
        user=unquote(parts.username or ""),
        # As bytes: PyMySQL would make Latin-1 of it, MySQL's own tools make UTF-8.
        password=unquote(parts.password or "").encode(),
        **options,
    )


def _mysql_options(query: str, host: str) -> dict[str, Any]:
    """With ``ssl_ca`` the server must show a certificate of that authority and of its own name. Without, another
    machine is spoken to in TLS if it offers it, whoever it is; this machine is not, as nobody could listen in."""
    options: dict[str, Any] = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        if key not in MYSQL_OPTIONS:
            raise StoreError(f"the MySQL URL has the option {key!r}; known are {', '.join(MYSQL_OPTIONS)}")
        options[key] = value
    if "ssl_ca" in options:
        return options | {"ssl_verify_cert": True, "ssl_verify_identity": True}
    if "unix_socket" in options or host in ("localhost", "::1") or host.startswith("127."):
        options["ssl_disabled"] = True
    return options


def mysql_code(error: BaseException) -> int:
    """The number of MySQL's error, 0 when there is none."""
    first = error.args[0] if error.args else 0
    return first if isinstance(first, int) else 0


def is_passing(error: BaseException) -> bool:
    """Whether the same write may well succeed later: the database is away, locked, full, read-only, or its tables
    are not what they should be. False means that it has looked at the values and refused them."""
    if isinstance(error, ProgrammingError):
        return True
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, sqlite3.Error):
        return isinstance(error, OperationalError | InterfaceError) or _is_broken_file(cause)
    if isinstance(error, IntegrityError | DataError | NotSupportedError):
        return False
    code = mysql_code(error)
    return code == 0 or 2000 <= code < 3000 or code in PASSING_MYSQL


def is_away(error: BaseException) -> bool:
    """Whether the database could not be asked at all: no server there, or one that goes down, or a file that cannot be
    opened or is locked."""
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, sqlite3.Error):
        return isinstance(error, OperationalError)
    code = mysql_code(error)
    return isinstance(error, OperationalError | InterfaceError) and (code < 1000 or code >= 2000 or code in AWAY_MYSQL)


def _is_broken_file(cause: BaseException) -> bool:
    """SQLITE_CORRUPT (11) and SQLITE_NOTADB (26) say nothing about the values."""
    return getattr(cause, "sqlite_errorcode", 0) & 0xFF in (11, 26)


def explain(error: PeeweeException, db: Database) -> str:
    """One sentence about a failed query or connection, without values and without the password."""
    where = f"database {db.database}"
    text = str(error.args[-1] if error.args else error).splitlines()[0][:300]
    hint = {
        1045: "; check user and password in the database URL",
        1049: f"; make it: CREATE DATABASE `{db.database}` CHARACTER SET utf8mb4",
        2003: "; is the server running, and the address right?",
        2006: "; the server closed the connection, try again",
        2013: "; the server closed the connection, try again",
    }.get(mysql_code(error), "")
    if isinstance(error, InternalError | ProgrammingError) and not hint:
        hint = "; has another program changed the tables?"
    cause = getattr(error, "orig", None) or error
    if getattr(cause, "sqlite_errorcode", 0) & 0xFF == SQLITE_BUSY:
        hint = " by another program; try again when that has ended"
    if getattr(cause, "sqlite_errorcode", 0) & 0xFF in FILE_TROUBLE:
        hint = "; is there room on its disk, and may it be written?"
    if _is_broken_file(cause):
        hint = "; put a copy back with: fsorch db rollback FILE"
    return f"{where}: {text}{hint}"


@contextmanager
def connected(db: Db) -> Iterator[Db]:
    """A connection for the block, given back after it. Nests. What peewee raises comes out as StoreError."""
    try:
        opened = db.connect(reuse_if_open=True)
        try:
            yield db
        finally:
            if opened:
                db.close()
    except PeeweeException as error:
        kind = DatabaseAway if is_away(error) else StoreError
        raise kind(explain(error, db)) from error


@contextmanager
def roomy(db: Db) -> Iterator[Db]:
    """For the many batches of an import: SQLite keeps more pages at hand, so that an index larger than its usual cache
    is not read from disk row by row, and lets its log grow longer, so that a page that many rows touch is put into its
    place once for all of them."""
    usual = {"cache_size": db.run("PRAGMA cache_size").fetchone()[0]} if isinstance(db, PooledSqlite) else {}
    if usual:
        usual["wal_autocheckpoint"] = db.run("PRAGMA wal_autocheckpoint").fetchone()[0]
        db.run(f"PRAGMA cache_size = {IMPORT_CACHE_PAGES}")
        db.run(f"PRAGMA wal_autocheckpoint = {IMPORT_LOG_PAGES}")
    try:
        yield db
    finally:
        for name, value in usual.items():
            db.run(f"PRAGMA {name} = {int(value)}")


def make_private(file: Path) -> None:
    """Make ``file`` if it is not there: for the owner only, from the first byte, for it holds callers and password
    hashes. SQLite gives its other files the same mode.

    A file that is there is never opened here. Closing it would drop every lock that SQLite holds on it in this process
    (fcntl(2)); the next process to close the database would find itself alone and delete the log that this one goes
    on writing to."""
    try:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        if not os.access(file, os.R_OK | os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES)) from None


@contextmanager
def writing(db: Db) -> Iterator[None]:
    """A transaction that will write. SQLite takes its one write lock at once: a reader that turns writer halfway would
    be refused instead of waiting its turn."""
    with db.atomic("IMMEDIATE") if isinstance(db, PooledSqlite) else db.atomic():
        yield
