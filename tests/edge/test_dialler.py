"""What campaigns ask of the records: answered in order, and nobody waits for another's order to be made."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import gevent
import msgspec
import pytest
from gevent.queue import Queue

from fsorch.campaign.campaign import CampaignInput
from fsorch.campaign.resets import last_reset, next_reset
from fsorch.campaigns import (
    AttemptRow,
    CampaignSpec,
    CampaignState,
    Lead,
    LeadNumber,
    LeadState,
    ListShare,
    OrderBy,
    OrderKey,
)
from fsorch.clock import ManualClock, SystemClock
from fsorch.config import Centre, QueueSpec
from fsorch.edge.dialler import Dialler
from fsorch.engine.actions import LeadsBack, LeadsWanted
from fsorch.engine.facts import Fact, FactKind
from fsorch.engine.inputs import LeadsCome
from fsorch.errors import StoreError
from fsorch.store import Store, open_database
from fsorch.store.lead_lists import LeadList
from tests.waiting import until

NOW = 1_800_000_000_000_000
SLOW = CampaignSpec(id="slow", queue="q", lists=(ListShare(list="l"),), order=(OrderKey(by=OrderBy.RANDOM),))
QUICK = CampaignSpec(id="quick", queue="q", lists=(ListShare(list="l"),))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_database(f"sqlite:///{tmp_path}/f.db")
    store.leads.lists.make(LeadList(id="l"), "test")
    for n in range(9):
        store.leads.add(Lead(id="", list="l", numbers=(LeadNumber(number=f"+4930{n:06}"),)), "test")
    yield store
    store.close()


def test_a_campaign_that_waits_for_its_order_keeps_no_other_waiting(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.leads.prepare(QUICK)
    answers: Queue[LeadsCome] = Queue()
    dialler = Dialler(lambda: store, answers.put, SystemClock(), "home.life")
    dialler.configure(Centre(name="c", campaigns=(SLOW, QUICK)))
    made, prepare = threading.Event(), store.leads.prepare

    def slowly(spec: CampaignSpec) -> None:
        made.wait(60)
        prepare(spec)

    monkeypatch.setattr(store.leads, "prepare", slowly)
    dialler.start()
    try:
        dialler.take(LeadsWanted(campaign="slow", serial=1, count=2))
        dialler.take(LeadsWanted(campaign="quick", serial=2, count=2))
        first, second = answers.get(timeout=60), answers.get(timeout=60)
        assert (first.serial, first.leads, first.unprepared) == (1, (), True)
        assert (second.serial, len(second.leads), second.unprepared) == (2, 2, False)
        made.set()
        with gevent.Timeout(60):
            while first.unprepared:
                dialler.take(LeadsWanted(campaign="slow", serial=3, count=2))
                first = answers.get()
        assert {lead.lead.token for lead in (*first.leads, *second.leads)} == {"home.life:2", "home.life:3"}
    finally:
        made.set()
        dialler.stop()


def test_what_keeps_leads_from_being_put_in_order_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    answers: Queue[LeadsCome] = Queue()
    dialler = Dialler(lambda: store, answers.put, SystemClock(), "home.life")
    dialler.configure(Centre(name="c", campaigns=(SLOW,)))

    def fails(spec: CampaignSpec) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(store.leads, "prepare", fails)
    dialler.start()
    try:
        with gevent.Timeout(60):
            failed = ""
            while not failed:
                dialler.take(LeadsWanted(campaign="slow", serial=1, count=2))
                failed = answers.get().failed
        assert failed == "the disk is full"
    finally:
        dialler.stop()


def test_leads_that_could_not_be_given_back_are_given_back_later(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.leads.prepare(QUICK)
    answers: Queue[LeadsCome] = Queue()
    dialler = Dialler(lambda: store, answers.put, SystemClock(), "home.life")
    dialler.configure(Centre(name="c", campaigns=(QUICK,)))
    monkeypatch.setattr("fsorch.edge.dialler.OWED_S", 0.01)
    release, tries = store.leads.release, list[str]()

    def away(ids: object, token: str) -> int:
        tries.append(token)
        if not again.is_set():
            raise StoreError("no connection")
        return release(ids, token)  # type: ignore[arg-type]

    again = threading.Event()
    monkeypatch.setattr(store.leads, "release", away)
    dialler.start()
    try:
        dialler.take(LeadsWanted(campaign="quick", serial=1, count=2))
        ids = tuple(ready.lead.id for ready in answers.get(timeout=60).leads)
        dialler.take(LeadsBack(campaign="quick", leads=ids))
        until(lambda: tries, "them to be given back in vain")
        again.set()
        until(lambda: not store.leads.lists.count("l").held, "them to be given back")
    finally:
        dialler.stop()


def test_what_is_owed_does_not_wait_for_a_campaign_that_asks_all_the_time(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.leads.prepare(QUICK)
    answers: Queue[LeadsCome] = Queue()
    dialler = Dialler(lambda: store, answers.put, SystemClock(), "home.life")
    dialler.configure(Centre(name="c", campaigns=(QUICK,)))
    monkeypatch.setattr("fsorch.edge.dialler.OWED_S", 0.0)
    order: list[str] = []
    release, reserve = store.leads.release, store.leads.reserve

    def once_away(ids: object, token: str) -> int:
        order.append("back")
        if order.count("back") == 1:
            raise StoreError("no connection")
        return release(ids, token)  # type: ignore[arg-type]

    def asked(*args: Any, **more: Any) -> Any:
        order.append("wanted")
        return reserve(*args, **more)

    monkeypatch.setattr(store.leads, "release", once_away)
    monkeypatch.setattr(store.leads, "reserve", asked)
    dialler.take(LeadsBack(campaign="quick", leads=("1",)))
    for serial in range(3):
        dialler.take(LeadsWanted(campaign="quick", serial=serial, count=1))
    dialler.start()
    try:
        for _ in range(3):
            answers.get(timeout=60)
        assert order == ["back", "back", "wanted", "wanted", "wanted"]
    finally:
        dialler.stop()


def test_lists_are_reset_at_the_campaigns_times(store: Store) -> None:
    clock = ManualClock(0.0, 1_900_000_000_000_000)
    spec = msgspec.structs.replace(QUICK, resets=("09:00",))
    (lead, *_) = store.leads.of_list("l", 1)
    held = store.leads.reserve_one(lead.id, "quick", 1, "x:1").lead
    rests = msgspec.structs.replace(held, state=LeadState.READY, next_at=2 * clock.now().wall, attempts=3)
    assert store.leads.finish(rests)
    answers: Queue[LeadsCome] = Queue()
    dialler = Dialler(lambda: store, answers.put, clock, "home.life")
    dialler.configure(Centre(name="c", campaigns=(spec,)))
    store.leads.prepare(spec)
    dialler.start()
    try:
        with gevent.Timeout(60):
            serial = 1
            while store.leads.get(lead.id).attempts:
                dialler.take(LeadsWanted(campaign="quick", serial=serial, count=20))
                come = answers.get()
                # Where fewer come than are wanted, the next time at which there are some is known.
                assert come.next_at == next_reset(spec.resets, "UTC", clock.now().wall) or come.leads
                serial += 1
    finally:
        dialler.stop()


def test_registers_are_watched_and_each_window_is_counted(tmp_path: Path) -> None:
    clock = ManualClock(0.0, NOW)
    store = open_database(f"sqlite:///{tmp_path}/f.db", clock=clock)
    law = CampaignSpec(id="law", queue="q", lists=(ListShare(list="l"),), pack="us", drop_group="g")
    free = CampaignSpec(
        id="free", queue="q", lists=(ListShare(list="l"),), pack="uk", purpose="service", drop_group="g"
    )
    dialler = Dialler(lambda: store, lambda come: None, clock, "home.life")
    dialler.configure(Centre(name="c", queues=(QueueSpec(id="q"),), campaigns=(law, free)))
    store.campaigns.request("law", CampaignInput.START, "ada")
    assert "us-dnc has not been imported" in dialler.stale(["law", "free"])["law"]
    store.dnc.take("us-dnc", iter([12125550101]), "ada")
    assert dialler.stale(["law", "free"]) == {}
    clock.advance(32 * 86_400)
    assert "older than 31 days" in dialler.stale(["law", "free"])["law"]
    # Whoever starts it all the same, for a reason, has been told.
    store.campaigns.request("law", CampaignInput.STOP, "ada")
    store.campaigns.settle("law", CampaignState.FINISHED)
    store.campaigns.request("law", CampaignInput.START, "ada", "the register is being mended")
    assert dialler.stale(["law", "free"]) == {}
    # Of a group each is counted in all windows.
    now = clock.now().wall
    for n, (days, outcome) in enumerate(((40, "live"), (20, "hung_up"), (0.5, "drop"), (-0.1, "live"))):
        at = now - round(days * 86_400_000_000)
        row = AttemptRow(id=f"a{n}", campaign="law", lead="", number="+1", launched_at=at, ended_at=at, outcome=outcome)
        store.leads.finish(Lead(id="1"), row)
    nothing = {30.0: (0, 0, 0), 1.0: (0, 0, 0)}
    assert dialler.drops() == {"law": {30.0: (3, 1, 1), 1.0: (2, 1, 0)}, "free": nothing}
    store.close()


def test_times_of_resets_hold_from_when_they_were_written_down(tmp_path: Path) -> None:
    # Four in the afternoon at Greenwich, and the list is of the day before.
    clock = ManualClock(0.0, round(datetime(2030, 3, 5, 16, tzinfo=UTC).timestamp() * 1e6))
    store = open_database(f"sqlite:///{tmp_path}/t.db", clock=clock)
    queues, spec = (QueueSpec(id="q"),), msgspec.structs.replace(QUICK, resets=("09:00",))
    store.leads.lists.make(LeadList(id="l"), "test")
    added = store.leads.add(Lead(id="", list="l", numbers=(LeadNumber(number="+49301"),)), "test")
    clock.advance(86_400)
    for one in (QUICK, spec):
        store.save_centre(Centre(name="c", queues=queues, campaigns=(one,)), "sam")
        clock.advance(60)
    held = store.leads.reserve_one(added.id, "quick", 1, "x:1").lead
    rests = msgspec.structs.replace(held, state=LeadState.READY, next_at=2 * clock.now().wall, attempts=3)
    assert store.leads.finish(rests)
    dialler = Dialler(lambda: store, lambda come: None, clock, "home.life")
    assert dialler._reset(spec, last_reset(spec.resets, "UTC", clock.now().wall))
    assert store.leads.get(added.id).attempts == 3
    clock.advance(17 * 3600)
    assert dialler._reset(spec, last_reset(spec.resets, "UTC", clock.now().wall))
    assert store.leads.get(added.id).attempts == 0
    store.close()


def test_an_agent_who_wraps_up_after_a_number_called_by_hand_is_remembered(store: Store) -> None:
    row = AttemptRow(id="by-hand", campaign="quick", lead="", number="+4930", launched_at=NOW, ended_at=NOW + 1)
    ended = [("other", row), ("by-hand", row)]
    facts = [
        Fact(
            id=id,
            at=NOW,
            kind=FactKind.ATTEMPT_ENDED,
            contact=id,
            data={"row": msgspec.to_builtins(msgspec.structs.replace(one, id=id))},
        )
        for id, one in ended
    ]
    said = Fact(id="said", at=NOW, kind=FactKind.WORD_SAID, contact="by-hand", data={"disposition": "sold"})
    store.write([*facts, said])
    dialler = Dialler(lambda: store, lambda answer: None, SystemClock(), "home.life")
    assert dialler.recover() == ()
    (known,) = dialler.recover(["by-hand", "no attempt", ""])
    assert known.row == row
    assert known.word is not None
    assert known.word.disposition == "sold"
