"""How somebody was called, in sentences: by a campaign, by hand, or as promised; and what was heard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fsorch.campaigns import LeadState, Mode, Outcome
from fsorch.clock import US
from fsorch.engine.facts import Fact, FactKind
from fsorch.engine.rows import ContactRow

__all__ = ["DialledTeller", "long_span", "named"]

UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
HEARD = {
    Outcome.LIVE: "somebody was reached",
    Outcome.DROP: "somebody answered, and no agent was there in time",
    Outcome.HUNG_UP: "whoever answered hung up before anybody spoke",
    Outcome.MACHINE: "a machine answered",
    Outcome.FAX: "a fax answered",
    Outcome.BUSY: "the line was busy",
    Outcome.NOANSWER: "nobody picked up",
    Outcome.INVALID: "the number is none",
    Outcome.REJECTED: "the call was refused",
    Outcome.UNREACHABLE: "the line cannot be reached at present",
    Outcome.CONGESTION: "the network had no room",
    Outcome.FAILED: "the call failed",
    Outcome.CANCELLED: "the call was taken back before anybody answered",
    Outcome.LOST: "nobody saw how the call ended",
}


class DialledTeller:
    """The sentences about an attempt, which share the id of their contact. Facts are told in order."""

    def __init__(self, row: ContactRow) -> None:
        self._row = row
        self._placed = False
        self._ended: tuple[str, str] | None = None
        # What the agent has said last, in words that have been told.
        self._word = ""
        self.sentences: dict[str, Callable[[Fact], str]] = {
            FactKind.ATTEMPT_STARTED: self._started,
            FactKind.ATTEMPT_ENDED: self._over,
            FactKind.WORD_SAID: self._said,
            FactKind.LEAD_CHANGED: _lead_changed,
            FactKind.GATEWAY_FAILED: lambda fact: (
                f"the gateway {_get(fact, 'gateway')} had no line ({_get(fact, 'cause')}): the next is tried"
            ),
            FactKind.MACHINE_HEARD: lambda fact: f"a machine was heard, by its {_get(fact, 'by') or 'answer'}",
            FactKind.CALL_OFF: _called_off,
            FactKind.DROPPED: lambda fact: "nobody was free in time: they were told who called, and how to object",
            FactKind.DNC_ASKED: lambda fact: f"{_get(fact, 'number')} is not to be called any more{_asked(fact)}",
        }

    def began(self, fact: Fact) -> str:
        """The contact of a called party begins: with the agent's own phone, or when they have answered."""
        who, switch = named(_get(fact, "number"), _get(fact, "name")), fact.switch or _get(fact, "switch")
        if self._placed:
            return f"{who} has answered, on switch {switch}"
        return f"{who} is to be called on switch {switch}: the agent's own phone comes first"

    def _started(self, fact: Fact) -> str:
        self._placed = True
        row = _row(fact)
        whom = named(row.get("number", ""), self._row.name)
        lead = f", lead {row['lead']}" if row.get("lead") else ", who is in no list"
        of = f" of the list {row['list']}" if row.get("lead") and row.get("list") else ""
        how = "as promised, " if fact.data.get("owed") else ""
        how += "by hand, " if row.get("mode") == Mode.MANUAL or not row.get("lead") else ""
        who = f"for {row['agent']}, " if row.get("agent") else ""
        shown = f", showing {row['caller_id']}" if row.get("caller_id") else ""
        way = f"over {row['gateway']}" if row.get("gateway") else "over the way of the centre"
        return f"the campaign {row.get('campaign', '')} calls {whom}{lead}{of}, {how}{who}{way}{shown}"

    def _said(self, fact: Fact) -> str:
        self._word = _word(fact.agent, fact.data)
        return self._word or "the agent says nothing of it"

    def _over(self, fact: Fact) -> str:
        """An attempt is written down again when an agent has said how it was: then only that is new, if it is."""
        row = _row(fact)
        outcome, cause = str(row.get("outcome", "")), row.get("cause")
        word = _word(str(row.get("agent") or ""), row)
        word = "" if word == self._word else word
        before, self._ended = self._ended, (outcome, str(cause))
        if before == self._ended and (word or self._word):
            return word
        heard = HEARD[Outcome(outcome)] if outcome in set(Outcome) else outcome or "nothing is on record of it"
        tail = f" ({cause})" if cause else ""
        return f"how the call went: {heard}{tail}{f'; {word}' if word else ''}"


def _word(agent: str, said: Mapping[str, Any]) -> str:
    """How an agent says that the call was; empty: nothing yet."""
    if not said.get("disposition"):
        return ""
    note = f" ({said['note']})" if said.get("note") else ""
    return f"{agent or 'the agent'} says of it: {said['disposition']}{note}"


def named(number: str, name: str) -> str:
    """``Eve (+4930123)``, or what there is of it."""
    return (number if name in ("", number) else f"{name} ({number})" if number else name) or "somebody without a number"


def _called_off(fact: Fact) -> str:
    rang_us = _get(fact, "rang_us") or 0
    how = f"after {rang_us / 1_000_000:.0f} s of ringing" if rang_us else "before it rang"
    return f"the call is called off {how}: {_get(fact, 'why')}"


def _lead_changed(fact: Fact) -> str:
    row, why = _row(fact), _get(fact, "why")
    state, rests_us = str(row.get("state", "")), int(row.get("next_at") or 0) - fact.at
    now = f"the lead is {state.replace('_', ' ')} now"
    if state == LeadState.READY and rests_us > 0:
        now = f"the lead may be called again in {long_span(rests_us)}"
    return f"{now}{f': {why}' if why else ''}"


def long_span(us: int) -> str:
    """A time of ``us`` microseconds in its largest unit: 3 hours."""
    size, unit = next(((size, unit) for size, unit in UNITS if us >= size * US), UNITS[-1])
    count = round(us / (size * US))
    return f"{count} {unit}{'' if count == 1 else 's'}"


def _asked(fact: Fact) -> str:
    return {"key": ": they pressed the key for it", "disposition": ": they told the agent so"}.get(
        str(_get(fact, "source")), ""
    )


def _row(fact: Fact) -> Mapping[str, Any]:
    row = fact.data.get("row")
    return row if isinstance(row, Mapping) else {}


def _get(fact: Fact, key: str) -> Any:
    return fact.data.get(key, "")
