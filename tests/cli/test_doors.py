"""The doors of a whole ``fsorch run``: what a dialplan gives it, and what an operator sees of that."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest
import yaml

from fsorch.edge.control_client import ControlClient
from fsorch.edge.demo_switch import SwitchWorld
from fsorch.edge.status import HookState, ServiceStatus
from fsorch.engine.facts import Fact, FactKind
from fsorch.resources import freeswitch_tree
from fsorch.sim.channel import Channel
from fsorch.sim.dialplan import Extension
from fsorch.sim.inbound import Invite
from tests.cli.cli import fsorch
from tests.cli.running import DEADLINE_S, Running, installation, switch_world
from tests.conformance.virtual import ShippedDialplan

HOOKS = """
from fsorch.hooks import Call, hook

@hook("gold-or-not")
def gold_or_not(call: Call) -> None:
    call.answer()
    if call.number == "broken":
        raise RuntimeError("no such customer")
    call.queue("support", priority=9)
"""


class Doors:
    """A running fsorch with hooks, and a switch with the shipped dialplan."""

    def __init__(self, running: Running, world: SwitchWorld) -> None:
        self.running = running
        self.world = world
        plan = ShippedDialplan(freeswitch_tree())
        plan.contexts["lines"] = (
            Extension("^4930$", (("transfer", "gold-or-not XML fsorch-hooks"),)),
            Extension("^4931$", (("transfer", "4931 XML fsorch"),)),
        )
        core = world.server.switch.machine.core
        core.globals.update(plan.globals, fsorch_hooks=self.hooks().address)
        core.route = plan.route

    def hooks(self) -> HookState:
        with ControlClient(self.running.home) as client:
            hooks = client.call("status", ServiceStatus).hooks
        assert hooks is not None
        return hooks

    def call(self, number: str, kind: FactKind, destination: str = "4930", **variables: str) -> tuple[Channel, Fact]:
        """Somebody calls; the first fact of that kind."""
        invite = Invite(number=number, destination=destination, context="lines", variables=variables)
        made: list[Channel] = []
        with ControlClient(self.running.home) as client, gevent.Timeout(DEADLINE_S, AssertionError(f"no {kind}")):
            facts = client.facts()
            self.world.server.schedule(lambda: made.append(self.world.server.switch.call(invite)))
            while True:
                fact = facts.get(DEADLINE_S)
                assert fact is not None
                if fact.kind is kind:
                    facts.close()
                    return made[0], fact


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    with switch_world() as world:
        home = tmp_path_factory.mktemp("doors")
        settings = installation(home, world.server.port)
        (home / "site_hooks.py").write_text(HOOKS, encoding="utf-8")
        plain = yaml.safe_load(settings.read_text(encoding="utf-8"))
        plain["hooks"] = {"module": "site_hooks", "port": 0, "fallback": "reception"}
        settings.write_text(yaml.safe_dump(plain), encoding="utf-8")
        running = Running(settings)
        yield Doors(running, world)
        running.kill()


def test_a_hook_gives_a_call_to_a_queue_and_the_engine_owns_it(doors: Doors) -> None:
    channel, queued = doors.call("+4915111", FactKind.CONTACT_QUEUED)
    assert (queued.queue, queued.leg) == ("support", channel.uuid)


def test_a_hook_that_raises_is_in_the_journal_and_in_the_status(doors: Doors) -> None:
    channel, failed = doors.call("broken", FactKind.HOOK_FAILED)
    assert failed.leg == channel.uuid
    assert failed.data["error"] == "RuntimeError: no such customer"
    assert 'raise RuntimeError("no such customer")' in failed.data["traceback"]
    shown = fsorch("status", "--settings", doors.running.settings)
    assert f"gold-or-not raised on the call {channel.uuid} from broken: RuntimeError: no such customer" in shown.out
    assert "site_hooks.py" in shown.out


def test_a_parked_call_that_asks_for_nonsense_is_served_and_said(doors: Doors) -> None:
    _, misused = doors.call("+4915112", FactKind.DOOR_MISUSED, "4931", fsorch_queue="nowhere")
    fault = "fsorch_queue is 'nowhere', which the centre does not have"
    assert misused.data == {"faults": [fault], "got": "flow main"}
    doors.running.wait_for(fault)


def test_a_module_of_hooks_that_cannot_be_used_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "fsorch.yaml").write_text(
        "switches: [{password: long enough here}]\nhooks: {module: nowhere_to_be_found}\nweb: {port: 0}\n",
        encoding="utf-8",
    )
    ran = fsorch("run", "--settings", tmp_path / "fsorch.yaml")
    assert ran.code == 3
    assert "hooks.module: nowhere_to_be_found cannot be imported from" in ran.err


def test_the_password_of_a_phone_is_shown_once(doors: Doors) -> None:
    settings = ("--settings", doors.running.settings)
    made = fsorch("agent", "secret", "bea", *settings)
    assert made.code == 0, made.err
    assert re.fullmatch(r"user \S+ of \S+ registers with [A-Za-z0-9_-]{24}\n", made.out)
    again = fsorch("agent", "secret", "bea", *settings)
    assert (again.code, again.out) == (3, "")
    assert "has a password already; for another one: --new" in again.err
    assert fsorch("agent", "secret", "bea", "--new", *settings).out != made.out
    assert "no agent called 'nobody'" in fsorch("agent", "secret", "nobody", *settings).err
