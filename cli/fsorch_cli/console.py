"""The terminal: what is printed, and how values from outside are made harmless before.

``printable`` and ``cell`` take every value that came from a caller, a file or the network: a name with an escape
sequence must not repaint the operator's terminal, and one with ``[red]`` is not rich's markup.
"""

from __future__ import annotations

import json
import shlex
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from rich import box
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

__all__ = [
    "cell",
    "err",
    "first_rows",
    "fitted",
    "format_json",
    "format_table",
    "note",
    "out",
    "print_json",
    "print_table",
    "printable",
    "program",
]

T = TypeVar("T")

# Piped output is read by programs and by eyes that scroll: no value is cut.
PIPE_WIDTH = 10_000
# What is longer than this is an id or an address, and may be broken: no narrower than an id's first part and its dash.
LONGEST_WORD, PART_OF_ID = 18, 9
# Control characters, format characters (which turn the direction of text) and lone surrogates.
UNSHOWABLE = ("Cc", "Cf", "Cs")


def program() -> str:
    """How this program is called, for lines that are to be copied: by its name where that leads here, else as it was
    called now, such as ``.venv/bin/fsorch``."""
    called, found = Path(sys.argv[0]), shutil.which("fsorch")
    known = found is not None and Path(found).resolve() == called.resolve()
    return "fsorch" if known or called.name != "fsorch" else shlex.quote(str(called))


def out() -> Console:
    """Standard output. Colours and the terminal's width only where there is a terminal; NO_COLOR is heeded by rich."""
    tty = sys.stdout.isatty()
    return Console(highlight=False, markup=False, emoji=False, width=None if tty else PIPE_WIDTH)


def err() -> Console:
    """Standard error, for remarks and progress."""
    return Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)


def printable(value: object) -> str:
    """``value`` as text on one line, with what a terminal would obey written as escapes."""
    text = str(value)
    if text.isprintable():
        return text
    return "".join(_escape(c) if unicodedata.category(c) in UNSHOWABLE else c for c in text)


def cell(value: object, style: str = "") -> Text:
    """``value`` as a table's cell: harmless, and never markup."""
    return Text(printable(value), style=style)


def format_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, more: int | None = None, gap: int = 1
) -> Table:
    """A table of ``rows``. A column whose name ends in ``>`` is set to the right. With ``more``, a live table: a row
    takes one line, and ``more`` rows for which there was no room are counted below. ``gap``: blanks on both sides of
    what stands between two columns."""
    # Columns without names need no line for them.
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, gap), show_header=any(columns))
    live = more is not None
    for column in columns:
        right = column.endswith(">")
        table.add_column(
            column.rstrip(">"),
            justify="right" if right else "left",
            overflow="ellipsis" if live else "fold",
            # Figures stay whole while there are texts to fold.
            no_wrap=live or right,
        )
    for row in rows:
        table.add_row(*(value if isinstance(value, Text) else cell(value) for value in row))
    if more:
        table.add_row(Text(f"+ {more} more", style="dim"))
    return table


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str) -> None:
    """The table, or the sentence ``empty`` where there is none."""
    console = out()
    console.print(fitted(console, columns, rows) if rows else empty)


def fitted(console: Console, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> RenderableType:
    """The table as wide as ``console`` allows: columns move together first, then texts are folded between words. Where
    that would break words and figures, each row is a block with a line for each of its values."""
    names = [column.rstrip(">") for column in columns]
    texts = [[name, *(str(row[n]) for row in rows)] for n, name in enumerate(names)]
    widest = [max(map(cell_len, column)) for column in texts]
    if sum(widest) + 3 * (len(names) - 1) <= console.width:
        return format_table(columns, rows)
    table = format_table(columns, rows, gap=0)
    least = [widest[n] if columns[n].endswith(">") else max(map(_least, column)) for n, column in enumerate(texts)]
    spare = console.width - (len(names) - 1) - sum(least)
    if spare >= 0:
        for column, width in zip(table.columns, _shared(spare, least, widest), strict=True):
            column.width = width
        return table
    if not any(names):
        return table
    blocks = [format_table(("", ""), list(zip(names, row, strict=True)), gap=0) for row in rows]
    return Group(*(part for block in blocks for part in (block, "")))


def _least(text: str) -> int:
    """How narrow ``text`` may become: its longest word stays whole, unless that is an id or an address."""
    return max((width if (width := cell_len(word)) <= LONGEST_WORD else PART_OF_ID for word in text.split()), default=0)


def _shared(spare: int, least: Sequence[int], widest: Sequence[int]) -> list[int]:
    """The width of each column: what it needs at least, and of what is left over as much as it can use, or a fair part
    where that is not enough."""
    widths = list(least)
    order = sorted(range(len(widths)), key=lambda n: widest[n] - least[n])
    for left, n in zip(range(len(order), 0, -1), order, strict=True):
        more = min(widest[n] - least[n], spare // left)
        widths[n] += more
        spare -= more
    return widths


def format_json(value: Any) -> str:
    """``value`` as JSON in ASCII, which no terminal obeys; a list has a line for each item."""
    plain = msgspec.to_builtins(value)
    if isinstance(plain, list | tuple):
        lines = ",\n".join(f"  {json.dumps(item)}" for item in plain)
        return f"[\n{lines}\n]" if lines else "[]"
    return json.dumps(plain, indent=2)


def print_json(value: Any) -> None:
    """``value`` as JSON on standard output."""
    sys.stdout.write(format_json(value) + "\n")


def note(text: str) -> None:
    """A remark on standard error, out of the way of what is piped."""
    err().print(Text(printable(text)))


def first_rows(rows: Sequence[T], limit: int) -> list[T]:
    """The first ``limit`` of rows that were asked for with one more, which is told on standard error: a list that is
    cut says so."""
    if len(rows) > limit:
        note(f"these are {limit}, and there are more: give a higher --limit")
    return list(rows[:limit])


def _escape(c: str) -> str:
    return c.encode("unicode_escape").decode("ascii")
