"""The words of campaigns: modes, states, outcomes, consequences. :mod:`fsorch.campaigns` has them for its readers."""

from __future__ import annotations

from enum import StrEnum

from fsorch.causes import Cause

__all__ = [
    "ARMED",
    "DIALLED_OUTCOMES",
    "LIVE_OUTCOMES",
    "OPEN_LEADS",
    "AskKind",
    "Audience",
    "CampaignState",
    "DispositionCategory",
    "Identity",
    "LeadState",
    "Line",
    "MachineAction",
    "Mix",
    "Mode",
    "OrderBy",
    "Outcome",
    "Per",
    "PreviewTimeout",
    "Then",
    "outcome_of",
]


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


# The states of a campaign that somebody wants to dial.
ARMED = (CampaignState.SCHEDULED, CampaignState.RUNNING)
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
        """The word by which a pacer knows it: live, machine, busy, noanswer or failed; or cancelled."""
        if self in LIVE_OUTCOMES:
            return "live"
        if self in (Outcome.MACHINE, Outcome.FAX):
            return "machine"
        own = self in (Outcome.BUSY, Outcome.NOANSWER, Outcome.CANCELLED)
        return self.value if own else "failed"


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
    Outcome.UNREACHABLE: (
        Cause.SUBSCRIBER_ABSENT,
        Cause.DESTINATION_OUT_OF_ORDER,
        Cause.USER_NOT_REGISTERED,
        # Somebody at another number: they were not the one to be called.
        Cause.REDIRECTION_TO_NEW_DESTINATION,
    ),
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


class AskKind(StrEnum):
    """What an agent fills in: words, a number, a day (``2027-01-31``), yes or no, or one of some choices."""

    TEXT = "text"
    NUMBER = "number"
    DAY = "day"
    YES_NO = "yes_no"
    CHOICE = "choice"


class Audience(StrEnum):
    """Whom a campaign calls; the law asks for less towards businesses."""

    CONSUMERS = "consumers"
    BUSINESSES = "businesses"


class MachineAction(StrEnum):
    """What becomes of an answering machine: hung up, left a message after the beep, or given to an agent."""

    HANGUP = "hangup"
    MESSAGE = "message"
    AGENT = "agent"


class Mix(StrEnum):
    """How a campaign deals out its lists: ``even``: by their shares, each as soon as it is behind; ``in_order``: the
    first that has a lead, whatever its share; ``random``: by chance, to which the shares are the odds."""

    EVEN = "even"
    IN_ORDER = "in_order"
    RANDOM = "random"


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


class Per(StrEnum):
    """Whose attempts a limit counts: those to one number, or to one lead at all of its numbers."""

    NUMBER = "number"
    LEAD = "lead"


class Identity(StrEnum):
    """Where an INVITE says, beside ``From``, which number calls: in ``P-Asserted-Identity`` (RFC 3325), in
    ``Remote-Party-ID``, nowhere, or as the switch's SIP profile has it."""

    PROFILE = ""
    ASSERTED = "pai"
    REMOTE_PARTY = "rpid"
    NONE = "none"


class PreviewTimeout(StrEnum):
    """What happens when an agent looks at a lead for too long: it is dialled, or given back."""

    DIAL = "dial"
    GIVE_BACK = "give_back"
