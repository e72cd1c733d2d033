"""Serving a caller later, as data: callbacks that keep the place, and voicemail. Keys ending in ``_s`` are seconds."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from fsorch.errors import ConfigError
from fsorch.rules import AtLeastOne, Name, Rule

__all__ = ["CallFirst", "CallbackSpec", "VoicemailSpec", "check_callback", "check_voicemail"]

Positive = Annotated[float, msgspec.Meta(gt=0)]


class CallFirst(StrEnum):
    """Whose phone rings first in a callback."""

    AGENT = "agent"
    CUSTOMER = "customer"


class CallbackSpec(Rule, frozen=True, kw_only=True):
    """Callbacks of a queue. ``dial``: how a customer is reached, such as ``sofia/gateway/carrier/{number}``;
    ``caller_id``: the number they see (empty: the one they had dialled). ``first``: whose phone rings first; the other
    follows when it is answered. A customer who does not answer within ``ring_s`` is called again after ``retry_s``, up
    to ``tries`` times in all. Who was promised a call by one agent is called by that one; so long after that
    (``own_s``) anyone will do. ``called_again``: who rings again for the queue by the same number has their place
    there, and is not called about what they have talked about then; false where many share a number."""

    dial: Name
    first: CallFirst = CallFirst.AGENT
    caller_id: str = ""
    ring_s: Annotated[float, msgspec.Meta(ge=5, le=120)] = 30.0
    tries: AtLeastOne = 3
    retry_s: Positive = 300.0
    own_s: Positive = 259_200.0
    called_again: bool = True


class VoicemailSpec(Rule, frozen=True, kw_only=True):
    """Where messages are kept. ``dir`` is a folder as the switch sees it, which may write there; the desktop plays
    messages from the same path, so on another machine it is mounted there. A message ends after ``limit_s``, a key
    or ``silence_s`` without a word; one shorter than ``least_s``, the silence at its end left out, is none."""

    dir: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^/[^'\"\\\s]+\Z",
            max_length=160,
            description="a folder as the switch sees it, from / on, without spaces and quotes",
        ),
    ]
    limit_s: Annotated[float, msgspec.Meta(ge=5, le=3600)] = 180.0
    silence_s: Annotated[float, msgspec.Meta(ge=1, le=60)] = 5.0
    least_s: Positive = 1.0

    def file_of(self, contact: str) -> str:
        """Where the message that this contact is was recorded."""
        return f"{self.dir.rstrip('/')}/{contact}.wav"


def check_callback(spec: CallbackSpec, where: str) -> None:
    """The number has a place in the dial string. ``where``: the path of the rule. Raises ConfigError."""
    if spec.dial.count("{number}") != 1:
        raise ConfigError(f"{where}.dial is {spec.dial!r}; expected {{number}} once, where the number goes")


def check_voicemail(spec: VoicemailSpec, where: str) -> None:
    """The shortest message fits into the longest. ``where``: the path of the rule. Raises ConfigError."""
    if spec.least_s >= spec.limit_s:
        raise ConfigError(f"{where}.least_s is {spec.least_s:g}; expected less than limit_s, which is {spec.limit_s:g}")
