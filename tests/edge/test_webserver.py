"""Serving in the hub: whoever sends without a pause keeps nobody else from their turn."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

import gevent
from gevent import socket

from fsorch.edge.webserver import FairReads, WebServer, bind

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


class Plenty(io.RawIOBase):
    """A socket's side that always has something."""

    _sock = None

    def __init__(self) -> None:
        self.reads = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.reads += 1
        buffer[:] = b"x" * len(buffer)
        return len(buffer)


def test_everybody_else_has_a_turn_after_each_read() -> None:
    raw, seen = Plenty(), list[int]()

    def watch() -> None:
        while True:
            seen.append(raw.reads)
            gevent.sleep(0)

    watcher = gevent.spawn(watch)
    reader = io.BufferedReader(FairReads(raw), buffer_size=100)
    for _ in range(5):
        assert reader.read(100) == b"x" * 100
    watcher.kill()
    assert seen[:5] == [1, 2, 3, 4, 5]


def test_everybody_else_has_a_turn_before_each_request_of_one_connection() -> None:
    turns: list[int] = []
    served: list[int] = []

    def app(_environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        served.append(len(turns))
        start("200 OK", [("Content-Length", "1")])
        return [b"x"]

    def watch() -> None:
        while True:
            turns.append(1)
            gevent.sleep(0)

    listener = bind("127.0.0.1", 0)
    server = WebServer(app, listener)
    server.start()
    watcher = gevent.spawn(watch)
    try:
        with gevent.Timeout(30), socket.create_connection(listener.getsockname()) as line:
            # All of it is there before the server looks.
            line.sendall(REQUEST * 299 + LAST)
            while line.recv(65_536):
                pass
    finally:
        watcher.kill()
        server.stop()
    assert len(served) == 300
    assert all(later > earlier for earlier, later in zip(served, served[1:], strict=False))
