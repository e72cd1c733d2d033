"""The audit's chain, on both databases: whatever is done to it behind fsorch's back is found."""

from __future__ import annotations

import threading
from types import ModuleType

import pytest

from fsorch.clock import ManualClock
from fsorch.store import Store
from fsorch.store.chain import HEAD, ChainReport, head_text
from fsorch.store.database import connected, parse_url
from fsorch.store.migrate import known_migrations, migrate
from tests.store.conftest import open_store

WRITERS, EACH = 4, 12


def run(store: Store, sql: str, *values: object) -> None:
    """Somebody who can write to the database writes to it."""
    with connected(store.db) as db:
        db.run(sql.replace("?", db.param), values)


@pytest.fixture
def chained(store: Store) -> Store:
    """A store in which root did nine things, with the head of that time."""
    for n in range(1, 10):
        store.audit("root", "queue.patch", {"n": n, "title": "Zürich → 東京"})
    return store


def tampered(store: Store) -> ChainReport:
    report = store.verify_audit()
    assert report.fault
    return report


def id_at(store: Store, place: int) -> str:
    with connected(store.db) as db:
        return str(db.run("SELECT id FROM audit WHERE place = ?".replace("?", db.param), (place,)).fetchone()[0])


def test_a_chain_that_nobody_touched_is_whole(chained: Store) -> None:
    report = chained.verify_audit()
    assert (report.fault, report.checked, report.head_place, len(report.head)) == ("", 9, 9, 64)
    assert chained.verify_audit(last=4).checked == 4
    chained.audit("root", "queue.remove", {})
    assert chained.verify_audit(noted=(report.head_place, report.head)).fault == ""


def test_an_empty_audit_is_whole(store: Store) -> None:
    assert (store.verify_audit().fault, store.verify_audit().head_place) == ("", 0)


@pytest.mark.parametrize(
    ("column", "value"), [("who", "nobody"), ("act", "queue.get"), ("what", "{}"), ("at", 1), ("hash", "0" * 64)]
)
def test_an_entry_that_was_changed_is_named(chained: Store, column: str, value: object) -> None:
    id = id_at(chained, 4)
    run(chained, "UPDATE audit SET who = ? WHERE place = 4".replace("who", column), value)
    report = tampered(chained)
    assert (report.place, report.id, report.checked) == (4, id, 3)
    assert report.fault == "entry 4 does not say what it said when it was written, or is another"
    # The newest entries are whole.
    assert chained.verify_audit(last=3).fault == ""


def test_entries_that_were_taken_out_are_counted(chained: Store) -> None:
    run(chained, "DELETE FROM audit WHERE place IN (3, 4)")
    assert tampered(chained).fault == "entries 3 to 4 are gone"
    run(chained, "UPDATE audit SET place = place - 2 WHERE place > 4")
    assert tampered(chained).place == 3


def test_a_cut_end_is_found_and_so_is_a_head_that_was_set_back(chained: Store) -> None:
    before = chained.verify_audit()
    run(chained, "DELETE FROM audit WHERE place > 7")
    assert tampered(chained).fault == "entries 8 to 9 are gone: the newest have been cut off"
    with connected(chained.db) as db:
        hash = db.run("SELECT hash FROM audit WHERE place = 7").fetchone()[0]
    run(chained, "UPDATE meta SET value = ? WHERE name = ?", head_text(7, hash), HEAD)
    # Now all fits, but for who has noted the head.
    assert chained.verify_audit().fault == ""
    report = chained.verify_audit(noted=(before.head_place, before.head))
    assert report.fault == "there is no entry 9, which was noted: the chain was cut off, or written anew"
    for n in (8, 9):
        chained.audit("root", "queue.patch", n)
    report = chained.verify_audit(noted=(before.head_place, before.head))
    assert report.fault == "entry 9 is not the one that was noted: the chain was written anew"


def test_an_entry_that_was_put_in_is_found(chained: Store) -> None:
    run(chained, "INSERT INTO audit (id, at, who, act, what, hash) VALUES ('x', 5, 'ada', 'login', '{}', '')")
    assert (tampered(chained).id, tampered(chained).place) == ("x", 0)
    run(chained, "UPDATE audit SET place = 10 WHERE id = 'x'")
    assert tampered(chained).place == 10


def test_writers_take_turns(url: str, store: Store) -> None:
    """Each with a store of its own, as processes have."""
    faults: list[BaseException] = []

    def write(n: int) -> None:
        other = open_store(url, ManualClock())
        try:
            for m in range(EACH):
                other.audit(f"writer{n}", "try", m)
        except BaseException as error:  # noqa: BLE001 - told by the test
            faults.append(error)
        finally:
            other.close()

    threads = [threading.Thread(target=write, args=(n,)) for n in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []
    report = store.verify_audit()
    assert (report.fault, report.checked) == ("", WRITERS * EACH)
    assert len(store.audits(1_000)) == WRITERS * EACH


def test_what_an_older_fsorch_wrote_is_chained_by_the_migration(url: str) -> None:
    known: list[ModuleType] = known_migrations()
    old = known[: next(n for n, one in enumerate(known) if "audit_chain" in one.__name__)]
    db = parse_url(url)
    db.prepare(True)
    with connected(db):
        migrate(db, 0, known=old)
        for n in (3, 1, 2):
            sql = "INSERT INTO audit (id, at, who, act, what) VALUES (?, ?, 'root', 'login', '{}')"
            db.run(sql.replace("?", db.param), (f"id{n}", n))
    db.shut()
    store = open_store(url)
    try:
        assert (store.verify_audit().fault, store.verify_audit().checked) == ("", 3)
        assert id_at(store, 1) == "id1"
        store.audit("root", "logout", "")
        assert store.verify_audit().checked == 4
    finally:
        store.close()


def test_role_and_state_are_told_as_they_were_and_as_they_are(store: Store) -> None:
    store.set_password("ada", "a password of some length", role="agent", agent="ada")
    store.set_password("ada", "a password of some length", role="supervisor", by="root")
    newest = store.audits(1)[0]
    assert newest.what == {
        "login": "ada",
        "before": {"role": "agent", "agent": "ada"},
        "role": "supervisor",
        "agent": "ada",
    }
