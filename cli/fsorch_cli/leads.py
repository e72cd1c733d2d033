"""What the commands about leads share: numbers and moments as people give them, which lead is meant, and what holds
campaigns."""

from __future__ import annotations

from collections.abc import Iterable

from fsorch.campaigns import Lead
from fsorch.e164 import NumberReader, zones_of
from fsorch.edge.lead_columns import parse_moment, parse_there
from fsorch.errors import ConfigError, NotFound, NotRunning
from fsorch.places import Places
from fsorch.store import Store
from fsorch_cli.app import App

__all__ = ["find_lead", "held_of", "lead_zone", "moment", "moment_there", "number_of"]


def find_lead(store: Store, text: str) -> Lead:
    """The one lead that ``text`` means: an id, a number with its country code, a reference. Raises NotFound when there
    is none, and ConfigError when there are several."""
    found = store.leads.find(text)
    exact = [one for one in found if one.id == text] or found
    if not exact:
        raise NotFound("lead", text)
    if len(exact) > 1:
        listed = ", ".join(f"{one.id} (list {one.list})" for one in exact[:10])
        raise ConfigError(f"{text!r} is {len(exact)} leads: {listed}; give the id of one")
    return exact[0]


def held_of(app: App, campaigns: Iterable[str] = ()) -> dict[str, str]:
    """Why nothing is dialled now, by campaign; where no fsorch runs that could say, that it does not, of these
    ``campaigns``."""
    try:
        with app.client() as client:
            return {one.id: one.held for one in client.snapshot().campaigns}
    except NotRunning:
        return dict.fromkeys(campaigns, "fsorch is not running here")


def number_of(text: str, region: str = "") -> str:
    """A number with its country code, +442079460001. Raises ConfigError (NumberFault) for what is none."""
    return f"+{NumberReader(region).read(text)}"


def moment(text: str, option: str, zone: str = "UTC") -> int:
    """A date or time as UTC microseconds; in ``zone`` where it names none. Raises ConfigError."""
    try:
        return parse_moment(text, zone)
    except ValueError:
        raise ConfigError(f"{option} is {text!r}; expected a date or a time, such as 2027-01-31T09:00") from None


def moment_there(text: str, option: str, lead: Lead) -> int:
    """A date or time by the clock of ``lead``, as UTC microseconds. Raises ConfigError."""
    try:
        return parse_there(text, lead, Places())
    except ValueError:
        raise ConfigError(f"{option} is {text!r}; expected a date or a time, such as 2027-01-31T09:00") from None


def lead_zone(lead: Lead) -> str:
    """The customer's own time zone: the number's own, the lead's, or the one that its number is in. Raises ConfigError
    when none of them tells."""
    number = lead.numbers[lead.next_number % len(lead.numbers)] if lead.numbers else None
    own = (number.zone if number is not None else "") or lead.zone
    zones = (own,) if own else zones_of(number.number) if number is not None else ()
    if len(zones) == 1:
        return zones[0]
    told = f"may be in {', '.join(zones[:4])}" if zones else "tells none"
    raise ConfigError(f"the lead has no time zone and its number {told}; give the time with its offset, or --zone")
