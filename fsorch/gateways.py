"""The ways by which numbers outside are dialled, as data.

A gateway is a dial string with its limits and its rules for writing numbers. Campaigns name gateways, or groups of
them, and try them in order.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from fsorch.campaign_words import Identity, Outcome
from fsorch.causes import Cause
from fsorch.errors import ConfigError
from fsorch.rules import Count, Name, Rule, Seconds, expect_known

__all__ = ["GatewaySpec", "TranslateRule", "check_gateway", "dialled"]

# What a call that nobody answered may have been.
MEANT = frozenset(
    {
        *(Outcome.MACHINE, Outcome.BUSY, Outcome.NOANSWER, Outcome.INVALID, Outcome.REJECTED),
        *(Outcome.UNREACHABLE, Outcome.CONGESTION, Outcome.FAILED),
    }
)
Prefix = Annotated[
    str, msgspec.Meta(pattern=r"^\+?[0-9]{0,15}\Z", description="the beginning of a number, such as +4930 or 0")
]


class TranslateRule(Rule, frozen=True, kw_only=True):
    """Numbers that begin with ``prefix`` are dialled with ``put`` in its place. ``length``: only those of so many
    digits (0: any)."""

    prefix: Prefix = ""
    put: Annotated[str, msgspec.Meta(pattern=r"^\+?[0-9*#]{0,20}\Z")] = ""
    length: Count = 0


class GatewaySpec(Rule, frozen=True, kw_only=True):
    """A way outside. ``dial``: such as ``sofia/gateway/carrier/{number}``; ``switch`` names the switch it is on (empty:
    any); ``group``: campaigns may name that instead, and then have all of its gateways, the one with the most room
    first. At most ``cps`` launches a second and ``lines`` calls at once (0: no limit). ``translate``: the first rule
    that fits a number writes it; without one it is dialled as it is, with its plus. ``rest_s``: so long a gateway that
    failed by itself (down, no route, congestion) is left alone when there is another, and one that failed three times
    in a row whether there is or not; twice as long each time it fails again, up to 15 minutes (0: never). ``silent_s``:
    within so long a phone rings or the network is heard, or the call is lost on the way and the next gateway's (0: none
    is, until it has rung in vain); the switch counts whole seconds, and up to one more. The usual 12 s are what 95 of
    100 international calls may take (ITU-T E.721: 11 s) and one more; a carrier near by needs 4 s. ``causes``: what a
    cause means when this carrier gives it for a call that nobody answered, where it is not the usual. ``redirects``:
    where it points (SIP 300, 301, 302, 305) is dialled by the switch, unchecked: for a carrier that routes calls so and
    lets through no word of those called; without it such a call has reached nobody. ``identity``: where the INVITE says
    which number calls, beside its ``From``: ``pai``, ``rpid``, ``none``, empty: as the SIP profile has it."""

    id: str
    title: str = ""
    dial: Name
    switch: str = ""
    group: str = ""
    cps: Seconds = 0.0
    lines: Count = 0
    translate: tuple[TranslateRule, ...] = ()
    rest_s: Seconds = 60.0
    silent_s: Seconds = 12.0
    causes: dict[str, Outcome] = {}
    redirects: bool = False
    identity: Identity = Identity.PROFILE


def dialled(gateway: GatewaySpec, number: str) -> str:
    """``number`` (E.164) as this gateway wants it."""
    digits = sum(sign.isdigit() for sign in number)
    for rule in gateway.translate:
        if number.startswith(rule.prefix) and rule.length in (0, digits):
            return rule.put + number.removeprefix(rule.prefix)
    return number


def check_gateway(spec: GatewaySpec, where: str) -> None:
    """The number has a place in the dial string. ``where``: the path of the gateway. Raises ConfigError."""
    if spec.dial.count("{number}") != 1:
        raise ConfigError(f"{where}.dial is {spec.dial!r}; expected {{number}} once, where the number goes")
    for name, outcome in spec.causes.items():
        expect_known(name, Cause.__members__, f"{where}.causes has a key that", "a hangup cause of FreeSWITCH")
        if outcome not in MEANT:
            known = ", ".join(sorted(one.value for one in MEANT))
            raise ConfigError(f"{where}.causes.{name} is {outcome.value}, but nobody answered; expected one of {known}")
