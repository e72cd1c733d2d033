"""``fsorch report``: the figures of a span, by queue, agent, hour and day."""

from __future__ import annotations

import csv
import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fsorch.edge.settings import read_settings
from fsorch.engine.facts import Fact, FactKind
from fsorch.store import open_database
from tests.cli.cli import fsorch
from tests.store.facts import contact_ended, fact

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


def test_days_and_hours_are_of_the_zone_that_is_asked_for(home: Path) -> None:
    # In Berlin the clocks go back at one o'clock UTC on 31 October: it has 25 hours.
    begin = round(datetime(2027, 10, 30, 22, tzinfo=UTC).timestamp()) * SECOND
    with closing(open_database(read_settings(home / "fsorch.yaml").database)) as store:
        for n, at in enumerate((begin - SECOND, begin, begin + 25 * HOUR - SECOND, begin + 25 * HOUR)):
            store.write([contact_ended(f"z{n}", began_at=at)])
    span = ("--since", "2027-10-30", "--until", "2027-11-02", "--zone", "Europe/Berlin", "--json")
    ran = fsorch("report", "--by", "day", *span)
    days = {row["group"]: row["contacts"] for row in json.loads(ran.out)}
    assert days == {"2027-10-30": 1, "2027-10-31": 2, "2027-11-01": 1, "all": 4}
    hours = [row["group"] for row in json.loads(fsorch("report", "--by", "hour", *span).out)]
    assert [hour for hour in hours if hour.startswith("2027-10-31")].count("2027-10-31 02:00") == 2
    assert len(hours) == 24 + 25 + 24 + 1
    refused = fsorch("report", "--zone", "Europe/Berln")
    assert (refused.code, "did you mean Europe/Berlin" in refused.err) == (2, True)


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


@pytest.mark.usefixtures("home")
def test_each_queue_is_held_to_its_own_time_also_in_a_sum() -> None:
    assert report()["all"]["service_level"] == pytest.approx(2 / 4)
    assert fsorch("queue", "set", "sales", "service_level_s=60").code == 0
    assert fsorch("queue", "set", "support", "service_level_s=0.5").code == 0
    rows = report()
    assert (rows["sales"]["service_level"], rows["sales"]["service_level_s"]) == (pytest.approx(2 / 3), 60.0)
    assert rows["support"]["service_level"] == 0.0
    # Both in time of sales, of three; none of support's one.
    assert (rows["all"]["service_level"], rows["all"]["service_level_s"]) == (pytest.approx(2 / 4), None)
    assert report("--by", "agent")["ben"]["service_level"] == 1.0, "50 s are in time in sales"
    assert report("--by", "hour")["all"] == rows["all"]


def changed(agent: str, at: int, status: str, reason: str = "", since: int = 0) -> Fact:
    kind = FactKind.AGENT_CHANGED
    return fact(f"{agent}-{at}", kind, at=at, agent=agent, status=status, reason=reason, since=since or at)


@pytest.fixture
def breaks(home: Path) -> None:
    """Ada: 30 minutes of training (good), then half an hour of lunch (neutral), which a restart does not end; ben: a
    break that began before the span, and one that goes on after it."""
    minute = 60 * SECOND
    told = [
        changed("ben", NOON - 3 * HOUR, "break", "lunch"),
        changed("ben", NOON + 10 * minute, "available"),
        changed("ada", NOON + HOUR, "break", "training"),
        changed("ada", NOON + HOUR + 30 * minute, "break", "lunch"),
        changed("ada", NOON + HOUR + 40 * minute, "break", "lunch", since=NOON + HOUR + 30 * minute),
        changed("ada", NOON + 2 * HOUR, "available"),
        changed("ben", NOON + 2 * HOUR + 45 * minute, "break", "gone"),
    ]
    with closing(open_database(read_settings(home / "fsorch.yaml").database)) as store:
        store.write(told)


@pytest.mark.usefixtures("breaks")
@pytest.mark.parametrize("page", [1, 2, 2_000])
def test_time_on_breaks_is_told_by_weight(page: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fsorch.store.break_times.PAGE", page)
    assert fsorch("break", "set", "training", "weight=good").code == 0
    rows = report("--breaks")
    assert list(rows) == ["ada", "ben", "all"]
    assert rows["ada"] == {
        "group": "ada", "breaks": 2, "good_s": 1800.0, "neutral_s": 1800.0, "bad_s": 0.0, "total_s": 3600.0,
    }  # fmt: skip
    assert (rows["ben"]["breaks"], rows["ben"]["neutral_s"]) == (2, 600.0 + 900.0), "only what lies in the span"
    assert rows["all"]["total_s"] == 5100.0
    assert list(report("--breaks", "--agent", "ben")) == ["ben", "all"]
    days = list(report("--breaks", "--by", "day").values())
    assert sum(row["total_s"] for row in days[:-1]) == days[-1]["total_s"] == 5100.0
    assert "30:00" in fsorch("report", *SPAN, "--breaks").out


@pytest.mark.usefixtures("breaks")
def test_breaks_are_of_no_queue_and_no_hour() -> None:
    for wrong in (("--by", "hour"), ("--queue", "sales")):
        ran = fsorch("report", *SPAN, "--breaks", *wrong)
        assert (ran.code, "--by agent or --by day" in ran.err) == (3, True)
