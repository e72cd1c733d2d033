"""Looks up what flows ask for, beside the engine: addresses, named databases, our own records.

::

    LookUp --> the lane of its host or source --> a place to work in --> LookedUp
                        | no place free                    |
                        '--> its line --(too long)--> Failed: as is what a full line sheds

Each host and each source has a lane of its own, with so many look-ups at once and a line of so many; so what is slow
holds up itself alone. All lanes together have a limit too, past which each may still do one at a time. Addresses are
asked by greenlets, databases on native threads. Every LookUp is answered exactly once, within its own time.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections import deque
from collections.abc import Callable, Mapping

import gevent
import msgspec
from gevent.threadpool import ThreadPool

from fsorch.edge.lookups_http import PAUSE_S, HttpAsker, host_of
from fsorch.edge.status import LookupState
from fsorch.engine.actions import LookUp
from fsorch.engine.inputs import LookedUp
from fsorch.errors import FsorchError
from fsorch.ivr.steps import Ask, Failed, HttpAnswer, HttpAsk, OwnAsk, Rows, SqlAsk
from fsorch.lookups import LookupSettings
from fsorch.store.sources import Source

__all__ = ["OWN_S", "Lookups"]

log = logging.getLogger(__name__)

OWN = "own records"
HOST = "host"
# Our own records answer in milliseconds, a PIN in a tenth of a second.
OWN_S = 3.0
# Hosts that nobody asks any more are forgotten beyond this number.
MOST_LANES = 100
# The last so many answers tell how slow a lane is.
TIMES_KEPT = 200
STOP_S = 1.0

Answer = HttpAnswer | Rows | Failed


class Waiting(msgspec.Struct, frozen=True):
    """A look-up in line, since when (monotonic seconds)."""

    action: LookUp
    since: float


class Lane:
    """The look-ups of one host or source. ``at_once`` of them at a time are worked on by ``work``, which answers and
    never raises."""

    def __init__(self, name: str, at_once: int, work: Callable[[Ask], Answer]) -> None:
        self.name = name
        self.at_once = at_once
        self.work = work
        self.line: deque[Waiting] = deque()
        self.running = 0
        self.asked = self.failed = self.shed = 0
        self._times: deque[float] = deque(maxlen=TIMES_KEPT)

    @property
    def is_idle(self) -> bool:
        """Nobody waits for anything here."""
        return not (self.line or self.running)

    def count(self, answer: Answer, took_s: float) -> None:
        """An answer has come."""
        self.failed += isinstance(answer, Failed) or (isinstance(answer, HttpAnswer) and answer.status >= 500)
        self._times.append(took_s)

    def state(self) -> LookupState:
        """How this lane does."""
        times = sorted(self._times)
        return LookupState(
            name=self.name,
            asked=self.asked,
            failed=self.failed,
            shed=self.shed,
            running=self.running,
            waiting=len(self.line),
            p95_s=round(times[len(times) * 95 // 100], 3) if times else 0.0,
        )


class Lookups:
    """``sources`` by name; ``own`` reads our own records and may block; ``feed`` is told each answer."""

    def __init__(
        self,
        settings: LookupSettings,
        sources: Mapping[str, Source],
        own: Callable[[OwnAsk], Rows],
        feed: Callable[[LookedUp], None],
    ) -> None:
        self._settings = settings
        self._sources = sources
        self._own = own
        self._feed = feed
        self._http = HttpAsker(settings)
        self._lanes: dict[str, Lane] = {}
        self._pools: list[ThreadPool] = []
        self._workers: set[gevent.Greenlet[..., None]] = set()
        self._running = 0
        self._stopped = False

    def take(self, action: LookUp) -> None:
        """Look this up. Never blocks, and answers in another greenlet: the engine's step may still be under way."""
        lane = self._lane(action.ask)
        lane.asked += 1
        if self._has_place(lane) and not lane.line:
            self._begin(lane, Waiting(action, time.monotonic()))
        elif len(lane.line) < self._settings.waiting and not self._stopped:
            lane.line.append(Waiting(action, time.monotonic()))
        else:
            lane.shed += 1
            lane.failed += 1
            gevent.spawn(self._tell, action, Failed(f"too many look-ups wait for {lane.name}"))

    def states(self) -> tuple[LookupState, ...]:
        """How each host and source does."""
        return tuple(lane.state() for lane in self._lanes.values())

    def stop(self) -> None:
        """End. What is under way is not answered any more; a restart asks it again."""
        self._stopped = True
        gevent.killall(list(self._workers))
        self._http.close()
        try:
            with gevent.Timeout(STOP_S):
                for pool in self._pools:
                    pool.join()
        except gevent.Timeout:
            # A thread that a database holds on to ends by its own limit.
            log.debug("look-ups are under way still")
        for source in self._sources.values():
            source.shut()

    # -- lanes ----------------------------------------------------------------------------------------------------

    def _lane(self, ask: Ask) -> Lane:
        name = _name(ask)
        lane = self._lanes.get(name)
        if lane is None:
            self._forget()
            lane = self._lanes[name] = self._new_lane(name, ask)
        return lane

    def _new_lane(self, name: str, ask: Ask) -> Lane:
        match ask:
            case HttpAsk():
                return Lane(name, self._settings.per_source, self._ask_address)
            case SqlAsk() if ask.source not in self._sources:
                return Lane(name, 1, lambda _: Failed(f"the settings name no {name}"))
            case SqlAsk():
                return self._threaded(name, self._ask_source)
            case OwnAsk():
                return self._threaded(name, self._ask_own)

    def _ask_address(self, ask: Ask) -> Answer:
        assert isinstance(ask, HttpAsk)
        return self._http.ask(ask)

    def _ask_source(self, ask: Ask) -> Rows:
        assert isinstance(ask, SqlAsk)
        return self._sources[ask.source].ask(ask)

    def _ask_own(self, ask: Ask) -> Rows:
        assert isinstance(ask, OwnAsk)
        return self._own(ask)

    def _threaded(self, name: str, read: Callable[[Ask], Rows]) -> Lane:
        threads = self._settings.threads
        pool = ThreadPool(threads)
        self._pools.append(pool)
        return Lane(name, threads, lambda ask: _in_pool(pool, read, ask, name))

    def _forget(self) -> None:
        """Hosts come and go with the flows; sources stay."""
        if len(self._lanes) >= MOST_LANES:
            hosts = [name for name, lane in self._lanes.items() if lane.is_idle and name.startswith(HOST)]
            for name in hosts:
                del self._lanes[name]

    # -- work -----------------------------------------------------------------------------------------------------

    def _has_place(self, lane: Lane) -> bool:
        free = self._running < self._settings.at_once or lane.running == 0
        return free and lane.running < lane.at_once and not self._stopped

    def _begin(self, lane: Lane, one: Waiting) -> None:
        lane.running += 1
        self._running += 1
        worker = gevent.spawn(self._work, lane, one)
        self._workers.add(worker)
        worker.link(self._workers.discard)

    def _work(self, lane: Lane, one: Waiting) -> None:
        try:
            answer = self._answer(lane, one)
        finally:
            lane.running -= 1
            self._running -= 1
        lane.count(answer, time.monotonic() - one.since)
        self._move_on()
        self._tell(one.action, answer)

    def _answer(self, lane: Lane, one: Waiting) -> Answer:
        if time.monotonic() - one.since > _limit_s(one.action.ask):
            return Failed(f"{lane.name} is too slow: its line took longer than the answer may")
        try:
            return lane.work(one.action.ask)
        except Exception as error:  # noqa: BLE001 - the caller gets an answer, whatever it is
            # Its text may quote what was sent, and so a secret.
            log.error("a look-up at %s failed in a way nobody foresaw: %s", lane.name, _place(error))
            return Failed(f"an error of fsorch ({type(error).__name__})")

    def _move_on(self) -> None:
        """Whoever is next, wherever there is a place now."""
        for lane in self._lanes.values():
            while lane.line and self._has_place(lane):
                self._begin(lane, lane.line.popleft())

    def _tell(self, action: LookUp, answer: Answer) -> None:
        self._feed(LookedUp(action.contact, action.serial, answer))


def _name(ask: Ask) -> str:
    match ask:
        case HttpAsk():
            return f"{HOST} {host_of(ask.url)}"
        case SqlAsk():
            return f"source {ask.source}"
        case OwnAsk():
            return OWN


def _limit_s(ask: Ask) -> float:
    """How long the answer may take, with all its attempts."""
    match ask:
        case HttpAsk():
            return ask.timeout_s * (1 + ask.retries) + PAUSE_S * ask.retries
        case SqlAsk():
            return ask.timeout_s
        case OwnAsk():
            return OWN_S


def _in_pool(pool: ThreadPool, read: Callable[[Ask], Rows], ask: Ask, name: str) -> Answer:
    """``read`` on a native thread; only this greenlet waits, and no longer than it may. The thread ends by itself."""

    def work() -> Answer | Exception:
        # An exception that leaves the thread by itself is printed by gevent, with all that it quotes.
        try:
            return read(ask)
        except FsorchError as error:
            return Failed(str(error))
        except Exception as error:  # noqa: BLE001 - raised again where it belongs
            return error

    limit_s = _limit_s(ask)
    limit = gevent.Timeout(limit_s)
    try:
        limit.start()
        answer = pool.apply(work)
    except gevent.Timeout as error:
        if error is not limit:
            raise
        return Failed(f"no answer from {name} within {limit_s:g} s")
    finally:
        limit.close()
    if isinstance(answer, Exception):
        raise answer
    return answer


def _place(error: Exception) -> str:
    """Of what kind an error is and where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} at {frames[-1].filename}:{frames[-1].lineno}" if frames else type(error).__name__
