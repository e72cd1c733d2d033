"""Rows of a CSV file that may be anything: each one whole, or a fault with its line and what is wrong; none is lost.

The file's encoding is found by its mark (BOM) or must be UTF-8; its delimiter by the first row, or by the line
``sep=;`` that spreadsheets write before it. A line in which nothing stands is nothing, wherever it is. One too long for
memory, a quote that never ends, NUL, bytes that are no text, fewer or more columns than the first row has: each costs
the row it is in, and reading goes on with the next line. Memory is bounded by one row.
"""

from __future__ import annotations

import codecs
import csv
import io
import os
import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

from fsorch.errors import ConfigError

__all__ = ["CsvFile", "Fault", "Row"]

# A row of leads has some hundred characters.
LONGEST_LINE = 1_000_000
# A quote that is open for longer than this many lines was never meant to be one.
MOST_LINES = 50
HEAD = 1_000_000
DELIMITERS = ",;\t|"
SEPARATOR = re.compile(r'"?sep=(.)"?[\r\n]*', re.IGNORECASE)
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
BY_HAND = "name its encoding with --encoding, such as cp1252, latin-1, gb18030"


class Row(NamedTuple):
    """A row; ``line``: where it begins, from 1."""

    line: int
    cells: list[str]


class Fault(NamedTuple):
    """What stands where a row should. ``raw``: the line as far as it was read; ``cells``: what it was parted into, if
    it could be."""

    line: int
    raw: str
    reason: str
    cells: tuple[str, ...] = ()


class _BadLineError(Exception):
    """A line that no row can hold."""


class CsvFile:
    """One file, opened for a ``with`` block. ``columns``: its first row; iterating gives what follows. ``encoding`` and
    ``delimiter``: found, unless they are given. ``has_names``: whether the first row names the columns; else they are
    called 1, 2, 3 and the first row is one like the others.

    Raises ConfigError for a file that cannot be read as CSV at all."""

    def __init__(self, path: Path, *, encoding: str = "", delimiter: str = "", has_names: bool = True) -> None:
        self.path = path
        self.encoding = encoding or _encoding_of(path)
        self._file = _opened(path, self.encoding)
        try:
            self._lines = _Lines(self._file)
            self.delimiter = self._delimiter(delimiter)
            self.columns = self._heading(has_names)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> CsvFile:
        return self

    def __exit__(self, *_error: object) -> None:
        self._file.close()

    def share(self) -> float:
        """How much of the file has been read, from 0 to 1."""
        whole = os.fstat(self._file.fileno()).st_size
        return min(self._file.buffer.tell() / whole, 1.0) if whole else 1.0

    def __iter__(self) -> Iterator[Row | Fault]:
        width = len(self.columns)
        for row in self._rows():
            if isinstance(row, Row) and len(row.cells) != width:
                if len(row.cells) > width and not any(row.cells[width:]):
                    yield Row(row.line, row.cells[:width])
                    continue
                raw = self.delimiter.join(row.cells)
                words = f"it has {len(row.cells)} columns, and the first row {width}"
                yield Fault(row.line, raw, words, tuple(row.cells))
            else:
                yield row

    def _rows(self) -> Iterator[Row | Fault]:
        lines = self._lines
        reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
        while True:
            lines.taken.clear()
            line = lines.number
            try:
                cells = next(reader)
            except StopIteration:
                return
            except (_BadLineError, csv.Error) as error:
                # What stands between the first of its lines and the fault may be rows: they are read again.
                yield Fault(line, lines.give_back(), _reason(error))
                reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
            else:
                if cells and not _is_blank(cells):
                    yield Row(line, cells)

    def _delimiter(self, given: str) -> str:
        """What parts the columns: as ``given``, as the file says, or what parts most of them. The first row is next."""
        first = next((line for line in self._lines if not line.isspace()), "")
        told = SEPARATOR.fullmatch(first)
        self._lines.taken.clear()
        if told is not None:
            return given or told[1]
        self._lines.put_back(first)
        # A tab before a comma where both part as many.
        return given or max(DELIMITERS, key=lambda one: (_width(first, one), one == "\t"))

    def _heading(self, has_names: bool) -> list[str]:
        try:
            first = next(self._rows(), None)
        except _BadLineError as error:
            raise ConfigError(f"{self.path}: the first line cannot be read: {error}") from None
        if first is None:
            raise ConfigError(
                f"{self.path} is empty; expected a row for each lead, and a first row that names the columns"
            )
        if isinstance(first, Fault):
            raise ConfigError(f"{self.path}, line 1: {first.reason}; expected the names of the columns")
        if has_names:
            return [cell.strip() for cell in first.cells]
        self._lines.begin_again()
        return [str(n + 1) for n in range(len(first.cells))]


class _Lines:
    """The lines of a file, for one csv.reader after the other. ``taken``: those of the present row."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._waiting: deque[str] = deque()
        self.taken: list[str] = []
        self.number = 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else self._file.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        self.number += 1
        self.taken.append(line)
        if len(line) == LONGEST_LINE and line[-1] not in "\r\n":
            self._skip()
            raise _BadLineError(f"the line has more than {LONGEST_LINE:,} characters")
        if "\0" in line:
            raise _BadLineError("it holds the character NUL")
        if not line.isascii():
            _expect_text(line)
        if len(self.taken) > MOST_LINES:
            raise _BadLineError(f"a quote is opened that does not end within {MOST_LINES} lines")
        return line

    def give_back(self) -> str:
        """The first line of the present row; the others are read again."""
        first, *others = self.taken or [""]
        self.put_back(*others)
        return first.rstrip("\r\n")

    def put_back(self, *lines: str) -> None:
        """These are the next lines."""
        self._waiting.extendleft(reversed([line for line in lines if line]))
        self.number -= len([line for line in lines if line])

    def begin_again(self) -> None:
        """The row that was read last is the next."""
        self.put_back(*self.taken)
        self.taken.clear()

    def _skip(self) -> None:
        """The rest of a line that is too long."""
        while (more := self._file.readline(LONGEST_LINE)) and more[-1] not in "\r\n":
            continue


def _is_blank(cells: list[str]) -> bool:
    """Whether nothing stands in any of them."""
    return (not cells[0] or cells[0].isspace()) and not any(cell.strip() for cell in cells)


def _expect_text(line: str) -> None:
    for n, sign in enumerate(line):
        if "\udc80" <= sign <= "\udcff":
            byte = ord(sign) - 0xDC00
            raise _BadLineError(f"byte {byte:#04x} at character {n + 1} is no text in the file's encoding")
        if sign == "\ufffd":
            raise _BadLineError(f"character {n + 1} is no text in the file's encoding")


def _reason(error: Exception) -> str:
    told = str(error)
    if "expected after" in told:
        return "a quote stands in the middle of a value; it should be written twice"
    if "unexpected end of data" in told:
        return "a quote is opened that does not end"
    if "field larger" in told:
        return "a value is longer than 131,072 characters"
    return told


def _width(line: str, delimiter: str) -> int:
    try:
        return len(next(csv.reader([line], delimiter=delimiter), []))
    except csv.Error:
        return 0


def _encoding_of(path: Path) -> str:
    """The encoding by the file's mark, or UTF-8 if its head is that. Raises ConfigError."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    for mark, encoding in MARKS:
        if head.startswith(mark):
            return encoding
    if head.startswith(b"PK\x03\x04"):
        raise ConfigError(f"{path} is a zip archive, such as spreadsheets are; save it as CSV")
    if head[:200].count(b"\0") > 20:
        raise ConfigError(f"{path} is no text; if it is UTF-16, {BY_HAND.replace('cp1252', 'utf-16-le')}")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError as error:
        # A few faulty bytes far down, or after letters that are UTF-8 (as words in another encoding hardly ever are),
        # cost their rows; a file that begins so is of another encoding.
        sound = head[: error.start]
        if error.start < 10_000 and sound.count(b"\n") < 100 and sound.isascii():
            byte = head[error.start]
            raise ConfigError(f"{path} is not UTF-8 (byte {byte:#04x} at place {error.start}); {BY_HAND}") from None
    return "utf-8"


def _opened(path: Path, encoding: str) -> TextIO:
    """The file as text, with its line ends as they are. Bytes that are none become halves of characters."""
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise ConfigError(f"there is no encoding {encoding!r}; {BY_HAND}") from None
    errors = "replace" if encoding.lower().startswith(("utf-16", "utf-32", "utf_16", "utf_32")) else "surrogateescape"
    try:
        return io.TextIOWrapper(path.open("rb"), encoding=encoding, errors=errors, newline="")
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
