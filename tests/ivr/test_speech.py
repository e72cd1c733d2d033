"""Values in the caller's language: what is said, that all of it can be said, and that nothing raises."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsorch.ivr.speech import LANGUAGES, MOST, File, Text, piece_list, render, say
from fsorch.ivr.tongues import TONGUES
from fsorch.prompts import KINDS, parse_text

LANGUAGE = st.sampled_from(LANGUAGES)


def told(kind: str, value: object, language: str, **options: str) -> str:
    """The texts of the pieces, one after another."""
    texts = piece_list(language)
    return " ".join(texts[name] for name in say(kind, value, language, options))


NUMBERS = {
    0: ("0", "0", "0", "0"),
    1: ("1", "1", "1", "1"),
    37: ("37", "37", "37", "37"),
    100: ("100", "100", "100", "100"),
    101: ("100 1", "100 1", "ciento 1", "100 1"),
    1_000: ("1 thousand", "ein tausend", "mil", "mille"),
    1_001: ("1 thousand 1", "ein tausend 1", "mil 1", "mille 1"),
    21_000: ("21 thousand", "21 tausend", "veintiún mil", "21 mille"),
    101_000: ("100 1 thousand", "100 ein tausend", "ciento un mil", "100 1 mille"),
    1_000_000: ("1 million", "eine Million", "un millón", "1 million"),
    2_300_004: (
        "2 million 300 thousand 4",
        "2 Millionen 300 tausend 4",
        "2 millones 300 mil 4",
        "2 millions 300 mille 4",
    ),
    -7: ("minus 7", "minus 7", "menos 7", "moins 7"),
}


@pytest.mark.parametrize(("value", "expected"), NUMBERS.items(), ids=str)
def test_numbers_as_each_language_says_them(value: int, expected: tuple[str, ...]) -> None:
    assert tuple(told("number", value, language) for language in ("en", "de", "es", "fr")) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1 EUR", ("1 euro", "ein Euro", "un euro", "1 euro")),
        (
            "21.01 GBP",
            (
                "21 pounds and 1 penny",
                "21 Pfund und ein Penny",
                "veintiuna libras y un penique",
                "vingt et une livres et 1 penny",
            ),
        ),
        ("1000000 EUR", ("1 million euros", "eine Million Euro", "un millón de euros", "1 million d'euros")),
        ("0.05 USD", ("5 cents", "5 Cent", "5 centavos", "5 centimes")),
        ("200 GBP", ("200 pounds", "200 Pfund", "doscientas libras", "200 livres")),
        ("0 EUR", ("0 euros", "0 Euro", "0 euros", "0 euro")),
        (
            "-12.499 CHF",
            (
                "minus 12 Swiss francs and 50 centimes",
                "minus 12 Franken und 50 Rappen",
                "menos 12 francos suizos y 50 céntimos",
                "moins 12 francs suisses et 50 centimes",
            ),
        ),
        ("99.5 JPY", ("100 yen", "100 Yen", "100 yenes", "100 yens")),
        ("3.10 SEK", ("3 point 1 S E K", "3 Komma 1 S E K", "3 coma 1 S E K", "3 virgule 1 S E K")),
    ],
)
def test_money_with_its_plural_and_gender(value: str, expected: tuple[str, ...]) -> None:
    assert tuple(told("money", value, language) for language in ("en", "de", "es", "fr")) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-05-03", ("May third 20 26", "dritten Mai 2 tausend 26", "3 de mayo de 2 mil 26", "3 mai 2 mille 26")),
        (
            "1999-01-01",
            (
                "January first 19 99",
                "ersten Januar 19 hundert 99",
                "primero de enero de mil 900 99",
                "premier janvier mille 900 99",
            ),
        ),
        (
            "1905-12-31",
            (
                "December thirty-first 19 oh 5",
                "einunddreißigsten Dezember 19 hundert 5",
                "31 de diciembre de mil 900 5",
                "31 décembre mille 900 5",
            ),
        ),
        (
            "2000-02-29T10:00:00Z",
            (
                "February twenty-ninth 2 thousand",
                "neunundzwanzigsten Februar 2 tausend",
                "29 de febrero de 2 mil",
                "29 février 2 mille",
            ),
        ),
    ],
)
def test_dates_in_each_languages_order(value: str, expected: tuple[str, ...]) -> None:
    assert tuple(told("date", value, language) for language in ("en", "de", "es", "fr")) == expected


def test_a_date_with_its_weekday_and_without_its_year() -> None:
    sunday = date(2026, 5, 3)
    assert told("date", sunday, "en", weekday="yes", year="no") == "Sunday May third"
    assert told("date", sunday, "es", weekday="yes", year="no") == "domingo 3 de mayo"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("00:05", ("12 oh 5 A M", "0 Uhr 5", "0 horas y 5 minutos", "0 heure 5")),
        (time(13, 30), ("1 30 P M", "13 Uhr 30", "13 horas y 30 minutos", "13 heures 30")),
        ("01:00", ("1 A M", "ein Uhr", "una hora", "une heure")),
        (datetime(2026, 5, 3, 21, 0, tzinfo=UTC), ("9 P M", "21 Uhr", "veintiuna horas", "vingt et une heures")),
        ("2026-05-03T12:00:00Z", ("12 P M", "12 Uhr", "12 horas", "12 heures")),
    ],
)
def test_times(value: object, expected: tuple[str, ...]) -> None:
    assert tuple(told("time", value, language) for language in ("en", "de", "es", "fr")) == expected


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (0, "s", ("0 seconds", "0 Sekunden")),
        (61, "s", ("1 minute and 1 second", "eine Minute und eine Sekunde")),
        (3600, "s", ("1 hour", "eine Stunde")),
        (90, "min", ("1 hour and 30 minutes", "eine Stunde und 30 Minuten")),
        (1.5, "d", ("1 day and 12 hours", "ein Tag und 12 Stunden")),
        (90_061, "s", ("1 day and 1 hour", "ein Tag und eine Stunde")),
    ],
)
def test_durations_in_their_two_largest_units(value: float, unit: str, expected: tuple[str, ...]) -> None:
    assert tuple(told("duration", value, language, unit=unit) for language in ("en", "de")) == expected


def test_ordinals_digits_and_characters() -> None:
    assert [told("ordinal", 3, language) for language in ("en", "de", "es", "fr")] == [
        "third",
        "dritte",
        "tercero",
        "troisième",
    ]
    assert told("ordinal", 45, "de") == "Nummer 45"
    assert told("digits", "+49 (0) 123-4", "fr") == "plus 4 9 0 1 2 3 4"
    assert told("characters", "Ab-1_é", "en") == "A B dash 1 underscore E"
    assert told("characters", "ñß", "es") == "eñe"


def test_what_no_piece_can_say_is_left_as_text() -> None:
    parts = parse_text("Hello {name}, you have {n:number} and {code:characters}.")
    said = render("hi", parts, {"name": "Ada", "n": "many", "code": "A€"}, "en")
    assert said == (
        File("hi.1", "en"),
        Text("Ada", "en"),
        File("hi.2", "en"),
        Text("many", "en"),
        File("hi.3", "en"),
        File("say_letter_a", "en"),
        Text("€", "en"),
    )
    assert render("hi", parts, {}, "en") == (File("hi.1", "en"), File("hi.2", "en"), File("hi.3", "en"))
    assert render("hi", parse_text("Hello"), {}, "pl") == (File("hi", "pl"),)
    assert render("n", parse_text("{n:number}"), {"n": 5}, "pl") == (Text("5", "pl"),)


def test_a_variant_of_a_language_has_its_pieces_in_its_own_folder() -> None:
    assert render("n", parse_text("{n:number}"), {"n": 5}, "de-at") == (File("say_5", "de-at"),)
    assert piece_list("de-at") == piece_list("de")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_words(language: str) -> None:
    tongue = TONGUES[language]
    assert (len(tongue.months), len(tongue.weekdays), len(tongue.nth)) == (12, 7, 31)
    assert tongue.signs.keys() == TONGUES["en"].signs.keys()
    assert TONGUES["en"].nouns.keys() <= tongue.nouns.keys()
    assert tongue.gender.keys() <= tongue.nouns.keys()
    assert all("other" in noun for noun in tongue.nouns.values())
    assert all(text.strip() for text in piece_list(language).values())


# -- properties -----------------------------------------------------------------------------------------------------

VALUES: st.SearchStrategy[Any] = st.one_of(
    st.integers(),
    st.integers(-(10**12), 10**12),
    st.floats(),
    st.decimals(),
    st.text(),
    st.from_regex(r"[+-]?[0-9]{1,50}(\.[0-9]{1,50})?( [A-Z]{3})?", fullmatch=True),
    st.dates(),
    st.times(),
    st.datetimes(),
    st.booleans(),
    st.none(),
    st.lists(st.integers(), max_size=2),
    st.just(10**5000),
    st.just(Decimal("1e999999")),
    st.just(Decimal("sNaN")),
    st.just(timedelta(days=1)),
)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "currency": st.sampled_from(("EUR", "USD", "GBP", "CHF", "JPY", "SEK")),
        "year": st.sampled_from(("yes", "no")),
        "weekday": st.sampled_from(("yes", "no")),
        "unit": st.sampled_from(("s", "min", "h", "d")),
    },
)


@given(st.sampled_from(sorted(KINDS)), VALUES, LANGUAGE, OPTIONS)
def test_whatever_the_value_nothing_raises_and_every_piece_exists(
    kind: str, value: object, language: str, options: dict[str, str]
) -> None:
    assert set(say(kind, value, language, options)) <= piece_list(language).keys()
    said = render("p", parse_text(f"{{v:{kind}}}"), {"v": value}, language)
    assert len(said) <= 70
    assert all(len(one.text) <= 400 for one in said if isinstance(one, Text))


@given(st.integers(0, MOST), LANGUAGE)
def test_every_number_is_said_in_few_pieces(value: int, language: str) -> None:
    said = say("number", value, language)
    assert 1 <= len(said) <= 8
    assert set(said) <= piece_list(language).keys()


@given(st.integers(0, MOST), st.integers(0, MOST), LANGUAGE)
def test_two_numbers_never_sound_the_same(one: int, other: int, language: str) -> None:
    assert (say("number", one, language) == say("number", other, language)) == (one == other)


@given(st.integers(MOST + 1, 10**18), LANGUAGE)
def test_a_larger_number_is_said_digit_by_digit(value: int, language: str) -> None:
    assert say("number", value, language) == tuple(f"say_{digit}" for digit in str(value))


@given(st.integers(-MOST * 100, MOST * 100), st.sampled_from(("eur", "usd", "gbp", "chf")), LANGUAGE)
def test_no_cent_is_lost(cents: int, currency: str, language: str) -> None:
    said = say("money", Decimal(cents).scaleb(-2), language, {"currency": currency.upper()})
    assert any(f"_{currency}_part_" in name for name in said) == bool(cents % 100)
    assert ("say_minus" in said) == (cents < 0)
