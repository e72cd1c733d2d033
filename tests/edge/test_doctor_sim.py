"""The doctor finds a virtual switch in order."""

from __future__ import annotations

import pytest

from fsorch.config import SwitchSettings
from fsorch.edge.demo_switch import SwitchPlan, SwitchWorld
from fsorch.edge.doctor_switch import check_switch
from fsorch.sim.api import Api
from fsorch.sim.demo_centre import demo_centre
from fsorch.sim.switch import VirtualSwitch

PASSWORD = "a switch of tests"


def test_a_virtual_switch_is_in_order() -> None:
    world = SwitchWorld(SwitchPlan(password=PASSWORD, centre=demo_centre(), calls=1))
    world.start()
    try:
        checks = check_switch(SwitchSettings(port=world.server.port, password=PASSWORD), demo_centre())
    finally:
        world.server.stop()
    # It rings nobody when it is left alone, and says so.
    assert [(check.name, check.detail) for check in checks if check.ok is not True] == [
        ("main: fallback", "without fsorch nobody is rung, a message in /var/lib/fsorch/messages")
    ]
    names = [check.name.removeprefix("main: ") for check in checks]
    assert names[-4:] == ["music", "clock", "sessions", "events"]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("xml_locate dialplan context name nowhere", "can't find anything\n"),
        ("xml_locate dialplan", "-USAGE: [root | <section> <tag> <tag_attr_name> <tag_attr_val>]\n"),
        ("local_stream", "-USAGE: show|start|reload|stop|hup <local_stream_name>\n"),
        ("db select/realm/key", ""),
        ("db insert/realm/key/a/b", "+OK"),
        ("db select/realm/key", "a/b"),
        ("db exists/realm/key", "true"),
        ("db list", "realm"),
        ("db list/realm", "key"),
        ("db count", "1"),
        ("db delete/realm/key", "+OK"),
        ("db count/realm", "0"),
        ("db", "-USAGE: [insert|delete|select|exists|count|list]/<realm>/<key>/<value>"),
    ],
)
def test_what_is_looked_up(api: Api, line: str, answer: str) -> None:
    answers: list[str] = []
    api.run(line, answers.append)
    assert answers == [answer]


@pytest.fixture(scope="module")
def api() -> Api:
    return Api(VirtualSwitch(seed=1).machine)
