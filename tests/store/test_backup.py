"""Copies of the database: whole, private, made before an upgrade, and put back."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from fsorch.errors import ConfigError, StoreError
from fsorch.store import Store
from fsorch.store.backup import back_up, newest_copy, read_schema, roll_back
from fsorch.store.database import connected, parse_url
from fsorch.store.migrate import known_migrations, migrate
from fsorch.store.steps import Steps
from tests.conftest import require
from tests.store.conftest import open_store
from tests.store.mariadb import PASSWORD, MariaDb

KNOWN = len(known_migrations())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "records.db"


def old_database(file: Path, applied: int) -> str:
    """A database of an older fsorch, in which somebody logged in."""
    url = f"sqlite:///{file}"
    db = parse_url(url)
    db.prepare(True)
    with connected(db):
        migrate(db, 0, known=known_migrations()[:applied])
        db.run("INSERT INTO audit (id, at, who, act, what) VALUES ('a', 1, 'root', 'login', '{}')")
    db.shut()
    return url


def whos(store: Store) -> list[str]:
    return [row.who for row in store.audits()]


def test_a_copy_is_whole_and_for_the_owner_only(file: Path, tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{file}")
    store.audit("ada", "login", "")
    # It is in the log still, and in no file of the database's name.
    back_up(f"sqlite:///{file}", tmp_path / "copy")
    store.audit("bo", "login", "")
    store.close()
    assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o600
    copy = open_store(f"sqlite:///{tmp_path}/copy")
    assert whos(copy) == ["ada"]
    copy.close()
    with pytest.raises(ConfigError, match="there already"):
        back_up(f"sqlite:///{file}", tmp_path / "copy")
    with pytest.raises(StoreError, match="cannot be made"):
        back_up(f"sqlite:///{file}", tmp_path / "none" / "copy")


def test_an_upgrade_leaves_a_copy_and_rolling_back_puts_it_back(file: Path) -> None:
    url = old_database(file, 16)
    assert (read_schema(url).applied, read_schema(url).known, read_schema(url).backups) == (16, KNOWN, ())
    store = open_store(url)
    store.audit("eve", "login", "")
    store.close()
    schema = read_schema(url)
    assert (schema.applied, schema.backups) == (KNOWN, (f"{file}.at-0016",))
    kept = roll_back(url, Path(schema.backups[0]), 1_800_000_000_000_000)
    assert read_schema(url).applied == 16
    assert (kept.name, read_schema(f"sqlite:///{kept}").applied) == ("records.db.rolled-back-1800000000", KNOWN)
    # And up again, over the copy of the first try.
    store = open_store(url)
    assert whos(store) == ["root"]
    store.close()


def test_nothing_is_copied_where_nothing_is_to_be_done(file: Path) -> None:
    for _ in range(2):
        open_store(f"sqlite:///{file}").close()
    assert sorted(os.listdir(file.parent)) == ["records.db"]


def test_what_is_no_database_of_ours_is_not_put_in_its_place(file: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{file}"
    open_store(url).close()
    for name, content in (("empty", b""), ("text", b"not a database" * 100)):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(StoreError):
            roll_back(url, tmp_path / name, 0)
    with pytest.raises(StoreError, match="there is no backup"):
        roll_back(url, tmp_path / "none", 0)
    assert read_schema(url).applied == KNOWN


def test_a_newer_database_is_refused_and_told_of(file: Path) -> None:
    url = f"sqlite:///{file}"
    open_store(url).close()
    db = parse_url(url)
    with connected(db):
        db.run("INSERT INTO migration (number, name, applied_at) VALUES (?, 'm9999_later', 0)", (KNOWN + 1,))
    db.shut()
    assert read_schema(url).applied == KNOWN + 1
    with pytest.raises(StoreError, match=f"at migration {KNOWN + 1}, this fsorch knows {KNOWN}; run the newer one"):
        open_store(url)


def test_a_server_has_its_own_tools(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="by the commands of fsorch db status"):
        back_up("mysql://fsorch@127.0.0.1/fsorch", tmp_path / "copy")


def test_a_server_is_copied_and_put_back_by_the_commands_that_are_told(mariadb: MariaDb, tmp_path: Path) -> None:
    """As an administrator runs them: in a shell, from before an upgrade to after it."""
    if shutil.which("mariadb-dump") is None or shutil.which("mariadb") is None:
        require("mysql", "mariadb-dump not found; install Debian's package mariadb-client")
    url = mariadb.new_database()
    db = parse_url(url)
    with connected(db):
        migrate(db, 1, known=known_migrations()[:21])
        Steps(db).put("meta", {"name": "mark"}, {"value": "before"})
    schema = read_schema(url)
    assert (schema.applied, schema.known, PASSWORD in f"{schema.dump}{schema.restore}") == (21, KNOWN, False)

    def run(command: str) -> None:
        environment = os.environ | {"MYSQL_PWD": PASSWORD}
        subprocess.run(command.replace(" -p ", " "), shell=True, check=True, cwd=tmp_path, env=environment, timeout=120)  # noqa: S602 - as it is pasted

    run(schema.dump)
    store = open_store(url)
    store.set_password("later", "correct horse 7", "admin")
    store.close()
    assert read_schema(url).applied == KNOWN
    run(schema.restore)
    assert read_schema(url).applied == 21
    with connected(db):
        assert Steps(db).rows("meta", "value", name="mark") == [("before",)]
        assert not [one for one in db.get_columns("promise") if one.name == "tenant"]
    db.shut()
    # And up again, from the copy.
    store = open_store(url)
    assert store.user("later") is None
    store.close()


def test_the_way_back_on_a_server_is_its_own_tools(file: Path) -> None:
    with pytest.raises(StoreError, match="its own tools"):
        newest_copy("mysql://fsorch:secret@127.0.0.1/fsorch")
    with pytest.raises(StoreError, match="no upgrade has left a copy"):
        newest_copy(f"sqlite:///{file}")
