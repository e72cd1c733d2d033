"""Who gets whom: one fair order, nobody twice, nobody waiting while a match idles."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fsorch.acd import STRATEGIES, Distributor, Membership
from fsorch.names import Strategy

QUEUES = ("sales", "support", "billing")


def centre() -> Distributor:
    distributor = Distributor()
    distributor.set_queues([(queue, Strategy.LONGEST_IDLE) for queue in QUEUES])
    return distributor


def serve(distributor: Distributor, agent: str, *queues: str, idle_since: float = 0.0) -> None:
    distributor.set_member(agent, [Membership(queue) for queue in queues])
    distributor.ready(agent, idle_since)


def test_every_strategy_has_a_class() -> None:
    assert set(STRATEGIES) == set(Strategy)


def test_longest_idle_first() -> None:
    distributor = centre()
    serve(distributor, "ann", "sales", idle_since=5.0)
    serve(distributor, "rob", "sales", idle_since=2.0)
    distributor.join("c1", "sales", 0, 1)
    (made,) = distributor.assign(10.0)
    assert (made.agent, made.why) == ("rob", "idle longest (8 s) of 2 free agents")


def test_a_lower_tier_level_comes_before_a_longer_idle_time() -> None:
    distributor = centre()
    distributor.set_member("ann", [Membership("sales", level=1)])
    distributor.set_member("rob", [Membership("sales", level=2)])
    distributor.ready("rob", 0.0)
    distributor.ready("ann", 9.0)
    distributor.join("c1", "sales", 0, 1)
    assert [one.agent for one in distributor.assign(10.0)] == ["ann"]


def test_one_fair_order_over_the_queues_an_agent_serves() -> None:
    distributor = centre()
    distributor.join("young", "sales", 0, 20)
    distributor.join("old", "support", 0, 10)
    serve(distributor, "ann", "sales", "support")
    assert [one.contact for one in distributor.assign(1.0)] == ["old"]


def test_priority_comes_before_age() -> None:
    distributor = centre()
    distributor.join("old", "sales", 0, 10)
    distributor.join("vip", "sales", 5, 20)
    assert distributor.waiting("sales") == ["vip", "old"]
    assert distributor.position("old") == 2


def test_who_comes_back_has_the_place_they_had() -> None:
    distributor = centre()
    for n, contact in enumerate(("a", "b", "c")):
        distributor.join(contact, "sales", 0, n)
    serve(distributor, "ann", "sales")
    (made,) = distributor.assign(1.0)
    assert made.contact == "a"
    distributor.join("a", "sales", 0, 0)
    assert distributor.waiting("sales") == ["a", "b", "c"]


def test_a_contact_whose_switch_is_away_waits_and_does_not_block_the_others() -> None:
    distributor = centre()
    distributor.join("away", "sales", 0, 1)
    distributor.join("here", "sales", 0, 2)
    serve(distributor, "ann", "sales")
    assert [one.contact for one in distributor.assign(1.0, lambda contact: contact != "away")] == ["here"]
    assert distributor.position("away") == 1


def test_a_removed_queue_keeps_its_line_until_it_is_empty() -> None:
    distributor = centre()
    distributor.join("c1", "billing", 0, 1)
    distributor.set_queues([("sales", Strategy.LONGEST_IDLE)])
    assert distributor.position("c1") == 1
    distributor.leave("c1")
    distributor.set_queues([("sales", Strategy.LONGEST_IDLE)])
    assert distributor.waiting("billing") == []


agents = st.sampled_from(["ann", "rob", "sue", "tom"])
contacts = st.sampled_from([f"c{n}" for n in range(12)])
queues = st.sampled_from(QUEUES)
steps = st.one_of(
    st.tuples(st.just("join"), contacts, queues, st.integers(0, 3), st.integers(0, 50)),
    st.tuples(st.just("leave"), contacts),
    st.tuples(st.just("ready"), agents, st.floats(0, 100)),
    st.tuples(st.just("unready"), agents),
    st.tuples(st.just("member"), agents, st.lists(queues, unique=True)),
    st.tuples(st.just("assign")),
)


@given(st.lists(steps, max_size=80))
def test_nobody_twice_and_nobody_waits_while_a_match_idles(story: list[tuple[object, ...]]) -> None:
    distributor = centre()
    waiting: dict[str, tuple[str, int, int]] = {}
    ready: set[str] = set()
    members: dict[str, list[str]] = {}
    for verb, *rest in story:
        if verb == "join":
            contact, queue, priority, enqueued = rest
            distributor.join(str(contact), str(queue), int(str(priority)), int(str(enqueued)))
            waiting[str(contact)] = (str(queue), int(str(priority)), int(str(enqueued)))
        elif verb == "leave":
            assert distributor.leave(str(rest[0])) is (waiting.pop(str(rest[0]), None) is not None)
        elif verb == "ready":
            distributor.ready(str(rest[0]), float(str(rest[1])))
            ready.add(str(rest[0]))
        elif verb == "unready":
            distributor.unready(str(rest[0]))
            ready.discard(str(rest[0]))
        elif verb == "member":
            assert isinstance(rest[1], list)
            members[str(rest[0])] = rest[1]
            distributor.set_member(str(rest[0]), [Membership(queue) for queue in rest[1]])
        else:
            for made in distributor.assign(200.0):
                place = waiting.pop(made.contact)
                assert made.queue == place[0]
                assert made.agent in ready
                assert made.queue in members[made.agent]
                ready.remove(made.agent)
            assert not [c for c, place in waiting.items() if any(place[0] in members.get(a, ()) for a in ready)]
        for queue in QUEUES:
            here = sorted((-p, e, c) for c, (q, p, e) in waiting.items() if q == queue)
            assert distributor.waiting(queue) == [contact for _, _, contact in here]
