"""Captures 13 (outbound mode), 14 (dialogues at the door) and 15 (a phone registers), replayed without a socket."""

from __future__ import annotations

import re

import msgspec
import pytest

from fsorch.esl.frames import CommandFrame, CommandReader, Frame, FrameReader
from fsorch.sim.channel import Channel
from fsorch.sim.directory import add_user, register, unregister
from fsorch.sim.inbound import Invite
from fsorch.sim.media import Sounds
from fsorch.sim.session import Session
from fsorch.sim.switch import VirtualSwitch
from tests.sim.captures import Headers, folder, read_events, read_sent
from tests.sim.test_replay import comparable, shown, variables

LEG = "9495c357-cf89-43a1-9d9a-43c60762c0b5"
_LINE = re.compile(r"^ *(\d+\.\d+) > (.*)$", re.MULTILINE)


class Nobody:
    """A party that does nothing."""

    def notice(self, channel: Channel, what: str, detail: str) -> None:
        """Nothing comes of it."""


def outbound() -> tuple[list[Frame], list[Frame]]:
    """The frames of the recording, and those of the virtual switch for the same commands at the same times."""
    path = folder("13")
    real = FrameReader().feed((path / "session.esl").read_bytes())
    first = read_events(path / "session.esl")[0]
    switch = VirtualSwitch(3, hostname="vm", sounds=Sounds(streams=()), heartbeat_s=0)
    sessions: list[Session] = []

    def connect(session: Session, host: str, port: int) -> bool:
        sessions.append(session)
        return (host, port) == ("127.0.0.1", 8084)

    switch.dial_out = connect
    variables = {name: first[f"variable_{name}"] for name in ("sip_subject", "sip_to_display")}
    switch.call(Invite(uuid=LEG, number="sipp", name="sipp", destination="sock1", variables=variables))
    switch.advance(0.02)
    start = switch.now
    reader = FrameReader()
    seen: list[Frame] = []
    for at, text in _LINE.findall((path / "timeline.txt").read_text(encoding="utf-8")):
        switch.advance(start + float(at))
        seen += reader.feed(sessions[0].take())
        line, *rest = text.split("\\n")
        headers = tuple((part.partition(": ")[0], part.partition(": ")[2]) for part in rest)
        switch.receive(sessions[0], CommandFrame(line, headers))
    switch.advance(start + 15)
    seen += reader.feed(sessions[0].take())
    assert sessions[0].closing
    return real, seen


def kind(frame: Frame) -> str:
    if frame.content_type != "text/event-json":
        return frame.content_type + (frame.header("Content-Disposition") or "")
    return str(msgspec.json.decode(frame.body)["Event-Name"])


def test_an_outbound_session_sees_what_the_recorded_one_saw() -> None:
    """The recording has the three DTMF events after the completion they led to: they came through another queue."""
    real, seen = outbound()
    assert sorted(map(kind, seen)) == sorted(map(kind, real))
    assert [kind(f) for f in seen if kind(f) != "DTMF"] == [kind(f) for f in real if kind(f) != "DTMF"]


def test_the_first_answer_of_an_outbound_session_is_the_channel_as_plain_headers() -> None:
    real, seen = outbound()
    names = [[name for name, _ in frames[0].headers] for frames in (real, seen)]
    fixed = [[name for name in found if not name.startswith("variable_")] for found in names]
    assert fixed[0] == fixed[1]
    assert sorted(names[0]) == sorted(names[1])
    assert seen[0].headers[-4:] == real[0].headers[-4:]


def test_the_replies_and_notices_of_an_outbound_session_are_the_same() -> None:
    real, seen = outbound()
    plain = [[f for f in frames[1:] if f.content_type != "text/event-json"] for frames in (real, seen)]
    assert plain[0] == plain[1]


def test_the_events_of_an_outbound_session_have_the_same_headers() -> None:
    events = [
        [msgspec.json.decode(f.body, type=dict[str, object]) for f in frames if f.content_type == "text/event-json"]
        for frames in outbound()
    ]
    ours = sorted(events[1], key=lambda event: str(event["Event-Name"]))
    theirs = sorted(events[0], key=lambda event: str(event["Event-Name"]))
    for seen, wanted in zip(ours, theirs, strict=True):
        a, b = texts(seen), texts(wanted)
        assert shown(a) == shown(b)
        assert variables(a) == variables(b)


def texts(event: dict[str, object]) -> Headers:
    return {name: value if isinstance(value, str) else repr(value) for name, value in event.items()}


# -- the door ---------------------------------------------------------------------------------------------------------


def dialogues() -> list[tuple[str, str]]:
    """(title, text) of each block of capture 14."""
    text = (folder("14") / "sessions.txt").read_text(encoding="utf-8")
    blocks = re.split(r"^== (.*)$", text, flags=re.MULTILINE)[1:]
    return list(zip(blocks[::2], blocks[1::2], strict=True))


@pytest.mark.parametrize(("title", "text"), dialogues())
def test_the_dialogues_at_the_door_are_the_recorded_ones(title: str, text: str) -> None:
    switch = VirtualSwitch(1)
    session = switch.connect()
    seen = "< " + session.take().decode()
    for turn in re.findall(r"^> (.*)$", text, flags=re.MULTILINE):
        if is_over(session):
            seen += f"> {turn}\n< <EOF>\n"
            continue
        for frame in CommandReader().feed(f"{turn}\n\n".encode()):
            switch.receive(session, frame)
        seen += f"> {turn}\n< {session.take().decode()}{'<EOF>' * is_over(session)}\n"
    assert squeeze(seen) == squeeze(text), title


def is_over(session: Session) -> bool:
    return session.closing


def squeeze(text: str) -> str:
    return "\n".join(line for line in text.split("\n") if line.strip())


# -- registration -----------------------------------------------------------------------------------------------------


def test_a_phone_registers_and_leaves_as_the_recorded_one() -> None:
    path = folder("15")
    switch = VirtualSwitch(1, hostname="vm", domain="127.0.0.1")
    machine = switch.machine
    session = switch.connect()
    for line in ("auth ClueCon", "event json CUSTOM sofia::register sofia::unregister"):
        switch.receive(session, CommandFrame(line))
    session.take()
    add_user(machine, "1000")

    def arrive() -> None:
        register(machine, "1000", Nobody(), port=5071)

    def leave() -> None:
        unregister(machine, "1000")

    machine.core.timeline.after(0.14, arrive)
    machine.core.timeline.after(2.646, leave)
    replies = []
    events: list[Headers] = []
    for sent in read_sent((path / "timeline.txt").read_text(encoding="utf-8")):
        switch.advance(sent.at)
        events += [msgspec.json.decode(frame.body) for frame in FrameReader().feed(session.take())]
        switch.receive(session, sent.frame)
        (frame,) = FrameReader().feed(session.take())
        replies.append((sent.frame.line, frame.body.decode(), sent.reply))
    for line, ours, theirs in replies:
        if "status profile" in line:
            assert ours.split("\n")[0] == theirs.split("\n")[0]
        else:
            assert without_ids(comparable(line, ours)) == without_ids(comparable(line, theirs)), line
    recorded = read_events(path / "json.esl")
    assert [event["Event-Subclass"] for event in events] == [event["Event-Subclass"] for event in recorded]
    for ours_event, theirs_event in zip(events, recorded, strict=True):
        assert set(ours_event) <= set(theirs_event)  # the rest are the directory's own settings for user 1000
        for name in (
            "profile-name",
            "from-user",
            "from-host",
            "contact",
            "status",
            "expires",
            "network-ip",
            "network-port",
        ):
            assert ours_event.get(name) == theirs_event.get(name), name


def without_ids(text: str) -> str:
    return re.sub(r'"(token|expires)":"[^"]*"', "", text)
