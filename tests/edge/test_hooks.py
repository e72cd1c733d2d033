"""The socket door: hooks of a module on disk, called over real sockets by the virtual switch with the shipped
dialplan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest
from gevent import socket

from fsorch.config import HookSettings
from fsorch.edge.hooks import LIMITS, HookServer, load_hooks
from fsorch.edge.link_wire import LinkLimits
from fsorch.edge.status import HookTrouble
from fsorch.errors import ConfigError
from fsorch.hooks import Call, Hook, hook, hooks_of
from fsorch.resources import freeswitch_tree
from fsorch.sim.channel import Channel
from fsorch.sim.core import Core
from fsorch.sim.dialplan import Extension
from fsorch.sim.inbound import Invite
from fsorch.sim.lifecycle import hangup, transfer
from fsorch.sim.media import Sounds
from fsorch.sim.server import SimServer
from fsorch.sim.switch import VirtualSwitch
from tests.conformance.virtual import STRIDE_S, ShippedDialplan
from tests.waiting import Watched

MODULE = """
from fsorch.hooks import Call, hook

PINS = {"100": "4711"}

@hook("verify-pin", fallback="support")
def verify_pin(call: Call) -> None:
    call.answer()
    call.play("silence_stream://100")
    call.music("local_stream://moh")
    pin = PINS[call.lookup(str.strip, f" {call.number} ")]
    if call.collect("silence_stream://50", max=4) == pin:
        call.queue("gold", priority=7, skills={"german": 3})
    call.transfer("1001", context="default")
"""
SPEED = 10.0


class Door(Watched):
    """A virtual switch with the shipped dialplan, and a hook server that it calls."""

    def __init__(self, hooks: dict[str, Hook], limits: LinkLimits = LIMITS, **settings: Any) -> None:
        super().__init__()
        self.troubles: list[HookTrouble] = []
        self.channels: list[Channel] = []
        made = HookSettings(module="unused", port=0, **settings)
        self.hooks = HookServer(made, hooks, self.troubles.append, limits)
        self.hooks.listen()
        plan = ShippedDialplan(freeswitch_tree())
        plan.contexts["lines"] = (Extension("^4930$", (("transfer", "${wanted} XML fsorch-hooks"),)),)
        switch = VirtualSwitch(5, dialplan=plan, sounds=Sounds(prefixes={"/sounds/": 0.5}))
        switch.machine.core.globals.update(plan.globals, fsorch_hooks=self.hooks.url)
        self.server = SimServer(speed=SPEED, switch=switch, stride_s=STRIDE_S)
        self.server.start()

    @property
    def core(self) -> Core:
        return self.server.switch.machine.core

    def call(self, hook: str, number: str = "100") -> Channel:
        """A call that was dialled to 4930 and sent to ``hook``."""
        invite = Invite(number=number, destination="4930", context="lines", variables={"wanted": hook})
        self.server.schedule(lambda: self.channels.append(self.server.switch.call(invite)))
        return self.channels[-1]

    def press(self, channel: Channel, digits: str) -> None:
        def keys() -> None:
            channel.queue_digits(digits)
            self.core.wake(channel)

        self.server.schedule(keys)

    def hang_up(self, channel: Channel) -> None:
        self.server.schedule(lambda: hangup(self.core, channel, "NORMAL_CLEARING"))

    def __repr__(self) -> str:
        where = [(one.context, one.get("current_application"), one.get("fsorch_hook_result")) for one in self.channels]
        return f"{self.hooks.state()} {where}"

    def stop(self) -> None:
        self.server.stop()
        self.hooks.stop()


@pytest.fixture
def make() -> Iterator[Callable[..., Door]]:
    doors: list[Door] = []

    def door(*functions: Callable[[Call], object], **settings: Any) -> Door:
        found: list[Hook] = [getattr(function, "__fsorch_hook__") for function in functions]  # noqa: B009
        doors.append(Door({one.name: one for one in found}, **settings))
        return doors[-1]

    yield door
    for one in doors:
        one.stop()


def at_the_park_door(channel: Channel) -> bool:
    return channel.parked and channel.context == "fsorch" and channel.get("fsorch_dialled") == "4930"


def test_a_hook_of_the_users_module_takes_a_pin_and_gives_the_call_to_a_queue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hooks_of_a_user.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.setattr("sys.path", ["", *__import__("sys").path])
    found = load_hooks(HookSettings(module="hooks_of_a_user"), tmp_path)
    door = Door(found)
    try:
        channel = door.call("verify-pin")
        door.until(lambda: (channel.get("current_application") or "") == "play_and_get_digits")
        door.press(channel, "4711")
        door.until(lambda: at_the_park_door(channel))
        assert channel.get("fsorch_queue") == "gold"
        assert (channel.get("fsorch_priority"), channel.get("fsorch_skills")) == ("7", "german:3")
        assert channel.get("fsorch_hook_result") == "queue"
        # Nobody finds the PIN in a CDR, and nothing of the door is left to disturb what follows.
        assert "4711" not in repr(channel.variables) + channel.digits
        assert channel.get("sensitive_dtmf") is None
        assert (channel.get("fsorch_hook"), channel.get("socket_resume")) == (None, None)
        door.until(lambda: door.hooks.connection_count == 0)
        assert door.hooks.state().ended == {"queue": 1}
    finally:
        door.stop()


def test_a_hook_that_raises_leaves_the_caller_to_its_fallback_and_a_report_to_the_operator(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "hooks_that_raise.py").write_text(MODULE, encoding="utf-8")
    door = Door(load_hooks(HookSettings(module="hooks_that_raise"), tmp_path))
    try:
        channel = door.call("verify-pin", number="nobody knows")
        door.until(lambda: at_the_park_door(channel))
        assert channel.get("fsorch_queue") == "support"
        assert channel.get("fsorch_hook_result") == "raised"
        (trouble,) = door.troubles
        assert (trouble.hook, trouble.way, trouble.leg) == ("verify-pin", "raised", channel.uuid)
        assert "KeyError" in trouble.error
        assert "PINS[call.lookup" in trouble.traceback
        assert door.hooks.state().troubles == (trouble,)
        assert "KeyError" in caplog.text
    finally:
        door.stop()


def test_a_hook_that_overruns_is_ended_where_it_stands(make: Callable[..., Door]) -> None:
    @hook("slow", limit_s=0.3)
    def slow(call: Call) -> None:
        call.answer()
        try:
            call.play("silence_stream://60000000")
        except Exception as error:
            raise AssertionError("a hook's own except held it up") from error

    door = make(slow, fallback="people")
    channel = door.call("slow")
    door.until(lambda: at_the_park_door(channel))
    assert (channel.get("fsorch_queue"), channel.get("fsorch_hook_result")) == ("people", "overran")
    assert "call.play(" in door.troubles[0].traceback


def test_an_unknown_hook_is_reported_and_the_caller_goes_on(make: Callable[..., Door]) -> None:
    @hook("known")
    def known(call: Call) -> None:
        call.answer()

    door = make(known)
    channel = door.call("unknown-one")
    door.until(lambda: at_the_park_door(channel))
    assert channel.get("fsorch_queue") is None
    assert door.troubles[0].error == "no hook is called 'unknown-one'; there are known"


def test_a_hook_that_returns_lets_the_dialplan_go_on(make: Callable[..., Door]) -> None:
    seen: list[tuple[str, str, str]] = []

    @hook("look")
    def look(call: Call) -> None:
        seen.append((call.number, call.destination, call.variable("fsorch_hook")))
        call.set({"customer": "gold; x=y"})
        assert not call.play("no/such/file.wav")
        call.say("NUMBER", "42")

    door = make(look)
    channel = door.call("look", number="4917")
    door.until(lambda: at_the_park_door(channel))
    assert channel.get("fsorch_hook_result") == "done"
    assert channel.get("customer") == "gold; x=y"
    assert seen == [("4917", "4930", "look")]
    assert not door.troubles


def test_a_caller_who_hangs_up_ends_the_hook_quietly(
    make: Callable[..., Door], caplog: pytest.LogCaptureFixture
) -> None:
    done: list[str] = []

    @hook("patient")
    def patient(call: Call) -> None:
        call.answer()
        try:
            call.play("silence_stream://60000000")
        finally:
            done.append("cleaned up")
        done.append("went on")

    door = make(patient)
    channel = door.call("patient")
    door.until(lambda: channel.get("current_application") == "playback")
    door.hang_up(channel)
    door.until(lambda: door.hooks.state().ended == {"gone": 1} and not door.hooks.connection_count)
    assert done == ["cleaned up"]
    assert not door.troubles
    assert not [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]


def test_a_call_that_somebody_takes_elsewhere_ends_the_hook_quietly(make: Callable[..., Door]) -> None:
    @hook("patient")
    def patient(call: Call) -> None:
        call.play("silence_stream://60000000")

    door = make(patient)
    channel = door.call("patient")
    door.until(lambda: channel.get("current_application") == "playback")
    door.server.schedule(lambda: transfer(door.core, channel, "park_me", "XML", "public"))
    door.until(lambda: door.hooks.state().ended == {"gone": 1} and channel.parked)
    assert channel.context == "public"
    assert not door.troubles


def test_a_hook_may_hang_up_and_may_transfer(make: Callable[..., Door]) -> None:
    @hook("busy")
    def busy(call: Call) -> None:
        call.hangup("USER_BUSY")

    @hook("away")
    def away(call: Call) -> None:
        call.transfer("park_sales", context="public")

    door = make(busy, away)
    first, second = door.call("busy"), door.call("away")
    door.until(lambda: first.hung and second.parked and second.context == "public")
    assert first.get("hangup_cause") == "USER_BUSY"
    door.until(lambda: door.hooks.state().ended == {"hangup": 1, "transfer": 1})


def test_values_from_outside_cannot_become_commands(make: Callable[..., Door]) -> None:
    @hook("hostile")
    def hostile(call: Call) -> None:
        call.transfer("1001 XML default\n\nbgapi system x")

    door = make(hostile)
    channel = door.call("hostile")
    door.until(lambda: at_the_park_door(channel))
    assert door.troubles[0].way == "raised"
    assert "QuotingError" in door.troubles[0].error


def test_a_server_that_stops_leaves_its_calls_to_the_dialplan(make: Callable[..., Door]) -> None:
    @hook("music")
    def music(call: Call) -> None:
        call.answer()
        call.play("local_stream://moh")

    door = make(music)
    channel = door.call("music")
    door.until(lambda: channel.get("current_application") == "playback")
    door.hooks.stop()
    door.until(lambda: at_the_park_door(channel))


def test_nobody_listens_and_the_park_door_serves(make: Callable[..., Door]) -> None:
    @hook("any")
    def any_(call: Call) -> None:
        call.answer()

    door = make(any_)
    door.hooks.stop()
    channel = door.call("any")
    door.until(lambda: at_the_park_door(channel))
    assert channel.get("fsorch_hook_result") is None


def test_five_hundred_hooks_run_at_once(make: Callable[..., Door]) -> None:
    together = gevent.event.Event()
    inside = []

    @hook("crowd")
    def crowd(call: Call) -> None:
        call.answer()
        inside.append(call.uuid)
        if len(inside) == 500:
            together.set()
        together.wait()
        call.queue("sales")

    door = make(crowd)
    channels = [door.call("crowd", number=str(n)) for n in range(500)]
    door.until(lambda: len(inside) == 500)
    door.until(lambda: door.hooks.state().ended == {"queue": 500})
    door.until(lambda: all(channel.context == "fsorch" for channel in channels))
    assert {channel.get("fsorch_queue") for channel in channels} == {"sales"}
    assert door.hooks.state().calls == 500
    assert not door.troubles


def test_more_calls_than_allowed_are_left_to_the_dialplan(make: Callable[..., Door]) -> None:
    @hook("stay")
    def stay(call: Call) -> None:
        call.play("silence_stream://60000000")

    door = make(stay, calls_max=1)
    first = door.call("stay")
    door.until(lambda: first.get("current_application") == "playback")
    second = door.call("stay")
    door.until(lambda: at_the_park_door(second))
    assert door.hooks.state().refused == 1
    assert not first.hung


def test_a_stranger_on_the_port_does_no_harm(make: Callable[..., Door]) -> None:
    @hook("fine")
    def fine(call: Call) -> None:
        call.queue("sales")

    door = make(fine, limits=LinkLimits(command_timeout_s=0.3))
    host, _, port = door.hooks.url.partition(":")
    with socket.create_connection((host, int(port))) as stranger:
        stranger.settimeout(60)
        stranger.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        while stranger.recv(4096):
            pass
    channel = door.call("fine")
    door.until(lambda: at_the_park_door(channel))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no function marked with @hook"),
        ("1 / 0", "cannot be imported"),
        ("from fsorch.hooks import hook\n@hook('Not OK')\ndef f(call): pass\n", "the hook name 'Not OK'"),
    ],
)
def test_a_module_that_cannot_be_used_is_a_clear_error(tmp_path: Path, text: str, message: str) -> None:
    name = f"bad_hooks_{abs(hash(text))}"
    (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        load_hooks(HookSettings(module=name), tmp_path)


def test_two_hooks_of_one_name_are_refused() -> None:
    import types

    module = types.ModuleType("twice")

    @hook("same")
    def one(call: Call) -> None:
        call.answer()

    @hook("same")
    def two(call: Call) -> None:
        call.answer()

    module.__dict__.update(one=one, two=two)
    with pytest.raises(ConfigError, match="two hooks called 'same'"):
        hooks_of(module)


def test_a_port_that_is_taken_is_a_clear_error(make: Callable[..., Door]) -> None:
    @hook("fine")
    def fine(call: Call) -> None:
        call.answer()

    door = make(fine)
    port = int(door.hooks.url.partition(":")[2])
    with pytest.raises(ConfigError, match=f"hooks: 127.0.0.1:{port} cannot be used"):
        HookServer(HookSettings(port=port), {}, lambda trouble: None).listen()
