"""Prompts as data: texts with slots, and what is said against wrong ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsorch.config import Centre, decode
from fsorch.errors import ConfigError
from fsorch.prompts import KINDS, Fragment, PromptSpec, Slot, SpeechSpec, fragments, parse_text
from fsorch.shipped import SHIPPED

LETTERS = "use small letters, digits, '_' and '-'"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ()),
        ("Welcome.", (Fragment("Welcome."),)),
        ("You owe {sum:money,currency=EUR}.", (Fragment("You owe"), Slot("sum", "money", {"currency": "EUR"}))),
        ("{name}, hello", (Slot("name"), Fragment("hello"))),
        (
            "{a:digits}{customer.born:date,year=no,weekday=yes}",
            (Slot("a", "digits"), Slot("customer.born", "date", {"year": "no", "weekday": "yes"})),
        ),
        ("a {{b}} c", (Fragment("a {b} c"),)),
    ],
)
def test_a_text_is_cut_at_its_slots(text: str, parts: tuple[Fragment | Slot, ...]) -> None:
    assert parse_text(text) == parts


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("Press { now", "column 7: a lone '{'; write '{{' for the character"),
        ("x } y", "column 3: a lone '}'; write '}}' for the character"),
        ("You owe {sum:mony}", "column 9: 'mony' is no kind of value; did you mean money?"),
        ("{:money}", "column 1: the slot ':money' has no name; write it like {balance:money}"),
        ("{a b:money}", "column 1: the slot 'a b:money' has no name; write it like {balance:money}"),
        ("{a:money,curency=EUR}", "column 1: money has no option 'curency'; did you mean currency?"),
        ("{a:money,currency=euro}", "column 1: currency is 'euro'; it must match [A-Z]{3}"),
        ("{a:text,x=1}", "column 1: text has no option 'x' (there: none)"),
    ],
)
def test_a_wrong_text_is_told_with_its_column(text: str, error: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_text(text)
    assert str(caught.value) == error


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parts = parse_text(text)
    except ConfigError:
        return
    assert all(part.kind in KINDS for part in parts if isinstance(part, Slot))
    assert len(fragments("x", parts)) == sum(isinstance(part, Fragment) for part in parts)


def test_files_are_named_after_the_prompt_and_numbered_between_slots() -> None:
    assert fragments("hello", parse_text("Hello.")) == {"hello": "Hello."}
    assert fragments("due", parse_text("You owe {x:money} by {y:date}.")) == {"due.1": "You owe", "due.2": "by"}


@pytest.mark.parametrize(
    ("prompts", "error"),
    [
        ({"x": {}}, "prompts.x has neither text nor file; give one, such as text: {en: Welcome.}"),
        ({"X y": {"text": {"en": "a"}}}, "prompts.X y: the name 'X y' cannot be a file; " + LETTERS),
        ({"x.1": {"text": {"en": "a"}}}, "prompts.x.1: the name 'x.1' cannot be a file; " + LETTERS),
        ({"x": {"text": {"en": "."}}}, "prompts.x.text.en is empty; give what is to be said"),
        ({"x": {"text": {"en": "{a"}}}, "prompts.x.text.en: column 1: a lone '{'; write '{{' for the character"),
        ({"x": {"text": {"en": "y" * 4001}}}, "prompts.x.text.en has 4001 characters; say it in at most 4000"),
        ({"x": {"file": {"de": " "}}}, "prompts.x.file.de is empty; give a path as the switch sees it"),
        (
            {"x": {"text": {"en": "a {b} c", "de": "a"}}},
            "prompts.x.text: en has the slot 'b', de has not; say the same in both",
        ),
        (
            {"x": {"text": {"en": "{b}"}, "file": {"de": "/x"}}},
            "prompts.x: a text with slots cannot be one file; take file away, or the slots",
        ),
    ],
)
def test_a_wrong_prompt_of_the_centre_is_told_with_its_key(prompts: object, error: str) -> None:
    with pytest.raises(ConfigError) as caught:
        decode({"prompts": prompts}, Centre, where="c.yaml")
    assert str(caught.value) == f"c.yaml: {error}"


@pytest.mark.parametrize("language", ["EN", "../x", "", "e", "en_US", "en-"])
def test_a_language_names_a_folder(language: str) -> None:
    with pytest.raises(ConfigError, match="c.yaml"):
        decode({"prompts": {"x": {"text": {language: "a"}}}}, Centre, where="c.yaml")


def test_paths_texts_and_speech_are_read() -> None:
    given = {
        "prompts": {"old": "/a.wav", "new": {"text": {"en": "Hi.", "pt-br": "Oi."}}},
        "language": "pt-br",
        "speech": {"engine": "flite", "voice": "kal", "voices": {"de": "hans"}},
    }
    centre = decode(given, Centre, where="c.yaml")
    assert centre.prompts == {"old": "/a.wav", "new": PromptSpec(text={"en": "Hi.", "pt-br": "Oi."})}
    assert centre.speech == SpeechSpec(engine="flite", voice="kal", voices={"de": "hans"})
    assert (centre.speech.voice_for("de"), centre.speech.voice_for("en")) == ("hans", "kal")


def test_a_caller_gets_the_first_language_where_theirs_is_missing() -> None:
    spec = PromptSpec(text={"de": "Ja.", "fr": "Oui."}, file={"en": "/yes.wav"})
    assert [spec.language_for(one) for one in ("fr", "en", "es")] == ["fr", "en", "de"]


def test_fsorch_says_the_same_in_every_language() -> None:
    for language, texts in SHIPPED.items():
        assert texts.keys() == SHIPPED["en"].keys()
        for name, text in texts.items():
            slots = [part for part in parse_text(text) if isinstance(part, Slot)]
            assert slots == [part for part in parse_text(SHIPPED["en"][name]) if isinstance(part, Slot)], language
