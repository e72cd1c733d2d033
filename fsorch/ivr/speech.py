"""Values spoken in the caller's language, put together of pieces of audio.

Theory: each kind of value (:data:`fsorch.prompts.KINDS`) is a function from a value to the pieces that say it in a
:class:`~fsorch.ivr.tongue.Tongue`. Nothing raises: a number too large to be said is said digit by digit, and what no
piece can say is a :class:`Text`, which the switch's text to speech speaks if the centre names one, and which is
reported where it does not. :func:`piece_list` names every piece a language may need.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, time
from decimal import ROUND_HALF_EVEN, Context, Decimal

import msgspec

from fsorch.ivr.tongue import SIGNS, Tongue, letter_name, piece_texts
from fsorch.ivr.tongues import TONGUES
from fsorch.prompts import Fragment, Part

__all__ = ["LANGUAGES", "MOST", "File", "Text", "Utterance", "piece_list", "render", "say", "tongue_for", "written"]

# What is larger is said digit by digit.
MOST = 999_999_999
# So many digits or characters of one value are said; nobody follows more.
LONGEST = 60
# Of a text that no piece can say.
LONGEST_TEXT = 400
# Decimal places that are said of a number.
PLACES = 6
DAY_S, HOUR_S, MINUTE_S = 86_400, 3_600, 60
UNITS = {"s": 1, "min": MINUTE_S, "h": HOUR_S, "d": DAY_S}
# Currencies that have no smaller coin.
WHOLE = ("jpy",)
NUMBER = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?", re.ASCII)
MONEY = re.compile(r"(?P<before>[A-Z]{3})? ?(?P<amount>[+-]?[0-9.]{1,80}) ?(?P<after>[A-Z]{3})?", re.ASCII)
CLOCK = re.compile(r"(?:.{10}[T ])?([01]?[0-9]|2[0-3]):([0-5][0-9])(:[0-5][0-9].*)?", re.ASCII)
# The default context of decimal ends at 28 digits.
EXACT = Context(prec=200)
LANGUAGES = tuple(TONGUES)


class File(msgspec.Struct, frozen=True):
    """An audio file by its name without ``.wav``, in the folder of its language."""

    name: str
    language: str


class Text(msgspec.Struct, frozen=True):
    """What no file can say, in its language."""

    text: str
    language: str


Utterance = File | Text


def tongue_for(language: str) -> Tongue | None:
    """The table of ``language``, or of the language it is a variant of: ``de`` for ``de-at``."""
    return TONGUES.get(language) or TONGUES.get(language.partition("-")[0])


def piece_list(language: str) -> dict[str, str]:
    """Every piece that values may need in ``language``, and its text; none for a language without a table."""
    tongue = tongue_for(language)
    return piece_texts(tongue) if tongue is not None else {}


def say(kind: str, value: object, language: str, options: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The names of the pieces that say ``value``; what cannot be said is left out. Never raises.

    ``kind``, ``options``: see :data:`fsorch.prompts.KINDS`. Numbers may be int, float, Decimal or text; money may
    bring its currency (``12.50 EUR``); date and time are such, or ISO text; a duration counts in the option ``unit``
    (seconds without it)."""
    return tuple(one.name for one in _utter(kind, value, language, options or {}) if isinstance(one, File))


def written(kind: str, value: object, language: str, options: Mapping[str, str] | None = None) -> str:
    """``value`` in the words that its pieces say, for whoever reads a whole text out; empty when there is nothing to
    say. Never raises. ``kind``, ``options``: as for :func:`say`."""
    texts = piece_list(language)
    said = _utter(kind, value, language, options or {})
    return " ".join(one.text if isinstance(one, Text) else texts[one.name] for one in said)


def render(prompt: str, parts: Iterable[Part], values: Mapping[str, object], language: str) -> tuple[Utterance, ...]:
    """What is played for the prompt called ``prompt``, whose text in ``language`` has these ``parts``
    (:func:`fsorch.prompts.parse_text`), with the ``values`` of its slots. A slot without a value is silent."""
    given = tuple(parts)
    whole = len(given) == 1
    said: list[Utterance] = []
    count = 0
    for part in given:
        if isinstance(part, Fragment):
            count += 1
            said.append(File(prompt if whole else f"{prompt}.{count}", language))
        elif values.get(part.name) is not None:
            said += _utter(part.kind, values[part.name], language, part.options)
    return tuple(said)


def _utter(kind: str, value: object, language: str, options: Mapping[str, str]) -> tuple[Utterance, ...]:
    """The pieces of a value; all of it as text where there are none."""
    tongue, sayer = tongue_for(language), SAYERS.get(kind)
    pieces = sayer(tongue, value, options) if tongue is not None and sayer is not None else None
    if pieces is None:
        return tuple(_text(_written(value), language))
    said: list[Utterance] = []
    for piece in pieces:
        said += _text(piece.text, language) if isinstance(piece, Odd) else [File(f"say_{piece}", language)]
    return tuple(said)


def _text(text: str, language: str) -> Iterator[Text]:
    if text.strip():
        yield Text(text.strip()[:LONGEST_TEXT], language)


def _written(value: object) -> str:
    """``value`` as text. (An int of over 4300 digits refuses to be.)"""
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 256:
        return format(Decimal(value), ".3E")
    return str(value)


class Odd(msgspec.Struct, frozen=True):
    """A character in a value for which there is no piece."""

    text: str


# -- numbers ------------------------------------------------------------------------------------------------------

Pieces = Iterator[str]
Said = Iterable[str | Odd] | None
"""The pieces (a file's name after ``say_``) and what has none; None when the value is not of that kind."""


def _decimal(value: object) -> Decimal | None:
    """``value`` as a finite number of a length that can be said; else None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | Decimal):
        number = Decimal(value)
    elif isinstance(value, float):
        number = Decimal(repr(value))
    elif isinstance(value, str) and NUMBER.fullmatch(value.strip()):
        number = Decimal(value.strip())
    else:
        return None
    return number if number.is_finite() and number.adjusted() < LONGEST else None


def _rounded(number: Decimal, places: int) -> Decimal:
    """``number`` with at most so many decimal places."""
    if -number.as_tuple().exponent <= places:  # type: ignore[operator]  # finite, so no letter
        return number
    return number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN, EXACT)


def _number(tongue: Tongue, value: object, options: Mapping[str, str]) -> Said:
    number = _decimal(value)
    return None if number is None else _spoken_number(tongue, _rounded(number, PLACES))


def _spoken_number(tongue: Tongue, number: Decimal) -> Pieces:
    whole, _, places = format(abs(number), "f").partition(".")
    places = places.rstrip("0")
    if number < 0:
        yield "minus"
    yield from _integer(tongue, int(whole))
    if places:
        yield "point"
        yield from places


def _integer(tongue: Tongue, value: int, form: str = "") -> Pieces:
    """``value``, not negative, as it is said before a noun of this ``form``."""
    if value > MOST:
        yield from str(value)
        return
    millions, rest = divmod(value, 1_000_000)
    thousands, ones = divmod(rest, 1_000)
    if millions:
        yield from _below_thousand(tongue, millions, tongue.gender.get("million", ""))
        yield tongue.noun("million", millions)
    if thousands:
        if thousands > 1 or not tongue.bare_thousand:
            yield from _below_thousand(tongue, thousands, tongue.before_thousand.get(form, ""))
        yield "thousand"
    if ones or not value:
        yield from _below_thousand(tongue, ones, form)


def _below_thousand(tongue: Tongue, value: int, form: str) -> Pieces:
    hundreds, rest = value - value % 100, value % 100
    if hundreds and rest and hundreds in tongue.joined:
        yield f"{hundreds}_on"
    elif hundreds:
        yield _piece(tongue, hundreds, form)
    if rest or not value:
        yield _piece(tongue, rest, form)


def _piece(tongue: Tongue, value: int, form: str) -> str:
    return f"{value}_{form}" if value in tongue.forms.get(form, {}) else str(value)


def _count(tongue: Tongue, value: int, noun: str) -> Pieces:
    """So many of something."""
    yield from _integer(tongue, value, tongue.gender.get(noun, ""))
    yield tongue.noun(noun, value)


def _ordinal(tongue: Tongue, value: object, options: Mapping[str, str]) -> Said:
    number = _decimal(value)
    if number is None or number != number.to_integral_value():
        return None
    if 1 <= number <= len(tongue.nth):
        return (f"nth_{int(number)}",)
    return ("number", *_spoken_number(tongue, number))


def _duration(tongue: Tongue, value: object, options: Mapping[str, str]) -> Said:
    """Its two largest units: nobody wants the seconds of days."""
    number = _decimal(value)
    if number is None or abs(number) > MOST * DAY_S:
        return None
    left = int(_rounded(abs(number) * UNITS.get(options.get("unit", "s"), 1), 0))
    parts: list[Pieces] = []
    for noun, size in (("day", DAY_S), ("hour", HOUR_S), ("minute", MINUTE_S), ("second", 1)):
        count, left = divmod(left, size)
        if (count or (noun == "second" and not parts)) and len(parts) < 2:
            parts.append(_count(tongue, count, noun))
    said = [piece for n, part in enumerate(parts) for piece in (*(("and",) if n else ()), *part)]
    return ["minus", *said] if number < 0 else said


# -- digits and characters ----------------------------------------------------------------------------------------


def _digits(tongue: Tongue, value: object, options: Mapping[str, str]) -> Said:
    """One by one; what is neither a digit nor plus is how people group them, and is not said."""
    text = _written(value)
    said = ["sign_plus" if one == "+" else one for one in text if one in "+0123456789"]
    return said[:LONGEST] if said else None


def _characters(tongue: Tongue, value: object, options: Mapping[str, str]) -> Said:
    text = _written(value)
    return [piece for one in text[:LONGEST] if not one.isspace() for piece in _character(tongue, one)] or None


def _character(tongue: Tongue, one: str) -> Iterator[str | Odd]:
    """The letter itself, or without its accent; a digit in any script; a sign."""
    small = one.lower()
    plain = unicodedata.normalize("NFKD", small)[:1]
    if small in tongue.letters or re.fullmatch("[a-z]", small):
        yield f"letter_{letter_name(small)}"
    elif re.fullmatch("[a-z0-9]", plain):
        yield plain if plain.isdigit() else f"letter_{plain}"
    elif one in SIGNS:
        yield f"sign_{SIGNS[one]}"
    else:
        yield Odd(one)


# -- money --------------------------------------------------------------------------------------------------------


def _money(tongue: Tongue, value: object, options: Mapping[str, str]) -> Said:
    currency = options.get("currency", "")
    if isinstance(value, str):
        found = MONEY.fullmatch(value.strip())
        if found is None:
            return None
        value, currency = found["amount"], found["before"] or found["after"] or currency
    number = _decimal(value)
    return None if number is None else _amount(tongue, number, currency.lower())


def _amount(tongue: Tongue, number: Decimal, currency: str) -> Pieces:
    amount = _rounded(abs(number), 0 if currency in WHOLE else 2)
    if number < 0 and amount:
        yield "minus"
    if currency not in tongue.nouns:
        yield from _spoken_number(tongue, amount)
        yield from (f"letter_{letter}" for letter in currency)
        return
    major, minor = int(amount), int(amount % 1 * 100)
    if major or not minor:
        yield from _count(tongue, major, currency)
    if minor:
        yield from ("and",) if major else ()
        yield from _count(tongue, minor, f"{currency}_part")


# -- date and time ------------------------------------------------------------------------------------------------


def _date(tongue: Tongue, value: object, options: Mapping[str, str]) -> Said:
    day = _day(value)
    if day is None:
        return None
    said = {
        "weekday": [f"weekday_{day.weekday()}"] if options.get("weekday") == "yes" else [],
        "day": [_day_of_month(tongue, day.day)],
        "month": [f"month_{day.month}"],
        "of": ["of"],
        "year": [*YEARS[tongue.year](tongue, day.year)],
    }
    order = tongue.date if options.get("year") != "no" else [one for one in tongue.date if one not in ("of", "year")]
    return [piece for part in order for piece in said[part]]


def _day(value: object) -> date | None:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value.strip()[:10]) if isinstance(value, str) else None
    except ValueError:
        return None


def _day_of_month(tongue: Tongue, day: int) -> str:
    """English says all of them as ordinals; the others say which they say otherwise than as a number."""
    if day in tongue.days:
        return f"day_{day}"
    return f"nth_{day}" if tongue.date.index("day") > tongue.date.index("month") else str(day)


def _year_in_pairs(tongue: Tongue, year: int) -> Pieces:
    """Nineteen ninety-nine, nineteen oh five, nineteen hundred; two thousand six, twenty twenty-six."""
    if year < 1100 or 2000 <= year < 2010 or year > 9999:
        yield from _integer(tongue, year)
        return
    first, last = divmod(year, 100)
    yield from _integer(tongue, first)
    if last == 0:
        yield "hundred"
    else:
        yield from ("oh", str(last)) if last < 10 else (str(last),)


def _year_in_hundreds(tongue: Tongue, year: int) -> Pieces:
    """Neunzehnhundertneunundneunzig; zweitausendsechsundzwanzig."""
    if not 1100 <= year < 2000:
        yield from _integer(tongue, year)
        return
    first, last = divmod(year, 100)
    yield from (str(first), "hundred")
    if last:
        yield str(last)


def _time(tongue: Tongue, value: object, options: Mapping[str, str]) -> Said:
    moment = _moment(value)
    if moment is None:
        return None
    hour, minute = moment
    return _half_day(hour, minute) if tongue.clock == 12 else _whole_day(tongue, hour, minute)


def _moment(value: object) -> tuple[int, int] | None:
    if isinstance(value, datetime | time):
        return value.hour, value.minute
    found = CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    return (int(found[1]), int(found[2])) if found else None


def _half_day(hour: int, minute: int) -> Pieces:
    yield str(hour % 12 or 12)
    if minute:
        yield from ("oh", str(minute)) if minute < 10 else (str(minute),)
    yield "am" if hour < 12 else "pm"


def _whole_day(tongue: Tongue, hour: int, minute: int) -> Pieces:
    yield from _count(tongue, hour, "clock")
    if minute and tongue.minutes_joined:
        yield "and"
        yield from _count(tongue, minute, "minute")
    elif minute:
        yield str(minute)


def _nothing(tongue: Tongue, value: object, options: Mapping[str, str]) -> Said:
    """Plain text: there are no pieces for it."""
    return None


Sayer = Callable[[Tongue, object, Mapping[str, str]], Said]
SAYERS: dict[str, Sayer] = {
    "number": _number,
    "digits": _digits,
    "characters": _characters,
    "ordinal": _ordinal,
    "money": _money,
    "date": _date,
    "time": _time,
    "duration": _duration,
    "text": _nothing,
}
YEARS: dict[str, Callable[[Tongue, int], Pieces]] = {
    "pairs": _year_in_pairs,
    "hundreds": _year_in_hundreds,
    "number": _integer,
}
