"""Values of a file or a request that no centre can hold, found before they are made into one.

YAML can say more than it seems to: an alias may stand for a value that holds itself, ten lines of aliases for more
values than there is memory; numbers may be infinite, and text may hold NUL or halves of characters, which not every
database takes.
"""

from __future__ import annotations

import math
from typing import Any

from fsorch.errors import ConfigError

__all__ = ["DEEPEST", "check_plain"]

DEEPEST = 64
# A centre of ten thousand agents has a tenth of this.
MOST_VALUES = 2_000_000
# What a BIGINT holds.
LARGEST = 2**63 - 1


def check_plain(data: Any, where: str) -> None:
    """``data`` is of dicts, lists and plain values as decoding wants them. ``where`` names the source.

    Raises ConfigError with the path of the value at fault."""
    _Walk(where).size(data, "", 0)


class _Walk:
    """Measures each list and dict once, however many aliases stand for it."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._sizes: dict[int, int] = {}
        self._open: set[int] = set()

    def size(self, value: Any, path: str, depth: int) -> int:
        """How many values this is, all aliases written out."""
        if not isinstance(value, dict | list):
            self._check(value, path)
            return 1
        key = id(value)
        if key in self._open:
            raise self._fault(path, "holds itself; write it out without the alias")
        if depth > DEEPEST:
            raise self._fault(path, f"is nested deeper than {DEEPEST} levels; this is no fsorch file")
        known = self._sizes.get(key)
        if known is None:
            self._open.add(key)
            known = self._sizes[key] = 1 + self._inside(value, path, depth)
            self._open.discard(key)
        if known > MOST_VALUES:
            raise self._fault(path, f"stands for more than {MOST_VALUES} values; use fewer aliases")
        return known

    def _inside(self, value: dict[Any, Any] | list[Any], path: str, depth: int) -> int:
        if isinstance(value, list):
            return sum(self.size(one, f"{path}[{n}]", depth + 1) for n, one in enumerate(value))
        total = 0
        for key, one in value.items():
            here = f"{path}.{key}" if path else str(key)
            self._check(key, here)
            total += self.size(one, here, depth + 1)
        return total

    def _check(self, value: Any, path: str) -> None:
        if isinstance(value, float) and not math.isfinite(value):
            raise self._fault(path, f"is {value}; expected a number that is not endless")
        if isinstance(value, int) and not -LARGEST <= value <= LARGEST:
            raise self._fault(path, "is a number with more digits than anything has; expected a smaller one")
        if isinstance(value, str) and "\0" in value:
            raise self._fault(path, "holds the character NUL; take it out")
        if isinstance(value, str) and not value.isascii() and any("\ud800" <= c <= "\udfff" for c in value):
            raise self._fault(path, "holds half a character (a lone surrogate); write the character itself")

    def _fault(self, path: str, words: str) -> ConfigError:
        shown = path.encode("utf-8", "replace").decode() or "the whole"
        return ConfigError(f"{self._where}: {shown[:200]} {words}")
