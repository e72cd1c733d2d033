"""Customers, tickets and promises from the command line."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from fsorch.customers import SurveyAnswer
from fsorch.edge.settings import read_settings
from fsorch.engine.facts import FactKind
from fsorch.store import open_database
from tests.cli.cli import fsorch
from tests.store.facts import T0, fact


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


def test_a_file_that_is_cut_says_so() -> None:
    fsorch("customer", "add", "--reference", "4711")
    for n in range(4):
        assert fsorch("customer", "note", "4711", f"note {n}").code == 0
    cut = fsorch("customer", "show", "4711", "--limit", "3")
    assert (cut.out.count("note of"), cut.err) == (3, "these are 3, and there are more: give a higher --limit\n")
    assert len(json.loads(fsorch("customer", "show", "4711", "--limit", "3", "--json").out)["notes"]) == 3
    whole = fsorch("customer", "show", "4711", "--limit", "4")
    assert (whole.out.count("note of"), whole.err) == (4, "")
    # What has no headings has no lines for them.
    assert whole.out.splitlines()[0].split() == ["reference", "4711"]


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


def test_what_was_promised_by_hand_is_owed_until_it_is_kept() -> None:
    fsorch("customer", "add", "--reference", "4711", "--number", "+442079460001")
    assert fsorch("promise", "add", "4711", "a new phone", "--by", "2h", "--agent", "ada").code == 0
    assert fsorch("promise", "add", "4711", "the bill", "--by", "30m").code == 0
    owed = json.loads(fsorch("promise", "list", "--json").out)
    assert [(one["what"], one["agent"], one["role"]) for one in owed] == [
        ("the bill", "", "supervisor"),
        ("a new phone", "ada", ""),
    ]
    assert {one["number"] for one in owed} == {"442079460001"}
    assert "the bill" in fsorch("customer", "show", "4711").out
    assert fsorch("promise", "keep", owed[0]["id"][:8]).code == 0
    assert "the bill" not in fsorch("promise", "list").out
    assert fsorch("promise", "add", "nobody", "x", "--by", "2h").code == 4


def test_what_callers_said_is_shown_with_its_mean(home: Path) -> None:
    assert fsorch("survey", "list").out == "Nobody has said anything.\n"
    with closing(open_database(read_settings(home / "fsorch.yaml").database)) as store:
        for score, agent in ((1, "ada"), (5, "bo"), (4, "ada")):
            id = f"{agent}-{score}"
            answer = SurveyAnswer(id=id, contact="c", survey="after", agent=agent, score=score, at=T0 + score)
            store.write([fact(id, FactKind.SURVEY_ANSWERED, row=msgspec.to_builtins(answer))])
    shown = fsorch("survey", "list")
    assert shown.err == "3 scores, 3.33 in the mean\n"
    assert [line.split()[3] for line in shown.out.splitlines()[2:]] == ["5", "4", "1"]
    assert [one["score"] for one in json.loads(fsorch("survey", "list", "--agent", "ada", "--json").out)] == [4, 1]
    assert "give a higher --limit" in fsorch("survey", "list", "--limit", "1").err


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
