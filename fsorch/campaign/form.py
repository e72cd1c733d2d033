"""What an agent fills in about a call, held against what the disposition asks for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date

from fsorch.campaigns import AskKind, AskSpec
from fsorch.errors import NotFound, RequestRefused
from fsorch.nearest import near

__all__ = ["filled_in"]

# Of one answer, and of all together, so that they have a place in the records.
LONGEST, LONGEST_ALL = 500, 3_000
YES_NO = ("yes", "no")


def filled_in(disposition: str, asks: Sequence[AskSpec], given: Mapping[str, str]) -> dict[str, str]:
    """The answers without what is empty. Raises NotFound for one that nobody asked for, and RequestRefused for one that
    is missing or is not what was asked."""
    known = {one.id: one for one in asks}
    answers = {name: text.strip() for name, text in given.items() if text.strip()}
    for name in answers:
        if name not in known:
            raise NotFound(f"thing to fill in with {disposition}", name[:60], known=known)
    for name, ask in known.items():
        fault = _fault(ask, answers.get(name, ""))
        if fault:
            raise _refused(ask.title or name, disposition, fault)
    if sum(map(len, (*answers, *answers.values()))) > LONGEST_ALL:
        raise _refused("the form", disposition, "what was filled in is too long altogether")
    return answers


def _refused(what: str, disposition: str, fault: str) -> RequestRefused:
    return RequestRefused(what, "not filled in right", f"to say {disposition}", fault)


def _fault(ask: AskSpec, text: str) -> str:
    """What is wrong with an answer; empty: nothing."""
    if not text:
        return "it is needed" if ask.needed else ""
    if len(text) > LONGEST:
        return f"it has {len(text)} characters; expected at most {LONGEST}"
    match ask.kind:
        case AskKind.NUMBER:
            return "" if _is_number(text) else "expected a number"
        case AskKind.DAY:
            return "" if _is_day(text) else "expected a day, as in 2027-01-31"
        case AskKind.YES_NO:
            return "" if text in YES_NO else "expected yes or no"
        case AskKind.CHOICE:
            return "" if text in ask.choices else f"expected one of the choices{near(text, ask.choices)}"
    return ""


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
