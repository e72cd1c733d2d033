"""Outbound campaigns: what paces them. No I/O, no clock."""

from __future__ import annotations

from fsorch.campaign.pacing import PACERS, Pacer

__all__ = ["PACERS", "Pacer"]
