"""What a switch has written down about calls that came, or ended, without fsorch.

The notes stand in its ``mod_db`` (``api_reporting_hook`` in ``freeswitch/dialplan/fsorch.xml``): one for each caller
who was at the door, or was served by the dialplan alone, made when the call was over and fsorch had not taken it. They
stay until what they say is with the operating system.
"""

from __future__ import annotations

import re

import msgspec

from fsorch.causes import Cause
from fsorch.engine.rows import LegRow
from fsorch.esl.events import Event
from fsorch.esl.quoting import Pairs

__all__ = ["NOTED", "AwayNote", "away_note", "noted_leg", "untold"]

NOTED = "fsorch_away"
"""The realm of the notes. Their keys are the legs."""

_NOTE = re.compile(
    r"(?P<began_at>[0-9]{16}) (?P<answered_at>[0-9]{0,16}) (?P<bridged_at>[0-9]{0,16}) (?P<ended_at>[0-9]{16})"
    r" (?P<cause>[A-Z0-9_]{0,64}) (?P<number>\+?[0-9]{1,20}|unknown) (?P<dialled>\+?[0-9]{1,20}|unknown)"
    r" (?:(?P<alone>alone)(?P<left>[0-9a-f-]{36})?|-)(?: (?P<message>[^\x00-\x1f\x7f]{0,500}))?",
    re.ASCII,
)


HOOK = "api_reporting_hook"


class AwayNote(msgspec.Struct, frozen=True, kw_only=True):
    """One call, by its ``leg``: UTC microseconds, 0 for never; ``bridged_at``: joined by the dialplan to somebody;
    ``alone``: the switch had served the caller itself; ``left``: the contact that fsorch had made of them before;
    ``message``: the file of what they said. ``began_at`` 0: the note is unreadable, and good for nothing but being
    removed."""

    leg: str
    began_at: int = 0
    answered_at: int = 0
    bridged_at: int = 0
    ended_at: int = 0
    cause: str = ""
    number: str = ""
    dialled: str = ""
    alone: bool = False
    left: str = ""
    message: str = ""


def away_note(leg: str, text: str) -> AwayNote:
    """A note as it stands in the switch."""
    found = _NOTE.fullmatch(text.strip())
    if found is None:
        return AwayNote(leg=leg)
    began_at, answered_at, bridged_at, ended_at = (
        int(found[name] or 0) for name in ("began_at", "answered_at", "bridged_at", "ended_at")
    )
    return AwayNote(
        leg=leg,
        began_at=began_at,
        answered_at=answered_at,
        bridged_at=bridged_at,
        ended_at=max(began_at, ended_at),
        cause=found["cause"],
        number="" if found["number"] == "unknown" else found["number"],
        dialled="" if found["dialled"] == "unknown" else found["dialled"],
        alone=found["alone"] is not None,
        left=found["left"] or "",
        message=found["message"] or "",
    )


def noted_leg(note: AwayNote, row: LegRow) -> LegRow:
    """The CDR of a noted call, as far as ``row`` does not know it yet."""
    return msgspec.structs.replace(
        row,
        number=row.number or note.number,
        destination=row.destination or note.dialled,
        created_at=note.began_at,
        answered_at=note.answered_at,
        bridged_at=note.bridged_at or row.bridged_at,
        hungup_at=note.ended_at,
        cause=note.cause,
        q850=Cause.of(note.cause).q850,
        complete=True,
    )


def untold(event: Event) -> Pairs:
    """The variables by which the switch makes no note of a call, as its record is ours to write from now on. A hook of
    somebody else's stays."""
    return ((HOOK, ""),) if (event.variable(HOOK) or "").startswith(f"db insert/{NOTED}/") else ()
