"""Rows of a spreadsheet (.xlsx), read one by one as those of a CSV file are: whole, or a fault with its line.

A workbook is a zip archive that anybody can have made: what it unpacks to is bounded before it is opened, and memory by
its table of texts, which openpyxl keeps. A cell is what it shows without its format: a number without a fraction has
none (so that ``493012345678.0`` is a telephone number), a day is ``2027-01-31``, a formula what it came to when the
file was saved. A leading 0 or + that the spreadsheet has thrown away is gone: such columns have to be texts there.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import openpyxl

from fsorch.edge.csv_rows import Fault, Row
from fsorch.errors import ConfigError
from fsorch.nearest import near

__all__ = ["SheetFile", "is_old_sheet", "is_sheet"]

# What a workbook may unpack to, and how much of that may be its texts, which are held in memory.
MOST_BYTES, MOST_TEXTS = 4_000_000_000, 300_000_000
# A spreadsheet's own limit of a sheet. Rows that are not in the file are given as empty ones, and what a file says of
# the place of a row need not be so.
MOST_ROWS = 1_048_576
# A spreadsheet's own limit is 32,767.
LONGEST_CELL = 131_072
ZIP, OLE = b"PK\x03\x04", bytes.fromhex("d0cf11e0a1b11ae1")
TEXTS = "xl/sharedStrings.xml"


def is_sheet(path: Path) -> bool:
    """Whether a file looks like a workbook (.xlsx): a zip archive."""
    return _head(path).startswith(ZIP)


def is_old_sheet(path: Path) -> bool:
    """Whether it looks like a workbook of before 2007 (.xls), which nothing here reads."""
    return _head(path).startswith(OLE)


class SheetFile:
    """One sheet of a workbook, opened for a ``with`` block; ``sheet`` empty: the first that is shown. ``columns``: its
    first row that is not empty; iterating gives what follows. ``has_names`` as for a CSV file.

    Raises ConfigError for a file that is no workbook, is too large, or has no such sheet."""

    def __init__(self, path: Path, *, sheet: str = "", has_names: bool = True) -> None:
        self.path = path
        _check_size(path)
        try:
            self._book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
        except Exception as error:  # noqa: BLE001 - see below
            # Whatever a library makes of bytes that are none of its own: archive, compression, XML, values.
            raise ConfigError(f"{path} cannot be read as a workbook ({error}); save it as CSV") from None
        try:
            self._rows = self._read(sheet)
            self._first = next(self._rows, None)
            self.columns = self._heading(has_names)
        except BaseException:
            self._book.close()
            raise
        self._has_names = has_names

    def __enter__(self) -> SheetFile:
        return self

    def __exit__(self, *_error: object) -> None:
        self._book.close()

    def __iter__(self) -> Iterator[Row | Fault]:
        width = len(self.columns)
        if not self._has_names and self._first is not None:
            yield self._first
        for row in self._rows:
            if isinstance(row, Row):
                # Cells at the end that hold nothing are not in the file.
                more = [cell for cell in row.cells[width:] if cell]
                if more:
                    words = f"it has {len(row.cells)} columns, and the first row {width}"
                    yield Fault(row.line, "\t".join(row.cells), words)
                    continue
                row = Row(row.line, [*row.cells[:width], *[""] * (width - len(row.cells))])
            yield row

    def _heading(self, has_names: bool) -> list[str]:
        first = self._first
        if first is None:
            raise ConfigError(
                f"{self.path} is empty; expected a row for each lead, and a first row that names the columns"
            )
        if isinstance(first, Fault):
            raise ConfigError(f"{self.path}, row {first.line}: {first.reason}; expected the names of the columns")
        cells = [cell.strip() for cell in first.cells]
        while cells and not cells[-1]:
            cells.pop()
        return cells if has_names else [str(n + 1) for n in range(len(first.cells))]

    def _read(self, wanted: str) -> Iterator[Row | Fault]:
        """The rows that are not empty."""
        shown = {one.title: one for one in self._book.worksheets if one.sheet_state == "visible"}
        if wanted and wanted not in shown:
            raise ConfigError(f"{self.path} has no sheet {wanted!r}{near(wanted, shown)}")
        if not shown:
            raise ConfigError(f"{self.path} has no sheet that is shown")
        sheet: Any = shown[wanted] if wanted else next(iter(shown.values()))
        # What a file says of its own size need not be so.
        sheet.reset_dimensions()
        return self._rows_of(sheet)

    def _rows_of(self, sheet: Any) -> Iterator[Row | Fault]:
        line = 0
        try:
            for line, values in enumerate(sheet.iter_rows(values_only=True), 1):
                if line > MOST_ROWS:
                    yield Fault(line, "", f"a sheet has at most {MOST_ROWS:,} rows")
                    return
                cells = [_text(value) for value in values]
                if any(len(cell) > LONGEST_CELL for cell in cells):
                    yield Fault(line, "", f"a value is longer than {LONGEST_CELL:,} characters")
                elif any(cells):
                    yield Row(line, cells)
        except Exception as error:  # noqa: BLE001 - see below
            # As at the opening: what is broken is often found out only when it is read.
            yield Fault(line + 1, "", f"the file cannot be read any further ({error})")


def _text(value: object) -> str:
    """A cell as it would stand in a CSV file."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float() if value.is_integer() and abs(value) < 1e18:
            return str(int(value))
        case datetime() if value.time() == time(0):
            return value.date().isoformat()
        case datetime() | date() | time():
            return value.isoformat()
    return str(value).replace("\0", "")


def _check_size(path: Path) -> None:
    """What it unpacks to, as its own directory says; what unpacks to more than that is broken."""
    try:
        with ZipFile(path) as archive:
            sizes = {one.filename: one.file_size for one in archive.infolist()}
    except (BadZipFile, ValueError, OSError, NotImplementedError) as error:
        # The last is zipfile's for an archive that says it needs a later version of the format.
        raise ConfigError(f"{path} cannot be read as a workbook ({error}); save it as CSV") from None
    if "[Content_Types].xml" not in sizes or not any(name.startswith("xl/") for name in sizes):
        raise ConfigError(f"{path} is a zip archive, but no workbook; expected .xlsx, or CSV")
    if sum(sizes.values()) > MOST_BYTES or sizes.get(TEXTS, 0) > MOST_TEXTS:
        raise ConfigError(f"{path} unpacks to {sum(sizes.values()):,} bytes, which is too much; save it as CSV")


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(8)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
