"""The interface every pacer keeps, whoever drives it."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsorch.acd import AgentState
from fsorch.campaign.pacing import LEVELS, PACERS, CallsOff, Pacer
from fsorch.campaign.pacing_rules import Average, Level, Tapered
from fsorch.campaign.pacing_watch import Phase, Watch, phase_of
from fsorch.sim.dialer_run import run
from fsorch.sim.dialer_traffic import DialerPlan

IDS = st.one_of(st.integers(0, 12), st.sampled_from(["a", "b", ""]))
OUTCOMES = st.sampled_from(["live", "machine", "busy", "noanswer", "failed", "LIVE", "drop", "cancelled", "", "what"])
STATES = st.sampled_from(
    [*AgentState, "logged_out", "ready", "available", "wrap", "Wrap-Up", "paused", "lunch", "gone", "", "talking"]
)
# How far the clock goes before the next message: backwards too, and not a number.
STEPS = st.one_of(st.floats(-5, 40), st.sampled_from([0.0, 0.1, 1e9, -1e9, math.inf, math.nan]))
MESSAGES = st.lists(
    st.one_of(
        st.tuples(st.just("launch"), IDS, st.just(""), STEPS),
        st.tuples(st.just("result"), IDS, OUTCOMES, STEPS),
        st.tuples(st.just("drop"), IDS, st.just(""), STEPS),
        st.tuples(st.just("agent"), IDS, STATES, STEPS),
        st.tuples(st.just("due"), st.just(0), st.just(""), STEPS),
        st.tuples(st.just("excess"), st.just(0), st.just(""), STEPS),
    ),
    max_size=80,
)


def tell(pacer: Pacer, what: str, who: int | str, word: str, now: float) -> int:
    """Pass on one message; what `due` answers, else 0. There is never more to call off than rings."""
    if what == "launch":
        pacer.on_launch(who, now)
    elif what == "result":
        pacer.on_result(who, word, now)
    elif what == "drop":
        pacer.on_drop(who, now)
    elif what == "agent":
        pacer.on_agent(who, word, now)
    elif what == "due":
        return pacer.due(now)
    elif isinstance(pacer, CallsOff):
        excess = pacer.excess(now)
        assert isinstance(pacer, Watch)
        assert isinstance(excess, int)
        assert 0 <= excess <= pacer.ringing
    return 0


class PacerContract:
    """What holds for every pacer. A subclass names it; whoever writes a pacer may inherit this."""

    make: Callable[..., Pacer]

    def floor(self, agents: int) -> Pacer:
        """A pacer with so many idle agents at time 0."""
        pacer = self.make(target=0.03)
        for agent in range(agents):
            pacer.on_agent(f"agent-{agent}", "idle", 0.0)
        return pacer

    def test_it_launches_for_idle_agents(self) -> None:
        assert 1 <= self.floor(3).due(0.0) <= 9

    def test_it_launches_nothing_with_nobody_logged_in(self) -> None:
        pacer = self.floor(3)
        for agent in range(3):
            pacer.on_agent(f"agent-{agent}", "logged_out", 1.0)
        assert [pacer.due(1.0 + tick) for tick in range(100)] == [0] * 100

    def test_what_was_launched_counts_and_not_what_was_asked(self) -> None:
        told, silent = self.floor(4), self.floor(4)
        for call in range(40):
            told.on_launch(call, 0.0)
        assert told.due(0.0) == 0
        assert silent.due(0.0) == silent.due(0.0) > 0

    def test_a_launch_told_twice_is_one(self) -> None:
        once, twice = self.floor(4), self.floor(4)
        for pacer, times in ((once, 1), (twice, 3)):
            for _ in range(times):
                pacer.on_launch("x", 0.0)
        assert once.due(0.1) == twice.due(0.1)

    def test_a_result_before_its_launch_leaves_no_ghost(self) -> None:
        late, never = self.floor(2), self.floor(2)
        late.on_result("x", "busy", 0.0)
        late.on_launch("x", 0.1)
        assert late.due(0.1) == never.due(0.1)

    def test_a_call_nobody_ends_is_forgotten(self) -> None:
        pacer = self.floor(1)
        for call in range(20):
            pacer.on_launch(call, 0.0)
        assert sum(pacer.due(float(tick)) for tick in range(30)) == 0
        assert sum(pacer.due(float(tick)) for tick in range(30, 600)) > 0

    def test_an_idle_agent_gets_calls_after_the_clock_was_set_back(self) -> None:
        pacer = self.floor(2)
        for call in range(pacer.due(1e6)):
            pacer.on_launch(call, 1e6)
            pacer.on_result(call, "noanswer", 1e6 + 20.0)
        assert pacer.due(5.0) > 0

    @pytest.mark.parametrize("wrong", [-0.1, 1.1, math.nan])
    def test_an_impossible_target_is_refused(self, wrong: float) -> None:
        with pytest.raises(ValueError, match="target"):
            self.make(target=wrong)


@pytest.mark.parametrize("name", PACERS)
@given(messages=MESSAGES)
@settings(max_examples=60, deadline=None)
def test_nothing_a_pacer_is_told_upsets_it(name: str, messages: list[tuple[str, int | str, str, float]]) -> None:
    pacer, now, present = PACERS[name](), 0.0, set[int | str]()
    for what, who, word, step in messages:
        moment = now + step
        if math.isfinite(moment):
            now = moment
        due = tell(pacer, what, who, word, moment)
        if what == "agent":
            (present.discard if phase_of(word) is Phase.AWAY else present.add)(who)
        assert isinstance(due, int)
        assert due >= 0
        assert not due or present


class TestProgressive(PacerContract):
    make = staticmethod(PACERS["progressive"])

    @given(messages=MESSAGES)
    @settings(max_examples=60, deadline=None)
    def test_there_are_never_more_lines_than_free_agents(
        self, messages: list[tuple[str, int | str, str, float]]
    ) -> None:
        pacer, states, rings, now = self.make(), dict[int | str, Phase](), set[str](), 0.0
        for number, (what, who, word, step) in enumerate(messages):
            now += step if 0.0 <= step <= 40.0 else 0.0
            if what == "agent":
                states[who] = phase_of(word)
            elif what == "result" and rings:
                call = rings.pop()
                pacer.on_result(call, "busy", now)
            if what in ("agent", "due", "excess"):
                due = tell(pacer, what, who, word, now)
                free = sum(phase is Phase.FREE for phase in states.values())
                assert due == 0 or due + len(rings) <= free
                for call in (f"{number}-{n}" for n in range(due)):
                    pacer.on_launch(call, now)
                    rings.add(call)


class TestPower(PacerContract):
    make = staticmethod(PACERS["power"])

    def test_the_ratio_is_lines_for_each_free_agent(self) -> None:
        pacer = self.make(ratio=1.5)
        for agent in range(4):
            pacer.on_agent(agent, "idle", 0.0)
        pacer.on_agent("busy", "talking", 0.0)
        assert pacer.due(0.0) == 6


class TestLevel(PacerContract):
    make = staticmethod(PACERS["level"])

    def test_the_level_rises_while_agents_are_free_and_falls_to_one_when_too_many_were_dropped(self) -> None:
        pacer = self.floor(4)
        assert pacer.due(0.0) == 4
        assert pacer.due(15.0) == 8  # all are free: times two
        for call in range(10):
            pacer.on_launch(call, 16.0)
            pacer.on_result(call, "live", 17.0)
        pacer.on_drop(9, 19.0)
        assert pacer.due(40.0) == 4

    def test_over_the_limit_who_is_in_wrap_up_has_no_line(self) -> None:
        pacer = self.floor(4)
        answered(pacer, 1.0, 10, 2)
        pacer.on_agent("agent-0", "talking", 2.0)
        pacer.on_agent("agent-1", "wrap_up", 2.0)
        assert pacer.due(10.0) == 2

    def test_its_step_its_interval_and_its_most_are_options(self) -> None:
        pacer = self.make(every_s=30.0, step=0.5, highest=1.8)
        for agent in range(10):
            pacer.on_agent(agent, "idle", 0.0)
        assert [pacer.due(now) for now in (0.0, 29.0, 31.0, 62.0)] == [10, 10, 15, 18]
        for wrong in ({"step": 0.0}, {"step": 5.0}, {"every_s": 0.0}, {"highest": 0.5}):
            with pytest.raises(ValueError, match="every_s is seconds"):
                self.make(**wrong)


def answered(pacer: Pacer, now: float, live: int, drops: int) -> None:
    """So many answers, so many of which were dropped."""
    for call in range(live):
        pacer.on_launch(f"{now}-{call}", now)
        pacer.on_result(f"{now}-{call}", "live", now)
    for call in range(drops):
        pacer.on_drop(f"{now}-{call}", now)


class TestAverage(PacerContract):
    make = staticmethod(Average)

    def test_over_the_target_the_level_sinks_and_is_not_one_at_once(self) -> None:
        strict, average = Level(target=0.03), Average(target=0.03)
        for pacer in (strict, average):
            for agent in range(10):
                pacer.on_agent(agent, "idle", 0.0)
            for step in range(3):
                pacer.due(15.0 * step)
            answered(pacer, 31.0, 100, 6)
        levels = []
        for now in (46.0, 61.0, 76.0, 91.0):
            strict.due(now)
            average.due(now)
            levels.append(average.level)
        assert strict.level == 1.0
        assert strict.due(91.0) == average.due(91.0) == 10
        assert average.level >= 1.0


HOLDS = {
    5: DialerPlan(agents=5, hours=3.0, tick_s=1.0, seed=21),
    20: DialerPlan(agents=20, hours=1.5, tick_s=1.0, seed=22),
}


@pytest.mark.parametrize("agents", HOLDS)
@pytest.mark.parametrize("name", LEVELS)
def test_levels_hold_their_target(name: str, agents: int) -> None:
    report = run(HOLDS[agents], PACERS[name]())
    assert report.dropped > 0
    assert report.drop_rate <= 0.03


class TestSinking:
    """The level of `average`."""

    def test_near_the_target_it_sinks_and_is_not_one_at_once(self) -> None:
        pacer = Average(target=0.03)
        for agent in range(10):
            pacer.on_agent(agent, "idle", 0.0)
        for step in range(3):
            pacer.due(15.0 * step)
        # Over 2.4 of 100, and under 3 with those that are on their way.
        answered(pacer, 31.0, 1200, 31)
        levels = []
        for now in (46.0, 61.0, 76.0):
            pacer.due(now)
            levels.append(pacer.level)
        assert levels == sorted(levels, reverse=True)
        assert 1.0 < levels[-1] < levels[0]


class TestTapered(PacerContract):
    make = staticmethod(Tapered)

    def test_the_limit_is_loose_until_noon_of_the_shift_and_strict_at_its_end(self) -> None:
        pacer = Tapered(target=0.03, shift=(8 * 3600.0, 16 * 3600.0), loose=2.0, strict=1.0)
        limits = []
        for hour in (8, 10, 12, 14, 16, 20):
            pacer.see(hour * 3600.0)
            limits.append(round(pacer.allowed(), 4))
        assert limits == [0.06, 0.06, 0.06, 0.045, 0.03, 0.03]

    def test_a_shift_may_go_on_past_midnight_and_without_one_it_is_eight_hours(self) -> None:
        night = Tapered(shift=(22 * 3600.0, 6 * 3600.0))
        night.see(26 * 3600.0)
        assert night.elapsed() == 0.5
        some = Tapered()
        some.see(0.0)
        assert some.elapsed() == 0.0
        for minute in range(4 * 60 + 1):
            some.see(60.0 * minute)
        assert some.elapsed() == 0.5
        with pytest.raises(ValueError, match="a shift is two moments of a day"):
            Tapered(shift=(-1.0, 6.0))
        with pytest.raises(ValueError, match="loose and strict are targets"):
            Tapered(loose=0.5, strict=0.8)


class TestPredictive(PacerContract):
    make = staticmethod(PACERS["predictive"])


def test_messages_that_come_late_do_not_hurry_the_clock() -> None:
    watch = Watch()
    for second in range(100):
        watch.see(float(second))
        watch.on_result("nobody", "busy", second - 0.7)
        watch.on_agent("ann", "idle" if second % 2 else "talking", second - 0.2)
    assert watch.time == 99.0
    watch.see(-1000.0)
    watch.see(-999.0)
    assert watch.time == 100.0


@pytest.mark.parametrize(
    ("phase", "words"),
    [
        (Phase.FREE, ["idle", "ready", "Available", "AgentState.IDLE"[11:], "IDLE"]),
        (Phase.TAKEN, ["reserved", "ringing"]),
        (Phase.TALK, ["talking", "in-call", "On Call", "busy"]),
        (Phase.WRAP, ["wrap_up", "wrapup", "wrap", "Wrap-Up", "ACW", "after call work"]),
        (Phase.AWAY, ["logged_out", "paused", "break", "gone", "lunch", "", "not ready", "unavailable"]),
    ],
)
def test_states_are_known_by_many_names(phase: Phase, words: list[str]) -> None:
    assert {word: phase_of(word) for word in words} == dict.fromkeys(words, phase)


def test_the_engines_own_states_are_known() -> None:
    known = {state: phase_of(state) for state in AgentState}
    assert Phase.AWAY not in known.values()
