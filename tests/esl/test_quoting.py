r"""Quoting: the inverse functions undo it, and the words are those the switch finds.

The expected words were read off the source (``switch_utils.c``) and off a running 1.10.12.
"""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fsorch.esl.errors import QuotingError
from fsorch.esl.frames import MAX_HEADER
from fsorch.esl.quoting import (
    app_argument,
    bracket_variables,
    check_block,
    check_text,
    display,
    escape,
    find_brackets,
    parse_app_argument,
    parse_bracket_variables,
    parse_pairs,
    parse_words,
    shown_name,
    split,
    words,
)
from tests.esl.hostile import ANY_TEXT, FRIENDLY, SWITCH_TEXT


@pytest.mark.parametrize(
    ("text", "delimiter", "limit", "expected"),
    [
        ("a b  c", " ", 10, ["a", "b", "c"]),
        (" a b ", " ", 10, ["a", "b"]),
        ("a 'b c' d", " ", 10, ["a", "b c", "d"]),
        (r"a b\sc d\'e", " ", 10, ["a", "b c", "d'e"]),
        ("u name two  words ", " ", 3, ["u", "name", "two  words"]),
        (r"u n \svalue\s", " ", 3, ["u", "n", " value "]),
        ("u n ''", " ", 3, ["u", "n", ""]),
        ("a,b, c ,", ",", 10, ["a", "b", "c"]),
        (r"a\,b,'c,d'", ",", 10, ["a,b", "c,d"]),
        ("it's,me", ",", 10, ["it's", "me"]),
        ("it's,me'", ",", 10, ["its,me"]),
        ("a=b=c", "=", 2, ["a", "b=c"]),
        ("a=", "=", 2, ["a"]),
        (r"\d+\x", " ", 3, [r"\d+\x"]),
        (r"a\\b\"c\n\r\t", " ", 3, ['a\\b"c\n\r\t']),
        ("^^:a:b,c", ",", 10, ["a", "b,c"]),
        ("", " ", 3, []),
        ("one\\", " ", 3, ["one\\"]),
        (r"a=x\;y;b= 'z ' ", ";", 9, ["a=x;y", "b= z "]),
        (" ", " ", 3, [""]),
        (",", ",", 3, [""]),
        ("a,,b", ",", 2, ["a", ",b"]),
    ],
)
def test_words_as_the_switch_finds_them(text: str, delimiter: str, limit: int, expected: list[str]) -> None:
    assert split(text, delimiter, limit) == expected


@given(st.text("ab ,;|"), st.sampled_from(" ,;|"))
def test_quotes_further_on_change_no_word_before_them(text: str, delimiter: str) -> None:
    assert split(f"{text}x{delimiter}''", delimiter, 64) == [*split(f"{text}x", delimiter, 64), ""]


@given(st.lists(SWITCH_TEXT, min_size=1, max_size=6))
def test_words_come_back(values: list[str]) -> None:
    assert parse_words("head " + words(values), len(values) + 1) == ["head", *values]


@given(SWITCH_TEXT)
def test_the_rest_of_a_line_comes_back(value: str) -> None:
    assert parse_words(f"uuid name {escape(value)}", 3)[2:] == ([value] if value else [])


@given(st.lists(st.tuples(st.sampled_from("abc"), SWITCH_TEXT), min_size=1, max_size=5), st.sampled_from(";,|"))
def test_pairs_come_back(pairs: list[tuple[str, str]], delimiter: str) -> None:
    text = delimiter.join(escape(f"{name}={value}", delimiter) for name, value in pairs)
    assert parse_pairs(text, delimiter, 64) == tuple(pairs)


@given(st.lists(st.tuples(st.sampled_from("abc"), SWITCH_TEXT), min_size=1, max_size=5).map(tuple))
@example((("a", "x:_:_:y"), ("b", ":_:"), ("c", "")))
def test_bracket_variables_come_back_through_all_layers(pairs: tuple[tuple[str, str], ...]) -> None:
    try:
        text = bracket_variables(pairs)
    except QuotingError:
        return
    assert ":_:" not in text
    (dial,) = parse_words(escape(text + "user/1", " "), 10)
    end = find_brackets(dial)
    assert dial[end + 1 :] == "user/1"
    assert parse_bracket_variables(dial[1:end]) == pairs


@given(SWITCH_TEXT)
def test_an_application_gets_its_argument(value: str) -> None:
    try:
        text = app_argument(value)
    except QuotingError:
        assert value.startswith("%")
        return
    assert parse_app_argument(text) == value


@pytest.mark.parametrize(
    "value",
    [
        "a\nb",
        "a\rb",
        "a\0b",
        "\x1b[0m",
        "\x7f",
        "\x85",
        "\u2028",
        "\u2029",
        "\ud800",
        "${x}",
        "$\\{x}",
        "x$${y}",
        "$\\\\\\{",
    ],
)
def test_what_never_passes(value: str) -> None:
    with pytest.raises(QuotingError, match="the note"):
        check_text(value, "the note")


@pytest.mark.parametrize("value", ["%[a=b]c", "%,[a=b]c", "%\n[x", "%[["])
def test_an_argument_cannot_set_variables(value: str) -> None:
    with pytest.raises(QuotingError):
        app_argument(value)


@pytest.mark.parametrize("value", ["}", "{", "}{", "{}}{"])
def test_braces_that_do_not_match_are_refused_in_originate(value: str) -> None:
    with pytest.raises(QuotingError, match="braces"):
        bracket_variables((("a", value),))


@pytest.mark.parametrize(
    "block",
    [
        "api x unload MOD_event_socket",
        "sendmsg u\na: mod_event_socket\nb: ReLoad",
        "x" * (MAX_HEADER + 1),
        "é" * 40_000,
    ],
)
def test_a_block_the_switch_would_not_read_as_it_is(block: str) -> None:
    with pytest.raises(QuotingError):
        check_block(block)


def test_naming_the_socket_alone_is_no_harm() -> None:
    assert check_block("api module_exists mod_event_socket") == "api module_exists mod_event_socket"


@given(ANY_TEXT, st.integers(0, 40))
@example("unload mod_event_socket", 80)
@example("mod_mod_event_socketevent_socket unload", 80)
@example("$\x00{x}", 80)
@example("%[a=b", 80)  # would be "% a=b", which the switch writes as a line break
@example("x\n\nbgapi system reboot", 80)
def test_a_display_value_always_passes(text: str, limit: int) -> None:
    shown = display(text, limit)
    assert len(shown) <= limit
    assert check_text(shown, "the name") == shown
    assert app_argument(shown or "x")
    assert bracket_variables((("a", shown),))
    assert check_block(f"unload {shown}")
    assert len((shown + "x").splitlines()) == 1
    assert not set(shown) & set('%{}[]<>|^\\"`$\t')


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Sales: Ann", "Sales - Ann"),
        ("A/B", "A - B"),
        ("x://y", "x - y"),
        ("ann@acme.example", "ann at acme.example"),
        ("O'Brien, Al", "O'Brien, Al"),
        ("", ""),
    ],
)
def test_a_phone_shows_the_whole_name(name: str, shown: str) -> None:
    assert shown_name(name) == shown


@given(ANY_TEXT)
def test_no_name_is_cut_on_its_way_to_the_phone(text: str) -> None:
    shown = shown_name(text)
    assert display(shown) == shown
    assert not set(shown) & set(":/@")


@given(FRIENDLY)
def test_a_plain_name_is_shown_as_it_is(name: str) -> None:
    assert display(name, 1000) == name
