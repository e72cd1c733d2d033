"""The live feed without a network: when it pushes, what, and to whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import msgspec
import pytest

from fsorch.engine.facts import Fact, FactKind
from fsorch_web.feed import IN_FLIGHT, LONGEST_S, SHORTEST_S, Feed, Watcher
from tests.web.harness import centre


class Rig:
    """A feed whose clock stands still unless it is moved, and the messages it sent."""

    def __init__(self) -> None:
        self.now = 100.0
        self.sent: list[tuple[str, str, dict[str, object]]] = []
        self.receipts: list[Callable[..., None]] = []
        self.centre = centre()
        self.feed = Feed(self.centre.gateway, self._emit, lambda: self.now)
        self.facts = 0

    def _emit(self, topic: str, sid: str, message: msgspec.Raw, receipt: Callable[..., None]) -> None:
        self.sent.append((topic, sid, msgspec.json.decode(message)))
        self.receipts.append(receipt)

    def join(self, *watchers: Watcher) -> None:
        self.feed.join(watchers)
        self.turn()
        self.received()

    def received(self) -> None:
        """The pages have all that was sent to them."""
        while self.receipts:
            self.receipts.pop()()
        self.sent.clear()

    def turn(self, later: float = 0.0) -> float:
        self.now += later
        return self.feed.turn(self.now)

    def happen(self, agent: str = "ada", kind: FactKind = FactKind.AGENT_CHANGED) -> None:
        """Something changes that Ada's desk shows."""
        self.facts += 1
        view = self.centre.agents["ada"]
        self.centre.agents["ada"] = msgspec.structs.replace(view, answered=self.facts)
        self.feed.note(Fact(id=str(self.facts), at=0, kind=kind, agent=agent))


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_a_new_watcher_gets_its_first_view(rig: Rig) -> None:
    rig.feed.join([Watcher("s1", "agent", "ada"), Watcher("s1", "board")])
    rig.turn()
    assert [(topic, message["n"]) for topic, _, message in rig.sent] == [("agent", 1), ("board", 1)]


def test_after_a_quiet_time_a_change_goes_out_at_once(rig: Rig) -> None:
    rig.join(Watcher("s1", "agent", "ada"))
    rig.now += 1
    rig.happen()
    rig.turn()
    assert len(rig.sent) == 1


def test_many_changes_make_at_most_ten_pushes_a_second(rig: Rig) -> None:
    rig.join(Watcher("s1", "agent", "ada"), Watcher("s2", "board"))
    for _ in range(1000):
        rig.happen()
        rig.turn(0.001)
        while rig.receipts:
            rig.receipts.pop()()
    per_topic = [sum(topic == name for topic, _, _ in rig.sent) for name in ("agent", "board")]
    assert all(9 <= count <= 11 for count in per_topic)


def test_a_new_offer_does_not_wait_for_its_turn(rig: Rig) -> None:
    rig.join(Watcher("s1", "agent", "ada"), Watcher("s2", "board"))
    rig.happen(kind=FactKind.OFFER_MADE)
    rig.turn(0.001)
    assert [topic for topic, _, _ in rig.sent] == ["agent"]
    rig.turn(SHORTEST_S)
    assert [topic for topic, _, _ in rig.sent] == ["agent", "board"]


def test_an_offer_to_another_agent_is_no_reason_to_hurry(rig: Rig) -> None:
    rig.join(Watcher("s1", "agent", "ada"))
    rig.happen("bo", FactKind.OFFER_MADE)
    rig.turn(0.001)
    assert rig.sent == []


def test_what_looks_the_same_is_not_sent_again(rig: Rig) -> None:
    rig.join(Watcher("s1", "agent", "ada"), Watcher("s2", "board"))
    rig.feed.note(Fact(id="x", at=0, kind=FactKind.ODD_EVENT))
    rig.turn(1)
    assert rig.sent == []


def test_without_a_fact_the_feed_looks_now_and_then(rig: Rig) -> None:
    rig.join(Watcher("s1", "board"))
    rig.centre.switches = ()
    assert rig.turn(1) == LONGEST_S
    assert rig.sent == []
    rig.turn(LONGEST_S)
    assert len(rig.sent) == 1


def test_a_page_that_does_not_keep_up_gets_the_newest_view_later(rig: Rig) -> None:
    rig.join(Watcher("s1", "agent", "ada"), Watcher("s1", "board"))
    for _ in range(20):
        rig.happen()
        rig.turn(1)
    # Of the heavy one there is never another on its way.
    assert Counter(topic for topic, _, _ in rig.sent) == IN_FLIGHT
    assert IN_FLIGHT["board"] == 1
    rig.received()
    rig.turn(SHORTEST_S)
    views = {topic: message["view"] for topic, _, message in rig.sent}
    assert isinstance(views["agent"], dict)
    assert isinstance(views["board"], dict)
    assert (views["agent"]["agent"]["answered"], views["board"]["agents"][0]["answered"]) == (20, 20)


def test_hello_brings_everything_again_with_the_next_numbers(rig: Rig) -> None:
    rig.join(Watcher("s1", "agent", "ada"))
    rig.feed.again("s1")
    rig.turn(1)
    assert [message["n"] for _, _, message in rig.sent] == [2]


def test_who_has_left_gets_nothing(rig: Rig) -> None:
    rig.join(Watcher("s1", "agent", "ada"))
    rig.feed.leave("s1")
    rig.happen()
    rig.turn(1)
    assert rig.sent == []


def test_an_agent_sees_their_own_queues_and_nobody_else(rig: Rig) -> None:
    rig.centre.call("c1", "vip", "+49301", "Somebody important")
    rig.centre.call("c2", "sales", "+49302", "Marta")
    rig.feed.join([Watcher("s1", "agent", "ada")])
    rig.turn()
    message = rig.sent[0][2]
    view = message["view"]
    assert isinstance(view, dict)
    assert view["agent"]["id"] == "ada"
    assert [queue["id"] for queue in view["queues"]] == ["sales"]
    assert view["queues"][0]["waiting"] == 1
    assert b"important" not in msgspec.json.encode(message)
    assert b"Bo" not in msgspec.json.encode(message)


def test_an_agent_the_centre_does_not_have_is_said_to_be_none(rig: Rig) -> None:
    rig.feed.join([Watcher("s1", "agent", "ghost")])
    rig.turn()
    view = rig.sent[0][2]["view"]
    assert isinstance(view, dict)
    assert view["agent"] is None


def test_a_costly_push_is_followed_by_a_longer_rest() -> None:
    rig = Rig()
    snapshot = rig.centre.snapshot

    def slow() -> object:
        rig.now += 0.05
        return snapshot()

    rig.centre.snapshot = slow  # type: ignore[method-assign, assignment]
    rig.feed.join([Watcher("s1", "board")])
    rig.turn()
    rig.feed.note(Fact(id="x", at=0, kind=FactKind.ODD_EVENT))
    assert 0.4 < rig.turn() <= 0.45
