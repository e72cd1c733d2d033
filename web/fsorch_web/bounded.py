"""Acts of those who have a scope, on what lies in the store: looked at in the transaction that does them.

What a request was allowed to touch when it came may belong to somebody else when it is done: a campaign moves to
another queue, a queue to another tenant. So the look and the act are one transaction, in which the centre stays as it
is. Who has no scope makes none of this. Acts on calls go to the engine, see :class:`fsorch.edge.gateway.Gateway`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from fsorch.config import Centre
from fsorch_web.seams import StoreReads
from fsorch_web.sight import Sight

__all__ = ["Look", "Within", "act_within"]

T = TypeVar("T")
# Looks at the centre that an act meets, and raises when it must not be.
Look = Callable[[Centre], None]


class Within:
    """One request of somebody with this ``sight``, in one part or in several: ``look`` is to find nothing against it
    when each of them is done."""

    def __init__(self, store: StoreReads, sight: Sight, look: Look) -> None:
        self._store = store
        self._sight = sight
        self._look = look
        self._seen = -1

    def __call__(self, act: Callable[[], T]) -> T:
        """What ``act`` gives. Raises what it or the look raises; then it has changed nothing. Blocks."""
        if self._sight.whole:
            return act()
        # A large centre takes its time to read, in which nobody else could write: so in the transaction it is read
        # again only when it is new.
        revision = self._store.revision()
        if revision != self._seen:
            self._look(self._store.load_centre())
        with self._store.steady() as self._seen:
            if self._seen != revision:
                self._look(self._store.load_centre())
            return act()


def act_within(store: StoreReads, sight: Sight, look: Look, act: Callable[[], T]) -> T:
    """The same for a request of one part."""
    return Within(store, sight, look)(act)
