"""Rows into files: CSV that no spreadsheet obeys, JSON lines, and a file that is whole or not there."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TextIO

from fsorch.errors import ConfigError, no_room

__all__ = ["FORMATS", "CsvWriter", "JsonLinesWriter", "RowWriter", "destination", "safe_cell"]

# What makes a spreadsheet take a cell for a formula (OWASP, "CSV Injection"). Tab and CR are stripped by some first.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
# ... but a phone number or a measured value is none.
NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


class RowWriter(Protocol):
    """Writes rows, one at a time."""

    def write(self, row: Mapping[str, Any]) -> None:
        """Write one row."""
        ...


def safe_cell(value: object) -> object:
    """``value`` for a CSV cell: text that a spreadsheet would run begins with an apostrophe, NUL is dropped (no two
    readers of CSV agree about it)."""
    if not isinstance(value, str):
        return json.dumps(value) if isinstance(value, dict | list) else value
    if not value or value.isalnum():
        return value
    text = value.replace("\0", "")
    # Spreadsheets skip leading blanks before they look.
    dangerous = text.startswith(FORMULA) or text.lstrip().startswith(FORMULA)
    return f"'{text}" if dangerous and not NUMBER.fullmatch(text) else text


class CsvWriter:
    """CSV with a heading (RFC 4180, UTF-8). The columns are those of the first row."""

    def __init__(self, file: TextIO) -> None:
        self._writer = csv.writer(file)
        self._began = False

    def write(self, row: Mapping[str, Any]) -> None:
        """Write one row."""
        if not self._began:
            self._began = True
            self._writer.writerow(row)
        # What is plain is seen here: a list of leads has twenty million cells, and most are.
        cells = row.values()
        self._writer.writerow([one if isinstance(one, str) and one.isalnum() else safe_cell(one) for one in cells])


class JsonLinesWriter:
    """One JSON object a line, in ASCII."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, row: Mapping[str, Any]) -> None:
        """Write one row."""
        self._file.write(json.dumps(row) + "\n")


FORMATS: dict[str, Callable[[TextIO], RowWriter]] = {"csv": CsvWriter, "jsonl": JsonLinesWriter}


@contextmanager
def destination(path: Path | None, *, force: bool) -> Iterator[TextIO]:
    """Standard output for None; else a file that appears under its name when it is whole. Raises ConfigError."""
    if path is None:
        # The csv module ends lines itself; text that holds a line end must pass as it is.
        stream = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", errors="replace", newline="", write_through=True)
        try:
            yield stream
            stream.flush()
        finally:
            stream.detach()
        return
    if path.exists() and not force:
        raise ConfigError(f"{path}: is there already; use another name, or --force to overwrite")
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("w", encoding="utf-8", errors="replace", newline="") as file:
            yield file
        os.replace(part, path)
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be written ({error.strerror}); {no_room(error, 'check its directory')}"
        ) from None
    finally:
        part.unlink(missing_ok=True)
