"""A bench for tests: a virtual switch, a client that sees every event, and a few ends to call."""

from __future__ import annotations

import re

import msgspec

from fsorch.esl.frames import CommandFrame, FrameReader
from fsorch.sim.channel import Channel
from fsorch.sim.dialplan import Dialplan
from fsorch.sim.endpoints import Habit, Robot
from fsorch.sim.inbound import Invite
from fsorch.sim.media import Sounds
from fsorch.sim.switch import VirtualSwitch
from tests.sim.captures import Headers

ENDS = {
    "quick@": Habit(answer_s=0.1),
    "slow@": Habit(answer_s=2.0),
    "busy@": Habit(status=486, refuse_s=0.1),
    "never@": Habit(answer_s=None),
    "early@": Habit(early_s=0.1, answer_s=1.0),
}


class Bench:
    """Time is moved by hand (`pass_`); `events` holds all events so far, `ask` is an api command."""

    def __init__(self, dialplan: Dialplan | None = None, sounds: Sounds | None = None) -> None:
        self.switch = VirtualSwitch(2, dialplan=dialplan, sounds=sounds)
        self.machine = self.switch.machine
        for pattern, habit in ENDS.items():
            self.machine.dialer.external.append((re.compile(pattern), Robot(self.machine.core, habit)))
        self._client = self.switch.connect()
        for line in ("auth ClueCon", "event json ALL"):
            self.switch.receive(self._client, CommandFrame(line))
        self._client.take()
        self._reader = FrameReader()
        self.events: list[Headers] = []
        self._jobs = 0

    def pass_(self, seconds: float) -> None:
        """Let time pass, and read what was sent meanwhile."""
        self.switch.advance(self.switch.now + seconds)
        self._read()

    def call(self, destination: str = "apark_x", number: str = "100", context: str = "public") -> Channel:
        """A caller arrives; half a second passes."""
        channel = self.switch.call(Invite(number=number, destination=destination, context=context))
        self.pass_(0.5)
        return channel

    def ask(self, line: str) -> str:
        """An api command and its answer."""
        return self._send(CommandFrame(f"api {line}"))

    def dial(self, order: str, seconds: float = 0.5) -> str:
        """A bgapi originate; after ``seconds`` the outcome, or an empty text."""
        self._jobs += 1
        job = f"job-{self._jobs}"
        self._send(CommandFrame(f"bgapi originate {order}", (("Job-UUID", job),)))
        self.pass_(seconds)
        return next((event["_body"] for event in self.events if event.get("Job-UUID") == job), "")

    def execute(
        self, channel: Channel, app: str, argument: str = "", *, uuid: str = "", lock: bool = False, loops: int = 1
    ) -> str:
        """A sendmsg that runs an application."""
        headers = (
            ("call-command", "execute"),
            ("execute-app-name", app),
            ("execute-app-arg", argument),
            ("event-lock", str(lock).lower()),
            ("loops", str(loops)),
            ("Event-UUID", uuid),
        )
        return self._send(CommandFrame(f"sendmsg {channel.uuid}", headers))

    def names(self, uuid: str) -> list[str]:
        """The names of a leg's events, without those of states."""
        skipped = ("CHANNEL_STATE", "CHANNEL_CALLSTATE")
        return [e["Event-Name"] for e in self.events if e.get("Unique-ID") == uuid and e["Event-Name"] not in skipped]

    def last(self, name: str, uuid: str = "") -> Headers:
        """The newest event of that name (of that leg)."""
        return next(e for e in reversed(self.events) if e["Event-Name"] == name and uuid in ("", e.get("Unique-ID")))

    def done(self, uuid: str) -> Headers:
        """The completion of the application that ran under that id."""
        return next(
            e for e in self.events if e["Event-Name"].endswith("_COMPLETE") and e.get("Application-UUID") == uuid
        )

    def _send(self, frame: CommandFrame) -> str:
        self._read()
        self.switch.receive(self._client, frame)
        frames = self._reader.feed(self._client.take())
        self._keep([f.body for f in frames if f.content_type == "text/event-json"])
        (reply,) = [f for f in frames if f.content_type != "text/event-json"]
        return reply.body.decode() if reply.content_type == "api/response" else reply.header("Reply-Text") or ""

    def _read(self) -> None:
        self._keep([frame.body for frame in self._reader.feed(self._client.take())])

    def _keep(self, bodies: list[bytes]) -> None:
        self.events += [msgspec.json.decode(body) for body in bodies]
