"""Scopes: the queues that a person or a program sees."""

from __future__ import annotations

from fsorch.store.steps import Steps

__all__ = ["up"]


def up(steps: Steps) -> None:
    """Give each user and each token the place of its queues; there are none, so all are seen as before."""
    steps.column("user", "scope", "VARCHAR(4000) NOT NULL DEFAULT ''")
    steps.column("api_token", "scope", "VARCHAR(4000) NOT NULL DEFAULT ''")
