"""Values from outside, made to fit a column: cut where too long, visibly, and never an error that stops a batch."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from typing import Any

import msgspec

__all__ = ["clean", "cut", "cut_id", "dump_json", "real", "tame", "text_of", "whole"]

CUT = "…"
LARGEST = 2**63 - 1
# A journal row's data: room for every field the engine knows at its full width, and far below any packet limit.
JSON_WIDTH = 60_000
LONG_STRING = 2_000
DEEPEST = 8


def clean(value: str) -> str:
    """``value`` without lone surrogates, which no database and no JSON takes; they become ``?``."""
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


def cut(value: str, width: int) -> str:
    """At most ``width`` characters of ``value``; where something is missing the last one is ``…``."""
    value = clean(value)
    return value if len(value) <= width else value[: width - 1] + CUT


def cut_id(value: str, width: int) -> str:
    """An id that fits. A longer one keeps its head and gets a digest of the whole, so that two stay two."""
    value = clean(value)
    if len(value) <= width:
        return value
    digest = hashlib.sha256(value.encode()).hexdigest()[:16]
    return f"{value[: width - 17]}{CUT}{digest}"


def text_of(width: int, shorten: Callable[[str, int], str]) -> Callable[[str], str]:
    """What makes text fit ``width`` characters: by ``shorten`` (cut or cut_id), which most values need not be called
    for."""

    def fit(value: str) -> str:
        return value if len(value) <= width and value.isascii() else shorten(value, width)

    return fit


def whole(value: int) -> int:
    """``value`` within what a BIGINT holds."""
    return value if -LARGEST <= value <= LARGEST else LARGEST if value > 0 else -LARGEST


def real(value: float | None) -> float | None:
    """``value``, or None for what is not a finite number."""
    return value if value is not None and math.isfinite(value) else None


def dump_json(value: Any) -> str:
    """``value`` as JSON text of at most ``JSON_WIDTH`` characters. What JSON cannot say becomes text, long strings
    are cut; what is still too large becomes ``{"cut": "<its first characters>"}``."""
    try:
        text = msgspec.json.encode(value).decode()
    except (TypeError, ValueError, OverflowError, RecursionError):
        text = ""
    if not text or len(text) > JSON_WIDTH:
        text = msgspec.json.encode(tame(value)).decode()
    if len(text) > JSON_WIDTH:
        text = msgspec.json.encode({"cut": cut(text, LONG_STRING)}).decode()
    return text


def tame(value: Any, depth: int = 0) -> Any:
    """``value`` with long strings cut and with what JSON cannot say made text. Never raises."""
    if isinstance(value, str):
        return cut(str(value), LONG_STRING)
    if isinstance(value, msgspec.Struct):
        return tame(msgspec.structs.asdict(value), depth)
    if isinstance(value, dict) and depth <= DEEPEST:
        return {cut(_as_text(key), LONG_STRING): tame(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple) and depth <= DEEPEST:
        return [tame(item, depth + 1) for item in value]
    if isinstance(value, bool | float | None) or (isinstance(value, int) and abs(value) <= LARGEST):
        return value
    return cut(_as_text(value), LONG_STRING)


def _as_text(value: object) -> str:
    try:
        return value if isinstance(value, str) else repr(value)
    except (ValueError, RecursionError):  # a number of 5,000 digits, a list that holds itself
        return f"<{type(value).__name__}>"
