"""The control socket: how programs on this machine reach the running engine.

It is a Unix socket with mode 0600 in the home directory, so who may use it is who owns the home. Beside it lies a lock
file that the kernel frees when its process dies, however it dies: two engines never share one home.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TextIO

import gevent
import msgspec
from gevent import socket
from gevent.pool import Pool
from gevent.server import StreamServer

from fsorch.edge.auditing import AuditLine, described
from fsorch.edge.control_wire import MAX_CALL, Answer, Call, FactLine, check_path, failure, read_request
from fsorch.edge.gateway import Gateway, Subscription
from fsorch.errors import ConfigError, FsorchError, ProtocolError

__all__ = ["ControlServer", "HomeLock"]

log = logging.getLogger(__name__)

# Each `fsorch top` holds two connections; more than this many at once is a program gone wild.
MAX_CONNECTIONS = 64

# So long a caller waits for the audit of what they asked for.
AUDIT_S = 0.5

Operation = Callable[[dict[str, Any]], Any]


class HomeLock:
    """Holds a home directory for one engine. ConfigError when another one has it."""

    def __init__(self, home: Path) -> None:
        self._file: TextIO = (home / "run.lock").open("a+", encoding="ascii")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.seek(0)
            holder = self._file.read(16).strip() or "unknown"
            self._file.close()
            raise ConfigError(
                f"{home}: fsorch already runs here (process {holder}); stop it or use another home"
            ) from None
        self._file.truncate(0)
        self._file.write(f"{os.getpid()}\n")
        self._file.flush()

    def release(self) -> None:
        """Give the home free; the file stays, for removing it would race with the next holder."""
        self._file.close()


class ControlServer:
    """Answers the control socket at ``path`` from ``gateway``.

    ``more`` are further operations by name (such as ``reload``): each takes the arguments and returns what msgspec can
    encode. They run in the caller's own greenlet and may wait. Requests that were taken go into ``audit``."""

    def __init__(
        self,
        path: Path,
        gateway: Gateway,
        more: Mapping[str, Operation] | None = None,
        audit: AuditLine | None = None,
    ) -> None:
        self._audit = audit
        self._path = path
        self._gateway = gateway
        self._operations: dict[str, Operation] = {
            "ping": lambda _: {"pid": os.getpid()},
            "snapshot": lambda _: gateway.snapshot(),
            "request": self._request,
            **(more or {}),
        }
        self._pool = Pool(MAX_CONNECTIONS)
        self._server: StreamServer | None = None

    def start(self) -> None:
        """Listen. ConfigError when the path is too long or something answers there already."""
        check_path(self._path)
        self._server = StreamServer(_listen(self._path), self._serve, spawn=self._pool)
        self._server.start()

    def stop(self) -> None:
        """Close the socket and every connection, and remove the file."""
        if self._server is None:
            return
        self._server.stop(timeout=0)
        self._server = None
        self._pool.kill(timeout=1)
        self._path.unlink(missing_ok=True)

    def _serve(self, connection: socket.socket, _address: object) -> None:
        # A client that left in the middle of an answer is nobody's fault.
        with contextlib.suppress(OSError), connection, connection.makefile("rb") as lines:
            while line := lines.readline(MAX_CALL + 1):
                if len(line) > MAX_CALL:
                    fault = ProtocolError(f"a line on the control socket is longer than {MAX_CALL} bytes; send less")
                    _send(connection, failure(0, fault))
                    return
                call = _decode(connection, line)
                if call is None:
                    return
                if call.do == "facts":
                    self._stream(connection, call)
                    return
                _send(connection, self._answer(call))

    def _answer(self, call: Call) -> Answer:
        try:
            operation = self._operations.get(call.do)
            if operation is None:
                known = ", ".join(sorted([*self._operations, "facts"]))
                raise ProtocolError(f"the control socket has no operation {call.do!r}; there are {known}")
            return Answer(call.id, True, msgspec.Raw(msgspec.json.encode(operation(call.args))))
        except FsorchError as error:
            return failure(call.id, error)
        except Exception:
            log.exception("the control socket could not do %r", call.do)
            return failure(call.id, FsorchError(f"{call.do} met an unexpected fault; the log of fsorch run has it"))

    def _request(self, args: dict[str, Any]) -> None:
        request = read_request(args)
        self._gateway.request(request)
        if self._audit is not None:
            self._audit.put(request.by, *described(request))
            # Who looks at the audit next finds it there, unless the database is away.
            self._audit.settle(AUDIT_S)

    def _stream(self, connection: socket.socket, call: Call) -> None:
        subscription = self._gateway.facts()
        watcher = gevent.spawn(_close_at_end, connection, subscription)
        try:
            _send(connection, Answer(call.id, True))
            for fact in subscription:
                connection.sendall(msgspec.json.encode(FactLine(fact, subscription.shed)) + b"\n")
        finally:
            subscription.close()
            watcher.kill()


def _listen(path: Path) -> socket.socket:
    """A listening socket at ``path``, mode 0600 from its first moment. A file left by a dead process is replaced."""
    if path.exists() and _answers(path):
        raise ConfigError(f"{path}: another fsorch answers here; stop it or use another home")
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        listener.bind(str(path))
    except OSError as error:
        listener.close()
        raise ConfigError(f"{path}: cannot listen here ({error.strerror}); check the home directory") from None
    finally:
        os.umask(mask)
    listener.listen(16)
    return listener


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True


def _decode(connection: socket.socket, line: bytes) -> Call | None:
    try:
        return msgspec.json.decode(line, type=Call)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        _send(connection, failure(0, ProtocolError(f"a line on the control socket is not a call: {error}")))
        return None


def _send(connection: socket.socket, answer: Answer) -> None:
    connection.sendall(msgspec.json.encode(answer) + b"\n")


def _close_at_end(connection: socket.socket, subscription: Subscription) -> None:
    """A reader that went away while nothing happened must not stay subscribed."""
    with contextlib.suppress(OSError):
        while connection.recv(4096):
            continue
    subscription.close()
