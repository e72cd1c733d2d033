"""Whether a number may be dialled now: the pack's rules, the campaign's own, DNC and consent.

Theory: every rule that fits the campaign and the place is asked, and the first that says no decides; none can make good
for another. Where it is not known in which of several places somebody is, the rules and clocks of all of them count.
What cannot be told (no clock, a country the pack is not for) is a no. A no says until when it stands, if time alone can
mend it, so that whoever asks can wait for that moment and ask again: nothing here remembers an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec

from fsorch.calendar_rules import CalendarSpec
from fsorch.calendars import Calendar, holidays_of
from fsorch.campaign.spreading import parts_allow
from fsorch.campaigns import (
    DIALLED_OUTCOMES,
    CampaignSpec,
    ConsentRow,
    DncRow,
    Lead,
    LeadNumber,
    LimitRule,
    Past,
    Per,
)
from fsorch.clock import DAY_US, EPOCH, US
from fsorch.compliance_packs import (
    AttemptsRule,
    ConsentRule,
    DropRule,
    HoursRule,
    PackRule,
    PackSpec,
    RegistryRule,
)
from fsorch.places import Place

__all__ = ["Asked", "Compliance", "Verdict"]

# Calendars kept: rules times the zones of one country, and room to spare.
MOST_CALENDARS = 2000
# How often a no is followed to its end before it counts as never: each step passes one rule's obstacle.
MOST_STEPS = 200
R = TypeVar("R", bound=PackRule)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: may this ``number`` of ``lead`` be dialled at ``now`` (UTC microseconds)? ``history``: earlier
    attempts at its numbers or at the lead, those under way included; ``consents`` and ``dnc``: the rows there are for
    the number (all of them; one that fits is enough to say no); ``registries``: when each public register was imported
    last (None: that is not known here; whoever runs the campaign looks at it all the time)."""

    lead: Lead
    number: LeadNumber
    now: int
    place: Place
    history: tuple[Past, ...] = ()
    consents: tuple[ConsentRow, ...] = ()
    dnc: tuple[DncRow, ...] = ()
    registries: dict[str, int] | None = None


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The answer. For a no: the ``rule``'s id, its ``source``, what is in the way in ``words``, and ``until`` when (UTC
    microseconds; 0: time alone does not mend it). ``passed``: every rule that was asked before, and what it found."""

    allowed: bool
    rule: str = ""
    source: str = ""
    words: str = ""
    until: int = 0
    passed: dict[str, str] = {}


class No(Exception):
    """A rule that says no; never leaves this module."""

    def __init__(self, rule: str, source: str, words: str, until: int = 0) -> None:
        super().__init__(words)
        self.rule, self.source, self.words, self.until = rule, source, words, until


class Compliance:
    """The rules of one pack for one campaign. Without a pack nothing may be dialled: a centre that wants no rules says
    so by a pack that has none."""

    def __init__(self, pack: PackSpec | None, spec: CampaignSpec) -> None:
        self.pack = pack
        self.spec = spec
        self._registers = {rule.registry for rule in pack.registries} if pack is not None else set()
        self._calendars: dict[tuple[str, str, tuple[str, ...], tuple[str, ...]], Calendar] = {}

    # What the campaign as a whole is told

    def warm(self) -> None:
        """Load what the first question would wait for: the library of holidays, where the pack has use for it."""
        if self.pack is not None and any(rule.holidays is not None for rule in self.pack.hours):
            holidays_of(self.pack.countries[0] if self.pack.countries else "", "", ())

    @property
    def least_ring_s(self) -> float:
        """How long a call must ring before it may be given up."""
        return max((rule.least_s for rule in self._mine(self.pack.ring if self.pack else ())), default=0.0)

    @property
    def ring_s(self) -> float:
        """How long a call rings: as the campaign says, but not shorter than the pack allows."""
        return max(self.spec.ring_s, self.least_ring_s)

    @property
    def drop_rules(self) -> tuple[DropRule, ...]:
        """The ceilings for this campaign's drops."""
        return tuple(self._mine(self.pack.drops if self.pack else ()))

    @property
    def registry_rules(self) -> tuple[RegistryRule, ...]:
        """The public registers that calls of this campaign have to be held against."""
        return tuple(self._mine(self.pack.registries if self.pack else ()))

    @property
    def target(self) -> float:
        """The share of drops that may be aimed at: the campaign's own, capped by every ceiling."""
        return min((self.spec.target, *(rule.ceiling for rule in self.drop_rules)))

    @property
    def drop_s(self) -> float:
        """How long a person may wait for an agent before it is a drop."""
        return min((self.spec.drop.after_s, *(rule.within_s for rule in self.drop_rules)))

    # One dial

    def check(self, asked: Asked) -> Verdict:
        """Whether it may be dialled now."""
        passed: dict[str, str] = {}
        try:
            for rule, words in self._walk(asked):
                passed[rule] = words
        except No as no:
            return Verdict(allowed=False, rule=no.rule, source=no.source, words=no.words, until=no.until, passed=passed)
        return Verdict(allowed=True, passed=passed)

    def first_time(self, asked: Asked) -> int:
        """The first moment from ``asked.now`` on at which it may be dialled, as things are; 0: never by time alone."""
        for _ in range(MOST_STEPS):
            verdict = self.check(asked)
            if verdict.allowed:
                return asked.now
            if verdict.until <= asked.now:
                return 0
            asked = msgspec.structs.replace(asked, now=verdict.until)
        return 0

    def outside_hours(self, place: Place, at: int) -> str:
        """The id of the rule whose hours a call at this moment is outside of; empty: of none."""
        nobody = LeadNumber(number="")
        asked = Asked(lead=Lead(id=""), number=nobody, now=at, place=place)
        for rule in self._fitting(self.pack.hours if self.pack is not None else (), asked):
            try:
                self._hours(asked, rule)
            except No:
                return rule.id
        return ""

    def within_hours(self, place: Place, at: int) -> int:
        """The first moment from ``at`` on (both UTC microseconds) at which a call is within all hours; 0: there is
        none."""
        nobody = LeadNumber(number="")
        for _ in range(MOST_STEPS):
            asked = Asked(lead=Lead(id=""), number=nobody, now=at, place=place)
            try:
                for rule in self._fitting(self.pack.hours if self.pack is not None else (), asked):
                    self._hours(asked, rule)
            except No as no:
                if no.until <= at:
                    return 0
                at = no.until
            else:
                return at
        return 0

    def _walk(self, asked: Asked) -> Iterator[tuple[str, str]]:
        """Every rule that is asked, with what it found; raises No at the first that says no."""
        if asked.number.dead:
            raise No("number", "the switch", "this number does not exist, as the switch was told")
        pack = self._there(asked)
        yield "pack", f"{pack.id}, read {pack.checked.isoformat()}"
        yield from self._dnc(asked, pack)
        yield "place", asked.place.words
        for consent in self._fitting(pack.consents, asked):
            yield consent.id, self._consent(asked, consent)
        for register in self._fitting(pack.registries, asked):
            yield register.id, _fresh(asked, register)
        for lockout in self._fitting(pack.lockouts, asked):
            hits = [one for one in _of_number(asked) if one.outcome in lockout.after]
            span = round(lockout.hours * 3600 * US)
            last = max((one.at for one in hits), default=None)
            if last is not None and asked.now < last + span:
                raise _no(lockout, f"{lockout.says}; the last was at {_utc(last)}", last + span)
            yield lockout.id, "none" if last is None else f"the last was at {_utc(last)}"
        for limit in self._fitting(pack.attempts, asked):
            yield limit.id, _attempts(asked, limit)
        yield from self._own_limits(asked)
        for hours in self._fitting(pack.hours, asked):
            yield hours.id, self._hours(asked, hours)

    def _there(self, asked: Asked) -> PackSpec:
        """The pack, if it is for where they are."""
        if self.pack is None:
            raise No("pack", "the campaign", "the campaign has no compliance pack, so nobody may be dialled")
        place = asked.place
        if not place.zones:
            words = "nobody knows what time it is there: give the lead a zone, a postcode or a country"
            raise No("place", "the number", words)
        for country in place.countries if self.pack.countries else ():
            if country not in self.pack.countries:
                words = f"they are in {country}, which the pack {self.pack.id} is not for"
                raise No("pack.countries", f"pack {self.pack.id}", words)
        if self.pack.countries and not place.countries:
            raise No("pack.countries", f"pack {self.pack.id}", "nobody knows which country they are in")
        return self.pack

    def _dnc(self, asked: Asked, pack: PackSpec) -> Iterator[tuple[str, str]]:
        for row in asked.dnc:
            if row.campaign not in ("", self.spec.id) or (row.until and row.until <= asked.now):
                continue
            if row.source in self._registers:
                rule = next((one for one in self._fitting(pack.registries, asked) if one.registry == row.source), None)
                if rule is None or self._consent_to(asked, ("calls",)) is not None:
                    continue
                raise _no(rule, f"{asked.number.number} is in the register {row.source}", row.until)
            where = f"the campaign {row.campaign}'s DNC list" if row.campaign else "the DNC list"
            raise No("dnc", row.source, f"{asked.number.number} is on {where} ({row.reason or row.source})", row.until)
        yield "dnc", "not listed"

    def _consent(self, asked: Asked, rule: ConsentRule) -> str:
        found = self._consent_to(asked, rule.scopes)
        if found is None:
            raise _no(rule, f"{rule.says}; there is none on record for {asked.number.number}")
        return f"consent {found.id or found.scope} of {_utc(found.given_at)}"

    def _consent_to(self, asked: Asked, scopes: Iterable[str]) -> ConsentRow | None:
        """The consent in force that covers one of these scopes. What was given before it was taken back is taken back,
        whichever row says so: a list that is imported once more brings no consent back."""
        wanted = {"*", f"campaign:{self.spec.id}", *scopes}
        mine = [one for one in asked.consents if one.number == asked.number.number]
        gone = [one for one in mine if 0 < one.withdrawn_at <= asked.now]
        for one in mine:
            later = (row for row in gone if row.scope in ("*", one.scope) and row.withdrawn_at >= one.given_at)
            if one.scope in wanted and one.holds(asked.now) and not any(later):
                return one
        return None

    def _own_limits(self, asked: Asked) -> Iterator[tuple[str, str]]:
        """The campaign's own attempts, in all and in a day of the called party's own."""
        most, daily = self.spec.attempts_max, self.spec.attempts_per_day
        if asked.lead.attempts >= most:
            raise No(
                "campaign.attempts", "the campaign", f"it was dialled {asked.lead.attempts} times; the most is {most}"
            )
        yield "campaign.attempts", f"{asked.lead.attempts} of {most}"
        yield from self._further_limits(asked)
        if not daily:
            return
        mine = [one for one in asked.history if _is_of_lead(one, asked.lead) and one.outcome in DIALLED_OUTCOMES]
        for zone in asked.place.zones:
            start, end = _day_of(asked.now, zone)
            today = sum(start <= one.at < end for one in mine)
            if today >= daily:
                words = f"it was dialled {today} times today; the most in a day is {daily}"
                raise No("campaign.attempts-day", "the campaign", words, end)
        yield "campaign.attempts-day", f"fewer than {daily} today"

    def _further_limits(self, asked: Asked) -> Iterator[tuple[str, str]]:
        """Those that the campaign names beside, and how its tries are spread over the day."""
        for n, limit in enumerate(self.spec.limits, 1):
            yield f"campaign.limit-{n}", self._limit(asked, limit, f"campaign.limit-{n}")
        spread, zones = self.spec.spread, asked.place.zones
        if spread is not None and zones:
            since = asked.now - round(spread.days * DAY_US)
            mine = [one for one in asked.history if _is_of_lead(one, asked.lead) and one.outcome in DIALLED_OUTCOMES]
            times = [one.at for one in mine if since < one.at <= asked.now]
            opens = parts_allow(spread.parts, zones[0], times, asked.now)
            if opens > asked.now:
                words = "it was tried at this time of day already, and has its turn at another"
                raise No(
                    "campaign.spread",
                    "the campaign",
                    words,
                    min([opens, *(at + round(spread.days * DAY_US) for at in times)]),
                )
            yield "campaign.spread", f"{len(times)} in {spread.days:g} days"

    def _limit(self, asked: Asked, limit: LimitRule, rule: str) -> str:
        span, counted = round(limit.days * DAY_US), limit.counts or DIALLED_OUTCOMES
        those = _of_number(asked) if limit.per is Per.NUMBER else _of_lead(asked)
        times = sorted(
            one.at
            for one in those
            if one.outcome in counted
            and asked.now - span < one.at
            and (limit.everywhere or one.campaign == self.spec.id)
        )
        if len(times) >= limit.most:
            words = f"the campaign wants at most {limit.most} in {limit.days:g} days, and there were {len(times)}"
            raise No(rule, "the campaign", words, times[-limit.most] + span)
        return f"{len(times)} of {limit.most} in {limit.days:g} days"

    def _hours(self, asked: Asked, rule: HoursRule) -> str:
        shown = []
        until = 0
        closed = ""
        never = False
        for zone in asked.place.zones:
            calendar = self._calendar(rule, zone, asked.place)
            state = calendar.state(asked.now)
            here = f"{calendar.local(asked.now):%a %H:%M} in {zone}"
            shown.append(here)
            if not state.open:
                closed = closed or f"{rule.says}; it is {here} ({state.reason})"
                never = never or state.opens_at_us is None
                until = max(until, state.opens_at_us or 0)
        if closed:
            raise _no(rule, closed, 0 if never else until)
        return ", ".join(shown)

    def _calendar(self, rule: HoursRule, zone: str, place: Place) -> Calendar:
        key = (rule.id, zone, place.countries, place.regions)
        known = self._calendars.get(key)
        if known is None:
            if len(self._calendars) >= MOST_CALENDARS:
                self._calendars.clear()
            known = self._calendars[key] = Calendar(_calendar_of(rule, zone, place))
        return known

    def _mine(self, rules: Iterable[R]) -> Iterator[R]:
        return (rule for rule in rules if rule.fits_campaign(self.spec))

    def _fitting(self, rules: Iterable[R], asked: Asked) -> Iterator[R]:
        place = asked.place
        return (rule for rule in self._mine(rules) if rule.fits_place(place.countries, place.regions, place.line))


def _no(rule: PackRule, words: str, until: int = 0) -> No:
    return No(rule.id, rule.source, words, until)


def _fresh(asked: Asked, rule: RegistryRule) -> str:
    """Whether the copy of a register is young enough."""
    if asked.registries is None:
        return "not listed; the age of the copy is watched while the campaign runs"
    at = asked.registries.get(rule.registry)
    if at is None:
        raise _no(rule, f"the register {rule.registry} has not been imported")
    if asked.now - at > rule.days * DAY_US:
        raise _no(rule, f"the copy of the register {rule.registry} is of {_utc(at)}, older than {rule.days:g} days")
    return f"{rule.registry} of {_utc(at)}"


def _attempts(asked: Asked, rule: AttemptsRule) -> str:
    span = round(rule.days * DAY_US)
    those = _of_number(asked) if rule.per is Per.NUMBER else _of_lead(asked)
    # What a clock wrote that has been set back since, counts as well.
    times = sorted(one.at for one in those if one.outcome in rule.counted and asked.now - span < one.at)
    if len(times) >= rule.most:
        words = f"{rule.says}; it was dialled {len(times)} times since {_utc(asked.now - span)}"
        raise _no(rule, words, times[-rule.most] + span)
    return f"{len(times)} of {rule.most}"


def _of_number(asked: Asked) -> Iterator[Past]:
    return (one for one in asked.history if one.number == asked.number.number)


def _of_lead(asked: Asked) -> Iterator[Past]:
    return (one for one in asked.history if _is_of_lead(one, asked.lead))


def _is_of_lead(past: Past, lead: Lead) -> bool:
    """Whether it was an attempt at this lead: by its id, or at one of its numbers from another list."""
    return past.lead == lead.id or any(past.number == one.number for one in lead.numbers)


def _day_of(now: int, zone: str) -> tuple[int, int]:
    """The day there, from midnight to midnight by their clocks. Of a midnight that comes twice (Havana) it is the
    first, and where the clocks are put forward over it (Cairo, Beirut) the moment of the change: ``fold`` 0 is both."""
    local = (EPOCH + timedelta(microseconds=now)).astimezone(ZoneInfo(zone))
    start = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return _micros(start), _micros(start + timedelta(days=1))


def _micros(moment: datetime) -> int:
    return (moment.astimezone(UTC) - EPOCH) // timedelta(microseconds=1)


def _calendar_of(rule: HoursRule, zone: str, place: Place) -> CalendarSpec:
    off = []
    for country in place.countries if rule.holidays is not None else ():
        regions = [region for region in place.regions if region.startswith(f"{country}-")]
        regions = regions or [f"{country}-{part}" for part in rule.parts] or [""]
        found = (holidays_of(country, region, rule.holidays or ()) for region in regions)
        off += [spec for spec in found if spec is not None]
    return CalendarSpec(id=rule.id, zone=zone, hours=rule.hours, holidays=tuple(off))


def _utc(at: int) -> str:
    return f"{EPOCH + timedelta(microseconds=at):%Y-%m-%d %H:%M} UTC"
