"""The errors fsorch raises on purpose.

The tree::

    FsorchError
      ConfigError           a settings or centre file is wrong; says which key
      NotFound              an id names nothing that exists
      RequestRefused        a person or program asked for what is not legal now; nothing has changed
      ProtocolError         the other side of a wire broke its rules
        EslError            ... on the event socket (frames, events, quoting: see ``fsorch.esl``)
      NotRunning            no fsorch answers on the control socket of this home
      LinkError             a switch cannot be reached or does not answer (see ``fsorch.edge``)
      StoreError            the database or the spool cannot be used

Every message is one sentence that says what is wrong, where, and what to do. A switch event that comes late, twice or
out of order is none of these: it is counted by the engine and never raises.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable

from fsorch.nearest import alike, near

__all__ = [
    "ConfigError",
    "EslError",
    "FsorchError",
    "LinkError",
    "NotFound",
    "NotRunning",
    "ProtocolError",
    "RequestRefused",
    "StoreError",
    "no_room",
]


class FsorchError(Exception):
    """Anything fsorch raises on purpose. ``exit_code`` is what the command line ends with."""

    exit_code = 1


class ConfigError(FsorchError):
    """A settings or centre file is wrong. The message holds the path of the faulty key."""

    exit_code = 3


class NotFound(FsorchError):
    """No ``kind`` with this ``id``; ``close`` holds similar ids for the hint. ``known``: the ids there are, of which
    the hint names the similar ones, or some when none is; not for ids that say nothing to a person."""

    exit_code = 4

    def __init__(self, kind: str, id: str, close: tuple[str, ...] = (), *, known: Iterable[str] | None = None) -> None:
        hint = f"; did you mean {', '.join(close)}?" if close else ""
        if known is not None:
            known = set(known)
            close, hint = alike(id, known), near(id, known)
        super().__init__(f"no {kind} called {id!r}{hint}")
        self.kind = kind
        self.id = id
        self.close = close


def _spoken(word: str) -> str:
    """A word of a machine's table as people say it; any other text as it is."""
    known = {"wrap_up": "in wrap-up", "end_wrap_up": "end the wrap-up"}
    return known.get(word, word.replace("_", " ") if word.isidentifier() else word)


class RequestRefused(FsorchError):
    """A request that is not legal in the state the machine is in. Nothing has changed."""

    exit_code = 5

    def __init__(self, machine: str, state: str, request: str, hint: str = "") -> None:
        tail = f"; {hint}" if hint else ""
        super().__init__(f"{machine} is {_spoken(state)}: {_spoken(request)} is not possible now{tail}")
        self.machine = machine
        self.state = state
        self.request = request


class ProtocolError(FsorchError):
    """The other side of a wire broke its rules."""


class EslError(ProtocolError):
    """The event socket's bytes or values are not what the protocol allows."""


class LinkError(FsorchError):
    """A switch cannot be reached, refuses us, or does not answer in time."""

    exit_code = 6


class StoreError(FsorchError):
    """The database or the spool cannot be used."""

    exit_code = 7


class DatabaseAway(StoreError):
    """The database cannot be reached now; later it may well be."""


class NotRunning(FsorchError):
    """No fsorch answers on the control socket of this home, or it stopped while it was asked."""

    exit_code = 8


def no_room(error: OSError, otherwise: str) -> str:
    """What to do when a file could not be written: a full disk wants room, whatever else is wrong ``otherwise``."""
    return "make room on its disk" if error.errno in (errno.ENOSPC, errno.EDQUOT) else otherwise
