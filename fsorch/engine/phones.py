"""Agents' phones as the switch knows them: whether they are registered, whether they are set to do-not-disturb, and
whether they are in a call of their own.

All three only hinder offers, with the reason shown; what the agent chose stays as it is. A phone is watched when its
dial string is ``user/NAME`` or ``user/NAME@DOMAIN``; a name without a domain is the user of that name in any domain.
Others (gateways, numbers outside) tell nobody whether they are there.

Registrations are read when a link comes up (``LinkUp.registrations``), and followed by CUSTOM ``sofia::register``,
``sofia::unregister`` and ``sofia::expire`` (capture 15). A user may have more than one phone, so after the end of a
registration the switch is asked whether another is left.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from fsorch.engine.core import Core
from fsorch.engine.dnd import DND, told
from fsorch.engine.inputs import LinkUp
from fsorch.engine.state import Person
from fsorch.esl.commands import SofiaContact
from fsorch.esl.errors import QuotingError
from fsorch.esl.events import Event

__all__ = ["Phones", "address_of"]

USER = re.compile(r"user/([A-Za-z0-9_.+-]+)(?:@([A-Za-z0-9_.-]+))?")
NOT_REGISTERED = "the phone is not registered"
OWN_CALL = "the phone is in another call"
# The events of a call that is not ours which may be the first to tell whose it is.
TELLING = frozenset({"CHANNEL_CREATE", "CHANNEL_PROGRESS", "CHANNEL_PROGRESS_MEDIA", "CHANNEL_ANSWER"})
ENDING = frozenset({"CHANNEL_HANGUP", "CHANNEL_HANGUP_COMPLETE", "CHANNEL_DESTROY"})


def address_of(dial_string: str) -> str:
    """The registered user that a dial string calls, ``name@domain`` or ``name@``; empty for anything else."""
    match = USER.fullmatch(dial_string.strip())
    return f"{match[1]}@{match[2] or ''}".lower() if match else ""


class Phones:
    """Follows registrations and calls. ``hinder`` says why nothing is offered (see People.hinder)."""

    def __init__(self, core: Core, hinder: Callable[[Person, str, str], None]) -> None:
        self.core = core
        self.hinder = hinder
        # Told of an agent whose phone has just registered.
        self.registered: Callable[[Person], None] = lambda person: None
        # For each switch whose registrations are known: the users there are, with their domain and without.
        self._there: dict[str, set[str]] = {}
        self._watched: dict[str, str] = {}
        self._agents: dict[str, set[str]] = {}
        # The users of each switch whose phone says that it is not to be disturbed.
        self._quiet: dict[str, set[str]] = {}
        # Calls that are not ours, by switch and leg: whose phone they are on.
        self._calls: dict[tuple[str, str], str] = {}

    # -- people ---------------------------------------------------------------------------------------------------

    def watch(self, person: Person) -> None:
        """The agent's phone, or who they are, may have changed."""
        id, address = person.spec.id, address_of(person.dial_string)
        if self._watched.get(id, "") != address:
            self._unwatch(id)
            if address:
                self._watched[id] = address
                for key in {address, _name(address)}:
                    self._agents.setdefault(key, set()).add(id)
        self._judge(person)

    def forget(self, id: str) -> None:
        """The centre has this agent no more."""
        self._unwatch(id)

    def _unwatch(self, id: str) -> None:
        address = self._watched.pop(id, "")
        for key in {address, _name(address)} if address else ():
            agents = self._agents.get(key, set())
            agents.discard(id)
            if not agents:
                self._agents.pop(key, None)

    def _owners(self, address: str) -> Iterable[Person]:
        """The agents whose phone this is."""
        for id in sorted(self._agents.get(_name(address), ())):
            if _same(self._watched[id], address) and id in self.core.people:
                yield self.core.people[id]

    def _judge(self, person: Person) -> None:
        address = self._watched.get(person.spec.id, "")
        watched = bool(address and person.spec.watch_phone and self._there)
        gone = watched and not any(address in there for there in self._where(person))
        was = "phone" in person.hindrances
        self.hinder(person, "phone", NOT_REGISTERED if gone else "")
        quiet = bool(address) and any(_same(address, other) for users in self._quiet.values() for other in users)
        self.hinder(person, "dnd", DND if quiet else "")
        busy = bool(address) and any(_same(address, other) for other in self._calls.values())
        self.hinder(person, "call", OWN_CALL if busy else "")
        if was and not gone:
            self.registered(person)

    def _where(self, person: Person) -> list[set[str]]:
        """The registrations of the switches that dial this agent."""
        own = self._there.get(person.spec.switch)
        return [own] if own is not None else list(self._there.values())

    # -- registrations --------------------------------------------------------------------------------------------

    def link_up(self, input: LinkUp) -> None:
        """What the switch had when the link came up: its registrations, if it told, and the calls on agents' phones."""
        if input.registrations is not None:
            there = {address.lower() for address in input.registrations}
            self._there[input.switch] = there | {_name(address) for address in there}
        else:
            self._there.pop(input.switch, None)
        # What phones have said meanwhile is lost; one that is still set so refuses the next call.
        self._quiet.pop(input.switch, None)
        for key in [key for key in self._calls if key[0] == input.switch]:
            del self._calls[key]
        for event in input.channels:
            self._note_call(input.switch, event)
        for person in list(self.core.people.values()):
            self._judge(person)

    def link_down(self, switch: str) -> None:
        """Nothing is known of this switch's phones until the link is back."""
        self._there.pop(switch, None)
        for key in [key for key in self._calls if key[0] == switch]:
            del self._calls[key]
        for person in list(self.core.people.values()):
            self._judge(person)

    def custom(self, switch: str, event: Event) -> None:
        """A phone came or went (capture 15; an expired one is told with ``user`` and ``host``: sofia_reg.c)."""
        header = event.header
        user = event.from_user or header("user") or header("username") or ""
        host = event.from_host or header("host") or header("realm") or ""
        address, there = f"{user}@{host}".lower(), self._there.get(switch)
        if not user or there is None:
            return
        if event.subclass == "sofia::register":
            there |= {address, _name(address)}
            self._judge_all(address)
        elif event.subclass in ("sofia::unregister", "sofia::expire") and any(self._owners(address)):
            self._ask(switch, address)
        else:
            self.gone(switch, address)

    def presence(self, switch: str, event: Event) -> None:
        """A phone says whether it is to be disturbed."""
        said = told(event)
        if said is None:
            return
        address, on = said
        users = self._quiet.setdefault(switch, set())
        if on is (address in users) or (on and not any(self._owners(address))):
            return
        (users.add if on else users.discard)(address)
        self._judge_all(address)

    def _ask(self, switch: str, address: str) -> None:
        command = SofiaContact(address)
        try:
            command.wire()
        except QuotingError:
            self.gone(switch, address)
        else:
            self.core.send(switch, command, f"registered:{address}")

    def told(self, switch: str, address: str, answer: str | None) -> None:
        """What the switch says of a user after the end of a registration; None: it did not say."""
        if answer is None or answer.startswith(("error/", "-")):
            self.gone(switch, address)

    def gone(self, switch: str, address: str) -> None:
        """No phone of this user is registered."""
        there, name = self._there.get(switch, set()), _name(address)
        there.discard(address)
        if not any(other != name and _name(other) == name for other in there):
            there.discard(name)
        self._judge_all(address)

    def _judge_all(self, address: str) -> None:
        for person in list(self._owners(address)):
            self._judge(person)

    # -- calls that are not ours ----------------------------------------------------------------------------------

    def call(self, switch: str, event: Event) -> None:
        """An event of a leg that is not ours."""
        if event.name in ENDING:
            address = self._calls.pop((switch, event.uuid), "")
        elif event.name in TELLING:
            address = self._note_call(switch, event)
        else:
            return
        if address:
            self._judge_all(address)

    def _note_call(self, switch: str, event: Event) -> str:
        """Whose phone a call is on, if it is an agent's; empty if not, or known already."""
        if not self._agents or (switch, event.uuid) in self._calls or event.uuid in self.core.legs:
            return ""
        ours = ("fsorch_role", "fsorch_contact", "fsorch_entry", "fsorch_flow", "fsorch_queue")
        address = _address(event)
        if not address or any(event.variable(name) for name in ours) or not any(self._owners(address)):
            return ""
        self._calls[switch, event.uuid] = address
        return address


def _address(event: Event) -> str:
    """The user on whose phone a call is: the one dialled by ``user/``, or the one who authenticated to call."""
    variable = event.variable
    for name, domain in (("dialed_user", "dialed_domain"), ("user_name", "domain_name")):
        if user := variable(name):
            return f"{user}@{variable(domain) or ''}".lower()
    return (event.presence_id or variable("presence_id") or "").lower()


def _name(address: str) -> str:
    return address.partition("@")[0] + "@"


def _same(one: str, other: str) -> bool:
    """Whether two addresses are one user's; without a domain the name decides."""
    name, _, domain = one.partition("@")
    name_2, _, domain_2 = other.partition("@")
    return name == name_2 and (not domain or not domain_2 or domain == domain_2)
