"""Countries as people write them: two letters, three, or a name in one of many languages.

The names are those that the library phonenumbers has beside its number plans, the three letters those of the library
holidays; both hold to ISO 3166."""

from __future__ import annotations

from functools import cache

__all__ = ["country_of"]

# What people write and neither library says.
ALSO = {"uk": "GB", "great britain": "GB", "britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB"}
ALSO |= {"u.s.": "US", "u.s.a.": "US", "united states of america": "US", "america": "US"}
ALSO |= {"holland": "NL", "czech republic": "CZ", "brd": "DE", "prc": "CN", "中华人民共和国": "CN", "中國": "CN"}


def country_of(text: str) -> str:
    """The two letters (ISO 3166) of the country that ``text`` means; empty: of none that is known."""
    plain = text.strip()
    if len(plain) == 2 and plain.upper() in _codes():
        return plain.upper()
    return _names().get(plain.casefold(), "")


@cache
def _codes() -> frozenset[str]:
    from phonenumbers import SUPPORTED_REGIONS
    from phonenumbers.geodata.locale import LOCALE_DATA

    return frozenset((*SUPPORTED_REGIONS, *LOCALE_DATA))


@cache
def _names() -> dict[str, str]:
    """From what is written, in small letters. Loaded when somebody writes more than two letters: the table is large."""
    from holidays.registry import COUNTRIES
    from phonenumbers.geodata.locale import LOCALE_DATA

    found: dict[str, str] = {}
    for code, names in LOCALE_DATA.items():
        # A star is the library's word for "as in that language".
        found |= {name.casefold(): code for name in names.values() if not name.startswith("*")}
    for _, code, *more in COUNTRIES.values():
        found |= {one.casefold(): code for one in more if len(one) == 3 and one.isupper()}
    return found | ALSO
