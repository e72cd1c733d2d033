"""Plays a capture to the virtual switch: the same callers and agents, the same commands at the same times."""

from __future__ import annotations

import re

import msgspec

from fsorch.esl.frames import CommandFrame, Frame, FrameReader
from fsorch.sim.channel import Channel
from fsorch.sim.endpoints import Habit, Robot
from fsorch.sim.inbound import Invite
from fsorch.sim.media import Sounds
from fsorch.sim.session import Session
from fsorch.sim.switch import VirtualSwitch
from tests.sim.captures import Capture, Headers

# The recorded switch had no music, no sound files, and an agent (SIPp) that rings at once and answers after 0.8 s.
AGENT = Habit(answer_s=0.77)
SILENT = Habit(answer_s=None)
DEAD = Habit(progress=False, status=503)
FAILING = {
    6061: Habit(progress=False, status=486, phrase="X"),
    6062: Habit(status=603, refuse_s=0.5, phrase="X"),
    6063: Habit(status=480, refuse_s=0.3, phrase="X"),
    6064: Habit(progress=False, status=404, phrase="X"),
    6065: Habit(progress=False, status=503, phrase="X"),
}


# What the recorded callers put into their INVITE beside the usual.
OWN = ("sip_subject", "sip_to_display", "sip_h_X-Customer")


class Replayed(msgspec.Struct):
    """What the virtual switch sent: events, and the replies in order."""

    events: list[Headers]
    replies: list[str]


class Replay:
    """One capture on one fresh switch. A second connection sends the commands, as in the recording."""

    def __init__(self, capture: Capture, ends: dict[int, Habit] | None = None) -> None:
        self.capture = capture
        self.switch = VirtualSwitch(
            7, start_us=capture.zero_us, hostname="vm", sounds=Sounds(streams=()), heartbeat_s=0
        )
        machine = self.switch.machine
        for port, habit in (ends or {6060: AGENT, 6061: AGENT}).items():
            machine.dialer.external.append((re.compile(rf":{port}$"), Robot(machine.core, habit)))
        machine.core.globals["sounds_dir"] = "/usr/fs/share/freeswitch/sounds"
        machine.dialer.domain = "127.0.0.1"
        machine.dialer.users.add("1000@127.0.0.1")
        self.listener = self._session()
        self.commander = self._session()
        self._send(self.listener, "event json " + " ".join(_names(capture.events)))
        self.listener.take()

    def run(self, until: float, hangups: dict[str, float] | None = None) -> Replayed:
        """Everything that happened to the recorded switch, in virtual time. ``hangups``: legs whose caller hangs up."""
        mine = " ".join(sent.frame.line for sent in self.capture.sent)
        for event in self.capture.events:
            inbound = event["Event-Name"] == "CHANNEL_CREATE" and event["Call-Direction"] == "inbound"
            if inbound and (event["Unique-ID"] in mine or event["Unique-ID"] in (hangups or {})):
                self._at(self._arrival(event), self._call, event)
        for uuid, at in (hangups or {}).items():
            self._at(at, self._hang_up, uuid)
        replies: list[str] = []
        for sent in self.capture.sent:
            self.switch.advance(sent.at)
            self._send_frame(self.commander, sent.frame)
            replies.append(reply_text(self.commander))
        self.switch.advance(until)
        frames = FrameReader().feed(self.listener.take())
        return Replayed([msgspec.json.decode(frame.body) for frame in frames], replies)

    def _at(self, seconds: float, call: object, argument: object) -> None:
        assert callable(call)
        self.switch.machine.core.timeline.at(round(seconds * 1_000_000), lambda: call(argument))

    def _arrival(self, event: Headers) -> float:
        """When the call came: its stamp is up to 20 ms rough, but it was there before a command named it."""
        named = [sent.at for sent in self.capture.sent if event["Unique-ID"] in sent.frame.line]
        return min([self._time(event), *(at - 0.015 for at in named)])

    def _time(self, event: Headers) -> float:
        return (int(event["Event-Date-Timestamp"]) - self.capture.zero_us) / 1_000_000

    def _call(self, event: Headers) -> Channel:
        address, _, port = event["Channel-Name"].rpartition(":")
        return self.switch.call(
            Invite(
                uuid=event["Unique-ID"],
                number=event["Caller-Caller-ID-Number"],
                name=event["Caller-Caller-ID-Name"],
                destination=event["Caller-Destination-Number"],
                port=int(port),
                variables={name: event[f"variable_{name}"] for name in OWN if f"variable_{name}" in event},
            )
        )

    def _hang_up(self, uuid: str) -> None:
        self.switch.machine.hang_up(self.switch.machine.core.channels[uuid])

    def _session(self) -> Session:
        session = self.switch.connect()
        self._send(session, "auth ClueCon")
        session.take()
        return session

    def _send(self, session: Session, line: str) -> None:
        self._send_frame(session, CommandFrame(line))

    def _send_frame(self, session: Session, frame: CommandFrame) -> None:
        self.switch.receive(session, frame)


def reply_text(session: Session) -> str:
    """The reply that waits in a session, as the timelines show it."""
    frames: list[Frame] = FrameReader().feed(session.take())
    frames = [frame for frame in frames if not frame.content_type.startswith("text/")]
    assert len(frames) == 1, frames
    frame = frames[0]
    return frame.body.decode() if frame.content_type == "api/response" else frame.header("Reply-Text") or ""


def _names(events: tuple[Headers, ...]) -> list[str]:
    """What the recording's client was subscribed to, as far as it shows."""
    plain = sorted({event["Event-Name"] for event in events} - {"CUSTOM"})
    subclasses = sorted({event["Event-Subclass"] for event in events if "Event-Subclass" in event})
    return [*plain, "CUSTOM", *subclasses] if subclasses else plain
