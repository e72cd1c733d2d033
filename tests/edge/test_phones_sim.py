"""Phones that come and go on a real link: the virtual switch, the link, the pump and the engine together."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace

from fsorch.clock import SystemClock
from fsorch.config import AgentSpec, Centre, MembershipSpec, QueueSpec, SwitchSettings
from fsorch.edge.link import Link
from fsorch.edge.pump import Pump
from fsorch.engine import Configure, Engine, Fact, FactKind, LogIn, LogOut
from fsorch.rules import PhoneMode
from fsorch.sim.directory import unregister
from fsorch.sim.inbound import Invite
from fsorch.sim.lifecycle import hangup
from fsorch.sim.originate import originate
from fsorch.sim.people import PhoneHabits
from fsorch.sim.server import SimServer
from fsorch.sim.world import World
from tests.edge.fake_switch import QUICK
from tests.waiting import Watched

PASSWORD = "a long one"
GONE = "the phone is not registered"


class Office(Watched):
    """One agent, ann, whose phone is 1001 in the switch's own domain."""

    def __init__(self, mode: PhoneMode = PhoneMode.DIALLED) -> None:
        super().__init__()
        self.server = SimServer(password=PASSWORD, seed=3)
        self.server.start()
        self.world = World(self.server.switch)
        self.facts: list[Fact] = []
        self.pump = Pump(Engine(lambda: str(uuid.uuid4())), SystemClock(), self._note)
        settings = SwitchSettings(port=self.server.port, password=PASSWORD)
        limits = replace(QUICK, settle_s=0.1)
        self.link = Link(settings, self.pump.feed, SystemClock(), limits=limits)
        self.pump.attach("main", self.link)
        self.pump.start()
        phone = f"user/1001@{self.server.switch.machine.dialer.domain}"
        member = MembershipSpec(queue="sales")
        agents = (AgentSpec(id="ann", phone=phone, queues=(member,), phone_mode=mode),)
        self.pump.request(Configure(Centre(queues=(QueueSpec(id="sales", wrap_up_s=0),), agents=agents)))
        self.pump.request(LogIn(agent="ann", by="test"))

    def _note(self, facts: tuple[Fact, ...]) -> None:
        self.facts.extend(facts)
        self.changed()

    def is_unready(self, words: str) -> None:
        """Wait until ann is shown with these words."""
        self.until(lambda: self.pump.agent_view("ann").unready == words, f"{words!r}")

    def link_is_up(self) -> None:
        """Wait until the engine has what the switch had."""
        self.until(lambda: any(switch.up for switch in self.pump.snapshot().switches), "the link")

    def do(self, act: Callable[[], Any]) -> None:
        """Let something happen on the switch."""
        self.server.schedule(act)

    def stop(self) -> None:
        self.link.stop()
        self.pump.stop()
        self.server.stop()


@pytest.fixture
def office() -> Iterator[Office]:
    office = Office()
    yield office
    office.stop()


def test_a_phone_that_goes_and_comes_is_followed(office: Office) -> None:
    office.link.start()
    office.is_unready(GONE)
    office.do(partial(office.world.add_phone, "1001", PhoneHabits(human=True)))
    office.is_unready("")
    machine = office.server.switch.machine
    office.do(partial(unregister, machine, "1001"))
    office.is_unready(GONE)
    office.do(partial(office.world.add_phone, "1001", PhoneHabits(human=True)))
    office.is_unready("")
    office.do(partial(unregister, machine, "1001", expired=True))
    office.is_unready(GONE)


def test_what_was_registered_before_the_link_came_up_is_known(office: Office) -> None:
    office.do(partial(office.world.add_phone, "1001", PhoneHabits(human=True)))
    office.link.start()
    office.link_is_up()
    office.is_unready("")


def test_a_call_from_elsewhere_to_the_phone_is_seen(office: Office) -> None:
    office.do(partial(office.world.add_phone, "1001", PhoneHabits(ring_s=0.1, answer_rate=1.0)))
    office.link.start()
    office.link_is_up()
    office.is_unready("")
    machine = office.server.switch.machine
    order = f"{{origination_uuid=own-1}}user/1001@{machine.dialer.domain} &park()"
    office.do(partial(originate, machine.core, machine.dialer, order, print))
    office.is_unready("the phone is in another call")
    office.do(partial(hangup, machine.core, machine.core.channels["own-1"], "NORMAL_CLEARING"))
    office.is_unready("")


def test_a_nailed_up_phone_takes_callers_in_turn_on_one_call() -> None:
    office = Office(PhoneMode.NAILED)
    try:
        office.do(partial(office.world.add_phone, "1001", PhoneHabits(ring_s=0.1, answer_rate=1.0)))
        office.link.start()
        office.until(lambda: office.pump.agent_view("ann").line == "ready", "the standing call")
        machine = office.server.switch.machine
        for caller in ("caller-1", "caller-2"):
            variables = {"fsorch_queue": "sales"}
            office.do(
                partial(machine.call, Invite(number="100", destination="park_1", uuid=caller, variables=variables))
            )
            office.until(lambda: office.pump.agent_view("ann").state == "talking", "the talk")
            office.do(partial(hangup, machine.core, machine.core.channels[caller], "NORMAL_CLEARING"))
            office.until(lambda: office.pump.agent_view("ann").line == "ready", "the line to be free")
        assert sum(fact.kind is FactKind.BRIDGED for fact in office.facts) == 2
        legs = {fact.data["agent_leg"] for fact in office.facts if fact.kind is FactKind.BRIDGED}
        assert legs == set(machine.core.channels)
        office.pump.request(LogOut(agent="ann", by="test"))
        office.until(lambda: any(f.kind is FactKind.LEG_ENDED and f.agent == "ann" for f in office.facts), "the end")
    finally:
        office.stop()
