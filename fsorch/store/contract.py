"""Whether a tenant's contract was held, day by day: out of the records.

Measured are callers (voice, inbound) who came into a queue, as :func:`fsorch.store.queries.summarise` counts them: the
service level over those who were answered or gave up after more than 5 s, whoever gave up sooner counting neither way;
and the share of the same who gave up. Who was turned away by a limit was not in a queue, and is told beside.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import msgspec

from fsorch.clock import EPOCH
from fsorch.engine.tenants import FULL
from fsorch.errors import ConfigError
from fsorch.store.queries import SERVICE_LEVEL_S, Answers
from fsorch.tenants import ContractSpec, TenantSpec

__all__ = ["Answering", "ContractRow", "TenantReport", "is_held", "tenant_report"]

# A year and a day; each day is some questions to the database.
MOST_DAYS = 367


class ContractRow(msgspec.Struct, frozen=True, kw_only=True):
    """The callers who began in a stretch: a ``day`` of the tenant's zone, or all of them. ``since`` and ``until`` are
    UTC microseconds, waits seconds. ``service_level`` and ``abandoned_share`` are None where there is nothing to
    measure; ``held``: whether both are as agreed, None without a contract or anything to measure."""

    day: str
    since: int
    until: int
    contacts: int
    answered: int
    abandoned: int
    short_abandoned: int
    turned_away: int
    service_level: float | None
    abandoned_share: float | None
    p95_wait_s: float | None
    held: bool | None


class TenantReport(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant over a span. ``zone``: by whose clock the days are; ``held``: the contract over all of it, and on how
    many of the days on which it could be measured."""

    tenant: str
    title: str
    zone: str
    contract: ContractSpec | None
    whole: ContractRow
    days: tuple[ContractRow, ...]
    days_held: int
    days_measured: int


class Answering(Protocol):
    """What is asked of the records."""

    def answers(self, service_level_s: float, **filters: Any) -> Answers:
        """How the contacts that ``filters`` select were answered."""
        ...

    def count_contacts(self, **filters: Any) -> int:
        """How many there are."""
        ...


def tenant_report(store: Answering, tenant: TenantSpec, since: int, until: int) -> TenantReport:
    """What came of a tenant's callers who began from ``since`` to before ``until`` (UTC microseconds). Blocks on the
    database. Raises ConfigError for a span of more than a year."""
    zone = tenant.zone or "UTC"
    days = tuple(_row(store, tenant, *day) for day in _days(since, until, ZoneInfo(zone)))
    measured = [one.held for one in days if one.held is not None]
    return TenantReport(
        tenant=tenant.id,
        title=tenant.title or tenant.id,
        zone=zone,
        contract=tenant.contract,
        whole=_row(store, tenant, "all", since, until),
        days=days,
        days_held=sum(measured),
        days_measured=len(measured),
    )


def _days(since: int, until: int, zone: ZoneInfo) -> Iterator[tuple[str, int, int]]:
    """The days of a span, the first and the last cut; one on which the clocks change has 23 hours or 25."""
    if until - since > MOST_DAYS * 86_400_000_000:
        raise ConfigError(f"more than {MOST_DAYS - 1} days; give a shorter span")
    at = since
    while at < until:
        day = (EPOCH + timedelta(microseconds=at)).astimezone(zone).date()
        midnight = datetime.combine(day + timedelta(days=1), datetime.min.time(), zone)
        after = (midnight.astimezone(UTC) - EPOCH) // timedelta(microseconds=1)
        yield day.isoformat(), at, min(after, until)
        at = after


def _row(store: Answering, tenant: TenantSpec, day: str, since: int, until: int) -> ContractRow:
    contract = tenant.contract
    calls = {"medium": "voice", "direction": "inbound"}
    callers: dict[str, Any] = {"tenant": tenant.id, "since": since, "until": until, **calls}
    found = store.answers(contract.within_s if contract is not None else SERVICE_LEVEL_S, **callers)
    return ContractRow(
        day=day,
        since=since,
        until=until,
        contacts=store.count_contacts(**callers),
        answered=found.answered,
        abandoned=found.late_abandoned + found.short_abandoned,
        short_abandoned=found.short_abandoned,
        turned_away=store.count_contacts(cause=FULL, **callers),
        service_level=found.service_level,
        abandoned_share=found.abandoned_share,
        p95_wait_s=found.p95_wait_s,
        held=is_held(contract, found.service_level, found.abandoned_share),
    )


def is_held(contract: ContractSpec | None, service_level: float | None, abandoned_share: float | None) -> bool | None:
    """Whether a contract was held by these shares; None: there is none, or nothing to measure."""
    if contract is None or service_level is None or abandoned_share is None:
        return None
    most = contract.abandoned_max
    return service_level >= contract.service_level and (most is None or abandoned_share <= most)
