"""``key=value`` on the command line, carried out on a thing of the centre: ``wrap_up_s=20``, ``skills.french=3``,
``queues+=support``, ``queues.support.level=2``, ``queues-=sales``, ``steps.steps[0].when.waited_s=30``, ``title=``.

A value is read as YAML reads it, except where the key holds text: there it is taken as it stands. Nothing is checked
here: the whole centre is, afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec
import yaml

from fsorch.errors import ConfigError
from fsorch.nearest import near

__all__ = ["assign"]

# A step of a path: a name, or a place in a list, counted from 0.
Part = str | int

INDEXED = re.compile(r"(?P<name>[^\[\]]+)\[(?P<at>[0-9]{1,6})\]")
ASSIGNMENT = re.compile(r"(?P<path>[^=+]+?)(?P<sign>[+-]?)=(?P<text>.*)", re.DOTALL)


def assign(thing: dict[str, Any], assignments: Iterable[str], kind: type[msgspec.Struct]) -> None:
    """Carry out ``assignments`` on ``thing``, which is a ``kind`` as plain dicts and lists. Raises ConfigError for one
    that cannot be read."""
    for line in assignments:
        found = ASSIGNMENT.fullmatch(line)
        if found is None:
            raise ConfigError(f"{line!r} is no change; write key=value, key+=value or key-=value")
        parts = _parts(found["path"].strip())
        fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
        field = fields.get(str(parts[0]))
        value = found["text"] if _of_text(kind, parts, found["text"]) else _value(line, found["text"])
        if not found["sign"]:
            _expect_list(field, parts, value, line)
            _set(thing, parts, value, line)
        else:
            _alter(thing, parts, found["sign"], value, field.type if field is not None else None, line)


def _parts(path: str) -> list[Part]:
    """The steps of a path such as ``steps.steps[0].do``: names, and places in a list."""
    parts: list[Part] = []
    for part in path.split("."):
        indexed = INDEXED.fullmatch(part)
        parts += [part] if indexed is None else [indexed["name"], int(indexed["at"])]
    return parts


def _told(parts: Iterable[Part]) -> str:
    """A path as it is typed."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).removeprefix(".")


def _of_text(kind: type[msgspec.Struct], parts: list[Part], text: str) -> bool:
    """Whether the key holds text, at any depth below a struct: a number with a plus is no other number there. Nothing
    given takes a text away that must look in some way (an id, a key)."""
    for n, part in enumerate(parts, 1):
        field = next((one for one in msgspec.structs.fields(kind) if one.encode_name == part), None)
        if field is None:
            return False
        found = msgspec.inspect.type_info(field.type)
        options = found.types if isinstance(found, msgspec.inspect.UnionType) else (found,)
        if n == len(parts):
            return field.type is str or (bool(text) and isinstance(found, msgspec.inspect.StrType))
        below = next((one for one in options if isinstance(one, msgspec.inspect.StructType)), None)
        if below is None:
            return False
        kind = below.cls
    return False


def _value(line: str, text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        raise ConfigError(f"{line!r}: the value is not YAML; put it in quotes") from None


def _expect_list(field: Any, parts: list[Part], value: Any, line: str) -> None:
    """A list is not set to one thing: say how one is added, and how all are given."""
    kind = msgspec.inspect.type_info(field.type) if field is not None and len(parts) == 1 else None
    options = kind.types if isinstance(kind, msgspec.inspect.UnionType) else (kind,)
    of_list = any(isinstance(one, msgspec.inspect.VarTupleType | msgspec.inspect.ListType) for one in options)
    if of_list and isinstance(value, str | int | float):
        path = parts[0]
        hint = f"add with {path}+={value}, take away with {path}-={value}, or give all of it: {path}=[...]"
        raise ConfigError(f"{line!r}: {path} is a list; {hint}")


def _set(thing: dict[str, Any], parts: list[Part], value: Any, line: str) -> None:
    place, last = _descend(thing, parts, line), parts[-1]
    if isinstance(place, list) and isinstance(last, int):
        _element(place, last, parts[:-1], line)
        place[last : last + 1] = [] if value is None else [value]
        return
    if not isinstance(place, dict) or isinstance(last, int):
        raise ConfigError(f"{line!r}: {_no_such(place, parts[:-1])}")
    if value is None:
        place.pop(last, None)  # nothing given: as it is by default
    else:
        place[last] = value


def _no_such(place: Any, above: list[Part]) -> str:
    """Why nothing at the path ``above`` goes by what follows there, and what does."""
    path = _told(above)
    if isinstance(place, list):
        return f"{path} is a list; add with {path}+=, take away with {path}-=, and change one as {path}[0]"
    return f"{path} is no list" if isinstance(place, dict) else f"there is nothing below {path}"


def _element(place: list[Any], at: int, above: list[Part], line: str) -> Any:
    if at >= len(place):
        many = f"there are {len(place)}, counted from 0" if place else "nothing is there yet"
        raise ConfigError(f"{line!r}: there is no {_told([*above, at])}, for {many}; a list grows by {_told(above)}+=")
    return place[at]


def _alter(thing: dict[str, Any], parts: list[Part], sign: str, value: Any, kind: Any, line: str) -> None:
    place = _descend(thing, parts, line)
    held = place.get(parts[-1]) if isinstance(place, dict) else None
    if isinstance(held, dict) and sign == "-":
        held.pop(str(value), None)
        return
    if not isinstance(place, dict) or not isinstance(held, list | None):
        raise ConfigError(f"{line!r}: {_told(parts)} is no list; set it with =")
    items: list[Any] = [*(held or [])]
    at = next((n for n, item in enumerate(items) if item == value or _name(item) == value), None)
    if sign == "-" and at is not None:
        del items[at]
    elif sign == "+" and at is None:
        items.append(_item(value, kind) if len(parts) == 1 else value)
    place[parts[-1]] = items


def _descend(thing: Any, parts: list[Part], line: str) -> Any:
    """What holds the last of a path; what is not there yet is made. An element of a list is found by its name or its
    place."""
    for n, part in enumerate(parts[:-1]):
        if isinstance(thing, list):
            thing = _element(thing, part, parts[:n], line) if isinstance(part, int) else _named(thing, part, line)
        elif isinstance(thing, dict) and not isinstance(part, int):
            if thing.get(part) is None:
                thing[part] = [] if isinstance(parts[n + 1], int) else {}
            thing = thing[part]
        else:
            raise ConfigError(f"{line!r}: {_no_such(thing, parts[:n])}")
    return thing


def _named(things: list[Any], name: str, line: str) -> Any:
    named = [item for item in things if _name(item) == name]
    if not named:
        names = [str(_name(item)) for item in things if _name(item) is not None]
        hint = near(name, names) if names else ""
        raise ConfigError(f"{line!r}: there is no {name!r}{hint}; add it first, or count from the first: [0]")
    return named[0]


def _name(item: Any) -> Any:
    """What an element of a list goes by: its id, or the queue or list it is a place in."""
    return (item.get("id") or item.get("queue") or item.get("list")) if isinstance(item, dict) else None


def _item(value: Any, kind: Any) -> Any:
    """A new element for a list of type ``kind``: where structs are wanted, a bare name becomes one."""
    of = next(iter(getattr(kind, "__args__", ())), None)
    if isinstance(value, dict) or not (isinstance(of, type) and issubclass(of, msgspec.Struct)):
        return value
    return {next(field.encode_name for field in msgspec.structs.fields(of) if field.required): value}
