"""What the parts of a store have in common: customers, campaigns, leads and the others each know their own tables, and
share the store's connections, its clock and its audit."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from fsorch.clock import Clock
from fsorch.store.database import Db

__all__ = ["Audit", "Part", "Use"]

# Lends a connection for a block.
Use = Callable[[], AbstractContextManager[Db]]
# Writes down who did what, and to what; inside a transaction as a part of it.
Audit = Callable[[str, str, Any], None]


class Part:
    """A part of one store; see Use and Audit."""

    def __init__(self, use: Use, clock: Clock, audit: Audit) -> None:
        self._use = use
        self._clock = clock
        self._audit = audit
