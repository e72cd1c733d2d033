"""The nearest valid names to a wrong one. Loads nothing, for every command of the command line needs it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["alike", "near"]

# So many names are listed when none is near; of the rest, how many they are.
FEW = 12


def alike(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """The three of ``known`` that look most like ``name``, as far as they do."""
    lower = {one.lower(): one for one in sorted(known)}
    return tuple(lower[one] for one in difflib.get_close_matches(name.lower(), lower, n=3, cutoff=0.6))


def near(name: str, known: Iterable[str], few: int = FEW) -> str:
    """The end of a sentence about a wrong name: the nearest of ``known``; when none is near, the first ``few`` of them
    and how many more there are. 0: then nothing."""
    known = sorted(known)
    close = alike(name, known)
    if close:
        return f"; did you mean {', '.join(close)}?"
    if not few:
        return ""
    more = f" and {len(known) - few} more" if len(known) > few else ""
    return f" (there: {', '.join(known[:few]) or 'none'}{more})"
