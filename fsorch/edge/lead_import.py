"""Files of leads into lists: a million rows at constant memory, and after a kill it goes on where it was.

Rows are read, made leads, held against the numbers that are there already, and written in batches. A batch's faults
are in the file of errors before the batch is in the database, whose import row says how long that file was: so a
process that is killed leaves nothing twice and nothing out, whichever side of the transaction it died on. The file of
errors is a CSV with the columns of the original, before them the line and the reason: mended, it can be imported
itself."""

from __future__ import annotations

import csv
import gc
import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Literal, TextIO

import msgspec

from fsorch.campaigns import ConsentRow, Lead
from fsorch.e164 import NumberFault, NumberReader
from fsorch.edge.csv_rows import CsvFile, Fault, Row
from fsorch.edge.lead_columns import COLUMNS_ADDED, Columns, Taken, guess
from fsorch.edge.sheet_rows import SheetFile, is_old_sheet, is_sheet
from fsorch.errors import ConfigError, NotFound
from fsorch.store import Store
from fsorch.store.dnc import DncProgress
from fsorch.store.giving import known_scopes
from fsorch.store.lead_lists import ImportState, Intake, LeadList
from fsorch.store.seen import Seen

__all__ = ["DUPLICATES", "ImportOptions", "ImportResult", "import_dnc", "import_leads", "without_search"]

# Rows of a batch: a transaction of some hundred milliseconds, while which nobody else writes to SQLite.
BATCH = 4_000
# Whose leads a number must be among to be a double: the list's, those of all campaigns that share the list, anybody's.
DUPLICATES = ("list", "campaign", "all", "none")
FINGERPRINT = 1_000_000


class ImportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How a file is read. ``mapping``: what columns are, where that is not guessed; ``region``: the country of numbers
    without a code (empty: the list's own); ``duplicates``: see DUPLICATES; ``zone``: of leads whose row names none;
    ``sheet``: of a workbook (empty: the first)."""

    mapping: dict[str, str] = {}
    region: str = ""
    zone: str = ""
    duplicates: str = "list"
    encoding: str = ""
    delimiter: str = ""
    has_names: bool = True
    sheet: str = ""


class ImportResult(msgspec.Struct, frozen=True, kw_only=True):
    """What an import came to. ``resumed``: rows that an earlier process had read; ``notes``: rows that are leads, but
    not with all that stood in them; ``columns``: what each column was taken for; ``first_faults``: the first of those
    refused, as sentences; ``errors``: the file of errors, empty where there is none."""

    list: str
    rows: int
    taken: int
    refused: int
    doubles: int
    notes: int
    resumed: int
    dry_run: bool
    columns: dict[str, str]
    first_faults: tuple[str, ...]
    errors: str


def import_leads(
    store: Store,
    path: Path,
    list: str,
    options: ImportOptions,
    by: str,
    *,
    campaign_lists: Sequence[str] = (),
    errors: Path | None = None,
    dry_run: bool = False,
    told: Callable[[ImportState, float | None], None] | None = None,
) -> ImportResult:
    """Take the rows of ``path`` into ``list``, which must be there but for a dry run. ``campaign_lists``: the lists
    among which a number is a double with ``duplicates`` campaign. ``errors``: the file of errors (by default beside the
    original); with ``dry_run`` nothing is kept but that file, and it too only where it is named. ``told`` is called
    after each batch, also with the share of the file that was read (None: a workbook does not say).

    Raises ConfigError for a file or options that cannot be, NotFound for a list that is not there."""
    if options.duplicates not in DUPLICATES:
        raise ConfigError(f"duplicates is {options.duplicates!r}; expected one of {', '.join(DUPLICATES)}")
    with _opened(path, options) as file, ExitStack() as stack:
        known = _list(store, list, options, dry_run)
        options = msgspec.structs.replace(options, region=options.region or known.region)
        targets = guess(file.columns, options.mapping)
        state = _beginning(path, known.id, options, targets)
        if not dry_run:
            state = store.leads.lists.begin_import(state, by)
        columns = _columns(store, state.list, options, targets, by)
        is_kept = errors is not None or not dry_run
        intake = stack.enter_context(store.leads.lists.taking())
        sheet = stack.enter_context(_ErrorSheet(errors or _beside(path), file.columns, state.errors, is_kept))
        among = {"list": [state.list], "campaign": [*{state.list, *campaign_lists}]}.get(options.duplicates)
        seen = stack.enter_context(Seen()) if dry_run and options.duplicates != "none" else None
        run = _Run(intake, columns, sheet, state, options.duplicates, among, seen)
        resumed = state.rows
        stack.enter_context(without_search())
        for batch in _batches(islice(iter(file), state.rows, None)):
            run.batch(batch)
            # What this batch made, and no more: a millisecond.
            gc.collect(0)
            if told is not None:
                told(run.state, file.share() if isinstance(file, CsvFile) else None)
        if not dry_run:
            store.leads.lists.end_import(run.state, by)
    return _result(run, sheet, _shown(file.columns, targets), resumed=resumed, dry_run=dry_run)


def _result(run: _Run, sheet: _ErrorSheet, columns: dict[str, str], *, resumed: int, dry_run: bool) -> ImportResult:
    state = run.state
    return ImportResult(
        list=state.list,
        rows=state.rows,
        taken=state.taken,
        refused=state.refused,
        doubles=state.doubles,
        notes=run.notes,
        resumed=resumed,
        dry_run=dry_run,
        columns=columns,
        first_faults=tuple(sheet.first),
        errors=sheet.shown,
    )


def _beginning(path: Path, list: str, options: ImportOptions, targets: Sequence[str]) -> ImportState:
    """An import of which no row has been read."""
    return ImportState(
        id="",
        list=list,
        path=str(path.resolve()),
        print=fingerprint(path, options, targets),
        options=msgspec.to_builtins(options),
    )


def _columns(store: Store, list: str, options: ImportOptions, targets: Sequence[str], by: str) -> Columns:
    """What makes leads of rows, by what the centre knows."""
    centre = store.load_centre()
    return Columns(
        targets,
        list=list,
        region=options.region,
        zone=options.zone,
        now_us=store.now_us(),
        by=by,
        scopes=known_scopes(centre),
        owners={name for agent in centre.agents for name in (agent.id, *agent.territories)} or None,
    )


def _opened(path: Path, options: ImportOptions) -> CsvFile | SheetFile:
    """The file, as what it is and not as it is called. Raises ConfigError."""
    if is_old_sheet(path):
        raise ConfigError(f"{path} is a workbook in the form of before 2007; save it as .xlsx or CSV")
    if is_sheet(path):
        return SheetFile(path, sheet=options.sheet, has_names=options.has_names)
    if options.sheet:
        raise ConfigError(f"{path} is no workbook, so there is no sheet {options.sheet!r} in it")
    return CsvFile(path, encoding=options.encoding, delimiter=options.delimiter, has_names=options.has_names)


def _list(store: Store, id: str, options: ImportOptions, dry_run: bool) -> LeadList:
    """The list; for a dry run the one that would be made."""
    try:
        return store.leads.lists.get(id)
    except NotFound:
        if not dry_run:
            raise
        return LeadList(id=id, region=options.region)


def fingerprint(path: Path, options: ImportOptions, targets: Sequence[str]) -> str:
    """Tells this file, read in this way, from others: its size, its first megabyte, and how it is read."""
    digest = hashlib.sha256(msgspec.json.encode((options, tuple(targets), path.stat().st_size)))
    with path.open("rb") as file:
        digest.update(file.read(FINGERPRINT))
    return digest.hexdigest()[:64]


def _shown(columns: Sequence[str], targets: Sequence[str]) -> dict[str, str]:
    """What each column was taken for; those with the same name are told apart."""
    found: dict[str, str] = {}
    for n, (column, target) in enumerate(zip(columns, targets, strict=True), 1):
        found[column if column not in found else f"{column} (column {n})"] = target
    return found


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.stem}.errors.csv")


def _batches(rows: Iterator[Row | Fault]) -> Iterator[list[Row | Fault]]:
    while batch := list(islice(rows, BATCH)):
        yield batch


@contextmanager
def without_search() -> Iterator[None]:
    """Without Python's own search for cycles, while a file of leads is read or written: its rows are many small things
    that come and go, and looking through them again and again takes a fifth of the time. What there is of cycles in an
    import has to be looked for after each batch instead: phonenumbers keeps the error it raises for a faulty number in
    a variable of the frame that raised it, and with that frame live those that called it, and all rows of their
    batch."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Run:
    """One import under way."""

    def __init__(
        self,
        intake: Intake,
        columns: Columns,
        sheet: _ErrorSheet,
        state: ImportState,
        duplicates: str,
        among: Sequence[str] | None,
        seen: Seen | None,
    ) -> None:
        self.state = state
        self.notes = 0
        self._intake = intake
        self._columns = columns
        self._sheet = sheet
        self._duplicates = duplicates
        self._among = among
        self._seen = seen

    def batch(self, batch: Sequence[Row | Fault]) -> None:
        """Take one batch, whole."""
        leads, consents, refused, doubles = self._sorted(batch)
        before = self.state
        errors = self._sheet.flush()
        self.state = msgspec.structs.replace(
            before,
            rows=before.rows + len(batch),
            taken=before.taken + len(leads),
            refused=before.refused + refused,
            doubles=before.doubles + doubles,
            errors=errors,
        )
        if before.id:
            self._intake.write(leads, consents, self.state)

    def _sorted(self, batch: Sequence[Row | Fault]) -> tuple[list[Lead], list[ConsentRow], int, int]:
        """The leads of a batch, their consents, and how many rows are none, or are there already."""
        take = self._columns.take
        taken = [(row, take(row.cells) if isinstance(row, Row) else Taken(None, (), row.reason)) for row in batch]
        numbers = [[int(one.number) for one in it.lead.numbers] if it.lead is not None else () for _, it in taken]
        known = self._known([number for some in numbers for number in some])
        leads: list[Lead] = []
        consents: list[ConsentRow] = []
        refused = doubles = 0
        for (row, one), some in zip(taken, numbers, strict=True):
            if one.lead is None:
                refused += 1
                self._sheet.add(row, one.reason)
                continue
            if not known.isdisjoint(some):
                doubles += 1
                there = next(number for number in some if number in known)
                self._sheet.add(row, f"a double: +{there} is there already")
                continue
            if self._duplicates != "none":
                known.update(some)
            if one.reason:
                self.notes += 1
                self._sheet.add(row, f"taken, but not all of it: {one.reason}")
            leads.append(one.lead)
            consents += one.consents
        return leads, consents, refused, doubles

    def _known(self, numbers: Sequence[int]) -> set[int]:
        if self._duplicates == "none":
            return set()
        known = self._intake.known(numbers, self._among)
        return known if self._seen is None else known | self._seen.known(numbers)


class _ErrorSheet(AbstractContextManager["_ErrorSheet"]):
    """The file of errors, made when there is one. ``at``: so many of its bytes are true, of an earlier process; it is
    written if ``is_kept``. ``first``: the first faults, as sentences; ``shown``: its path, if there is one."""

    FEW = 20

    def __init__(self, path: Path, columns: Sequence[str], at: int, is_kept: bool) -> None:
        self.path = path
        self.first: list[str] = []
        self.shown = ""
        self._columns = columns
        self._at = at
        self._is_kept = is_kept
        self._file: TextIO | None = None
        self._rows: list[list[str]] = []

    def __enter__(self) -> _ErrorSheet:
        if self._is_kept and self._at and self.path.is_file():
            self._open("r+b")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, row: Row | Fault, reason: str) -> None:
        """Something is wrong with ``row``."""
        if len(self.first) < self.FEW:
            self.first.append(f"line {row.line}: {reason}")
        if self._is_kept:
            cells = row.cells or [row.raw] if isinstance(row, Fault) else row.cells
            self._rows.append([str(row.line), reason, *cells])

    def flush(self) -> int:
        """Give what there is to the operating system; how long the file is now."""
        if not self._rows:
            return self._at
        if self._file is None:
            self._open("wb")
        assert self._file is not None
        csv.writer(self._file).writerows(_writable(row) for row in self._rows)
        self._rows.clear()
        self._file.flush()
        self._at = self._file.tell()
        return self._at

    def _open(self, mode: Literal["r+b", "wb"]) -> None:
        try:
            file = io.TextIOWrapper(self.path.open(mode), encoding="utf-8", newline="", errors="replace")
            if self._at:
                file.seek(self._at)
                file.truncate()
            else:
                csv.writer(file).writerow([*COLUMNS_ADDED, *self._columns])
            self._file, self.shown = file, str(self.path)
        except OSError as error:
            raise ConfigError(f"the file of errors {self.path} cannot be written: {error.strerror}") from None


def _writable(row: list[str]) -> list[str]:
    """NUL is what no two readers of CSV agree about."""
    return [cell.replace("\0", "\ufffd") for cell in row]


def import_dnc(
    store: Store,
    path: Path,
    list: str,
    by: str,
    *,
    region: str = "",
    campaign: str = "",
    column: str = "",
    told: Callable[[DncProgress], None] | None = None,
) -> DncProgress:
    """Take the numbers of a file into the imported no-call list ``list``. One number on each line, or a CSV file of
    which ``column`` (a name of the first row) holds them; a register's own form, area code and number in two columns,
    is read as one number. Goes on after a kill. Raises ConfigError."""
    read = NumberReader(region).read
    digest = hashlib.sha256(msgspec.json.encode((region, column, campaign, path.stat().st_size)))
    with path.open("rb") as raw:
        digest.update(raw.read(FINGERPRINT))
    numbers = _column_numbers(path, column, read) if column else _line_numbers(path, read)
    _expect_numbers(path, numbers)
    numbers = _column_numbers(path, column, read) if column else _line_numbers(path, read)
    return store.dnc.take(list, numbers, by, campaign=campaign, mark=digest.hexdigest()[:64], told=told)


def _expect_numbers(path: Path, numbers: Iterator[int]) -> None:
    """ConfigError for a file without any number: a register that was imported from the wrong file, or from one that a
    download left empty, would pass for a young one, and everybody in it might be called."""
    if not any(numbers):
        raise ConfigError(
            f"{path} holds no telephone number, and the list stays as it is; expected one on each line, with its "
            f"country code or --region, or in the --column of a CSV file"
        )


def _line_numbers(path: Path, read: Callable[[str], int]) -> Iterator[int]:
    with path.open("rb") as file:
        while line := file.readline(200):
            text = line.decode("ascii", "replace").strip()
            if text:
                yield _number_or_none(text.replace(",", ""), read)


def _column_numbers(path: Path, column: str, read: Callable[[str], int]) -> Iterator[int]:
    with CsvFile(path) as file:
        if column not in file.columns:
            listed = ", ".join(repr(one) for one in file.columns[:20])
            raise ConfigError(f"{path} has no column {column!r}; it has {listed}")
        place = file.columns.index(column)
        for row in file:
            yield _number_or_none(row.cells[place], read) if isinstance(row, Row) else 0


def _number_or_none(text: str, read: Callable[[str], int]) -> int:
    try:
        return read(text)
    except NumberFault:
        return 0
