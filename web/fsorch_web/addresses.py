"""From where a request comes: what is open to some addresses only, and what a proxy says of the address behind it."""

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
        return not any(request.headers.get(name) for name in FORWARDED) and self._hold(request.remote_addr or "")

    def behind(self, request: Request) -> str:
        """From where the request comes, as proxies at these addresses say: the last that is none of them. What anybody
        else says is not believed."""
        address = request.remote_addr or ""
        for told in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
            if not told.strip() or not self._hold(address):
                break
            address = _bare(told.strip())
        return address

    def _hold(self, text: str) -> bool:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return False
        # Where both kinds come in at one socket, a v4 address is told as ::ffff:192.0.2.7.
        address = getattr(address, "ipv4_mapped", None) or address
        return any(address in network for network in self._networks)


def _bare(text: str) -> str:
    """An address without the port that some proxies write behind it."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text
