"""Compliance packs as data: what the law, a regulator or good practice asks of calls to a place.

A pack is a file of rules (``fsorch/campaign/packs``). Each rule has an id that the records keep, the source it comes
from, what kind of source that is, and for whom it is meant; :mod:`fsorch.campaign.compliance` asks them. A pack is no
legal advice: it is what its sources say, read by people who are not your lawyers; a centre may put a pack of its own
under the same name. Keys that end in ``_s`` are seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Annotated, TypeAlias

import msgspec
import yaml

from fsorch.calendar_rules import CalendarSpec, Hours, Weekday, check_calendar
from fsorch.campaigns import DIALLED_OUTCOMES, LOOK_BACK_DAYS, Audience, CampaignSpec, Line, Mode, Outcome, Per
from fsorch.errors import ConfigError
from fsorch.hints import explain
from fsorch.rules import AtLeastOne, Name, Rule, Seconds

__all__ = [
    "SHIPPED_PACKS",
    "SHIPPED_REGISTERS",
    "AttemptsRule",
    "CallerIdRule",
    "ConsentRule",
    "DropRule",
    "HoursRule",
    "KeepRule",
    "LockoutRule",
    "MessageRule",
    "Nature",
    "PackRule",
    "PackSpec",
    "RegistryRule",
    "RingRule",
    "check_pack",
    "pack_named",
    "shipped_pack",
]

# The packs that fsorch brings, by what they are called in a campaign.
SHIPPED_PACKS = ("cn", "eu", "uk", "us")
# The public registers they know, by the names under which those are imported.
SHIPPED_REGISTERS = frozenset({"us-dnc", "uk-tps", "uk-ctps"})
Country = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}\Z", description="a country by its two letters, such as DE")]
Region = Annotated[
    str,
    msgspec.Meta(pattern=r"^[A-Z]{2}-[A-Z0-9]{1,3}\Z", description="a region by its ISO 3166-2 code, such as US-CA"),
]
Id = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[a-z0-9][a-z0-9._-]{0,62}\Z", description="a name of small letters, digits, '_', '.' and '-'"
    ),
]


class Nature(StrEnum):
    """What stands behind a rule: a law or regulation; what its regulator says it goes by; nothing but good practice."""

    LAW = "law"
    GUIDANCE = "guidance"
    PRACTICE = "practice"


class PackRule(Rule, frozen=True, kw_only=True):
    """What all rules have. ``says``: the rule in a sentence; ``source``: where it is written. It counts for calls into
    ``countries`` or ``regions`` (neither: wherever the pack is used), but not into the regions ``without``; for these
    ``modes``, ``purposes``, ``audiences`` and ``lines`` (none: all)."""

    id: Id
    says: Name
    source: Name
    nature: Nature = Nature.LAW
    countries: tuple[Country, ...] = ()
    regions: tuple[Region, ...] = ()
    without: tuple[Region, ...] = ()
    modes: tuple[Mode, ...] = ()
    purposes: tuple[str, ...] = ()
    audiences: tuple[Audience, ...] = ()
    lines: tuple[Line, ...] = ()

    def fits_campaign(self, spec: CampaignSpec) -> bool:
        """Whether it counts for calls of this campaign at all."""
        return (
            (not self.modes or spec.mode in self.modes)
            and (not self.purposes or spec.purpose in self.purposes)
            and (not self.audiences or spec.evidence.audience in self.audiences)
        )

    def fits_place(self, countries: Iterable[str], regions: Iterable[str], line: Line) -> bool:
        """Whether it counts for somebody who may be in all these places."""
        here = set(regions)
        if self.lines and line not in self.lines:
            return False
        if self.without and here & set(self.without):
            return False
        if not self.countries and not self.regions:
            return True
        return bool(set(countries) & set(self.countries)) or bool(here & set(self.regions))


class HoursRule(PackRule, frozen=True, kw_only=True):
    """When people may be called, by their own clocks; a weekday that is not here is closed. ``holidays``: the hours on
    public holidays there (None: as on any day; empty: closed). ``parts``: of the country (``ENG``), whose holidays all
    count where no region is known."""

    hours: dict[Weekday, tuple[Hours, ...]]
    holidays: tuple[Hours, ...] | None = None
    parts: tuple[str, ...] = ()


class AttemptsRule(PackRule, frozen=True, kw_only=True):
    """At most ``most`` attempts in ``days`` (a day is 24 hours here, the stricter reading), whatever the campaign.
    ``counts``: the outcomes that are counted (None: all that may have rung). A year at most, for so far back is
    looked."""

    most: AtLeastOne
    days: Annotated[float, msgspec.Meta(gt=0, le=LOOK_BACK_DAYS)]
    per: Per = Per.NUMBER
    counts: frozenset[Outcome] | None = None

    @property
    def counted(self) -> frozenset[Outcome]:
        """The outcomes that count."""
        return DIALLED_OUTCOMES if self.counts is None else self.counts


class LockoutRule(PackRule, frozen=True, kw_only=True):
    """After one of these outcomes the number is left alone for ``hours``, a year at most, in the modes the rule is
    for."""

    after: frozenset[Outcome]
    hours: Annotated[float, msgspec.Meta(gt=0, le=24 * LOOK_BACK_DAYS)]


class ConsentRule(PackRule, frozen=True, kw_only=True):
    """Nobody is called without a consent on record whose scope is one of these."""

    scopes: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]


class RegistryRule(PackRule, frozen=True, kw_only=True):
    """Numbers of a public register are not called, unless consent is on record. ``registry``: the name under which it
    is imported (``fsorch dnc import``); a copy older than ``days`` will not do."""

    registry: Name
    days: Annotated[float, msgspec.Meta(gt=0)]


class RingRule(PackRule, frozen=True, kw_only=True):
    """A call that nobody answers rings at least so long."""

    least_s: Seconds


class DropRule(PackRule, frozen=True, kw_only=True):
    """At most the share ``ceiling`` of live answers is dropped, measured over ``days``; a drop is when no agent is
    there ``within_s`` after the greeting. ``false_positives``: people taken for machines count as drops too;
    ``hang_ups``: who hung up before anybody could be there is one of the answers."""

    ceiling: Annotated[float, msgspec.Meta(gt=0, le=1)]
    days: Annotated[float, msgspec.Meta(gt=0)]
    within_s: Seconds = 2.0
    false_positives: bool = False
    hang_ups: bool = True


class MessageRule(PackRule, frozen=True, kw_only=True):
    """What somebody hears for whom there is no agent: who called, the number to reach them at, and a way not to be
    called again."""

    name: bool = True
    number: bool = True
    opt_out: bool = False


class CallerIdRule(PackRule, frozen=True, kw_only=True):
    """A number is shown that can be called back; ``name``: with a name where the network carries one."""

    name: bool = False


class KeepRule(PackRule, frozen=True, kw_only=True):
    """What is kept, and for how long: ``records`` of calls, ``consents``, ``recordings``, the ``dnc`` list, or the
    ``script`` and messages."""

    what: Annotated[str, msgspec.Meta(pattern=r"^(records|consents|recordings|dnc|script)\Z")]
    days: AtLeastOne


AnyRule: TypeAlias = (
    HoursRule
    | AttemptsRule
    | LockoutRule
    | ConsentRule
    | RegistryRule
    | RingRule
    | DropRule
    | MessageRule
    | CallerIdRule
    | KeepRule
)


class PackSpec(Rule, frozen=True, kw_only=True):
    """A pack. ``note``: what whoever uses it must know; ``checked``: when its sources were last read. ``countries``:
    those it is for; calls into another are refused, for nobody has looked at the law there."""

    id: str
    title: str = ""
    note: str = ""
    checked: date
    countries: tuple[Country, ...] = ()
    hours: tuple[HoursRule, ...] = ()
    attempts: tuple[AttemptsRule, ...] = ()
    lockouts: tuple[LockoutRule, ...] = ()
    consents: tuple[ConsentRule, ...] = ()
    registries: tuple[RegistryRule, ...] = ()
    ring: tuple[RingRule, ...] = ()
    drops: tuple[DropRule, ...] = ()
    messages: tuple[MessageRule, ...] = ()
    caller_ids: tuple[CallerIdRule, ...] = ()
    keeps: tuple[KeepRule, ...] = ()

    def rules(self) -> Iterator[tuple[str, AnyRule]]:
        """Every rule with its key's path."""
        for key in KINDS:
            for n, rule in enumerate(getattr(self, key)):
                yield f"{key}[{n}]", rule


KINDS = (
    *("hours", "attempts", "lockouts", "consents", "registries", "ring", "drops", "messages", "caller_ids"),
    "keeps",
)


def check_pack(pack: PackSpec, where: str) -> None:
    """Ids once, and rules that can be kept. ``where``: the path of the pack. Raises ConfigError."""
    seen: set[str] = set()
    for path, rule in pack.rules():
        here = f"{where}.{path}"
        if rule.id in seen:
            raise ConfigError(f"{here}.id is {rule.id!r} a second time; the records could not tell them apart")
        seen.add(rule.id)
        if isinstance(rule, HoursRule):
            # A zone stands in: which one counts is the called party's matter.
            check_calendar(CalendarSpec(id="hours", zone="UTC", hours=rule.hours), here)
        if isinstance(rule, LockoutRule) and not rule.after:
            raise ConfigError(f"{here}.after is empty; expected the outcomes after which a number is left alone")


def pack_named(name: str, own: Iterable[PackSpec]) -> PackSpec | None:
    """The pack that a campaign calls so: one of the centre's ``own``, else one that fsorch ships; None: neither."""
    for pack in own:
        if pack.id == name:
            return pack
    return shipped_pack(name) if name in SHIPPED_PACKS else None


@cache
def shipped_pack(name: str) -> PackSpec:
    """One of `SHIPPED_PACKS`. Raises ConfigError for any other name, or a file that is none."""
    if name not in SHIPPED_PACKS:
        raise ConfigError(f"fsorch ships no pack {name!r}; there are {', '.join(SHIPPED_PACKS)}")
    where = f"packs/{name}.yaml"
    text = files("fsorch").joinpath("campaign", "packs", f"{name}.yaml").read_text(encoding="utf-8")
    try:
        pack = msgspec.convert(yaml.safe_load(text), PackSpec)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{where}: {explain(error, PackSpec)}") from None
    check_pack(pack, where)
    return pack
