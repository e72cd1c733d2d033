"""`fsorch demo`, the whole: it ends by itself with all accounted for, and at a signal with nothing left behind."""

from __future__ import annotations

import json
import signal
import stat
from pathlib import Path
from urllib.request import urlopen

import gevent
import msgspec
import pytest

from fsorch.clock import ManualClock
from fsorch.config import Centre, decode
from fsorch.edge.demo import DemoReport, FastClock, _faults, humans_first, is_simulated, staffed
from fsorch.edge.demo_switch import SwitchPlan, SwitchProcess
from fsorch.errors import LinkError
from fsorch.sim.demo_centre import SIMULATED_AGENTS, demo_centre
from fsorch.store import Summary
from tests.cli.cli import fsorch
from tests.cli.running import DEADLINE_S, finish, spawned
from tests.waiting import until

KEYS = [
    "contacts",
    "answered",
    "abandoned",
    "lost",
    "cdr_rows",
    "legs",
    "p50_wait_s",
    "p95_wait_s",
    "service_level_20s",
    "elapsed_s",
]


@pytest.mark.slow
def test_thirty_calls_are_accounted_for(tmp_path: Path) -> None:
    traffic = ["--calls", "30", "--rate", "1", "--seed", "7", "--speed", "20"]
    with spawned("demo", *traffic, "--headless", "--json", "--home", tmp_path) as process:
        code, out, err = finish(process)
    assert (code, err) == (0, "")
    report = json.loads(out)
    assert list(report) == KEYS
    assert report["contacts"] == 30
    assert report["answered"] + report["abandoned"] <= 30
    assert report["answered"] > 0
    assert report["lost"] == 0
    assert report["cdr_rows"] == report["legs"] >= 30 + report["answered"]
    assert report["p50_wait_s"] <= report["p95_wait_s"]
    assert 0 <= report["service_level_20s"] <= 1
    contacts = json.loads(fsorch("contact", "list", "--json", "--settings", tmp_path / "fsorch.yaml").out)
    assert len(contacts) == 30
    assert all(contact["ended_at"] for contact in contacts)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_clean_at_a_signal(tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    announced = tmp_path / "announced"
    with spawned("demo", "--rate", "5", "--announce", announced) as process:
        assert process.stdout is not None
        with gevent.Timeout(DEADLINE_S, AssertionError("the demo does not come up")):
            heading = [process.stdout.readline() for _ in range(3)]
        told = json.loads(announced.read_text())
        assert stat.S_IMODE(announced.stat().st_mode) == 0o600
        assert heading[0].startswith(f"The desktop: {told['url']} ")
        assert {user["login"]: user["role"] for user in told["users"]} == {"ada": "agent", "sam": "supervisor"}
        assert len({user["password"] for user in told["users"]}) == 2
        with urlopen(f"{told['url']}/healthz", timeout=DEADLINE_S) as answer:
            assert answer.status == 200
        settings = Path(told["home"]) / "fsorch.yaml"
        agents = json.loads(fsorch("agent", "list", "--json", "--settings", settings).out)
        assert {agent["id"] for agent in agents if agent["status"] == "logged_out"} == {"ada", "sam"}
        process.send_signal(number)
        code, _, err = finish(process)
        assert (code, err) == (0, "")
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_demo_stopped_before_its_end_says_so(tmp_path: Path) -> None:
    announced = tmp_path / "announced"
    options = ["--calls", "1000", "--headless", "--announce", str(announced), "--home", str(tmp_path / "home")]
    with spawned("demo", *options) as process:
        until(announced.exists, "the demo to come up")
        process.send_signal(signal.SIGINT)
        assert finish(process)[0] == 130


def test_it_overwrites_nobody_elses_installation(tmp_path: Path) -> None:
    (tmp_path / "fsorch.yaml").write_text("switches: []\n")
    with spawned("demo", "--headless", "--home", tmp_path) as process:
        code, out, err = finish(process)
    assert (code, out) == (3, "")
    assert (
        err == f"fsorch: {tmp_path}/fsorch.yaml: is no demo's; the demo would overwrite it, so give it another --home\n"
    )


def test_a_report_needs_an_end() -> None:
    line = "fsorch: --json prints a report at the end, so say when: --calls N. See: fsorch demo --help\n"
    assert fsorch("demo", "--json") == (2, "", line)


def test_the_switch_process_ends_with_its_parent(tmp_path: Path) -> None:
    switch = SwitchProcess(SwitchPlan(password="p" * 12, centre=demo_centre(), calls=1), tmp_path / "log")
    assert not switch.progress().over
    switch._in.close()
    with gevent.Timeout(DEADLINE_S):
        assert switch._child.wait() == 0
    with pytest.raises((LinkError, ValueError)):
        switch.progress()
    switch.stop()


def test_a_switch_that_cannot_start_says_why(tmp_path: Path) -> None:
    first = SwitchProcess(SwitchPlan(password="p" * 12, centre=demo_centre()), tmp_path / "log")
    plan = SwitchPlan(password="p" * 12, centre=demo_centre(), port=first.port)
    with pytest.raises(LinkError, match="cannot listen"):
        SwitchProcess(plan, tmp_path / "log")
    first.stop()


def test_what_is_not_accounted_for_is_named() -> None:
    summary = Summary(
        contacts=9, live=1, answered=6, abandoned=1, short_abandoned=0, left_flow=0, lost=1, failed=0,
        cdr_rows=3, legs=3,
        p50_wait_s=1.0, p95_wait_s=2.0, p50_wait_all_s=1.0, p95_wait_all_s=2.0, service_level=0.5, service_level_s=20.0,
    )  # fmt: skip
    report = DemoReport.of(10, 3, summary, 1.0)
    # Ten called: eight contacts have ended, one of them as lost.
    assert report.lost == 3
    assert _faults(report, {"a", "b", "c"}, {"a", "b", "d"}) == [
        "3 of 10 contacts are lost",
        "1 legs have no record, such as c",
        "1 records are of no leg, such as d",
    ]


@pytest.mark.parametrize(("rate", "agents"), [(0.1, 12), (0.25, 13), (10.0, 483)])
def test_a_faster_trial_has_more_staff(rate: float, agents: int) -> None:
    centre = staffed(demo_centre(), rate)
    simulated = [agent for agent in centre.agents if is_simulated(agent)]
    assert len(simulated) == agents
    assert len({agent.phone for agent in centre.agents}) == len(centre.agents)
    assert decode(msgspec.to_builtins(centre), Centre, where="test") == centre


def test_humans_come_first() -> None:
    agents = {agent.id: agent for agent in humans_first(demo_centre()).agents}
    assert {member.level for member in agents["ada"].queues} == {1}
    assert all(member.level > 1 for agent in SIMULATED_AGENTS for member in agents[agent].queues)


def test_a_fast_clock_keeps_both_its_sides_together() -> None:
    real = ManualClock()
    clock = FastClock(10, real)
    before = clock.now()
    assert before == real.now()
    real.advance(1.5)
    assert clock.now() == before.later(15)
