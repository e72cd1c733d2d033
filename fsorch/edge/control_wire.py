"""The words of the control socket, both sides: JSON lines over a Unix socket.

A call is ``{"id": 1, "do": "snapshot", "args": {...}}``; its answer ``{"id": 1, "ok": true, "value": ...}`` or
``{"id": 1, "ok": false, "error": "one sentence", "code": "NotFound", "fields": {...}}``. After ``do: "facts"`` the
connection carries ``{"fact": {...}, "shed": 0}`` lines and nothing else.
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

import msgspec

from fsorch.engine.facts import Fact
from fsorch.engine.inputs import Request
from fsorch.errors import (
    ConfigError,
    DatabaseAway,
    EslError,
    FsorchError,
    LinkError,
    NotFound,
    NotRunning,
    ProtocolError,
    RequestRefused,
    StoreError,
)

__all__ = [
    "MAX_ANSWER",
    "MAX_CALL",
    "Answer",
    "Call",
    "FactLine",
    "check_path",
    "failure",
    "raised",
    "read_request",
    "socket_path",
]

# A request is some hundred bytes; an answer may be the snapshot of a centre with ten thousand agents (about 5 MB).
MAX_CALL = 64 * 1024
MAX_ANSWER = 64 * 1024 * 1024
# sun_path of Linux' unix(7) holds 108 bytes, the last of them NUL.
MAX_PATH = 107

CLASSES: dict[str, type[FsorchError]] = {
    cls.__name__: cls
    for cls in (
        ConfigError,
        DatabaseAway,
        EslError,
        FsorchError,
        LinkError,
        NotFound,
        NotRunning,
        ProtocolError,
        RequestRefused,
        StoreError,
    )
}


class Call(msgspec.Struct, frozen=True):
    """One line from the client."""

    id: int
    do: str
    args: dict[str, Any] = {}


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line from the server."""

    id: int
    ok: bool
    value: msgspec.Raw = msgspec.Raw(b"null")
    error: str = ""
    code: str = ""
    fields: dict[str, str | tuple[str, ...]] = {}


class FactLine(msgspec.Struct, frozen=True):
    """One line of a subscription. ``shed`` counts the facts lost so far because the reader was slow."""

    fact: Fact
    shed: int = 0


def socket_path(home: Path) -> Path:
    """Where the fsorch that runs in ``home`` listens."""
    return home / "control.sock"


def check_path(path: Path) -> None:
    """ConfigError when the kernel cannot hold ``path`` as a socket address."""
    if len(bytes(path)) > MAX_PATH:
        raise ConfigError(f"home: {path} is too long for a Unix socket ({MAX_PATH} bytes); choose a shorter home")


def read_request(args: dict[str, Any]) -> Request:
    """The request whose class ``args["type"]`` names: any that the engine knows. Raises ProtocolError."""
    known: Any = reduce(or_, Request.__subclasses__())
    try:
        request: Request = msgspec.convert(args, known)
    except msgspec.ValidationError as error:
        raise ProtocolError(f"the request is not one fsorch knows: {error}") from None
    return request


def failure(call: int, error: FsorchError) -> Answer:
    """``error`` as the answer to ``call``; its fields of plain text, and of several of these, travel along."""
    fields = {name: value for name, value in vars(error).items() if isinstance(value, str | tuple)}
    return Answer(id=call, ok=False, error=str(error), code=type(error).__name__, fields=fields)


def raised(answer: Answer) -> FsorchError:
    """The exception a failed answer stands for: same class, same sentence, same fields. A class this side does not know
    becomes a plain FsorchError."""
    cls = CLASSES.get(answer.code, FsorchError)
    # The constructors compose their sentence from parts; here the sentence is already whole.
    error = cls.__new__(cls, answer.error)
    for name, value in answer.fields.items():
        setattr(error, name, value)
    return error
