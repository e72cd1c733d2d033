"""How campaigns and their leads stand, out of the records: why a lead is not dialled, what a campaign lacks, how many
drops are left to it. Blocks on the database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

import msgspec

from fsorch.calendars import Calendar
from fsorch.campaign.compliance import Asked, Compliance, Verdict
from fsorch.campaign.drops import DropBudget, drop_budget
from fsorch.campaign.readiness import faults
from fsorch.campaign.resets import next_reset
from fsorch.campaign.retry import first_number
from fsorch.campaign.script import fields_of
from fsorch.campaign.why import Reason, Situation, Skipped, why
from fsorch.campaign_checks import parse_filter
from fsorch.campaigns import CampaignSpec, CampaignState, Lead, LeadState, Outcome
from fsorch.clock import DAY_US, US
from fsorch.compliance_packs import pack_named
from fsorch.config import Centre
from fsorch.engine.sounds import drop_values, fixed, sound, spoken, unknown_slots
from fsorch.errors import NotFound
from fsorch.expressions import evaluate
from fsorch.places import Places
from fsorch.store.campaigns import CampaignRow, Campaigns
from fsorch.store.consents import Consents
from fsorch.store.dnc import Dnc
from fsorch.store.lead_filter import names_of
from fsorch.store.leads import Leads
from fsorch.store.story_attempt import AttemptDetail
from fsorch.tenancy import Tenancy

__all__ = [
    "LeadReason",
    "May",
    "Records",
    "Upcoming",
    "attempt_detail",
    "drop_budgets",
    "may_dial",
    "missing_of",
    "reasons_of",
    "registries",
    "unsaid_of",
    "upcoming_of",
]

NOT_HELD: Mapping[str, str] = MappingProxyType({})


class Records(Protocol):
    """The part of a store that is asked; see :class:`fsorch.store.Store`."""

    leads: Leads
    dnc: Dnc
    consents: Consents
    campaigns: Campaigns

    def load_centre(self) -> Centre:
        """The centre as it is."""
        ...


class LeadReason(msgspec.Struct, frozen=True, kw_only=True):
    """The answer for one campaign (empty: none has the lead's list)."""

    campaign: str
    reason: Reason


def reasons_of(store: Records, lead: Lead, now: int, held: Mapping[str, str] = NOT_HELD) -> list[LeadReason]:
    """Why ``lead`` is not dialled at ``now`` (UTC microseconds), for each campaign that dials its list. ``held``: what
    keeps a campaign from calling anybody, by its id, as a running fsorch says."""
    centre, states = store.load_centre(), store.campaigns.states()
    specs = [spec for spec in centre.campaigns if lead.list in spec.list_shares()]
    if not specs:
        return [LeadReason(campaign="", reason=why(Situation(lead=lead, now=now)))]
    store.dnc.sellers = sellers_of(centre)
    asked = _questions(store, lead, now)
    tenancy, found = Tenancy(centre), []
    for spec in specs:
        row = states.get(spec.id, CampaignRow(id=spec.id))
        situation = _situation(store, tenancy, spec, row, lead, asked, now)
        situation = msgspec.structs.replace(situation, held=held.get(spec.id, ""))
        found.append(LeadReason(campaign=spec.id, reason=why(situation)))
    return found


def sellers_of(centre: Centre) -> dict[str, str]:
    """For whom each campaign calls."""
    return {spec.id: spec.evidence.seller for spec in centre.campaigns}


def registries(store: Records) -> dict[str, int]:
    """When each public register was imported last, to its end."""
    return {one.id: one.imported_at for one in store.dnc.lists() if one.done}


class Upcoming(msgspec.Struct, frozen=True, kw_only=True):
    """A lead that is next, and what stands against calling it at this moment (``rule`` empty: nothing). ``at_hand``:
    the dialler has reserved it already."""

    lead: Lead
    reason: Reason
    at_hand: bool = False


def upcoming_of(
    store: Records,
    centre: Centre,
    spec: CampaignSpec,
    count: int,
    now: int,
    *,
    at_hand: Sequence[str] = (),
    preparing: bool = True,
    unseen: Callable[[int], None] | None = None,
) -> list[Upcoming] | None:
    """The leads that ``spec`` would be given next at ``now`` (UTC microseconds), in order, if all of its agents were
    free. None: its leads have still to be put in order, which without ``preparing`` is not waited for. ``unseen`` is
    told as :meth:`fsorch.store.leads.Leads.upcoming` tells it. ``at_hand``: the leads that a running dialler holds, by
    their ids in its own order; they come first."""
    agents = [one for one in centre.agents if any(member.queue == spec.queue for member in one.queues)]
    owners = [*(one.id for one in agents), *dict.fromkeys(name for one in agents for name in one.territories)]
    leads = store.leads.upcoming(spec, count, now, owners=owners, preparing=preparing, unseen=unseen)
    if leads is None:
        return None
    row, tenancy = store.campaigns.state(spec.id), Tenancy(centre)
    held = store.leads.of_ids(at_hand)
    found: list[Upcoming] = []
    for lead in (*held, *leads)[:count]:
        situation = _situation(store, tenancy, spec, row, lead, _questions(store, lead, now), now)
        found.append(Upcoming(lead=lead, reason=why(situation), at_hand=len(found) < len(held)))
    return found


def attempt_detail(store: Records, id: str) -> AttemptDetail:
    """An attempt, by its id or how that begins, with all that bears on it. Raises NotFound."""
    row = store.leads.attempts.begins_with(id)
    before, nth = store.leads.attempts.before(row)
    wordings = [one.spec for one in store.campaigns.versions(row.campaign) if one.made_at <= row.launched_at]
    leads = [one for one in store.leads.find(row.lead) if one.id == row.lead] if row.lead else []
    return AttemptDetail(
        attempt=row,
        lead=leads[0] if leads else None,
        before=before,
        nth=nth,
        spec=wordings[-1] if wordings else None,
        facts=store.leads.attempts.facts(row.id),
    )


class May(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a number may be dialled, and from ``when`` on (UTC microseconds; 0: never by time alone)."""

    verdict: Verdict
    when: int


def may_dial(store: Records, campaign: str, bare: Lead, at: int) -> May:
    """Whether ``campaign`` may dial the first number of ``bare`` (E.164), somebody in no list, at this moment (UTC
    microseconds): by its pack, by where they are, and by what is on record of the number. Raises NotFound."""
    centre = store.load_centre()
    spec = next((one for one in centre.campaigns if one.id == campaign), None)
    if spec is None:
        known = [one.id for one in centre.campaigns]
        raise NotFound("campaign", campaign, known=known)
    number = bare.numbers[0].number
    store.dnc.sellers = sellers_of(centre)
    ready = store.leads.stranger(bare, campaign)
    found = store.dnc.all_hits([number], campaign)
    asked = Asked(
        lead=bare,
        number=bare.numbers[0],
        now=at,
        place=Places().of(bare, bare.numbers[0]),
        # Of a moment that is past, what was known then.
        history=tuple(one for one in ready.lead.history if one.at <= at),
        consents=ready.consents,
        dnc=found.get(number, ()),
        registries=registries(store),
    )
    rules = Compliance(pack_named(spec.pack, centre.packs), spec)
    return May(verdict=rules.check(asked), when=rules.first_time(asked))


def missing_of(store: Records, centre: Centre, spec: CampaignSpec, now: int) -> list[str]:
    """What stands against starting the campaign at ``now`` (UTC microseconds); see fsorch.campaign.readiness."""
    known = {one.id for one in store.leads.lists.all()}
    missing = [f"there is no list {name!r}; fsorch list import" for name in spec.list_shares() if name not in known]
    leads = sum(store.leads.lists.count(name).open for name in spec.list_shares() if name in known)
    pack = pack_named(spec.pack, centre.packs)
    registers, unsaid = registries(store), unsaid_of(centre, spec)
    own = [name for name in spec.list_shares() if name in known]
    named = fields_of(spec.script)
    found = faults(
        spec,
        pack,
        leads=leads,
        agents=centre.agents,
        registries=registers,
        unsaid=unsaid,
        fields=store.leads.lists.fields(own, named) if named else None,
        now=now,
    )
    return [*missing, *found]


def unsaid_of(centre: Centre, spec: CampaignSpec) -> tuple[str, ...]:
    """What of a campaign's message for those who find nobody cannot be said in the centre's language. What says nothing
    but the campaign's own is a file: see fsorch.edge.message_audio."""
    if fixed(centre, spec.drop.prompt, drop_values(spec.drop), centre.language) is not None:
        return ()
    asked = centre, spec.drop.prompt, drop_values(spec.drop), centre.language
    skipped = filter(None, sound(spoken(*asked), lambda file: file.name, centre.speech).skipped)
    return (*(f"{{{slot}}}" for slot in unknown_slots(*asked)), *skipped)


def drop_budgets(store: Records, centre: Centre, spec: CampaignSpec, until: int) -> list[DropBudget]:
    """The budget of each ceiling over its own window, which ends at ``until`` (UTC microseconds)."""
    rules = Compliance(pack_named(spec.pack, centre.packs), spec).drop_rules
    missed = spec.amd.false_positives if spec.amd is not None else 0.0
    found = []
    for rule in rules:
        counts = store.leads.attempts.count(spec.id, (), until - round(rule.days * DAY_US), until)
        left = 0 if rule.hang_ups else counts.outcomes.get(Outcome.HUNG_UP.value, 0)
        found.append(drop_budget(rule, counts.live - left, counts.drops, missed))
    return found


def _questions(store: Records, lead: Lead, now: int) -> list[Asked]:
    """About each of its numbers, the one that is next first."""
    places = Places()
    first = first_number(lead.numbers, lead.next_number) or 0
    return [
        Asked(
            lead=lead,
            number=number,
            now=now,
            place=places.of(lead, number),
            history=lead.history,
            consents=tuple(store.consents.of(number.number)),
        )
        for number in (*lead.numbers[first:], *lead.numbers[:first])
        if not number.dead
    ]


def _of_interest(store: Records, rules: Compliance, questions: list[Asked]) -> Asked | None:
    """The question about the number that the engine would dial: the first that may be, now or in time; else the
    first."""
    hits = store.dnc.all_hits([one.number.number for one in questions], rules.spec.id)
    listed = [msgspec.structs.replace(one, dnc=hits.get(one.number.number, ())) for one in questions]
    for one in listed:
        verdict = rules.check(one)
        if verdict.allowed or verdict.until:
            return one
    return listed[0] if listed else None


def _situation(
    store: Records, tenancy: Tenancy, spec: CampaignSpec, row: CampaignRow, lead: Lead, asked: list[Asked], now: int
) -> Situation:
    calendar = tenancy.calendar(spec.calendar, tenancy.of_campaign(spec.id))
    rules = Compliance(pack_named(spec.pack, tenancy.centre.packs), spec)
    running = row.state in (CampaignState.RUNNING, CampaignState.SCHEDULED)
    wanted = spec.filter_of(lead.list)
    waits = spec.after and store.campaigns.state(spec.after).state is not CampaignState.FINISHED
    fits = not wanted or evaluate(parse_filter(wanted, "filter"), dict(names_of(lead))) is True
    return Situation(
        lead=lead,
        now=now,
        spec=spec,
        state=row.state,
        who=row.who,
        words=row.why,
        prepared=not running or store.leads.is_prepared(spec),
        waits_for=spec.after if waits else "",
        fits=fits,
        hours=Calendar(calendar).state if calendar is not None else None,
        rules=rules,
        asked=_of_interest(store, rules, asked),
        skipped=_skipped(store, spec, lead, now),
        reset_at=next_reset(spec.resets, tenancy.zone_of(spec), now),
    )


def _skipped(store: Records, spec: CampaignSpec, lead: Lead, now: int) -> Skipped | None:
    """Who put it off until the time it waits for. The journal is asked for the moments at which that would have been,
    by every wording the campaign has had, for nothing else in it leads to a lead."""
    if lead.next_at <= now or lead.state is LeadState.CALLBACK:
        return None
    rests = {one.preview.skip_s for one in (spec, *(made.spec for made in store.campaigns.versions(spec.id)))}
    fact = store.leads.attempts.skipped(lead.id, {lead.next_at - round(rest * US) for rest in rests})
    if fact is None or fact.data.get("campaign") != spec.id:
        return None
    reason, by = str(fact.data.get("reason", "")), str(fact.data.get("by", ""))
    return Skipped(agent=fact.agent, at=fact.at, reason=reason, by=by)
