"""Terminals, pipes, and what lies between."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gevent
import pytest
from gevent import socket

from fsorch_cli.console import program
from tests.cli.cli import fsorch
from tests.cli.running import DEADLINE_S
from tests.floors import ROOT

LEAVE_SCREEN = b"\x1b[?1049l"


@contextmanager
def started(*args: str, stdout: int, **env: str) -> Iterator[subprocess.Popen[bytes]]:
    """``fsorch ARGS`` with its output there; gone after the block, whatever happened in it."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "cli"), str(ROOT / "web")])
    process = subprocess.Popen(
        [sys.executable, "-m", "fsorch_cli", *args],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": path, "TERM": "xterm-256color"} | env,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def finish(process: subprocess.Popen[bytes]) -> tuple[int, bytes | None, bytes]:
    """Exit code, output and errors, once the process has ended by itself."""
    with gevent.Timeout(DEADLINE_S, AssertionError("the process does not end")):
        out, err = process.communicate()
    return process.returncode, out, err


def read(master: int, until: bytes, said: bytearray) -> None:
    """Read the terminal until ``until`` has been drawn."""
    with gevent.Timeout(DEADLINE_S, AssertionError(f"never saw {until!r}")):
        while until not in said:
            socket.wait_read(master)
            said += os.read(master, 65536)


def test_the_demo_in_a_terminal_leaves_it_as_it_was() -> None:
    master, slave = pty.openpty()
    with started("demo", "--rate", "5", stdout=slave, COLUMNS="100", LINES="30") as process:
        said = bytearray()
        read(master, b"callers came", said)
        read(master, b"calls 4000", said)
        assert b"Log in as: ada (agent) " in said
        process.send_signal(signal.SIGINT)
        assert finish(process) == (0, None, b"")
    os.close(slave)
    read(master, LEAVE_SCREEN, said)
    os.close(master)


@pytest.mark.parametrize("args", [["--help"], ["cdr", "export"], ["cdr", "list", "--help"]])
def test_a_reader_that_goes_away_is_no_error(tmp_path: Path, args: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert fsorch("init").code == 0
    reader, writer = os.pipe()
    os.close(reader)
    with started(*args, stdout=writer) as process:
        os.close(writer)
        code, _, err = finish(process)
    assert err == b""
    assert code in (0, 1)


def test_an_ascii_terminal_shows_what_it_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert fsorch("init").code == 0
    env = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"}
    with started("user", "list", stdout=subprocess.PIPE, **env) as process:
        code, out, err = finish(process)
    assert (code, err) == (0, b"")
    assert out is not None
    assert b"admin" in out


def waits(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Let so much time pass, in which it does not end."""
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=seconds)


def heeds(process: subprocess.Popen[bytes]) -> bool:
    """Whether Python has started in it, which ignores SIGPIPE first of all, and has then given SIGINT back to the
    system, which is the first thing that fsorch does."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    masks = {name: int(mask, 16) for name, mask in re.findall(r"^(SigIgn|SigCgt):\s*(\S+)", status, re.M)}
    return bool(masks["SigIgn"] >> signal.SIGPIPE - 1 & 1) and not masks["SigCgt"] >> signal.SIGINT - 1 & 1


@pytest.mark.parametrize("after_s", [0.01, 0.1, 0.25, 0.4])
def test_ctrl_c_while_it_loads_ends_it_without_a_word(after_s: float) -> None:
    with started("demo", "--headless", stdout=subprocess.DEVNULL) as process:
        with gevent.Timeout(DEADLINE_S, AssertionError("it does not begin")):
            while not heeds(process):
                waits(process, 0.01)
        # The moment is what is tried: there is nothing to wait for while it loads.
        waits(process, after_s)
        process.send_signal(signal.SIGINT)
        code, _, err = finish(process)
    assert err == b""
    assert code in (-signal.SIGINT, 0)


@pytest.mark.parametrize(
    ("called", "told"),
    [(".venv/bin/fsorch", ".venv/bin/fsorch"), ("my venv/fsorch", "'my venv/fsorch'"), ("/usr/bin/pytest", "fsorch")],
)
def test_lines_to_copy_name_the_program_as_it_was_called(
    called: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr("sys.argv", [called, "demo"])
    assert program() == told
    # What the name leads to is called by its name.
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "fsorch").write_text("#!/bin/sh\n")
    (tmp_path / "bin" / "fsorch").chmod(0o755)
    monkeypatch.setattr("sys.argv", ["bin/fsorch", "demo"])
    assert program() == "fsorch"
