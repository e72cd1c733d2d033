"""The client of the control socket, for the command line.

Plain sockets: a call blocks its thread (where gevent has patched the standard library, its greenlet)."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from fsorch.edge.control_wire import MAX_ANSWER, Answer, Call, FactLine, check_path, raised, socket_path
from fsorch.engine.facts import Fact
from fsorch.engine.inputs import Request
from fsorch.engine.views import Snapshot
from fsorch.errors import NotRunning, ProtocolError

__all__ = ["ControlClient", "ControlSubscription"]

T = TypeVar("T")
CHUNK = 256 * 1024


class ControlClient:
    """The gateway of a program beside the engine: one connection to the control socket of ``home``.

    Raises NotRunning when nobody answers there; every other error is the one the engine raised. ``timeout_s`` bounds
    each answer in seconds."""

    def __init__(self, home: Path, timeout_s: float = 10.0) -> None:
        self._home = home
        self._timeout_s = timeout_s
        self._lines = _Lines(home, timeout_s)
        self._ids = itertools.count(1)

    def __enter__(self) -> ControlClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._lines.close()

    def snapshot(self) -> Snapshot:
        """Everything at once."""
        return self.call("snapshot", Snapshot)

    def request(self, request: Request, check: Callable[[Snapshot], None] | None = None) -> None:
        """Ask for ``request`` now. ``check`` looks before, from here: between the two something may happen. Raises
        RequestRefused or NotFound; then nothing has changed."""
        if check is not None:
            check(self.snapshot())
        self.call("request", type(None), msgspec.to_builtins(request))

    def facts(self) -> ControlSubscription:
        """Subscribe to what happens from now on, over a connection of its own."""
        return ControlSubscription(self._home, self._timeout_s)

    def call(self, do: str, kind: type[T], args: dict[str, Any] | None = None) -> T:
        """Do ``do`` with ``args`` and decode its value as ``kind``. Raises what the engine raised."""
        return msgspec.json.decode(self._lines.ask(Call(next(self._ids), do, args or {})).value, type=kind)


class ControlSubscription:
    """Facts from the running engine, in order. ``shed`` counts those the engine dropped because we were slow."""

    def __init__(self, home: Path, timeout_s: float) -> None:
        self.shed = 0
        self._lines = _Lines(home, timeout_s)
        self._lines.ask(Call(1, "facts"))

    def get(self, timeout_s: float | None = None) -> Fact | None:
        """The next fact; None when none came within ``timeout_s`` seconds or the engine has stopped (``ended``)."""
        line = self._lines.read(timeout_s)
        if line is None:
            return None
        record = msgspec.json.decode(line, type=FactLine)
        self.shed = record.shed
        return record.fact

    @property
    def ended(self) -> bool:
        """Whether the engine closed the connection."""
        return self._lines.ended

    def __iter__(self) -> Iterator[Fact]:
        while (fact := self.get()) is not None:
            yield fact

    def close(self) -> None:
        """Hang up."""
        self._lines.close()


class _Lines:
    """A connection that is read line by line, with what has come in kept over a timeout."""

    def __init__(self, home: Path, timeout_s: float) -> None:
        self.ended = False
        self._home = home
        self._timeout_s = timeout_s
        self._rest = bytearray()
        self._searched = 0
        path = socket_path(home)
        check_path(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout_s)
        try:
            self._socket.connect(str(path))
        except PermissionError:
            self._socket.close()
            raise NotRunning(f"{path} belongs to another user; run this as the user fsorch runs as") from None
        except OSError:
            self._socket.close()
            raise NotRunning(f"fsorch is not running here ({home}); start it with: fsorch run") from None

    def ask(self, call: Call) -> Answer:
        """Send ``call`` and return its answer; raise what it says when it failed."""
        try:
            self._socket.sendall(msgspec.json.encode(call) + b"\n")
        except OSError:
            raise self._gone() from None
        line = self.read(self._timeout_s)
        if line is None:
            raise self._gone() if self.ended else NotRunning(self._silent())
        answer = msgspec.json.decode(line, type=Answer)
        if not answer.ok:
            raise raised(answer)
        return answer

    def read(self, timeout_s: float | None) -> bytes | None:
        """The next line, or None when there was none in time (or ever again: ``ended``)."""
        self._socket.settimeout(timeout_s)
        while (end := self._rest.find(b"\n", self._searched)) < 0:
            self._searched = len(self._rest)
            if not self._receive():
                return None
        line = bytes(self._rest[:end])
        del self._rest[: end + 1]
        self._searched = 0
        return line

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _receive(self) -> bool:
        try:
            chunk = self._socket.recv(CHUNK)
        except (TimeoutError, BlockingIOError):
            return False
        except OSError:
            chunk = b""
        self._rest += chunk
        if len(self._rest) > MAX_ANSWER:
            raise ProtocolError(f"fsorch sent a line of more than {MAX_ANSWER} bytes on its control socket")
        self.ended = not chunk
        return bool(chunk)

    def _gone(self) -> NotRunning:
        return NotRunning(f"fsorch stopped while it was asked ({self._home}); start it with: fsorch run")

    def _silent(self) -> str:
        return f"fsorch does not answer within {self._timeout_s:g} s ({self._home}); see its log"
