"""Dial strings: who rings.

`Dialer` knows the phones that are registered, the gateways of carriers, and what stands behind addresses on the
external profile. It turns one dial string (without its variables) into a `Target` that can be called, or into the
cause why not.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from fsorch.sim.channel import Channel, Party
from fsorch.sim.core import Core
from fsorch.sim.lifecycle import answer, hangup, pre_answer, ring_ready
from fsorch.sim.records import q850

__all__ = ["SIP_CAUSES", "Dialer", "Habit", "NoTarget", "Registration", "Robot", "Target", "depart", "refuse"]

SIP_CAUSES: dict[int, str] = {
    # Of a leg that goes nowhere else (outbound_redirect_fatal; sofia.c).
    302: "REQUESTED_CHAN_UNAVAIL",
    404: "UNALLOCATED_NUMBER",
    408: "RECOVERY_ON_TIMER_EXPIRE",
    410: "NUMBER_CHANGED",
    480: "NO_USER_RESPONSE",
    484: "INVALID_NUMBER_FORMAT",
    486: "USER_BUSY",
    488: "INCOMPATIBLE_DESTINATION",
    500: "NORMAL_TEMPORARY_FAILURE",
    502: "NETWORK_OUT_OF_ORDER",
    503: "NORMAL_TEMPORARY_FAILURE",
    603: "CALL_REJECTED",
}
"""The hangup cause a refusal by SIP leads to (mod_sofia's hangup_causes; capture 06)."""


class Target(msgspec.Struct, frozen=True):
    """Somebody who can be called. ``name`` is the channel's name, ``number`` the destination in its profile; an end
    that is not ``reachable`` never sends a packet (capture 06, nothing listens)."""

    name: str
    number: str
    party: Party
    profile: str = "external"
    host: str = "127.0.0.1"
    port: str = "5060"
    codec: tuple[str, str, str] = ("PCMU", "8000", "64000")
    reachable: bool = True


class NoTarget(msgspec.Struct, frozen=True):
    """Nobody can be called. ``stillborn``: a channel was made and destroyed without a CHANNEL_CREATE (capture 06)."""

    cause: str
    stillborn: bool = False


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """A phone's registration, as ``show registrations`` lists it."""

    user: str
    realm: str
    call_id: str
    contact: str
    network_ip: str
    network_port: str
    expires: int
    profile: str = "internal"


def refuse(core: Core, channel: Channel, status: int, phrase: str = "") -> None:
    """The far end declines with a SIP status; what the call's record says of it is set."""
    if channel.hung:
        return
    cause = SIP_CAUSES.get(status, "NORMAL_UNSPECIFIED")
    channel.disposition = "recv_refuse"
    channel.set("sip_hangup_disposition", "recv_refuse")
    channel.set("sip_invite_failure_status", str(status))
    channel.set("sip_invite_failure_phrase", phrase or cause.replace("_", " ").title())
    _told_by_sip(channel, status, cause)
    hangup(core, channel, cause)
    core.wake_now(channel)


def depart(core: Core, channel: Channel, cause: str = "NORMAL_CLEARING") -> None:
    """The far end hangs up: a BYE, or the CANCEL of a caller who was not answered (capture 01 shows both alike)."""
    if channel.hung:
        return
    channel.disposition = "recv_bye"
    _told_by_sip(channel, 200, cause)
    hangup(core, channel, cause)
    channel.set("sip_hangup_disposition", "recv_bye")
    core.wake_now(channel)


def _told_by_sip(channel: Channel, status: int, cause: str) -> None:
    channel.set("sip_term_status", str(status))
    channel.set("proto_specific_hangup_cause", f"sip:{status}")
    channel.set("sip_term_cause", str(q850(cause)))


class Habit(msgspec.Struct, frozen=True, kw_only=True):
    """What an automatic end does with a call. Times in seconds from when it rings; ``status`` is the refusal, 0 for
    none; ``answer_s`` None: it rings until somebody gives up. ``progress`` False: no 180. ``early_s``: when early
    media begins."""

    progress: bool = True
    early_s: float | None = None
    answer_s: float | None = 0.8
    status: int = 0
    refuse_s: float = 0.0
    phrase: str = ""


class Robot:
    """A party that does the same with every call (the SIPp ends of the captures)."""

    def __init__(self, core: Core, habit: Habit) -> None:
        self._core = core
        self.habit = habit

    def notice(self, channel: Channel, what: str, detail: str) -> None:
        """React to the ring; everything else is of no interest."""
        if what != "ring":
            return
        core, habit = self._core, self.habit
        if habit.progress:
            ring_ready(core, channel)
        if habit.early_s is not None:
            core.timeline.after(habit.early_s, lambda: pre_answer(core, channel))
        if habit.status:
            core.timeline.after(habit.refuse_s, lambda: refuse(core, channel, habit.status, habit.phrase))
        elif habit.answer_s is not None:
            core.timeline.after(habit.answer_s, lambda: answer(core, channel))


Maker = Callable[[str], "Target | NoTarget"]


class Dialer:
    """The address book of the switch.

    ``users``: who exists in the directory (user@domain); ``external``: (pattern, party) for addresses on a SIP profile,
    first match wins; ``gateways``: name to party, None for a gateway that is down."""

    def __init__(self, core: Core, domain: str = "sim.fsorch") -> None:
        self.core = core
        self.domain = domain
        self.profiles = ["internal", "external"]
        self.users: set[str] = set()
        self.phones: dict[str, Party] = {}
        self.registrations: dict[str, Registration] = {}
        self.gateways: dict[str, Party | None] = {}
        self.external: list[tuple[re.Pattern[str], Party]] = []
        self.loopback: Callable[[str], Target | NoTarget] = lambda rest: NoTarget("CHAN_NOT_IMPLEMENTED")
        self.itself: Callable[[str], Target | None] = lambda address: None
        self._nobody = Robot(core, Habit(progress=False, status=503, phrase="Service Unavailable"))

    def find(self, dial: str) -> Target | NoTarget:
        """Who answers to one dial string without variables, such as ``user/1001@pbx``."""
        kind, _, rest = dial.strip().partition("/")
        makers: dict[str, Maker] = {
            "user": self._user,
            "sofia": self._sofia,
            "loopback": self.loopback,
            "error": lambda cause: NoTarget(cause.upper() or "NORMAL_UNSPECIFIED"),
            "null": lambda _: NoTarget("CHAN_NOT_IMPLEMENTED"),
        }
        maker = makers.get(kind.lower())
        return maker(rest) if maker is not None and rest else NoTarget("CHAN_NOT_IMPLEMENTED")

    # -- phones -------------------------------------------------------------------------------------------------------

    def address(self, user: str) -> str:
        """``user`` with the default domain if it has none."""
        return user if "@" in user else f"{user}@{self.domain}"

    def contact(self, user: str) -> str:
        """What ``sofia_contact`` answers."""
        known = self.registrations.get(self.address(user.rpartition("/")[2]))
        return known.contact if known is not None else "error/user_not_registered"

    def _user(self, rest: str) -> Target | NoTarget:
        address = self.address(rest)
        if address not in self.users:
            return NoTarget("SUBSCRIBER_ABSENT")
        registration = self.registrations.get(address)
        if registration is None:
            return NoTarget("USER_NOT_REGISTERED")
        return self._at_phone(address, registration)

    def _at_phone(self, address: str, registration: Registration) -> Target:
        where = registration.contact.partition("sip:")[2] or registration.contact
        name = f"sofia/{registration.profile}/{where}"
        user = address.partition("@")[0]
        host, port = registration.network_ip, registration.network_port
        return Target(name, user, self.phones[address], registration.profile, host, port)

    # -- sofia --------------------------------------------------------------------------------------------------------

    def _sofia(self, rest: str) -> Target | NoTarget:
        profile, _, address = rest.partition("/")
        if profile == "gateway":
            return self._gateway(address)
        if profile not in self.profiles:
            return NoTarget("INVALID_PROFILE", stillborn=True)
        address = address.partition(";")[0].removeprefix("sip:")
        user, _, host = address.partition("@")
        if not user:
            return NoTarget("INVALID_URL", stillborn=True)
        if not host:
            host = self.domain
        known = self.registrations.get(f"{user}@{host}")
        if known is not None:
            return self._at_phone(f"{user}@{host}", known)
        mine = self.itself(address)
        if mine is not None:
            return mine
        name, _, port = host.partition(":")
        party = self._behind(f"{user}@{host}")
        return Target(
            name=f"sofia/{profile}/{user}@{host}",
            number=user,
            party=party or self._nobody,
            profile=profile,
            host=name,
            port=port or "5060",
            reachable=party is not None,
        )

    def _behind(self, address: str) -> Party | None:
        return next((party for pattern, party in self.external if pattern.search(address)), None)

    def _gateway(self, rest: str) -> Target | NoTarget:
        gateway, _, number = rest.partition("/")
        if gateway not in self.gateways:
            return NoTarget("INVALID_GATEWAY", stillborn=True)
        party = self.gateways[gateway]
        if party is None:
            return NoTarget("GATEWAY_DOWN", stillborn=True)
        return Target(f"sofia/external/{number}", number, party)
