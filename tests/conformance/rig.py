"""A link to the switch under test, everything it brought, and callers made by the switch itself.

A caller is a SIP call of the switch to itself: its own end (``Call.caller``) plays silence, the other end
(``Call.leg``) runs through the dialplan that fsorch ships, and is the caller's leg as fsorch sees it. Phones are calls
to itself too. What that takes is in ``freeswitch/conformance/``.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

import gevent
from gevent import socket
from gevent.server import StreamServer

from fsorch.clock import SystemClock
from fsorch.config import SwitchSettings
from fsorch.edge.link import Link, LinkLimits
from fsorch.engine.actions import Send
from fsorch.engine.inputs import Input, LinkUp, SwitchEvent
from fsorch.esl.commands import Answer, Command, Kill, Originate, Unschedule
from fsorch.esl.events import Event
from fsorch.esl.replies import Reply
from tests.waiting import PATIENCE_S, Watched

__all__ = ["SIP_ADDRESS", "Cable", "Call", "Rig", "Target", "far_end", "in_order"]

# The steps of a dialplan differ with the dialplan; these are what fsorch itself asks for or waits for.
OURS = ("park", "playback", "play_and_get_digits")
# What the engine does not ask for, and the stories of these tests tell of.
MORE_EVENTS = ("CHANNEL_UNPARK", "CHANNEL_UNBRIDGE")
SILENCE = "silence_stream://-1"
# Where conformance/sip_profile.xml listens.
SIP_ADDRESS = "127.0.0.1:5078"


def far_end(name: str) -> str:
    """The dial string of a far end, such as ``busy`` or ``answer-300``."""
    return f"sofia/fsorch-conformance/{name}@{SIP_ADDRESS}"


class Cable:
    """A wire to the switch that can be cut, and put in again."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._server = StreamServer(("127.0.0.1", 0), self._carry)
        self._server.start()
        self._open: set[socket.socket] = set()
        self._whole = True

    @property
    def port(self) -> int:
        """Where the near end is."""
        assert self._server.server_port is not None
        return self._server.server_port

    def cut(self) -> None:
        """Every connection is gone, and new ones too, until `mend`."""
        self._whole = False
        for sock in list(self._open):
            sock.close()

    def mend(self) -> None:
        """Connections are carried again."""
        self._whole = True

    def close(self) -> None:
        """Take it away."""
        self.cut()
        self._server.stop(timeout=1)

    def _carry(self, near: socket.socket, address: object) -> None:
        if not self._whole:
            near.close()
            return
        far = socket.create_connection(self._target)
        self._open |= {near, far}
        try:
            gevent.joinall([gevent.spawn(_pour, near, far), gevent.spawn(_pour, far, near)], count=1)
        finally:
            for sock in (near, far):
                sock.close()
                self._open.discard(sock)


def _pour(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        return


@dataclass(frozen=True)
class Call:
    """A caller: their own end, and their leg in fsorch's context."""

    number: str
    caller: str
    leg: str


@dataclass(frozen=True)
class Target:
    """The switch under test. ``speed``: how many times faster than the wall clock its time runs; ``time``: that time,
    in seconds."""

    settings: SwitchSettings
    speed: float = 1.0
    time: Callable[[], float] = monotonic


class Rig(Watched):
    """One link to the switch, and a record of what it delivered."""

    def __init__(self, target: Target) -> None:
        super().__init__()
        self.target = target
        self.speed = speed = target.speed
        settings = target.settings
        self.cable = Cable(settings.host, settings.port)
        wired = SwitchSettings(name=settings.name, host="127.0.0.1", port=self.cable.port, password=settings.password)
        quick = LinkLimits(backoff_first_s=0.1, backoff_max_s=0.5, settle_s=0.1 / speed)
        self.link = Link(wired, self._take, SystemClock(), limits=quick, more_events=MORE_EVENTS)
        self.events: list[Event] = []
        self.inputs: list[Input] = []
        self.listener: Callable[[Input], None] | None = None
        self.ours: list[str] = []
        self._random = random.Random()

    # -- life ---------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Come up, or fail."""
        self.link.start()
        assert self.link.wait_up(PATIENCE_S), f"the link is {self.link.state}: {self.link.status().reason}"
        self.until(self.ups, "the LinkUp")

    def stop(self) -> None:
        """Hang up what we made and go."""
        self.cable.mend()
        if self.link.wait_up(PATIENCE_S):
            for channel in self.ours:
                self.link.call(Kill(channel, "NORMAL_CLEARING"))
        self.link.stop()
        self.cable.close()

    @contextmanager
    def another(self) -> Iterator[Rig]:
        """A second link to the same switch, for a while."""
        rig = Rig(self.target)
        try:
            rig.start()
            yield rig
        finally:
            rig.stop()

    def __repr__(self) -> str:
        return f"last: {self.story()[-12:]}"

    def _take(self, input: Input) -> None:
        self.inputs.append(input)
        if isinstance(input, SwitchEvent):
            self.events.append(input.event)
        if self.listener is not None:
            self.listener(input)
        self.changed()

    # -- asking -------------------------------------------------------------------------------------------------------

    def ask(self, command: Command) -> Reply:
        """Send a command and wait for its reply."""
        return self.link.call(command, PATIENCE_S)

    def send(self, command: Command, tag: str = "") -> None:
        """Send a command and wait for nothing."""
        self.link.send(Send(self.link.name, command, tag))

    def originate(
        self,
        endpoint: str,
        vars: Mapping[str, str] | None = None,
        *,
        timeout_s: int = 30,
        app: str = "park",
        argument: str = "",
    ) -> str:
        """Call ``endpoint`` and return the id of the new leg, which is also the job's."""
        leg = str(uuid.uuid4())
        self.ours.append(leg)
        variables = {"ignore_early_media": "true", **(vars or {})}
        assert self.ask(Originate(endpoint, leg, variables, app, argument, timeout_s)).ok
        return leg

    def call_in(self, *, take: bool = False, silent: bool = True, **vars: str) -> Call:
        """Somebody calls a number of fsorch's: returns once they are parked, or, with ``take``, taken as fsorch takes
        them: the dialplan's clock stopped, and answered. One who is not ``silent`` is told later what to say."""
        number = f"77{self._random.randrange(10**8, 10**9)}"
        variables = {"origination_caller_id_number": "4930123456", "origination_caller_id_name": "Emma", **vars}
        app, argument = ("playback", SILENCE) if silent else ("park", "")
        caller = self.originate(far_end(number), variables, app=app, argument=argument)
        parked = self.event("CHANNEL_PARK", lambda event: event.destination == number)
        call = Call(number, caller, parked.uuid)
        self.ours.append(call.leg)
        if take:
            assert self.ask(Unschedule(call.leg)).text == "+OK Deleted: 1"
            assert self.ask(Answer(call.leg)).ok
            self.event("CHANNEL_ANSWER", leg=call.leg)
        return call

    def ups(self) -> list[LinkUp]:
        """Each time the link came up, with the channels that lived then."""
        return [input for input in self.inputs if isinstance(input, LinkUp)]

    # -- waiting ------------------------------------------------------------------------------------------------------

    def event(
        self, name: str, true: Callable[[Event], object] = lambda event: True, *, leg: str = "", since: int = 0
    ) -> Event:
        """The first event of this name for which ``true`` holds, among those after the first ``since``."""

        def found() -> Event | None:
            matches = (event for event in self.events[since:] if event.name == name and leg in ("", event.uuid))
            return next((event for event in matches if true(event)), None)

        self.until(found, f"{name} of {leg[:8] or 'any leg'}")
        event = found()
        assert event is not None
        return event

    def later(self, seconds: float, what: str) -> None:
        """Let so much of the switch's time pass."""
        end = self.target.time() + seconds
        self.until(lambda: self.target.time() > end, what)

    def executed(self, id: str) -> Event:
        """The end of the application that was asked for with this Event-UUID."""
        return self.event("CHANNEL_EXECUTE_COMPLETE", lambda event: event.application_uuid == id)

    def outcome(self, job: str) -> str:
        """The result of a background job."""
        event = self.event("BACKGROUND_JOB", lambda event: event.job_uuid == job)
        return event.body.strip()

    def gone(self, *legs: str) -> None:
        """Wait until these legs are destroyed."""
        for leg in legs:
            self.event("CHANNEL_DESTROY", leg=leg)

    # -- telling ------------------------------------------------------------------------------------------------------

    def sequence(self, *legs: str, since: int = 0) -> list[str]:
        """What happened to these legs, in order: events by name (without ``CHANNEL_``), applications of ours as
        ``done playback``. With several legs each line begins with the leg's number."""
        return [
            line if len(legs) == 1 else f"{legs.index(event.uuid)} {line}"
            for event in self.events[since:]
            if event.uuid in legs and (line := _line(event))
        ]

    def story(self) -> list[str]:
        """Everything, short, for a failed test."""
        return [f"{event.uuid[:8]} {line}" for event in self.events if (line := _line(event))]


def _line(event: Event) -> str:
    if event.name == "CHANNEL_EXECUTE_COMPLETE":
        return f"done {event.application}" if event.application in OURS else ""
    if event.name == "DTMF":
        return f"DTMF {event.dtmf_digit}"
    return event.name.removeprefix("CHANNEL_") if event.name.startswith("CHANNEL_") else ""


def in_order(wanted: Sequence[str], had: Sequence[str]) -> bool:
    """Whether ``wanted`` stands in ``had`` in this order, with anything between."""
    rest = iter(had)
    return all(line in rest for line in wanted)
