"""Flows on the switch under test: what keys, prompts, recordings and surveys really are there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fsorch.config import Centre, decode
from fsorch.engine.actions import LookUp
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import Configure, LookedUp
from fsorch.esl.commands import Dump, GetVar, Kill, ReceiveDigits
from fsorch.ivr.steps import HttpAnswer, HttpAsk, Secret
from tests.conformance.office import LONG_MENU_S, MUSIC, Office
from tests.conformance.rig import Call, Rig, far_end

Entered = Callable[..., tuple[Office, Call]]
SHORT, LONG = "tone_stream://%(300,0,440)", f"tone_stream://%({LONG_MENU_S * 1000:.0f},0,440)"
# Long enough for keys to come while it plays; it may be heard to its end.
GREETING = "tone_stream://%(20000,0,440)"
PIN = "97134682"
NEXT = {"kind": "say", "prompt": "short", "next": "end"}
END = {"kind": "hangup", "prompt": "short", "reason": "served"}


def centre(folder: str, flows: dict[str, dict[str, Any]], survey: str) -> Centre:
    languages = {"text": {"en": "Hello.", "de": "Hallo."}, "file": {"en": SHORT, "de": "tone_stream://%(300,0,550)"}}
    prompts = {name: SHORT for name in ("short", "invalid", "say_it", "thanks", "call_again", "not_recorded")}
    heads = {"languages": ["en", "de"], "start": "first", "person": "sales"}
    data = {
        "flow": "main",
        "flows": [{"id": id, **heads, "nodes": nodes} for id, nodes in flows.items()],
        "queues": [{"id": "sales", "music": MUSIC, "wrap_up_s": 0.2, "survey": survey}],
        "agents": [{"id": "ada", "phone": far_end("answer-300"), "queues": [{"queue": "sales"}]}],
        "prompts": {**prompts, "long": LONG, "greeting": GREETING, "hello": languages},
        "voicemail": {"dir": folder, "least_s": 0.3},
    }
    return decode(data, Centre, where="office")


@pytest.fixture
def entered(rig: Rig, tmp_path: Path) -> Iterator[Entered]:
    """A caller in the flow ``main`` of these nodes; the flow ``how`` is there for surveys. What is looked up is put
    into ``office.asked`` and left to the test."""
    offices: list[Office] = []

    def entered(nodes: dict[str, Any], *, how: dict[str, Any] | None = None) -> tuple[Office, Call]:
        office = Office(rig, {})
        offices.append(office)
        flows = {"main": nodes, **({"how": how} if how else {})}
        office.pump.request(Configure(centre(str(tmp_path), flows, "how" if how else "")))
        call = rig.call_in()
        office.fact(FactKind.FLOW_ENTERED)
        return office, call

    yield entered
    for office in offices:
        office.close()


def collect(**more: Any) -> dict[str, Any]:
    return {"kind": "collect", "prompt": "long", "into": "account", "next": "second", "min": 2, "max": 8} | more


def menu(prompt: str = "long", **options: str) -> dict[str, Any]:
    return {"kind": "menu", "prompt": prompt, "options": {key.removeprefix("k"): to for key, to in options.items()}}


def keyed(office: Office, number: int) -> list[str]:
    """The first so many answers, in order."""
    office.fact(FactKind.ANSWER_KEYED, number)
    return [str(fact.data["digits"]) for fact in office.of(FactKind.ANSWER_KEYED)]


def served(office: Office) -> dict[str, Any]:
    """The row of the only contact, once it has come to its stated end."""
    return office.ended(office.of(FactKind.CONTACT_BEGAN)[0].contact)


def test_keys_end_by_the_terminator_and_it_is_no_key_of_what_comes_next(entered: Entered) -> None:
    office, call = entered({"first": collect(), "second": menu(k5="end"), "end": END})
    office.press(call, "4711#")
    office.press(call, "5")
    assert keyed(office, 2) == ["4711", "5"]
    assert not [fact for fact in office.of(FactKind.ANSWER_KEYED) if not fact.data["valid"]]
    row = served(office)
    assert (row["outcome"], row["ended_by"]) == ("self_served", "system")


def test_the_last_key_ends_them_as_well(entered: Entered) -> None:
    office, call = entered({"first": collect(max=4), "second": END})
    office.press(call, "4711")
    assert keyed(office, 1) == ["4711"]
    assert served(office)["outcome"] == "self_served"


def test_silence_after_some_keys_ends_them(entered: Entered) -> None:
    office, call = entered({"first": collect(digit_timeout_s=1.0), "second": END})
    office.press(call, "47")
    assert keyed(office, 1) == ["47"]


def test_an_answer_is_confirmed(entered: Entered) -> None:
    office, call = entered({"first": collect(confirm={"prompt": "long"}), "second": END})
    office.press(call, "4711#")
    office.press(call, "2")
    office.press(call, "4712#")
    office.press(call, "1")
    assert served(office)["outcome"] == "self_served"
    answers = [(fact.data["digits"], fact.data["valid"]) for fact in office.of(FactKind.ANSWER_KEYED)]
    assert answers == [("4711", False), ("4712", True)]


def test_a_pin_is_nowhere_but_where_it_is_checked(rig: Rig, entered: Entered) -> None:
    asks = {"url": "https://pins.example/check", "json": {"pin": "vars.pin"}}
    lookup = {"kind": "lookup", "http": asks, "into": {"name": "name"}, "next": "second", "default": "person"}
    nodes = {"first": collect(into="pin", max=8, masked=True, next="ask"), "ask": lookup, "second": menu(k1="end")}
    office, call = entered({**nodes, "end": END})
    asked: list[LookUp] = []
    office.pump._on_look_up = asked.append
    office.press(call, PIN)
    rig.until(lambda: asked, "the question")
    (one,) = asked
    assert isinstance(one.ask, HttpAsk)
    assert one.ask.body == Secret(f'{{"pin":"{PIN}"}}')
    office.pump.feed(LookedUp(one.contact, one.serial, HttpAnswer(200, b'{"name": "Ann"}')))
    office.press(call, "1")
    assert PIN not in rig.ask(Dump(call.leg)).text, "the switch has forgotten it"
    served(office)
    assert PIN not in repr(office.facts)
    assert not [event for event in rig.events if event.name == "DTMF" and event.uuid == call.leg]
    ended = rig.event("CHANNEL_HANGUP_COMPLETE", leg=call.leg)
    assert PIN not in msgspec.json.encode(ended.headers()).decode()


def test_music_plays_while_something_is_looked_up_and_ends_before_what_follows(rig: Rig, entered: Entered) -> None:
    lookup = {"kind": "lookup", "own": {"of": "customer"}, "next": "second", "default": "second"}
    office, call = entered({"first": NEXT | {"next": "ask"}, "ask": lookup, "second": menu(k1="end"), "end": END})
    asked: list[LookUp] = []
    office.pump._on_look_up = asked.append
    rig.until(lambda: asked, "the question")
    plays = GetVar(call.leg, "current_application_data")
    rig.until(lambda: rig.ask(plays).text == MUSIC, "the music")
    office.pump.feed(LookedUp(asked[0].contact, asked[0].serial, HttpAnswer(404)))
    office.press(call, "1")
    music = rig.event("CHANNEL_EXECUTE_COMPLETE", lambda event: event.application_data == MUSIC, leg=call.leg)
    assert music.uuid == call.leg
    assert served(office)["outcome"] == "self_served"


def test_the_language_changes_the_files(rig: Rig, entered: Entered) -> None:
    said = {"kind": "say", "prompt": "hello", "next": "german"}
    german = {"kind": "language", "to": "de", "next": "again"}
    entered({"first": said, "german": german, "again": said | {"next": "end"}, "end": END})
    for path in ("tone_stream://%(300,0,440)", "tone_stream://%(300,0,550)"):
        rig.event("CHANNEL_EXECUTE_COMPLETE", lambda event, path=path: event.application_data == path)  # type: ignore[misc]


def test_keys_faster_than_prompts_are_all_heard(rig: Rig, entered: Entered) -> None:
    said = {"kind": "say", "prompt": "greeting", "next": "one"}
    menus = {"one": menu("greeting", k1="two"), "two": menu("greeting", k2="three")}
    asked = {"three": collect(prompt="greeting", next="end"), "end": END}
    office, call = entered({"first": said, **menus, **asked})
    plays = GetVar(call.leg, "current_application")
    rig.until(lambda: rig.ask(plays).text == "playback", "the greeting")
    assert rig.ask(ReceiveDigits(call.leg, "1234567#")).ok
    assert keyed(office, 3) == ["1", "2", "34567"]
    assert served(office)["outcome"] == "self_served"


def test_two_hundred_keys_break_nothing(rig: Rig, entered: Entered) -> None:
    office, call = entered({"first": collect(next="second"), "second": menu("short", k0="person") | {"timeout_s": 1.0}})
    office.press(call, "12345678" * 10)
    assert keyed(office, 1)[0] == "12345678"
    contact = office.fact(FactKind.CONTACT_QUEUED).contact
    assert contact == office.contact_of(call).id, "wrong keys lead to a person"


def test_nobody_presses_anything(entered: Entered) -> None:
    office, call = entered({"first": menu("short", k1="end") | {"timeout_s": 1.0, "tries": 2}, "end": END})
    office.fact(FactKind.CONTACT_QUEUED)
    assert [fact.data["what"] for fact in office.of(FactKind.FLOW_TOLD)].count("silent") == 2


def test_a_prompt_that_is_not_there_holds_nobody_up(entered: Entered) -> None:
    lost = {"kind": "say", "prompt": "lost", "next": "second"}
    flows = {"first": lost, "second": menu(k1="end"), "end": END}
    office, call = entered(flows | {"first": lost | {"prompt": "leave_message"}})
    office.press(call, "1")
    assert served(office)["outcome"] == "self_served"


def test_a_recording_ends_by_a_key_and_is_there(rig: Rig, entered: Entered, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    record = {"kind": "record", "prompt": "short", "into": "said", "limit_s": 10, "next": "end", "failed": "person"}
    office, call = entered({"first": record, "end": END})
    plays = GetVar(call.leg, "current_application")
    rig.until(lambda: rig.ask(plays).text == "record", "the recording")
    rig.later(1.5, "some words")
    assert rig.ask(ReceiveDigits(call.leg, "5")).ok
    assert served(office)["outcome"] == "self_served"
    (name,) = [fact.data["value"] for fact in office.of(FactKind.FLOW_TOLD) if fact.data["what"] == "recorded"]
    assert name.startswith(office.of(FactKind.CONTACT_BEGAN)[0].contact)


def test_whose_agent_hangs_up_is_asked_how_it_was(rig: Rig, entered: Entered) -> None:
    ask = {"kind": "survey", "questions": [{"id": "happy", "prompt": "long"}], "next": "end"}
    office, call = entered({"first": {"kind": "queue", "queue": "sales"}}, how={"first": ask, "end": END})
    office.log_in("ada")
    bridged = office.fact(FactKind.BRIDGED)
    contact = bridged.contact
    rig.until(lambda: rig.ask(GetVar(call.leg, "fsorch_survey")).text == "how", "the mark of the survey")
    rig.ask(Kill(str(bridged.data["agent_leg"]), "NORMAL_CLEARING"))
    office.fact(FactKind.SURVEY_BEGAN)
    office.agent_is("ada", "idle")
    assert office.contact_of(call).state == "flow"
    office.press(call, "2")
    row = office.ended(contact)
    assert (row["outcome"], row["ended_by"], row["agent"]) == ("answered", "agent", "ada")
    assert 0 < row["talked_us"] < 60_000_000
    scored = [fact.data["row"] for fact in office.of(FactKind.SURVEY_ANSWERED) if fact.data["row"]["score"]]
    assert [(one["score"], one["agent"], one["contact"]) for one in scored] == [(2, "ada", contact)]
    assert office.of(FactKind.PROMISE_MADE)
    assert set(office.legs(contact, 2)) == {"customer", "agent"}
    rig.gone(call.caller)


def test_a_customer_who_hangs_up_first_takes_the_agents_call_with_them(rig: Rig, entered: Entered) -> None:
    ask = {"kind": "survey", "questions": [{"id": "happy", "prompt": "long"}], "next": "end"}
    office, call = entered({"first": {"kind": "queue", "queue": "sales"}}, how={"first": ask, "end": END})
    office.log_in("ada")
    contact = office.fact(FactKind.BRIDGED).contact
    rig.until(lambda: rig.ask(GetVar(call.leg, "fsorch_survey")).text == "how", "the mark of the survey")
    rig.ask(Kill(call.caller, "NORMAL_CLEARING"))
    row = office.ended(contact)
    assert (row["outcome"], row["ended_by"]) == ("answered", "customer")
    office.legs(contact, 2)
    office.agent_is("ada", "idle")
    assert not office.of(FactKind.SURVEY_BEGAN)


def test_who_hangs_up_in_the_flow_is_written_down_once(rig: Rig, entered: Entered) -> None:
    office, call = entered({"first": collect(), "second": END})
    rig.ask(Kill(call.caller, "NORMAL_CLEARING"))
    row = served(office)
    assert (row["outcome"], row["ended_by"]) == ("left_flow", "customer")
    office.legs(row["id"], 1)
