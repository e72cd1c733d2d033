"""What is decided about a lead: the number that is next, what it is shown, and the words for how a call was."""

from __future__ import annotations

from zlib import crc32

from fsorch.campaigns import CallerIdPool, CampaignSpec, Disposition, Lead, LeadNumber
from fsorch.config import Centre

__all__ = ["choices", "in_turn", "next_number", "shown", "words_of"]


def next_number(lead: Lead) -> LeadNumber | None:
    """The number that is to be dialled next; None when the lead has none that is one."""
    return next(iter(in_turn(lead)), None)


def in_turn(lead: Lead) -> list[LeadNumber]:
    """The numbers that are ones, the next to be dialled first."""
    numbers = lead.numbers
    first = lead.next_number if 0 <= lead.next_number < len(numbers) else 0
    return [one for one in (*numbers[first:], *numbers[:first]) if not one.dead]


def shown(campaign: CampaignSpec, lead: Lead, number: str, chosen: str = "") -> tuple[str, str]:
    """The caller id for ``number``, and the name with it: the one that was ``chosen``, or what this lead has been shown
    before, if that may be shown; else one of the pool with the longest prefix, the same for this lead each time."""
    pools = [(len(prefix), pool) for pool in campaign.pools_of(lead.list) for prefix in _prefixes(pool, number)]
    for wanted in filter(None, (chosen, lead.caller_id)):
        for _, pool in pools:
            if wanted in pool.numbers:
                return wanted, pool.name
    if not pools:
        return "", ""
    pool = max(pools, key=lambda one: one[0])[1]
    return pool.numbers[crc32(lead.id.encode()) % len(pool.numbers)], pool.name


def choices(campaign: CampaignSpec, lead: Lead, number: str) -> tuple[str, ...]:
    """All that may be shown to ``number``, what is shown without a choice first."""
    pools = [pool for pool in campaign.pools_of(lead.list) if _prefixes(pool, number)]
    usual, _ = shown(campaign, lead, number)
    return tuple(dict.fromkeys([*([usual] if usual else []), *(one for pool in pools for one in pool.numbers)]))


def words_of(campaign: CampaignSpec, centre: Centre) -> tuple[Disposition, ...]:
    """What may be said of a call: the campaign's own words, and the centre's that it does not say anew."""
    own = campaign.dispositions
    taken = {one.id for one in own} | {one.key for one in own if one.key}
    others = [one for one in centre.dispositions if one.id not in taken and one.key not in taken]
    return tuple(one for one in (*own, *others) if one.active)


def _prefixes(pool: CallerIdPool, number: str) -> list[str]:
    return [prefix for prefix in pool.prefixes or ("",) if number.startswith(prefix)]
