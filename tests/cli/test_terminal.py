"""Terminals, pipes, and what lies between."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import gevent
import pytest
from gevent import socket

from fsorch_cli.console import program
from fsorch_cli.group import EXIT_INTERRUPTED
from tests.cli.cli import fsorch
from tests.cli.running import DEADLINE_S
from tests.floors import ROOT

LEAVE_SCREEN = b"\x1b[?1049l"


# As the program begins, and tells so: where Ctrl-C still finds Python itself beginning, its traceback is not ours.
TELLING = """
import os, signal, sys
from fsorch_cli.main import entry
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.write(int(sys.argv.pop(1)), b"here")
entry()
"""


@contextmanager
def started(
    *args: str,
    stdout: int,
    program: tuple[str, ...] = ("-m", "fsorch_cli"),
    pass_fds: tuple[int, ...] = (),
    env: Mapping[str, str] = {},
) -> Iterator[subprocess.Popen[bytes]]:
    """``fsorch ARGS`` with its output there; gone after the block, whatever happened in it."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "cli"), str(ROOT / "web")])
    process = subprocess.Popen(
        [sys.executable, *program, *args],
        pass_fds=pass_fds,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": path, "TERM": "xterm-256color"} | dict(env),
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
    with started("demo", "--rate", "5", stdout=slave, env={"COLUMNS": "100", "LINES": "30"}) as process:
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
    with started("user", "list", stdout=subprocess.PIPE, env=env) as process:
        code, out, err = finish(process)
    assert (code, err) == (0, b"")
    assert out is not None
    assert b"admin" in out


def waits(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Let so much time pass, in which it does not end."""
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=seconds)


@pytest.mark.parametrize("after_s", [0.01, 0.1, 0.25, 0.4])
def test_ctrl_c_while_it_loads_ends_it_without_a_word(after_s: float) -> None:
    reader, writer = os.pipe()
    begin, told = ("-c", TELLING, str(writer)), bytearray()
    with started("demo", "--headless", stdout=subprocess.DEVNULL, program=begin, pass_fds=(writer,)) as process:
        os.close(writer)
        read(reader, b"here", told)
        # The moment is what is tried: there is nothing to wait for while it loads.
        waits(process, after_s)
        process.send_signal(signal.SIGINT)
        code, _, err = finish(process)
    os.close(reader)
    # While it loads, while it looks at its options, while it runs.
    assert (code, err) in ((-signal.SIGINT, b""), (EXIT_INTERRUPTED, b"fsorch: stopped\n"), (0, b""))


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
