"""What has to be known about a language to say values in it: one table, and nothing else.

Every piece is an audio file, ``say_<piece>.wav`` in the language's folder; :func:`piece_texts` lists all of a
language, with the text a synthesiser (or a person) speaks for each. Numbers below 100 are whole pieces, so that no
table need know how tens and ones are joined. To add a language: write its :class:`Tongue` in ``tongues.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

__all__ = ["SIGNS", "Tongue", "piece_texts"]

# The piece of each character that is neither letter nor digit, and can be said.
SIGNS = {"-": "dash", ".": "dot", "/": "slash", "@": "at", "_": "underscore", "+": "plus", "#": "hash", "*": "star"}
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def one_or_more(value: int) -> str:
    """The plural of English, German and many others."""
    return "one" if value == 1 else "other"


class Tongue(msgspec.Struct, frozen=True, kw_only=True):
    """A language. Texts are what is spoken; words are used by the names they have here.

    ``nouns``: what is counted, by plural category (CLDR's words: one, few, many, other), as ``plural`` names it; a
    category that is not there is ``other``. ``forms``: the numbers that sound different before some nouns, by the form
    which ``gender`` gives for the noun. ``joined``: hundreds that sound different when more follows.
    ``before_thousand``: the form of the number of thousands, by that of the noun. ``bare_thousand``: 1000 is
    "thousand", not "one thousand".

    ``nth``: ordinals 1-31. ``days``: days of the month that are said otherwise than as a number. ``date``: the order
    of weekday, day, month, of (a word) and year. ``year``: by pairs (nineteen ninety-nine), by hundreds, or as a
    number. ``clock``: 12 (with am, pm) or 24 hours; ``minutes_joined``: "and" before the minutes.
    ``letters``: those that a synthesiser would not name right, and those beyond a-z."""

    words: dict[str, str]
    nouns: dict[str, dict[str, str]]
    signs: dict[str, str]
    months: tuple[str, ...]
    weekdays: tuple[str, ...]
    nth: tuple[str, ...]
    plural: Callable[[int], str] = one_or_more
    gender: dict[str, str] = {}
    forms: dict[str, dict[int, str]] = {}
    joined: dict[int, str] = {}
    before_thousand: dict[str, str] = {}
    bare_thousand: bool = False
    days: dict[int, str] = {}
    date: tuple[str, ...] = ("weekday", "day", "month", "year")
    year: str = "number"
    clock: int = 24
    minutes_joined: bool = False
    letters: dict[str, str] = {}

    def noun(self, name: str, value: int) -> str:
        """The piece of a noun as it is said after ``value``."""
        category = self.plural(value)
        return f"{name}_{category if category in self.nouns[name] else 'other'}"


def piece_texts(tongue: Tongue) -> dict[str, str]:
    """Every piece of the language and its text, by the name of its file without ``.wav``."""
    return {f"say_{name}": text for name, text in _pieces(tongue)}


def _pieces(tongue: Tongue) -> Iterator[tuple[str, str]]:
    yield from ((str(n), str(n)) for n in (*range(100), *range(100, 1000, 100)))
    for form, numbers in tongue.forms.items():
        yield from ((f"{n}_{form}", text) for n, text in numbers.items())
    yield from ((f"{n}_on", text) for n, text in tongue.joined.items())
    yield from tongue.words.items()
    for noun, categories in tongue.nouns.items():
        yield from ((f"{noun}_{category}", text) for category, text in categories.items())
    yield from ((f"nth_{n}", text) for n, text in enumerate(tongue.nth, 1))
    yield from ((f"day_{n}", text) for n, text in tongue.days.items())
    yield from ((f"month_{n}", text) for n, text in enumerate(tongue.months, 1))
    yield from ((f"weekday_{n}", text) for n, text in enumerate(tongue.weekdays))
    yield from ((f"sign_{name}", text) for name, text in tongue.signs.items())
    letters = {letter: letter.upper() for letter in LETTERS} | tongue.letters
    yield from ((f"letter_{letter_name(letter)}", text) for letter, text in letters.items())


def letter_name(letter: str) -> str:
    """A letter in a file's name, which stays ASCII: ``a``, ``u00f1``."""
    return letter if letter.isascii() else f"u{ord(letter):04x}"
