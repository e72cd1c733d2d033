"""Scopes: the queues that a person or a program sees, empty for all; and who may have one."""

from __future__ import annotations

from collections.abc import Iterable

from fsorch.errors import ConfigError
from fsorch.names import Role

__all__ = ["read_scope", "write_scope"]

WIDTH = 4000
SCOPED_ROLES = (Role.SUPERVISOR, Role.AUDITOR, Role.PRINCIPAL)


def write_scope(who: str, role: str, queues: Iterable[str]) -> str:
    """The column for these ids of queues, of ``who`` in this role. Raises ConfigError for a role that cannot have a
    scope, for one that must have one, and for more than the column holds."""
    ids = sorted(set(queues))
    if role == Role.PRINCIPAL and not ids:
        raise ConfigError(f"{who} is a principal and has no queue to see; name some with --queues")
    if ids and role not in SCOPED_ROLES:
        raise ConfigError(f"{who} is {role}, which has no scope; {', '.join(SCOPED_ROLES)} may have one")
    text = ",".join(ids)
    if not all(ids) or text.count(",") != max(0, len(ids) - 1) or len(text) > WIDTH:
        raise ConfigError(f"the scope of {who} cannot be kept: ids of queues without commas, {WIDTH} characters in all")
    return text


def read_scope(text: str) -> tuple[str, ...]:
    """The ids in the column."""
    return tuple(text.split(",")) if text else ()
