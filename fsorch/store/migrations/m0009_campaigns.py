"""Campaigns, the gateways they dial by, and dispositions: each whole as JSON."""

from __future__ import annotations

from fsorch.store.steps import Steps

__all__ = ["up"]


def up(steps: Steps) -> None:
    """Make the tables."""
    for table in ("gateway", "disposition", "campaign"):
        steps.table(table, "id VARCHAR(64) NOT NULL PRIMARY KEY, place INTEGER NOT NULL, body LONGTEXT NOT NULL")
