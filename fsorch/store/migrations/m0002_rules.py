"""What queues, agents and members are told beyond their first columns: one JSON column each, so that a new rule needs
no migration. NULL: nothing beyond the defaults."""

from __future__ import annotations

from fsorch.store.steps import Steps

__all__ = ["up"]


def up(steps: Steps) -> None:
    """Add the columns."""
    for table in ("queue", "agent", "queue_member"):
        steps.column(table, "rules", "LONGTEXT")
