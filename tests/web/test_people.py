"""A database that is away or slow must not keep an agent from their call."""

from __future__ import annotations

from typing import Any

import pytest
from gevent.event import Event

from fsorch.errors import StoreError
from fsorch_web.people import PAUSE_S, People
from tests.web.fake import FakeStore, User
from tests.web.harness import USERS, Site
from tests.web.test_login import audited


class AwayStore(FakeStore):
    """A store whose database can be taken away. ``asked`` counts what it was asked."""

    def __init__(self) -> None:
        super().__init__(*USERS)
        self.away = False
        self.asked = 0

    def user(self, login: str, /) -> User | None:
        self.asked += 1
        if self.away:
            raise StoreError("the database is away")
        return super().user(login)


class ManualTime:
    """Monotonic seconds that move when told to."""

    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


def test_people_stay_who_they_were_while_the_database_is_away() -> None:
    store, clock = AwayStore(), ManualTime()
    people = People(store, clock)
    assert people.find("ada") is not None
    store.away = True
    for _ in range(5):
        person = people.find("ada")
        assert person is not None
        assert person.agent == "ada"
    assert store.asked == 2  # once before, once to see that it is away
    clock.now += PAUSE_S
    store.away = False
    del store.people["ada"]
    assert people.find("ada") is None


def test_somebody_never_seen_is_not_taken_on_trust() -> None:
    store = AwayStore()
    store.away = True
    with pytest.raises(StoreError):
        People(store, ManualTime()).find("ada")


def test_an_inactive_person_is_nobody() -> None:
    assert People(FakeStore(User("ada", "x", "agent", "ada", active=False))).find("ada") is None


def test_a_call_is_answered_while_the_database_hangs(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    page = site.page("ada")
    site.centre.call("c1", "sales", "+49170", "Marta")
    site.centre.offer("c1", "ada")
    release = Event()
    monkeypatch.setattr("fsorch_web.people.PATIENCE_S", 0.05)
    monkeypatch.setattr(site.store, "user", lambda login: hang(release))
    try:
        assert page.post("/api/agent/answer").json == {"ok": True}
        assert page.post("/api/agent/hangup").json == {"ok": True}
    finally:
        release.set()


def hang(release: Event) -> None:
    """What a database does that takes a connection and then says nothing."""
    release.wait(60)


def test_a_new_log_in_needs_the_database_and_says_so(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def verify(login: str, password: str) -> None:
        raise StoreError("the database cannot be reached; start it")

    page = site.page()
    monkeypatch.setattr(site.store, "verify", verify)
    answer = page.log_in("ada")
    assert (answer.status, answer.json["code"]) == (503, "unavailable")


def test_an_act_is_written_down_when_the_database_is_back(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fsorch.edge.auditing.RETRY_S", 0.01)
    write, faults = site.store.audit, iter([StoreError("away"), StoreError("still away")])

    def audit(who: str, act: str, what: Any) -> None:
        for fault in faults:
            raise fault
        write(who, act, what)

    monkeypatch.setattr(site.store, "audit", audit)
    site.page("ada")
    assert audited(site, "login")
