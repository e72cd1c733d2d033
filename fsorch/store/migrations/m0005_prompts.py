"""Prompts with texts and files by language: one JSON column. NULL: the prompt is its path alone."""

from __future__ import annotations

from fsorch.store.steps import Steps

__all__ = ["up"]


def up(steps: Steps) -> None:
    """Add the column."""
    steps.column("prompt", "body", "LONGTEXT")
