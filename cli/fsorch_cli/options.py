"""Options that many commands have in common, written once so that they read and mean the same everywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

__all__ = ["AS_JSON", "DRY_RUN", "limited"]

F = TypeVar("F", bound=Callable[..., Any])

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
DRY_RUN = click.option("--dry-run", is_flag=True, help="Show what would change and change nothing.")


def limited(usual: int, words: str | None = None) -> Callable[[F], F]:
    """``--limit`` of a list; see :func:`fsorch_cli.console.first_rows`. ``words``: of what, where that is not plain."""
    return click.option("--limit", type=click.IntRange(1, 100_000), default=usual, show_default=True, help=words)
