"""The closed sets of words that files, machines and records share."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["BreakWeight", "ContactOutcome", "OfferOutcome", "Role", "SegmentKind", "Skilled", "Strategy"]


class Strategy(StrEnum):
    """How a queue chooses among its idle agents."""

    LONGEST_IDLE = "longest-idle"
    ROUND_ROBIN = "round-robin"
    TOP_DOWN = "top-down"
    BY_AGENT_ORDER = "sequentially-by-agent-order"
    LEAST_TALK_TIME = "least-talk-time"
    FEWEST_CALLS = "fewest-calls"
    RANDOM = "random"
    WEIGHTED_RANDOM = "weighted-random"
    BEST_SKILLED = "best-skilled"
    MOST_SENIOR = "most-senior"
    RING_ALL = "ring-all"
    RING_PROGRESSIVELY = "ring-progressively"


class Skilled(StrEnum):
    """What the skills that a contact asks for mean to a queue: all of it must hold; nobody is ruled out, and who lacks
    least comes first; or they are not looked at."""

    ALL = "all"
    BEST = "best"
    DISREGARD = "disregard"


class Role(StrEnum):
    """What a user may do: work; work and steer others; everything; read everything; read what belongs to
    the queues of their scope (a client of an outsourcer)."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"
    AUDITOR = "auditor"
    PRINCIPAL = "principal"


class BreakWeight(StrEnum):
    """What a break says about whoever takes it: work that is not a call (training, a meeting), what everybody has a
    right to, or what there should be less of."""

    GOOD = "good"
    NEUTRAL = "neutral"
    BAD = "bad"


class SegmentKind(StrEnum):
    """A stretch of a contact. ``outside``: with somebody at a number outside, after a transfer. ``conference``: the
    time of one who talks along with the contact's agent, and so beside another stretch."""

    IVR = "ivr"
    QUEUE = "queue"
    OFFER = "offer"
    TALK = "talk"
    HOLD = "hold"
    CONSULT = "consult"
    OUTSIDE = "outside"
    CONFERENCE = "conference"
    WRAP_UP = "wrap_up"
    VOICEMAIL = "voicemail"


class ContactOutcome(StrEnum):
    """How a contact ended. The first verdict stands. ``voicemail``: the caller left a message, which is a contact of
    its own; ``not_reached``: promised to be called back, and did not answer, or called by a campaign, and it was the
    network that answered; ``overflowed``: a rule ended the wait outside of any queue (a number, a message, the end of
    the call); ``self_served``: a flow came to its stated end with the caller. Of those whom a campaign has called:
    ``dropped``, who heard a message as no agent was there in time, and ``machine``, which has beeped."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    LEFT_FLOW = "left_flow"
    VOICEMAIL = "voicemail"
    NOT_REACHED = "not_reached"
    OVERFLOWED = "overflowed"
    SELF_SERVED = "self_served"
    DROPPED = "dropped"
    MACHINE = "machine"
    LOST = "lost"


class OfferOutcome(StrEnum):
    """How an offer ended. ``failed``: the phone could not be reached or the bridge did not stand."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    MISSED = "missed"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"
