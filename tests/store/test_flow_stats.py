"""What callers did in a flow, counted from the journal: each end once, and nobody twice."""

from __future__ import annotations

from typing import Any

import pytest

from fsorch.config import Centre, QueueSpec, decode
from fsorch.engine.facts import Fact, FactKind
from fsorch.errors import NotFound
from fsorch.flow_menus import menu_flow
from fsorch.flows import FlowSpec
from fsorch.store import Store
from fsorch.store.flow_stats import FlowFigures
from tests.store.facts import T0, contact_ended

MAIN = menu_flow("main", {"1": "sales"}, person="support")
OUTER = decode(
    {
        "id": "outer",
        "start": "call",
        "person": "support",
        "prompts": {"bye": "Bye."},
        "nodes": {
            "call": {"kind": "flow", "flow": "main", "next": "bye"},
            "bye": {"kind": "hangup", "prompt": "bye", "reason": "served"},
        },
    },
    FlowSpec,
    where="test",
)


class Calls:
    """Writes what the engine tells of calls, in the order of time."""

    def __init__(self, store: Store) -> None:
        self.store = store
        queues = (QueueSpec(id="sales"), QueueSpec(id="support"))
        store.save_centre(Centre(queues=queues, flows=(MAIN, OUTER), flow="main"), "test")
        self.at = T0

    def tell(self, contact: str, kind: FactKind, **data: Any) -> None:
        self.at += 1
        self.store.write([Fact(id=f"{self.at}", at=self.at, kind=kind, contact=contact, data=data)])

    def enter(self, contact: str, flow: str = "main", **data: Any) -> None:
        self.tell(contact, FactKind.FLOW_ENTERED, flow=flow, version=1, again=False, **data)

    def comes(self, contact: str, node: str, way: str = "", flow: str = "main") -> None:
        self.tell(contact, FactKind.NODE_PASSED, flow=flow, node=node, way=way, version=1)

    def keys(self, contact: str, digits: str, node: str = "menu") -> None:
        self.tell(contact, FactKind.ANSWER_KEYED, flow="main", node=node, digits=digits, valid=True)

    def leaves(self, contact: str, value: str, way: str = "chosen", detail: str = "", flow: str = "main") -> None:
        self.tell(contact, FactKind.FLOW_TOLD, what="left", flow=flow, node="menu", value=value, way=way, detail=detail)

    def figures(self, flow: str = "main", **between: int) -> FlowFigures:
        return self.store.flow_figures(flow, **between)


@pytest.fixture
def calls(store: Store) -> Calls:
    return Calls(store)


@pytest.mark.parametrize(
    ("value", "way", "counted"),
    [
        ("hangup", "chosen", {"served": 1}),
        ("hangup", "trouble", {"trouble": 1}),
        ("queue", "chosen", {"queue": 1}),
        ("queue", "person", {"person": 1}),
        ("queue", "trouble", {"person": 1, "trouble": 1}),
        ("callback", "chosen", {"callback": 1}),
        ("voicemail", "chosen", {"voicemail": 1}),
        ("number", "chosen", {"number": 1}),
    ],
)
def test_each_end_is_counted(calls: Calls, value: str, way: str, counted: dict[str, int]) -> None:
    calls.enter("c")
    calls.comes("c", "menu")
    calls.leaves("c", value, way)
    figures = calls.figures()
    ends = ("served", "person", "queue", "callback", "voicemail", "number", "rang_off", "lost", "trouble", "rang_again")
    assert {end: getattr(figures, end) for end in ends if getattr(figures, end)} == counted
    assert (figures.entered, figures.inside, figures.containment) == (
        1,
        0,
        float(value == "hangup" and way == "chosen"),
    )


def test_only_a_key_for_the_person_is_asking_for_one(calls: Calls) -> None:
    for contact, digits in (("asks", "0"), ("silent", ""), ("chooses", "1")):
        calls.enter(contact)
        calls.comes(contact, "menu")
        if digits:
            calls.keys(contact, digits)
        calls.leaves(contact, "queue", "person")
    assert (calls.figures().person, calls.figures().asked_person) == (3, 1)


def test_who_rings_again_goes_to_the_person(calls: Calls) -> None:
    calls.enter("c")
    calls.tell("c", FactKind.FLOW_TOLD, what="left", value="queue", detail="rang again")
    assert (calls.figures().person, calls.figures().rang_again) == (1, 1)


def test_who_is_cut_off_has_not_rung_off(calls: Calls) -> None:
    for contact, outcome in (("off", "left_flow"), ("cut", "lost")):
        calls.enter(contact)
        calls.comes(contact, "menu")
        calls.tell(contact, FactKind.CONTACT_ENDED, **contact_ended(contact, outcome=outcome).data)
    figures = calls.figures()
    assert (figures.rang_off, figures.lost, figures.nodes["menu"].rang_off, figures.containment) == (1, 1, 1, 0.0)


def test_a_called_flow_has_nodes_but_nobody_entered_it(calls: Calls) -> None:
    calls.enter("c", "outer")
    calls.comes("c", "call", flow="outer")
    calls.comes("c", "greeting")
    calls.comes("c", "menu", "next")
    calls.keys("c", "1")
    calls.comes("c", "bye", flow="outer")
    calls.leaves("c", "hangup", flow="outer")
    inner, outer = calls.figures("main"), calls.figures("outer")
    assert (inner.entered, inner.nodes["menu"].entered, inner.nodes["menu"].keyed) == (0, 1, 1)
    assert inner.nodes["greeting"].exits == {"next": 1}
    assert (outer.entered, outer.served, outer.nodes["call"].exits) == (1, 1, {"on": 1})


def test_only_what_was_between_the_moments_counts(calls: Calls) -> None:
    calls.enter("before")
    calls.comes("before", "menu")
    since = calls.at + 1
    calls.leaves("before", "hangup")
    calls.enter("inside")
    until = calls.at + 1
    calls.leaves("inside", "hangup")
    figures = calls.figures(since=since, until=until)
    assert (figures.entered, figures.inside, figures.served) == (1, 1, 0)
    assert (calls.figures().entered, calls.figures().served) == (2, 2)


def test_a_flow_that_nobody_knows(calls: Calls) -> None:
    with pytest.raises(NotFound):
        calls.figures("other")


def test_more_facts_than_a_page(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fsorch.store.flow_stats.PAGE", 3)
    for n in range(7):
        calls.enter(f"c{n}")
        calls.leaves(f"c{n}", "hangup")
    assert calls.figures().served == 7
