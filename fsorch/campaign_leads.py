"""Leads, the attempts to reach them, and who may be called, as records and engine hand them to each other.

Names that end in ``_at`` are UTC microseconds, 0 for never. :mod:`fsorch.campaigns` has them for its readers.
"""

from __future__ import annotations

import msgspec

from fsorch.campaign_words import LeadState, Outcome
from fsorch.expressions import Type

__all__ = ["LEAD_NAMES", "AttemptRow", "ConsentRow", "DncRow", "Lead", "LeadNumber", "Past"]


class LeadNumber(msgspec.Struct, frozen=True, kw_only=True):
    """A number of a lead: E.164 with its plus, as ``kind`` the list calls it (mobile, home), tried in the order of
    ``order``. ``zone``: IANA, when the list knows it better than the number says; ``note``: what is to be known before
    it is called ("after six", "her office"). ``dead``: it is none."""

    number: str
    kind: str = ""
    order: int = 0
    zone: str = ""
    note: str = ""
    attempts: int = 0
    last_at: int = 0
    dead: bool = False


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """An earlier attempt, as limits count it: of a number or lead, whatever the campaign. ``said``: its disposition."""

    at: int
    number: str
    outcome: Outcome
    campaign: str = ""
    lead: str = ""
    said: str = ""


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
    was heard of who answered (:mod:`fsorch.campaign.answer_counts`); ``answers``: what the agent filled in, by the
    names of the disposition's ``asks``."""

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
    answers: dict[str, str] = {}

    @property
    def how(self) -> Outcome:
        """How it ended; lost, as long as nobody knows."""
        return Outcome(self.outcome) if self.outcome else Outcome.LOST


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
