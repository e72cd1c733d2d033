"""A pacer among people who drive it badly: what is told twice, late, of strangers or by a clock that trembles."""

from __future__ import annotations

import random
from collections.abc import Hashable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsorch.campaign.pacing import PACERS, CallsOff, Pacer
from fsorch.campaign.pacing_watch import Phase, phase_of

SEEDS = st.integers(0, 10_000)
# What a bad driver says beside what is so, at each tick.
NOISE = st.lists(
    st.sampled_from(["strange result", "result again", "launch again", "agent again", "stranger leaves", "ask", "ms"]),
    max_size=4,
)


class Floor:
    """Some agents and calls in virtual time, and whoever else talks to the pacer. ``launch``: how many of the calls it
    wants are placed, given that number."""

    def __init__(self, pacer: Pacer, seed: int, agents: int = 6) -> None:
        self.pacer = pacer
        self.random = random.Random(seed)
        self.now = 0.0
        self.calls = 0
        self.ringing: list[tuple[float, int, str]] = []
        self.busy: list[tuple[float, str, str]] = []
        self.waiting: list[tuple[float, int]] = []
        self.free = [f"a{n}" for n in range(agents)]
        self.states = dict.fromkeys(self.free, "idle")
        self.over: list[tuple[int, str]] = []
        for agent in self.free:
            pacer.on_agent(agent, "idle", 0.0)

    def tick(self, noise: list[str] | None = None) -> int:
        """Half a second; how many calls were wanted."""
        self.now += 0.5
        self._end_calls()
        self._move_agents()
        for what in noise or ():
            self._disturb(what)
        due = self.pacer.due(self.now)
        for _ in range(due):
            self.place()
        return due

    def place(self) -> None:
        self.pacer.on_launch(self.calls, self.now)
        live = self.random.random() < 0.3
        self.ringing.append((self.now + (8.0 if live else 20.0), self.calls, "live" if live else "noanswer"))
        self.calls += 1

    def _end_calls(self) -> None:
        for call in [call for call in self.ringing if call[0] <= self.now]:
            self.ringing.remove(call)
            self._tell(call[1], call[2])
            if call[2] == "live":
                self.waiting.append((self.now, call[1]))
        while self.waiting and self.free:
            self.waiting.pop(0)
            agent = self.free.pop(0)
            self._state(agent, "talking")
            self.busy.append((self.now + 20.0 + 40.0 * self.random.random(), agent, "wrap_up"))
        for wait in [wait for wait in self.waiting if wait[0] <= self.now - 2.0]:
            self.waiting.remove(wait)
            self.pacer.on_drop(wait[1], self.now)

    def _move_agents(self) -> None:
        for step in [step for step in self.busy if step[0] <= self.now]:
            self.busy.remove(step)
            self._state(step[1], step[2])
            if step[2] == "wrap_up":
                self.busy.append((self.now + 5.0, step[1], "idle"))
            else:
                self.free.append(step[1])

    def _tell(self, call: int, outcome: str) -> None:
        self.pacer.on_result(call, outcome, self.now)
        self.over.append((call, outcome))

    def _state(self, agent: str, state: str) -> None:
        self.pacer.on_agent(agent, state, self.now)
        self.states[agent] = state

    def _disturb(self, what: str) -> None:
        pacer, now = self.pacer, self.now
        match what:
            case "strange result":
                pacer.on_result(("nobody's", self.calls), "busy", now)
            case "result again":
                for call, outcome in self.over[-3:]:
                    pacer.on_result(call, outcome, now)
            case "launch again":
                for _, call, _ in self.ringing[-3:]:
                    pacer.on_launch(call, now)
            case "agent again":
                for agent, state in self.states.items():
                    pacer.on_agent(agent, state, now)
            case "stranger leaves":
                pacer.on_agent("stranger", "logged_out", now)
            case "ask":
                assert pacer.due(now) == pacer.due(now)
                if isinstance(pacer, CallsOff):
                    assert 0 <= pacer.excess(now) <= len(self.ringing)
            case _:
                pacer.on_result("late", "busy", now - 0.003)
                pacer.on_agent("a0", self.states["a0"], now - 0.001)


@pytest.mark.parametrize("name", PACERS)
@given(seed=SEEDS, noise=st.lists(NOISE, min_size=40, max_size=160))
@settings(max_examples=12, deadline=None)
def test_what_is_said_twice_or_of_strangers_changes_nothing(name: str, seed: int, noise: list[list[str]]) -> None:
    plain, disturbed = Floor(PACERS[name](), seed), Floor(PACERS[name](), seed)
    for words in noise:
        assert plain.tick() == disturbed.tick(words)


def crowd(name: str) -> Floor:
    """A floor that has worked for three minutes."""
    floor = Floor(PACERS[name](), seed=4)
    for _ in range(360):
        floor.tick()
    assert floor.calls > 20
    return floor


def drops_of(floor: Floor, ids: Iterator[Hashable]) -> None:
    for id in ids:
        floor.pacer.on_drop(id, floor.now)


@pytest.mark.parametrize("name", PACERS)
def test_drops_of_calls_that_were_never_launched_bring_no_calls(name: str) -> None:
    told, silent = crowd(name), crowd(name)
    drops_of(told, iter([("elsewhere", n) for n in range(5)] * 2))
    assert told.pacer.due(told.now) <= silent.pacer.due(silent.now)
    told.pacer.on_agent("a0", "idle", told.now)


@pytest.mark.parametrize("name", PACERS)
def test_the_calls_of_somebody_else_count_as_calls(name: str) -> None:
    floor = crowd(name)
    for n in range(200):
        floor.pacer.on_launch(("other", n), floor.now)
    assert [floor.pacer.due(floor.now + tick / 10) for tick in range(20)] == [0] * 20
    for n in range(200):
        floor.pacer.on_result(("other", n), "noanswer", floor.now + 2.0)
    assert sum(floor.tick() for _ in range(240)) > 0


@pytest.mark.parametrize("name", PACERS)
def test_who_asks_for_an_hour_and_launches_nothing_gets_no_flood_then(name: str) -> None:
    floor = Floor(PACERS[name](), seed=5)
    most = max(floor.pacer.due(tick / 2) for tick in range(7200))
    # A level rises while agents idle, up to its most.
    assert most <= (36 if name in ("level", "average", "tapered") else 12)


@pytest.mark.parametrize("name", PACERS)
def test_a_clock_that_stands_still_makes_no_calls_out_of_nothing(name: str) -> None:
    floor = crowd(name)
    launched = 0
    for _ in range(500):
        for _ in range(floor.pacer.due(floor.now)):
            launched += 1
            floor.pacer.on_launch(("still", launched), floor.now)
    assert launched <= 36
    assert floor.pacer.due(floor.now) == 0


@pytest.mark.parametrize("name", PACERS)
def test_a_clock_that_trembles_changes_little(name: str) -> None:
    steady, trembling = Floor(PACERS[name](), seed=6), Floor(PACERS[name](), seed=6)
    tremble = random.Random(1)
    for _ in range(1200):
        steady.tick()
        trembling.tick()
        trembling.pacer.due(trembling.now - tremble.uniform(0.0, 0.02))
    assert trembling.calls == pytest.approx(steady.calls, rel=0.02)


@pytest.mark.parametrize("name", PACERS)
@pytest.mark.parametrize("state", [None, 3, True, b"idle", ("idle",)])
def test_a_state_that_is_no_word_is_refused_and_changes_nothing(name: str, state: object) -> None:
    pacer = PACERS[name]()
    pacer.on_agent("ann", "idle", 0.0)
    with pytest.raises(ValueError, match="an agent's state is a word, such as idle"):
        pacer.on_agent("ann", state, 1.0)  # type: ignore[arg-type]  # what somebody may pass
    assert pacer.due(2.0) >= 1
    # Any word may be the name of a break.
    assert phase_of("Elevenses") is Phase.AWAY
