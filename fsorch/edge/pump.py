"""The pump: the one place where the engine meets the hub.

Whatever happens is fed in; the step runs at once in the caller's greenlet, its commands go to the links (which never
block) and its facts to ``on_facts``. One greenlet waits for the engine's next deadline. A step never runs inside
another: what is fed meanwhile, by a link that cannot send, say, waits in line.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import Protocol

import gevent
from gevent.event import Event as Signal

from fsorch.clock import Clock, Moment
from fsorch.edge.breath import breathe
from fsorch.edge.logs import about
from fsorch.engine.actions import AboutLeads, ClearToDial, LeadsWanted, LookUp, Send
from fsorch.engine.engine import Engine
from fsorch.engine.facts import Fact
from fsorch.engine.inputs import CommandLost, Configure, Input, LeadsCome, LookedUp, Request, Tick
from fsorch.engine.views import AgentView, Snapshot
from fsorch.ivr.steps import Failed

__all__ = ["Pump", "Sender"]

log = logging.getLogger(__name__)


class Sender(Protocol):
    """Whatever takes commands for a switch: a Link."""

    def send(self, send: Send) -> None:
        """Take a command; must not block."""
        ...


class Pump:
    """Drives one engine. ``on_facts`` is told of each step's facts, in order, ``on_look_up`` of each
    LookUp, which it answers by feeding a LookedUp, ``on_leads`` of what campaigns ask of the records, which it answers
    by feeding a LeadsCome; none may block."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        on_facts: Callable[[tuple[Fact, ...]], None],
        on_look_up: Callable[[LookUp], None] | None = None,
        on_leads: Callable[[AboutLeads], None] | None = None,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._on_facts = on_facts
        self._on_look_up = on_look_up or self._nobody_looks_up
        self._on_leads = on_leads or self._nobody_has_leads
        self._links: dict[str, Sender] = {}
        self._line: deque[Input] = deque()
        self._stepping = False
        self._at = clock.now()
        self._rearm = Signal()
        self._timer: gevent.Greenlet[[], None] | None = None
        self.faults = 0

    def attach(self, name: str, link: Sender) -> None:
        """Commands for the switch ``name`` go to ``link`` from now on."""
        self._links[name] = link

    def start(self) -> None:
        """Begin to keep the engine's deadlines."""
        if self._timer is None:
            self._timer = gevent.spawn(self._keep_time)

    def stop(self) -> None:
        """Keep no more deadlines. Feeding still works, so that what is under way can be written down."""
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.kill()

    def feed(self, input: Input) -> None:
        """Something happened. Never raises: an input that the engine cannot take is logged and counted."""
        self._line.append(input)
        if not self._stepping:
            self._drain()

    def request(self, request: Request | Configure, check: Callable[[Snapshot], None] | None = None) -> None:
        """Somebody asks for something. ``check`` is given the state that the request meets, and raises when it must not
        be. Raises what that raises, RequestRefused, NotFound or ConfigError; then nothing has changed."""
        at = None
        if check is not None:
            # What is due by now comes first, and the request in the same moment: so nothing comes in between.
            self.feed(Tick())
            check(self.snapshot())
            at = self._at
        self._step(request, at)
        self._drain()

    def snapshot(self) -> Snapshot:
        """Everything at once."""
        return self._engine.snapshot()

    def agent_view(self, agent: str) -> AgentView:
        """One agent. Raises NotFound."""
        return self._engine.agent_view(agent)

    def _drain(self) -> None:
        while self._line:
            input = self._line.popleft()
            try:
                self._step(input)
            except Exception:
                self.faults += 1
                log.exception("the engine could not take %s", type(input).__name__, extra=about(input))

    def _step(self, input: Input, at: Moment | None = None) -> None:
        self._stepping = True
        self._at = at or self._clock.now()
        try:
            outcome = self._engine.step(input, self._at)
        finally:
            self._stepping = False
            self._rearm.set()
        if outcome.write_first:
            self._on_facts(outcome.facts)
        for action in outcome.actions:
            if isinstance(action, Send):
                self._send(action)
            elif isinstance(action, LookUp):
                self._on_look_up(action)
            else:
                self._on_leads(action)
        if outcome.facts and not outcome.write_first:
            self._on_facts(outcome.facts)

    def _nobody_looks_up(self, action: LookUp) -> None:
        self._line.append(LookedUp(action.contact, action.serial, Failed("nobody looks up anything here")))

    def _nobody_has_leads(self, action: AboutLeads) -> None:
        if isinstance(action, LeadsWanted | ClearToDial):
            failed = LeadsCome(campaign=action.campaign, serial=action.serial, failed="nobody keeps leads here")
            self._line.append(failed)

    def _send(self, send: Send) -> None:
        link = self._links.get(send.switch)
        if link is not None:
            link.send(send)
        elif send.tag:
            self._line.append(CommandLost(send.switch, send.tag, f"there is no switch called {send.switch!r}"))

    def _keep_time(self) -> None:
        while True:
            self._rearm.clear()
            deadline = self._engine.next_deadline()
            wait = None if deadline is None else deadline - self._clock.now().mono
            if wait is None or wait > 0:
                self._rearm.wait(wait)
            deadline = self._engine.next_deadline()
            if deadline is not None and deadline <= self._clock.now().mono:
                self.feed(Tick())
                breathe()
