"""Real threads, locks and sockets, also in a process that gevent has patched.

Under ``gevent.monkey.patch_all()`` a ``threading.Thread`` is a greenlet of the hub, and a socket belongs to the hub
of the thread that made it. The recorder needs a thread of the operating system, and a database connection must be
able to go from one thread to another. gevent keeps the unpatched functions and hands them out; this floor does not
import gevent, it only asks whether somebody else has.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

__all__ = ["Bell", "dial", "is_patched", "start_thread"]


def is_patched() -> bool:
    """Whether gevent has put its own sockets in the place of Python's."""
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and bool(monkey.is_module_patched("socket"))


def _real(module: str, name: str) -> Any:
    """``module.name`` as Python made it."""
    monkey = sys.modules.get("gevent.monkey")
    return getattr(import_module(module), name) if monkey is None else monkey.get_original(module, name)


def dial(host: str, port: int, unix_path: str, timeout_s: float) -> Any:
    """A connected socket that blocks, to ``unix_path`` or, if that is empty, to ``host``. Raises OSError."""
    if unix_path:
        return _connect(_real("socket", "AF_UNIX"), unix_path, timeout_s)
    failed: OSError | None = None
    stream = _real("socket", "SOCK_STREAM")
    for family, _, _, _, address in _real("socket", "getaddrinfo")(host, port, 0, stream):
        try:
            sock = _connect(family, address, timeout_s)
        except OSError as error:
            failed = error
            continue
        sock.setsockopt(_real("socket", "IPPROTO_TCP"), _real("socket", "TCP_NODELAY"), 1)
        sock.setsockopt(_real("socket", "SOL_SOCKET"), _real("socket", "SO_KEEPALIVE"), 1)
        return sock
    raise failed or OSError(f"{host} has no address")


def _connect(family: int, address: Any, timeout_s: float) -> Any:
    sock = _real("socket", "socket")(family, _real("socket", "SOCK_STREAM"))
    try:
        sock.settimeout(timeout_s)
        sock.connect(address)
    except BaseException:
        sock.close()
        raise
    return sock


def start_thread(work: Callable[[], None]) -> Bell:
    """Run ``work`` in a thread of the operating system. The bell that comes back rings when it has ended.

    ``work`` must not raise. Whatever blocks inside it blocks only that thread: should a patched socket be used there
    (for TLS), gevent gives the thread a hub of its own, which is taken down here."""
    ended = Bell()

    def run() -> None:
        try:
            work()
        finally:
            _drop_hub()
            ended.ring()

    _real("_thread", "start_new_thread")(run, ())
    return ended


def _drop_hub() -> None:
    """Free the event loop that gevent made for this thread, if it did: it would be kept until the process ends."""
    local = sys.modules.get("gevent._hub_local")
    hub = local.get_hub_if_exists() if local is not None else None
    if hub is not None:
        hub.destroy(destroy_loop=True)


class Bell:
    """One thread rings, another waits. Rings that nobody has waited for yet count as one."""

    def __init__(self) -> None:
        self._lock = _real("_thread", "allocate_lock")()
        self._lock.acquire()

    def ring(self) -> None:
        """Wake the one who waits, or who will. Never blocks."""
        try:
            self._lock.release()
        except RuntimeError:  # it has been rung and not heard yet
            return

    def wait(self, timeout_s: float) -> bool:
        """Block this thread until a ring, which is used up, or for ``timeout_s``. True for a ring."""
        return bool(self._lock.acquire(timeout=max(0.0, timeout_s)))
