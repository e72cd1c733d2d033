"""The WebSocket driver python-engineio is given under gevent.

Its own choice depends on what else is installed, and neither suits: gevent-websocket is not kept up, and
simple-websocket writes with ``send``, which on gevent's sockets may take only part of a large frame. Here every frame
is written whole, one after another, and a page that takes nothing for SEND_S seconds is given up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import gevent
import gevent.event
import gevent.selectors
import gevent.socket
import simple_websocket
from gevent.lock import RLock

__all__ = ["driver"]

SEND_S = 20.0


class WholeWrites:
    """A connected socket whose ``send`` sends everything, one caller at a time."""

    def __init__(self, sock: gevent.socket.socket) -> None:
        self._sock = sock
        self._lock = RLock()

    def send(self, data: bytes) -> int:
        """Send all of ``data``. Raises OSError when the other side takes nothing for SEND_S seconds."""
        with self._lock, gevent.Timeout(SEND_S, OSError("the page takes nothing")):
            self._sock.sendall(data)
        return len(data)

    def recv(self, size: int) -> bytes:
        """What has come; empty at the end."""
        return self._sock.recv(size)

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()


def _thread(target: Callable[[], None]) -> gevent.Greenlet[[], None]:
    """A greenlet, made with the argument by which simple-websocket makes its thread."""
    return gevent.Greenlet(target)


class PageSocket:
    """One page's WebSocket, with the methods python-engineio calls: ``send``, ``wait`` and ``close``."""

    def __init__(self, handler: Callable[[PageSocket], Iterable[bytes]], largest: int) -> None:
        self._handler = handler
        self._largest = largest

    def __call__(self, environ: dict[str, Any], _start_response: Callable[..., Any]) -> Iterable[bytes]:
        self._ws = simple_websocket.Server(
            environ,
            max_message_size=self._largest,
            thread_class=_thread,
            event_class=gevent.event.Event,
            selector_class=gevent.selectors.DefaultSelector,
        )
        self._ws.sock = WholeWrites(self._ws.sock)
        return self._handler(self)

    def send(self, message: str | bytes) -> None:
        """Send one message. Raises OSError when the page is gone."""
        try:
            self._ws.send(message)
        except simple_websocket.ConnectionClosed as error:
            raise OSError("the page is gone") from error

    def wait(self) -> str | bytes | None:
        """The page's next message; None when it is gone."""
        try:
            message: str | bytes | None = self._ws.receive()
        except simple_websocket.ConnectionClosed:
            return None
        return message

    def close(self) -> None:
        """Close the connection; of one that is closed already nothing is left to do."""
        if self._ws.connected:
            self._ws.close()


def driver(largest: int) -> Callable[..., PageSocket]:
    """What python-engineio calls for each WebSocket; messages of the page over ``largest`` bytes close it."""

    def make(handler: Callable[[PageSocket], Iterable[bytes]], _server: object) -> PageSocket:
        return PageSocket(handler, largest)

    return make
