"""Whether a tenant's contract was held, on both engines: over a span, and by the days of its own zone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from fsorch.engine.tenants import FULL
from fsorch.errors import ConfigError
from fsorch.store import Store
from fsorch.store.contract import is_held, tenant_report
from fsorch.tenants import ContractSpec, TenantSpec
from tests.store.facts import SECOND, contact_ended

ACME = TenantSpec(
    id="acme", zone="Asia/Tokyo", contract=ContractSpec(service_level=0.75, within_s=10, abandoned_max=0.2)
)


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


def caller(id: str, began: str, wait_s: float, **fields: Any) -> Any:
    """Somebody who called acme, by UTC, and was answered after so long."""
    began_at = at(began)
    times = {"began_at": began_at, "enqueued_at": began_at, "ended_at": began_at + 90 * SECOND}
    return contact_ended(id, waited_us=round(wait_s * SECOND), **({"tenant": "acme"} | times | fields))


def test_days_are_those_of_the_tenants_zone(store: Store) -> None:
    gave_up = {"outcome": "abandoned", "agent": ""}
    store.write(
        [
            # In Tokyo the 5th begins at 15:00 UTC of the 4th.
            caller("late", "2027-03-04T14:59:00", 30),
            caller("soon", "2027-03-04T15:00:00", 4),
            caller("also", "2027-03-05T01:00:00", 10),
            caller("third", "2027-03-05T02:00:00", 9),
            caller("gone", "2027-03-05T03:00:00", 40, **gave_up),
            caller("hung", "2027-03-05T04:00:00", 2, **gave_up),
            caller("full", "2027-03-05T05:00:00", 0, outcome="overflowed", cause=FULL, enqueued_at=0, queue=""),
            # Not measured: another tenant's, one of a campaign, a message.
            caller("other", "2027-03-05T05:00:00", 99, tenant="beta"),
            caller("dialled", "2027-03-05T05:00:00", 99, direction="outbound"),
            caller("message", "2027-03-05T05:00:00", 99, medium="voicemail"),
        ]
    )
    report = tenant_report(store, ACME, at("2027-03-04T12:00:00"), at("2027-03-06T00:00:00"))
    assert [(day.day, day.contacts, day.answered, day.held) for day in report.days] == [
        ("2027-03-04", 1, 1, False),
        ("2027-03-05", 6, 3, False),
        ("2027-03-06", 0, 0, None),
    ]
    fifth = report.days[1]
    assert (fifth.service_level, fifth.abandoned_share) == (0.75, 0.25), "in time as agreed, but too many give up"
    assert (fifth.abandoned, fifth.short_abandoned, fifth.turned_away) == (2, 1, 1)
    assert (report.whole.service_level, report.days_held, report.days_measured) == (0.6, 0, 2)
    assert sum(day.until - day.since for day in report.days) == report.whole.until - report.whole.since


def test_a_day_on_which_the_clocks_change_is_a_day(store: Store) -> None:
    berlin = TenantSpec(id="acme", zone="Europe/Berlin")
    report = tenant_report(store, berlin, at("2027-03-26T23:00:00"), at("2027-03-29T22:00:00"))
    hours = [(day.day, (day.until - day.since) / 3600 / SECOND) for day in report.days]
    assert hours == [("2027-03-27", 24), ("2027-03-28", 23), ("2027-03-29", 24)]
    assert report.whole.held is None
    with pytest.raises(ConfigError, match="give a shorter span"):
        tenant_report(store, berlin, 0, at("2027-03-29T22:00:00"))


@pytest.mark.parametrize(
    ("level", "given_up", "held"),
    [(0.8, 0.05, True), (0.8, 0.0501, False), (0.799, 0.0, False), (1.0, 0.0, True), (None, None, None)],
)
def test_both_of_what_was_agreed_must_be_so(level: float | None, given_up: float | None, held: bool | None) -> None:
    assert is_held(ContractSpec(abandoned_max=0.05), level, given_up) is held
    assert is_held(None, level, given_up) is None
    assert is_held(ContractSpec(), 0.9, 0.1) is True
