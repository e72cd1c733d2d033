"""How a centre is at a moment, as the expressions of its flows see it: for flows that are tried without callers."""

from __future__ import annotations

from datetime import datetime

from fsorch.calendars import WEEKDAYS, Calendar
from fsorch.config import Centre

__all__ = ["clock_values", "hours_values"]


def clock_values(moment: datetime) -> dict[str, object]:
    """The names of ``now``."""
    return {
        "now.hour": moment.hour,
        "now.minute": moment.minute,
        "now.weekday": WEEKDAYS[moment.weekday()].value,
        "now.date": moment.date().isoformat(),
    }


def hours_values(centre: Centre, wall_us: int) -> dict[str, object]:
    """Which calendars are open at a moment (UTC microseconds)."""
    values: dict[str, object] = {}
    for spec in centre.calendars:
        state = Calendar(spec).state(wall_us)
        values |= {f"calendar.{spec.id}.open": state.open, f"calendar.{spec.id}.reason": state.reason}
    return values
