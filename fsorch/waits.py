"""How callers wait in a queue and what ends it, as data: limits, doors and the keys of those who wait.

Whatever ends a wait is an :data:`Ending`. A limit without one would leave a caller in nothing, so :func:`check_wait`
refuses it. Keys that end in ``_s`` are seconds, 0: no limit.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TypeAlias

from fsorch.errors import ConfigError
from fsorch.rules import (
    Count,
    Names,
    OfferCallback,
    Overflow,
    OverflowTo,
    Rule,
    Seconds,
    StepPlan,
    StepSpec,
    Voicemail,
    check_steps,
    expect_known,
)

__all__ = ["Empty", "Ending", "WaitSpec", "check_ending", "check_hours", "check_wait", "check_way"]

KEY = re.compile(r"[0-9*#]")

Ending: TypeAlias = Overflow | Voicemail


class Empty(StrEnum):
    """When a queue counts as empty of agents: never; when nobody of it is logged in; when nobody is available, for
    they are logged out or on a break; when the phones of all who are available cannot be reached either; when nobody is
    free, for all others are busy."""

    NEVER = "never"
    LOGGED_OUT = "logged_out"
    UNAVAILABLE = "unavailable"
    UNREACHABLE = "unreachable"
    BUSY = "busy"


class WaitSpec(Rule, frozen=True, kw_only=True):
    """Limits of a wait. ``max_s``: the longest; then ``on_max``. ``max_no_agent_s``: how long nobody of the queue may
    be logged in, and ``no_agent_grace_s``: what a caller who came later waits at least; then ``on_no_agent``.
    ``max_length``: a caller who finds so many waiting gets ``on_full``. ``refuse_empty`` and ``leave_empty``: when
    callers may not join, or do not stay, for want of agents; they get ``on_empty``. ``keys``: what a key that is
    pressed while waiting does. ``return_s``: who hung up while waiting and rings again so soon gets the place back.

    While somebody's phone rings for a caller, no limit ends the wait: the agent gets the chance to answer."""

    max_s: Seconds = 0.0
    on_max: Ending | None = None
    max_no_agent_s: Seconds = 0.0
    no_agent_grace_s: Seconds = 5.0
    on_no_agent: Ending | None = None
    max_length: Count = 0
    on_full: Ending | None = None
    refuse_empty: Empty = Empty.NEVER
    leave_empty: Empty = Empty.NEVER
    on_empty: Ending | None = None
    keys: dict[str, Overflow | Voicemail | OfferCallback] = {}
    return_s: Seconds = 0.0


def check_wait(spec: WaitSpec, names: Names, ways: frozenset[str], where: str) -> None:
    """Each limit has an ending and each ending a limit; what they name exists. ``ways``: what the centre and the
    queue are set up for: outside, voicemail, callback; ``where``: the path of the rules. Raises ConfigError."""
    limits = (
        ("on_max", "max_s", spec.max_s > 0),
        ("on_no_agent", "max_no_agent_s", spec.max_no_agent_s > 0),
        ("on_full", "max_length", spec.max_length > 0),
        ("on_empty", "refuse_empty or leave_empty", (spec.refuse_empty, spec.leave_empty) != (Empty.NEVER,) * 2),
    )
    for key, limit, given in limits:
        ending: Ending | None = getattr(spec, key)
        if given and ending is None:
            raise ConfigError(f"{where}.{key} is missing; expected what callers get then, such as act: voicemail")
        if ending is not None and not given:
            raise ConfigError(f"{where}.{key} never comes; expected {limit} as well")
        if ending is not None:
            check_ending(ending, names, ways, f"{where}.{key}")
    for key, action in spec.keys.items():
        if not KEY.fullmatch(key):
            raise ConfigError(f"{where}.keys has the key {key!r}; a key is one of 0-9, * and #")
        check_ending(action, names, ways, f"{where}.keys.{key}")


def check_hours(
    calendar: str, on_closed: Ending | None, calendars: frozenset[str], names: Names, ways: frozenset[str], where: str
) -> None:
    """The calendar of a queue or flow exists and says what callers get when it is closed. Raises ConfigError."""
    if calendar:
        expect_known(calendar, calendars, f"{where}.calendar", "a calendar")
        if on_closed is None:
            raise ConfigError(f"{where}.on_closed is missing; expected what callers get then, such as act: voicemail")
    elif on_closed is not None:
        raise ConfigError(f"{where}.on_closed never comes; expected a calendar as well")
    if on_closed is not None:
        check_ending(on_closed, names, ways, f"{where}.on_closed")


def check_ending(ending: Ending | OfferCallback, names: Names, ways: frozenset[str], where: str) -> None:
    """What ends a wait can be carried out. Raises ConfigError."""
    try:
        check_steps(StepPlan(steps=(StepSpec(do=ending),)), names, where)
    except ConfigError as error:
        # One action is checked as a plan of one step, whose place is not in the file.
        raise ConfigError(str(error).replace(".steps[0].do", "")) from None
    check_way(ending, ways, where)


def check_way(action: object, ways: frozenset[str], where: str) -> None:
    """What is needed to carry an action out is there. Raises ConfigError."""
    if isinstance(action, Overflow) and action.to is OverflowTo.NUMBER and "outside" not in ways:
        raise ConfigError(f"{where} sends callers to a number; expected 'outside' as well, the centre's way to numbers")
    if isinstance(action, Voicemail) and "voicemail" not in ways:
        raise ConfigError(
            f"{where} sends callers to voicemail; expected 'voicemail' as well, the centre's rules for it"
        )
    if isinstance(action, OfferCallback) and "callback" not in ways:
        raise ConfigError(f"{where} offers a callback; expected the queue's rules for it as well, 'callback'")
