"""Several pytest processes that share one run: each takes the next file of tests that nobody has taken.

`tools/run_tests.py` starts them and says where what is taken is noted and where to tell of it. Whole processes, and not
pytest-xdist: its workers are handed their tests by a native thread, for which a process under gevent's patches does not
wait (it ends with LoopExit).
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from time import monotonic

import pytest

__all__ = ["CLAIMS", "FEED", "Share", "share"]

# A folder in which each file that is taken has an entry, and the descriptor of a pipe on which to tell how it went.
CLAIMS = "FSORCH_TEST_CLAIMS"
FEED = "FSORCH_TEST_FEED"


class Share:
    """The plugin of a process that has others beside it."""

    def __init__(self, claims: Path, feed: int) -> None:
        self.claims = claims
        self.feed = feed
        # Programs that a test starts must not keep it open.
        os.set_inheritable(feed, False)
        self._outcomes: Counter[str] = Counter()

    # -- taking -------------------------------------------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """As pytest's own, for the files this process takes."""
        if session.config.option.collectonly or session.testsfailed:
            return None
        self._tell(collected=session.testscollected)
        ahead = self._mine(session.items)
        item = next(ahead, None)
        began = self._begin(item)
        while item is not None:
            # Known before the item runs: a fixture lives on if what comes next needs it too.
            following = next(ahead, None)
            session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if following is None or following.path != item.path:
                self._tell(ended=file_of(item), seconds=monotonic() - began, outcomes=self._outcomes)
                self._outcomes.clear()
                began = self._begin(following)
            if session.shouldfail:
                raise session.Failed(session.shouldfail)
            if session.shouldstop:
                raise session.Interrupted(session.shouldstop)
            item = following
        return True

    def _mine(self, items: list[pytest.Item]) -> Iterator[pytest.Item]:
        files = [(file, list(tests)) for file, tests in groupby(items, file_of)]
        # What takes long begins first, so that no process is left alone with it at the end.
        files.sort(key=lambda file: not any(item.get_closest_marker("slow") for item in file[1]))
        for file, tests in files:
            if self._take(file):
                yield from tests

    def _take(self, name: str) -> bool:
        try:
            os.close(os.open(self.claims / name.replace("/", "+"), os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return False
        return True

    # -- telling ------------------------------------------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """No dots: several processes would mix theirs."""
        return (
            ("passed", "", "") if report.passed and report.when == "call" and not hasattr(report, "wasxfail") else None
        )

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count it: a test by its call, and what went wrong around that as well."""
        if report.failed:
            self._tell(failed=report.nodeid)
        if report.when == "call" or not report.passed:
            self._outcomes[report.outcome] += 1

    def _begin(self, item: pytest.Item | None) -> float:
        if item is not None:
            self._tell(began=file_of(item))
        return monotonic()

    def _tell(self, **what: object) -> None:
        # In one write, shorter than what a pipe takes whole.
        os.write(self.feed, json.dumps(what).encode() + b"\n")


def file_of(item: pytest.Item) -> str:
    """The file of a test, as a person writes it."""
    return os.path.relpath(item.path, item.config.rootpath)


def share() -> Share | None:
    """The plugin, if this process is one of several."""
    claims, feed = os.environ.pop(CLAIMS, ""), os.environ.pop(FEED, "")
    return Share(Path(claims), int(feed)) if claims and feed else None
