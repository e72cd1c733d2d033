"""What the switch answers: replies, job results, disconnect notices, and the frames around authentication."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from fsorch.esl.events import Event
from fsorch.esl.frames import Frame
from fsorch.esl.percent import percent_decode

__all__ = [
    "DisconnectNotice",
    "JobResult",
    "Reply",
    "disconnect_from_frame",
    "is_auth_request",
    "is_rude_rejection",
    "job_result",
    "reply_from_frame",
]

# -ERR and -USAGE by rule; -ERROR is what uuid_answer says (capture 11); the bare line comes from switch_api_execute.
_FAILED = re.compile(r"-(?:ERROR|ERR|USAGE)\b:?\s*|COMMAND RETURNED ERROR!?\s*", re.ASCII)
_CAUSE = re.compile(r"[A-Z][A-Z0-9_]*\Z")
_OK = "+OK"


def _error(text: str) -> str | None:
    failed = _FAILED.match(text)
    return (text[failed.end() :].strip() or text.strip()) if failed else None


def _cause(text: str) -> str | None:
    error = _error(text)
    return error if error is not None and text.startswith("-ERR ") and _CAUSE.match(error) else None


class Reply(msgspec.Struct, frozen=True):
    """The answer to one command. ``ok`` is False for ``-ERR``, ``-USAGE`` and ``-ERROR`` and True for everything else:
    many answers are bare data (``true``, ``_undef_``, JSON). ``text`` is the whole answer without the last line break.

    The answer of `GetVar` is the variable's value as it stands: one that begins with ``-ERR`` reads as a failure.
    """

    ok: bool
    text: str
    kind: Literal["command", "api"] = "command"

    @property
    def error(self) -> str | None:
        """What the switch complains about, without ``-ERR``; None if it does not complain."""
        return _error(self.text)

    @property
    def cause(self) -> str | None:
        """The hangup cause in ``-ERR USER_BUSY`` and the like; None for any other text."""
        return _cause(self.text)

    @property
    def job_uuid(self) -> str | None:
        """The job's id in the answer to ``bgapi``."""
        return self.text.removeprefix("+OK Job-UUID: ") if self.text.startswith("+OK Job-UUID: ") else None

    @property
    def value(self) -> str | None:
        """What follows ``+OK``, or the bare answer; None for a failure and for ``_undef_``."""
        if not self.ok or self.text == "_undef_":
            return None
        return self.text.removeprefix(_OK).strip() if self.text.startswith(_OK) else self.text


def _reply(text: str, kind: Literal["command", "api"]) -> Reply:
    text = text.removesuffix("\n")
    return Reply(_FAILED.match(text) is None, text, kind)


def reply_from_frame(frame: Frame) -> Reply | None:
    """The reply a ``command/reply`` or ``api/response`` frame holds; None for every other frame.

    ``Reply-Text`` comes as it is, but percent-encoded in the answer to ``connect`` (capture 13).
    """
    kind = frame.content_type
    if kind == "api/response":
        return _reply(frame.body.decode("utf-8", "replace"), "api")
    if kind != "command/reply":
        return None
    text = frame.header("Reply-Text") or ""
    return _reply(percent_decode(text) if frame.header("Event-Name") else text, "command")


class JobResult(msgspec.Struct, frozen=True):
    """How a background job ended. ``uuid`` is the id after ``+OK`` (of an originate: the new channel), ``cause`` the
    hangup cause after ``-ERR``; ``text`` is the whole outcome. A malformed originate says ``-USAGE`` (capture 06)."""

    job_uuid: str
    ok: bool
    text: str
    uuid: str = ""
    cause: str = ""

    @property
    def error(self) -> str | None:
        """What the switch complains about, without ``-ERR``; None if it does not complain."""
        return _error(self.text)


def job_result(event: Event) -> JobResult:
    """The outcome in a BACKGROUND_JOB event."""
    text = event.body.removesuffix("\n")
    uuid = text.removeprefix(_OK).strip() if text.startswith(_OK) else ""
    return JobResult(event.job_uuid, _FAILED.match(text) is None, text, uuid, _cause(text) or "")


class DisconnectNotice(msgspec.Struct, frozen=True):
    """The switch is about to close the connection, or with ``linger`` will do so after ``linger_seconds``; a linger
    without a number lasts until the client leaves (``Linger-Time: -1``, ``mod_event_socket.c``)."""

    linger: bool
    linger_seconds: int | None
    text: str


def disconnect_from_frame(frame: Frame) -> DisconnectNotice | None:
    """The notice in a ``text/disconnect-notice`` frame; None for every other frame."""
    if frame.content_type != "text/disconnect-notice":
        return None
    linger = frame.header("Content-Disposition") == "linger"
    seconds = frame.header("Linger-Time") or ""
    known = linger and seconds.isascii() and seconds.isdigit() and len(seconds) < 10
    return DisconnectNotice(linger, int(seconds) if known else None, frame.body.decode("utf-8", "replace").strip())


def is_auth_request(frame: Frame) -> bool:
    """Whether the switch asks for the password: the first frame of an inbound connection."""
    return frame.content_type == "auth/request"


def is_rude_rejection(frame: Frame) -> bool:
    """Whether the switch's access list refuses this address; it closes the connection after it."""
    return frame.content_type == "text/rude-rejection"
