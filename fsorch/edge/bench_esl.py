"""``fsorch bench esl``: how many 6 KB channel events per second one core takes in, beside a peer and beside a limit.

A sender in a process of its own plays recorded events over loopback (`fsorch.edge.bench_sender`) to three readers in
turn:

- the link, whole as in production, with a consumer that counts;
- plain greenswitch, with a handler that counts; it gets the same events in plain format, the one it reads;
- a bare loop: large receives, a search for the frame's end, each body decoded in C to a dict.

The readers alternate, and a ratio is the median of the ratios within each round, so that a machine whose speed changes
meanwhile changes both sides of it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter
from typing import Any

import gevent
import msgspec
from gevent.event import Event as Signal
from gevent.monkey import get_original
from greenswitch import InboundESL

from fsorch.clock import SystemClock
from fsorch.config import SwitchSettings
from fsorch.edge.bench_sender import recorded
from fsorch.edge.greenswitch_errors import mapped
from fsorch.edge.link import Link
from fsorch.engine.actions import Send
from fsorch.engine.inputs import Input, SwitchEvent
from fsorch.errors import LinkError
from fsorch.esl.commands import Version

__all__ = ["run"]

PASSWORD = "bench"
ROUNDS = 5
EVENTS = 8_400
# Longer than any machine needs for one reader's turn; a reader that is not done by then is stuck.
PATIENCE_S = 120.0
# What the link receives at once too.
RECEIVE = 1 << 18


def run(rounds: int = ROUNDS, events: int = EVENTS) -> dict[str, float]:
    """Measure. ``events``: how many each reader gets in each round. Raises LinkError when a reader gets stuck.

    The result: ``events_per_s`` of the link (the median of the rounds), ``greenswitch_events_per_s`` and
    ``bare_events_per_s`` likewise, ``ratio_greenswitch`` and ``ratio_bare`` (the link's rate through theirs),
    ``event_bytes`` (mean of a JSON body), ``rounds`` and ``events``."""
    readers: tuple[Callable[[int, int], float], ...] = (_link, _greenswitch, _bare)
    rates: list[tuple[float, float, float]] = []
    with _sender(events) as port:
        for turn in range(rounds):
            # Each reader is first, second and last in turn.
            order = [(turn + place) % 3 for place in range(3)]
            measured = {place: events / readers[place](port, events) for place in order}
            rates.append((measured[0], measured[1], measured[2]))
    return {
        "events_per_s": round(median(link for link, _, _ in rates), 1),
        "greenswitch_events_per_s": round(median(peer for _, peer, _ in rates), 1),
        "bare_events_per_s": round(median(bare for _, _, bare in rates), 1),
        "ratio_greenswitch": round(median(link / peer for link, peer, _ in rates), 3),
        "ratio_bare": round(median(link / bare for link, _, bare in rates), 3),
        "event_bytes": round(_event_bytes(), 1),
        "rounds": rounds,
        "events": events,
    }


def _event_bytes() -> float:
    bodies = recorded()
    return sum(map(len, bodies)) / len(bodies)


@contextmanager
def _sender(events: int) -> Iterator[int]:
    """The sender's process; gives its port."""
    command = [sys.executable, "-m", "fsorch.edge.bench_sender", str(events)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            if not line:
                raise LinkError("bench esl: the sending process did not start; run it again with --debug")
            yield int(line)
        finally:
            process.stdin.close()
            process.wait(PATIENCE_S)


class _Consumer:
    """Counts down, in the form each reader calls."""

    def __init__(self, events: int) -> None:
        self._left = events
        self._done = Signal()

    def deliver(self, input: Input) -> None:
        """What a link calls."""
        if type(input) is SwitchEvent:
            self.handle(input)

    def handle(self, event: object) -> None:
        """What greenswitch calls."""
        self._left -= 1
        if not self._left:
            self._done.set()

    def wait(self) -> None:
        """Until all have come."""
        if not self._done.wait(PATIENCE_S):
            raise LinkError(f"bench esl: {self._left} events did not come within {PATIENCE_S:g} s")


def _link(port: int, events: int) -> float:
    consumer = _Consumer(events)
    link = Link(SwitchSettings(name="bench", port=port, password=PASSWORD), consumer.deliver, SystemClock())
    link.start()
    try:
        if not link.wait_up(PATIENCE_S):
            raise LinkError(f"bench esl: the link did not come up: {link.status().reason}")
        start = perf_counter()
        link.send(Send("bench", Version()))
        consumer.wait()
        return perf_counter() - start
    finally:
        link.stop()


def _greenswitch(port: int, events: int) -> float:
    consumer = _Consumer(events)
    peer = InboundESL("127.0.0.1", port, PASSWORD)
    with mapped("bench esl"):
        peer.connect()
        try:
            peer.register_handle("*", consumer.handle)
            peer.send("event plain ALL")
            start = perf_counter()
            peer.send("api version")
            consumer.wait()
            return perf_counter() - start
        finally:
            _drop(peer)


def _drop(peer: Any) -> None:
    """End a greenswitch connection at once; its own stop waits for a reply and a second more."""
    gevent.killall([peer._receive_events_greenlet, peer._process_events_greenlet])
    peer.sock_file.close()
    peer.sock.close()


def _bare(port: int, events: int) -> float:
    """No replies, no greenlets, no types: what a reader in Python cannot do without."""
    with get_original("socket", "create_connection")(("127.0.0.1", port)) as sock:
        sock.sendall(f"auth {PASSWORD}\n\nevent json ALL\n\n".encode())
        _exchange(sock, 3)
        decode = msgspec.json.Decoder().decode
        start = perf_counter()
        sock.sendall(b"api version\n\n")
        left, data = events, b""
        while left:
            data += sock.recv(RECEIVE)
            place = 0
            while (head := data.find(b"\n\n", place)) >= 0:
                at = data.find(b"Content-Length: ", place, head) + 16
                stop = head + 2 + int(data[at : data.find(b"\n", at, head + 1)])
                if stop > len(data):
                    break
                # The one frame before the events is the reply to version.
                if data.find(b"text/event-json", place, head) >= 0:
                    decode(data[head + 2 : stop])
                    left -= 1
                place = stop
            data = data[place:]
        return perf_counter() - start


def _exchange(sock: Any, frames: int) -> None:
    """Read away so many frames without a body: the greeting and the replies to what was sent."""
    data = b""
    while data.count(b"\n\n") < frames:
        data += sock.recv(RECEIVE)
