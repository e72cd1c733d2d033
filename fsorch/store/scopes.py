"""Scopes: the queues that a person or a program sees, empty for all, or the tenant whose queues they are; and who may
have one."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from fsorch.errors import ConfigError
from fsorch.names import Role
from fsorch.store.database import Db
from fsorch.store.models import QueueRecord

__all__ = ["Bound", "queues_of", "read_scope", "write_scope"]

WIDTH = 4000
SCOPED_ROLES = (Role.SUPERVISOR, Role.AUDITOR, Role.PRINCIPAL)


class Bound(msgspec.Struct, frozen=True):
    """The columns of a scope: the ids of queues, or a tenant."""

    scope: str = ""
    tenant: str = ""


def write_scope(who: str, role: str, queues: Iterable[str], tenant: str = "") -> Bound:
    """The columns for these ids of queues, or this tenant, of ``who`` in this role. Raises ConfigError for a role that
    cannot have a scope, for one that must have one, for both at once, and for more than the columns hold."""
    ids = sorted(set(queues))
    if ids and tenant:
        raise ConfigError(f"{who} is bound to queues and to the tenant {tenant!r}; leave one of them out")
    if role == Role.PRINCIPAL and not (ids or tenant):
        raise ConfigError(f"{who} is a principal and has nothing to see; name queues with --queues, or a --tenant")
    if (ids or tenant) and role not in SCOPED_ROLES:
        raise ConfigError(f"{who} is {role}, which has no scope; {', '.join(SCOPED_ROLES)} may have one")
    text = ",".join(ids)
    if not all(ids) or text.count(",") != max(0, len(ids) - 1) or len(text) > WIDTH or len(tenant) > 64:
        raise ConfigError(f"the scope of {who} cannot be kept: ids of queues without commas, {WIDTH} characters in all")
    return Bound(text, tenant)


def read_scope(db: Db, bound: Bound) -> tuple[str, ...]:
    """The ids of the queues: those that are named, or those that are the tenant's at this moment."""
    if bound.tenant:
        return queues_of(db, bound.tenant)
    return tuple(bound.scope.split(",")) if bound.scope else ()


def queues_of(db: Db, tenant: str) -> tuple[str, ...]:
    """The queues of a tenant, also those that are removed and have contacts on record."""
    query = QueueRecord.select(QueueRecord.id).where(QueueRecord.tenant == tenant).order_by(QueueRecord.id)
    return tuple(row.id for row in query.execute(db))
