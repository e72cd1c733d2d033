"""What the switch is told to play: lists of files, text in between, and each caller in their language."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsorch.config import Centre, decode
from fsorch.engine import FactKind, LinkUp
from fsorch.engine.sounds import MOST, Sound, sound, spoken
from fsorch.esl.commands import Playback
from fsorch.esl.events import Event
from fsorch.esl.quoting import split
from fsorch.flow_menus import menu_flow
from fsorch.ivr.speech import File, Text, Utterance
from fsorch.prompts import SpeechSpec
from tests.engine.desk import Desk

FLITE = SpeechSpec(engine="flite", voice="kal", voices={"de": "hans"})
MAIN = msgspec.to_builtins(menu_flow("main", {"1": "sales"}, person="sales"))


def path(file: File) -> str:
    return f"/s/{file.language}/{file.name}.wav"


def centre(**keys: Any) -> Centre:
    sales = {"id": "sales", "announce": {"first_s": 10, "every_s": 20}}
    return decode({"queues": [sales], "flows": [MAIN], "flow": "main"} | keys, Centre, where="c")


def test_files_are_one_list_and_need_nothing_of_the_switch() -> None:
    assert sound((), path, None) == Sound("")
    assert sound([File("a", "en")], path, None) == Sound("/s/en/a.wav")
    assert sound([File("a", "en"), File("b", "en")], path, FLITE) == Sound("file_string:///s/en/a.wav!/s/en/b.wav")


def test_text_is_spoken_by_the_switch_or_reported() -> None:
    words: list[Utterance] = [File("hi.1", "de"), Text("Ada O'Neil", "de"), File("hi.2", "de")]
    said = sound(words, path, FLITE)
    assert split(said.file, "!", 128) == ["/s/de/hi.1.wav", "say:Ada O'Neil", "/s/de/hi.2.wav"]
    assert said.variables == (("tts_engine", "flite"), ("tts_voice", "hans"), ("playback_delimiter", "!"))
    assert sound(words, path, None) == Sound("file_string:///s/de/hi.1.wav!/s/de/hi.2.wav", (), ("Ada O'Neil",))


def test_no_more_is_played_than_the_switch_takes() -> None:
    said = sound([File(f"n{n}", "en") for n in range(MOST + 3)], path, None)
    assert said.file.count("!") == MOST - 1
    assert said.skipped == ("n120", "n121", "n122")


@given(st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=5))
def test_whatever_the_text_it_stays_one_text(texts: list[str]) -> None:
    said = sound([File("a", "en"), *(Text(text, "en") for text in texts)], path, FLITE)
    parts = split(said.file, "!", 128)
    assert len(parts) == len(texts) + 1
    assert all(part.startswith("say:") and not set(part) & set('{}[]<>|^\\"`$\n\r\0') for part in parts[1:])


@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\t\n\r\0^"), min_size=1), min_size=2, max_size=9)
)
def test_a_list_of_files_is_cut_as_it_was_put_together(paths: list[str]) -> None:
    said = sound([File(one, "en") for one in paths], lambda file: file.name, None)
    assert split(said.file.removeprefix("file_string://"), "!", 128) == paths


PROMPTS = {
    "wait_position": {"text": {"de": "Platz {position:number}.", "en": "Place {position:number}."}},
    "callback_keys": {"file": {"en": "/own/keys.wav"}},
    "hello": "/own/hello.wav",
}


@pytest.mark.parametrize(
    ("name", "language", "expected"),
    [
        ("wait_position", "de", [("wait_position.1", "de"), ("say_2", "de")]),
        ("wait_position", "es", [("wait_position.1", "de"), ("say_2", "de")]),
        ("wait_time", "es", [("wait_time.1", "es"), ("say_1_m", "es"), ("say_minute_one", "es")]),
        ("wait_time", "pl", [("wait_time.1", "en"), ("say_1", "en"), ("say_minute_one", "en")]),
        ("wait_time", "de-at", [("wait_time.1", "de-at"), ("say_1_f", "de-at"), ("say_minute_one", "de-at")]),
        ("callback_keys", "de", [("callback_keys", "en")]),
        ("hello", "fr", [("hello", "fr")]),
        ("clinic.welcome", "pl", [("clinic.welcome", "pl")]),
    ],
)
def test_a_prompt_is_said_in_the_callers_language_or_one_it_exists_in(
    name: str, language: str, expected: list[tuple[str, str]]
) -> None:
    said = spoken(centre(prompts=PROMPTS), name, {"position": 2, "wait": 60}, language)
    assert [(one.name, one.language) for one in said if isinstance(one, File)] == expected


def test_a_caller_hears_their_place_in_their_language() -> None:
    desk = Desk(centre(language="fr"))
    for leg, language in (("a", "de"), ("b", "../x")):
        asked = {"fsorch_entry": "yes", "fsorch_queue": "sales", "fsorch_language": language}
        desk.event("CHANNEL_PARK", leg, asked, answer_state="answered", direction="inbound")
    desk.passes(10)
    played = [command.file for command, tag in desk.sent if isinstance(command, Playback) and tag.startswith("say:")]
    folder = "/sounds/fsorch"
    assert played == [
        f"file_string://{folder}/de/wait_position.1.wav!{folder}/de/say_1.wav!{folder}/de/wait_position.2.wav",
        f"file_string://{folder}/fr/wait_position.1.wav!{folder}/fr/say_2.wav!{folder}/fr/wait_position.2.wav",
    ]


def test_a_restart_knows_the_callers_language() -> None:
    desk = Desk(centre())
    marks = {"fsorch_contact": "c-1", "fsorch_role": "customer", "fsorch_queue": "sales", "fsorch_language": "es"}
    known = {f"variable_{key}": value for key, value in (marks | {"fsorch_enqueued": "1"}).items()}
    leg = Event(name="CHANNEL_DATA", uuid="a", answer_state="answered", direction="inbound", known=known)
    desk.tell(LinkUp("main", "core-1", (leg,), "/sounds"))
    desk.passes(40)
    assert "/sounds/fsorch/es/say_1.wav" in desk.last(Playback).file


def test_a_value_that_cannot_be_said_is_reported_once() -> None:
    prompts = {"wait_position": {"text": {"en": "You are {position:text}."}}}
    desk = Desk(centre(prompts=prompts))
    desk.call("a", "sales")
    desk.passes(60)
    (odd,) = [fact for fact in desk.of(FactKind.ODD_EVENT) if fact.data["what"] == "not_said"]
    assert odd.data["detail"] == "a value in a prompt cannot be said (1); name an engine in speech"
    assert desk.last(Playback).file == "/sounds/fsorch/en/wait_position.1.wav"
