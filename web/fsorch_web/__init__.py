"""The desktop of fsorch: pages and live feed for agents and supervisors."""

from __future__ import annotations

__all__: list[str] = []
