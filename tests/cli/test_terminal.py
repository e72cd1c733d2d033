"""Terminals, pipes, and what lies between."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import gevent
import pytest
from gevent import socket

from tests.cli.running import DEADLINE_S
from tests.floors import ROOT

LEAVE_SCREEN = b"\x1b[?1049l"


def start(*args: str, stdout: int, **env: str) -> subprocess.Popen[bytes]:
    """``fsorch ARGS`` with its output there."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "cli"), str(ROOT / "web")])
    return subprocess.Popen(
        [sys.executable, "-m", "fsorch_cli", *args],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": path, "TERM": "xterm-256color"} | env,
        start_new_session=True,
    )


def read(master: int, until: bytes, said: bytearray) -> None:
    """Read the terminal until ``until`` has been drawn."""
    with gevent.Timeout(DEADLINE_S, AssertionError(f"never saw {until!r}")):
        while until not in said:
            socket.wait_read(master)
            said += os.read(master, 65536)


def test_the_demo_in_a_terminal_leaves_it_as_it_was() -> None:
    master, slave = pty.openpty()
    process = start("demo", "--rate", "5", stdout=slave, COLUMNS="100", LINES="30")
    said = bytearray()
    read(master, b"callers came", said)
    read(master, b"calls 4000", said)
    assert b"Log in as: ada (agent) " in said
    process.send_signal(signal.SIGINT)
    with gevent.Timeout(DEADLINE_S):
        assert process.stderr is not None
        assert process.stderr.read() == b""
        assert process.wait() == 0
        process.stderr.close()
    os.close(slave)
    read(master, LEAVE_SCREEN, said)
    os.close(master)


@pytest.mark.parametrize("args", [["--help"], ["cdr", "export"], ["cdr", "list", "--help"]])
def test_a_reader_that_goes_away_is_no_error(tmp_path: Path, args: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = start("init", stdout=subprocess.DEVNULL)
    with gevent.Timeout(DEADLINE_S):
        made.communicate()
    reader, writer = os.pipe()
    os.close(reader)
    process = start(*args, stdout=writer)
    os.close(writer)
    with gevent.Timeout(DEADLINE_S):
        _, err = process.communicate()
    assert err == b""
    assert process.returncode in (0, 1)


def test_an_ascii_terminal_shows_what_it_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    process = start("init", stdout=subprocess.PIPE, PYTHONIOENCODING="ascii", PYTHONUTF8="0", LC_ALL="C")
    with gevent.Timeout(DEADLINE_S):
        process.communicate()
    process = start("user", "list", stdout=subprocess.PIPE, PYTHONIOENCODING="ascii", PYTHONUTF8="0", LC_ALL="C")
    with gevent.Timeout(DEADLINE_S):
        out, err = process.communicate()
    assert (process.returncode, err) == (0, b"")
    assert b"admin" in out
