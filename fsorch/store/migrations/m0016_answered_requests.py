"""What the API has answered to requests that came with a key, so that the same one sent again is not done again."""

from __future__ import annotations

from fsorch.store.steps import Steps

__all__ = ["up"]


def up(steps: Steps) -> None:
    """Make the table."""
    steps.table(
        "answered_request",
        "who VARCHAR(80) NOT NULL, request_key VARCHAR(128) NOT NULL, digest VARCHAR(64) NOT NULL, at BIGINT NOT NULL, "
        "status BIGINT NOT NULL, body LONGTEXT NOT NULL, PRIMARY KEY (who, request_key)",
    )
    steps.index("answered_request", "at")
