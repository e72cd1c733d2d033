"""Databases of others: read, never written, never waited for long."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsorch.errors import StoreError
from fsorch.expressions import Value
from fsorch.ivr.steps import Secret, SqlAsk
from fsorch.store import sources
from fsorch.store.sources import MOST_ROWS, Source, open_source
from tests.store.mariadb import PASSWORD, MariaDb

FOREVER = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n",
    "mysql": "SELECT SLEEP(20) FROM customers",
}
MANY = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000) SELECT i FROM n",
    "mysql": "SELECT seq AS i FROM seq_1_to_100000",
}


def ask(query: str, timeout_s: float = 5.0, **values: Value | Secret) -> SqlAsk:
    return SqlAsk(source="crm", query=query, values=tuple(values.items()), timeout_s=timeout_s)


@pytest.fixture(params=["sqlite", "mysql"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def address(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """Where three customers are."""
    make = "CREATE TABLE customers (id INTEGER, name VARCHAR(40), owes DECIMAL(10,2), since DATE, raw BLOB)"
    fill = (
        "INSERT INTO customers VALUES (1, 'Ann', 12.50, '2026-11-21', x'c3bc'), (2, 'O''Hara', 7, NULL, NULL),"
        " (3, 'it''s :name %s', 0.1, NULL, NULL)"
    )
    if kind == "sqlite":
        with closing(sqlite3.connect(tmp_path / "c r?m.db", isolation_level=None)) as db:
            db.execute(make)
            db.execute(fill)
        return f"sqlite:///{tmp_path}/c r?m.db"
    server: MariaDb = request.getfixturevalue("mariadb")
    url = server.new_database()
    server.run(f"USE {url.rpartition('/')[2]}", f"{make} CHARACTER SET utf8mb4", fill, "COMMIT")
    return url


@pytest.fixture
def source(address: str) -> Iterator[Source]:
    opened = open_source("crm", address)
    yield opened
    opened.shut()


def test_rows_come_by_column_as_plain_values(source: Source) -> None:
    found = source.ask(ask("SELECT name, owes, since, raw FROM customers WHERE id = :id", id=1))
    assert found.rows == ({"name": "Ann", "owes": 12.5, "since": "2026-11-21", "raw": "ü"},)
    assert source.ask(ask("SELECT name, since FROM customers WHERE id = 2")).rows[0]["since"] is None
    assert not source.ask(ask("SELECT name FROM customers WHERE id = :id", id=9)).rows


@pytest.mark.parametrize(
    "name", ["O'Hara", "' OR 1=1 -- ", "\\' OR 1=1 #", "%s", "%(id)s", ":id", '";drop', "ü\u2028😀"]
)
def test_a_value_never_becomes_part_of_the_query(source: Source, name: str) -> None:
    found = source.ask(ask("SELECT id, :name AS said FROM customers WHERE name = :name", name=name))
    assert [row["id"] for row in found.rows] == ([2] if name == "O'Hara" else [])
    assert source.ask(ask("SELECT :name AS said", name=name)).rows == ({"said": name},)


def test_texts_of_the_query_stay_as_they_are(source: Source) -> None:
    found = source.ask(ask("SELECT id FROM customers WHERE name = 'it''s :name %s' AND id = :id -- :x\n", id=3))
    assert found.rows == ({"id": 3},)


@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30))
def test_any_text_in_quotes_passes_the_driver(text: str) -> None:
    quoted = "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
    turned = sources._driver_form(f"SELECT {quoted}, :id", {"id": 1})
    assert turned % {"id": "1"} == f"SELECT {quoted}, 1"


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM customers",
        "WITH x AS (SELECT 1) DELETE FROM customers",
        "SELECT 1; DELETE FROM customers",
        "SELECT * FROM customers INTO OUTFILE '{folder}/out'",
        "SELECT * FROM customers INTO/**/DUMPFILE '{folder}/out'",
        "SELECT * FROM customers /*!50000 INTO OUTFILE '{folder}/out' */",
        "SELECT * FROM customers /*M! INTO OUTFILE '{folder}/out' */",
        "ATTACH '{folder}/out' AS other",
        "PRAGMA query_only = 0",
        "SET SESSION TRANSACTION READ WRITE",
        "SELECT * FROM nowhere",
        "SELECT :missing",
    ],
)
def test_what_does_more_than_read_is_refused(source: Source, tmp_path: Path, query: str) -> None:
    with pytest.raises(StoreError):
        source.ask(ask(query.format(folder=tmp_path)))
    assert not (tmp_path / "out").exists()
    assert source.ask(ask("SELECT count(*) AS n FROM customers")).rows == ({"n": 3},)


def test_the_server_itself_holds_the_session_to_reading(
    kind: str, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "_check", lambda ask: None)
    for query in ("DELETE FROM customers", "UPDATE customers SET id = 4", "DROP TABLE customers"):
        with pytest.raises(StoreError, match="only read"):
            source.ask(ask(query))
    assert source.ask(ask("SELECT count(*) AS n FROM customers")).rows == ({"n": 3},)


def test_a_slow_query_ends_in_time_and_the_next_is_answered(kind: str, source: Source) -> None:
    began = time.monotonic()
    with pytest.raises(StoreError, match="crm gave no answer within 0.3 s"):
        source.ask(ask(FOREVER[kind], 0.3))
    assert time.monotonic() - began < 30
    assert source.ask(ask("SELECT count(*) AS n FROM customers")).rows == ({"n": 3},)


def test_a_hundred_rows_are_enough(kind: str, source: Source) -> None:
    for _ in range(2):
        assert [row["i"] for row in source.ask(ask(MANY[kind])).rows] == list(range(1, MOST_ROWS + 1))


def test_many_columns_and_long_texts_are_cut(source: Source) -> None:
    columns = ", ".join(f"{n} AS c{n}" for n in range(80))
    assert len(source.ask(ask(f"SELECT {columns}")).rows[0]) == sources.MOST_COLUMNS
    said = source.ask(ask("SELECT :text AS told", text="x" * 9000)).rows[0]["told"]
    assert said == "x" * sources.MOST_CHARACTERS


def test_no_error_tells_a_value(source: Source) -> None:
    for query in ("SELECT FROM customers WHERE :pin", "SELECT :pin FROM nowhere", "SELECT name(:pin) FROM customers"):
        with pytest.raises(StoreError) as error:
            source.ask(ask(query, pin=Secret("8451")))
        assert "8451" not in str(error.value)
    assert source.ask(ask("SELECT 1 AS one WHERE :pin = '8451'", pin=Secret("8451"))).rows == ({"one": 1},)


def test_a_list_is_no_value(source: Source) -> None:
    with pytest.raises(StoreError, match=":ids is a list"):
        source.ask(ask("SELECT :ids", ids=(1, 2)))


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        open_source("crm", f"sqlite:///{tmp_path}/none.db").ask(ask("SELECT 1"))
    assert not os.listdir(tmp_path)


def test_a_server_that_is_away_is_told_without_the_password(mariadb: MariaDb) -> None:
    url = mariadb.new_database()
    for faulty in (url.replace("s3cret", "guess"), url.replace(f":{mariadb.port}/", ":1/")):
        with pytest.raises(StoreError) as error:
            open_source("crm", faulty).ask(ask("SELECT 1"))
        assert PASSWORD not in str(error.value)
        assert "guess" not in str(error.value)


def test_a_session_that_the_server_ended_costs_nobody_an_answer(mariadb: MariaDb) -> None:
    source = open_source("crm", mariadb.new_database())
    assert source.ask(ask("SELECT 1 AS one")).rows == ({"one": 1},)
    mariadb.stop()
    with pytest.raises(StoreError):
        source.ask(ask("SELECT 1 AS one"))
    mariadb.start()
    assert source.ask(ask("SELECT 1 AS one")).rows == ({"one": 1},)
    source.shut()
