"""What a process needs to know to begin without its database: the centre and the agents' choices, in two files of the
home; and, in a third, by what name the home is known in a database that several share.

They are only read at a start that finds the database away; then fsorch serves as it last did, and what happens waits in
the spool. The database stays the one truth: as soon as it is back, it is followed.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import msgspec

from fsorch.config import Centre
from fsorch.engine.facts import Fact
from fsorch.engine.inputs import Shift
from fsorch.flows import FlowRelease
from fsorch.store.recall import follow_shift

__all__ = ["KnownCentre", "Memory"]

log = logging.getLogger(__name__)
T = TypeVar("T")
HOME_NAME = re.compile(r"[0-9a-f]{12}")

CENTRE = "last-centre.json"
SHIFTS = "last-shifts.json"
HOME = "home-name.json"


class KnownCentre(msgspec.Struct, frozen=True):
    """The centre of a ``revision``, as it was read at ``at`` (UTC microseconds), with the versions of its flows."""

    revision: int
    at: int
    centre: Centre
    releases: tuple[FlowRelease, ...] = ()


class Memory:
    """The files in ``home``. ``take`` and the properties are for one thread; ``save_*`` may run in another."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._shifts: dict[str, Shift] = {}
        self._dirty = False

    def centre(self) -> KnownCentre | None:
        """The centre that was known last; None if there was none, or its file cannot be read."""
        return self._read(CENTRE, KnownCentre)

    def home_name(self) -> str:
        """What tells this home from others that use the same database: chosen at random the first time, kept since. A
        copy of a home is to be without the file."""
        name = self._read(HOME, str) or ""
        if not HOME_NAME.fullmatch(name):
            name = secrets.token_hex(6)
            self._write(HOME, msgspec.json.encode(name))
        return name

    def shifts(self, since: int) -> tuple[Shift, ...]:
        """What the agents had chosen last, of those who have done anything since then (UTC microseconds)."""
        known = self._read(SHIFTS, tuple[Shift, ...]) or ()
        return tuple(one for one in known if max(one.since, one.idle_since, one.wrap_up_began) >= since)

    def resume(self, shifts: Iterable[Shift]) -> None:
        """Go on from what has been found."""
        self._shifts = {shift.agent: shift for shift in shifts}

    def take(self, facts: Iterable[Fact]) -> None:
        """Follow the agents."""
        for fact in facts:
            self._dirty = follow_shift(self._shifts, fact) or self._dirty

    def changed(self) -> bytes:
        """The agents' choices for :meth:`save_shifts`, if they have changed since the last call; else nothing."""
        if not self._dirty:
            return b""
        self._dirty = False
        return msgspec.json.encode(list(self._shifts.values()))

    def save_shifts(self, text: bytes) -> None:
        """Write what :meth:`changed` gave."""
        self._write(SHIFTS, text)

    def save_centre(self, known: KnownCentre) -> None:
        """Write down the centre that is in force."""
        self._write(CENTRE, msgspec.json.encode(known))

    def _write(self, name: str, text: bytes) -> None:
        """Whole or not at all. A home that cannot be written is told of by the spool, which is in it."""
        path, new = self._home / name, self._home / f"{name}.new"
        try:
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(text)
            new.replace(path)
        except OSError as error:
            log.debug("%s cannot be written: %s", path, error)

    def _read(self, name: str, kind: type[T]) -> T | None:
        try:
            return msgspec.json.decode((self._home / name).read_bytes(), type=kind)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            log.warning("%s cannot be used: %s", self._home / name, error)
            return None
