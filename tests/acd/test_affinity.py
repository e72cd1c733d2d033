"""Who knows this customer, and the caller's choice between them and anyone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsorch.acd.affinity import (
    Bond,
    ChoiceEffect,
    ChoiceInput,
    ChoiceMachine,
    ChoiceState,
    Encounter,
    EncounterOutcome,
    PersonChoice,
    choose,
    score,
)
from fsorch.errors import ConfigError
from fsorch.rules import AffinitySpec, check_affinity

DAY_US = 86_400_000_000
DAY_S = 86_400.0
NOW = 1_800_000_000_000_000
SPEC = AffinitySpec()


def met(agent: str, days: float = 0.0, **fields: object) -> Encounter:
    return Encounter(**{"agent": agent, "at_us": NOW - round(days * DAY_US), "talked_s": 300.0, **fields})  # type: ignore[arg-type]


def points(*encounters: Encounter) -> dict[str, float]:
    return score(encounters, NOW, 30 * DAY_S)


def test_an_encounter_halves_with_its_half_life() -> None:
    assert points(met("a"), met("b", 30), met("c", 60)) == pytest.approx({"a": 1.0, "b": 0.5, "c": 0.25})


def test_encounters_add_up_and_short_ones_count_less() -> None:
    assert points(met("a"), met("a"), met("b", talked_s=15.0)) == pytest.approx({"a": 2.0, "b": 0.25})


def test_outcome_and_rating_count() -> None:
    solved = met("a", outcome=EncounterOutcome.SOLVED, rating=5)
    assert points(solved, met("b", rating=1), met("c", outcome=EncounterOutcome.CUT_OFF)) == {
        "a": 3.0,
        "b": -1.0,
        "c": 0.0,
    }


@pytest.mark.parametrize("rating", [0, 6, -1])
def test_a_rating_out_of_range_is_a_value_error(rating: int) -> None:
    with pytest.raises(ValueError, match="not 1 to 5"):
        points(met("a", rating=rating))


def test_the_last_one_who_spoke_with_them() -> None:
    assert choose([met("a", 20), met("b", 3)], NOW, SPEC) == Bond(("b", "a"), "spoke with this customer 3 days ago")
    assert choose([met("a", 1 / 24)], NOW, SPEC) == Bond(("a",), "spoke with this customer 1 hour ago")
    assert choose([met("a", -1)], NOW, SPEC) == Bond(("a",), "spoke with this customer just now")


def test_the_own_agent_comes_first() -> None:
    encounters = [met("b"), met("b"), met("a", 300)]
    assert choose(encounters, NOW, SPEC, own="a") == Bond(("a", "b"), "the customer's own agent")
    assert choose([met("a"), met("b", 1)], NOW, SPEC, own="a") == Bond(("a", "b"), "the customer's own agent")
    assert choose([], NOW, SPEC, own="a") == Bond(("a",), "the customer's own agent")
    assert choose(encounters, NOW, SPEC, own="a", able=lambda agent: agent == "b") == Bond(
        ("b",), "spoke with this customer just now"
    )


def test_too_little_is_no_bond() -> None:
    assert choose([met("a", 61), met("b", rating=2)], NOW, SPEC) is None
    assert choose([], NOW, SPEC) is None


AGENTS = st.sampled_from(["a", "b", "c", "d", "e"])
ENCOUNTERS = st.lists(
    st.builds(
        Encounter,
        agent=AGENTS,
        at_us=st.integers(NOW - 400 * DAY_US, NOW + DAY_US),
        outcome=st.sampled_from(EncounterOutcome),
        talked_s=st.floats(0, 1000),
        rating=st.none() | st.integers(1, 5),
    ),
    max_size=12,
)


@settings(max_examples=100)
@given(encounters=ENCOUNTERS, days=st.integers(0, 100))
def test_time_only_fades(encounters: list[Encounter], days: int) -> None:
    start = NOW + DAY_US  # later than all of them
    before = score(encounters, start, 30 * DAY_S)
    after = score(encounters, start + days * DAY_US, 30 * DAY_S)
    assert after == pytest.approx({agent: points * 0.5 ** (days / 30) for agent, points in before.items()})


@settings(max_examples=100)
@given(encounters=ENCOUNTERS, agent=AGENTS, rating=st.integers(1, 4), outcome=st.sampled_from(EncounterOutcome))
def test_a_better_rating_never_harms(
    encounters: list[Encounter], agent: str, rating: int, outcome: EncounterOutcome
) -> None:
    worse = points(*encounters, met(agent, rating=rating, outcome=outcome))
    better = points(*encounters, met(agent, rating=rating + 1, outcome=outcome))
    assert better[agent] >= worse[agent]
    assert {other: worse[other] for other in worse if other != agent} == {
        other: better[other] for other in better if other != agent
    }


@settings(max_examples=100)
@given(encounters=ENCOUNTERS, own=st.just("") | AGENTS, able=st.sets(AGENTS), most=st.integers(1, 4))
def test_the_chosen_are_able_enough_and_in_order(
    encounters: list[Encounter], own: str, able: set[str], most: int
) -> None:
    spec = AffinitySpec(most=most)
    bond = choose(encounters, NOW, spec, own=own, able=able.__contains__)
    scores = points(*encounters)
    if bond is None:
        assert not own or own not in able
        assert all(scores[agent] < spec.threshold for agent in scores if agent in able)
        return
    assert len(set(bond.prefer)) == len(bond.prefer) <= most
    assert set(bond.prefer) <= able
    assert (bond.prefer[0] == own) is (own in able)
    others = [agent for agent in bond.prefer if agent != own]
    assert all(scores[agent] >= spec.threshold for agent in others)
    assert [scores[agent] for agent in others] == sorted((scores[agent] for agent in others), reverse=True)


# -- the choice -----------------------------------------------------------------------------------------------------


def test_every_state_takes_every_event() -> None:
    assert set(ChoiceMachine.TABLE) == {(state, input) for state in ChoiceState for input in ChoiceInput}


def test_wait_and_think_better_of_it() -> None:
    choice = PersonChoice(SPEC)
    choice.asked(0.0)
    assert choice.until == SPEC.ask_timeout_s
    assert choice.key("1", 2.0) is ChoiceEffect.WAIT_FOR_PERSON
    assert choice.until == 2.0 + SPEC.wait_s
    assert choice.key("9", 3.0) is None
    assert choice.until == 2.0 + SPEC.wait_s
    assert choice.key("3", 4.0) is ChoiceEffect.PROMISE_CALLBACK
    assert choice.until is None


def test_the_wait_has_its_limit() -> None:
    choice = PersonChoice(SPEC)
    choice.key("1", 0.0)
    assert choice.time(SPEC.wait_s - 1) is None
    assert choice.time(SPEC.wait_s) is ChoiceEffect.TAKE_ANYONE


def test_who_says_nothing_gets_anyone() -> None:
    choice = PersonChoice(AffinitySpec(tries=3))
    assert choice.time(100.0) is None  # the question is still being played
    for n in range(2):
        choice.asked(n * 10.0)
        assert choice.time(n * 10.0 + 5.0) is ChoiceEffect.ASK_AGAIN
    assert choice.key("7", 21.0) is ChoiceEffect.TAKE_ANYONE
    choice.asked(22.0)
    assert choice.until is None


def test_the_person_leaves() -> None:
    for keys in ("", "1"):
        choice = PersonChoice(SPEC)
        for key in keys:
            choice.key(key, 0.0)
        assert choice.gone(1.0) is ChoiceEffect.TAKE_ANYONE
    called_back = PersonChoice(SPEC)
    called_back.key("3", 0.0)
    assert called_back.gone(1.0) is None


ACTS = st.lists(st.sampled_from(["1", "2", "3", "7", "asked", "gone", "time"]), max_size=20)


@settings(max_examples=150)
@given(acts=ACTS, tries=st.integers(1, 4))
def test_nobody_is_held_up_for_ever(acts: list[str], tries: int) -> None:
    choice, now, decided = PersonChoice(AffinitySpec(tries=tries)), 0.0, 0
    for act in acts:
        now += 1.0
        if act == "asked":
            choice.asked(now)
        elif act == "gone":
            decided += choice.gone(now) not in (None, ChoiceEffect.ASK_AGAIN, ChoiceEffect.WAIT_FOR_PERSON)
        elif act == "time":
            now = choice.until or now
            decided += choice.time(now) is ChoiceEffect.TAKE_ANYONE
        else:
            decided += choice.key(act, now) in (ChoiceEffect.TAKE_ANYONE, ChoiceEffect.PROMISE_CALLBACK)
    assert decided <= 1
    for _ in range(tries + 1):
        choice.asked(now)
        if choice.until is not None:
            now = choice.until
            choice.time(now)
    assert choice.machine.state in (ChoiceState.ANYONE, ChoiceState.CALLBACK)
    assert choice.until is None


def test_a_fault_is_named() -> None:
    check_affinity(SPEC, "affinity")
    check_affinity(AffinitySpec(ask=False, wait_s=0), "affinity")
    with pytest.raises(ConfigError, match=r"affinity\.wait_s is 0"):
        check_affinity(AffinitySpec(wait_s=0), "affinity")
