"""Why a lead is not dialled, out of the records: the campaigns that have its list, what holds each of them, and what
the rules say of its next number. Blocks on the database."""

from __future__ import annotations

import msgspec

from fsorch.calendars import Calendar
from fsorch.campaign.compliance import Asked, Compliance
from fsorch.campaign.retry import first_number
from fsorch.campaign.why import Reason, Situation, why
from fsorch.campaign_checks import parse_filter
from fsorch.campaigns import CampaignSpec, Lead
from fsorch.compliance_packs import pack_named
from fsorch.config import Centre
from fsorch.expressions import evaluate
from fsorch.places import Places
from fsorch.store.campaigns import CampaignRow
from fsorch.store.lead_filter import names_of
from fsorch.store.store import Store

__all__ = ["LeadReason", "reasons_of", "registries"]


class LeadReason(msgspec.Struct, frozen=True, kw_only=True):
    """The answer for one campaign (empty: none has the lead's list)."""

    campaign: str
    reason: Reason


def reasons_of(store: Store, lead: Lead, now: int) -> list[LeadReason]:
    """Why ``lead`` is not dialled at ``now`` (UTC microseconds), for each campaign that dials its list."""
    centre, states = store.load_centre(), store.campaigns.states()
    specs = [spec for spec in centre.campaigns if lead.list in spec.list_shares()]
    if not specs:
        return [LeadReason(campaign="", reason=why(Situation(lead=lead, now=now)))]
    asked = _question(store, lead, now)
    return [
        LeadReason(
            campaign=spec.id,
            reason=why(_situation(store, centre, spec, states.get(spec.id, CampaignRow(id=spec.id)), lead, asked, now)),
        )
        for spec in specs
    ]


def registries(store: Store) -> dict[str, int]:
    """When each public register was imported last, to its end."""
    return {one.id: one.imported_at for one in store.dnc.lists() if one.done}


def _question(store: Store, lead: Lead, now: int) -> Asked | None:
    """About the number that is next."""
    place = first_number(lead.numbers, lead.next_number)
    if place is None:
        return None
    number = lead.numbers[place]
    return Asked(
        lead=lead,
        number=number,
        now=now,
        place=Places().of(lead, number),
        history=lead.history,
        consents=tuple(store.consents.of(number.number)),
    )


def _situation(
    store: Store, centre: Centre, spec: CampaignSpec, row: CampaignRow, lead: Lead, asked: Asked | None, now: int
) -> Situation:
    calendar = next((one for one in centre.calendars if one.id == spec.calendar), None)
    if asked is not None:
        found = store.dnc.find(asked.number.number, spec.id)
        asked = msgspec.structs.replace(asked, dnc=(found,) if found is not None else ())
    fits = not spec.filter or evaluate(parse_filter(spec.filter, "filter"), dict(names_of(lead))) is True
    return Situation(
        lead=lead,
        now=now,
        spec=spec,
        state=row.state,
        who=row.who,
        words=row.why,
        fits=fits,
        hours=Calendar(calendar).state if calendar is not None else None,
        rules=Compliance(pack_named(spec.pack, centre.packs), spec),
        asked=asked,
    )
