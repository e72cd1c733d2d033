"""What a switch has written down about calls that came, or ended, without fsorch.

The notes stand in its ``mod_db`` (``api_reporting_hook`` in ``freeswitch/dialplan/fsorch.xml``): one for each caller
who has come by the door, and for each leg that fsorch has dialled (agents, whom campaigns call, parties), made when
the call is over, whoever served it. They stay until what they say is with the operating system: of a call whose end
fsorch hears, that is at once.
"""

from __future__ import annotations

import re

import msgspec

from fsorch.causes import Cause
from fsorch.engine.rows import LegRow
from fsorch.esl.events import Event
from fsorch.esl.quoting import Pairs

__all__ = ["NOTED", "NOTE_IT", "AwayNote", "away_note", "is_noted", "noted_leg", "untold"]

NOTED = "fsorch_away"
"""The realm of the notes. Their keys are the legs."""

# FreeSWITCH takes no variable with ${...} from outside, so its dialplan says what is noted. The context has nothing
# else in it: a switch with a dialplan before version 9 has none of that name, and makes no note.
NOTE_IT: Pairs = (("execute_on_originate", "execute_extension noted XML fsorch-dialled"),)
"""The variables of a leg that fsorch dials, by which the switch makes a note of its end."""

_NOTE = re.compile(
    r"(?P<began_at>[0-9]{16}) (?P<answered_at>[0-9]{0,16}) (?P<bridged_at>[0-9]{0,16}) (?P<ended_at>[0-9]{16})"
    r" (?P<cause>[A-Z0-9_]{0,64}) (?P<number>\+?[0-9]{1,20}|unknown) (?P<dialled>\+?[0-9]{1,20}|unknown)"
    r" (?:(?P<alone>alone)(?P<left>[0-9a-f-]{36})?|-(?P<taken>[0-9a-f-]{36})?|(?P<ours>=)(?P<rang_at>[0-9]{0,16}))"
    r"(?: (?P<more>[^\x00-\x1f\x7f]{0,500}))?",
    re.ASCII,
)


HOOK = "api_reporting_hook"


class AwayNote(msgspec.Struct, frozen=True, kw_only=True):
    """One call, by its ``leg``: UTC microseconds, 0 for never; ``bridged_at``: joined by the dialplan to somebody;
    ``alone``: the switch had served the caller itself; ``left``: the contact that fsorch had made of them before;
    ``message``: the file of what they said. ``taken``: the contact that fsorch had made of a caller whom the switch did
    not serve; ``by_caller``: it was the far end that hung up (``recv_`` in ``sip_hangup_disposition``, capture 03),
    ``by_switch``: this side did. ``ours``: a leg that fsorch dialled itself; ``rang_at``: its phone has rung since.
    ``began_at`` 0: the note is unreadable, and good for nothing but being removed."""

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
    taken: str = ""
    by_caller: bool = False
    by_switch: bool = False
    ours: bool = False
    rang_at: int = 0

    def ended_by(self, *, talked: bool) -> str:
        """Who ended a call that fsorch had taken. Nobody but their partner makes the switch hang up on who talks."""
        if self.by_caller or not (talked or self.by_switch):
            return "customer"
        return "agent" if talked and self.by_switch else "system"


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
        message=(found["more"] or "") if found["alone"] else "",
        taken=found["taken"] or "",
        by_caller=not found["alone"] and (found["more"] or "").startswith("recv_"),
        by_switch=not found["alone"] and (found["more"] or "").startswith("send_"),
        ours=found["ours"] is not None,
        rang_at=int(found["rang_at"] or 0),
    )


def noted_leg(note: AwayNote, row: LegRow) -> LegRow:
    """The CDR of a noted call, as far as ``row`` does not know it yet."""
    return msgspec.structs.replace(
        row,
        number=row.number or note.number,
        destination=row.destination or note.dialled,
        # A leg that we dialled has been on record since the order to dial, as when its end is heard.
        created_at=(row.created_at if note.ours else 0) or note.began_at,
        answered_at=note.answered_at,
        bridged_at=note.bridged_at or row.bridged_at,
        hungup_at=note.ended_at,
        cause=note.cause,
        q850=Cause.of(note.cause).q850,
        complete=True,
    )


def is_noted(event: Event) -> bool:
    """Whether the switch makes a note of this call's end."""
    return (event.variable(HOOK) or "").startswith(f"db insert/{NOTED}/")


def untold(event: Event) -> Pairs:
    """The variables by which the switch makes no note of a call that is taken where its note would not say so (the
    dialplan before version 7): it would look like one that nobody knows of. A hook of somebody else's stays."""
    return ((HOOK, ""),) if is_noted(event) and "{fsorch_contact}" not in (event.variable(HOOK) or "") else ()
