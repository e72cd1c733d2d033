"""What happened in a flow: for the journal, the agent who gets the caller, and the statistics."""

from __future__ import annotations

from enum import StrEnum

import msgspec

__all__ = ["EventKind", "FlowEvent"]


class EventKind(StrEnum):
    """What happened, with what ``value``, ``label`` and ``detail`` of the event are.

    entered: a node; label: the way that led there. keyed: a valid answer (value; empty when it is masked, and detail
    says so); label: the way it chose. wrong: an answer that is none (value). silent: none at all. confirmed: value yes
    or no. set: value of the variable detail. looked_up: value found, not_found or failed; detail why. language: value.
    tagged: value. noted: value. opted_out: value campaign or
    everywhere. asked: a survey begins. passed_by: one that was not asked. scored: value, of the
    question detail; label low for a low score. recorded: value the name, detail comment for that of a survey. sent:
    value ok or failed. trouble: detail why. left: the flow is over; value queue, callback, voicemail, number or
    hangup, detail to where or why, label chosen, person or trouble."""

    ENTERED = "entered"
    KEYED = "keyed"
    WRONG = "wrong"
    SILENT = "silent"
    CONFIRMED = "confirmed"
    SET = "set"
    LOOKED_UP = "looked_up"
    LANGUAGE = "language"
    TAGGED = "tagged"
    NOTED = "noted"
    OPTED_OUT = "opted_out"
    SCORED = "scored"
    ASKED = "asked"
    PASSED_BY = "passed_by"
    RECORDED = "recorded"
    SENT = "sent"
    TROUBLE = "trouble"
    LEFT = "left"


class FlowEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened at a node. See :class:`EventKind`; masked input is never in it."""

    kind: EventKind
    flow: str
    node: str
    value: str = ""
    label: str = ""
    detail: str = ""
