"""Ports for servers that are named before they listen, or that stop and listen again."""

from __future__ import annotations

import random
import socket
from pathlib import Path

__all__ = ["free_port", "ports_to_draw"]

# Below what a system gives to outgoing connections: nobody gets it by chance meanwhile, and a client that tries again
# and again cannot be given the very port it tries.
PORTS = range(10_240, 32_000)
ENOUGH = 1000
# The first and the last port that the system gives; 32768 and up by default.
GIVEN = Path("/proc/sys/net/ipv4/ip_local_port_range")


def ports_to_draw(given: str) -> range:
    """The ports from which to draw where the system gives away ``given``, as `GIVEN` has it: those below or those
    above, whichever are more."""
    first, last = map(int, given.split() or (PORTS.stop, 65_535))
    below, above = range(PORTS.start, min(PORTS.stop, first)), range(max(last + 1, PORTS.start), 65_536)
    best = max(below, above, key=len)
    # Where the system gives away nearly all of them there is none that is out of its reach.
    return best if len(best) >= ENOUGH else PORTS


def free_port() -> int:
    """A port of loopback on which nothing listens, and that no other test of this machine draws while this process
    lives, though nobody may listen there yet, or for a while."""
    given = GIVEN.read_text() if GIVEN.is_file() else ""
    dice, ports = random.SystemRandom(), ports_to_draw(given)
    while True:
        port = dice.choice(ports)
        claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with socket.socket() as probe:
            try:
                # The UDP port of the same number, which no server here uses, says that it is taken.
                claim.bind(("127.0.0.1", port))
                probe.bind(("127.0.0.1", port))
            except OSError:
                claim.close()
                continue
        # Open until the process ends.
        claim.detach()
        return port
