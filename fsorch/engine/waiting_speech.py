"""What waiting callers are told, put together of prompts that fsorch ships: no module of the switch is needed."""

from __future__ import annotations

from collections.abc import Iterator

from fsorch.acd.estimate import Announcement

__all__ = ["MOST", "spoken"]

# No larger number is spoken.
MOST = 999


def spoken(said: Announcement) -> tuple[str, ...]:
    """The prompts, in order, that say a position and a wait; none for a number nobody wants to hear."""
    return (*_position(said.position), *_wait(said.wait_s))


def _position(position: int | None) -> Iterator[str]:
    if position is not None and position <= MOST:
        yield "wait_number"
        yield from _number(position)
        yield "wait_in_queue"


def _wait(wait_s: int | None) -> Iterator[str]:
    if wait_s is None or wait_s // 60 > MOST:
        return
    minutes, seconds = divmod(wait_s, 60)
    yield "wait_about"
    if minutes:
        yield from _number(minutes)
        yield "wait_minute" if minutes == 1 else "wait_minutes"
    if seconds:
        yield from _number(seconds)
        yield "wait_seconds"


def _number(value: int) -> Iterator[str]:
    hundreds, rest = divmod(value, 100)
    if hundreds:
        yield f"wait_{hundreds}"
        yield "wait_hundred"
    if rest > 20:
        yield f"wait_{rest - rest % 10}"
        rest %= 10
    if rest:
        yield f"wait_{rest}"
