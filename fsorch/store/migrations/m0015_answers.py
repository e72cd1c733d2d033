"""What was heard of who answered: how a machine was told from a person, and what proved it right or wrong."""

from __future__ import annotations

from fsorch.store.steps import Steps

__all__ = ["up"]


def up(steps: Steps) -> None:
    """Add the column."""
    steps.column("attempt", "answer", "VARCHAR(64) NOT NULL DEFAULT ''")
