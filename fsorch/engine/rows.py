"""The rows that ``*_ended`` facts carry: exactly one for each contact, segment and leg. Times are UTC microseconds, 0
for never."""

from __future__ import annotations

import msgspec

__all__ = ["ContactRow", "LegRow", "SegmentRow"]


class ContactRow(msgspec.Struct, frozen=True, kw_only=True):
    """One matter of one customer over one medium. ``outcome``: answered, abandoned (left while waiting or ringing),
    left_flow (hung up before the queue), lost (the switch or link lost it), failed. ``ended_by``: customer, agent,
    system. ``tenant``: whose it was."""

    id: str
    medium: str = "voice"
    direction: str = "inbound"
    switch: str
    number: str = ""
    name: str = ""
    destination: str = ""
    flow: str = ""
    queue: str = ""
    agent: str = ""
    outcome: str
    ended_by: str = ""
    cause: str = ""
    priority: int = 0
    began_at: int
    enqueued_at: int = 0
    answered_at: int = 0
    ended_at: int
    waited_us: int = 0
    talked_us: int = 0
    held_us: int = 0
    offers: int = 0
    misses: int = 0
    tenant: str = ""
    answers: dict[str, str] = {}


class SegmentRow(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of a contact. ``kind``: ivr, queue, offer, talk, hold, consult, wrap_up, voicemail."""

    id: str
    contact: str
    kind: str
    began_at: int
    ended_at: int
    queue: str = ""
    agent: str = ""
    leg: str = ""
    outcome: str = ""


class LegRow(msgspec.Struct, frozen=True, kw_only=True):
    """The CDR of one FreeSWITCH channel. ``role``: customer, agent, other. ``peer`` is the leg it was last bridged to.
    ``complete`` is false when the switch's own hangup record never reached us and the row was written from what we
    knew."""

    id: str
    contact: str = ""
    switch: str
    role: str = "customer"
    agent: str = ""
    direction: str = ""
    channel: str = ""
    number: str = ""
    name: str = ""
    destination: str = ""
    created_at: int = 0
    progress_at: int = 0
    answered_at: int = 0
    bridged_at: int = 0
    hungup_at: int = 0
    hold_us: int = 0
    cause: str = ""
    q850: int = 0
    sip_disposition: str = ""
    sip_code: str = ""
    codec: str = ""
    mos: float | None = None
    peer: str = ""
    complete: bool = True
