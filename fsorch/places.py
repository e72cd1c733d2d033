"""Where somebody who is called is: their country, region and clocks, as far as anything tells.

A number tells its country, often its region, and the zones it may be in; a postcode, a region and a zone that a list
holds tell more. Nothing that one of them says is thrown away because another says something else: a mobile of one state
may be in the pocket of somebody in the next, so all their clocks count, and whoever goes by the strictest is right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import msgspec
import phonenumbers
import yaml
from phonenumbers.timezone import time_zones_for_number

from fsorch.campaigns import Lead, LeadNumber, Line
from fsorch.errors import ConfigError

__all__ = ["Place", "Places", "check_zone", "told_place"]

# Numbers remembered before all are forgotten: a campaign dials each a few times.
MOST_KEPT = 50_000
UNKNOWN = "Etc/Unknown"
COUNTRY = re.compile(r"[A-Z]{2}")
REGION = re.compile(r"[A-Z]{2}-.+")
# How long the postcodes of countries are that begin with a nought in places; of fewer digits none is left.
LENGTHS = {"US": 5, "AU": 4, "ES": 5, "FR": 5}
SHORTEST_CODE = 3


_LINES = {
    phonenumbers.PhoneNumberType.MOBILE: Line.MOBILE,
    phonenumbers.PhoneNumberType.FIXED_LINE: Line.FIXED,
    phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE: Line.EITHER,
    phonenumbers.PhoneNumberType.UNKNOWN: Line.NONE,
}


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody may be. ``countries`` (ISO 3166) and ``regions`` (ISO 3166-2, ``US-TX``): whose law counts;
    ``zones`` (IANA): whose clocks count; none: nobody knows what time it is there."""

    countries: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    line: Line = Line.NONE

    @property
    def words(self) -> str:
        """For the records; see :func:`told_place`."""
        return ", ".join((*self.regions, *self.countries, *self.zones))


class Region(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A region of a country: its clocks, its area codes and its postcodes (by how they begin, with ranges).
    ``clocks``: postcodes that go by one of its clocks for certain."""

    zones: tuple[str, ...]
    codes: tuple[str, ...] = ()
    postcodes: str = ""
    clocks: dict[str, str] = {}


def told_place(checks: Mapping[str, str]) -> Place | None:
    """The place that was gone by, as the checks of an attempt have it; None: they do not say."""
    parts = [part for part in checks.get("place", "").split(", ") if part]
    if not parts:
        return None
    return Place(
        countries=tuple(part for part in parts if COUNTRY.fullmatch(part)),
        regions=tuple(part for part in parts if REGION.fullmatch(part)),
        zones=tuple(part for part in parts if part in _all_zones()),
    )


def check_zone(zone: str) -> None:
    """Raises ConfigError for what is no time zone (IANA); none at all is none."""
    if zone and zone not in _all_zones():
        raise ConfigError(f"there is no time zone {zone[:40]!r}; expected one such as Europe/Berlin")


@cache
def _all_zones() -> frozenset[str]:
    return frozenset(available_timezones())


class Places:
    """What is known of numbers, regions and postcodes. Remembers the numbers it has looked at."""

    def __init__(self) -> None:
        self._known = _tables()
        self._zones = available_timezones()
        self._numbers: dict[str, Place] = {}

    def of(self, lead: Lead, number: LeadNumber) -> Place:
        """Where ``lead`` may be when this number of theirs rings."""
        told = self.of_number(number.number)
        here = {zone for zone in (number.zone, lead.zone) if zone in self._zones}
        region = self._region(lead, next(iter(told.countries), ""))
        regions = {region} if region else set()
        country = lead.country.upper() or region[:2]
        countries = dict.fromkeys(one for one in (*told.countries, country) if one)
        postal = self._of_postcode(country or next(iter(countries), ""), lead.postcode)
        if postal is not None:
            here |= set(postal.zones)
            regions |= set(postal.regions)
        elif regions:
            here |= {zone for region in regions for zone in self._known.regions.get(region, NOWHERE).zones}
        if not here and country and country not in told.countries:
            # They live elsewhere than their number does, and all we know is the country.
            here |= set(self._known.countries.get(country, ()))
        return Place(
            countries=tuple(countries),
            regions=tuple(sorted(regions | set(told.regions))),
            zones=tuple(sorted(here | set(told.zones))),
            line=told.line,
        )

    def clock_of(self, lead: Lead, number: LeadNumber) -> str:
        """The zone in which a time is agreed with ``lead``: the number's own, the lead's, or the only one they may be
        in; empty where nobody knows which."""
        told = next((zone for zone in (number.zone, lead.zone) if zone in self._zones), "")
        zones = (told,) if told else self.of(lead, number).zones
        return zones[0] if len(zones) == 1 else ""

    def astray(self, lead: Lead, number: LeadNumber) -> str:
        """In words, that this number and what the list says of the lead (zone, postcode, region) place them under
        different clocks, so that one of them may be wrong; empty: they agree, or one of them says nothing."""
        told = set(self.of_number(number.number).zones)
        listed = {zone for zone in (number.zone, lead.zone) if zone in self._zones}
        # A number that tells nothing leaves what the list says.
        listed |= set(self.of(lead, LeadNumber(number="")).zones)
        if not told or not listed or told & listed:
            return ""
        return f"the number is of {_some(told)}, the list says {_some(listed)}"

    def of_number(self, number: str) -> Place:
        """What a number (E.164) says by itself."""
        known = self._numbers.get(number)
        if known is None:
            if len(self._numbers) >= MOST_KEPT:
                self._numbers.clear()
            known = self._numbers[number] = self._look(number)
        return known

    def _look(self, number: str) -> Place:
        try:
            parsed = phonenumbers.parse(number)
        except phonenumbers.NumberParseException:
            return Place()
        country = phonenumbers.region_code_for_number(parsed) or ""
        if len(country) != 2 or country == "ZZ":
            return Place()
        split = self._known.split
        zones = split.get(number[:5]) or split.get(number[:4]) or self._clocks(country, time_zones_for_number(parsed))
        region = self._known.codes.get(number[:5]) if country == "US" else None
        return Place(
            countries=(country,),
            regions=(region,) if region else (),
            zones=tuple(sorted(zone for zone in zones if zone != UNKNOWN)),
            line=_LINES.get(phonenumbers.number_type(parsed), Line.OTHER),
        )

    def _clocks(self, country: str, zones: Iterable[str]) -> set[str]:
        """These zones, and for each that is no zone of its country those of the country that have its time in winter:
        the library says Europe/Bucharest of Kaliningrad, where clocks are not changed."""
        own = self._known.countries.get(country, ())
        known = set(zones) - {UNKNOWN}
        strange = {_winter(zone) for zone in known - set(own)}
        return known | {zone for zone in own if _winter(zone) in strange}

    def _region(self, lead: Lead, country: str) -> str:
        """The region with its country, which is the number's where the lead has none: a list may say ``TX``, ``US-TX``
        or ``Texas``."""
        region = " ".join(lead.region.upper().split())
        named = self._known.names.get(region)
        if not region or "-" in region or named:
            return named or region
        country = lead.country.upper() or country
        return f"{country}-{region}" if country else ""

    def _of_postcode(self, country: str, postcode: str) -> Place | None:
        plain = _plain_postcode(country, postcode)
        found = self._known.postcodes.get(country, ())
        for begins, region, zones in found if plain else ():
            if plain.startswith(begins):
                # An entry that is a whole country is no region.
                return Place(regions=(region,) if "-" in region else (), zones=zones)
        return None


class Tables(msgspec.Struct, frozen=True):
    """The file of places, ready to be asked. ``postcodes``: of a country, the longest beginnings first; ``names``: the
    regions by their names, in capitals."""

    regions: dict[str, Region]
    codes: dict[str, str]
    split: dict[str, tuple[str, ...]]
    postcodes: dict[str, tuple[tuple[str, str, tuple[str, ...]], ...]]
    countries: dict[str, tuple[str, ...]]
    names: dict[str, str]


NOWHERE = Region(zones=())


@cache
def _tables() -> Tables:
    data: dict[str, Any] = yaml.safe_load(files("fsorch").joinpath("places.yaml").read_text(encoding="utf-8"))
    split = msgspec.convert(data.pop("split"), dict[str, tuple[str, ...]])
    names = msgspec.convert(data.pop("names"), dict[str, str])
    regions: dict[str, Region] = {}
    postcodes = {}
    for country, parts in data.items():
        here = msgspec.convert(parts, dict[str, Region])
        regions |= here
        postcodes[country] = _begins(here)
    codes = {f"+1{code}": name for name, region in regions.items() for code in region.codes}
    return Tables(regions, codes, split, postcodes, _zones_of_countries(), names)


def _begins(regions: Mapping[str, Region]) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """How the postcodes of each region begin, and the clocks there."""
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for name, region in regions.items():
        found |= {begins: (name, region.zones) for begins in _spread(region.postcodes)}
        for zone, ranges in region.clocks.items():
            found |= {begins: (name, (zone,)) for begins in _spread(ranges)}
    ordered = sorted(found.items(), key=lambda one: -len(one[0]))
    return tuple((begins, name, zones) for begins, (name, zones) in ordered)


def _spread(ranges: str) -> Iterable[str]:
    """``005 100-149`` as each of its beginnings."""
    for one in ranges.split():
        first, _, last = one.partition("-")
        if not last:
            yield first
            continue
        for value in range(int(first), int(last) + 1):
            yield str(value).zfill(len(first))


def _zones_of_countries() -> dict[str, tuple[str, ...]]:
    """The zones of each country, from the zone database itself."""
    found: dict[str, list[str]] = {}
    for line in files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            found.setdefault(country, []).append(zone)
    return {country: tuple(zones) for country, zones in found.items()}


def _some(zones: set[str]) -> str:
    """One zone, or the first of several."""
    first, *more = sorted(zones)
    return f"{first} and {len(more)} more" if more else first


def _plain_postcode(country: str, text: str) -> str:
    """A postcode in capitals, without blanks; with the noughts at its beginning that a spreadsheet has taken for those
    of a number. ``02108-1234`` is ``02108``."""
    plain = "".join(text.upper().split())
    length = LENGTHS.get(country, 0)
    if length:
        plain = plain.partition("-")[0]
        if plain.isascii() and plain.isdigit() and SHORTEST_CODE <= len(plain) < length:
            plain = plain.zfill(length)
    return plain.replace("-", "")


@cache
def _winter(zone: str) -> timedelta | None:
    """How far a zone's clocks are from UTC without summer time."""
    moment = datetime(2026, 1, 15, tzinfo=ZoneInfo(zone))
    away = moment.utcoffset()
    return None if away is None else away - (moment.dst() or timedelta())
