"""From facts to rows, without the engine ever waiting for a database.

``put`` appends to the spool (:mod:`fsorch.store.spool`). A thread of its own follows the spool and writes batches,
each in one transaction together with the place it has reached. If the process dies, the next one goes on from that
place; if the database loses its last commits with the power, it loses the place with them. A spool file is removed
only when the database has all of it on its own disk.

A database that is away, locked or full costs nothing but time: the thread tries again with growing pauses and the
spool grows. A fact that the database refuses for good is put into ``rejected.jsonl`` and counted, and the rest goes on.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec
from peewee import PeeweeException

from fsorch.clock import Clock, SystemClock
from fsorch.engine.facts import Fact
from fsorch.errors import StoreError
from fsorch.store.database import connected, is_passing, parse_url
from fsorch.store.native import Bell, start_thread
from fsorch.store.spool import SEGMENT_BYTES, Position, SpoolReader, SpoolWriter
from fsorch.store.store import Store, open_database
from fsorch.store.values import cut
from fsorch.store.writer import RowError

__all__ = ["Drain", "Recorder", "RecorderStats"]

# Far below the 16 MB that MySQL takes in a packet; 500 facts are about 300 KB.
BATCH_BYTES = 1024 * 1024
# After the first fact of a batch: long enough that a busy centre fills its batches (small ones cost half as much
# again for each fact), short enough that nobody waits for a record.
LINGER_S = 0.2
SYNC_S = 1.0
IDLE_S = 60.0
FIRST_RETRY_S = 0.1
# Each try also syncs the spool, so this bounds what a power cut takes while the database is away.
LONGEST_RETRY_S = 5.0


class RecorderStats(msgspec.Struct, frozen=True, kw_only=True):
    """How the recorder does, in facts since it began. ``behind``: not in the database yet, what an earlier process left
    included. ``shed``: lost, as disk and memory were full. ``torn``: half lines a killed process left. ``error``:
    what is wrong now, or empty."""

    spooled: int
    written: int
    behind: int
    shed: int
    rejected: int
    torn: int
    error: str


class Drain:
    """Takes facts out of a spool into a database. ``turn`` is one batch; it is for one thread. ``own`` is the first
    file of this process: what stands in earlier ones was left by another."""

    def __init__(
        self,
        url: str,
        folder: Path,
        reader: SpoolReader,
        name: str,
        *,
        own: int,
        batch: int,
        clock: Clock,
        create: bool,
    ) -> None:
        self._url = url
        self._create = create
        self._folder = folder
        self._reader = reader
        self._mark = f"spool.{name}"
        self._batch = batch
        self._clock = clock
        self._store: Store | None = None
        self._decoder = msgspec.json.Decoder(Fact)
        self._own = own
        self.left = reader.count(own)
        self.written = 0
        self.rejected = 0
        self.torn = 0

    def turn(self) -> bool:
        """Write one batch. True when there was one. Raises StoreError when the database cannot take it now."""
        store = self._open()
        chunk = self._reader.read(self._batch, BATCH_BYTES)
        if chunk.end == self._reader.position:
            return False
        facts = self._decode(chunk.lines)
        with connected(store.db):
            self._write(store, facts, chunk.end)
        self._reader.position = chunk.end
        self.torn += chunk.torn
        return True

    def tidy(self) -> None:
        """Remove the spool files that the database has whole, once its disk has them."""
        if self._store is not None and self._reader.has_read_files() and self._store.settle():
            self._reader.remove_read()

    def close(self) -> None:
        """Let go of the database."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def _open(self) -> Store:
        if self._store is None:
            store = open_database(self._url, create=self._create, clock=self._clock)
            self._reader.seek(_parse_mark(store.mark(self._mark)))
            self.left = self._reader.count(self._own)
            self._store = store
        return self._store

    def _decode(self, lines: Sequence[bytes]) -> list[Fact]:
        facts = []
        for line in lines:
            try:
                facts.append(self._decoder.decode(line))
            except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
                self._reject(line, f"not a fact: {error}")
        return facts

    def _write(self, store: Store, facts: list[Fact], end: Position) -> None:
        mark = (self._mark, f"{end.segment}:{end.offset}")
        try:
            store.writer.write(facts, mark)
        except (RowError, PeeweeException) as error:
            if isinstance(error, PeeweeException) and is_passing(error):
                raise
            self._write_some(store, facts)
            store.writer.write((), mark)
        else:
            self.written += len(facts)

    def _write_some(self, store: Store, facts: list[Fact]) -> None:
        """Write what can be written of ``facts``, by halves, and reject what cannot."""
        if not facts:
            return
        try:
            store.writer.write(facts)
        except (RowError, PeeweeException) as error:
            if isinstance(error, PeeweeException) and is_passing(error):
                raise
            if len(facts) == 1:
                self._reject(msgspec.json.encode(facts[0]), str(error))
                return
            half = len(facts) // 2
            self._write_some(store, facts[:half])
            self._write_some(store, facts[half:])
        else:
            self.written += len(facts)

    def _reject(self, line: bytes, reason: str) -> None:
        entry = {
            "at": self._clock.now().wall,
            "reason": cut(reason, 500),
            "line": line.decode("utf-8", "backslashreplace"),
        }
        try:
            with (self._folder / "rejected.jsonl").open("ab") as file:
                file.write(msgspec.json.encode(entry) + b"\n")
        except OSError as error:
            raise StoreError(f"{self._folder}/rejected.jsonl cannot be written: {error.strerror}") from error
        self.rejected += 1


def _parse_mark(text: str) -> Position:
    segment, _, offset = text.partition(":")
    return Position(int(segment), int(offset)) if segment.isdecimal() and offset.isdecimal() else Position()


class Recorder:
    """Takes facts and never makes anybody wait. ``put`` is for one thread, the others for any."""

    def __init__(
        self,
        store_url: str,
        spool_dir: Path | str,
        *,
        batch: int = 500,
        on_error: Callable[[str], None] | None = None,
        clock: Clock | None = None,
        linger_s: float = LINGER_S,
        sync_s: float = SYNC_S,
        segment_bytes: int = SEGMENT_BYTES,
        create: bool = True,
    ) -> None:
        """Take the spool in ``spool_dir`` and start the thread. The database need not be there; without ``create`` it
        is waited for rather than made.

        ``on_error`` is told one sentence when a trouble begins, in the thread that met it (mostly the recorder's
        own): it must be quick and safe there. Raises StoreError for a faulty URL and for a spool that is in use."""
        parse_url(store_url)
        folder = Path(spool_dir)
        self._on_error = on_error
        self._writer = SpoolWriter(folder, segment_bytes=segment_bytes)
        self._reader = SpoolReader(folder, lambda: self._writer.end.segment)
        own = self._writer.end.segment
        self._drain = Drain(
            store_url,
            folder,
            self._reader,
            self._writer.id,
            own=own,
            batch=batch,
            clock=clock or SystemClock(),
            create=create,
        )
        self._linger_s = linger_s
        self._sync_s = sync_s
        self._synced = self._writer.end
        self._sync_due = 0.0
        self._spooled = 0
        self._error = ""
        self._retry_s = FIRST_RETRY_S
        self._stopping = False
        # ``new`` rings for every put; ``urgent`` when somebody waits, and cuts pauses short.
        self._new = Bell()
        self._urgent = Bell()
        self._waiting: deque[tuple[Position, Bell]] = deque()
        self._ended = start_thread(self._run)

    def put(self, facts: Iterable[Fact]) -> None:
        """Append ``facts`` to the spool. Never blocks on the database and never raises."""
        before = self._writer.error
        self._spooled += self._writer.put(facts)
        if self._writer.error and self._writer.error != before:
            self._tell(self._writer.error)
        self._new.ring()

    @property
    def spools(self) -> bool:
        """Whether what is put is on disk at once: false while the spool cannot be written."""
        return not self._writer.error

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Wait until all that was put before is in the database (or rejected); False when ``timeout_s`` have passed.

        Blocks the calling thread: from a hub call it through the hub's thread pool."""
        self.put(())
        done = Bell()
        self._waiting.append((self._writer.end, done))
        self._new.ring()
        self._urgent.ring()
        return done.wait(timeout_s) and not self._writer.pending

    def stop(self, timeout_s: float = 5.0) -> bool:
        """Write what can be written within ``timeout_s``, end the thread and let go of the spool. True when the
        database has everything; otherwise the rest stays in the spool for the next start. Blocks as ``flush`` does."""
        if self._stopping:
            return self.stats().behind == 0
        flushed = self.flush(timeout_s)
        self._stopping = True
        self._new.ring()
        self._urgent.ring()
        if self._ended.wait(timeout_s):
            self._writer.close()
        return flushed

    def stats(self) -> RecorderStats:
        """The counters now."""
        drain = self._drain
        done = drain.written + drain.rejected + drain.torn
        return RecorderStats(
            spooled=self._spooled,
            written=drain.written,
            behind=max(0, drain.left + self._spooled - done),
            shed=self._writer.shed,
            rejected=drain.rejected,
            torn=drain.torn,
            error=self._writer.error or self._error,
        )

    def _run(self) -> None:
        """The thread."""
        while not self._stopping:
            try:
                self._turn()
            except (StoreError, OSError) as error:
                self._fail(str(error))
            except Exception as error:  # noqa: BLE001 - whatever it is, the next facts must still be written
                self._fail(f"the recorder met {type(error).__name__}: {error}; report this as a bug")
        self._drain.close()

    def _turn(self) -> None:
        """One batch, or one pause when there is nothing to write."""
        self._sync()
        more = self._drain.turn()
        if not more:
            self._drain.tidy()
        self._error = ""
        self._retry_s = FIRST_RETRY_S
        self._answer()
        if not more:
            self._rest()

    def _rest(self) -> None:
        """Sleep until there is something to write, and a little longer, so that a batch is worth its transaction."""
        due = self._sync_due - time.monotonic() if self._synced != self._writer.end else IDLE_S
        if self._new.wait(min(IDLE_S, max(0.0, due))) and not self._stopping and not self._waiting:
            self._urgent.wait(self._linger_s)

    def _fail(self, error: str) -> None:
        if error != self._error:
            self._error = error
            self._tell(error)
        self._urgent.wait(self._retry_s)
        self._retry_s = min(LONGEST_RETRY_S, self._retry_s * 2)

    def _answer(self) -> None:
        """Ring for everybody whose facts are in the database."""
        for _ in range(len(self._waiting)):
            target, done = self._waiting.popleft()
            if target <= self._reader.position:
                done.ring()
            else:
                self._waiting.append((target, done))

    def _sync(self) -> None:
        now = time.monotonic()
        end = self._writer.end
        if end != self._synced and now >= self._sync_due:
            self._reader.sync(self._synced)
            self._synced = end
            self._sync_due = now + self._sync_s

    def _tell(self, error: str) -> None:
        if self._on_error is not None:
            self._on_error(error)
