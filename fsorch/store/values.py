"""Values from outside, made to fit a column: cut where too long, visibly, and never an error that stops a batch."""

from __future__ import annotations

import hashlib
import math
from typing import Any

import msgspec

__all__ = ["clean", "cut", "cut_id", "dump_json", "real", "whole"]

CUT = "…"
LARGEST = 2**63 - 1
# A journal row's data: room for every field the engine knows at its full width, and far below any packet limit.
JSON_WIDTH = 60_000
STRING_IN_JSON = 4_000


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


def whole(value: int) -> int:
    """``value`` within what a BIGINT holds."""
    return max(-LARGEST, min(LARGEST, value))


def real(value: float | None) -> float | None:
    """``value``, or None for what is not a finite number."""
    return value if value is not None and math.isfinite(value) else None


def dump_json(value: Any) -> str:
    """``value`` as JSON text of at most ``JSON_WIDTH`` characters. Long strings in it are cut; what is still too large
    becomes ``{"cut": "<its first characters>"}``."""
    text = msgspec.json.encode(value).decode()
    if len(text) <= JSON_WIDTH:
        return text
    text = msgspec.json.encode(_shrink(value)).decode()
    if len(text) <= JSON_WIDTH:
        return text
    return msgspec.json.encode({"cut": cut(text, STRING_IN_JSON)}).decode()


def _shrink(value: Any) -> Any:
    if isinstance(value, str):
        return cut(value, STRING_IN_JSON)
    if isinstance(value, dict):
        return {cut(str(key), STRING_IN_JSON): _shrink(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_shrink(item) for item in value]
    return value
