"""How a running fsorch does: what `fsorch status` shows and monitoring reads."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import msgspec

__all__ = [
    "HookState",
    "HookTrouble",
    "LinkState",
    "LookupState",
    "RecorderState",
    "ServiceStatus",
    "cpu_seconds",
    "resident_bytes",
]


class LinkState(msgspec.Struct, frozen=True, kw_only=True):
    """The link to one switch. ``state``: connecting, up, down, refused, stopped. ``lag_s``: how late events come.
    ``lost``: commands without a reply; ``late``: replies past their deadline; ``shed``: commands that a full line
    refused; ``garbled``: frames that hold no event."""

    name: str
    state: str
    reason: str = ""
    events: int = 0
    lost: int = 0
    late: int = 0
    shed: int = 0
    garbled: int = 0
    reconnects: int = 0
    lag_s: float = 0.0


class RecorderState(msgspec.Struct, frozen=True, kw_only=True):
    """The way of the facts: ``spooled`` and ``written`` since the start, ``behind`` waiting for the database; ``shed``,
    ``rejected`` and ``torn`` are lost to it."""

    spooled: int = 0
    written: int = 0
    behind: int = 0
    shed: int = 0
    rejected: int = 0
    torn: int = 0
    error: str = ""


class LookupState(msgspec.Struct, frozen=True, kw_only=True):
    """The look-ups of flows at one host, source, or the own records: ``asked`` since the start, of which ``failed``
    had no answer, ``shed`` among them because the line was full; ``p95_s`` of the last ones, with the time in line."""

    name: str
    asked: int = 0
    failed: int = 0
    shed: int = 0
    running: int = 0
    waiting: int = 0
    p95_s: float = 0.0


class HookTrouble(msgspec.Struct, frozen=True, kw_only=True):
    """A call whose hook failed. ``way``: unknown (no such hook), raised, overran (its time limit), lost (the switch did
    not take the call back). ``leg`` is the call's id, ``number`` the caller's."""

    hook: str
    way: str
    leg: str
    number: str
    error: str
    traceback: str = ""


class HookState(msgspec.Struct, frozen=True, kw_only=True):
    """The socket door: ``calls`` since the start, ``active`` now, ``refused`` because too many were; ``ended`` counts
    how the others ended; ``troubles`` are the last that went wrong, oldest first."""

    address: str
    hooks: tuple[str, ...] = ()
    active: int = 0
    calls: int = 0
    refused: int = 0
    ended: dict[str, int] = {}
    troubles: tuple[HookTrouble, ...] = ()


class ServiceStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One process. ``cpu_s`` is what it has used since it began, ``resident_bytes`` what it holds now. ``shed`` counts
    what was left undone because a line was full, by what: ``facts`` for a slow reader, ``histories`` of callers that
    were not looked up."""

    version: str
    pid: int
    home: str
    url: str
    uptime_s: float
    cpu_s: float
    resident_bytes: int
    revision: int
    links: tuple[LinkState, ...] = ()
    recorder: RecorderState = RecorderState()
    hooks: HookState | None = None
    lookups: tuple[LookupState, ...] = ()
    shed: dict[str, int] = {}


def cpu_seconds(pid: int | None = None) -> float:
    """Processor time of this process, or of ``pid`` (0.0 where there is no /proc or no such process): user and
    system, all threads."""
    if pid is None:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return round(usage.ru_utime + usage.ru_stime, 3)
    try:
        # proc(5): the command in brackets is the second field; 14 and 15 are clock ticks in user and system mode.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_bytes() -> int:
    """Memory this process holds now (second field of Linux' /proc/self/statm); its peak where there is no /proc."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
