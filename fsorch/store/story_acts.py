"""What was done about a contact beside offers and talks, in sentences: callbacks, messages, listening, surveys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fsorch.engine.facts import Fact, FactKind

__all__ = ["ACTS"]

CALLBACK = {
    "waiting": "is to be called back at {number}{agent}, and keeps the place",
    "calling": "is called back at {number}",
    "resting": "could not be reached at {number}, and is tried again later (try {tries})",
    "reached": "was reached at {number}",
    "failed": "could not be reached at {number}: the last of {tries} tries",
    "cancelled": "will not be called back{by}",
    "forgotten": "waits on, without a callback",
    "came": "called again (contact {there}), and is not called back for this any more",
}
MODES = {"listen": "listens", "whisper": "speaks to the agent only", "barge": "speaks to both"}


def _callback(fact: Fact) -> str:
    state = _get(fact, "state")
    if state not in CALLBACK:
        return f"the callback is {state}"
    agent = f" by {fact.agent}" if fact.agent else ""
    words = {name: _get(fact, name) for name in ("number", "tries", "there")}
    return CALLBACK[state].format(by=_by(fact), agent=agent, **words)


def _listening(fact: Fact) -> str:
    mode = _get(fact, "mode")
    return f"{_get(fact, 'watcher')} {MODES.get(mode, mode)} in the talk of {fact.agent}"


def _survey(fact: Fact) -> str:
    row = fact.data.get("row")
    row = row if isinstance(row, Mapping) else {}
    said = f"gave {row.get('score')}" if row.get("score") else "left a spoken comment"
    return f"{said} when asked about {row.get('question') or 'the call'}"


def _noted(fact: Fact) -> str:
    """A call that fsorch learns of from its switch, when it is over."""
    if not fact.data.get("alone"):
        return "called while fsorch was away, and hung up before anybody answered"
    done = ["spoke with somebody"] if fact.data.get("talked") else []
    if message := _get(fact, "message"):
        done.append(f"left a message ({message} on {fact.switch})")
    return f"called while fsorch was away; the switch served the call, and the caller {' and '.join(done) or 'hung up'}"


def _row(fact: Fact, key: str) -> Any:
    row = fact.data.get("row")
    return row.get(key, "") if isinstance(row, Mapping) else ""


def _seconds(fact: Fact) -> str:
    lasted = fact.data.get("lasted_us")
    return f" of {round(lasted / 1_000_000)} s" if isinstance(lasted, int) else ""


def _get(fact: Fact, key: str) -> str:
    return str(fact.data.get(key, ""))


def _by(fact: Fact) -> str:
    by = _get(fact, "by")
    return f" by {by}" if by else ""


ACTS: dict[str, Callable[[Fact], str]] = {
    FactKind.CONTACT_CLAIMED: lambda fact: f"is a caller of {_get(fact, 'tenant')} from here on",
    FactKind.CONTACT_FOUND: lambda fact: "fsorch was started again, and found the caller still on the line",
    FactKind.CALLBACK_CHANGED: _callback,
    FactKind.RECORDING_CHANGED: lambda fact: (
        "hears the tone and may speak" if fact.data.get("on") else "the recording is over"
    ),
    FactKind.MESSAGE_LEFT: lambda fact: f"left a message{_seconds(fact)}",
    FactKind.MESSAGE_FAILED: lambda fact: "wanted to leave a message, which could not be recorded",
    FactKind.DIGITS_SENT: lambda fact: f"{fact.agent} pressed {_get(fact, 'count')} keys",
    FactKind.LISTENING_BEGAN: _listening,
    FactKind.LISTENING_CHANGED: _listening,
    FactKind.LISTENING_ENDED: lambda fact: f"{_get(fact, 'watcher')} hears the talk of {fact.agent} no more",
    FactKind.WRAP_UP_EXTENDED: lambda fact: f"{fact.agent} has more time for the work after the call",
    FactKind.SURVEY_BEGAN: lambda fact: "is asked how it was",
    FactKind.SURVEY_ANSWERED: _survey,
    FactKind.PROMISE_MADE: lambda fact: f"was promised: {_row(fact, 'what')}",
    FactKind.NOTE_MADE: lambda fact: f"a note: {_row(fact, 'text')}",
    FactKind.CALL_NOTED: _noted,
    FactKind.DOOR_MISUSED: lambda fact: (
        f"asked for what is not there for them ({'; '.join(map(str, _get(fact, 'faults') or ()))}), and got the "
        f"{_get(fact, 'got')}"
    ),
    FactKind.HOOK_FAILED: lambda fact: (
        f"the hook {_get(fact, 'hook')} failed: {_get(fact, 'error') or _get(fact, 'way')}"
    ),
}
