"""What every scenario of ``fsorch bench calls`` stands on: a service as ``fsorch run`` has it, the virtual switch in
another process, and the two clocks.

A :class:`Scenario` says what centre is served, what people are like, and which turns are measured. It takes its turns
on a :class:`Stage`.
"""

from __future__ import annotations

import gc
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any, Protocol, cast

import gevent
import msgspec

from fsorch.config import Centre, Settings, SwitchSettings
from fsorch.edge.demo_switch import SwitchPlan, SwitchProcess
from fsorch.edge.link import Link
from fsorch.edge.status import cpu_seconds, resident_bytes
from fsorch.engine.actions import Send
from fsorch.engine.facts import Fact, FactKind
from fsorch.engine.inputs import Input, LogIn
from fsorch.errors import LinkError
from fsorch.esl.command import Command
from fsorch.esl.commands import Bridge, Originate, PlayAndGetDigits, Playback
from fsorch.names import ContactOutcome
from fsorch.runner import Service, in_thread
from fsorch.sim.world import TrafficPlan
from fsorch.store import Store, open_database

__all__ = ["Dialled", "Inside", "Scenario", "Served", "Stage"]

PATIENCE_S = 300.0


class Scenario(Protocol):
    """One kind of work, with so many ``contacts`` unless another number is asked for. ``traffic``: what callers and
    phones are like."""

    contacts: int
    traffic: TrafficPlan

    def centre(self, contacts: int) -> Centre:
        """The centre that serves so many contacts."""
        ...

    def measure(self, stage: Stage, contacts: int, waiting: int) -> dict[str, float]:
        """Take the turns; flat figures, named for people. Raises LinkError when the switch's process gets stuck."""
        ...


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """A turn that served ``contacts`` to their end: ``clock_s`` and this process's ``cpu_s`` (all its threads) for it,
    the switch's ``switch_cpu_s``, and ``took``: for each originate and bridge the seconds to the wire, sorted. Of the
    contacts ``answered`` were joined to an agent."""

    contacts: int
    answered: int
    clock_s: float
    cpu_s: float
    switch_cpu_s: float
    took: list[float]

    def speed(self) -> dict[str, float]:
        """Contacts per second by the clock and by this process's processor time, and what share of a core each of the
        two processes used: the one near 1 is what the clock waited for."""
        return {
            "answered_share": self.answered / self.contacts,
            "contacts_per_s": self.contacts / self.clock_s,
            "contacts_per_s_cpu": self.contacts / self.cpu_s,
            "engine_cores": self.cpu_s / self.clock_s,
            "switch_cores": self.switch_cpu_s / self.clock_s,
        }

    def latency(self) -> dict[str, float]:
        """``p50_ms`` and ``p95_ms``."""
        return {f"p{share}_ms": _percentile(self.took, share) * 1000 for share in (50, 95)}


class Inside(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of ``clock_s`` with so many ``callers`` inside flows, this process's ``cpu_s`` and the switch's
    ``switch_cpu_s`` for it: the ``keys`` that were taken, the ``dips`` that were answered and how many of them
    ``failed``; sorted, the seconds from the end of a prompt to the next one on the wire (``took``), and from the
    answer to a look-up to that (``answers``)."""

    callers: int
    clock_s: float
    cpu_s: float
    switch_cpu_s: float
    keys: int
    dips: int
    failed: int
    took: list[float]
    answers: list[float]

    def ms(self, share: int) -> float:
        """The time below which so many percent of the prompts were sent, in milliseconds."""
        return _percentile(self.took, share) * 1000

    def answer_ms(self, share: int) -> float:
        """The same of the prompts that follow an answer; 0 where nothing was looked up."""
        return _percentile(self.answers, share) * 1000


class Dialled(msgspec.Struct, frozen=True, kw_only=True):
    """A turn in which ``calls`` were dialled to their end: ``launch_s`` from the first launch to the last, ``clock_s``
    and this process's ``cpu_s`` (all its threads) for everything, the switch's ``switch_cpu_s``. ``recorded``: attempts
    that the database has with their end."""

    calls: int
    outcomes: dict[str, int]
    recorded: int
    launch_s: float
    clock_s: float
    cpu_s: float
    switch_cpu_s: float


class Stage:
    """Where a scenario is played: in a folder of its own, with the same callers for the same ``seed``."""

    def __init__(self, scenario: Scenario, folder: Path, seed: int) -> None:
        self._scenario = scenario
        self._folder = folder
        self._seed = seed

    def serve(self, turn: str, contacts: int, rate_per_s: float, at_once: int = 0) -> Served:
        """Everybody is at work and so many callers come, ``rate_per_s``, ``at_once`` of them at most: serve them to
        their end."""
        outcomes: Counter[str] = Counter()

        def count(facts: tuple[Fact, ...]) -> None:
            outcomes.update(fact.data["row"]["outcome"] for fact in facts if fact.kind is FactKind.CONTACT_ENDED)

        stage = self._switch(turn, contacts, rate_per_s, at_once)
        with stage as (settings, switch), _service(settings, count) as service:
            for agent in service.store.load_centre().agents:
                service.pump.request(LogIn(agent=agent.id, by="bench"))
            stopwatch = _Stopwatch(service.link(settings.switches[0].name), (Originate, Bridge))
            began, cpu, other = monotonic(), cpu_seconds(), switch.cpu_seconds()
            switch.begin()
            _until(lambda: outcomes.total() >= contacts)
            in_thread(service.recorder.flush, PATIENCE_S)
            return Served(
                contacts=contacts,
                answered=outcomes[ContactOutcome.ANSWERED],
                clock_s=monotonic() - began,
                cpu_s=cpu_seconds() - cpu,
                switch_cpu_s=switch.cpu_seconds() - other,
                took=sorted(stopwatch.took + stopwatch.unheard),
            )

    def dial(self, turn: str, calls: int, prepare: Callable[[Store, Centre], None]) -> Dialled:
        """Nobody calls; what ``prepare`` has put into the records is dialled: ``calls`` attempts, to the end of the
        last."""
        placed: list[float] = []
        outcomes: Counter[str] = Counter()

        def count(facts: tuple[Fact, ...]) -> None:
            for fact in facts:
                if fact.kind is FactKind.ATTEMPT_STARTED:
                    placed.append(monotonic())
                elif fact.kind is FactKind.ATTEMPT_ENDED:
                    outcomes[fact.data["row"]["outcome"]] += 1

        with self._switch(turn, 0, 1.0, prepare=prepare) as (settings, switch):
            cpu, other = 0.0, 0.0
            with _service(settings, count) as service:
                cpu, other, began = cpu_seconds(), switch.cpu_seconds(), monotonic()
                _until(lambda: outcomes.total() >= calls)
                in_thread(service.recorder.flush, PATIENCE_S)
                return Dialled(
                    calls=outcomes.total(),
                    outcomes=dict(outcomes),
                    recorded=in_thread(_ended_attempts, service.store),
                    launch_s=placed[calls - 1] - placed[0],
                    clock_s=monotonic() - began,
                    cpu_s=cpu_seconds() - cpu,
                    switch_cpu_s=switch.cpu_seconds() - other,
                )

    def wait(self, turn: str, callers: int, rate_per_s: float) -> dict[str, float]:
        """Callers come and nobody is at work. ``bytes_per_contact`` that waits, from the first quarter of them on: by
        then the process has what it needs once, its modules and the database's pages. Then the service ends and
        another begins: ``recovery_s`` until all are at their place, ``recovery_resync_s`` of it since the link is
        up."""
        with self._switch(turn, callers, rate_per_s) as (settings, switch):
            with _service(settings) as service:
                switch.begin()
                _until(lambda: _in_line(service) >= callers // 4)
                few, light = _in_line(service), resident_bytes()
                _until(lambda: _in_line(service) >= callers)
                in_thread(service.recorder.flush, PATIENCE_S)
                gc.collect()
                weight = resident_bytes() - light
            began = monotonic()
            up: list[float] = []
            with _service(settings, lambda facts: up.extend(_ups(facts))) as service:
                _until(lambda: _in_line(service) >= callers)
                ended = monotonic()
        return {
            "bytes_per_contact": weight / max(1, callers - few),
            "recovery_s": ended - began,
            "recovery_resync_s": ended - up[0],
        }

    def inside(self, turn: str, callers: int, rate_per_s: float, seconds: float) -> Inside:
        """So many callers come into flows that they do not leave; once all are there, measure for ``seconds``."""
        told: Counter[str] = Counter()

        def count(facts: tuple[Fact, ...]) -> None:
            for fact in facts:
                what = fact.data.get("what", "") if fact.kind is FactKind.FLOW_TOLD else fact.kind.value
                told[what] += 1
                told[f"{what} {fact.data.get('value', '')}"] += what == "looked_up"

        stage = self._switch(turn, callers, rate_per_s)
        with stage as (settings, switch), _service(settings, count) as service:
            switch.begin()
            _until(lambda: told[FactKind.FLOW_ENTERED] >= callers)
            stopwatch = _Stopwatch(service.link(settings.switches[0].name), (Playback, PlayAndGetDigits))
            told.clear()
            began, cpu, other = monotonic(), cpu_seconds(), switch.cpu_seconds()
            gevent.sleep(seconds)
            return Inside(
                callers=callers - told[FactKind.CONTACT_ENDED],
                clock_s=monotonic() - began,
                cpu_s=cpu_seconds() - cpu,
                switch_cpu_s=switch.cpu_seconds() - other,
                keys=told[FactKind.ANSWER_KEYED],
                dips=told["looked_up"],
                failed=told["looked_up failed"],
                took=sorted(stopwatch.took),
                answers=sorted(stopwatch.unheard),
            )

    @contextmanager
    def _switch(
        self,
        turn: str,
        callers: int,
        rate_per_s: float,
        at_once: int = 0,
        prepare: Callable[[Store, Centre], None] | None = None,
    ) -> Iterator[tuple[Settings, SwitchProcess]]:
        """A virtual switch in a process of its own, and the settings of a service beside it, its store filled."""
        home = self._folder / turn
        home.mkdir()
        password, centre = secrets.token_urlsafe(), self._scenario.centre(callers)
        plan = SwitchPlan(
            password=password,
            centre=centre,
            calls=callers,
            rate_per_s=rate_per_s,
            seed=self._seed,
            traffic=msgspec.structs.replace(self._scenario.traffic, most_at_once=at_once),
        )
        switch = SwitchProcess(plan, home / "switch.log")
        try:
            settings = Settings(
                switches=(SwitchSettings(port=switch.port, password=password),),
                home=str(home),
                database=f"sqlite:///{home}/fsorch.sqlite3",
            )
            in_thread(_fill, settings.database, centre, prepare)
            yield settings, switch
        finally:
            switch.stop()


class _Stopwatch:
    """From the receive that brought the input to the end of the write of commands of these ``kinds``, in ``took``;
    from a deadline that came, or an input from elsewhere, in ``unheard``."""

    def __init__(self, link: Link, kinds: tuple[type[Command], ...]) -> None:
        self.took: list[float] = []
        self.unheard: list[float] = []
        self._kinds = kinds
        # What is timed lies inside it.
        self._link = cast(Any, link)
        self._deliver: Callable[[Input], None] = self._link._deliver
        self._received = 0.0
        self._under_way: list[tuple[list[float], float]] = []
        self._link._deliver = self._step
        self._send: Callable[[Send], None] = link.send
        self._link.send = self._take
        session: Any = self._link._session
        self._write: Callable[[bytes], None] = session._send_all
        session._send_all = self._written

    def _step(self, input: Input) -> None:
        session = self._link._session
        self._received = session._heard if session is not None else 0.0
        try:
            self._deliver(input)
        finally:
            self._received = 0.0

    def _take(self, send: Send) -> None:
        if isinstance(send.command, self._kinds):
            heard = self._received
            self._under_way.append((self.took, heard) if heard else (self.unheard, monotonic()))
        self._send(send)

    def _written(self, lines: bytes) -> None:
        # What is posted while this write blocks is in the next one.
        waiting, self._under_way = self._under_way, []
        self._write(lines)
        now = monotonic()
        for took, since in waiting:
            took.append(now - since)


def _percentile(took: list[float], share: int) -> float:
    return took[min(len(took) - 1, len(took) * share // 100)] if took else 0.0


def _ups(facts: tuple[Fact, ...]) -> list[float]:
    return [monotonic() for fact in facts if fact.kind is FactKind.LINK_UP]


def _until(true: Callable[[], bool]) -> None:
    with gevent.Timeout(
        PATIENCE_S, LinkError(f"bench calls: the callers are not where they should be in {PATIENCE_S:g} s")
    ):
        while not true():
            gevent.sleep(0.02)


def _in_line(service: Service) -> int:
    return sum(queue.waiting for queue in service.pump.snapshot().queues)


@contextmanager
def _service(settings: Settings, on_facts: Callable[[tuple[Fact, ...]], None] | None = None) -> Iterator[Service]:
    service = Service(settings, on_facts=on_facts)
    service.start()
    try:
        if not service.link(settings.switches[0].name).wait_up(PATIENCE_S):
            raise LinkError("bench calls: the link does not come up")
        yield service
    finally:
        service.stop()


def _fill(url: str, centre: Centre, prepare: Callable[[Store, Centre], None] | None) -> None:
    store = open_database(url)
    try:
        store.save_centre(centre, "bench")
        if prepare is not None:
            prepare(store, centre)
    finally:
        store.close()


def _ended_attempts(store: Store) -> int:
    return sum(row.ended_at > 0 for row in store.leads.attempts.newest(1_000_000))
