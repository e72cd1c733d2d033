"""Frames from bytes, in both directions and in any chunking. No I/O.

A frame is a header block (``Name: value`` lines), a blank line, and ``Content-Length`` bytes if that header stands
(``mod_event_socket.c``, read_packet and api_exec). A JSON body is followed by the next frame with no line break between
them, a plain body brings its own. Limits: a header block of more than `MAX_HEADER` bytes or a body of more than
`MAX_BODY` bytes is refused, so a peer that never ends a frame costs bounded memory.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import Generic, TypeVar

import msgspec

from fsorch.esl.errors import FrameError

__all__ = ["MAX_BODY", "MAX_HEADER", "CommandFrame", "CommandReader", "Frame", "FrameReader"]

MAX_HEADER = 64 * 1024
"""Bytes a header block may have, without its blank line."""

MAX_BODY = 16 * 1024 * 1024
"""Bytes a body may have. The switch itself stops reading a command at 10 MB (``mod_event_socket.c``, read_packet)."""

Headers = tuple[tuple[str, str], ...]


def find_header(headers: Headers, name: str) -> str | None:
    """The first header called ``name``, in any case: the rule of ``switch_event_get_header``."""
    wanted = name.lower()
    for key, value in headers:
        if key == name or key.lower() == wanted:
            return value
    return None


class Frame(msgspec.Struct, frozen=True, gc=False):
    """What the switch sends in one piece: its headers as they came (not percent-decoded, in order) and its body."""

    headers: Headers
    body: bytes = b""

    def header(self, name: str, default: str | None = None) -> str | None:
        """The first header called ``name`` in any case, or ``default``."""
        value = find_header(self.headers, name)
        return default if value is None else value

    @property
    def content_type(self) -> str:
        """``text/event-json``, ``command/reply`` and the like; empty if the frame says none."""
        for name, value in self.headers:
            if name == "Content-Type":
                return value
        return self.header("Content-Type") or ""


class CommandFrame(msgspec.Struct, frozen=True):
    """What a client sends in one piece: the command line, the headers under it, and a body if there is one."""

    line: str
    headers: Headers = ()
    body: bytes = b""

    def header(self, name: str, default: str | None = None) -> str | None:
        """The first header called ``name`` in any case, or ``default``."""
        value = find_header(self.headers, name)
        return default if value is None else value


def parse_headers(text: str) -> Headers:
    """Lines to (name, value) pairs. A line without a colon is a `FrameError`.

    The blank after the colon is not part of the value, and neither is a carriage return at the end.
    """
    pairs = []
    for line in text.split("\n"):
        name, colon, value = line.partition(":")
        if not colon:
            raise FrameError(f"a header line without a colon: {line[:80]!r}; the peer does not speak the event socket")
        if value.endswith("\r"):
            value = value[:-1]
        pairs.append((name, value.lstrip(" ")))
    return tuple(pairs)


def body_length(headers: Headers) -> int:
    """The body's length by ``Content-Length``, 0 without one; `FrameError` if it cannot be trusted."""
    length: int | None = None
    for name, value in headers:
        if len(name) != 14 or name.lower() != "content-length":
            continue
        if not (value.isascii() and value.isdigit()) or len(value) > 12:
            raise FrameError(f"Content-Length {value[:40]!r} is no length; the peer does not speak the event socket")
        number = int(value)
        if length is not None and length != number:
            raise FrameError(f"two Content-Length headers disagree: {length} and {number}")
        length = number
    if length is not None and length > MAX_BODY:
        raise FrameError(f"a body of {length} bytes is announced; at most {MAX_BODY} are taken")
    return length or 0


Head = TypeVar("Head")
Piece = TypeVar("Piece")


class _Reader(ABC, Generic[Head, Piece]):
    """What both readers share: it finds heads and bodies, never looks at a byte twice, and stops at a fault. ``Head``
    is what is kept of a header block until its body is there, ``Piece`` what comes out."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._start = 0  # where the frame being read begins
        self._scan = 0  # up to here no blank line was found
        self._need = 0  # the buffer must be this long before anything can happen
        self._head: tuple[Head, int] | None = None  # a head whose body is awaited, and the body's length
        self.error: FrameError | None = None

    def feed(self, data: bytes | bytearray | memoryview) -> list[Piece]:
        """What became whole by ``data``; an error carries what came before it as ``error.frames``, and every further
        feed raises it again."""
        if self.error is not None:
            raise self.error
        self._buffer += data
        pieces: list[Piece] = []
        if len(self._buffer) < self._need:
            return pieces
        try:
            while (piece := self._next()) is not None:
                pieces.append(piece)
        except FrameError as error:
            self._die(error, tuple(pieces))
            raise
        self._drop_read()
        return pieces

    def _next(self) -> Piece | None:
        """The next frame, None until it is whole."""
        head = self._head or self._read_head()
        if head is None:
            return None
        stop = self._start + head[1]
        if len(self._buffer) < stop:
            self._head, self._need = head, stop
            return None
        self._head = None
        body = bytes(self._buffer[self._start : stop]) if head[1] else b""
        self._advance(stop)
        return self._piece(head[0], body)

    @abstractmethod
    def _read_head(self) -> tuple[Head, int] | None:
        """Read a header block and the length of its body; None until it is whole."""

    @abstractmethod
    def _piece(self, head: Head, body: bytes) -> Piece:
        """The frame made of its head and body."""

    def _skip_blank(self, blank: bytes) -> None:
        """Step over line breaks before a frame, as the switch does with those before a command (read_packet)."""
        buffer, start = self._buffer, self._start
        while start < len(buffer) and buffer[start] in blank:
            start += 1
        self._start = start
        self._scan = max(self._scan, start)

    def _wait(self) -> None:
        """No blank line yet: remember how far was looked, refuse a block that grows past the limit."""
        if len(self._buffer) - self._start > MAX_HEADER + 2:
            raise FrameError(f"a header block of more than {MAX_HEADER} bytes without a blank line")
        self._scan = max(self._start, len(self._buffer) - 3)
        self._need = len(self._buffer) + 1

    def _block(self, end: int) -> str:
        """The header block that ends at ``end``."""
        if end - self._start > MAX_HEADER:
            raise FrameError(f"a header block of {end - self._start} bytes; at most {MAX_HEADER} are taken")
        return self._buffer[self._start : end].decode("utf-8", "replace")

    def _advance(self, end: int) -> None:
        self._start = self._scan = end
        self._need = 0

    def _drop_read(self) -> None:
        """Forget what was handed out; a bytearray gives up its front without moving the rest."""
        if self._start:
            del self._buffer[: self._start]
            self._scan -= self._start
            self._need = max(0, self._need - self._start)
            self._start = 0

    def _die(self, error: FrameError, whole: tuple[object, ...]) -> None:
        error.frames = whole
        self.error = error
        self._buffer = bytearray()


# mod_event_socket.c, listener_run: these two lines, in this order, before every event in JSON.
_EVENT = re.compile(rb"Content-Length: ([0-9]{1,12})\nContent-Type: text/event-json\n\n")
_EVENT_TYPE = ("Content-Type", "text/event-json")


class FrameReader(_Reader[Headers, Frame]):
    """Frames of a switch from bytes in any chunking. After a `FrameError` every further feed raises it again."""

    def _read_head(self) -> tuple[Headers, int] | None:
        # The head of a JSON event, as the switch always writes it: nearly all frames, so they take the short way.
        head = _EVENT.match(self._buffer, self._start)
        if head is None:
            return self._any_head()
        self._advance(head.end())
        headers = (("Content-Length", head[1].decode("ascii")), _EVENT_TYPE)
        return headers, body_length(headers)

    def _piece(self, head: Headers, body: bytes) -> Frame:
        return Frame(head, body)

    def _any_head(self) -> tuple[Headers, int] | None:
        self._skip_blank(b"\n")
        end = self._buffer.find(b"\n\n", self._scan)
        if end < 0:
            self._wait()
            return None
        headers = parse_headers(self._block(end))
        self._advance(end + 2)
        return headers, body_length(headers)


class CommandReader(_Reader[tuple[str, Headers], CommandFrame]):
    """Commands of a client, as the switch reads them: used by the virtual switch. The same limits and errors."""

    def _read_head(self) -> tuple[tuple[str, Headers], int] | None:
        self._skip_blank(b"\r\n")
        end, after = self._find_end()
        if end < 0:
            self._wait()
            return None
        line, _, rest = self._block(end).partition("\n")
        headers = parse_headers(rest.rstrip("\r\n")) if rest.strip("\r\n") else ()
        self._advance(after)
        return (line.rstrip("\r"), headers), body_length(headers)

    def _piece(self, head: tuple[str, Headers], body: bytes) -> CommandFrame:
        return CommandFrame(*head, body)

    def _find_end(self) -> tuple[int, int]:
        """Where the block ends and where the next byte after its blank line is; (-1, -1) without one."""
        plain, dos = self._buffer.find(b"\n\n", self._scan), self._buffer.find(b"\n\r\n", self._scan)
        if dos >= 0 and (plain < 0 or dos < plain):
            return dos, dos + 3
        return plain, plain + 2 if plain >= 0 else -1
