"""The link against a switch that behaves: what is delivered, in which order, and that nothing is left behind."""

from __future__ import annotations

import logging

import pytest
from msgspec.structs import replace

from fsorch.clock import SystemClock
from fsorch.config import SwitchSettings
from fsorch.edge.link import Backoff, Link
from fsorch.engine.actions import Send
from fsorch.engine.inputs import CommandDone, CommandLost, Input, LinkDown, LinkUp, SwitchEvent
from fsorch.errors import LinkError
from fsorch.esl.commands import Exists, Originate, SetVar, Status
from tests.edge.fake_switch import CORE, QUICK, Box, FakeSwitch, api, event, linked
from tests.waiting import Watched, turns


def test_it_comes_up_with_every_channel_that_lives() -> None:
    switch, box = FakeSwitch(), Box()
    switch.channels = {"one": {"variable_fsorch_contact": "c1"}, "gone": None, "two": {}}
    with linked(switch, box) as link:
        (up,) = box.wait(LinkUp)
        assert (up.switch, up.core_uuid) == ("main", CORE)
        assert [(channel.uuid, channel.variable("fsorch_contact")) for channel in up.channels] == [
            ("one", "c1"),
            ("two", None),
        ]
        assert link.state == "up"
        assert link.status().reconnects == 0
        (subscription,) = [line for line in switch.last.lines if line.startswith("event ")]
        assert subscription.startswith("event json CHANNEL_CREATE ")
        assert subscription.endswith(" HEARTBEAT CUSTOM sofia::register sofia::unregister sofia::expire avmd::beep")


def test_a_channel_the_first_list_misses_is_in_the_second() -> None:
    switch, box = FakeSwitch(), Box()
    lists = iter(['{"row_count": 0}', '{"row_count":1,"rows":[{"uuid":"late"}]}'])
    switch.channels = {"late": {}}
    switch.handle = lambda connection, command: api(next(lists)) if "show channels" in command.line else None
    with linked(switch, box):
        (up,) = box.wait(LinkUp)
        assert [channel.uuid for channel in up.channels] == ["late"]


def test_what_comes_while_the_channels_are_read_follows_link_up_in_order() -> None:
    switch, box = FakeSwitch(), Box()

    def handle(connection: object, command: object) -> bytes | None:
        if "show channels" not in str(command):
            return None
        early = b"".join(event("DTMF", Unique_ID=str(number)) for number in range(300))
        return early + api('{"row_count": 0}')

    switch.handle = handle
    with linked(switch, box):
        box.wait(SwitchEvent, 600)
        assert box.kinds() == ["LinkUp"] + ["SwitchEvent"] * 600
        assert [got.event.uuid for got in box.of(SwitchEvent)] == [str(number) for number in range(300)] * 2
        switch.last.write(event("DTMF", Unique_ID="live"))
        assert box.wait(SwitchEvent, 601)[-1].event.uuid == "live"


def test_replies_go_to_their_commands_and_one_write_carries_many() -> None:
    switch, box = FakeSwitch(), Box()
    answer = {"api uuid_exists yes": api("true"), "api uuid_exists no": api("false")}
    switch.handle = lambda connection, command: answer.get(command.line)
    with linked(switch, box) as link:
        box.wait(LinkUp)
        for number in range(200):
            link.send(Send("main", Exists("yes" if number % 3 else "no"), tag=str(number)))
        done = box.wait(CommandDone, 200)
        assert [(got.tag, got.reply.text) for got in done] == [
            (str(number), "true" if number % 3 else "false") for number in range(200)
        ]
        assert link.call(Status()).ok
        assert link.status().waiting == 0


def test_without_a_tag_only_a_failure_is_counted() -> None:
    switch, box = FakeSwitch(), Box()
    switch.handle = lambda connection, command: api("-ERR no") if command.line == "api uuid_exists gone" else None
    with linked(switch, box) as link:
        box.wait(LinkUp)
        link.send(Send("main", Exists("gone")))
        link.send(Send("main", Exists("here")))
        link.call(Status())
        assert (box.kinds(), link.status().failed) == (["LinkUp"], 1)


def test_values_of_100_kb() -> None:
    """In an event they pass; a command is held to the switch's 64 KiB, and one that is too long is lost alone."""
    switch, box = FakeSwitch(), Box()
    text = "é" * 50_000
    with linked(switch, box) as link:
        box.wait(LinkUp)
        switch.last.write(event("CHANNEL_CREATE", Unique_ID="big", variable_note=text))
        (got,) = box.wait(SwitchEvent)
        assert got.event.variable("note") == text
        link.send(Send("main", SetVar("leg", "note", text), tag="long"))
        link.send(Send("main", SetVar("leg", "note", text[:30_000]), tag="fits"))
        assert [lost.tag for lost in box.wait(CommandLost)] == ["long"]
        assert [done.tag for done in box.wait(CommandDone)] == ["fits"]
        assert switch.last.lines[-1].endswith(text[:30_000])


def test_a_command_that_cannot_be_written_is_lost_and_does_no_harm() -> None:
    switch, box = FakeSwitch(), Box()
    with linked(switch, box) as link:
        box.wait(LinkUp)
        link.send(Send("main", Exists("a\n\nbgapi system reboot"), tag="evil"))
        (lost,) = box.wait(CommandLost)
        assert lost.tag == "evil"
        assert link.call(Status()).ok
        assert not [line for line in switch.last.lines if "reboot" in line]


def test_a_command_for_a_link_that_is_down_is_lost_later_not_inside_send() -> None:
    box = Box()
    link = Link(SwitchSettings(port=1, password="x"), box, SystemClock(), limits=QUICK)
    link.start()
    link.send(Send("main", Status(), tag="t"))
    assert box.inputs == []
    (lost,) = box.wait(CommandLost)
    assert lost.tag == "t"
    with pytest.raises(LinkError, match="switch main is"):
        link.call(Status())
    link.stop()
    assert link.state == "stopped"


def test_a_full_queue_refuses_and_counts() -> None:
    switch, box = FakeSwitch(), Box()
    with linked(switch, box, replace(QUICK, commands_max=100)) as link:
        box.wait(LinkUp)
        for number in range(150):
            link.send(Send("main", Status(), tag=str(number)))
        assert [lost.tag for lost in box.wait(CommandLost, 50)] == [str(number) for number in range(100, 150)]
        assert len(box.wait(CommandDone, 100)) == 100
        assert link.status().shed == 50


def test_a_fault_of_the_consumer_is_logged_once_and_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    switch, box = FakeSwitch(), Box()

    def deliver(input: Input) -> None:
        box(input)
        raise RuntimeError("the consumer is broken")

    link = Link(switch.settings(), deliver, SystemClock(), limits=QUICK)
    link.start()
    box.wait(LinkUp)
    switch.last.write(b"".join(event("DTMF") for _ in range(50)))
    box.wait(SwitchEvent, 50)
    assert link.call(Status()).ok
    assert link.status().faults == 51
    assert len([record for record in caplog.records if record.levelno >= logging.ERROR]) == 1
    link.stop()
    switch.stop()


def test_a_slow_consumer_lets_others_run() -> None:
    """400 events of 2 ms each: meanwhile replies are read in their turn, and every greenlet gets the hub often."""
    switch, box = FakeSwitch(), Box()
    clock = SystemClock()

    def deliver(input: Input) -> None:
        end = clock.now().mono + (0.002 if isinstance(input, SwitchEvent) else 0)
        while clock.now().mono < end:
            continue
        box(input)

    link = Link(switch.settings(), deliver, clock, limits=QUICK)
    link.start()
    box.wait(LinkUp)
    with turns() as made:
        switch.last.write(b"".join(event("DTMF", Unique_ID=str(number), pad="x" * 6000) for number in range(400)))
        box.wait(SwitchEvent)
        link.send(Send("main", Status(), tag="t"))
        box.wait(SwitchEvent, 400)
        box.wait(CommandDone)
    link.stop()
    switch.stop()
    assert len(made) > 25
    assert [got.event.uuid for got in box.of(SwitchEvent)] == [str(number) for number in range(400)]


def test_two_links_to_two_switches() -> None:
    first, second, box = FakeSwitch(), FakeSwitch(), Box()
    links = [
        Link(switch.settings(name), box, SystemClock(), limits=QUICK)
        for name, switch in (("east", first), ("west", second))
    ]
    for link in links:
        link.start()
    box.wait(LinkUp, 2)
    for switch, name in ((first, "east"), (second, "west")):
        switch.last.write(event("DTMF", Unique_ID=name))
    box.wait(SwitchEvent, 2)
    assert {(got.switch, got.event.uuid) for got in box.of(SwitchEvent)} == {("east", "east"), ("west", "west")}
    first.stop()
    (down,) = box.wait(LinkDown)
    assert down.switch == "east"
    assert links[1].call(Status()).ok
    for link in links:
        link.stop()
    second.stop()


def test_stop_waits_for_the_replies_to_what_was_sent_before() -> None:
    switch, box = FakeSwitch(), Box()
    with linked(switch, box) as link:
        box.wait(LinkUp)
        for number in range(100):
            link.send(Send("main", SetVar("leg", "n", str(number)), tag=str(number)))
        link.stop()
        assert link.state == "stopped"
        assert any(line.endswith(" n 99") for line in switch.last.lines)
        assert box.kinds() == ["LinkUp"] + ["CommandDone"] * 100 + ["LinkDown"]
        link.send(Send("main", Status(), tag="after"))
        assert link.status().lost == 1


def test_a_stopped_link_stays_stopped() -> None:
    link = Link(SwitchSettings(port=1, password="x"), Box(), SystemClock(), limits=QUICK)
    link.stop()
    link.start()
    assert (link.state, link.wait_up(0), link.status().attempts) == ("stopped", False, 0)


def test_a_delivery_cannot_wait_for_a_reply() -> None:
    switch, errors = FakeSwitch(), Watched()
    said: list[str] = []

    def deliver(input: Input) -> None:
        try:
            link.call(Status())
        except LinkError as error:
            said.append(str(error))
        errors.changed()

    link = Link(switch.settings(), deliver, SystemClock(), limits=QUICK)
    link.start()
    errors.until(lambda: len(said) == 1)
    switch.last.write(event("DTMF"))
    errors.until(lambda: len(said) == 2)
    assert [text.endswith("use send") for text in said] == [True, True]
    link.stop()
    switch.stop()


def test_lag_is_the_age_of_the_last_event() -> None:
    switch, box = FakeSwitch(), Box()
    with linked(switch, box) as link:
        box.wait(LinkUp)
        old = SystemClock().now().wall - 3_000_000
        switch.last.write(event("HEARTBEAT", Event_Date_Timestamp=str(old)))
        box.wait(SwitchEvent)
        assert 3.0 <= link.status().lag_s < 60.0


def test_a_background_job_ends_by_an_event() -> None:
    switch, box = FakeSwitch(), Box()
    with linked(switch, box) as link:
        box.wait(LinkUp)
        link.send(Send("main", Originate("user/1", "u1", job_uuid="j1"), tag="t"))
        (done,) = box.wait(CommandDone)
        assert done.reply.job_uuid == "j1"
        switch.last.write(event("BACKGROUND_JOB", Job_UUID="j1", _body="-ERR USER_BUSY\n"))
        (got,) = box.wait(SwitchEvent)
        assert (got.event.job_uuid, got.event.body) == ("j1", "-ERR USER_BUSY\n")


def test_backoff_grows_is_bounded_and_repeats_by_seed() -> None:
    backoff = Backoff(0.5, 30.0, seed=7)
    pauses = [backoff.next() for _ in range(2000)]
    for step, pause in enumerate(pauses):
        whole = min(30.0, 0.5 * 2.0 ** min(step, 60))
        assert whole / 2 <= pause <= whole
    backoff.reset()
    assert backoff.next() <= 0.5
    assert pauses[:9] == [again.next() for again in [Backoff(0.5, 30.0, seed=7)] for _ in range(9)]
    assert pauses[0] != Backoff(0.5, 30.0, seed=8).next()
