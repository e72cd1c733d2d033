"""From where a request comes: what is open to some addresses only."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from flask import Request

__all__ = ["Addresses"]

# What is behind a proxy comes from the proxy's address, whoever asks.
FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP")


class Addresses:
    """Some addresses and networks, such as ``192.0.2.0/24``. Raises ValueError for text that is neither."""

    def __init__(self, allow: Iterable[str]) -> None:
        self._networks = [ipaddress.ip_network(network) for network in allow]

    def have(self, request: Request) -> bool:
        """Whether the request comes from one of them, and not through a proxy."""
        if any(request.headers.get(name) for name in FORWARDED):
            return False
        try:
            address = ipaddress.ip_address(request.remote_addr or "")
        except ValueError:
            return False
        return any(address in network for network in self._networks)
