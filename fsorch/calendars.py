"""Whether a centre is open, why, and until when.

Hours are by the clock on the wall, so a day's hours become instants by the zone's rules. Where a change of the clocks
makes a time of day come twice, opening counts from the first and closing at the second; where a time of day is left
out, the moment of the change takes its place. Who goes by the clock never finds closed what should be open.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from fsorch.calendar_rules import CalendarSpec, HolidaySpec, Weekday
from fsorch.clock import EPOCH, US

if TYPE_CHECKING:
    from holidays import HolidayBase

__all__ = ["Calendar", "OpenState", "holidays_of"]

# How far ahead the next change is looked for: a date that is open once a year is found.
AHEAD_DAYS = 370
# Days whose hours are kept; more than a search ahead needs, so that no search works twice on the same day.
KEPT_DAYS = 2 * AHEAD_DAYS
WEEKDAYS = tuple(Weekday)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class OpenState(msgspec.Struct, frozen=True):
    """Open or closed, with a phrase for people. ``until_us``: when that changes; None: not within a year, or not by
    itself. ``opens_at_us``: when it opens; None when it is open, or as before. Both in UTC microseconds."""

    open: bool
    reason: str
    until_us: int | None = None
    opens_at_us: int | None = None


class Day(NamedTuple):
    """One date: the stretches of time that begin on it, in UTC microseconds, why, and why it is closed otherwise."""

    spans: tuple[tuple[int, int], ...]
    open_why: str
    closed_why: str


class Hit(NamedTuple):
    """A state and the instants from and before which it stands."""

    start: int
    end: int
    state: OpenState


class Calendar:
    """A calendar that remembers the days it has worked out, and the last answer. Made from a checked spec."""

    __slots__ = ("_days", "_emergency_until", "_holidays", "_hours", "_last", "_zone", "spec")

    def __init__(self, spec: CalendarSpec) -> None:
        self.spec = spec
        self._zone = ZoneInfo(spec.zone)
        self._holidays = [(holidays, _names(holidays)) for holidays in spec.holidays]
        self._hours = {one.date: one for one in spec.exceptions}
        self._days: dict[date, Day] = {}
        self._last: Hit | None = None
        until = spec.emergency_until
        self._emergency_until = _micros(until) if until is not None else None

    def state(self, wall_us: int) -> OpenState:
        """Whether it is open at this moment (UTC microseconds)."""
        if self.spec.emergency and (self._emergency_until is None or wall_us < self._emergency_until):
            return self._emergency(self._emergency_until)
        return self._usual(wall_us)

    def _emergency(self, until: int | None) -> OpenState:
        reason = f"emergency: {self.spec.emergency}"
        if until is None:
            return OpenState(False, reason)
        after = self._usual(until)
        opens = until if after.open else after.opens_at_us
        return OpenState(False, reason, opens, opens)

    def _usual(self, wall_us: int) -> OpenState:
        """Without an emergency."""
        last = self._last
        if last is None or not last.start <= wall_us < last.end:
            last = self._last = self._work_out(wall_us)
        return last.state

    def _work_out(self, now: int) -> Hit:
        today = self.local(now).date()
        midnight = max(now + US, self._instant(today + timedelta(days=1), 0)[0])
        # The hours of yesterday may reach into today.
        for day in (today - timedelta(days=1), today):
            for start, end in self._day(day).spans:
                if start <= now < end:
                    until = self._closes(end, day)
                    return Hit(now, min(end, until or end), OpenState(True, self._day(day).open_why, until))
        opens = self._opens(now, today)
        state = OpenState(False, self._day(today).closed_why, opens, opens)
        return Hit(now, midnight if opens is None else min(midnight, opens), state)

    def _opens(self, now: int, today: date) -> int | None:
        """The first opening after ``now``."""
        for ahead in range(AHEAD_DAYS):
            for start, _ in self._day(today + timedelta(days=ahead)).spans:
                if start > now:
                    return start
        return None

    def _closes(self, end: int, day: date) -> int | None:
        """The end of the stretch that goes on at ``end``: hours that touch or overlap are one."""
        last = end
        for ahead in range(AHEAD_DAYS):
            for start, stop in self._day(day + timedelta(days=ahead)).spans:
                if start <= last < stop:
                    last = stop
            following = self._day(day + timedelta(days=ahead + 1)).spans
            if not following or following[0][0] > last:
                return last
        return None

    def _day(self, day: date) -> Day:
        known = self._days.get(day)
        if known is None:
            if len(self._days) >= KEPT_DAYS:
                self._days.clear()
            known = self._days[day] = self._make(day)
        return known

    def _make(self, day: date) -> Day:
        hours, name = self._hours_of(day)
        spans = sorted(self._span(day, one) for one in hours)
        closed = "outside hours" if hours else name or f"closed on {DAYS[day.weekday()]}"
        return Day(tuple(span for span in spans if span[0] < span[1]), name or "open hours", closed)

    def _hours_of(self, day: date) -> tuple[tuple[str, ...], str]:
        """The hours of a date and what is special about it."""
        exception = self._hours.get(day)
        if exception is not None:
            return exception.hours, f"exception: {exception.name or day.isoformat()}"
        for spec, names in self._holidays:
            name = names.get(day)
            if name is not None:
                return spec.hours, f"holiday: {name}"
        return self.spec.hours.get(WEEKDAYS[day.weekday()], ()), ""

    def _span(self, day: date, hours: str) -> tuple[int, int]:
        first, _, second = hours.partition("-")
        start, end = _minutes(first), _minutes(second)
        return self._instant(day, start)[0], self._instant(day, end if end > start else end + 24 * 60)[1]

    def _instant(self, day: date, minutes: int) -> tuple[int, int]:
        """The first and the last instant at which the clocks show ``minutes`` after the midnight of ``day``."""
        shown = datetime.combine(day, time()) + timedelta(minutes=minutes)
        first, last = (_micros(shown.replace(tzinfo=self._zone, fold=fold)) for fold in (0, 1))
        if first > last:  # not shown at all: the clocks are put forward over it
            first = last = self._change(last, first)
        return first, last

    def _change(self, before: int, after: int) -> int:
        """The instant in between at which the zone's offset changes, to the second."""
        low, high = before // US, after // US
        offset = self.local(low * US).utcoffset()
        while high - low > 1:
            middle = (low + high) // 2
            if self.local(middle * US).utcoffset() == offset:
                low = middle
            else:
                high = middle
        return high * US

    def local(self, wall_us: int) -> datetime:
        """What the clocks of its zone show at this moment (UTC microseconds)."""
        return (EPOCH + timedelta(microseconds=wall_us)).astimezone(self._zone)


def _names(spec: HolidaySpec) -> HolidayBase:
    """The names of a country's holidays by date; a year is worked out when it is first asked about."""
    import holidays  # hundreds of modules that only a centre with holidays has a use for

    languages = holidays.list_localized_countries().get(spec.country, [])
    language = spec.language if spec.language in languages else None
    return holidays.country_holidays(spec.country, subdiv=spec.subdivision or None, language=language)


def _minutes(shown: str) -> int:
    hour, minute = shown.split(":")
    return int(hour) * 60 + int(minute)


def _micros(moment: datetime) -> int:
    return (moment.astimezone(UTC) - EPOCH) // timedelta(microseconds=1)


def holidays_of(country: str, region: str, hours: tuple[str, ...]) -> HolidaySpec | None:
    """The public holidays of a country (ISO 3166), with those of a region (``US-TX``) where the library knows them,
    as a calendar takes them; None for a country whose holidays nobody has written down."""
    import holidays  # hundreds of modules that only a centre with holidays has a use for

    known = holidays.list_supported_countries()
    if country not in known:
        return None
    part = region.partition("-")[2] if region.startswith(f"{country}-") else ""
    return HolidaySpec(country=country, subdivision=part if part in known[country] else "", hours=hours)
