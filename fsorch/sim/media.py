r"""Sounds and keys: playing a file, reading digits, recording.

A virtual sound is a length. `Sounds` knows those of tones and silences by their own syntax, those of streams as
endless, and files by name: a file it was not told of is not found, as on a real switch.
"""

from __future__ import annotations

import re
import wave
from collections.abc import Generator
from functools import cache
from pathlib import Path

import msgspec

from fsorch.resources import freeswitch_tree
from fsorch.shipped import SHIPPED
from fsorch.sim.channel import Channel, Headers
from fsorch.sim.core import Core
from fsorch.sim.lifecycle import dequeue_digit, dequeue_digits, pre_answer, run_messages

__all__ = ["ENDLESS", "SOUNDS_DIR", "Played", "Reading", "Sounds", "fsorch_sounds", "play", "read", "record"]

ENDLESS = -1
_TONE = re.compile(r"%\((\d+),(\d+)")
_STARTED = ("switch_ivr_play_say.c", "switch_ivr_play_file", "1646")


class Sounds:
    """The files and streams the switch knows. ``files``: path to seconds; ``prefixes``: every path below one of them is
    there and lasts the given seconds; ``streams``: names of local streams."""

    def __init__(
        self,
        files: dict[str, float] | None = None,
        prefixes: dict[str, float] | None = None,
        streams: tuple[str, ...] = ("moh", "default"),
    ) -> None:
        self.files = dict(files or {})
        self.prefixes = dict(prefixes or {})
        self.streams = set(streams)

    def length(self, path: str) -> int | None:
        """How long a sound is in microseconds, `ENDLESS`, or None if there is no such file."""
        kind, separator, rest = path.partition("://")
        if separator and kind in _SCHEMES:
            return _SCHEMES[kind](self, rest)
        if path in self.files:
            return round(self.files[path] * 1_000_000)
        for prefix, seconds in self.prefixes.items():
            if path.startswith(prefix):
                return round(seconds * 1_000_000)
        return None

    def _silence(self, rest: str) -> int:
        number = int(re.match(r"-?\d*", rest).group() or 0) if rest else 0  # type: ignore[union-attr]
        return ENDLESS if number < 0 else number * 1000

    def _tone(self, rest: str) -> int:
        if "loops=-1" in rest:
            return ENDLESS
        loops = re.search(r"loops=(\d+)", rest)
        once = sum(int(on) + int(off) for on, off in _TONE.findall(rest)) * 1000
        return once * int(loops.group(1)) if loops else once

    def _stream(self, rest: str) -> int | None:
        return ENDLESS if rest.partition("/")[0] in self.streams else None

    def _list(self, rest: str) -> int | None:
        lengths = [self.length(part) for part in rest.split("!")]
        if any(length == ENDLESS for length in lengths):
            return ENDLESS
        known = [length for length in lengths if length is not None]
        return sum(known) if known else None


_SCHEMES = {
    "silence_stream": Sounds._silence,
    "tone_stream": Sounds._tone,
    "local_stream": Sounds._stream,
    "file_string": Sounds._list,
}


SOUNDS_DIR = "/usr/share/freeswitch/sounds"
"""Where the virtual switch has its sounds (its global variable ``sounds_dir``)."""


def fsorch_sounds() -> Sounds:
    """A switch with fsorch's prompts in place (those of ``freeswitch/sounds``, with their lengths) and music. The other
    languages take as long as English."""
    lengths = _lengths()
    names = ((language, name) for language in SHIPPED for name in lengths)
    return Sounds({f"{SOUNDS_DIR}/fsorch/{language}/{name}": lengths[name] for language, name in names})


@cache
def _lengths() -> dict[str, float]:
    """The seconds of each shipped file: hundreds of them, which do not change while a process runs."""
    prompts = sorted((freeswitch_tree() / "sounds" / "fsorch" / "en").glob("*.wav"))
    return {path.name: _seconds(path) for path in prompts}


def _seconds(path: Path) -> float:
    with wave.open(str(path)) as sound:
        return float(sound.getnframes() / sound.getframerate())


class Played(msgspec.Struct):
    """How a playback ended. ``status``: done, break, missing; ``keys``: the digits taken while it played."""

    status: str
    keys: str = ""


class Reading(msgspec.Struct):
    """What a read brought. ``result``: success, failure, timeout, or empty when the prompt could not be played."""

    digits: str
    result: str
    terminator: str = ""


def play(
    core: Core,
    sounds: Sounds,
    channel: Channel,
    path: str,
    *,
    stop_on: str = "",
    collect: bool = False,
    keep: bool = False,
) -> Generator[int | None, None, Played]:
    """Play a sound (switch_ivr_play_file).

    ``stop_on``: the keys that end it (others are eaten); ``collect``: any key ends it and is given back; ``keep``:
    keys stay in the queue for the next read. Messages run nested in it, unless the event lock is held."""
    length = sounds.length(path)
    epoch = channel.epoch
    if length is None or not channel.same(epoch):
        return Played("missing")
    pre_answer(core, channel)
    tail: Headers = {"Playback-File-Path": path}
    if path.startswith(("tone_stream://", "local_stream://")):
        tail = {"Playback-File-Type": path.partition(":")[0], **tail}
    core.fire("PLAYBACK_START", channel, tail=tail, calling=_STARTED)
    core.notice(channel, "play", path)
    started = core.now
    channel.stop_playback = False
    ends = None if length == ENDLESS else core.now + length
    played = Played("done")
    while channel.same(epoch) and (ends is None or core.now < ends):
        before = core.now
        yield from run_messages(core, channel)
        if ends is not None:
            ends += core.now - before
        if not keep and channel.dtmf:
            played = _key(core, channel, stop_on, collect)
        if channel.stop_playback:
            channel.stop_playback = False
            channel.broken = True
            played = Played("break")
        if played.status != "done":
            break
        if channel.same(epoch) and (ends is None or core.now < ends):
            yield ends
    _account(core, channel, started, length)
    core.fire("PLAYBACK_STOP", channel, tail={**tail, "Playback-Status": played.status})
    core.notice(channel, "stop", path)
    if not channel.same(epoch):
        played.status = "gone"
    return played


def _key(core: Core, channel: Channel, stop_on: str, collect: bool) -> Played:
    if collect:
        return Played("break", dequeue_digit(core, channel))
    while channel.dtmf:
        digit = dequeue_digit(core, channel)
        if digit in stop_on:
            channel.set("playback_terminator_used", digit)
            return Played("break", digit)
    return Played("done")


def _account(core: Core, channel: Channel, started: int, length: int) -> None:
    """The variables FreeSWITCH leaves behind: how far it came, and how long the file was."""
    lasted = core.now - started
    whole = lasted if length == ENDLESS else length
    channel.set("playback_last_offset_pos", str(lasted * 8 // 1000))
    channel.set("playback_seconds", str(whole // 1_000_000))
    channel.set("playback_ms", str(whole // 1000))
    channel.set("playback_samples", str(whole * 8 // 1000))


def read(
    core: Core,
    sounds: Sounds,
    channel: Channel,
    prompt: str,
    least: int,
    most: int,
    timeout_ms: int,
    terminators: str,
    digit_timeout_ms: int,
) -> Generator[int | None, None, Reading]:
    """Play a prompt and collect digits (switch_ivr_read, capture 07): a key stops the prompt; ``timeout_ms`` is how
    long to wait for the first digit after it, ``digit_timeout_ms`` for each further one."""
    epoch = channel.epoch
    digits = ""
    channel.set("read_result", None)
    if prompt and prompt != "silence":
        played = yield from play(core, sounds, channel, prompt, collect=True)
        if played.status == "missing":
            return Reading("", "")
        digits = played.keys
    terminator = digits if digits and digits in terminators else ""
    if terminator:
        digits = ""
    deadline = core.now + (digit_timeout_ms if digits else timeout_ms) * 1000
    while not terminator and len(digits) < most and channel.same(epoch):
        before = core.now
        yield from run_messages(core, channel)
        deadline += core.now - before
        digit = dequeue_digit(core, channel) if channel.same(epoch) else ""
        if digit and digit in terminators:
            terminator = digit
        elif digit:
            digits += digit
            deadline = core.now + digit_timeout_ms * 1000
        elif core.now >= deadline or not channel.same(epoch):
            break
        else:
            yield deadline
    if terminator:
        channel.set("read_terminator_used", terminator)
    result = "success" if len(digits) >= max(least, 1) or (least == 0 and terminator) else "failure"
    channel.set("read_result", result)
    return Reading(digits, result, terminator)


def record(core: Core, channel: Channel, path: str, limit_s: int) -> Generator[int | None, None, None]:
    """Record the caller until the limit, a terminator key or the end (switch_ivr_record_file, capture 18)."""
    epoch = channel.epoch
    pre_answer(core, channel)
    terminators = channel.get("playback_terminators") or "*"
    terminators = "" if terminators == "none" else "0123456789*#" if terminators == "any" else terminators
    channel.set("silence_hits_exhausted", "false")
    channel.set("read_codec", "L16")
    channel.recording_codec = True
    started = core.now
    core.fire("RECORD_START", channel, tail={"Record-File-Path": path})
    core.notice(channel, "record", path)
    ends = core.now + limit_s * 1_000_000 if limit_s > 0 else None
    channel.stop_playback = False
    while channel.same(epoch) and (ends is None or core.now < ends) and not channel.stop_playback:
        yield from run_messages(core, channel)
        if _key(core, channel, terminators, collect=False).status == "break":
            break
        if channel.same(epoch):
            yield ends
    channel.stop_playback = False
    dequeue_digits(core, channel)
    lasted = core.now - started
    channel.set("record_record_file_size", str(44 + lasted * 16 // 1000))
    channel.set("record_file_size", str(44 + lasted * 16 // 1000))
    channel.set("record_seconds", str(lasted // 1_000_000))
    channel.set("record_ms", str(lasted // 1000))
    channel.set("record_samples", str(lasted * 8 // 1000))
    core.recorded(path, lasted)
    core.fire("RECORD_STOP", channel, tail={"Record-File-Path": path}, calling=_RECORD_STOPPED)
    channel.recording_codec = False
    channel.set("read_codec", channel.codec[0])


_RECORD_STOPPED = ("switch_ivr_play_say.c", "switch_ivr_record_file_event", "1030")
