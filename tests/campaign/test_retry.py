"""What becomes of a lead after an attempt, row by row."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsorch.campaign.retry import Next, after, first_number, with_attempt
from fsorch.campaigns import (
    AttemptRow,
    CampaignSpec,
    Disposition,
    Lead,
    LeadCallbacks,
    LeadNumber,
    LeadState,
    Outcome,
    Past,
    RetryRule,
    Then,
)

T = 1_800_000_000_000_000
HOUR = 3_600_000_000
SPEC = CampaignSpec(
    id="c",
    queue="sales",
    retries={
        Outcome.BUSY: RetryRule(after_s=600, attempts=2),
        Outcome.NOANSWER: RetryRule(after_s=7200, attempts=2, next_number=True),
        Outcome.DROP: RetryRule(after_s=0, attempts=0),
    },
)
NUMBERS = (LeadNumber(number="+4930001"), LeadNumber(number="+4930002"), LeadNumber(number="+4930003", dead=True))
LEAD = Lead(id="1", numbers=NUMBERS)


def attempt(outcome: Outcome, number: str = "+4930001", at: int = T) -> AttemptRow:
    return AttemptRow(
        id="a", campaign="c", lead="1", number=number, launched_at=at, ended_at=at + HOUR // 60, outcome=outcome
    )


def tried(*outcomes: Outcome, lead: Lead = LEAD) -> tuple[Lead, AttemptRow]:
    last = attempt(Outcome.LOST)
    for outcome in outcomes:
        last = attempt(outcome, lead.numbers[lead.next_number].number)
        lead = with_attempt(lead, last)
    return lead, last


@pytest.mark.parametrize(
    ("rang", "own", "wait_s"), [(False, None, 120), (True, None, 900), (True, 180, 180), (False, 1800, 1800)]
)
def test_a_call_that_was_called_off_rests_longer_if_the_phone_had_rung(
    rang: bool, own: int | None, wait_s: int
) -> None:
    rules = {Outcome.CANCELLED: RetryRule(after_s=own, attempts=5)} if own is not None else {}
    spec = msgspec.structs.replace(SPEC, retries=rules)
    lead, last = tried(Outcome.CANCELLED)
    last = msgspec.structs.replace(last, ringing_at=T + 1 if rang else 0)
    found = after(spec, lead, last, None)
    assert (found.state, found.next_at) == (LeadState.READY, last.ended_at + wait_s * 1_000_000)


def test_a_busy_number_is_tried_again_after_the_rules_delay_as_often_as_it_says() -> None:
    lead, last = tried(Outcome.BUSY)
    assert after(SPEC, lead, last, None) == Next(
        state=LeadState.READY, next_at=last.ended_at + 600_000_000, next_number=0, why="busy"
    )
    lead, last = tried(Outcome.BUSY, Outcome.BUSY, Outcome.BUSY)
    assert after(SPEC, lead, last, None).state is LeadState.FINISHED


def test_the_next_number_comes_at_once_and_the_first_again_after_the_delay() -> None:
    lead, last = tried(Outcome.NOANSWER)
    following = after(SPEC, lead, last, None)
    assert (following.next_number, following.next_at) == (1, last.ended_at)
    lead = msgspec.structs.replace(lead, next_number=following.next_number)
    lead, last = tried(Outcome.NOANSWER, lead=lead)
    following = after(SPEC, lead, last, None)
    assert (following.next_number, following.next_at) == (0, last.ended_at + 7_200_000_000)


def test_a_number_that_is_none_is_left_out_and_without_another_the_lead_is_barred() -> None:
    lead, last = tried(Outcome.INVALID)
    assert lead.numbers[0].dead
    assert after(SPEC, lead, last, None).next_number == 1
    lead, last = tried(Outcome.INVALID, lead=msgspec.structs.replace(lead, next_number=1))
    assert after(SPEC, lead, last, None) == Next(state=LeadState.BARRED, why="no number of it can be dialled")


def test_a_lead_is_dialled_no_more_than_the_campaign_says() -> None:
    spec = msgspec.structs.replace(SPEC, attempts_max=2)
    lead, last = tried(Outcome.BUSY, Outcome.NOANSWER)
    following = after(spec, lead, last, None)
    assert (following.state, following.why) == (LeadState.FINISHED, "dialled 2 times, which is the most")


def test_no_attempts_left_after_a_drop_means_done() -> None:
    lead, last = tried(Outcome.DROP)
    assert after(SPEC, lead, last, None).state is LeadState.FINISHED


@pytest.mark.parametrize(
    ("then", "state"),
    [
        (Then.FINISH, LeadState.FINISHED),
        (Then.DNC, LeadState.BARRED),
        (Then.CALLBACK, LeadState.CALLBACK),
        (Then.RETRY, LeadState.READY),
    ],
)
def test_a_disposition_comes_before_the_outcome(then: Then, state: LeadState) -> None:
    lead, last = tried(Outcome.LIVE)
    following = after(SPEC, lead, last, Disposition(id="x", then=then, after_s=190 if then is Then.RETRY else 0))
    assert following.state is state
    if then is Then.RETRY:
        assert following.next_at == last.ended_at + 190_000_000


def test_no_phone_rings_again_within_two_minutes_whatever_the_rules_say() -> None:
    lead, last = tried(Outcome.LIVE)
    soon = Disposition(id="x", then=Then.RETRY, after_s=90)
    assert after(SPEC, lead, last, soon).next_at == last.ended_at + 120_000_000
    hasty = msgspec.structs.replace(
        SPEC,
        retries={Outcome.NOANSWER: RetryRule(after_s=0, attempts=9, next_number=True)},
        callbacks=LeadCallbacks(retry_s=60, tries=3),
    )
    # The next number is another phone; once all have had their turn, the first rests as well.
    lead, last = tried(Outcome.NOANSWER)
    assert after(hasty, lead, last, None).next_at == last.ended_at
    lead, last = tried(Outcome.CANCELLED)
    assert after(hasty, lead, last, None).next_at == last.ended_at + 120_000_000
    assert after(hasty, lead, last, None, owed=True).next_at == last.ended_at + 120_000_000


def test_a_promise_is_kept_at_its_time_by_whom_it_names() -> None:
    lead, last = tried(Outcome.LIVE)
    said = Disposition(id="later", then=Then.CALLBACK)
    following = after(SPEC, lead, last, said, promised_at=T + HOUR, promised_agent="ada")
    assert (following.state, following.next_at, following.callback_agent) == (LeadState.CALLBACK, T + HOUR, "ada")


def test_a_missed_promise_is_tried_again_soon_and_then_by_the_rules() -> None:
    lead, last = tried(Outcome.BUSY)
    following = after(SPEC, lead, last, None, owed=True)
    assert (following.state, following.next_at) == (LeadState.CALLBACK, last.ended_at + 900_000_000)
    lead, last = tried(Outcome.BUSY, Outcome.BUSY, Outcome.BUSY)
    assert after(SPEC, lead, last, None, owed=True).state is LeadState.FINISHED


def test_a_promised_call_goes_to_no_number_that_is_none() -> None:
    lead, last = tried(Outcome.INVALID)
    following = after(SPEC, lead, last, None, owed=True)
    assert (following.state, following.next_number) == (LeadState.READY, 1)


@pytest.mark.parametrize(("tries", "state"), [(1, LeadState.CALLBACK), (0, LeadState.READY)])
def test_a_promise_is_tried_again_as_often_as_the_campaign_says(tries: int, state: LeadState) -> None:
    spec = msgspec.structs.replace(SPEC, callbacks=LeadCallbacks(tries=tries))
    lead, last = tried(Outcome.BUSY)
    assert after(spec, lead, last, None, owed=True).state is state


def test_a_word_without_a_time_rests_as_long_as_after_no_answer() -> None:
    lead, last = tried(Outcome.LIVE)
    following = after(SPEC, lead, last, Disposition(id="later", title="Call later", then=Then.RETRY))
    assert (following.next_at, following.why) == (last.ended_at + 2 * HOUR, "Call later")
    following = after(SPEC, lead, last, Disposition(id="later", then=Then.RETRY, attempts=1))
    assert following.why == "later"
    assert after(SPEC, lead, last, Disposition(id="no", title="No", then=Then.FINISH)).why == "No: done"


def test_an_attempt_of_which_nobody_knows_the_end_counts_as_lost() -> None:
    open_one = msgspec.structs.replace(attempt(Outcome.LOST), outcome="")
    lead = with_attempt(LEAD, open_one)
    assert lead.tried == {Outcome.LOST: 1}
    assert after(SPEC, lead, open_one, None).why == "lost from sight"


def test_a_live_talk_without_a_disposition_is_done() -> None:
    lead, last = tried(Outcome.LIVE)
    assert after(SPEC, lead, last, None).state is LeadState.FINISHED


def test_the_first_number_is_looked_for_round_the_end() -> None:
    assert first_number(NUMBERS, 2) == 0
    assert first_number((), 0) is None


@given(
    st.lists(st.sampled_from([one for one in Outcome if one is not Outcome.LIVE]), min_size=1, max_size=30),
    st.integers(1, 6),
    st.integers(1, 4),
)
def test_every_lead_comes_to_an_end_and_no_number_rings_twice_within_a_minute(
    outcomes: list[Outcome], most: int, numbers: int
) -> None:
    spec = CampaignSpec(id="c", queue="q", attempts_max=most)
    lead = Lead(id="1", numbers=tuple(LeadNumber(number=f"+49300{n}") for n in range(numbers)))
    now = T
    dialled = 0
    rang: dict[str, int] = {}
    for outcome in outcomes:
        number = lead.numbers[lead.next_number]
        assert not number.dead
        assert now >= rang.get(number.number, 0)
        last = attempt(outcome, number.number, now)
        lead = with_attempt(lead, last)
        dialled += 1
        rang[number.number] = last.ended_at + 60_000_000
        following = after(spec, lead, last, None)
        if following.state is not LeadState.READY:
            break
        lead = msgspec.structs.replace(lead, next_number=following.next_number)
        now = following.next_at
    assert dialled <= most


def test_a_word_leads_to_so_many_calls_and_no_more() -> None:
    later = Disposition(id="later", then=Then.RETRY, after_s=7200, attempts=2)
    lead, last = tried(Outcome.LIVE)
    once = Past(at=T - HOUR, number="+4930001", outcome=Outcome.LIVE, lead="1", said="later")
    others = (
        Past(at=T - HOUR, number="+4930001", outcome=Outcome.LIVE, lead="2", said="later"),
        Past(at=T - HOUR, number="+4930001", outcome=Outcome.LIVE, lead="1", said="moved"),
    )
    known = msgspec.structs.replace(lead, history=(once, *others))
    following = after(SPEC, known, last, later)
    assert (following.state, following.next_at) == (LeadState.READY, last.ended_at + 2 * HOUR)
    known = msgspec.structs.replace(lead, history=(once, once, *others))
    assert after(SPEC, known, last, later).state is LeadState.FINISHED
    for_ever = msgspec.structs.replace(later, attempts=0)
    assert after(SPEC, known, last, for_ever).state is LeadState.READY
