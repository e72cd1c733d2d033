"""Whose law and whose clocks count for a lead."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

import pytest

from fsorch.campaigns import Lead, LeadNumber, Line
from fsorch.places import Place, Places, _tables

PLACES = Places()


def place(number: str, zone: str = "", **keys: Any) -> Place:
    return PLACES.of(Lead(id="1", **keys), LeadNumber(number=number, zone=zone))


@pytest.mark.parametrize(
    ("number", "countries", "regions", "zones", "line"),
    [
        ("+12125550100", ("US",), ("US-NY",), ("America/New_York",), Line.EITHER),
        ("+18505550100", ("US",), ("US-FL",), ("America/Chicago", "America/New_York"), Line.EITHER),
        ("+12065550100", ("US",), ("US-WA",), ("America/Los_Angeles",), Line.EITHER),
        ("+493012345678", ("DE",), (), ("Europe/Berlin",), Line.FIXED),
        ("+4915112345678", ("DE",), (), ("Europe/Berlin",), Line.MOBILE),
        ("+442079460123", ("GB",), (), ("Europe/London",), Line.FIXED),
        ("+8613800138000", ("CN",), (), ("Asia/Shanghai",), Line.MOBILE),
        ("+34600123123", ("ES",), (), ("Atlantic/Canary", "Europe/Madrid"), Line.MOBILE),
        ("+80012345678", (), (), (), Line.NONE),
        ("+0", (), (), (), Line.NONE),
        ("nonsense", (), (), (), Line.NONE),
    ],
)
def test_a_number_tells(
    number: str, countries: tuple[str, ...], regions: tuple[str, ...], zones: tuple[str, ...], line: Line
) -> None:
    assert place(number) == Place(countries=countries, regions=regions, zones=zones, line=line)


def test_a_postcode_tells_more_and_the_number_still_counts() -> None:
    assert place("+12125550100", country="US", postcode="90001").zones == ("America/Los_Angeles", "America/New_York")
    assert place("+12125550100", country="US", postcode="90001").regions == ("US-CA", "US-NY")
    assert place("+13055550100", country="US", postcode="33101").zones == ("America/New_York",)
    assert place("+13055550100", country="US", postcode="32501-1234").zones == ("America/Chicago", "America/New_York")
    assert place("+34600123123", postcode="35001").zones == ("Atlantic/Canary", "Europe/Madrid")
    assert place("+14165550100", country="CA", postcode="k1a 0b1").zones == ("America/Toronto",)


def test_a_region_counts_with_all_its_clocks_when_no_postcode_says_which() -> None:
    assert place("+13055550100", region="US-TX").zones == ("America/Chicago", "America/Denver", "America/New_York")
    assert place("+13055550100", country="US", region="tx").regions == ("US-FL", "US-TX")


def test_the_lists_own_zone_counts_beside_the_numbers_and_a_faulty_one_does_not() -> None:
    assert place("+493012345678", zone="Asia/Tokyo").zones == ("Asia/Tokyo", "Europe/Berlin")
    assert place("+493012345678", zone="Asia/Tokio").zones == ("Europe/Berlin",)


def test_who_lives_in_another_country_than_their_number_has_the_clocks_and_law_of_both() -> None:
    found = place("+493012345678", country="JP")
    assert found.countries == ("DE", "JP")
    assert found.zones == ("Asia/Tokyo", "Europe/Berlin")


def test_every_zone_of_the_tables_exists_and_every_state_has_clocks() -> None:
    tables = _tables()
    named = {zone for region in tables.regions.values() for zone in (*region.zones, *region.clocks)}
    assert named | {zone for zones in tables.split.values() for zone in zones} <= available_timezones()
    assert sum(name.startswith("US-") for name in tables.regions) == 56
    assert set(tables.names.values()) <= set(tables.regions)
    assert all(set(region.clocks) <= set(region.zones) for region in tables.regions.values())


def test_no_area_code_is_in_two_states_and_each_state_keeps_its_codes_clocks() -> None:
    tables = _tables()
    codes = [code for region in tables.regions.values() for code in region.codes]
    assert len(codes) == len(set(codes)) == 359
    for prefix, zones in tables.split.items():
        if prefix in tables.codes:
            assert set(zones) <= set(tables.regions[tables.codes[prefix]].zones), prefix


@pytest.mark.parametrize(
    ("postcode", "zones"),
    [
        # Places that go by the other clock of their state than the rest of the three digits (49 CFR part 71).
        ("47978", {"America/Chicago", "America/New_York"}),  # Rensselaer, Indiana
        ("47586", {"America/Chicago", "America/New_York"}),  # Tell City, Indiana
        ("46534", {"America/Chicago", "America/New_York"}),  # Knox, Indiana
        ("40143", {"America/Chicago", "America/New_York"}),  # Hardinsburg, Kentucky
        ("37388", {"America/Chicago", "America/New_York"}),  # Tullahoma, Tennessee
        ("32456", {"America/Chicago", "America/New_York"}),  # Port St. Joe, Florida
        ("83549", {"America/Boise", "America/Los_Angeles"}),  # Riggins, Idaho
        ("58533", {"America/Chicago", "America/Denver"}),  # Elgin, North Dakota
        ("79830", {"America/Chicago", "America/Denver"}),  # Alpine, Texas
        ("99546", {"America/Adak"}),
        ("99501", {"America/Anchorage"}),
        ("96910", {"Pacific/Guam"}),
        ("96799", {"Pacific/Pago_Pago"}),
        ("96801", {"Pacific/Honolulu"}),
        ("00901", {"America/Puerto_Rico"}),
        ("00801", {"America/St_Thomas"}),
    ],
)
def test_a_postcode_claims_no_more_than_it_tells(postcode: str, zones: set[str]) -> None:
    assert set(place("+80012345678", country="US", postcode=postcode).zones) == zones


@pytest.mark.parametrize(
    ("country", "postcode", "region"),
    [
        # As spreadsheets leave them: 02108 in Boston, 00901 in San Juan, 0870 in Alice Springs.
        ("US", "2108", "US-MA"),
        ("US", "2108-1234", "US-MA"),
        ("US", "901", "US-PR"),
        ("US", "02108 ", "US-MA"),
        ("US", "90001-1234", "US-CA"),
        ("AU", "870", "AU-NT"),
        ("CA", "k1a 0b1", "CA-ON"),
    ],
)
def test_a_postcode_that_has_lost_its_noughts(country: str, postcode: str, region: str) -> None:
    assert place("+80012345678", country=country, postcode=postcode).regions == (region,)


@pytest.mark.parametrize(
    ("number", "keys"),
    [
        ("+12125550100", {"region": "Texas"}),
        ("+12125550100", {"region": " texas ", "country": "US"}),
        # Without a country it is one of the number's.
        ("+12125550100", {"region": "TX"}),
        ("+493012345678", {"region": "Texas"}),
    ],
)
def test_a_region_may_be_written_out(number: str, keys: dict[str, Any]) -> None:
    found = place(number, **keys)
    assert "US-TX" in found.regions
    assert {"America/Chicago", "America/Denver"} < set(found.zones)
    assert "US" in found.countries


@pytest.mark.parametrize(
    ("number", "zones"),
    [
        ("+18675550100", {"America/Whitehorse", "America/Edmonton", "America/Rankin_Inlet", "America/Iqaluit"}),
        ("+12505550100", {"America/Vancouver", "America/Edmonton", "America/Fort_Nelson"}),
        ("+18075550100", {"America/Toronto", "America/Winnipeg"}),
        # Queensland has no summer time.
        ("+61755551234", {"Australia/Brisbane"}),
        ("+74012345678", {"Europe/Kaliningrad"}),
    ],
)
def test_area_codes_to_which_the_library_gives_other_clocks(number: str, zones: set[str]) -> None:
    assert set(place(number).zones) == zones


def test_a_russian_mobile_may_be_in_kaliningrad() -> None:
    assert {"Europe/Kaliningrad", "Asia/Kamchatka"} < set(place("+79161234567").zones)


@pytest.mark.parametrize(
    ("number", "keys", "words"),
    [
        ("+12125550100", {"postcode": "90001", "country": "US"}, "the number is of America/New_York, the list says"),
        ("+12125550100", {"zone": "Europe/Berlin"}, "the number is of America/New_York, the list says Europe/Berlin"),
        ("+12125550100", {"zone": "America/New_York"}, ""),
        ("+12125550100", {"postcode": "10001", "country": "US"}, ""),
        # One of the clocks that the number may mean is that of the list.
        ("+18505550100", {"zone": "America/Chicago"}, ""),
        ("+12125550100", {}, ""),
        ("nonsense", {"zone": "Europe/Berlin"}, ""),
    ],
)
def test_clocks_that_differ_are_told(number: str, keys: dict[str, Any], words: str) -> None:
    told = PLACES.astray(Lead(id="1", **keys), LeadNumber(number=number))
    assert told.startswith(words)
    assert bool(told) == bool(words)
