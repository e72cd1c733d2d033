"""Rows for the records: what the ``*_ended`` facts carry. Everything here is written exactly once for each row. Moments
are UTC microseconds; where one may be left out, it is now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from fsorch.acd import ContactState
from fsorch.causes import Cause
from fsorch.clock import US
from fsorch.engine.core import Core
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import OpenContact
from fsorch.engine.rows import ContactRow, LegRow, SegmentRow
from fsorch.engine.state import Contact, Leg, Segment
from fsorch.engine.tenants import FULL
from fsorch.esl.events import Event
from fsorch.names import ContactOutcome, SegmentKind

__all__ = ["Records", "row_of"]

# How those end who were turned away for good.
TURNED = (ContactOutcome.OVERFLOWED, ContactOutcome.VOICEMAIL)


class Records:
    """Opens and closes segments, and turns what ended into facts with whole rows."""

    def __init__(self, core: Core) -> None:
        self.core = core
        # Told of each wrap-up that is over: the agent, and its seconds.
        self.wrapped: Callable[[str, float], None]

    def begin(self, contact: Contact, kind: SegmentKind, at: int = 0, **fields: str) -> None:
        """A new stretch begins, now or as it was noticed late ``at`` then; the one before it ends here."""
        at = at or self.core.now.wall
        if contact.segment is not None:
            at = max(at, contact.segment.began_at)
            self.end(contact, at=at)
        contact.segment = Segment(kind, at, **fields)

    def rename(self, contact: Contact, kind: SegmentKind, agent: str) -> None:
        """The stretch that is open is one of another kind: so it was before a restart of ours."""
        if contact.segment is not None:
            contact.segment.kind, contact.segment.agent = kind, agent

    def end(self, contact: Contact, outcome: str = "", at: int = 0) -> None:
        """The open stretch ends now, or ended ``at`` then, if there is one."""
        segment, contact.segment = contact.segment, None
        if segment is None:
            return
        if contact.lost_at:
            # A stretch may have begun while nobody knew yet.
            contact.lost_at = max(contact.lost_at, segment.began_at)
        now = at or contact.lost_at or self.core.now.wall
        lasted = max(0, now - segment.began_at)
        if segment.kind is SegmentKind.TALK:
            contact.talked_us += lasted
        elif segment.kind is SegmentKind.HOLD:
            contact.held_us += lasted
        self._write(contact, segment, now, outcome)

    def aside(self, contact: Contact, kind: SegmentKind, agent: str, leg: str, began_at: int) -> None:
        """A stretch beside the contact's own ends now: that of somebody who talked along."""
        self._write(contact, Segment(kind, began_at, agent=agent, leg=leg), self.core.now.wall, "")

    def past(self, contact: Contact, kind: SegmentKind, agent: str, began_at: int, ended_at: int) -> None:
        """A stretch that was over before anybody here knew of what followed it."""
        self._write(contact, Segment(kind, began_at, agent=agent), ended_at, "")

    def wrap_up(self, contact: str, queue: str, agent: str, began_at: int) -> None:
        """The after-call work of ``agent`` for a contact that may be over long since."""
        now = self.core.now.wall
        self.wrapped(agent, (now - began_at) / US)
        row = SegmentRow(
            id=f"{contact}:w:{agent}:{began_at}",
            contact=contact,
            kind=SegmentKind.WRAP_UP.value,
            began_at=began_at,
            ended_at=now,
            queue=queue,
            agent=agent,
        )
        self.core.fact(FactKind.SEGMENT_ENDED, contact, agent=agent, queue=queue, row=msgspec.to_builtins(row))

    def contact_began(self, contact: Contact) -> None:
        """A new contact: its row is there from the first second."""
        self.core.fact(
            FactKind.CONTACT_BEGAN,
            contact,
            leg=contact.leg,
            medium=contact.medium,
            direction=contact.direction,
            number=contact.number,
            name=contact.name,
            destination=contact.destination,
            switch=contact.switch,
            tenant=contact.tenant,
            began_at=contact.began_at,
        )

    def contact_ended(self, contact: Contact) -> None:
        """The whole row of a contact that is over."""
        self.end(contact)
        now = contact.lost_at or self.core.now.wall
        served = contact.answered_at or contact.left_line_at or now
        row = ContactRow(
            id=contact.id,
            medium=contact.medium,
            direction=contact.direction,
            switch=contact.switch,
            number=contact.number,
            name=contact.name,
            destination=contact.destination,
            flow=contact.entry or contact.flow,
            queue=contact.queue,
            agent=contact.agent,
            outcome=(contact.outcome or ContactOutcome.LOST).value,
            ended_by=contact.ended_by,
            cause=FULL if contact.turned_away and contact.outcome in TURNED else contact.cause,
            priority=contact.priority,
            began_at=contact.began_at,
            enqueued_at=contact.enqueued_at,
            answered_at=contact.answered_at,
            ended_at=now,
            waited_us=max(0, served - contact.enqueued_at) if contact.enqueued_at else 0,
            talked_us=contact.talked_us,
            held_us=contact.held_us,
            offers=contact.offers,
            misses=contact.misses,
            tenant=contact.tenant,
            answers={f"{n}:{one.prompt}": one.digits for n, one in enumerate(contact.answers, 1)},
        )
        self.core.fact(FactKind.CONTACT_ENDED, contact, agent=contact.agent, row=msgspec.to_builtins(row))

    def leg_ended(self, leg: Leg, event: Event | None) -> None:
        """The CDR of a leg: from the switch's own hangup record, or from what we knew when that never came."""
        row = _complete(leg.row, event) if event is not None else msgspec.structs.replace(leg.row, complete=False)
        if not row.hungup_at:
            row = msgspec.structs.replace(row, hungup_at=self.core.now.wall)
        self.core.fact(
            FactKind.LEG_ENDED,
            leg.contact,
            leg=leg.uuid,
            switch=leg.switch,
            agent=leg.agent,
            row=msgspec.to_builtins(row),
        )

    def contact_lost(
        self, known: OpenContact, until: int, outcome: ContactOutcome, cause: str = "", ended_by: str = "system"
    ) -> None:
        """A contact of an earlier life of ours whose end nobody heard; it was served if it was ever joined to an
        agent, else ``outcome``. What it did when it was last heard of went on ``until`` that life ended, or until the
        moment that the switch has noted."""
        row = known.row
        outcome = ContactOutcome.ANSWERED if row.answered_at else outcome
        row = msgspec.structs.replace(row, outcome=outcome.value, ended_by=ended_by, cause=cause)
        if known.doing:
            row = self._last_stretch(known, row, max(row.ended_at, min(until, self.core.now.wall)))
        if row.enqueued_at:
            row = msgspec.structs.replace(row, waited_us=max(0, (row.answered_at or row.ended_at) - row.enqueued_at))
        fields = {"agent": row.agent, "queue": row.queue, "switch": row.switch}
        self.core.fact(FactKind.CONTACT_ENDED, row.id, **fields, row=msgspec.to_builtins(row))

    def joined(self, known: OpenContact, agent: str, phone: str, at: int) -> OpenContact:
        """A contact of an earlier life of ours was joined to ``agent`` at ``at``, and nobody heard it: what it did
        before went on until then, and now it talks."""
        row = msgspec.structs.replace(known.row, answered_at=known.row.answered_at or at, agent=agent)
        self._stretch(known, known.row, agent if known.doing == SegmentKind.OFFER else "", at)
        legs = {"customer_leg": known.legs[0].id if known.legs else "", "agent_leg": phone}
        fields = {"agent": agent, "queue": row.queue, "switch": row.switch, "leg": legs["customer_leg"]}
        self.core.fact(FactKind.BRIDGED, row.id, **fields, **legs, answered_at=row.answered_at)
        talk, segments = SegmentKind.TALK.value, known.segments + 1
        more = {"doing": talk, "segmented_at": at, "segments": segments, "agent_leg": phone}
        return msgspec.structs.replace(known, row=row, **more)

    def _stretch(self, known: OpenContact, row: ContactRow, agent: str, until: int) -> SegmentRow:
        """Write down the stretch that was open, which went on ``until`` then."""
        began_at = known.segmented_at or row.began_at
        segment = SegmentRow(
            id=f"{row.id}:{began_at}:{known.segments + 1}",
            contact=row.id,
            kind=known.doing,
            began_at=began_at,
            ended_at=max(until, began_at),
            queue=row.queue,
            agent=agent,
            leg=known.agent_leg,
            outcome=row.outcome,
        )
        fields = {"agent": agent, "queue": row.queue, "switch": row.switch}
        self.core.fact(FactKind.SEGMENT_ENDED, row.id, **fields, row=msgspec.to_builtins(segment))
        return segment

    def _last_stretch(self, known: OpenContact, row: ContactRow, until: int) -> ContactRow:
        """Write down the stretch that was open; the row with it counted."""
        segment = self._stretch(known, row, row.agent if known.talks else "", until)
        lasted = segment.ended_at - segment.began_at
        return msgspec.structs.replace(
            row,
            ended_at=segment.ended_at,
            talked_us=row.talked_us + (lasted if known.doing == SegmentKind.TALK else 0),
            held_us=row.held_us + (lasted if known.doing == SegmentKind.HOLD else 0),
        )

    def leg_lost(self, row: LegRow, at: int) -> None:
        """A leg of an earlier life of ours whose end nobody saw; ``at`` is the last that was heard of its contact."""
        self.leg_noted(msgspec.structs.replace(row, hungup_at=at, complete=False))

    def leg_noted(self, row: LegRow) -> None:
        """A leg that is over: all that is known of it."""
        fields = {"agent": row.agent, "leg": row.id, "switch": row.switch}
        self.core.fact(FactKind.LEG_ENDED, row.contact, **fields, row=msgspec.to_builtins(row))

    def _write(self, contact: Contact, segment: Segment, now: int, outcome: str) -> None:
        contact.segments += 1
        row = SegmentRow(
            # The start makes the id stable and unique even when we were restarted within the contact.
            id=f"{contact.id}:{segment.began_at}:{contact.segments}",
            contact=contact.id,
            kind=segment.kind.value,
            began_at=segment.began_at,
            ended_at=max(now, segment.began_at),
            queue=segment.queue or contact.queue,
            agent=segment.agent,
            leg=segment.leg,
            outcome=outcome or ("" if contact.machine.state is not ContactState.ENDED else _outcome(contact)),
        )
        self.core.fact(FactKind.SEGMENT_ENDED, contact, agent=segment.agent, row=msgspec.to_builtins(row))


def _outcome(contact: Contact) -> str:
    return contact.outcome.value if contact.outcome else ""


def _complete(row: LegRow, event: Event) -> LegRow:
    """The row with all that a CHANNEL_HANGUP_COMPLETE carries (capture 02 and 06)."""
    cause = event.variable("hangup_cause") or event.hangup_cause or row.cause
    changes: dict[str, Any] = {
        "direction": event.direction or row.direction,
        "channel": event.channel_name or row.channel,
        "number": event.caller_number or row.number,
        "name": event.caller_name or row.name,
        "destination": event.destination or row.destination,
        "created_at": event.created_time or row.created_at,
        "progress_at": event.progress_time or event.progress_media_time or row.progress_at,
        "answered_at": event.answered_time or row.answered_at,
        "bridged_at": event.bridged_time or row.bridged_at,
        "hungup_at": event.hangup_time or row.hungup_at,
        "hold_us": _int(event.header("Caller-Channel-Hold-Accum")),
        "cause": cause,
        "q850": _int(event.variable("hangup_cause_q850")) or Cause.of(cause).q850,
        "sip_disposition": event.variable("sip_hangup_disposition") or "",
        "sip_code": event.variable("sip_term_status") or event.variable("sip_invite_failure_status") or "",
        "codec": event.variable("read_codec") or event.variable("write_codec") or "",
        "mos": _float(event.variable("rtp_audio_in_mos")),
        "peer": row.peer or event.variable("bridge_uuid") or event.variable("signal_bond") or "",
    }
    return msgspec.structs.replace(row, **changes)


def _int(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else 0


def _float(text: str | None) -> float | None:
    try:
        value = float(text) if text else None
    except ValueError:
        return None
    return value if value is not None and 0 <= value <= 5 else None


def row_of(event: Event, switch: str, role: str, contact: str, agent: str, now: int) -> LegRow:
    """The CDR of a leg that we did not dial ourselves in this life, as far as ``event`` tells. ``now``: UTC
    microseconds."""
    return LegRow(
        id=event.uuid,
        contact=contact,
        switch=switch,
        role=role,
        agent=agent,
        direction=event.direction,
        channel=event.channel_name,
        number=event.caller_number,
        name=event.caller_name,
        destination=event.destination,
        created_at=event.created_time or now,
        answered_at=event.answered_time,
    )
