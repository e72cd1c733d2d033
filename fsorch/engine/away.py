"""Calls that came and went, or were served by the dialplan to their end, while fsorch was away.

The switch has noted each of them (see `AwayNote`). A call that nobody knows of becomes a contact with its CDR: lost,
or overflowed if the switch served it alone, with the cause ``FSORCH_AWAY``, and whoever can be called back is promised
that. Whether a leg is known is the records' to say (`FactKind.CALL_NOTED`): a note may be of a caller who hung up in
the very moment fsorch took the call. A contact that we had, and that the switch went on with alone, gets its true end,
if the records could be asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from fsorch.customers import Promise
from fsorch.engine.away_notes import NOTED, AwayNote, away_note, is_noted, noted_leg
from fsorch.engine.core import Core
from fsorch.engine.drop_notes import note_keys
from fsorch.engine.facts import FactKind
from fsorch.engine.guards import AWAY, served_alone
from fsorch.engine.legs import Legs
from fsorch.engine.rows import ContactRow, LegRow, SegmentRow
from fsorch.esl.commands import Notes
from fsorch.esl.events import Event
from fsorch.names import ContactOutcome, Role, SegmentKind

__all__ = ["CALL_BACK_US", "Away"]

# So soon after fsorch is back somebody should have called back.
CALL_BACK_US = 86_400_000_000


class Away:
    """Makes contacts of those notes."""

    def __init__(self, core: Core, legs: Legs) -> None:
        self.core = core
        self.legs = legs

    def noted(self, switch: str, notes: Sequence[AwayNote], *, known: frozenset[str] = frozenset()) -> None:
        """Calls that are over. The notes go when that is written down; their list is cut short by the switch, so it is
        asked for once more. ``known``: legs of contacts that are open."""
        last = {note.number: note.leg for note in notes}
        for note in notes:
            unknown = note.leg not in known and not self.legs.has_ended(note.leg)
            self._take(switch, note, unknown=unknown, owed=last.get(note.number) == note.leg)
        if notes:
            self.core.send(switch, Notes("list", NOTED), f"calls:{switch}")

    def _take(self, switch: str, note: AwayNote, *, unknown: bool, owed: bool) -> None:
        self.core.write_first()
        # A leg of ours was on record before it was dialled: of one that nobody knows there is nothing to tell.
        if note.began_at and unknown and not note.left and not note.ours:
            self.legs.noted_legs.add(note.leg)
            self.core.fact(FactKind.CALL_NOTED, note.leg, leg=note.leg, switch=switch, **self._rows(switch, note, owed))
        self.core.send(switch, Notes("delete", NOTED, note.leg))

    def answer(self, switch: str, verb: str, id: str, text: str) -> None:
        """The switch's answer: the list of its notes (``calls``), one of them (``call_noted``), the last
        (``last_call_noted``)."""
        if verb == "calls":
            keys = note_keys(text)
            for key in keys:
                verb = "last_call_noted" if key == keys[-1] else "call_noted"
                self.core.send(switch, Notes("select", NOTED, key), f"{verb}:{key}")
        elif verb == "last_call_noted":
            self.noted(switch, [away_note(id, text)])
        elif text.strip():
            self._take(switch, away_note(id, text), unknown=True, owed=True)

    def hangs_up(self, switch: str, event: Event) -> None:
        """A call is over, and has its note by now (``switch_core_session_reporting_state`` runs the hook before it
        sends this event): of one that we never had it is wanted, of one that we have heard to its end it is not."""
        ours = event.variable("fsorch_contact") or event.variable("fsorch_role") or event.variable("fsorch_attempt")
        door = served_alone(event) or event.variable("fsorch_entry")
        if event.uuid in self.core.legs or (ours and event.direction == "outbound"):
            if is_noted(event) and note_keys(event.uuid):
                # This step writes down the end of it; not before that is the note of no use.
                self.core.write_first()
                self.core.send(switch, Notes("delete", NOTED, event.uuid))
        elif door and not ours and not self.legs.has_ended(event.uuid):
            if note_keys(event.uuid):
                self.core.send(switch, Notes("select", NOTED, event.uuid), f"call_noted:{event.uuid}")

    def _rows(self, switch: str, note: AwayNote, owed: bool) -> dict[str, Any]:
        """The contact, its only stretch, its leg, and what the caller is owed. The contact has the leg's id: whoever
        reads the note twice writes the same rows. It is the tenant's whose number was called; of domains a note says
        nothing."""
        called = self.core.tenancy.number(note.dialled, "")
        contact = ContactRow(
            id=note.leg,
            switch=switch,
            number=note.number,
            destination=note.dialled,
            tenant=called.tenant if called is not None else "",
            outcome=(ContactOutcome.OVERFLOWED if note.bridged_at or note.message else ContactOutcome.LOST).value,
            ended_by="system" if note.alone else "customer",
            cause=AWAY,
            began_at=note.began_at,
            ended_at=note.ended_at,
        )
        stretch = SegmentRow(
            id=f"{note.leg}:{note.began_at}:1",
            contact=note.leg,
            kind=(SegmentKind.VOICEMAIL if note.message else SegmentKind.IVR).value,
            began_at=note.began_at,
            ended_at=note.ended_at,
            outcome=contact.outcome,
        )
        leg = noted_leg(note, LegRow(id=note.leg, contact=note.leg, switch=switch, direction="inbound"))
        promise = self._promise(note, contact.tenant) if owed and note.number and not note.bridged_at else None
        return {
            "call": msgspec.to_builtins(contact),
            "segment": msgspec.to_builtins(stretch),
            "row": msgspec.to_builtins(leg),
            "promise": msgspec.to_builtins(promise) if promise is not None else None,
            "taken": note.taken,
            "alone": note.alone,
            "talked": bool(note.bridged_at),
            "message": note.message,
        }

    def _promise(self, note: AwayNote, tenant: str) -> Promise:
        said = " and left a message" if note.message else ""
        return Promise(
            id=note.leg,
            tenant=tenant,
            kind="call",
            what=f"called while fsorch was away{said}",
            number=note.number,
            role=Role.SUPERVISOR,
            contact=note.leg,
            made_at=self.core.now.wall,
            due_at=self.core.now.wall + CALL_BACK_US,
        )
