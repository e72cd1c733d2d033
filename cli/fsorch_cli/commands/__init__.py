"""One module for each command of the root group; each holds it as ``command``."""

from __future__ import annotations

__all__: list[str] = []
