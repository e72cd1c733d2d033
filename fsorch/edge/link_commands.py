"""The commands of one connection, from `post` to their reply. No I/O and no clock: bytes out, replies in, time told.

The event socket answers every command once and in order (``mod_event_socket.c``, listener_run), so a reply belongs to
the oldest command that has none. Two rules follow. A command whose deadline has passed keeps its place: its late
reply is thrown away and counted, never given to the next command. And a reply that cannot belong to the oldest
command (of the other kind, or with another Job-UUID) means that the order is lost: nothing after it can be trusted,
the connection must go.

    post --> [unsent] --take--> [unanswered] --answer--> done(reply)
                 |                    |
                 +------expire--------+---> done(None, why); unsent ones are never written
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Literal

from fsorch.esl.errors import EslError
from fsorch.esl.replies import Reply

__all__ = ["Done", "OrderLost", "Pipeline", "Waiting"]

# (the reply, "") or (None, why there is none)
Done = Callable[[Reply | None, str], None]

END = "\n\n"
JOB = "\nJob-UUID: "


class OrderLost(EslError):
    """A reply that belongs to no command of ours: replies and commands are out of step."""


class Waiting:
    """One command. ``deadline`` is monotonic seconds; ``done`` is called exactly once, with a reply or without."""

    __slots__ = ("_done", "deadline", "line")

    def __init__(self, line: str, deadline: float, done: Done) -> None:
        self.line = line
        self.deadline = deadline
        self._done: Done | None = done

    @property
    def open(self) -> bool:
        """Whether somebody still waits for the reply."""
        return self._done is not None

    @property
    def kind(self) -> Literal["api", "command"]:
        """How the switch answers this line: ``api`` by an api/response, everything else by a command/reply."""
        return "api" if self.line.startswith("api ") else "command"

    @property
    def verb(self) -> str:
        """What the command is, for messages: without its arguments, which may hold a password."""
        words = self.line.split(None, 2)
        return " ".join(words[: 2 if words[:1] in (["api"], ["bgapi"]) else 1])[:40]

    def finish(self, reply: Reply | None, why: str = "") -> None:
        """Tell the one who waits, the first time only."""
        done, self._done = self._done, None
        if done is not None:
            done(reply, why)

    def fits(self, reply: Reply) -> bool:
        """Whether ``reply`` can be the answer to this command."""
        if reply.kind != self.kind:
            # An api command may be refused before it is run, by a command/reply.
            return reply.kind == "command" and not reply.ok
        job = reply.job_uuid
        return job is None or JOB not in self.line or self.line.partition(JOB)[2].partition("\n")[0] == job


class Pipeline:
    """All commands of one connection. ``limit`` bounds how many may be without a reply, written or not."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._unsent: deque[Waiting] = deque()
        self._unanswered: deque[Waiting] = deque()
        self.late = 0

    def __len__(self) -> int:
        return len(self._unsent) + len(self._unanswered)

    @property
    def unsent(self) -> bool:
        """Whether a command waits to be written."""
        return bool(self._unsent)

    def post(self, waiting: Waiting) -> bool:
        """Queue a command; False if the limit is reached, and then it is not queued."""
        if len(self) >= self._limit:
            return False
        self._unsent.append(waiting)
        return True

    def take(self, most: int) -> bytes:
        """The lines to write now, in order, as one piece of about ``most`` bytes; what has expired is left out."""
        pieces: list[bytes] = []
        size = 0
        while self._unsent and size < most:
            waiting = self._unsent.popleft()
            if waiting.open:
                pieces.append((waiting.line + END).encode("utf-8", "replace"))
                size += len(pieces[-1])
                self._unanswered.append(waiting)
        return b"".join(pieces)

    def answer(self, reply: Reply) -> None:
        """Give ``reply`` to the oldest command without one. Raises OrderLost if it cannot be its reply."""
        if not self._unanswered:
            raise OrderLost(f"the switch answers {reply.text[:60]!r}, but every command has its reply")
        waiting = self._unanswered[0]
        if not waiting.fits(reply):
            raise OrderLost(f"the switch answers {reply.text[:60]!r} to {waiting.verb!r}: replies are out of step")
        self._unanswered.popleft()
        if waiting.open:
            waiting.finish(reply)
        else:
            self.late += 1

    def expire(self, now: float) -> None:
        """End the wait for every command whose deadline has passed at ``now`` (monotonic seconds)."""
        for waiting in list(self._unsent):
            if waiting.open and waiting.deadline <= now:
                waiting.finish(None, "its deadline passed before it could be sent")
        for waiting in list(self._unanswered):
            if waiting.open and waiting.deadline <= now:
                waiting.finish(None, "no reply before its deadline")

    def next_deadline(self) -> float | None:
        """The earliest deadline somebody waits for, None if nobody waits."""
        return min((waiting.deadline for waiting in self._all() if waiting.open), default=None)

    def overdue(self) -> float | None:
        """The deadline of the oldest written command, if it is one that has been given up; else None."""
        head = self._unanswered[0] if self._unanswered else None
        return head.deadline if head is not None and not head.open else None

    def abandon(self, why: str) -> None:
        """The connection is gone: everybody is told, oldest first."""
        everything = list(self._all())
        self._unanswered.clear()
        self._unsent.clear()
        for waiting in everything:
            waiting.finish(None, why)

    def _all(self) -> Iterator[Waiting]:
        yield from self._unanswered
        yield from self._unsent
