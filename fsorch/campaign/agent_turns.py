"""Whose turn it is to have an agent whom several campaigns want.

Theory: a share of the agents by weight is seldom a whole number. One agent for two campaigns is half an agent each, and
so one of them had nobody for ever. What each has had is therefore reckoned in agent seconds: every second an agent is
worth a second, of which each campaign that could use them is owed its part by weight, and the one that has them is paid
the whole. Who is owed a good deal more than another gets an agent of it; then the other is owed more by and by. What
is owed is bounded, so that a campaign which nobody could serve for an hour does not get everybody for the next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

__all__ = ["Turns"]


class Turns:
    """What each campaign is owed, in agent seconds (below 0: it has had more than its part)."""

    # Between two campaigns that share one agent evenly, each turn lasts twice as long. Shorter turns would cost talk
    # time: what rings for the one is over before the other dials.
    TURN = 60.0
    # Longer since the last reckoning is a machine that slept.
    LONGEST_S = 10.0

    def __init__(self) -> None:
        self.owed: dict[str, float] = {}
        self._at: float | None = None

    def reckon(self, now: float, agents: Iterable[tuple[str, Mapping[str, float]]]) -> None:
        """Time has come to ``now`` (seconds). ``agents``: for each the campaign that has them, and by weight all that
        could use them. A campaign that could use none is owed nothing."""
        passed = min(self.LONGEST_S, max(0.0, now - self._at)) if self._at is not None else 0.0
        self._at = now
        owed: dict[str, float] = {}
        for home, wanted in agents:
            total = sum(wanted.values())
            for campaign, weight in wanted.items():
                owed[campaign] = owed.get(campaign, self.owed.get(campaign, 0.0)) + passed * weight / total
            if home in wanted:
                owed[home] -= passed
        most = 2.0 * self.TURN
        self.owed = {campaign: min(most, max(-most, seconds)) for campaign, seconds in owed.items()}

    def favour(self, campaign: str, more: bool) -> None:
        """Somebody wants it to have more agents than it had, or fewer: that is to be seen at once."""
        self.owed[campaign] = 2.0 * self.TURN if more else -2.0 * self.TURN

    def is_turn(self, campaign: str, home: str) -> bool:
        """Whether ``campaign`` is to get an agent of ``home``, so far as time goes."""
        return self.owed.get(campaign, 0.0) - self.owed.get(home, 0.0) >= self.TURN
