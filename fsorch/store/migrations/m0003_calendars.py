"""The centre's calendars, each whole as JSON."""

from __future__ import annotations

from fsorch.store.steps import Steps

__all__ = ["up"]


def up(steps: Steps) -> None:
    """Make the table."""
    steps.table("calendar", "id VARCHAR(64) NOT NULL PRIMARY KEY, place INTEGER NOT NULL, body LONGTEXT NOT NULL")
