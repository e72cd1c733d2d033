"""`fsorch simulate`: rules tried in virtual time."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from fsorch.campaign.pacing import PACERS
from tests.cli.cli import fsorch

SHORT = ("simulate", "dialer", "--hours", "0.3", "--agents", "4", "--seed", "5")


def test_a_run_as_json() -> None:
    report = json.loads(fsorch(*SHORT, "--pacer", "progressive", "--json").out)
    assert (report["pacer"], report["agents"], report["seed"], report["dropped"]) == ("progressive", 4, 5, 0)
    assert 0.5 < report["utilisation"] < 0.9
    assert report["launched"] > report["live"] >= report["connected"] > 0


def test_all_pacers_on_two_seeds() -> None:
    reports = json.loads(fsorch(*SHORT, "--compare", "--seeds", "2", "--json").out)
    assert [(report["pacer"], report["seed"]) for report in reports] == [(name, s) for name in PACERS for s in (5, 6)]


def test_calls_may_be_called_off() -> None:
    words = ("--staff", "0.2:0", "--setup", "3", "--call-off", "0", "--json")
    report = json.loads(fsorch(*SHORT, *words).out)
    assert report["called_off"] >= report["rung_off"] >= 0
    assert json.loads(fsorch(*SHORT, "--json").out)["called_off"] == 0


def test_a_table() -> None:
    lines = fsorch(*SHORT, "--compare", "--drift", "0.1:0.5,0.2:0.2", "--staff", "0.2:8").out.splitlines()
    assert lines[0] == "4 agents, 0.3 hours, 30% answer, seed 5"
    assert lines[2].split()[:3] == ["pacer", "utilisation", "drops"]
    assert [line.split()[0] for line in lines[4:]] == list(PACERS)


@pytest.mark.parametrize("drift", ["2", "x:1", "2:0.3,1:0.4", "1:2:3"])
def test_a_drift_that_is_none_is_told_in_a_line(drift: str) -> None:
    ran = fsorch(*SHORT, "--drift", drift)
    assert ran.code == 2
    assert ran.err.startswith("fsorch: Invalid value for '--drift': ")
    assert len(ran.err.splitlines()) == 1


def test_a_rate_over_one_is_told_in_a_line() -> None:
    ran = fsorch(*SHORT, "--drift", "1:1.5")
    assert ran.code == 2
    assert ran.err.startswith("fsorch: rates are shares from 0 to 1.")


def test_a_pacer_of_ones_own_runs_beside_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    Path("mine.py").write_text(
        "from fsorch.campaign.pacing import PACERS\n"
        "class Careful(PACERS['progressive']):\n    pass\n"
        "class Half:\n    def due(self, now):\n        return 0\n"
    )
    ran = fsorch(
        "simulate", "dialer", "--agents", "3", "--hours", "0.2", "--pacer", "mine:Careful", "--compare", "--json"
    )
    assert ran.code == 0, ran.err
    reports = {one["pacer"]: one for one in json.loads(ran.out)}
    assert reports["mine:Careful"]["launched"] == reports["progressive"]["launched"] > 0
    for wrong, told in (
        ("mine:Half", "it has no on_launch, on_result, on_drop, on_agent;"),
        ("mine:Nobody", "cannot be loaded"),
        ("nowhere:Careful", "cannot be loaded"),
        ("predictiv", "and it is no MODULE:CLASS of yours; did you mean predictive?"),
    ):
        failed = fsorch("simulate", "dialer", "--pacer", wrong)
        assert (failed.code, told in failed.err.replace("\n", " ")) == (2, True), failed.err


@pytest.mark.parametrize(
    ("method", "told"),
    [
        ("def due(self, now):\n        raise ValueError('no lines')", "due failed with ValueError: no lines"),
        ("def on_agent(self, *all):\n        {}['x']", "on_agent failed with KeyError: 'x'"),
        ("def __init__(self, goal):\n        pass", "being made failed with TypeError: "),
        ("def due(self, now):\n        return None", "due() wants None calls, which is no whole number"),
        ("def due(self, now):\n        return 4000", "due() wants 4000 calls at once; expected 0 to 300"),
        ("def excess(self, now):\n        return -1", "excess() says -1 calls, which is no number of calls"),
    ],
)
def test_a_pacer_that_fails_is_named_with_what_it_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "faulty", raising=False)
    source = f"from fsorch.campaign.pacing import PACERS\nclass Mine(PACERS['progressive']):\n    {method}\n"
    Path("faulty.py").write_text(source)
    short = ("--agents", "3", "--hours", "0.05", "--seed", "4", "--call-off", "1")
    ran = fsorch("simulate", "dialer", *short, "--pacer", "faulty:Mine")
    line = ran.err.replace("\n", " ")
    assert (ran.code, "the pacer faulty:Mine, on seed 4: " in line, told in line) == (3, True, True), ran.err
    assert ("faulty.py, line 4)" in line) is (" failed with " in told and "being made" not in told)
