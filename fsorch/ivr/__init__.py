"""Callers' flows: the session that walks one, the linter, the picture. No I/O, no clock."""

from __future__ import annotations

from fsorch.ivr.events import EventKind, FlowEvent
from fsorch.ivr.session import FlowSession
from fsorch.ivr.walking import SessionEffect, SessionInput, SessionMachine, SessionState

__all__ = [
    "EventKind",
    "FlowEvent",
    "FlowSession",
    "SessionEffect",
    "SessionInput",
    "SessionMachine",
    "SessionState",
]
