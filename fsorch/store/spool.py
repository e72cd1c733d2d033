"""The spool: facts on disk before they are in the database.

A folder of numbered files ``facts-<number>.jsonl``, each fact one line of JSON, only ever appended to. One process
writes (a lock sees to it), one reader follows. A writer never opens an old file again, so what a killed process left
at the end of one stays as it is: a last line that is whole JSON counts though its line end is missing; one that is
torn was never taken over, and is dropped and counted.

What lies in the folder:

- ``facts-*.jsonl``: what the database may not have yet. How far it has come is kept in the database itself, in the same
  transactions as the rows (see :mod:`fsorch.store.recorder`), so that the two never disagree;
- ``id``: the name of this spool in the database. Without it everything here is written again, which changes nothing;
- ``rejected.jsonl``: facts that the database refused for good, with the reason: ``{"at", "reason", "line"}``;
- ``lock``: held by the process that uses the spool.

How safe: a line is with the operating system before ``put`` returns, so the death of the process loses nothing.
Against the death of the machine the recorder's thread syncs the file to the disk, within a second by default.
"""

from __future__ import annotations

import fcntl
import os
import re
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from fsorch.engine.facts import Fact
from fsorch.errors import StoreError
from fsorch.store.values import LONG_STRING, tame

__all__ = ["Chunk", "Position", "SpoolReader", "SpoolWriter", "encode_fact", "spool_id"]

SEGMENT_BYTES = 16 * 1024 * 1024
# A fact is under 2 KB; what is above this is somebody's 100 kB of caller name, and is cut.
LINE_BYTES = 64 * 1024
# While the disk takes nothing, facts wait in memory up to this; what comes then is shed and counted.
PENDING_BYTES = 16 * 1024 * 1024
NAME = re.compile(r"facts-(\d{12})\.jsonl")


class Position(msgspec.Struct, frozen=True, order=True):
    """A place in the spool: the number of the file, and a byte in it."""

    segment: int = 0
    offset: int = 0


class Chunk(msgspec.Struct, frozen=True):
    """Lines read from the spool (without line ends), the place after them, and how many torn lines lay there."""

    lines: list[bytes]
    end: Position
    torn: int = 0


def segment_path(folder: Path, number: int) -> Path:
    """The file of segment ``number``."""
    return folder / f"facts-{number:012}.jsonl"


def segments(folder: Path) -> list[int]:
    """The numbers of the files that are there, in order."""
    return sorted(int(match[1]) for entry in os.listdir(folder) if (match := NAME.fullmatch(entry)))


def spool_id(folder: Path) -> str:
    """The name of this spool, made at its first use."""
    path = folder / "id"
    try:
        name = path.read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        name = ""
    if not re.fullmatch(r"[0-9a-f]{32}", name):
        name = uuid.uuid4().hex
        path.write_text(name + "\n", encoding="ascii")
    return name


def encode_fact(fact: Fact) -> bytes:
    """``fact`` as one line of JSON with its line end, of at most about ``LINE_BYTES``. Long strings are cut, what JSON
    cannot say is written as text. Never raises."""
    try:
        line = msgspec.json.encode(fact)
    except (TypeError, ValueError, OverflowError, RecursionError):
        line = msgspec.json.encode(tame(fact))
    if len(line) > LINE_BYTES:
        line = msgspec.json.encode(tame(fact))
    if len(line) > LINE_BYTES:
        short = msgspec.structs.replace(fact, data={"cut": line[:LONG_STRING].decode("utf-8", "ignore")})
        line = msgspec.json.encode(tame(short))
    return line + b"\n"


class SpoolWriter:
    """Appends facts; for one thread at a time. Holds the folder's lock until it is closed."""

    def __init__(self, folder: Path, *, segment_bytes: int = SEGMENT_BYTES, pending_bytes: int = PENDING_BYTES) -> None:
        """Raises StoreError when the folder cannot be used or another process uses it."""
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._pending_limit = pending_bytes
        self._pending = bytearray()
        self._fd = -1
        self.shed = 0
        self.error = ""
        self._lock = _take_lock(folder)
        self.id = spool_id(folder)
        # The end of what has been written.
        self.end = Position(max([0, *segments(folder)]) + 1, 0)
        try:
            self._open()
        except OSError as error:
            os.close(self._lock)
            raise StoreError(f"the spool {folder} cannot be written: {error.strerror}") from error

    def put(self, facts: Iterable[Fact]) -> int:
        """Append ``facts`` and return how many were taken; the others were shed, as the disk takes nothing and
        memory is full, or the spool has been closed. Never raises: what is wrong stands in ``error`` until a write
        succeeds."""
        taken = 0
        for fact in facts:
            if self._lock < 0 or len(self._pending) >= self._pending_limit:
                self.shed += 1
                continue
            self._pending += encode_fact(fact)
            taken += 1
        try:
            if self._pending:
                self._write()
            self.error = ""
        except OSError as error:
            self.error = f"the spool {self._folder} cannot be written: {error.strerror}; free space or mend the disk"
        return taken

    @property
    def pending(self) -> int:
        """Bytes that wait in memory because the disk did not take them."""
        return len(self._pending)

    def close(self) -> None:
        """Let go of the folder."""
        for fd in (self._fd, self._lock):
            if fd >= 0:
                os.close(fd)
        self._fd = self._lock = -1

    def _write(self) -> None:
        if self._fd < 0:
            self._open()
        while self._pending:
            done = os.write(self._fd, self._pending)
            del self._pending[:done]
            self.end = Position(self.end.segment, self.end.offset + done)
        if self.end.offset >= self._segment_bytes:
            os.close(self._fd)
            self._fd = -1
            self.end = Position(self.end.segment + 1, 0)
            # At once, because the reader keeps the newest file and removes the others: numbers only ever grow.
            self._open()

    def _open(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
        self._fd = os.open(segment_path(self._folder, self.end.segment), flags, 0o600)


def _take_lock(folder: Path) -> int:
    """The open lock file of ``folder``. The kernel frees it when the process dies, however it dies."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        fd = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreError(f"the spool {folder} cannot be used: {error.strerror}; name a folder of your own") from error
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        owner = os.pread(fd, 20, 0).decode("ascii", "replace").strip() or "unknown"
        os.close(fd)
        raise StoreError(
            f"the spool {folder} is in use by process {owner}; stop that one, or use another folder"
        ) from None
    os.ftruncate(fd, 0)
    os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
    return fd


class SpoolReader:
    """Follows the files of a spool. ``writing`` tells the number of the file that is being written; all before it are
    finished."""

    def __init__(self, folder: Path, writing: Callable[[], int]) -> None:
        self._folder = folder
        self._writing = writing
        self.position = Position()
        self.seek(Position())

    def seek(self, position: Position) -> None:
        """Go to ``position``, or to the first file after it when its own is gone."""
        there = [number for number in segments(self._folder) if number >= position.segment]
        first = there[0] if there else self._writing()
        self.position = position if first == position.segment else Position(first, 0)

    def read(self, max_lines: int, max_bytes: int) -> Chunk:
        """The next lines, in order; does not move ``position``. No lines and an ``end`` that is ``position`` means that
        there is nothing new; a last line without its end in the file being written is left for later."""
        # Asked before the file is read: if it was finished then, what is read is all there will be.
        finished = self.position.segment < self._writing()
        data, whole = self._bytes(max_bytes)
        last = data.rfind(b"\n") + 1
        lines = data[:last].split(b"\n")[:-1][:max_lines]
        if lines:
            size = sum(map(len, lines)) + len(lines)
            end = Position(self.position.segment, self.position.offset + size)
            return Chunk([line for line in lines if line], end)
        if not (finished and whole):
            return Chunk([], self.position)
        after = Position(self.position.segment + 1, 0)
        return Chunk([data], after) if _is_json(data) else Chunk([], after, torn=1 if data else 0)

    def _bytes(self, max_bytes: int) -> tuple[bytes, bool]:
        """Bytes from the position on, with at least one line end if there is one, and whether they reach the file's
        end."""
        try:
            fd = os.open(segment_path(self._folder, self.position.segment), os.O_RDONLY)
        except FileNotFoundError:
            return b"", True
        try:
            data = b""
            while b"\n" not in data:
                more = os.pread(fd, max_bytes, self.position.offset + len(data))
                if not more:
                    return data, True
                data += more
            return data, False
        finally:
            os.close(fd)

    def count(self, below: int) -> int:
        """How many lines lie between the position and the file number ``below``."""
        total = 0
        for number in segments(self._folder):
            if self.position.segment <= number < below:
                skipped = self.position.offset if number == self.position.segment else 0
                total += _count_lines(segment_path(self._folder, number), skipped)
        return total

    def remove_read(self) -> None:
        """Remove the files before the position. The newest file stays, so that numbers only ever grow."""
        there = segments(self._folder)
        for number in there[:-1]:
            if number < self.position.segment:
                segment_path(self._folder, number).unlink(missing_ok=True)

    def has_read_files(self) -> bool:
        """Whether ``remove_read`` has anything to do."""
        return any(number < self.position.segment for number in segments(self._folder)[:-1])

    def sync(self, since: Position) -> None:
        """Have the disk hold all that has been written in the files from ``since`` on."""
        for number in segments(self._folder):
            if number >= since.segment:
                _sync_path(segment_path(self._folder, number), os.O_RDONLY)
        _sync_path(self._folder, os.O_RDONLY | os.O_DIRECTORY)


def _sync_path(path: Path, flags: int) -> None:
    fd = os.open(path, flags)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _is_json(line: bytes) -> bool:
    try:
        msgspec.json.decode(line, type=msgspec.Raw)
    except msgspec.DecodeError:
        return False
    return line.endswith(b"}")


def _count_lines(path: Path, skipped: int) -> int:
    with path.open("rb") as file:
        file.seek(skipped)
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
