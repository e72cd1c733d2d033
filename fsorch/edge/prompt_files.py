"""The folder of prompts: what is in it, and making what is missing.

::

    <folder>/en/welcome.wav
    <folder>/en/prompts.json      what each file says, who made it, and how

A file whose text, voice, rate or command is not as it was made with is made anew; a recording that somebody uploaded is
never overwritten. Files appear whole or not at all.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path

import msgspec

from fsorch.campaigns import CampaignSpec
from fsorch.config import Centre
from fsorch.edge.prompt_audio import RATES, check_upload, shaped
from fsorch.edge.prompt_texts import Wanted, campaign_messages
from fsorch.errors import ConfigError
from fsorch.resources import freeswitch_tree

__all__ = ["Made", "Maker", "PromptFolder", "Source", "build", "shipped_folder", "unbuilt"]

ESPEAK = "espeak-ng -v {voice} -s 160 -b 1 --stdin --stdout"
# Voices that are not called by their language.
VOICES = {"en": "en-us"}
# A synthesiser that needs longer for one prompt hangs.
TIMEOUT_S = 120.0
MANIFEST = "prompts.json"
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


class Source(StrEnum):
    """Where the audio of a prompt comes from. ``on_switch``: the centre names its path."""

    UPLOADED = "uploaded"
    BUILT = "built"
    OUTDATED = "outdated"
    MISSING = "missing"
    ON_SWITCH = "on_switch"


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """How a file came to be: what it says, and, unless somebody uploaded it, by what it was spoken."""

    text: str
    by: Source
    voice: str = ""
    rate: int = 0
    command: str = ""


class Maker(msgspec.Struct, frozen=True):
    """A synthesiser. ``command``: its words, with ``{text}``, ``{voice}``, ``{file}`` and ``{rate}`` in them; without
    ``{text}`` it reads the text from standard input, without ``{file}`` it writes the WAV to standard output.
    ``rate``: of the files that are made of it."""

    command: str = ESPEAK
    rate: int = RATES[0]
    voice: str = ""

    def made(self, one: Wanted) -> Made:
        """What is noted of a file that this makes."""
        voice = self.voice or VOICES.get(one.language, one.language)
        return Made(text=one.text, by=Source.BUILT, voice=voice, rate=self.rate, command=self.command)

    def speak(self, one: Wanted) -> bytes:
        """The WAV that says ``one``, as the switch wants it. Raises ConfigError that names the prompt."""
        where = f"{one.language}/{one.name}"
        try:
            return shaped(self._run(_as_data(one.text), self.made(one).voice), self.rate)
        except ConfigError as error:
            raise ConfigError(f"{where}: {self._words()[0]} made no prompt: {error}") from None

    def _words(self) -> list[str]:
        try:
            words = shlex.split(self.command)
        except ValueError as error:
            raise ConfigError(f"the command {self.command!r} cannot be cut into words: {error}") from None
        if not words:
            raise ConfigError("the command is empty; give a synthesiser, such as: piper --output_file {file}")
        return words

    def _run(self, text: str, voice: str) -> bytes:
        """Never through a shell: the text is one argument, or standard input."""
        with tempfile.TemporaryDirectory(prefix="fsorch-prompt-") as folder:
            file = Path(folder, "prompt.wav")
            # An argument that begins with a dash would be an option.
            values = {"text": f" {text}" if text.startswith("-") else text, "voice": voice}
            values |= {"file": str(file), "rate": str(self.rate)}
            words = [_filled(word, values) for word in self._words()]
            given = b"" if "{text}" in self.command else text.encode()
            written = _output(words, given)
            return file.read_bytes() if "{file}" in self.command and file.is_file() else written


class PromptFolder:
    """The prompts in a folder. Raises ConfigError when it cannot be read or written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[str, dict[str, Made]] = {}

    def path(self, language: str, name: str) -> Path:
        """Where a file is, or would be."""
        return self.folder / language / f"{name}.wav"

    def known(self, language: str) -> dict[str, Made]:
        """What is noted of the files of a language."""
        if language not in self._known:
            self._known[language] = _read_manifest(self.folder / language / MANIFEST)
        return self._known[language]

    def source(self, one: Wanted) -> Source:
        """Where the audio of a prompt comes from."""
        if one.path:
            return Source.ON_SWITCH
        if not self.path(one.language, one.name).is_file():
            return Source.MISSING
        made = self.known(one.language).get(one.name)
        if made is None:
            # Somebody put it there, and knows why.
            return Source.UPLOADED
        return made.by if made.text == one.text or not one.text else Source.OUTDATED

    def lacks(self, one: Wanted) -> bool:
        """Whether there is nothing that says it as it is now."""
        return self.source(one) in (Source.MISSING, Source.OUTDATED)

    def uploaded(self, one: Wanted) -> bool:
        """Whether somebody's recording is there, though its text may be another by now."""
        made = self.known(one.language).get(one.name)
        there = self.path(one.language, one.name).is_file()
        return there and (made is None or made.by is Source.UPLOADED)

    def put(self, one: Wanted, content: bytes, made: Made) -> None:
        """Write a file and what is noted of it."""
        self._write(self.path(one.language, one.name), content)
        self.known(one.language)[one.name] = made

    def upload(self, one: Wanted, file: Path) -> None:
        """Take a recording. Raises ConfigError for one that no switch can play."""
        self.put(one, check_upload(file), Made(text=one.text, by=Source.UPLOADED))
        self.note(one.language)

    def remove(self, language: str, name: str) -> bool:
        """Take a file away; False when there is none."""
        there = self.path(language, name).is_file()
        try:
            self.path(language, name).unlink(missing_ok=True)
        except OSError as error:
            raise ConfigError(f"{self.path(language, name)}: cannot be removed ({error.strerror})") from None
        if self.known(language).pop(name, None) is not None:
            self.note(language)
        return there

    def note(self, language: str) -> None:
        """Write down what is known of the files of a language."""
        lines = (
            f"{msgspec.json.encode(name).decode()}: {msgspec.json.encode(made).decode()}"
            for name, made in sorted(self.known(language).items())
        )
        self._write(self.folder / language / MANIFEST, ("{\n" + ",\n".join(lines) + "\n}\n").encode())

    def _write(self, path: Path, content: bytes) -> None:
        part = path.with_name(f"{path.name}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(content)
            os.replace(part, path)
        except OSError as error:
            raise ConfigError(f"{path}: cannot be written ({error.strerror}); check its folder") from None


def shipped_folder() -> PromptFolder:
    """The prompts that come with fsorch."""
    return PromptFolder(freeswitch_tree() / "sounds" / "fsorch")


def build(folder: PromptFolder, prompts: Iterable[Wanted], maker: Maker) -> Iterator[Wanted]:
    """Make what is missing or made otherwise, and give each that was made. What fsorch ships is copied rather than
    spoken. Raises ConfigError; what was made until then stays."""
    shipped = shipped_folder()
    touched: set[str] = set()
    try:
        for one in prompts:
            made = maker.made(one)
            if not one.text or one.path or folder.uploaded(one):
                continue
            if folder.path(one.language, one.name).is_file() and folder.known(one.language).get(one.name) == made:
                continue
            touched.add(one.language)
            folder.put(one, _copy(shipped, folder, one, made) or maker.speak(one), made)
            yield one
    finally:
        for language in touched:
            folder.note(language)


def unbuilt(folder: PromptFolder, centre: Centre) -> list[tuple[CampaignSpec, str, Wanted]]:
    """The messages of the centre's campaigns that ``fsorch prompt build`` has still to make: of which campaign, what it
    is for, and what it says. Raises ConfigError when the folder cannot be read."""
    return [
        (spec, what, one)
        for spec in centre.campaigns
        for what, one in campaign_messages(centre, spec)
        if one.text and folder.lacks(one)
    ]


def _copy(shipped: PromptFolder, folder: PromptFolder, one: Wanted, made: Made) -> bytes:
    """The shipped file, if it was made just so; empty otherwise."""
    path = shipped.path(one.language, one.name)
    same = shipped.known(one.language).get(one.name) == made and shipped.folder.resolve() != folder.folder.resolve()
    return path.read_bytes() if same and path.is_file() else b""


def _read_manifest(path: Path) -> dict[str, Made]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Made])
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not what fsorch wrote ({error}); remove it, and build anew") from None


def _as_data(text: str) -> str:
    """``text`` without what espeak-ng would obey: ``[[`` begins phonemes. (Markup it reads only when told to.)"""
    plain = CONTROL.sub(" ", text)
    while "[[" in plain:
        plain = plain.replace("[[", "[ [")
    return plain.strip()


def _filled(word: str, values: Mapping[str, str]) -> str:
    """The placeholders of a word, all at once: a text that holds one is not looked at again."""
    return re.sub(r"\{(text|voice|file|rate)\}", lambda hit: values[hit[1]], word)


def _output(words: list[str], given: bytes) -> bytes:
    try:
        done = subprocess.run(words, input=given, capture_output=True, timeout=TIMEOUT_S, check=False)
    except FileNotFoundError:
        more = "; apt install espeak-ng, or name another with --command" if words[0] == "espeak-ng" else ""
        raise ConfigError(f"there is no program {words[0]}{more}") from None
    except subprocess.TimeoutExpired:
        raise ConfigError(f"it took longer than {TIMEOUT_S:g} s") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"it cannot be run ({error})") from None
    if done.returncode:
        told = " ".join(done.stderr.decode(errors="replace").split())[:200]
        raise ConfigError(f"it ended with {done.returncode}{f': {told}' if told else ''}")
    return done.stdout
