"""What every command shares: the base class, the checks of common arguments, and what is read but never sent."""

from __future__ import annotations

import re
from abc import abstractmethod

import msgspec

from fsorch.esl.errors import QuotingError
from fsorch.esl.frames import Headers
from fsorch.esl.quoting import check_block, check_name, check_text

__all__ = ["APP", "CAUSE", "NAME", "Command", "RawCommand", "check_natural", "check_uuid", "check_verbatim"]

_UUID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
NAME = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
APP = re.compile(r"[A-Za-z0-9_]{1,64}")
CAUSE = re.compile(r"[A-Z0-9_]{1,64}")


def check_uuid(value: str) -> str:
    """The id of a channel or a job. Raises QuotingError for what cannot be one."""
    return check_name(value, _UUID, "the id")


class Command(msgspec.Struct, frozen=True):
    """Anything that can be sent to the switch. Each sort is a subclass, which says what it is on the wire.

    What is abstract is so for the type checker: ABCMeta would make each ``isinstance`` of a command ten times as dear.
    """

    def wire(self) -> str:
        """The command as text without the blank line that ends it; `QuotingError` if a value may not pass."""
        return check_block(self._block())

    @abstractmethod
    def _block(self) -> str:
        """The same, not looked through yet."""


class RawCommand(Command, frozen=True):
    """A command of a client that `parse_command` has no type for. It can be read, never sent."""

    line: str
    headers: Headers = ()
    body: bytes = b""

    def _block(self) -> str:
        raise QuotingError(f"the raw command {self.line[:40]!r} is for reading only; use a typed command to send")


def check_verbatim(value: str, what: str) -> str:
    """A value at the end of a line that the switch takes as it stands, but for blanks around it."""
    if not value or value.strip() != value:
        raise QuotingError(f"{what} is empty or has blanks around it, which the switch would drop; trim it")
    return check_text(value, what)


def check_natural(number: int) -> int:
    """A number as the switch reads it: 32 bits, not negative. Raises QuotingError for another."""
    if not 0 <= number <= 2_147_483_647:
        raise QuotingError(f"the number {str(number)[:40]!r} is not a whole number from 0 to 2147483647")
    return number
