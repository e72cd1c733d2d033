"""The live feed: each page gets the views it may see, as they change.

One greenlet reads the facts and one pushes. A push is whole (an agent's desk, or the board), so a page that lost some
needs no history. Pushes are coalesced to at most ten a second; a new offer goes out at once, because an agent waits for
it. A page acknowledges what it got; one that does not keep up gets fewer and newer views, and nothing piles up here.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from itertools import chain
from typing import Literal

import gevent
import msgspec
from gevent.event import Event

from fsorch.belongings import fits
from fsorch.edge.gateway import Gateway, Subscription
from fsorch.engine.facts import Fact, FactKind
from fsorch.engine.views import AgentView, BreakView, Snapshot
from fsorch_web.sight import Sight, seen

__all__ = ["Feed", "Watcher"]

log = logging.getLogger(__name__)

Topic = Literal["agent", "board"]
Emit = Callable[[str, str, msgspec.Raw, Callable[..., None]], None]

# Facts an agent waits for: they are pushed at once.
URGENT = frozenset({FactKind.OFFER_MADE, FactKind.OFFER_ENDED, FactKind.PREVIEW_SHOWN})
SHORTEST_S = 0.1
# A snapshot is taken this often although nothing was heard: some of what it shows (counters) makes no fact.
LONGEST_S = 5.0
# The share of the hub's time that pushing may take: a push of T seconds is followed by 9 T of other work.
REST = 9.0
# Of a large centre the board weighs megabytes; at this rate one supervisor's line carries it with ease.
BYTES_PER_S = 256_000
# Views on their way to one page. Of a desk more than one, so that an offer need not wait for the receipt of what went
# before; a board is heavy, and on a slow line several would keep the line's own signs of life behind them for too long.
IN_FLIGHT: dict[Topic, int] = {"agent": 4, "board": 1}
RETRY_S = 1.0


# The modes in which agents may call numbers of their own.
BY_HAND = ("manual", "preview")
# A list that a person looks through.
MOST_PLACES = 100


class QueueGlance(msgspec.Struct, frozen=True):
    """What an agent sees of a queue they serve."""

    id: str
    title: str
    waiting: int
    oldest_enqueued_at: int


class Place(msgspec.Struct, frozen=True):
    """Where a call can be transferred to: ``kind`` is queue or agent. Or a campaign that it is made for."""

    kind: str
    id: str
    title: str


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent sees. ``agent`` is None when the centre has no agent with the user's id. ``places``: where a call
    can go, told only to who talks; ``by_hand``: the running campaigns (kind campaign) for which they may call a
    number."""

    centre: str
    breaks: tuple[BreakView, ...]
    queues: tuple[QueueGlance, ...]
    switches_up: bool
    agent: AgentView | None
    places: tuple[Place, ...] = ()
    by_hand: tuple[Place, ...] = ()


class Pushed(msgspec.Struct, frozen=True, kw_only=True):
    """One message to a page. ``n`` counts this watcher's messages from 1, so that a page sees a gap; ``epoch`` changes
    when the server was started anew, and ``seq`` begins anew with it. ``at``: UTC microseconds at the server."""

    epoch: str
    n: int
    seq: int
    at: int
    view: msgspec.Raw


# Of who has no scope.
WHOLE = Sight()


class Watcher:
    """One topic of one connection. ``sent`` is the last view sent, ``in_flight`` how many await the page's receipt,
    ``behind`` that a view was held back for that. ``sight``: what of the board is for them."""

    def __init__(self, sid: str, topic: Topic, agent: str = "", sight: Sight = WHOLE) -> None:
        self.sid = sid
        self.topic: Topic = topic
        self.agent = agent
        self.sight = sight
        self.sent = b""
        self.n = 0
        self.in_flight = 0
        self.behind = False


class Lane:
    """The pace of one topic: whether its views may have changed, and when (monotonic seconds) the next push may be."""

    def __init__(self) -> None:
        self.dirty = False
        self.next_at = 0.0

    def due(self, now: float) -> bool:
        """Whether to push at ``now``."""
        return now >= (self.next_at if self.dirty else self.next_at + LONGEST_S)

    def pushed(self, now: float, took_s: float, heaviest: int) -> None:
        """A push ended at ``now``, which took ``took_s``; its heaviest view had so many bytes."""
        self.dirty = False
        self.next_at = now + max(SHORTEST_S, REST * took_s, heaviest / BYTES_PER_S)


class Feed:
    """Pushes views to watchers. ``emit(topic, sid, message, receipt)`` sends one message and must not block;
    ``receipt`` is called when the page has it."""

    def __init__(self, gateway: Gateway, emit: Emit, clock: Callable[[], float] = time.monotonic) -> None:
        self.epoch = secrets.token_hex(4)
        self._gateway = gateway
        self._emit = emit
        self._clock = clock
        self._watchers: dict[str, list[Watcher]] = {}
        self._watched: Counter[str] = Counter()
        self._lanes: dict[Topic, Lane] = {"agent": Lane(), "board": Lane()}
        self._urgent: set[str] = set()
        self._wake = Event()
        self._greenlets: list[gevent.Greenlet[..., None]] = []
        self._subscription: Subscription | None = None

    def start(self) -> None:
        """Begin to listen and to push; a second call changes nothing."""
        if not self._greenlets:
            self._greenlets = [gevent.spawn(self._for_ever, self._listen), gevent.spawn(self._for_ever, self._step)]

    def stop(self) -> None:
        """End both greenlets."""
        gevent.killall(self._greenlets)
        self._greenlets = []
        self._unsubscribe()

    def join(self, watchers: Iterable[Watcher]) -> None:
        """These watchers get their first view with the next push."""
        for watcher in watchers:
            self._watchers.setdefault(watcher.sid, []).append(watcher)
            self._watched[watcher.agent] += 1
            self._lanes[watcher.topic].dirty = True
        self._wake.set()

    def leave(self, sid: str) -> None:
        """The connection is gone."""
        self._watched -= Counter(watcher.agent for watcher in self._watchers.pop(sid, ()))

    def again(self, sid: str) -> None:
        """The page asks for everything once more: it saw a gap, or has just come."""
        for watcher in self._watchers.get(sid, ()):
            watcher.sent = b""
            watcher.in_flight = 0
            self._lanes[watcher.topic].dirty = True
        self._wake.set()

    def note(self, fact: Fact) -> None:
        """Something happened: views may have changed."""
        wake = False
        for lane in self._lanes.values():
            wake, lane.dirty = wake or not lane.dirty, True
        if fact.kind in URGENT and fact.agent in self._watched:
            self._urgent.add(fact.agent)
            wake = True
        if wake:
            self._wake.set()

    def turn(self, now: float) -> float:
        """Push what is due at ``now`` (monotonic seconds). Returns the seconds until the next turn has something to do,
        if nothing happens before."""
        urgent, self._urgent = self._urgent, set()
        due = [topic for topic, lane in self._lanes.items() if lane.due(now)]
        heaviest = self._push(self._choose(due, urgent)) if due or urgent else {}
        after = self._clock()
        for topic in due:
            self._lanes[topic].pushed(after, after - now, heaviest.get(topic, 0))
        return min(max(0.0, lane.next_at - after) if lane.dirty else LONGEST_S for lane in self._lanes.values())

    def _choose(self, topics: list[Topic], agents: set[str]) -> list[Watcher]:
        """Who is to be looked at: all of some topics, and the desks of some agents."""
        everybody = chain.from_iterable(self._watchers.values())
        return [watcher for watcher in everybody if watcher.topic in topics or watcher.agent in agents]

    def _push(self, watchers: list[Watcher]) -> dict[Topic, int]:
        """Send each watcher its view if it is new; the size of the heaviest view of each topic."""
        if not watchers:
            return {}
        snapshot = self._gateway.snapshot()
        views = Views(snapshot)
        heaviest: dict[Topic, int] = dict.fromkeys(self._lanes, 0)
        for watcher in watchers:
            view = views.board(watcher.sight) if watcher.topic == "board" else views.desk(watcher.agent)
            if view == watcher.sent:
                continue
            if watcher.in_flight >= IN_FLIGHT[watcher.topic]:
                watcher.behind = True
                continue
            heaviest[watcher.topic] = max(heaviest[watcher.topic], len(view))
            self._send(watcher, snapshot, view)
        return heaviest

    def _send(self, watcher: Watcher, snapshot: Snapshot, view: bytes) -> None:
        watcher.sent = view
        watcher.n += 1
        watcher.in_flight += 1
        at = time.time_ns() // 1000  # not the snapshot's moment, which is that of the engine's last step
        message = Pushed(epoch=self.epoch, n=watcher.n, seq=snapshot.seq, at=at, view=msgspec.Raw(view))
        encoded = msgspec.Raw(msgspec.json.encode(message))
        self._emit(watcher.topic, watcher.sid, encoded, partial(self._received, watcher))

    def _received(self, watcher: Watcher, *_given: object) -> None:
        watcher.in_flight = max(0, watcher.in_flight - 1)
        if watcher.behind:
            watcher.behind = False
            self._lanes[watcher.topic].dirty = True
            self._wake.set()

    def _step(self) -> None:
        while True:
            self._wake.clear()
            self._wake.wait(self.turn(self._clock()))

    def _listen(self) -> None:
        self._subscription = self._gateway.facts()
        try:
            for fact in self._subscription:
                self.note(fact)
        finally:
            self._unsubscribe()

    def _unsubscribe(self) -> None:
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            subscription.close()

    def _for_ever(self, work: Callable[[], None]) -> None:
        # The engine may be in another process and away for a while: the pages keep what they have.
        while True:
            try:
                work()
            except Exception:
                log.exception("the live feed stumbled; it goes on in %g s", RETRY_S)
            gevent.sleep(RETRY_S)


class Views:
    """The views of one snapshot, each encoded once. Without the moment and the number of the snapshot, so that what
    looks the same is the same."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._boards: dict[Sight, bytes] = {}
        self._desks: dict[str, bytes] = {}
        self._agents: dict[str, AgentView] = {}

    def board(self, sight: Sight = WHOLE) -> bytes:
        """The centre, as far as it is seen."""
        found = self._boards.get(sight)
        if found is None:
            shown = msgspec.structs.replace(seen(self._snapshot, sight), seq=0, at=0)
            found = self._boards[sight] = msgspec.json.encode(shown)
        return found

    def desk(self, agent: str) -> bytes:
        """What the agent with this id may see."""
        found = self._desks.get(agent)
        if found is None:
            found = self._desks[agent] = msgspec.json.encode(self._desk(agent))
        return found

    def _desk(self, agent: str) -> Desk:
        snapshot = self._snapshot
        if not self._agents:
            self._agents = {view.id: view for view in snapshot.agents}
        view = self._agents.get(agent)
        mine = set(view.queues) if view is not None else set()
        return Desk(
            centre=snapshot.centre,
            breaks=tuple(one for one in snapshot.breaks if view is None or one.fits(mine)),
            switches_up=all(switch.up for switch in snapshot.switches),
            queues=tuple(
                QueueGlance(queue.id, queue.title, queue.waiting, queue.oldest_enqueued_at)
                for queue in snapshot.queues
                if queue.id in mine
            ),
            agent=view,
            places=self._places(view) if view is not None and view.state == "talking" else (),
            by_hand=tuple(
                Place("campaign", one.id, one.title)
                for one in snapshot.campaigns
                if one.state == "running" and one.mode in BY_HAND and one.queue in mine
            ),
        )

    def _places(self, view: AgentView) -> tuple[Place, ...]:
        """All queues, and the agents who could take a call now, but for what is another tenant's than the call."""
        tenant = view.contact.tenant if view.contact is not None else ""
        queues = [
            Place("queue", queue.id, queue.title) for queue in self._snapshot.queues if fits(tenant, queue.tenant)
        ]
        free = [
            Place("agent", agent.id, agent.name)
            for agent in self._snapshot.agents
            if agent.status == "available" and agent.state == "idle" and not agent.unready and agent.id != view.id
            if fits(tenant, agent.tenant)
        ]
        return (*queues[:MOST_PLACES], *free[:MOST_PLACES])
