"""What agents filled in about a call; what is noted of a lead's numbers."""

from __future__ import annotations

from fsorch.store.steps import Steps

__all__ = ["up"]


def up(steps: Steps) -> None:
    """Give attempts the answers and numbers the note; there are none yet."""
    steps.column("attempt", "answers", "LONGTEXT")
    steps.column("lead_number", "note", "VARCHAR(255) NOT NULL DEFAULT ''")
