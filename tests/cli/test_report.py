"""``fsorch report``: the figures of a span, by queue, agent, hour and day."""

from __future__ import annotations

import csv
import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from fsorch.edge.settings import read_settings
from fsorch.store import open_database
from tests.cli.cli import fsorch
from tests.store.facts import contact_ended

SECOND = 1_000_000
HOUR = 3_600 * SECOND
# 2027-01-31T12:00Z: the same day in every zone up to eleven hours from UTC.
NOON = 1_801_396_800 * SECOND
SPAN = ("--since", "2027-01-31T12:00+00:00", "--until", "2027-01-31T15:00+00:00")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with the example centre and five contacts, of which one is outside the span."""
    monkeypatch.chdir(tmp_path)
    assert fsorch("init", "--password-stdin", input="correct horse 7\n").code == 0
    assert fsorch("apply", "centre.yaml").code == 0
    with closing(open_database(read_settings(tmp_path / "fsorch.yaml").database)) as store:
        store.write(
            [
                contact_ended("a", began_at=NOON, waited_us=5 * SECOND),
                contact_ended("b", began_at=NOON + SECOND, waited_us=50 * SECOND, agent="ben"),
                contact_ended("c", began_at=NOON + HOUR, waited_us=30 * SECOND, outcome="abandoned", agent=""),
                contact_ended("d", began_at=NOON + 2 * HOUR, waited_us=SECOND, queue="support"),
                contact_ended("e", began_at=NOON + 3 * HOUR),
            ]
        )
    return tmp_path


def report(*args: str) -> dict[str, Any]:
    ran = fsorch("report", *SPAN, *args, "--json")
    assert (ran.code, ran.err) == (0, "")
    return {row["group"]: row for row in json.loads(ran.out)}


@pytest.mark.usefixtures("home")
def test_the_figures_by_queue_and_agent() -> None:
    rows = report()
    assert list(rows) == ["sales", "support", "all"]
    sales = rows["sales"]
    assert (sales["contacts"], sales["answered"], sales["abandoned"], sales["p95_wait_s"]) == (3, 2, 1, 50.0)
    assert sales["service_level"] == pytest.approx(1 / 3)
    assert (rows["all"]["contacts"], rows["support"]["service_level"]) == (4, 1.0)
    assert {name: row["contacts"] for name, row in report("--by", "agent").items()} == {"ada": 2, "ben": 1, "all": 4}
    assert list(report("--queue", "support")) == ["support", "all"]


@pytest.mark.usefixtures("home")
def test_hours_and_days_add_up_to_the_whole() -> None:
    hours = list(report("--by", "hour").values())
    assert [row["contacts"] for row in hours] == [2, 1, 1, 4]
    days = list(report("--by", "day").values())
    assert sum(row["contacts"] for row in days[:-1]) == days[-1]["contacts"] == 4


@pytest.mark.usefixtures("home")
def test_csv_for_a_spreadsheet_and_a_table_for_eyes() -> None:
    rows = list(csv.DictReader(fsorch("report", *SPAN, "--csv").out.splitlines()))
    assert [(row["group"], row["contacts"]) for row in rows] == [("sales", "3"), ("support", "1"), ("all", "4")]
    assert "33 %" in fsorch("report", *SPAN).out


@pytest.mark.usefixtures("home")
def test_a_span_that_is_none_or_too_long_is_refused() -> None:
    assert "nothing in between" in fsorch("report", "--since", "2027-02-01", "--until", "2027-01-31").err
    ran = fsorch("report", "--by", "hour", "--since", "2027-01-01", "--until", "2027-03-01")
    assert "use a shorter span" in ran.err
