"""What the law, the lists and the consents say of a call that is about to be placed, in the words of the engine."""

from __future__ import annotations

import msgspec

from fsorch.campaigns import CampaignSpec
from fsorch.engine.inputs import ReadyLead

__all__ = ["Ruling", "rule"]


class Ruling(msgspec.Struct, frozen=True, kw_only=True):
    """``rule`` that forbids the call and its ``source``, ``until`` (UTC microseconds; 0: for good); ``checks``: each
    rule that was looked at, and its answer. ``least_ring_s``: how long it must ring before we may give up;
    ``drop_after_s``: when an agent must be there."""

    allowed: bool = True
    rule: str = ""
    source: str = ""
    until: int = 0
    checks: dict[str, str] = {}
    least_ring_s: float = 0.0
    drop_after_s: float = 10.0


def rule(campaign: CampaignSpec, ready: ReadyLead, number: str, now: int) -> Ruling:
    """Whether ``number`` of this lead may be called at ``now`` (UTC microseconds)."""
    if not number:
        return Ruling(allowed=False, rule="number", source="no number of it can be dialled")
    if number in ready.dnc:
        return Ruling(allowed=False, rule="dnc", source=ready.dnc[number])
    return Ruling(checks={"dnc": "not listed"})
