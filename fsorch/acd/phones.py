"""What follows when an agent's phone does not take a contact, by the way it did not.

Nothing but a named rule may overwrite what the agent chose: a :class:`Verdict` carries its reason, to be shown.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from fsorch.causes import Cause
from fsorch.names import OfferOutcome
from fsorch.rules import CauseRule, CauseRules, Consequence

__all__ = ["MissCounter", "MissKind", "Verdict", "kind_of", "way_of"]


class MissKind(StrEnum):
    """The ways not to take a contact; each has its rule in :class:`fsorch.rules.CauseRules`."""

    BUSY = "busy"
    REJECTED = "rejected"
    NO_ANSWER = "no_answer"
    UNREGISTERED = "unregistered"
    DND = "dnd"
    FAILED = "failed"


KINDS = {
    Cause.USER_BUSY: MissKind.BUSY,
    Cause.CALL_REJECTED: MissKind.REJECTED,
    Cause.NO_ANSWER: MissKind.NO_ANSWER,
    Cause.NO_USER_RESPONSE: MissKind.NO_ANSWER,
    Cause.ALLOTTED_TIMEOUT: MissKind.NO_ANSWER,
    Cause.PROGRESS_TIMEOUT: MissKind.NO_ANSWER,
    # what the leg ends with when we take it down at the offer's deadline
    Cause.ORIGINATOR_CANCEL: MissKind.NO_ANSWER,
    Cause.USER_NOT_REGISTERED: MissKind.UNREGISTERED,
    Cause.SUBSCRIBER_ABSENT: MissKind.UNREGISTERED,
    Cause.UNALLOCATED_NUMBER: MissKind.UNREGISTERED,
    Cause.NO_ROUTE_DESTINATION: MissKind.UNREGISTERED,
    Cause.DESTINATION_OUT_OF_ORDER: MissKind.UNREGISTERED,
}
WORDS = {
    MissKind.BUSY: "busy",
    MissKind.REJECTED: "rejected",
    MissKind.NO_ANSWER: "not answered",
    MissKind.UNREGISTERED: "not registered",
    MissKind.DND: "set to do-not-disturb",
    MissKind.FAILED: "failed",
}
# Trouble of the switch or the network, which no phone can do anything about. FreeSWITCH's own refusal beyond its limits
# (max-sessions, sessions-per-second) is SWITCH_CONGESTION; a phone's 500 and 503 are NORMAL_TEMPORARY_FAILURE, its 488
# INCOMPATIBLE_DESTINATION (``sofia_glue_sip_cause_to_freeswitch``, capture 06).
NOT_THEIRS = frozenset(
    {
        Cause.SWITCH_CONGESTION,
        Cause.NORMAL_CIRCUIT_CONGESTION,
        Cause.CRASH,
        Cause.SYSTEM_SHUTDOWN,
        Cause.MANAGER_REQUEST,
        Cause.LOSE_RACE,
        Cause.PICKED_OFF,
        Cause.INVALID_GATEWAY,
        Cause.GATEWAY_DOWN,
        Cause.INVALID_PROFILE,
    }
)


class Verdict(msgspec.Struct, frozen=True):
    """What follows. ``delay_s``: seconds until the next offer to this agent; ``then`` with ``reason``: the break's, or
    why they are logged out; ``why``: a phrase for people."""

    delay_s: float
    then: Consequence = Consequence.NOTHING
    reason: str = ""
    why: str = ""


def kind_of(cause: Cause) -> MissKind | None:
    """The way an offer's leg that ended with ``cause`` did not take the contact. None: trouble of the switch or the
    network, which is not held against the agent."""
    return None if cause in NOT_THEIRS else KINDS.get(cause, MissKind.FAILED)


def way_of(outcome: OfferOutcome, cause: str, rang: bool, dnd: bool = False) -> MissKind | None:
    """The way an offer that ended with ``outcome`` and ``cause`` was not taken; None: it was, or it is not held against
    the agent. A phone set to do-not-disturb answers 480 before it rings (``rang``) where it would else do so when
    nobody picks up: that is a rejection, or what it is if the phone says so (``dnd``)."""
    if outcome in (OfferOutcome.ACCEPTED, OfferOutcome.WITHDRAWN) or not cause:
        # Nothing was heard of the phone: the order to dial it was not taken, or the link is cut.
        return None
    if dnd:
        return MissKind.DND
    known = Cause.of(cause)
    if known is Cause.NORMAL_CLEARING:
        # Of a phone that was picked up: by somebody who did not want the call, or by a mailbox.
        return {OfferOutcome.REFUSED: MissKind.REJECTED, OfferOutcome.MISSED: MissKind.NO_ANSWER}.get(outcome)
    return MissKind.REJECTED if known is Cause.NO_USER_RESPONSE and not rang else kind_of(known)


class MissCounter:
    """How often one agent's phone did not take a contact, each way for itself, since the agent last answered or chose
    to be available."""

    __slots__ = ("_counts", "_rules")

    def __init__(self, rules: CauseRules) -> None:
        self._rules = rules
        self._counts: dict[MissKind, int] = {}

    def set_rules(self, rules: CauseRules) -> None:
        """Other rules from now on; the counts stay."""
        self._rules = rules

    def missed(self, kind: MissKind | None) -> Verdict:
        """An offer was not taken. The consequence comes with the limit and, should it not have been carried out, with
        each miss after it. None (see :func:`kind_of`) only delays, as for a phone that failed."""
        if kind is None:
            return Verdict(self._rules.failed.delay_s, why="the phone could not be reached")
        rule: CauseRule = getattr(self._rules, kind.value)
        count = self._counts[kind] = self._counts.get(kind, 0) + 1
        why = f"{WORDS[kind]} {count} time{'s' if count > 1 else ''}"
        if rule.limit and count >= rule.limit:
            return Verdict(rule.delay_s, rule.then, rule.reason, why)
        return Verdict(rule.delay_s, why=why)

    def count(self, kind: MissKind) -> int:
        """How often this way."""
        return self._counts.get(kind, 0)

    def reset(self) -> None:
        """The agent answered, or chose to be available."""
        self._counts.clear()
