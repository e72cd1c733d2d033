"""What the engine asks the edge to do, and what a step gives back."""

from __future__ import annotations

import msgspec

from fsorch.campaign.pacing_memory import Learnt
from fsorch.engine.facts import Fact
from fsorch.esl.commands import Command
from fsorch.ivr.steps import Ask

__all__ = ["AboutLeads", "Action", "ClearToDial", "KeepLearnt", "LeadsBack", "LeadsWanted", "LookUp", "Outcome", "Send"]


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


class LeadsWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Reserve up to ``count`` leads of a campaign for us, best first; those of ``owners`` (agents who are free) before
    all others, where any. With a ``number`` it is the lead of that number, wherever it stands, and where there is none
    one without an id. Answered by LeadsCome with the same ``serial``, whatever comes of it."""

    campaign: str
    serial: int
    count: int
    owners: tuple[str, ...] = ()
    number: str = ""


class ClearToDial(msgspec.Struct, frozen=True, kw_only=True):
    """What we know of these ``leads`` is too old to dial them by: read it anew. Answered by LeadsCome, without those
    that are no longer ours."""

    campaign: str
    serial: int
    leads: tuple[str, ...]


class LeadsBack(msgspec.Struct, frozen=True, kw_only=True):
    """These ``leads`` were reserved for us and are not dialled: they are free again."""

    campaign: str
    leads: tuple[str, ...]


class KeepLearnt(msgspec.Struct, frozen=True, kw_only=True):
    """What the pacer of a campaign has learned so far, for our next life. Not answered."""

    campaign: str
    learnt: Learnt


AboutLeads = LeadsWanted | ClearToDial | LeadsBack | KeepLearnt
Action = Send | LookUp | AboutLeads


class Outcome(msgspec.Struct, frozen=True):
    """The result of one step: commands to send, in order, with what is to be looked up,
    and facts to write down, in order. ``write_first``: the facts have to be with the operating system before the first
    command leaves, for a process that is killed between the two must not do them again."""

    actions: tuple[Action, ...] = ()
    facts: tuple[Fact, ...] = ()
    write_first: bool = False
