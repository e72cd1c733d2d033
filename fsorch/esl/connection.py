"""Commands to the socket itself: authentication, subscriptions, and those of outbound mode (``mod_event_socket.c``)."""

from __future__ import annotations

import re
from typing import Literal

from fsorch.esl.command import NAME, Command, check_natural, check_verbatim
from fsorch.esl.errors import QuotingError
from fsorch.esl.quoting import check_name, check_text

__all__ = [
    "Auth",
    "Connect",
    "DivertEvents",
    "Exit",
    "Filter",
    "FilterDelete",
    "Linger",
    "MyEvents",
    "NoEvents",
    "Subscribe",
]

_EVENT = re.compile(r"[A-Z0-9_]{1,64}")
_HEADER = re.compile(r"(?!(?:add|delete)\b)[A-Za-z0-9_-]{1,64}", re.IGNORECASE)


class Auth(Command, frozen=True):
    """Answer the switch's ``auth/request``."""

    password: str

    def _block(self) -> str:
        if not self.password:
            raise QuotingError("the password is empty; the switch takes none that is")
        return "auth " + check_text(self.password, "the password")


class Subscribe(Command, frozen=True):
    """Ask for events by name; ``custom`` are the subclasses of CUSTOM."""

    events: tuple[str, ...]
    format: Literal["json", "plain"] = "json"
    custom: tuple[str, ...] = ()

    def _block(self) -> str:
        if "CUSTOM" in self.events or not (self.events or self.custom):
            raise QuotingError("a subscription names at least one event, and those of CUSTOM by their subclass")
        names = [check_name(name, _EVENT, "the event") for name in self.events]
        custom = [check_name(name, NAME, "the subclass") for name in self.custom]
        return " ".join(["event", self.format, *names, *(["CUSTOM", *custom] if custom else [])])


class NoEvents(Command, frozen=True):
    """Unsubscribe from everything."""

    def _block(self) -> str:
        return "noevents"


class Filter(Command, frozen=True):
    """Let through only events whose ``header`` is ``value``; several filters add up."""

    header: str
    value: str

    def _block(self) -> str:
        return f"filter {check_name(self.header, _HEADER, 'the header')} {check_verbatim(self.value, 'the value')}"


class FilterDelete(Command, frozen=True):
    """Take a filter back; without ``value`` all of this ``header``."""

    header: str
    value: str = ""

    def _block(self) -> str:
        value = " " + check_verbatim(self.value, "the value") if self.value else ""
        return f"filter delete {check_name(self.header, _HEADER, 'the header')}{value}"


class Connect(Command, frozen=True):
    """Outbound mode: take the call; the answer is the channel's data (capture 13)."""

    def _block(self) -> str:
        return "connect"


class Linger(Command, frozen=True):
    """Outbound mode: keep the socket ``seconds`` after the hangup, so that the last events arrive."""

    seconds: int

    def _block(self) -> str:
        return f"linger {check_natural(self.seconds)}"


class MyEvents(Command, frozen=True):
    """Outbound mode: the events of this channel."""

    format: Literal["json", "plain"] = "json"

    def _block(self) -> str:
        return f"myevents {self.format}"


class DivertEvents(Command, frozen=True):
    """Outbound mode: whether events the channel gets from applications come to the socket."""

    on: bool

    def _block(self) -> str:
        return f"divert_events {'on' if self.on else 'off'}"


class Exit(Command, frozen=True):
    """Say goodbye; a disconnect notice follows the reply."""

    def _block(self) -> str:
        return "exit"
