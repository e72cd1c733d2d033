"""A campaign's script: what agents read to a lead, with what is known of it in place of words in braces."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

from fsorch.campaigns import Lead

__all__ = ["WORDS", "fields_of", "fill_in", "unknown_words"]

JOINTS = str.maketrans("", "", "._-")
# Beside ``field.NAME``, which each list has others of.
WORDS = ("name", "number", "agent", "owner", "reference")
# What turns the direction of all that follows: marks, embeddings, overrides and isolates (Unicode Annex 9, 2).
TURNS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# First-strong isolate, and its end: what is between leaves the order of the words around it alone.
ISOLATED = "\u2068{}\u2069"


def fill_in(script: str, lead: Lead, number: str, agent: str) -> str:
    """A campaign's script with what is known of the lead in place of ``{name}``, ``{number}``, ``{agent}``,
    ``{owner}``, ``{reference}`` and ``{field.NAME}``; what is not known stays empty, and what a list says is text,
    whatever it looks like and whichever way it is written."""
    known = dict(zip(WORDS, (lead.name, number, agent, lead.owner, lead.reference), strict=True))
    known |= {f"field.{name}": value for name, value in lead.fields.items()}
    return "".join(_filled(script, known))


def _filled(script: str, known: Mapping[str, str]) -> Iterator[str]:
    for word, text in _parts(script):
        yield _straight(known.get(word, ""))
        yield text


def _straight(value: str) -> str:
    """``value`` so that the rest of the script is read as it was written."""
    if value.isascii():
        return value
    plain = TURNS.sub("", value)
    turned = any(unicodedata.bidirectional(one) in ("R", "AL") for one in plain)
    return ISOLATED.format(plain) if turned else plain


def unknown_words(script: str) -> tuple[str, ...]:
    """The words in braces that are nothing of any lead, and would be left out; each once."""
    words = (word for word, _ in _parts(script) if word and word not in WORDS)
    return tuple(dict.fromkeys(word for word in words if not (word.startswith("field.") and word != "field.")))


def fields_of(script: str) -> tuple[str, ...]:
    """The fields of lists that a script names, without ``field.``; each once."""
    words = (word.removeprefix("field.") for word, _ in _parts(script) if word.startswith("field."))
    return tuple(dict.fromkeys(filter(None, words)))


def _parts(script: str) -> Iterator[tuple[str, str]]:
    """The words in braces, each with the text that follows; text before the first, and braces around what is no word,
    come with an empty word."""
    first, *parts = script.split("{")
    yield "", first
    for part in parts:
        word, closed, rest = part.partition("}")
        plain = closed and word.translate(JOINTS).isalnum()
        yield (word, rest) if plain else ("", "{" + part)
