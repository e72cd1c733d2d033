"""From put to row: through restarts, deaths, and databases that are away, on both engines."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fsorch.config import QueueSpec
from fsorch.errors import RequestRefused, StoreError
from fsorch.store import Recorder, Store, database, open_database
from fsorch.store.native import Bell
from fsorch.store.spool import segments
from tests.store.facts import call, contact_ended, fact
from tests.store.mariadb import MariaDb

LONG_S = 60.0
ROOT = Path(__file__).parents[2]


class Troubles:
    """Keeps what a recorder complains of, and rings."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self._bell = Bell()

    def __call__(self, error: str) -> None:
        self.heard.append(error)
        self._bell.ring()

    def wait(self) -> str:
        """The next complaint."""
        assert self._bell.wait(LONG_S)
        return self.heard[-1]


@contextmanager
def recording(url: str, spool: Path, **options: Any) -> Iterator[Recorder]:
    recorder = Recorder(url, spool, **options)
    try:
        yield recorder
    finally:
        recorder.stop(LONG_S)


def rejected(spool: Path) -> list[dict[str, Any]]:
    path = spool / "rejected.jsonl"
    return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()] if path.exists() else []


class TestRecorder:
    def test_what_is_put_comes_into_the_tables(self, url: str, store: Store, tmp_path: Path) -> None:
        with recording(url, tmp_path / "spool") as recorder:
            for n in range(100):
                recorder.put(call(f"c{n}"))
            assert recorder.flush(LONG_S)
            stats = recorder.stats()
            assert (stats.spooled, stats.written, stats.behind, stats.error) == (600, 600, 0, "")
            assert (stats.shed, stats.rejected, stats.torn) == (0, 0, 0)
        counts = store.counts()
        assert (counts.contacts, counts.answered, counts.cdr_rows, counts.legs, counts.facts) == (
            100,
            100,
            200,
            200,
            600,
        )

    def test_nothing_put_is_nothing_to_wait_for(self, url: str, tmp_path: Path) -> None:
        with recording(url, tmp_path / "spool") as recorder:
            assert recorder.flush(LONG_S)

    def test_without_a_flush_it_is_written_as_well(self, url: str, store: Store, tmp_path: Path) -> None:
        recorder = Recorder(url, tmp_path / "spool")
        recorder.put(call("c1"))
        assert recorder.stop(LONG_S)
        assert store.contact("c1").contact.outcome == "answered"

    def test_after_the_stop_nothing_is_taken_and_nothing_breaks(self, url: str, tmp_path: Path) -> None:
        recorder = Recorder(url, tmp_path / "spool")
        recorder.put(call("c1"))
        assert recorder.stop(LONG_S)
        recorder.put(call("c2"))
        assert recorder.stop(LONG_S)
        assert recorder.stats().shed == 6
        # The folder is free again.
        assert Recorder(url, tmp_path / "spool").stop(LONG_S)

    def test_a_restart_goes_on_where_it_was(self, url: str, store: Store, tmp_path: Path) -> None:
        for n in range(5):
            with recording(url, tmp_path / "spool") as recorder:
                recorder.put(call(f"c{n}"))
                assert recorder.flush(LONG_S)
                assert (recorder.stats().written, recorder.stats().behind) == (6, 0)
        assert store.counts().facts == 30

    def test_files_that_are_in_the_database_are_removed(self, url: str, store: Store, tmp_path: Path) -> None:
        spool = tmp_path / "spool"
        with recording(url, spool, segment_bytes=2_000) as recorder:
            for n in range(50):
                recorder.put(call(f"c{n}"))
            assert len(segments(spool)) > 1
        # The last turn before the end finds nothing to write and tidies up.
        with recording(url, spool) as recorder:
            assert recorder.flush(LONG_S)
        assert len(segments(spool)) == 1
        assert store.counts().contacts == 50

    def test_another_database_gets_what_is_still_there(self, url: str, tmp_path: Path) -> None:
        spool = tmp_path / "spool"
        with recording(f"sqlite:///{tmp_path}/first.db", spool) as recorder:
            recorder.put(call("c1"))
        with recording(url, spool) as recorder:
            assert recorder.flush(LONG_S)
        store = open_database(url)
        assert store.contact("c1").contact.outcome == "answered"
        store.close()

    def test_one_spool_is_for_one_recorder(self, url: str, tmp_path: Path) -> None:
        with recording(url, tmp_path / "spool"), pytest.raises(StoreError, match="in use by process"):
            Recorder(url, tmp_path / "spool")

    def test_a_faulty_url_is_told_at_once(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError):
            Recorder("mysql://nowhere", tmp_path / "spool")
        assert not (tmp_path / "spool").exists()


class TestPoison:
    def poison(self, store: Store) -> None:
        """The database refuses journal rows called poison-..., for good."""
        if isinstance(store.db, database.PooledMysql):
            body = (
                "FOR EACH ROW IF NEW.id LIKE 'poison-%' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'bad'; END IF"
            )
        else:
            body = "WHEN NEW.id LIKE 'poison-%' BEGIN SELECT RAISE(ABORT, 'bad'); END"
        cursor = store.db.cursor()  # type: ignore[no-untyped-call]
        cursor.execute(f"CREATE TRIGGER poison BEFORE INSERT ON journal {body}")
        store.db.close()

    def test_it_is_put_aside_and_the_rest_goes_on(self, url: str, store: Store, tmp_path: Path) -> None:
        self.poison(store)
        with recording(url, tmp_path / "spool") as recorder:
            for n in range(30):
                recorder.put([*call(f"c{n}"), fact(f"poison-{n}", what="🧪")])
            assert recorder.flush(LONG_S)
            stats = recorder.stats()
            assert (stats.written, stats.rejected, stats.behind, stats.error) == (180, 30, 0, "")
        assert store.counts().facts == 180
        aside = rejected(tmp_path / "spool")
        assert [msgspec.json.decode(one["line"])["id"] for one in aside] == [f"poison-{n}" for n in range(30)]
        assert all("bad" in one["reason"] and one["at"] > 0 for one in aside)

    def test_what_is_no_fact_or_no_row_is_put_aside(self, url: str, store: Store, tmp_path: Path) -> None:
        spool = tmp_path / "spool"
        spool.mkdir()
        lines = [b"hello", b"{}", b'{"id": "x", "at": 1, "kind": "from the future"}', b"\xff\xfe", b"", b"[" * 100_000]
        lines.append(msgspec.json.encode(contact_ended("c1")))
        lines.append(b'{"id": "torn')
        (spool / "facts-000000000001.jsonl").write_bytes(b"\n".join(lines))
        with recording(url, spool) as recorder:
            recorder.put([fact("no-row", kind=contact_ended("x").kind), *call("c2")])
            assert recorder.flush(LONG_S)
            stats = recorder.stats()
            assert (stats.written, stats.rejected, stats.torn, stats.behind) == (7, 6, 1, 0)
        assert len(rejected(spool)) == 6
        assert {one.id for one in store.contacts()} == {"c1", "c2"}


class TestDatabaseAway:
    def test_mysql_goes_and_comes_back(self, mariadb: MariaDb, tmp_path: Path) -> None:
        url = mariadb.new_database()
        troubles = Troubles()
        with recording(url, tmp_path / "spool", on_error=troubles) as recorder:
            recorder.put(call("c1"))
            assert recorder.flush(LONG_S)
            mariadb.stop(kill=True)
            for n in range(2, 500):
                recorder.put(call(f"c{n}"))
            assert "no connection to 127.0.0.1" in troubles.wait()
            stats = recorder.stats()
            assert (stats.behind, stats.shed) == (498 * 6, 0)
            assert "no connection" in stats.error
            mariadb.start()
            assert recorder.flush(LONG_S)
            assert (recorder.stats().behind, recorder.stats().error) == (0, "")
        # One complaint for one trouble, however often it was tried.
        assert len(troubles.heard) == len(set(troubles.heard))
        store = open_database(url)
        assert store.counts().contacts == 499
        assert store.counts().facts == 499 * 6
        store.close()

    def test_mysql_that_is_not_there_at_the_start(self, mariadb: MariaDb, tmp_path: Path) -> None:
        url = mariadb.new_database()
        mariadb.stop()
        troubles = Troubles()
        recorder = Recorder(url, tmp_path / "spool", on_error=troubles)
        recorder.put(call("c1"))
        assert "no connection" in troubles.wait()
        assert not recorder.stop(0.2)
        with recording(url, tmp_path / "spool", on_error=troubles) as recorder:
            recorder.put(call("c2"))
            assert recorder.stats().behind == 12
            mariadb.start()
            assert recorder.flush(LONG_S)
            assert recorder.stats().behind == 0
        store = open_database(url)
        assert store.counts().facts == 12
        store.close()

    def test_a_locked_sqlite_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.02)
        url = f"sqlite:///{tmp_path}/records.db"
        troubles = Troubles()
        with recording(url, tmp_path / "spool", on_error=troubles) as recorder:
            assert recorder.flush(LONG_S)
            other = sqlite3.connect(tmp_path / "records.db", isolation_level=None)
            other.execute("BEGIN EXCLUSIVE")
            recorder.put(call("c1"))
            assert "database is locked by another program; try again when that has ended" in troubles.wait()
            assert recorder.stats().behind == 6
            other.execute("COMMIT")
            other.close()
            assert recorder.flush(LONG_S)
            assert recorder.stats().error == ""

    def test_an_sqlite_file_that_cannot_be_opened_yet(self, tmp_path: Path) -> None:
        path = tmp_path / "records.db"
        path.mkdir()
        troubles = Troubles()
        with recording(f"sqlite:///{path}", tmp_path / "spool", on_error=troubles) as recorder:
            recorder.put(call("c1"))
            assert "is a folder" in troubles.wait()
            path.rmdir()
            assert recorder.flush(LONG_S)
            assert recorder.stats().written == 6

    def test_a_bug_does_not_end_the_thread(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        troubles = Troubles()
        with recording(f"sqlite:///{tmp_path}/records.db", tmp_path / "spool", on_error=troubles) as recorder:
            assert recorder.flush(LONG_S)
            with monkeypatch.context() as broken:
                broken.setattr(recorder._drain, "turn", lambda: 1 / 0)
                recorder.put(call("c1"))
                assert "ZeroDivisionError: division by zero; report this" in troubles.wait()
            assert recorder.flush(LONG_S)
            assert recorder.stats().written == 6


class TestFullDisk:
    def test_it_is_told_and_nothing_raises(
        self, url: str, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        troubles = Troubles()
        with recording(url, tmp_path / "spool", on_error=troubles) as recorder:
            with monkeypatch.context() as full:
                full.setattr(os, "write", raising(OSError(28, "No space left on device")))
                recorder.put(call("c1"))
                assert "No space left on device; free space" in troubles.wait()
                assert not recorder.flush(0.1)
            recorder.put(call("c2"))
            assert recorder.flush(LONG_S)
            assert recorder.stats().error == ""
        assert store.counts().contacts == 2


def raising(error: Exception) -> Callable[..., Any]:
    def call(*_: Any) -> Any:
        raise error

    return call


@pytest.mark.parametrize("stop_at", [1, 7])
def test_a_death_in_mid_batch_loses_and_doubles_nothing(url: str, tmp_path: Path, stop_at: int) -> None:
    spool = tmp_path / "spool"
    command = [sys.executable, "-m", "tests.store.writer_process", url, str(spool), str(stop_at)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    put, in_the_middle = -1, False
    for line in process.stdout:
        if line == "in the middle\n":
            in_the_middle = True
        else:
            put = int(line.split()[1])
        if in_the_middle and put >= 200:
            break
    process.send_signal(signal.SIGKILL)
    # What it had said before it died.
    put = max([put, *(int(line.split()[1]) for line in process.stdout if line.endswith("\n") and "put" in line)])
    process.stdout.close()
    assert process.wait(LONG_S) == -signal.SIGKILL

    store = open_database(url)
    before = store.counts()
    # Whole batches only; the first ones may have been small.
    assert before.facts <= 50 * (stop_at - 1)
    with recording(url, spool) as recorder:
        assert recorder.flush(LONG_S)
        stats = recorder.stats()
        assert (stats.behind, stats.rejected, stats.shed) == (0, 0, 0)
        # The place it had reached is in the database: nothing is read twice.
        assert before.facts + stats.written == store.counts().facts
    there = {one.id for one in store.contacts(limit=1_000_000)}
    assert there >= {f"c{n}" for n in range(put + 1)}
    counts = store.counts()
    # The call that was being put at the moment of death may be there in part.
    whole = counts.answered
    assert whole >= put + 1
    assert counts.facts - 6 * whole < 6
    assert counts.cdr_rows - 2 * whole <= 2
    store.close()


def test_complaint_8_two_nodes_change_one_centre_while_both_record(url: str, tmp_path: Path) -> None:
    """signalwire/freeswitch #2895: a shared database in deadlock. Whoever was second is told so, and tries again."""
    changes_each = 8

    def change(name: str) -> int:
        made, refused = 0, 0
        with closing(open_database(url)) as store, recording(url, tmp_path / name, batch=5) as recorder:
            while made < changes_each:
                recorder.put(call(f"{name}-{made}-{refused}"))
                revision, old = store.revision(), store.load_centre()
                queues = (*old.queues, QueueSpec(id=f"{name}-{made}"))
                try:
                    store.save_centre(msgspec.structs.replace(old, queues=queues), name, expected=revision)
                    made += 1
                except RequestRefused:
                    refused += 1
            assert recorder.flush(LONG_S)
            assert (recorder.stats().rejected, recorder.stats().error) == (0, "")
        return made + refused

    with ThreadPoolExecutor(2) as pool:
        calls = sum(pool.map(change, ("one", "two"), timeout=LONG_S))
    with closing(open_database(url)) as store:
        wanted = {f"{name}-{n}" for name in ("one", "two") for n in range(changes_each)}
        assert {queue.id for queue in store.load_centre().queues} == wanted, "no change has undone another"
        assert (store.revision(), store.counts().contacts) == (2 * changes_each, calls)


def test_complaint_8_two_nodes_share_one_database(url: str, tmp_path: Path) -> None:
    """Each has its own spool and its own mark; neither waits for the other for long, and nothing is lost or double."""
    nodes = [Recorder(url, tmp_path / name, batch=20) for name in ("one", "two")]
    try:
        for n in range(100):
            for name, node in zip(("one", "two"), nodes, strict=True):
                node.put(call(f"{name}-{n}"))
        assert all(node.flush(LONG_S) for node in nodes)
    finally:
        for node in nodes:
            node.stop()
    with closing(open_database(url)) as store:
        counts = store.counts()
    assert (counts.contacts, counts.answered, counts.legs) == (200, 200, 400)
    assert [node.stats().rejected for node in nodes] == [0, 0]
