"""Callers who follow a script: each step is answered as the script says, and told as people read it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fsorch.errors import ConfigError
from fsorch.flow_examples import EXAMPLES, example_files
from fsorch.flows import FlowSpec, decode_flow
from fsorch.ivr.rehearsal import HANG_UP, Answer, Rehearsal, Script, Stage, What, parse_keys, rehearse
from fsorch.ivr.speech import File, Utterance
from fsorch.ivr.steps import KEYS, Failed, HttpAnswer, Rows
from tests.ivr.shops import goodbye, shop

OWES = Answer(json={"account": {"balance": 12.5, "name": "Ann"}})
OPEN: dict[str, Any] = {"calendar.office.open": True}


def walk(keys: str = "", spec: FlowSpec | None = None, language: str = "", **script: Any) -> Rehearsal:
    given = Script(answers=script, values=OPEN)
    stage = Stage(given.values, lambda name, values, language: (File(name, language),))
    flows = {"goodbye": goodbye()}
    return rehearse(
        spec or shop(), parse_keys(keys), given, stage, flows=flows, language=language, words=named, seconds=len
    )


def named(said: Utterance) -> str:
    """A text of ten letters for each file, so that it takes ten seconds."""
    return said.name[:10] if isinstance(said, File) else said.text


def told(walked: Rehearsal, what: What) -> list[str]:
    return [line.text for line in walked.lines if line.what is what]


def test_a_walk_to_the_end() -> None:
    walked = walk("1,4711#,1,2580", ask=OWES)
    assert told(walked, What.KEYS) == ["1", "4711#", "1", "****"]
    assert told(walked, What.ASKED)[0] == "answered"
    assert (walked.end, walked.keys, walked.unused) == ("hangup", 11, ())
    assert "the agent sees the tag orders" in told(walked, What.TOLD)
    assert any(text.startswith("by text message to +12025550123: You owe 12.5") for text in told(walked, What.TOLD))


def test_time_is_that_of_words_and_silence() -> None:
    walked = walk("")
    lines = [(line.at_s, line.node, line.text) for line in walked.lines if line.what is not What.TOLD]
    assert lines[:3] == [
        (0.0, "welcome", "shop.welco"),
        (10.0, "main", "shop.main"),
        (24.0, "main", "nothing for 5 s"),
    ]
    assert told(walked, What.SILENCE) == ["nothing for 5 s"] * 3
    assert walked.seconds == walked.lines[-1].at_s


def test_who_rings_off_is_gone() -> None:
    walked = walk(f"1,{HANG_UP},2")
    assert (walked.end, walked.to, walked.why, walked.unused) == ("caller", "", "", ("2",))
    assert told(walked, What.END) == ["rings off"]


def test_answers_come_in_turn_and_the_last_one_stays() -> None:
    missing = Answer(status=404, json={})
    walked = walk("1,4711#,1,2580", ask=(missing, OWES), stock=Answer(rows=({"n": 1},)))
    assert [line.text for line in walked.lines if line.node == "ask"] == ["answered"]
    assert [line.text for line in walked.lines if line.node == "stock"] == ["answered"]


def test_a_look_up_without_an_answer_fails_and_says_so() -> None:
    walked = walk("1,4711#,1,2580")
    assert told(walked, What.ASKED) == ["no answer: the script has no answer for this look-up"]
    assert (walked.end, walked.to, walked.why) == ("queue", "reception", "person")


def test_an_answer_that_is_none_is_told() -> None:
    walked = walk("7,0")
    assert told(walked, What.WRONG) == ["that is no answer here"]
    assert told(walked, What.END) == ["waits in the queue reception (to a person)"]


def test_trouble_is_told() -> None:
    data = {"id": "t", "start": "a", "person": "q", "nodes": {"a": {"kind": "say", "prompt": "p", "next": "gone"}}}
    walked = walk(spec=decode_flow(data | {"prompts": {"p": "Hello."}}, where="test"))
    assert told(walked, What.TROUBLE) == ["'gone' is no node"]
    assert walked.why == "trouble"


def test_the_language_of_the_caller() -> None:
    assert "from here in de" in told(walk("4", language="de"), What.TOLD)


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (Answer(json=[1]), HttpAnswer(200, b"[1]")),
        (Answer(status=500), HttpAnswer(500, b"null")),
        (Answer(rows=()), Rows(())),
        (Answer(fails="away"), Failed("away")),
    ],
)
def test_what_a_script_answers(answer: Answer, result: object) -> None:
    assert answer.result == result


@pytest.mark.parametrize(
    ("text", "entries"),
    [("", ()), (" ", ()), ("1", ("1",)), ("2,1234#,0", ("2", "1234#", "0")), ("1,,*", ("1", "", "*")), (",", ("", ""))],
)
def test_keys_as_people_write_them(text: str, entries: tuple[str, ...]) -> None:
    assert parse_keys(text) == entries


@pytest.mark.parametrize("text", ["1 2", "a", "1,hang up", "1;2", "+49", "1," * 501])
def test_keys_that_no_telephone_has(text: str) -> None:
    with pytest.raises(ConfigError, match="keys: "):
        parse_keys(text)


@given(st.lists(st.text(KEYS, max_size=8), max_size=12), st.sampled_from(sorted(EXAMPLES)), st.booleans())
def test_whatever_is_keyed_in_the_examples_comes_to_an_end(keys: list[str], name: str, open: bool) -> None:
    spec = decode_flow(yaml.safe_load(example_files(name)[f"{name}.yaml"]), where=name)
    values = {f"calendar.{name}.open": open, "queue.orders.estimated_wait_s": 400.0}
    stage = Stage(values, lambda name, values, language: (File(name, language),))
    walked = rehearse(spec, tuple(keys), Script(), stage, words=named, seconds=len)
    assert walked.end in ("queue", "callback", "voicemail", "number", "hangup")
    assert not told(walked, What.TROUBLE) or walked.seconds > spec.max_s
