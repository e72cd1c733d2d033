"""Random callers in random flows: everybody comes to an end that serves them, and no restart changes the way."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from fsorch.flow_nodes import Collect as CollectNode
from fsorch.flows import FlowSpec, decode_flow
from fsorch.ivr.place import LONGEST_PLACE
from fsorch.ivr.session import MOST_STEPS, FlowSession
from fsorch.ivr.steps import (
    Collect,
    Failed,
    Fetch,
    HangUp,
    HttpAnswer,
    Keys,
    Play,
    Record,
    Recorded,
    Result,
    Rows,
    SendText,
    Sent,
    Step,
    Trouble,
)
from tests.ivr.rooms import Room, is_end

NAMES = [f"n{n}" for n in range(7)]
PIN = "97531"
PROMPTS = {
    "plain": "Hello there.",
    "slots": "You have {a:number} and {queue.sales.waiting:number}, {b}.",
    "two": {"en": "Hello.", "de": "Hallo."},
}

# "gone" was never there: what was not checked must not trap anybody either.
targets = st.sampled_from([*NAMES, *NAMES, *NAMES, "person", "return", "gone"])
prompts = st.sampled_from([*PROMPTS, "centre", "lost"])
variables = st.sampled_from(["a", "b", "c"])
keys = st.sampled_from(list("0123456789*#"))
options = st.dictionaries(keys, targets, min_size=1, max_size=4)
conditions = st.sampled_from(
    [
        "vars.a == 1",
        "vars.b > 2",
        "contact.again",
        'vars.a in ["1", "2"]',
        "queue.sales.waiting < 3",
        "true",
        "1 / 0 > 2",
    ]
)
sources = st.sampled_from(
    ["1", "vars.a + vars.a", '"x" + text(vars.b)', "queue.sales.waiting", "contact.number", "none"]
)
rounds = {
    "tries": st.integers(1, 3),
    "invalids": st.integers(1, 3),
    "invalid": st.sampled_from(["invalid", ""]),
    "no_key": targets,
    "wrong_key": targets,
    "barge_in": st.booleans(),
}


def node(kind: str, needed: dict[str, Any], spare: dict[str, Any] | None = None) -> st.SearchStrategy[dict[str, Any]]:
    keys: dict[str, st.SearchStrategy[Any]] = {"kind": st.just(kind), **needed}
    return st.fixed_dictionaries(keys, optional=spare or {})


into = st.dictionaries(variables, st.sampled_from(["x", "rows[0].x", "count", "first.x"]), max_size=2)
lookup_ways = {"default": targets, "not_found": targets, "into": into, "music": st.sampled_from(["plain", ""])}
pin = {"prompt": prompts, "into": st.just("pin"), "max": st.just(5), "masked": st.just(True), "next": targets}
nodes = st.one_of(
    node("say", {"prompt": prompts, "next": targets}, {"barge_in": st.booleans()}),
    node("menu", {"prompt": prompts, "options": options}, rounds),
    node("menu", {"prompt": prompts, "options": options}, rounds),
    node(
        "collect",
        {"prompt": prompts, "into": variables, "next": targets},
        {
            **rounds,
            "min": st.integers(1, 3),
            "max": st.integers(3, 6),
            "terminator": st.sampled_from(["#", "*", ""]),
            "pattern": st.sampled_from(["", "[1-5]+", "1.*"]),
            "confirm": st.fixed_dictionaries({"prompt": prompts}),
            "options": st.dictionaries(st.sampled_from(["0", "9"]), targets, max_size=1),
        },
    ),
    node("collect", pin, rounds),
    node(
        "branch",
        {
            "cases": st.lists(st.fixed_dictionaries({"if": conditions, "then": targets}), min_size=1, max_size=2),
            "else": targets,
        },
    ),
    node("set", {"values": st.dictionaries(variables, sources, min_size=1, max_size=2), "next": targets}),
    node(
        "lookup",
        {
            "next": targets,
            "http": st.fixed_dictionaries(
                {"url": st.just("https://x.example/{vars.a}")},
                optional={"json": st.just({"pin": "vars.pin"}), "body": st.just("pin={vars.pin}")},
            ),
        },
        lookup_ways,
    ),
    node("lookup", {"next": targets, "own": st.just({"of": "tickets"})}, lookup_ways),
    node("language", {"next": targets, "to": st.sampled_from(["en", "de"])}),
    node("queue", {"queue": st.just("sales")}, {"prompt": prompts, "priority": st.integers(0, 9)}),
    node("callback", {"queue": st.just("sales")}, {"prompt": prompts, "number": sources}),
    node("voicemail", {"queue": st.just("sales")}, {"prompt": prompts}),
    node("record", {"prompt": prompts, "into": variables, "next": targets}, {"failed": targets}),
    node("transfer", {"number": sources}, {"prompt": prompts}),
    node(
        "survey",
        {
            "questions": st.lists(st.fixed_dictionaries({"id": variables, "prompt": prompts}), min_size=1, max_size=2),
            "next": targets,
        },
        {"low": targets, "comment": st.fixed_dictionaries({"prompt": prompts}), "tries": st.integers(1, 2)},
    ),
    node("message", {"text": st.just("a {vars.a}"), "next": targets}, {"failed": targets, "number": sources}),
    node("opt_out", {"next": targets, "everywhere": st.booleans()}),
    node("tag", {"tags": st.just(["x"]), "next": targets}),
    node("note", {"text": st.just("n {vars.b} {queue.sales.waiting}"), "next": targets}),
    node("flow", {"flow": st.sampled_from(["one", "two", "gone"]), "next": targets}),
    node("hours", {"calendar": st.sampled_from(["office", "gone"]), "open": targets, "closed": targets}),
    node("hangup", {"prompt": prompts, "reason": st.just("served")}),
)


def flows(id: str) -> st.SearchStrategy[FlowSpec]:
    return st.fixed_dictionaries(
        {
            "id": st.just(id),
            "languages": st.sampled_from([["en", "de"], ["de"]]),
            "start": st.sampled_from(["n0"] * 9 + ["gone"]),
            "person": st.sampled_from(["reception", ""]),
            "prompts": st.just(PROMPTS),
            "nodes": st.fixed_dictionaries({name: nodes for name in NAMES}),
        }
    ).map(lambda data: decode_flow(_fitting(data), where=id))


def _fitting(data: dict[str, Any]) -> dict[str, Any]:
    """Prompts speak one of the flow's languages."""
    texts = {"two": PROMPTS["two"]} if data["languages"] == ["en", "de"] else {"two": {"de": "Hallo."}}
    return {**data, "prompts": {**data["prompts"], **texts}}


some_keys = st.text("0123456789*#", max_size=4) | st.sampled_from(["1", "2", "0", "1" * 200, "1#", "x", "\u0661", ""])
answers: dict[type[Any], st.SearchStrategy[Result]] = {
    Play: some_keys.map(Keys) | st.just(Trouble("no file")),
    Collect: some_keys.map(Keys) | st.just(Keys()) | st.just(Trouble("")),
    Fetch: st.sampled_from(
        [
            HttpAnswer(500),
            HttpAnswer(404),
            HttpAnswer(200, b"garbage"),
            HttpAnswer(200, b"[" * 5000),
            HttpAnswer(200, b"0" * 300_000),
            HttpAnswer(200, b'{"x": 1, "rows": [{"x": "' + b"y" * 5000 + b'"}], "count": 1e999}'),
            HttpAnswer(200, b'{"x": {"deep": []}, "first": {"x": [1, [2, "3"]]}, "rows": [{"x": 5}], "count": 2}'),
            Rows(),
            Rows(({"x": 5},)),
            Rows(({"x": object()},)),
            Failed("refused"),
            Trouble("never"),
        ]
    ),
    Record: st.sampled_from([Recorded("r", 2.0), Recorded(), Trouble()]),
    SendText: st.sampled_from([Sent(), Sent(ok=False), Trouble()]),
}
QUIET: dict[type[Any], Result] = {
    Play: Keys(),
    Collect: Keys(),
    Fetch: Trouble(),
    Record: Trouble(),
    SendText: Trouble(),
}
# How much a caller does before falling silent.
LIVELY = 25


def answer(data: st.DataObject, step: Step, turn: int) -> Result:
    if turn >= LIVELY:
        return QUIET[type(step)]
    if isinstance(step, Collect) and step.masked and data.draw(st.booleans()):
        return Keys(PIN)
    return data.draw(answers[type(step)])


def has_masked(*specs: FlowSpec) -> bool:
    return any(isinstance(one, CollectNode) and one.masked for spec in specs for one in spec.nodes.values())


def check_secret(session: FlowSession, step: Step, happened: object) -> None:
    place = session.place
    assert len(place) <= LONGEST_PLACE
    text = place.removeprefix("1.")
    assert PIN.encode() not in urlsafe_b64decode(text + "=" * (-len(text) % 4))
    assert PIN not in repr(step)
    assert PIN not in repr(happened)


@given(flows("main"), flows("one"), flows("two"), st.booleans(), st.data())
def test_every_caller_is_served_and_no_restart_changes_the_way(
    spec: FlowSpec, one: FlowSpec, two: FlowSpec, again: bool, data: st.DataObject
) -> None:
    room = Room(contact__again=again)
    called = {"one": one, "two": two}
    session = FlowSession(spec, room, called)
    step: Step | None = session.start()
    last: Step | None = None
    happened = session.events()
    masked = has_masked(spec, one, two)
    turn = 0
    while step is not None and not is_end(step):
        check_secret(session, step, happened)
        twin = FlowSession(spec, room, called)
        asked_again = twin.resume(session.place)
        assert asked_again is not None
        if not masked:
            assert asked_again == step
        room.now += data.draw(st.sampled_from([0.0, 3.0, 300.0])) if turn < LIVELY else 5.0
        result = answer(data, step, turn)
        last, step = step, session.heard(result, step.serial)
        happened = session.events()
        if not masked:
            assert twin.heard(result, last.serial) == step
            assert twin.events() == happened
            assert twin.place == session.place
            if data.draw(st.integers(0, 3)) == 0:
                session = twin
        elif turn < LIVELY and data.draw(st.integers(0, 3)) == 0:
            twin = FlowSession(spec, room, called)
            step = twin.resume(session.place)
            session = twin
        turn += 1
        assert turn <= MOST_STEPS + 2 * LIVELY
    event(f"end: {type(step).__name__}")
    assert step is not None
    assert session.over
    assert session.heard(Keys("1")) is None
    if isinstance(step, HangUp):
        assert isinstance(last, Play)
        assert last.say
        assert last.keys == ""


@given(flows("main"), st.text(max_size=40) | st.binary(max_size=200).map(lambda data: "1." + data.hex()))
def test_any_place_is_refused_or_one_to_go_on_from(spec: FlowSpec, place: str) -> None:
    session = FlowSession(spec, Room())
    step = session.resume(place)
    assert step is None or session.place


@given(flows("main"), st.data())
def test_results_that_do_not_belong_change_nothing(spec: FlowSpec, data: st.DataObject) -> None:
    session = FlowSession(spec, Room())
    step: Step | None = session.start()
    session.events()
    for turn in range(8):
        if step is None or is_end(step):
            break
        for kind, odd in QUIET.items():
            if type(odd) not in {type(QUIET[type(step)]), Trouble} and kind is not type(step):
                place = session.place
                assert session.heard(odd) is None
                assert session.place == place
        step = session.heard(answer(data, step, turn))
