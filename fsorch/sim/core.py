"""The heart of the virtual switch: time, channels, threads, and the firing of events. No I/O, deterministic by seed.

A channel's thread is a generator (see `fsorch.sim.lifecycle`); it acts on the 20 ms grid, as a FreeSWITCH thread acts
at its next media frame. Whoever changes a channel from outside (an api command, a caller) changes its data at once
and wakes the thread, which notices at the next tick: that is where the order of events in the captures comes from.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol, TypedDict, Unpack

import msgspec

from fsorch.sim.channel import CALL_STATES, Channel, Headers, Part, Thread
from fsorch.sim.events import CALLING, PLAIN_KINDS, SimEvent
from fsorch.sim.timeline import TICK, Timeline

__all__ = ["VERSION", "App", "Core", "Counters", "Listener", "Route"]

_NOTHING: Headers = {}
# How the headers begin that stand in parts several events share; a detail of such a name changes the header there.
_SHARED = ("Event-", "Core-UUID", "FreeSWITCH-", "Caller-", "Other-", "variable_")
VERSION = "1.10.12-release+git~20240802T210227Z~a88d069d6f~64bit"


class Listener(Protocol):
    """Whoever reads events: a session of the event socket."""

    def wants(self, name: str, subclass: str) -> bool:
        """Whether to build the event at all."""
        ...

    def tell(self, event: SimEvent) -> None:
        """Take the event."""
        ...


class Details(TypedDict, total=False):
    """What an event says besides its name and its channel. ``lead`` stands before the channel's headers, ``tail`` after
    them, ``front`` before everything; ``calling``: the source line it names if that is not the usual one."""

    lead: Headers
    tail: Headers
    front: Headers
    subclass: str
    body: str | None
    calling: tuple[str, str, str]


class Counters(msgspec.Struct):
    """What the switch did since it started."""

    sessions: int = 0
    peak: int = 0
    answered: int = 0
    bridged: int = 0
    events: int = 0
    commands: int = 0
    killed_readers: int = 0


App = Callable[["Core", Channel, str], Thread]
"""An application: a piece of a channel's thread that gets its argument."""

Route = Callable[[Channel], list[tuple[str, str]]]
"""The dialplan: the applications (name, argument) for the channel's destination; empty if there is no such
extension."""


class Core:
    """State and services shared by all parts of the switch.

    ``start_us`` is the wall time (UTC microseconds) of virtual time zero."""

    def __init__(self, seed: int = 0, start_us: int = 1_795_289_136_000_000, hostname: str = "sim") -> None:
        self.timeline = Timeline()
        self.random = random.Random(seed)
        self.start_us = start_us // TICK * TICK
        self.hostname = hostname
        self.core_uuid = self.new_uuid()
        self.sequence = self.random.randrange(500, 600)
        self.channels: dict[str, Channel] = {}
        self._listeners: list[Listener] = []
        self._readers: dict[str, list[Listener]] = {}
        self.counters = Counters()
        self.watchers: list[Callable[[SimEvent], None]] = []
        self.entered: Callable[[Channel], None] = lambda channel: None
        # Told of each recording of a caller that is over: its path, and how long it lasted in microseconds.
        self.recorded: Callable[[str, int], None] = lambda path, lasted_us: None
        # Text messages that were sent: to whom, and the text.
        self.texts: list[tuple[str, str]] = []
        self.apps: dict[str, App] = {}
        self.route: Route = lambda channel: []
        # The same of another extension, and its context.
        self.extension: Callable[[Channel, str, str], list[tuple[str, str]]] = lambda channel, number, context: []
        # An api command by its name and argument, for whoever calls one from inside a call.
        self.api: Callable[[str, str], str] = lambda name, argument: ""
        self.closing: Callable[[Channel], None] = lambda channel: None
        self.released: Callable[[Channel], None] = lambda channel: None
        self.globals: dict[str, str] = {"hostname": hostname, "core_uuid": self.core_uuid}
        self.jitter = 140 + self.random.randrange(30)
        self._stamped = -1
        self._dates = Part({})
        self._who: dict[str, Part] = {}
        self._where: dict[tuple[str, str, str], Part] = {}
        self._switch: Headers = {
            "Core-UUID": self.core_uuid,
            "FreeSWITCH-Hostname": hostname,
            "FreeSWITCH-Switchname": hostname,
            "FreeSWITCH-IPv4": "192.0.2.2",
            "FreeSWITCH-IPv6": "fd00::2",
        }

    # -- time ---------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> int:
        """Virtual microseconds since the start."""
        return self.timeline.now

    def wall(self) -> int:
        """Wall microseconds, exact."""
        return self.start_us + self.timeline.now

    def stamp(self) -> int:
        """Wall microseconds as FreeSWITCH stamps them: of the last 20 ms tick (all captures)."""
        return self.start_us + self.timeline.now // TICK * TICK + self.jitter

    def clock(self) -> datetime:
        """The wall time as a datetime."""
        return datetime.fromtimestamp(self.wall() // 1_000_000, UTC)

    def new_uuid(self) -> str:
        """A random (version 4) UUID from the seed."""
        bits = self.random.getrandbits(128)
        text = f"{bits:032x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{'89ab'[int(text[16], 16) & 3]}{text[17:20]}-{text[20:]}"

    def token(self, length: int = 13) -> str:
        """A SIP tag."""
        letters, draw = "0123456789ABCDEFHKNQSUXZacdefgjmprtvy", self.random.getrandbits
        drawn: list[str] = []
        while len(drawn) < length:
            number = draw(6)
            drawn += letters[number : number + 1]
        return "".join(drawn)

    # -- channels -----------------------------------------------------------------------------------------------------

    def enter(self, channel: Channel) -> None:
        """A new channel is there: count it and tell who asked (``entered``)."""
        self.counters.sessions += 1
        self.channels[channel.uuid] = channel
        self.counters.peak = max(self.counters.peak, len(self.channels))
        self.entered(channel)

    # -- threads ------------------------------------------------------------------------------------------------------

    def start(self, channel: Channel, thread: Thread) -> None:
        """Run a channel's thread, first now."""
        channel.thread = thread
        self._schedule(channel, self.now)

    def wake(self, channel: Channel) -> None:
        """Let the channel's thread look at its channel at the next tick."""
        if channel.thread is not None:
            self._schedule(channel, self.timeline.next_tick())

    def wake_now(self, channel: Channel) -> None:
        """As `wake`, without waiting for the tick: what its own thread causes happens at once."""
        if channel.thread is not None:
            self._schedule(channel, self.now)

    def _schedule(self, channel: Channel, due: int) -> None:
        timer = channel.timer
        if timer is not None:
            if timer.at <= due:
                return
            timer.cancel()
        channel.timer = self.timeline.at(due, lambda: self.resume(channel))

    def resume(self, channel: Channel) -> None:
        """Let the channel's thread run on, here and now. Never from within a thread."""
        if channel.timer is not None:
            channel.timer.cancel()
            channel.timer = None
        thread = channel.thread
        if thread is None:
            return
        try:
            deadline = next(thread)
        except StopIteration:
            channel.thread = None
            return
        if deadline is not None:
            self._schedule(channel, deadline)

    # -- events -------------------------------------------------------------------------------------------------------

    def fire(self, name: str, channel: Channel | None = None, **details: Unpack[Details]) -> None:
        """Fire an event. Nothing is built if nobody listens."""
        self.sequence += 1
        self.counters.events += 1
        readers = self._readers.get(name)
        if readers is None:
            readers = self._find_readers(name, details.get("subclass", ""))
        if not readers and not self.watchers:
            return
        event = self.build(name, channel, **details)
        for watcher in self.watchers:
            watcher(event)
        for reader in readers:
            reader.tell(event)

    @property
    def listeners(self) -> list[Listener]:
        """Who reads events. Set it again when somebody came, left or wants other events."""
        return self._listeners

    @listeners.setter
    def listeners(self, listeners: list[Listener]) -> None:
        self._listeners = listeners
        self._readers.clear()

    def _find_readers(self, name: str, subclass: str) -> list[Listener]:
        """Who wants such events; remembered, but for the subclasses, which anybody may invent."""
        readers = [listener for listener in self._listeners if listener.wants(name, subclass)]
        if name != "CUSTOM":
            self._readers[name] = readers
        return readers

    def build(self, name: str, channel: Channel | None = None, **details: Unpack[Details]) -> SimEvent:
        """The event as it would be fired now."""
        lead, tail, front = details.get("lead", _NOTHING), details.get("tail", _NOTHING), details.get("front", _NOTHING)
        subclass = details.get("subclass", "")
        own: Headers = {"Event-Sequence": str(self.sequence), **lead}
        parts = [*self._head(name, details.get("calling") or CALLING[name]), Part(own)]
        if subclass or front:
            parts.insert(0, Part({"Event-Subclass": subclass, **front} if subclass else front))
        if channel is not None:
            own.update(channel.own())
            parts += channel.parts(variables=name not in PLAIN_KINDS)
        if tail:
            parts.append(Part(tail.copy()))
        event = SimEvent(name, subclass, parts, details.get("body"))
        if front or not own.keys().isdisjoint(tail) or any(header.startswith(_SHARED) for header in (*lead, *tail)):
            event.parts = [Part(event.headers)]
        return event

    def _head(self, name: str, calling: tuple[str, str, str]) -> tuple[Part, Part, Part]:
        """What every event begins with: who sends it, when, and from where in the switch's source."""
        who = self._who.get(name)
        if who is None:
            who = self._who[name] = Part({"Event-Name": name, **self._switch})
        where = self._where.get(calling)
        if where is None:
            names = ("Event-Calling-File", "Event-Calling-Function", "Event-Calling-Line-Number")
            where = self._where[calling] = Part(dict(zip(names, calling, strict=True)))
        return who, self._when(), where

    def _when(self) -> Part:
        stamp = self.stamp()
        if stamp != self._stamped:
            self._stamped = stamp
            moment = datetime.fromtimestamp(stamp // 1_000_000, UTC)
            self._dates = Part(
                {
                    "Event-Date-Local": moment.strftime("%Y-%m-%d %H:%M:%S"),
                    "Event-Date-GMT": moment.strftime("%a, %d %b %Y %H:%M:%S GMT"),
                    "Event-Date-Timestamp": str(stamp),
                }
            )
        return self._dates

    # -- small state changes that many parts make ---------------------------------------------------------------------

    def set_call_state(self, channel: Channel, state: str) -> None:
        """Change the call state and say so."""
        before = channel.call_state
        if before == state:
            return
        channel.call_state = state
        lead: Headers = {"Original-Channel-Call-State": before, "Channel-Call-State-Number": CALL_STATES[state]}
        self.fire("CHANNEL_CALLSTATE", channel, lead=lead)

    def set_running(self, channel: Channel, state: str) -> None:
        """The channel's thread has reached a state."""
        if channel.running != state:
            channel.running = state
            self.fire("CHANNEL_STATE", channel)

    def set_state(self, channel: Channel, state: str) -> None:
        """Ask the channel's thread to go to another state. Takes it out of its bridge."""
        if channel.hung:
            return
        channel.state = state
        channel.epoch += 1
        self.leave_bridge(channel)
        self.wake(channel)

    def leave_bridge(self, channel: Channel) -> None:
        """End the bridge the channel is in, if it is in one; the peer's thread notices first (captures 02, 03, 16)."""
        bridge = channel.bridge
        if bridge is None or not bridge.up:
            return
        bridge.up = False
        self.wake(bridge.other(channel))

    def notice(self, channel: Channel, what: str, detail: str = "") -> None:
        """Tell the party at the far end, and the originate that leads the leg."""
        if channel.party is not None:
            channel.party.notice(channel, what, detail)
        if channel.originator is not None:
            channel.originator.notice(channel, what, detail)
