"""The link to one switch: it connects, stays connected, and turns what comes into inputs of the engine.

    start --> connecting --connected, subscribed, channels read--> up --connection over--> down --back-off--> (again)
                  |                                                                          ^
                  +--refused: wrong password or access list, again after 60 s                +--no answer, no listener

Order of what is delivered. Events that come while the channels are read are held; LinkUp goes first, then those, then
what comes live. When the connection ends: LinkDown, then a CommandLost for each tagged command without a reply.
Inputs that do not come off the wire (LinkUp, LinkDown, CommandLost) are delivered by a greenlet of their own, never
from inside `Link.send`, so a step of the engine is not entered while it is sending.

Greenlets: ``_run`` connects, reads the channels and keeps watch; ``_tell`` delivers; the session has a reader, which
delivers live events, and a writer. `Link.stop` joins all four.
"""

from __future__ import annotations

import logging
import random
from collections import deque
from collections.abc import Callable

import gevent
import msgspec
from gevent.event import Event as Signal

from fsorch.clock import Clock
from fsorch.config import SwitchSettings
from fsorch.edge.breath import breathe
from fsorch.edge.greenswitch_errors import LinkRefused
from fsorch.edge.link_commands import Done
from fsorch.edge.link_resync import (
    away_notes,
    core_uuid,
    drop_notes,
    live_channels,
    registrations,
    sounds_dir,
    subscribe,
)
from fsorch.edge.link_session import LinkLimits, Session
from fsorch.edge.logs import about
from fsorch.engine.actions import Send
from fsorch.engine.inputs import CommandDone, CommandLost, Input, LinkDown, LinkUp, SwitchEvent
from fsorch.errors import EslError, LinkError
from fsorch.esl.commands import Command
from fsorch.esl.errors import EventError
from fsorch.esl.events import decode_event
from fsorch.esl.frames import Frame
from fsorch.esl.replies import Reply

__all__ = ["Link", "LinkLimits", "LinkRefused", "LinkStatus"]

LIMITS = LinkLimits()
LEVELS = {"up": logging.INFO, "stopped": logging.INFO, "refused": logging.ERROR}

log = logging.getLogger(__name__)


class LinkStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How a link is. ``since``: wall microseconds of the last change of ``state``; ``reason``: why it is not up, one
    sentence.

    ``lag_s``: how old the last event was when it was read, by the two machines' wall clocks. Counters are since
    `Link.start`: ``lost`` commands without a reply, ``late`` replies past their deadline, ``failed`` untagged
    commands that were refused, ``garbled`` frames that hold no event, ``faults`` exceptions of the consumer, ``shed``
    commands the full queue refused.
    """

    name: str
    state: str
    since: int
    reason: str = ""
    core_uuid: str = ""
    events: int = 0
    bytes: int = 0
    replies: int = 0
    waiting: int = 0
    lost: int = 0
    late: int = 0
    failed: int = 0
    shed: int = 0
    garbled: int = 0
    faults: int = 0
    attempts: int = 0
    reconnects: int = 0
    lag_s: float = 0.0


class Backoff:
    """Ever longer pauses between attempts, each shortened by chance so that many links do not come back in step."""

    def __init__(self, first_s: float, max_s: float, seed: int) -> None:
        self._first_s = first_s
        self._max_s = max_s
        self._random = random.Random(seed)
        self._step = 0

    def next(self) -> float:
        """The next pause in seconds: between half and the whole of ``first_s`` doubled each time, at most ``max_s``."""
        whole = min(self._max_s, self._first_s * 2.0 ** min(self._step, 60))
        self._step += 1
        return whole * self._random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """Start again with the shortest pause."""
        self._step = 0


class Link:
    """The connection to ``switch``; inputs go to ``deliver``, which runs in the link's greenlets and should not block.
    ``more_events``: names of events that the engine has no use for, but somebody else.

    An exception out of ``deliver`` is logged once for each place it comes from, counted, and does not stop the link."""

    def __init__(
        self,
        switch: SwitchSettings,
        deliver: Callable[[Input], None],
        clock: Clock,
        *,
        seed: int = 0,
        limits: LinkLimits = LIMITS,
        more_events: tuple[str, ...] = (),
    ) -> None:
        self.name = switch.name
        self.state = "connecting"
        self._switch = switch
        self._deliver = deliver
        self._clock = clock
        self._limits = limits
        self._more_events = more_events
        self._backoff = Backoff(limits.backoff_first_s, limits.backoff_max_s, seed)
        self._since = clock.now()
        self._reason = ""
        self._core_uuid = ""
        self._session: Session | None = None
        self._stopping = Signal()
        self._is_up = Signal()
        self._runner: gevent.Greenlet[[], None] | None = None
        self._teller: gevent.Greenlet[[], None] | None = None
        # Inputs for the teller, in order; None tells it to go home.
        self._notices: deque[Input | None] = deque()
        self._noticed = Signal()
        self._held: deque[Input] = deque()
        self._live = False
        self._flushing = False
        self._flushed = Signal()
        self._logged: set[tuple[object, ...]] = set()
        self._events = self._lost = self._failed = self._shed = self._garbled = self._faults = 0
        self._attempts = self._ups = 0
        self._past_bytes = self._past_replies = self._past_late = 0
        self._lag_s = 0.0

    # -- what others call ---------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to connect, and keep at it. Never raises for a switch that is away. A stopped link stays stopped."""
        if self._runner is None and not self._stopping.is_set():
            self._teller = gevent.spawn(self._tell)
            self._runner = gevent.spawn(self._run)

    def stop(self, timeout_s: float = 5.0) -> None:
        """Wait for the replies to what was sent before, close, and wait until every greenlet is gone. Not from inside
        ``deliver``. It does not start again."""
        self._stopping.set()
        session = self._session
        if session is not None:
            if self._is_up.is_set():
                session.drain(timeout_s / 2)
            session.end("the link was stopped")
        _finish(self._runner, timeout_s)
        self._notices.append(None)
        self._noticed.set()
        _finish(self._teller, timeout_s)
        self._change("stopped", "")

    def send(self, send: Send) -> None:
        """Hand a command to the writer; never blocks, never raises. With a tag, CommandDone or CommandLost follows."""
        try:
            line = send.line or send.command.wire()
        except EslError as error:
            self._log_once(("wire", str(error)), "%s: a command cannot be written: %s", self.name, error)
            self._lose(send.tag, str(error))
            return
        session = self._session
        if session is None or not self._is_up.is_set():
            self._lose(send.tag, self._reason or f"the link is {self.state}")
        elif session.post(line, self._done(send.tag)) is None:
            self._shed += 1
            self._lose(send.tag, f"{self._limits.commands_max} commands wait for the switch already")

    def call(self, command: Command, timeout_s: float = 5.0) -> Reply:
        """Send a command and wait for its reply. Not from inside ``deliver``. Raises LinkError, or EslError for a value
        that cannot be sent."""
        session = self._session
        if session is None or not self._is_up.is_set():
            raise LinkError(f"switch {self.name} is {self.state}: {self._reason or 'not connected yet'}")
        if gevent.getcurrent() is self._teller:
            raise LinkError(f"switch {self.name}: a delivery cannot wait for a reply; use send")
        return session.ask(command.wire(), timeout_s)

    def wait_up(self, timeout_s: float) -> bool:
        """Wait until the link is up; False if it is not after ``timeout_s``."""
        return self._is_up.wait(timeout_s)

    def status(self) -> LinkStatus:
        """The state and all counters, now."""
        session = self._session
        pipeline = session.pipeline if session is not None else None
        return LinkStatus(
            name=self.name,
            state=self.state,
            since=self._since.wall,
            reason=self._reason,
            core_uuid=self._core_uuid,
            events=self._events,
            bytes=self._past_bytes + (session.bytes if session is not None else 0),
            replies=self._past_replies + (session.replies if session is not None else 0),
            waiting=len(pipeline) if pipeline is not None else 0,
            lost=self._lost,
            late=self._past_late + (pipeline.late if pipeline is not None else 0),
            failed=self._failed,
            shed=self._shed,
            garbled=self._garbled,
            faults=self._faults,
            attempts=self._attempts,
            reconnects=max(0, self._ups - 1),
            lag_s=self._lag_s,
        )

    # -- life ---------------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping.is_set():
            pause = self._attempt()
            self._stopping.wait(pause)

    def _attempt(self) -> float:
        """One connection from beginning to end; returns how long to wait before the next."""
        self._attempts += 1
        session = self._session = Session(self._switch, self._limits, self._on_event, self._on_end)
        try:
            session.connect()
            self._come_up(session)
            session.watch()
        except LinkRefused as error:
            self._change("refused", str(error))
            return self._limits.refused_retry_s
        except (LinkError, EslError) as error:
            session.end(str(error))
        finally:
            session.close()
            self._retire(session)
        self._change("down", session.reason)
        return self._backoff.next()

    def _come_up(self, session: Session) -> None:
        subscribe(session, self._more_events)
        self._core_uuid = core_uuid(session)
        sounds = sounds_dir(session)
        phones = registrations(session)
        channels = live_channels(session, self._limits.settle_s)
        # After the channels: of one that is not among them any more, the note is complete.
        notes, calls = drop_notes(session), away_notes(session)
        if session.ended.is_set():
            raise LinkError(session.reason)
        self._flushed.clear()
        self._flushing = True
        self._ups += 1
        self._change("up", "")
        self._is_up.set()
        self._post(LinkUp(self.name, self._core_uuid, channels, sounds, phones, notes, calls), *self._held)
        self._held.clear()

    def _on_end(self, reason: str) -> None:
        """The session is over: nothing live after this, LinkDown before any CommandLost."""
        self._live = self._flushing = False
        self._held.clear()
        if self._is_up.is_set():
            self._is_up.clear()
            if self._clock.now().mono - self._since.mono >= self._limits.stable_s:
                self._backoff.reset()
            self._change("down", reason)
            self._post(LinkDown(self.name, reason))
        self._flushed.set()

    def _retire(self, session: Session) -> None:
        """Keep the counters of a session that is gone."""
        self._session = None
        self._past_bytes += session.bytes
        self._past_replies += session.replies
        self._past_late += session.pipeline.late

    def _change(self, state: str, reason: str) -> None:
        """Take a state and say so once: an attempt that fails like the one before is no news."""
        if self._stopping.is_set():
            state, reason = "stopped", ""
        if (state, reason) == (self.state, self._reason):
            return
        if state != self.state:
            self._since = self._clock.now()
        self.state, self._reason = state, reason
        level = LEVELS.get(state, logging.WARNING)
        log.log(level, "link %s is %s%s", self.name, state, f": {reason}" if reason else "")

    # -- what comes ---------------------------------------------------------------------------------------------------

    def _on_event(self, frame: Frame) -> None:
        try:
            event = decode_event(frame)
        except EventError as error:
            self._garbled += 1
            self._log_once(("garbled",), "%s: a frame is left out: %s", self.name, error)
            return
        self._events += 1
        if event.timestamp:
            self._lag_s = (self._clock.now().wall - event.timestamp) / 1_000_000
        if self._live:
            self._hand(SwitchEvent(self.name, event))
        else:
            self._keep(SwitchEvent(self.name, event))

    def _keep(self, input: Input) -> None:
        """Not live: either the channels are being read, or what was held then is being delivered."""
        if self._flushing:
            self._post(input)
            if len(self._notices) > self._limits.held_max:
                self._flushed.wait()
        elif len(self._held) < self._limits.held_max:
            self._held.append(input)
        elif self._session is not None:
            self._session.end(f"switch {self.name}: more than {len(self._held)} events while its channels were read")

    def _done(self, tag: str) -> Done:
        def done(reply: Reply | None, why: str) -> None:
            if reply is None:
                self._lose(tag, why)
            elif not tag:
                self._failed += not reply.ok
            elif self._live:
                self._hand(CommandDone(self.name, tag, reply))
            else:
                self._post(CommandDone(self.name, tag, reply))

        return done

    def _lose(self, tag: str, why: str) -> None:
        self._lost += 1
        if tag:
            self._post(CommandLost(self.name, tag, why))

    def _hand(self, input: Input) -> None:
        try:
            self._deliver(input)
        except Exception as error:  # noqa: BLE001 - a fault of the consumer must not end the reader
            self._faults += 1
            trace = error.__traceback__
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            place = (type(error), trace.tb_frame.f_code, trace.tb_lineno) if trace is not None else (type(error),)
            self._log_once(place, "%s: %s was not taken", self.name, type(input).__name__, error=error)

    def _log_once(self, key: tuple[object, ...], text: str, *args: object, error: Exception | None = None) -> None:
        """What repeats is counted; the log has it once (and forgets when there are very many kinds)."""
        if key not in self._logged:
            if len(self._logged) > 1_000:
                self._logged.clear()
            self._logged.add(key)
            log.error(text, *args, exc_info=error, extra=about(switch=self.name))

    # -- what did not come off the wire -------------------------------------------------------------------------------

    def _post(self, *inputs: Input) -> None:
        self._notices.extend(inputs)
        self._noticed.set()

    def _tell(self) -> None:
        while True:
            self._noticed.wait()
            self._noticed.clear()
            if not self._tell_all():
                return

    def _tell_all(self) -> bool:
        """Deliver what waits; False when told to go home."""
        left = self._limits.breath_frames
        while self._notices:
            notice = self._notices.popleft()
            if notice is None:
                return False
            self._hand(notice)
            left -= 1
            if left <= 0:
                breathe()
                left = self._limits.breath_frames
        if self._flushing:
            self._flushing = False
            self._live = True
        self._flushed.set()
        return True


def _finish(task: gevent.Greenlet[[], None] | None, timeout_s: float) -> None:
    """Wait for a greenlet to end by itself, then make it."""
    if task is not None and task is not gevent.getcurrent():
        task.join(timeout_s)
        task.kill()
