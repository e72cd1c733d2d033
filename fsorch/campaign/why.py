"""Why a lead is not dialled now, and when it will be: one sentence for whoever asks.

The reasons are asked in the order in which they would be met: what the lead is, what its campaign does, when its turn
is, what the rules say. The time is the first at which none of them is in the way, as far as anybody can know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from fsorch.calendars import OpenState
from fsorch.campaign.compliance import Asked, Compliance
from fsorch.campaign.retry import first_number
from fsorch.campaigns import ARMED, CampaignSpec, CampaignState, Lead, LeadState, Mode, Outcome
from fsorch.clock import EPOCH

__all__ = ["Reason", "Situation", "Skipped", "why"]

# The campaign's hours and the rules' are followed in turn; this often is enough for any two of them to meet.
MOST_TURNS = 40
HELD = {
    LeadState.RESERVED: "it is reserved for a call right now",
    LeadState.DIALLING: "it is being dialled right now",
    LeadState.TALKING: "somebody talks with it right now",
    LeadState.CLOSING: "a call with it has just ended and its outcome is awaited",
}
# What follows what no time by itself puts an end to, and is not for good either.
AFTERWARDS = {
    "held": "it waits for its turn after that",
    "manual": "it will be when an agent dials it",
    "promised": "this campaign will not call it before that",
}


class Skipped(msgspec.Struct, frozen=True, kw_only=True):
    """An ``agent`` had the lead in front of them and put it off, ``at`` that moment (UTC microseconds), for a
    ``reason``; ``by``: who asked for it, where that was not the agent."""

    agent: str
    at: int
    reason: str = ""
    by: str = ""


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """All that bears on it. ``spec`` None: no campaign dials its list; ``state`` with ``who`` and ``words``: the
    campaign's, and why it is so; ``prepared``: whether its leads are in order; ``waits_for``: the campaign that has to
    be finished before it; ``fits``: whether its filter lets the lead through; ``hours``: the campaign's calendar at a
    moment; ``rules`` with the question ``asked`` of them (None: the lead has no number to ask about); ``skipped``: that
    an agent put it off until its time; ``held``: why the campaign launches nothing at this moment, in the words of the
    fsorch that runs it."""

    lead: Lead
    now: int
    spec: CampaignSpec | None = None
    state: CampaignState = CampaignState.DRAFT
    who: str = ""
    words: str = ""
    prepared: bool = True
    waits_for: str = ""
    fits: bool = True
    hours: Callable[[int], OpenState] | None = None
    rules: Compliance | None = None
    asked: Asked | None = None
    skipped: Skipped | None = None
    held: str = ""


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """The answer. ``rule``: a word for programs (a compliance rule's id, or such as ``paused``, ``resting``);
    ``sentence``: for people; ``when``: the first moment at which it may be dialled (UTC microseconds; 0: nobody can
    know)."""

    rule: str
    sentence: str
    when: int = 0


class Hindrance(NamedTuple):
    """What is in the way: a word, the words, and whether time can mend it."""

    rule: str
    words: str
    mends: bool


def why(situation: Situation) -> Reason:
    """Why the lead is not dialled now, and when it will be."""
    lead = situation.lead
    name = f"lead {lead.id}" + (f" ({lead.name})" if lead.name else "")
    reasons = [*_reasons(situation)]
    reason = next(iter(reasons), None)
    when = _first_time(situation) if reason is None or reason.mends else 0
    if reason is not None and not when:
        # What no time mends is why it will not be, whatever else is in the way now.
        reason = next((one for one in reasons if not one.mends), reason)
    if reason is None:
        sentence = f"{name} may be dialled now, and waits for {_whom(situation)}"
        return Reason(rule="", sentence=sentence, when=situation.now)
    rule, words = reason.rule, reason.words
    tail = "it will not be" if not when else f"it may be from {_shown(when, situation)}"
    if when and rule in ("draft", "paused", "draining", "finished", "after"):
        tail = f"once the campaign runs, it may be from {_shown(when, situation)}"
    tail = AFTERWARDS.get(rule, tail)
    if rule in HELD:
        return Reason(rule=rule, sentence=f"{name} is not dialled now because {words}")
    return Reason(rule=rule, sentence=f"{name} is not dialled now because {words}; {tail}", when=when)


def _reasons(one: Situation) -> Iterator[Hindrance]:
    """What is in the way, the first of it first."""
    lead, spec = one.lead, one.spec
    if lead.state in HELD:
        yield Hindrance(lead.state.value, HELD[lead.state], mends=False)
    if lead.state is LeadState.BARRED:
        yield Hindrance("barred", f"it is barred{_last(lead)}", mends=False)
    if lead.state is LeadState.FINISHED:
        yield Hindrance("finished", f"it is done{_last(lead)}", mends=False)
    if spec is None:
        yield Hindrance("campaign", f"no campaign dials its list {lead.list!r}", mends=False)
        return
    yield from _of_campaign(one, spec)
    owed = lead.state is LeadState.CALLBACK
    if owed and lead.campaign not in ("", spec.id):
        yield Hindrance(
            "promised", f"the call it was promised is for the campaign {lead.campaign} to make", mends=False
        )
    # A promise is kept whatever the filter says.
    if not one.fits and not owed:
        yield Hindrance(
            "filter",
            f"the filter of the campaign {spec.id} does not let it through ({spec.filter_of(lead.list)})",
            mends=False,
        )
    if first_number(lead.numbers) is None:
        yield Hindrance("number", "it has no number that can be dialled", mends=False)
    verdict = one.rules.check(one.asked) if one.rules is not None and one.asked is not None else None
    if verdict is not None and not verdict.allowed and not verdict.until:
        yield Hindrance(verdict.rule, f"{_small(verdict.words)} ({verdict.source})", mends=False)
    put_off = verdict is not None and not verdict.allowed and verdict.until >= lead.next_at
    if lead.next_at > one.now and not put_off:
        word = "callback" if lead.state is LeadState.CALLBACK else "resting"
        yield Hindrance(word, f"{_resting(one)} until {_shown(lead.next_at, one)}", mends=True)
    if verdict is not None and not verdict.allowed:
        yield Hindrance(verdict.rule, f"{_small(verdict.words)} ({verdict.source})", mends=True)
    if not one.prepared:
        yield Hindrance("preparing", f"the leads of the campaign {spec.id} have still to be put in order", mends=True)
    if one.held and one.state in ARMED:
        yield Hindrance("held", f"the campaign {spec.id} calls nobody at this moment ({one.held})", mends=True)


def _of_campaign(one: Situation, spec: CampaignSpec) -> Iterator[Hindrance]:
    by = f" by {one.who}" if one.who else ""
    because = f": {one.words}" if one.words else ""
    match one.state:
        case CampaignState.DRAFT:
            yield Hindrance("draft", f"the campaign {spec.id} has not been started", mends=True)
        case CampaignState.PAUSED:
            yield Hindrance("paused", f"the campaign {spec.id} is paused{by}{because}", mends=True)
        case CampaignState.DRAINING | CampaignState.FINISHED:
            yield Hindrance(one.state.value, f"the campaign {spec.id} is {one.state.value}{because}", mends=True)
    if spec.mode is Mode.MANUAL:
        yield Hindrance("manual", f"the campaign {spec.id} calls whom its agents dial by hand", mends=False)
    if one.waits_for:
        yield Hindrance(
            "after", f"the campaign {spec.id} waits for the campaign {one.waits_for} to be finished", mends=True
        )
    opens = _campaign_opens(one, one.now)
    if opens != one.now:
        state = one.hours(one.now) if one.hours is not None else None
        what = state.reason if state is not None and not state.open else "not its time"
        yield Hindrance("hours", f"the campaign {spec.id} does not dial now ({what})", mends=opens > 0)


def _campaign_opens(one: Situation, at: int) -> int:
    """The first moment from ``at`` on at which the campaign dials by its own times; 0: never again."""
    spec = one.spec
    if spec is None:
        return 0
    if spec.starts_at is not None:
        at = max(at, _micros(spec.starts_at))
    if one.hours is not None:
        state = one.hours(at)
        if not state.open:
            at = state.opens_at_us or 0
    return 0 if spec.ends_at is not None and at >= _micros(spec.ends_at) else at


def _first_time(one: Situation) -> int:
    """When nothing that time can mend is in the way any more."""
    at = max(one.now, one.lead.next_at)
    for _ in range(MOST_TURNS):
        opens = _campaign_opens(one, at)
        if not opens:
            return 0
        allowed = opens
        if one.rules is not None and one.asked is not None:
            allowed = one.rules.first_time(msgspec.structs.replace(one.asked, now=opens))
        if not allowed or allowed == opens:
            return allowed
        at = allowed
    return 0


def _whom(one: Situation) -> str:
    """What a lead that may be dialled waits for: its turn, or an agent who alone may have it."""
    lead, spec = one.lead, one.spec
    if lead.callback_agent and spec is not None:
        wait_us = round(spec.callbacks.own_wait_s * 1_000_000)
        if not wait_us or one.now < lead.next_at + wait_us:
            return f"{lead.callback_agent}, who promised the call"
    elif lead.owner and spec is not None and spec.owner_only:
        return f"{lead.owner}, who alone may call it"
    return "its turn"


def _last(lead: Lead) -> str:
    """How it came to that, as far as the lead knows."""
    said = lead.disposition or lead.last_outcome
    count = f"{lead.attempts} attempt{'' if lead.attempts == 1 else 's'}"
    return f" ({said.replace('_', ' ')} after {count})" if said else ""


def _resting(one: Situation) -> str:
    lead, skipped = one.lead, one.skipped
    if skipped is not None:
        by = f" (by {skipped.by})" if skipped.by not in ("", skipped.agent) else ""
        reason = f": {skipped.reason}" if skipped.reason else ""
        return f"{skipped.agent} skipped it{by} on {_shown(skipped.at, one)}{reason}, and it rests"
    if lead.state is LeadState.CALLBACK:
        whom = f" by {lead.callback_agent}" if lead.callback_agent else ""
        return f"it was promised a call{whom} and waits"
    if not lead.disposition and lead.last_outcome == Outcome.CANCELLED:
        return "its last call was called off before anybody answered, and it rests"
    said = (lead.disposition or lead.last_outcome).replace("_", " ")
    return f"it rests after {said}" if said else "it rests"


def _small(words: str) -> str:
    """A rule's sentence within another."""
    return words[:1].lower() + words[1:]


def _shown(at: int, one: Situation) -> str:
    zones = one.asked.place.zones if one.asked is not None else ()
    zone = zones[0] if zones else "UTC"
    return f"{(EPOCH + timedelta(microseconds=at)).astimezone(ZoneInfo(zone)):%a %Y-%m-%d %H:%M} {zone}"


def _micros(moment: datetime) -> int:
    return (moment.astimezone(UTC) - EPOCH) // timedelta(microseconds=1)
