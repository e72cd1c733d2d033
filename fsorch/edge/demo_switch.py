"""The demo's virtual switch, in a process of its own.

Its own process for two reasons: what the demo shows and measures of the engine is then the engine's alone, and the
two meet only where they meet in real life, at the event socket. The two processes speak JSON lines over the child's
standard input and output; the child ends when its input ends, so it never outlives the demo, however that dies.

The first line in is a :class:`SwitchPlan`, the first line out ``{"port": N}``. Then each line in is one word and each
line out its answer: ``"begin"`` lets the callers come, ``"progress"`` gives :class:`Progress`, ``"legs"`` the ids of
all channels ever made."""

from __future__ import annotations

import contextlib
import gc
import math
import os
import sys
import time
import wave
from array import array
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import gevent
import msgspec
from gevent import subprocess
from gevent.fileobject import FileObject

import fsorch
from fsorch.clock import US
from fsorch.config import Centre
from fsorch.edge.prompt_texts import wanted
from fsorch.edge.status import cpu_seconds
from fsorch.errors import ConfigError, LinkError
from fsorch.sim.demo_centre import demo_world
from fsorch.sim.media import SOUNDS_DIR, Sounds, fsorch_sounds
from fsorch.sim.server import SimServer
from fsorch.sim.switch import VirtualSwitch
from fsorch.sim.world import TrafficPlan

__all__ = ["Progress", "SwitchPlan", "SwitchProcess", "SwitchWorld", "serve"]

T = TypeVar("T")
# Starting an interpreter takes a second on a busy machine; an answer takes milliseconds.
ANSWER_S = 30.0
END_S = 5.0
# How fast prompts are spoken, as the linter reckons; and one whose words are not known.
CHARACTERS_PER_S = 14.0
SOME_PROMPT_S = 2.0
# Samples a second of what is recorded.
RATE = 8000


class SwitchPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What switch, and who calls it. ``calls`` None: callers come until the end. ``rate_per_s``: arrivals per second
    of the world's time, which runs ``speed`` times as fast as ours. ``port`` 0: a free one.
    ``traffic``: what callers and phones are like; how many come, how fast and from which seed stands here.
    ``recordings``: whether what callers record is written to disk, as a humming of that length.
    ``pick_up``: whether every phone picks up by itself, also those that wait for a person else."""

    password: str
    centre: Centre
    calls: int | None = None
    rate_per_s: float = 0.5
    seed: int = 0
    speed: float = 1.0
    host: str = "127.0.0.1"
    port: int = 0
    traffic: TrafficPlan | None = None
    recordings: bool = False
    pick_up: bool = False


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far the callers are: calls placed, channels alive, and whether no more calls will come."""

    placed: int
    live: int
    over: bool


class Ready(msgspec.Struct, frozen=True):
    """The child's first line."""

    port: int


class SwitchProcess:
    """The child, seen from the demo. Raises LinkError when it does not do as asked; it writes its faults to
    ``log``."""

    def __init__(self, plan: SwitchPlan, log: Path) -> None:
        self._log = log
        source = str(Path(fsorch.__file__).parent.parent)
        path = os.pathsep.join([source, *filter(None, [os.environ.get("PYTHONPATH")])])
        with log.open("ab") as errors:
            # A session of its own: Ctrl-C at the terminal is for the demo, which ends the child when its turn has
            # come.
            child = subprocess.Popen(
                [sys.executable, "-m", __name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=os.environ | {"PYTHONPATH": path},
                start_new_session=True,
            )
        assert child.stdin is not None  # both were asked for above
        assert child.stdout is not None
        self._child, self._in, self._out = child, child.stdin, child.stdout
        try:
            self.port = self._ask(plan, Ready).port
        except BaseException:
            self.stop()
            raise

    def begin(self) -> None:
        """Let the callers come."""
        self._ask("begin", bool)

    def progress(self) -> Progress:
        """How far they are."""
        return self._ask("progress", Progress)

    def legs(self) -> set[str]:
        """The ids of all channels the switch has ever made."""
        return self._ask("legs", set[str])

    def cpu_seconds(self) -> float:
        """Processor time the child has used."""
        return cpu_seconds(self._child.pid)

    def stop(self) -> None:
        """End the child."""
        with contextlib.suppress(OSError):
            self._in.close()
        try:
            self._child.wait(timeout=END_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._out.close()

    def _ask(self, question: Any, answer: type[T]) -> T:
        line = b""
        with contextlib.suppress(OSError, gevent.Timeout), gevent.Timeout(ANSWER_S):
            self._in.write(msgspec.json.encode(question) + b"\n")
            self._in.flush()
            line = self._out.readline()
        if not line:
            raise LinkError(f"the virtual switch's process does not answer: {self._last_words()}")
        return msgspec.json.decode(line, type=answer)

    def _last_words(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return lines[-1] if lines else "it said nothing"


def _sounds(centre: Centre) -> Sounds:
    """fsorch's own prompts, and those of the centre as if somebody had built them: as long as their texts take. What is
    added later is there too, so that callers hear the flows that somebody tries."""
    sounds = fsorch_sounds()
    for one in wanted(centre):
        path = f"{SOUNDS_DIR}/fsorch/{one.language}/{one.name}.wav"
        sounds.files.setdefault(path, len(one.text) / CHARACTERS_PER_S)
    sounds.prefixes[f"{SOUNDS_DIR}/fsorch/"] = SOME_PROMPT_S
    return sounds


def hum(path: str, lasted_us: int) -> None:
    """Write a recording, as a real switch would: nobody's voice, but as long as it was (16 bit, 8 kHz, mono)."""
    frames = lasted_us * RATE // US
    tone = array("h", (round(2000 * math.sin(2 * math.pi * 220 * n / RATE)) for n in range(RATE)))
    if sys.byteorder == "big":
        tone.byteswap()
    with contextlib.suppress(OSError), wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((tone.tobytes() * (frames // RATE + 1))[: 2 * frames])


class SwitchWorld:
    """The virtual switch on a port, with the phones of ``plan.centre`` registered and callers ready to come. ``made``
    holds the ids of all channels it ever made, where the callers are counted (a switch that runs for ever keeps
    none)."""

    def __init__(self, plan: SwitchPlan) -> None:
        start_us = time.time_ns() // 1_000
        switch = VirtualSwitch(plan.seed, password=plan.password, start_us=start_us, sounds=_sounds(plan.centre))
        habits = plan.traffic or TrafficPlan()
        traffic = msgspec.structs.replace(habits, calls=plan.calls, rate_per_s=plan.rate_per_s, seed=plan.seed)
        self.made: set[str] = set()
        self.server = SimServer(plan.host, plan.port, plan.password, plan.seed, plan.speed, switch)
        self.world = demo_world(switch, traffic, plan.centre, pick_up=plan.pick_up)
        if plan.calls is not None:
            switch.machine.core.entered = lambda channel: self.made.add(channel.uuid)
        if plan.recordings:
            switch.machine.core.recorded = hum

    def start(self) -> None:
        """Listen. Raises ConfigError when the port is taken."""
        try:
            self.server.start()
        except OSError as error:
            why = os.strerror(error.errno or 0)
            raise ConfigError(f"the virtual switch cannot listen ({why}); choose another port") from None

    def begin(self) -> bool:
        """Let the callers come."""
        self.server.schedule(self.world.start)
        return True

    def progress(self) -> Progress:
        """How far they are."""
        report = self.world.report()
        return Progress(placed=report.calls, live=report.live_legs, over=self.world.finished)


def serve(lines: Iterable[bytes], answer: Callable[[Any], None]) -> None:
    """Be the child: one answer for each line, until there are no more."""
    source = iter(lines)
    world = SwitchWorld(msgspec.json.decode(next(source), type=SwitchPlan))
    world.start()
    answer(Ready(world.server.port))
    words: dict[str, Callable[[], object]] = {
        "begin": world.begin,
        "progress": world.progress,
        "legs": lambda: world.made,
    }
    try:
        for line in source:
            answer(words[msgspec.json.decode(line)]())
    finally:
        world.server.stop()


def main() -> None:
    """The child's entry."""
    # What was imported stays, and most of what a call leaves behind goes without the collector, which took a tenth of
    # a busy switch's time.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    lines = FileObject(sys.stdin.fileno(), "rb", close=False)
    answers = FileObject(sys.stdout.fileno(), "wb", close=False)

    def answer(value: Any) -> None:
        answers.write(msgspec.json.encode(value) + b"\n")
        answers.flush()

    serve(lines, answer)


if __name__ == "__main__":
    main()
