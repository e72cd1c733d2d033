"""The other side of ``fsorch bench esl``: a process that greets like a switch and then sends events as fast as it can.

    python -m fsorch.edge.bench_sender EVENTS

It listens on a free port of loopback, writes the port on its first line, and serves one client after another until
its input is closed. After ``api version`` it sends EVENTS events, in JSON to a client that subscribed with ``event
json``, in plain format to any other; they are the seven of ``bench_events.jsonl``, recorded from a FreeSWITCH 1.10.12
(capture 02), again and again.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from importlib import resources

from fsorch.esl.events import decode_event, encode_plain
from fsorch.esl.frames import CommandFrame, CommandReader, Frame

__all__ = ["main", "recorded", "stream"]

CHUNK = 1 << 18


def recorded() -> list[bytes]:
    """The events, one JSON body each."""
    return resources.files("fsorch.edge").joinpath("bench_events.jsonl").read_bytes().splitlines()


def stream(form: str, count: int) -> bytes:
    """``count`` event frames in the format ``json`` or ``plain``."""
    bodies = recorded()
    if form == "plain":
        event = ("Content-Type", "text/event-json")
        bodies = [encode_plain(decode_event(Frame((event,), body)).headers()) for body in bodies]
    frames = [b"Content-Length: %d\nContent-Type: text/event-%s\n\n%s" % (len(b), form.encode(), b) for b in bodies]
    rounds, rest = divmod(count, len(frames))
    return b"".join(frames) * rounds + b"".join(frames[:rest])


def _answer(command: CommandFrame) -> bytes:
    if command.line.startswith("auth "):
        return b"Content-Type: command/reply\nReply-Text: +OK accepted\n\n"
    if command.line.startswith("api show channels"):
        return b'Content-Type: api/response\nContent-Length: 16\n\n{"row_count": 0}'
    if command.line.startswith("api "):
        return b"Content-Type: api/response\nContent-Length: 4\n\n+OK\n"
    return b"Content-Type: command/reply\nReply-Text: +OK\n\n"


def _serve(client: socket.socket, streams: dict[str, bytes]) -> None:
    client.sendall(b"Content-Type: auth/request\n\n")
    commands = CommandReader()
    form = "plain"
    while data := client.recv(65536):
        for command in commands.feed(data):
            if command.line.startswith("event json"):
                form = "json"
            client.sendall(_answer(command))
            if command.line == "api version":
                blob = memoryview(streams[form])
                for start in range(0, len(blob), CHUNK):
                    client.sendall(blob[start : start + CHUNK])


def _serve_all(listener: socket.socket, streams: dict[str, bytes]) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return  # closed: the bench is over
        with client, contextlib.suppress(OSError):  # a client that has measured enough just leaves
            _serve(client, streams)


def main(count: int) -> None:
    """Serve until the standard input ends."""
    streams = {form: stream(form, count) for form in ("json", "plain")}
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_serve_all, args=(listener, streams), daemon=True).start()
        sys.stdout.write(f"{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main(int(sys.argv[1]))
