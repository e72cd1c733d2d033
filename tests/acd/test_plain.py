"""Whatever a centre is like and whatever happens in it, the distributor decides as the plain rules do."""

from __future__ import annotations

import random
from collections.abc import Callable

import msgspec
import pytest

from fsorch.acd import Distributor, Need, QueueRules, Tier, Work
from fsorch.demands import Wanted, demand_of
from fsorch.names import Skilled, Strategy
from tests.acd.plain import Plain

QUEUES = ("sales", "support", "billing", "orders")
AGENTS = ("ann", "rob", "sue", "tom", "una", "vic")
CONTACTS = tuple(f"c{n}" for n in range(12))
DEMANDS: tuple[Wanted, ...] = (
    {},
    {},
    {},
    {"fr": 1},
    {"fr": 3},
    {"de": 2, "fr": 1},
    "fr or de",
    "law and not fr",
    "(fr >= 2 or de) and law <= 1",
)
STORIES = 60
STEPS = 60


class Story:
    """Random happenings to a random centre, told to the distributor and to the plain one. Times are fractions on
    purpose: sums of them are not exact."""

    def __init__(self, seed: int) -> None:
        self.lot = random.Random(seed)
        self.plain = Plain(self.lot.uniform(0, 1000))
        self.distributor = Distributor(seed)
        self.configure()
        for agent in AGENTS:
            self.learn(agent)

    def configure(self) -> None:
        rules = [self.rule(queue) for queue in QUEUES if self.lot.random() < 0.9]
        self.plain.set_queues(rules)
        self.distributor.set_queues(rules)

    def rule(self, queue: str) -> QueueRules:
        lot = self.lot
        return QueueRules(
            queue=queue,
            strategy=lot.choice(list(Strategy)),
            strict=lot.random() < 0.6,
            level_wait_s=lot.choice([0, 0, 5, 10.1, 7.3]),
            level_wait_multiplied=lot.random() < 0.5,
            skip_absent_levels=lot.random() < 0.5,
            guard=lot.choice([0, 0, 1, 2.5]),
            guard_floor_s=lot.choice([0.5, 10, 30]),
            skilled=lot.choice([Skilled.ALL, *Skilled]),
        )

    def learn(self, agent: str) -> None:
        lot, seniority = self.lot, self.lot.randint(0, 3)
        tiers = [
            Tier(
                queue,
                lot.randint(1, 3),
                lot.randint(1, 4),
                lot.choice([0.5, 1, 3]),
                lot.choice([0, 0, 1, -1]),
                seniority,
            )
            for queue in QUEUES
            if lot.random() < 0.6
        ]
        skills = {skill: lot.randint(1, 4) for skill in ("fr", "de", "law") if lot.random() < 0.5}
        self.plain.tiers[agent] = {tier.queue: tier for tier in tiers}
        self.plain.skills[agent] = skills
        self.distributor.set_agent(agent, tiers, skills)

    def join(self, contact: str) -> None:
        lot, now = self.lot, self.plain.now
        known = self.plain.needs.get(contact)
        since = known.since if known and lot.random() < 0.7 else now - lot.choice([0, 0, 3.7, 30, 100])
        patience = lot.choice([0, 0, 0, 4.4, 20])
        prefer = tuple(lot.sample(AGENTS, lot.choice([0, 0, 0, 1, 2])))
        need = Need(
            contact=contact,
            queues=tuple(lot.sample(QUEUES, lot.choice([1, 1, 1, 2]))),
            enqueued_at=round(since * 1e6),
            since=since,
            priority=lot.choice([0, 0, 0, 1, 3]),
            credit_s=lot.choice([0, 0, 0, 15]),
            skills=demand_of(lot.choice(DEMANDS)),
            prefer=prefer,
            only_until=now + patience if patience and prefer else 0.0,
            passed=frozenset(lot.sample(AGENTS, lot.choice([0, 0, 0, 1, 2]))),
        )
        if not self.plain.rules.keys().isdisjoint(need.queues):
            self.plain.needs[contact] = need
            self.distributor.join(need)

    def leave(self, contact: str) -> None:
        assert self.distributor.leave(contact) is (self.plain.needs.pop(contact, None) is not None)

    def ready(self, agent: str) -> None:
        lot = self.lot
        work = Work(self.plain.now - lot.choice([0, 1.5, 20]), lot.choice([0.0, 10.0, 50.0]), lot.randrange(4))
        self.plain.work[agent] = work
        self.distributor.ready(agent, work)

    def unready(self, agent: str) -> None:
        self.plain.work.pop(agent, None)
        self.distributor.unready(agent)

    def appear(self, agent: str) -> None:
        there = self.lot.random() < 0.7
        (self.plain.present.add if there else self.plain.present.discard)(agent)
        self.distributor.set_present(agent, there)

    def pause(self, queue: str) -> None:
        self.plain.paused ^= {queue}
        self.distributor.look_again()

    def time(self, seconds: float) -> None:
        self.plain.now += seconds

    def wake(self) -> None:
        """Exactly when the distributor asked for it."""
        at = self.distributor.next_wake()
        self.plain.now = max(self.plain.now, at) if at is not None else self.plain.now

    def happen(self) -> None:
        lot = self.lot
        happenings: list[tuple[float, Callable[[], None]]] = [
            (30, lambda: self.join(lot.choice(CONTACTS))),
            (6, lambda: self.leave(lot.choice(CONTACTS))),
            (26, lambda: self.ready(lot.choice(AGENTS))),
            (6, lambda: self.unready(lot.choice(AGENTS))),
            (8, lambda: self.appear(lot.choice(AGENTS))),
            (4, lambda: self.learn(lot.choice(AGENTS))),
            (2, self.configure),
            (3, lambda: self.pause(lot.choice(QUEUES))),
            (8, self.wake),
            (7, lambda: self.time(lot.choice([0.1, 1.3, 9.7]))),
        ]
        (what,) = lot.choices([what for _, what in happenings], [weight for weight, _ in happenings])
        what()

    def check(self) -> None:
        plain, distributor = self.plain, self.distributor
        for match in distributor.match(plain.now, plain.eligible):
            plain.take(match)
        assert not plain.missing()
        for queue in plain.rules:
            here = sorted(plain.place(need, queue) for need in plain.needs.values() if queue in need.queues)
            assert distributor.waiting(queue) == [contact for *_, contact in here]
            assert distributor.at_work(queue) == sum(queue in plain.tiers[agent] for agent in plain.present)
        wake, asked = plain.next_wake(), distributor.next_wake()
        assert wake is None or (asked is not None and asked <= wake)


@pytest.mark.parametrize("seed", range(STORIES))
def test_the_distributor_decides_as_the_plain_rules_do(seed: int) -> None:
    story = Story(seed)
    for _ in range(STEPS):
        story.happen()
        while story.lot.random() < 0.3:  # more before the next look
            story.happen()
        story.check()


# -- what such stories have found -----------------------------------------------------------------------------------


def centre(**rules: object) -> Distributor:
    distributor = Distributor()
    distributor.set_queues([msgspec.convert({"queue": queue, **rules}, QueueRules) for queue in QUEUES[:2]])
    return distributor


def at_work(distributor: Distributor, agent: str, *tiers: Tier, skills: dict[str, int] | None = None) -> None:
    distributor.set_agent(agent, tiers or [Tier("sales")], skills)
    distributor.set_present(agent, True)


def waits(contact: str, *queues: str, since: float = 0.0, **fields: object) -> Need:
    need = {"contact": contact, "queues": queues or ("sales",), "enqueued_at": round(since * 1e6), "since": since}
    return Need(**{**need, **fields})  # type: ignore[arg-type]


def pairs(distributor: Distributor, now: float) -> list[tuple[str, ...]]:
    return [(match.contact, *match.agents) for match in distributor.match(now)]


def test_a_level_opens_at_the_very_moment_it_was_said_to() -> None:
    """100.3 + 10.1 - 100.3 is a little less than 10.1: the look came in time, and found the level closed for good."""
    distributor = centre(level_wait_s=10.1)
    at_work(distributor, "junior")
    at_work(distributor, "senior", Tier("sales", level=2))
    distributor.ready("senior", Work())
    distributor.join(waits("c1", since=100.3))
    assert pairs(distributor, 100.3) == []
    wake = distributor.next_wake()
    assert wake is not None
    (match,) = distributor.match(wake)
    assert (match.agents, match.why) == (("senior",), "idle longest (110 s), of level 2")


def test_top_down_asks_somebody_again_when_the_others_do_not_fit() -> None:
    distributor = centre(strategy="top-down")
    at_work(distributor, "ann", skills={"french": 2})
    at_work(distributor, "zed")
    distributor.ready("zed", Work())
    distributor.join(waits("c1", skills=demand_of({"french": 1}), passed=frozenset({"ann"})))
    assert pairs(distributor, 1.0) == []
    distributor.ready("ann", Work())
    assert pairs(distributor, 2.0) == [("c1", "ann")]


def test_who_has_just_joined_does_not_overtake_with_agents_who_are_just_free() -> None:
    distributor = centre()
    at_work(distributor, "ann")
    at_work(distributor, "rob", Tier("support"))
    distributor.join(waits("old"))
    assert pairs(distributor, 1.0) == []
    distributor.join(waits("new", since=50.0))
    distributor.ready("ann", Work())
    distributor.ready("rob", Work())
    assert pairs(distributor, 50.0) == [("old", "ann")]


def test_the_guard_bounds_priority_over_all_queues_of_an_agent() -> None:
    distributor = centre(guard=2.0)
    at_work(distributor, "ann", Tier("sales"), Tier("support"))
    distributor.join(waits("ordinary", "support"))
    distributor.join(waits("vip", "sales", since=990.0, priority=5))
    distributor.ready("ann", Work(idle_since=990.0))
    (match,) = distributor.match(1000.0)
    assert (match.contact, match.agents) == ("ordinary", ("ann",))
    assert match.why == "idle longest (10 s); first by the guard, beyond 2 times the wait of the preferred"


def test_but_not_the_share_of_a_queue() -> None:
    distributor = centre(guard=2.0)
    at_work(distributor, "ann", Tier("sales", share=1), Tier("support"))
    distributor.join(waits("ordinary", "support"))
    distributor.join(waits("first", "sales", since=990.0))
    distributor.ready("ann", Work())
    assert pairs(distributor, 1000.0) == [("first", "ann")]


def test_a_queue_that_comes_later_takes_those_who_named_it() -> None:
    distributor = centre()
    distributor.join(waits("c1", "sales", "late"))
    assert pairs(distributor, 1.0) == []
    distributor.set_queues([QueueRules(queue=queue) for queue in ("sales", "late")])
    assert distributor.waiting("late") == ["c1"]
    at_work(distributor, "ann", Tier("late"))
    distributor.ready("ann", Work())
    assert pairs(distributor, 2.0) == [("c1", "ann")]


def test_the_match_names_the_queue_whose_rules_allow_it() -> None:
    distributor = centre()
    distributor.set_queues([QueueRules(queue="sales"), QueueRules(queue="support", skilled=Skilled.DISREGARD)])
    at_work(distributor, "ann", Tier("sales"), Tier("support"))
    distributor.join(waits("c1", "sales", "support", skills=demand_of({"french": 1})))
    assert pairs(distributor, 1.0) == []
    distributor.ready("ann", Work())
    (match,) = distributor.match(2.0)
    assert (match.queue, match.agents) == ("support", ("ann",))


def test_looks_are_not_planned_again_for_every_agent_who_comes() -> None:
    """Each log-in planned a look for each waiting contact and level: a morning of it was felt."""
    distributor = centre(level_wait_s=600.0)
    at_work(distributor, "junior")
    at_work(distributor, "senior", Tier("sales", level=2))
    for n in range(50):
        distributor.join(waits(f"c{n}"))
    distributor.match(1.0)
    for n in range(100):
        at_work(distributor, f"more{n}")
    assert len(distributor._wakes) == 50
