"""One sentence for whoever asks why a lead is not dialled, and the moment when it will be."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsorch.calendar_rules import CalendarSpec, Weekday
from fsorch.calendars import Calendar
from fsorch.campaign.compliance import Asked, Compliance
from fsorch.campaign.why import Situation, Skipped, why
from fsorch.campaigns import CampaignSpec, CampaignState, DncRow, Lead, LeadNumber, LeadState, Mode, Outcome, Past
from fsorch.compliance_packs import shipped_pack
from fsorch.places import Places
from tests.campaign.test_compliance import DAY, HOUR, NEW_YORK, NOON, at

PLACES = Places()
SPEC = CampaignSpec(id="spring", queue="q", pack="us", filter="lead.attempts < 3")
OFFICE = Calendar(
    CalendarSpec(id="office", zone="Europe/Berlin", hours=dict.fromkeys(list(Weekday)[:5], ("14:00-17:00",)))
)


def situation(now: int = NOON, *, dnc: tuple[DncRow, ...] = (), past: tuple[Past, ...] = (), **keys: Any) -> Situation:
    known: dict[str, Any] = {"state": CampaignState.RUNNING, "spec": SPEC}
    lead_keys = {name: keys.pop(name) for name in list(keys) if name in Lead.__struct_fields__ and name != "state"}
    lead = Lead(id="17", list="cold", **({"numbers": (LeadNumber(number=NEW_YORK),)} | lead_keys))
    if "lead_state" in keys:
        lead = msgspec.structs.replace(lead, state=keys.pop("lead_state"))
    asked = None
    if lead.numbers:
        place = PLACES.of(lead, lead.numbers[0])
        asked = Asked(lead=lead, number=lead.numbers[0], now=now, place=place, dnc=dnc, history=past)
    rules = Compliance(shipped_pack("us"), SPEC)
    return Situation(lead=lead, now=now, rules=rules, asked=asked, **(known | keys))


EARLY = at("2027-03-10T05:00", "America/New_York")


@pytest.mark.parametrize(
    ("keys", "rule", "sentence"),
    [
        ({}, "", "lead 17 may be dialled now, and waits for its turn"),
        (
            {"now": EARLY, "name": "Zoë"},
            "us.hours",
            "lead 17 (Zoë) is not dialled now because called between 8 in the morning and 9 at night where the called "
            "party is; it is Wed 05:00 in America/New_York (outside hours) (16 CFR 310.4(c); 47 CFR 64.1200(c)(1)); "
            "it may be from Wed 2027-03-10 08:00 America/New_York",
        ),
        (
            {"prepared": False},
            "preparing",
            "lead 17 is not dialled now because the leads of the campaign spring have still to be put in order; it may "
            "be from Wed 2027-03-10 12:00 America/New_York",
        ),
        (
            {
                "next_at": NOON + HOUR,
                "skipped": Skipped(agent="ada", at=NOON - HOUR, reason="wrong time", by="cli:eve"),
            },
            "resting",
            "lead 17 is not dialled now because ada skipped it (by cli:eve) on Wed 2027-03-10 11:00 America/New_York: "
            "wrong time, and it rests until Wed 2027-03-10 13:00 America/New_York; it may be from Wed 2027-03-10 13:00 "
            "America/New_York",
        ),
        (
            {"state": CampaignState.PAUSED, "who": "eve", "words": "wrong list", "now": EARLY},
            "paused",
            "lead 17 is not dialled now because the campaign spring is paused by eve: wrong list; once the campaign "
            "runs, it may be from Wed 2027-03-10 08:00 America/New_York",
        ),
        (
            {"state": CampaignState.DRAFT},
            "draft",
            "lead 17 is not dialled now because the campaign spring has not been started; once the campaign runs, it "
            "may be from Wed 2027-03-10 12:00 America/New_York",
        ),
        (
            # Put off by a rule until it allows the call: the rule is named, not only the rest.
            {"now": EARLY, "next_at": NOON - 4 * HOUR},
            "us.hours",
            "lead 17 is not dialled now because called between 8 in the morning and 9 at night where the called "
            "party is; it is Wed 05:00 in America/New_York (outside hours) (16 CFR 310.4(c); 47 CFR 64.1200(c)(1)); "
            "it may be from Wed 2027-03-10 08:00 America/New_York",
        ),
        (
            {"next_at": NOON + 20 * HOUR, "last_outcome": "busy"},
            "resting",
            "lead 17 is not dialled now because it rests after busy until Thu 2027-03-11 08:00 America/New_York; "
            "it may be from Thu 2027-03-11 08:00 America/New_York",
        ),
        # A reset by the clock comes before the end of its rest, or gives it its tries anew.
        (
            {"next_at": NOON + 20 * HOUR, "last_outcome": "busy", "reset_at": NOON + 2 * HOUR},
            "resting",
            "lead 17 is not dialled now because it rests after busy until its list is reset on Wed 2027-03-10 14:00 "
            "America/New_York; it may be from Wed 2027-03-10 14:00 America/New_York",
        ),
        (
            {"next_at": NOON + HOUR, "last_outcome": "busy", "reset_at": NOON + 2 * HOUR},
            "resting",
            "it rests after busy until Wed 2027-03-10 13:00 America/New_York; it may be from Wed 2027-03-10 13:00",
        ),
        (
            {
                "lead_state": LeadState.FINISHED,
                "last_outcome": "busy",
                "attempts": 8,
                "spec": msgspec.structs.replace(SPEC, filter=""),
                "reset_at": NOON + 20 * HOUR,
            },
            "finished",
            "lead 17 is not dialled now because it is done (busy after 8 attempts), until its list is reset; it may be "
            "from Thu 2027-03-11 08:00 America/New_York",
        ),
        (
            {"lead_state": LeadState.FINISHED, "disposition": "sold", "attempts": 1, "reset_at": NOON + 2 * HOUR},
            "finished",
            "it is done (sold after 1 attempt); it may be once it is promised a call",
        ),
        (
            {"lead_state": LeadState.CALLBACK, "next_at": NOON + 4 * HOUR, "reset_at": NOON + 2 * HOUR},
            "callback",
            "it was promised a call and waits until Wed 2027-03-10 16:00 America/New_York",
        ),
        (
            {"next_at": NOON + HOUR, "last_outcome": "cancelled"},
            "resting",
            "lead 17 is not dialled now because its last call was called off before anybody answered, and it rests "
            "until Wed 2027-03-10 13:00 America/New_York; it may be from Wed 2027-03-10 13:00 America/New_York",
        ),
        (
            {"lead_state": LeadState.CALLBACK, "next_at": NOON + HOUR, "callback_agent": "ada"},
            "callback",
            "lead 17 is not dialled now because it was promised a call by ada and waits until Wed 2027-03-10 13:00 "
            "America/New_York; it may be from Wed 2027-03-10 13:00 America/New_York",
        ),
        (
            {"lead_state": LeadState.FINISHED, "disposition": "sold", "attempts": 3},
            "finished",
            "lead 17 is not dialled now because it is done (sold after 3 attempts); it may be once it is promised a "
            "call",
        ),
        (
            {"lead_state": LeadState.TALKING},
            "talking",
            "lead 17 is not dialled now because somebody talks with it right now",
        ),
        (
            {"spec": None},
            "campaign",
            "lead 17 is not dialled now because no campaign dials its list 'cold'; it may be once a campaign does",
        ),
        ({"fits": False}, "filter", "does not let it through (lead.attempts < 3); it may be once the filter does"),
        ({"numbers": ()}, "number", "it has no number that can be dialled; it may be once it has another number"),
        (
            {"dnc": (DncRow(number=NEW_YORK, reason="asked on the phone"),)},
            "dnc",
            "+12125550100 is on the DNC list (asked on the phone) (own); it may be once its number is not on a no-call "
            "list any more",
        ),
        (
            {"held": "no agent is at work"},
            "held",
            "lead 17 is not dialled now because the campaign spring calls nobody at this moment (no agent is at work); "
            "it waits for its turn after that",
        ),
        # What keeps this lead alone comes before what keeps them all.
        ({"held": "no agent is at work", "lead_state": LeadState.TALKING}, "talking", "somebody talks with it"),
        ({"held": "no agent is at work", "state": CampaignState.DRAFT}, "draft", "has not been started"),
        (
            {"owner": "ada", "spec": msgspec.structs.replace(SPEC, owner_only=True)},
            "",
            "lead 17 may be dialled now, and waits for ada, who alone may call it",
        ),
        ({"owner": "ada"}, "", "lead 17 may be dialled now, and waits for its turn"),
        (
            {"lead_state": LeadState.CALLBACK, "next_at": NOON - HOUR // 60, "callback_agent": "ada"},
            "",
            "lead 17 may be dialled now, and waits for ada, who promised the call",
        ),
        (
            {
                "lead_state": LeadState.BARRED,
                "last_outcome": "invalid",
                "attempts": 1,
                "numbers": (LeadNumber(number=NEW_YORK, dead=True),),
            },
            "barred",
            "lead 17 is not dialled now because it is barred (invalid after 1 attempt); it may be once it has another "
            "number",
        ),
        (
            {"lead_state": LeadState.BARRED, "disposition": "dnc"},
            "barred",
            "because it is barred (dnc after 0 attempts); it may be once its number is not on a no-call list any more",
        ),
        (
            {"lead_state": LeadState.BARRED, "disposition": "stop", "last_outcome": "live", "attempts": 1},
            "barred",
            "because it is barred (stop after 1 attempt); it may be once it is promised a call and once its number is "
            "not on a no-call list any more",
        ),
        (
            {"lead_state": LeadState.FINISHED, "last_outcome": "busy", "attempts": 5},
            "finished",
            "because it is done (busy after 5 attempts); it may be once it is promised a call or its list is reset",
        ),
        (
            {"lead_state": LeadState.FINISHED, "last_outcome": "live", "attempts": 1},
            "finished",
            "because it is done (live after 1 attempt); it may be once it is promised a call",
        ),
        # What has to be done is all told, and nothing twice.
        (
            {
                "lead_state": LeadState.FINISHED,
                "last_outcome": "busy",
                "attempts": 8,
                "spec": msgspec.structs.replace(SPEC, filter=""),
            },
            "finished",
            "it is done (busy after 8 attempts); it may be once its list is reset",
        ),
        (
            {
                "lead_state": LeadState.BARRED,
                "last_outcome": "live",
                "attempts": 1,
                "dnc": (DncRow(number=NEW_YORK, reason="asked on the phone"),),
            },
            "barred",
            "it is barred (live after 1 attempt); it may be once it is promised a call and once its number is not on a "
            "no-call list any more",
        ),
        (
            {"fits": False, "dnc": (DncRow(number=NEW_YORK, reason="asked on the phone"),)},
            "filter",
            "it may be once the filter does, and once its number is not on a no-call list any more",
        ),
        # What is in the way for good is told before what would not be for long.
        (
            {"state": CampaignState.DRAFT, "dnc": (DncRow(number=NEW_YORK, reason="asked on the phone"),)},
            "dnc",
            "+12125550100 is on the DNC list (asked on the phone) (own); it may be once its number is not on a no-call "
            "list any more",
        ),
        # A promise is kept whatever the filter says, by the campaign that it was given for.
        (
            {"fits": False, "lead_state": LeadState.CALLBACK, "next_at": NOON + HOUR},
            "callback",
            "lead 17 is not dialled now because it was promised a call and waits until Wed 2027-03-10 13:00 "
            "America/New_York; it may be from Wed 2027-03-10 13:00 America/New_York",
        ),
        (
            {"lead_state": LeadState.CALLBACK, "next_at": NOON - HOUR, "campaign": "summer"},
            "promised",
            "lead 17 is not dialled now because the call it was promised is for the campaign summer to make; this "
            "campaign will not call it before that",
        ),
        (
            {"lead_state": LeadState.CALLBACK, "next_at": NOON - HOUR, "campaign": "spring"},
            "",
            "lead 17 may be dialled now, and waits for its turn",
        ),
        (
            {"spec": msgspec.structs.replace(SPEC, mode=Mode.MANUAL)},
            "manual",
            "lead 17 is not dialled now because the campaign spring calls whom its agents dial by hand; it may be "
            "when an agent dials it",
        ),
        (
            {"state": CampaignState.SCHEDULED, "held": "fsorch is not running here"},
            "held",
            "the campaign spring calls nobody at this moment (fsorch is not running here); it waits for its turn",
        ),
        # In its own hours the campaign dials from 14:00 in Berlin, 9 in New York.
        (
            {"now": EARLY, "hours": OFFICE.state},
            "hours",
            "the campaign spring does not dial now (outside hours); it may be from Wed 2027-03-10 08:00 America/",
        ),
    ],
)
def test_the_first_thing_in_the_way_is_told(keys: dict[str, Any], rule: str, sentence: str) -> None:
    found = why(situation(**keys))
    assert found.rule == rule
    assert sentence in found.sentence


def test_hours_of_the_campaign_and_of_the_law_are_followed_until_both_are_open() -> None:
    night = Calendar(CalendarSpec(id="n", zone="America/New_York", hours={Weekday.SAT: ("05:00-08:30",)}))
    found = why(situation(EARLY, hours=night.state))
    assert found.when == at("2027-03-13T08:00", "America/New_York")
    never = Calendar(CalendarSpec(id="n", zone="America/New_York", hours={Weekday.SAT: ("03:00-04:00",)}))
    assert why(situation(EARLY, hours=never.state)).when == 0


def test_a_campaign_that_ends_before_the_rules_allow_is_told_so() -> None:
    ends = datetime(2027, 3, 10, 12, 30, tzinfo=UTC)  # 7:30 there
    spec = msgspec.structs.replace(SPEC, ends_at=ends)
    found = why(situation(EARLY, spec=spec))
    assert (found.rule, found.when) == ("us.hours", 0)
    assert found.sentence.endswith("; it will not be before the campaign ends")


def ruled(pack: str, spec: CampaignSpec, lead: Lead, **keys: Any) -> Situation:
    place = PLACES.of(lead, lead.numbers[0])
    asked = Asked(lead=lead, number=lead.numbers[0], now=NOON, place=place, **keys)
    rules = Compliance(shipped_pack(pack), spec) if pack else Compliance(None, spec)
    return Situation(lead=lead, now=NOON, spec=spec, state=CampaignState.RUNNING, rules=rules, asked=asked)


BERLIN = Lead(id="17", list="cold", numbers=(LeadNumber(number="+493012345678"),))
MIAMI = Lead(id="17", list="cold", numbers=(LeadNumber(number="+13055550100"),))


@pytest.mark.parametrize(
    ("pack", "lead", "rule", "end", "keys"),
    [
        ("eu", BERLIN, "eu.consent", "; it may be once +493012345678 has such a consent on record (calls)", {}),
        (
            "eu",
            BERLIN,
            "dnc",
            "; it may be once its number is not on a no-call list any more, and once +493012345678 has such a consent "
            "on record (calls)",
            {"dnc": (DncRow(number="+493012345678"),)},
        ),
        (
            "us",
            Lead(id="17", list="cold", numbers=(LeadNumber(number=NEW_YORK),)),
            "us.registry",
            f"; it may be once {NEW_YORK} has a consent on record (calls), or is not in the register any more",
            {"dnc": (DncRow(number=NEW_YORK, source="us-dnc"),)},
        ),
        # A copy of a register that is too old is no matter of the number.
        (
            "us",
            Lead(id="17", list="cold", numbers=(LeadNumber(number=NEW_YORK),)),
            "us.registry",
            "",
            {"registries": {}},
        ),
        ("us", MIAMI, "us.consent-state", "; it may be once +13055550100 has such a consent on record (automated)", {}),
        ("us", BERLIN, "pack.countries", "; it may be by a campaign whose pack is for there", {}),
        (
            "",
            BERLIN,
            "pack",
            "the campaign has no compliance pack, so nobody may be dialled (the campaign); it may be",
            {},
        ),
        (
            "us",
            Lead(id="17", list="cold", attempts=8, numbers=(LeadNumber(number=NEW_YORK),)),
            "campaign.attempts",
            "; it may be once more are allowed or its list is reset",
            {},
        ),
    ],
)
def test_what_would_make_it_dialled_is_told(pack: str, lead: Lead, rule: str, end: str, keys: dict[str, Any]) -> None:
    found = why(ruled(pack, CampaignSpec(id="spring", queue="q", pack=pack), lead, **keys))
    assert (found.rule, found.when) == (rule, 0)
    assert end in found.sentence
    assert "will not be" not in found.sentence


@settings(max_examples=200, deadline=None)
@given(
    now=st.integers(NOON - 40 * DAY, NOON + 40 * DAY),
    rest=st.integers(-DAY, 3 * DAY),
    past=st.lists(st.tuples(st.integers(1, 30), st.sampled_from(list(Outcome))), max_size=4),
    state=st.sampled_from(list(LeadState)),
    with_hours=st.booleans(),
)
def test_what_is_promised_holds(
    now: int, rest: int, past: list[tuple[int, Outcome]], state: LeadState, with_hours: bool
) -> None:
    history = tuple(Past(at=now - hours * HOUR, number=NEW_YORK, outcome=one, lead="17") for hours, one in past)
    hours = OFFICE.state if with_hours else None
    one = situation(now, past=history, next_at=now + rest, lead_state=state, hours=hours)
    found = why(one)
    assert found.sentence
    if not found.rule:
        assert found.when == now
    if found.when:
        assert found.when >= now
        # Ask again at that very moment: nothing is in the way.
        assert one.asked is not None
        later = msgspec.structs.replace(one, now=found.when, asked=msgspec.structs.replace(one.asked, now=found.when))
        assert why(later).rule == ""
