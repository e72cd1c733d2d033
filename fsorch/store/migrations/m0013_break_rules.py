"""What is told of break reasons beyond their first columns, as of queues and agents: one JSON column. NULL: nothing
beyond the defaults."""

from __future__ import annotations

from fsorch.store.steps import Steps

__all__ = ["up"]


def up(steps: Steps) -> None:
    """Add the column."""
    steps.column("break_reason", "rules", "LONGTEXT")
