"""Lists, leads, no-call numbers, consents and callbacks from the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fsorch.edge import lead_import
from fsorch_cli.commands import lists
from fsorch_cli.commands.lists import format_columns
from fsorch_cli.progress import Teller, Told, reading
from tests.cli.cli import fsorch

CSV = "First Name,Phone,City\nAnn,(415) 555-2671,Ulm\nBob,none,\nCy,+44 20 7946 0958,Bonn\n"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation, and the current directory."""
    monkeypatch.chdir(tmp_path)
    assert fsorch("init", "--password-stdin", input="correct horse 7\n").code == 0
    (tmp_path / "leads.csv").write_text(CSV)
    return tmp_path


def imported() -> None:
    assert fsorch("list", "import", "spring", "leads.csv", "--region", "US").code == 1


@contextmanager
def _stopping_after_20(_file: Path) -> Iterator[Told]:
    def told(rows: int, _share: float | None) -> None:
        if rows == 20:
            raise KeyboardInterrupt

    yield told


class TestProgress:
    def test_a_log_gets_a_line_now_and_then(self, capsys: pytest.CaptureFixture[str]) -> None:
        times = iter([0.0, 4.0, 10.0, 10.0, 12.0, 21.0, 21.0])
        told = Teller("big\x1b.csv", lambda: next(times))
        for rows, share in ((4_000, 0.1), (8_000, 0.25), (12_000, 0.4), (1_016_000, None)):
            told(rows, share)
        assert capsys.readouterr().err.splitlines() == ["big\\x1b.csv: 8,000 rows, 25%", "big\\x1b.csv: 1,016,000 rows"]

    def test_where_there_is_no_terminal_no_bar_is_drawn(self, capsys: pytest.CaptureFixture[str]) -> None:
        with reading(Path("leads.csv")) as told:
            told(4_000, 0.5)
        assert capsys.readouterr().err == ""


class TestLists:
    def test_a_file_is_imported_shown_exported_and_imported_again(self, home: Path) -> None:
        dry = fsorch("list", "import", "spring", "leads.csv", "--region", "US", "--dry-run")
        assert (dry.code, dry.out) == (1, "2 leads could be taken, 0 were there already, 1 row could not be taken\n")
        assert fsorch("list", "show", "spring").code == 4
        assert not (home / "leads.errors.csv").exists()
        fsorch("list", "import", "spring", "leads.csv", "--region", "US", "--dry-run", "--errors", "dry.csv")
        ran = fsorch("list", "import", "spring", "leads.csv", "--region", "US")
        assert ran.code == 1
        assert ran.out == "2 leads taken, 0 were there already, 1 row could not be taken\n"
        assert "line 3: 'none'" in ran.err
        assert "First Name = name, Phone = number, City = field.city" in ran.err
        assert (home / "leads.errors.csv").read_text().startswith("fsorch_line,fsorch_reason,First Name,Phone,City\n")
        assert (home / "dry.csv").read_bytes() == (home / "leads.errors.csv").read_bytes()
        (listed,) = json.loads(fsorch("list", "list", "--json").out)
        assert (listed["id"], listed["leads"], listed["open"], listed["penetration"]) == ("spring", 2, 2, 0.0)
        shown = json.loads(fsorch("list", "show", "spring", "--json").out)
        assert [one["refused"] for one in shown["imports"]] == [1]
        assert "+14155552671" in fsorch("list", "show", "spring").out
        assert fsorch("list", "export", "spring", "-o", "out.csv").code == 0
        again = fsorch("list", "import", "other", "out.csv", "--json")
        assert json.loads(again.out)["taken"] == 2
        fields = [one["fields"] for one in json.loads(fsorch("list", "show", "other", "--json").out)["first"]]
        assert fields == [{"city": "Ulm"}, {"city": "Bonn"}]
        assert len(fsorch("list", "export", "spring", "--format", "jsonl").out.splitlines()) == 2

    def test_who_stops_an_import_is_told_that_it_goes_on(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (home / "leads.csv").write_text("Phone\n" + "".join(f"+1415555{n}\n" for n in range(2000, 2040)))
        monkeypatch.setattr(lead_import, "BATCH", 10)
        monkeypatch.setattr(lists, "reading", _stopping_after_20)
        stopped = fsorch("list", "import", "spring", "leads.csv")
        assert (stopped.code, stopped.out) == (130, "")
        assert "what was read is kept; the same command goes on from there" in stopped.err
        assert "is kept" not in fsorch("list", "import", "spring", "leads.csv", "--dry-run").err
        monkeypatch.undo()
        monkeypatch.chdir(home)
        ran = json.loads(fsorch("list", "import", "spring", "leads.csv", "--json").out)
        assert (ran["resumed"], ran["rows"], ran["taken"]) == (20, 40, 40)

    def test_mappings_and_doubles(self) -> None:
        mapped = fsorch(
            "list", "import", "x", "leads.csv", "--region", "US", "--map", "City=owner,First Name=-", "--json"
        )
        assert json.loads(mapped.out)["columns"] == {"First Name": "-", "Phone": "number", "City": "owner"}
        again = fsorch("list", "import", "y", "leads.csv", "--region", "US", "--duplicates", "all", "--json")
        assert json.loads(again.out)["doubles"] == 2
        assert fsorch("list", "import", "y", "leads.csv", "--map", "Town=name").code == 3
        assert fsorch("list", "import", "y", "leads.csv", "--campaign", "nosuch").code == 4
        assert fsorch("list", "import", "Bad Name", "leads.csv").code == 3

    def test_a_list_knows_the_country_of_its_numbers(self) -> None:
        assert fsorch("list", "make", "spring", "--region", "US").code == 0
        assert json.loads(fsorch("list", "import", "spring", "leads.csv", "--json").out)["taken"] == 2
        made = json.loads(fsorch("lead", "add", "spring", "--number", "415 555 2679", "--json").out)
        assert made["numbers"][0]["number"] == "+14155552679"

    def test_lists_are_made_and_removed(self) -> None:
        assert fsorch("list", "list").out.startswith("There is no list yet")
        assert fsorch("list", "make", "spring", "--title", "Spring", "--region", "XX").code == 3
        assert fsorch("list", "make", "spring", "--title", "Spring").out == "list spring is there\n"
        assert fsorch("list", "import", "spring", "leads.csv", "--dry-run").code == 1
        imported()
        assert fsorch("list", "remove", "spring", "--yes").out == "list spring and its 2 leads are removed\n"
        assert fsorch("list", "show", "spring").code == 4


class TestLead:
    def test_one_is_added_and_shown(self) -> None:
        imported()
        made = fsorch(
            *(
                "lead",
                "add",
                "spring",
                "--number",
                "mobile:+442079460959",
                "--number",
                "020 7946 0960",
                "--region",
                "GB",
            ),
            *("--name", "Zoë", "--field", "city=York", "--priority", "5", "--reference", "4711", "--json"),
        )
        lead = json.loads(made.out)
        assert [(one["number"], one["kind"]) for one in lead["numbers"]] == [
            ("+442079460959", "mobile"),
            ("+442079460960", ""),
        ]
        shown = fsorch("lead", "show", "4711")
        assert "Zoë" in shown.out
        assert "It has not been dialled yet." in shown.out
        assert json.loads(fsorch("lead", "show", "+442079460960", "--json").out)["lead"]["id"] == lead["id"]
        assert fsorch("lead", "show", "nobody").code == 4
        assert fsorch("lead", "add", "spring", "--number", "12").code == 3
        assert fsorch("lead", "add", "nosuch", "--number", "+442079460959").code == 4
        assert fsorch("lead", "add", "spring").code == 3
        french = ("lead", "add", "spring", "--number", "06 12 34 56 78", "--country", "france", "--json")
        made = json.loads(fsorch(*french).out)
        assert (made["country"], made["numbers"][0]["number"]) == ("FR", "+33612345678")
        nowhere = fsorch("lead", "add", "spring", "--number", "+442079460959", "--country", "Ruritania")
        assert (nowhere.code, "the country is 'Ruritania'" in nowhere.err) == (3, True)
        assert fsorch("lead", "change", made["id"], "--country", "XX").code == 3
        waits = ("lead", "add", "spring", "--number", "+81312345678", "--not-before", "2030-01-01", "--json")
        # Midnight in Tokyo.
        assert json.loads(fsorch(*waits).out)["next_at"] == 1_893_456_000_000_000 - 9 * 3_600_000_000

    def test_one_is_changed(self) -> None:
        fsorch("list", "make", "spring", "--region", "GB")
        made = fsorch(
            "lead", "add", "spring", "--number", "home:02079460001=after six", "--field", "city=York", "--json"
        )
        id = json.loads(made.out)["id"]
        assert json.loads(made.out)["numbers"][0]["note"] == "after six"
        changed = fsorch(
            *("lead", "change", id, "--priority", "-5", "--owner", "ada", "--field", "plan=B", "--field", "city="),
            *("--number", "02079460002", "--json"),
        )
        lead = json.loads(changed.out)
        assert (lead["priority"], lead["owner"], lead["fields"]) == (-5, "ada", {"plan": "B"})
        assert [one["number"] for one in lead["numbers"]] == ["+442079460002"]
        assert fsorch("lead", "change", id).code != 0
        assert fsorch("lead", "change", "99", "--name", "x").code == 4

    def test_a_number_of_several_leads_names_them(self) -> None:
        imported()
        fsorch("list", "import", "other", "leads.csv", "--region", "US")
        refused = fsorch("lead", "show", "+14155552671")
        assert refused.code == 3
        assert "is 2 leads: 1 (list spring), 3 (list other)" in refused.err


class TestDnc:
    def test_a_number_is_added_checked_and_removed(self) -> None:
        assert fsorch("dnc", "check", "+442079460958").out == "+442079460958 may be called\n"
        assert fsorch("dnc", "add", "+4420*", "--reason", "asked").out == "+4420* is not called\n"
        checked = fsorch("dnc", "check", "020 7946 0958", "--region", "GB")
        assert checked.code == 1
        assert json.loads(fsorch("dnc", "check", "+442079460958", "--json").out)["entry"]["number"] == "+4420*"
        assert checked.out.startswith("020 7946 0958 is not called as +4420* since")
        assert fsorch("dnc", "remove", "+4420*").code == 2
        under = fsorch("dnc", "remove", "+442079460958", "--reason", "asked back")
        assert (under.code, "did you mean +4420*?" in under.err) == (4, True)
        fsorch("dnc", "add", "+442079460958")
        under = fsorch("dnc", "remove", "+442079460958", "--reason", "asked back")
        assert (under.code, under.out) == (1, "")
        assert "is still not called: +4420*" in under.err
        assert fsorch("dnc", "remove", "+4420*", "--reason", " ").code == 3
        assert fsorch("dnc", "remove", "+4420*", "--reason", "asked back").code == 0
        assert fsorch("dnc", "remove", "+4420*", "--reason", "asked back").code == 4
        assert "asked back" in fsorch("audit", "--json").out
        assert fsorch("dnc", "add", "anna").code == 3
        assert fsorch("dnc", "check", "+442079460958", "--campaign", "nosuch").code == 4

    def test_a_register_is_imported(self, home: Path) -> None:
        (home / "register.txt").write_text("4155552671\nnone\n")
        ran = fsorch("dnc", "import", "ftc", "register.txt", "--region", "US")
        assert (ran.code, ran.out) == (1, "1 number is on the list ftc, 1 line holds none\n")
        assert fsorch("dnc", "check", "+14155552671").code == 1
        assert "ftc" in fsorch("dnc", "list").out
        assert json.loads(fsorch("dnc", "list", "--json").out)["lists"][0]["numbers"] == 1
        # A file without numbers, such as a download that failed, would pass for a young register.
        (home / "empty.txt").write_text("")
        (home / "wrong.txt").write_bytes(b"<html>\xff\xfe not found\n")
        before = fsorch("dnc", "list", "--json").out
        for name in ("empty.txt", "wrong.txt"):
            refused = fsorch("dnc", "import", "ftc", name, "--region", "US")
            assert (refused.code, "holds no telephone number" in refused.err) == (3, True)
        assert fsorch("dnc", "list", "--json").out == before
        assert fsorch("dnc", "drop-list", "ftc", "--yes").code == 0
        assert fsorch("dnc", "check", "+14155552671").code == 0


class TestConsent:
    def test_it_is_given_and_taken_back(self) -> None:
        assert fsorch("consent", "list").out == "There is no consent on record.\n"
        given = fsorch("consent", "add", "+442079460958", "--who", "Zoë", "--channel", "web", "--until", "2099-01-01")
        assert given.out == "the consent of +442079460958 is on record\n"
        assert "until 2099" in fsorch("consent", "list", "+442079460958").out
        assert fsorch("consent", "withdraw", "+442079460958").out == "1 consent is withdrawn\n"
        assert fsorch("consent", "withdraw", "+442079460958").code == 4
        assert json.loads(fsorch("consent", "list", "--json").out)[0]["withdrawn_at"] > 0
        assert fsorch("consent", "add", "12").code == 3
        assert fsorch("consent", "add", "+442079460958", "--given", "soon").code == 3


class TestCallbacks:
    def test_a_lead_is_called_in_its_own_zone(self) -> None:
        imported()
        told = fsorch("callback", "add", "1", "2099-05-01T09:00", "--note", "about the bill")
        assert told.out == "lead 1 is called back at 2099-05-01 09:00 America/Los_Angeles by anyone\n"
        (one,) = json.loads(fsorch("callback", "list", "--leads", "--json").out)
        assert (one["next_at"], one["callback_note"]) == (4_081_276_800_000_000 + 16 * 3_600_000_000, "about the bill")
        moved = fsorch("callback", "move", "1", "2099-05-02T09:00+02:00")
        assert moved.out == "lead 1 is called back at 2099-05-02 00:00 America/Los_Angeles by anyone\n"
        assert "about the bill" in fsorch("callback", "list", "--leads").out
        zoned = fsorch("callback", "add", "2", "2099-05-01T09:00", "--zone", "Asia/Tokyo")
        assert "09:00 Asia/Tokyo" in zoned.out
        assert fsorch("callback", "cancel", "2").out == (
            "the promise is taken back: lead 2 is called when its turn comes\n"
        )
        assert fsorch("callback", "cancel", "2").code == 5
        assert fsorch("callback", "cancel", "nosuch").code in (4, 8)

    def test_what_cannot_be_promised(self) -> None:
        imported()
        assert fsorch("callback", "add", "1", "2001-01-01T09:00").code == 3
        assert fsorch("callback", "add", "1", "tomorrow").code == 3
        assert fsorch("callback", "add", "9", "2099-01-01T09:00").code == 4
        assert fsorch("callback", "add", "1", "2099-01-01T09:00", "--agent", "nobody").code == 4
        assert fsorch("callback", "add", "1", "2099-01-01T09:00", "--zone", "Mars").code == 3
        # Where nobody knows the zone, one has to be given.
        fsorch("lead", "add", "spring", "--number", "+18005551234", "--reference", "free")
        assert fsorch("callback", "add", "free", "2099-01-01T09:00").code == 3
        assert fsorch("callback", "list", "--json").code == 8
        bare = fsorch("callback", "list")
        assert (bare.code, bare.out) == (0, "No lead waits for a call.\n")
        assert "callers who keep their place are known to a running fsorch only" in bare.err
        unasked = fsorch("callback", "move", "1", "2099-01-01T09:00")
        assert (unasked.code, "it was promised no call" in unasked.err) == (5, True)
        assert fsorch("callback", "list", "--leads").out == "No lead waits for a call.\n"


def test_the_columns_of_a_wide_file_are_told_legibly() -> None:
    few = {"Phone": "number", "Town": "field.town"}
    assert format_columns(few) == ["columns: Phone = number, Town = field.town"]
    many = few | {f"X{n}": f"field.x{n}" for n in range(298)} | {"Memo": "-"}
    assert format_columns(many) == [
        "301 columns:",
        "  Phone = number",
        "  Memo = -",
        "  299 fields: town, x0, x1, x2, x3, x4, x5, x6 and 291 more (all of them: --json)",
    ]
