"""The running engine as the commands see it: ids looked up with suggestions, times as people say them."""

from __future__ import annotations

import getpass
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from fsorch.clock import to_datetime
from fsorch.errors import NotFound
from fsorch.tenants import ContractSpec

__all__ = [
    "Named",
    "ago",
    "asked_by",
    "clock_time",
    "find",
    "format_contract",
    "local_time",
    "missing",
    "now_us",
    "seconds",
]


class Named(Protocol):
    """Whatever has an id."""

    @property
    def id(self) -> str:
        """Its stable name."""
        ...


N = TypeVar("N", bound=Named)


def find(kind: str, wanted: str, there: Iterable[N]) -> N:
    """The one called ``wanted``. Raises NotFound with those that look like it."""
    by_id = {one.id: one for one in there}
    if wanted not in by_id:
        raise missing(kind, wanted, by_id)
    return by_id[wanted]


def missing(kind: str, wanted: str, known: Iterable[str]) -> NotFound:
    """NotFound for ``wanted``, with the ids of ``known`` that look like it, or some when none does."""
    return NotFound(kind, wanted, known=known)


def format_contract(contract: ContractSpec) -> str:
    """What was promised to a tenant: ``80% within 20 s, at most 5.0% give up``."""
    most = "" if contract.abandoned_max is None else f", at most {contract.abandoned_max:.1%} give up"
    return f"{contract.service_level:.0%} within {contract.within_s:g} s{most}"


def asked_by() -> str:
    """Who asks, for the audit: the command line and the account of this machine."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):
        # A container may run as a number without a name.
        return "cli"


def seconds(duration_s: float) -> str:
    """``duration_s`` as 0:07, 12:05 or 1:02:03."""
    whole = max(0, int(duration_s))
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def ago(since_us: int, now_us: int) -> str:
    """How long ``since_us`` is before ``now_us`` (UTC microseconds); empty for never."""
    return seconds((now_us - since_us) / 1_000_000) if since_us else ""


def clock_time(at_us: int) -> str:
    """The time of day in this machine's zone; empty for never."""
    return to_datetime(at_us).astimezone().strftime("%H:%M:%S") if at_us else ""


def local_time(at_us: int) -> str:
    """Date and time in this machine's zone; empty for never."""
    return to_datetime(at_us).astimezone().strftime("%Y-%m-%d %H:%M:%S") if at_us else ""


def now_us() -> int:
    """Now, in UTC microseconds."""
    return round(datetime.now(UTC).timestamp() * 1_000_000)
