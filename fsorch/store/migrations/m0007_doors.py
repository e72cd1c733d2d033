"""What the centre's numbers lead to, each whole as JSON, and how the agents' phones log in."""

from __future__ import annotations

from fsorch.store.steps import Steps

__all__ = ["up"]


def up(steps: Steps) -> None:
    """Make the tables."""
    steps.table("number", "id VARCHAR(64) NOT NULL PRIMARY KEY, place INTEGER NOT NULL, body LONGTEXT NOT NULL")
    steps.table(
        "phone_secret",
        "agent VARCHAR(64) NOT NULL PRIMARY KEY, user VARCHAR(64) NOT NULL, domain VARCHAR(255) NOT NULL, "
        "a1 VARCHAR(32) NOT NULL, made_at BIGINT NOT NULL, made_by VARCHAR(64) NOT NULL",
    )
