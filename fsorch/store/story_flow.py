"""What a caller did in a flow, in plain sentences."""

from __future__ import annotations

from fsorch.engine.facts import Fact
from fsorch.ivr.events import EventKind

__all__ = ["entered_flow", "passed_node", "told_in_flow", "why_queued"]

# What the engine notes of somebody whom the flow does not keep (engine/leaving.py).
AGAIN = "rang again"
FOUND = {"found": "it was found", "not_found": "nothing was found", "failed": "no answer could be had"}
PLACES = {
    "queue": "to queue",
    "callback": "to a callback from queue",
    "voicemail": "to the voicemail of queue",
    "number": "to the number",
    "hangup": "to its end:",
}


def entered_flow(fact: Fact) -> str:
    """``enters the flow main (version 3)``."""
    version = _get(fact, "version")
    text = f"enters the flow {_get(fact, 'flow')}{f' (version {version})' if version not in ('', '0') else ''}"
    return f"{text}; hung up on a recording minutes ago" if fact.data.get("again") else text


def passed_node(fact: Fact) -> str:
    """``comes to menu (by 1)``."""
    way = _get(fact, "way")
    return f"comes to {_get(fact, 'node')}{f' (by {way})' if way and way != 'next' else ''}"


def told_in_flow(fact: Fact) -> str:
    """What else happened at a node. What is of a kind that is not known here is told by its own words."""
    node, value, detail = _get(fact, "node"), _get(fact, "value"), _get(fact, "detail")
    because = f" ({detail})" if detail else ""
    match _get(fact, "what"):
        case EventKind.SILENT:
            return f"said and keyed nothing at {node}"
        case EventKind.CONFIRMED:
            return f"{'confirmed' if value == 'yes' else 'took back'} what was keyed at {node}"
        case EventKind.SET:
            return f"{detail} is {value or 'empty'} from now on"
        case EventKind.LOOKED_UP:
            return f"{node} looked something up: {FOUND.get(value, value)}{because}"
        case EventKind.LANGUAGE:
            return f"is spoken to in the language {value}"
        case EventKind.TAGGED:
            return f"is marked with {value}"
        case EventKind.OPTED_OUT:
            return f"asked at {node} not to be called again"
        case EventKind.ASKED:
            return f"is asked for an opinion at {node}"
        case EventKind.PASSED_BY:
            return f"was not asked for an opinion at {node}{because}"
        case EventKind.RECORDED:
            return f"left a recording at {node}" if value else f"left no recording at {node}"
        case EventKind.SENT:
            return f"a text message {'was sent' if value == 'ok' else 'could not be sent'} at {node}"
        case EventKind.TROUBLE:
            return f"{node} could not go on{because}"
        case EventKind.LEFT if detail == AGAIN:
            return "leaves the flow for a person at once, having rung again"
        case EventKind.LEFT:
            return f"leaves the flow {PLACES.get(value, value)} {detail}{_by(fact)}"
    return f"{_get(fact, 'what').replace('_', ' ')} at {node}: {value}{because}"


def why_queued(left: Fact | None) -> str:
    """Why a caller came into a queue without a key, by how they left the flow; empty when that says nothing."""
    if left is None:
        return ""
    if _get(left, "detail") == AGAIN:
        return "who hung up on a recording minutes ago gets a person at once"
    if _get(left, "way") == "trouble":
        return "the flow could not go on, and a person is the way out of that"
    return f"the flow {_get(left, 'flow')} led there"


def _by(fact: Fact) -> str:
    return ", for something went wrong" if _get(fact, "way") == "trouble" else ""


def _get(fact: Fact, key: str) -> str:
    return str(fact.data.get(key, ""))
