"""Who belongs to whom: the tenant of a call, a number, a campaign, and what follows from it. Made from a centre, and
kept until that changes."""

from __future__ import annotations

import msgspec

from fsorch.belongings import fits
from fsorch.calendar_rules import CalendarSpec
from fsorch.campaigns import CampaignSpec
from fsorch.config import Centre, estate_of
from fsorch.doors import NumberSpec
from fsorch.tenants import TenantSpec

__all__ = ["Tenancy"]

NO_TENANT = TenantSpec(id="")


class Tenancy:
    """The tenants of a ``centre``, and whose its things are. An empty id stands for no tenant everywhere."""

    def __init__(self, centre: Centre) -> None:
        self.centre = centre
        self.tenants = {tenant.id: tenant for tenant in centre.tenants}
        self.owners = estate_of(centre).belongings
        self._domains = {tenant.domain: tenant.id for tenant in centre.tenants if tenant.domain}
        self._campaigns = {one.id: one.tenant or self.owners.queues.get(one.queue, "") for one in centre.campaigns}
        self._calendars = {calendar.id: calendar for calendar in centre.calendars}
        self._zoned: dict[tuple[str, str], CalendarSpec] = {}

    def get(self, id: str) -> TenantSpec:
        """A tenant; one without limits and contract where there is none."""
        return self.tenants.get(id, NO_TENANT)

    def of_domain(self, *domains: str) -> str:
        """The tenant of the first of these SIP domains that is somebody's. A port behind one does not matter."""
        if not self._domains:
            return ""
        known = (self._domains.get(one.lower().rstrip(".").partition(":")[0], "") for one in domains)
        return next(filter(None, known), "")

    def of_queue(self, id: str) -> str:
        """The tenant of a queue."""
        return self.owners.queues.get(id, "")

    def of_flow(self, id: str) -> str:
        """The tenant of a flow."""
        return self.owners.flows.get(id, "")

    def of_campaign(self, id: str) -> str:
        """The tenant of a campaign: its own word, or that of its queue."""
        return self._campaigns.get(id, "")

    def number(self, dialled: str, tenant: str) -> NumberSpec | None:
        """What a number that was dialled leads to, with whose it is. For calls to the domain of ``tenant``: the one
        that is written for it comes first, and another tenant's is not there. None: no such number."""
        numbers = self.centre.numbers
        if "@" in dialled:
            return None
        spec = numbers.get(f"{dialled}@{tenant}") if tenant else None
        if spec is not None:
            return msgspec.structs.replace(spec, tenant=tenant)
        spec = numbers.get(dialled)
        if spec is None:
            return None
        owner = self._owner(spec)
        if not fits(tenant, owner):
            return None
        return msgspec.structs.replace(spec, tenant=tenant or owner)

    def queues(self, tenant: str) -> tuple[str, ...]:
        """The ids of a tenant's own queues, in the centre's order."""
        return tuple(id for id, owner in self.owners.queues.items() if owner == tenant)

    def zone(self, tenant: str) -> str:
        """The zone (IANA) of a tenant; UTC where nobody has said."""
        return self.get(tenant).zone or "UTC"

    def calendar(self, id: str, tenant: str) -> CalendarSpec | None:
        """A calendar as it is for something of this tenant: with a zone. None: no such calendar."""
        spec = self._calendars.get(id)
        if spec is None or spec.zone:
            return spec
        key = id, spec.tenant or tenant
        if key not in self._zoned:
            self._zoned[key] = msgspec.structs.replace(spec, zone=self.zone(key[1]))
        return self._zoned[key]

    def zone_of(self, campaign: CampaignSpec) -> str:
        """By which zone's clocks a campaign goes: its calendar's, its tenant's, or UTC."""
        tenant = self.of_campaign(campaign.id)
        calendar = self.calendar(campaign.calendar, tenant)
        return calendar.zone if calendar is not None else self.zone(tenant)

    def holdings(self, tenant: str) -> dict[str, list[str]]:
        """What a tenant has in the centre, by the words of the centre file."""
        centre, owners = self.centre, self.owners
        numbers = (self._holder(number, spec) for number, spec in centre.numbers.items())
        return {
            "queues": list(self.queues(tenant)),
            "flows": [id for id, owner in owners.flows.items() if owner == tenant],
            "agents": [agent.id for agent in centre.agents if agent.tenant == tenant],
            "numbers": [number for number, owner in zip(centre.numbers, numbers, strict=True) if owner == tenant],
            "campaigns": [id for id, owner in self._campaigns.items() if owner == tenant],
            "calendars": [id for id, owner in owners.calendars.items() if owner == tenant],
        }

    def _holder(self, number: str, spec: NumberSpec) -> str:
        return number.partition("@")[2] or self._owner(spec)

    def _owner(self, spec: NumberSpec) -> str:
        return spec.tenant or self.of_queue(spec.queue) or self.of_flow(spec.flow)
