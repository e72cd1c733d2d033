"""Ports for servers that are named before they listen, or that stop and listen again."""

from __future__ import annotations

import random
import socket

__all__ = ["free_port"]

# Below what a system gives to outgoing connections (32768 and up by default): nobody gets it by chance meanwhile, and a
# client that tries again and again cannot be given the very port it tries.
PORTS = range(20_000, 32_000)


def free_port() -> int:
    """A port of loopback on which nothing listens; drawn, so that several processes seldom draw the same."""
    dice = random.SystemRandom()
    while True:
        port = dice.choice(PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
