"""The doors by which a dialplan takes part, as data: what a number leads to, and who may ask.

A number of the centre (`NumberSpec`) says the same whichever door a call comes through: parked without a word, by the
dialplan that mod_xml_curl asks for, or by the Lua script.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

import msgspec

from fsorch.demands import Wanted, check_wanted
from fsorch.errors import ConfigError
from fsorch.nearest import near
from fsorch.waits import Ending

__all__ = [
    "DIALLED",
    "DOMAINS",
    "DoorSettings",
    "NumberSpec",
    "check_addresses",
    "check_doors",
    "check_numbers",
    "phone_login",
    "skills_variable",
    "variables_of",
]

# A number as it may stand in a dialplan: nothing that the switch would read as more than text.
DIALLED = re.compile(r"[A-Za-z0-9_.*#+-]{1,64}")
# The channel variables in which the domain stands that was called, the nearest to the routing first: the host of the
# request, which a carrier may have replaced by the switch's address, that of the To header, and that of the user who
# calls, if one has proven who they are (seen on FreeSWITCH 1.10.12).
DOMAINS = ("sip_req_host", "sip_to_host", "domain_name")
PHONE = re.compile(r"user/([A-Za-z0-9_.+-]{1,64})(?:@([A-Za-z0-9.-]{1,253}))?")
SHORTEST_TOKEN = 16


class NumberSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where callers of a number go: to ``flow`` or, without one, straight into ``queue``; with a ``priority`` (0-999)
    and ``skills`` asked for beside the queue's own: all of them, or an expression (see :mod:`fsorch.demands`).
    ``tenant``: whose number it is; a number that is written ``500@acme`` is the tenant ``acme``'s, and counts before
    ``500`` for calls to its domain. ``on_full``: what callers get when the tenant has as many as it may have."""

    flow: str = ""
    queue: str = ""
    priority: Annotated[int, msgspec.Meta(ge=0, le=999)] = 0
    skills: Wanted = {}
    tenant: str = ""
    on_full: Ending | None = None


class DoorSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The HTTP doors (``/hooks/xml``, ``/hooks/route``). Without a ``token`` they are shut; ``allow``: the addresses or
    networks that may ask. ``domain``: of phones that name none. ``contexts``: the dialplan contexts whose numbers are
    answered; ``user_context``: the context that calls of the agents' phones come into."""

    token: str = ""
    allow: tuple[str, ...] = ("127.0.0.1", "::1")
    domain: str = ""
    contexts: tuple[str, ...] = ("public",)
    user_context: str = "default"


def check_doors(doors: DoorSettings, where: str) -> None:
    """ConfigError for a token that can be guessed or an address that is none."""
    if doors.token and len(doors.token) < SHORTEST_TOKEN:
        raise ConfigError(f"{where}.token is too easy to guess; use {SHORTEST_TOKEN} characters or more")
    check_addresses(doors.allow, f"{where}.allow")


def check_addresses(allow: Sequence[str], where: str) -> None:
    """ConfigError for an address or network that is none."""
    for n, network in enumerate(allow):
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            raise ConfigError(f"{where}[{n}]: {error}; give an address or a network such as 192.0.2.0/24") from None


def check_numbers(
    numbers: Mapping[str, NumberSpec], flows: set[str], queues: set[str], skills: Iterable[str], where: str
) -> None:
    """ConfigError for a number that cannot be dialled or leads nowhere, or asks by an expression that is wrong."""
    for number, spec in numbers.items():
        here = f"{where}.{number}"
        if not DIALLED.fullmatch(number.partition("@")[0]):
            raise ConfigError(
                f"{where} has the number {number!r}; it must match {DIALLED.pattern}, with @ and a tenant or without"
            )
        if bool(spec.flow) is bool(spec.queue):
            raise ConfigError(f"{here} must have a flow or a queue, and not both")
        if spec.flow and spec.flow not in flows:
            raise ConfigError(f"{here}.flow is {spec.flow!r}, which does not exist{near(spec.flow, flows)}")
        if spec.queue and spec.queue not in queues:
            raise ConfigError(f"{here}.queue is {spec.queue!r}, which does not exist{near(spec.queue, queues)}")
        if isinstance(spec.skills, str):
            check_wanted(spec.skills, skills, f"{here}.skills")


def variables_of(spec: NumberSpec) -> dict[str, str]:
    """What a number means as the channel variables of the park door."""
    skills = skills_variable(spec.skills)
    priority = str(spec.priority) if spec.priority else ""
    named = {"tenant": spec.tenant, "flow": spec.flow, "queue": spec.queue, "priority": priority, "skills": skills}
    return {f"fsorch_{name}": value for name, value in named.items() if value}


def skills_variable(wanted: Wanted) -> str:
    """What is asked for as the variable ``fsorch_skills`` says it: ``german:3,billing:1``, or the expression, on one
    line."""
    if isinstance(wanted, str):
        return " ".join(wanted.split())
    return ",".join(f"{skill}:{level}" for skill, level in wanted.items())


def phone_login(phone: str, domain: str) -> tuple[str, str] | None:
    """User and domain of an agent's phone ``user/1001@pbx.example``; ``domain`` stands in for one that it does not
    name. None for any other dial string."""
    named = PHONE.fullmatch(phone)
    if named is None or not (named[2] or domain):
        return None
    return named[1], (named[2] or domain).lower()
