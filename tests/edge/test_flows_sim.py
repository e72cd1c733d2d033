"""A whole service with a flow that looks up: over HTTP on loopback, in a file of others, in our own records."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fsorch.config import Centre, Settings, SwitchSettings, decode
from fsorch.customers import Customer, Ticket
from fsorch.edge.demo_switch import SwitchPlan, SwitchWorld
from fsorch.engine.facts import Fact, FactKind
from fsorch.runner import Service
from fsorch.sim.world import Caller, CallerPlan
from fsorch.store import open_database
from tests.edge.test_lookups_http import Answerer
from tests.waiting import PATIENCE_S, Watched

PASSWORD = "a long one"
NUMBER, PIN = "+4915112345678", "75319"
# As long as a flow may wait for an answer.
LONGEST_S = 30
SHORT = "tone_stream://%(100,0,440)"
FLOW: dict[str, Any] = {
    "id": "main",
    "languages": ["en", "de"],
    "start": "greet",
    "person": "sales",
    "prompts": {"greet": {"en": "Hello {customer.name}.", "de": "Hallo {customer.name}."}},
    "nodes": {
        "greet": {"kind": "language", "by": "customer.language", "next": "pin"},
        "pin": {"kind": "collect", "prompt": "short", "into": "pin", "max": 5, "masked": True, "next": "mine"},
        "mine": {
            "kind": "lookup",
            "own": {"of": "tickets", "pin": "vars.pin"},
            "into": {"n": "count", "subject": "first.subject"},
            "next": "balance",
            "not_found": "wrong",
            "default": "person",
        },
        "balance": {
            "kind": "lookup",
            "http": {"url": "http://HOST/ok?of={contact.number}", "json": {"pin": "vars.pin"}, "method": "POST"}
            | {"timeout_s": LONGEST_S},
            "into": {"balance": {"path": "balance", "type": "number"}},
            "next": "orders",
            "default": "person",
        },
        "orders": {
            "kind": "lookup",
            "sql": {"source": "erp", "query": "select sum(n) n from orders where who = :who", "values": {"who": "1"}}
            | {"timeout_s": LONGEST_S},
            "into": {"orders": "first.n"},
            "next": "note",
            "default": "person",
        },
        "note": {"kind": "note", "text": "{vars.n} {vars.subject} {vars.balance} {vars.orders}", "next": "bye"},
        "bye": {"kind": "hangup", "prompt": "short", "reason": "served"},
        "wrong": {"kind": "queue", "queue": "sales"},
    },
}


class Site(Watched):
    """A service in a home, a switch, and an address that is asked."""

    def __init__(self, home: Path) -> None:
        super().__init__()
        self.server = Answerer()
        nodes = FLOW["nodes"]
        http = nodes["balance"]["http"]
        asked = nodes["balance"] | {"http": http | {"url": http["url"].replace("HOST", self.server.host)}}
        flow = FLOW | {"nodes": nodes | {"balance": asked}}
        prompts = {"short": SHORT, "invalid": SHORT}
        data = {"flow": "main", "flows": [flow], "queues": [{"id": "sales"}], "prompts": prompts}
        self.centre = decode(data, Centre, where="site")
        self.facts: list[Fact] = []
        self.switch = SwitchWorld(SwitchPlan(password=PASSWORD, centre=self.centre, calls=1000))
        self.switch.start()
        url = f"sqlite:///{home}/fsorch.sqlite3"
        self.settings = Settings(
            switches=(SwitchSettings(port=self.switch.server.port, password=PASSWORD),),
            home=str(home),
            database=url,
            sources={"erp": f"sqlite:///{home}/erp.sqlite3"},
        )
        self._fill(home, url)
        self.service = Service(self.settings, on_facts=self._note)
        self.service.start()

    def __repr__(self) -> str:
        return f"{[(fact.kind.value, fact.data.get('node', '')) for fact in self.facts]}"

    def _note(self, facts: tuple[Fact, ...]) -> None:
        self.facts.extend(facts)
        self.changed()

    def _fill(self, home: Path, url: str) -> None:
        with sqlite3.connect(home / "erp.sqlite3") as db:
            db.execute("create table orders (who integer, n integer)")
            db.executemany("insert into orders values (?, ?)", [(1, 3), (1, 4)])
        db.close()
        store = open_database(url)
        store.save_centre(self.centre, "test")
        known = Customer(reference="4711", name="Zoe", language="de", numbers=(NUMBER,))
        zoe = store.customers.put(known, "test", pin=PIN)
        store.customers.open_ticket(Ticket(customer=zoe.id, subject="a leak"), "test")
        store.close()

    def close(self) -> None:
        self.service.stop()
        self.switch.server.stop()
        self.server.server.stop(timeout=0)

    def rings(self, number: str, pin: str) -> Caller:
        made: list[Caller] = []
        plan = CallerPlan(keys=(pin, ""), reaction_s=0.05)
        self.switch.server.schedule(lambda: made.append(self.switch.world.place_call(number, plan=plan)))
        return made[0]

    def fact(self, kind: FactKind, **data: str) -> Fact:
        """The first such fact, once it has come."""

        def found() -> list[Fact]:
            mine = (fact for fact in self.facts if fact.kind is kind)
            return [fact for fact in mine if all(fact.data.get(name) == value for name, value in data.items())]

        self.until(found, f"{kind} {data}")
        return found()[0]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    # A caller waits for what is known of them, and for what is looked up, no longer than people do: a machine that
    # stands still for so long would make strangers of them.
    for limit in ("fsorch.engine.flows.KNOWN_S", "fsorch.engine.relations.LOOKED_UP_S", "fsorch.edge.lookups.OWN_S"):
        monkeypatch.setattr(limit, PATIENCE_S)
    made = Site(tmp_path)
    assert made.service.link("main").wait_up(PATIENCE_S)
    yield made
    made.close()


def test_a_caller_who_proves_who_they_are_hears_how_things_stand(site: Site) -> None:
    site.rings(NUMBER, PIN)
    note = site.fact(FactKind.NOTE_MADE).data["row"]
    assert note["text"] == "1 a leak 5 7"
    assert note["customer"], "they are known by their number"
    assert site.fact(FactKind.FLOW_TOLD, what="language").data["value"] == "de"
    assert site.fact(FactKind.CONTACT_ENDED).data["row"]["outcome"] == "self_served"
    (request,) = site.server.heard
    assert request.startswith(b"POST /ok?of=%2B4915112345678 ")
    assert PIN.encode() in request, "it reaches who checks it"
    assert PIN not in repr(site.facts)
    states = {state.name: (state.asked, state.failed) for state in site.service.status().lookups}
    assert states == {f"host {site.server.host}": (1, 0), "source erp": (1, 0), "own records": (1, 0)}


def test_a_wrong_pin_tells_nothing_and_leads_on(site: Site) -> None:
    site.rings(NUMBER, "11111")
    assert site.fact(FactKind.CONTACT_QUEUED).queue == "sales"
    assert not site.server.heard


def test_a_stranger_is_no_customer(site: Site) -> None:
    site.rings("+491700000000", PIN)
    site.fact(FactKind.CONTACT_QUEUED)
    assert not [fact for fact in site.facts if fact.data.get("what") == "language"]
