"""One running fsorch: builds the parts in order, and takes them down in the reverse order.

::

    home lock -> store -> recorder -> engine, pump, gateway -> centre
              -> control socket -> web -> hooks -> links -> watch

A part that cannot start takes down those before it and its error comes out. The database is only ever used on native
threads: a slow disk must not hold up a call.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import sys
import time
import uuid
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeVar, cast

import gevent
import msgspec
from gevent.lock import BoundedSemaphore

from fsorch import __version__
from fsorch.campaigns import CampaignSpec, CampaignState
from fsorch.clock import Clock, SystemClock
from fsorch.config import Centre, Settings, WebSettings
from fsorch.edge.alive import Alive
from fsorch.edge.auditing import AuditLine
from fsorch.edge.control import ControlServer, HomeLock
from fsorch.edge.control_wire import socket_path
from fsorch.edge.dialler import Dialler
from fsorch.edge.gateway import Gateway, LocalGateway
from fsorch.edge.histories import Asked, Histories, read_history
from fsorch.edge.hooks import HookServer, load_hooks
from fsorch.edge.link import Link
from fsorch.edge.logs import about
from fsorch.edge.lookups import Lookups
from fsorch.edge.lookups_own import own_rows
from fsorch.edge.message_audio import message_faults
from fsorch.edge.pump import Pump
from fsorch.edge.status import HookTrouble, LinkState, RecorderState, ServiceStatus, cpu_seconds, resident_bytes
from fsorch.edge.webserver import WebServer, WsgiApp, listen, read_secret
from fsorch.engine.engine import Engine
from fsorch.engine.facts import Fact, FactKind
from fsorch.engine.inputs import CampaignsAre, Configure, DropsWere, History, HookFailed, OpenAttempt, PacingWas, Recall
from fsorch.errors import ConfigError, DatabaseAway, FsorchError, NotFound, no_room
from fsorch.store import KnownCentre, Memory, Recorder, Store, attach_database, open_database
from fsorch.store.leads import token_of
from fsorch.store.sources import open_source

__all__ = ["Service", "WebFactory", "in_thread"]

log = logging.getLogger(__name__)

# How soon a change of the configuration is followed; half of what DESIGN.md promises.
WATCH_S = 0.5
# So often the sign of life is given (see Alive) and what agents have chosen is kept.
BEAT_S = 0.5
# The recorder's thread hands the interpreter back after this (Python's own default is 5 ms): a free agent's call waits
# for it after each write to the spool.
SWITCH_INTERVAL_S = 0.0005
# So many objects more than have gone before the collector of cycles looks for some, and so many looks before it looks
# at older ones. The engine makes hardly any cycle, and at Python's own 700 the looking takes a sixth of a busy engine's
# time.
COLLECT_AFTER = (50_000, 20, 100)
# How long the last facts may take to reach the database at the end; what is left stays in the spool for the next start.
FLUSH_S = 10.0
# An agent who chose within this time before a restart goes on as before: nobody works longer in one go.
SHIFT_US = 12 * 3600 * 1_000_000
# Whom a caller met longer ago counts for nobody.
ACQUAINTANCE_US = 365 * 24 * 3600 * 1_000_000
# How soon the first customer of a centre that had none is noticed.
CUSTOMERS_S = 5.0

# How soon drops leave the window in which they count.
DROPS_S = 300.0

# The states in which a campaign's leads are put in order, before it asks for any.
PREPARED = frozenset({CampaignState.SCHEDULED, CampaignState.RUNNING, CampaignState.PAUSED})

# What an operator finds in the log beside the journal.
TOLD = {
    FactKind.DOOR_MISUSED: logging.WARNING,
    FactKind.ODD_EVENT: logging.WARNING,
    FactKind.LINK_DOWN: logging.WARNING,
    FactKind.LINK_UP: logging.INFO,
}

P = ParamSpec("P")
R = TypeVar("R")


class Pusher(Protocol):
    """What pushes to the pages of a desktop."""

    def stop(self) -> None:
        """End its greenlets."""
        ...


class WebFactory(Protocol):
    """How to make the desktop: the shape of ``fsorch_web.create_app``. The runner stands below the faces and must not
    import them, so whoever builds a Service hands it in."""

    def __call__(
        self,
        gateway: Gateway,
        store: Store,
        settings: WebSettings,
        /,
        *,
        secret: bytes,
        status: Callable[[], ServiceStatus] | None = None,
        lacks: Callable[[Centre, CampaignSpec], list[str]] = ...,
        changed: Callable[[], None] = ...,
    ) -> tuple[WsgiApp, Pusher]:
        """A WSGI application and its pusher. ``status`` tells its metrics how the process does; ``lacks``, what the
        switches lack for a campaign; ``changed`` is called when the centre was changed, and returns once that is in
        force."""
        ...


def in_thread(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run ``work`` on a native thread of the hub's pool; only the calling greenlet waits. What it raises comes out."""

    def outcome() -> tuple[R | None, BaseException | None]:
        # An exception that leaves the thread by itself is printed by gevent, each time.
        try:
            return work(*args, **kwargs), None
        except BaseException as error:  # noqa: BLE001 - raised again where it belongs
            return None, error

    result, error = gevent.get_hub().threadpool.apply(outcome)
    if error is not None:
        raise error
    return cast(R, result)


class Ids:
    """New random (version 4) UUIDs. One call of the system for many: each costs more than the rest of a UUID."""

    MANY = 256

    def __init__(self) -> None:
        self._bytes = memoryview(b"")

    def __call__(self) -> str:
        """The next one."""
        if not self._bytes:
            self._bytes = memoryview(os.urandom(16 * self.MANY))
        sixteen, self._bytes = bytes(self._bytes[:16]), self._bytes[16:]
        return str(uuid.UUID(bytes=sixteen, version=4))


class Service:
    """The engine of one home with all around it.

    ``settings`` as ``fsorch.edge.settings.read_settings`` gives them; ``web`` makes the desktop (None: no desktop);
    ``on_facts`` is told each step's facts after the recorder, in the hub, and must not block.
    The desktop takes the first free port of ``port_tries`` from the settings' own on."""

    def __init__(
        self,
        settings: Settings,
        *,
        web: WebFactory | None = None,
        clock: Clock | None = None,
        on_facts: Callable[[tuple[Fact, ...]], None] | None = None,
        port_tries: int = 1,
    ) -> None:
        self.settings = settings
        self.home = Path(settings.home)
        self.url = ""
        self._clock = clock or SystemClock()
        self._start_web = web
        self._on_facts = on_facts
        self._port_tries = port_tries
        self._began = time.monotonic()
        self._revision = -1
        self._following = BoundedSemaphore()
        self._asks_histories = False
        self._has_customers = False
        self._has_campaigns = False
        self._drops_at = 0.0
        # How the campaigns stood at the last look.
        self._states = CampaignsAre({})
        self._customers_at = 0.0
        self._watch_fault = ""
        # The centre that is used while the database has not been seen yet.
        self._known: KnownCentre | None = None
        self._owes_recall = False
        self._alive = Alive(self.home)
        self._until = 0
        self._links: dict[str, Link] = {}
        self._hooks: HookServer | None = None
        # The recorder's thread must not log: the log's locks belong to the hub's thread.
        self._troubles: deque[str] = deque(maxlen=100)
        self._down = contextlib.ExitStack()

    def start(self) -> None:
        """Bring everything up. Raises ConfigError or StoreError, with nothing left running; an unreachable switch is no
        error, its link goes on trying, nor is a database that is away, if this home has seen its centre before. If not,
        DatabaseAway is raised, and start may be called again."""
        try:
            self._start()
        except BaseException:
            self._down.close()
            raise

    def stop(self) -> None:
        """Take everything down: no more events and commands, pages and sockets closed, the last facts written."""
        log.info("stopping")
        self._down.close()
        log.info("stopped")

    def follow_configuration(self, *, force: bool = False) -> int:
        """One look at the store: if the configuration has changed (or with ``force``) the engine is told. Returns the
        revision. Raises StoreError, or ConfigError for a centre the engine refuses."""
        # Who reads later is not to be overtaken by who read before.
        with self._following:
            revision = in_thread(self.store.revision)
            if force or revision != self._revision:
                known = KnownCentre(revision, self._clock.now().wall, *in_thread(self.store.load_released))
                self._follow(known)
                in_thread(self._memory.save_centre, known)
                log.info("configuration %d is in force", revision)
            return revision

    def _follow_now(self) -> None:
        """The desktop has changed the centre. What hinders is tried again, and told, by who watches the store."""
        try:
            self.follow_configuration()
        except FsorchError as error:
            log.info("the configuration is not followed yet: %s", error)

    def link(self, switch: str) -> Link:
        """The link to a switch of the settings. Raises NotFound."""
        try:
            return self._links[switch]
        except KeyError:
            raise NotFound("switch", switch, known=self._links) from None

    def status(self) -> ServiceStatus:
        """How this process does."""
        return ServiceStatus(
            version=__version__,
            home=str(self.home),
            url=self.url,
            uptime_s=round(time.monotonic() - self._began, 3),
            revision=self._revision,
            pid=os.getpid(),
            cpu_s=cpu_seconds(),
            resident_bytes=resident_bytes(),
            links=tuple(_link_state(link) for link in self._links.values()),
            recorder=RecorderState(**msgspec.structs.asdict(self.recorder.stats())),
            hooks=self._hooks.state() if self._hooks is not None else None,
            lookups=self._lookups.states(),
            shed={"facts": self.gateway.shed, "histories": self._histories.shed},
        )

    def _start(self) -> None:
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        self._down.callback(gc.set_threshold, *gc.get_threshold())
        gc.set_threshold(*COLLECT_AFTER)
        self._start_home()
        self._start_records()
        self._start_engine()
        self._start_control()
        if self._start_web is not None:
            self._start_desktop(self._start_web)
        if self.settings.hooks.module:
            self._start_hooks()
        self._start_links()
        self._down.callback(gevent.spawn(self._beat).kill)
        self._down.callback(gevent.spawn(self._watch).kill)
        # Modules, models and the centre stay: the collector need never look at them.
        self._down.callback(gc.unfreeze)
        gc.freeze()

    def _start_home(self) -> None:
        try:
            self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = HomeLock(self.home)
        except OSError as error:
            raise ConfigError(
                f"home: {self.home} cannot be used ({error.strerror}); {no_room(error, 'check its owner and mode')}"
            ) from None
        self._down.callback(lock.release)

    def _start_records(self) -> None:
        url = self.settings.database
        self._memory = Memory(self.home)
        self._known = self._memory.centre()
        try:
            self.store = in_thread(open_database, url, create=self._known is None)
            self._known = None
        except DatabaseAway as error:
            if self._known is None:
                raise
            self.store = attach_database(url)
            log.warning(
                "the database is away (%s); fsorch goes on with configuration %d, which it knew last, keeps what"
                " happens in %s, and catches up when the database is back",
                error,
                self._known.revision,
                self.home / "spool",
            )
        self._down.callback(in_thread, self.store.close)
        self.recorder = Recorder(url, self.home / "spool", on_error=self._troubles.append, create=self._known is None)
        self._down.callback(self._stop_recorder)

    def _start_engine(self) -> None:
        life = token_of(self._memory.home_name(), uuid.uuid4().hex)
        self._dialler = Dialler(lambda: self.store, lambda input: self.pump.feed(input), self._clock, life)
        self.pump = Pump(
            Engine(Ids()),
            self._clock,
            self._take_facts,
            lambda action: self._lookups.take(action),
            self._dialler.take,
        )
        self.gateway = LocalGateway(self.pump)
        self._histories = Histories(
            self._who_rings, self.pump.feed, lambda: self._asks_histories or self._has_customers
        )
        self._start_lookups()
        self._down.callback(self.gateway.close)
        self.pump.start()
        self._down.callback(self.pump.stop)
        self._histories.start()
        self._down.callback(self._histories.stop)
        self._until = self._alive.last()
        since = self._clock.now().wall - SHIFT_US
        if self._known is not None:
            self._follow(self._known)
            recalled, self._owes_recall = Recall(shifts=self._memory.shifts(since)), True
        else:
            self.follow_configuration(force=True)
            recalled = self._recall(since)
        self._memory.resume(recalled.shifts)
        self.pump.feed(recalled)
        self._down.callback(self._dialler.stop)
        if not self._owes_recall:
            self._start_dialler()

    def _start_dialler(self) -> None:
        """What an earlier life has reserved is known by now: campaigns may have leads."""
        self._dialler.start()
        self.pump.feed(PacingWas(in_thread(self.store.campaigns.learnt)))
        self._look_at_campaigns()

    def _look_at_campaigns(self) -> None:
        """One look at how the campaigns stand: people start and stop them in the records. Raises StoreError."""
        if self._owes_recall or not self._has_campaigns:
            return
        states: dict[str, CampaignState] = {}
        stale: dict[str, str] = {}
        stopped: dict[str, str] = {}
        if self.recorder.spools:
            # What is not written down before it is dialled might be dialled twice: without a spool all campaigns rest.
            rows = in_thread(self.store.campaigns.states)
            states = {id: row.state for id, row in rows.items()}
            stopped = {id: row.stopped for id, row in rows.items() if row.stopped}
            prepared = [id for id, state in states.items() if state in PREPARED]
            self._dialler.prepare(prepared)
            stale = in_thread(self._dialler.stale, prepared)
        known = CampaignsAre(states, stale, stopped)
        if known != self._states:
            self._states, self._drops_at = known, 0.0
            self.pump.feed(known)
        if time.monotonic() >= self._drops_at:
            self._drops_at = time.monotonic() + DROPS_S
            self.pump.feed(DropsWere(in_thread(self._dialler.drops)))

    def _start_lookups(self) -> None:
        sources = {name: open_source(name, url) for name, url in self.settings.sources.items()}
        own = lambda ask: own_rows(self.store.customers, ask)  # noqa: E731
        self._lookups = Lookups(self.settings.lookups, sources, own, self.pump.feed)
        self._down.callback(self._lookups.stop)

    def _follow(self, known: KnownCentre) -> None:
        centre = known.centre
        self.pump.request(Configure(centre, known.releases))
        self._dialler.configure(centre)
        # A campaign that is new is told how it stands.
        self._has_campaigns, self._states = bool(centre.campaigns), CampaignsAre({})
        flows = (*centre.flows, *(release.spec for release in known.releases if release.share > 0))
        self._asks_histories = any(queue.affinity is not None for queue in centre.queues) or any(
            flow.asks_who for flow in flows
        )
        self._revision = known.revision

    def _look_for_customers(self) -> None:
        """Once a centre knows customers, agents and flows are told who rings. Raises StoreError."""
        if not self._has_customers and time.monotonic() - self._customers_at >= CUSTOMERS_S:
            self._customers_at = time.monotonic()
            self._has_customers = in_thread(self.store.customers.are_there_any)

    def _recall(self, since: int) -> Recall:
        """What an earlier life left behind, once the last it spooled is in the database."""
        whole = in_thread(self.recorder.flush, FLUSH_S)
        recalled = in_thread(self.store.recall, since)
        self._owes_recall = not whole
        if whole:
            wrapping = [shift.contact for shift in recalled.shifts if shift.wrap_up_began]
            attempts = in_thread(self._dialler.recover, wrapping)
            return self._whole(recalled, attempts)
        # An end that still waits in the spool would be overwritten.
        log.warning("the database is behind; contacts that fsorch left in the middle stay open until it has caught up")
        return Recall(shifts=recalled.shifts)

    def _whole(self, recalled: Recall, attempts: tuple[OpenAttempt, ...], *, late: bool = False) -> Recall:
        """What the records say, with what they cannot know."""
        there = tuple(switch.name for switch in self.settings.switches)
        return msgspec.structs.replace(recalled, until=self._until, attempts=attempts, switches=there, late=late)

    def _catch_up(self) -> None:
        """The database can be asked, perhaps for the first time: it is brought up to date, and tells what it could not
        tell at the start. Raises StoreError."""
        if self._known is not None:
            in_thread(self.store.open, create=False)
            self._known = None
        if self._owes_recall and in_thread(self.recorder.flush, FLUSH_S):
            recalled = in_thread(self.store.recall, self._clock.now().wall - SHIFT_US)
            attempts = in_thread(self._dialler.recover)
            self._owes_recall = False
            self.pump.feed(self._whole(recalled, attempts, late=True))
            self._start_dialler()
            log.info("the database has caught up")

    def _beat(self) -> None:
        while True:
            if shifts := self._memory.changed():
                in_thread(self._memory.save_shifts, shifts)
            self._alive.beat()
            gevent.sleep(BEAT_S)

    def _start_control(self) -> None:
        more: dict[str, Callable[[dict[str, Any]], Any]] = {
            "reload": lambda _: {"revision": self.follow_configuration(force=True)},
            "status": lambda _: self.status(),
        }
        audit = AuditLine(lambda who, act, what: in_thread(self.store.audit, who, act, what))
        self._down.callback(audit.settle, FLUSH_S)
        control = ControlServer(socket_path(self.home), self.gateway, more, audit)
        control.start()
        self._down.callback(control.stop)

    def _start_desktop(self, make: WebFactory) -> None:
        web = self.settings.web
        listener = listen(web, tries=self._port_tries)
        self._down.callback(listener.close)
        lacks = partial(message_faults, self.settings)
        secret = read_secret(self.home)
        status, changed = self.status, self._follow_now
        app, pusher = make(self.gateway, self.store, web, secret=secret, status=status, lacks=lacks, changed=changed)
        self._down.callback(pusher.stop)
        server = WebServer(app, listener)
        server.start()
        self._down.callback(server.stop)
        self.url = server.url
        log.info("the desktop is at %s", self.url)

    def _start_hooks(self) -> None:
        settings = self.settings.hooks
        self._hooks = HookServer(settings, load_hooks(settings, self.home), self._hook_failed)
        self._hooks.listen()
        self._down.callback(self._hooks.stop)

    def _hook_failed(self, trouble: HookTrouble) -> None:
        self.pump.feed(HookFailed(**msgspec.structs.asdict(trouble)))

    def _start_links(self) -> None:
        for switch in self.settings.switches:
            link = Link(switch, self.pump.feed, self._clock)
            self._links[switch.name] = link
            self.pump.attach(switch.name, link)
            link.start()
            self._down.callback(link.stop)

    def _take_facts(self, facts: tuple[Fact, ...]) -> None:
        self.recorder.put(facts)
        self._alive.take(facts)
        is_told = log.isEnabledFor(logging.DEBUG)
        for fact in facts:
            if level := TOLD.get(fact.kind):
                log.log(level, "%s: %r", fact.kind.value, fact.data, extra=about(fact))
            elif is_told:
                # The kind alone: what was said and keyed stands in the journal, under these ids.
                log.debug("%s", fact.kind.value, extra=about(fact))
        self.gateway.publish(facts)
        self._memory.take(facts)
        self._histories.take(facts)
        if self._on_facts is not None:
            self._on_facts(facts)

    def _who_rings(self, asked: Asked) -> History:
        return in_thread(read_history, self.store, asked, self._clock.now().wall - ACQUAINTANCE_US)

    def _stop_recorder(self) -> None:
        if not in_thread(self.recorder.stop, FLUSH_S):
            behind = self.recorder.stats().behind
            log.warning("%d facts wait in %s for the database; the next start writes them", behind, self.home)

    def _watch(self) -> None:
        while True:
            gevent.sleep(WATCH_S)
            while self._troubles:
                log.warning("records: %s", self._troubles.popleft())
            try:
                self._catch_up()
                self.follow_configuration()
                self._look_for_customers()
                self._look_at_campaigns()
                self._watch_fault = ""
            except FsorchError as error:
                # Said once for each kind of fault: the database may be away for hours.
                if str(error) != self._watch_fault:
                    self._watch_fault = str(error)
                    log.warning("the configuration cannot be read, the one in force stays: %s", error)


def _link_state(link: Link) -> LinkState:
    status = link.status()
    return LinkState(
        name=status.name,
        state=status.state,
        reason=status.reason,
        events=status.events,
        lost=status.lost,
        late=status.late,
        shed=status.shed,
        garbled=status.garbled,
        reconnects=status.reconnects,
        lag_s=round(status.lag_s, 6),
    )
