"""Speech as a switch wants it: WAV, 16 bit, mono, 8000 or 16000 Hz, without silence at its ends, at an even level.

Samples are ``array('h')``. The standard library's ``audioop`` is gone in Python 3.13, and this is little.
"""

from __future__ import annotations

import io
import math
import sys
import wave
from array import array
from functools import cache
from operator import mul
from pathlib import Path

from fsorch.errors import ConfigError

__all__ = ["RATES", "check_upload", "seconds", "shaped"]

RATES = (8000, 16000)
# Nobody listens longer, and a switch reads from disk for every caller.
LONGEST_S = 600.0
FULL = 32767
# Speech is above 0.5 % of full scale; the loudest sample is set 3 dB below it.
SPEECH = 164
LEVEL = 0.708
# Silence left at both ends: pieces of a number follow each other closely.
PAD_S = 0.05
# What the library raises for bytes that are no WAV; RuntimeError for a chunk that ends beyond the file.
UNREADABLE = (wave.Error, EOFError, RuntimeError)
# Zero crossings of the filter on either side.
CROSSINGS = 10


def shaped(spoken: bytes, rate: int) -> bytes:
    """What a synthesiser wrote (a WAV of 16 bit, any rate, mono or stereo) as the switch wants it, at ``rate``.

    Raises ConfigError for what is no such WAV or holds no speech."""
    samples, from_rate = _read(spoken)
    samples = _resampled(_trimmed(samples), from_rate, rate)
    if not samples:
        raise ConfigError("it holds nothing but silence")
    pad = array("h", bytes(2 * round(PAD_S * rate)))
    return _written(pad + _levelled(samples) + pad, rate)


def check_upload(path: Path) -> bytes:
    """The bytes of a recording that a switch can play. Raises ConfigError that says what to do with another."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from None
    mend = f"make it so with: sox {path} -r 8000 -b 16 -c 1 OUT.wav"
    try:
        with wave.open(io.BytesIO(content)) as sound:
            shape = (sound.getframerate(), 8 * sound.getsampwidth(), sound.getnchannels())
            frames = len(sound.readframes(sound.getnframes())) // max(1, sound.getsampwidth() * sound.getnchannels())
    except UNREADABLE as error:
        raise ConfigError(f"{path}: is no WAV file of plain samples ({error}); {mend}") from None
    if shape not in [(rate, 16, 1) for rate in RATES]:
        found = f"{shape[0]} Hz, {shape[1]} bit, {shape[2]} channels"
        raise ConfigError(f"{path}: has {found}; a switch wants 8000 or 16000 Hz, 16 bit, mono: {mend}")
    if not 0 < frames <= LONGEST_S * shape[0]:
        raise ConfigError(
            f"{path}: lasts {frames / shape[0]:.1f} s; a prompt lasts more than 0 and up to {LONGEST_S:g} s"
        )
    return content


def seconds(path: Path) -> float | None:
    """How long a file plays; None when it is not there or no WAV."""
    try:
        with wave.open(str(path)) as sound:
            return float(sound.getnframes() / sound.getframerate())
    except (OSError, ZeroDivisionError, *UNREADABLE):
        return None


def _read(content: bytes) -> tuple[array[int], int]:
    """Mono samples and their rate. A synthesiser that writes to a pipe does not know the length beforehand, and its
    header says too much: what is there counts."""
    try:
        with wave.open(io.BytesIO(content)) as sound:
            if sound.getsampwidth() != 2 or not 1 <= sound.getnchannels() <= 2 or sound.getframerate() < 1000:
                raise ConfigError("it is no WAV of 16 bit, mono or stereo")
            channels, rate = sound.getnchannels(), sound.getframerate()
            data = sound.readframes(sound.getnframes())
    except UNREADABLE as error:
        raise ConfigError(f"it is no WAV ({error})") from None
    samples = array("h", data[: len(data) - len(data) % (2 * channels)])
    if sys.byteorder == "big":
        samples.byteswap()
    if channels == 2:
        samples = array("h", ((left + right) // 2 for left, right in zip(samples[::2], samples[1::2], strict=True)))
    if len(samples) > LONGEST_S * rate:
        raise ConfigError(f"it lasts longer than {LONGEST_S:g} s; say it shorter")
    return samples, rate


def _written(samples: array[int], rate: int) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        if sys.byteorder == "big":
            samples.byteswap()
        sound.writeframes(samples.tobytes())
    return out.getvalue()


def _resampled(samples: array[int], old: int, new: int) -> array[int]:
    """``samples`` at another rate, by a windowed sinc (Hann) for each of the phases there are."""
    if old == new:
        return samples
    common = math.gcd(old, new)
    up, down = new // common, old // common
    filters = _filters(up, min(1.0, new / old))
    half = len(filters[0]) // 2
    padded = [0] * half + samples.tolist() + [0] * (half + 1)
    out = array("h")
    for n in range(len(samples) * up // down):
        place, phase = divmod(n * down, up)
        window = padded[place + 1 : place + 1 + 2 * half]
        out.append(max(-FULL, min(FULL, round(sum(map(mul, filters[phase], window))))))
    return out


@cache
def _filters(up: int, cut: float) -> list[list[float]]:
    """One for each place between two samples that is asked for; the same for every prompt."""
    return [_filter(phase / up, cut) for phase in range(up)]


def _filter(offset: float, cut: float) -> list[float]:
    """The weights of the samples around a moment that lies ``offset`` samples after one of them; what is above ``cut``
    times half the rate goes."""
    half = math.ceil(CROSSINGS / cut)
    weights = []
    for k in range(-half + 1, half + 1):
        x = k - offset
        window = 0.5 + 0.5 * math.cos(math.pi * x / half) if abs(x) < half else 0.0
        weights.append(window * (cut if x == 0 else math.sin(math.pi * cut * x) / (math.pi * x)))
    whole = sum(weights)
    return [weight / whole for weight in weights]


def _trimmed(samples: array[int]) -> array[int]:
    loud = [n for n, sample in enumerate(samples) if abs(sample) > SPEECH]
    return samples[loud[0] : loud[-1] + 1] if loud else array("h")


def _levelled(samples: array[int]) -> array[int]:
    loudest = max(abs(sample) for sample in samples)
    gain = LEVEL * FULL / loudest
    return array("h", (round(sample * gain) for sample in samples))
