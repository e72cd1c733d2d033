"""Options that many commands have in common, written once so that they read and mean the same everywhere."""

from __future__ import annotations

import click

__all__ = ["AS_JSON", "DRY_RUN"]

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
DRY_RUN = click.option("--dry-run", is_flag=True, help="Show what would change and change nothing.")
