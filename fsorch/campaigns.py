"""Outbound campaigns as data: what the centre file says of them.

A campaign dials the leads of its lists; one dial is an attempt. :class:`CampaignSpec` is what people configure,
:class:`Lead` what is reached for, :class:`AttemptRow` what has been done. Keys that end in ``_s`` are seconds, those in
``_at`` UTC microseconds, 0 for never. What needs the rest of the centre is checked by :mod:`fsorch.campaign_checks`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from fsorch.campaign_leads import LEAD_NAMES, AttemptRow, ConsentRow, DncRow, Lead, LeadNumber, Past
from fsorch.campaign_words import (
    ARMED,
    DIALLED_OUTCOMES,
    LIVE_OUTCOMES,
    OPEN_LEADS,
    AskKind,
    Audience,
    CampaignState,
    DispositionCategory,
    LeadState,
    Line,
    MachineAction,
    Mix,
    Mode,
    OrderBy,
    Outcome,
    Per,
    PreviewTimeout,
    Then,
    outcome_of,
)
from fsorch.demands import Wanted
from fsorch.rules import AtLeastOne, Count, Name, Rule, Seconds

__all__ = [
    "ARMED",
    "DIALLED_OUTCOMES",
    "LEAD_NAMES",
    "LEAST_REST_S",
    "LIVE_OUTCOMES",
    "LOOK_BACK_DAYS",
    "OPEN_LEADS",
    "AmdSpec",
    "AskKind",
    "AskSpec",
    "AttemptRow",
    "Audience",
    "BlendSpec",
    "CallerIdPool",
    "CampaignSpec",
    "CampaignState",
    "ConsentRow",
    "Disposition",
    "DispositionCategory",
    "DncRow",
    "DropSpec",
    "EvidenceSpec",
    "Lead",
    "LeadCallbacks",
    "LeadNumber",
    "LeadState",
    "LevelSpec",
    "LimitRule",
    "Line",
    "ListShare",
    "MachineAction",
    "MessageSpec",
    "Mix",
    "Mode",
    "OrderBy",
    "OrderKey",
    "Outcome",
    "Past",
    "Per",
    "PreviewSpec",
    "PreviewTimeout",
    "RetryRule",
    "SpreadRule",
    "Then",
    "outcome_of",
]

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
Word = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[a-z0-9][a-z0-9_.-]{0,62}\Z", description="a name of small letters, digits, '_', '.' and '-'"
    ),
]
Key = Annotated[str, msgspec.Meta(pattern=r"^[0-9*#]?\Z", description="one key of a phone: 0-9, * or #")]
Clock = Annotated[
    str,
    msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z", description="a time such as 09:30, in quotes"),
]
Number = Annotated[
    str, msgspec.Meta(pattern=r"^\+?[0-9]{3,20}\Z", description="a number of 3 to 20 digits, with or without a +")
]


# No phone rings again sooner: the least that open diallers allow.
LEAST_REST_S = 120.0
# So far back a rule may count attempts: a leap year.
LOOK_BACK_DAYS = 366


class CallerIdPool(Rule, frozen=True, kw_only=True):
    """Numbers that are shown to those called. ``prefixes``: only to numbers that begin so (``+4930``; none: to all);
    the pool with the longest prefix comes first. ``name``: shown with the number."""

    numbers: Annotated[tuple[Number, ...], msgspec.Meta(min_length=1)]
    prefixes: tuple[
        Annotated[
            str, msgspec.Meta(pattern=r"^\+[0-9]{0,15}\Z", description="the beginning of a number, such as +4930")
        ],
        ...,
    ] = ()
    name: Annotated[str, msgspec.Meta(max_length=60)] = ""


class ListShare(Rule, frozen=True, kw_only=True):
    """A list of a campaign, and how much of the dialling is its: shares are relative to each other; 0: only when no
    other list has a lead. ``filter``: what its leads have to be beside what the campaign asks for; ``caller_ids``: what
    they are shown instead of the campaign's."""

    list: Word
    share: Annotated[float, msgspec.Meta(ge=0)] = 1.0
    filter: str = ""
    caller_ids: tuple[CallerIdPool, ...] = ()


class OrderKey(Rule, frozen=True, kw_only=True):
    """One key of the order. ``field``: the name of the list's own field; ``down``: the highest first (the newest, the
    most urgent)."""

    by: OrderBy
    field: str = ""
    down: bool = False


class RetryRule(Rule, frozen=True, kw_only=True):
    """What follows an outcome: after ``after_s``, and no sooner than :data:`LEAST_REST_S`, the lead may be dialled
    again, at most ``attempts`` times for this outcome (0: not again). ``next_number``: the lead's next number, at
    once where it has not been tried, after ``after_s`` when all have been; else the same number again."""

    after_s: Annotated[float, msgspec.Meta(ge=0, le=366 * 86_400)] = 3600.0
    attempts: Count = 3
    next_number: bool = False


class LimitRule(Rule, frozen=True, kw_only=True):
    """At most ``most`` attempts in ``days`` (of 24 hours; a year at most, for so far back is looked), ``per`` number or
    lead. ``counts``: the outcomes that are counted (none: all that may have rung; ``[live]``: talks).
    ``everywhere``: those of all campaigns count, else those of this one."""

    most: AtLeastOne
    days: Annotated[float, msgspec.Meta(gt=0, le=LOOK_BACK_DAYS)]
    per: Per = Per.LEAD
    counts: frozenset[Outcome] = frozenset()
    everywhere: bool = True


class SpreadRule(Rule, frozen=True, kw_only=True):
    """Tries spread over the day: its ``parts`` by when they begin, by the clock where the lead is; each lasts until the
    next. Of the tries at a lead in the last ``days``, no part has more than one above that with the fewest: who
    was called in the morning in vain is called in the evening next."""

    parts: Annotated[tuple[Clock, ...], msgspec.Meta(min_length=2, max_length=12)]
    days: Annotated[float, msgspec.Meta(gt=0, le=LOOK_BACK_DAYS)] = 7.0


class AmdSpec(Rule, frozen=True, kw_only=True):
    """Telling machines from people: see :mod:`fsorch.campaign.answers`. ``beep``: mod_avmd listens for the beep;
    ``timing``: the greeting is listened to before an agent gets the call. Neither: nothing is.

    With ``timing``: a ``pause_s`` of silence tells a person, after words of over 1.5 s one of ``long_pause_s``; talk
    that has gone on for ``greeting_s`` a machine. What sounds for over a second has to be ``louder`` times as loud.
    ``level``: how loud talk is, the mean of the samples as FreeSWITCH's ``detect_audio`` counts it (16 bits). Nothing
    heard for ``decide_s``, or nothing but an even sound, is taken for a person; so is who talks at ``decide_s`` after
    the answer, unless ``while_talking``. Without it, an answer that came without any ringing is listened to for
    ``decide_s``, for mailboxes of phones that are off do so.

    ``false_positives``: the share of people taken for machines, as measured, which some laws count as drops;
    ``checked``: the share of those that the greeting gave away as machines who are given to an agent all the same, who
    says whether it was one. ``fax``: the tone by which a fax machine answers (2100 Hz, 2.6 to 4 s, from 1.8 to 2.5 s
    after it picked up: ITU-T T.30) is listened for; what has it for over a second is no person's line.
    ``sit``: the network's three tones (special information tones), before an answer or in its first five seconds, end a
    call, where they say that the number is none or the network full; not where people pay for music instead of ringing,
    which may hold such tones: before an answer one of them is enough."""

    beep: bool = True
    timing: bool = False
    decide_s: Annotated[float, msgspec.Meta(gt=0, le=10)] = 1.5
    pause_s: Annotated[float, msgspec.Meta(ge=0.2, le=2)] = 0.6
    long_pause_s: Annotated[float, msgspec.Meta(ge=0, le=2)] = 1.0
    greeting_s: Annotated[float, msgspec.Meta(ge=1, le=20)] = 6.5
    level: Annotated[int, msgspec.Meta(ge=10, le=10_000)] = 150
    louder: Annotated[float, msgspec.Meta(ge=1, le=10)] = 3.0
    while_talking: bool = True
    false_positives: Share = 0.0
    checked: Share = 0.0
    fax: bool = True
    sit: bool = False


class MessageSpec(Rule, frozen=True, kw_only=True):
    """What a campaign without agents says by itself, in place of a flow. ``prompt`` names the keys: ``person_key``
    leads to the campaign's ``queue`` (without one it is no key), ``opt_out_key`` puts the number on the campaign's
    DNC list (empty: there is none). Who presses nothing hears it ``tries`` times in all, and then ``bye``."""

    prompt: Name
    person_key: Key = "1"
    opt_out_key: Key = "9"
    tries: Annotated[int, msgspec.Meta(ge=1, le=5)] = 1
    bye: Name = "goodbye"


class DropSpec(Rule, frozen=True, kw_only=True):
    """What a person hears for whom there is no agent in time. ``after_s``: from the end of their greeting; ``prompt``
    says who calls and at which ``number`` they are reached; ``opt_out_key``: pressing it puts the number on the
    campaign's DNC list. Who is still there after it goes to ``queue`` (empty: the call ends), whose rules may lead on
    to a flow or a mailbox; it is a drop all the same."""

    after_s: Annotated[float, msgspec.Meta(ge=0, le=10)] = 2.0
    prompt: Name = "drop_message"
    name: str = ""
    number: str = ""
    opt_out_key: Key = "9"
    queue: str = ""


class PreviewSpec(Rule, frozen=True, kw_only=True):
    """How agents look at a lead first. After ``timer_s`` (0: no limit) ``on_timeout`` follows. ``skip_reasons``: those
    that may be given (none: any); ``skip_s``: when a lead that was skipped comes again."""

    timer_s: Seconds = 0.0
    on_timeout: PreviewTimeout = PreviewTimeout.DIAL
    skip_allowed: bool = True
    skip_reasons: tuple[str, ...] = ()
    skip_s: Seconds = 3600.0


class LeadCallbacks(Rule, frozen=True, kw_only=True):
    """Callbacks that agents promise: at most ``days_max`` ahead; one for an agent alone is anyone's after
    ``own_wait_s`` (0: never). One that is missed is tried ``tries`` times more, every ``retry_s`` and no sooner than
    :data:`LEAST_REST_S`."""

    days_max: AtLeastOne = 30
    own_wait_s: Seconds = 1800.0
    tries: Count = 2
    retry_s: Annotated[float, msgspec.Meta(ge=60)] = 900.0


class BlendSpec(Rule, frozen=True, kw_only=True):
    """How waiting inbound contacts hold back dialling. ``queues``: those that count (none: all that the campaign's
    agents serve). No call is launched while ``waiting`` contacts wait there (0: however many), or one for ``wait_s``
    (0: however long); ``by_queue``: so many in one of them alone; ``keep_idle``: so many idle agents are kept for
    them."""

    queues: tuple[Word, ...] = ()
    waiting: Count = 1
    wait_s: Seconds = 0.0
    by_queue: dict[Word, AtLeastOne] = {}
    keep_idle: Count = 0


class LevelSpec(Rule, frozen=True, kw_only=True):
    """How the pacers ``level``, ``average`` and ``tapered`` work: every ``every_s`` seconds the level is multiplied by
    1 + ``step`` times (free - waiting) / agents, up to ``highest`` lines for each agent. ``loose``, ``strict``: the
    limit of ``tapered`` in the first half of the shift and at its end, in targets."""

    every_s: Annotated[float, msgspec.Meta(ge=1, le=600)] = 15.0
    step: Annotated[float, msgspec.Meta(gt=0, le=4)] = 1.0
    highest: Annotated[float, msgspec.Meta(ge=1, le=15)] = 6.0
    loose: Annotated[float, msgspec.Meta(gt=0, le=3)] = 1.0
    strict: Annotated[float, msgspec.Meta(gt=0, le=3)] = 0.7


class AskSpec(Rule, frozen=True, kw_only=True):
    """Something an agent fills in about a call. ``choices``: those of ``kind: choice``; ``needed``: the disposition is
    not taken without it."""

    id: Word
    title: Annotated[str, msgspec.Meta(max_length=120)] = ""
    kind: AskKind = AskKind.TEXT
    choices: tuple[Annotated[str, msgspec.Meta(min_length=1, max_length=120)], ...] = ()
    needed: bool = False


class Disposition(Rule, frozen=True, kw_only=True):
    """How an agent says a call ended. ``key``: the key of the desktop; ``under``: the heading it stands under, with
    others that say the same more exactly; ``note``: whether words are asked for; ``asks``: what is filled in;
    ``after_s``: with ``then: retry``, instead of the rules' delay; ``attempts``: with it, so often the lead is dialled
    again for this word (0: as often as the campaign dials it at all); ``machine``: it was an answering machine."""

    id: Word
    title: str = ""
    category: DispositionCategory = DispositionCategory.REACHED
    then: Then = Then.FINISH
    key: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]?\Z")] = ""
    under: Annotated[str, msgspec.Meta(max_length=60)] = ""
    note: bool = False
    asks: Annotated[tuple[AskSpec, ...], msgspec.Meta(max_length=20)] = ()
    after_s: Seconds = 0.0
    attempts: Count = 0
    machine: bool = False
    active: bool = True


class EvidenceSpec(Rule, frozen=True, kw_only=True):
    """What the records must say of every call (16 CFR 310.5): for whom it is made, by whom, what it is about, whom it
    goes to, and which contract lets us show the caller id."""

    seller: str = ""
    telemarketer: str = ""
    purpose: str = ""
    audience: Audience = Audience.CONSUMERS
    caller_id_proof: str = ""


def _usual_retries() -> dict[Outcome, RetryRule]:
    return {
        Outcome.BUSY: RetryRule(after_s=900, attempts=4),
        Outcome.NOANSWER: RetryRule(after_s=4 * 3600, attempts=4, next_number=True),
        Outcome.MACHINE: RetryRule(after_s=6 * 3600, attempts=3, next_number=True),
        Outcome.FAX: RetryRule(after_s=0, attempts=1, next_number=True),
        Outcome.DROP: RetryRule(after_s=72 * 3600, attempts=1),
        Outcome.HUNG_UP: RetryRule(after_s=24 * 3600, attempts=1),
        Outcome.INVALID: RetryRule(after_s=0, attempts=1, next_number=True),
        Outcome.REJECTED: RetryRule(after_s=24 * 3600, attempts=1, next_number=True),
        Outcome.UNREACHABLE: RetryRule(after_s=4 * 3600, attempts=4, next_number=True),
        Outcome.CONGESTION: RetryRule(after_s=300, attempts=5),
        Outcome.FAILED: RetryRule(after_s=3600, attempts=3, next_number=True),
        Outcome.CANCELLED: RetryRule(after_s=120, attempts=100),
        Outcome.LOST: RetryRule(after_s=3600, attempts=2),
    }


class CampaignSpec(Rule, frozen=True, kw_only=True):
    """An outbound job. ``queue``: whose agents take the answers (all modes but agentless), of whom ``skills`` are asked
    beside those of the queue: all of them, or an expression (see :mod:`fsorch.demands`); ``flow`` or ``message``: what
    answers get in agentless mode; ``lists`` with their shares.

    When: within the hours of ``calendar`` (empty: always), from ``starts_at`` to ``ends_at``; ``pack``: the compliance
    pack, whose limits no key here can widen.

    ``after``: a campaign that has to be finished first, and stay so.

    How fast: at most ``lines_max`` calls and ``cps_max`` launches a second (0: the gateways' limits alone), shared
    with other campaigns by ``weight``; ``lines_kept`` lines of its gateways are left for it by the others.
    ``ratio``: lines for each free agent (power); ``pacer`` and ``target``: the share of drops it aims at
    (predictive), which the pack's ceiling caps; ``level``: how pacers with a level work; ``lines_per_agent``: no
    more than so many for each agent at work (0: as the pacer says); ``few_agents``: with fewer at work there is one
    line for each free agent; ``call_off``: calls that ring for more people than agents can take, as when agents
    have left, are hung up, as far as the pack allows. Campaigns of one ``drop_group`` count their drops together as
    well as each for itself, and the worse counts.

    How: ``gateways`` in this order; each rings ``ring_s``; shown is a number of ``caller_ids`` (or of the
    list's own), the same at each retry: what the list says of the lead, or the agent has chosen, if the pools hold it.

    Whom: leads that ``filter`` holds for, in this ``order``, those with an owner to their owner first (``owner_first``)
    or to nobody else (``owner_only``). Its lists are dealt out as ``mix`` says; ``new_every``: of a list's leads every
    so-manieth is one that was not dialled before (0: as the order has it). ``resets``: at these times of day, by the
    clock of the calendar, the leads that rest in its lists are ready, and their tries count anew.
    ``retries`` by outcome, on top of the usual; ``attempts_max`` for a lead, ``attempts_per_day`` for a lead in a day
    of its own zone (0: no limit but the pack's), and further ``limits``; ``spread`` over the parts of the day.

    ``word_needed``: the wrap-up after a talk is not over before the agent has said how it was.
    ``purpose``: what is said; laws ask for more before somebody is sold something. ``keep_open``: a campaign whose
    leads are exhausted waits for more, instead of being finished. ``tenant``: whose campaign it is, with whose lines it
    dials; without it, that of its queue."""

    id: str
    title: str = ""
    tenant: str = ""
    mode: Mode = Mode.PROGRESSIVE
    queue: str = ""
    skills: Wanted = {}
    flow: str = ""
    message: MessageSpec | None = None
    lists: tuple[ListShare, ...] = ()
    calendar: str = ""
    starts_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    ends_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    pack: str = ""
    purpose: Annotated[str, msgspec.Meta(pattern=r"^(marketing|service|survey|collection|charity)\Z")] = "marketing"
    after: str = ""
    lines_max: Count = 0
    lines_kept: Count = 0
    lines_per_agent: Annotated[float, msgspec.Meta(ge=0, le=15)] = 0.0
    few_agents: Count = 0
    call_off: bool = True
    drop_group: Annotated[str, msgspec.Meta(pattern=r"^([a-z0-9][a-z0-9_.-]{0,62})?\Z")] = ""
    cps_max: Seconds = 0.0
    weight: Positive = 1.0
    ratio: Annotated[float, msgspec.Meta(ge=1, le=15)] = 1.5
    pacer: str = "predictive"
    level: LevelSpec = LevelSpec()
    target: Annotated[float, msgspec.Meta(gt=0, le=0.1)] = 0.03
    ring_s: Annotated[float, msgspec.Meta(ge=5, le=120)] = 30.0
    gateways: tuple[str, ...] = ()
    caller_ids: tuple[CallerIdPool, ...] = ()
    order: tuple[OrderKey, ...] = (OrderKey(by=OrderBy.PRIORITY, down=True), OrderKey(by=OrderBy.DUE))
    filter: str = ""
    mix: Mix = Mix.EVEN
    new_every: Annotated[int, msgspec.Meta(ge=0, le=20)] = 0
    resets: tuple[Clock, ...] = ()
    owner_first: bool = True
    owner_only: bool = False
    retries: dict[Outcome, RetryRule] = {}
    attempts_max: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 8
    attempts_per_day: Count = 3
    limits: tuple[LimitRule, ...] = ()
    spread: SpreadRule | None = None
    amd: AmdSpec | None = None
    machine_action: MachineAction = MachineAction.HANGUP
    machine_prompt: str = ""
    drop: DropSpec = DropSpec()
    preview: PreviewSpec = PreviewSpec()
    callbacks: LeadCallbacks = LeadCallbacks()
    blending: BlendSpec | None = None
    dispositions: tuple[Disposition, ...] = ()
    word_needed: bool = False
    script: Annotated[str, msgspec.Meta(max_length=20_000)] = ""
    evidence: EvidenceSpec = EvidenceSpec()
    keep_open: bool = False

    @property
    def flow_id(self) -> str:
        """The flow that answers get in agentless mode: the one that is named, or that of the message."""
        return f"campaign:{self.id}" if self.message is not None else self.flow

    def retry(self, outcome: Outcome) -> RetryRule | None:
        """The rule after ``outcome``: the campaign's own, or the usual one; None: the lead is done."""
        return self.retries.get(outcome) or _usual_retries().get(outcome)

    def filter_of(self, list: str) -> str:
        """What the leads of one of its lists have to be: for the campaign and for the list."""
        parts = [self.filter, *(one.filter for one in self.lists if one.list == list)]
        named = [part for part in parts if part]
        return " and ".join(f"({part})" for part in named) if len(named) > 1 else "".join(named)

    def pools_of(self, list: str) -> tuple[CallerIdPool, ...]:
        """What the leads of one of its lists are shown: the list's own numbers, or the campaign's."""
        own = next((one.caller_ids for one in self.lists if one.list == list), ())
        return own or self.caller_ids

    def list_shares(self) -> dict[str, float]:
        """The share of each list."""
        return {one.list: one.share for one in self.lists}
