"""The clients of an outsourcer, and whose queues, agents, contacts, people and programs there are."""

from __future__ import annotations

from fsorch.store.steps import Steps

__all__ = ["up"]

OWNED = ("queue", "agent", "contact", "user", "api_token")


def up(steps: Steps) -> None:
    """Make the table, and give what is there the place of a tenant; nothing belongs to one so far."""
    steps.table("tenant", "id VARCHAR(64) NOT NULL PRIMARY KEY, place INTEGER NOT NULL, body LONGTEXT NOT NULL")
    for table in OWNED:
        steps.column(table, "tenant", "VARCHAR(64) NOT NULL DEFAULT ''")
    steps.index("contact", "tenant", "began_at")
