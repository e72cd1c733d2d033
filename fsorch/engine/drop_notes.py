"""What a switch has written down about the called people whom it dropped alone, while fsorch was silent.

The notes stand in its ``mod_db`` (``fsorch_left_called`` in ``freeswitch/dialplan/fsorch.xml``): one for each attempt,
made when the message begins and made anew when the opt-out key is pressed. They stay until what they say is with the
operating system, so that a crash in between only means that they are read twice; a refusal that stands stands once.
"""

from __future__ import annotations

import re

import msgspec

from fsorch.clock import US

__all__ = ["DROPPED", "DropNote", "drop_note", "note_keys"]

DROPPED = "fsorch_dropped"
"""The realm of the notes."""

_KEY = re.compile(r"[0-9a-f-]{36}")
_NOTE = re.compile(
    r"(?P<at>[0-9]{10}) (?P<key>[0-9*#-]) (?P<number>\+?[0-9]{1,20})"
    r" (?P<campaign>[A-Za-z0-9_.-]{1,64})(?: (?P<lead>[A-Za-z0-9_.-]{1,64}))?",
    re.ASCII,
)


class DropNote(msgspec.Struct, frozen=True, kw_only=True):
    """The switch told who called in ``attempt``, ``at`` UTC microseconds. ``key``: the opt-out key, if it was pressed;
    an empty ``number``: the note is unreadable, and good for nothing but being removed."""

    attempt: str
    at: int = 0
    key: str = ""
    number: str = ""
    campaign: str = ""
    lead: str = ""


def note_keys(listed: str) -> tuple[str, ...]:
    """The attempts in the switch's list; what is cut off, or is none, is left out."""
    return tuple(key for key in listed.strip().split(",") if _KEY.fullmatch(key))


def drop_note(attempt: str, text: str) -> DropNote:
    """A note as it stands in the switch."""
    found = _NOTE.fullmatch(text.strip())
    if found is None:
        return DropNote(attempt=attempt)
    return DropNote(
        attempt=attempt,
        at=int(found["at"]) * US,
        key=found["key"].strip("-"),
        number=found["number"],
        campaign=found["campaign"],
        lead=found["lead"] or "",
    )
