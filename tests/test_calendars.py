"""Open or closed: by the clock on the wall, on ordinary and special days, and when the clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsorch.calendar_rules import CalendarSpec, DayException, HolidaySpec, Weekday, check_calendar
from fsorch.calendars import Calendar, OpenState
from fsorch.errors import ConfigError

BERLIN = "Europe/Berlin"
DAILY = dict.fromkeys(Weekday, ("09:00-17:00",))
MINUTE = 60_000_000


def at(text: str, zone: str = BERLIN, fold: int = 0) -> int:
    """Local time as UTC microseconds."""
    local = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)
    return round(local.timestamp()) * 1_000_000


def spec(hours: dict[Weekday, tuple[str, ...]] | None = None, **fields: object) -> CalendarSpec:
    return CalendarSpec(**{"id": "c", "zone": BERLIN, "hours": DAILY if hours is None else hours, **fields})  # type: ignore[arg-type]


def every_day(*hours: str, zone: str = BERLIN) -> Calendar:
    return Calendar(spec(dict.fromkeys(Weekday, hours), zone=zone))


def test_the_edges_of_a_day() -> None:
    calendar = Calendar(spec())
    opens, closes = at("2026-03-03T09:00"), at("2026-03-03T17:00")
    assert calendar.state(opens - 1) == OpenState(False, "outside hours", opens, opens)
    assert calendar.state(opens) == OpenState(True, "open hours", closes)
    assert calendar.state(closes - 1).open
    assert calendar.state(closes).opens_at_us == at("2026-03-04T09:00")


def test_past_midnight_belongs_to_the_day_it_began_on() -> None:
    calendar = Calendar(spec({Weekday.FRI: ("22:00-06:00",)}, exceptions=(DayException(date=date(2026, 3, 7)),)))
    assert calendar.state(at("2026-03-06T23:00")).until_us == at("2026-03-07T06:00")
    assert calendar.state(at("2026-03-07T05:59")).open  # Saturday is an exception, Friday's night is not
    assert calendar.state(at("2026-03-07T06:00")).reason == "exception: 2026-03-07"
    assert calendar.state(at("2026-03-08T12:00")).reason == "closed on Sunday"


def test_hours_that_touch_are_one() -> None:
    calendar = Calendar(
        spec({Weekday.MON: ("08:00-12:00", "12:00-24:00"), Weekday.TUE: ("00:00-02:00", "01:00-03:00")})
    )
    state = calendar.state(at("2026-03-02T09:00"))
    assert state.open
    assert state.until_us == at("2026-03-03T03:00")


def test_always_open_never_changes() -> None:
    assert every_day("00:00-24:00").state(at("2026-03-02T09:00")) == OpenState(True, "open hours")


def test_never_open_never_changes() -> None:
    assert Calendar(spec({})).state(at("2026-03-02T09:00")) == OpenState(False, "closed on Monday")


def test_holidays_exceptions_and_emergency_in_their_order() -> None:
    holidays = (HolidaySpec(country="DE", subdivision="BY"), HolidaySpec(country="US", hours=("10:00-12:00",)))
    exceptions = (
        DayException(date=date(2026, 12, 24), name="Christmas Eve", hours=("09:00-13:00",)),
        DayException(date=date(2026, 12, 25), name="works outing"),
    )
    calendar = Calendar(spec(holidays=holidays, exceptions=exceptions))
    new_year = calendar.state(at("2026-01-01T12:00"))
    assert new_year == OpenState(False, "holiday: New Year's Day", at("2026-01-02T09:00"), at("2026-01-02T09:00"))
    assert calendar.state(at("2026-01-06T12:00")).reason == "holiday: Epiphany"  # in Bavaria alone
    assert calendar.state(at("2026-07-04T11:00")) == OpenState(
        True, "holiday: Independence Day", at("2026-07-04T12:00")
    )
    assert calendar.state(at("2026-12-24T12:00")).reason == "exception: Christmas Eve"
    assert calendar.state(at("2026-12-25T12:00")).reason == "exception: works outing"
    closed = Calendar(msgspec.structs.replace(calendar.spec, emergency="fire alarm"))
    assert closed.state(at("2026-03-03T12:00")) == OpenState(False, "emergency: fire alarm")


def test_an_emergency_ends_by_itself() -> None:
    until = datetime(2026, 3, 3, 14, tzinfo=ZoneInfo(BERLIN))
    calendar = Calendar(spec(emergency="fire alarm", emergency_until=until))
    ends = at("2026-03-03T14:00")
    assert calendar.state(ends - 1) == OpenState(False, "emergency: fire alarm", ends, ends)
    assert calendar.state(ends) == Calendar(spec()).state(ends)
    evening = Calendar(spec(emergency="fire alarm", emergency_until=until + timedelta(hours=8)))
    opens = at("2026-03-04T09:00")
    assert evening.state(ends) == OpenState(False, "emergency: fire alarm", opens, opens)
    with pytest.raises(ConfigError, match="expected emergency as well"):
        check_calendar(spec(emergency_until=until), "centre: calendars[0]")


def test_the_reason_changes_at_midnight_while_closed() -> None:
    calendar = Calendar(spec({Weekday.MON: ("09:00-10:00",)}))
    assert calendar.state(at("2026-03-07T23:59")).reason == "closed on Saturday"
    assert calendar.state(at("2026-03-08T00:00")).reason == "closed on Sunday"


def test_the_reason_changes_at_midnight_while_open() -> None:
    all_day = ("00:00-24:00",)
    fair = DayException(date=date(2026, 3, 8), name="the fair", hours=all_day)
    calendar = Calendar(spec(dict.fromkeys(Weekday, all_day), exceptions=(fair,)))
    assert calendar.state(at("2026-03-07T23:59")) == OpenState(True, "open hours")
    assert calendar.state(at("2026-03-08T00:00")) == OpenState(True, "exception: the fair")
    assert calendar.state(at("2026-03-09T00:00")) == OpenState(True, "open hours")


def test_clocks_forward() -> None:
    # 29 March 2026, 02:00 is 03:00
    calendar = every_day("02:30-04:00")
    assert not calendar.state(at("2026-03-29T01:59")).open
    change = at("2026-03-29T03:00")
    assert calendar.state(change) == OpenState(True, "open hours", change + 60 * MINUTE)
    assert every_day("01:00-02:30").state(at("2026-03-29T01:30")).until_us == change
    assert not every_day("02:10-02:50").state(change).open


def test_clocks_back() -> None:
    # 25 October 2026, 03:00 is 02:00 again
    first, second = at("2026-10-25T02:30"), at("2026-10-25T02:30", fold=1)
    assert second - first == 60 * MINUTE
    opening = every_day("02:30-08:00")
    assert not opening.state(first - 1).open
    assert opening.state(first).until_us == at("2026-10-25T08:00")
    closing = every_day("01:00-02:30")
    assert closing.state(first).until_us == second
    assert not closing.state(second).open


def test_a_change_at_midnight() -> None:
    # In Beirut 00:00 of 29 March 2026 does not exist.
    calendar = every_day("00:00-01:30", zone="Asia/Beirut")
    change = at("2026-03-29T01:00", "Asia/Beirut")
    assert calendar.state(change - 1).opens_at_us == change
    assert calendar.state(change).until_us == change + 30 * MINUTE


def shown_open(hours: tuple[str, ...], local: datetime) -> bool:
    """Whether the clock says open, on every day the same hours: the plainest reading."""
    now = local.strftime("%H:%M")
    for one in hours:
        start, end = one.split("-")
        if (start <= now < end) if start < end else (now >= start or now < end):
            return True
    return False


CLOCK = st.builds(lambda h, m: f"{h:02}:{m:02}", st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))
SPANS = st.builds(lambda a, b: f"{a}-{b}", CLOCK, CLOCK | st.just("24:00")).filter(lambda s: s[:5] != s[6:])
ZONES = st.sampled_from([BERLIN, "America/New_York", "Australia/Lord_Howe", "America/Havana", "Asia/Kolkata", "UTC"])
# Around the changes of the clocks of 2026 in these zones, and anywhere.
MOMENTS = st.one_of(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 30)),  # noqa: DTZ001 - made UTC below
    *(
        st.datetimes(around - timedelta(hours=20), around + timedelta(hours=20))
        for around in (
            datetime(2026, 3, 8, 6),  # noqa: DTZ001
            datetime(2026, 3, 29, 1),  # noqa: DTZ001
            datetime(2026, 4, 4, 15),  # noqa: DTZ001
            datetime(2026, 10, 25, 1),  # noqa: DTZ001
            datetime(2026, 11, 1, 6),  # noqa: DTZ001
        )
    ),
)


@settings(max_examples=200)
@given(hours=st.lists(SPANS, max_size=3).map(tuple), zone=ZONES, moment=MOMENTS)
def test_who_goes_by_the_clock_is_right(hours: tuple[str, ...], zone: str, moment: datetime) -> None:
    calendar = every_day(*hours, zone=zone)
    local = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    state = calendar.state((moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1))
    around = {
        (local.astimezone(UTC) + timedelta(hours=n)).astimezone(ZoneInfo(zone)).utcoffset() for n in (-2, -1, 0, 1, 2)
    }
    if len(around) == 1:
        assert state.open == shown_open(hours, local)
    elif shown_open(hours, local):
        assert state.open


@settings(max_examples=100)
@given(hours=st.lists(SPANS, min_size=1, max_size=3).map(tuple), zone=ZONES, moment=MOMENTS)
def test_the_state_stands_until_its_change_and_changes_then(
    hours: tuple[str, ...], zone: str, moment: datetime
) -> None:
    calendar = every_day(*hours, zone=zone)
    now = round(moment.replace(tzinfo=UTC).timestamp() * 1_000_000)
    state = calendar.state(now)
    if state.until_us is None:
        return
    assert now < state.until_us
    steps = [now, (now + state.until_us) // 2, state.until_us - 1]
    for before, after in pairwise(steps):
        assert before <= after
        assert every_day(*hours, zone=zone).state(after).open == state.open
        assert calendar.state(after).open == state.open
    assert calendar.state(state.until_us).open != state.open
    assert state.opens_at_us == (None if state.open else state.until_us)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            {"zone": "Europe/Berln"},
            r"here\.zone is 'Europe/Berln'; expected an IANA time zone; did you mean Europe/Berlin",
        ),
        ({"zone": "Europe"}, r"here\.zone is 'Europe'"),
        ({"zone": "../etc/passwd"}, r"here\.zone is"),
        ({"hours": {Weekday.MON: ("09:00-12:00", "13:00-13:00")}}, r"here\.hours\.mon\[1\] is '13:00-13:00'"),
        ({"holidays": (HolidaySpec(country="XX"),)}, r"here\.holidays\[0\]\.country is 'XX'; expected a country"),
        (
            {"holidays": (HolidaySpec(country="DE", subdivision="Bayern"),)},
            r"here\.holidays\[0\]\.subdivision is 'Bayern'",
        ),
        (
            {"exceptions": (DayException(date=date(2026, 1, 1)), DayException(date=date(2026, 1, 1)))},
            r"here\.exceptions\[1\]\.date is 2026-01-01 a second time",
        ),
    ],
)
def test_a_fault_is_named(wrong: dict[str, object], said: str) -> None:
    check_calendar(spec(), "here")
    with pytest.raises(ConfigError, match=said):
        check_calendar(spec(**wrong), "here")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "hours", ["9:00-17:00", "09:00-24:01", "24:00-03:00", "09:60-10:00", "09:00-17:00\n", "closed"]
)
def test_hours_are_checked_when_read(hours: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=r"\$\.hours\[\.\.\.\]"):
        msgspec.convert({"id": "c", "zone": "UTC", "hours": {"mon": [hours]}}, CalendarSpec)


def test_a_date_may_come_as_text_or_as_a_date() -> None:
    for given_date in (date(2026, 12, 24), "2026-12-24"):
        read = msgspec.convert({"id": "c", "zone": "UTC", "exceptions": [{"date": given_date}]}, CalendarSpec)
        assert read.exceptions[0].date == date(2026, 12, 24)
