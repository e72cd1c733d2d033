"""Runs one program so that Ctrl-C reaches it alone: foreground.py PROGRAM [ARGUMENT...].

At a terminal, Ctrl-C goes to the whole foreground process group, `make` included, which then reports the target as
failed however cleanly its program ended. Here the program gets a process group of its own and the terminal with it.
Signals sent to this process are passed on. The exit code is the program's own (128 + n after signal n).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from types import FrameType

PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def give_terminal(group: int) -> None:
    """Makes `group` the foreground process group of the terminal on standard input, if there is one."""
    try:
        os.tcsetpgrp(sys.stdin.fileno(), group)
    except OSError:
        return  # no terminal: nobody presses Ctrl-C there


def run(command: list[str]) -> int:
    """Runs the program to its end and returns the exit code a shell would give."""
    # A process group that takes the terminal back from the background is stopped by SIGTTOU unless it ignores it.
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    child = subprocess.Popen(command, process_group=0)

    def pass_on(number: int, _frame: FrameType | None) -> None:
        child.send_signal(number)

    for number in PASSED_ON:
        signal.signal(number, pass_on)
    give_terminal(child.pid)
    try:
        code = child.wait()
    finally:
        give_terminal(os.getpgrp())
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: foreground.py PROGRAM [ARGUMENT...]")
    sys.exit(run(sys.argv[1:]))
