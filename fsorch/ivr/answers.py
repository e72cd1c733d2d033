"""Out of a lookup's answer, the values that a flow asked for; an answer that cannot be used is said to be so."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from fsorch.expressions import Type, Value, evaluate, parse, plain, type_of, written
from fsorch.flow_nodes import Into, IntoType
from fsorch.ivr.steps import Failed, HttpAnswer, Rows

__all__ = ["MOST_BYTES", "Found", "read_answer"]

# A dip is a handful of values; what is larger is a mistake, or an attack.
MOST_BYTES = 262_144
PART = re.compile(r"([^\s.\[\]]+)|\[([0-9]{1,4})\]")
NOT_FOUND = 404


class Found(msgspec.Struct, frozen=True):
    """``outcome``: found, not_found or failed; ``values`` by variable when it is found; ``why``, when it has failed."""

    outcome: str
    values: dict[str, Value] = {}
    why: str = ""


def read_answer(into: Mapping[str, Into | str], answer: HttpAnswer | Rows | Failed) -> Found:
    """What the answer to a lookup holds. Never raises."""
    match answer:
        case Failed():
            return Found("failed", why=answer.why[:100])
        case Rows():
            data: object = {"count": len(answer.rows), "rows": answer.rows, "first": (answer.rows or ({},))[0]}
            return _pick(into, data) if answer.rows else Found("not_found")
        case HttpAnswer():
            return _read_http(into, answer)


def _read_http(into: Mapping[str, Into | str], answer: HttpAnswer) -> Found:
    if answer.status == NOT_FOUND:
        return Found("not_found")
    if not 200 <= answer.status < 300:
        return Found("failed", why=f"status {answer.status}")
    if len(answer.body) > MOST_BYTES:
        return Found("failed", why=f"{len(answer.body)} bytes, which is more than {MOST_BYTES}")
    if not into:
        return Found("found")
    try:
        data: object = msgspec.json.decode(answer.body)
    except (ValueError, RecursionError):
        # msgspec's DecodeError is a ValueError, as are bytes that are no UTF-8.
        return Found("failed", why="the answer is no JSON")
    return _pick(into, data)


def _pick(into: Mapping[str, Into | str], data: object) -> Found:
    values: dict[str, Value] = {}
    for name, wanted in into.items():
        spec = wanted if isinstance(wanted, Into) else Into(path=wanted)
        value = _fit(_at(data, spec.path), spec.type)
        if value is None and not spec.optional:
            return Found("failed", why=f"no {spec.type.value} value at {spec.path}")
        values[name] = value
    return Found("found", values)


def _at(data: object, path: str) -> object:
    """What stands at a path; None when nothing does."""
    for name, index in PART.findall(path):
        if index:
            data = data[int(index)] if isinstance(data, list | tuple) and int(index) < len(data) else None
        else:
            data = data.get(name) if isinstance(data, Mapping) else None
    return data


def _fit(data: object, wanted: IntoType) -> Value:
    """A value of the type that was asked for: a number may come as a text, a text as a number; None: it is another."""
    value = plain(data)
    match wanted:
        case IntoType.ANY:
            return value
        case IntoType.NUMBER:
            return evaluate(NUMBER, {"it": value})
        case IntoType.TEXT:
            return written(value) if type_of(value) in (Type.TEXT, Type.NUMBER) else None
        case IntoType.BOOL:
            return value if isinstance(value, bool) else None
        case IntoType.LIST:
            return value if isinstance(value, tuple) else None


NUMBER = parse("number(it)", {"it": Type.ANY})
