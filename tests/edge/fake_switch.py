"""A scripted event socket on loopback for the faults a virtual switch does not have, and a box for what a link
delivers."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import gevent
from gevent.lock import RLock
from gevent.server import StreamServer
from msgspec.structs import replace

from fsorch.clock import SystemClock
from fsorch.config import SwitchSettings
from fsorch.edge.link import Link, LinkLimits
from fsorch.engine.inputs import Input
from fsorch.esl.events import encode_json
from fsorch.esl.frames import CommandFrame, CommandReader
from tests.waiting import PATIENCE_S, Watched

__all__ = ["IMPATIENT", "QUICK", "Box", "Connection", "FakeSwitch", "api", "event", "linked", "reply"]

PASSWORD = "correct horse"
CORE = "37d7fb69-cde3-4ab5-b882-80ea320b8d9f"
# The same behaviour as in production, in times a test can wait for; what is answered may take its time.
QUICK = LinkLimits(
    connect_timeout_s=PATIENCE_S,
    command_timeout_s=PATIENCE_S,
    heartbeat_s=PATIENCE_S,
    backoff_first_s=0.02,
    backoff_max_s=0.1,
    refused_retry_s=0.2,
    stable_s=1.0,
    settle_s=0.01,
)
# For what is never answered.
IMPATIENT = replace(QUICK, connect_timeout_s=0.3, command_timeout_s=0.3)
T = TypeVar("T")


def reply(text: str) -> bytes:
    return f"Content-Type: command/reply\nReply-Text: {text}\n\n".encode()


def api(text: str) -> bytes:
    body = text.encode()
    return b"Content-Type: api/response\nContent-Length: %d\n\n%s" % (len(body), body)


def event(name: str, **headers: str) -> bytes:
    """An event frame; header names with ``_`` for ``-``, but those of variables and ``_body`` as they are."""
    named = {key if key[0] in "_v" else key.replace("_", "-"): value for key, value in headers.items()}
    body = encode_json({"Event-Name": name, "Core-UUID": CORE, **named})
    return b"Content-Length: %d\nContent-Type: text/event-json\n\n%s" % (len(body), body)


class Box(Watched):
    """What a link delivered."""

    def __init__(self) -> None:
        super().__init__()
        self.inputs: list[Input] = []

    def __call__(self, input: Input) -> None:
        self.inputs.append(input)
        self.changed()

    def of(self, kind: type[T]) -> list[T]:
        return [input for input in self.inputs if isinstance(input, kind)]

    def wait(self, kind: type[T], count: int = 1, timeout_s: float = PATIENCE_S) -> list[T]:
        self.until(lambda: len(self.of(kind)) >= count, f"{count} {kind.__name__}", timeout_s)
        return self.of(kind)

    def kinds(self) -> list[str]:
        return [type(input).__name__ for input in self.inputs]

    def __repr__(self) -> str:
        return f"{self.kinds()[-20:]}"


class Connection:
    """One client of the fake switch."""

    def __init__(self, sock: Any) -> None:
        self.sock = sock
        self.lines: list[str] = []
        self._one_at_a_time = RLock()

    def write(self, data: bytes) -> None:
        with self._one_at_a_time:
            self.sock.sendall(data)

    def close(self) -> None:
        self.sock.close()


Handler = Callable[[Connection, CommandFrame], bytes | None]


class FakeSwitch(Watched):
    """A switch that does what it is told. ``handle`` may answer a command (None: the usual answer); ``greeting`` is
    what a client gets at once; ``channels`` maps a uuid to its dump, or to None when the dump fails."""

    def __init__(self, handle: Handler | None = None) -> None:
        super().__init__()
        self.greeting = b"Content-Type: auth/request\n\n"
        self.password = PASSWORD
        self.handle: Handler = handle or (lambda connection, command: None)
        self.channels: dict[str, dict[str, str] | None] = {}
        self.connections: list[Connection] = []
        self.open = 0
        self._server = StreamServer(("127.0.0.1", 0), self._serve)
        self._server.start()

    @property
    def port(self) -> int:
        assert self._server.server_port is not None
        return self._server.server_port

    @property
    def last(self) -> Connection:
        return self.connections[-1]

    def settings(self, name: str = "main", password: str = PASSWORD) -> SwitchSettings:
        return SwitchSettings(name=name, host="127.0.0.1", port=self.port, password=password)

    def stop(self) -> None:
        for connection in self.connections:
            connection.close()
        self._server.stop(timeout=1)

    def refuse(self) -> None:
        """Close the listening socket: from now on the address refuses."""
        self._server.stop(timeout=0)

    def usual(self, command: CommandFrame) -> bytes:
        """What a sound switch answers."""
        line = command.line
        if line.startswith("auth "):
            return reply("+OK accepted") if line == f"auth {self.password}" else self._goodbye("-ERR invalid")
        if line.startswith("bgapi "):
            return reply(f"+OK Job-UUID: {command.header('Job-UUID')}")
        if not line.startswith("api "):
            return reply("+OK")
        if line == "api global_getvar core_uuid":
            return api(CORE)
        if line.startswith("api show channels"):
            rows = [f'{{"uuid":"{uuid}"}}' for uuid in self.channels]
            return api(f'{{"row_count":{len(rows)},"rows":[{",".join(rows)}]}}' if rows else '{"row_count": 0}')
        if line.startswith("api uuid_dump "):
            uuid = line.split()[2]
            data = self.channels.get(uuid)
            return api("-ERR No such channel!") if data is None else api(dump(uuid, data))
        return api("+OK")

    def _goodbye(self, text: str) -> bytes:
        body = b"Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n"
        return reply(text) + b"Content-Type: text/disconnect-notice\nContent-Length: %d\n\n%s" % (len(body), body)

    def _serve(self, sock: Any, address: object) -> None:
        connection = Connection(sock)
        self.connections.append(connection)
        self.open += 1
        self.changed()
        try:
            connection.write(self.greeting)
            self._converse(connection)
        except OSError:
            connection.close()
        finally:
            self.open -= 1
            self.changed()

    def _converse(self, connection: Connection) -> None:
        commands = CommandReader()
        while data := connection.sock.recv(65536):
            for command in commands.feed(data):
                connection.lines.append(command.line)
                answer = self.handle(connection, command)
                connection.write(self.usual(command) if answer is None else answer)
                self.changed()
                if answer is None and command.line.startswith("auth ") and command.line != f"auth {self.password}":
                    connection.close()
                    return


def dump(uuid: str, headers: dict[str, str]) -> str:
    return encode_json({"Event-Name": "CHANNEL_DATA", "Core-UUID": CORE, "Unique-ID": uuid, **headers}).decode()


@contextmanager
def linked(switch: FakeSwitch, box: Box | None = None, limits: LinkLimits = QUICK, **more: Any) -> Iterator[Link]:
    """A started link to ``switch``; both are gone afterwards, and so is every greenlet they made."""
    before = greenlets()
    link = Link(switch.settings(**more), box or Box(), SystemClock(), limits=limits)
    link.start()
    try:
        yield link
    finally:
        link.stop()
        left = [task for task in greenlets() - before if "Link." in repr(task) or "Session." in repr(task)]
        assert not left, f"greenlets are left: {left}"
        switch.stop()
        switch.until(lambda: not greenlets() - before, what="no greenlet left")


def greenlets() -> set[Any]:
    """All greenlets that run or wait."""
    return {thing for thing in gc.get_objects() if isinstance(thing, gevent.Greenlet) and not thing.dead}
