"""What may be risked: the drops the target still allows, and the price of one.

Every live answer pays in the target's share of a drop, every drop takes one out. The price is the chance of finding
nobody that a call may be launched with: above the target while there is something in the bank, so that idle time is
bought with it; close to nothing once it is overdrawn. The bank holds a reserve for what is already in the air, and no
more than a few drops above it: a quiet morning buys no bad afternoon. So in whatever stretch of time one counts, drops
stay at the target but for these few.
"""

from __future__ import annotations

import math

__all__ = ["Bank"]


class Bank:
    """The account of one campaign. ``target``: drops over live answers."""

    # Never nothing: a call whose answer is certain to find an agent is always worth it.
    LOWEST_PRICE = 0.004
    HIGHEST_PRICE = 0.25
    # The reserve in drops, and how much the price rises with each drop in the bank above it; for 20 agents (it
    # goes with the root of their number, as the chance swings do).
    RESERVE = 2.0
    SLOPE = 0.03

    __slots__ = ("_saved", "target")

    def __init__(self, target: float) -> None:
        self.target = target
        self._saved = 0.0

    def live(self, agents: int) -> None:
        """A person answered."""
        scale = self.scale(agents)
        most = self.RESERVE * scale + (self.HIGHEST_PRICE - self.target) / self.SLOPE * scale
        self._saved = min(most, self._saved + self.target)

    def drop(self) -> None:
        """An answer had no agent in time."""
        self._saved -= 1.0

    def price(self, agents: int) -> float:
        """The chance of finding nobody that is worth taking now."""
        scale = self.scale(agents)
        over = self._saved / scale - self.RESERVE
        return min(self.HIGHEST_PRICE, max(self.LOWEST_PRICE, self.target + self.SLOPE * over))

    @staticmethod
    def scale(agents: int) -> float:
        """How large the bank is beside that for 20 agents."""
        return max(0.7, math.sqrt(agents / 20.0))
