"""What can be proven of a campaign's calls: one record for each, and what they come to under the pack.

The records hold what 16 CFR 310.5(a)(2) asks for, by its letters, and what a regulator elsewhere would ask: what was
checked before the call left, what the called party's clocks showed, how long it rang. Each call is looked at once more
by the pack as it is now; what does not fit is named, for a proof that hides its exceptions is none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, timedelta, tzinfo
from zoneinfo import ZoneInfo

import msgspec

from fsorch.campaign.answer_counts import AnswerCounts, count_answers
from fsorch.campaign.compliance import Compliance
from fsorch.campaign.drops import DropBudget, drop_budget
from fsorch.campaigns import LIVE_OUTCOMES, AttemptRow, CampaignSpec, Mode, Outcome
from fsorch.clock import DAY_US, EPOCH, US
from fsorch.compliance_packs import DropRule
from fsorch.places import Place

__all__ = ["COLUMNS", "Evidence", "Summary", "Window"]

# Each column of a call's record, and what it is evidence of.
COLUMNS = {
    "call": "id of the attempt",
    "telemarketer": "16 CFR 310.5(a)(2)(i): who placed it",
    "seller": "(ii): for whom",
    "purpose": "(iii): the good, service or charitable purpose",
    "audience": "(iv): consumer or business",
    "outbound": "(v): an outbound call",
    "prerecorded": "(vi): whether a recorded message was played",
    "calling_number": "(vii): the number it was made from",
    "called_number": "(vii): the number called",
    "date": "(vii): the date there",
    "time": "(vii): the time there",
    "zone": "whose clocks",
    "at_utc": "(vii): the moment",
    "duration_s": "(vii): from answer to end",
    "disposition": "(vii): how it ended, and what the agent said",
    "script": "(viii): the script",
    "message": "(viii): the recorded message",
    "caller_id": "(ix): the number shown",
    "caller_name": "(ix): the name shown",
    "authorization": "(ix): what lets us show them",
    "transferred_to": "(x): where it was sent on to",
    "campaign": "",
    "list": "",
    "lead": "",
    "agent": "",
    "gateway": "",
    "mode": "how it was dialled",
    "rang_s": "how long it rang",
    "waited_s": "from answer to an agent",
    "cause": "of the switch",
    "pack": "the rules it was held to",
    "checks": "what each of them found before it left",
    "answer": "what was heard of who answered: a person or a machine",
    "irregular": "what does not fit the pack as it is now",
}


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """One period of a ceiling: from ``since`` to before ``until`` (UTC microseconds)."""

    since: int
    until: int
    budget: DropBudget


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """All calls of the report: by ``outcomes`` and ``dispositions``; those that are ``irregular`` by what is wrong; the
    periods of each ceiling; what telling machines from people has come to and cost."""

    calls: int
    outcomes: dict[str, int]
    dispositions: dict[str, int]
    irregular: dict[str, int]
    windows: tuple[Window, ...]
    answers: AnswerCounts = AnswerCounts()


class Evidence:
    """Takes the attempts of a campaign in the order of time, one by one, from ``since`` (UTC microseconds) on, and
    gives a record for each. ``zone``: whose clocks the days of the ceilings' periods follow, so that they begin at the
    same time of day when clocks are changed."""

    def __init__(self, spec: CampaignSpec, rules: Compliance, since: int, zone: tzinfo = UTC) -> None:
        self._spec = spec
        self._rules = rules
        self._since = since
        self._zone = zone
        self._outcomes: Counter[str] = Counter()
        self._dispositions: Counter[str] = Counter()
        self._irregular: Counter[str] = Counter()
        self._answers: Counter[str] = Counter()
        # By rule and the number of the period: live answers, drops.
        self._periods: dict[tuple[str, int], list[int]] = {}

    def record(self, row: AttemptRow, place: Place, spec: CampaignSpec | None = None) -> dict[str, object]:
        """The record of one attempt. ``place``: where its number is, by all that is known now; ``spec``: the campaign
        as it was worded then (None: as it is)."""
        self._outcomes[row.outcome or "under way"] += 1
        self._dispositions[row.disposition] += 1
        self._answers[row.answer] += 1
        self._count_drops(row)
        wrong = list(self._wrong(row, place))
        self._irregular.update(wrong)
        spec = spec or self._spec
        proof = spec.evidence
        zone = place.zones[0] if place.zones else "UTC"
        local = (EPOCH + timedelta(microseconds=row.launched_at)).astimezone(ZoneInfo(zone))
        values: dict[str, object] = {
            "call": row.id,
            "telemarketer": proof.telemarketer,
            "seller": proof.seller,
            "purpose": proof.purpose,
            "audience": proof.audience.value,
            "outbound": "yes",
            "prerecorded": "yes" if row.prompt or row.mode == Mode.AGENTLESS else "no",
            "calling_number": row.caller_id,
            "called_number": row.number,
            "date": f"{local:%Y-%m-%d}",
            "time": f"{local:%H:%M:%S}",
            "zone": zone,
            "at_utc": _iso(row.launched_at),
            "duration_s": _between(row.answered_at, row.ended_at),
            "disposition": " / ".join(word for word in (row.outcome, row.disposition, row.note) if word),
            "script": row.script,
            "message": row.prompt,
            "caller_id": row.caller_id,
            "caller_name": row.caller_name,
            "authorization": proof.caller_id_proof,
            "transferred_to": row.transfer,
            "campaign": spec.id,
            "list": row.list,
            "lead": row.lead,
            "agent": row.agent,
            "gateway": row.gateway,
            "mode": row.mode,
            "rang_s": _between(row.ringing_at or row.launched_at, row.answered_at or row.ended_at),
            "waited_s": _between(row.answered_at, row.bridged_at),
            "cause": row.cause,
            "pack": row.pack,
            "checks": "; ".join(f"{rule}: {found}" for rule, found in sorted(row.checks.items())),
            "answer": row.answer,
            "irregular": "; ".join(wrong),
        }
        return values

    def summary(self) -> Summary:
        """What all that was recorded comes to."""
        return Summary(
            calls=sum(self._outcomes.values()),
            outcomes=dict(sorted(self._outcomes.items())),
            dispositions=dict(sorted((said, count) for said, count in self._dispositions.items() if said)),
            irregular=dict(sorted(self._irregular.items())),
            windows=tuple(self._windows()),
            answers=count_answers(self._answers),
        )

    def _wrong(self, row: AttemptRow, place: Place) -> Iterator[str]:
        if not row.checks:
            yield "no check on record"
        late = self._rules.outside_hours(place, row.launched_at)
        if late:
            yield late
        outcome = row.how
        pack = self._rules.pack
        for ring in pack.ring if pack is not None else ():
            rang = _between(row.ringing_at, row.ended_at)
            unanswered = outcome in (Outcome.NOANSWER, Outcome.CANCELLED) and row.ringing_at > 0
            if unanswered and ring.fits_campaign(self._spec) and rang < ring.least_s:
                yield ring.id
        if pack is not None and any(rule.fits_campaign(self._spec) for rule in pack.caller_ids) and not row.caller_id:
            yield "no number shown"
        if outcome is Outcome.DROP and not row.prompt:
            yield "dropped without a message"
        if outcome is Outcome.LOST and row.ended_at:
            yield "its end was not seen"

    def _count_drops(self, row: AttemptRow) -> None:
        if row.outcome not in LIVE_OUTCOMES:
            return
        for rule in self._rules.drop_rules:
            if row.outcome == Outcome.HUNG_UP and not rule.hang_ups:
                continue
            period = self._period(rule, row.launched_at)
            counts = self._periods.setdefault((rule.id, period), [0, 0])
            counts[0] += 1
            counts[1] += row.outcome == Outcome.DROP

    def _windows(self) -> Iterator[Window]:
        rules: dict[str, DropRule] = {rule.id: rule for rule in self._rules.drop_rules}
        missed = self._spec.amd.false_positives if self._spec.amd is not None else 0.0
        for (id, period), (live, drops) in sorted(self._periods.items()):
            since, until = self._begin(rules[id], period), self._begin(rules[id], period + 1)
            yield Window(since=since, until=until, budget=drop_budget(rules[id], live, drops, missed))

    def _period(self, rule: DropRule, at: int) -> int:
        """The number of the period in which ``at`` lies."""
        # At a change of clocks a period is some hours longer or shorter, so the next may have begun, or this not yet.
        period = (at - self._since) // round(rule.days * DAY_US)
        while self._begin(rule, period + 1) <= at:
            period += 1
        while self._begin(rule, period) > at:
            period -= 1
        return period

    def _begin(self, rule: DropRule, period: int) -> int:
        """When a period begins: at the time of day at which the first does, where it lasts whole days."""
        if not float(rule.days).is_integer():
            return self._since + period * round(rule.days * DAY_US)
        first = (EPOCH + timedelta(microseconds=self._since)).astimezone(self._zone)
        begin = (first.replace(tzinfo=None, fold=0) + timedelta(days=period * rule.days)).replace(tzinfo=self._zone)
        return self._since if not period else (begin.astimezone(UTC) - EPOCH) // timedelta(microseconds=1)


def _between(start: int, end: int) -> float:
    """Seconds from one to the other; 0 where one of them never came."""
    return round((end - start) / US, 3) if start and end else 0.0


def _iso(at: int) -> str:
    return (EPOCH + timedelta(microseconds=at)).isoformat(timespec="milliseconds")
