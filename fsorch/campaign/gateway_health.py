"""Whether a gateway carries calls: how long one that fails is left alone, and when it is tried again.

Theory: one call that finds no line says little, for a carrier may have no room towards one exchange; so the gateway
rests and others come first, but where it is the only one it is used on. Several failures in a row, with nothing between
that rang or was turned down by the far end, are the gateway's own: it is dead. A dead gateway burns a lead with every
call, so nobody is called by it until its rest is over; then one call tries it, and every trial that fails doubles the
rest up to :data:`LONGEST_S`. The first call that gets anywhere makes all well at once.

What is told of a call that was placed before the rest began says nothing about now: it neither mends nor lengthens.

::

                failed (1)              due (2)
        well ----------------> resting ---------> trying
         ^                       ^  |               |  |
         |                       |  |   failed (3)  |  |
         |                       '--|---------------'  |
         '------ worked (4) --------'----- worked -----'

 1 a call had no line, or nothing came back      3 so did the trial: twice as long
 2 the rest is over                              4 a call rang, was answered or was turned down out there
"""

from __future__ import annotations

import math
from enum import StrEnum

from fsorch.machine import Machine

__all__ = ["DEAD", "LONGEST_S", "GatewayHealth", "HealthEffect", "HealthInput", "HealthMachine", "HealthState"]

# So many failures in a row are the gateway's own.
DEAD = 3
# However often it has failed, it is tried every quarter of an hour.
LONGEST_S = 900.0


class HealthState(StrEnum):
    """How it is."""

    WELL = "well"
    RESTING = "resting"
    TRYING = "trying"


class HealthInput(StrEnum):
    """What is learned of it; all are events."""

    FAILED = "failed"
    WORKED = "worked"
    DUE = "due"


class HealthEffect(StrEnum):
    """``rest``: begin to leave it alone; ``longer``: for twice as long as the last time; ``mend``: all is well."""

    REST = "rest"
    LONGER = "longer"
    MEND = "mend"


_S, _I, _E = HealthState, HealthInput, HealthEffect


class HealthMachine(Machine[HealthState, HealthInput, HealthEffect]):
    """See the module's picture."""

    NAME = "the gateway"
    FIRST = HealthState.WELL
    TABLE = {
        **{(state, input): (None, state) for state in HealthState for input in HealthInput},
        # State: well
        (_S.WELL, _I.FAILED): (_E.REST, _S.RESTING),
        # State: resting
        (_S.RESTING, _I.DUE): (None, _S.TRYING),
        (_S.RESTING, _I.WORKED): (_E.MEND, _S.WELL),
        # State: trying
        (_S.TRYING, _I.FAILED): (_E.LONGER, _S.RESTING),
        (_S.TRYING, _I.WORKED): (_E.MEND, _S.WELL),
    }


class GatewayHealth:
    """One gateway. ``rest_s``: its first rest (0: it never rests). ``failures`` in a row; ``cause`` of the last;
    ``until``: when it may be tried. Moments are seconds of one clock."""

    def __init__(self, rest_s: float) -> None:
        self.rest_s = rest_s
        self.machine = HealthMachine()
        self.failures = 0
        self.cause = ""
        self.until = -math.inf
        self._since = -math.inf
        self._rests = 0

    @property
    def dead(self) -> bool:
        """Whether its failures are its own, and no lead's."""
        return self.failures >= DEAD and self.rest_s > 0

    def rests(self, now: float) -> bool:
        """Whether others come first at ``now``."""
        self._look(now)
        return self.machine.state is _S.RESTING

    def tries(self, now: float) -> bool:
        """Whether it is to be tried by one call at ``now``."""
        self._look(now)
        return self.machine.state is _S.TRYING

    def failed(self, cause: str, placed: float, now: float, *, own: bool = False) -> HealthEffect | None:
        """A call that was placed at ``placed`` had no line. ``own``: by its cause the gateway's own fault. The effect
        that people are told of, if it has one."""
        self._look(now)
        self.cause = cause
        self.failures = max(DEAD, self.failures + 1) if own else self.failures + 1
        if self.rest_s <= 0 or (self.machine.state is _S.TRYING and placed < self.until):
            return None
        effect = self.machine.step(_I.FAILED)
        if effect is not None:
            self._since, self._rests = now, self._rests + 1
            self.until = now + self._length()
        return effect

    def worked(self, placed: float, now: float) -> HealthEffect | None:
        """A call that was placed at ``placed`` got somewhere."""
        self._look(now)
        if self.machine.state is not _S.WELL and placed < self._since:
            return None
        self.failures = self._rests = 0
        return self.machine.step(_I.WORKED)

    def _length(self) -> float:
        """How long this rest is; never shorter than the one that was asked for."""
        return max(self.rest_s, min(LONGEST_S, self.rest_s * 2.0 ** min(30, self._rests - 1)))

    def _look(self, now: float) -> None:
        if self.machine.state is _S.RESTING and now >= self.until:
            self.machine.step(_I.DUE)
