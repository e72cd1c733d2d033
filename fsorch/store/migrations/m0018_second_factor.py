"""One-time codes beside the password."""

from __future__ import annotations

from fsorch.store.steps import Steps

__all__ = ["up"]


def up(steps: Steps) -> None:
    """Give each user the place of a secret, and of the last time step that was used."""
    steps.column("user", "totp", "VARCHAR(64) NOT NULL DEFAULT ''")
    steps.column("user", "totp_step", "BIGINT NOT NULL DEFAULT 0")
