"""Between what a check saw and what is done then, nothing happens."""

from __future__ import annotations

from itertools import count

import pytest

from fsorch.clock import Moment
from fsorch.config import AgentSpec, Centre, MembershipSpec, QueueSpec
from fsorch.edge.pump import Pump
from fsorch.engine.actions import Outcome
from fsorch.engine.engine import Engine
from fsorch.engine.inputs import Configure, Input, LogIn, Tick
from fsorch.engine.views import Snapshot
from fsorch.errors import NotFound

CENTRE = Centre(
    queues=(QueueSpec(id="sales"),),
    agents=(AgentSpec(id="ada", phone="user/1001", queues=(MembershipSpec(queue="sales"),)),),
)


class Hurrying:
    """Whoever looks finds a second gone."""

    def __init__(self) -> None:
        self._seconds = count(1)

    def now(self) -> Moment:
        second = next(self._seconds)
        return Moment(mono=float(second), wall=second * 1_000_000)


class Watched(Engine):
    """An engine that notes what it was given, and when."""

    def __init__(self) -> None:
        ids = count()
        super().__init__(lambda: str(next(ids)))
        self.seen: list[tuple[type[Input], float]] = []

    def step(self, input: Input, now: Moment) -> Outcome:
        self.seen.append((type(input), now.mono))
        return super().step(input, now)


@pytest.fixture
def engine() -> Watched:
    return Watched()


@pytest.fixture
def pump(engine: Watched) -> Pump:
    made = Pump(engine, Hurrying(), lambda _facts: None)
    made.request(Configure(CENTRE))
    engine.seen.clear()
    return made


def test_what_is_due_comes_before_the_check_and_the_request_in_the_same_moment(pump: Pump, engine: Watched) -> None:
    looked: list[str] = []

    def check(snapshot: Snapshot) -> None:
        assert [kind for kind, _ in engine.seen] == [Tick]
        looked.append(snapshot.agents[0].status)

    pump.request(LogIn(agent="ada", by="sam"), check)
    assert looked == ["logged_out"]
    (_, ticked), (asked, at) = engine.seen
    assert (asked, at) == (LogIn, ticked)
    assert pump.snapshot().agents[0].status == "available"


def test_what_a_check_forbids_does_not_reach_the_engine(pump: Pump, engine: Watched) -> None:
    def check(_snapshot: Snapshot) -> None:
        raise NotFound("agent", "ada")

    with pytest.raises(NotFound):
        pump.request(LogIn(agent="ada", by="sam"), check)
    assert [kind for kind, _ in engine.seen] == [Tick]
    assert pump.snapshot().agents[0].status == "logged_out"


def test_without_a_check_there_is_one_step(pump: Pump, engine: Watched) -> None:
    pump.request(LogIn(agent="ada", by="ada"))
    assert [kind for kind, _ in engine.seen] == [LogIn]
