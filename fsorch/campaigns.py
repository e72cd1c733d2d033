"""Outbound campaigns as data: what the centre file says of them, and what records and engine hand each other.

A campaign dials the leads of its lists; one dial is an attempt. :class:`CampaignSpec` is what people configure,
:class:`Lead` what is reached for, :class:`AttemptRow` what has been done. Keys that end in ``_s`` are seconds, those in
``_at`` UTC microseconds, 0 for never. What needs the rest of the centre is checked by :mod:`fsorch.campaign_checks`.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from fsorch.causes import Cause
from fsorch.demands import Wanted
from fsorch.expressions import Type
from fsorch.rules import AtLeastOne, Count, Name, Rule, Seconds

__all__ = [
    "DIALLED_OUTCOMES",
    "LEAD_NAMES",
    "LIVE_OUTCOMES",
    "OPEN_LEADS",
    "AmdSpec",
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
    "Line",
    "ListShare",
    "MachineAction",
    "Mode",
    "OrderBy",
    "OrderKey",
    "Outcome",
    "Past",
    "PreviewSpec",
    "PreviewTimeout",
    "RetryRule",
    "Then",
    "outcome_of",
]

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
Word = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,62}\Z")]
Key = Annotated[str, msgspec.Meta(pattern=r"^[0-9*#]?\Z")]
Number = Annotated[str, msgspec.Meta(pattern=r"^\+?[0-9]{3,20}\Z")]


# -- words ----------------------------------------------------------------------------------------------------------


class Mode(StrEnum):
    """How a campaign dials. ``preview``: the agent sees the lead first, and dials; ``progressive``: one line for each
    free agent; ``power``: a fixed number of lines for each; ``predictive``: as many as the pacer says; ``agentless``:
    callers get the flow; ``manual``: agents dial what they like, and are checked all the same."""

    PREVIEW = "preview"
    PROGRESSIVE = "progressive"
    POWER = "power"
    PREDICTIVE = "predictive"
    AGENTLESS = "agentless"
    MANUAL = "manual"


class CampaignState(StrEnum):
    """Where a campaign is; see :mod:`fsorch.campaign.campaign`."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    DRAINING = "draining"
    FINISHED = "finished"


class LeadState(StrEnum):
    """Where a lead is. ``ready``: to be dialled from ``next_at`` on; ``callback``: the same, by promise, before all
    else; ``reserved``: given to the engine or an agent's preview; ``barred``: by DNC, law or want of a number."""

    READY = "ready"
    CALLBACK = "callback"
    RESERVED = "reserved"
    DIALLING = "dialling"
    TALKING = "talking"
    CLOSING = "closing"
    FINISHED = "finished"
    BARRED = "barred"


# The leads that may be dialled, now or later.
OPEN_LEADS = (LeadState.READY, LeadState.CALLBACK)


class Outcome(StrEnum):
    """How an attempt ended. The first verdict stands. ``live``: a person, who got an agent or the flow; ``drop``: a
    person for whom there was no agent in time; ``hung_up``: somebody who hung up before either; ``invalid`` to
    ``failed``: the families of causes (the number is none, the call was refused, the line cannot be reached at present,
    the network had no room, all else); ``cancelled``: taken back by us before an answer; ``lost``: nobody knows, for
    switch or engine died."""

    LIVE = "live"
    DROP = "drop"
    HUNG_UP = "hung_up"
    MACHINE = "machine"
    FAX = "fax"
    BUSY = "busy"
    NOANSWER = "noanswer"
    INVALID = "invalid"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    CONGESTION = "congestion"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"

    @property
    def paced(self) -> str:
        """The word by which a pacer knows it: live, machine, busy, noanswer or failed."""
        if self in LIVE_OUTCOMES:
            return "live"
        if self in (Outcome.MACHINE, Outcome.FAX):
            return "machine"
        return self.value if self in (Outcome.BUSY, Outcome.NOANSWER) else "failed"


# A person answered: what a share of drops is of.
LIVE_OUTCOMES = frozenset({Outcome.LIVE, Outcome.DROP, Outcome.HUNG_UP})
# The called party's phone may have rung: what a limit of attempts counts.
DIALLED_OUTCOMES = frozenset(Outcome) - {Outcome.INVALID, Outcome.CONGESTION, Outcome.FAILED}

_FAMILIES: dict[Outcome, tuple[Cause, ...]] = {
    Outcome.BUSY: (Cause.USER_BUSY,),
    Outcome.NOANSWER: (
        Cause.NO_ANSWER,
        Cause.NO_USER_RESPONSE,
        Cause.ALLOTTED_TIMEOUT,
        Cause.PROGRESS_TIMEOUT,
        Cause.RECOVERY_ON_TIMER_EXPIRE,
    ),
    Outcome.INVALID: (
        Cause.UNALLOCATED_NUMBER,
        Cause.INVALID_NUMBER_FORMAT,
        Cause.NUMBER_CHANGED,
        Cause.NO_ROUTE_DESTINATION,
        Cause.NO_ROUTE_TRANSIT_NET,
    ),
    Outcome.REJECTED: (Cause.CALL_REJECTED, Cause.OUTGOING_CALL_BARRED, Cause.INCOMING_CALL_BARRED),
    Outcome.UNREACHABLE: (Cause.SUBSCRIBER_ABSENT, Cause.DESTINATION_OUT_OF_ORDER, Cause.USER_NOT_REGISTERED),
    Outcome.CONGESTION: (
        Cause.NORMAL_CIRCUIT_CONGESTION,
        Cause.SWITCH_CONGESTION,
        Cause.REQUESTED_CHAN_UNAVAIL,
        Cause.NORMAL_TEMPORARY_FAILURE,
        Cause.NETWORK_OUT_OF_ORDER,
        Cause.GATEWAY_DOWN,
        Cause.INVALID_GATEWAY,
        Cause.SERVICE_UNAVAILABLE,
    ),
    Outcome.CANCELLED: (Cause.ORIGINATOR_CANCEL, Cause.MANAGER_REQUEST, Cause.LOSE_RACE),
    Outcome.LOST: (Cause.CRASH, Cause.SYSTEM_SHUTDOWN),
}
_OUTCOMES = {cause: outcome for outcome, causes in _FAMILIES.items() for cause in causes}


def outcome_of(cause: Cause) -> Outcome:
    """The outcome of a dial that nobody answered, by the cause it ended with."""
    return _OUTCOMES.get(cause, Outcome.FAILED)


class Then(StrEnum):
    """What becomes of a lead after an attempt: dialled again by the rules, called back when promised, never again by
    anybody (DNC), or done."""

    RETRY = "retry"
    CALLBACK = "callback"
    DNC = "dnc"
    FINISH = "finish"


class DispositionCategory(StrEnum):
    """What a disposition counts as in reports. ``reached``: the right person was spoken with."""

    SUCCESS = "success"
    REACHED = "reached"
    NOT_REACHED = "not_reached"
    CALLBACK = "callback"
    DNC = "dnc"
    UNUSABLE = "unusable"


class Audience(StrEnum):
    """Whom a campaign calls; the law asks for less towards businesses."""

    CONSUMERS = "consumers"
    BUSINESSES = "businesses"


class MachineAction(StrEnum):
    """What becomes of an answering machine: hung up, left a message after the beep, or given to an agent."""

    HANGUP = "hangup"
    MESSAGE = "message"
    AGENT = "agent"


class OrderBy(StrEnum):
    """What leads are ordered by. ``added``: when they came into their list; ``field``: one of the list's own."""

    PRIORITY = "priority"
    ATTEMPTS = "attempts"
    ADDED = "added"
    DUE = "due"
    NAME = "name"
    NUMBER = "number"
    ZONE = "zone"
    OWNER = "owner"
    FIELD = "field"
    RANDOM = "random"


class Line(StrEnum):
    """What kind of line a number is; ``either``: the number does not tell (as in North America), so the stricter
    counts."""

    MOBILE = "mobile"
    FIXED = "fixed"
    EITHER = "either"
    OTHER = "other"
    NONE = "none"


class PreviewTimeout(StrEnum):
    """What happens when an agent looks at a lead for too long: it is dialled, or given back."""

    DIAL = "dial"
    GIVE_BACK = "give_back"


# -- what people configure --------------------------------------------------------------------------------------------


class ListShare(Rule, frozen=True, kw_only=True):
    """A list of a campaign, and how much of the dialling is its: shares are relative to each other; 0: only when no
    other list has a lead."""

    list: Word
    share: Annotated[float, msgspec.Meta(ge=0)] = 1.0


class OrderKey(Rule, frozen=True, kw_only=True):
    """One key of the order. ``field``: the name of the list's own field; ``down``: the highest first (the newest, the
    most urgent)."""

    by: OrderBy
    field: str = ""
    down: bool = False


class RetryRule(Rule, frozen=True, kw_only=True):
    """What follows an outcome: after ``after_s`` the lead may be dialled again, at most ``attempts`` times for this
    outcome (0: not again). ``next_number``: the lead's next number, at once where it has not been tried, after
    ``after_s`` when all have been; else the same number again."""

    after_s: Annotated[float, msgspec.Meta(ge=0, le=366 * 86_400)] = 3600.0
    attempts: Count = 3
    next_number: bool = False


class CallerIdPool(Rule, frozen=True, kw_only=True):
    """Numbers that are shown to those called. ``prefixes``: only to numbers that begin so (``+4930``; none: to all);
    the pool with the longest prefix comes first. ``name``: shown with the number."""

    numbers: Annotated[tuple[Number, ...], msgspec.Meta(min_length=1)]
    prefixes: tuple[Annotated[str, msgspec.Meta(pattern=r"^\+[0-9]{0,15}\Z")], ...] = ()
    name: Annotated[str, msgspec.Meta(max_length=60)] = ""


class AmdSpec(Rule, frozen=True, kw_only=True):
    """Telling machines from people: see :mod:`fsorch.campaign.answers`. ``beep``: mod_avmd listens for the beep;
    ``timing``: the greeting is listened to before an agent gets the call. Neither: nothing is.

    With ``timing``: a ``pause_s`` of silence tells a person, talk that has gone on for ``greeting_s`` a machine.
    ``level``: how loud talk is, the mean of the samples as FreeSWITCH's ``detect_audio`` counts it (16 bits). Nothing
    heard for ``decide_s``, or nothing but an even sound, is taken for a person; so is who talks at ``decide_s`` after
    the answer, unless ``while_talking``. Without it, an answer that came without any ringing is listened to for
    ``decide_s``, for mailboxes of phones that are off do so.

    ``false_positives``: the share of people taken for machines, as measured, which some laws count as drops;
    ``checked``: the share of those that the greeting gave away as machines who are given to an agent all the same, who
    says whether it was one. ``sit``: the network's three tones before an answer (special information tones, ITU-T
    E.180) end a dial, where they say that the number is none; not where people pay for music instead of ringing, which
    may hold such tones."""

    beep: bool = True
    timing: bool = False
    decide_s: Annotated[float, msgspec.Meta(gt=0, le=10)] = 1.5
    pause_s: Annotated[float, msgspec.Meta(ge=0.2, le=2)] = 0.6
    greeting_s: Annotated[float, msgspec.Meta(ge=1, le=20)] = 4.0
    level: Annotated[int, msgspec.Meta(ge=10, le=10_000)] = 150
    while_talking: bool = True
    false_positives: Share = 0.0
    checked: Share = 0.0
    sit: bool = False


class DropSpec(Rule, frozen=True, kw_only=True):
    """What a person hears for whom there is no agent in time. ``after_s``: from the end of their greeting; ``prompt``
    says who calls and at which ``number`` they are reached; ``opt_out_key``: pressing it puts the number on the
    campaign's DNC list."""

    after_s: Annotated[float, msgspec.Meta(ge=0, le=10)] = 2.0
    prompt: Name = "drop_message"
    name: str = ""
    number: str = ""
    opt_out_key: Key = "9"


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
    ``own_wait_s`` (0: never). One that is missed is tried ``tries`` times more, every ``retry_s``."""

    days_max: AtLeastOne = 30
    own_wait_s: Seconds = 1800.0
    tries: Count = 2
    retry_s: Annotated[float, msgspec.Meta(ge=60)] = 900.0


class BlendSpec(Rule, frozen=True, kw_only=True):
    """How waiting inbound contacts hold back dialling. ``queues``: those that count (none: all that the campaign's
    agents serve). No call is launched while ``waiting`` contacts wait there (0: however many), or one for ``wait_s``
    (0: however long); ``keep_idle``: so many idle agents are kept for them."""

    queues: tuple[Word, ...] = ()
    waiting: Count = 1
    wait_s: Seconds = 0.0
    keep_idle: Count = 0


class Disposition(Rule, frozen=True, kw_only=True):
    """How an agent says a call ended. ``key``: the key of the desktop; ``note``: whether words are asked for;
    ``after_s``: with ``then: retry``, instead of the rules' delay; ``machine``: it was an answering machine."""

    id: Word
    title: str = ""
    category: DispositionCategory = DispositionCategory.REACHED
    then: Then = Then.FINISH
    key: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]?\Z")] = ""
    note: bool = False
    after_s: Seconds = 0.0
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
        Outcome.CANCELLED: RetryRule(after_s=60, attempts=100),
        Outcome.LOST: RetryRule(after_s=3600, attempts=2),
    }


class CampaignSpec(Rule, frozen=True, kw_only=True):
    """An outbound job. ``queue``: whose agents take the answers (all modes but agentless), of whom ``skills`` are asked
    beside those of the queue: all of them, or an expression (see :mod:`fsorch.demands`); ``flow``: what answers get
    in agentless mode; ``lists`` with their shares.

    When: within the hours of ``calendar`` (empty: always), from ``starts_at`` to ``ends_at``; ``pack``: the compliance
    pack, whose limits no key here can widen.

    How fast: at most ``lines_max`` calls and ``cps_max`` launches a second (0: the gateways' limits alone), shared with
    other campaigns by ``weight``; ``ratio``: lines for each free agent (power); ``pacer`` and ``target``: the share of
    drops it aims at (predictive), which the pack's ceiling caps.

    How: ``gateways`` in this order; each rings ``ring_s``; shown is a number of ``caller_ids``, the same at each retry.

    Whom: leads that ``filter`` holds for, in this ``order``, those with an owner to their owner first (``owner_first``)
    or to nobody else (``owner_only``). ``retries`` by outcome, on top of the usual; ``attempts_max`` for a lead,
    ``attempts_per_day`` for a lead in a day of its own zone (0: no limit but the pack's).

    ``purpose``: what is said; laws ask for more before somebody is sold something. ``keep_open``: a campaign whose
    leads are exhausted waits for more, instead of being finished."""

    id: str
    title: str = ""
    mode: Mode = Mode.PROGRESSIVE
    queue: str = ""
    skills: Wanted = {}
    flow: str = ""
    lists: tuple[ListShare, ...] = ()
    calendar: str = ""
    starts_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    ends_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    pack: str = ""
    purpose: Annotated[str, msgspec.Meta(pattern=r"^(marketing|service|survey|collection|charity)\Z")] = "marketing"
    lines_max: Count = 0
    cps_max: Seconds = 0.0
    weight: Positive = 1.0
    ratio: Annotated[float, msgspec.Meta(ge=1, le=15)] = 1.5
    pacer: str = "predictive"
    target: Annotated[float, msgspec.Meta(gt=0, le=0.1)] = 0.03
    ring_s: Annotated[float, msgspec.Meta(ge=5, le=120)] = 30.0
    gateways: tuple[str, ...] = ()
    caller_ids: tuple[CallerIdPool, ...] = ()
    order: tuple[OrderKey, ...] = (OrderKey(by=OrderBy.PRIORITY, down=True), OrderKey(by=OrderBy.DUE))
    filter: str = ""
    owner_first: bool = True
    owner_only: bool = False
    retries: dict[Outcome, RetryRule] = {}
    attempts_max: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 8
    attempts_per_day: Count = 3
    amd: AmdSpec | None = None
    machine_action: MachineAction = MachineAction.HANGUP
    machine_prompt: str = ""
    drop: DropSpec = DropSpec()
    preview: PreviewSpec = PreviewSpec()
    callbacks: LeadCallbacks = LeadCallbacks()
    blending: BlendSpec | None = None
    dispositions: tuple[Disposition, ...] = ()
    script: Annotated[str, msgspec.Meta(max_length=20_000)] = ""
    evidence: EvidenceSpec = EvidenceSpec()
    keep_open: bool = False

    def retry(self, outcome: Outcome) -> RetryRule | None:
        """The rule after ``outcome``: the campaign's own, or the usual one; None: the lead is done."""
        return self.retries.get(outcome) or _usual_retries().get(outcome)

    def list_shares(self) -> dict[str, float]:
        """The share of each list."""
        return {one.list: one.share for one in self.lists}


# -- leads and attempts -----------------------------------------------------------------------------------------------


class LeadNumber(msgspec.Struct, frozen=True, kw_only=True):
    """A number of a lead: E.164 with its plus, as ``kind`` the list calls it (mobile, home), tried in the order of
    ``order``. ``zone``: IANA, when the list knows it better than the number says. ``dead``: it is none."""

    number: str
    kind: str = ""
    order: int = 0
    zone: str = ""
    attempts: int = 0
    last_at: int = 0
    dead: bool = False


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """An earlier attempt, as limits count it: of a number or lead, whatever the campaign."""

    at: int
    number: str
    outcome: Outcome
    campaign: str = ""
    lead: str = ""


class Lead(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody to reach. ``zone``, ``country`` (ISO 3166), ``region`` (its subdivision) and ``postcode``: where they
    are, as the list says. ``priority``: higher first; ``owner``: their own agent. ``next_at``: not before;
    ``next_number``: the place of the number that is next in ``numbers``. ``callback_agent``: whom a callback was
    promised with (empty: anyone). ``caller_id``: what they have been shown. ``token``: of the reservation; ``tried``:
    attempts by outcome."""

    id: str
    list: str = ""
    campaign: str = ""
    reference: str = ""
    name: str = ""
    numbers: tuple[LeadNumber, ...] = ()
    fields: dict[str, str] = {}
    owner: str = ""
    priority: int = 0
    state: LeadState = LeadState.READY
    zone: str = ""
    country: str = ""
    region: str = ""
    postcode: str = ""
    language: str = ""
    attempts: int = 0
    tried: dict[Outcome, int] = {}
    next_at: int = 0
    next_number: int = 0
    last_at: int = 0
    last_outcome: str = ""
    disposition: str = ""
    callback_agent: str = ""
    callback_note: str = ""
    caller_id: str = ""
    created_at: int = 0
    token: str = ""
    history: tuple[Past, ...] = ()


# What a filter may ask of a lead; ``field.NAME`` is the list's own.
LEAD_NAMES: dict[str, Type] = {
    "lead.name": Type.TEXT,
    "lead.list": Type.TEXT,
    "lead.reference": Type.TEXT,
    "lead.owner": Type.TEXT,
    "lead.priority": Type.NUMBER,
    "lead.attempts": Type.NUMBER,
    "lead.zone": Type.TEXT,
    "lead.country": Type.TEXT,
    "lead.region": Type.TEXT,
    "lead.postcode": Type.TEXT,
    "lead.language": Type.TEXT,
    "lead.last_outcome": Type.TEXT,
    "lead.disposition": Type.TEXT,
    "lead.number": Type.TEXT,
    "field.*": Type.TEXT,
}


class AttemptRow(msgspec.Struct, frozen=True, kw_only=True):
    """One dial, whole: its times, how it ended, and what the check said of it. ``contact`` and ``leg``: those of the
    engine, when there were any; ``checks``: each rule that was looked at, and its answer; ``script``, ``prompt``: what
    was read out or played; ``transfer``: where the call was sent on to; ``mode``: how it was dialled; ``answer``: what
    was heard of who answered (:mod:`fsorch.campaign.answer_counts`)."""

    id: str
    campaign: str
    lead: str
    number: str
    list: str = ""
    mode: str = ""
    agent: str = ""
    contact: str = ""
    leg: str = ""
    switch: str = ""
    gateway: str = ""
    caller_id: str = ""
    caller_name: str = ""
    launched_at: int
    ringing_at: int = 0
    answered_at: int = 0
    bridged_at: int = 0
    ended_at: int = 0
    outcome: str = ""
    cause: str = ""
    disposition: str = ""
    note: str = ""
    checks: dict[str, str] = {}
    pack: str = ""
    script: str = ""
    prompt: str = ""
    transfer: str = ""
    answer: str = ""


class ConsentRow(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's consent to be called, or its withdrawal. ``channel``: how it was given (web, paper, voice, sms);
    ``scope``: what it is for: ``calls``, ``automated`` (a machine dials or speaks), ``campaign:ID`` or ``*``;
    ``evidence``: where the proof is, with the words that were shown. ``until`` 0: until withdrawn."""

    id: str = ""
    number: str
    who: str = ""
    what: str = ""
    scope: str = "*"
    channel: str = ""
    evidence: str = ""
    given_at: int
    until: int = 0
    withdrawn_at: int = 0
    by: str = ""

    def holds(self, at: int) -> bool:
        """Whether it is in force at this moment."""
        return self.given_at <= at and (not self.until or at < self.until) and not (0 < self.withdrawn_at <= at)


class DncRow(msgspec.Struct, frozen=True, kw_only=True):
    """A number that is not called, or all that begin so (``+4930*``). ``campaign`` empty: by nobody here; ``source``:
    own, disposition, key, api, or the name of the list it was imported from."""

    number: str
    campaign: str = ""
    source: str = "own"
    reason: str = ""
    added_at: int = 0
    until: int = 0
    by: str = ""
