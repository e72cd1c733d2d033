"""Real threads and locks, also in a process that gevent has patched.

Under ``gevent.monkey.patch_all()`` a ``threading.Thread`` is a greenlet of the hub and its blocking calls would stop
the engine; the recorder needs a thread of the operating system. gevent keeps the unpatched functions and hands them
out; this floor does not import gevent, it only asks whether somebody else has.
"""

from __future__ import annotations

import _thread
import sys
from collections.abc import Callable
from typing import Any

__all__ = ["Bell", "start_thread"]


def _real(name: str) -> Any:
    """``_thread.<name>`` as Python made it."""
    monkey = sys.modules.get("gevent.monkey")
    return getattr(_thread, name) if monkey is None else monkey.get_original("_thread", name)


def start_thread(work: Callable[[], None]) -> Bell:
    """Run ``work`` in a thread of the operating system. The bell that comes back rings when it has ended.

    ``work`` must not raise. Inside it anything that blocks blocks only that thread: where gevent has patched sockets,
    the thread gets a hub of its own at its first network call, which is taken down here."""
    ended = Bell()

    def run() -> None:
        try:
            work()
        finally:
            _drop_hub()
            ended.ring()

    _real("start_new_thread")(run, ())
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
        self._lock = _real("allocate_lock")()
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
