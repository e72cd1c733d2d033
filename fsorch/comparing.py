"""What would change: two centres compared, for people."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any, get_args

import msgspec

from fsorch.config import Centre, MembershipSpec
from fsorch.plain import plain

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
        stay = before.keys() & after.keys()
        order, wanted = ([id for id in one if id in stay] for one in (before, after))
        if order != wanted:
            yield Change("~", f"order of {name}", _values(", ".join(order), ", ".join(wanted)))


def _own_keys(old: Centre, new: Centre) -> Iterator[Change]:
    for name in FIELDS:
        if name not in LISTS and getattr(old, name) != getattr(new, name):
            yield Change("~", name, _values(getattr(old, name), getattr(new, name)))


def _keys(old: msgspec.Struct, new: msgspec.Struct) -> str:
    return "; ".join(_differences(old, new, ""))


def _differences(old: Any, new: Any, path: str) -> Iterator[str]:
    """What is different below ``path``, as deep as it takes to be said in a line's space."""
    if isinstance(old, msgspec.Struct) and type(old) is type(new):
        for name in old.__struct_fields__:
            before, after = getattr(old, name), getattr(new, name)
            if before != after:
                yield from _differences(before, after, f"{path}.{name}" if path else name)
    elif isinstance(old, tuple) and isinstance(new, tuple) and _far(old, new):
        yield from _items(old, new, path)
    elif isinstance(old, dict) and isinstance(new, dict) and _far(old, new):
        # The nodes of a flow, say.
        yield f"{path} {_names(old, new)}"
    else:
        yield f"{path} {_values(old, new)}"


def _items(old: tuple[Any, ...], new: tuple[Any, ...], path: str) -> Iterator[str]:
    """The items of a list that differ, by their places: what they share at the beginning and at the end is left out."""
    same = 0
    while same < min(len(old), len(new)) and old[same] == new[same]:
        same += 1
    ends = 0
    while ends < min(len(old), len(new)) - same and old[-1 - ends] == new[-1 - ends]:
        ends += 1
    gone, added = old[same : len(old) - ends], new[same : len(new) - ends]
    for n, (before, after) in enumerate(zip_longest(gone, added, fillvalue=msgspec.UNSET)):
        here = f"{path}[{same + n}]"
        if before is msgspec.UNSET:
            yield f"+{here} {_short(after)}"
        elif after is msgspec.UNSET:
            yield f"-{here} {_short(before)}"
        else:
            yield from _differences(before, after, here)


def _names(old: dict[str, Any], new: dict[str, Any]) -> str:
    """Of two large collections by name, which names are new, gone and different."""
    gone, added = [f"-{name}" for name in old if name not in new], [f"+{name}" for name in new if name not in old]
    return " ".join([*added, *gone, *(f"~{name}" for name in new if name in old and new[name] != old[name])])


def _far(old: Any, new: Any) -> bool:
    """Whether the two do not fit in a line."""
    return "..." in _values(old, new)


def _values(old: Any, new: Any) -> str:
    return f"{_short(old)} → {_short(new)}"


def _short(value: Any) -> str:
    """A value in a line's space: lists of memberships by their queues, structs as JSON without what goes without
    saying."""
    if isinstance(value, tuple) and value and isinstance(value[0], MembershipSpec):
        return "[" + ", ".join(_place(one) for one in value) + "]"
    text = value if isinstance(value, str) else msgspec.json.encode(plain(value)).decode()
    text = text or '""'
    return text if len(text) <= 80 else text[:77] + "..."


def _place(one: MembershipSpec) -> str:
    """Such as "sales 1/2", with what else is not as it is by default."""
    weight = f" weight {one.weight:g}" if one.weight != 1 else ""
    share = f" share {one.share}" if one.share else ""
    return f"{one.queue} {one.level}/{one.position}{weight}{share}"
