"""Which applications a destination gets.

`Dialplan` holds contexts of extensions (a pattern and actions); `$1` in an action is the pattern's group. The two that
matter: `CAPTURE_CONTEXT`, what the recorded switch had, and `park_context`, what fsorch ships for a real switch: park
with the marker ``fsorch_entry``, and after 4 s without fsorch serve the caller alone.
"""

from __future__ import annotations

import re

import msgspec

from fsorch.sim.channel import Channel

__all__ = ["CAPTURE_CONTEXT", "FALLBACK_S", "Dialplan", "Extension", "park_context"]

FALLBACK_S = 4.0
"""Seconds a parked call waits for fsorch before the dialplan serves it."""

Actions = tuple[tuple[str, str], ...]


class Extension(msgspec.Struct, frozen=True):
    """A pattern for the destination number and what is done for it."""

    pattern: str
    actions: Actions


CAPTURE_CONTEXT: tuple[Extension, ...] = (
    Extension(r"^park(_.*)$", (("set", "fsorch_entry=$1"), ("park", ""))),
    Extension(r"^apark(_.*)$", (("answer", ""), ("park", ""))),
    Extension(r"^sock(\d)$", (("socket", "127.0.0.1:8084 async full"),)),
    Extension(
        r"^early$",
        (
            ("pre_answer", ""),
            ("playback", "tone_stream://%(1500,0,440)"),
            ("answer", ""),
            ("playback", "silence_stream://20000"),
        ),
    ),
    Extension(
        r"^machine$",
        (
            ("answer", ""),
            ("playback", "silence_stream://1500,1400"),
            ("playback", "tone_stream://%(900,0,1000)"),
            ("playback", "silence_stream://20000"),
        ),
    ),
)
"""The public context of the switch the captures were made on."""


def park_context(fallback: str = "fsorch_alone") -> tuple[Extension, ...]:
    """fsorch's own context: every number is parked with the marker; ``fallback`` is the extension that serves alone."""
    return (
        Extension(
            rf"^{re.escape(fallback)}$",
            (
                ("set", "fsorch_served_alone=yes"),
                ("answer", ""),
                ("playback", "tone_stream://%(400,200,440);loops=2"),
                ("record", "/var/lib/fsorch/voicemail/${uuid}.wav 60 200 5"),
                ("hangup", "NORMAL_CLEARING"),
            ),
        ),
        Extension(r"^(.*)$", (("set", "fsorch_entry=yes"), ("park", ""))),
    )


class Dialplan:
    """Contexts by name. The ``inline`` dialplan (``app:argument,app:argument``) is known too."""

    def __init__(self, contexts: dict[str, tuple[Extension, ...]] | None = None) -> None:
        self.contexts = dict(contexts or {"public": CAPTURE_CONTEXT, "default": CAPTURE_CONTEXT})

    def route(self, channel: Channel) -> list[tuple[str, str]]:
        """The applications for the channel where it now stands; empty: no such extension."""
        destination = channel.profile.get("Destination-Number")
        if channel.dialplan == "inline":
            return inline(destination)
        for extension in self.contexts.get(channel.context, ()):
            match = re.search(extension.pattern, destination)
            if match is None:
                continue
            if match.groups():
                channel.set("DP_MATCH", [match.group(0), *(group or "" for group in match.groups())])
            return [(name, _fill(argument, match)) for name, argument in extension.actions]
        return []


def _fill(argument: str, match: re.Match[str]) -> str:
    return re.sub(r"\$(\d)", lambda hit: _group(match, int(hit.group(1))), argument)


def _group(match: re.Match[str], number: int) -> str:
    return (match.group(number) or "") if number <= len(match.groups()) else ""


def inline(destination: str) -> list[tuple[str, str]]:
    """``app:argument,app:argument`` as (app, argument) pairs; ``m:X:`` in front chooses another separator."""
    separator = ","
    if destination.startswith("m:") and len(destination) > 3:
        separator, destination = destination[2], destination[4:]
    pairs = (part.partition(":") for part in destination.split(separator) if part)
    return [(name, argument) for name, _, argument in pairs]
