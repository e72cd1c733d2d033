"""``fsorch bench calls``: whole voice contacts per second of one core, and how soon a free agent is called.

A service as ``fsorch run`` has it (link, engine, spool, SQLite) serves callers of a virtual switch in another process:
they are parked, answered, hear a greeting and a menu, choose a queue, wait to music, are offered to an agent whose
phone rings, talk, hang up, and are written down. Three turns:

- *waiting*: 1,000 callers and nobody at work: what a waiting contact weighs. Then the service ends and another
  begins: how soon everybody is back at their place.
- *busy*: callers come faster than anybody could serve them: contacts through processor time of this whole process, the
  recorder's thread and SQLite included.
- *calm*: callers come at a steady rate: the time from the receive that made an agent and a contact meet, to the end
  of the write that holds the command.
"""

from __future__ import annotations

import gc
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any, cast

import gevent

from fsorch.config import AgentSpec, Centre, FlowSpec, MembershipSpec, MenuSpec, QueueSpec, Settings, SwitchSettings
from fsorch.edge.demo_switch import SwitchPlan, SwitchProcess
from fsorch.edge.link import Link
from fsorch.edge.status import cpu_seconds, resident_bytes
from fsorch.engine.actions import Send
from fsorch.engine.facts import Fact, FactKind
from fsorch.engine.inputs import Input, LogIn
from fsorch.errors import LinkError
from fsorch.esl.commands import Bridge, Originate
from fsorch.runner import Service, in_thread
from fsorch.sim.world import TrafficPlan
from fsorch.store import open_database

__all__ = ["run"]

PATIENCE_S = 300.0
QUEUES = ("sales", "support", "service", "orders")
PROMPT = "silence_stream://20"
# People who lose no time: what is measured is the engine.
QUICK = TrafficPlan(
    menu_keys={"1": 1.0, "2": 1.0, "3": 1.0, "4": 1.0},
    patience_s=100_000.0,
    talk_s=0.3,
    reaction_s=0.05,
    ring_s=0.1,
    answer_rate=1.0,
    caller_hangs_up=0.5,
)


def run(contacts: int = 3_000, waiting: int = 1_000, seed: int = 1) -> dict[str, float]:
    """Measure. ``contacts``: of the busy turn, a tenth of them in the calm one; ``waiting``: of the first turn. Raises
    LinkError when the switch's process gets stuck.

    The result: ``contacts_per_s`` of the busy turn by this process's processor time and ``contacts_per_s_wall`` by the
    clock; ``p95_ms`` and ``p50_ms`` of the calm turn from "agent free and contact waiting" to the originate or bridge
    command on the wire; ``bytes_per_contact`` that waits; ``recovery_s`` from the start of the second service to
    the last of ``waiting`` callers at their place, and ``recovery_resync_s`` from the link's coming up to that."""
    figures: dict[str, float] = {"contacts": contacts, "waiting": waiting}
    with tempfile.TemporaryDirectory(prefix="fsorch-bench-") as folder:
        figures |= _waiting(Path(folder, "waiting"), waiting, seed)
        figures |= _busy(Path(folder, "busy"), contacts, seed)
        figures |= _calm(Path(folder, "calm"), max(20, contacts // 10), seed)
    return figures


def _waiting(home: Path, callers: int, seed: int) -> dict[str, float]:
    with _switch(home, callers, 400.0, seed) as (settings, switch):
        with _service(settings) as service:
            before = resident_bytes()
            switch.begin()
            _until(lambda: _in_line(service) >= callers)
            in_thread(service.recorder.flush, PATIENCE_S)
            gc.collect()
            weight = resident_bytes() - before
        began = monotonic()
        up: list[float] = []
        with _service(settings, lambda facts: up.extend(_ups(facts))) as service:
            _until(lambda: _in_line(service) >= callers)
            ended = monotonic()
        return {
            "bytes_per_contact": weight / callers,
            "recovery_s": ended - began,
            "recovery_resync_s": ended - up[0],
        }


def _ups(facts: tuple[Fact, ...]) -> list[float]:
    return [monotonic() for fact in facts if fact.kind is FactKind.LINK_UP]


def _busy(home: Path, callers: int, seed: int) -> dict[str, float]:
    took, cpu, _ = _serve(home, callers, 2_000.0, seed)
    return {"contacts_per_s": callers / cpu, "contacts_per_s_wall": callers / took}


def _calm(home: Path, callers: int, seed: int) -> dict[str, float]:
    _, _, stopwatch = _serve(home, callers, 50.0, seed)
    took = sorted(stopwatch.took)
    return {f"p{share}_ms": took[min(len(took) - 1, len(took) * share // 100)] * 1000 for share in (50, 95)}


def _serve(home: Path, callers: int, rate: float, seed: int) -> tuple[float, float, _Stopwatch]:
    """Serve so many callers to their end. Returns seconds by the clock and of processor time, and the stopwatch."""
    ended = 0

    def count(facts: tuple[Fact, ...]) -> None:
        nonlocal ended
        ended += sum(fact.kind is FactKind.CONTACT_ENDED for fact in facts)

    with _switch(home, callers, rate, seed) as (settings, switch), _service(settings, count) as service:
        for agent in service.store.load_centre().agents:
            service.pump.request(LogIn(agent=agent.id, by="bench"))
        stopwatch = _Stopwatch(service.link(settings.switches[0].name))
        began, cpu = monotonic(), cpu_seconds()
        switch.begin()
        _until(lambda: ended >= callers)
        in_thread(service.recorder.flush, PATIENCE_S)
        return monotonic() - began, cpu_seconds() - cpu, stopwatch


class _Stopwatch:
    """From the receive that brought the input, or the deadline that came, to the end of the write."""

    def __init__(self, link: Link) -> None:
        self.took: list[float] = []
        # What is timed lies inside it.
        self._link = cast(Any, link)
        self._deliver: Callable[[Input], None] = self._link._deliver
        self._received = 0.0
        self._under_way: list[float] = []
        self._link._deliver = self._step
        self._send: Callable[[Send], None] = link.send
        self._link.send = self._take
        session: Any = self._link._session
        self._write: Callable[[bytes], None] = session._send_all
        session._send_all = self._written

    def _step(self, input: Input) -> None:
        self._received = self._link._session._heard
        try:
            self._deliver(input)
        finally:
            self._received = 0.0

    def _take(self, send: Send) -> None:
        if isinstance(send.command, Originate | Bridge):
            self._under_way.append(self._received or monotonic())
        self._send(send)

    def _written(self, lines: bytes) -> None:
        # What is posted while this write blocks is in the next one.
        waiting, self._under_way = self._under_way, []
        self._write(lines)
        now = monotonic()
        self.took += [now - since for since in waiting]


def _until(true: Callable[[], bool]) -> None:
    with gevent.Timeout(
        PATIENCE_S, LinkError(f"bench calls: the callers are not where they should be in {PATIENCE_S:g} s")
    ):
        while not true():
            gevent.sleep(0.02)


def _in_line(service: Service) -> int:
    return sum(queue.waiting for queue in service.pump.snapshot().queues)


@contextmanager
def _switch(home: Path, callers: int, rate: float, seed: int) -> Iterator[tuple[Settings, SwitchProcess]]:
    """A virtual switch in a process of its own, and the settings of a service beside it, its store filled."""
    home.mkdir()
    password, centre = secrets.token_urlsafe(), _centre(callers)
    plan = SwitchPlan(password=password, centre=centre, calls=callers, rate_per_s=rate, seed=seed, traffic=QUICK)
    switch = SwitchProcess(plan, home / "switch.log")
    try:
        settings = Settings(
            switches=(SwitchSettings(port=switch.port, password=password),),
            home=str(home),
            database=f"sqlite:///{home}/fsorch.sqlite3",
        )
        in_thread(_fill, settings.database, centre)
        yield settings, switch
    finally:
        switch.stop()


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


def _fill(url: str, centre: Centre) -> None:
    store = open_database(url)
    try:
        store.save_centre(centre, "bench")
    finally:
        store.close()


def _centre(callers: int) -> Centre:
    """Four queues, and agents enough that the busy turn waits for the engine: each is taken for 1.6 seconds a call
    (nobody talks for less than one), so 500 can serve 300 calls a second."""
    agents = min(500, max(20, callers // 6))
    return Centre(
        name="bench",
        queues=tuple(QueueSpec(id=id, wrap_up_s=0.0, miss_delay_s=0.1) for id in QUEUES),
        agents=tuple(
            AgentSpec(
                id=f"a{n}",
                phone=f"user/{2000 + n}@sim.fsorch",
                queues=(MembershipSpec(queue=QUEUES[n % 4]), MembershipSpec(queue=QUEUES[(n + 1) % 4])),
            )
            for n in range(agents)
        ),
        flows=(
            FlowSpec(
                id="main", menu=MenuSpec(options={str(n + 1): id for n, id in enumerate(QUEUES)}, default=QUEUES[0])
            ),
        ),
        flow="main",
        prompts=dict.fromkeys(("greeting", "menu", "invalid"), PROMPT),
    )
