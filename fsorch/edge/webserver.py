"""Serving a WSGI application in the hub, and what it needs from the machine: a listening socket and a secret.

The hub is the engine's as well. A read that finds something does not wait on gevent's sockets, so a client that sends
without a pause (requests one after another, a body without an end) would be the only one served, and no call would go
on: here everybody else has a turn after each read, and after each request.
"""

from __future__ import annotations

import errno
import io
import logging
import os
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import gevent
from gevent import socket
from gevent.pywsgi import LoggingLogAdapter, WSGIHandler, WSGIServer

from fsorch.config import WebSettings
from fsorch.errors import ConfigError

__all__ = ["WebServer", "WsgiApp", "bind", "listen", "read_secret"]

log = logging.getLogger(__name__)

SECRET_BYTES = 32

WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]


class FairReads(io.RawIOBase):
    """What a client sends, read from ``raw`` with a turn for everybody else after each part."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        # By this name the WebSocket libraries find the socket of a request.
        self._sock = raw._sock

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Fill ``buffer``; how many bytes came, 0 at the end."""
        count: int | None = self._raw.readinto(buffer)
        gevent.sleep(0)
        return count

    def close(self) -> None:
        """Let the socket go."""
        self._raw.close()
        super().close()


class FairHandler(WSGIHandler):
    """One connection, served in turn with the others."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.rfile = io.BufferedReader(FairReads(self.rfile.detach()))

    def run_application(self) -> None:
        """One request, once everybody else had a turn."""
        gevent.sleep(0)
        super().run_application()


class WebServer:
    """``app`` served from ``listener`` in greenlets."""

    def __init__(self, app: WsgiApp, listener: socket.socket) -> None:
        host, port = listener.getsockname()[:2]
        self.url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        faults = LoggingLogAdapter(log, logging.WARNING)
        self._server = WSGIServer(listener, app, log=None, error_log=faults, handler_class=FairHandler)

    def start(self) -> None:
        """Take connections from now on."""
        self._server.start()

    def stop(self) -> None:
        """Close the port and, after a second's grace, every connection."""
        self._server.stop(timeout=1.0)


def listen(web: WebSettings, *, tries: int = 1) -> socket.socket:
    """A listening socket at the address of ``web``, or at the next free port of ``tries``. Raises ConfigError."""
    for port in range(web.port, web.port + tries):
        try:
            return bind(web.host, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or port == web.port + tries - 1:
                why = error.strerror or str(error)
                raise ConfigError(
                    f"web: {web.host}:{port} cannot be used ({why}); choose another host or port"
                ) from None
    raise ValueError("tries must be 1 or more")


def read_secret(home: Path) -> bytes:
    """The key that signs this home's sessions, made at the first call (mode 0600): logins outlive a restart."""
    path = home / "secret"
    try:
        secret = path.read_bytes()
    except FileNotFoundError:
        secret = secrets.token_bytes(SECRET_BYTES)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secret)
    if len(secret) < SECRET_BYTES:
        raise ConfigError(f"{path}: is too short for a secret; remove it and start again (everybody logs in anew)")
    return secret


def bind(host: str, port: int, backlog: int = 256) -> socket.socket:
    """A listening socket; nothing is left open when it fails with OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(backlog)
    except OSError:
        listener.close()
        raise
    return listener
