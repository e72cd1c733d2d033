"""What the linter of flows asks for, as data: the settings of a humane flow."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from fsorch.rules import Rule

__all__ = ["FlowLimits", "FlowRule"]


class FlowRule(StrEnum):
    """The names of the linter's rules; see :mod:`fsorch.ivr.lint`."""

    BROKEN = "broken"
    UNREACHABLE = "unreachable"
    NO_EXIT = "no-exit"
    IDLE_LOOP = "idle-loop"
    HELP_TOO_FAR = "help-too-far"
    ZERO_TO_PERSON = "zero-to-person"
    MISSING_LANGUAGE = "missing-language"
    NO_DEFAULT = "no-default"
    TOO_MANY_OPTIONS = "too-many-options"
    LATE_OPTIONS = "late-options"


class FlowLimits(Rule, frozen=True, kw_only=True):
    """``keys`` and ``seconds``: from wherever they are, callers come to a person, a callback, a voicemail or a stated
    end with at most so many keys and seconds of prompts. ``options``: the most that a menu may offer, not counting 0,
    * and #. ``before_first_s``: the longest that a menu may talk before it names the first. ``characters_per_s``: how
    fast prompts are spoken. ``skip``: rules that are not looked at; ``broken`` always is."""

    keys: Annotated[int, msgspec.Meta(ge=1, le=20)] = 3
    seconds: Annotated[float, msgspec.Meta(ge=5, le=600)] = 60.0
    options: Annotated[int, msgspec.Meta(ge=1, le=12)] = 5
    before_first_s: Annotated[float, msgspec.Meta(ge=1, le=120)] = 15.0
    characters_per_s: Annotated[float, msgspec.Meta(ge=5, le=40)] = 14.0
    skip: tuple[FlowRule, ...] = ()
