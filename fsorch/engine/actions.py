"""What the engine asks the edge to do, and what a step gives back."""

from __future__ import annotations

import msgspec

from fsorch.engine.facts import Fact
from fsorch.esl.commands import Command
from fsorch.ivr.steps import Ask

__all__ = ["LookUp", "Outcome", "Send"]


class Send(msgspec.Struct, frozen=True):
    """Send ``command`` to ``switch``. With a ``tag`` the reply comes back as CommandDone or CommandLost; without one
    only its failure is counted. ``line`` is the command as it goes over the wire, when it has been written already."""

    switch: str
    command: Command
    tag: str = ""
    line: str = ""


class LookUp(msgspec.Struct, frozen=True):
    """Ask somebody outside of the switch for the flow of ``contact``: an address, a source, our own records. Answered
    by LookedUp with the same ``serial``, whatever comes of it."""

    contact: str
    serial: int
    ask: Ask


class Outcome(msgspec.Struct, frozen=True):
    """The result of one step: commands to send, in order, with what is to be looked up,
    and facts to write down, in order."""

    actions: tuple[Send | LookUp, ...] = ()
    facts: tuple[Fact, ...] = ()
