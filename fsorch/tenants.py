"""The clients of an outsourcer as data: each has a SIP domain, limits, a contract and a zone of its own.

What belongs to a tenant (queues, flows, numbers, campaigns, calendars, agents) says so by its key ``tenant``, see
:mod:`fsorch.tenant_checks`; what says nothing is shared. Who belongs to whom is answered by :mod:`fsorch.tenancy`.
"""

from __future__ import annotations

import re
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import msgspec

from fsorch.errors import ConfigError
from fsorch.rules import Count, Rule, Seconds, expect_known
from fsorch.waits import Ending

__all__ = ["ContractSpec", "TenantLimits", "TenantSpec", "check_tenant"]

# A name of the DNS (RFC 1123, 2.1), or an address.
DOMAIN = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class TenantLimits(Rule, frozen=True, kw_only=True):
    """What a tenant may have at once; 0: no limit. ``contacts``: callers of its own, in flows, waiting and talking, and
    people whom its campaigns have reached; ``waiting``: of them in its queues; ``agents``: of its own who are logged
    in; ``lines``: calls of its campaigns; ``cps``: launches of its campaigns a second."""

    contacts: Count = 0
    waiting: Count = 0
    agents: Count = 0
    lines: Count = 0
    cps: Seconds = 0.0


class ContractSpec(Rule, frozen=True, kw_only=True):
    """What was promised to the client: ``service_level`` (a share, such as 0.8) of its callers are answered within
    ``within_s``, of those who are answered or give up later than 5 s; and, where that is agreed, no more than
    ``abandoned_max`` (a share) of the same give up."""

    service_level: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.8
    within_s: Annotated[float, msgspec.Meta(gt=0)] = 20.0
    abandoned_max: Share | None = None


class TenantSpec(Rule, frozen=True, kw_only=True):
    """A client. ``domain``: calls to this SIP domain are the tenant's, whatever number they are for; ``flow``: what
    they get when that number leads nowhere. ``zone`` (IANA): of its calendars that name none, and of the days in its
    reports. ``on_full``: what callers get who are over the limits, unless their number or queue says; without it they
    are told to call again."""

    id: str
    title: str = ""
    domain: str = ""
    zone: str = ""
    flow: str = ""
    on_full: Ending | None = None
    limits: TenantLimits = TenantLimits()
    contract: ContractSpec | None = None


def check_tenant(spec: TenantSpec, where: str) -> None:
    """Domain and zone can be. ``where``: the path of the tenant, such as ``centre.yaml: tenants[0]``. Raises
    ConfigError."""
    if spec.domain and not DOMAIN.fullmatch(spec.domain):
        raise ConfigError(
            f"{where}.domain is {spec.domain[:80]!r}; expected a host name in small letters, such as acme.example"
        )
    if spec.zone:
        try:
            ZoneInfo(spec.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            expect_known(spec.zone, available_timezones() - {spec.zone}, f"{where}.zone", "an IANA time zone")
