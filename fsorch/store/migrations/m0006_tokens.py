"""Tokens by which programs use the API."""

from __future__ import annotations

from fsorch.store.steps import Steps

__all__ = ["up"]


def up(steps: Steps) -> None:
    """Make the table."""
    steps.table(
        "api_token",
        "name VARCHAR(64) NOT NULL PRIMARY KEY, hash VARCHAR(64) NOT NULL, role VARCHAR(16) NOT NULL, "
        "made_at BIGINT NOT NULL, made_by VARCHAR(64) NOT NULL",
    )
    steps.index("api_token", "hash")
