"""Wrap-up: how long an agent has after a call, and what they may do about it.

An agent has one wrap-up at a time. It belongs to the agent, not to the queue the call came from, so no queue of theirs
gets a call into it. Times are monotonic seconds.
"""

from __future__ import annotations

from fsorch.errors import RequestRefused
from fsorch.rules import WrapUpMode, WrapUpSpec

__all__ = ["WrapUp"]

NAME = "wrap-up"


class WrapUp:
    """The wrap-up after one call. ``ends_at``: when it is over by itself; None: when the agent ends it.

    ``spec`` is the rule of the call's queue at the end of the call: a rule changed later is for the next call."""

    __slots__ = ("_spec", "began_at", "ends_at")

    def __init__(self, spec: WrapUpSpec, began_at: float) -> None:
        self._spec = spec
        self.began_at = began_at
        self.ends_at = self._first_end()

    @property
    def due(self) -> bool:
        """Whether there is any wrap-up at all."""
        return self.ends_at is None or self.ends_at > self.began_at

    @property
    def may_end(self) -> bool:
        """Whether the agent may end it before its time."""
        match self._spec.mode:
            case WrapUpMode.FIXED:
                return False
            case WrapUpMode.MANUAL:
                return True
        return self._spec.may_end_early

    @property
    def more(self) -> float:
        """Seconds that one more request would add; 0: there is no more time to ask for."""
        if self._spec.mode is not WrapUpMode.EXTENSION or self.ends_at is None:
            return 0.0
        return max(0.0, min(self._spec.extension_s, self.began_at + self._spec.max_s - self.ends_at))

    def over(self, now: float) -> bool:
        """Whether its time is over."""
        return self.ends_at is not None and now >= self.ends_at

    def check_end(self, now: float) -> None:
        """The agent is done. Raises RequestRefused when its time is not over and it may not be ended before that."""
        if not self.may_end and not self.over(now):
            hint = f"{self._left(now)} s are left, and this wrap-up is not ended early"
            raise RequestRefused(NAME, f"in mode {self._spec.mode.value}", "end_wrap_up", hint)

    def extend(self, now: float) -> float:
        """The agent asks for more time; returns the new end. Raises RequestRefused when the mode has no extension, when
        the wrap-up is over, or when it is as long as it may be."""
        if self._spec.mode is not WrapUpMode.EXTENSION or self.ends_at is None:
            raise RequestRefused(
                NAME, f"in mode {self._spec.mode.value}", "extend", "only mode extension has more time"
            )
        if self.over(now):
            raise RequestRefused(NAME, "over", "extend")
        latest = self.began_at + self._spec.max_s
        if self.ends_at >= latest:
            raise RequestRefused(NAME, f"{self._spec.max_s:g} s long", "extend", "that is the longest it may be")
        self.ends_at = min(self.ends_at + self._spec.extension_s, latest)
        return self.ends_at

    def resume(self, ends_at: float | None) -> None:
        """Take up a wrap-up that a restart of ours interrupted: the end it had, on the clock of now. It is never put
        beyond the longest the rule allows."""
        longest = self._longest()
        latest = None if longest is None else self.began_at + longest
        self.ends_at = latest if ends_at is None or (latest is not None and ends_at > latest) else ends_at

    def _first_end(self) -> float | None:
        if self._spec.mode is WrapUpMode.MANUAL:
            return self.began_at + self._spec.max_s if self._spec.max_s > 0 else None
        return self.began_at + self._spec.seconds

    def _longest(self) -> float | None:
        match self._spec.mode:
            case WrapUpMode.MANUAL:
                return self._spec.max_s or None
            case WrapUpMode.EXTENSION:
                return self._spec.max_s
        return self._spec.seconds

    def _left(self, now: float) -> int:
        return 0 if self.ends_at is None else max(0, round(self.ends_at - now))
