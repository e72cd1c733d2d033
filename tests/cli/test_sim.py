"""`fsorch sim`: a switch to point at, which ends by itself or when told."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import gevent
import pytest
import yaml

from fsorch.edge.demo_switch import SwitchPlan, SwitchWorld
from fsorch.sim.demo_centre import demo_centre
from tests.cli.cli import fsorch
from tests.cli.running import DEADLINE_S, finish, spawned


def directions(process: subprocess.Popen[str]) -> list[str]:
    """What it says once it listens."""
    assert process.stderr is not None
    with gevent.Timeout(DEADLINE_S, AssertionError("the switch does not come up")):
        return [process.stderr.readline() for _ in range(4)]


def test_what_it_says_is_what_the_settings_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with spawned("sim", "--port", "0", "--rate", "0") as process:
        said = directions(process)
        fsorch("init")
        (tmp_path / "fsorch.yaml").write_text("".join(said[1:3]))
        checks = {check["name"]: check for check in json.loads(fsorch("doctor", "--json").out)}
        assert checks["virtual: event socket"]["ok"]
        process.send_signal(signal.SIGINT)
        code, out, _ = finish(process)
    assert (code, out) == (0, "")
    assert yaml.safe_load("".join(said[1:3]))["switches"][0]["name"] == "virtual"


def test_it_counts_its_callers_and_ends(tmp_path: Path) -> None:
    with spawned("sim", "--port", "0", "--calls", "2", "--rate", "5", "--speed", "50", "--json") as process:
        code, out, _ = finish(process)
    report = json.loads(out)
    # Nobody points an engine at it: the dialplan serves them all.
    assert code == 0
    assert (report["calls"], report["live"], report["legs"], report["live_legs"]) == (2, 0, 2, 0)


def test_a_port_that_is_taken_is_said_in_a_line() -> None:
    world = SwitchWorld(SwitchPlan(password="p" * 12, centre=demo_centre()))
    world.start()
    with spawned("sim", "--port", str(world.server.port)) as process:
        code, out, err = finish(process)
    world.server.stop()
    assert (code, out) == (3, "")
    assert err == "fsorch: the virtual switch cannot listen (Address already in use); choose another port\n"
