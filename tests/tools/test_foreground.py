"""Ctrl-C under `make demo`: only the program hears it, and `make` sees how the program ended."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
from pathlib import Path

from tests.floors import ROOT

FOREGROUND = ROOT / "tools" / "foreground.py"
# A program that says when it listens, and ends well when it is interrupted.
POLITE = """
import signal, sys, threading
stop = threading.Event()
signal.signal(signal.SIGINT, lambda *_: stop.set())
print("ready", flush=True)
sys.exit(0 if stop.wait(60) else 9)
"""
# Takes standard input for its controlling terminal, as a login does, and becomes make.
AT_TERMINAL = """
import fcntl, os, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp("make", ["make", "demo"])
"""


def read_until(descriptor: int, wanted: bytes) -> bytes:
    """Reads until `wanted` has come, and fails when nothing has come for a minute."""
    seen = b""
    while wanted not in seen:
        readable, _, _ = select.select([descriptor], [], [], 60)
        assert readable, f"{wanted!r} did not come, only {seen!r}"
        seen += os.read(descriptor, 4096)
    return seen


def test_ctrl_c_at_a_terminal_ends_make_well(tmp_path: Path) -> None:
    (tmp_path / "polite.py").write_text(POLITE)
    (tmp_path / "Makefile").write_text(f"demo:\n\t@{sys.executable} {FOREGROUND} {sys.executable} polite.py\n")
    ours, theirs = pty.openpty()
    try:
        with subprocess.Popen(
            [sys.executable, "-c", AT_TERMINAL],
            cwd=tmp_path,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        ) as process:
            read_until(ours, b"ready")
            os.write(ours, b"\x03")
            assert process.wait(timeout=60) == 0
    finally:
        os.close(ours)
        os.close(theirs)


def test_a_signal_is_passed_on_without_a_terminal(tmp_path: Path) -> None:
    (tmp_path / "polite.py").write_text(POLITE)
    command = [sys.executable, str(FOREGROUND), sys.executable, str(tmp_path / "polite.py")]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0


def test_the_exit_code_is_the_programs() -> None:
    command = [sys.executable, str(FOREGROUND), sys.executable, "-c", "raise SystemExit(7)"]
    assert subprocess.run(command, check=False, stdin=subprocess.DEVNULL).returncode == 7
