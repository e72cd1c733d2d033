"""What the engine asks the edge to do, and what a step gives back."""

from __future__ import annotations

import msgspec

from fsorch.engine.facts import Fact
from fsorch.esl.commands import Command

__all__ = ["Outcome", "Send"]


class Send(msgspec.Struct, frozen=True):
    """Send ``command`` to ``switch``. With a ``tag`` the reply comes back as CommandDone or CommandLost; without one
    only its failure is counted. ``line`` is the command as it goes over the wire, when it has been written already."""

    switch: str
    command: Command
    tag: str = ""
    line: str = ""


class Outcome(msgspec.Struct, frozen=True):
    """The result of one step: commands to send, in order, and facts to write down, in order."""

    actions: tuple[Send, ...] = ()
    facts: tuple[Fact, ...] = ()
