"""Customers, tickets and promises from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.cli import fsorch


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation, and the current directory."""
    monkeypatch.chdir(tmp_path)
    assert fsorch("init", "--password-stdin", input="correct horse 7\n").code == 0
    return tmp_path


def test_a_customer_is_made_found_noted_and_forgotten() -> None:
    made = fsorch(
        "customer", "add", "--reference", "4711", "--name", "Zoë", "--number", "+44 20 7946 0001", "--pin", "2468"
    )
    assert (made.code, made.out) == (0, "customer 4711 is kept\n")
    assert fsorch("customer", "note", "+442079460001", "Speaks slowly").code == 0
    shown = fsorch("customer", "show", "4711").out
    assert "442079460001" in shown
    assert "Speaks slowly" in shown
    assert "2468" not in fsorch("customer", "show", "4711", "--json").out
    assert [one["name"] for one in json.loads(fsorch("customer", "list", "zoë", "--json").out)] == ["Zoë"]
    assert fsorch("customer", "remove", "4711").code == 0
    assert fsorch("customer", "show", "4711").code == 4


def test_a_customer_nobody_could_find_is_refused() -> None:
    refused = fsorch("customer", "add", "--name", "Zoë")
    assert refused.code == 3
    assert "neither --reference nor --number" in refused.err


def test_a_ticket_is_opened_listed_and_solved() -> None:
    fsorch("customer", "add", "--reference", "4711")
    assert fsorch("ticket", "open", "4711", "No line").out == "ticket 1001 is open\n"
    assert "No line" in fsorch("ticket", "list").out
    assert fsorch("ticket", "set", "1001", "--state", "solved").out == "ticket 1001 is solved\n"
    assert fsorch("ticket", "list").out == "No open tickets.\n"
    assert fsorch("ticket", "set", "1001").code == 3
    assert fsorch("ticket", "set", "7", "--state", "open").code == 4
    assert fsorch("ticket", "open", "nobody", "x").code == 4


def test_nothing_is_owed_at_first() -> None:
    assert fsorch("promise", "list").out == "Nothing is owed to anybody.\n"
    assert fsorch("promise", "keep", "abc").code == 4


def test_a_file_of_customers_is_taken_and_its_faults_are_told(home: Path) -> None:
    file = home / "customers.csv"
    file.write_text(
        "Reference,Name,Numbers,Tier,Plan,PIN\n"
        "1,Ann,+442071;+442072,vip,gold,1234\n"
        "2,Bob,twelve,,,\n"
        ",Nobody,,,,\n"
        "3,Cy,+442071,,,\n"
        "4,Dee\n"
        '5,"Eve, the ""first""",00442075,,,\n',
        encoding="utf-8-sig",
    )
    dry = fsorch("customer", "import", file, "--dry-run")
    assert dry.code == 1
    assert fsorch("customer", "list").out == "No such customer.\n"
    ran = fsorch("customer", "import", file)
    assert ran.code == 1
    assert ran.out == "2 customers are kept, 4 rows could not\n"
    assert "row 3: 'twelve' is no telephone number" in ran.err
    assert "row 4: it has neither a reference nor a number" in ran.err
    assert "row 5: 442071 is a number of Ann" in ran.err
    assert "row 6: it has not as many columns" in ran.err
    ann = json.loads(fsorch("customer", "show", "1", "--json").out)["customer"]
    assert ann["numbers"] == ["442071", "442072"]
    assert ann["fields"] == {"plan": "gold"}
    assert ann["has_pin"]


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\xff\xfe\x00", b'reference\n"x\n'])
def test_a_file_that_is_none_is_refused(home: Path, content: bytes) -> None:
    (home / "bad.csv").write_bytes(content)
    ran = fsorch("customer", "import", home / "bad.csv")
    assert ran.code in (0, 3)
    assert "Traceback" not in ran.err
