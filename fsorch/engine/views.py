"""What the engine shows of itself: plain values for the desktop, the command line and the metrics. Times: UTC
microseconds, 0 for never."""

from __future__ import annotations

import msgspec

__all__ = ["AgentView", "ContactView", "KeyedAnswer", "PartyView", "QueueView", "Snapshot", "SwitchView"]


class KeyedAnswer(msgspec.Struct, frozen=True):
    """What a caller keyed at one prompt; ``means`` is the choice in the centre's words, such as a queue's title."""

    prompt: str
    digits: str
    means: str = ""


class PartyView(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody beside the customer in a conference. ``name``: an agent's id, a number, or the queue whose next agent is
    called; ``agent`` is empty for a number; ``state``: inside, called."""

    name: str
    agent: str = ""
    state: str = "inside"


class ContactView(msgspec.Struct, frozen=True, kw_only=True):
    """A live contact. ``state``: flow, waiting, offered, talking, held, aside
    (leaving a message, say). ``position`` counts from 1 while waiting.
    ``transfer``: how far a transfer by the agent ``transfer_by`` to the agent or number ``transfer_to`` is (ringing,
    consulting, pending, completing, returning, taking); empty when there is none. ``parties``: who is in the conference
    with the customer, or called into it; nobody while an agent talks to the customer alone."""

    id: str
    switch: str
    state: str
    number: str
    name: str
    destination: str
    answers: tuple[KeyedAnswer, ...] = ()
    queue: str = ""
    queue_title: str = ""
    position: int = 0
    agent: str = ""
    began_at: int = 0
    enqueued_at: int = 0
    offered_at: int = 0
    answered_at: int = 0
    held: bool = False
    muted: bool = False
    transfer: str = ""
    transfer_by: str = ""
    transfer_to: str = ""
    parties: tuple[PartyView, ...] = ()
    priority: int = 0
    why: str = ""
    medium: str = "voice"
    callback: str = ""
    message_us: int = 0


class AgentView(msgspec.Struct, frozen=True, kw_only=True):
    """An agent. ``status`` (available, break, logged_out) is what the agent chose, ``state`` (idle, reserved, ringing,
    talking, wrap_up) what the engine knows. ``asked`` is a wish kept for later: "break:lunch", "logged_out",
    "available", or "".

    ``unready`` says why nothing is offered though they are available; ``rule`` why a rule overruled their choice, until
    they choose again. ``on_demand``: they ask for each contact, and ``next_wanted`` says that they have. In wrap-up,
    ``wrap_up_until`` 0 means until they end it, ``wrap_up_may_end`` that they may do so now, ``wrap_up_more_s`` what
    one request adds (0: nothing). ``break_until``: when the break's time is over, ``overrun`` that it was.
    ``line``: the state of a nailed-up phone's standing call (none, dialling, ready, taken, talking, back, returning,
    lost); empty for a phone that is dialled."""

    id: str
    name: str
    status: str
    reason: str = ""
    state: str = "idle"
    status_since: int = 0
    state_since: int = 0
    asked: str = ""
    queues: tuple[str, ...] = ()
    phone: str = ""
    contact: ContactView | None = None
    wrap_up_until: int = 0
    wrap_up_may_end: bool = True
    wrap_up_more_s: float = 0.0
    answered: int = 0
    missed: int = 0
    unready: str = ""
    rule: str = ""
    on_demand: bool = False
    next_wanted: bool = False
    break_until: int = 0
    overrun: bool = False
    line: str = ""


class QueueView(msgspec.Struct, frozen=True, kw_only=True):
    """A queue now, and its counts since the engine started. ``within`` counts answers inside the service-level time.
    ``paused``: nothing is offered from it."""

    id: str
    title: str
    waiting: int
    oldest_enqueued_at: int = 0
    idle: int = 0
    busy: int = 0
    on_break: int = 0
    queued: int = 0
    answered: int = 0
    abandoned: int = 0
    within: int = 0
    service_level_s: float = 20.0
    paused: bool = False


class SwitchView(msgspec.Struct, frozen=True, kw_only=True):
    """A switch as the engine sees it."""

    name: str
    up: bool
    since: int
    legs: int = 0


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything at once. ``seq`` grows with every step that changed something: a reader that sees a gap asks anew."""

    seq: int
    at: int
    centre: str
    switches: tuple[SwitchView, ...] = ()
    queues: tuple[QueueView, ...] = ()
    agents: tuple[AgentView, ...] = ()
    contacts: tuple[ContactView, ...] = ()
    breaks: tuple[tuple[str, str], ...] = ()
    odd_events: dict[str, int] = {}
