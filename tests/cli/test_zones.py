"""Whose clocks the days of a command follow, also on the days when they change."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import click
import pytest

from fsorch_cli.filters import parse_end, parse_moment
from fsorch_cli.zones import HERE, Zone

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(params=["asked", "machine"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[tzinfo]:
    """Berlin, as a zone that was asked for and as this machine's."""
    monkeypatch.setenv("TZ", "Europe/Berlin" if request.param == "machine" else "UTC")
    time.tzset()
    yield HERE if request.param == "machine" else BERLIN
    monkeypatch.undo()
    time.tzset()


def utc(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


def micros(text: str) -> int:
    return round(utc(text).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Asked on a winter's day.
        ("2027-07-01", "2027-06-30T22:00"),
        ("2027-01-31", "2027-01-30T23:00"),
        ("2027-07-01T09:00", "2027-07-01T07:00"),
        ("2027-07-01T09:00+05:00", "2027-07-01T04:00"),
        ("today", "2027-03-27T23:00"),
        ("yesterday", "2027-03-26T23:00"),
        ("24h", "2027-03-27T10:00"),
    ],
)
def test_a_day_begins_by_the_clocks_of_that_day(zone: tzinfo, text: str, expected: str) -> None:
    now = utc("2027-03-28T10:00").astimezone(zone)  # the clocks went on at one o'clock UTC
    assert parse_moment(text, now) == micros(expected)


def test_a_time_to_come_is_by_the_clocks_of_then(zone: tzinfo) -> None:
    now = utc("2027-03-27T20:00").astimezone(zone)
    assert parse_end("08:00", now).astimezone(UTC) == utc("2027-03-28T06:00")
    assert parse_end("2h", now).astimezone(UTC) == utc("2027-03-27T22:00")
    assert parse_end("24h", now).astimezone(UTC) == utc("2027-03-28T20:00")


def test_an_hour_that_comes_twice_is_told_apart(zone: tzinfo) -> None:
    first = utc("2027-10-31T00:30")
    there = [(first + timedelta(hours=n)).astimezone(zone) for n in range(2)]
    assert [(f"{one:%H:%M}", one.fold) for one in there] == [("02:30", 0), ("02:30", 1)]
    assert [one.astimezone(UTC) - first for one in there] == [timedelta(0), timedelta(hours=1)]


def test_a_zone_that_is_none_is_told_with_the_nearest() -> None:
    assert Zone().convert("Europe/Berlin", None, None) == BERLIN
    with pytest.raises(click.BadParameter, match="did you mean Europe/Berlin"):
        Zone().convert("Europe/Berln", None, None)
