"""Who gets whom: one fair order, nobody twice, nobody waiting while a match idles."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsorch.acd import STRATEGIES, Distributor, Match, Need, QueueRules, Tier, Work
from fsorch.demands import Demand, demand_of, fulfils, joined
from fsorch.names import Skilled, Strategy

QUEUES = ("sales", "support", "billing")


def centre(strategy: Strategy = Strategy.LONGEST_IDLE, seed: int = 0, **rules: Any) -> Distributor:
    distributor = Distributor(seed)
    distributor.set_queues([QueueRules(queue=queue, strategy=strategy, **rules) for queue in QUEUES])
    return distributor


def agent(
    distributor: Distributor,
    id: str,
    *tiers: Tier | str,
    work: Work | None = None,
    skills: dict[str, int] | None = None,
) -> None:
    """Somebody at work and idle."""
    distributor.set_agent(id, [tier if isinstance(tier, Tier) else Tier(tier) for tier in tiers], skills)
    distributor.set_present(id, True)
    distributor.ready(id, work or Work())


def need(contact: str, *queues: str, at: float = 0.0, **fields: Any) -> Need:
    """A contact that began to wait ``at`` seconds."""
    return Need(contact=contact, queues=queues or ("sales",), enqueued_at=round(at * 1e6), since=at, **fields)


def pairs(made: list[Match]) -> list[tuple[str, ...]]:
    return [(match.contact, *match.agents) for match in made]


def serve(distributor: Distributor, contact: str, now: float = 100.0) -> tuple[str, ...]:
    """Let one contact be matched and say with whom."""
    distributor.join(need(contact, at=now))
    (match,) = distributor.match(now)
    return match.agents


# -- strategies -----------------------------------------------------------------------------------------------------


def test_every_strategy_has_a_class() -> None:
    assert set(STRATEGIES) == set(Strategy)


@pytest.mark.parametrize(
    ("strategy", "chosen"),
    [
        (Strategy.LONGEST_IDLE, "ann"),
        (Strategy.LEAST_TALK_TIME, "rob"),
        (Strategy.FEWEST_CALLS, "sue"),
        (Strategy.TOP_DOWN, "tom"),
        (Strategy.BY_AGENT_ORDER, "tom"),
    ],
)
def test_each_strategy_has_its_own_first(strategy: Strategy, chosen: str) -> None:
    distributor = centre(strategy)
    agent(distributor, "ann", Tier("sales", position=4), work=Work(1.0, 50, 9))
    agent(distributor, "rob", Tier("sales", position=3), work=Work(2.0, 5, 8))
    agent(distributor, "sue", Tier("sales", position=2), work=Work(3.0, 40, 2))
    agent(distributor, "tom", Tier("sales", position=1), work=Work(4.0, 30, 7))
    assert serve(distributor, "c1") == (chosen,)


def test_best_skilled_goes_by_the_levels_that_are_asked_for() -> None:
    distributor = centre(Strategy.BEST_SKILLED)
    agent(distributor, "ann", "sales", work=Work(1.0), skills={"french": 2, "tax": 2, "golf": 5})
    agent(distributor, "rob", "sales", work=Work(2.0), skills={"french": 3, "tax": 2})
    agent(distributor, "sue", "sales", work=Work(3.0), skills={"french": 5})
    asked = {
        "both": demand_of({"french": 1, "tax": 1}),
        "one": demand_of({"french": 2}),
        "none": demand_of({}),
    }
    served = {}
    for contact, skills in asked.items():
        distributor.join(need(contact, skills=skills))
        (match,) = distributor.match(10.0)
        served[contact] = (match.agents[0], match.why)
        distributor.ready(match.agents[0], Work({"ann": 1.0, "rob": 2.0, "sue": 3.0}[match.agents[0]]))
    assert served == {
        "both": ("rob", "best in the skills that are asked for (levels 5 in all)"),
        "one": ("sue", "best in the skills that are asked for (levels 5 in all)"),
        "none": ("ann", "idle longest (9 s)"),
    }


def test_most_senior_goes_by_seniority_and_then_by_idle_time() -> None:
    distributor = centre(Strategy.MOST_SENIOR)
    agent(distributor, "ann", Tier("sales", seniority=3), work=Work(1.0))
    agent(distributor, "rob", Tier("sales", seniority=7), work=Work(9.0))
    agent(distributor, "sue", Tier("sales", seniority=7), work=Work(2.0))
    assert [serve(distributor, f"c{n}") for n in range(3)] == [("sue",), ("rob",), ("ann",)]


def test_round_robin_gives_each_their_turn() -> None:
    distributor = centre(Strategy.ROUND_ROBIN)
    served = []
    for id in ("ann", "rob", "sue"):
        agent(distributor, id, "sales")
    for n in range(6):
        (who,) = serve(distributor, f"c{n}")
        served.append(who)
        distributor.ready(who, Work())
    assert served == ["ann", "rob", "sue"] * 2


def test_top_down_passes_over_who_did_not_take_it_until_all_were_asked() -> None:
    distributor = centre(Strategy.TOP_DOWN)
    asked: list[str] = []
    passed: frozenset[str] = frozenset()
    for n, id in enumerate(("ann", "rob")):
        agent(distributor, id, Tier("sales", position=n))
    for _ in range(4):
        distributor.join(need("c1", passed=passed))
        ((who,),) = [match.agents for match in distributor.match(10.0)]
        passed = frozenset([who]) if who in passed else passed | {who}
        asked.append(who)
        distributor.ready(who, Work())
    assert asked == ["ann", "rob", "ann", "rob"]


def test_one_unavailable_agent_does_not_halt_a_top_down_queue() -> None:
    """signalwire/freeswitch issue 1216: the last agent of the order is unavailable, and nobody is called any more."""
    distributor = centre(Strategy.TOP_DOWN)
    agent(distributor, "ann", Tier("sales", position=1))
    agent(distributor, "zed", Tier("sales", position=9))
    distributor.unready("zed")
    for n in range(5):
        assert serve(distributor, f"c{n}") == ("ann",)
        distributor.ready("ann", Work())


@pytest.mark.parametrize(("strategy", "share"), [(Strategy.RANDOM, 0.5), (Strategy.WEIGHTED_RANDOM, 0.75)])
def test_lots_are_drawn_with_the_right_chances(strategy: Strategy, share: float) -> None:
    distributor = centre(strategy, seed=7)
    agent(distributor, "ann", Tier("sales", weight=3.0))
    agent(distributor, "rob", Tier("sales", weight=1.0))
    drawn: Counter[str] = Counter()
    for n in range(2000):
        (who,) = serve(distributor, f"c{n}")
        drawn[who] += 1
        distributor.ready(who, Work())
    assert abs(drawn["ann"] / 2000 - share) < 0.04


def test_no_weight_means_never() -> None:
    distributor = centre(Strategy.WEIGHTED_RANDOM)
    agent(distributor, "ann", Tier("sales", weight=0.0))
    agent(distributor, "rob", Tier("sales", weight=0.1))
    assert serve(distributor, "c1") == ("rob",)


def test_ring_all_rings_all_and_progressively_rings_one_more() -> None:
    distributor = centre(Strategy.RING_ALL)
    for id in ("ann", "rob", "sue"):
        agent(distributor, id, "sales")
    assert set(serve(distributor, "c1")) == {"ann", "rob", "sue"}
    distributor = centre(Strategy.RING_PROGRESSIVELY)
    for n, id in enumerate(("ann", "rob", "sue")):
        agent(distributor, id, "sales", work=Work(float(n)))
    assert serve(distributor, "c1") == ("ann",)
    more = [distributor.another(need("c1"), 110.0) for _ in range(3)]
    assert [match.agents if match else None for match in more] == [("rob",), ("sue",), None]


# -- tiers ----------------------------------------------------------------------------------------------------------


def levels(**rules: Any) -> Distributor:
    distributor = centre(**rules)
    agent(distributor, "senior", Tier("sales", level=3))
    agent(distributor, "junior", Tier("sales", level=1))
    distributor.unready("junior")
    return distributor


def test_a_lower_level_comes_before_a_longer_idle_time() -> None:
    distributor = centre()
    agent(distributor, "ann", Tier("sales", level=1), work=Work(90.0))
    agent(distributor, "rob", Tier("sales", level=2), work=Work(0.0))
    assert serve(distributor, "c1") == ("ann",)


@pytest.mark.parametrize(("multiplied", "opens"), [(False, 10.0), (True, 20.0)])
def test_a_level_opens_with_the_wait(multiplied: bool, opens: float) -> None:
    distributor = levels(level_wait_s=10.0, level_wait_multiplied=multiplied)
    distributor.join(need("c1", at=100.0))
    assert distributor.match(100.0) == []
    assert distributor.match(100.0 + opens - 0.1) == []
    assert distributor.next_wake() == 100.0 + opens
    assert pairs(distributor.match(100.0 + opens)) == [("c1", "senior")]


def test_a_level_where_nobody_is_does_not_count() -> None:
    distributor = levels(level_wait_s=10.0)
    distributor.join(need("c1", at=100.0))
    assert distributor.match(100.0) == []
    distributor.set_present("junior", False)
    assert pairs(distributor.match(100.5)) == [("c1", "senior")]


def test_an_agent_on_a_break_is_there() -> None:
    """mod_callcenter counts an agent on break as present: the next level does not open at once."""
    distributor = levels(level_wait_s=10.0, skip_absent_levels=True)
    distributor.join(need("c1", at=100.0))
    assert distributor.match(105.0) == []


# -- contacts -------------------------------------------------------------------------------------------------------


def test_one_fair_order_over_the_queues_an_agent_serves() -> None:
    distributor = centre()
    distributor.join(need("young", "sales", at=20))
    distributor.join(need("old", "support", at=10))
    agent(distributor, "ann", "sales", "support")
    assert pairs(distributor.match(30.0)) == [("old", "ann")]


def test_an_agents_share_of_a_queue_comes_first() -> None:
    distributor = centre()
    distributor.join(need("old", "support", at=10))
    distributor.join(need("young", "sales", at=20))
    assert distributor.match(30.0) == []
    agent(distributor, "ann", Tier("sales", share=1), Tier("support"))
    assert pairs(distributor.match(30.0)) == [("young", "ann")]


def test_priority_is_strict_or_counts_as_minutes() -> None:
    for strict, first in ((True, "vip"), (False, "old")):
        distributor = centre(strict=strict)
        distributor.join(need("old", at=0))
        distributor.join(need("vip", at=200, priority=1))
        assert distributor.waiting("sales")[0] == first


def test_credited_waiting_counts() -> None:
    distributor = centre()
    distributor.join(need("first", at=0))
    distributor.join(need("gold", at=50, credit_s=60))
    assert distributor.waiting("sales") == ["gold", "first"]


def test_a_priority_change_acts_on_those_already_waiting() -> None:
    """asterisk/asterisk issue 202: a changed priority acted on later callers only."""
    distributor = centre()
    distributor.join(need("a", at=0))
    distributor.join(need("b", at=1))
    distributor.join(need("b", at=1, priority=3))
    assert (distributor.waiting("sales"), distributor.position("a")) == (["b", "a"], 2)


def test_the_guard_bounds_what_priority_may_do() -> None:
    distributor = centre(guard=3.0, guard_floor_s=10.0)
    distributor.join(need("ordinary", at=0))
    for n in range(20):
        now = 5.0 + n * 5
        distributor.join(need(f"vip{n}", at=now, priority=5))
        assert distributor.match(now) == []
        agent(distributor, f"agent{n}", "sales")
        ((contact, _),) = pairs(distributor.match(now))
        if contact == "ordinary":
            assert 30.0 <= now <= 35.0
            return
    pytest.fail("the ordinary caller starved")


def test_who_comes_back_has_the_place_they_had() -> None:
    distributor = centre()
    for n, contact in enumerate(("a", "b", "c")):
        distributor.join(need(contact, at=n))
    agent(distributor, "ann", "sales")
    assert pairs(distributor.match(5.0)) == [("a", "ann")]
    distributor.join(need("a", at=0))
    assert distributor.waiting("sales") == ["a", "b", "c"]


def test_a_contact_whose_switch_is_away_waits_and_does_not_block_the_others() -> None:
    distributor = centre()
    distributor.join(need("away", at=1))
    distributor.join(need("here", at=2))
    agent(distributor, "ann", "sales")
    assert pairs(distributor.match(5.0, lambda contact: contact != "away")) == [("here", "ann")]
    agent(distributor, "rob", "sales")
    assert distributor.match(5.0, lambda contact: contact != "away") == []
    distributor.look_again()
    assert pairs(distributor.match(6.0)) == [("away", "rob")]


# -- skills and preferences -----------------------------------------------------------------------------------------


def test_skills_are_asked_for_and_may_be_relaxed() -> None:
    distributor = centre()
    agent(distributor, "ann", "sales", skills={"french": 2})
    agent(distributor, "rob", "sales", skills={"french": 4})
    agent(distributor, "sue", "sales")
    distributor.join(need("c1", skills=demand_of({"french": 3})))
    (match,) = distributor.match(1.0)
    assert (match.agents, set(match.unfit)) == (("rob",), {"ann", "sue"})
    distributor.join(need("c2", skills=demand_of({"french": 3})))
    assert distributor.match(2.0) == []
    distributor.join(need("c2", skills=demand_of({"french": 1})))
    assert pairs(distributor.match(3.0)) == [("c2", "ann")]


def test_an_expression_is_asked_for() -> None:
    distributor = centre()
    agent(distributor, "ann", "sales", skills={"spanish": 3, "billing": 2, "trainee": 1})
    agent(distributor, "rob", "sales", skills={"spanish": 3})
    agent(distributor, "sue", "sales", skills={"spanish": 4, "sales": 1})
    asked = demand_of("spanish >= 3 and (billing >= 2 or sales) and not trainee")
    distributor.join(need("c1", skills=asked))
    (match,) = distributor.match(1.0)
    assert (match.agents, match.unfit) == (("sue",), ("ann", "rob"))
    distributor.join(need("c2", skills=asked))
    assert distributor.match(2.0) == []
    distributor.set_agent("ann", [Tier("sales")], {"spanish": 3, "billing": 2})
    assert pairs(distributor.match(3.0)) == [("c2", "ann")]


def test_what_means_the_same_waits_in_one_line() -> None:
    distributor = centre()
    distributor.join(need("c1", at=1, skills=demand_of("not (law or french <= 1)")))
    distributor.join(need("c2", at=2, skills=demand_of("french >= 2 and not law")))
    distributor.join(need("c3", at=3, skills=joined(demand_of("not law"), demand_of({"french": 2}))))
    line = distributor.line("sales")
    assert line is not None
    assert [len(pool) for pool in line.pools.values()] == [3]


def test_the_best_there_is_will_do_where_a_queue_says_so() -> None:
    distributor = centre(skilled=Skilled.BEST)
    agent(distributor, "ann", "sales", work=Work(1.0))
    agent(distributor, "rob", "sales", work=Work(2.0), skills={"french": 3})
    agent(distributor, "sue", "sales", work=Work(3.0), skills={"french": 3, "law": 2})
    asked = demand_of("french >= 2 and (law or tax)")
    made = []
    for n in range(3):
        distributor.join(need(f"c{n}", skills=asked))
        made += distributor.match(10.0)
    assert [match.agents for match in made] == [("sue",), ("rob",), ("ann",)]
    assert [match.unfit for match in made] == [(), (), ()]
    said = "french 2 and (law 1 or tax 1)"
    assert made[0].why == f"has all that is asked for ({said}); idle longest (7 s)"
    assert made[1].why == f"has 1 of the 2 things that are asked for ({said}); idle longest (8 s)"
    distributor.join(need("c3", skills=asked))
    assert distributor.match(11.0) == []
    agent(distributor, "tom", "sales", work=Work(11.0))
    (match,) = distributor.match(12.0)
    assert (match.agents, match.why.split(";")[0]) == (("tom",), f"has 0 of the 2 things that are asked for ({said})")


def test_skills_may_be_disregarded() -> None:
    distributor = centre(skilled=Skilled.DISREGARD)
    agent(distributor, "ann", "sales", work=Work(1.0))
    agent(distributor, "rob", "sales", work=Work(2.0), skills={"french": 3})
    distributor.join(need("c1", skills=demand_of({"french": 3})))
    (match,) = distributor.match(10.0)
    assert (match.agents, match.why) == (("ann",), "idle longest (9 s)")
    distributor.join(need("c2", skills=demand_of({"law": 3})))
    assert pairs(distributor.match(11.0)) == [("c2", "rob")]


def test_who_is_eligible_is_at_work_and_fits_idle_or_not() -> None:
    distributor = centre()
    agent(distributor, "ann", "sales", "support", skills={"french": 2})
    agent(distributor, "rob", "sales", skills={"french": 3})
    agent(distributor, "sue", "support")
    wanted = need("c1", "sales", "support", skills=demand_of({"french": 2}))
    assert distributor.eligible_for(wanted) == 2
    distributor.unready("ann")
    assert distributor.eligible_for(wanted) == 2
    distributor.set_present("ann", False)
    assert distributor.eligible_for(wanted) == 1
    distributor.set_agent("sue", [Tier("support")], {"french": 5})
    assert distributor.eligible_for(wanted) == 2
    distributor.set_agent("sue", [], None)
    distributor.set_queues([QueueRules(queue=queue, skilled=Skilled.BEST) for queue in QUEUES])
    assert distributor.eligible_for(wanted) == 1
    distributor.set_present("ann", True)
    assert distributor.eligible_for(wanted) == 2


def test_a_contact_may_wait_in_several_queues() -> None:
    distributor = centre()
    distributor.join(need("c1", "sales", "support"))
    agent(distributor, "ann", "support")
    assert pairs(distributor.match(1.0)) == [("c1", "ann")]
    assert distributor.waiting("sales") == []


def test_the_preferred_agent_comes_first_and_may_be_waited_for() -> None:
    distributor = centre()
    agent(distributor, "ann", "sales", work=Work(0.0))
    agent(distributor, "own", "sales", work=Work(9.0))
    distributor.join(need("c1", prefer=("own",), bond="their own agent"))
    (match,) = distributor.match(10.0)
    assert (match.agents, match.why) == (("own",), "their own agent")
    distributor.join(need("c2", at=10, prefer=("own",), only_until=40.0))
    assert distributor.match(11.0) == []
    assert distributor.next_wake() == 40.0
    assert pairs(distributor.match(40.0)) == [("c2", "ann")]
    distributor.join(need("c3", at=41, prefer=("own",), only_until=90.0))
    distributor.ready("own", Work())
    assert pairs(distributor.match(50.0)) == [("c3", "own")]


def test_an_agent_of_no_queue_may_be_preferred() -> None:
    distributor = centre()
    distributor.set_agent("boss", [], {"law": 1})
    distributor.join(need("c1", prefer=("boss",), only_until=60.0))
    assert distributor.match(1.0) == []
    distributor.ready("boss", Work())
    assert pairs(distributor.match(2.0)) == [("c1", "boss")]


def test_a_removed_queue_keeps_its_line_until_it_is_empty() -> None:
    distributor = centre()
    distributor.join(need("c1", "billing"))
    distributor.set_queues([QueueRules(queue="sales")])
    assert distributor.position("c1") == 1
    distributor.leave("c1")
    distributor.set_queues([QueueRules(queue="sales")])
    with pytest.raises(KeyError):
        distributor.join(need("c2", "billing"))


# -- all together ---------------------------------------------------------------------------------------------------

agents = st.sampled_from(["ann", "rob", "sue", "tom"])
contacts = st.sampled_from([f"c{n}" for n in range(10)])
queues = st.sampled_from(QUEUES)
skills = st.dictionaries(st.sampled_from(["french", "law"]), st.integers(1, 3), max_size=2)
atoms = st.builds(
    "{} {} {}".format, st.sampled_from(["french", "law"]), st.sampled_from([">=", "<=", "==", "!="]), st.integers(1, 3)
)
expressions = st.recursive(
    st.sampled_from(["french", "law"]) | atoms,
    lambda below: (
        st.builds("({} and {})".format, below, below)
        | st.builds("({} or {})".format, below, below)
        | st.builds("not {}".format, below)
    ),
    max_leaves=4,
)
demands = st.one_of(skills, expressions).map(demand_of)
needs = st.fixed_dictionaries(
    {
        "queues": st.lists(queues, min_size=1, max_size=3, unique=True).map(tuple),
        "priority": st.integers(0, 3),
        "skills": demands,
        "prefer": st.lists(agents, max_size=1).map(tuple),
        "patience": st.sampled_from([0.0, 0.0, 15.0]),
        "passed": st.frozensets(agents, max_size=2),
    }
)
tiers = st.lists(st.builds(Tier, queues, st.integers(1, 3), st.integers(1, 3)), unique_by=lambda t: t.queue)
happenings = st.one_of(
    st.tuples(st.just("join"), contacts, needs),
    st.tuples(st.just("leave"), contacts),
    st.tuples(st.just("ready"), agents),
    st.tuples(st.just("unready"), agents),
    st.tuples(st.just("present"), agents, st.booleans()),
    st.tuples(st.just("agent"), agents, tiers, skills),
    st.tuples(st.just("rules"), st.sampled_from(list(Strategy)), st.sampled_from(list(Skilled))),
    st.tuples(st.just("time"), st.sampled_from([0.0, 1.0, 12.0])),
)


class Oracle:
    """Keeps the same story in the plainest way, and looks at every pair."""

    def __init__(self, strategy: Strategy, skilled: Skilled) -> None:
        self.rules: dict[str, Any] = {"level_wait_s": 10.0, "guard": 2.0, "skilled": skilled}
        self.distributor = centre(strategy, **self.rules)
        self.now = 0.0
        self.waiting: dict[str, Need] = {}
        self.ready: set[str] = set()
        self.tiers: dict[str, dict[str, Tier]] = {}
        self.skills: dict[str, dict[str, int]] = {}

    def do_join(self, contact: str, fields: dict[str, object]) -> None:
        values = dict(fields)
        patience = float(str(values.pop("patience")))
        places = values.pop("queues")
        assert isinstance(places, tuple)
        wanted = need(contact, *places, at=self.now, only_until=self.now + patience if patience else 0.0, **values)
        self.waiting[contact] = wanted
        self.distributor.join(wanted)

    def do_leave(self, contact: str) -> None:
        assert self.distributor.leave(contact) is (self.waiting.pop(contact, None) is not None)

    def do_ready(self, id: str) -> None:
        self.distributor.ready(id, Work(self.now))
        self.ready.add(id)

    def do_unready(self, id: str) -> None:
        self.distributor.unready(id)
        self.ready.discard(id)

    def do_present(self, id: str, present: bool) -> None:
        self.distributor.set_present(id, present)

    def do_agent(self, id: str, places: list[Tier], has: dict[str, int]) -> None:
        self.tiers[id] = {tier.queue: tier for tier in places}
        self.skills[id] = has
        self.distributor.set_agent(id, places, has)

    def do_rules(self, strategy: Strategy, skilled: Skilled) -> None:
        self.rules["skilled"] = skilled
        rules = [QueueRules(queue=queue, strategy=strategy, **self.rules) for queue in QUEUES]
        self.distributor.set_queues(rules)

    def do_time(self, seconds: float) -> None:
        self.now += seconds

    def will_do(self, id: str, demand: Demand) -> bool:
        """Whether the queues, which all look at skills in the same way, take this agent for such a contact."""
        return self.rules["skilled"] is not Skilled.ALL or fulfils(self.skills.get(id, {}), demand)

    def fits(self, id: str, wanted: Need, waited: float) -> bool:
        """Whether this agent may serve this contact, whatever level rule there is at most."""
        if wanted.only_until > self.now and id not in wanted.prefer:
            return False
        if id in wanted.prefer and id not in wanted.passed:
            return True
        if not self.will_do(id, wanted.skills):
            return False
        return any(queue in self.tiers.get(id, {}) for queue in wanted.queues) and waited >= 10.0

    def check(self) -> None:
        for match in self.distributor.match(self.now):
            wanted = self.waiting.pop(match.contact)
            assert match.queue in wanted.queues
            for id in match.agents:
                assert id in self.ready, "an agent who was not idle"
                self.ready.remove(id)
                preferred = id in wanted.prefer
                assert preferred or match.queue in self.tiers[id]
                assert preferred or self.will_do(id, wanted.skills)
        for wanted in self.waiting.values():
            for id in self.ready:
                assert not self.fits(id, wanted, self.now - wanted.since), (wanted, id)
        for queue in QUEUES:
            here = {contact for contact, wanted in self.waiting.items() if queue in wanted.queues}
            assert set(self.distributor.waiting(queue)) == here


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(list(Strategy)), st.sampled_from(list(Skilled)), st.lists(happenings, max_size=60))
def test_nobody_twice_and_nobody_waits_while_a_match_idles(
    strategy: Strategy, skilled: Skilled, story: list[tuple[object, ...]]
) -> None:
    oracle = Oracle(strategy, skilled)
    for verb, *rest in story:
        getattr(oracle, f"do_{verb}")(*rest)
        oracle.check()
