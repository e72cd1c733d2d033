"""What becomes of a lead after an attempt: again, by promise, never, or done; when, and by which number.

Theory: a disposition comes before the outcome, for it was a person's word. Otherwise the rule of the outcome counts, as
long as it has attempts left and the lead has; a number that is none is left out from then on. What the law allows is
not asked here: the check does that at the moment of dialling, and says when it would be allowed.
"""

from __future__ import annotations

import msgspec

from fsorch.campaigns import (
    LEAST_REST_S,
    AttemptRow,
    CampaignSpec,
    Disposition,
    Lead,
    LeadNumber,
    LeadState,
    Outcome,
    Then,
)
from fsorch.clock import US

__all__ = ["Next", "after", "first_number", "spoken", "unspent", "with_attempt"]

# Whose phone has rung in vain because we took the call back is not called again in the next minute.
RANG_S = 900.0


class Next(msgspec.Struct, frozen=True, kw_only=True):
    """What follows. ``state``: ready, callback, finished or barred; ``next_at`` (UTC microseconds) and ``next_number``
    (the place in the lead's numbers) when it is dialled again; ``why``: a phrase for people."""

    state: LeadState
    next_at: int = 0
    next_number: int = 0
    callback_agent: str = ""
    why: str


def after(
    spec: CampaignSpec,
    lead: Lead,
    attempt: AttemptRow,
    disposition: Disposition | None,
    *,
    owed: bool = False,
    promised_at: int = 0,
    promised_agent: str = "",
) -> Next:
    """What follows ``attempt``. ``lead``: as it is with the attempt in it (see `with_attempt`). ``owed``: it was a call
    that had been promised. ``promised_at`` (UTC microseconds): when another was promised, by a disposition that leads
    to one or a key that was pressed."""
    if disposition is not None and disposition.then is not Then.RETRY:
        return _by_word(spec, lead, attempt, disposition, promised_at, promised_agent)
    if promised_at:
        return Next(
            state=LeadState.CALLBACK,
            next_at=promised_at,
            next_number=lead.next_number,
            callback_agent=promised_agent,
            why="a call was promised",
        )
    outcome = attempt.how
    if owed and outcome is not Outcome.LIVE:
        return _missed_promise(spec, lead, attempt, outcome)
    if disposition is not None:
        # What agents said of earlier calls is in the history; this call is not.
        said = 1 + sum(one.said == disposition.id and one.lead == lead.id for one in lead.history)
        name = disposition.title or disposition.id
        if 0 < disposition.attempts < said:
            return Next(
                state=LeadState.FINISHED, why=f"{name} as often as it is dialled for that ({disposition.attempts})"
            )
        return _again(spec, lead, attempt, disposition.after_s or _usual_s(spec), name)
    return _by_rule(spec, lead, attempt, outcome)


def unspent(lead: Lead, at: int, *, owed: bool = False) -> Next:
    """What follows an attempt that failed for want of a gateway: the same again at ``at`` (UTC microseconds), and it
    counts for nothing. What is wrong with our lines must not use up a lead."""
    return Next(
        state=LeadState.CALLBACK if owed else LeadState.READY,
        next_at=at,
        next_number=lead.next_number,
        callback_agent=lead.callback_agent,
        why="the gateway failed, which counts for no attempt",
    )


def _by_word(
    spec: CampaignSpec, lead: Lead, attempt: AttemptRow, said: Disposition, promised_at: int, agent: str
) -> Next:
    name = said.title or said.id
    match said.then:
        case Then.DNC:
            return Next(state=LeadState.BARRED, why=f"{name}: not to be called")
        case Then.CALLBACK:
            # Without a time the promise is as good as the usual rest: somebody said "later".
            at = promised_at or attempt.ended_at + round(_usual_s(spec) * US)
            return Next(
                state=LeadState.CALLBACK,
                next_at=at,
                next_number=lead.next_number,
                callback_agent=agent,
                why=f"{name}: a call was promised",
            )
        case _:
            return Next(state=LeadState.FINISHED, why=f"{name}: done")


def _usual_s(spec: CampaignSpec) -> float:
    """The rest after a talk whose disposition gives none: that of no answer."""
    rule = spec.retry(Outcome.NOANSWER)
    return rule.after_s if rule is not None else 3600.0


def _missed_promise(spec: CampaignSpec, lead: Lead, attempt: AttemptRow, outcome: Outcome) -> Next:
    """A promised call that did not reach them is tried again soon, and then by the rules."""
    if lead.tried.get(outcome, 0) <= spec.callbacks.tries and outcome is not Outcome.INVALID:
        return Next(
            state=LeadState.CALLBACK,
            next_at=attempt.ended_at + round(max(spec.callbacks.retry_s, LEAST_REST_S) * US),
            next_number=lead.next_number,
            callback_agent=lead.callback_agent,
            why=f"a promised call that ended {spoken(outcome)}",
        )
    return _by_rule(spec, lead, attempt, outcome)


def _by_rule(spec: CampaignSpec, lead: Lead, attempt: AttemptRow, outcome: Outcome) -> Next:
    rule = spec.retry(outcome)
    if rule is None:
        return Next(state=LeadState.FINISHED, why="it was reached")
    left = [n for n, number in enumerate(lead.numbers) if not number.dead]
    if not left:
        return Next(state=LeadState.BARRED, why="no number of it can be dialled")
    if rule.next_number:
        untried = _untried(lead, attempt.number)
        if untried is not None and lead.attempts < spec.attempts_max:
            return Next(
                state=LeadState.READY,
                next_at=attempt.ended_at,
                next_number=untried,
                why=f"{spoken(outcome)} at one number, the next is tried",
            )
    if lead.tried.get(outcome, 0) > rule.attempts or not rule.attempts:
        return Next(state=LeadState.FINISHED, why=f"{spoken(outcome)} as often as the rule allows ({rule.attempts})")
    after_s = rule.after_s
    if outcome is Outcome.CANCELLED and attempt.ringing_at and outcome not in spec.retries:
        after_s = max(after_s, RANG_S)
    return _again(spec, lead, attempt, after_s, spoken(outcome), turn=rule.next_number)


def _again(
    spec: CampaignSpec, lead: Lead, attempt: AttemptRow, after_s: float, why: str, *, turn: bool = False
) -> Next:
    if lead.attempts >= spec.attempts_max:
        return Next(state=LeadState.FINISHED, why=f"dialled {lead.attempts} times, which is the most")
    here = _place(lead, attempt.number)
    place = first_number(lead.numbers, here + 1 if turn else here)
    if place is None:
        return Next(state=LeadState.BARRED, why="no number of it can be dialled")
    # A number that has just been tried is never tried again in the same breath.
    wait_s = max(after_s, LEAST_REST_S)
    return Next(state=LeadState.READY, next_at=attempt.ended_at + round(wait_s * US), next_number=place, why=why)


def first_number(numbers: tuple[LeadNumber, ...], start: int = 0) -> int | None:
    """The first place from ``start`` on, round the end, whose number can be dialled."""
    for n in range(len(numbers)):
        place = (start + n) % len(numbers)
        if not numbers[place].dead:
            return place
    return None


def _untried(lead: Lead, number: str) -> int | None:
    """The next number that has been dialled fewer times than this one: the round is not over before all had a turn."""
    here = _place(lead, number)
    most = lead.numbers[here].attempts if lead.numbers else 0
    for n in range(1, len(lead.numbers)):
        place = (here + n) % len(lead.numbers)
        other = lead.numbers[place]
        if not other.dead and other.attempts < most:
            return place
    return None


def _place(lead: Lead, number: str) -> int:
    return next((n for n, one in enumerate(lead.numbers) if one.number == number), 0)


def with_attempt(lead: Lead, attempt: AttemptRow) -> Lead:
    """The lead with this attempt counted: in all, by outcome and at its number, which is dead when it is none."""
    outcome = attempt.how
    numbers = tuple(
        msgspec.structs.replace(
            one,
            attempts=one.attempts + 1,
            last_at=attempt.launched_at,
            dead=one.dead or outcome in (Outcome.INVALID, Outcome.FAX),
        )
        if one.number == attempt.number
        else one
        for one in lead.numbers
    )
    return msgspec.structs.replace(
        lead,
        numbers=numbers,
        attempts=lead.attempts + 1,
        tried=lead.tried | {outcome: lead.tried.get(outcome, 0) + 1},
        last_at=attempt.launched_at,
        last_outcome=outcome.value,
        caller_id=attempt.caller_id or lead.caller_id,
    )


def spoken(outcome: Outcome) -> str:
    """An outcome as people say it: ``no answer``."""
    words = {
        Outcome.NOANSWER: "no answer",
        Outcome.HUNG_UP: "hung up at once",
        Outcome.INVALID: "no such number",
        Outcome.MACHINE: "a machine",
        Outcome.FAX: "a fax",
        Outcome.DROP: "no agent in time",
        Outcome.CANCELLED: "taken back",
        Outcome.LOST: "lost from sight",
    }
    return words.get(outcome, outcome.value)
