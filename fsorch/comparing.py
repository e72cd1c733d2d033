"""What would change: two centres compared, for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import msgspec

from fsorch.config import Centre

__all__ = ["Change", "compare"]

FIELDS = {field.name: field.type for field in msgspec.structs.fields(Centre)}
# The lists of things with an id.
LISTS = tuple(name for name, kind in FIELDS.items() if any(hasattr(one, "id") for one in get_args(kind)))


class Change(msgspec.Struct, frozen=True):
    """``sign`` is + (new), - (gone) or ~ (different); ``what`` says where, ``detail`` how."""

    sign: str
    what: str
    detail: str = ""


def compare(old: Centre, new: Centre) -> list[Change]:
    """Every difference from ``old`` to ``new``: things by id, then the centre's own keys."""
    return [*_things(old, new), *_own_keys(old, new)]


def _things(old: Centre, new: Centre) -> Iterator[Change]:
    for name in LISTS:
        before = {thing.id: thing for thing in getattr(old, name)}
        after = {thing.id: thing for thing in getattr(new, name)}
        kind = name.removesuffix("s")
        for gone in before:
            if gone not in after:
                yield Change("-", f"{kind} {gone}")
        for id, thing in after.items():
            if id not in before:
                yield Change("+", f"{kind} {id}")
            elif thing != before[id]:
                yield Change("~", f"{kind} {id}", _keys(before[id], thing))
        order, wanted = ([id for id in one if id in before.keys() & after.keys()] for one in (before, after))
        if order != wanted:
            yield Change("~", f"order of {name}", _values(", ".join(order), ", ".join(wanted)))


def _own_keys(old: Centre, new: Centre) -> Iterator[Change]:
    for name in FIELDS:
        if name not in LISTS and getattr(old, name) != getattr(new, name):
            yield Change("~", name, _values(getattr(old, name), getattr(new, name)))


def _keys(old: msgspec.Struct, new: msgspec.Struct) -> str:
    before, after = msgspec.structs.asdict(old), msgspec.structs.asdict(new)
    return "; ".join(f"{key} {_difference(before[key], after[key])}" for key in after if before[key] != after[key])


def _difference(old: Any, new: Any) -> str:
    """Of two large collections by name, such as the nodes of a flow, which names are new, gone and different."""
    if not (isinstance(old, dict) and isinstance(new, dict)) or "..." not in _values(old, new):
        return _values(old, new)
    gone, added = [f"-{name}" for name in old if name not in new], [f"+{name}" for name in new if name not in old]
    return " ".join([*added, *gone, *(f"~{name}" for name in new if name in old and new[name] != old[name])])


def _values(old: Any, new: Any) -> str:
    return f"{_short(old)} → {_short(new)}"


def _short(value: Any) -> str:
    """A value in a line's space: lists of memberships by their queues, structs as JSON."""
    if isinstance(value, tuple) and value and hasattr(value[0], "queue"):
        return "[" + ", ".join(f"{one.queue} {one.level}/{one.position}" for one in value) + "]"
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    text = text or '""'
    return text if len(text) <= 60 else text[:57] + "..."
