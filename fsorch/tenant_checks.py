"""What can be said against the tenants of a centre, and against what belongs to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from fsorch.belongings import Belongings, check_belonging, fits
from fsorch.calendar_rules import CalendarSpec
from fsorch.campaigns import CampaignSpec
from fsorch.doors import NumberSpec
from fsorch.errors import ConfigError
from fsorch.rules import Names, expect_known
from fsorch.tenants import TenantSpec, check_tenant
from fsorch.waits import Ending, check_ending

__all__ = ["Estate", "check_tenants"]


class Estate(NamedTuple):
    """The things of a centre that may belong to tenants, and what there is for endings. ``queues``, ``flows`` and
    ``agents`` are specs with an id and a tenant."""

    tenants: Sequence[TenantSpec]
    queues: Sequence[Any]
    flows: Sequence[Any]
    agents: Sequence[Any]
    calendars: Sequence[CalendarSpec]
    campaigns: Sequence[CampaignSpec]
    numbers: Mapping[str, NumberSpec]
    ways: frozenset[str]

    @property
    def belongings(self) -> Belongings:
        """Whose they are."""
        return Belongings(
            tenants=frozenset(tenant.id for tenant in self.tenants),
            queues={queue.id: queue.tenant for queue in self.queues},
            flows={flow.id: flow.tenant for flow in self.flows},
            calendars={calendar.id: calendar.tenant for calendar in self.calendars},
            zones={tenant.id: tenant.zone for tenant in self.tenants},
            zoneless=frozenset(calendar.id for calendar in self.calendars if not calendar.zone),
        )


def check_tenants(estate: Estate, where: str) -> None:
    """Tenants for themselves, and what belongs to them; flows have checks of their own (:mod:`fsorch.flow_checks`).
    ``where`` names the source. Raises ConfigError."""
    known = estate.belongings
    names = Names(queues=frozenset(known.queues), flows=frozenset(known.flows))
    domains: dict[str, str] = {}
    for n, tenant in enumerate(estate.tenants):
        here = f"{where}: tenants[{n}]"
        check_tenant(tenant, here)
        if tenant.domain and domains.setdefault(tenant.domain, tenant.id) != tenant.id:
            raise ConfigError(f"{here}.domain is {tenant.domain!r}, which is the tenant {domains[tenant.domain]!r}'s")
        if tenant.flow:
            expect_known(tenant.flow, known.flows, f"{here}.flow", "a flow")
        _check_full(tenant.on_full, names, estate.ways, here)
        check_belonging(tenant, tenant.id, known, here)
    for n, queue in enumerate(estate.queues):
        check_belonging(queue, queue.tenant, known, f"{where}: queues[{n}]")
    for n, agent in enumerate(estate.agents):
        check_belonging(agent, agent.tenant, known, f"{where}: agents[{n}]", strict=True)
    for number, spec in estate.numbers.items():
        _check_number(number, spec, known, f"{where}: numbers.{number}")
        _check_full(spec.on_full, names, estate.ways, f"{where}: numbers.{number}")
    _check_campaigns(estate, known, where)
    _check_calendars(estate, known, where)


def _check_full(way: Ending | None, names: Names, ways: frozenset[str], where: str) -> None:
    if way is not None:
        check_ending(way, names, ways, f"{where}.on_full")


def _check_number(number: str, spec: NumberSpec, known: Belongings, where: str) -> None:
    owner = number.partition("@")[2]
    if "@" in number:
        expect_known(owner, known.tenants, f"{where}: what stands behind the @", "a tenant")
    if spec.tenant and owner and spec.tenant != owner:
        raise ConfigError(f"{where}.tenant is {spec.tenant!r}, but the number says {owner!r}; leave one of them out")
    check_belonging(spec, spec.tenant or owner, known, where)


def _check_campaigns(estate: Estate, known: Belongings, where: str) -> None:
    """No list of leads is dialled for two tenants either, no campaign waits for another tenant's, and none counts its
    drops together with theirs."""
    owners: dict[str, str] = {}
    groups: dict[str, str] = {}
    whose = {one.id: one.tenant or known.queues.get(one.queue, "") for one in estate.campaigns}
    for n, campaign in enumerate(estate.campaigns):
        here, tenant = f"{where}: campaigns[{n}]", whose[campaign.id]
        check_belonging(campaign, tenant, known, here)
        if not fits(tenant, owner := whose.get(campaign.after, "")):
            raise ConfigError(
                f"{here}.after is {campaign.after!r}, a campaign that belongs to the tenant {owner!r}; "
                f"expected one of {tenant!r}"
            )
        if group := campaign.drop_group:
            if not fits(owner := groups.setdefault(group, tenant), tenant):
                raise ConfigError(
                    f"{here}.drop_group is {group!r}, in which campaigns of the tenant {owner!r} count their drops; "
                    f"expected a group of {tenant!r} alone"
                )
            groups[group] = owner or tenant
        for m, one in enumerate(campaign.lists):
            owner = owners.setdefault(one.list, tenant)
            if not fits(owner, tenant):
                raise ConfigError(
                    f"{here}.lists[{m}].list is {one.list!r}, which the tenant {owner!r} has dialled; "
                    f"expected a list of {tenant!r} alone"
                )
            owners[one.list] = owner or tenant


def _check_calendars(estate: Estate, known: Belongings, where: str) -> None:
    for n, calendar in enumerate(estate.calendars):
        here = f"{where}: calendars[{n}]"
        if calendar.tenant:
            expect_known(calendar.tenant, known.tenants, f"{here}.tenant", "a tenant")
        if not calendar.zone and not any(known.zones.get(id) for id in known.tenants if fits(calendar.tenant, id)):
            raise ConfigError(
                f"{here}.zone is missing; expected an IANA time zone such as UTC, or a tenant that has one"
            )
