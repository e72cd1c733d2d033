"""The recordings of a real switch as data: what was sent and when, what was answered, which events came."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from fsorch.esl.frames import CommandFrame, FrameReader

ROOT = Path(__file__).parent.parent / "data" / "captures"
_SENT = re.compile(r"^\+(\d+\.\d+)s  > (.*)$")
_JOB = re.compile(r"^(.*) \[Job-UUID ([0-9a-f-]{36})\]$")
_FIRST = re.compile(r"^ +(\d+\.\d+)  ([A-Z_]+) ", re.MULTILINE)
Headers = dict[str, str]


class Sent(msgspec.Struct, frozen=True):
    """One command of the recording: when (seconds from its start), what, and the (possibly shortened) reply."""

    at: float
    frame: CommandFrame
    reply: str


class Capture(msgspec.Struct, frozen=True):
    """One folder. ``zero_us``: the wall clock at the recording's start."""

    name: str
    sent: tuple[Sent, ...]
    events: tuple[Headers, ...]
    zero_us: int


def folder(number: str) -> Path:
    """The folder whose name begins with the number."""
    return next(path for path in sorted(ROOT.iterdir()) if path.name.startswith(number))


def load(number: str) -> Capture:
    """Read one capture."""
    path = folder(number)
    text = (path / "timeline.txt").read_text(encoding="utf-8")
    events = tuple(read_events(path / "json.esl"))
    first = _FIRST.search(text)
    assert first is not None
    # A stamp is of the last 20 ms tick: half of that is what it is behind on average.
    zero = int(events[0]["Event-Date-Timestamp"]) + 10_000 - round(float(first.group(1)) * 1_000_000)
    return Capture(path.name, tuple(read_sent(text)), events, zero)


def read_events(path: Path) -> list[Headers]:
    """The JSON events of a stream."""
    frames = FrameReader().feed(path.read_bytes())
    return [msgspec.json.decode(frame.body) for frame in frames if frame.content_type == "text/event-json"]


def read_sent(text: str) -> list[Sent]:
    """The commands of a timeline with their replies."""
    found = []
    lines = text.split("\n")
    for number, line in enumerate(lines):
        match = _SENT.match(line)
        if match is not None:
            reply = lines[number + 1].strip().removeprefix("< ").replace("\\n", "\n")
            found.append(Sent(float(match.group(1)), _frame(match.group(2)), reply))
    return found


def _frame(text: str) -> CommandFrame:
    job = _JOB.match(text)
    line, *rest = (job.group(1) if job else text).split("\\n")
    headers = [tuple(part.split(": ", 1)) for part in rest]
    if job:
        headers.append(("Job-UUID", job.group(2)))
    return CommandFrame(line, tuple((pair[0], pair[1]) for pair in headers))
