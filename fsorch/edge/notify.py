"""What the service manager that started this process is told: that it serves, that it lives, that it stops.

By the protocol of systemd (sd_notify(3)): a datagram of ``NAME=value`` lines to the socket that the environment names.
Without that variable nothing is said to anybody.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Mapping

__all__ = ["Notifier"]

SOCKET, WATCHDOG = "NOTIFY_SOCKET", "WATCHDOG_USEC"


class Notifier:
    """Says how it goes to the manager that ``environment`` names. Never raises and never waits: a manager that does not
    listen is its own trouble."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        path = environment.get(SOCKET, "")
        # "@" is a name in Linux's abstract namespace, which begins with a zero byte; nothing else is a Unix address.
        self._address = "\0" + path[1:] if path.startswith("@") else path
        if not path.startswith(("/", "@")):
            self._address = ""
        limit = environment.get(WATCHDOG, "")
        self._limit_s = int(limit) / 1_000_000 if limit.isascii() and limit.isdigit() else 0.0

    @property
    def every_s(self) -> float | None:
        """How often :meth:`alive` is due, a third of what the manager waits; None: nobody waits for it."""
        return self._limit_s / 3 if self._address and self._limit_s > 0 else None

    def waiting(self, for_what: str) -> None:
        """It has begun, and does not serve yet."""
        self._say(f"STATUS={_one_line(for_what)}")

    def ready(self, how: str) -> None:
        """It serves, from now on."""
        self._say(f"READY=1\nSTATUS={_one_line(how)}")

    def alive(self) -> None:
        """It goes on."""
        self._say("WATCHDOG=1")

    def stopping(self) -> None:
        """It has been told to stop, and writes its last."""
        self._say("STOPPING=1\nSTATUS=writing the last facts")

    def _say(self, text: str) -> None:
        if not self._address:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto(text.encode(), self._address)


def _one_line(text: str) -> str:
    return " ".join(text.split())
