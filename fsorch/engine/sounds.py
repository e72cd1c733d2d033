"""From words to what the switch plays.

A list of files is one ``file_string://`` (mod_dptools). Text in between is spoken by the switch's text to speech:
playback takes ``say:TEXT`` only by itself or as one of a list that it cuts up at ``playback_delimiter``
(``switch_ivr_play_say.c``, switch_ivr_play_file), with the engine and voice in ``tts_engine`` and ``tts_voice``. The
delimiter is the one of file_string, so a list of files that comes later means the same while the variable stands.
In both kinds of list a file that is missing is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256

import msgspec

from fsorch.campaigns import DropSpec
from fsorch.config import Centre
from fsorch.esl.quoting import Pairs, display, file_list, play_list
from fsorch.ivr.speech import File, Text, Utterance, render, tongue_for, written
from fsorch.prompts import PromptSpec, Slot, SpeechSpec, filled, parse_text
from fsorch.shipped import DEFAULT_LANGUAGE, SHIPPED

__all__ = ["Fixed", "Sound", "drop_values", "file_language", "fixed", "sound", "spoken", "unknown_slots"]

# The switch cuts a list into 128 at most; the last one would be all the rest.
MOST = 120
# The longest text that is spoken at a time.
LONGEST_TEXT = 400


class Sound(msgspec.Struct, frozen=True):
    """``file``: what playback and play_and_get_digits take; empty when there is nothing to play. ``variables`` must be
    set on the leg before. ``skipped``: what is not said, for there is no text to speech, or no room."""

    file: str
    variables: Pairs = ()
    skipped: tuple[str, ...] = ()


def sound(words: Iterable[Utterance], path_of: Callable[[File], str], speech: SpeechSpec | None) -> Sound:
    """What plays ``words``. ``path_of`` gives the path of a file as the switch sees it; ``speech``: the switch's text
    to speech, if it has one."""
    said: list[Utterance] = []
    skipped: list[str] = []
    for one in words:
        if len(said) >= MOST or (isinstance(one, Text) and speech is None):
            skipped.append(one.text if isinstance(one, Text) else one.name)
        else:
            said.append(one)
    texts = [one for one in said if isinstance(one, Text)]
    listed = [path_of(one) if isinstance(one, File) else f"say:{_plain(one.text)}" for one in said]
    if not texts or speech is None:
        return Sound(file_list(listed), (), tuple(skipped))
    voice = speech.voice_for(texts[0].language)
    variables = (("tts_engine", speech.engine), ("tts_voice", voice), ("playback_delimiter", "!"))
    return Sound(play_list(listed), variables, tuple(skipped))


def spoken(centre: Centre, name: str, values: Mapping[str, object], language: str) -> tuple[Utterance, ...]:
    """The prompt called ``name`` for a caller of ``language``: one of the centre's, or one that fsorch ships; in
    another language, where it does not exist in this one."""
    text, language = _text_of(centre, name, language)
    if "{" not in text:
        return (File(name, language),)
    return render(name, parse_text(text), values, language)


def drop_values(drop: DropSpec) -> dict[str, object]:
    """The values that the message may say for which nobody was free."""
    return {"drop.name": drop.name, "drop.number": drop.number, "drop.key": drop.opt_out_key}


class Fixed(msgspec.Struct, frozen=True):
    """A message that is the same in every call: its file, by the name without ``.wav`` in the folder of its language,
    and what it says. The name is made of the text, so that another text is another file, and none is ever played for
    another."""

    name: str
    language: str
    text: str


def fixed(centre: Centre, name: str, values: Mapping[str, object], language: str) -> Fixed | None:
    """The prompt called ``name`` as one message, in ``language`` or one that it exists in. None for one that has a file
    of its own, whose text has no slots (then it is a file already), or which says more than the ``values``."""
    text, language = _text_of(centre, name, language)
    slots = [part for part in parse_text(text) if isinstance(part, Slot)] if "{" in text else []
    if not slots or any(slot.name not in values for slot in slots):
        return None
    said = filled(text, lambda slot: written(slot.kind, values[slot.name], language, slot.options))
    return Fixed(f"message_{sha256(said.encode()).hexdigest()[:12]}", language, said)


def unknown_slots(centre: Centre, name: str, values: Mapping[str, object], language: str) -> tuple[str, ...]:
    """The slots of a prompt's text that have none of the ``values``, and so stay silent."""
    text, _ = _text_of(centre, name, language)
    slots = [part.name for part in parse_text(text) if isinstance(part, Slot)] if "{" in text else []
    return tuple(dict.fromkeys(slot for slot in slots if slot not in values))


def _text_of(centre: Centre, name: str, language: str) -> tuple[str, str]:
    """The text of a prompt, and the language that it is in; empty where it is a file, or nobody knows what it says."""
    spec = centre.prompts.get(name)
    if isinstance(spec, PromptSpec):
        language = spec.language_for(language)
        return ("" if language in spec.file else spec.text[language]), language
    if spec is None:
        language = file_language(name, language)
        return _shipped_text(name, language), language
    return "", language


def file_language(name: str, language: str) -> str:
    """The language in which a file that the centre does not name is there: fsorch's own prompts and pieces exist in
    some only, the others are a flow's, in the flow's languages."""
    own = name.rpartition(".")[0] or name
    unspoken = own in SHIPPED[DEFAULT_LANGUAGE] and not _shipped_text(own, language)
    return DEFAULT_LANGUAGE if unspoken or (name.startswith("say_") and tongue_for(language) is None) else language


def _shipped_text(name: str, language: str) -> str:
    """The text of a prompt of fsorch's own in ``language``, or in that of which it is a variant; empty: none."""
    texts = SHIPPED.get(language) or SHIPPED.get(language.partition("-")[0]) or {}
    return texts.get(name, "")


def _plain(text: str) -> str:
    """Text without anything that means more than itself to a command, to the list or to the engine (which reads
    ``{name=value}`` at the beginning as settings)."""
    return display(text, LONGEST_TEXT)
