"""The nearest valid name to a wrong one: for faults in a file that decoding finds.

msgspec says where a fault is and what is wrong; :func:`explain` adds what would have been right there.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import inspect

__all__ = ["explain", "near"]

FAULT = re.compile(
    r"(?:Object contains unknown field `(?P<field>[^`]*)`"
    r"|Invalid enum value '(?P<value>.*)'"
    r"|Invalid value '(?P<tag>.*)')"
    r"(?: - at (?P<key>`key` in )?`\$(?P<path>.*)`)?",
    re.DOTALL,
)
PART = re.compile(r"\.([^.\[]+)|\[([^\]]*)\]")
# So many names are listed when none is near.
FEW = 12


def near(name: str, known: Iterable[str]) -> str:
    """The end of a sentence about a wrong name: the nearest of ``known``, or all of them when they are few."""
    lower = {one.lower(): one for one in sorted(known)}
    close = difflib.get_close_matches(name.lower(), lower, n=3, cutoff=0.6)
    if close:
        return f"; did you mean {', '.join(lower[one] for one in close)}?"
    if len(lower) <= FEW:
        return f" (there: {', '.join(lower.values()) or 'none'})"
    return ""


def explain(error: msgspec.ValidationError, type: Any) -> str:
    """The message of an error of decoding ``type``, with the nearest valid name where a name was wrong."""
    message = str(error)
    fault = FAULT.match(message)
    if fault is None:
        return message
    places = list(_walk([inspect.type_info(type)], fault["path"] or ""))
    if fault["field"] is not None:
        return message + near(fault["field"], _fields(places))
    if fault["value"] is not None:
        keys = [place.key_type for place in places if isinstance(place, inspect.DictType)]
        return message + near(fault["value"], _values(keys if fault["key"] else places))
    tagged = _walk([inspect.type_info(type)], (fault["path"] or "").rpartition(".")[0])
    return message + near(fault["tag"], [str(one.tag) for one in tagged if isinstance(one, inspect.StructType)])


def _walk(types: Iterable[inspect.Type], path: str) -> Iterator[inspect.Type]:
    """The types that may stand at a path such as ``.steps[0].do``."""
    here = list(_spread(types))
    for name, index in PART.findall(path):
        here = list(_spread(below for one in here for below in _below(one, name, index)))
    return iter(here)


def _spread(types: Iterable[inspect.Type]) -> Iterator[inspect.Type]:
    """Each alternative of a union for itself."""
    for one in types:
        if isinstance(one, inspect.UnionType):
            yield from _spread(one.types)
        elif isinstance(one, inspect.Metadata):
            yield from _spread([one.type])
        else:
            yield one


def _below(type: inspect.Type, name: str, index: str) -> Iterator[inspect.Type]:
    match type:
        case inspect.StructType() if name:
            yield from (field.type for field in type.fields if field.encode_name == name)
        case inspect.DictType() if index:
            yield type.value_type
        case inspect.ListType() | inspect.VarTupleType() | inspect.SetType() | inspect.FrozenSetType() if index:
            yield type.item_type
        case inspect.TupleType() if index.isdigit() and int(index) < len(type.item_types):
            yield type.item_types[int(index)]


def _fields(places: Iterable[inspect.Type]) -> set[str]:
    return {field.encode_name for one in places if isinstance(one, inspect.StructType) for field in one.fields}


def _values(places: Iterable[inspect.Type]) -> list[str]:
    found: list[str] = []
    for one in places:
        if isinstance(one, inspect.EnumType):
            found += [str(member.value) for member in one.cls]
        elif isinstance(one, inspect.LiteralType):
            found += [str(value) for value in one.values]
    return found
