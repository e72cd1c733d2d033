"""One command line, run in this process."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from click.testing import CliRunner

from fsorch_cli.main import cli

__all__ = ["Ran", "fsorch"]


class Ran(NamedTuple):
    """How a command ended and what it wrote."""

    code: int
    out: str
    err: str


def fsorch(*args: str | Path, input: str = "") -> Ran:
    """Run ``fsorch ARGS`` without a terminal."""
    result = CliRunner(env={"FSORCH_SETTINGS": None}).invoke(cli, [str(arg) for arg in args], input, prog_name="fsorch")
    return Ran(result.exit_code, result.stdout, result.stderr)
