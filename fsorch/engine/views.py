"""What the engine shows of itself: plain values for the desktop, the command line and the metrics. Times: UTC
microseconds, 0 for never."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

__all__ = [
    "AgentView",
    "AskView",
    "BreakView",
    "CampaignView",
    "ContactView",
    "KeyedAnswer",
    "LeadCard",
    "LeadNumberView",
    "ListenerView",
    "PartyView",
    "QueueView",
    "Snapshot",
    "SwitchView",
    "TenantView",
    "Word",
]


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
    with the customer, or called into it; nobody while an agent talks to the customer alone. ``callback``: how far a
    promise to call them is, empty when there is none, and ``callback_by`` the agent who promised it (empty: anyone)."""

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
    direction: str = "inbound"
    callback: str = ""
    callback_by: str = ""
    message_us: int = 0
    tenant: str = ""


class AskView(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is filled in about a call. ``kind``: text, number, day, yes_no or choice."""

    id: str
    title: str
    kind: str = "text"
    choices: tuple[str, ...] = ()
    needed: bool = False


class Word(msgspec.Struct, frozen=True, kw_only=True):
    """How a call may be said to have ended: a disposition. ``then``: retry, callback, dnc or finish; ``under``: the
    heading that it stands under."""

    id: str
    title: str
    key: str = ""
    category: str = ""
    then: str = "finish"
    under: str = ""
    note: bool = False
    asks: tuple[AskView, ...] = ()


class LeadNumberView(msgspec.Struct, frozen=True):
    """A number of a lead that can be dialled, what the list calls it, and what is to be known of it."""

    number: str
    kind: str = ""
    note: str = ""


class LeadCard(msgspec.Struct, frozen=True, kw_only=True):
    """The lead in front of an agent. ``phase``: shown (it may be dialled, or skipped with a reason), dialling,
    talking, closing (the call is over, and how it was is to be said). ``since``: when it was shown; ``until``: when
    a lead that is shown is dialled or given back by itself, and ``on_timeout`` which of the two (dial, give_back).
    ``script``: what to say, with the lead's fields filled in. ``words``: how the call may be said to have ended,
    and ``said`` what was. ``callback_days``: how far ahead one may be promised; ``zone`` (IANA): by whose clock,
    empty where nobody knows it. ``placed``: the lead's phone is called (false while the agent's own comes first),
    ``answered``: and was picked up. ``astray``: the number and what the list says place them under different clocks, in
    words. ``caller_ids``: what may be shown to the number, what is shown without a choice first. ``word_needed``:
    the wrap-up is not over before it is said how the call was."""

    phase: str
    attempt: str = ""
    placed: bool = False
    answered: bool = False
    campaign: str
    campaign_title: str
    lead: str
    name: str
    number: str
    numbers: tuple[LeadNumberView, ...] = ()
    fields: dict[str, str] = {}
    script: str = ""
    attempts: int = 0
    last_outcome: str = ""
    last_at: int = 0
    callback_note: str = ""
    since: int = 0
    until: int = 0
    on_timeout: str = ""
    skip_allowed: bool = False
    skip_reasons: tuple[str, ...] = ()
    words: tuple[Word, ...] = ()
    said: str = ""
    note: str = ""
    callback_days: int = 0
    zone: str = ""
    astray: str = ""
    caller_ids: tuple[str, ...] = ()
    word_needed: bool = False


class CampaignView(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign now, and its counts since the engine started. ``held``: why nothing is dialled; ``stopped``: who
    paused or stopped it, and why; ``agents`` dial for it, ``free`` of them are idle; ``ringing``, ``waiting`` (a person
    without an agent yet) and ``talking`` are calls.

    ``drop_share``: drops over live answers in the window of its pack, the true rate being below ``drop_bound`` with
    95 %; at most ``drop_target``. ``drops_left``: how many more may come before it is over that, and ``drops_over``
    that it is, so that only free agents get calls. ``pacing``: why its own pacer does not pace it. ``false_alarms``:
    people taken for machines, as far as it was found out, and people who hung up while one was listened for;
    ``wronged`` are the former alone. ``missed``: machines taken for people. ``ready`` leads are at hand, reserved and
    not called yet; ``next`` are the first of them, in the order in which they are called as things stand now."""

    id: str
    title: str
    mode: str
    state: str
    held: str = ""
    stopped: str = ""
    queue: str = ""
    agents: int = 0
    free: int = 0
    lines: int = 0
    ringing: int = 0
    waiting: int = 0
    talking: int = 0
    ready: int = 0
    launched: int = 0
    live: int = 0
    talked: int = 0
    drops: int = 0
    machines: int = 0
    barred: int = 0
    drop_share: float = 0.0
    drop_bound: float = 0.0
    drop_target: float = 0.0
    drops_left: int = 0
    drops_over: bool = False
    pacing: str = ""
    false_alarms: int = 0
    wronged: int = 0
    missed: int = 0
    outcomes: dict[str, int] = {}
    tenant: str = ""
    next: tuple[str, ...] = ()


class BreakView(msgspec.Struct, frozen=True):
    """Why there may be a break. ``weight``: good, neutral, bad. ``queues``: for agents of one of these only (None: for
    everybody)."""

    id: str
    title: str
    weight: str = "neutral"
    queues: tuple[str, ...] | None = None

    def fits(self, queues: Iterable[str]) -> bool:
        """Whether an agent of these queues may take it."""
        return self.queues is None or not set(self.queues).isdisjoint(queues)


class ListenerView(msgspec.Struct, frozen=True):
    """Who hears a talk, or is being called to: ``mode`` is listen, whisper (to the agent), barge (to both)."""

    name: str
    mode: str


class AgentView(msgspec.Struct, frozen=True, kw_only=True):
    """An agent. ``status`` (available, break, logged_out) is what the agent chose, ``state`` (idle, reserved, ringing,
    talking, wrap_up) what the engine knows. ``asked`` is a wish kept for later: "break:lunch", "logged_out",
    "available", or "".

    ``unready`` says why nothing is offered though they are available; ``rule`` why a rule overruled their choice, until
    they choose again. ``on_demand``: they ask for each contact, and ``next_wanted`` says that they have. In wrap-up,
    ``wrap_up_until`` 0 means until they end it, ``wrap_up_may_end`` that they may do so now, ``wrap_up_more_s`` what
    one request adds (0: nothing). ``break_until``: when the break's time is over, ``overrun`` that it was.
    ``break_weight``: of the present break; ``breaks_us``: microseconds on breaks that are over, by weight, since the
    engine started (after a restart: of the last 12 hours). ``listeners``: supervisors who hear the talk.
    ``line``: the state of a nailed-up phone's standing call (none, dialling, ready, taken, talking, back, returning,
    lost); empty for a phone that is dialled. ``lead``: of a campaign, in front of them; ``not_called``: why the call
    that they asked for last is not made, or reached nobody. ``calls_owed``: how many customers wait to be called by
    them and nobody else."""

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
    break_weight: str = ""
    breaks_us: dict[str, int] = {}
    listeners: tuple[ListenerView, ...] = ()
    line: str = ""
    lead: LeadCard | None = None
    not_called: str = ""
    calls_owed: int = 0
    tenant: str = ""


class QueueView(msgspec.Struct, frozen=True, kw_only=True):
    """A queue now, and its counts since the engine started. ``within`` counts answers inside the service-level time.
    ``idle`` agents can be offered a contact now; ``unready`` ones are available and cannot, see AgentView. ``paused``:
    nothing is offered from it."""

    id: str
    title: str
    waiting: int
    oldest_enqueued_at: int = 0
    idle: int = 0
    unready: int = 0
    busy: int = 0
    on_break: int = 0
    queued: int = 0
    answered: int = 0
    abandoned: int = 0
    within: int = 0
    service_level_s: float = 20.0
    paused: bool = False
    tenant: str = ""


class SwitchView(msgspec.Struct, frozen=True, kw_only=True):
    """A switch as the engine sees it."""

    name: str
    up: bool
    since: int
    legs: int = 0


class TenantView(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant now: its ``contacts``, those ``waiting`` in its queues, its ``agents`` who are logged in, the ``lines``
    of its campaigns, and what each may be at most (0: any number). ``turned_away``: callers who were one too many,
    since the engine started."""

    id: str
    title: str
    contacts: int = 0
    waiting: int = 0
    agents: int = 0
    lines: int = 0
    turned_away: int = 0
    contacts_max: int = 0
    waiting_max: int = 0
    agents_max: int = 0
    lines_max: int = 0


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything at once. ``seq`` grows with every step that changed something: a reader that sees a gap asks anew."""

    seq: int
    at: int
    centre: str
    switches: tuple[SwitchView, ...] = ()
    queues: tuple[QueueView, ...] = ()
    agents: tuple[AgentView, ...] = ()
    contacts: tuple[ContactView, ...] = ()
    campaigns: tuple[CampaignView, ...] = ()
    breaks: tuple[BreakView, ...] = ()
    tenants: tuple[TenantView, ...] = ()
    odd_events: dict[str, int] = {}
