"""Why a contact waits: true at every moment, and told in a phrase."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsorch.acd import Distributor, Need, QueueRules, Tier, Work
from fsorch.acd.explain import Standing, Standings, Waits, standing, why_waiting
from fsorch.demands import NOTHING, Demand, demand_of
from fsorch.names import Skilled

QUEUES = ("sales", "support")
FRENCH = demand_of({"french": 3})


def centre(**rules: float) -> Distributor:
    distributor = Distributor()
    distributor.set_queues([QueueRules(queue=queue, **rules) for queue in QUEUES])  # type: ignore[arg-type]
    return distributor


def agent(
    distributor: Distributor, id: str, *tiers: Tier, idle: bool = True, skills: dict[str, int] | None = None
) -> None:
    distributor.set_agent(id, tiers or [Tier("sales")], skills)
    distributor.set_present(id, True)
    if idle:
        distributor.ready(id, Work())


def wait(
    distributor: Distributor, at: float = 0.0, skills: Demand = NOTHING, only_until: float = 0.0, *prefer: str
) -> None:
    distributor.join(
        Need(
            contact="c1",
            queues=("sales",),
            enqueued_at=round(at * 1e6),
            since=at,
            skills=skills,
            prefer=prefer,
            only_until=only_until,
        )
    )


def why(distributor: Distributor, now: float = 5.0) -> str:
    assert not distributor.match(now)
    found = standing(distributor, "c1", now)
    assert found is not None
    return why_waiting(found)


def test_nobody_is_logged_in() -> None:
    distributor = centre()
    agent(distributor, "ann", Tier("support"))
    wait(distributor)
    assert why(distributor) == "nobody who serves this queue is logged in"


def test_all_are_busy() -> None:
    distributor = centre()
    agent(distributor, "ann", idle=False)
    wait(distributor)
    assert why(distributor) == "the only agent at work is not free"
    agent(distributor, "rob", Tier("sales"), Tier("support"), idle=False)
    assert why(distributor) == "none of the 2 agents at work is free"


def test_the_idle_ones_lack_the_skill() -> None:
    distributor = centre()
    agent(distributor, "ann")
    wait(distributor, 0.0, FRENCH)
    assert why(distributor) == "of 1 agent at work nobody has french 3"
    agent(distributor, "rob", idle=False, skills={"french": 4})
    assert why(distributor) == "1 agent idle, but without french 3"
    distributor.unready("ann")
    assert why(distributor) == "the only agent at work with french 3 is not free"


def test_none_fits_an_expression() -> None:
    distributor = centre()
    agent(distributor, "ann", skills={"french": 5, "trainee": 1})
    wait(distributor, 0.0, demand_of("(french >= 2 or german) and not trainee"))
    said = "not trainee and (french 2 or german 1)"
    assert why(distributor) == f"of 1 agent at work nobody fits {said}"
    agent(distributor, "rob", idle=False, skills={"german": 1})
    assert why(distributor) == f"1 agent idle, but none who fits {said}"
    distributor.unready("ann")
    assert why(distributor) == f"the only agent at work who fits {said} is not free"
    agent(distributor, "sue", idle=False, skills={"german": 4})
    assert why(distributor) == f"none of the 2 agents at work who fit {said} is free"


def test_a_queue_that_takes_the_best_there_is_rules_nobody_out() -> None:
    distributor = Distributor()
    distributor.set_queues([QueueRules(queue="sales", skilled=Skilled.BEST)])
    agent(distributor, "ann", idle=False)
    wait(distributor, 0.0, FRENCH)
    found = standing(distributor, "c1", 5.0)
    assert found is not None
    assert (found.present, found.skilled, found.waits) == (1, 1, Waits.BUSY)
    assert why_waiting(found) == "the only agent at work is not free"


def test_the_level_is_not_open_yet() -> None:
    distributor = centre(level_wait_s=30.0)
    agent(distributor, "ann", Tier("sales", level=1), idle=False)
    agent(distributor, "rob", Tier("sales", level=2))
    wait(distributor)
    assert why(distributor, 12.0) == "1 agent idle on level 2, which opens in 18 s"
    assert distributor.match(30.0)


def test_only_their_own_agent_will_do() -> None:
    distributor = centre()
    agent(distributor, "ann", idle=False)
    agent(distributor, "rob")
    wait(distributor, 0.0, NOTHING, 60.0, "ann")
    assert why(distributor, 20.0) == "waits for ann alone, for 40 s more"
    assert distributor.match(60.0)


def test_who_does_not_wait_stands_nowhere() -> None:
    assert standing(centre(), "c1", 0.0) is None


AGENTS = st.lists(
    st.tuples(
        st.lists(st.tuples(st.sampled_from(QUEUES), st.integers(1, 3)), max_size=2, unique_by=lambda tier: tier[0]),
        st.integers(0, 4),  # level of french
        st.sampled_from(["out", "busy", "idle"]),
    ),
    max_size=6,
)
CONTACTS = st.lists(
    st.tuples(st.sampled_from([("sales",), ("support",), QUEUES]), st.booleans(), st.floats(0, 100)),
    min_size=1,
    max_size=6,
)


@settings(max_examples=150, deadline=None)
@given(AGENTS, CONTACTS, st.sampled_from([0.0, 20.0]), st.booleans())
def test_what_is_said_is_true(
    agents: list[tuple[list[tuple[str, int]], int, str]],
    contacts: list[tuple[tuple[str, ...], bool, float]],
    level_wait_s: float,
    multiplied: bool,
) -> None:
    """Compared with a count by hand; and after a match nobody is told that it is their turn."""
    now = 100.0
    distributor = Distributor()
    rules = [QueueRules(queue=queue, level_wait_s=level_wait_s, level_wait_multiplied=multiplied) for queue in QUEUES]
    distributor.set_queues(rules)
    for n, (tiers, french, state) in enumerate(agents):
        distributor.set_agent(f"a{n}", [Tier(queue, level) for queue, level in tiers], {"french": french})
        distributor.set_present(f"a{n}", state != "out")
        if state == "idle":
            distributor.ready(f"a{n}", Work())
    for n, (queues, wants, at) in enumerate(contacts):
        need = Need(contact=f"c{n}", queues=queues, enqueued_at=n, since=at, skills=FRENCH if wants else NOTHING)
        distributor.join(need)
    taken = {agent for match in distributor.match(now) for agent in match.agents}
    look = Standings(distributor, now)
    for n, (queues, wants, _) in enumerate(contacts):
        found = look.of(f"c{n}")
        assert found == standing(distributor, f"c{n}", now)
        if found is None:
            continue
        here = [
            (f"a{m}", french, state)
            for m, (tiers, french, state) in enumerate(agents)
            if state != "out" and any(queue in queues for queue, _ in tiers)
        ]
        skilled = [one for one in here if not wants or one[1] >= 3]
        idle = [one for one in here if one[2] == "idle" and one[0] not in taken]
        assert (found.present, found.skilled) == (len(here), len(skilled))
        assert (found.idle, found.fit) == (len(idle), len([one for one in idle if one in skilled]))
        assert found.ready == 0
        assert found.waits is expected(found)
        assert why_waiting(found)


def expected(found: Standing) -> Waits:
    if not found.present:
        return Waits.NOBODY
    if found.fit:
        return Waits.LEVEL
    if not found.skilled:
        return Waits.NOBODY_SKILLED
    return Waits.UNSKILLED if found.idle else Waits.BUSY


@pytest.mark.parametrize("number", [1, 2])
def test_before_the_match_it_is_their_turn(number: int) -> None:
    distributor = centre()
    for n in range(number):
        agent(distributor, f"a{n}")
    distributor.match(0.0)
    wait(distributor)
    found = standing(distributor, "c1", 1.0)
    assert found is not None
    assert (found.waits, found.ready) == (Waits.TURN, number)
    assert why_waiting(found) == f"{number} agent{'s' * (number > 1)} idle and fitting: offered at the next step"
