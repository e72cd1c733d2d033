"""The rules of the packs, one by one; and that nothing escapes them, whatever the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsorch.calendar_rules import Weekday
from fsorch.campaign.compliance import Asked, Compliance
from fsorch.campaigns import (
    DIALLED_OUTCOMES,
    Audience,
    CampaignSpec,
    ConsentRow,
    DncRow,
    EvidenceSpec,
    Lead,
    LeadNumber,
    LimitRule,
    Mode,
    Outcome,
    Past,
    Per,
    SpreadRule,
)
from fsorch.compliance_packs import SHIPPED_PACKS, HoursRule, PackSpec, check_pack, shipped_pack
from fsorch.config import Centre, decode
from fsorch.errors import ConfigError
from fsorch.places import Place, Places

SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
PLACES = Places()


def at(text: str, zone: str = "UTC") -> int:
    """A moment as the clocks of a zone show it."""
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * SECOND)


def campaign(pack: str = "us", mode: Mode = Mode.PREDICTIVE, purpose: str = "marketing", **keys: Any) -> CampaignSpec:
    return CampaignSpec(id="c", queue="q", pack=pack, mode=mode, purpose=purpose, **keys)


def asked(number: str, now: int, *, lead: Lead | None = None, **keys: Any) -> Asked:
    own = LeadNumber(number=number)
    lead = lead or Lead(id="1", numbers=(own,))
    return Asked(lead=lead, number=own, now=now, place=PLACES.of(lead, own), **keys)


def agreed(number: str) -> tuple[ConsentRow, ...]:
    """To everything, long ago: Florida wants it before a machine dials."""
    return (ConsentRow(number=number, given_at=1),)


def rules(pack: str = "us", mode: Mode = Mode.PREDICTIVE, purpose: str = "marketing", **keys: Any) -> Compliance:
    return Compliance(shipped_pack(pack), campaign(pack, mode, purpose, **keys))


NEW_YORK, PENSACOLA, DALLAS, LONDON, PARIS = (
    *("+12125550100", "+18505550100", "+12145550100", "+442079460123", "+33123456789"),
)
BERLIN, SHANGHAI = "+493012345678", "+8613800138000"
NOON = at("2027-03-10T12:00", "America/New_York")


@pytest.mark.parametrize("name", SHIPPED_PACKS)
def test_every_rule_names_its_source_and_says_what_it_is(name: str) -> None:
    pack = shipped_pack(name)
    assert pack.id == name
    assert pack.countries
    found = list(pack.rules())
    assert len(found) > 8
    for _, rule in found:
        assert rule.id.startswith(f"{name}.")
        assert len(rule.source) > 10 or rule.source == "good practice"
        assert rule.says[0].isupper()
        assert not rule.says.endswith(".")


@pytest.mark.parametrize(
    ("number", "when", "zone", "allowed"),
    [
        (NEW_YORK, "2027-03-10T07:59", "America/New_York", False),
        (NEW_YORK, "2027-03-10T08:00", "America/New_York", True),
        (NEW_YORK, "2027-03-10T20:59", "America/New_York", True),
        (NEW_YORK, "2027-03-10T21:00", "America/New_York", False),
        # Two clocks: Pensacola's area code reaches into Eastern time, and Florida ends an hour early.
        (PENSACOLA, "2027-03-10T08:30", "America/New_York", False),
        (PENSACOLA, "2027-03-10T09:00", "America/New_York", True),
        (PENSACOLA, "2027-03-10T19:59", "America/New_York", True),
        (PENSACOLA, "2027-03-10T20:00", "America/New_York", False),
        # Texas begins at 9, on Sundays at noon.
        (DALLAS, "2027-03-10T08:30", "America/Chicago", False),
        (DALLAS, "2027-03-14T11:59", "America/Chicago", False),
        (DALLAS, "2027-03-14T12:00", "America/Chicago", True),
    ],
)
def test_hours_are_those_of_the_called_party(number: str, when: str, zone: str, allowed: bool) -> None:
    assert rules().check(asked(number, at(when, zone), consents=agreed(number))).allowed is allowed


@pytest.mark.parametrize(
    ("number", "when", "zone", "rule"),
    [
        # Oregon: 8 to 8 since 2026. Pennsylvania: not on legal holidays (Memorial Day 2027).
        ("+15035550100", "2027-03-10T20:30", "America/Los_Angeles", "us.hours-8to20"),
        ("+15035550100", "2027-03-10T19:59", "America/Los_Angeles", ""),
        ("+12155550100", "2027-05-31T12:00", "America/New_York", "us.hours-pa"),
        ("+12155550100", "2027-06-01T12:00", "America/New_York", ""),
    ],
)
def test_hours_of_further_states(number: str, when: str, zone: str, rule: str) -> None:
    assert rules().check(asked(number, at(when, zone))).rule == rule


@pytest.mark.parametrize(
    ("number", "when", "zone", "rule"),
    [
        # California and Nevada: machines that speak begin at 9; Nebraska: on Sundays at one.
        ("+12135550100", "2027-03-10T08:30", "America/Los_Angeles", "us.hours-recorded"),
        ("+17025550100", "2027-03-10T08:30", "America/Los_Angeles", "us.hours-recorded"),
        ("+14025550100", "2027-03-14T12:30", "America/Chicago", "us.hours-recorded-ne"),
        ("+14025550100", "2027-03-14T13:30", "America/Chicago", ""),
    ],
)
def test_hours_of_recorded_messages(number: str, when: str, zone: str, rule: str) -> None:
    question = asked(number, at(when, zone), consents=agreed(number))
    assert rules(mode=Mode.AGENTLESS, purpose="service").check(question).rule == rule


@pytest.mark.parametrize(
    ("number", "mode", "rule"),
    [
        (PENSACOLA, Mode.PREDICTIVE, "us.consent-state"),
        (PENSACOLA, Mode.PROGRESSIVE, "us.consent-state"),
        # Who dials by hand uses no system that chooses and dials.
        (PENSACOLA, Mode.PREVIEW, ""),
        ("+12035550100", Mode.PREVIEW, "us.consent-ct"),
        ("+12035550100", Mode.MANUAL, "us.consent-ct"),
        (NEW_YORK, Mode.PREDICTIVE, ""),
    ],
)
def test_states_that_want_consent_to_be_sold_something(number: str, mode: Mode, rule: str) -> None:
    assert rules(mode=mode).check(asked(number, NOON)).rule == rule
    assert rules(mode=mode).check(asked(number, NOON, consents=agreed(number))).allowed
    if rule == "us.consent-state":
        # To be called is not to be dialled by a machine.
        spoken = (ConsentRow(number=number, scope="calls", given_at=1),)
        assert rules(mode=mode).check(asked(number, NOON, consents=spoken)).rule == rule
    business = EvidenceSpec(audience=Audience.BUSINESSES)
    assert rules(mode=mode, evidence=business).check(asked(number, NOON)).allowed


def test_a_recorded_message_for_a_charity_goes_to_its_own_people_and_debts_are_counted() -> None:
    charity = rules(mode=Mode.AGENTLESS, purpose="charity")
    assert charity.check(asked(NEW_YORK, NOON)).rule == "us.consent-recorded-charity"
    assert charity.check(asked(NEW_YORK, NOON, consents=agreed(NEW_YORK))).allowed
    past = tuple(Past(at=NOON - n * 3 * DAY, number=NEW_YORK, outcome=Outcome.MACHINE, lead="1") for n in (1, 2, 3))
    debts = rules(mode=Mode.AGENTLESS, purpose="collection")
    question = asked(NEW_YORK, NOON, history=past, consents=agreed(NEW_YORK))
    assert debts.check(question).rule == "us.attempts-recorded"


def test_spaniards_are_not_sold_anything_on_saturdays_and_austrian_businesses_are_asked_first() -> None:
    madrid, vienna = "+34912345678", "+431234567890"
    saturday, monday = at("2027-03-13T12:00", "Europe/Madrid"), at("2027-03-15T12:00", "Europe/Madrid")
    assert rules("eu").check(asked(madrid, saturday, consents=agreed(madrid))).rule == "eu.hours-es"
    assert rules("eu").check(asked(madrid, monday, consents=agreed(madrid))).allowed
    business = EvidenceSpec(audience=Audience.BUSINESSES)
    assert rules("eu", evidence=business).check(asked(vienna, monday)).rule == "eu.consent-at"
    assert rules("eu", evidence=business).check(asked(BERLIN, monday)).allowed


def test_sole_traders_stand_on_the_register_of_consumers() -> None:
    noon = at("2027-03-10T12:00", "Europe/London")
    business = rules("uk", evidence=EvidenceSpec(audience=Audience.BUSINESSES))
    listed = (DncRow(number=LONDON, source="uk-tps"),)
    assert business.check(asked(LONDON, noon, dnc=listed)).rule == "uk.tps"


def test_the_note_counts_the_states_right() -> None:
    states = {region for _, rule in shipped_pack("us").rules() for region in rule.regions}
    assert len(states) == 22
    assert "twenty-two states" in shipped_pack("us").note


def test_a_no_says_what_is_in_the_way_from_which_source_and_until_when() -> None:
    verdict = rules().check(asked(NEW_YORK, at("2027-03-10T07:10", "America/New_York")))
    assert (verdict.rule, verdict.source) == ("us.hours", "16 CFR 310.4(c); 47 CFR 64.1200(c)(1)")
    assert "it is Wed 07:10 in America/New_York" in verdict.words
    assert verdict.until == at("2027-03-10T08:00", "America/New_York")
    assert verdict.passed["dnc"] == "not listed"


def test_the_postcode_the_region_and_the_lists_zone_all_count() -> None:
    now = at("2027-03-10T09:30", "America/New_York")
    there = Lead(id="1", country="US", postcode="90001", numbers=(LeadNumber(number=NEW_YORK),))
    verdict = rules().check(asked(NEW_YORK, now, lead=there))
    assert not verdict.allowed
    assert verdict.until == at("2027-03-10T08:00", "America/Los_Angeles")
    zoned = msgspec.structs.replace(there, postcode="", zone="Pacific/Honolulu")
    assert not rules().check(asked(NEW_YORK, now, lead=zoned)).allowed


def test_days_when_clocks_change() -> None:
    # 14 March 2027: 2:00 becomes 3:00. 8:00 is still 8:00 by their clocks.
    assert not rules().check(asked(NEW_YORK, at("2027-03-14T11:59"))).allowed
    assert rules().check(asked(NEW_YORK, at("2027-03-14T12:00"))).allowed
    # 31 October 2027 in London: back by an hour; Monday's 9:00 is 9:00 UTC again.
    uk = rules("uk", purpose="service")
    assert not uk.check(asked(LONDON, at("2027-11-01T08:30"))).allowed
    assert uk.check(asked(LONDON, at("2027-11-01T09:00"))).allowed


@pytest.mark.parametrize(
    ("pack", "number", "day"),
    [
        ("uk", LONDON, "2027-03-29T12:00"),  # Easter Monday
        ("eu", BERLIN, "2027-05-06T12:00"),  # Ascension
        ("cn", SHANGHAI, "2027-10-01T04:00"),  # National Day
    ],
)
def test_holidays_are_left_alone(pack: str, number: str, day: str) -> None:
    verdict = rules(pack, purpose="service").check(asked(number, at(day)))
    assert verdict.rule == f"{pack}.hours"
    assert "holiday" in verdict.words


def test_a_holiday_of_a_whole_country_counts_where_nobody_knows_the_region() -> None:
    days = dict.fromkeys(Weekday, tuple(["09:00-18:00"]))
    rule = HoursRule(id="x", says="X", source="Y", hours=days, holidays=())
    own = Compliance(PackSpec(id="own", checked=date(2027, 1, 1), hours=(rule,)), campaign("own"))
    lead = Lead(id="1", zone="Europe/Berlin", country="DE", numbers=(LeadNumber(number="+491701234567"),))
    assert not PLACES.of(lead, lead.numbers[0]).regions
    assert not own.check(asked("+491701234567", at("2027-05-06T10:00"), lead=lead)).allowed
    assert own.check(asked("+491701234567", at("2027-05-07T10:00"), lead=lead)).allowed


def test_hours_that_never_come_are_waited_for_by_nobody() -> None:
    rule = HoursRule(id="x", says="X", source="Y", hours={})
    never = Compliance(PackSpec(id="own", checked=date(2027, 1, 1), hours=(rule,)), campaign("own"))
    verdict = never.check(asked(NEW_YORK, NOON))
    assert (verdict.rule, verdict.until) == ("x", 0)
    assert never.outside_hours(PLACES.of(Lead(id="1"), LeadNumber(number=NEW_YORK)), NOON) == "x"
    assert Compliance(None, campaign("")).outside_hours(Place(zones=("UTC",)), NOON) == ""


def test_a_pack_for_everywhere_needs_no_country() -> None:
    everywhere = Compliance(PackSpec(id="own", checked=date(2027, 1, 1)), campaign("own"))
    zoned = Lead(id="1", zone="Europe/Berlin", numbers=(LeadNumber(number="+80012345678"),))
    assert everywhere.check(asked("+80012345678", NOON, lead=zoned)).allowed
    assert rules().check(asked("+80012345678", NOON, lead=zoned)).rule == "pack.countries"


def test_a_state_closes_on_its_own_holidays() -> None:
    mobile = "+12515550100"  # Alabama; Mardi Gras is a holiday there, 9 February 2027
    verdict = rules().check(asked(mobile, at("2027-07-05T12:00", "America/Chicago")))
    assert verdict.rule == "us.hours-no-sunday"
    assert rules().check(asked(mobile, at("2027-07-06T12:00", "America/Chicago"))).allowed


def test_dnc_always_wins() -> None:
    consent = ConsentRow(number=NEW_YORK, given_at=1)
    for row in (DncRow(number=NEW_YORK), DncRow(number="+1212*", reason="asked"), DncRow(number="x", campaign="c")):
        verdict = rules().check(asked(NEW_YORK, NOON, dnc=(row,), consents=(consent,)))
        assert (verdict.allowed, verdict.rule, verdict.until) == (False, "dnc", 0)
    for harmless in (DncRow(number=NEW_YORK, campaign="other"), DncRow(number=NEW_YORK, until=NOON)):
        assert rules().check(asked(NEW_YORK, NOON, dnc=(harmless,))).allowed


def test_a_register_is_asked_for_those_it_is_for_and_consent_comes_before_it() -> None:
    listed = (DncRow(number=NEW_YORK, source="us-dnc"),)
    assert rules().check(asked(NEW_YORK, NOON, dnc=listed)).rule == "us.registry"
    consent = (ConsentRow(number=NEW_YORK, scope="calls", given_at=NOON - DAY),)
    assert rules().check(asked(NEW_YORK, NOON, dnc=listed, consents=consent)).allowed
    assert rules(purpose="service").check(asked(NEW_YORK, NOON, dnc=listed)).allowed
    business = EvidenceSpec(audience=Audience.BUSINESSES)
    assert rules(evidence=business).check(asked(NEW_YORK, NOON, dnc=listed)).allowed
    # A register that the pack does not know is a DNC list like any other.
    assert rules().check(asked(NEW_YORK, NOON, dnc=(DncRow(number=NEW_YORK, source="uk-tps"),))).rule == "dnc"


def test_a_register_must_have_been_imported_lately() -> None:
    fresh, old = {"us-dnc": NOON - 30 * DAY}, {"us-dnc": NOON - 32 * DAY}
    assert rules().check(asked(NEW_YORK, NOON, registries=fresh)).allowed
    assert "older than 31 days" in rules().check(asked(NEW_YORK, NOON, registries=old)).words
    assert "has not been imported" in rules().check(asked(NEW_YORK, NOON, registries={})).words


def test_each_register_that_has_a_number_is_asked_for_itself() -> None:
    noon = at("2027-03-10T12:00", "Europe/London")
    both = (DncRow(number=LONDON, source="uk-ctps"), DncRow(number=LONDON, source="uk-tps"))
    for listed in (both, both[::-1]):
        assert rules("uk").check(asked(LONDON, noon, dnc=listed)).rule == "uk.tps"


def test_a_recorded_message_and_a_german_consumer_need_consent_that_holds() -> None:
    recorded = rules(mode=Mode.AGENTLESS)
    assert recorded.check(asked(NEW_YORK, NOON)).rule == "us.consent-recorded"
    live = ConsentRow(number=NEW_YORK, scope="calls", given_at=1)
    assert not recorded.check(asked(NEW_YORK, NOON, consents=(live,))).allowed
    machine = msgspec.structs.replace(live, scope="automated")
    assert recorded.check(asked(NEW_YORK, NOON, consents=(machine,))).allowed
    gone = msgspec.structs.replace(machine, withdrawn_at=NOON - 1)
    assert not recorded.check(asked(NEW_YORK, NOON, consents=(gone,))).allowed
    others = msgspec.structs.replace(machine, number=DALLAS)
    assert not recorded.check(asked(NEW_YORK, NOON, consents=(others,))).allowed

    noon = at("2027-03-10T12:00", "Europe/Berlin")
    assert rules("eu").check(asked(BERLIN, noon)).rule == "eu.consent"
    consent = (ConsentRow(number=BERLIN, scope="campaign:c", given_at=1),)
    assert rules("eu").check(asked(BERLIN, noon, consents=consent)).allowed
    assert rules("eu", purpose="service").check(asked(BERLIN, noon)).allowed


def test_a_consent_that_was_taken_back_is_not_brought_back_by_an_older_row() -> None:
    noon = at("2027-03-10T12:00", "Europe/Berlin")

    def may(*rows: ConsentRow) -> bool:
        return rules("eu").check(asked(BERLIN, noon, consents=rows)).allowed

    gone = ConsentRow(number=BERLIN, scope="calls", given_at=noon - 9 * DAY, withdrawn_at=noon - 2 * DAY)
    older = ConsentRow(number=BERLIN, scope="calls", given_at=noon - 5 * DAY)
    newer = ConsentRow(number=BERLIN, scope="calls", given_at=noon - DAY)
    assert not may(gone)
    assert not may(gone, older)
    assert not may(older, gone)
    assert may(gone, older, newer)
    # What was taken back of everything was all; what was for recorded messages says nothing of calls.
    assert not may(msgspec.structs.replace(gone, scope="*"), older)
    assert may(msgspec.structs.replace(gone, scope="automated"), older)
    # Nor does a withdrawal that is still to come, or another number's.
    assert may(msgspec.structs.replace(gone, withdrawn_at=noon + 1), older)
    assert may(msgspec.structs.replace(gone, number=LONDON), older)


def test_attempts_are_counted_over_all_numbers_and_campaigns() -> None:
    past = tuple(
        Past(at=NOON - (5 - n) * HOUR, number=PENSACOLA, outcome=Outcome.BUSY, campaign=f"c{n}", lead="1")
        for n in range(3)
    )
    consents = agreed(PENSACOLA)
    verdict = rules(attempts_per_day=0).check(asked(PENSACOLA, NOON, history=past, consents=consents))
    assert verdict.rule == "us.attempts-state"
    assert verdict.until == NOON - 5 * HOUR + DAY
    failed = tuple(msgspec.structs.replace(one, outcome=Outcome.INVALID) for one in past)
    assert rules(attempts_per_day=0).check(asked(PENSACOLA, NOON, history=failed, consents=consents)).allowed


def test_a_debtor_rests_for_a_week_after_a_talk_and_a_dropped_briton_for_three_days() -> None:
    talked = (Past(at=NOON - 6 * DAY, number=NEW_YORK, outcome=Outcome.LIVE, lead="1"),)
    verdict = rules(purpose="collection").check(asked(NEW_YORK, NOON, history=talked))
    assert (verdict.rule, verdict.until) == ("us.lockout-debt", NOON + DAY)
    noon = at("2027-03-10T12:00", "Europe/London")
    dropped = (Past(at=noon - 2 * DAY, number=LONDON, outcome=Outcome.DROP, lead="1"),)
    assert rules("uk", purpose="service").check(asked(LONDON, noon, history=dropped)).rule == "uk.lockout"
    # An agent is guaranteed: one line for each.
    assert rules("uk", Mode.PROGRESSIVE, "service").check(asked(LONDON, noon, history=dropped)).allowed


def test_the_campaigns_own_limits_count_by_the_day_there() -> None:
    past = tuple(Past(at=NOON - n * HOUR, number=NEW_YORK, outcome=Outcome.NOANSWER, lead="1") for n in (1, 2))
    verdict = rules(attempts_per_day=2).check(asked(NEW_YORK, NOON, history=past))
    assert (verdict.rule, verdict.until) == ("campaign.attempts-day", at("2027-03-11T00:00", "America/New_York"))
    # What came after midnight there is allowed again, at the hour when calling is.
    first = rules(attempts_per_day=2).first_time(asked(NEW_YORK, NOON, history=past))
    assert first == at("2027-03-11T08:00", "America/New_York")
    # Neither what did not ring nor somebody else's calls are counted.
    others = tuple(msgspec.structs.replace(one, lead="7", number=DALLAS) for one in past)
    unheard = tuple(msgspec.structs.replace(one, outcome=Outcome.CONGESTION) for one in past)
    assert rules(attempts_per_day=2).check(asked(NEW_YORK, NOON, history=(*others, *unheard))).allowed
    worn = Lead(id="1", attempts=8, numbers=(LeadNumber(number=NEW_YORK),))
    verdict = rules().check(asked(NEW_YORK, NOON, lead=worn))
    assert (verdict.rule, verdict.until) == ("campaign.attempts", 0)
    assert rules().first_time(asked(NEW_YORK, NOON, lead=worn)) == 0


@pytest.mark.parametrize(
    ("limit", "allowed"),
    [
        (LimitRule(most=4, days=7), True),
        (LimitRule(most=3, days=7), False),
        # One of them was at the lead's other number, one for another campaign.
        (LimitRule(most=3, days=7, per=Per.NUMBER), True),
        (LimitRule(most=3, days=7, everywhere=False), True),
        (LimitRule(most=2, days=7, everywhere=False), False),
        (LimitRule(most=2, days=2.5), False),
        (LimitRule(most=2, days=1.5), True),
        # Only talks count.
        (LimitRule(most=1, days=30, counts=frozenset({Outcome.LIVE})), False),
        (LimitRule(most=1, days=2.5, counts=frozenset({Outcome.LIVE})), True),
    ],
)
def test_a_campaigns_further_limits(limit: LimitRule, allowed: bool) -> None:
    other = "+493099999999"
    lead = Lead(id="1", numbers=(LeadNumber(number=BERLIN), LeadNumber(number=other)))
    past = (
        Past(at=NOON - 3 * DAY, number=BERLIN, outcome=Outcome.LIVE, campaign="c", lead="1"),
        Past(at=NOON - 2 * DAY, number=other, outcome=Outcome.BUSY, campaign="c", lead="1"),
        Past(at=NOON - DAY, number=BERLIN, outcome=Outcome.NOANSWER, campaign="summer", lead="7"),
    )
    free = PackSpec(id="free", checked=date(2027, 1, 1))
    verdict = Compliance(free, campaign("free", limits=(limit,))).check(asked(BERLIN, NOON, lead=lead, history=past))
    assert verdict.allowed is allowed
    if not allowed:
        assert (verdict.rule, verdict.source) == ("campaign.limit-1", "the campaign")
        assert NOON < verdict.until <= NOON + round(limit.days * DAY)
        later = msgspec.structs.replace(asked(BERLIN, NOON, lead=lead, history=past), now=verdict.until)
        assert Compliance(free, campaign("free", limits=(limit,))).check(later).allowed


def test_tries_are_spread_over_the_day() -> None:
    free = PackSpec(id="free", checked=date(2027, 1, 1))
    spread = Compliance(free, campaign("free", spread=SpreadRule(parts=("08:00", "12:00", "17:00"), days=7)))

    def may(now: str, *tries: str) -> int:
        past = tuple(
            Past(at=at(one, "Europe/Berlin"), number=BERLIN, outcome=Outcome.NOANSWER, lead="1") for one in tries
        )
        verdict = spread.check(asked(BERLIN, at(now, "Europe/Berlin"), history=past))
        return 0 if verdict.allowed else verdict.until

    assert may("2027-03-10T09:00") == 0
    assert may("2027-03-10T11:00", "2027-03-10T09:00") == at("2027-03-10T12:00", "Europe/Berlin")
    assert may("2027-03-10T12:00", "2027-03-10T09:00") == 0
    # The evening is still to come, on the same day or the next.
    tried = ("2027-03-10T09:00", "2027-03-10T13:00")
    assert may("2027-03-10T15:00", *tried) == at("2027-03-10T17:00", "Europe/Berlin")
    assert may("2027-03-11T09:00", *tried) == at("2027-03-11T17:00", "Europe/Berlin")
    assert may("2027-03-11T09:00", *tried, "2027-03-10T18:00") == 0
    # What is long ago does not count: a part that the law closes keeps nobody from ever being called.
    assert may("2027-03-17T08:30", *tried) == at("2027-03-17T09:00", "Europe/Berlin")
    assert may("2027-03-17T09:00", *tried) == 0


def test_what_nobody_knows_is_a_no() -> None:
    assert rules().check(asked("+80012345678", NOON)).rule == "place"
    assert rules().check(asked(BERLIN, NOON)).rule == "pack.countries"
    assert Compliance(None, campaign("")).check(asked(NEW_YORK, NOON)).rule == "pack"
    dead = Lead(id="1", numbers=(LeadNumber(number=NEW_YORK, dead=True),))
    question = Asked(lead=dead, number=dead.numbers[0], now=NOON, place=PLACES.of(dead, dead.numbers[0]))
    assert rules().check(question).rule == "number"


def test_the_pack_caps_what_the_campaign_may_set() -> None:
    loose = rules(ring_s=10, target=0.05)
    assert (loose.ring_s, loose.target, loose.drop_s) == (15.0, 0.03, 2.0)
    strict = rules(ring_s=25, target=0.01)
    assert (strict.ring_s, strict.target) == (25.0, 0.01)


def test_a_centre_may_bring_its_own_pack_and_a_faulty_one_is_told_where() -> None:
    own = {"id": "none", "checked": date(2027, 1, 1), "note": "our own staff"}
    centre = decode({"packs": [own]}, Centre, where="test")
    assert Compliance(centre.packs[0], campaign("none")).check(asked(BERLIN, at("2027-01-01T03:00"))).allowed
    rule = {"id": "x", "says": "X", "source": "Y", "hours": {"mon": ["09:00-09:00"]}}
    with pytest.raises(ConfigError, match=r"packs\[0\]\.hours\[0\]\.hours\.mon\[0\] is '09:00-09:00'"):
        decode({"packs": [own | {"hours": [rule]}]}, Centre, where="test")
    twice = rule | {"hours": {"mon": ["09:00-10:00"]}}
    with pytest.raises(ConfigError, match="'x' a second time"):
        decode({"packs": [own | {"hours": [twice, twice]}]}, Centre, where="test")
    with pytest.raises(ConfigError, match=r"no pack 'fr'; there are cn, eu, uk, us"):
        shipped_pack("fr")
    check_pack(centre.packs[0], "here")


# -- nothing escapes --------------------------------------------------------------------------------------------------

NUMBERS = (NEW_YORK, PENSACOLA, DALLAS, "+16055550100", "+12085550100", "+12515550100", LONDON, PARIS, BERLIN, SHANGHAI)
ZONES = ("", "America/New_York", "America/Phoenix", "Pacific/Honolulu", "Europe/Lisbon", "Asia/Shanghai", "Nowhere/X")
PLACES_OF_LEADS = st.fixed_dictionaries(
    {
        "zone": st.sampled_from(ZONES),
        "country": st.sampled_from(("", "US", "GB", "DE", "FR", "CN", "JP")),
        "region": st.sampled_from(("", "US-FL", "US-AL", "TX", "DE-BY")),
        "postcode": st.sampled_from(("", "90001", "32501", "10115", "57701", "SW1A 1AA")),
        "attempts": st.integers(0, 9),
    }
)
# Around the days on which clocks change somewhere, and anywhere in two years.
CHANGES = [at(day) for day in ("2027-03-14", "2027-03-28", "2027-10-31", "2027-11-07", "2027-12-25", "2028-02-29")]
MOMENTS = st.one_of(
    st.integers(at("2027-01-01"), at("2028-12-31")),
    st.builds(lambda day, off: day + off, st.sampled_from(CHANGES), st.integers(-DAY, 2 * DAY)),
)
OUTCOMES = st.sampled_from(list(Outcome))


def local_minutes(now: int, zone: str) -> tuple[date, int]:
    moment = datetime.fromtimestamp(now / SECOND, UTC).astimezone(ZoneInfo(zone))
    return moment.date(), moment.hour * 60 + moment.minute


def within(rule: HoursRule, now: int, zone: str, place: Place) -> bool:
    """Whether the wall clock of a zone shows a time that the rule allows, worked out by hand."""
    day, minute = local_minutes(now, zone)
    spans = rule.hours.get(tuple(Weekday)[day.weekday()], ())
    if rule.holidays is not None and any(day in official(country) for country in place.countries):
        spans = rule.holidays
    for span in spans:
        first, last = ((int(part[:2]) * 60 + int(part[3:])) for part in span.split("-"))
        if first <= minute < last:
            return True
    return False


def official(country: str) -> Any:
    known = holidays.list_supported_countries()
    return holidays.country_holidays(country) if country in known else {}


def holds(pack: PackSpec, spec: CampaignSpec, question: Asked) -> list[str]:
    """What is wrong with dialling it, by rules written a second time and without any shortcut."""
    wrong = []
    place, now = question.place, question.now
    if not place.zones or any(country not in pack.countries for country in place.countries):
        wrong.append("place")
    consents = {one.scope for one in question.consents if one.number == question.number.number and one.holds(now)}
    broad = bool(consents & {"*", "campaign:c"})
    for row in question.dnc:
        if row.campaign in ("", "c") and not (row.until and row.until <= now):
            register = [one for one in pack.registries if one.registry == row.source]
            if not register:
                wrong.append("dnc")
            elif register[0].fits_campaign(spec) and not broad and "calls" not in consents:
                wrong.append("register")
    for need in pack.consents:
        fits = need.fits_campaign(spec) and need.fits_place(place.countries, place.regions, place.line)
        if fits and not broad and not consents & set(need.scopes):
            wrong.append(need.id)
    for limit in pack.attempts:
        if limit.fits_campaign(spec) and limit.fits_place(place.countries, place.regions, place.line):
            mine = [one for one in question.history if limit.per is Per.LEAD or one.number == question.number.number]
            near = [one for one in mine if now - limit.days * DAY < one.at <= now and one.outcome in limit.counted]
            if len(near) >= limit.most:
                wrong.append(limit.id)
    for rest in pack.lockouts:
        if rest.fits_campaign(spec) and rest.fits_place(place.countries, place.regions, place.line):
            for one in question.history:
                if one.number == question.number.number and one.outcome in rest.after:
                    if now < one.at + rest.hours * HOUR:
                        wrong.append(rest.id)
    for rule in pack.hours:
        if rule.fits_campaign(spec) and rule.fits_place(place.countries, place.regions, place.line):
            wrong += [f"{rule.id} {zone}" for zone in place.zones if not within(rule, now, zone, place)]
    if question.lead.attempts >= spec.attempts_max:
        wrong.append("attempts_max")
    for zone in place.zones:
        today = local_minutes(now, zone)[0]
        same = [
            one
            for one in question.history
            if local_minutes(one.at, zone)[0] == today and one.outcome in DIALLED_OUTCOMES
        ]
        if spec.attempts_per_day and len(same) >= spec.attempts_per_day:
            wrong.append("attempts_per_day")
    return wrong


@settings(max_examples=250, deadline=None)
@given(
    number=st.sampled_from(NUMBERS),
    lead=PLACES_OF_LEADS,
    now=MOMENTS,
    pack=st.sampled_from(SHIPPED_PACKS),
    mode=st.sampled_from(list(Mode)),
    purpose=st.sampled_from(("marketing", "service", "survey", "collection", "charity")),
    audience=st.sampled_from(list(Audience)),
    data=st.data(),
)
def test_no_dial_escapes(
    number: str, lead: dict[str, Any], now: int, pack: str, mode: Mode, purpose: str, audience: Audience, data: Any
) -> None:
    own = LeadNumber(number=number)
    person = Lead(id="1", numbers=(own, LeadNumber(number=LONDON)), **lead)
    past = st.builds(
        Past,
        at=st.integers(now - 8 * DAY, now),
        number=st.sampled_from((number, LONDON)),
        outcome=OUTCOMES,
        campaign=st.just("c"),
        lead=st.just("1"),
    )
    scopes = st.sampled_from(("*", "calls", "automated", "campaign:c", "campaign:d"))
    consent = st.builds(
        ConsentRow,
        number=st.sampled_from((number, LONDON)),
        scope=scopes,
        given_at=st.integers(now - DAY, now + DAY),
        until=st.sampled_from((0, now, now + 1)),
        withdrawn_at=st.sampled_from((0, now, now + 1)),
    )
    dnc = st.builds(
        DncRow,
        number=st.just(number),
        campaign=st.sampled_from(("", "c", "d")),
        source=st.sampled_from(("own", "us-dnc", "uk-tps")),
        until=st.sampled_from((0, now, now + 1)),
    )
    question = Asked(
        lead=person,
        number=own,
        now=now,
        place=PLACES.of(person, own),
        history=tuple(data.draw(st.lists(past, max_size=5))),
        consents=tuple(data.draw(st.lists(consent, max_size=2))),
        dnc=tuple(data.draw(st.lists(dnc, max_size=2))),
    )
    spec = campaign(pack, mode, purpose, evidence=EvidenceSpec(audience=audience))
    asking = Compliance(shipped_pack(pack), spec)
    wrong = holds(shipped_pack(pack), spec, question)
    verdict = asking.check(question)
    if verdict.allowed:
        assert wrong == []
    else:
        # A no has a reason that a person can be told, and an end that lies ahead or is none.
        assert verdict.words
        assert verdict.source
        assert verdict.until == 0 or verdict.until > now
        first = asking.first_time(question)
        assert first == 0 or holds(shipped_pack(pack), spec, msgspec.structs.replace(question, now=first)) == []


def test_the_check_is_quick_enough_for_a_thousand_dials_a_second() -> None:
    """Not a stopwatch: the calendars of a day are made once and then asked."""
    asking = rules()
    for n in range(200):
        asking.check(asked(f"+1212555{n:04}", NOON + n * SECOND))
    assert len(asking._calendars) == 1


def test_calls_count_that_were_written_down_before_the_clock_was_set_back() -> None:
    past = tuple(Past(at=NOON + n * HOUR, number=PENSACOLA, outcome=Outcome.BUSY, lead="1") for n in (1, 2, 3))
    question = asked(PENSACOLA, NOON, history=past, consents=agreed(PENSACOLA))
    verdict = rules(attempts_per_day=0).check(question)
    assert (verdict.rule, verdict.until) == ("us.attempts-state", NOON + HOUR + DAY)
    own = rules(attempts_per_day=0, purpose="service", limits=(LimitRule(most=3, days=1, everywhere=True),))
    assert own.check(question).rule == "campaign.limit-1"


@pytest.mark.parametrize(
    ("number", "wanted", "first"),
    [
        # New York in its hours, too late in the evening, and in the night before the clocks are put forward.
        ("+12125550142", ("2026-12-01T12:00", "America/New_York"), ("2026-12-01T12:00", "America/New_York")),
        ("+12125550142", ("2026-12-01T21:30", "America/New_York"), ("2026-12-02T08:00", "America/New_York")),
        ("+12125550142", ("2027-03-14T01:30", "America/New_York"), ("2027-03-14T08:00", "America/New_York")),
        # Alabama: nobody on a Sunday.
        ("+12055550142", ("2026-12-05T20:30", "America/Chicago"), ("2026-12-07T08:00", "America/Chicago")),
    ],
)
def test_the_first_moment_within_the_hours(number: str, wanted: tuple[str, str], first: tuple[str, str]) -> None:
    place = PLACES.of(Lead(id=""), LeadNumber(number=number))
    assert rules().within_hours(place, at(*wanted)) == at(*first)


def test_where_no_hour_is_open_there_is_no_first_moment() -> None:
    never = PackSpec(id="n", checked=date(2026, 1, 1), hours=(HoursRule(id="h", says="s", source="x", hours={}),))
    place = PLACES.of(Lead(id=""), LeadNumber(number="+12125550142"))
    assert Compliance(never, campaign()).within_hours(place, at("2026-12-01T12:00")) == 0
    assert Compliance(None, campaign()).within_hours(place, 5) == 5


@pytest.mark.parametrize(
    ("zone", "evening", "next_day"),
    [
        ("Africa/Cairo", "2024-04-25 23:30", "2024-04-26 01:00"),  # no midnight at all
        ("Asia/Beirut", "2024-03-30 12:00", "2024-03-31 01:00"),
        ("America/Havana", "2024-11-02 23:30", "2024-11-03 00:00"),  # two of them
        ("America/Santiago", "2024-04-06 23:30", "2024-04-07 00:00"),  # the hour before comes twice
        ("Pacific/Apia", "2011-12-29 23:30", "2011-12-31 00:00"),  # a day was left out
        ("Europe/Berlin", "2024-03-30 23:30", "2024-03-31 00:00"),
    ],
)
def test_a_day_of_the_called_party_ends_at_their_midnight_whatever_clocks_do(
    zone: str, evening: str, next_day: str
) -> None:
    now, own = at(evening, zone), LeadNumber(number=BERLIN)
    free = PackSpec(id="free", checked=date(2026, 1, 1))
    rules = Compliance(free, campaign("free", attempts_per_day=1))
    past = Past(at=now - 60 * SECOND, number=BERLIN, outcome=Outcome.BUSY, campaign="c", lead="1")
    question = Asked(
        lead=Lead(id="1", numbers=(own,)), number=own, now=now, place=Place(zones=(zone,)), history=(past,)
    )
    assert rules.check(question).rule == "campaign.attempts-day"
    assert rules.first_time(question) == at(next_day, zone)
