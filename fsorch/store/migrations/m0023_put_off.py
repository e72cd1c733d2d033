"""By which rule a lead was put off that the records may mend."""

from __future__ import annotations

from fsorch.store.steps import Steps

__all__ = ["up"]


def up(steps: Steps) -> None:
    """Give leads a place for it; none is known of those that there are."""
    steps.column("lead", "put_off", "VARCHAR(64) NOT NULL DEFAULT ''")
