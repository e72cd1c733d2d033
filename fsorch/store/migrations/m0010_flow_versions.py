"""Versions of flows that wait (drafts), that answer calls, that were taken back, and that get a share of the calls."""

from __future__ import annotations

from fsorch.store.steps import Steps

__all__ = ["up"]


def up(steps: Steps) -> None:
    """Add the columns; what is there has answered calls."""
    steps.column("flow", "state", "VARCHAR(16) NOT NULL DEFAULT 'published'")
    steps.column("flow", "share", "DOUBLE NOT NULL DEFAULT 0")
    steps.column("flow", "published_at", "BIGINT NOT NULL DEFAULT 0")
    steps.column("flow", "published_by", "VARCHAR(64) NOT NULL DEFAULT ''")
    steps.column("flow", "reason", "VARCHAR(255) NOT NULL DEFAULT ''")
    for id, version, at, by in steps.rows("flow", "id", "version", "made_at", "made_by"):
        steps.change("flow", {"published_at": at, "published_by": by}, {"id": id, "version": version})
