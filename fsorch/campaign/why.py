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
from fsorch.campaigns import ARMED, CampaignSpec, CampaignState, ConsentRow, Lead, LeadState, Mode, Outcome
from fsorch.clock import EPOCH
from fsorch.compliance_packs import ConsentRule, RegistryRule

__all__ = ["Reason", "Situation", "Skipped", "why"]

# The campaign's hours and the rules' are followed in turn; this often is enough for any two of them to meet.
MOST_TURNS = 40
HELD = {
    LeadState.RESERVED: "it is reserved for a call right now",
    LeadState.DIALLING: "it is being dialled right now",
    LeadState.TALKING: "somebody talks with it right now",
    LeadState.CLOSING: "a call with it has just ended and its outcome is awaited",
}
# What follows what no time by itself puts an end to, and nobody has to mend either.
AFTERWARDS = {
    "held": "it waits for its turn after that",
    "promised": "this campaign will not call it before that",
}
RESET = "its list is reset"
# What puts an end to a rule's no that no time ends.
ONCE = {
    "dnc": "once its number is not on a no-call list any more",
    "number": "once it has another number",
    "pack": "once the campaign has one",
    "place": "once that is known",
    "pack.countries": "by a campaign whose pack is for there",
    "campaign.attempts": f"once more are allowed or {RESET}",
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
    an agent put it off until its time; ``reset_at``: when its list is reset by the clock next (UTC microseconds; 0: it
    is not); ``held``: why the campaign launches nothing at this moment, in the words of the
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
    reset_at: int = 0
    held: str = ""


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """The answer. ``rule``: a word for programs (a compliance rule's id, or such as ``paused``, ``resting``);
    ``sentence``: for people; ``when``: the first moment at which it may be dialled (UTC microseconds; 0: nobody can
    know)."""

    rule: str
    sentence: str
    when: int = 0


class Hindrance(NamedTuple):
    """What is in the way: a word, the words, whether time can mend it, and where it cannot, ``once`` what it would be
    out of the way (a clause that begins with its conjunction)."""

    rule: str
    words: str
    mends: bool
    once: str = ""


def why(situation: Situation) -> Reason:
    """Why the lead is not dialled now, and when it will be."""
    lead = situation.lead
    name = f"lead {lead.id}" + (f" ({lead.name})" if lead.name else "")
    if _is_reset_when_done(situation) and situation.asked is not None:
        # Its tries count anew from then on.
        asked = msgspec.structs.replace(situation.asked, lead=msgspec.structs.replace(lead, attempts=0))
        situation = msgspec.structs.replace(situation, asked=asked)
    reasons = [*_reasons(situation)]
    reason = next(iter(reasons), None)
    when = _first_time(situation) if reason is None or reason.mends else 0
    if reason is not None and not when:
        # What no time mends is why it is not, whatever else is in the way now.
        reason = next((one for one in reasons if not one.mends), reason)
    if reason is None:
        sentence = f"{name} may be dialled now, and waits for {_whom(situation)}"
        return Reason(rule="", sentence=sentence, when=situation.now)
    rule, words = reason.rule, reason.words
    tail = f"it may be from {_shown(when, situation)}" if when else _otherwise(situation, reasons)
    if when and (rule == "after" or situation.state not in ARMED):
        tail = f"once the campaign runs, {tail}"
    tail = AFTERWARDS.get(rule, tail)
    if rule in HELD:
        return Reason(rule=rule, sentence=f"{name} is not dialled now because {words}")
    return Reason(rule=rule, sentence=f"{name} is not dialled now because {words}; {tail}", when=when)


def _otherwise(one: Situation, reasons: list[Hindrance]) -> str:
    """What has to be done for a lead that time alone does not bring: all of it, for one thing does not make good for
    another."""
    said = dict.fromkeys(reason.once for reason in reasons if not reason.mends and reason.once)
    onces = [one for one in said if not any(one != other and one in other for other in said)]
    if len(by_reset := [one for one in onces if one.endswith(RESET)]) > 1:
        # It does for all of them.
        onces = [f"once {RESET}", *(one for one in onces if one not in by_reset)]
    if onces:
        return f"it may be {', and '.join(onces)}"
    ends = one.spec is not None and one.spec.ends_at is not None
    return f"it will not be {'before the campaign ends' if ends else 'while these hours and rules stand'}"


def _reasons(one: Situation) -> Iterator[Hindrance]:
    """What is in the way, the first of it first."""
    lead, spec = one.lead, one.spec
    if lead.state in HELD:
        yield Hindrance(lead.state.value, HELD[lead.state], mends=False)
    if lead.state is LeadState.BARRED:
        yield Hindrance("barred", f"it is barred{_last(lead)}", mends=False, once=_once_barred(lead))
    if lead.state is LeadState.FINISHED:
        again = _is_reset_when_done(one)
        words = f"it is done{_last(lead)}" + (", until its list is reset" if again else "")
        yield Hindrance("finished", words, mends=again, once=_once_finished(lead))
    if spec is None:
        words = f"no campaign dials its list {lead.list!r}"
        yield Hindrance("campaign", words, mends=False, once="once a campaign does")
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
            once="once the filter does",
        )
    if first_number(lead.numbers) is None:
        words = "it has no number that can be dialled"
        yield Hindrance("number", words, mends=False, once="once it has another number")
    verdict = one.rules.check(one.asked) if one.rules is not None and one.asked is not None else None
    yield from _forbidden(one)
    rests = _rests_until(one)
    put_off = verdict is not None and not verdict.allowed and verdict.until >= rests
    if lead.state is not LeadState.FINISHED and rests > one.now and not put_off:
        word = "callback" if lead.state is LeadState.CALLBACK else "resting"
        reset = "its list is reset on " if rests < lead.next_at else ""
        yield Hindrance(word, f"{_resting(one)} until {reset}{_shown(rests, one)}", mends=True)
    if verdict is not None and not verdict.allowed and verdict.until:
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
        words = f"the campaign {spec.id} calls whom its agents dial by hand"
        yield Hindrance("manual", words, mends=False, once="when an agent dials it")
    if one.waits_for:
        yield Hindrance(
            "after", f"the campaign {spec.id} waits for the campaign {one.waits_for} to be finished", mends=True
        )
    opens = _campaign_opens(one, one.now)
    if opens != one.now:
        state = one.hours(one.now) if one.hours is not None else None
        what = state.reason if state is not None and not state.open else "not its time"
        words = f"the campaign {spec.id} does not dial now ({what})"
        yield Hindrance("hours", words, mends=opens > 0, once="once its hours or its end are others")


def _forbidden(one: Situation) -> Iterator[Hindrance]:
    """What of the rules no time mends: the first that says no, and what would say no after that."""
    asked = one.asked
    while one.rules is not None and asked is not None:
        verdict = one.rules.check(asked)
        if verdict.allowed or verdict.until:
            return
        once, then = _once_mended(one.rules, asked, verdict.rule)
        yield Hindrance(verdict.rule, f"{_small(verdict.words)} ({verdict.source})", mends=False, once=once)
        asked = then


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


def _once_mended(rules: Compliance, asked: Asked, rule: str) -> tuple[str, Asked | None]:
    """What would put an end to a no of this ``rule`` that no time ends, and the question as it would be then (None:
    nobody can tell)."""
    if rule == "pack.countries" and not asked.place.countries:
        return "once their country is known", None
    if rule in ONCE:
        return ONCE[rule], msgspec.structs.replace(asked, dnc=()) if rule == "dnc" else None
    number = asked.number.number
    for one in rules.pack.rules() if rules.pack is not None else ():
        match one[1]:
            case ConsentRule(id=id, scopes=scopes) if id == rule:
                given = ConsentRow(id="", number=number, scope="*", given_at=asked.now)
                words = f"once {number} has such a consent on record ({' or '.join(scopes)})"
                return words, msgspec.structs.replace(asked, consents=(*asked.consents, given))
            case RegistryRule(id=id) if id == rule:
                others = tuple(row for row in asked.dnc if row.source != one[1].registry)
                if others == asked.dnc:
                    return "once there is a copy that is young enough", None
                words = f"once {number} has a consent on record (calls), or is not in the register any more"
                return words, msgspec.structs.replace(asked, dnc=others)
    return "", None


def _once_barred(lead: Lead) -> str:
    if first_number(lead.numbers) is None:
        return "once it has another number"
    once = "once its number is not on a no-call list any more"
    return f"once it is promised a call and {once}" if lead.last_outcome == Outcome.LIVE else once


def _once_finished(lead: Lead) -> str:
    reached = lead.disposition or lead.last_outcome == Outcome.LIVE
    return f"once it is promised a call{'' if reached else f' or {RESET}'}"


def _is_reset_when_done(one: Situation) -> bool:
    """Whether a reset by the clock makes it ready again though it is done: its tries were used up in vain."""
    lead = one.lead
    tried = not lead.disposition and lead.last_outcome not in ("", Outcome.LIVE)
    return bool(one.reset_at) and lead.state is LeadState.FINISHED and tried


def _rests_until(one: Situation) -> int:
    """When its rest is over: by its rules, or because its list is reset before; a promise is kept at its time."""
    if _is_reset_when_done(one):
        return one.reset_at
    sooner = one.reset_at and one.lead.state is LeadState.READY
    return min(one.lead.next_at, one.reset_at) if sooner else one.lead.next_at


def _first_time(one: Situation) -> int:
    """When nothing that time can mend is in the way any more."""
    at = max(one.now, _rests_until(one))
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
