"""One TCP connection of the virtual switch: bytes in, bytes out, for a session (inbound or outbound mode alike)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import gevent
from gevent import socket
from gevent.event import Event
from gevent.greenlet import Greenlet

from fsorch.esl.errors import FrameError
from fsorch.esl.frames import CommandReader
from fsorch.sim.session import Session
from fsorch.sim.switch import VirtualSwitch

__all__ = ["Connection"]

_CHUNK = 65536


class Connection:
    """Serves a session on a socket until one of the two ends. ``advance`` brings the switch to the present before a
    command is obeyed; ``poke`` lets the clock look at its next deadline after it."""

    def __init__(
        self,
        switch: VirtualSwitch,
        session: Session,
        sock: socket.socket,
        advance: Callable[[], None],
        poke: Callable[[], None],
    ) -> None:
        self._switch = switch
        self._session = session
        self._socket = sock
        self._advance = advance
        self._poke = poke
        self._ready = Event()
        session.wake = self._ready.set
        if session.has_output:
            self._ready.set()

    def serve(self) -> None:
        """Read and write until the connection ends; the session is gone after."""
        writer: Greenlet[[], None] = gevent.spawn(self._write)
        try:
            self._read()
        finally:
            if self._session.closing and self._session.has_output:
                writer.join(timeout=2)
            writer.kill()
            self._advance()
            self._switch.disconnect(self._session)
            self._poke()
            with suppress(OSError):
                self._socket.close()

    def cut(self) -> None:
        """Break the connection without a word, as a dead network does."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        with suppress(OSError):
            self._socket.close()

    def _read(self) -> None:
        reader = CommandReader()
        while not self._session.closing:
            try:
                data = self._socket.recv(_CHUNK)
                if not data:
                    return
                frames = reader.feed(data)
            except (OSError, FrameError):
                return
            self._advance()
            for frame in frames:
                self._switch.receive(self._session, frame)
            self._poke()

    def _write(self) -> None:
        while True:
            self._ready.wait()
            self._ready.clear()
            try:
                self._socket.sendall(self._session.take())
            except OSError:
                return
            if self._session.closing and not self._session.has_output:
                with suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)
                return
