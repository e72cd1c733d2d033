"""The records of calls: what they say, what does not fit, and the periods of the ceiling."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from fsorch.campaign.compliance import Compliance
from fsorch.campaign.evidence import COLUMNS, Evidence
from fsorch.campaigns import AmdSpec, AttemptRow, CampaignSpec, EvidenceSpec, Outcome
from fsorch.compliance_packs import shipped_pack
from fsorch.places import Place, told_place
from tests.campaign.test_compliance import DAY, HOUR, LONDON, at

SECOND = 1_000_000
SPEC = CampaignSpec(
    id="c",
    queue="q",
    pack="uk",
    purpose="service",
    amd=AmdSpec(false_positives=0.1),
    evidence=EvidenceSpec(seller="Acme", purpose="repairs"),
)
PLACE = Place(countries=("GB",), zones=("Europe/London",))
MIDDAY = at("2027-03-10T12:00", "Europe/London")


def attempt(outcome: Outcome, when: int = MIDDAY, **more: Any) -> AttemptRow:
    known: dict[str, Any] = {
        "id": "a",
        "campaign": "c",
        "lead": "1",
        "number": LONDON,
        "launched_at": when,
        "ringing_at": when + SECOND,
        "ended_at": when + 20 * SECOND,
        "outcome": outcome.value,
        "caller_id": "+442079460000",
        "checks": {"dnc": "not listed"},
        "mode": "predictive",
    }
    return AttemptRow(**(known | more))


def evidence(since: int = MIDDAY - DAY) -> Evidence:
    return Evidence(SPEC, Compliance(shipped_pack("uk"), SPEC), since)


def test_a_record_has_every_column_and_the_clocks_of_the_place() -> None:
    record = evidence().record(attempt(Outcome.LIVE, answered_at=MIDDAY + 5 * SECOND), PLACE)
    assert list(record) == list(COLUMNS)
    assert (record["date"], record["time"], record["zone"]) == ("2027-03-10", "12:00:00", "Europe/London")
    assert (record["duration_s"], record["rang_s"], record["seller"]) == (15.0, 4.0, "Acme")
    assert (record["prerecorded"], record["irregular"]) == ("no", "")


def test_a_record_is_by_the_wording_of_its_time() -> None:
    before = CampaignSpec(id="c", queue="q", evidence=EvidenceSpec(seller="Old Acme", caller_id_proof="contract 1"))
    record = evidence().record(attempt(Outcome.BUSY), PLACE, before)
    assert (record["seller"], record["authorization"]) == ("Old Acme", "contract 1")


def test_who_hung_up_at_once_is_no_answer_where_the_rule_counts_those_with_agents() -> None:
    taken = evidence()
    for outcome in (Outcome.LIVE, Outcome.HUNG_UP, Outcome.DROP):
        taken.record(attempt(outcome), PLACE)
    (window,) = taken.summary().windows
    missed = 2 * 0.1 / 0.9
    assert (window.budget.live, window.budget.drops) == (round(2 + missed, 3), round(1 + missed, 3))


def test_what_the_check_found_of_the_place_is_where_they_are() -> None:
    """The list may have changed since, and the number alone says less than the list did then."""
    told = ", ".join(("US-CA", "US-NY", "US", "America/Los_Angeles", "America/New_York"))
    found = told_place({"place": told, "dnc": "not listed"})
    assert found == Place(
        countries=("US",), regions=("US-CA", "US-NY"), zones=("America/Los_Angeles", "America/New_York")
    )
    assert told_place({"dnc": "not listed"}) is None
    assert told_place({"place": ""}) is None
    assert told_place({"place": "nonsense, Mars/Phobos, UTC"}) == Place(zones=("UTC",))


def test_what_does_not_fit_is_named() -> None:
    taken = evidence()
    cases = {
        "uk.hours": attempt(Outcome.BUSY, MIDDAY - 5 * HOUR),
        "uk.ring": attempt(Outcome.NOANSWER, ended_at=MIDDAY + 9 * SECOND),
        "no number shown": attempt(Outcome.BUSY, caller_id=""),
        "dropped without a message": attempt(Outcome.DROP),
        "no check on record": attempt(Outcome.BUSY, checks={}),
        "its end was not seen": attempt(Outcome.LOST),
    }
    for wrong, row in cases.items():
        assert taken.record(row, PLACE)["irregular"] == wrong
    assert taken.summary().irregular == dict(sorted(dict.fromkeys(cases, 1).items()))
    soon = attempt(Outcome.CANCELLED, ended_at=MIDDAY + 9 * SECOND)
    assert evidence().record(soon, PLACE)["irregular"] == "uk.ring"
    assert evidence().record(msgspec.structs.replace(soon, ringing_at=0), PLACE)["irregular"] == ""
    for fine in (attempt(Outcome.NOANSWER), attempt(Outcome.DROP, prompt="drop_message")):
        assert evidence().record(fine, PLACE)["irregular"] == ""


def test_calls_that_nobody_answered_are_in_no_window_of_drops() -> None:
    taken = evidence()
    for outcome in (Outcome.BUSY, Outcome.NOANSWER, Outcome.MACHINE, Outcome.CANCELLED, Outcome.LOST):
        taken.record(attempt(outcome), PLACE)
    assert taken.summary().windows == ()


def test_the_ceiling_has_periods_of_its_own_window_and_counts_whom_detection_missed() -> None:
    since = MIDDAY - 12 * HOUR
    taken = evidence(since)
    for day, live, drops in ((0, 9, 1), (2, 20, 0)):
        for n in range(live):
            outcome = Outcome.DROP if n < drops else Outcome.LIVE
            taken.record(attempt(outcome, MIDDAY + day * DAY + n, prompt="drop_message"), PLACE)
    first, second = taken.summary().windows
    assert (first.since, first.until) == (since, since + DAY)
    assert (second.since, second.until) == (since + 2 * DAY, since + 3 * DAY)
    # One person in ten was taken for a machine: nine are the other nine of ten.
    assert (first.budget.live, first.budget.missed, first.budget.drops) == (10, 1, 2)
    assert first.budget.is_over
    assert taken.summary().outcomes == {"drop": 1, "live": 28}


@pytest.mark.parametrize(
    ("first", "hours"),
    [
        # Clocks go on on 28 March and back on 31 October 2027 there.
        ("2027-03-26", [24, 24, 23, 24]),
        ("2027-10-29", [24, 24, 25, 24]),
    ],
)
def test_the_periods_are_days_of_the_zone_when_clocks_change(first: str, hours: list[int]) -> None:
    zone = ZoneInfo("Europe/London")
    since = at(f"{first}T00:00", "Europe/London")
    taken = Evidence(SPEC, Compliance(shipped_pack("uk"), SPEC), since, zone)
    begins = [datetime.combine(date.fromisoformat(first) + timedelta(days=n), time(), zone) for n in range(5)]
    edges = [round(one.timestamp()) * SECOND for one in begins]
    # The first and the last second of each day are that day's.
    for start, end in pairwise(edges):
        for when in (start, end - SECOND):
            taken.record(attempt(Outcome.LIVE, when), PLACE)
    windows = taken.summary().windows
    assert [(one.since, one.until) for one in windows] == [*pairwise(edges)]
    assert [round(one.budget.live) for one in windows] == [2] * 4
    assert [(one.until - one.since) / HOUR for one in windows] == hours


def test_what_telling_machines_from_people_has_cost_is_in_it() -> None:
    taken = evidence()
    row = taken.record(attempt(Outcome.MACHINE, answer="greeting key"), PLACE)
    assert row["answer"] == "greeting key"
    taken.record(attempt(Outcome.LIVE, answer="pause"), PLACE)
    answers = taken.summary().answers
    assert (answers.people, answers.machines, answers.wronged) == (1, 1, 1)
    assert answers.false_positives == 0.5


def test_a_call_under_way_is_told_to_be() -> None:
    taken = evidence()
    record = taken.record(attempt(Outcome.LIVE, ended_at=0), PLACE)
    assert record["duration_s"] == 0.0
    taken.record(AttemptRow(id="b", campaign="c", lead="1", number=LONDON, launched_at=MIDDAY), PLACE)
    assert taken.summary().outcomes == {"live": 1, "under way": 1}
