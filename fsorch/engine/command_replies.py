"""The switch's replies to commands: the tag of each command names a verb and whom it was for, and by the verb a reply
goes to those who sent it."""

from __future__ import annotations

from collections.abc import Callable

from fsorch.engine.calls import Calls
from fsorch.engine.core import Core
from fsorch.engine.dialling import Dialling
from fsorch.engine.dialling_recall import Found
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import CommandDone, CommandLost
from fsorch.engine.offers import Offers
from fsorch.engine.people import People
from fsorch.engine.resync import Resync
from fsorch.esl.commands import Exists

__all__ = ["CommandReplies"]


class CommandReplies:
    """Takes what the switch answers, and that it did not answer in time."""

    def __init__(
        self, core: Core, people: People, offers: Offers, calls: Calls, dialling: Dialling, resync: Resync, found: Found
    ) -> None:
        self._core = core
        self._people = people
        self._calls = calls
        self._dialling = dialling
        self._resync = resync
        self._found = found
        # Whatever the reply is: it is an answer.
        self._answers: dict[str, Callable[[CommandDone, str, str], None]] = {
            "registered": self._registered,
            "exists": self._exists,
            "look": self._looked,
            **dict.fromkeys(("notes", "note", "last_note"), self._noted_drops),
            **dict.fromkeys(("calls", "call_noted", "last_call_noted"), self._noted_calls),
        }
        # What the switch would not do: the id of whom it was for, and why.
        self._refusals: dict[str, Callable[[str, str], None]] = {
            "ask": lambda id, why: calls.flows.refused(id),
            "bridge": lambda id, why: offers.not_bridged(id),
            "call": lambda id, why: calls.callbacks.refused(id),
            "comfort": lambda id, why: calls.flows.refused(id),
            "dial": lambda id, why: dialling.dials.refused(id),
            "hold": lambda id, why: calls.looks.hold_refused(id),
            "join": lambda id, why: calls.transfers.due(id),
            "line": lambda id, why: people.lines.refused(id),
            "notice": lambda id, why: calls.notices.due(id),
            "originate": lambda id, why: offers.not_dialled(id),
            "outside": calls.endings.refused,
            "pair": lambda id, why: calls.transfers.rooms.due(id),
            "probe": lambda id, why: self._cannot_record(id),
            "say": lambda id, why: calls.waiting.refused(id),
            "text": lambda id, why: calls.flows.not_sent(id),
        }

    def done(self, input: CommandDone) -> None:
        """A reply has come."""
        verb, _, id = input.tag.partition(":")
        text = input.reply.text
        if verb in self._answers:
            self._answers[verb](input, verb, id)
        elif not input.reply.ok:
            self._core.fact(FactKind.COMMAND_FAILED, switch=input.switch, command=verb, answer=text[:500])
            self._doubt(verb, id)
            if verb in self._refusals:
                self._refusals[verb](id, text)
        elif verb == "text":
            self._calls.flows.sent(id, text)
        elif verb == "audio":
            self._dialling.dials.said.told(input.switch, id, text)

    def lost(self, input: CommandLost) -> None:
        """No reply came. A lost originate or bridge may still have run: the offer's deadline decides."""
        verb, _, id = input.tag.partition(":")
        if verb == "registered":
            self._people.phones.told(input.switch, id, None)
        self._core.fact(FactKind.COMMAND_FAILED, switch=input.switch, command=verb, answer=input.reason)
        if verb in ("say", "text"):
            self._refusals[verb](id, input.reason)

    def _registered(self, input: CommandDone, verb: str, id: str) -> None:
        self._people.phones.told(input.switch, id, input.reply.text)

    def _exists(self, input: CommandDone, verb: str, id: str) -> None:
        if input.reply.text == "false":
            self._calls.legs.missing(id)

    def _looked(self, input: CommandDone, verb: str, id: str) -> None:
        self._calls.looks.told(id, input.reply.text)

    def _noted_drops(self, input: CommandDone, verb: str, id: str) -> None:
        # Nothing is "-ERR no reply" (mod_event_socket.c), and so is a switch without notes.
        self._found.answer(input.switch, verb, id, input.reply.text if input.reply.ok else "")

    def _noted_calls(self, input: CommandDone, verb: str, id: str) -> None:
        self._resync.away.answer(input.switch, verb, id, input.reply.text if input.reply.ok else "")

    def _cannot_record(self, id: str) -> None:
        self._calls.voicemail.cannot_record(id)
        self._calls.flows.cannot_record(id)

    def _doubt(self, verb: str, id: str) -> None:
        """A command to a leg was refused: ask whether the leg is still there, so that no ghost stays behind."""
        contact, offer = self._core.contacts.get(id), self._core.offers.get(id)
        if offer is not None:
            contact = self._core.contacts.get(offer.contact)
        leg = self._core.legs.get(contact.leg if contact else id)
        if leg is not None and verb != "originate":
            self._core.send(leg.switch, Exists(leg.uuid), f"exists:{leg.uuid}")
