"""A centre for these tests: a real ``fsorch run`` in a process of its own, a virtual switch in ours, seeded callers.

Everything happens in real time, so that the switch's stamps and the engine's agree; the people are quick instead.
"""

from __future__ import annotations

import random
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import gevent
import msgspec
import yaml
from gevent.event import Event as Happening

from fsorch.clock import SystemClock
from fsorch.config import (
    AgentSpec,
    BreakReason,
    Centre,
    MembershipSpec,
    QueueSpec,
    Settings,
    SwitchSettings,
    WebSettings,
)
from fsorch.edge.control_client import ControlClient
from fsorch.edge.demo_switch import SwitchPlan, SwitchWorld
from fsorch.engine.inputs import LogIn, Request
from fsorch.engine.views import AgentView, ContactView, Snapshot
from fsorch.flow_menus import menu_flow
from fsorch.sim.people import PhoneHabits
from fsorch.sim.world import Caller, CallerPlan, TrafficPlan
from fsorch.store import Store, open_database
from tests.cli.running import SWITCH_PASSWORD, Running
from tests.ports import free_port
from tests.recovery.music import Listener

__all__ = ["AGENTS", "BY", "DEADLINE_S", "QUEUES", "Site", "wall"]

DEADLINE_S = 90.0
BY = "recovery"
AGENTS = ("ann", "bob", "cleo", "dan")
QUEUES = ("sales", "support")
# Nobody's phone rings so long in these tests, whatever a busy machine makes of a start.
OFFER_S = 120.0
MUSIC = "local_stream://moh"
DOMAIN = "sim.fsorch"
# The prompts of the flow, in seconds.
PROMPT_S = 0.3


def wall() -> int:
    """Now, in UTC microseconds."""
    return SystemClock().now().wall


def centre(wrap_up_s: float, offer_timeout_s: float, unserved_s: float) -> Centre:
    """Two queues behind a menu, four agents who serve both."""
    both = tuple(MembershipSpec(queue=id) for id in QUEUES)
    return Centre(
        name="recovery",
        queues=tuple(
            QueueSpec(id=id, music=MUSIC, wrap_up_s=wrap_up_s, offer_timeout_s=offer_timeout_s, miss_delay_s=0.2)
            for id in QUEUES
        ),
        agents=tuple(AgentSpec(id=id, phone=f"user/{1001 + n}@{DOMAIN}", queues=both) for n, id in enumerate(AGENTS)),
        flows=(menu_flow("main", {"1": "sales", "2": "support"}, person="support"),),
        breaks=(BreakReason(id="lunch"),),
        flow="main",
        unserved_s=unserved_s,
    )


class Site:
    """The process, the switch, the callers. ``url`` names the database (SQLite in the home if empty); ``told`` is
    another centre than this file's, ``prepare`` puts into the records what it needs."""

    def __init__(
        self,
        home: Path,
        seed: int,
        *,
        url: str = "",
        wrap_up_s: float = 0.4,
        ring_s: float = 0.2,
        answer_rate: float = 0.9,
        unserved_s: float = 120.0,
        told: Centre | None = None,
        traffic: TrafficPlan | None = None,
        prepare: Callable[[Store], None] | None = None,
    ) -> None:
        sys.stdout.write(f"seed {seed}\n")
        self.home = home
        self.dice = random.Random(f"{seed}/site")
        self.url = url or f"sqlite:///{home}/fsorch.sqlite3"
        self.centre = told or centre(wrap_up_s, OFFER_S, unserved_s)
        self.traffic = traffic
        self.callers: list[Caller] = []
        # (from, until) of each time without fsorch, in wall microseconds.
        self.outages: list[tuple[int, int]] = []
        self.habits = PhoneHabits(ring_s=ring_s, answer_rate=answer_rate, decline_rate=1.0)
        self.running: Running | None = None
        self._down = 0
        self._open_switch(seed, free_port())
        self._install(prepare)

    # -- the switch ---------------------------------------------------------------------------------------------------

    def _open_switch(self, seed: int, port: int) -> None:
        plan = SwitchPlan(
            password=SWITCH_PASSWORD, centre=self.centre, calls=100_000, seed=seed, port=port, traffic=self.traffic
        )
        self.switch = SwitchWorld(plan)
        core = self.switch.server.switch.machine.core
        sounds = self.switch.server.switch.machine.sounds
        sounds.files = dict.fromkeys(sounds.files, PROMPT_S)
        for phone in self.switch.world.phones.values():
            phone.habits = self.habits
        self.ended = Happening()
        self.switch.world.on_end = lambda result: self.ended.set()
        self.listener = Listener(MUSIC)
        core.watchers.append(lambda event: self.listener.hear(event, core.wall()))
        self.switch.start()

    def restart_switch(self, seed: int) -> None:
        """The switch dies with all its calls, and another life of it begins on the same port."""
        port = self.switch.server.port
        self.switch.server.stop()
        self._open_switch(seed, port)

    def later(self, seconds: float) -> None:
        """Let so much of the switch's time pass."""
        passed, server = Happening(), self.switch.server
        timeline = server.switch.machine.core.timeline

        def begin() -> None:
            timeline.after(seconds, passed.set)

        server.schedule(begin)
        assert passed.wait(seconds + DEADLINE_S)

    def call(self, *, key: str = "", talk_s: float = 0.0, patience_s: float = 20.0, reaction_s: float = 0.1) -> Caller:
        """Somebody calls now; what is not said is drawn."""
        dice = self.dice
        plan = CallerPlan(
            keys=(key or dice.choice(("1", "2", "1", "2", "7")), "1"),
            reaction_s=reaction_s,
            patience_s=patience_s,
            talk_s=talk_s or dice.uniform(0.3, 2.0),
            hangs_up=dice.random() < 0.6,
        )
        number = f"+49{dice.randrange(10**9, 10**10)}"
        made: list[Caller] = []
        self.switch.server.schedule(lambda: made.append(self.switch.world.place_call(number, plan=plan)))
        self.callers += made
        return made[0]

    def stream(self, calls: int, over_s: float, patience_s: float = 0.0) -> None:
        """So many callers at random moments of the next seconds, as the seed draws them."""
        for _ in range(calls):
            gevent.spawn(self._call_at, self.dice.uniform(0.0, over_s), patience_s)

    def _call_at(self, seconds: float, patience_s: float) -> None:
        self.later(seconds)
        self.call(patience_s=patience_s or self.dice.choice((1.5, 3.0, 4.5)))

    def leave(self, caller: Caller) -> None:
        """The caller hangs up now."""
        switch, channel = self.switch.server.switch, caller.channel
        assert channel is not None
        self.switch.server.schedule(lambda: switch.machine.hang_up(channel))

    def drain(self) -> None:
        """Wait until nobody is on the switch."""
        self.until(lambda: not self.switch.world.report().live_legs, "the switch to be empty")

    # -- the process --------------------------------------------------------------------------------------------------

    def _install(self, prepare: Callable[[Store], None] | None) -> None:
        switch = SwitchSettings(port=self.switch.server.port, password=SWITCH_PASSWORD)
        settings = Settings(switches=(switch,), home=str(self.home), database=self.url, web=WebSettings(port=0))
        self.settings = self.home / "fsorch.yaml"
        self.settings.write_text(yaml.safe_dump(msgspec.to_builtins(settings)), encoding="utf-8")
        with self.store() as store:
            store.save_centre(self.centre, BY)
            if prepare is not None:
                prepare(store)

    def start(self, wait_for: str = "link main is up") -> None:
        """``fsorch run``, up and connected."""
        self.running = Running(self.settings, "--no-web", wait_for=wait_for)
        if self._down:
            self.outages.append((self._down, wall()))
            self._down = 0

    def kill(self) -> None:
        """``kill -9``."""
        assert self.running is not None
        self._down = wall()
        self.running.end(signal.SIGKILL)

    def stop(self) -> None:
        """The polite end: every fact is in the database after it."""
        assert self.running is not None
        # The engine hears of a call's end a moment after the switch. Ended in that moment, it leaves a call without its
        # record, and it may just have called an agent for somebody who is gone.
        self.until(lambda: self._legs_seen() <= self.switch.world.report().live_legs, "the engine to know who is gone")
        assert self.running.end(signal.SIGTERM) == 0, self.running.log
        assert not [line for line in self.running.log if "Traceback" in line or "could not take" in line]

    def close(self) -> None:
        """Nothing stays."""
        if self.running is not None:
            self.running.kill()
        self.switch.server.stop()

    # -- asking -------------------------------------------------------------------------------------------------------

    def store(self) -> Opened:
        """The database."""
        return Opened(self.url)

    def request(self, *requests: Request) -> None:
        """Somebody asks for something."""
        with ControlClient(self.home) as client:
            for request in requests:
                client.request(request)

    def log_in(self, *agents: str) -> None:
        """These begin to work."""
        self.request(*(LogIn(agent=agent, by=BY) for agent in agents))

    def snapshot(self) -> Snapshot:
        """What the engine sees."""
        with ControlClient(self.home) as client:
            return client.snapshot()

    def _legs_seen(self) -> int:
        return sum(switch.legs for switch in self.snapshot().switches)

    def agent(self, id: str) -> AgentView:
        """One agent."""
        return next(agent for agent in self.snapshot().agents if agent.id == id)

    def contact(self, caller: Caller) -> ContactView | None:
        """The live contact of a caller."""
        found = [contact for contact in self.snapshot().contacts if contact.number == caller.result.number]
        assert len(found) < 2
        return found[0] if found else None

    def state(self, caller: Caller) -> str:
        """Where the caller is, as the engine sees it."""
        contact = self.contact(caller)
        return contact.state if contact is not None else ""

    def state_is(self, caller: Caller, state: str) -> None:
        """Wait until the caller is in ``state``."""
        self.until(lambda: self.state(caller) == state, f"a caller to be {state}")

    def until(self, true: Callable[[], object], what: str) -> None:
        """Wait until ``true()``."""
        with gevent.Timeout(DEADLINE_S, AssertionError(f"waited {DEADLINE_S:g} s for {what}")):
            while not true():
                self.later(0.02)


class Opened:
    """The store, open for a block."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __enter__(self) -> Store:
        self._store = open_database(self._url, create=True)
        return self._store

    def __exit__(self, *_: object) -> None:
        self._store.close()
