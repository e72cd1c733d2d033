"""How often somebody may try to log in. Pure: time is an argument."""

from __future__ import annotations

import hashlib
import ipaddress
from collections import OrderedDict

import msgspec

__all__ = ["LoginLimits"]

# A person mistypes a few times; an office of many people shares one address.
FREE_PER_LOGIN = 4
FREE_PER_ADDRESS = 20
# The longest pause. Longer ones would let a stranger lock a person out of their work by failing in their name.
LONGEST_PAUSE_S = 60.0
# After this long without an attempt all is forgotten.
MEMORY_S = 900.0


class Tries(msgspec.Struct):
    """The recent failed attempts under one key."""

    failed: int = 0
    last: float = 0.0
    not_before: float = 0.0


class LoginLimits:
    """Counts failed attempts by login and by address; past a free number the pause doubles with each failure.

    Memory is bounded: at ``keys`` keys the one that was quiet longest is forgotten."""

    def __init__(self, keys: int = 4096) -> None:
        self._keys = keys
        self._tries: OrderedDict[str, Tries] = OrderedDict()

    def attempt(self, login: str, address: str, now: float) -> float:
        """0.0 if an attempt may be made at ``now`` (monotonic seconds), else the seconds to wait.

        An attempt that may be made counts as failed until `succeeded` takes it back, so that many at once are one
        after another."""
        pairs = [(self._find(key, now), free) for key, free in self._limits(login, address)]
        wait = max(tries.not_before - now for tries, _ in pairs)
        if wait > 0:
            return wait
        for tries, free in pairs:
            tries.failed += 1
            tries.last = now
            over = tries.failed - free
            if over >= 0:
                tries.not_before = now + min(2.0 ** min(over, 10), LONGEST_PAUSE_S)
        return 0.0

    def succeeded(self, login: str, address: str) -> None:
        """The attempt was right: the login starts afresh, and the address gets this one attempt back."""
        (mine, _), (shared, _) = self._limits(login, address)
        self._tries.pop(mine, None)
        tries = self._tries.get(shared)
        if tries is not None:
            tries.failed -= 1
            tries.not_before = 0.0

    def __len__(self) -> int:
        return len(self._tries)

    def _limits(self, login: str, address: str) -> tuple[tuple[str, int], tuple[str, int]]:
        # A digest, so that a login of a megabyte costs no more memory than another.
        digest = hashlib.blake2b(login.strip().casefold().encode("utf-8", "replace"), digest_size=16).hexdigest()
        return (f"login {digest}", FREE_PER_LOGIN), (f"address {_network(address)}", FREE_PER_ADDRESS)

    def _find(self, key: str, now: float) -> Tries:
        tries = self._tries.pop(key, None)
        if tries is None or now - tries.last > MEMORY_S:
            tries = Tries(last=now)
        self._tries[key] = tries
        while len(self._tries) > self._keys:
            self._tries.popitem(last=False)
        return tries


def _network(address: str) -> str:
    """The address; of IPv6 the /64, which is what one customer has."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
