"""Telephone numbers as the world writes them, read strictly and fast: what a list of leads or of no-call numbers holds.

:class:`NumberReader` gives what the library phonenumbers gives, a number that is valid or a reason why not. The library
needs some 40 microseconds for a number; a list has a million. So the plain cases (digits with the usual separators,
with ``+`` or in the form of the reader's own country) are decided by one regular expression made of the library's
own patterns, for each country code and length, in 2 or 3; everything else, and every refusal, is left to the library.
``tests/test_e164.py`` holds both against each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, NumberParseException, PhoneMetadata
from phonenumbers.timezone import time_zones_for_number

from fsorch.errors import ConfigError

__all__ = ["LONGEST_NUMBER", "NumberFault", "NumberReader", "reader_of", "zones_of"]

# E.164 has 15 digits at most; a column of 8 bytes takes them.
LONGEST_NUMBER = 15
SEPARATORS = str.maketrans("", "", " -().\u00a0\t")
PLAIN = re.compile(r"\+?[0-9]{4,20}", re.ASCII)
# In the library's order; which of them a number is does not matter here.
KINDS = (
    *("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "voip", "personal_number", "pager", "uan"),
    "voicemail",
)
REASONS = {
    NumberParseException.INVALID_COUNTRY_CODE: "it has no country code, or none that exists",
    NumberParseException.NOT_A_NUMBER: "it is no telephone number",
    NumberParseException.TOO_SHORT_AFTER_IDD: "it is too short",
    NumberParseException.TOO_SHORT_NSN: "it is too short",
    NumberParseException.TOO_LONG: "it is too long",
}
Matcher = Callable[[str], "re.Match[str] | None"]


class NumberFault(ConfigError):
    """A text that is no valid telephone number. ``reason`` is the sentence's end, without the text itself."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(f"{text[:40]!r}: {reason}")
        self.reason = reason


class Home(NamedTuple):
    """How numbers are written in the reader's own country. ``prefix`` matches what is dialled there before a number;
    ``is_rewritten``: sometimes it becomes something else. ``abroad`` matches what begins like a call to another country
    or with the country's own code: more than the short way decides."""

    code: str
    prefix: Matcher
    is_rewritten: bool
    abroad: Matcher


class NumberReader:
    """Reads numbers. ``region``: the country (two letters, as in ISO 3166) of those written without a country code;
    empty: there are none such. Raises ConfigError for a region that does not exist."""

    def __init__(self, region: str = "") -> None:
        self.region = region.upper()
        if self.region and self.region not in phonenumbers.SUPPORTED_REGIONS:
            raise ConfigError(f"the region {region!r} does not exist; give two letters, as in GB, US, CN")
        self._home = _home(self.region) if self.region else None
        # For each country code and length; filled as they come.
        self._valid: dict[tuple[str, int], Matcher] = {}

    def read(self, text: str) -> int:
        """The digits of the number with its country code, as a whole number. Raises NumberFault."""
        plain = text.translate(SEPARATORS)
        if PLAIN.fullmatch(plain):
            found = self._international(plain[1:]) if plain[0] == "+" else self._national(plain)
            if found:
                return found
        return self._slowly(text)

    def _international(self, digits: str) -> int:
        """The number of ``digits``, or 0: ask the library."""
        code = _code_of(digits)
        rest = digits[len(code) :]
        if code and not _strips(code)(rest) and self._is_valid(code, rest):
            return int(digits)
        return 0

    def _national(self, digits: str) -> int:
        home = self._home
        if home is None or home.abroad(digits):
            return 0
        before = home.prefix(digits)
        if before is not None:
            if home.is_rewritten:
                return 0
            # What is valid after it is what the library takes.
            digits = digits[before.end() :]
        return int(home.code + digits) if self._is_valid(home.code, digits) else 0

    def _is_valid(self, code: str, rest: str) -> bool:
        key = (code, len(rest))
        valid = self._valid.get(key)
        if valid is None:
            valid = self._valid[key] = _validity(*key)
        return valid(rest) is not None

    def _slowly(self, text: str) -> int:
        try:
            number = phonenumbers.parse(text, self.region or None)
        except NumberParseException as error:
            raise NumberFault(text, REASONS.get(error.error_type, "it is no telephone number")) from None
        if number.extension:
            raise NumberFault(text, "it has an extension, which cannot be dialled; give the number alone")
        if not phonenumbers.is_valid_number(number):
            raise NumberFault(text, _why_not(number))
        digits = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:]
        if len(digits) > LONGEST_NUMBER:
            raise NumberFault(text, "it is too long")
        return int(digits)


def reader_of(country: str, otherwise: str = "") -> NumberReader:
    """Reads numbers as ``country`` writes them (two letters, as in ISO 3166); where that has none of its own, as the
    country ``otherwise`` does. Raises ConfigError for one of these that does not exist."""
    return NumberReader(country if country.upper() in phonenumbers.SUPPORTED_REGIONS else otherwise)


def zones_of(number: str) -> tuple[str, ...]:
    """The time zones (IANA names) that a number with its country code (``+14155550100``) may be in; several where the
    number does not tell. Empty for what is no number."""
    try:
        zones = time_zones_for_number(phonenumbers.parse(number))
    except NumberParseException:
        return ()
    return tuple(zone for zone in zones if "/" in zone and not zone.startswith("Etc/Unknown"))


def _why_not(number: phonenumbers.PhoneNumber) -> str:
    match phonenumbers.is_possible_number_with_reason(number):
        case phonenumbers.ValidationResult.TOO_SHORT | phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
            return "it is too short for its country"
        case phonenumbers.ValidationResult.TOO_LONG:
            return "it is too long for its country"
        case _:
            return "no such number can exist in its country"


@lru_cache(maxsize=1024)
def _code_of_head(head: str) -> str:
    """The country code that ``head``, three digits, begins with."""
    for length in (1, 2, 3):
        if int(head[:length]) in COUNTRY_CODE_TO_REGION_CODE:
            return head[:length]
    return ""


def _code_of(digits: str) -> str:
    return "" if digits[0] == "0" else _code_of_head(digits[:3])


def _metadata(code: int, region: str) -> PhoneMetadata:
    found = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
    if found is None:
        raise ConfigError(f"phonenumbers knows nothing of the region {region!r}")
    return found


@lru_cache(maxsize=512)
def _strips(code: str) -> Matcher:
    """Whether the library may take something off the front of a number of this country code."""
    main = COUNTRY_CODE_TO_REGION_CODE[int(code)][0]
    pattern = _metadata(int(code), main).national_prefix_for_parsing
    return re.compile(pattern).match if pattern else _never


def _home(region: str) -> Home:
    code = phonenumbers.country_code_for_region(region)
    found = _metadata(code, region)
    pattern = found.national_prefix_for_parsing
    abroad = re.compile(f"(?:{found.international_prefix or 'x'})|{code}")
    return Home(
        code=str(code),
        prefix=re.compile(pattern).match if pattern else _never,
        is_rewritten=bool(found.national_prefix_transform_rule),
        abroad=abroad.match,
    )


def _never(_text: str) -> re.Match[str] | None:
    return None


@lru_cache(maxsize=4096)
def _validity(code: str, length: int) -> Matcher:
    """Matches the national numbers of this length that the library holds to be valid: those of some kind in the region
    that they belong to. Where several regions share a country code, the library takes the first whose leading digits
    fit, so those of earlier ones must not."""
    if len(code) + length > LONGEST_NUMBER:
        return _never
    ways = []
    earlier = ""
    regions = COUNTRY_CODE_TO_REGION_CODE[int(code)]
    for region in regions:
        found = _metadata(int(code), region)
        leading = found.leading_digits if len(regions) > 1 else None
        patterns = list(_patterns(found, length))
        if patterns:
            ahead = f"(?={leading})" if leading else ""
            general = f"(?=(?:{_pattern(found.general_desc)})\\Z)"
            ways.append(f"{earlier}{ahead}{general}(?:{'|'.join(patterns)})\\Z")
        earlier += f"(?!{leading})" if leading else ""
    return re.compile("|".join(ways)).match if ways else _never


def _patterns(found: PhoneMetadata, length: int) -> Iterator[str]:
    if not _fits(found.general_desc, length):
        return
    for kind in KINDS:
        desc = getattr(found, kind)
        if _fits(desc, length):
            yield f"(?:{desc.national_number_pattern})"


def _pattern(desc: Any) -> str:
    return desc.national_number_pattern or ""


def _fits(desc: Any, length: int) -> bool:
    lengths = desc is not None and desc.possible_length
    return desc is not None and bool(desc.national_number_pattern) and (not lengths or length in lengths)
