"""Outbound mode: the ``socket`` application makes the switch connect to a listener, which then steers the call."""

from __future__ import annotations

from typing import Protocol

from gevent import socket

from fsorch.sim.session import Session
from fsorch.sim.switch import VirtualSwitch

__all__ = ["dial_out"]

_TIMEOUT_S = 5.0


class Server(Protocol):
    """What the outbound side needs of the server it belongs to."""

    switch: VirtualSwitch

    def serve(self, session: Session, sock: socket.socket) -> None:
        """Serve a session on a connected socket until it ends."""
        ...

    def advance(self) -> None:
        """Bring the switch to the present."""
        ...

    def poke(self) -> None:
        """Something was scheduled."""
        ...


def dial_out(server: Server, session: Session, host: str, port: int) -> None:
    """Connect and serve; a listener that is not there ends the ``socket`` application at once, and the dialplan goes
    on."""
    try:
        sock = socket.create_connection((host, port), timeout=_TIMEOUT_S)
    except OSError:
        server.advance()
        server.switch.disconnect(session)
        server.poke()
        return
    sock.settimeout(None)
    server.serve(session, sock)
