"""Several processes run each test once, and tell what went wrong and what was not run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import run_tests
from tests.floors import ROOT

PROGRAM = ROOT / "tools" / "run_tests.py"
CONFTEST = "from tests.conftest import pytest_configure as pytest_configure\n"
GOOD = """
from pathlib import Path

def test_{n}():
    with Path('{log}').open('a') as log:
        log.write('{n}')
"""
BAD_TEARDOWN = """
import pytest

@pytest.fixture
def bad():
    yield
    raise ValueError

def test_it(bad):
    pass
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A suite of five files, each of whose tests notes in the file `log` that it ran."""
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    for n in range(5):
        (tmp_path / f"test_{n}.py").write_text(GOOD.format(n=n, log=tmp_path / "log"))
    return tmp_path


def run(suite: Path, *options: str, processes: int = 2) -> tuple[int, str]:
    """Exit code and output."""
    more = {"FSORCH_TEST_PROCESSES": str(processes), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(PROGRAM), *options]
    done = subprocess.run(command, cwd=suite, env=os.environ | more, capture_output=True, text=True, check=False)
    assert not done.stderr
    return done.returncode, done.stdout


def test_each_test_is_run_once(suite: Path) -> None:
    code, out = run(suite, processes=3)
    assert code == 0
    assert sorted((suite / "log").read_text()) == list("01234")
    assert "[100%]" in out
    assert "\n5 passed in" in out


def test_what_fails_is_told_at_the_end(suite: Path) -> None:
    (suite / "test_3.py").write_text("def test_bad():\n    assert 1 == 2\n")
    code, out = run(suite)
    assert code == 1
    assert "assert 1 == 2" in out
    assert out.endswith("2 processes\nFAILED test_3.py::test_bad\n")
    assert "\n1 failed, 4 passed in" in out


def test_a_teardown_that_fails_is_no_success(suite: Path) -> None:
    (suite / "test_0.py").write_text(BAD_TEARDOWN)
    code, out = run(suite)
    assert code == 1
    assert out.endswith("FAILED test_0.py::test_it\n")


def test_a_process_that_dies_is_no_success(suite: Path) -> None:
    (suite / "test_2.py").write_text("import os\n\ndef test_it():\n    os._exit(7)\n")
    code, out = run(suite)
    assert code == 7
    assert out.endswith("test_2.py was begun and not ended\n")


def test_a_file_that_cannot_be_read_is_no_success(suite: Path) -> None:
    (suite / "test_2.py").write_text("import nothing_of_this_name\n")
    code, out = run(suite)
    assert code == 2
    assert "nothing_of_this_name" in out


def test_tests_that_nobody_ran_are_no_success(capsys: pytest.CaptureFixture[str]) -> None:
    tally = run_tests.Tally(collected=[3, 3])
    tally.add({"began": "test_a.py"})
    assert tally.add({"ended": "test_a.py", "seconds": 1.25, "outcomes": {"passed": 2}}).endswith("2 passed in 1.2 s")
    assert run_tests.verdict([0, 0], tally) == 1
    assert capsys.readouterr().out == "of 3 tests 2 were run, though no process failed\n"


def test_nothing_chosen_is_what_pytest_says_of_it(suite: Path) -> None:
    assert run(suite, "-k", "nothing")[0] == 5


def test_one_process_is_plain_pytest(suite: Path) -> None:
    code, out = run(suite, "-p", "no:cacheprovider", "-q", processes=1)
    assert code == 0
    assert "5 passed" in out
