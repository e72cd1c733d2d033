"""A real ``fsorch run`` in a process of its own, beside a virtual switch in the test's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import gevent
import msgspec
import yaml

from fsorch.edge.demo_switch import SwitchPlan, SwitchWorld
from fsorch.sim.demo_centre import demo_centre
from tests.cli.cli import fsorch
from tests.floors import ROOT

__all__ = ["DEADLINE_S", "Running", "finish", "installation", "spawned", "switch_world"]

DEADLINE_S = 60.0
SWITCH_PASSWORD = "a switch of tests"
ADMIN_PASSWORD = "correct horse 7"


@contextmanager
def spawned(*args: str | Path) -> Iterator[subprocess.Popen[str]]:
    """``fsorch ARGS`` as a process of its own, its streams on pipes; gone after the block, whatever happened in it."""
    process = spawn(*args)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        close_pipes(process)


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Exit code, output and errors, once the process has ended by itself."""
    with gevent.Timeout(2 * DEADLINE_S, AssertionError("the process does not end")):
        out, err = process.communicate()
    return process.returncode, out, err


def close_pipes(process: subprocess.Popen[str]) -> None:
    """Close this side of its streams."""
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def spawn(*args: str | Path) -> subprocess.Popen[str]:
    """``fsorch ARGS`` as a process of its own; whoever calls this sees to its end."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "cli"), str(ROOT / "web")])
    return subprocess.Popen(
        [sys.executable, "-m", "fsorch_cli", *map(str, args)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
        start_new_session=True,
    )


@contextmanager
def switch_world() -> Iterator[SwitchWorld]:
    """A virtual switch with the demo centre's phones, short prompts, and callers only when a test places them."""
    world = SwitchWorld(SwitchPlan(password=SWITCH_PASSWORD, centre=demo_centre(), calls=1_000, seed=3))
    sounds = world.server.switch.machine.sounds
    sounds.files = dict.fromkeys(sounds.files, 0.2)
    world.start()
    try:
        yield world
    finally:
        world.server.stop()


def installation(home: Path, switch_port: int) -> Path:
    """An installation in ``home`` for the switch at that port, made by the command line, with the demo's centre
    applied. Returns its settings file."""
    ports = ["--switch-port", str(switch_port), "--web-port", "0"]
    passwords = ["--switch-password-stdin", "--password-stdin"]
    made = fsorch("init", home, *ports, *passwords, input=f"{SWITCH_PASSWORD}\n{ADMIN_PASSWORD}\n")
    assert made.code == 0, made.err
    centre = home / "centre.yaml"
    centre.write_text(yaml.safe_dump(msgspec.to_builtins(demo_centre())), encoding="utf-8")
    applied = fsorch("apply", centre, "--settings", home / "fsorch.yaml")
    assert applied.code == 0, applied.err
    return home / "fsorch.yaml"


class Running:
    """``fsorch run`` on the settings file with ``options``, up and connected to its switch, or as far as
    ``wait_for``."""

    def __init__(self, settings: Path, *options: str, wait_for: str = "link main is up") -> None:
        self.settings = settings
        self.home = settings.parent
        self.process = spawn("run", "--settings", settings, *options)
        assert self.process.stderr is not None
        self._lines: IO[str] = self.process.stderr
        self.log: list[str] = []
        try:
            self.wait_for(wait_for)
        except BaseException:
            self.kill()
            raise

    def wait_for(self, words: str) -> None:
        """Read the log up to the first line that holds ``words``."""
        with gevent.Timeout(DEADLINE_S, AssertionError(f"no {words!r} in {self.log}")):
            for line in self._lines:
                self.log.append(line.rstrip())
                if words in line:
                    return
        raise AssertionError(f"it ended before {words!r}: {self.log}")

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code once the process is gone."""
        self.process.send_signal(number)
        try:
            with gevent.Timeout(DEADLINE_S, AssertionError(f"it does not end: {self.log}")):
                self.log += [line.rstrip() for line in self._lines]
                return self.process.wait()
        finally:
            self.kill()

    def kill(self) -> None:
        """Make sure it is gone."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        close_pipes(self.process)
