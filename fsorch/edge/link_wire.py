"""A connection to a switch in greenswitch's hands, with our framing, writing and deadlines.

greenswitch 0.0.19 reads line by line, decodes percent codes before it cuts lines, hands events through a queue and a
second greenlet, and waits for a reply without an end. `Wire` stands before one of its classes and replaces that:
large receives into a FrameReader, one writer that puts all waiting command lines into one ``sendall``, a Pipeline that
gives each reply to its command, and an end that is told once, with a reason, and leaves nothing running.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

import gevent
import msgspec
from gevent import socket
from gevent.event import AsyncResult, Event
from greenswitch.esl import NotConnectedError

from fsorch.edge.breath import breathe
from fsorch.edge.link_commands import Done, Pipeline, Waiting
from fsorch.errors import EslError, LinkError
from fsorch.esl.commands import Status
from fsorch.esl.errors import FrameError
from fsorch.esl.frames import Frame, FrameReader
from fsorch.esl.replies import Reply, disconnect_from_frame, is_auth_request, is_rude_rejection, reply_from_frame

__all__ = ["Answer", "LinkLimits", "Wire"]

WRITE_AT_ONCE = 1 << 20
LONG_LINE = 100


class LinkLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a link may wait for or hold. Times in seconds.

    ``heartbeat_s`` is the switch's own interval (its default is 20 s); nothing heard for ``silent_beats`` of them
    makes the link ask, and no answer to that ends it. ``backoff_first_s`` doubles up to ``backoff_max_s`` and starts
    again once a link stood for ``stable_s``. ``settle_s`` is the wait between the two readings of the channel list.
    ``stuck_s``: a reply this long past its deadline will not come, and no later one can be trusted. ``breath_s`` and
    ``breath_frames``: how much a reader does before it lets the other greenlets run; ``write_s``: how long if commands
    wait to be written.
    """

    connect_timeout_s: float = 5.0
    command_timeout_s: float = 5.0
    heartbeat_s: float = 20.0
    silent_beats: float = 2.5
    backoff_first_s: float = 0.5
    backoff_max_s: float = 30.0
    refused_retry_s: float = 60.0
    stable_s: float = 10.0
    settle_s: float = 0.1
    stuck_s: float = 30.0
    commands_max: int = 10_000
    held_max: int = 20_000
    breath_s: float = 0.002
    breath_frames: int = 64
    write_s: float = 0.0005
    receive_bytes: int = 1 << 18


class Answer:
    """A reply in the form greenswitch's ``authenticate`` reads."""

    def __init__(self, reply: Reply) -> None:
        self.headers = {"Reply-Text": reply.text}
        self.data = reply.text


class Wire:
    """What a connection does once its socket stands. Comes first among the bases of a class; greenswitch's comes after
    it. `set_up` must be called before greenswitch's own ``__init__``, which may start the greenlets."""

    connected: bool
    _run: bool
    _auth_request_event: Event
    _receive_events_greenlet: gevent.Greenlet[..., None] | None

    def set_up(
        self, where: str, limits: LinkLimits, on_event: Callable[[Frame], None], on_end: Callable[[str], None]
    ) -> None:
        """``on_event`` gets every event frame in the reader's greenlet; ``on_end`` is called once, when the connection
        is over, before the waiting commands are told. ``where`` names the other side in messages."""
        self.where = where
        self.ended = Event()
        self.reason = ""
        self.refused = False
        self.pipeline = Pipeline(limits.commands_max)
        self.bytes = 0
        self.replies = 0
        self.sock: Any = None
        self.sock_file: Any = None
        self._limits = limits
        self._on_event = on_event
        self._on_end = on_end
        self._heard = monotonic()
        # When a silent switch was asked whether it lives; None while it is not silent.
        self._probed_at: float | None = None
        self._work = Event()
        self._writer: gevent.Greenlet[..., None] | None = None

    def start_event_handlers(self) -> None:
        """The reader and the writer; no third greenlet stands between the reader and what it reads for."""
        # A command of a few bytes must not wait until the one before it is acknowledged.
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._receive_events_greenlet = gevent.spawn(self.receive_events)
        self._writer = gevent.spawn(self._write)

    def end(self, reason: str) -> None:
        """The connection is over. The first reason stands; everybody who waits is told. Never blocks."""
        if self.ended.is_set():
            return
        self.reason = self.reason or reason
        self.connected = self._run = False
        self.ended.set()
        self._auth_request_event.set()
        self._work.set()
        # The file made from the socket holds it open, so it goes first.
        for thing in (self.sock_file, self.sock):
            if thing is not None:
                thing.close()
        self._on_end(self.reason)
        self.pipeline.abandon(self.reason)

    def close(self, reason: str = "closed") -> None:
        """End, and wait until both greenlets are gone; one that hangs in its consumer is killed."""
        self.end(reason)
        both = (self._receive_events_greenlet, self._writer)
        running = [task for task in both if task is not None and task is not gevent.getcurrent()]
        gevent.joinall(running, timeout=self._limits.command_timeout_s)
        gevent.killall(running)

    def stop(self) -> None:
        """greenswitch's name for `close`."""
        self.close()

    # -- commands -----------------------------------------------------------------------------------------------------

    def post(self, line: str, done: Done, timeout_s: float | None = None) -> Waiting | None:
        """Queue a command for the writer; None (and ``done`` is not called) if the link is over or too much waits."""
        limit = self._limits.command_timeout_s if timeout_s is None else timeout_s
        waiting = Waiting(line, monotonic() + limit, done)
        if not self.connected or not self.pipeline.post(waiting):
            return None
        self._work.set()
        return waiting

    def ask(self, line: str, timeout_s: float | None = None) -> Reply:
        """Send a command and wait for its reply; not from the reader's own greenlet. Raises LinkError."""
        return self.ask_all([line], timeout_s)[0]

    def ask_all(self, lines: Sequence[str], timeout_s: float | None = None) -> list[Reply]:
        """Send commands together and wait for all replies, ``timeout_s`` from now. Raises LinkError if one is
        missing."""
        if gevent.getcurrent() is self._receive_events_greenlet:
            raise LinkError(f"{self.where}: the reader cannot wait for a reply it would have to read; use send")
        try:
            return self._replies(lines, self._limits.command_timeout_s if timeout_s is None else timeout_s)
        except NotConnectedError as error:
            raise LinkError(f"{self.where}: {error}") from None

    def send(self, data: str) -> Answer:
        """greenswitch's form of `ask`."""
        return Answer(self._replies([data], self._limits.command_timeout_s)[0])

    def _replies(self, lines: Sequence[str], limit: float) -> list[Reply]:
        asked = [self._begin(line, limit) for line in lines]
        until = monotonic() + limit
        try:
            for waiting, result in asked:
                if not result.ready():
                    result.wait(max(0.0, until - monotonic()))
                if not result.ready():
                    raise NotConnectedError(f"no reply to {waiting.verb!r} in {limit:g} s")
            outcomes = [result.get() or (None, "") for _, result in asked]
        finally:
            for waiting, _ in asked:
                waiting.finish(None)  # whoever stops waiting leaves a place for the late reply
        for reply, why in outcomes:
            if reply is None:
                raise NotConnectedError(why)
        return [reply for reply, _ in outcomes if reply is not None]

    def _begin(self, line: str, limit: float) -> tuple[Waiting, AsyncResult[tuple[Reply | None, str]]]:
        result: AsyncResult[tuple[Reply | None, str]] = AsyncResult()
        waiting = self.post(line, lambda reply, why: result.set((reply, why)), limit)
        if waiting is None:
            raise NotConnectedError(self.reason or "too many commands wait for their replies")
        return waiting, result

    def drain(self, timeout_s: float) -> None:
        """Wait until everything posted so far has its reply, at most ``timeout_s``: replies come in order, so that of
        one more command comes last. (Closing earlier would throw away what the switch has not yet read.)"""
        with contextlib.suppress(LinkError):
            self.ask(Status().wire(), timeout_s)

    def _write(self) -> None:
        while self._run:
            self._work.wait()
            self._work.clear()
            while lines := self.pipeline.take(WRITE_AT_ONCE):
                self._send_all(lines)

    def _send_all(self, lines: bytes) -> None:
        limit = self._limits.command_timeout_s
        try:
            with gevent.Timeout(limit, TimeoutError(f"the switch took no command for {limit:g} s")):
                self.sock.sendall(lines)
        except OSError as error:
            self.end(f"{self.where}: {error}")

    # -- reading ------------------------------------------------------------------------------------------------------

    def receive_events(self) -> None:
        """The reader's greenlet."""
        frames = FrameReader()
        try:
            while self._run:
                data = self.sock.recv(self._limits.receive_bytes)
                if not data:
                    self.end(f"{self.where}: the switch closed the connection")
                    return
                self.bytes += len(data)
                self._heard = monotonic()
                self._probed_at = None
                self._take_all(frames.feed(data))
        except FrameError as error:
            self._take_all([frame for frame in error.frames if isinstance(frame, Frame)])
            self.end(f"{self.where}: {error}")
        except (EslError, OSError) as error:
            self.end(f"{self.where}: {error}")
        finally:
            self.end(f"{self.where}: the reader has stopped")

    def _take_all(self, frames: list[Frame]) -> None:
        """A receive that finds data does not let the hub run, so a reader that is always behind has to stop for
        breath."""
        limits, left = self._limits, self._limits.breath_frames
        began = monotonic()
        for frame in frames:
            if not self._run:
                return
            self._take(frame)
            left -= 1
            # What a burst asks for is not held back until its end.
            patience_s = limits.write_s if self.pipeline.unsent else limits.breath_s
            if left <= 0 or monotonic() - began > patience_s:
                breathe()
                left, began = limits.breath_frames, monotonic()

    def _take(self, frame: Frame) -> None:
        if frame.content_type == "text/event-json":
            self._on_event(frame)
        elif (reply := reply_from_frame(frame)) is not None:
            self.replies += 1
            self.pipeline.answer(reply)
        elif is_auth_request(frame):
            self._auth_request_event.set()
        elif is_rude_rejection(frame):
            self.refused = True
            self.end(f"{self.where}: its access list (apply-inbound-acl in event_socket.conf.xml) refuses this address")
        elif (notice := disconnect_from_frame(frame)) is not None and not notice.linger:
            self.end(f"{self.where}: the switch said goodbye")

    # -- keeping watch ------------------------------------------------------------------------------------------------

    def watch(self) -> None:
        """Keep deadlines and the connection's life until it ends. Blocks."""
        while not self.ended.wait(self._pause()):
            self.check(monotonic())

    def check(self, now: float) -> None:
        """One turn: commands past their deadline are told, a silent switch is asked, a dead or stuck one is left."""
        limits = self._limits
        self.pipeline.expire(now)
        overdue = self.pipeline.overdue()
        if overdue is not None and now - overdue > limits.stuck_s:
            self.end(f"{self.where}: a reply is missing for {limits.stuck_s:g} s, so none that follow could be trusted")
        elif now - self._heard > self._patience:
            # From the asking on: whoever stood still for long (a machine that was suspended) asks late.
            if self._probed_at is None:
                self._probed_at = now
                self.post(Status().wire(), lambda reply, why: None)
            elif now - self._probed_at > limits.command_timeout_s:
                self.end(f"{self.where}: nothing heard for {now - self._heard:.1f} s, not even an answer to status")

    @property
    def _patience(self) -> float:
        return self._limits.heartbeat_s * self._limits.silent_beats

    def _pause(self) -> float:
        """Until something may be due. A command posted meanwhile is due no sooner than ``command_timeout_s`` from
        now."""
        now, limits = monotonic(), self._limits
        probed = self._probed_at
        silent = self._heard + self._patience if probed is None else probed + limits.command_timeout_s
        due = [silent, now + limits.command_timeout_s, self.pipeline.next_deadline()]
        soonest = min(moment for moment in due if moment is not None)
        # A look at a long line takes long: then a deadline may be told a little late.
        return max(0.01 if len(self.pipeline) < LONG_LINE else 0.25, soonest - now + 0.001)
