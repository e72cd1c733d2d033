"""Prompts as data: text first, in each language, with audio beside it when there is some.

A text may have slots: ``Your balance is {balance:money,currency=EUR}.`` Each says the value of a name in the caller's
language, by one of `KINDS`; ``{name}`` alone is spoken as text. ``{{`` and ``}}`` are braces. Between the slots the
text is cut into fragments, each an audio file of its own: ``balance.1.wav``, ``balance.2.wav``; a text without slots is
``balance.wav``. Files lie in a folder for each language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated

import msgspec

from fsorch.errors import ConfigError
from fsorch.nearest import near

__all__ = [
    "KINDS",
    "LANGUAGE",
    "Fragment",
    "Language",
    "Part",
    "PromptSpec",
    "Slot",
    "SpeechSpec",
    "check_prompt",
    "check_prompts",
    "filled",
    "fragments",
    "parse_text",
]

# How a language is written: it names a folder. `en`, `de`, `pt-br`.
LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})?")
# A prompt with a text names files.
NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")
# ... and must not look like the name of a fragment of another.
FRAGMENT = re.compile(r"\.[0-9]+\Z")
SLOT_NAME = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*")
CURRENCY = re.compile(r"[A-Z]{3}")
# What a kind of value is said by, and its options with what each may be.
KINDS: dict[str, dict[str, re.Pattern[str]]] = {
    "number": {},
    "digits": {},
    "characters": {},
    "ordinal": {},
    "money": {"currency": CURRENCY},
    "date": {"year": re.compile("yes|no"), "weekday": re.compile("yes|no")},
    "time": {},
    "duration": {"unit": re.compile("s|min|h|d")},
    "text": {},
}
# An hour of speech is no prompt.
LONGEST_TEXT = 4000
TOKEN = re.compile(r"\{\{|\}\}|\{[^{}]*\}|[{}]")

Language = Annotated[
    str, msgspec.Meta(pattern=rf"^{LANGUAGE.pattern}\Z", description="a language by its code, such as en or pt-br")
]


class PromptSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A prompt of the centre. ``text`` by language, with slots; ``file`` by language: a path as the switch sees it,
    instead of the file that is named after the prompt. One of both must be given; a file says a text without slots."""

    text: dict[Language, str] = {}
    file: dict[Language, str] = {}

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages it exists in; the first is taken for a caller whose language is none of them."""
        return tuple(dict.fromkeys((*self.text, *self.file)))

    def language_for(self, language: str) -> str:
        """``language`` if the prompt exists in it, else its first one."""
        known = self.languages
        return language if language in known or not known else known[0]


class SpeechSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The switch's text to speech (``flite`` with the voice ``kal``), for what no file can say. ``voices``: instead of
    ``voice``, by language."""

    engine: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_]+\Z")]
    voice: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.-]*\Z")] = ""
    voices: dict[Language, Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.-]*\Z")]] = {}

    def voice_for(self, language: str) -> str:
        """The voice that speaks ``language``."""
        return self.voices.get(language, self.voice)


class Fragment(msgspec.Struct, frozen=True):
    """Words that are always the same."""

    text: str


class Slot(msgspec.Struct, frozen=True):
    """A place for the value called ``name`` (dots allowed: ``customer.balance``), said as its ``kind``. ``options``:
    what `KINDS` allows there."""

    name: str
    kind: str = "text"
    options: dict[str, str] = {}


Part = Fragment | Slot


def parse_text(text: str) -> tuple[Part, ...]:
    """The fragments and slots of a prompt's text, in order; none for an empty one.

    Raises ConfigError with the column (from 1) of what is wrong."""
    parts: list[Part] = []
    words = ""
    end = 0
    for hit in TOKEN.finditer(text):
        words += text[end : hit.start()]
        end, token = hit.end(), hit.group()
        if token in ("{{", "}}"):
            words += token[0]
        elif len(token) == 1:
            raise ConfigError(f"column {hit.start() + 1}: a lone {token!r}; write {token * 2!r} for the character")
        else:
            parts += [*_fragment(words), _slot(token[1:-1], hit.start() + 1)]
            words = ""
    return (*parts, *_fragment(words + text[end:]))


def filled(text: str, said: Callable[[Slot], str]) -> str:
    """A prompt's text as one text to read out: each slot in the words that ``said`` has for it. Raises ConfigError as
    :func:`parse_text` does."""
    parse_text(text)
    words = TOKEN.sub(lambda hit: hit[0][0] if len(hit[0]) == 2 else said(_slot(hit[0][1:-1], hit.start() + 1)), text)
    return " ".join(words.split())


def fragments(name: str, parts: tuple[Part, ...]) -> dict[str, str]:
    """The texts that are spoken whole, by the name of their file without ``.wav``. ``name``: the prompt's."""
    texts = [part.text for part in parts if isinstance(part, Fragment)]
    if len(texts) == len(parts) == 1:
        return {name: texts[0]}
    return {f"{name}.{n}": text for n, text in enumerate(texts, 1)}


def check_prompts(prompts: Mapping[str, str | PromptSpec], where: str) -> None:
    """Raises ConfigError with the path of the faulty key below ``where``."""
    for name, prompt in prompts.items():
        if isinstance(prompt, PromptSpec):
            check_prompt(name, prompt, f"{where}.{name}")


def check_prompt(name: str, prompt: PromptSpec, where: str) -> None:
    """Name, texts and files make sense, and the texts of all languages have the same slots. Raises ConfigError; the
    prompt's key is ``where``."""
    if not NAME.fullmatch(name) or FRAGMENT.search(name):
        raise ConfigError(f"{where}: the name {name!r} cannot be a file; use small letters, digits, '_' and '-'")
    if not prompt.languages:
        raise ConfigError(f"{where} has neither text nor file; give one, such as text: {{en: Welcome.}}")
    for language, path in prompt.file.items():
        if not path.strip():
            raise ConfigError(f"{where}.file.{language} is empty; give a path as the switch sees it")
    slots = {language: _checked_slots(text, f"{where}.text.{language}") for language, text in prompt.text.items()}
    if prompt.file and any(slots.values()):
        raise ConfigError(f"{where}: a text with slots cannot be one file; take file away, or the slots")
    _same_slots(slots, where)


def _checked_slots(text: str, where: str) -> frozenset[str]:
    """The names of the slots of a text that can be spoken."""
    if len(text) > LONGEST_TEXT:
        raise ConfigError(f"{where} has {len(text)} characters; say it in at most {LONGEST_TEXT}")
    try:
        parts = parse_text(text)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None
    if not parts:
        raise ConfigError(f"{where} is empty; give what is to be said")
    return frozenset(part.name for part in parts if isinstance(part, Slot))


def _same_slots(slots: Mapping[str, frozenset[str]], where: str) -> None:
    """A value that one language leaves out is a mistake of translation."""
    first = next(iter(slots), "")
    for language, names in slots.items():
        odd = sorted(names ^ slots[first])
        if odd:
            has, lacks = (language, first) if odd[0] in names else (first, language)
            raise ConfigError(f"{where}.text: {has} has the slot {odd[0]!r}, {lacks} has not; say the same in both")


def _fragment(words: str) -> Iterator[Fragment]:
    """A fragment with something in it to speak: punctuation after a slot is no file."""
    if re.search(r"\w", words):
        yield Fragment(" ".join(words.split()).lstrip(" .,;:!?"))


def _slot(inner: str, column: int) -> Slot:
    """``name:kind,option=value,...``"""
    name, _, rest = inner.partition(":")
    kind, *given = rest.split(",") if rest else ["text"]
    name, kind = name.strip(), kind.strip()
    if not SLOT_NAME.fullmatch(name):
        raise ConfigError(f"column {column}: the slot {inner[:40]!r} has no name; write it like {{balance:money}}")
    if kind not in KINDS:
        raise ConfigError(f"column {column}: {kind[:40]!r} is no kind of value{near(kind, KINDS)}")
    return Slot(name, kind, dict(_option(one, kind, column) for one in given))


def _option(text: str, kind: str, column: int) -> tuple[str, str]:
    key, _, value = (part.strip() for part in text.partition("="))
    allowed = KINDS[kind]
    if key not in allowed:
        raise ConfigError(f"column {column}: {kind} has no option {key[:40]!r}{near(key, allowed)}")
    if not allowed[key].fullmatch(value):
        raise ConfigError(f"column {column}: {key} is {value[:40]!r}; it must match {allowed[key].pattern}")
    return key, value
