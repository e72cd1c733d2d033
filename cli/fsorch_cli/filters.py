"""The options that choose records, shared by the commands that list them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, TypeVar

import click

from fsorch.errors import ConfigError
from fsorch_cli.zones import HERE

__all__ = ["End", "Moment", "check_span", "filter_options", "parse_end", "parse_moment"]

F = TypeVar("F", bound=Callable[..., Any])
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_moment(text: str, now: datetime) -> int:
    """``text`` as UTC microseconds: 2h, 30m, 7d (before ``now``), today, yesterday, or an ISO date or time in the zone
    of ``now``. Raises ValueError."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if match := re.fullmatch(r"(\d{1,6})([smhdw])", text):
        moment = now.astimezone(UTC) - timedelta(**{UNITS[match[2]]: int(match[1])})
    elif text in ("today", "yesterday"):
        moment = midnight if text == "today" else midnight - timedelta(days=1)
    else:
        moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=now.tzinfo)
    return round(moment.timestamp() * 1_000_000)


def check_span(since: int, until: int, begin: str = "--since", end: str = "--until") -> None:
    """Refuse a span (UTC microseconds) that holds nothing, which looks like one in which nothing was done. Raises
    ConfigError."""
    if since >= until:
        raise ConfigError(
            f"{begin} is not before {end}; there is nothing in between (a day is its beginning: name the next one "
            "to have it whole)"
        )


class Moment(click.ParamType[int]):
    """A time on the command line, as UTC microseconds, by the clock of this machine or of the command's --zone (which
    has to be eager)."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """UTC microseconds."""
        if isinstance(value, int):
            return value
        try:
            zone = ctx.params.get("zone") if ctx is not None else None
            return parse_moment(value, datetime.now(zone if isinstance(zone, tzinfo) else HERE))
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no time; use 2h, 7d, today, 2027-01-31 or 2027-01-31T09:00", param, ctx)


class End(click.ParamType[datetime]):
    """A time to come: a span from now, a time of day (today, or else tomorrow), or an ISO time."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The moment, with its zone."""
        if isinstance(value, datetime):
            return value
        now = datetime.now(HERE)
        try:
            end = parse_end(value, now)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no time; use 30m, 2h, 18:00 or 2027-01-31T09:00", param, ctx)
        if end <= now:
            self.fail(f"{value!r} is over; use a time to come", param, ctx)
        return end


def parse_end(text: str, now: datetime) -> datetime:
    """``text`` as a moment after ``now``, in its zone and to the second. Raises ValueError."""
    if match := re.fullmatch(r"(\d{1,6})([smhdw])", text):
        moment = now.astimezone(UTC) + timedelta(**{UNITS[match[2]]: int(match[1])})
    elif re.fullmatch(r"\d{1,2}:\d{2}", text):
        hour, minute = map(int, text.split(":"))
        moment = now.replace(hour=hour, minute=minute, second=0)
        moment += timedelta(days=moment <= now)
    else:
        moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=now.tzinfo)
    return moment.replace(microsecond=0)


def filter_options(command: F) -> F:
    """Add --since, --until, --queue, --agent, --tenant, --number."""
    for option in (
        click.option("--number", default="", help="Only this number, the caller's or the dialled one."),
        click.option("--tenant", default="", help="Only this tenant's."),
        click.option("--agent", default="", help="Only this agent's."),
        click.option("--queue", default="", help="Only this queue's."),
        click.option("--until", type=Moment(), default=0, metavar="TIME", help="Only what began before."),
        click.option(
            "--since",
            type=Moment(),
            default=0,
            metavar="TIME",
            help="Only what began then or later: 2h, 7d, today, 2027-01-31, 2027-01-31T09:00.",
        ),
    ):
        command = option(command)
    return command
