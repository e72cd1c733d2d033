"""Things a dialplan or an api command puts off: ``sched_transfer``, ``sched_hangup``, ``sched_del``.

FreeSWITCH's scheduler counts whole seconds of the wall clock (``switch_scheduler.c``), so ``+5`` is after 4 to 5
seconds. The tasks of a channel form a group under its id, which ``sched_del`` takes back (``mod_dptools.c``).
"""

from __future__ import annotations

from collections.abc import Callable

from fsorch.clock import US
from fsorch.sim.apps import expand
from fsorch.sim.channel import Channel, Thread
from fsorch.sim.core import Core
from fsorch.sim.lifecycle import hangup, transfer
from fsorch.sim.timeline import Timer

__all__ = ["Scheduler"]


class Scheduler:
    """The tasks, by number and by group."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._count = 0
        self._tasks: dict[str, tuple[str, Timer]] = {}
        self._groups: dict[str, set[str]] = {}
        core.apps["sched_transfer"] = self._transfer_app
        core.apps["sched_hangup"] = self._hangup_app

    def _transfer_app(self, core: Core, channel: Channel, argument: str) -> Thread:
        """``+seconds destination [dialplan [context]]``."""
        words = expand(core, channel, argument).split()
        if len(words) > 1:
            self.add(channel, words[0], lambda: transfer(core, channel, *words[1:4]))
        yield from ()

    def _hangup_app(self, core: Core, channel: Channel, argument: str) -> Thread:
        """``+seconds [cause]``."""
        words = expand(core, channel, argument).split()
        if words:
            cause = words[1] if len(words) > 1 else "ALLOTTED_TIMEOUT"
            self.add(channel, words[0], lambda: hangup(core, channel, cause))
        yield from ()

    def add(self, channel: Channel, when: str, call: Callable[[], None]) -> None:
        """Put ``call`` off for a living channel until ``when`` (``+seconds``, or an epoch)."""
        core = self._core
        digits = when.lstrip("+")
        number = int(digits) if digits.isdigit() and len(digits) < 12 else 0
        epoch = core.wall() // US + number if when.startswith("+") else number
        self._count += 1
        task = str(self._count)

        def run() -> None:
            self._forget(task)
            if not channel.hung:
                call()

        self._tasks[task] = (channel.uuid, core.timeline.at(epoch * US - core.start_us, run))
        self._groups.setdefault(channel.uuid, set()).add(task)

    def _forget(self, task: str) -> Timer:
        group, timer = self._tasks.pop(task)
        members = self._groups[group]
        members.discard(task)
        if not members:
            del self._groups[group]
        return timer

    def delete(self, argument: str) -> str:
        """``sched_del <task|group>``."""
        chosen = set(self._groups.get(argument, ()))
        if argument in self._tasks:
            chosen.add(argument)
        for task in chosen:
            self._forget(task).cancel()
        return f"+OK Deleted: {len(chosen)}\n"
