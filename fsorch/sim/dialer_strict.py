"""A pacer held to the interface as a campaign holds it, but at its first fault the run ends and says what it was."""

from __future__ import annotations

import sys
from traceback import extract_tb

from fsorch.campaign import pacing_guard

__all__ = ["PacerFaultError", "Strict"]


class PacerFaultError(Exception):
    """A pacer has raised, or answered what is no answer; says in which of its methods, and where that stands."""


class Strict(pacing_guard.Guard):
    """As Guard; raises PacerFaultError where that would put the pacer aside."""

    def _fail(self, fault: str) -> None:
        error = sys.exc_info()[1]
        frames = extract_tb(error.__traceback__) if error is not None else []
        # The innermost line, of the pacer's own file or of what that has called; not ours, where we have called it.
        own = [frame for frame in frames if frame.filename != pacing_guard.__file__]
        where = f" ({own[-1].filename}, line {own[-1].lineno})" if own else ""
        raise PacerFaultError(f"{fault}{where}") from error
