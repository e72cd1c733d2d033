"""Around a command that runs until it is told to stop: signals and the log."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from gevent.event import Event

from fsorch.errors import DatabaseAway
from fsorch_cli.group import EXIT_INTERRUPTED

__all__ = ["start_when_possible", "until_stopped"]

log = logging.getLogger(__name__)

RETRY_S = 2.0


@contextmanager
def until_stopped() -> Iterator[Event]:
    """An event that SIGTERM, SIGHUP and SIGINT set; the handlers do nothing else. Who presses Ctrl-C twice does not
    want to wait: the process ends at once, and what it has not written stays in the spool."""
    stop = Event()

    def handle(number: int, _frame: FrameType | None) -> None:
        if stop.is_set() and number == signal.SIGINT:
            os._exit(EXIT_INTERRUPTED)
        stop.set()

    before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def start_when_possible(start: Callable[[], None], stop: Event, tell: Callable[[str], None]) -> bool:
    """Start; while the database is away, ``tell`` of it and try again until told to stop. Whether it was started."""
    told = ""
    while not stop.is_set():
        try:
            start()
        except DatabaseAway as error:
            if str(error) != told:
                told = str(error)
                tell(told)
                log.warning("%s; fsorch does not know its centre yet, and tries again every %g s", error, RETRY_S)
            stop.wait(RETRY_S)
        else:
            return True
    return False
