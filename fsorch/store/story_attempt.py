"""What became of one dial and why it was made: of those too who never became a contact, for the line was busy, nobody
picked up, or the switch refused."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from fsorch.campaigns import AttemptRow, CampaignSpec, Lead, Mode, OrderBy
from fsorch.clock import US
from fsorch.engine.facts import Fact
from fsorch.engine.rows import ContactRow
from fsorch.store.queries import ContactDetail
from fsorch.store.story import Line, tell_story
from fsorch.store.story_dialled import long_span

__all__ = ["AttemptDetail", "tell_attempt", "tell_choice"]

# How a call chose whom it called, where neither a person nor a promise did.
WAYS = {
    Mode.PREVIEW: "an agent looked at it first and called it",
    Mode.PROGRESSIVE: "an agent was free",
    Mode.POWER: "the campaign dials so many lines for each free agent",
    Mode.PREDICTIVE: "the pacer expected an agent to be free by the answer",
    Mode.AGENTLESS: "the campaign plays what it has to say by itself",
}


class AttemptDetail(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt with all that bears on it. ``lead``: as it is now (None: it is in no list any more); ``before``: the
    attempt at this lead before it, and ``nth`` which one it was; ``spec``: the campaign's wording at that time;
    ``facts``: those of the journal, in order."""

    attempt: AttemptRow
    lead: Lead | None = None
    before: AttemptRow | None = None
    nth: int = 1
    spec: CampaignSpec | None = None
    facts: tuple[Fact, ...] = ()


def tell_attempt(detail: AttemptDetail) -> list[Line]:
    """The whole story: why this lead and number, how it was dialled, what the rules found, what came of it."""
    row = detail.attempt
    contact = ContactRow(
        id=row.id,
        direction="outbound",
        switch=row.switch,
        number=row.number,
        name=detail.lead.name if detail.lead is not None else "",
        outcome="",
        began_at=row.launched_at,
        ended_at=row.ended_at,
    )
    told = tell_story(ContactDetail(contact=contact, segments=(), legs=(), facts=detail.facts))
    if not detail.facts:
        told = [Line(at=row.ended_at or row.launched_at, kind="attempt_ended", text=_bare_end(row))]
    return [*tell_choice(detail), *_with_rings(told, row)]


def tell_choice(detail: AttemptDetail) -> list[Line]:
    """Why this lead was called at that moment, and what each rule found that was asked."""
    row = detail.attempt
    texts = [_chosen(detail), _number(detail)]
    pack = f"the pack {row.pack}" if row.pack else "no pack"
    texts += [f"checked by {pack}: {rule}: {found}" for rule, found in row.checks.items()]
    return [Line(at=row.launched_at, kind="attempt_chosen", text=text) for text in texts if text]


def _chosen(detail: AttemptDetail) -> str:
    row, spec = detail.attempt, detail.spec
    mode = next((one for one in Mode if one.value == row.mode), None)
    if mode is Mode.MANUAL or not row.lead:
        return f"{row.agent or 'somebody'} asked for this number by hand"
    name = f"lead {row.lead}" + (f" ({detail.lead.name})" if detail.lead is not None and detail.lead.name else "")
    if any(fact.data.get("owed") for fact in detail.facts):
        why = "a call had been promised"
    else:
        order = ", ".join(_key(one.by, one.field, down=one.down) for one in spec.order) if spec is not None else ""
        why = f"it was next of the list {row.list}{f', by {order}' if order else ''}"
    way = WAYS.get(mode, "") if mode is not None else ""
    before = detail.before
    since = f", {long_span(row.launched_at - before.launched_at)} after {_ended(before)}" if before is not None else ""
    return f"{name} is called, its attempt {detail.nth}{since}: {why}{f'; {way}' if way else ''}"


def _key(by: OrderBy, field: str, *, down: bool) -> str:
    return f"{field or by.value}{' downwards' if down else ''}"


def _number(detail: AttemptDetail) -> str:
    """Which of several numbers it was."""
    numbers = detail.lead.numbers if detail.lead is not None else ()
    at = next((n for n, one in enumerate(numbers) if one.number == detail.attempt.number), None)
    if at is None or len(numbers) < 2:
        return ""
    kind = f", {numbers[at].kind}" if numbers[at].kind else ""
    return f"of its {len(numbers)} numbers it is number {at + 1}: {numbers[at].number}{kind}"


def _with_rings(told: list[Line], row: AttemptRow) -> Iterator[Line]:
    """What the switch said of the far end, in its place between the other lines."""
    heard = [
        (row.ringing_at, f"it rings, {_seconds(row.ringing_at - row.launched_at)} after it was dialled"),
        (row.answered_at, f"it is answered, after {_seconds(row.answered_at - row.launched_at)}"),
    ]
    lines = [Line(at=at, kind="attempt_heard", text=text) for at, text in heard if at]
    # Sorting is stable: of one moment, what the engine said comes first.
    yield from sorted([*told, *lines], key=lambda line: line.at)


def _bare_end(row: AttemptRow) -> str:
    """Where the journal has been purged, or its facts have not come yet."""
    cause = f" ({row.cause})" if row.cause else ""
    by = f" over {row.gateway}" if row.gateway else ""
    return f"{row.number} was called{by}: {row.outcome.replace('_', ' ') or 'it has not ended'}{cause}"


def _ended(row: AttemptRow) -> str:
    return (row.disposition or row.outcome or "one that has no end").replace("_", " ")


def _seconds(us: int) -> str:
    return f"{us / US:.1f} s"
