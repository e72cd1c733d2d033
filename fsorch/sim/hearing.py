"""What the far end of a channel sounds like, and the applications that listen to it.

A sound is the spurts in which it is loud; how loud is not known, so that every threshold finds the same. Frames are
20 ms. As on FreeSWITCH 1.10.12 (``switch_ivr_play_say.c``), one frame more than was asked for must be heard, the
time-out comes before the frame that it ends with, ``wait_for_silence`` waits for 25 frames more, and none of them takes
orders while it runs.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Generator, Iterable
from math import inf

from fsorch.sim.channel import Channel, Thread
from fsorch.sim.core import Core

__all__ = ["detect_audio", "detect_silence", "falls_silent", "sounds", "spurts_of", "wait_for_silence"]

FRAME_US = 20_000
COUNTDOWN = 25
# Further ahead no endless tone is laid out.
HORIZON_US = 60_000_000
_PART = re.compile(r"%\((\d+),(\d+)")
Spurts = list[tuple[float, float]]


def spurts_of(path: str) -> Spurts:
    """When a sound is loud, in microseconds since its beginning: tones by their own syntax, silence never, everything
    else all the time."""
    if path.startswith("silence_stream://"):
        return []
    parts = [(int(on) * 1000, int(off) * 1000) for on, off in _PART.findall(path)]
    once = sum(on + off for on, off in parts)
    if not path.startswith("tone_stream://") or not once:
        return [(0, inf)]
    found: Spurts = []
    again = re.search(r"loops=(-?\d+)", path)
    loops = int(again.group(1)) if again else 1
    begins = 0
    for _ in range(loops if loops >= 0 else HORIZON_US // once + 1):
        for on, off in parts:
            if found and found[-1][1] >= begins:
                found[-1] = (found[-1][0], begins + on)
            elif on:
                found.append((begins, begins + on))
            begins += on + off
    if loops < 0 and len(found) == 1:
        found = [(0, inf)]
    return found


def sounds(core: Core, channel: Channel, spurts: Iterable[tuple[float, float]]) -> None:
    """From now on the far end sounds like this; ``spurts`` are microseconds from now."""
    falls_silent(core, channel)
    channel.spurts += [(core.now + start, core.now + end) for start, end in spurts]
    core.wake(channel)


def falls_silent(core: Core, channel: Channel) -> None:
    """The far end makes no more sound."""
    channel.spurts = [(start, min(end, core.now)) for start, end in channel.spurts if start < core.now][-8:]
    core.wake(channel)


def _state(channel: Channel, at: int) -> tuple[bool, float, float]:
    """Whether it is loud at ``at``, since when, and until when."""
    place = bisect_right(channel.spurts, (at, inf)) - 1
    if place >= 0 and at < channel.spurts[place][1]:
        return True, *channel.spurts[place]
    since = channel.spurts[place][1] if place >= 0 else 0
    until = channel.spurts[place + 1][0] if place + 1 < len(channel.spurts) else inf
    return False, since, until


def _listen(
    core: Core, channel: Channel, wanted: bool, frames: int, timeout_ms: int
) -> Generator[int | None, None, int | None]:
    """Wait for so many ``wanted`` frames in a row: -1 once they were heard, else how many there were when time was
    over; None when somebody moved the channel."""
    epoch, since = channel.epoch, core.now
    ends = core.now + timeout_ms * 1000 if timeout_ms else inf
    while channel.same(epoch):
        loud, began, until = _state(channel, core.now)
        heard = max(since, began) if loud is wanted else inf
        ready = heard + frames * FRAME_US
        if core.now >= ends:
            return int(max(0, core.now - heard) // FRAME_US) if heard < inf else 0
        if core.now >= ready:
            return -1
        wakes = min(ready, ends, until)
        yield int(wakes) if wakes < inf else None
    return None


def _numbers(argument: str, least: int) -> list[int] | None:
    words = argument.split(" ")
    if len(words) < least:
        return None
    numbers = [int(word) if word.isdigit() and len(word) < 10 else 0 for word in words[:least]]
    return numbers if numbers[0] > 0 and numbers[1] > 0 else None


def _detect(core: Core, channel: Channel, argument: str, name: str, wanted: bool) -> Thread:
    numbers = _numbers(argument, 3)
    if numbers is None:
        return
    heard = yield from _listen(core, channel, wanted, numbers[1] + 1, numbers[2])
    if heard is not None:
        channel.set(f"{name}_timeout", "false" if heard < 0 else "true")
        if heard >= 0:
            channel.set(f"{name}_hits", str(heard))


def detect_audio(core: Core, channel: Channel, argument: str) -> Thread:
    """``level frames timeout_ms``: until there is sound."""
    yield from _detect(core, channel, argument, "detect_audio", wanted=True)


def detect_silence(core: Core, channel: Channel, argument: str) -> Thread:
    """``level frames timeout_ms``: until there is none."""
    yield from _detect(core, channel, argument, "detect_silence", wanted=False)


def wait_for_silence(core: Core, channel: Channel, argument: str) -> Thread:
    """``level frames listen_frames timeout_ms``: until there is silence, after more than ``listen_frames`` of sound."""
    numbers = _numbers(argument, 4)
    if numbers is None:
        return
    _, frames, listen, timeout_ms = numbers
    started = core.now
    if listen:
        heard = yield from _listen(core, channel, True, listen + 1, timeout_ms)
    else:
        heard = -1
    if heard == -1:
        left = max(1, timeout_ms - (core.now - started) // 1000) if timeout_ms else 0
        heard = yield from _listen(core, channel, False, frames + COUNTDOWN, left)
    if heard is not None:
        channel.set("wait_for_silence_timeout", "false" if heard < 0 else "true")
        channel.set("wait_for_silence_listenhits", str(listen + 1 if listen else 0))
        channel.set("wait_for_silence_silence_hits", "0" if heard < 0 else str(max(0, frames - heard)))
