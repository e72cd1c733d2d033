"""An agent's choices and states: choices are never overwritten, and wait for the next legal moment."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsorch.acd import Agent, AgentEffect, AgentInput, AgentState, AgentStatus, Wish
from fsorch.errors import RequestRefused

WALL, MONO = 1_000_000, 1.0


def at_work() -> Agent:
    agent = Agent()
    agent.log_in(WALL, MONO)
    return agent


def talking() -> Agent:
    agent = at_work()
    agent.reserve(WALL)
    agent.move(AgentInput.RING, WALL, MONO)
    agent.move(AgentInput.CONNECT, WALL, MONO)
    return agent


def test_logging_in_makes_available_and_idle() -> None:
    agent = at_work()
    assert agent.free
    assert agent.status == Wish(AgentStatus.AVAILABLE)
    with pytest.raises(RequestRefused, match="logged in already"):
        agent.log_in(WALL, MONO)


def test_a_break_asked_for_in_a_call_comes_after_the_wrap_up() -> None:
    agent = talking()
    assert agent.choose(AgentStatus.BREAK, "lunch", WALL, MONO) is AgentEffect.WISHED
    assert str(agent.status) == "available"
    agent.move(AgentInput.CALL_ENDED, WALL, MONO)
    assert (agent.state, str(agent.wish)) == (AgentState.WRAP_UP, "break:lunch")
    agent.move(AgentInput.WRAP_UP_OVER, WALL + 5, MONO + 5)
    assert (agent.state, str(agent.status), agent.wish) == (AgentState.IDLE, "break:lunch", None)
    assert agent.status_since == WALL + 5
    assert not agent.free


def test_a_wish_is_taken_back_by_choosing_what_is_so_now() -> None:
    agent = talking()
    agent.choose(AgentStatus.BREAK, "lunch", WALL, MONO)
    agent.choose(AgentStatus.AVAILABLE, "", WALL, MONO)
    assert agent.wish is None
    agent.move(AgentInput.CALL_ENDED, WALL, MONO, wrap_up=False)
    assert agent.free


def test_the_last_wish_stands() -> None:
    agent = talking()
    agent.choose(AgentStatus.BREAK, "lunch", WALL, MONO)
    agent.choose(AgentStatus.LOGGED_OUT, "", WALL, MONO)
    agent.move(AgentInput.CALL_ENDED, WALL, MONO, wrap_up=False)
    assert str(agent.status) == "logged_out"


def test_nobody_is_reserved_twice_or_on_a_break() -> None:
    agent = at_work()
    agent.reserve(WALL)
    with pytest.raises(RequestRefused):
        agent.reserve(WALL)
    resting = at_work()
    resting.choose(AgentStatus.BREAK, "tea", WALL, MONO)
    with pytest.raises(RequestRefused, match="break:tea"):
        resting.reserve(WALL)
    assert resting.state is AgentState.IDLE


def test_logged_out_must_log_in_first() -> None:
    agent = Agent()
    with pytest.raises(RequestRefused, match="log in first"):
        agent.choose(AgentStatus.AVAILABLE, "", WALL, MONO)
    with pytest.raises(RequestRefused, match="logged out already"):
        agent.choose(AgentStatus.LOGGED_OUT, "", WALL, MONO)


def test_idle_time_counts_from_the_last_return_to_idle() -> None:
    agent = talking()
    agent.move(AgentInput.CALL_ENDED, WALL, 10.0)
    agent.move(AgentInput.END_WRAP_UP, WALL, 20.0)
    assert agent.idle_since == 20.0
    agent.choose(AgentStatus.BREAK, "tea", WALL, 30.0)
    agent.choose(AgentStatus.AVAILABLE, "", WALL, 40.0)
    assert agent.idle_since == 40.0


events = st.sampled_from([input for input in AgentInput if input not in (AgentInput.RESERVE, AgentInput.CHOOSE)])
choices = st.tuples(st.sampled_from(list(AgentStatus)), st.sampled_from(["", "lunch", "tea"]))


@given(st.lists(st.one_of(events, choices, st.just("reserve"), st.just("log_in"))))
def test_whatever_happens_the_choice_is_the_agents_own(story: list[object]) -> None:
    """The status is always the last choice that was accepted, at the latest when the agent is idle again."""
    agent = Agent()
    last = Wish(AgentStatus.LOGGED_OUT)
    for thing in story:
        try:
            if isinstance(thing, tuple):
                status, reason = thing
                agent.choose(status, reason, WALL, MONO)
                last = Wish(status, reason)
            elif thing == "reserve":
                agent.reserve(WALL)
            elif thing == "log_in":
                agent.log_in(WALL, MONO)
                last = Wish(AgentStatus.AVAILABLE)
            else:
                assert isinstance(thing, AgentInput)
                agent.move(thing, WALL, MONO)
        except RequestRefused:
            continue
        if agent.state is AgentState.IDLE:
            assert agent.status == last
            assert agent.wish is None
        else:
            assert (agent.wish or agent.status) == last
