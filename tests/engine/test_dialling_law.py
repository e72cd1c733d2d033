"""Campaigns in the engine keep to their pack: who may not be called now is not, and comes back when they may."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import structs

from fsorch.campaigns import CampaignState, ConsentRow, Lead, LeadNumber, LeadState, Mode, Outcome, Past
from fsorch.clock import HOUR_US
from fsorch.engine.actions import AboutLeads, LeadsWanted
from fsorch.engine.dialling_checks import MENDED_US, Checks, Ruling, barred
from fsorch.engine.dialling_state import Dial
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import CampaignsAre, DialNumber, LeadsCome, ReadyLead
from fsorch.esl.commands import Kill
from tests.engine.dialroom import CAMPAIGN, Room, centre

US_CAMPAIGN = structs.replace(CAMPAIGN, pack="us")
# 2027-01-15, Friday, 8:00 UTC: 3 in the morning in New York.
EIGHT_THERE = round(datetime(2027, 1, 15, 13, tzinfo=UTC).timestamp() * 1_000_000)
NOON_THERE = EIGHT_THERE + 4 * HOUR_US


class LawRoom(Room):
    """Leads of whom more is known than that they are there."""

    def __init__(self, *leads: Lead, dnc: dict[str, str] | None = None, pack: str = "us", **more: Any) -> None:
        super().__init__(centre(structs.replace(US_CAMPAIGN, pack=pack, **more), agents=1))
        self.dnc = dnc or {}
        self.consents: tuple[ConsentRow, ...] = ()
        self.registers: dict[str, tuple[str, ...]] = {}
        self.until: dict[str, int] = {}
        self.leads = list(leads)
        self.up()
        self.at_work("a0")

    def answer_leads(self, action: AboutLeads) -> None:
        if not isinstance(action, LeadsWanted):
            super().answer_leads(action)
            return
        given, self.leads = self.leads[: action.count], self.leads[action.count :]
        now = self.clock.now().wall
        ready = tuple(
            ReadyLead(
                lead=one,
                checked_at=now,
                dnc=self.dnc,
                consents=self.consents,
                registers=self.registers,
                ends=self.until,
            )
            for one in given
        )
        self.known |= {one.id: one for one in given}
        self.tell(LeadsCome(campaign=action.campaign, serial=action.serial, leads=ready))


def person(id: str, *numbers: str, **more: Any) -> Lead:
    state = LeadState.RESERVED
    return Lead(id=id, list="cold", numbers=tuple(LeadNumber(number=one) for one in numbers), state=state, **more)


def test_nobody_is_woken_and_the_lead_comes_due_when_it_is_eight_there() -> None:
    room = LawRoom(person("1", "+12125550101"))
    room.run()
    assert room.calls() == []
    [changed] = room.changed()
    assert (changed["state"], changed["next_at"]) == ("ready", EIGHT_THERE)
    [barred] = room.of(FactKind.LEAD_BARRED)
    assert barred.data["rule"] == "us.hours"
    assert "it is Fri 03:00 in America/New_York" in barred.data["words"]


def test_at_eight_they_are_called_and_the_attempt_says_what_was_checked() -> None:
    room = LawRoom()
    room.passes(5 * 3600)
    room.leads = [person("1", "+12125550101")]
    room.run()
    room.passes(6)
    [call] = room.calls()
    assert "12125550101" in call.endpoint
    [attempt] = room.started()
    assert attempt.pack == "us"
    assert attempt.checks["dnc"] == "not listed"
    assert "Fri 08:0" in attempt.checks["us.hours"]
    assert {"us.registry", "campaign.attempts", "campaign.attempts-day"} <= attempt.checks.keys()


def test_who_is_listed_is_barred_for_good_and_where_nobody_has_a_pack_nobody_is_called() -> None:
    room = LawRoom(person("1", "+12125550101"), dnc={"+12125550101": "own"})
    room.run()
    assert room.calls() == []
    assert [row["state"] for row in room.changed()] == ["barred"]
    bare = LawRoom(person("1", "+12125550101"), pack="")
    bare.run()
    assert bare.calls() == []
    assert bare.of(FactKind.CAMPAIGN_CHANGED)[-1].data["held"] == "there is no compliance pack named"


def test_whose_entry_ends_waits_for_its_end() -> None:
    room = LawRoom(person("1", "+12125550101"), dnc={"+12125550101": "own"})
    room.until = {"+12125550101": NOON_THERE + HOUR_US}
    room.run()
    assert room.calls() == []
    [changed] = room.of(FactKind.LEAD_CHANGED)
    assert (changed.data["row"]["state"], changed.data["row"]["next_at"]) == ("ready", NOON_THERE + HOUR_US)
    assert "put_off" not in changed.data


def test_a_german_consumer_is_called_with_consent_alone() -> None:
    room = LawRoom(person("1", "+493012345678"), pack="eu")
    room.run()
    assert room.calls() == []
    assert room.of(FactKind.LEAD_BARRED)[0].data["rule"] == "eu.consent"
    # So that a consent that comes makes it due.
    assert room.of(FactKind.LEAD_CHANGED)[0].data["put_off"] == "eu.consent"
    room = LawRoom(person("1", "+493012345678"), pack="eu")
    room.consents = (ConsentRow(id="k1", number="+493012345678", scope="calls", given_at=1),)
    # 8:00 UTC is 9:00 in Berlin.
    room.run()
    assert len(room.calls()) == 1
    assert room.started()[0].checks["eu.consent"].startswith("consent k1 of 1970-01-01")


def test_who_stands_on_two_registers_is_kept_off_the_line_by_the_one_that_counts() -> None:
    london = "+442079460123"
    room = LawRoom(pack="uk")
    room.passes(2 * 3600)
    room.dnc = {london: "uk-ctps"}
    room.registers = {london: ("uk-ctps", "uk-tps")}
    room.leads = [person("1", london)]
    room.run()
    room.passes(1)
    assert room.calls() == []
    assert room.of(FactKind.LEAD_BARRED)[0].data["rule"] == "uk.tps"


def test_a_register_that_grows_old_while_a_campaign_dials_stops_it() -> None:
    room = LawRoom(pack="us")
    room.passes(6 * 3600)
    room.leads = [person("1", "+12125550101")]
    old = "the register us-dnc is older than 31 days"
    room.tell(CampaignsAre({"spring": CampaignState.SCHEDULED}, {"spring": old}))
    room.passes(3)
    assert room.calls() == []
    assert room.engine.snapshot().campaigns[0].held == old
    room.tell(CampaignsAre({"spring": CampaignState.SCHEDULED}))
    room.passes(6)
    assert len(room.calls()) == 1


def test_nobody_is_shown_or_called_by_hand_while_a_register_is_too_old() -> None:
    room = LawRoom(pack="us", mode=Mode.MANUAL)
    room.passes(6 * 3600)
    room.tell(CampaignsAre({"spring": CampaignState.SCHEDULED}, {"spring": "the register us-dnc is older"}))
    room.passes(0.2)
    room.leads = [person("1", "+12125550101")]
    room.tell(DialNumber(agent="a0", by="a0", campaign="spring", number="+12125550101"))
    assert room.calls() == []
    assert room.of(FactKind.LEAD_BARRED)[-1].data["rule"] == "register"


def test_a_call_rings_as_long_as_the_pack_asks() -> None:
    room = LawRoom(pack="us", ring_s=6)
    room.passes(6 * 3600)
    room.leads = [person("1", "+12125550101")]
    room.run()
    room.passes(6)
    [call] = room.calls()
    # The switch would wait for a phone that begins to ring as late as one may, and has a second less than it says.
    assert call.timeout_s == 12 + 15 + 1
    room.event("CHANNEL_CREATE", call.uuid)
    room.event("CHANNEL_PROGRESS", call.uuid)
    room.passes(14.9)
    assert [kill.uuid for kill, _ in room.sent if isinstance(kill, Kill)] == []
    room.passes(0.2)
    assert [(kill.uuid, kill.cause) for kill, _ in room.sent if isinstance(kill, Kill)] == [(call.uuid, "NO_ANSWER")]
    room.ends(call.uuid, "NO_ANSWER")
    room.event("BACKGROUND_JOB", job_uuid=call.job_uuid, body="-ERR NO_ANSWER\n")
    (row,) = room.ended()
    assert row.outcome == "noanswer"
    assert row.ended_at - row.ringing_at >= 15_000_000


def test_a_campaigns_own_ring_time_is_left_to_the_switch() -> None:
    room = LawRoom(pack="us", ring_s=40)
    room.passes(6 * 3600)
    room.leads = [person("1", "+12125550101")]
    room.run()
    room.passes(6)
    [call] = room.calls()
    assert call.timeout_s == 41
    room.event("CHANNEL_CREATE", call.uuid)
    room.event("CHANNEL_PROGRESS", call.uuid)
    room.passes(39)
    assert not [kill for kill, _ in room.sent if isinstance(kill, Kill)]


def test_a_lead_whose_first_number_is_listed_is_called_at_the_next() -> None:
    room = LawRoom(dnc={"+12125550101": "own"})
    room.passes(6 * 3600)
    room.leads = [person("1", "+12125550101", "+12125550102")]
    room.run()
    room.passes(6)
    [call] = room.calls()
    assert "12125550102" in call.endpoint
    assert room.of(FactKind.LEAD_BARRED) == []


def test_what_the_records_may_mend_is_looked_at_again_and_bars_nobody_elses_calls() -> None:
    room = LawRoom(person("1", "+493012345678"), pack="eu")
    began = room.clock.now().wall
    room.run()
    [changed] = room.changed()
    assert changed["state"] == "ready"
    assert changed["next_at"] >= began + 7 * 86_400 * 1_000_000
    tired = LawRoom(person("1", "+12125550101", attempts=99))
    tired.run()
    assert [row["state"] for row in tired.changed()] == ["finished"]


def test_a_register_keeps_a_sale_off_the_line_but_not_a_service_call() -> None:
    for purpose, calls in (("marketing", 0), ("service", 1)):
        room = LawRoom(dnc={"+12125550101": "us-dnc"}, purpose=purpose)
        room.passes(6 * 3600)
        room.leads = [person("1", "+12125550101")]
        room.run()
        room.passes(6)
        assert len(room.calls()) == calls


FIRST, SECOND = "+12125550101", "+12125550102"


def judged(is_called: bool = False, **known: Any) -> tuple[str, Ruling]:
    """At noon in New York, of a lead with two numbers."""
    checks = Checks(lambda number, own: is_called)
    spec = structs.replace(US_CAMPAIGN, id="judged", purpose="marketing", mode=Mode.AGENTLESS)
    ready = ReadyLead(lead=person("1", FIRST, SECOND), checked_at=NOON_THERE, **known)
    return checks.judge(spec, ready, NOON_THERE)


def test_a_number_that_is_being_called_is_free_again_a_little_later() -> None:
    number, ruling = judged(is_called=True)
    assert (number, ruling.rule) == (FIRST, "number.called")
    assert NOON_THERE < ruling.until <= NOON_THERE + HOUR_US


@pytest.mark.parametrize(
    ("outcome", "ago", "mode", "rests"),
    [
        (Outcome.BUSY, 59_000_000, Mode.PROGRESSIVE, True),
        (Outcome.BUSY, 60_000_000, Mode.PROGRESSIVE, False),
        (Outcome.LOST, 1_000_000, Mode.PREVIEW, True),
        # Nobody's phone has rung, or it is somebody who knows what they do.
        (Outcome.CONGESTION, 1_000_000, Mode.PROGRESSIVE, False),
        # The clock was set back since, and nobody knows when that was.
        (Outcome.BUSY, -HOUR_US, Mode.PROGRESSIVE, False),
        (Outcome.BUSY, 1_000_000, Mode.MANUAL, False),
    ],
)
def test_a_number_rests_for_a_minute_whichever_lead_has_it(outcome: Outcome, ago: int, mode: Mode, rests: bool) -> None:
    past = Past(at=NOON_THERE - ago, number=FIRST, outcome=outcome, campaign="other", lead="2")
    lead = structs.replace(person("1", FIRST), history=(past,))
    spec = structs.replace(US_CAMPAIGN, id="judged", purpose="service", mode=mode)
    checks = Checks(lambda number, own: False)
    _, ruling = checks.judge(spec, ReadyLead(lead=lead, checked_at=NOON_THERE), NOON_THERE)
    assert ruling.allowed is not rests
    assert (ruling.rule, ruling.until) == (("number.called", past.at + 60_000_000) if rests else ("", 0))


def test_what_was_dialled_is_kept_for_a_minute_though_the_clock_is_set_back() -> None:
    checks = Checks(lambda number, own: False)
    # One call a second of which each tenth goes to the same number; after a quarter of an hour it is an hour earlier.
    for n in range(1800):
        number = SECOND if n % 10 == 0 else f"+1212555{n:04d}"
        wall = NOON_THERE + n * 1_000_000 - (HOUR_US if n > 900 else 0)
        checks.dialled(Dial(str(n), US_CAMPAIGN, person("1", number), number, "main", wall, float(n)))
        kept = [one for known in checks._lately.values() for one in known]
        assert len(kept) <= 70
    assert min(since for since, _ in kept) >= 1799 - 70


@pytest.mark.parametrize(
    ("listed", "number", "rule"),
    [
        # What consent may mend comes before what is so for good, whichever number is first.
        ((FIRST,), SECOND, "us.consent-recorded"),
        ((SECOND,), FIRST, "us.consent-recorded"),
        ((), FIRST, "us.consent-recorded"),
        ((FIRST, SECOND), FIRST, "dnc"),
    ],
)
def test_of_two_numbers_that_may_not_be_called_the_one_that_may_yet_be_is_told(
    listed: tuple[str, ...], number: str, rule: str
) -> None:
    found, ruling = judged(dnc=dict.fromkeys(listed, "own"))
    assert (found, ruling.rule, ruling.allowed) == (number, rule, False)


@pytest.mark.parametrize(
    ("before", "rule", "until", "after"),
    [
        # A promise stays one, whatever keeps it from being kept now.
        (LeadState.CALLBACK, "us.hours", NOON_THERE + HOUR_US, (LeadState.CALLBACK, NOON_THERE + HOUR_US)),
        (LeadState.RESERVED, "us.hours", NOON_THERE + HOUR_US, (LeadState.READY, NOON_THERE + HOUR_US)),
        (LeadState.CALLBACK, "dnc", 0, (LeadState.BARRED, 0)),
        (LeadState.CALLBACK, "us.consent", 0, (LeadState.CALLBACK, NOON_THERE + MENDED_US)),
    ],
)
def test_what_becomes_of_a_lead_that_may_not_be_called(
    before: LeadState, rule: str, until: int, after: tuple[LeadState, int]
) -> None:
    lead = structs.replace(person("1", FIRST), state=before)
    left = barred(lead, Ruling(allowed=False, rule=rule, until=until), NOON_THERE)
    assert (left.state, left.next_at) == after


def test_a_leads_next_number_does_not_rest_for_the_one_before() -> None:
    past = Past(at=NOON_THERE - 1_000_000, number=SECOND, outcome=Outcome.BUSY, campaign="judged", lead="1")
    lead = structs.replace(person("1", FIRST), history=(past,))
    spec = structs.replace(US_CAMPAIGN, id="judged", purpose="service")
    checks = Checks(lambda number, own: False)
    number, ruling = checks.judge(spec, ReadyLead(lead=lead, checked_at=NOON_THERE), NOON_THERE)
    assert (number, ruling.allowed) == (FIRST, True)
