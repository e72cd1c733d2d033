"""The desktop of fsorch: pages and live feed for agents and supervisors."""

from __future__ import annotations

from fsorch_web.app import create_app
from fsorch_web.seams import StoreReads, UserReads
from fsorch_web.sockets import Sockets

__all__ = ["Sockets", "StoreReads", "UserReads", "create_app"]
