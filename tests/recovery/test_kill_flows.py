"""``kill -9`` with a caller in every kind of node that a caller can be in: each goes on where they were."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from gevent import socket
from gevent.event import Event as Happening
from gevent.server import StreamServer

from fsorch.config import Centre, decode
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import HangUp
from fsorch.engine.views import ContactView
from fsorch.sim.channel import Channel
from fsorch.sim.world import Caller, CallerPlan
from fsorch.store import Store
from tests.recovery.accounts import Accounts
from tests.recovery.conftest import Make
from tests.recovery.site import BY, DEADLINE_S, Site, centre

SHORT, LONG = "tone_stream://%(200,0,440)", "tone_stream://%(60000,0,440)"
PIN = "86420753"
END = {"kind": "hangup", "prompt": "short", "reason": "served"}
ASK = {"kind": "lookup", "next": "end", "default": "end"}
NODES: dict[str, dict[str, Any]] = {
    "main": {
        "kind": "menu",
        "prompt": "long",
        "options": {
            "1": "say",
            "2": "number",
            "3": "pin",
            "4": "ask",
            "5": "record",
            "6": "survey",
            "7": "inner",
            "9": "german",
            "0": "sales",
        },
    },
    "say": {"kind": "say", "prompt": "long", "next": "end"},
    "number": {"kind": "collect", "prompt": "long", "into": "number", "confirm": {"prompt": "long"}, "next": "end"},
    "pin": {"kind": "collect", "prompt": "long", "into": "pin", "max": 8, "masked": True, "next": "check"},
    "check": ASK | {"http": {"url": "http://ADDRESS/check", "json": {"pin": "vars.pin"}, "timeout_s": 30}},
    "ask": ASK | {"http": {"url": "http://ADDRESS/ask", "timeout_s": 30}},
    "record": {"kind": "record", "prompt": "short", "into": "said", "limit_s": 60, "silence_s": 30, "next": "end"},
    "survey": {"kind": "survey", "questions": [{"id": "happy", "prompt": "long"}], "next": "end"},
    "inner": {"kind": "flow", "flow": "inner", "next": "end"},
    "sales": {"kind": "queue", "queue": "sales"},
    "german": {"kind": "language", "to": "de", "next": "two"},
    "two": {"kind": "menu", "prompt": "long", "options": {"1": "end"}},
    "end": END,
}
# What they have keyed, and what brings them to the end from where they are then.
WHERE: dict[str, tuple[tuple[str, ...], str]] = {
    "menu": ((), "1 1"),
    "say": (("1",), "1"),
    "collect": (("2",), "4711# 1"),
    "confirm": (("2", "4711#"), "1"),
    "masked": (("3",), PIN),
    "checking": (("3", PIN), PIN),
    "asking": (("4",), ""),
    "recording": (("5",), "#"),
    "survey": (("6",), "4"),
    "sub-flow": (("7",), "5"),
    "language": (("9",), "1"),
}


class Elsewhere:
    """A system that flows ask, and that answers no sooner than it is let."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.may_answer = Happening()
        self.server = StreamServer(("127.0.0.1", 0), self._serve)
        self.server.start()
        self.address = f"127.0.0.1:{self.server.server_port}"

    def _serve(self, client: socket.socket, _: object) -> None:
        self.asked.append(client.recv(4096).split(b" ", 2)[1].decode())
        self.may_answer.wait(DEADLINE_S)
        with contextlib.suppress(OSError):
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        client.close()


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    made = Elsewhere()
    yield made
    made.server.stop()


def flows(plain: Centre, address: str) -> Centre:
    """The site's centre with these flows."""
    nodes = msgspec.json.decode(msgspec.json.encode(NODES).replace(b"ADDRESS", address.encode()))
    inner = {"first": {"kind": "menu", "prompt": "long", "options": {"5": "return"}}}
    how = {"first": NODES["survey"], "end": END}
    heads = {"languages": ["en", "de"], "person": "support"}
    data = msgspec.to_builtins(plain) | {
        "flows": [
            {"id": "main", "start": "main", "nodes": nodes, **heads},
            {"id": "inner", "start": "first", "nodes": inner, **heads},
            {"id": "how", "start": "first", "nodes": how, **heads},
        ],
        "prompts": {"short": SHORT, "long": LONG, "invalid": SHORT},
        "voicemail": {"dir": "/var/messages"},
    }
    data["queues"][0]["survey"] = "how"
    return decode(data, Centre, where="site")


def rings(site: Site, keys: tuple[str, ...], talk_s: float = 600.0) -> Caller:
    """Somebody who presses these keys, one after another, and nothing after them."""
    number = f"+49{site.dice.randrange(10**9, 10**10)}"
    plan = CallerPlan(keys=(*keys, ""), reaction_s=0.1, patience_s=600.0, talk_s=talk_s, hangs_up=True)
    made: list[Caller] = []
    site.switch.server.schedule(lambda: made.append(site.switch.world.place_call(number, plan=plan)))
    site.callers += made
    return made[0]


def channel_of(caller: Caller) -> Channel:
    assert caller.channel is not None
    return caller.channel


def contact_of(site: Site, caller: Caller) -> ContactView:
    found = site.contact(caller)
    assert found is not None
    return found


def presses(site: Site, caller: Caller, keys: str) -> None:
    site.switch.server.schedule(lambda: site.switch.server.switch.machine.press(channel_of(caller), keys))


def passed(store: Store, contact: str) -> list[tuple[str, str]]:
    facts = [fact for fact in store.contact(contact).facts if fact.kind is FactKind.NODE_PASSED]
    return [(fact.data["flow"], fact.data["node"]) for fact in facts]


@pytest.mark.slow
def test_who_is_in_a_flow_goes_on_where_they_were(make: Make, elsewhere: Elsewhere) -> None:
    site = make(answer_rate=1.0, ring_s=0.1, told=flows(centre(0.4, 20.0, 120.0), elsewhere.address))
    site.start()
    callers = {where: rings(site, keys) for where, (keys, _) in WHERE.items()}
    talks = {agent: talk(site, agent) for agent in ("ann", "bob")}
    site.request(HangUp(agent="ann", by=BY))
    callers["after the talk"], callers["left alone"] = talks["ann"], talks["bob"]
    for where, caller in callers.items():
        wanted = sum(map(len, WHERE[where][0])) if where in WHERE else 1
        site.until(lambda c=caller, n=wanted: len(c.result.keyed) == n, f"the keys of {where}")  # type: ignore[misc]
    site.state_is(talks["ann"], "flow")
    site.later(1.0)
    before = {where: contact_of(site, caller) for where, caller in callers.items()}
    runs = {where: channel_of(caller).get("current_application_data") for where, caller in callers.items()}
    assert {one.state for where, one in before.items() if where != "left alone"} == {"flow"}

    site.kill()
    site.switch.server.schedule(site.switch.world.phones["1002"].hang_up)
    site.later(0.3)
    site.start()
    site.state_is(callers["left alone"], "flow")
    site.until(lambda: all(channel_of(caller).get("current_application") for caller in callers.values()), "prompts")
    for where, caller in callers.items():
        was, now = before[where], contact_of(site, caller)
        assert (now.id, now.state, now.began_at, now.answers) == (was.id, "flow", was.began_at, was.answers), where
        if where not in ("checking", "asking", "left alone"):
            assert channel_of(caller).get("current_application_data") == runs[where], f"{where}: it began anew"

    assert sorted(elsewhere.asked) == ["/ask", "/ask", "/check"]
    elsewhere.may_answer.set()
    for where, caller in callers.items():
        for key in WHERE[where][1].split(" ") if where in WHERE else ("4",):
            asks = channel_of(caller).get("current_application_data")
            presses(site, caller, key)
            site.until(lambda c=caller, a=asks: c.result.cause or says(c) != a, f"{where} to go on")  # type: ignore[misc]
    site.drain()
    assert elsewhere.asked.count("/check") == 3, "of one of them again, with the PIN that was asked for again"
    site.stop()
    check(site, callers, {where: contact.id for where, contact in before.items()})


def says(caller: Caller) -> str:
    """What plays, or asks for keys, on the caller's channel."""
    return channel_of(caller).get("current_application_data") or ""


def talk(site: Site, agent: str) -> Caller:
    """A caller in talk with this agent, who has come to work for it."""
    site.log_in(agent)
    caller = rings(site, ("0",))
    site.state_is(caller, "talking")
    return caller


def check(site: Site, callers: dict[str, Caller], ids: dict[str, str]) -> None:
    """What the records say: each came to their end, and no node was passed twice but where input was lost."""
    accounts = Accounts(site)
    accounts.check_legs()
    talked = {ids["after the talk"], ids["left alone"]}
    for row in accounts.contacts.values():
        accounts.check_segments(row)
    for caller in site.callers:
        (row,) = [row for row in accounts.contacts.values() if row.number == caller.result.number]
        if row.id not in talked:
            accounts.check_caller(caller.result, row)
    with site.store() as store:
        for where, id in ids.items():
            nodes = passed(store, id)
            twice = [node for node in nodes if nodes.count(node) > 1]
            assert where == "checking" or not twice, (where, nodes)
            assert nodes[-1][1] == "end", (where, nodes)
            assert accounts.contacts[id].outcome == ("answered" if id in talked else "self_served"), where
            assert PIN not in repr(store.contact(id))
        scores = {answer.contact: answer.score for answer in store.customers.survey_answers() if answer.score}
    surveys = ("survey", "after the talk", "left alone")
    assert scores == {ids[where]: 4 for where in surveys}
    assert not [leg for leg in accounts.legs.values() if PIN in repr(leg)]
    assert not [file for file in site.home.rglob("*") if file.is_file() and PIN.encode() in file.read_bytes()]
