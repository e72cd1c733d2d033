"""Campaigns as they have been: what calls were made by must be provable for years."""

from __future__ import annotations

from fsorch.store.steps import Steps

__all__ = ["up"]


def up(steps: Steps) -> None:
    """Make the table."""
    steps.table(
        "campaign_version",
        "campaign VARCHAR(64) NOT NULL, made_at BIGINT NOT NULL, made_by VARCHAR(64) NOT NULL, "
        "body LONGTEXT NOT NULL, PRIMARY KEY (campaign, made_at)",
    )
