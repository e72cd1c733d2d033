"""How near a campaign is to the ceiling of its drops: the share over the rule's window, and how sure that is.

Theory: a law counts drops over live answers in a window and knows no confidence; whoever wants to stay below it must,
for after ten answers one drop is ten per cent and means nothing. So beside the plain share stands the upper bound that
the true rate is below with 95 % confidence (Wilson's score interval, one-sided), and the budget: how many more drops
the window holds before the plain share is over. Where the rule counts people who were taken for machines, the share of
people that detection misses, as the centre has measured it, is added to both sides: nobody counted them.
"""

from __future__ import annotations

import math

import msgspec

from fsorch.compliance_packs import DropRule

__all__ = ["DropBudget", "drop_budget", "upper_bound"]

# One-sided 95 %.
Z = 1.6448536269514722


class DropBudget(msgspec.Struct, frozen=True, kw_only=True):
    """Of the window of a rule: ``live`` answers and ``drops``, with ``missed`` people taken for machines in both where
    the rule counts them; the ``share``, its upper ``bound``, the ``ceiling``; how many more drops are ``left`` before
    the share is over it (below 0: so many too many)."""

    rule: str
    source: str
    days: float
    ceiling: float
    live: float
    drops: float
    missed: float
    share: float
    bound: float
    left: int

    @property
    def is_over(self) -> bool:
        """Whether the ceiling is broken."""
        return self.share > self.ceiling

    @property
    def words(self) -> str:
        """For people."""
        counted = f"{self.drops:g} of {self.live:g} live answers in {self.days:g} days"
        missed = f", {self.missed:.1f} of them taken for machines" if self.missed else ""
        state = "over the ceiling" if self.is_over else f"{self.left} left"
        known = f"below {self.bound:.2%} at 95 %; ceiling {self.ceiling:.2%}"
        return f"{self.share:.2%} dropped ({counted}{missed}; {known}): {state}"


def drop_budget(rule: DropRule, live: int, drops: int, false_positives: float = 0.0) -> DropBudget:
    """The budget after ``live`` answers in the window of ``rule``, ``drops`` of them. ``false_positives``: the share
    of people that are taken for machines (ValueError for one that is not below 1)."""
    if not 0 <= false_positives < 1:
        raise ValueError(f"a share of people is from 0 to below 1, not {false_positives}")
    missed = live * false_positives / (1 - false_positives) if rule.false_positives else 0.0
    answered, dropped = live + missed, drops + missed
    return DropBudget(
        rule=rule.id,
        source=rule.source,
        days=rule.days,
        ceiling=rule.ceiling,
        live=round(answered, 3),
        drops=round(dropped, 3),
        missed=round(missed, 3),
        share=dropped / answered if answered else 0.0,
        bound=upper_bound(dropped, answered),
        # Each further drop is a live answer more, too.
        left=math.floor((rule.ceiling * answered - dropped) / (1 - rule.ceiling) + 1e-9) if rule.ceiling < 1 else 0,
    )


def upper_bound(hits: float, tries: float) -> float:
    """The rate that the true one is below with 95 % confidence, after ``hits`` in ``tries``; 1 when nothing was
    tried."""
    if tries <= 0:
        return 1.0
    rate = hits / tries
    middle = rate + Z * Z / (2 * tries)
    spread = Z * math.sqrt(rate * (1 - rate) / tries + Z * Z / (4 * tries * tries))
    return min(1.0, (middle + spread) / (1 + Z * Z / tries))
