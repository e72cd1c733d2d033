"""Files of leads: read whatever stands in them, taken once whatever kills the process, told what was not taken."""

from __future__ import annotations

import csv
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from fsorch.campaigns import ConsentRow, Lead, LeadState
from fsorch.config import AgentSpec
from fsorch.edge import lead_import
from fsorch.edge.csv_rows import CsvFile, Fault, Row
from fsorch.edge.lead_columns import Columns, guess, parse_mapping
from fsorch.edge.lead_import import ImportOptions, ImportResult, import_dnc, import_leads
from fsorch.errors import ConfigError, NotFound
from fsorch.store import Store
from fsorch.store.lead_lists import ImportState, Intake, LeadList
from tests.store.conftest import clock, mariadb, open_store, store, url

__all__ = ["clock", "mariadb", "store", "url"]


class Killed(Exception):
    """The process dies here."""


@pytest.fixture
def sheet(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file."""

    def write(content: str | bytes, name: str = "leads.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def take(store: Store, path: Path, list: str = "l", **options: Any) -> ImportResult:
    store.leads.lists.make(LeadList(id=list), "test")
    run = {name: options.pop(name) for name in ("dry_run", "campaign_lists", "told", "errors") if name in options}
    return import_leads(store, path, list, ImportOptions(**({"region": "US"} | options)), "test", **run)


def kept(store: Store, list: str = "l") -> list[Lead]:
    return [*store.leads.lists.leads(list)]


def rows_of(path: Path, **options: Any) -> list[Row | Fault]:
    with CsvFile(path, **options) as file:
        return [*file]


class TestRows:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_marks_delimiters_and_ends_of_lines(
        self, sheet: Callable[..., Path], encoding: str, delimiter: str, end: str
    ) -> None:
        text = end.join([f"name{delimiter}phone", f'"Zoë{delimiter} ""Q"""{delimiter}1', f"日本{delimiter}2"])
        rows = rows_of(sheet(text.encode(encoding)))
        assert rows == [Row(2, [f'Zoë{delimiter} "Q"', "1"]), Row(3, ["日本", "2"])]

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    @pytest.mark.parametrize("head", ["", "{0}{0}", "  {0}", "sep=;{0}", '{0}"sep=;"{0}{0}'])
    def test_what_stands_before_the_first_row(self, sheet: Callable[..., Path], head: str, end: str) -> None:
        before = head.format(end)
        path = sheet((before + end.join(["name;phone", "", "Zoë, A.;1", " ", ";", "B;2"])).encode("utf-16"))
        with CsvFile(path) as file:
            assert file.columns == ["name", "phone"]
            rows = [*file]
        line = before.count(end) + 3
        assert [row for row in rows if isinstance(row, Row)] == [Row(line, ["Zoë, A.", "1"]), Row(line + 3, ["B", "2"])]

    def test_other_encodings_are_named(self, sheet: Callable[..., Path]) -> None:
        path = sheet("name,phone\nZoë,1\n".encode("latin-1"))
        with pytest.raises(ConfigError, match="not UTF-8 .*byte 0xeb at place 13.*--encoding"):
            rows_of(path)
        assert rows_of(path, encoding="latin-1") == [Row(2, ["Zoë", "1"])]
        # Where something is UTF-8 before it, the byte costs its row alone.
        mixed = rows_of(sheet("name,phone\nZoë,1\n".encode() + "Chloé,2\n".encode("latin-1") + b"Ann,3\n"))
        assert [row.cells for row in mixed if isinstance(row, Row)] == [["Zoë", "1"], ["Ann", "3"]]
        chinese = sheet("姓名,电话\n张三,1\n".encode("gb18030"))
        assert rows_of(chinese, encoding="gb18030") == [Row(2, ["张三", "1"])]
        with pytest.raises(ConfigError, match="no encoding 'klingon'"):
            rows_of(path, encoding="klingon")

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", "empty"),
            (b"PK\x03\x04rest", "zip archive"),
            (b"\0a\0b" * 100, "no text"),
            (b'"a,b\n', "line 1: a quote"),
        ],
    )
    def test_what_is_no_csv_is_refused(self, sheet: Callable[..., Path], content: bytes, reason: str) -> None:
        with pytest.raises(ConfigError, match=reason):
            rows_of(sheet(content))

    def test_each_fault_costs_its_own_line(self, sheet: Callable[..., Path]) -> None:
        lines: list[bytes] = [b"name,phone", b"ok,1", b"nul\0,2", b'"open,3', b"ok,4", b'a"b,5', b'"a"b,6', b"ok,7,8"]
        lines += [b"few", b"more,9,,", b"", b"bad \xff,10", b"x" * 3_000_000 + b",11", b"ok,12", b'"two\nlines",13']
        rows = rows_of(sheet(b"\n".join(lines)), encoding="utf-8")
        good = {(row.line, *row.cells) for row in rows if isinstance(row, Row)}
        faults = {row.line: row.reason for row in rows if isinstance(row, Fault)}
        assert good == {
            (2, "ok", "1"),
            (5, "ok", "4"),
            (6, 'a"b', "5"),
            (10, "more", "9"),
            (14, "ok", "12"),
            (15, "two\nlines", "13"),
        }
        assert "NUL" in faults[3]
        assert "quote" in faults[4]
        assert "quote" in faults[7]
        assert "3 columns, and the first row 2" in faults[8]
        assert "1 columns" in faults[9]
        assert "byte 0xff at character 5" in faults[12]
        assert "more than 1,000,000 characters" in faults[13]

    def test_a_quote_that_never_ends_does_not_take_the_file_with_it(self, sheet: Callable[..., Path]) -> None:
        rows = rows_of(sheet('name,phone\n"open,0\n' + "".join(f"ok,{n}\n" for n in range(1000))))
        assert [row.line for row in rows if isinstance(row, Fault)] == [2]
        assert sum(isinstance(row, Row) for row in rows) == 1000

    def test_memory_is_that_of_a_row(self, sheet: Callable[..., Path]) -> None:
        path = sheet(b"name,phone\n" + b'"' + b"x" * 10_000_000 + b"\nok,1\n")
        tracemalloc.start()
        try:
            rows = rows_of(path)
            assert tracemalloc.get_traced_memory()[1] < 20_000_000
        finally:
            tracemalloc.stop()
        assert [*map(type, rows)] == [Fault, Row]

    @settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.lists(st.text(max_size=8), min_size=2, max_size=2), max_size=8), st.sampled_from(",;\t|"))
    def test_what_a_writer_writes_is_read(
        self, sheet: Callable[..., Path], cells: list[list[str]], delimiter: str
    ) -> None:
        cells = [[text.replace("\0", "").encode("utf-8", "replace").decode() for text in row] for row in cells]
        path = sheet("")
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter=delimiter).writerows([["name", "phone"], *cells])
        cells = [row for row in cells if any(text.strip() for text in row)]
        assert [row.cells for row in rows_of(path, delimiter=delimiter) if isinstance(row, Row)] == cells

    @settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.binary(max_size=300))
    def test_whatever_it_is_every_line_is_a_row_or_a_fault(self, sheet: Callable[..., Path], content: bytes) -> None:
        path = sheet(b"name,phone\n" + content)
        try:
            rows = rows_of(path)
        except ConfigError:
            return
        assert all(row.line >= 2 for row in rows)


class TestColumns:
    def test_they_are_guessed(self) -> None:
        columns = ["First Name", "Last Name", "Phone", "Cell Phone", "ZIP", "Time Zone", "Ort/City", "", "fsorch_line"]
        targets = ("name", "name", "number", "number:mobile", "postcode", "zone", "field.ort_city", "-", "-")
        assert guess(columns, {}) == targets
        assert guess(["姓名", "手机"], {}) == ("name", "number:mobile")
        assert guess(["a", "b"], {"a": "number:work", "b": "field.x"}) == ("number:work", "field.x")

    def test_columns_have_the_names_of_what_they_are(self) -> None:
        columns = ["number:Mobile", "Next_at", "caller_id", "consent.who", "consent.evidence", "field.city", "Name"]
        targets = ("number:mobile", "next_at", "caller_id", "consent.who", "consent.evidence", "field.city", "name")
        assert guess(columns, {}) == targets

    def test_columns_that_mean_the_same_lose_nothing(self) -> None:
        columns = ["Phone", "Tel", "City", "City", "ID", "Account", "Zip", "PLZ", "first name", "last name"]
        targets = ("number", "number", "field.city", "field.city_2", "reference", "field.account", "postcode")
        assert guess(columns, {}) == (*targets, "field.plz", "name", "name")
        # What somebody says comes before what would be guessed.
        assert guess(["Phone", "ID", "Key"], {"Key": "reference"}) == ("number", "field.id", "reference")
        with pytest.raises(ConfigError, match="two columns are mapped to 'reference'"):
            guess(["Phone", "a", "b"], {"a": "reference", "b": "reference"})

    @pytest.mark.parametrize(
        ("text", "country", "number"),
        [
            ("020 7946 0958", "GB", "+442079460958"),
            ("020 7946 0958", "United Kingdom", "+442079460958"),
            ("06 12 34 56 78", "France", "+33612345678"),
            ("(212) 555-0126", "usa", "+12125550126"),
            ("010-62345678", "中国", "+861062345678"),
            ("030 123456", "", "+4930123456"),
            ("+44 20 7946 0958", "Deutschland", "+442079460958"),
            # A spreadsheet's number is one without its point.
            ("442079460958.0", "GB", "+442079460958"),
            ("0044 20 7946 0958", "DE", "+442079460958"),
        ],
    )
    def test_a_number_is_read_as_its_own_country_writes_it(self, text: str, country: str, number: str) -> None:
        columns = Columns(("number", "country"), list="l", region="DE", zone="", now_us=1, by="test")
        taken = columns.take([text, country])
        assert taken.lead is not None, taken.reason
        assert [one.number for one in taken.lead.numbers] == [number]
        # What is no number there is none, though it would be one in the list's country.
        assert columns.take(["030 123456", "FR"]).lead is None

    @pytest.mark.parametrize(
        ("mapping", "reason"),
        [
            ({}, "no column is a number; the file has 'a', 'b'"),
            ({"c": "number"}, "names the column 'c'"),
        ],
    )
    def test_without_a_number_there_are_no_leads(self, mapping: dict[str, str], reason: str) -> None:
        with pytest.raises(ConfigError, match=reason):
            guess(["a", "b"], mapping)

    @pytest.mark.parametrize("text", ["", "a", "a=", "a=phone", "a=field.", "a=field.X Y", "a=number:Ä", "a=id"])
    def test_a_mapping_to_nothing_is_refused(self, text: str) -> None:
        with pytest.raises(ConfigError, match="--map|maps to"):
            parse_mapping([text])
        assert parse_mapping(["A=B=name", "x=number,y=-"]) == {"A=B": "name", "x": "number", "y": "-"}

    @pytest.mark.parametrize(
        ("cells", "reason"),
        [
            (["", "Zoë"], "it has no number"),
            (["12", "Zoë"], "'12': "),
            (["+14155552671", "=HYPERLINK(1)"], "column 2 .name. is a formula"),
            (["+14155552671", " @SUM(A1)"], "formula"),
            (["+14155552671", "+cmd|' /C calc'!A0"], "formula"),
            (["+14155552671", "x" * 256], "the name has 256 characters"),
            (["+14155552671", "", "Mars/Olympus"], "no time zone 'Mars/Olympus'"),
            (["+14155552671", "", "", "high"], "priority is 'high'"),
            (["+14155552671", "", "", "", "Ruritania"], "the country is 'Ruritania'; expected two letters"),
            (["+14155552671", "", "", "", "XX"], "the country is 'XX'"),
            (["4.47912E+11", "Zoë"], "'4.47912E+11': a spreadsheet has rounded it"),
            (["4,47912e11", "Zoë"], "a spreadsheet has rounded it"),
            (["+14155552671", "", "", "", "", "x" * 1001], "field.x has 1001"),
            ([";".join(f"+1415555{n}" for n in range(2000, 2020)), ""], "it has 20 numbers"),
        ],
    )
    def test_what_is_wrong_with_a_row_is_said(self, cells: list[str], reason: str) -> None:
        targets = ("number", "name", "zone", "priority", "country", "field.x")
        columns = Columns(targets, list="l", region="US", zone="", now_us=1, by="test")
        taken = columns.take([*cells, *[""] * (6 - len(cells))])
        assert taken.lead is None
        assert reason.replace(".name.", "(name)") in taken.reason

    def test_what_people_write_for_nothing_is_no_formula(self) -> None:
        columns = Columns(("number", "name"), list="l", region="US", zone="", now_us=1, by="test")
        for name in ("-", "- (private)", "+49 30 1234", "-5,00 €", "=ish"[1:]):
            assert columns.take(["+14155552671", name]).lead is not None

    def test_consents_come_with_the_lead(self) -> None:
        targets = ("number", "number:mobile", "name", "consent.what", "consent.given_at", "consent.until")
        columns = Columns(targets, list="l", region="US", zone="Europe/Berlin", now_us=7, by="ada")
        taken = columns.take(["+14155552671", "4155552672", "Zoë", "yes", "2026-01-31T12:00:00+01:00", ""])
        assert taken.lead is not None
        assert [(one.number, one.kind) for one in taken.lead.numbers] == [
            ("+14155552671", ""),
            ("+14155552672", "mobile"),
        ]
        assert taken.lead.zone == "Europe/Berlin"
        assert [(one.number, one.who, one.what, one.given_at) for one in taken.consents] == [
            (number, "Zoë", "yes", 1_769_857_200_000_000) for number in ("+14155552671", "+14155552672")
        ]
        assert columns.take(["+14155552671", "", "Zoë", "", "", ""]).consents == ()
        assert columns.take(["+14155552671", "", "Zoë", "yes", "", ""]).consents[0].given_at == 7
        for given_at, until in (("yesterday", ""), ("2026-01-31", "2026-01-30"), ("0001-01-01", "")):
            assert columns.take(["+14155552671", "", "Zoë", "yes", given_at, until]).lead is None

    def test_faulty_numbers_beside_a_good_one_are_told(self) -> None:
        columns = Columns(("number", "number:alt"), list="l", region="US", zone="", now_us=1, by="test")
        taken = columns.take(["none", "+14155552671; 415 555 2671; 12"])
        assert taken.lead is not None
        assert [one.number for one in taken.lead.numbers] == ["+14155552671"]
        assert "'none'" in taken.reason
        assert "'12'" in taken.reason


HOSTILE = (
    "Name,Phone,Age\n"
    "Ann,(415) 555-2671,30\n"
    "Bob,+1 415 555 2672,\n"
    "Cy,12,\n"
    "=cmd,+14155552673,\n"
    "Dee,4155552671,\n"
    "Eve\n"
    'Fay,"+14155552674; 99",5\n'
)


class TestImport:
    def test_rows_become_leads_and_the_rest_is_told(self, store: Store, sheet: Callable[..., Path]) -> None:
        path = sheet(HOSTILE)
        done = take(store, path)
        assert (done.rows, done.taken, done.refused, done.doubles, done.notes) == (7, 3, 3, 1, 1)
        assert [(one.name, one.numbers[0].number, one.fields) for one in kept(store)] == [
            ("Ann", "+14155552671", {"age": "30"}),
            ("Bob", "+14155552672", {}),
            ("Fay", "+14155552674", {"age": "5"}),
        ]
        errors = Path(done.errors)
        assert errors.name == "leads.errors.csv"
        with errors.open(encoding="utf-8", newline="") as file:
            told = [*csv.reader(file)]
        assert told[0] == ["fsorch_line", "fsorch_reason", "Name", "Phone", "Age"]
        assert [(row[0], row[2]) for row in told[1:]] == [
            ("4", "Cy"),
            ("5", "=cmd"),
            ("6", "Dee"),
            ("7", "Eve"),
            ("8", "Fay"),
        ]
        assert "a double: +14155552671" in told[3][1]
        assert done.first_faults[0].startswith("line 4: ")
        assert [one.act for one in store.audits(2)] == ["list.imported", "list.import"]

    def test_the_file_of_errors_can_be_mended_and_imported(self, store: Store, sheet: Callable[..., Path]) -> None:
        errors = Path(take(store, sheet(HOSTILE)).errors)
        mended = sheet(errors.read_text().replace(",12,", ",+14155552675,").replace("=cmd", "Gus"), "mended.csv")
        done = take(store, mended)
        assert done.taken == 2
        assert sorted(one.name for one in kept(store)) == ["Ann", "Bob", "Cy", "Fay", "Gus"]

    def test_a_dry_run_keeps_nothing_and_counts_the_same(self, store: Store, sheet: Callable[..., Path]) -> None:
        path = sheet(HOSTILE)
        dry = take(store, path, dry_run=True)
        assert kept(store) == []
        assert not path.with_name("leads.errors.csv").exists()
        assert store.leads.lists.imports() == []
        real = take(store, path)
        for figure in ("rows", "taken", "refused", "doubles", "notes", "first_faults", "columns"):
            assert getattr(dry, figure) == getattr(real, figure)

    def test_an_owner_whom_nobody_answers_to_is_kept_and_told_of_once(
        self, store: Store, sheet: Callable[..., Path]
    ) -> None:
        agents = (
            AgentSpec(id="ann", name="Ann", phone="user/1"),
            AgentSpec(id="ben", name="Ben", phone="user/2", territories=("north",)),
        )
        store.save_centre(structs.replace(store.load_centre(), agents=agents), "test")
        rows = [
            "phone,owner",
            *(f"+1415555267{n},{owner}" for n, owner in enumerate(("ann", "bem", "bem", "", "cy", "north"))),
        ]
        path = sheet("\n".join(rows))
        done = take(store, path)
        assert (done.taken, done.notes) == (6, 2)
        assert done.first_faults[0].startswith(
            "line 3: taken, but not all of it: no agent or territory is called 'bem', its owner"
        )
        assert "ben" in done.first_faults[0]
        assert done.first_faults[1].startswith(
            "line 6: taken, but not all of it: no agent or territory is called 'cy', its owner"
        )
        assert sorted(lead.owner for lead in kept(store)) == ["", "ann", "bem", "bem", "cy", "north"]

    def test_doubles(self, store: Store, sheet: Callable[..., Path]) -> None:
        path = sheet("phone\n+14155552671\n")
        assert take(store, path, "a").taken == 1
        assert take(store, path, "b").taken == 1
        assert take(store, path, "b").doubles == 1
        assert take(store, path, "c", duplicates="campaign", campaign_lists=["a"]).doubles == 1
        assert take(store, path, "c", duplicates="campaign", campaign_lists=["x"]).taken == 1
        assert take(store, path, "d", duplicates="all").doubles == 1
        assert take(store, path, "a", duplicates="none").taken == 1
        assert len(kept(store, "a")) == 2
        with pytest.raises(ConfigError, match="duplicates is 'some'"):
            take(store, path, "a", duplicates="some")

    def test_a_list_that_is_not_there(self, store: Store, sheet: Callable[..., Path]) -> None:
        with pytest.raises(NotFound):
            import_leads(store, sheet("phone\n1\n"), "nosuch", ImportOptions(), "test")

    def test_without_names(self, store: Store, sheet: Callable[..., Path]) -> None:
        path = sheet("+14155552671,Zoë\n")
        assert take(store, path, has_names=False, mapping={"1": "number", "2": "name"}).taken == 1
        assert [one.name for one in kept(store)] == ["Zoë"]

    def test_a_lead_may_wait_and_have_an_owner(self, store: Store, sheet: Callable[..., Path]) -> None:
        take(
            store,
            sheet(
                "phone,next_at,owner,consent,zone\n"
                "+14155552671,2030-01-01,ada,yes,\n"
                "+14155552672,2030-01-01T00:00Z,,yes,\n"
                "+14155552673,2030-01-01,,,Europe/Berlin\n"
            ),
        )
        lead, utc, berlin = kept(store)
        assert (lead.state, lead.owner) == (LeadState.READY, "ada")
        # The beginning of the year in San Francisco, eight hours after that of UTC.
        midnight, hour = 1_893_456_000_000_000, 3_600_000_000
        assert [one.next_at for one in (lead, utc, berlin)] == [midnight + 8 * hour, midnight, midnight - hour]
        consents = [*store.consents.of("+14155552671"), *store.consents.of("+14155552672")]
        assert [one.what for one in consents] == ["yes", "yes"]
        assert len({one.id for one in consents} - {""}) == 2

    @pytest.mark.parametrize("where", ["before", "after"])
    @pytest.mark.parametrize("at", [1, 2, 3])
    def test_a_killed_import_goes_on_with_nothing_twice(
        self, store: Store, sheet: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, where: str, at: int
    ) -> None:
        monkeypatch.setattr(lead_import, "BATCH", 10)
        lines = [f"N{n},{'+1415555' + str(2000 + n) if n % 7 else 'none'}" for n in range(35)]
        path = sheet("name,phone\n" + "\n".join(lines))
        write = Intake.write
        calls = []

        def dying(self: Intake, leads: Sequence[Lead], consents: Sequence[ConsentRow], state: ImportState) -> None:
            calls.append(1)
            if len(calls) == at and where == "before":
                raise Killed
            write(self, leads, consents, state)
            if len(calls) == at and where == "after":
                raise Killed

        monkeypatch.setattr(Intake, "write", dying)
        with pytest.raises(Killed):
            take(store, path)
        monkeypatch.setattr(Intake, "write", write)
        done = take(store, path)
        assert done.resumed == 10 * (at - (where == "before"))
        assert (done.rows, done.taken, done.refused) == (35, 30, 5)
        assert [one.name for one in kept(store)] == [f"N{n}" for n in range(35) if n % 7]
        with Path(done.errors or path.with_name("leads.errors.csv")).open(newline="") as file:
            assert [row[2] for row in csv.reader(file)][1:] == ["N0", "N7", "N14", "N21", "N28"]
        # It has ended: the same file again is another import, and all of it is there.
        assert take(store, path).doubles == 30

    def test_how_much_of_the_file_was_read_is_told(
        self, store: Store, sheet: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(lead_import, "BATCH", 1_000)
        path = sheet("phone,note\n" + "".join(f"+1415{2_000_000 + n},{'x' * 50}\n" for n in range(3_000)))
        told: list[tuple[int, float | None]] = []
        take(store, path, told=lambda state, share: told.append((state.rows, share)))
        assert [rows for rows, _ in told] == [1_000, 2_000, 3_000]
        assert told[0][1] == pytest.approx(1 / 3, abs=0.1)
        assert told[2][1] == 1.0

    def test_another_mapping_is_another_import(
        self, store: Store, sheet: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = sheet("a,b\n+14155552671,+14155552672\n")
        monkeypatch.setattr(Intake, "write", self._dies)
        with pytest.raises(Killed):
            take(store, path, mapping={"a": "number"})
        monkeypatch.undo()
        assert take(store, path, mapping={"b": "number"}).resumed == 0
        assert len(store.leads.lists.imports("l")) == 2

    @staticmethod
    def _dies(*_all: object) -> None:
        raise Killed


SCRIPT = """
import sys
from pathlib import Path
from fsorch.edge import lead_import
from fsorch.store import open_database
lead_import.BATCH = 500
store = open_database(sys.argv[1])
lead_import.import_leads(
    store, Path(sys.argv[2]), "l", lead_import.ImportOptions(region="US"), "test",
    told=lambda state, share: print(state.rows, flush=True),
)
"""


def test_a_process_that_is_really_killed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/records.db"
    store = open_store(url)
    store.leads.lists.make(LeadList(id="l"), "test")
    path = tmp_path / "leads.csv"
    rows = 6_000
    path.write_text("name,phone\n" + "".join(f"N{n},+1415{2_000_000 + n}\n" for n in range(rows)))
    for stop_at in (500, 2_000):
        with subprocess.Popen([sys.executable, "-c", SCRIPT, url, str(path)], stdout=subprocess.PIPE, text=True) as run:
            assert run.stdout is not None
            next(line for line in run.stdout if int(line) >= stop_at)
            run.send_signal(signal.SIGKILL)
    done = import_leads(store, path, "l", ImportOptions(region="US"), "test")
    assert 2_000 <= done.resumed < rows
    assert (done.rows, done.taken, done.doubles) == (rows, rows, 0)
    assert [one.name for one in store.leads.lists.leads("l")] == [f"N{n}" for n in range(rows)]
    store.close()


def test_a_long_file_needs_the_memory_of_a_short_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lead_import, "BATCH", 500)
    peaks = []
    for rows in (2_000, 20_000):
        store = open_store(f"sqlite:///{tmp_path}/{rows}.db")
        path = tmp_path / f"{rows}.csv"
        path.write_text("name,phone\n" + "".join(f"N{n},{_number_of(n)}\n" for n in range(rows)))
        # Once before, for what is loaded on the way.
        take(store, path, dry_run=True)
        tracemalloc.start()
        try:
            done = take(store, path)
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
        assert (done.taken, done.refused, done.doubles) == (rows * 9 // 10, rows // 20, rows // 20)
        store.close()
    assert peaks[1] < peaks[0] * 1.3


def _number_of(n: int) -> str:
    """One in twenty is faulty, so that phonenumbers raises, and one in twenty that of the row before."""
    return "+999 12" if n % 20 == 7 else f"+1415{2_000_000 + n - (n % 20 == 15)}"


class TestDncFiles:
    def test_lines_and_registers_and_columns(self, store: Store, sheet: Callable[..., Path]) -> None:
        plain = import_dnc(store, sheet("4155552671\n415,5552672\n\n+442079460958\nnone\n"), "ftc", "test", region="US")
        assert (plain.rows, plain.taken, plain.refused) == (4, 3, 1)
        found = store.dnc.hits(["+14155552671", "+14155552672", "+442079460958", "+14155552673"])
        assert len(found) == 3
        table = sheet("who;number\nZoë;+14155552673\nq;x\n", "table.csv")
        assert import_dnc(store, table, "own", "test", column="number", campaign="c").taken == 1
        assert store.dnc.find("+14155552673", "c") is not None
        with pytest.raises(ConfigError, match="no column 'phone'; it has 'who', 'number'"):
            import_dnc(store, table, "own", "test", column="phone")
