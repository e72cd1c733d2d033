"""The WebSocket driver python-engineio is given under gevent.

Its own choice depends on what else is installed, and neither suits: gevent-websocket is not kept up, and
simple-websocket writes with ``send``, which on gevent's sockets may take only part of a large frame. Here every frame
is written whole, one after another, and a page that takes nothing for SEND_S seconds is given up.

What a page sends is read slowly. A read that finds something does not wait on gevent's sockets, and so a page that
always had more to say would be the only one heard: no call would go on.
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
# A page sends receipts of ten bytes or so, at most some twenty a second.
BYTES_PER_S = 8_000
MESSAGES_PER_S = 50
# What one turn of reading may bring, for the hub to be free again within a millisecond or two.
READ = 512
# Messages that wait to be looked at. A page has eight views on their way at most, so it never comes near.
UNREAD = 64


class PageLine:
    """A connected socket as simple-websocket uses it. ``send`` sends everything, one caller at a time; what comes is
    read at BYTES_PER_S, and no more once there are UNREAD messages (``unread`` counts them)."""

    def __init__(self, sock: gevent.socket.socket, unread: Callable[[], int]) -> None:
        self._sock = sock
        self._unread = unread
        self._lock = RLock()

    def send(self, data: bytes) -> int:
        """Send all of ``data``. Raises OSError when the other side takes nothing for SEND_S seconds."""
        with self._lock, gevent.Timeout(SEND_S, OSError("the page takes nothing")):
            self._sock.sendall(data)
        return len(data)

    def recv(self, size: int) -> bytes:
        """What has come; empty at the end. Raises OSError when the other side sends more than is looked at."""
        data = self._sock.recv(size)
        gevent.sleep(len(data) / BYTES_PER_S)
        if self._unread() > UNREAD:
            raise OSError("the page sends too much")
        return data

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
            receive_bytes=READ,
            max_message_size=self._largest,
            thread_class=_thread,
            event_class=gevent.event.Event,
            selector_class=gevent.selectors.DefaultSelector,
        )
        self._ws.sock = PageLine(self._ws.sock, lambda: len(self._ws.input_buffer))
        return self._handler(self)

    def send(self, message: str | bytes) -> None:
        """Send one message. Raises OSError when the page is gone."""
        try:
            self._ws.send(message)
        except simple_websocket.ConnectionClosed as error:
            raise OSError("the page is gone") from error

    def wait(self) -> str | bytes | None:
        """The page's next message, at most MESSAGES_PER_S; None when it is gone."""
        try:
            message: str | bytes | None = self._ws.receive()
        except simple_websocket.ConnectionClosed:
            return None
        gevent.sleep(1 / MESSAGES_PER_S)
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
