"""How far the reading of a long file has come, for whoever waits for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from fsorch_cli.console import err, note, printable

__all__ = ["Teller", "Told", "reading"]

# Rows that were read, and the share of the file (None: nobody can say).
Told = Callable[[int, "float | None"], None]
# Where nobody watches, a line after so many seconds: a log of an hour's import has 360.
EVERY_S = 10.0


@contextmanager
def reading(file: Path) -> Iterator[Told]:
    """A bar on standard error where that is a terminal; else a line every ten seconds, for logs and whoever waits over
    a slow line."""
    console = err()
    if not console.is_terminal:
        yield Teller(file.name, time.monotonic)
        return
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[rows]:,} rows{task.fields[share]}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    ) as bar:
        task = bar.add_task(printable(file.name), total=None, rows=0, share="")

        def told(rows: int, share: float | None) -> None:
            if share is None:
                bar.update(task, rows=rows)
            else:
                bar.update(task, rows=rows, total=1.0, completed=share, share=f", {share:.0%}")

        yield told


class Teller:
    """Tells on standard error how far it is, now and then. ``clock``: seconds of any beginning."""

    def __init__(self, name: str, clock: Callable[[], float]) -> None:
        self._name = name
        self._clock = clock
        self._last = clock()

    def __call__(self, rows: int, share: float | None) -> None:
        """So many rows have been read, and this share of the file."""
        if self._clock() - self._last >= EVERY_S:
            self._last = self._clock()
            note(f"{self._name}: {rows:,} rows" + ("" if share is None else f", {share:.0%}"))
