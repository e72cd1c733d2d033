"""The engine: owns contacts, agents and queues, feeds the machines, and says what is to be sent and written down."""

from __future__ import annotations

from fsorch.engine.actions import Outcome, Send
from fsorch.engine.checks import check_centre
from fsorch.engine.engine import Engine
from fsorch.engine.facts import Fact, FactKind
from fsorch.engine.inputs import (
    AnswerCall,
    CommandDone,
    CommandLost,
    Configure,
    EndWrapUp,
    HangUp,
    History,
    HoldCall,
    Input,
    LinkDown,
    LinkUp,
    LogIn,
    LogOut,
    OpenContact,
    Recall,
    Request,
    SetStatus,
    Shift,
    SwitchEvent,
    Tick,
)
from fsorch.engine.views import AgentView, ContactView, KeyedAnswer, QueueView, Snapshot, SwitchView

__all__ = [
    "AgentView",
    "AnswerCall",
    "CommandDone",
    "CommandLost",
    "Configure",
    "ContactView",
    "EndWrapUp",
    "Engine",
    "Fact",
    "FactKind",
    "HangUp",
    "History",
    "HoldCall",
    "Input",
    "KeyedAnswer",
    "LinkDown",
    "LinkUp",
    "LogIn",
    "LogOut",
    "OpenContact",
    "Outcome",
    "QueueView",
    "Recall",
    "Request",
    "Send",
    "SetStatus",
    "Shift",
    "Snapshot",
    "SwitchEvent",
    "SwitchView",
    "Tick",
    "check_centre",
]
