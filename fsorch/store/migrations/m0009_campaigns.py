"""Campaigns, the gateways they dial by, dispositions and compliance packs, each whole as JSON; and how far each
campaign has come."""

from __future__ import annotations

from fsorch.store.steps import Steps

__all__ = ["up"]


def up(steps: Steps) -> None:
    """Make the tables."""
    for table in ("gateway", "disposition", "compliance_pack", "campaign"):
        steps.table(table, "id VARCHAR(64) NOT NULL PRIMARY KEY, place INTEGER NOT NULL, body LONGTEXT NOT NULL")
    steps.table(
        "campaign_state",
        "id VARCHAR(64) NOT NULL PRIMARY KEY, state VARCHAR(16) NOT NULL, since_at BIGINT NOT NULL, "
        "who VARCHAR(64) NOT NULL, why VARCHAR(255) NOT NULL, started_at BIGINT NOT NULL",
    )
