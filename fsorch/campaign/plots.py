"""A campaign's hours as a picture (SVG): answers, drops against the ceiling, and how busy its agents were.

Three panels over the same hours. Nothing here is a library's work: a few rectangles and lines, each with its number as
a title, so that whoever points at it reads it, and text that no name can turn into markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from xml.etree import ElementTree as Xml
from zoneinfo import ZoneInfo

import msgspec

from fsorch.campaigns import LIVE_OUTCOMES, AttemptRow, Outcome
from fsorch.clock import EPOCH, HOUR_US

__all__ = ["Hour", "draw_hours", "hours_of"]

SVG = "http://www.w3.org/2000/svg"
LEFT, RIGHT, TOP, PANEL, GAP, FOOT = 64, 24, 56, 150, 46, 34
WIDTH = 900
# More hours than this and a bar is no longer seen: then a bar is several hours.
MOST_BARS = 120
INK, GREY, FAINT = "#1f2937", "#6b7280", "#e5e7eb"
LAUNCHED, LIVE, DROPPED, WITHIN, BUSY, CEILING = "#cbd5e1", "#16a34a", "#dc2626", "#f59e0b", "#2563eb", "#b91c1c"
# A letter of 12 pixels is about so wide: for words that stand beside each other.
LETTER = 5.9


class Hour(msgspec.Struct, frozen=True, kw_only=True):
    """One hour (or several, in one bar) from ``at`` on: calls ``launched``, ``live`` answers, ``drops`` and
    ``machines``; ``talk_us`` that ``agents`` agents talked in ``hours`` hours, of which ``span_us`` lie between the
    first call and the end of the last (0: all)."""

    at: int
    launched: int = 0
    live: int = 0
    drops: int = 0
    machines: int = 0
    talk_us: int = 0
    agents: int = 0
    hours: int = 1
    span_us: int = 0

    @property
    def drop_share(self) -> float:
        """Drops over live answers."""
        return self.drops / self.live if self.live else 0.0

    @property
    def busy(self) -> float:
        """The share of the hour, as far as was dialled in it, that the agents who talked in it spent talking."""
        return min(1.0, self.talk_us / (self.agents * (self.span_us or self.hours * HOUR_US))) if self.agents else 0.0


class _Count(msgspec.Struct):
    launched: int = 0
    live: int = 0
    drops: int = 0
    machines: int = 0
    talk_us: int = 0
    agents: set[str] = msgspec.field(default_factory=set)


def hours_of(rows: Iterable[AttemptRow], since: int, until: int) -> tuple[Hour, ...]:
    """The hours of these attempts, from the first to the last between ``since`` and ``until`` (UTC microseconds), empty
    ones too; several in one where there are very many. A talk counts in the hours that it filled."""
    counts: dict[int, _Count] = {}
    began, ended = until, since
    for row in rows:
        began, ended = min(began, row.launched_at), max(ended, row.launched_at, min(row.ended_at, until))
        one = counts.setdefault(row.launched_at // HOUR_US, _Count())
        one.launched += 1
        one.live += row.outcome in LIVE_OUTCOMES
        one.drops += row.outcome == Outcome.DROP
        one.machines += row.outcome == Outcome.MACHINE
        _spread_talk(row, counts)
    if not counts:
        return ()
    first, last = max(min(counts), since // HOUR_US), min(max(counts), max(until - 1, since) // HOUR_US)
    step = -(-(last - first + 1) // MOST_BARS)
    return tuple(_bar(counts, start, step, began, ended) for start in range(first, last + 1, step))


def _spread_talk(row: AttemptRow, counts: dict[int, _Count]) -> None:
    if not row.bridged_at or not row.ended_at or not row.agent:
        return
    at = row.bridged_at
    while at < row.ended_at:
        hour = at // HOUR_US
        end = min(row.ended_at, (hour + 1) * HOUR_US)
        one = counts.setdefault(hour, _Count())
        one.talk_us += end - at
        one.agents.add(row.agent)
        at = end


def _bar(counts: dict[int, _Count], start: int, step: int, began: int, ended: int) -> Hour:
    span_us = min((start + step) * HOUR_US, ended) - max(start * HOUR_US, began)
    some = [counts[hour] for hour in range(start, start + step) if hour in counts]
    launched = sum(one.launched for one in some)
    # Where talks only ran on after the last call, all of the hour counts.
    cut = launched and 0 < span_us < step * HOUR_US
    return Hour(
        at=start * HOUR_US,
        launched=launched,
        live=sum(one.live for one in some),
        drops=sum(one.drops for one in some),
        machines=sum(one.machines for one in some),
        talk_us=sum(one.talk_us for one in some),
        agents=max((len(one.agents) for one in some), default=0),
        hours=step,
        span_us=span_us if cut else 0,
    )


def draw_hours(title: str, hours: Sequence[Hour], *, ceiling: float = 0.0, zone: str = "UTC") -> str:
    """The picture, as a whole SVG document. ``ceiling``: of the share of drops (0: none); ``zone``: by whose clocks."""
    height = TOP + 3 * (PANEL + GAP) + FOOT - GAP
    root = Xml.Element(
        "svg", xmlns=SVG, viewBox=f"0 0 {WIDTH} {height}", width=str(WIDTH), height=str(height), role="img"
    )
    root.set("font-family", "sans-serif")
    root.set("font-size", "12")
    Xml.SubElement(root, "title").text = "".join(sign for sign in title if sign.isprintable())
    Xml.SubElement(root, "rect", width=str(WIDTH), height=str(height), fill="#ffffff")
    _text(root, LEFT, 24, title, size="15", weight="bold")
    if not hours:
        _text(root, LEFT, TOP + 30, "No calls in this time.", fill=GREY)
        return Xml.tostring(root, encoding="unicode")
    _answers(root, TOP, hours)
    _drops(root, TOP + PANEL + GAP, hours, ceiling)
    _busy(root, TOP + 2 * (PANEL + GAP), hours)
    _axis(root, TOP + 3 * PANEL + 2 * GAP, hours, ZoneInfo(zone))
    return Xml.tostring(root, encoding="unicode")


def _answers(root: Xml.Element, top: float, hours: Sequence[Hour]) -> None:
    most = max(hour.launched for hour in hours) or 1
    _frame(root, top, "Calls", [(0, "0"), (1, f"{most}")])
    _legend(root, top, [(LAUNCHED, "launched"), (LIVE, "answered by a person")])
    for n, hour in enumerate(hours):
        _column(root, top, n, len(hours), hour.launched / most, LAUNCHED, f"{hour.launched} launched")
        _column(root, top, n, len(hours), hour.live / most, LIVE, f"{hour.live} answered by a person", inner=True)


def _drops(root: Xml.Element, top: float, hours: Sequence[Hour], ceiling: float) -> None:
    most = max([ceiling * 1.5, *(hour.drop_share for hour in hours)]) or 1.0
    _frame(root, top, "Dropped, of live answers (the line: since the beginning)", [(0, "0 %"), (1, f"{most:.1%}")])
    for n, hour in enumerate(hours):
        words = f"{hour.drops} of {hour.live} dropped ({hour.drop_share:.2%})"
        colour = DROPPED if not ceiling or hour.drop_share > ceiling else WITHIN
        _column(root, top, n, len(hours), hour.drop_share / most, colour, words)
    live = drops = 0
    points = []
    for n, hour in enumerate(hours):
        live, drops = live + hour.live, drops + hour.drops
        points.append((_x(n + 0.5, len(hours)), top + PANEL * (1 - (drops / live if live else 0) / most)))
    if len(points) == 1:
        # A line of one point draws nothing.
        (x, y), half = points[0], (_x(1, 1) - _x(0, 1)) / 2
        points = [(x - half, y), (x + half, y)]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    line = Xml.SubElement(root, "polyline", points=path, fill="none", stroke=INK)
    line.set("stroke-width", "1.5")
    Xml.SubElement(line, "title").text = f"since the beginning: {drops} of {live}"
    if ceiling:
        y = top + PANEL * (1 - ceiling / most)
        _line(root, LEFT, y, WIDTH - RIGHT, y, CEILING, dash="6 4")
        _legend(root, top, [(WITHIN, "within the ceiling"), (DROPPED, f"above it (dashed, {ceiling:.1%})")])


def _busy(root: Xml.Element, top: float, hours: Sequence[Hour]) -> None:
    _frame(root, top, "Talking, of the time of the agents who talked", [(0, "0 %"), (1, "100 %")])
    for n, hour in enumerate(hours):
        _column(root, top, n, len(hours), hour.busy, BUSY, f"{hour.busy:.0%} of {hour.agents} agents")


def _axis(root: Xml.Element, y: float, hours: Sequence[Hour], zone: ZoneInfo) -> None:
    every = max(1, -(-len(hours) // 12))
    _text(root, WIDTH - RIGHT, y - PANEL - 6, f"hours of {zone.key}", fill=GREY, anchor="end")
    last = ""
    for n in range(0, len(hours), every):
        local = (EPOCH + timedelta(microseconds=hours[n].at)).astimezone(zone)
        x = _x(n, len(hours))
        _line(root, x, y, x, y + 4, GREY)
        _text(root, x, y + 16, f"{local:%H:%M}", fill=GREY)
        day = f"{local:%d %b}"
        if day != last:
            _text(root, x, y + 29, day, fill=GREY)
        last = day


def _legend(root: Xml.Element, top: float, signs: Sequence[tuple[str, str]]) -> None:
    """What the colours are, at the right above a panel."""
    x = WIDTH - RIGHT
    for colour, words in reversed(signs):
        _text(root, x, top - 6, words, fill=GREY, anchor="end")
        x -= round(LETTER * len(words)) + 15
        Xml.SubElement(root, "rect", x=f"{x}", y=f"{top - 15}", width="10", height="10", fill=colour)
        x -= 16


def _frame(root: Xml.Element, top: float, name: str, marks: Sequence[tuple[float, str]]) -> None:
    _text(root, LEFT, top - 6, name, fill=INK)
    for part, words in marks:
        y = top + PANEL * (1 - part)
        _line(root, LEFT, y, WIDTH - RIGHT, y, FAINT)
        _text(root, LEFT - 6, y + 4, words, fill=GREY, anchor="end")


def _column(
    root: Xml.Element, top: float, n: int, count: int, part: float, fill: str, words: str, *, inner: bool = False
) -> None:
    if part <= 0:
        return
    full = _x(1, count) - _x(0, count)
    width = full * (0.5 if inner else 0.8)
    x = _x(n, count) + (full * 0.8 - width) / 2
    height = PANEL * min(1.0, part)
    bar = Xml.SubElement(
        root,
        "rect",
        x=f"{x:.1f}",
        y=f"{top + PANEL - height:.1f}",
        width=f"{width:.1f}",
        height=f"{height:.1f}",
        fill=fill,
    )
    Xml.SubElement(bar, "title").text = words


def _x(n: float, count: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * n / count


def _line(root: Xml.Element, x: float, y: float, to_x: float, to_y: float, colour: str, *, dash: str = "") -> None:
    line = Xml.SubElement(root, "line", x1=f"{x:.1f}", y1=f"{y:.1f}", x2=f"{to_x:.1f}", y2=f"{to_y:.1f}", stroke=colour)
    if dash:
        line.set("stroke-dasharray", dash)


def _text(
    root: Xml.Element,
    x: float,
    y: float,
    words: str,
    *,
    fill: str = INK,
    size: str = "",
    weight: str = "",
    anchor: str = "",
) -> None:
    text = Xml.SubElement(root, "text", x=f"{x:.1f}", y=f"{y:.1f}", fill=fill)
    for key, value in (("font-size", size), ("font-weight", weight), ("text-anchor", anchor)):
        if value:
            text.set(key, value)
    # What XML cannot hold (control signs of a title) is left out.
    text.text = "".join(sign for sign in words if sign.isprintable())
