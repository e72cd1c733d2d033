"""The virtual switch in real time, on a real port: what `fsorch sim`, the demo and the load tests connect to."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

import gevent
from gevent import socket
from gevent.event import Event
from gevent.greenlet import Greenlet
from gevent.server import StreamServer

from fsorch.esl.errors import FrameError
from fsorch.esl.frames import CommandReader
from fsorch.sim.session import Session
from fsorch.sim.switch import VirtualSwitch

__all__ = ["SimServer"]

_CHUNK = 65536
_DIAL_TIMEOUT_S = 5.0
_REJECTION = (
    b"Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n"
    b"Content-Type: text/disconnect-notice\nContent-Length: 67\n\n"
    b"Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n"
)


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


class SimServer:
    """An event socket server around a `VirtualSwitch`. Virtual time runs ``speed`` times as fast as real time.

    ``port`` 0 takes a free one; `port` tells which after `start`. Everything runs in the gevent hub of the thread that
    called `start`.

    ``stride_s``: what is in one process with all who use it may have time stand still with them. It is then looked at
    that often at least, in real seconds, and no more of it passes between two looks: a process that a busy machine has
    kept waiting finds no caller who has lost patience meanwhile."""

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        password: str = "ClueCon",
        seed: int = 0,
        speed: float = 1.0,
        switch: VirtualSwitch | None = None,
        stride_s: float | None = None,
    ) -> None:
        if not speed > 0:
            raise ValueError(f"speed is {speed}; it must be more than 0")
        start_us = time.time_ns() // 1_000
        self.switch = switch or VirtualSwitch(seed, password=password, start_us=start_us)
        self.switch.password = password
        self.switch.dial_out = self._dial_out
        self.speed = speed
        self._server = StreamServer((host, port), self._accept)
        self._connections: set[Connection] = set()
        self._greenlets: set[Greenlet[..., None]] = set()
        self._clock: Greenlet[[], None] | None = None
        self._poked = Event()
        self._stride_s = stride_s
        self._zero = 0.0
        self._looked = 0.0
        self._behind = 0.0
        self._armed: float | None = None

    # -- life ---------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Listen and let time run. OSError when the port is taken."""
        self._server.start()
        self._looked = time.monotonic()
        self._zero = self._looked - self.switch.now / self.speed
        self._clock = gevent.spawn(self._run)

    def stop(self) -> None:
        """Stop time, close every connection and the port. Idempotent."""
        if self._clock is not None:
            self._clock.kill()
            self._clock = None
        self._server.stop(timeout=0)
        self.cut_all()
        gevent.joinall(list(self._greenlets), timeout=1)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_port or 0)

    @property
    def behind_s(self) -> float:
        """By how much the clock was late at worst, in real seconds: more than a few ms means the machine is too
        slow."""
        return self._behind

    def cut_all(self) -> None:
        """Break all connections without a word (for tests of reconnection)."""
        for connection in list(self._connections):
            connection.cut()

    # -- time ---------------------------------------------------------------------------------------------------------

    def virtual_now(self) -> float:
        """The virtual time that belongs to the present."""
        now = time.monotonic()
        if self._stride_s is not None:
            self._zero += max(0.0, now - self._looked - self._stride_s)
            self._looked = now
        return (now - self._zero) * self.speed

    def advance(self) -> None:
        """Bring the switch to the present."""
        self.switch.advance(self.virtual_now())

    def poke(self) -> None:
        """Something was scheduled: wake the clock if it sleeps too long for it."""
        due = self.switch.next_deadline()
        if due is not None and (self._armed is None or due < self._armed):
            self._poked.set()

    def schedule(self, call: Callable[[], None]) -> None:
        """Run ``call`` on the switch now (for callers in other greenlets): time is advanced before, the clock poked
        after."""
        self.advance()
        call()
        self.poke()

    def _run(self) -> None:
        while True:
            self._poked.clear()
            due = self.switch.next_deadline()
            if due is not None and self._clock is not None:
                self._behind = max(self._behind, (self.virtual_now() - due) / self.speed)
            self.advance()
            due = self._armed = self.switch.next_deadline()
            wait = None if due is None else max(0.0, (due - self.virtual_now()) / self.speed)
            if wait is not None and self._stride_s is not None:
                wait = min(wait, self._stride_s / 2)
            self._poked.wait(wait)
            self._armed = 0.0
            gevent.sleep(0)

    # -- connections --------------------------------------------------------------------------------------------------

    def _accept(self, sock: socket.socket, address: object) -> None:
        if self.switch.faults.reject:
            with suppress(OSError):
                sock.sendall(_REJECTION)
            sock.close()
            return
        self.advance()
        self.serve(self.switch.connect(), sock)

    def serve(self, session: Session, sock: socket.socket) -> None:
        """Serve a session on a connected socket until it ends."""
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(self.switch, session, sock, self.advance, self.poke)
        self._connections.add(connection)
        try:
            connection.serve()
        finally:
            self._connections.discard(connection)

    def _dial_out(self, session: Session, host: str, port: int) -> bool:
        """The ``socket`` application (outbound mode): connect to the listener that will steer the call."""
        greenlet: Greenlet[..., None] = gevent.spawn(self._connect, session, host, port)
        self._greenlets.add(greenlet)
        greenlet.link(self._greenlets.discard)
        return True

    def _connect(self, session: Session, host: str, port: int) -> None:
        """Connect and serve; if nobody listens, the application ends at once and the dialplan goes on."""
        try:
            sock = socket.create_connection((host, port), timeout=_DIAL_TIMEOUT_S)
        except OSError:
            self.schedule(lambda: self.switch.disconnect(session))
            return
        sock.settimeout(None)
        self.serve(session, sock)
