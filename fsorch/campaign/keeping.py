"""How long records are kept, by the packs: what may go, what a hold keeps, and what nobody has said of.

A pack's ``keeps`` say how long at least. Where several packs bear on a record the longest counts, and nothing goes that
a rule still has to count: attempts, lock-outs and ceilings look back for some weeks. What no rule speaks of stays.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from fsorch.campaigns import CampaignSpec
from fsorch.compliance_packs import PackSpec

__all__ = ["Hold", "Term", "asked_back", "longest", "looked_back"]


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's order that records stay, whatever their age: those of ``campaign``, those of ``number`` (E.164), or,
    where neither is named, all. ``reason``: the case it is for."""

    id: str
    campaign: str = ""
    number: str = ""
    reason: str = ""
    since: int = 0
    by: str = ""

    def covers(self, campaign: str, number: str) -> bool:
        """Whether a record of this campaign and number stays. A hold on a number keeps what is of that number alone."""
        return (not self.campaign or self.campaign == campaign) and (not self.number or self.number == number)


class Term(msgspec.Struct, frozen=True, kw_only=True):
    """How long something is kept: ``days``, by these ``rules``; no rules: nobody has said, and it stays."""

    days: int = 0
    rules: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.rules)


def longest(what: str, packs: Iterable[PackSpec], at_least: int = 0) -> Term:
    """How long ``what`` (a word of KeepRule) is kept where all these packs bear on it, and ``at_least`` so many
    days."""
    packs = list(packs)
    rules = [rule for pack in packs for rule in pack.keeps if rule.what == what]
    if not rules:
        return Term()
    days = max(rule.days for rule in rules)
    ids = tuple(sorted({rule.id for rule in rules if rule.days == days}))
    return Term(days=max(days, at_least, looked_back(packs)), rules=ids)


def asked_back(campaigns: Iterable[CampaignSpec]) -> int:
    """For how many days the rules of these campaigns themselves look back at earlier calls, of whatever campaign."""
    limits = [limit.days for spec in campaigns for limit in spec.limits]
    spreads = [spec.spread.days for spec in campaigns if spec.spread is not None]
    return int(max([0.0, *limits, *spreads])) + 1


def looked_back(packs: Iterable[PackSpec]) -> int:
    """For how many days the rules of these packs look back at earlier calls."""
    spans = [0.0]
    for pack in packs:
        spans += [rule.days for rule in pack.attempts]
        spans += [rule.days for rule in pack.drops]
        spans += [rule.hours / 24 for rule in pack.lockouts]
    return int(max(spans)) + 1
