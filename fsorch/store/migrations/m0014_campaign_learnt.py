"""What the pacers of campaigns have learned: a restart must not forget it."""

from __future__ import annotations

from fsorch.store.steps import Steps

__all__ = ["up"]


def up(steps: Steps) -> None:
    """Make the table."""
    steps.table(
        "campaign_learnt", "campaign VARCHAR(64) NOT NULL PRIMARY KEY, at BIGINT NOT NULL, body LONGTEXT NOT NULL"
    )
