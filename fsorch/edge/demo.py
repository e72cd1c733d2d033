"""A whole contact centre to look around in and to try load on: virtual switch, engine, desktop, in a folder of its
own."""

from __future__ import annotations

import contextlib
import math
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import gevent
import msgspec
import yaml
from gevent.event import Event

from fsorch.clock import Clock, Moment, SystemClock
from fsorch.config import AgentSpec, Centre, Settings, SwitchSettings, WebSettings
from fsorch.edge.demo_switch import Progress, SwitchPlan, SwitchProcess
from fsorch.edge.settings import read_settings
from fsorch.engine.facts import Fact, FactKind
from fsorch.engine.inputs import LogIn, Tick
from fsorch.errors import ConfigError, LinkError
from fsorch.runner import Service, WebFactory, in_thread
from fsorch.sim.demo_centre import DOMAIN, HUMAN_AGENTS, SUPERVISOR, demo_centre
from fsorch.store import Store, Summary, open_database

__all__ = ["Demo", "DemoPlan", "DemoReport", "DemoUser", "FastClock"]

PORT_TRIES = 100
CONNECT_S = 30.0
PROGRESS_S = 0.2
FLUSH_S = 60.0
# When nothing has ended for so long after the last call was placed, nothing will: what is missing then is lost.
PATIENCE_S = 120.0
# Between two ticks of an engine whose time runs faster than the hub's.
TICK_S = 0.005
SERVICE_LEVEL_S = 20.0
# What one call costs an agent: 30 s of talk on average, ring, wrap-up, and now and then a second offer.
CALL_COSTS_S = 42.0
SPARE_STAFF = 1.15
FIRST_ADDED = 2001
MADE_BY = "# Made by fsorch demo; the next one overwrites it.\n"


class DemoPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What to show. ``home`` None: a temporary folder, removed at the end. ``human_calls``: people who log in are
    offered calls before the simulated agents. ``port`` is the desktop's, or the first to try. The rest as in
    SwitchPlan."""

    home: Path | None = None
    port: int = 8700
    calls: int | None = None
    rate_per_s: float = 0.5
    seed: int = 0
    speed: float = 1.0
    human_calls: bool = False


class DemoUser(msgspec.Struct, frozen=True):
    """Somebody who may log in to the demo's desktop."""

    login: str
    password: str
    role: str


class DemoReport(msgspec.Struct, frozen=True, kw_only=True):
    """How a demo of N calls went. ``contacts``: callers the virtual world placed. ``lost``: callers without an ended
    contact, and contacts that ended as lost. ``legs``: channels the virtual switch made; ``cdr_rows``: records of
    legs. Waits are those of answered contacts; the service level is a fraction of 1; None where there is nothing to
    measure."""

    contacts: int
    answered: int
    abandoned: int
    lost: int
    cdr_rows: int
    legs: int
    p50_wait_s: float | None
    p95_wait_s: float | None
    service_level_20s: float | None
    elapsed_s: float

    @staticmethod
    def of(placed: int, legs: int, summary: Summary, elapsed_s: float) -> DemoReport:
        """The report on ``placed`` callers and ``legs`` channels, and what the records say."""
        ended = summary.contacts - summary.live
        return DemoReport(
            contacts=placed,
            answered=summary.answered,
            abandoned=summary.abandoned,
            lost=max(0, placed - ended) + summary.lost,
            cdr_rows=summary.cdr_rows,
            legs=legs,
            p50_wait_s=summary.p50_wait_s,
            p95_wait_s=summary.p95_wait_s,
            service_level_20s=summary.service_level,
            elapsed_s=round(elapsed_s, 3),
        )


class FastClock:
    """A clock that runs ``speed`` times as fast as ``real``, from the moment it is made."""

    def __init__(self, speed: float, real: Clock) -> None:
        self._speed = speed
        self._real = real
        self._zero = real.now()

    def now(self) -> Moment:
        """The present moment of the faster world."""
        return self._zero.later((self._real.now().mono - self._zero.mono) * self._speed)


class Demo:
    """One demo. ``web`` makes the desktop (None: no desktop); ``make_password`` the passwords of its users;
    ``on_facts`` is told every step's facts; ``on_home`` the folder, before anything runs in it. ``ended`` counts
    contacts."""

    def __init__(
        self,
        plan: DemoPlan,
        *,
        web: WebFactory | None,
        make_password: Callable[[], str],
        on_facts: Callable[[tuple[Fact, ...]], None] | None = None,
        on_home: Callable[[Path], None] | None = None,
    ) -> None:
        self.plan = plan
        self.ended = 0
        self.users: list[DemoUser] = []
        self._web = web
        self._make_password = make_password
        self._on_facts = on_facts
        self._on_home = on_home
        self._down = contextlib.ExitStack()
        self._connected = Event()
        self._began, self._began_us = 0.0, 0

    @property
    def url(self) -> str:
        """Where the desktop is."""
        return self.service.url

    @property
    def settings_file(self) -> Path:
        """What the command line is given to work on this demo."""
        return self.home / "fsorch.yaml"

    def start(self) -> None:
        """Bring everything up and let the callers come. Raises FsorchError."""
        try:
            self._start()
        except BaseException:
            self._down.close()
            raise

    def stop(self) -> None:
        """Take everything down; a temporary folder is removed."""
        self._down.close()

    def run_to_end(self, stop: Event, show: Callable[[Progress], None]) -> None:
        """Wait until all calls of the plan are over and have become contacts, or never will, or ``stop`` is set;
        without ``calls`` in the plan, until ``stop`` is set. ``show`` is called now and then."""
        seen, since = (-1, -1), time.monotonic()
        while not stop.wait(PROGRESS_S):
            progress = self._switch.progress()
            show(progress)
            if progress.over and not progress.live and self.ended >= progress.placed:
                return
            if (now := (progress.placed, self.ended)) != seen:
                seen, since = now, time.monotonic()
            elif progress.over and time.monotonic() - since > PATIENCE_S:
                return

    def report(self) -> tuple[DemoReport, list[str]]:
        """How it went, and what is not accounted for, in sentences; all is well when there are none."""
        elapsed = time.monotonic() - self._began
        placed, legs = self._switch.progress().placed, self._switch.legs()
        in_thread(self.service.recorder.flush, FLUSH_S)
        summary, recorded = in_thread(_read_records, self.service.store, self._began_us)
        report = DemoReport.of(placed, len(legs), summary, elapsed)
        return report, _faults(report, legs, recorded)

    def _start(self) -> None:
        self.home = self._make_home()
        if self._on_home is not None:
            self._on_home(self.home)
        centre = staffed(demo_centre(), self.plan.rate_per_s)
        if self.plan.human_calls:
            centre = humans_first(centre)
        password = self._make_password()
        self._switch = SwitchProcess(self._switch_plan(centre, password), self.home / "switch.log")
        self._down.callback(self._switch.stop)
        settings = self._write_settings(password)
        in_thread(self._fill_store, settings.database, centre)
        clock: Clock = SystemClock() if self.plan.speed == 1 else FastClock(self.plan.speed, SystemClock())
        self.service = Service(settings, web=self._web, clock=clock, on_facts=self._take_facts, port_tries=PORT_TRIES)
        self.service.start()
        self._down.callback(self.service.stop)
        if self.plan.speed != 1:
            self._down.callback(gevent.spawn(self._tick).kill)
        if not self._connected.wait(CONNECT_S):
            raise LinkError(f"the engine does not reach the virtual switch; see {self.home}")
        for agent in centre.agents:
            if is_simulated(agent):
                self.service.gateway.request(LogIn(agent=agent.id, by="demo"))
        self._began, self._began_us = time.monotonic(), clock.now().wall
        self._switch.begin()

    def _make_home(self) -> Path:
        if self.plan.home is None:
            home = Path(tempfile.mkdtemp(prefix="fsorch-demo-"))
            self._down.callback(shutil.rmtree, home, ignore_errors=True)
            return home
        home = self.plan.home.resolve()
        file = home / "fsorch.yaml"
        if file.exists() and not file.read_text(encoding="utf-8", errors="replace").startswith(MADE_BY):
            raise ConfigError(f"{file}: is no demo's; the demo would overwrite it, so give it another --home")
        try:
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"{home}: cannot be made ({error.strerror}); give another --home") from None
        return home

    def _switch_plan(self, centre: Centre, password: str) -> SwitchPlan:
        plan = self.plan
        return SwitchPlan(
            password=password,
            centre=centre,
            calls=plan.calls,
            rate_per_s=plan.rate_per_s,
            seed=plan.seed,
            speed=plan.speed,
        )

    def _write_settings(self, password: str) -> Settings:
        switch = SwitchSettings(name="virtual", port=self._switch.port, password=password)
        settings = Settings(switches=(switch,), web=WebSettings(port=self.plan.port))
        text = MADE_BY + yaml.safe_dump(msgspec.to_builtins(settings))
        self.settings_file.write_text(text, encoding="utf-8")
        self.settings_file.chmod(0o600)
        return read_settings(self.settings_file)

    def _fill_store(self, database: str, centre: Centre) -> None:
        with closing(open_database(database)) as store:
            store.save_centre(centre, "demo")
            for agent in centre.agents:
                if not is_simulated(agent):
                    user = DemoUser(agent.login, self._make_password(), agent.role)
                    store.set_password(user.login, user.password, by="demo")
                    self.users.append(user)

    def _take_facts(self, facts: tuple[Fact, ...]) -> None:
        for fact in facts:
            if fact.kind is FactKind.LINK_UP:
                self._connected.set()
            self.ended += fact.kind is FactKind.CONTACT_ENDED
        if self._on_facts is not None:
            self._on_facts(facts)

    def _tick(self) -> None:
        """The pump sleeps in the hub's time; in a faster world it would wake too late."""
        while True:
            gevent.sleep(TICK_S)
            self.service.pump.feed(Tick())


def is_simulated(agent: AgentSpec) -> bool:
    """Whether nobody but the virtual world works as ``agent``."""
    return agent.id not in (*HUMAN_AGENTS, SUPERVISOR)


def staffed(centre: Centre, rate_per_s: float) -> Centre:
    """``centre`` with as many simulated agents as callers at this rate keep busy, for otherwise a trial of load shows
    nothing but people giving up. The added ones do what the first ones do, in turn."""
    first = [agent for agent in centre.agents if is_simulated(agent)]
    wanted = math.ceil(rate_per_s * CALL_COSTS_S * SPARE_STAFF)
    added = []
    for n in range(wanted - len(first)):
        model = first[n % len(first)]
        id, name = f"{model.id}-{n + 1}", f"{model.name} {n + 1}"
        phone = f"user/{FIRST_ADDED + n}@{DOMAIN}"
        added.append(msgspec.structs.replace(model, id=id, name=name, phone=phone, login=""))
    return msgspec.structs.replace(centre, agents=(*centre.agents, *added))


def humans_first(centre: Centre) -> Centre:
    """``centre`` with the simulated agents one tier further down: they get what the humans leave."""
    agents = [
        msgspec.structs.replace(
            agent,
            queues=tuple(msgspec.structs.replace(member, level=member.level + 1) for member in agent.queues),
        )
        if is_simulated(agent)
        else agent
        for agent in centre.agents
    ]
    return msgspec.structs.replace(centre, agents=tuple(agents))


def _read_records(store: Store, since: int) -> tuple[Summary, set[str]]:
    """The figures and the ids of the legs since ``since`` (UTC microseconds): a kept home may hold older ones."""
    return store.summary(service_level_s=SERVICE_LEVEL_S, since=since), {leg.id for leg in store.cdrs(since=since)}


def _faults(report: DemoReport, legs: set[str], recorded: set[str]) -> list[str]:
    """What is not accounted for: ids are compared, for equal counts may hide one too few and one too many."""
    faults = []
    if report.lost:
        faults.append(f"{report.lost} of {report.contacts} contacts are lost")
    for ids, what in ((legs - recorded, "legs have no record"), (recorded - legs, "records are of no leg")):
        if ids:
            faults.append(f"{len(ids)} {what}, such as {min(ids)}")
    if report.cdr_rows != len(recorded):
        faults.append(f"{report.cdr_rows - len(recorded)} legs are recorded twice")
    return faults
