"""What the law, the lists and the consents say of a call that is about to be placed, in the words of the engine.

Nothing is dialled that has not been asked about here at that moment, whoever wants it: the pacer, an agent who looks at
a lead, or one who types a number.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

import msgspec
from msgspec import structs

from fsorch.campaign.compliance import Asked, Compliance
from fsorch.campaigns import (
    DIALLED_OUTCOMES,
    OPEN_LEADS,
    CampaignSpec,
    DncRow,
    Lead,
    LeadNumber,
    LeadState,
    Mode,
    Outcome,
    Past,
)
from fsorch.clock import US
from fsorch.compliance_packs import PackSpec, pack_named
from fsorch.config import Centre
from fsorch.engine.dialling_leads import in_turn
from fsorch.engine.dialling_state import Dial
from fsorch.engine.inputs import ReadyLead
from fsorch.places import Places

__all__ = ["Checks", "Ruling", "barred", "is_put_off"]


# After so long it is looked at again whether the records say otherwise.
MENDED_US = 7 * 86_400 * 1_000_000
# By then the records have what was dialled, and a number may be called again, whatever the rules.
LATELY_US = 60_000_000
FOR_GOOD = {
    "dnc": LeadState.BARRED,
    "number": LeadState.BARRED,
    "campaign.attempts": LeadState.FINISHED,
}


class Ruling(msgspec.Struct, frozen=True, kw_only=True):
    """The answer. For a no: ``rule`` that forbids the call, its ``source``, what is in the way in ``words``, and
    ``until`` when (UTC microseconds; 0: for good). ``checks``: each rule that was asked, and what it found."""

    allowed: bool = True
    rule: str = ""
    source: str = ""
    words: str = ""
    until: int = 0
    checks: dict[str, str] = {}


class Checks:
    """The rules of every campaign, made once for each wording of it. ``is_called``: whether a call to a number is under
    way, beside the attempt of that id. What has been dialled a moment ago is remembered here, until the records are
    sure to have it: two leads, of two lists, may have the same number."""

    def __init__(self, is_called: Callable[[str, str], bool]) -> None:
        self._is_called = is_called
        # By number, each with when it left by the clock that nobody sets.
        self._lately: dict[str, list[tuple[float, Past]]] = {}
        self._places = Places()
        self._packs: tuple[PackSpec, ...] = ()
        self._known: dict[str, Compliance] = {}
        # Campaigns that may call nobody for the sake of a public register, as the records say, and why.
        self.stale: dict[str, str] = {}

    def configure(self, centre: Centre) -> None:
        """The centre has changed: its packs come before those that fsorch ships."""
        self._packs = centre.packs
        self._known = {}
        for campaign in centre.campaigns:
            self.of(campaign).warm()

    def of(self, campaign: CampaignSpec) -> Compliance:
        """The rules for a campaign."""
        known = self._known.get(campaign.id)
        if known is None or known.spec is not campaign:
            known = self._known[campaign.id] = Compliance(pack_named(campaign.pack, self._packs), campaign)
        return known

    def dialled(self, dial: Dial) -> None:
        """A call has left."""
        past = Past(
            at=dial.launched_at,
            number=dial.number,
            outcome=Outcome.LOST,
            campaign=dial.campaign.id,
            lead=dial.lead.id,
        )
        # The one that was dialled last stands last, and what is old goes from the front.
        old = dial.since - LATELY_US / US
        known = [one for one in self._lately.pop(dial.number, ()) if one[0] >= old]
        self._lately[dial.number] = [*known, (dial.since, past)]
        for number, known in list(islice(self._lately.items(), 2)):
            if known[-1][0] < old:
                del self._lately[number]

    def _history(self, lead: Lead) -> tuple[Past, ...]:
        """What the records have of its numbers, and what they do not have yet."""
        known = {(one.at, one.number) for one in lead.history}
        fresh = [one for number in lead.numbers for _, one in self._lately.get(number.number, ())]
        return (*lead.history, *(one for one in fresh if (one.at, one.number) not in known))

    def judge(
        self, campaign: CampaignSpec, ready: ReadyLead, now: int, number: str = "", *, own: Dial | None = None
    ) -> tuple[str, Ruling]:
        """The number of this lead that may be called at ``now`` (this one, where one is named); else the one that is
        next, and what forbids it. Where it is forbidden for good the lead's other numbers have their turn; what a
        little time mends is waited for. ``own``: the attempt that it is asked for, if it has begun already."""
        if number:
            return number, self.rule(campaign, ready, number, now, own=own)
        told: tuple[str, Ruling] | None = None
        for one in in_turn(ready.lead):
            ruling = self.rule(campaign, ready, one.number, now)
            if ruling.allowed or ruling.until:
                return one.number, ruling
            if told is None or (told[1].rule in FOR_GOOD and ruling.rule not in FOR_GOOD):
                told = one.number, ruling
        return told or ("", self.rule(campaign, ready, "", now))

    def clock_of(self, lead: Lead, number: str) -> str:
        """The zone (IANA) by whose clock a time is agreed with a lead at this number; empty: nobody knows."""
        return self._places.clock_of(lead, _number_of(lead, number))

    def astray(self, lead: Lead, number: str) -> str:
        """In words, that this number and what the list says place the lead under different clocks; empty: they do
        not."""
        return self._places.astray(lead, _number_of(lead, number))

    def rule(
        self, campaign: CampaignSpec, ready: ReadyLead, number: str, now: int, *, own: Dial | None = None
    ) -> Ruling:
        """Whether ``number`` of this lead may be called at ``now`` (UTC microseconds) by the attempt ``own``, which
        does not count against itself."""
        lead = ready.lead
        known = _number_of(lead, number)
        if not number:
            return Ruling(allowed=False, rule="number", source="the list", words="no number of it can be dialled")
        if self._is_called(number, own.id if own is not None else ""):
            words = "this number is being called at this moment"
            return Ruling(allowed=False, rule="number.called", source="the engine", words=words, until=now + LATELY_US)
        if words := self.stale.get(campaign.id, ""):
            return Ruling(allowed=False, rule="register", source="the records", words=words, until=now + LATELY_US)
        history = tuple(one for one in self._history(lead) if not _is_own(one, own))
        if ends := _rests(campaign, history, number, now):
            words = "this number was called less than a minute ago"
            return Ruling(allowed=False, rule="number.called", source="the engine", words=words, until=ends)
        asked = Asked(
            lead=lead,
            number=known,
            now=now,
            place=self._places.of(lead, known),
            history=history,
            consents=ready.consents,
            dnc=_listed(ready, number),
        )
        verdict = self.of(campaign).check(asked)
        return Ruling(
            allowed=verdict.allowed,
            rule=verdict.rule,
            source=verdict.source,
            words=verdict.words,
            until=verdict.until,
            checks=verdict.passed,
        )


def barred(lead: Lead, ruling: Ruling, now: int) -> Lead:
    """What becomes of a lead that may not be called at ``now`` (UTC microseconds): it waits until it may; it is done,
    or barred for good, by what no time mends; by what the records may mend (a consent that comes, a pack for another
    country) it waits for :data:`MENDED_US`, for other campaigns have it in their lists too."""
    state = lead.state if lead.state in OPEN_LEADS else LeadState.READY
    if ruling.until:
        return structs.replace(lead, state=state, next_at=ruling.until)
    if ruling.rule in FOR_GOOD:
        return structs.replace(lead, state=FOR_GOOD[ruling.rule], next_at=0)
    return structs.replace(lead, state=state, next_at=now + MENDED_US)


def is_put_off(ruling: Ruling) -> bool:
    """Whether a no is one that neither time mends nor nothing, but the records may: those say when they have."""
    return not ruling.until and ruling.rule not in FOR_GOOD


def _rests(campaign: CampaignSpec, history: tuple[Past, ...], number: str, now: int) -> int:
    """Until when ``number`` is left alone after a call to it, whoever made that (UTC microseconds; 0: it is not): two
    leads may have the same. Who dials by hand knows whom they want."""
    if campaign.mode is Mode.MANUAL:
        return 0
    rang = (one.at for one in history if one.number == number and one.outcome in DIALLED_OUTCOMES and one.at <= now)
    ends = max(rang, default=-LATELY_US) + LATELY_US
    return ends if now < ends else 0


def _is_own(past: Past, own: Dial | None) -> bool:
    return own is not None and (past.at, past.number) == (own.launched_at, own.number)


def _listed(ready: ReadyLead, number: str) -> tuple[DncRow, ...]:
    """The lists that ``number`` stands on, as the records told of it."""
    first = (ready.dnc[number],) if number in ready.dnc else ()
    sources = dict.fromkeys((*first, *ready.registers.get(number, ())))
    end = ready.ends.get(number, 0)
    return tuple(DncRow(number=number, source=one, until=end if one in first else 0) for one in sources)


def _number_of(lead: Lead, number: str) -> LeadNumber:
    """What the list says of a number of ``lead``; of one that it does not hold, nothing."""
    return next((one for one in lead.numbers if one.number == number), LeadNumber(number=number))
