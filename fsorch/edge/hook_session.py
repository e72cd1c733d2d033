"""One call that the switch's ``socket`` application handed over: greenswitch's outbound session on our `Wire`.

greenswitch waits for an application's end by its name and for a reply without a deadline, and knows the channel only
by headers that were percent-decoded before they were cut. Here an application is known by its Event-UUID, every
command has a deadline, and the channel is a typed `Event`.
"""

from __future__ import annotations

import uuid
from typing import Any

from gevent.event import AsyncResult
from greenswitch.esl import OutboundSession

from fsorch.edge.greenswitch_errors import mapped
from fsorch.edge.link_wire import LinkLimits, Wire
from fsorch.errors import EslError, LinkError
from fsorch.esl.apps import Execute
from fsorch.esl.command import Command
from fsorch.esl.commands import Break
from fsorch.esl.events import Event, decode_event, event_from_headers
from fsorch.esl.frames import Frame
from fsorch.esl.replies import Reply
from fsorch.hooks import CallEnded

__all__ = ["HookSession"]

# CS_EXECUTE (switch_types.h, switch_channel_state_t)
EXECUTE = "4"
# How often, and how long apart in seconds, an application is told to end.
BREAKS = 50
BREAK_S = 0.1


class HookSession(Wire, OutboundSession):  # type: ignore[misc]  # greenswitch has no types
    """The connection that steers one call. `connect` first; then `ask` and `run` until it is over."""

    def __init__(self, address: Any, sock: Any, limits: LinkLimits) -> None:
        self.channel = Event()
        self._running: dict[str, AsyncResult[Event | None]] = {}
        self.set_up(f"the call from the switch at {address[0]}", limits, self._heard_event, self._over)
        super().__init__(address, sock)

    def connect(self) -> None:
        """Take the call: its data, and its events. Raises LinkError."""
        with mapped(self.where):
            super().connect()
        if not self.channel.uuid:
            raise LinkError(f"{self.where}: the answer to connect holds no channel; the peer is no FreeSWITCH")
        self.session_data = self.channel.headers()
        # Not `myevents`: that brings some ten events of 6 KB for each thing a hook does, and one is read.
        for line in (f"filter Unique-ID {self.channel.uuid}", "event json CHANNEL_EXECUTE_COMPLETE"):
            self.ask(line)

    def command(self, command: Command) -> Reply:
        """Send a command and wait for its reply. Raises CallEnded when the caller is gone, LinkError when the switch
        does not answer."""
        try:
            return self.ask(command.wire())
        except LinkError:
            if self.ended.is_set():
                raise CallEnded("gone") from None
            raise

    def start(self, app: str, argument: str = "") -> str:
        """Begin an application on the channel; its id, for `finish`."""
        id = str(uuid.uuid4())
        self._running[id] = AsyncResult()
        reply = self.command(Execute(self.channel.uuid, app, argument, id))
        if not reply.ok:
            del self._running[id]
            raise CallEnded("gone")
        return id

    def halt(self) -> None:
        """End what runs on the channel. Raises CallEnded, or LinkError when it will not end."""
        for id in tuple(self._running):
            # A break that comes before the application has begun goes by without a trace, so it is repeated.
            for _ in range(BREAKS):
                self.command(Break(self.channel.uuid, all=False))
                if self._running[id].wait(BREAK_S) is not None or self.ended.is_set():
                    break
            else:
                raise LinkError(f"{self.where}: what plays there does not end")
            self.finish(id)

    def finish(self, id: str) -> Event:
        """Wait until the application ends, and what the channel was then. Raises CallEnded when the caller is gone."""
        event = self._running[id].get()
        del self._running[id]
        if event is None:
            raise CallEnded("gone")
        return event

    def _take(self, frame: Frame) -> None:
        # The answer to connect is the channel itself, as plain headers (capture 13).
        if frame.content_type == "command/reply" and frame.header("Event-Name") == "CHANNEL_DATA":
            self.channel = event_from_headers(frame)
        super()._take(frame)

    def _heard_event(self, frame: Frame) -> None:
        try:
            event = decode_event(frame)
        except EslError:
            return
        if event.application == "socket":
            self.end(f"{self.where}: the call was taken elsewhere")
            return
        result = self._running.get(event.application_uuid)
        if result is not None:
            # When a call is hung up or taken elsewhere its applications end first, and then the connection.
            result.set(event if event.header("Channel-State-Number") == EXECUTE else None)

    def _over(self, reason: str) -> None:
        for result in list(self._running.values()):
            if not result.ready():
                result.set(None)
