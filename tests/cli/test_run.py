"""`fsorch run` against a virtual switch, and the other commands beside it, used as people use them: also wrongly."""

from __future__ import annotations

import csv
import io
import json
import re
import signal
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest

from fsorch.edge.control_client import ControlClient
from fsorch.edge.demo_switch import SwitchWorld
from fsorch.edge.status import ServiceStatus
from fsorch.engine.facts import Fact, FactKind
from fsorch.sim.world import CallerPlan
from tests.cli.cli import Ran, fsorch
from tests.cli.running import DEADLINE_S, Running, finish, installation, spawned, switch_world
from tests.waiting import until


class Site:
    """A running fsorch, its switch, and the command line pointed at it."""

    def __init__(self, running: Running, world: SwitchWorld) -> None:
        self.running = running
        self.world = world
        self.home = running.home

    def fsorch(self, *args: str | Path, input: str = "") -> Ran:
        return fsorch(*args, "--settings", self.running.settings, input=input)

    def call(self, keys: tuple[str, ...] = ("1",), talk_s: float = 0.5, name: str = "Ines Costa") -> None:
        """Somebody calls."""
        plan = CallerPlan(keys=keys, reaction_s=0.1, talk_s=talk_s, patience_s=300.0)

        def place() -> None:
            self.world.world.place_call("+4915111", name, plan=plan)

        self.world.server.schedule(place)

    def facts_of_a_call(self, **kinds: int) -> list[Fact]:
        """Somebody calls; the facts until each of ``kinds`` was seen that often, all of them on record."""
        wanted = Counter({FactKind(kind): times for kind, times in kinds.items()})
        seen: list[Fact] = []
        with ControlClient(self.home) as client, gevent.Timeout(DEADLINE_S, AssertionError(f"not all of {wanted}")):
            facts = client.facts()
            self.call()
            while wanted - Counter(fact.kind for fact in seen):
                fact = facts.get(DEADLINE_S)
                assert fact is not None, [fact.kind for fact in seen]
                seen.append(fact)
            facts.close()
            until(lambda: not client.call("status", ServiceStatus).recorder.behind, "all to be on record")
        return seen


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with switch_world() as world:
        running = Running(installation(tmp_path_factory.mktemp("site"), world.server.port))
        yield Site(running, world)
        running.kill()


def test_a_call_from_the_menu_to_the_records(site: Site) -> None:
    assert site.fsorch("agent", "login", "bea") == (0, "bea is available, idle\n", "")
    seen = site.facts_of_a_call(contact_ended=1, leg_ended=2)
    [contact] = [fact.contact for fact in seen if fact.kind is FactKind.CONTACT_ENDED]
    [row] = json.loads(site.fsorch("contact", "list", "--json").out)
    assert (row["id"], row["outcome"], row["agent"], row["queue"]) == (contact, "answered", "bea", "sales")
    shown = site.fsorch("contact", "show", contact).out
    assert f"{contact}: +4915111 Ines Costa called 4000" in shown
    assert "talks to bea" in shown
    legs = json.loads(site.fsorch("cdr", "list", "--json").out)
    assert {leg["role"] for leg in legs} == {"customer", "agent"}
    rows = list(csv.DictReader(io.StringIO(site.fsorch("cdr", "export").out)))
    assert {row["id"] for row in rows} == {leg["id"] for leg in legs}
    assert rows[0]["created_at"].endswith("+00:00")
    assert rows[0]["number"] == "+4915111"


def test_a_contact_is_explained_while_it_waits_and_afterwards(site: Site) -> None:
    site.fsorch("agent", "logout", "bea")
    with ControlClient(site.home) as client, gevent.Timeout(DEADLINE_S, AssertionError("nobody waits")):
        facts = client.facts()
        site.call(keys=("2",))
        while (queued := facts.get(DEADLINE_S)) is None or queued.kind is not FactKind.CONTACT_QUEUED:
            assert queued is not None
        until(lambda: not client.call("status", ServiceStatus).recorder.behind, "all to be on record")
        ran = site.fsorch("explain", queued.contact[:13])
        assert ran.code == 0, ran.err
        assert "keyed 2 at menu" in ran.out
        assert ": because 2 was keyed" in ran.out
        # Bea is logged out, or still in the work after her last call.
        why = "(nobody who serves this queue is logged in|the only agent at work is not free)"
        assert re.fullmatch(f"now       waits in queue support at place 1: {why}", ran.out.splitlines()[-1])
        assert site.fsorch("agent", "login", "gus").code == 0
        while (ended := facts.get(DEADLINE_S)) is None or ended.kind is not FactKind.CONTACT_ENDED:
            assert ended is not None
        facts.close()
        until(lambda: not client.call("status", ServiceStatus).recorder.behind, "all to be on record")
    told = json.loads(site.fsorch("explain", queued.contact, "--json").out)
    assert told["now"] == ""
    assert any(line["text"].startswith("offered to gus: ") for line in told["story"])
    assert told["story"][-1]["kind"] in ("contact_ended", "wrap_up_began", "call_hung_up")
    assert site.fsorch("agent", "logout", "gus").code == 0


def test_agents_are_told_and_shown(site: Site) -> None:
    assert site.fsorch("agent", "login", "carl").code == 0
    assert site.fsorch("agent", "status", "carl").out == "carl is available, idle\n"
    assert (
        site.fsorch("agent", "status", "carl", "break", "--reason", "lunch").out == "carl is on break (lunch), idle\n"
    )
    agents = {agent["id"]: agent for agent in json.loads(site.fsorch("agent", "list", "--json").out)}
    assert (agents["carl"]["status"], agents["carl"]["reason"]) == ("break", "lunch")
    assert site.fsorch("agent", "status", "carl", "available").code == 0
    assert site.fsorch("agent", "logout", "carl").out == "carl is logged out\n"


def test_one_who_is_refused_keeps_no_other_from_it(site: Site) -> None:
    assert site.fsorch("agent", "login", "emil").code == 0
    ran = site.fsorch("agent", "login", "emil", "crl", "carl", "--json")
    assert ran.code == 5
    assert [view["id"] for view in json.loads(ran.out)] == ["carl"]
    assert [line.partition(":")[0] for line in ran.err.splitlines()] == ["emil", "crl"]
    assert "logged in already" in ran.err
    assert "did you mean carl?" in ran.err
    assert site.fsorch("agent", "logout", "carl", "emil").out == "carl is logged out\nemil is logged out\n"


@pytest.mark.parametrize(
    ("args", "code", "line"),
    [
        (["agent", "login", "karl"], 4, "fsorch: no agent called 'karl'; did you mean carl?"),
        (
            ["agent", "status", "emil", "break"],
            2,
            "fsorch: a break needs --reason, one of: lunch, coffee, training. See: fsorch agent status --help",
        ),
        (
            ["agent", "status", "emil", "break", "--reason", "lnch"],
            4,
            "fsorch: no break reason called 'lnch'; did you mean lunch?",
        ),
        (
            ["agent", "status", "emil", "away"],
            2,
            "fsorch: Invalid value for '[available|break]': 'away' is not one of 'available', 'break'. "
            "See: fsorch agent status --help",
        ),
        (["queue", "show", "sale"], 4, "fsorch: no queue called 'sale'; did you mean sales?"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(site: Site, args: list[str], code: int, line: str) -> None:
    assert site.fsorch(*args) == (code, "", line + "\n")


def test_what_is_not_possible_now_changes_nothing(site: Site) -> None:
    before = site.fsorch("agent", "list", "--json").out
    ran = site.fsorch("agent", "logout", "fay")
    assert ran.code == 5
    assert ran.err.startswith("fsorch: ")
    assert len(ran.err.splitlines()) == 1
    assert site.fsorch("agent", "list", "--json").out == before


def test_tables_and_the_live_view_without_a_terminal(site: Site) -> None:
    assert site.fsorch("queue", "list").out.splitlines()[0].split() == [
        "queue", "title", "waiting", "longest", "idle", "busy", "break", "answered", "abandoned", "in", "time",
    ]  # fmt: skip
    assert "Reception" in site.fsorch("queue", "list").out
    assert "Nobody waits here." in site.fsorch("queue", "show", "support").out
    assert json.loads(site.fsorch("queue", "show", "support", "--json").out)["queue"]["id"] == "support"
    top = site.fsorch("top")
    assert (top.code, top.err) == (0, "")
    assert "\x1b" not in top.out
    assert "fsorch demo: 0 waiting" in top.out
    assert json.loads(site.fsorch("top", "--json").out)["centre"] == "fsorch demo"


def test_a_new_configuration_is_in_force_at_once(site: Site) -> None:
    path = site.home / "centre.yaml"
    path.write_text(path.read_text().replace("title: Reception", "title: Front desk"))
    ran = site.fsorch("apply", path)
    assert ran.out == "~ queue reception: title Reception → Front desk\n1 change applied as revision 2, in force now\n"
    assert "Front desk" in site.fsorch("queue", "list").out


def test_the_status_says_how_it_does(site: Site) -> None:
    def behind() -> int:
        return int(json.loads(site.fsorch("status", "--json").out)["recorder"]["behind"])

    until(lambda: behind() == 0, "all to be on record")
    status = json.loads(site.fsorch("status", "--json", "--measure", "0.2").out)
    assert status["links"][0]["state"] == "up"
    assert 0 < status["measured"]["resident_mb"] < 200
    assert f"process {site.running.process.pid}" in site.fsorch("status").out


def test_a_second_one_is_refused(site: Site) -> None:
    with spawned("run", "--settings", site.running.settings) as second:
        code, out, err = finish(second)
    line = f"fsorch: {site.home}: fsorch already runs here (process {site.running.process.pid}); "
    assert (code, out) == (3, "")
    assert err == f"{line}stop it or use another home\n"
    assert site.fsorch("queue", "list").code == 0


def test_the_doctor_finds_it_running(site: Site) -> None:
    checks = {check["name"]: check for check in json.loads(site.fsorch("doctor", "--json").out)}
    assert checks["database"]["ok"]
    assert checks["desktop"]["ok"]


def test_what_it_writes_is_its_owners_alone(site: Site) -> None:
    for name in ("control.sock", "secret", "fsorch.sqlite3", "fsorch.yaml"):
        assert stat.S_IMODE((site.home / name).stat().st_mode) == 0o600


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_clean_and_starts_again(tmp_path: Path, number: int) -> None:
    with switch_world() as world:
        settings = installation(tmp_path, world.server.port)
        for _ in range(2):
            running = Running(settings)
            assert running.end(number) == 0
            assert running.log[-1].endswith("stopped")
            assert not [line for line in running.log if "Traceback" in line or " ERROR " in line]
            assert not (tmp_path / "control.sock").exists()
    assert fsorch("queue", "list", "--settings", settings).code == 8


def test_it_starts_again_after_a_sudden_death(tmp_path: Path) -> None:
    with switch_world() as world:
        settings = installation(tmp_path, world.server.port)
        running = Running(settings)
        running.end(signal.SIGKILL)
        assert (tmp_path / "control.sock").exists()
        assert fsorch("queue", "list", "--settings", settings).code == 8
        assert Running(settings).end() == 0
