"""The audit's entries become links of a chain, those that are there in the order of their time."""

from __future__ import annotations

from fsorch.store.chain import HEAD, ROOT, Entry, head_text, link
from fsorch.store.steps import Steps

__all__ = ["up"]


def up(steps: Steps) -> None:
    """Add the columns, and chain what is there."""
    steps.column("audit", "place", "BIGINT NULL")
    steps.column("audit", "hash", "VARCHAR(64) NOT NULL DEFAULT ''")
    steps.index("audit", "place")
    hash = ROOT
    rows = sorted(steps.rows("audit", "at", "id", "who", "act", "what"))
    for place, (at, id, who, act, what) in enumerate(rows, 1):
        hash = link(hash, place, Entry(id, at, who, act, what))
        steps.change("audit", {"place": place, "hash": hash}, {"id": id})
    steps.put("meta", {"name": HEAD}, {"value": head_text(len(rows), hash)})
