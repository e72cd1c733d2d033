"""Runs the tests in several processes, one for each processor: run_tests.py [PYTEST OPTION...].

Each process is a whole pytest that collects everything and takes file after file (tests/sharing.py). A line is printed
for each file that is through; what went wrong comes at the end, as pytest tells it, then one line for the whole. The
exit code is that of the first process that did not end well, and 1 if a test was run by none of them.

`FSORCH_TEST_PROCESSES` is another number of processes; with 1, plain pytest does the same.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

# Pytest's exit code after Ctrl-C.
INTERRUPTED = 2


@dataclass
class Tally:
    """What the processes have told."""

    outcomes: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    # How many tests each process has found: all of them the same.
    collected: list[int] = field(default_factory=list)
    # The files whose tests are being run.
    running: list[str] = field(default_factory=list)

    @property
    def ran(self) -> int:
        """How many tests have an outcome."""
        return sum(self.outcomes.values())

    def add(self, told: dict[str, Any]) -> str:
        """Take what a process tells; the line to print, if any."""
        match told:
            case {"collected": number}:
                self.collected.append(number)
            case {"began": file}:
                self.running.append(file)
            case {"failed": test}:
                self.failed.append(test)
                return f"FAILED {test}"
            case {"ended": file, "seconds": seconds, "outcomes": outcomes}:
                self.running.remove(file)
                self.outcomes.update(outcomes)
                return (
                    f"{f'[{100 * self.ran // max(self.collected)}%]':>6} {file}: {counted(outcomes)} in {seconds:.1f} s"
                )
        return ""


def counted(outcomes: dict[str, int]) -> str:
    """Such as ``1 failed, 3 passed``."""
    return ", ".join(f"{number} {outcome}" for outcome, number in sorted(outcomes.items())) or "nothing"


class Part:
    """One pytest of several; what it writes goes to a file."""

    def __init__(self, folder: Path, number: int, feed: int, arguments: list[str]) -> None:
        self.said = folder / f"said-{number}"
        environment = {"FSORCH_TEST_CLAIMS": str(folder / "claims"), "FSORCH_TEST_FEED": str(feed)}
        # The cache is one folder, and which tests failed last is written by each for itself.
        command = [sys.executable, "-m", "pytest", "--quiet", "-p", "no:cacheprovider", *arguments]
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                command,
                env=os.environ | environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                pass_fds=(feed,),
            )

    def end(self) -> int:
        """Its exit code, once it has ended; after Ctrl-C it has had the signal as well."""
        while True:
            try:
                code = self.process.wait()
            except KeyboardInterrupt:
                continue
            return code if code >= 0 else 128 - code


def run(arguments: list[str], processes: int) -> int:
    """All tests that the arguments choose, in so many processes; the exit code."""
    began, tally = monotonic(), Tally()
    with tempfile.TemporaryDirectory(prefix="fsorch-tests-") as name:
        folder = Path(name)
        (folder / "claims").mkdir()
        ours, theirs = os.pipe()
        parts = [Part(folder, number, theirs, arguments) for number in range(processes)]
        os.close(theirs)
        interrupted = False
        try:
            for told in lines(ours):
                if line := tally.add(json.loads(told)):
                    print(line, flush=True)
        except KeyboardInterrupt:
            interrupted = True
        codes = [part.end() for part in parts]
        os.close(ours)
        for part in parts:
            print(f"\n{part.said.read_text(errors='replace').rstrip()}")
    print(f"\n{counted(tally.outcomes)} in {monotonic() - began:.0f} s, {processes} processes", flush=True)
    for test in tally.failed:
        print(f"FAILED {test}")
    for file in tally.running:
        print(f"{file} was begun and not ended")
    return INTERRUPTED if interrupted else verdict(codes, tally)


def lines(descriptor: int) -> Iterator[str]:
    """What comes on a pipe, line by line, until nobody has its other end."""
    with os.fdopen(os.dup(descriptor), encoding="utf-8") as stream:
        yield from stream


def verdict(codes: list[int], tally: Tally) -> int:
    """The exit code of the whole."""
    if bad := [code for code in codes if code]:
        return bad[0]
    if len(set(tally.collected)) > 1 or tally.collected and tally.ran < tally.collected[0]:
        print(f"of {max(tally.collected)} tests {tally.ran} were run, though no process failed")
        return 1
    return 0


def main() -> int:
    """The program behind `make test`."""
    arguments = sys.argv[1:]
    processes = int(os.environ.get("FSORCH_TEST_PROCESSES", "") or min(4, len(os.sched_getaffinity(0))))
    if processes == 1:
        return subprocess.run([sys.executable, "-m", "pytest", *arguments], check=False).returncode
    print(f"pytest {shlex.join(arguments)} in {processes} processes".replace("  ", " "), flush=True)
    return run(arguments, processes)


if __name__ == "__main__":
    sys.exit(main())
