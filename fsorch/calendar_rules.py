"""When a centre is open, as data. :mod:`fsorch.calendars` reckons with it."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import msgspec

from fsorch.errors import ConfigError
from fsorch.rules import Rule, expect_known

__all__ = ["CalendarSpec", "DayException", "HolidaySpec", "Hours", "Weekday", "check_calendar"]

Hours = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)\Z",
        description="hours such as 09:00-17:30, in quotes, the last minute of a day being 24:00",
    ),
]


class Weekday(StrEnum):
    """The days, in the order of ``date.weekday``."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


class HolidaySpec(Rule, frozen=True, kw_only=True):
    """The public holidays of a country (ISO 3166, such as ``DE``; quote ``"NO"`` in YAML), with those of a subdivision.
    ``hours`` on these days; none: closed. ``language``: of the holidays' names, where the library has it."""

    country: Annotated[
        str, msgspec.Meta(pattern=r"^[A-Z]{2,4}\Z", description="a country by its two letters, such as DE")
    ]
    subdivision: str = ""
    hours: tuple[Hours, ...] = ()
    language: str = "en_US"


class DayException(Rule, frozen=True, kw_only=True):
    """One date that is not as usual. ``hours``: none means closed."""

    date: date
    name: str = ""
    hours: tuple[Hours, ...] = ()


class CalendarSpec(Rule, frozen=True, kw_only=True):
    """When a centre is open. Hours such as ``09:00-17:30`` or, past midnight, ``22:00-06:00``, by the clocks of
    ``zone`` (IANA; without one, by that of the tenant whose queue or flow goes by it); they belong to the day on which
    they begin. An exception comes before a holiday, a holiday before
    the weekday. ``emergency``: a reason; while there is one the centre is closed, until ``emergency_until`` if that is
    given (a time with its zone, such as ``2027-01-31T12:00:00+01:00``)."""

    id: str
    zone: str = ""
    tenant: str = ""
    hours: dict[Weekday, tuple[Hours, ...]] = {}
    holidays: tuple[HolidaySpec, ...] = ()
    exceptions: tuple[DayException, ...] = ()
    emergency: str = ""
    emergency_until: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


def check_calendar(spec: CalendarSpec, where: str) -> None:
    """Zone, countries and subdivisions exist; each date once; no empty hours. ``where``: the path of the calendar, such
    as ``centre.yaml: calendars[0]``. Raises ConfigError."""
    try:
        ZoneInfo(spec.zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        expect_known(spec.zone, available_timezones() - {spec.zone}, f"{where}.zone", "an IANA time zone")
    if spec.emergency_until is not None and not spec.emergency:
        raise ConfigError(f"{where}.emergency_until needs a reason; expected emergency as well")
    for day, hours in spec.hours.items():
        _check_hours(hours, f"{where}.hours.{day.value}")
    for n, holidays in enumerate(spec.holidays):
        _check_holidays(holidays, f"{where}.holidays[{n}]")
    seen: set[date] = set()
    for n, one in enumerate(spec.exceptions):
        _check_hours(one.hours, f"{where}.exceptions[{n}].hours")
        if one.date in seen:
            raise ConfigError(
                f"{where}.exceptions[{n}].date is {one.date} a second time; give all hours of a date once"
            )
        seen.add(one.date)


def _check_holidays(spec: HolidaySpec, where: str) -> None:
    import holidays  # hundreds of modules that only a centre with holidays has a use for

    countries = holidays.list_supported_countries()
    expect_known(spec.country, countries, f"{where}.country", "a country with known holidays")
    if spec.subdivision:
        expect_known(
            spec.subdivision,
            countries[spec.country],
            f"{where}.subdivision",
            f"a subdivision of {spec.country} with holidays of its own",
        )
    _check_hours(spec.hours, f"{where}.hours")


def _check_hours(hours: tuple[str, ...], where: str) -> None:
    for n, span in enumerate(hours):
        start, end = span.split("-")
        if start == end:
            raise ConfigError(f"{where}[{n}] is {span!r}, which is no time at all; a whole day is 00:00-24:00")
