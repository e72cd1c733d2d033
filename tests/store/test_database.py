"""URLs, migrations, connections that come and go, and what is said when something is wrong."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from unittest.mock import patch
from urllib.parse import quote

import pymysql
import pytest
from peewee import (
    BigIntegerField,
    BooleanField,
    CharField,
    DoubleField,
    IntegerField,
    IntegrityError,
    Model,
    OperationalError,
    ProgrammingError,
)

from fsorch.errors import StoreError
from fsorch.flow_checks import faults
from fsorch.flow_nodes import Menu, QueueNode
from fsorch.flows import FlowWorld, decode_flow
from fsorch.store import Store, customer_models, lead_models, models, open_database
from fsorch.store.database import PooledMysql, connected, explain, is_passing, parse_url
from fsorch.store.migrate import known_migrations, migrate
from fsorch.store.models import MigrationRecord
from fsorch.store.native import start_thread
from fsorch.store.steps import Steps
from tests.store.facts import call, contact_ended
from tests.store.mariadb import PASSWORD, MariaDb, make_certificate

RECORDS: list[type[Model]] = [
    value
    for module in (models, customer_models, lead_models)
    for name in module.__all__
    if isinstance(value := getattr(module, name), type) and issubclass(value, Model)
]
# What the engines call the types of our columns.
TYPES = {
    "sqlite": {
        CharField: "VARCHAR({width})",
        BigIntegerField: "BIGINT",
        BooleanField: "BOOL",
        DoubleField: "DOUBLE",
        IntegerField: "INTEGER",
    },
    "mysql": {
        CharField: "varchar({width})",
        BigIntegerField: "bigint(20)",
        BooleanField: "tinyint(1)",
        DoubleField: "double",
        IntegerField: "int(11)",
    },
}


def stamp(*numbers: int) -> list[ModuleType]:
    """Migrations that each make one table and fail at ``broken``."""
    made = []
    for number in numbers:
        module = ModuleType(f"made.m{number:04}_made")
        module.up = table_of(number)  # type: ignore[attr-defined]
        made.append(module)
    return made


def table_of(number: int) -> Callable[[Steps], None]:
    def up(steps: Steps) -> None:
        steps.table(f"made_{number}", "id INTEGER NOT NULL PRIMARY KEY, a INTEGER NOT NULL")
        steps.index(f"made_{number}", "a", "id")

    return up


class TestUrls:
    @pytest.mark.parametrize(
        "url",
        [
            "",
            "records.db",
            "sqlite:",
            "sqlite:///",
            "sqlite://host/path",
            "sqlite:///:memory:",
            "sqlite:///a\0b",
            "postgres://u:s3cret@h/db",
            "mysql://",
            "mysql:///db",
            "mysql://u:s3cret@h",
            "mysql://u:s3cret@h/a/b",
            "mysql://u:s3cret@h:port/db",
            "mysql://u:s3cret@h:99999/db",
            "mysql://u:s3cret@[::1/db",
            "mysql://u:s3cret@h/db?local_infile=1",
        ],
    )
    def test_a_faulty_one_is_one_sentence_without_the_password(self, url: str) -> None:
        with pytest.raises(StoreError) as refused:
            parse_url(url)
        message = str(refused.value)
        assert "\n" not in message
        assert "s3cret" not in message
        assert refused.value.__suppress_context__ or refused.value.__context__ is None

    def test_mysql_parts_are_decoded(self) -> None:
        db = parse_url(f"mysql://a%40b:{quote(PASSWORD, safe='')}@[::1]:3307/na%20me?ssl_ca=/etc/ca.pem")
        assert db.database == "na me"
        known = db.connect_params
        assert (known["host"], known["port"], known["user"]) == ("::1", 3307, "a@b")
        assert known["password"] == PASSWORD.encode()
        assert known["ssl_verify_identity"] is True

    def test_a_path_is_taken_as_it_stands(self, tmp_path: Path) -> None:
        odd = tmp_path / "new" / "a?b#c%20 d.db"
        open_database(f"sqlite:///{odd}").close()
        assert odd.is_file()

    def test_without_create_nothing_is_made(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="fsorch init"):
            open_database(f"sqlite:///{tmp_path}/no/records.db", create=False)
        assert list(tmp_path.iterdir()) == []
        sqlite3.connect(tmp_path / "other.db").close()
        with pytest.raises(StoreError, match="fsorch init"):
            open_database(f"sqlite:///{tmp_path}/other.db", create=False)

    def test_a_folder_that_cannot_be(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(StoreError, match="cannot be made or written"):
            open_database(f"sqlite:///{tmp_path}/file/records.db")
        with pytest.raises(StoreError, match="is a folder"):
            open_database(f"sqlite:///{tmp_path}")

    def test_the_file_is_for_its_owner_only(self, tmp_path: Path) -> None:
        store = open_database(f"sqlite:///{tmp_path}/records.db")
        store.write(call("c1"))
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
        assert modes == {"records.db": 0o600, "records.db-wal": 0o600, "records.db-shm": 0o600}
        store.close()

    def test_a_file_that_is_no_database(self, tmp_path: Path) -> None:
        (tmp_path / "text.db").write_text("hello " * 1000)
        with pytest.raises(StoreError, match="file is not a database; put a copy back with: fsorch db rollback FILE"):
            open_database(f"sqlite:///{tmp_path}/text.db")

    @pytest.mark.parametrize(
        ("code", "hint"),
        [(5, " by another program; try again when that has ended"), (1, "")]
        + [(code, "; is there room on its disk, and may it be written?") for code in (8, 10, 13, 14, 778)],
    )
    def test_what_sqlite_says_brings_what_to_do(self, tmp_path: Path, code: int, hint: str) -> None:
        cause = sqlite3.OperationalError("it did not work")
        cause.sqlite_errorcode = code
        error = OperationalError("it did not work")
        error.orig = cause  # type: ignore[attr-defined] # peewee sets it, its stub lacks it
        db = parse_url(f"sqlite:///{tmp_path}/records.db")
        assert explain(error, db) == f"database {tmp_path}/records.db: it did not work{hint}"


class TestMigrations:
    def test_the_tables_are_the_models(self, store: Store) -> None:
        engine = "mysql" if "Mysql" in type(store.db).__name__ else "sqlite"
        for record in RECORDS:
            table = record._meta.table_name
            there = {one.name: (one.full_type or one.data_type, one.null) for one in store.db.get_columns(table)}
            wanted = {}
            for field in record._meta.sorted_fields:
                kind = next((TYPES[engine][base] for base in TYPES[engine] if isinstance(field, base)), "longtext")
                kind = kind.format(width=getattr(field, "max_length", 0))
                wanted[field.column_name] = (kind if engine == "mysql" else kind, bool(field.null))
            assert {name: (kind.lower(), null) for name, (kind, null) in there.items()} == {
                name: (kind.lower(), null) for name, (kind, null) in wanted.items()
            }, table

    def test_mysql_tables_are_utf8mb4_and_binary(self, mariadb: MariaDb) -> None:
        store = open_database(mariadb.new_database())
        query = "SELECT DISTINCT table_collation, engine FROM information_schema.tables WHERE table_schema = DATABASE()"
        with connected(store.db) as db:
            assert db.run(query).fetchall() == (("utf8mb4_bin", "InnoDB"),)
        store.close()

    def test_twice_is_once(self, url: str) -> None:
        for _ in range(2):
            store = open_database(url)
            store.write(call("c1"))
            assert store.counts().contacts == 1
            store.close()
        store = open_database(url, create=False)
        rows = list(MigrationRecord.select().execute(store.db))
        names = [module.__name__.rpartition(".")[2] for module in known_migrations()]
        assert [(row.number, row.name) for row in rows] == list(enumerate(names, 1))
        store.close()

    def test_only_what_is_missing_is_applied(self, url: str) -> None:
        db = parse_url(url)
        with connected(db):
            assert migrate(db, 1, known=stamp(1, 2)) == [1, 2]
            assert migrate(db, 2, known=stamp(1, 2)) == []
            assert migrate(db, 3, known=stamp(1, 2, 3, 4)) == [3, 4]
            assert db.table_exists("made_4")
        db.shut()

    def test_a_newer_database_is_refused(self, url: str) -> None:
        open_database(url).close()
        db = parse_url(url)
        with connected(db):
            last = len(known_migrations())
            MigrationRecord.insert(number=last + 1, name="later", applied_at=1).execute(db)
        db.shut()
        with pytest.raises(StoreError, match=f"at migration {last + 1}, this fsorch knows {last}; run the newer one"):
            open_database(url)

    def test_one_that_breaks_off_can_be_run_again(self, url: str) -> None:
        (module,) = stamp(1)
        whole = module.up

        def up(steps: Steps) -> None:
            steps.table("made_1", "id INTEGER NOT NULL PRIMARY KEY, a INTEGER NOT NULL")
            raise StoreError("the machine went down")

        db = parse_url(url)
        module.up = up  # type: ignore[attr-defined]
        with connected(db):
            with pytest.raises(StoreError):
                migrate(db, 1, known=[module])
            module.up = whole  # type: ignore[attr-defined]
            assert migrate(db, 1, known=[module]) == [1]
            assert [index.name for index in db.get_indexes("made_1") if "a" in index.columns] == ["made_1_a_id"]
        db.shut()

    def test_numbers_have_no_gap(self, url: str) -> None:
        db = parse_url(url)
        with connected(db), pytest.raises(StoreError, match="no gap"):
            migrate(db, 1, known=stamp(1, 3))
        db.shut()
        assert known_migrations()[0].__name__.endswith("m0001_first_tables")


class TestConnections:
    def test_connections_are_kept_and_bounded(self, store: Store) -> None:
        for _ in range(30):
            store.revision()
        assert len(store.db._idle) == 1

    def test_a_closed_store_keeps_none(self, store: Store) -> None:
        with connected(store.db):
            store.close()
            assert store.revision() == 0
        assert len(store.db._idle) == 0

    def test_two_threads_have_one_each(self, store: Store) -> None:
        done = []

        def work() -> None:
            with connected(store.db) as db:
                done.append(id(db.connection()))  # type: ignore[no-untyped-call]

        with connected(store.db) as db:
            mine = id(db.connection())  # type: ignore[no-untyped-call]
            assert start_thread(work).wait(60)
        assert done != [mine]
        # The other's connection serves this thread as well.
        for _ in range(3):
            assert store.revision() == 0

    def test_however_many_values_are_asked_for_few_statements_are_kept(self, tmp_path: Path) -> None:
        db = parse_url(f"sqlite:///{tmp_path}/few.db")
        with connected(db):
            db.run("CREATE TABLE some (number INTEGER)")
            db.execute_many("INSERT INTO some VALUES (?)", [(n,) for n in range(1_000)])
            with patch.object(db, "run", wraps=db.run) as run:
                for count in range(1, 600):
                    query = "SELECT number FROM some WHERE number IN ({}) AND number <> ?"
                    found = db.among(query, list(range(400, 400 + count)), 400)
                    assert found == [(n,) for n in range(401, 400 + count)]
                # So many that SQLite would take no more of them.
                assert len(db.among("SELECT number FROM some WHERE number IN ({})", range(20_000))) == 1_000
        assert len({call.args[0] for call in run.call_args_list}) <= 12

    def test_a_restarted_server_is_nobodys_error(self, mariadb: MariaDb) -> None:
        store = open_database(mariadb.new_database())
        store.write([contact_ended("c1")])
        for kill in (False, True):
            mariadb.stop(kill=kill)
            with pytest.raises(StoreError, match=r"no connection to 127\.0\.0\.1") as refused:
                store.contacts()
            assert PASSWORD not in str(refused.value)
            mariadb.start()
            assert [one.id for one in store.contacts()] == ["c1"]
        store.close()

    def test_a_wrong_password_says_so_without_it(self, mariadb: MariaDb) -> None:
        url = mariadb.new_database().replace("s3cret", "wr0ng")
        with pytest.raises(StoreError, match="check user and password") as refused:
            open_database(url)
        assert "wr0ng" not in str(refused.value)

    def test_a_missing_database_says_how_to_make_it(self, mariadb: MariaDb) -> None:
        url = mariadb.new_database()
        mariadb.run(f"DROP DATABASE {url.rpartition('/')[2]}")
        with pytest.raises(StoreError, match="CREATE DATABASE `fsorch_"):
            open_database(url)

    def test_over_tls_with_a_server_that_proves_itself(self, mariadb: MariaDb) -> None:
        url = mariadb.new_database()
        name = url.rpartition("/")[2]
        mariadb.run(f"ALTER USER {name}@'127.0.0.1' REQUIRE SSL")
        with pytest.raises(StoreError, match="check user and password"):
            open_database(url)
        store = open_database(f"{url}?ssl_ca={mariadb.certificate}")
        with connected(store.db) as db:
            assert db.run("SHOW STATUS LIKE 'Ssl_version'").fetchone()[1].startswith("TLSv1.")
        assert store.revision() == 0
        store.close()

    def test_a_server_that_cannot_prove_itself_is_not_spoken_to(self, mariadb: MariaDb, tmp_path: Path) -> None:
        make_certificate(tmp_path)
        with pytest.raises(StoreError, match="certificate verify failed"):
            open_database(f"{mariadb.new_database()}?ssl_ca={tmp_path}/cert.pem")
        url = mariadb.new_database().replace("127.0.0.1", "localhost")
        with pytest.raises(StoreError, match="certificate"):
            open_database(f"{url}?ssl_ca={mariadb.certificate}")

    def test_over_a_unix_socket(self, mariadb: MariaDb) -> None:
        url = mariadb.new_database()
        name = url.rpartition("/")[2]
        mariadb.run(f"CREATE USER {name}@localhost IDENTIFIED BY 'x'", f"GRANT ALL ON {name}.* TO {name}@localhost")
        store = open_database(f"mysql://{name}:x@localhost/{name}?unix_socket={mariadb.socket}")
        assert store.revision() == 0
        store.close()


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (OperationalError(2013, "Lost connection"), True),
        (OperationalError(1213, "Deadlock found"), True),
        (OperationalError(1290, "read-only"), True),
        (OperationalError(1644, "SIGNAL"), False),
        (OperationalError(1366, "Incorrect string value"), False),
        (OperationalError(1054, "Unknown column"), True),
        (ProgrammingError(1064, "syntax"), True),
        (ProgrammingError(sqlite3.ProgrammingError("closed database")), True),
        (IntegrityError(sqlite3.IntegrityError("constraint")), False),
        (pymysql.InterfaceError(0, ""), True),
    ],
)
def test_which_errors_pass(error: Exception, passing: bool) -> None:
    assert is_passing(error) is passing


def other_process_counts(file: Path) -> int:
    """The contacts that a process of its own sees, which opens the file and closes it again."""
    look = (
        "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); print(*db.execute(sys.argv[2]).fetchone()); db.close()"
    )
    query = "SELECT COUNT(*) FROM contact"
    done = subprocess.run([sys.executable, "-c", look, str(file), query], capture_output=True, text=True, check=True)
    return int(done.stdout)


def test_nothing_is_lost_when_another_process_closes_the_file(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/records.db"
    first = open_database(url)
    second = open_database(url)  # as the recorder does, beside the store
    for n in range(3):
        first.write(call(f"c{n}"))
        assert other_process_counts(tmp_path / "records.db") == n + 1
    first.close()
    second.close()


class TestOldCustomers:
    @pytest.mark.parametrize("broken_off", [False, True])
    def test_the_field_becomes_a_place(self, url: str, broken_off: bool) -> None:
        db = parse_url(url)
        db.prepare(True)
        moments = {"created_at": 1, "changed_at": 2, "pin_missed_at": 0, "pin_misses": 0}
        blank = {"tier": "", "language": "", "agent": "", "pin": ""}
        promise = dict.fromkeys(("kind", "what", "number", "agent", "role", "state"), "") | {"contact": "x"}
        with connected(db):
            migrate(db, 1, known=known_migrations()[:21])
            steps = Steps(db)
            for id, reference, fields in (("c1", "1", {"tenant": "acme", "plan": "gold"}), ("c2", None, {"plan": "é"})):
                row = {"reference": reference, "name": id, "fields": json.dumps(fields)} | moments | blank
                steps.put("customer", {"id": id}, row)
                steps.put("customer_number", {"number": f"4420{id[1]}"}, {"customer": id, "place": 0})
                due = {"made_at": 1, "due_at": 1, "ended_at": 0}
                steps.put("promise", {"id": f"p{id}"}, promise | {"customer": id} | due)
            if broken_off and isinstance(db, PooledMysql):
                # Killed when the old table was gone, and the new one had not got its name.
                with pytest.raises(StoreError), patch.object(Steps, "index", side_effect=StoreError("killed")):
                    migrate(db, 2)
                db.run("ALTER TABLE customer_number RENAME TO customer_number_anew")
            migrate(db, 2)
            numbers = sorted(steps.rows("customer_number", "number", "tenant", "customer", "place"))
            promises = sorted(steps.rows("promise", "id", "tenant"))
        db.shut()
        assert numbers == [("44201", "acme", "c1", 0), ("44202", "", "c2", 0)]
        assert promises == [("pc1", "acme"), ("pc2", "")]
        store = open_database(url)
        first, second = store.customers.get("c1"), store.customers.get("c2")
        assert (first.tenant, first.fields, first.reference) == ("acme", {"plan": "gold"}, "1")
        assert (second.tenant, second.fields, second.reference) == ("", {"plan": "é"}, "")
        store.close()


class TestOldFlows:
    def test_a_flow_of_a_menu_becomes_one_of_nodes(self, url: str) -> None:
        old = {
            "id": "main",
            "greeting": "hello",
            "menu": {"options": {"1": "sales", "2": "support"}, "default": "support", "timeout_s": 99, "tries": 1},
            "calendar": "day",
        }
        db = parse_url(url)
        db.prepare(True)
        before, after = known_migrations()[:7], known_migrations()[:8]
        with connected(db):
            migrate(db, 1, known=before)
            row = {"place": 0, "made_at": 1, "made_by": "cli", "removed_at": 0, "body": json.dumps(old)}
            models.FlowRecord.insert(row | {"id": "main", "version": 1}).execute(db)
            migrate(db, 2, known=after)
            body = models.FlowRecord.select(models.FlowRecord.body).scalar(db)
        spec = decode_flow(json.loads(body), where="row")
        world = FlowWorld(queues=frozenset(("sales", "support")), calendars=frozenset(("day",)))
        assert faults(spec, world) == ()
        assert spec.person == "support"
        menu = spec.nodes["menu"]
        assert isinstance(menu, Menu)
        assert menu.options == {"0": "person", "1": "queue_1", "2": "person"}
        assert (menu.timeout_s, menu.tries) == (60.0, 1)
        assert spec.nodes["queue_1"] == QueueNode(queue="sales")
        assert spec.calendar == "day"
        db.shut()
