"""The recorded streams in ``tests/data`` for the tests of this floor and of the virtual switch."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from fsorch.esl.events import Event, decode_event
from fsorch.esl.frames import Frame, FrameReader

CAPTURES = Path(__file__).resolve().parent.parent / "data" / "captures"
STREAMS = sorted(path.relative_to(CAPTURES).as_posix() for path in CAPTURES.glob("*/*.esl"))
BOTH_FORMATS = sorted(path.parent.name for path in CAPTURES.glob("*/plain.esl"))


@cache
def stream(name: str) -> bytes:
    """The bytes of ``12-odd-values/json.esl`` and the like."""
    return (CAPTURES / name).read_bytes()


@cache
def frames(name: str) -> tuple[Frame, ...]:
    """All frames of a stream, read in one piece."""
    return tuple(FrameReader().feed(stream(name)))


def is_event(frame: Frame) -> bool:
    return frame.content_type.startswith("text/event-")


def events(name: str) -> list[Event]:
    """All events of a stream, decoded anew."""
    return [decode_event(frame) for frame in frames(name) if is_event(frame)]


def typed(event: Event) -> dict[str, object]:
    """The typed fields of an event, without what keeps the bytes."""
    names = (name for name in event.__struct_fields__ if name not in ("raw", "format", "known", "usual"))
    return {name: getattr(event, name) for name in names}
