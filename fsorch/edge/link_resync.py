"""What a link asks a switch when it has just connected: the subscription, and every channel that lives."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence

from fsorch.edge.link_session import Session
from fsorch.edge.logs import about
from fsorch.engine.away_notes import NOTED, AwayNote, away_note
from fsorch.engine.drop_notes import DROPPED, DropNote, drop_note, note_keys
from fsorch.errors import LinkError
from fsorch.esl.commands import Dump, GlobalGetVar, Notes, ShowChannels, ShowRegistrations, Subscribe
from fsorch.esl.errors import EslError
from fsorch.esl.events import Event, channel_data
from fsorch.esl.replies import Reply

__all__ = [
    "EVENTS",
    "SUBCLASSES",
    "away_notes",
    "core_uuid",
    "drop_notes",
    "live_channels",
    "registrations",
    "sounds_dir",
    "subscribe",
]

# What the engine uses, and nothing else: each channel event is about 6 KB.
EVENTS = (
    "CHANNEL_CREATE",
    "CHANNEL_PARK",
    "CHANNEL_PROGRESS",
    "CHANNEL_PROGRESS_MEDIA",
    "CHANNEL_ANSWER",
    "CHANNEL_BRIDGE",
    "CHANNEL_HOLD",
    "CHANNEL_UNHOLD",
    "CHANNEL_HANGUP",
    "CHANNEL_HANGUP_COMPLETE",
    "CHANNEL_DESTROY",
    "CHANNEL_EXECUTE_COMPLETE",
    "DTMF",
    "DETECTED_TONE",
    "BACKGROUND_JOB",
    "PRESENCE_IN",
    "PHONE_FEATURE_SUBSCRIBE",
    "HEARTBEAT",
)
SUBCLASSES = ("sofia::register", "sofia::unregister", "sofia::expire", "avmd::beep")
# So many dumps of about 6 KB are on the way at once.
BATCH = 100

log = logging.getLogger(__name__)


def subscribe(session: Session, more: tuple[str, ...] = ()) -> None:
    """Ask for the events the engine uses, and ``more``, as JSON. Raises LinkError."""
    _sound(session, session.ask(Subscribe((*EVENTS, *more), custom=SUBCLASSES).wire()), "event")


def core_uuid(session: Session) -> str:
    """What tells one run of the switch from the next; empty if the switch does not say."""
    reply = session.ask(GlobalGetVar("core_uuid").wire())
    return reply.text.strip() if reply.ok else ""


def sounds_dir(session: Session) -> str:
    """Where the switch keeps its sounds; empty if it does not say."""
    reply = session.ask(GlobalGetVar("sounds_dir").wire())
    return reply.text.strip() if reply.ok else ""


def drop_notes(session: Session) -> tuple[DropNote, ...]:
    """What the switch noted of calls that it dropped alone: as many as one list holds (the engine asks for the rest);
    none where it has no ``mod_db``. Raises LinkError."""
    listed = session.ask(Notes("list", DROPPED).wire())
    keys = note_keys(listed.text) if listed.ok else ()
    replies = session.ask_all([Notes("select", DROPPED, key).wire() for key in keys])
    return tuple(drop_note(key, reply.text) for key, reply in zip(keys, replies, strict=True) if reply.ok)


def away_notes(session: Session) -> tuple[AwayNote, ...]:
    """What the switch noted of calls that were over before fsorch had them; as `drop_notes`."""
    listed = session.ask(Notes("list", NOTED).wire())
    keys = note_keys(listed.text) if listed.ok else ()
    replies = session.ask_all([Notes("select", NOTED, key).wire() for key in keys])
    return tuple(away_note(key, reply.text) for key, reply in zip(keys, replies, strict=True) if reply.ok)


def registrations(session: Session) -> tuple[str, ...] | None:
    """The users with a registered phone, ``name@domain``; None if the switch does not say. Raises LinkError."""
    reply = session.ask(ShowRegistrations().wire())
    try:
        # Without registrations there is no "rows" at all (capture 15).
        rows = json.loads(reply.text, strict=False).get("rows", ()) if reply.ok else None
        return None if rows is None else tuple(f"{row['reg_user']}@{row['realm']}" for row in rows)
    except (ValueError, LookupError, TypeError, AttributeError):
        log.info("%s: show registrations answers %r, which is no list", session.where, reply.text[:60])
        return None


def live_channels(session: Session, settle_s: float) -> tuple[Event, ...]:
    """The ``uuid_dump`` of every live channel. Raises LinkError.

    ``show channels`` reads a table that is filled some 30 ms late (capture 11), so it is asked twice, ``settle_s``
    apart, and what either names is dumped; a channel that is gone by then is left out. What began after the
    subscription is seen by its events anyway."""
    uuids = _listed(session)
    session.ended.wait(settle_s)
    uuids = list(dict.fromkeys([*uuids, *_listed(session)]))
    return tuple(event for batch in _batches(uuids) for event in _dumped(session, batch))


def _batches(uuids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (uuids[start : start + BATCH] for start in range(0, len(uuids), BATCH))


def _dumped(session: Session, uuids: Sequence[str]) -> Iterator[Event]:
    replies = session.ask_all([Dump(uuid).wire() for uuid in uuids])
    for uuid, reply in zip(uuids, replies, strict=True):
        if reply.ok:
            try:
                yield channel_data(reply.text)
            except EslError as error:
                log.warning("%s: channel %s is left out: %s", session.where, uuid, error, extra=about(leg=uuid))


def _listed(session: Session) -> list[str]:
    reply = _sound(session, session.ask(ShowChannels().wire()), "show channels")
    try:
        # Without channels there is no "rows" at all (capture 11).
        return [str(row["uuid"]) for row in json.loads(reply.text, strict=False).get("rows", ())]
    except (ValueError, LookupError, TypeError, AttributeError):
        raise LinkError(f"{session.where}: show channels answers {reply.text[:60]!r}, which is no list") from None


def _sound(session: Session, reply: Reply, what: str) -> Reply:
    if not reply.ok:
        raise LinkError(f"{session.where}: {what} is refused: {reply.error}")
    return reply
