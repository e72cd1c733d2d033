"""Whose clocks the days of a command follow: a zone that is asked for, or this machine's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import click

from fsorch.errors import ConfigError
from fsorch.rules import expect_known

__all__ = ["HERE", "Zone"]


class MachineZone(tzinfo):
    """This machine's zone with its changes of clocks, unlike the offset of a moment that ``astimezone()`` gives."""

    def utcoffset(self, dt: datetime | None, /) -> timedelta | None:
        """As the machine has it at that time of its clock."""
        return dt.replace(tzinfo=None).astimezone().utcoffset() if dt is not None else None

    def dst(self, dt: datetime | None, /) -> None:
        """Not told apart from the offset."""

    def tzname(self, dt: datetime | None, /) -> str | None:
        """As the machine calls it then."""
        return dt.replace(tzinfo=None).astimezone().tzname() if dt is not None else None

    def fromutc(self, dt: datetime, /) -> datetime:
        """The moment by the machine's clock; of an hour that comes twice, the right one."""
        there = dt.replace(tzinfo=UTC).astimezone()
        first = there.replace(tzinfo=self, fold=0)
        return first if first.utcoffset() == there.utcoffset() else first.replace(fold=1)


HERE = MachineZone()


class Zone(click.ParamType[tzinfo]):
    """A time zone on the command line, by its IANA name."""

    name = "zone"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tzinfo:
        """The zone, or the nearest names of one that there is not."""
        if isinstance(value, tzinfo):
            return value
        try:
            expect_known(value, available_timezones(), "--zone", "an IANA time zone")
        except ConfigError as error:
            self.fail(str(error), param, ctx)
        return ZoneInfo(value)
