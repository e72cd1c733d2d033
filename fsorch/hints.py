"""What would have been right in a file in which decoding finds a fault.

msgspec says where a fault is and what is wrong; :func:`explain` adds the nearest valid name, and where msgspec shows a
pattern it says what the text should look like, in the words of the type's ``description``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import inspect

from fsorch.nearest import near

__all__ = ["explain", "with_keys"]

FAULT = re.compile(
    r"(?:Object contains unknown field `(?P<field>[^`]*)`"
    r"|Invalid enum value '(?P<value>.*)'"
    r"|Invalid value '(?P<tag>.*)')"
    r"(?: - at (?P<key>`key` in )?`\$(?P<path>.*)`)?",
    re.DOTALL,
)
PART = re.compile(r"\.([^.\[]+)|\[([^\]]*)\]")
UNQUOTED = re.compile("Expected `str`, got `(bool|int|float|date|datetime)`")
PATTERN = re.compile(r"Expected `str` matching regex '.*'(?: - at (?P<key>`key` in )?`\$(?P<path>.*)`)?", re.DOTALL)
MOMENT = re.compile("Invalid RFC3339 encoded datetime|Expected `datetime` with a timezone component")
PLAIN = re.compile(r"[A-Za-z0-9_-]+")


def explain(error: msgspec.ValidationError, type: Any) -> str:
    """The message of an error of decoding ``type``, with the nearest valid name where a name was wrong."""
    message = str(error)
    fault = FAULT.match(message)
    unlike = PATTERN.fullmatch(message)
    words = _described(type, unlike["path"] or "", key=bool(unlike["key"])) if unlike is not None else ""
    if words:
        return message.replace(message.partition(" - at ")[0], f"Expected {words}", 1)
    if fault is None and (wrong := MOMENT.match(message)) is not None:
        hint = "; expected a moment with its offset, as in 2027-01-31T09:00:00+01:00"
        return wrong[0] + hint + message[wrong.end() :]
    if fault is None:
        # YAML takes no, 1001 and 2027-01-31 for what they look like.
        return f"{message}; put it in quotes" if UNQUOTED.match(message) else message
    places = list(_walk([inspect.type_info(type)], fault["path"] or ""))
    if fault["field"] is not None:
        return message + near(fault["field"], _fields(places))
    if fault["value"] is not None:
        keys = [place.key_type for place in places if isinstance(place, inspect.DictType)]
        return message + near(fault["value"], _values(keys if fault["key"] else places))
    tagged = _walk([inspect.type_info(type)], (fault["path"] or "").rpartition(".")[0])
    return message + near(fault["tag"], [str(one.tag) for one in tagged if isinstance(one, inspect.StructType)])


def with_keys(said: str, error: msgspec.ValidationError, data: Any, type: Any) -> str:
    """``said`` of an error of decoding ``data``, in which msgspec writes ``[...]`` for a key of a mapping, with the key
    itself: a fault among three hundred prompts is looked for otherwise."""
    path = re.search(r"`\$([^`]*)`\Z", str(error))
    found = _keys_of(path[1], str(error), data, type) if path is not None else []
    for key in found:
        said = said.replace("[...]", f".{key}" if PLAIN.fullmatch(key) else f"[{key!r}]", 1)
    return said


def _keys_of(path: str, message: str, data: Any, type: Any) -> list[str]:
    """The key of each ``[...]`` in the path, by leaving out half of the keys until one is left that is at fault."""
    before, gap, _ = path.partition("[...]")
    if not gap:
        return []
    way: list[Any] = [int(index) if index.isdigit() else name for name, index in PART.findall(before)]
    keys = list(_at(data, way))
    while len(keys) > 1:
        half = keys[: len(keys) // 2]
        keys = half if _fault(_with_only(data, way, half), type) == message else keys[len(half) :]
    if not keys or not isinstance(keys[0], str):
        return []
    alone = _with_only(data, way, keys)
    # The rest of the path begins in the one value that is left.
    rest = path.replace("[...]", f".{keys[0]}", 1) if PLAIN.fullmatch(keys[0]) else ""
    return [keys[0], *_keys_of(rest, message, alone, type)]


def _at(data: Any, way: Iterable[Any]) -> Any:
    for step in way:
        data = data[step]
    return data


def _with_only(data: Any, way: list[Any], keys: list[Any]) -> Any:
    """A copy of ``data`` in which the mapping at the end of ``way`` has these keys alone."""
    if not way:
        return {key: data[key] for key in keys}
    copy = dict(data) if isinstance(data, dict) else list(data)
    copy[way[0]] = _with_only(data[way[0]], way[1:], keys)
    return copy


def _fault(data: Any, type: Any) -> str:
    try:
        msgspec.convert(data, type)
    except msgspec.ValidationError as error:
        return str(error)
    return ""


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


def _described(type: Any, path: str, *, key: bool) -> str:
    """What should stand at ``path``, or what its ``key`` should be, in the words of its own description; empty when it
    has none."""
    parts = list(PART.finditer(path))
    if key:
        mappings = _walk([inspect.type_info(type)], path)
        wanted = [one.key_type for one in mappings if isinstance(one, inspect.DictType)]
    elif parts:
        above = _walk([inspect.type_info(type)], path[: parts[-1].start()])
        wanted = [below for one in above for below in _below(one, *parts[-1].groups())]
    else:
        return ""
    plain = [one for below in wanted for one in (below.types if isinstance(below, inspect.UnionType) else (below,))]
    told = [one.extra_json_schema or {} for one in plain if isinstance(one, inspect.Metadata)]
    return str(told[0].get("description", "")) if told else ""


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
