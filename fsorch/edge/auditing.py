"""What people ask of the engine, written down: who, what, to whom.

Both faces hand a request that was taken to :func:`described` and put the outcome into an :class:`AuditLine`."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import gevent
import msgspec
from gevent.event import Event
from gevent.queue import Full, Queue

from fsorch.engine.inputs import (
    AddParty,
    AgentAway,
    AgentBack,
    AnswerCall,
    CallBack,
    CallNow,
    CancelCallback,
    CancelTransfer,
    CompleteTransfer,
    ConferCall,
    Dispose,
    DropParty,
    EndWrapUp,
    ExtendWrapUp,
    FinishMessage,
    GiveContact,
    HangUp,
    HoldCall,
    LogIn,
    LogOut,
    MoveContact,
    MuteCall,
    NextContact,
    PressKeys,
    Request,
    SetPriority,
    SetStatus,
    StopListening,
    Supervise,
    TakeOver,
    TransferCall,
)
from fsorch.errors import StoreError

__all__ = ["AuditLine", "described", "is_steering"]

log = logging.getLogger(__name__)

# Acts that wait for the database; what comes beyond is in the log alone.
LINE = 1_000
RETRY_S = 2.0

# The word of each request; that of Supervise is its mode. What steers somebody's day or somebody's call is audited also
# when people do it for themselves; the rest of what they do for themselves stands in the journal.
STEERING: dict[type[Request], str] = {
    LogIn: "agent.login",
    LogOut: "agent.logout",
    TransferCall: "agent.transfer",
    CompleteTransfer: "agent.transfer-complete",
    CancelTransfer: "agent.transfer-cancel",
    ConferCall: "agent.confer",
    AddParty: "agent.add-party",
    DropParty: "agent.drop-party",
    Supervise: "talk.listen",
    StopListening: "talk.listen-stop",
    TakeOver: "talk.take-over",
    MoveContact: "contact.move",
    GiveContact: "contact.give",
    SetPriority: "contact.priority",
    CancelCallback: "callback.cancel",
    CallNow: "callback.now",
    FinishMessage: "message.done",
}
OTHERS: dict[type[Request], str] = {
    SetStatus: "agent.status",
    AnswerCall: "agent.answer",
    HangUp: "agent.hangup",
    CallBack: "agent.call-back",
    HoldCall: "agent.hold",
    MuteCall: "agent.mute",
    PressKeys: "agent.keys",
    EndWrapUp: "agent.wrapup-end",
    ExtendWrapUp: "agent.wrapup-more",
    NextContact: "agent.next",
    Dispose: "agent.dispose",
    AgentAway: "agent.away",
    AgentBack: "agent.back",
}
# What a caller is sent may be a card's number or a secret code; what is written of somebody must not stay for ever, and
# the audit does.
SECRET = ("digits", "note", "answers")


def is_steering(request: Request) -> bool:
    """Whether this is written down whoever asks for it."""
    return type(request) in STEERING


def described(request: Request) -> tuple[str, dict[str, Any]]:
    """The act, such as ``agent.transfer``, and its particulars: the fields that say something."""
    kind = type(request)
    act = (STEERING | OTHERS).get(kind) or f"agent.{kind.__name__}"
    if isinstance(request, Supervise):
        act = f"talk.{request.mode}"
    fields = {name: value for name, value in msgspec.structs.asdict(request).items() if value not in ("", None)}
    return act, {name: value for name, value in fields.items() if name != "by" and name not in SECRET}


class AuditLine:
    """Acts on their way into the audit table: ``write`` (who, act, what), which blocks on the database and not on the
    hub, is called in order by one greenlet, so that nobody waits for a database that is away."""

    def __init__(self, write: Callable[[str, str, Any], None]) -> None:
        self._write = write
        self._line: Queue[tuple[str, str, Any]] = Queue(LINE)
        self._writer: gevent.Greenlet[..., None] | None = None
        self._empty = Event()
        self._empty.set()

    def put(self, who: str, act: str, what: Any) -> None:
        """Have an act written down; never blocks."""
        if self._writer is None:
            self._writer = gevent.spawn(self._work)
        try:
            self._line.put_nowait((who, act, what))
            self._empty.clear()
        except Full:
            log.warning("the audit is behind: %r did %s to %r stands only here", who, act, what)

    def settle(self, timeout_s: float) -> bool:
        """Wait until all is written, ``timeout_s`` seconds at most; whether it is."""
        return self._empty.wait(timeout_s)

    def _work(self) -> None:
        while True:
            entry = self._line.peek()
            try:
                self._write(*entry)
            except StoreError as error:
                log.warning("the audit cannot be written (%s): trying again in %g s", error, RETRY_S)
                gevent.sleep(RETRY_S)
                continue
            except Exception:
                log.exception("an act stands only here: %r did %s to %r", *entry)
            self._line.get_nowait()
            if self._line.empty():
                self._empty.set()
