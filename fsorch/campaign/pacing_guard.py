"""A pacer that anybody may have written, held to the interface.

Whatever it does, the campaign's calls go on: an error is caught, an answer that is none is not taken. The first fault
stands in `Guard.fault`; from then on it is told nothing and wants no calls, and whoever drives it takes another. What
cannot be held is one that never comes back: it runs in the engine's own step.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from inspect import signature
from operator import index
from typing import cast

from fsorch.campaign.pacing import CallsOff, Pacer
from fsorch.campaign.pacing_memory import Learner, Learnt
from fsorch.campaign.pacing_registry import lacking

__all__ = ["Guard"]

# Nobody has a use for more calls at once: where one call in a hundred is answered, it is one person for each agent.
MOST_FOR_EACH = 100


class Guard:
    """Makes a pacer with ``make`` and drives it. ``agents``: how many are at work."""

    def __init__(self, make: Callable[[], Pacer], agents: Callable[[], int]) -> None:
        self.fault = ""
        self.pacer: Pacer | None = None
        self._agents = agents
        made = self._safely("being made", make)
        missing = lacking(made) if not self.fault else []
        if missing:
            self._fail(f"it has no {', '.join(missing)}")
        if not self.fault:
            self.pacer = cast(Pacer, made)
        # Who knows of no lists takes a call and its time alone.
        self._lists = self.pacer is not None and _takes_lists(self.pacer)

    def on_launch(self, call_id: Hashable, now: float, source: str = "") -> None:
        """As `Pacer.on_launch`. One that does not take lists is told without."""
        if self.pacer is not None:
            pacer, more = self.pacer, (source,) if self._lists else ()
            self._safely("on_launch", lambda: pacer.on_launch(call_id, now, *more))

    def on_result(self, call_id: Hashable, outcome: str, now: float) -> None:
        """As `Pacer.on_result`. That a call was called off is told as a failure to one that calls none off."""
        if self.pacer is not None:
            pacer = self.pacer
            outcome = "failed" if outcome == "cancelled" and not isinstance(pacer, CallsOff) else outcome
            self._safely("on_result", lambda: pacer.on_result(call_id, outcome, now))

    def on_drop(self, call_id: Hashable, now: float) -> None:
        """As `Pacer.on_drop`."""
        if self.pacer is not None:
            pacer = self.pacer
            self._safely("on_drop", lambda: pacer.on_drop(call_id, now))

    def on_agent(self, agent_id: Hashable, state: str, now: float) -> None:
        """As `Pacer.on_agent`."""
        if self.pacer is not None:
            pacer = self.pacer
            self._safely("on_agent", lambda: pacer.on_agent(agent_id, state, now))

    def due(self, now: float) -> int:
        """As `Pacer.due`: from 0 to :data:`MOST_FOR_EACH` calls for each agent."""
        if self.pacer is None:
            return 0
        pacer = self.pacer
        wanted = self._safely("due", lambda: pacer.due(now))
        if self.fault:
            return 0
        try:
            calls = index(wanted)  # type: ignore[arg-type]  # whatever a foreign pacer has answered
        except TypeError:
            self._fail(f"due() wants {_short(wanted)} calls, which is no whole number")
            return 0
        most = MOST_FOR_EACH * max(1, self._agents())
        if not 0 <= calls <= most:
            self._fail(f"due() wants {_short(calls)} calls at once; expected 0 to {most}")
            return 0
        return calls

    def excess(self, now: float) -> int:
        """As `CallsOff.excess`; 0 from one that calls none off."""
        pacer: object = self.pacer
        if not isinstance(pacer, CallsOff):
            return 0
        excess = pacer.excess
        wanted = self._safely("excess", lambda: excess(now))
        if self.fault:
            return 0
        try:
            calls = index(wanted)  # type: ignore[arg-type]  # whatever a foreign pacer has answered
        except TypeError:
            calls = -1
        if calls < 0:
            self._fail(f"excess() says {_short(wanted)} calls, which is no number of calls")
        return max(0, calls)

    def learnt(self) -> Learnt | None:
        """What it knows; None: it does not hand that on."""
        pacer: object = self.pacer
        learnt = self._safely("learnt", pacer.learnt) if isinstance(pacer, Learner) else None
        return learnt if isinstance(learnt, Learnt) else None

    def resume(self, learnt: Learnt) -> None:
        """Go on from what another knew, if it can."""
        pacer: object = self.pacer
        if isinstance(pacer, Learner):
            resume = pacer.resume
            self._safely("resume", lambda: resume(learnt))

    def caught_up(self) -> None:
        """All that was under way has been told; see `Learner.caught_up`."""
        pacer: object = self.pacer
        if isinstance(pacer, Learner):
            self._safely("caught_up", pacer.caught_up)

    def _safely(self, what: str, call: Callable[[], object]) -> object:
        try:
            return call()
        except Exception as error:  # noqa: BLE001 - user code: whatever it raises costs its campaign its pace alone
            self._fail(f"{what} failed with {type(error).__name__}: {_short(error)}")
            return None

    def _fail(self, fault: str) -> None:
        self.fault = self.fault or fault
        self.pacer = None


def _takes_lists(pacer: Pacer) -> bool:
    try:
        signature(pacer.on_launch).bind("", 0.0, "")
    except (TypeError, ValueError):
        return False
    return True


def _short(value: object) -> str:
    try:
        return str(value)[:80]
    except Exception:  # noqa: BLE001 - user code
        return f"a {type(value).__name__} that cannot be shown"
