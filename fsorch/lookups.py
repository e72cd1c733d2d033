"""How an installation looks up what flows ask for: settings, and the named databases they may read."""

from __future__ import annotations

from typing import Annotated

import msgspec

from fsorch.rules import Name, Rule

__all__ = ["LookupSettings", "Sources"]

Count = Annotated[int, msgspec.Meta(ge=1, le=1000)]
# URLs by name; they hold passwords, so they stand in no message.
Sources = dict[Name, Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]]


class LookupSettings(Rule, frozen=True, kw_only=True):
    """``at_once``: look-ups in all; ``per_source``: at one host; ``threads``: at one database; ``waiting``: in the line
    of one host or database, others fail at once. ``ca_file``: certificates (PEM) of authorities that are trusted
    beside those of the machine; a relative path is taken from the home."""

    at_once: Count = 100
    per_source: Count = 20
    threads: Annotated[int, msgspec.Meta(ge=1, le=50)] = 4
    waiting: Count = 200
    ca_file: str = ""
