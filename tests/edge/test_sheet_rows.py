"""Workbooks as lists of leads: read row by row, whatever somebody has made of them."""

from __future__ import annotations

import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fsorch.edge import sheet_rows
from fsorch.edge.csv_rows import Fault, Row
from fsorch.edge.lead_import import ImportOptions, import_leads
from fsorch.edge.sheet_rows import SheetFile
from fsorch.errors import ConfigError
from fsorch.store import open_database
from fsorch.store.lead_lists import LeadList


def workbook(path: Path, rows: list[list[Any]], title: str = "Leads", *, hidden_first: bool = False) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    if hidden_first:
        sheet.sheet_state = "hidden"
        sheet = book.create_sheet()
    sheet.title = title
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


def read(path: Path, **options: Any) -> tuple[list[str], list[Row | Fault]]:
    with SheetFile(path, **options) as file:
        return file.columns, list(file)


def test_cells_are_what_they_show(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["Phone", "Name", "Since", "At", "Ok", None],
        [493012345678.0, "Zoë", datetime(2027, 1, 31), datetime(2027, 1, 31, 9, 30), True],  # noqa: DTZ001 - a sheet has no zones
        [],
        ["+49 30 1", None, date(2027, 2, 1), 1.5, False, None, None],
        ["+49301", "x", None, None, None, "too much"],
    ]
    columns, found = read(workbook(tmp_path / "l.xlsx", rows))
    assert columns == ["Phone", "Name", "Since", "At", "Ok"]
    assert found[:2] == [
        Row(2, ["493012345678", "Zoë", "2027-01-31", "2027-01-31T09:30:00", "yes"]),
        Row(4, ["+49 30 1", "", "2027-02-01", "1.5", "no"]),
    ]
    assert isinstance(found[2], Fault)
    assert found[2].reason == "it has 6 columns, and the first row 5"


def test_the_first_sheet_that_is_shown_or_the_one_that_is_named(tmp_path: Path) -> None:
    path = workbook(tmp_path / "l.xlsx", [["Phone"], ["+49301"]], hidden_first=True)
    assert read(path)[1] == read(path, sheet="Leads")[1] == [Row(2, ["+49301"])]
    assert read(path, has_names=False) == (["1"], [Row(1, ["Phone"]), Row(2, ["+49301"])])
    with pytest.raises(ConfigError, match="has no sheet 'Lead'; did you mean Leads"):
        read(path, sheet="Lead")


def test_what_is_no_workbook_or_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = workbook(tmp_path / "l.xlsx", [["Phone"], ["+49301"]])
    whole = path.read_bytes()
    (tmp_path / "cut.xlsx").write_bytes(whole[: len(whole) // 2])
    # The first entry of its directory asks for version 9.9 of the format (APPNOTE.TXT, 4.3.12).
    needs = whole.index(b"PK\x01\x02") + 6
    (tmp_path / "later.xlsx").write_bytes(whole[:needs] + bytes([99, 0]) + whole[needs + 2 :])
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("readme", "no workbook")
    for name, words in (
        ("cut.xlsx", "cannot be read as a workbook"),
        ("later.xlsx", r"cannot be read as a workbook \(zip file version 9.9\)"),
        ("other.zip", "but no workbook"),
    ):
        with pytest.raises(ConfigError, match=words):
            read(tmp_path / name)
    with pytest.raises(ConfigError, match="is empty"):
        read(workbook(tmp_path / "none.xlsx", []))
    monkeypatch.setattr(sheet_rows, "MOST_BYTES", 1000)
    with pytest.raises(ConfigError, match="which is too much"):
        read(path)


def test_a_row_that_says_it_is_the_billionth_ends_the_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_rows, "MOST_ROWS", 1_000)
    whole = workbook(tmp_path / "l.xlsx", [["Phone"], ["+49301"], ["+49302"]])
    told = tmp_path / "told.xlsx"
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(told, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b'<row r="3">', b'<row r="99999999999">'))
    _, found = read(told)
    assert found == [Row(2, ["+49301"]), Fault(1_001, "", "a sheet has at most 1,000 rows")]


def test_leads_come_from_a_workbook_as_from_csv(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["Phone", "Name", "City"], ["0301234567", "Ann", "Ulm"], ["12", "Ben", "Bonn"]]
    path = workbook(tmp_path / "leads.xlsx", rows)
    store = open_database(f"sqlite:///{tmp_path}/f.db")
    store.leads.lists.make(LeadList(id="l"), "test")
    result = import_leads(store, path, "l", ImportOptions(region="DE"), "test")
    assert (result.taken, result.refused) == (1, 1)
    (lead,) = store.leads.lists.leads("l")
    assert ([one.number for one in lead.numbers], lead.name, lead.fields) == (["+49301234567"], "Ann", {"city": "Ulm"})
    assert (tmp_path / "leads.errors.csv").is_file()
    # Given again, nothing comes twice.
    assert import_leads(store, path, "l", ImportOptions(region="DE"), "test").doubles == 1
    old = tmp_path / "old.xls"
    old.write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(100))
    with pytest.raises(ConfigError, match="before 2007"):
        import_leads(store, old, "l", ImportOptions(), "test")
    (tmp_path / "plain.csv").write_text("Phone\n+49301\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="is no workbook"):
        import_leads(store, tmp_path / "plain.csv", "l", ImportOptions(sheet="x"), "test")
    store.close()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 5_000), value=st.integers(0, 255))
def test_a_broken_byte_costs_rows_and_nothing_else(tmp_path: Path, at: int, value: int) -> None:
    path = tmp_path / "l.xlsx"
    if not path.is_file():
        workbook(path, [["Phone", "Name"], *[[f"+4930{n:04}", f"Name {n}"] for n in range(50)]])
    broken = bytearray(path.read_bytes())
    broken[at % len(broken)] = value
    (tmp_path / "b.xlsx").write_bytes(broken)
    try:
        _, found = read(tmp_path / "b.xlsx")
    except ConfigError:
        return
    assert all(isinstance(one, Row | Fault) for one in found)
