"""Outbound campaigns: what paces them. No I/O, no clock."""

from __future__ import annotations

__all__: list[str] = []
