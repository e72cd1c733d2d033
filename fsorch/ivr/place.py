"""Where a caller is in a flow, as data that fits into a channel variable: a restart goes on from there.

Masked input is never in it; what is in it instead is where that input was asked for, so that it can be asked again.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Any

import msgspec

from fsorch.expressions import plain

__all__ = ["LONGEST_PLACE", "Exit", "Frame", "Progress", "read_place", "write_place"]

# The form of a place; a place of another form is none.
FORM = "1."
LONGEST_PLACE = 16_000
Count = Annotated[int, msgspec.Meta(ge=0, le=100_000)]
Digits = Annotated[str, msgspec.Meta(pattern=r"^[0-9*#]{0,64}\Z")]
Frame = tuple[str, str]
Frames = Annotated[list[Frame], msgspec.Meta(min_length=1, max_length=16)]


class Exit(msgspec.Struct, array_like=True):
    """How a caller leaves: ``by`` the node they are at (``node``), to the ``person``, or, for there is none, with an
    apology (``sorry``); and ``why``."""

    by: str = ""
    why: str = ""


class Progress(msgspec.Struct, array_like=True):
    """Everything that a session knows but masked input.

    ``frames``: the flows that are walked, outermost first, each with its node. ``state``: of the session's machine.
    ``silences`` and ``wrongs``: rounds at this node; ``after``: what the last one was, empty for none. ``given``: keys
    of this answer that came before its prompt; ``ahead``: keys for nodes to come; ``pending``: an answer that is to be
    confirmed. ``question``: of a survey; ``low``: a score of it was low. ``passed``: nodes since the last key;
    ``steps``: all of them. ``masked``: for each variable with masked input, the frames where it was asked."""

    frames: Frames
    state: str
    language: str
    serial: Count = 0
    silences: Count = 0
    wrongs: Count = 0
    after: str = ""
    given: Digits = ""
    ahead: Digits = ""
    pending: Digits = ""
    question: Count = 0
    low: bool = False
    passed: Count = 0
    steps: Count = 0
    elapsed_s: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    exit: Exit = msgspec.field(default_factory=Exit)
    variables: dict[str, Any] = {}
    masked: dict[str, Frames] = {}


def write_place(progress: Progress) -> str:
    """A place as a short text of letters, digits, ``-``, ``_`` and ``.``."""
    return FORM + urlsafe_b64encode(msgspec.msgpack.encode(progress)).decode("ascii").rstrip("=")


def read_place(place: str) -> Progress | None:
    """What :func:`write_place` wrote; None for anything else."""
    if not place.startswith(FORM) or len(place) > LONGEST_PLACE or not place.isascii():
        return None
    text = place.removeprefix(FORM)
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        progress = msgspec.msgpack.decode(data, type=Progress)
    except (binascii.Error, ValueError, RecursionError):
        return None
    progress.variables = {name: plain(value) for name, value in progress.variables.items()}
    return progress
