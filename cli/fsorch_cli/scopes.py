"""The queues of a scope, or its tenant, as they are named on the command line."""

from __future__ import annotations

import click

from fsorch.store import Store
from fsorch_cli.live import missing

__all__ = ["TENANT", "known_queues", "known_tenant", "shown_scope"]

TENANT = click.option("--tenant", default=None, metavar="ID", help="They see what is this tenant's, and nothing else.")


def known_queues(store: Store, text: str) -> list[str]:
    """The ids in ``text``, with commas between them. Raises NotFound for one that is no queue of the centre."""
    given = [one.strip() for one in text.split(",") if one.strip()]
    known = [queue.id for queue in store.load_centre().queues]
    for one in given:
        if one not in known:
            raise missing("queue", one, known)
    return given


def known_tenant(store: Store, tenant: str) -> str:
    """The id of a tenant, or none. Raises NotFound."""
    known = [one.id for one in store.load_centre().tenants]
    if tenant and tenant not in known:
        raise missing("tenant", tenant, known)
    return tenant


def shown_scope(scope: tuple[str, ...], tenant: str) -> str:
    """What somebody is bound to, for eyes; empty: nothing."""
    return f"tenant {tenant}" if tenant else ", ".join(scope)
