"""The link against the virtual switch."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from fsorch.clock import SystemClock
from fsorch.config import SwitchSettings
from fsorch.edge.link import Link
from fsorch.engine.actions import Send
from fsorch.engine.inputs import CommandDone, CommandLost, LinkDown, LinkUp, SwitchEvent
from fsorch.esl.commands import Answer, Originate, SetVar, Status
from fsorch.sim.inbound import Invite
from fsorch.sim.server import SimServer
from tests.edge.fake_switch import QUICK, Box

PASSWORD = "a long one"


@pytest.fixture
def server() -> Iterator[SimServer]:
    server = SimServer(password=PASSWORD, seed=3)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def link(server: SimServer, box: Box) -> Iterator[Link]:
    settings = SwitchSettings(port=server.port, password=PASSWORD)
    link = Link(settings, box, SystemClock(), limits=replace(QUICK, settle_s=0.1))
    link.start()
    box.wait(LinkUp)
    yield link
    link.stop()


def caller(server: SimServer, number: str) -> str:
    """A call that is parked; its leg."""
    made: list[str] = []
    server.schedule(lambda: made.append(server.switch.call(Invite(number=number, destination="park_sales")).uuid))
    return made[0]


def names(box: Box, uuid: str) -> list[str]:
    return [got.event.name for got in box.of(SwitchEvent) if got.event.uuid == uuid]


def test_a_call_is_seen_and_answered(server: SimServer, box: Box, link: Link) -> None:
    leg = caller(server, "100")
    box.until(lambda: "CHANNEL_PARK" in names(box, leg))
    link.send(Send("main", Answer(leg), tag="answer"))
    (done,) = box.wait(CommandDone)
    assert done.reply.ok
    box.until(lambda: "CHANNEL_ANSWER" in names(box, leg))
    assert names(box, leg)[0] == "CHANNEL_CREATE"
    assert link.status().core_uuid == box.of(LinkUp)[0].core_uuid != ""
    assert link.status().lag_s < 60.0


def test_a_job_that_fails_says_so(box: Box, link: Link) -> None:
    link.send(Send("main", Originate("user/nobody@sim.fsorch", "leg-1", job_uuid="job-1"), tag="t"))
    (done,) = box.wait(CommandDone)
    assert done.reply.job_uuid == "job-1"
    box.until(lambda: [got for got in box.of(SwitchEvent) if got.event.job_uuid == "job-1"])
    (job,) = [got.event for got in box.of(SwitchEvent) if got.event.name == "BACKGROUND_JOB"]
    assert job.body.startswith("-ERR ")


def test_cut_under_load_and_back_with_every_call(server: SimServer, box: Box, link: Link) -> None:
    """Twenty parked calls whose variables say whose they are; the link is cut while commands are on the way."""
    legs = [caller(server, str(number)) for number in range(20)]
    box.until(lambda: all("CHANNEL_PARK" in names(box, leg) for leg in legs))
    for leg in legs:
        link.send(Send("main", SetVar(leg, "fsorch_contact", f"contact of {leg}"), tag=f"set {leg}"))
    box.wait(CommandDone, 20)
    server.switch.faults.stop_answering = True
    for number in range(50):
        link.send(Send("main", Status(), tag=str(number)))
    server.cut_all()
    lost = box.wait(CommandLost, 50)
    assert sorted(got.tag for got in lost) == sorted(map(str, range(50)))
    assert box.kinds().index("LinkDown") < box.kinds().index("CommandLost")
    server.switch.faults.stop_answering = False
    ups = box.wait(LinkUp, 2)
    assert {channel.uuid: channel.variable("fsorch_contact") for channel in ups[1].channels} == {
        leg: f"contact of {leg}" for leg in legs
    }
    assert ups[0].core_uuid == ups[1].core_uuid


def test_a_call_younger_than_the_channel_table_is_there_after_all(server: SimServer, box: Box, link: Link) -> None:
    """``show channels`` does not know it yet when the link asks for the first time."""
    server.cut_all()
    box.wait(LinkDown)
    leg = caller(server, "100")
    ups = box.wait(LinkUp, 2)
    assert [channel.uuid for channel in ups[1].channels] == [leg]


def test_two_switches(server: SimServer, box: Box, link: Link) -> None:
    other = SimServer(password=PASSWORD, seed=4)
    other.start()
    second = Link(SwitchSettings(name="west", port=other.port, password=PASSWORD), box, SystemClock(), limits=QUICK)
    second.start()
    box.wait(LinkUp, 2)
    here, there = caller(server, "1"), caller(other, "2")
    box.until(lambda: "CHANNEL_PARK" in names(box, here) and "CHANNEL_PARK" in names(box, there))
    seen = {(got.switch, got.event.uuid) for got in box.of(SwitchEvent)}
    assert seen == {("main", here), ("west", there)}
    second.stop()
    other.stop()
