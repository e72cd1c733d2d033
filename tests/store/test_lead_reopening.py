"""Leads that come back when the records say that they may be called; on SQLite and MariaDB."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from typing import Any

import msgspec
import pytest

from fsorch.campaigns import ConsentRow, DncRow, Lead, LeadNumber, LeadState, Outcome
from fsorch.clock import ManualClock
from fsorch.compliance_packs import PackSpec
from fsorch.config import Centre
from fsorch.engine.facts import Fact, FactKind
from fsorch.store import Store
from fsorch.store.database import PooledSqlite, connected, writing
from fsorch.store.lead_models import Gate, LeadRecord
from fsorch.store.lead_reopening import note_law, reopen, resume, resume_lists
from fsorch.store.turns import Turns
from tests.store.leads import MINUTE, NOW, campaign, make, names, told

WEEK = 7 * 86_400 * 1_000_000


def number(lead: Lead) -> str:
    return lead.numbers[0].number


def bar(store: Store, leads: list[Lead], *, entry: str = "") -> None:
    """Put the leads on the no-call list, and let a campaign find out."""
    if entry:
        store.dnc.add(DncRow(number=entry), "test")
    for lead in [] if entry else leads:
        store.dnc.add(DncRow(number=number(lead)), "test")
    assert store.leads.reserve(campaign(), 10, NOW, "t:1").barred == len(leads)
    assert [store.leads.get(one.id).state for one in leads] == [LeadState.BARRED] * len(leads)


def put_off(store: Store, lead: Lead, rule: str) -> None:
    """As the engine does that may not call it."""
    (ready,) = store.leads.reserve(campaign(), 1, NOW, "t:1").leads
    assert ready.lead.id == lead.id
    row = msgspec.structs.replace(ready.lead, state=LeadState.READY, next_at=NOW + WEEK)
    more = {"put_off": rule} if rule else {}
    fact = told(FactKind.LEAD_CHANGED, row, f"f{lead.id}")
    store.write([msgspec.structs.replace(fact, data=fact.data | more)])


class TestNoCallList:
    def test_who_is_taken_off_is_called_again(self, store: Store) -> None:
        leads = make(store, 3)
        bar(store, leads)
        store.dnc.remove(number(leads[1]), "test", reason="asked back")
        assert names(store, campaign()) == ["spring 1"]

    def test_all_that_a_pattern_stood_for(self, store: Store) -> None:
        leads = make(store, 3)
        bar(store, leads, entry="+4930*")
        store.dnc.remove("+4930*", "test")
        assert names(store, campaign()) == ["spring 0", "spring 1", "spring 2"]

    def test_who_stands_on_another_list_too_is_barred_anew(self, store: Store) -> None:
        leads = make(store, 1)
        store.dnc.add(DncRow(number="+4930*"), "test")
        bar(store, leads)
        store.dnc.remove(number(leads[0]), "test")
        again = store.leads.reserve(campaign(), 1, NOW, "t:2")
        assert (again.leads, again.barred) == ((), 1)

    def test_an_imported_list_that_goes_lets_go_of_its_numbers(self, store: Store) -> None:
        leads = make(store, 3)
        store.dnc.take("refusals", iter(int(number(one)[1:]) for one in leads[:2]), "test")
        assert names(store, campaign()) == ["spring 2"]
        store.dnc.remove_list("refusals", "test")
        assert names(store, campaign(), token="t:2") == ["spring 0", "spring 1"]

    def test_so_do_its_registers_and_all_batches_of_numbers(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("fsorch.store.dnc.BATCH", 2)
        leads = make(store, 6)
        barred, of_register, of_another = leads[:4], leads[4], leads[5]
        store.dnc.take("refusals", iter(int(number(one)[1:]) for one in (*barred, of_register)), "test")
        store.dnc.add(DncRow(number=number(of_another)), "test")
        assert store.leads.reserve(campaign(), 10, NOW, "t:1").barred == 6
        store.leads.change(of_register.id, "test", state=LeadState.READY, next_at=NOW + WEEK)
        with store._use() as db:
            LeadRecord.update({"put_off": "us.registry"}).where(LeadRecord.id == int(of_register.id)).execute(db)
        store.dnc.remove_list("refusals", "test")
        assert names(store, campaign(), token="t:2") == [f"spring {n}" for n in range(5)]
        assert store.leads.get(of_another.id).state is LeadState.BARRED

    def test_who_is_taken_off_a_register_is_due(self, store: Store) -> None:
        (lead,) = make(store, 1)
        store.dnc.take("us-dnc", iter([int(number(lead)[1:])]), "test")
        put_off(store, lead, "us.registry")
        assert names(store, campaign(), token="t:2") == []
        store.dnc.remove(number(lead), "test")
        assert names(store, campaign(), token="t:3") == ["spring 0"]

    def test_an_entry_that_ends_bars_nobody_and_is_told_with_its_end(self, store: Store) -> None:
        (lead,) = make(store, 1)
        store.dnc.add(DncRow(number=number(lead), until=store.now_us() + MINUTE), "test")
        (ready,) = store.leads.reserve(campaign(), 1, NOW, "t:1").leads
        assert ready.ends == {number(lead): store.now_us() + MINUTE}

    def test_with_whom_somebody_talked_is_not_called_by_itself_but_may_be_promised_a_call(self, store: Store) -> None:
        (lead,) = make(store, 1)
        (ready,) = store.leads.reserve(campaign(), 1, NOW, "t:1").leads
        row = msgspec.structs.replace(ready.lead, state=LeadState.BARRED, last_outcome="live", disposition="dnc")
        store.write([told(FactKind.LEAD_CHANGED, row, "f1")])
        store.dnc.add(DncRow(number=number(lead)), "test")
        store.dnc.remove(number(lead), "test")
        assert names(store, campaign(), token="t:2") == []
        assert store.leads.promise(lead.id, NOW + MINUTE, "test").state is LeadState.CALLBACK

    @pytest.mark.parametrize("state", [LeadState.FINISHED, LeadState.CALLBACK])
    def test_others_stay_as_they_are(self, store: Store, state: LeadState) -> None:
        (lead,) = make(store, 1, state=state, next_at=NOW + WEEK)
        store.dnc.add(DncRow(number=number(lead)), "test")
        store.dnc.remove(number(lead), "test")
        assert store.leads.get(lead.id).state is state

    def test_more_than_a_page_of_them(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("fsorch.store.lead_reopening.PAGE", 2)
        leads = make(store, 5)
        bar(store, leads)
        with connected(store.db) as db:
            assert reopen(db, [int(number(one)[1:]) for one in leads]) == 5


class TestConsents:
    @pytest.mark.parametrize("rule", ["us.cell_consent", ""])
    def test_a_consent_makes_due_who_lacked_one_and_nobody_else(self, store: Store, rule: str) -> None:
        (lead,) = make(store, 1)
        put_off(store, lead, rule)
        store.consents.add(ConsentRow(number=number(lead), who="x", scope="calls", given_at=NOW), "test")
        assert names(store, campaign(), token="t:2") == (["spring 0"] if rule else [])

    def test_a_number_of_many_leads(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("fsorch.store.lead_reopening.PAGE", 2)
        number = LeadNumber(number="+4930123456")
        leads = make(store, 3, numbers=lambda _: (number,))
        with connected(store.db) as db:
            LeadRecord.update({"gate": int(Gate.LATER), "put_off": "us.cell_consent"}).execute(db)
            connection: Any = db.connection()  # type: ignore[no-untyped-call] # peewee's stub lacks it
            if isinstance(db, PooledSqlite):
                # What an update of two leads binds: SQLite has a bound, which a thousand numbers' leads may well pass.
                usual = connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 7)
            assert resume(db, [4930123456]) == len(leads)
            if isinstance(db, PooledSqlite):
                connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, usual)

    def test_who_was_called_since_rests_as_the_rules_say(self, store: Store) -> None:
        (lead,) = make(store, 1)
        put_off(store, lead, "us.cell_consent")
        (ready,) = store.leads.reserve(campaign(), 1, NOW + WEEK, "t:2").leads
        fields: dict[str, Any] = {"state": LeadState.READY, "next_at": NOW + 2 * WEEK, "last_outcome": Outcome.BUSY}
        row = msgspec.structs.replace(ready.lead, **fields)
        store.write([Fact(id="g", at=NOW, kind=FactKind.LEAD_CHANGED, data={"row": msgspec.to_builtins(row)})])
        store.consents.add(ConsentRow(number=number(lead), who="x", scope="calls", given_at=NOW), "test")
        assert store.leads.get(lead.id).next_at == NOW + 2 * WEEK


class TestLaws:
    @pytest.mark.parametrize(
        ("changed", "due"),
        [({"pack": "none"}, True), ({"purpose": "service"}, True), ({"title": "Spring"}, False)],
    )
    def test_another_law_makes_due_whom_the_old_one_put_off(
        self, store: Store, changed: dict[str, str], due: bool
    ) -> None:
        spec = msgspec.structs.replace(campaign(), pack="eu")
        packs = (PackSpec(id="none", checked=date(2027, 1, 1)),)
        store.save_centre(Centre(campaigns=(spec,), packs=packs), "test")
        (lead,) = make(store, 1)
        put_off(store, lead, "eu.consent")
        store.save_centre(Centre(campaigns=(msgspec.structs.replace(spec, **changed),), packs=packs), "test")
        assert names(store, campaign(), token="t:2") == (["spring 0"] if due else [])

    def test_so_does_a_pack_that_says_something_else(self, store: Store) -> None:
        spec, pack = msgspec.structs.replace(campaign(), pack="ours"), PackSpec(id="ours", checked=date(2027, 1, 1))
        store.save_centre(Centre(campaigns=(spec,), packs=(pack,)), "test")
        (lead,) = make(store, 1)
        put_off(store, lead, "ours.consent")
        changed = msgspec.structs.replace(pack, checked=date(2027, 2, 1))
        store.save_centre(Centre(campaigns=(spec,), packs=(changed,)), "test")
        assert names(store, campaign(), token="t:2") == ["spring 0"]

    def test_a_page_at_a_time_and_others_write_between(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("fsorch.store.lead_reopening.PAGE", 2)
        leads = make(store, 5)
        _rest_all(store, leads, "eu.consent")
        between = []

        class Turn(Turns):
            def between(self) -> None:
                between.append([one.next_at for one in map(store.leads.get, ids)].count(0))
                with other.writing():
                    pass

        class Other:
            """Somebody else, who does not wait for the lock."""

            @contextmanager
            def writing(self) -> Iterator[None]:
                with closing(store.db._connect()) as own:
                    own.execute("PRAGMA busy_timeout = 0") if isinstance(store.db, PooledSqlite) else None
                    own.execute("BEGIN IMMEDIATE") if isinstance(store.db, PooledSqlite) else own.begin()
                    yield
                    own.rollback()

        ids, other = [one.id for one in leads], Other()
        with connected(store.db) as db:
            with writing(db):
                note_law(db, ["spring", "spring"], NOW)
            assert resume_lists(db, Turn(db, ManualClock())) == 5
            assert resume_lists(db, Turn(db, ManualClock())) == 0
        assert between == [2, 4, 5]

    def test_what_a_killed_process_left_is_done_by_who_dials(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("fsorch.store.lead_reopening.PAGE", 2)
        spec, pack = msgspec.structs.replace(campaign(), pack="ours"), PackSpec(id="ours", checked=date(2027, 1, 1))
        store.save_centre(Centre(campaigns=(spec,), packs=(pack,)), "test")
        leads = make(store, 5)
        _rest_all(store, leads[:3], "ours.consent")
        _rest_all(store, leads[3:], "")

        def killed(*_all: object) -> int:
            raise RuntimeError("killed")

        changed = Centre(campaigns=(spec,), packs=(msgspec.structs.replace(pack, checked=date(2027, 2, 1)),))
        with monkeypatch.context() as patched:
            patched.setattr("fsorch.store.store.resume_lists", killed)
            with pytest.raises(RuntimeError, match="killed"):
                store.save_centre(changed, "test")
        assert store.load_centre().packs == changed.packs
        assert [store.leads.open_gates(spec, NOW) for _ in range(3)] == [2, 1, 0]
        assert names(store, campaign(), token="t:2") == ["spring 0", "spring 1", "spring 2"]


def _rest_all(store: Store, leads: list[Lead], rule: str) -> None:
    """As if the engine had put them all off, each a second longer than the one before."""
    with connected(store.db) as db:
        for n, lead in enumerate(leads):
            rest = {"gate": int(Gate.LATER), "next_at": NOW + WEEK + n * 1_000_000, "put_off": rule}
            LeadRecord.update(rest).where(LeadRecord.id == int(lead.id)).execute(db)
