"""Numbers of every country, read the short way: always what the library says."""

from __future__ import annotations

from contextlib import suppress

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneMetadata

from fsorch.e164 import NumberFault, NumberReader, zones_of
from fsorch.errors import ConfigError

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
KINDS = ("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "voip", "uan")


def examples(region: str) -> list[str]:
    """A national number of each kind that the country has."""
    found = PhoneMetadata.metadata_for_region(region)
    assert found is not None
    kinds = [getattr(found, kind) for kind in KINDS]
    return [one.example_number for one in kinds if one is not None and one.example_number]


@st.composite
def texts(draw: st.DrawFn) -> tuple[str, str]:
    """A country, and a text that is nearly one of its numbers."""
    region = draw(st.sampled_from(REGIONS))
    digits = list(draw(st.sampled_from(examples(region))))
    for place in draw(st.lists(st.integers(0, len(digits) - 1), max_size=3)):
        digits[place] = draw(st.sampled_from("0123456789"))
    rest = "".join(digits) + draw(st.sampled_from(["", "", "", "7", "00"]))
    rest = rest[: len(rest) - draw(st.sampled_from([0, 0, 0, 1]))]
    code = phonenumbers.country_code_for_region(region)
    found = PhoneMetadata.metadata_for_region(region)
    trunk = (found and found.national_prefix) or ""
    heads = [
        f"+{code}",
        f"+{code} ",
        f"+{code} (0) ",
        "",
        trunk,
        f"{trunk} ",
        f"00{code}",
        f"011{code}",
        f"{code}",
        "+",
    ]
    return region, draw(st.sampled_from(heads)) + rest


def by_the_library(region: str, text: str) -> int | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if number.extension or not phonenumbers.is_valid_number(number):
        return None
    digits = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:]
    return int(digits) if len(digits) <= 15 else None


@settings(max_examples=1500, deadline=None)
@given(texts())
def test_the_short_way_leads_where_the_long_way_does(case: tuple[str, str]) -> None:
    region, text = case
    try:
        read: int | None = NumberReader(region).read(text)
    except NumberFault:
        read = None
    assert read == by_the_library(region, text)


@settings(deadline=None)
@given(st.text(max_size=40))
def test_whatever_stands_in_a_cell_is_a_number_or_a_fault(text: str) -> None:
    with suppress(NumberFault):
        assert 1_000 <= NumberReader("DE").read(text) < 10**15


@pytest.mark.parametrize(
    ("region", "text", "number"),
    [
        ("", "+44 20 7946 0958", 442079460958),
        ("GB", "020 7946 0958", 442079460958),
        ("GB", "+44 (0)20 7946 0958", 442079460958),
        ("US", "(415) 555-2671", 14155552671),
        ("US", "1-415-555-2671", 14155552671),
        ("DE", "0301234567", 49301234567),
        ("CN", "138 0013 8000", 8613800138000),
        ("IT", "06 6982", 39066982),
        ("DE", "0044 20 7946 0958", 442079460958),
    ],
)
def test_numbers_as_people_write_them(region: str, text: str, number: int) -> None:
    assert NumberReader(region).read(text) == number


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no telephone number"),
        ("anna", "no telephone number"),
        ("020 7946 0958", "no country code"),
        ("+44 20", "too short"),
        ("+44 20 7946 0958 0000", "too long"),
        ("+44 00 7946 0958", "no such number can exist|too short"),
        ("+44 20 7946 0958 ext 12", "extension"),
        ("=1+1", "no country code|no telephone number"),
        ("+999 1234567", "no country code"),
    ],
)
def test_what_is_none_says_why(text: str, reason: str) -> None:
    with pytest.raises(NumberFault, match=reason):
        NumberReader().read(text)


def test_a_country_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ConfigError, match="'XX' does not exist"):
        NumberReader("XX")


def test_zones() -> None:
    assert zones_of("+14155552671") == ("America/Los_Angeles",)
    assert zones_of("+442079460958") == ("Europe/London",)
    assert len(zones_of("+18005551234")) > 1
    assert zones_of("nobody") == ()
