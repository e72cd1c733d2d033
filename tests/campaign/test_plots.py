"""A campaign's hours as a picture: what it counts, and that it is a sound document whatever a name holds."""

from __future__ import annotations

from xml.etree import ElementTree as Xml

from hypothesis import given, settings
from hypothesis import strategies as st

from fsorch.campaign.plots import MOST_BARS, SVG, Hour, draw_hours, hours_of
from fsorch.campaigns import AttemptRow, Outcome

HOUR = 3_600_000_000
T = 500_000 * HOUR


def attempt(at: int, outcome: Outcome = Outcome.NOANSWER, talk: int = 0, agent: str = "ada") -> AttemptRow:
    return AttemptRow(
        id="a",
        campaign="c",
        lead="1",
        number="+1",
        launched_at=at,
        bridged_at=at if talk else 0,
        ended_at=at + talk if talk else at + 1,
        outcome=outcome,
        agent=agent if talk else "",
    )


def test_calls_count_where_they_were_launched_and_talks_where_they_were_talked() -> None:
    rows = [attempt(T, Outcome.LIVE, talk=HOUR + HOUR // 2), attempt(T + 1, Outcome.DROP), attempt(T + 3 * HOUR)]
    first, second, third, fourth = hours_of(rows, T, T + 4 * HOUR)
    assert first == Hour(at=T, launched=2, live=2, drops=1, talk_us=HOUR, agents=1)
    assert (second.launched, second.talk_us, second.busy) == (0, HOUR // 2, 0.5)
    assert third == Hour(at=T + 2 * HOUR)
    assert (fourth.launched, fourth.live, first.drop_share, first.busy) == (1, 0, 0.5, 1.0)


def test_the_first_and_the_last_hour_count_as_far_as_was_dialled_in_them() -> None:
    half = HOUR // 2
    rows = [attempt(T + half, Outcome.LIVE, talk=half // 2), attempt(T + half + 2 * HOUR, Outcome.LIVE, talk=half // 2)]
    first, second, last = hours_of(rows, T, T + 24 * HOUR)
    # It was begun at half past, and ended with the last talk, a quarter of an hour later.
    assert (first.span_us, first.busy) == (half, 0.5)
    assert second == Hour(at=T + HOUR)
    assert (last.span_us, last.busy) == (HOUR * 3 // 4, half / 2 / (HOUR * 3 / 4))


def test_very_many_hours_share_bars_and_nothing_is_lost() -> None:
    rows = [attempt(T + n * HOUR) for n in range(1000)]
    bars = hours_of(rows, T, T + 1000 * HOUR)
    assert len(bars) <= MOST_BARS
    assert sum(bar.launched for bar in bars) == 1000
    assert bars[0].hours == bars[1].hours == 9


def test_nothing_to_draw_is_said() -> None:
    assert hours_of([], T, T + HOUR) == ()
    assert "No calls in this time." in draw_hours("x", ())


def test_the_ceiling_is_drawn_and_what_is_above_it_stands_out() -> None:
    hours = (Hour(at=T, launched=100, live=50, drops=3), Hour(at=T + HOUR, launched=100, live=50, drops=1))
    drawn = draw_hours("Spring", hours, ceiling=0.03, zone="America/New_York")
    assert "within the ceiling" in drawn
    assert "above it (dashed, 3.0%)" in drawn
    assert ">hours of America/New_York<" in drawn
    bars = [one for one in Xml.fromstring(drawn) if "dropped" in (one.findtext("{*}title") or "")]
    assert [bar.get("fill") for bar in bars] == ["#dc2626", "#f59e0b"]
    assert bars[0].findtext("{*}title") == "3 of 50 dropped (6.00%)"


def test_a_single_hour_has_its_line_of_drops_too() -> None:
    drawn = draw_hours("Spring", (Hour(at=T, launched=100, live=50, drops=1),), ceiling=0.03)
    [line] = Xml.fromstring(drawn).iter(f"{{{SVG}}}polyline")
    (x, y), (to_x, to_y) = (map(float, point.split(",")) for point in line.get("points", "").split())
    assert (to_x - x > 100, y) == (True, to_y)


@settings(deadline=None)
@given(
    st.text(max_size=60),
    st.lists(st.tuples(st.integers(0, 60), st.sampled_from(list(Outcome)), st.integers(0, 2 * HOUR)), max_size=30),
    st.floats(0, 0.2),
)
def test_whatever_is_drawn_is_a_sound_document(
    title: str, calls: list[tuple[int, Outcome, int]], ceiling: float
) -> None:
    rows = [attempt(T + hour * HOUR, outcome, talk) for hour, outcome, talk in calls]
    hours = hours_of(rows, T, T + 100 * HOUR)
    root = Xml.fromstring(draw_hours(title, hours, ceiling=ceiling))
    for bar in root.iter(f"{{{SVG}}}rect"):
        assert float(bar.get("height", "0")) >= 0
    assert sum(hour.launched for hour in hours) == len(calls)
