"""The link against everything that goes wrong on the other side."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from time import monotonic

import gevent
import pytest
from gevent import socket
from gevent.server import StreamServer
from msgspec.structs import replace

from fsorch.clock import SystemClock
from fsorch.config import SwitchSettings
from fsorch.edge.breath import breathe
from fsorch.edge.link import Link, LinkStatus
from fsorch.edge.link_session import LinkLimits, Session
from fsorch.engine.actions import Send
from fsorch.engine.inputs import CommandDone, CommandLost, LinkDown, LinkUp, SwitchEvent
from fsorch.errors import LinkError
from fsorch.esl.commands import Exists, Originate, SetVar, Status
from fsorch.esl.frames import CommandFrame
from tests.edge.fake_switch import (
    IMPATIENT,
    PASSWORD,
    QUICK,
    Box,
    Connection,
    FakeSwitch,
    api,
    event,
    linked,
    reply,
)
from tests.waiting import PATIENCE_S, Watched


def wait_status(switch: FakeSwitch, link: Link, true: Callable[[LinkStatus], bool]) -> LinkStatus:
    switch.until(lambda: true(link.status()), what=f"the status of {link.status()}")
    return link.status()


def mute(*lines: str) -> Callable[[Connection, CommandFrame], bytes | None]:
    """Never answers these lines."""
    return lambda connection, command: b"" if command.line in lines else None


def test_a_connection_killed_under_load() -> None:
    """Every command has one end, LinkDown comes before the lost ones, and the channels are read again."""
    switch, box = FakeSwitch(), Box()
    switch.channels = {"leg": {}}
    with linked(switch, box, QUICK) as link:
        box.wait(LinkUp)
        storm = b"".join(event("DTMF", Unique_ID=str(number), pad="x" * 6000) for number in range(200))

        def rage(connection: Connection) -> None:
            try:
                while True:
                    connection.write(storm)
                    breathe()
            except OSError:
                return

        rager = gevent.spawn(rage, switch.last)
        box.wait(SwitchEvent, 500)
        switch.handle = mute("api uuid_exists x")
        for number in range(300):
            link.send(Send("main", Exists("x") if number >= 100 else Status(), tag=str(number)))
        box.wait(CommandDone, 100)
        switch.last.close()
        rager.join()
        box.wait(CommandLost, 200)
        ends = [got.tag for got in box.inputs if isinstance(got, CommandDone | CommandLost)]
        assert sorted(ends, key=int) == [str(number) for number in range(300)]
        kinds = box.kinds()
        assert kinds.index("LinkDown") < kinds.index("CommandLost")
        ups = box.wait(LinkUp, 2)
        assert [channel.uuid for channel in ups[1].channels] == ["leg"]
        since = box.inputs[kinds.index("LinkDown") : box.inputs.index(ups[1])]
        assert not [got for got in since if isinstance(got, SwitchEvent)]
        assert link.status().reconnects == 1


def test_many_reconnects_leave_nothing_behind() -> None:
    """Neither descriptors nor greenlets (`linked` looks for those)."""
    switch, box = FakeSwitch(), Box()

    def descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))

    with linked(switch, box) as link:
        box.wait(LinkUp)
        before = descriptors()
        for turn in range(12):
            switch.last.close()
            box.wait(LinkUp, turn + 2)
        switch.until(lambda: switch.open == 1)
        assert descriptors() <= before
        assert link.status().reconnects == 12


@pytest.mark.parametrize("words", [b"", b"Content-Type: auth/request\n\n"])
def test_a_server_that_accepts_and_says_nothing(words: bytes) -> None:
    switch, box = FakeSwitch(lambda connection, command: b""), Box()
    switch.greeting = words
    with linked(switch, box, IMPATIENT) as link:
        status = wait_status(switch, link, lambda status: status.attempts >= 3)
        assert status.state == "down"
        assert "no answer in time (0.3 s)" in status.reason
        assert box.inputs == []
        switch.until(lambda: switch.open <= 1, what="the given up connections closed")


def test_a_wrong_password_is_one_clear_error(caplog: pytest.LogCaptureFixture) -> None:
    switch, box = FakeSwitch(), Box()
    started = monotonic()
    with linked(switch, box, password="wrong") as link:
        status = wait_status(switch, link, lambda status: status.state == "refused")
        assert "the password is refused" in status.reason
        assert "wrong" not in status.reason
        wait_status(switch, link, lambda status: status.attempts >= 4)
        assert monotonic() - started > 3 * QUICK.refused_retry_s
        assert len([record for record in caplog.records if record.levelno >= logging.WARNING]) == 1
        switch.password = "wrong"
        box.wait(LinkUp)
        assert link.state == "up"


def test_a_password_that_would_be_two_commands_is_never_sent() -> None:
    switch = FakeSwitch()
    with linked(switch, password="x\n\nbgapi system reboot") as link:
        wait_status(switch, link, lambda status: status.attempts == 2)
        assert switch.connections == []


def test_an_access_list_that_refuses() -> None:
    switch = FakeSwitch()
    switch.greeting = b"Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n"
    with linked(switch) as link:
        status = wait_status(switch, link, lambda status: status.state == "refused")
        assert "apply-inbound-acl" in status.reason


def test_an_address_that_refuses_and_then_does_not(caplog: pytest.LogCaptureFixture) -> None:
    switch, box = FakeSwitch(), Box()
    settings = switch.settings()
    switch.refuse()
    link = Link(settings, box, SystemClock(), limits=QUICK)
    link.start()
    status = wait_status(switch, link, lambda status: status.attempts >= 3)
    assert (status.state, "nothing listens there" in status.reason) == ("down", True)
    assert len([record for record in caplog.records if record.levelno >= logging.WARNING]) == 1
    again = StreamServer(("127.0.0.1", settings.port), switch._serve)
    again.start()
    box.wait(LinkUp)
    link.stop()
    again.stop(timeout=1)


def test_an_address_that_swallows_everything() -> None:
    """A listener whose queue is full drops what comes, like a firewall."""
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        settings = SwitchSettings(port=listener.getsockname()[1], password=PASSWORD)
        link = Link(settings, Box(), SystemClock(), limits=IMPATIENT)
        link.start()
        Watched().until(lambda: link.status().attempts >= 3)
        assert link.state == "down"
        assert "time" in link.status().reason
        link.stop()


def test_a_name_nobody_knows() -> None:
    switch = FakeSwitch()
    settings = replace(switch.settings(), host="switch.invalid")
    link = Link(settings, Box(), SystemClock(), limits=IMPATIENT)
    link.start()
    status = wait_status(switch, link, lambda status: status.state == "down")
    assert status.reason.startswith(f"switch main at switch.invalid:{settings.port}: ")
    link.stop()
    switch.stop()


def test_a_late_reply_goes_to_nobody() -> None:
    switch, box = FakeSwitch(), Box()
    switch.handle = mute("api uuid_exists slow")
    with linked(switch, box, IMPATIENT) as link:
        box.wait(LinkUp)
        before = link.status()
        link.send(Send("main", Exists("slow"), tag="slow"))
        (lost,) = box.wait(CommandLost)
        assert (lost.tag, lost.reason) == ("slow", "no reply before its deadline")
        switch.last.write(api("late"))
        switch.handle = lambda connection, command: api("mine") if command.line == "api uuid_exists next" else None
        assert link.call(Exists("next"), PATIENCE_S).text == "mine"
        assert not box.of(CommandDone)
        after = link.status()
        assert (after.late - before.late, after.lost - before.lost, link.state) == (1, 1, "up")


def test_a_late_reply_of_a_call_goes_to_nobody() -> None:
    switch, box = FakeSwitch(), Box()
    switch.handle = mute("api uuid_exists slow")
    with linked(switch, box) as link:
        box.wait(LinkUp)
        with pytest.raises(LinkError, match=r"no reply to 'api uuid_exists' in 0\.05 s"):
            link.call(Exists("slow"), timeout_s=0.05)
        switch.last.write(api("late"))
        assert link.call(Status(), PATIENCE_S).text == "+OK"
        assert link.status().late == 1


def test_a_reply_that_never_comes_ends_a_link_that_can_no_longer_be_trusted() -> None:
    switch, box = FakeSwitch(), Box()
    switch.handle = mute("api uuid_exists never")
    with linked(switch, box, replace(IMPATIENT, stuck_s=0.2)) as link:
        box.wait(LinkUp)
        link.send(Send("main", Exists("never"), tag="never"))
        (lost,) = box.wait(CommandLost)
        assert lost.tag == "never"
        (down,) = box.wait(LinkDown)
        assert "a reply is missing" in down.reason
        box.wait(LinkUp, 2)
        assert link.state == "up"


@pytest.mark.parametrize(
    "wrong",
    [reply("+OK Job-UUID: another"), api("+OK"), reply("+OK Job-UUID: j1") + reply("+OK")],
    ids=["another job", "another kind", "one too many"],
)
def test_replies_out_of_step_end_the_link(wrong: bytes) -> None:
    switch, box = FakeSwitch(), Box()
    switch.handle = lambda connection, command: wrong if command.line.startswith("bgapi") else None
    with linked(switch, box) as link:
        box.wait(LinkUp)
        link.send(Send("main", Originate("user/1", "u1", job_uuid="j1"), tag="t"))
        (down,) = box.wait(LinkDown)
        assert "the switch answers" in down.reason
        box.wait(LinkUp, 2)


def test_a_silent_switch_is_asked_and_stays_if_it_answers() -> None:
    switch, box = FakeSwitch(), Box()
    with linked(switch, box, replace(QUICK, heartbeat_s=0.04)) as link:
        box.wait(LinkUp)
        switch.until(lambda: switch.last.lines.count("api status") == 1)
        # Answers come in order, so that to the asking has come with this one; it is asked again after it, not left.
        assert link.call(Status(), PATIENCE_S).ok
        assert link._session is not None
        link._session.check(monotonic() + 1000.0)
        switch.until(lambda: switch.last.lines.count("api status") == 3)
        assert (link.state, len(switch.connections)) == ("up", 1)


def test_a_silent_switch_that_does_not_answer_is_dead() -> None:
    switch, box = FakeSwitch(), Box()
    switch.handle = mute("api status")
    with linked(switch, box, replace(QUICK, heartbeat_s=0.04, command_timeout_s=0.2)):
        box.wait(LinkUp)
        (down,) = box.wait(LinkDown)
        assert "not even an answer to status" in down.reason
        box.wait(LinkUp, 2)


def test_who_stood_still_for_long_asks_and_then_waits_for_the_answer() -> None:
    """A machine that was suspended hears nothing of what came meanwhile from a switch on another one."""
    limits = LinkLimits()
    session = Session(SwitchSettings(port=1, password=PASSWORD), limits, lambda frame: None)
    session.connected = True
    woke = monotonic() + 1000.0
    session.check(woke)
    assert len(session.pipeline) == 1
    session.check(woke + 0.01)
    session.check(woke + limits.command_timeout_s - 0.01)
    assert not session.ended.is_set()
    session.check(woke + limits.command_timeout_s + 0.01)
    assert "not even an answer to status" in session.reason


def test_a_switch_that_takes_no_commands() -> None:
    """Its receive buffer is full: the writer gives up, not the hub."""
    switch, box = FakeSwitch(), Box()
    with linked(switch, box, IMPATIENT) as link:
        box.wait(LinkUp)

        def stop_reading(connection: Connection, command: CommandFrame) -> bytes | None:
            switch.until(lambda: box.of(LinkDown))
            return b""

        switch.handle = stop_reading
        for _ in range(400):
            link.send(Send("main", SetVar("x", "note", "y" * 60_000), tag="t"))
        box.wait(CommandLost, 400)
        (down,) = box.wait(LinkDown)
        assert "the switch took no command" in down.reason


def test_a_notice_with_a_body_ends_the_link_and_one_that_lingers_does_not() -> None:
    switch, box = FakeSwitch(), Box()
    with linked(switch, box):
        box.wait(LinkUp)
        notice = b"Content-Type: text/disconnect-notice\nContent-Disposition: linger\nContent-Length: 0\n\n"
        switch.last.write(notice + event("DTMF"))
        box.wait(SwitchEvent)
        body = b"Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n"
        switch.last.write(b"Content-Type: text/disconnect-notice\nContent-Length: 67\n\n" + body + event("DTMF"))
        (down,) = box.wait(LinkDown)
        assert "said goodbye" in down.reason
        box.wait(LinkUp, 2)
        assert len(box.of(SwitchEvent)) == 1


@pytest.mark.parametrize(
    ("garbage", "named"),
    [
        (b"HTTP/1.1 400 Bad Request\n\n", "without a colon"),
        (b"\xff\xfe\x00" * 40_000, "without a blank line"),
        (b"Content-Length: -3\n\n", "is no length"),
        (b"Content-Length: 999999999\n\n", "at most"),
    ],
)
def test_garbage_is_named_and_ends_the_link(garbage: bytes, named: str) -> None:
    switch, box = FakeSwitch(), Box()
    with linked(switch, box):
        box.wait(LinkUp)
        switch.last.write(event("DTMF", Unique_ID="before") + garbage)
        (down,) = box.wait(LinkDown)
        assert named in down.reason
        assert [got.event.uuid for got in box.of(SwitchEvent)] == ["before"]
        box.wait(LinkUp, 2)


def test_garbage_for_a_greeting() -> None:
    switch = FakeSwitch()
    switch.greeting = b"220 mail.example ESMTP\n\n"
    with linked(switch) as link:
        status = wait_status(switch, link, lambda status: status.state == "down")
        assert "does not speak the event socket" in status.reason


def test_one_frame_that_is_no_event_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    switch, box = FakeSwitch(), Box()
    with linked(switch, box) as link:
        box.wait(LinkUp)
        bad = b"Content-Length: 3\nContent-Type: text/event-json\n\n[1]"
        switch.last.write(bad * 5 + event("DTMF"))
        box.wait(SwitchEvent)
        assert (link.status().garbled, link.state) == (5, "up")
        assert len([record for record in caplog.records if record.levelno >= logging.WARNING]) == 1


@pytest.mark.parametrize("text", ["-ERR no", "nonsense", '{"rows": [7]}', "[]"])
def test_a_channel_list_that_is_none_does_not_come_up(text: str) -> None:
    switch, box = FakeSwitch(), Box()
    switch.handle = lambda connection, command: api(text) if "show channels" in command.line else None
    with linked(switch, box) as link:
        status = wait_status(switch, link, lambda status: status.attempts >= 2)
        assert "show channels" in status.reason
        assert box.inputs == []


def test_too_many_events_while_the_channels_are_read() -> None:
    switch, box = FakeSwitch(), Box()
    flood = [b"".join(event("DTMF") for _ in range(60))]

    def handle(connection: Connection, command: CommandFrame) -> bytes | None:
        return flood.pop() if flood and "show channels" in command.line else None

    switch.handle = handle
    with linked(switch, box, replace(QUICK, held_max=50)) as link:
        box.wait(LinkUp)
        assert (link.status().attempts, len(switch.connections)) == (2, 2)


def test_stop_while_it_connects() -> None:
    switch = FakeSwitch()
    switch.greeting = b""
    with linked(switch, Box(), QUICK) as link:
        switch.until(lambda: switch.open)
        started = monotonic()
        link.stop()
        assert monotonic() - started < QUICK.connect_timeout_s / 2
        assert link.state == "stopped"
