"""The queues of a scope as they are named on the command line."""

from __future__ import annotations

from fsorch.store import Store
from fsorch_cli.live import missing

__all__ = ["known_queues"]


def known_queues(store: Store, text: str) -> list[str]:
    """The ids in ``text``, with commas between them. Raises NotFound for one that is no queue of the centre."""
    given = [one.strip() for one in text.split(",") if one.strip()]
    known = [queue.id for queue in store.load_centre().queues]
    for one in given:
        if one not in known:
            raise missing("queue", one, known)
    return given
