"""A centre as plain dicts and lists, as files and the API have it: what is as it is by default is left out."""

from __future__ import annotations

from enum import Enum
from functools import cache
from typing import Any

import msgspec

from fsorch.config import Centre

__all__ = ["plain", "plain_centre"]


def plain_centre(centre: Centre) -> dict[str, Any]:
    """``centre`` as plain dicts and lists; its name is always in it, so that no file is empty."""
    rest: dict[str, Any] = plain(centre)
    return {"name": centre.name} | rest


def plain(value: Any) -> Any:
    """A value of a centre as YAML has it."""
    if isinstance(value, msgspec.Struct):
        return _tag(value) | {
            field.encode_name: plain(getattr(value, field.name))
            for field in _fields(type(value))
            if field.required or getattr(value, field.name) != _default(field)
        }
    if isinstance(value, dict):
        return {plain(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, set | frozenset):
        return sorted(plain(one) for one in value)
    if isinstance(value, Enum):
        return value.value
    return value if value is None or isinstance(value, str | int | float | bool) else msgspec.to_builtins(value)


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    """The fields of a class; msgspec evaluates their types anew each time it is asked."""
    return msgspec.structs.fields(kind)


def _tag(value: msgspec.Struct) -> dict[str, Any]:
    """The key that tells one alternative from another."""
    config = value.__struct_config__
    return {config.tag_field: config.tag} if config.tag_field else {}


def _default(field: msgspec.structs.FieldInfo) -> Any:
    return field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
