"""What leaves fsorch as a file: a spreadsheet obeys none of it, and no half file stays behind."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsorch.errors import ConfigError
from fsorch_cli.export import CsvWriter, JsonLinesWriter, destination, safe_cell

STARTS = "=+-@\t\r\n"


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+49 30 123", "'+49 30 123"),
        ("+4930123", "+4930123"),
        ("-12.5", "-12.5"),
        ("-1+1|cmd", "'-1+1|cmd"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("  =1", "'  =1"),
        ("a\0b", "ab"),
        ("\0=1", "'=1"),
        ("Ada, Example", "Ada, Example"),
        ("", ""),
        (7, 7),
        (None, None),
    ],
)
def test_a_cell_is_never_a_formula(value: object, cell: object) -> None:
    assert safe_cell(value) == cell


@given(st.text() | st.from_regex(rf"\s*[{STARTS}].*"))
def test_no_text_begins_a_formula_unless_it_is_a_number(text: str) -> None:
    cell = str(safe_cell(text))
    stripped = cell.lstrip()
    assert not stripped or stripped[0] not in STARTS or stripped.lstrip("+-").replace(".", "").isdigit()


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=1, max_size=4))
def test_csv_reads_back(values: list[str]) -> None:
    file = io.StringIO(newline="")
    writer = CsvWriter(file)
    writer.write({f"c{n}": value for n, value in enumerate(values)})
    file.seek(0)
    heading, row = csv.reader(file)
    assert heading == [f"c{n}" for n in range(len(values))]
    assert row == [str(safe_cell(value)) for value in values]


def test_json_lines_are_ascii_lines() -> None:
    file = io.StringIO()
    JsonLinesWriter(file).write({"name": "Zoë\n\u202e"})
    assert file.getvalue() == '{"name": "Zo\\u00eb\\n\\u202e"}\n'


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"

    def interrupted() -> None:
        with destination(path, force=False) as file:
            file.write("half")
            raise KeyError

    with pytest.raises(KeyError):
        interrupted()
    assert list(tmp_path.iterdir()) == []
    with destination(path, force=False) as file:
        file.write("whole\r\n")
    assert path.read_bytes() == b"whole\r\n"


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("mine")
    with pytest.raises(ConfigError) as caught, destination(path, force=False):
        raise AssertionError("not reached")
    assert str(caught.value) == f"{path}: is there already; use another name, or --force to overwrite"
    assert path.read_text() == "mine"


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "no" / "out.csv"
    with pytest.raises(ConfigError, match="No such file or directory"), destination(path, force=False):
        raise AssertionError("not reached")
