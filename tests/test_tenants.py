"""Tenants as data: what belongs to whom, and what a file may not say about it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsorch.config import Centre, decode
from fsorch.errors import ConfigError
from fsorch.tenancy import Tenancy

Plain = dict[str, Any]


def two_tenants() -> Plain:
    """Two clients of one outsourcer, with a queue, a flow, a number and an agent each, and what they share."""
    nodes: Plain = {
        "ask": {"kind": "collect", "prompt": "menu", "into": "key", "next": "acme", "options": {"2": "beta"}},
        "acme": {"kind": "queue", "queue": "acme-q"},
        "beta": {"kind": "queue", "queue": "beta-q"},
    }
    centre: Plain = {
        "tenants": [
            {"id": "acme", "domain": "acme.example", "zone": "Europe/Berlin", "flow": "acme-in"},
            {"id": "beta", "domain": "beta.example", "limits": {"contacts": 2}},
        ],
        "calendars": [{"id": "day", "hours": {"mon": ["09:00-17:00"]}}],
        "queues": [{"id": "common"}],
        "flows": [{"id": "hello", "start": "ask", "person": "common", "nodes": nodes}],
        "agents": [{"id": "ann", "phone": "user/1", "queues": [{"queue": "acme-q"}, {"queue": "beta-q"}]}],
        "numbers": {
            "500@acme": {"queue": "acme-q"},
            "500@beta": {"queue": "beta-q"},
            "700": {"flow": "hello"},
            "800": {"queue": "beta-q"},
        },
        "gateways": [{"id": "carrier", "dial": "sofia/gateway/carrier/{number}"}],
        "campaigns": [],
    }
    for id in ("acme", "beta"):
        centre["queues"].append({"id": f"{id}-q", "tenant": id})
        nodes = {"go": {"kind": "queue", "queue": f"{id}-q"}}
        centre["flows"].append({"id": f"{id}-in", "tenant": id, "start": "go", "person": f"{id}-q", "nodes": nodes})
        member = {"queue": f"{id}-q"}
        centre["agents"].append({"id": f"{id}-1", "tenant": id, "phone": "user/2", "queues": [member]})
        lists, drops = [{"list": f"{id}-leads"}], f"{id}-drops"
        campaign = {"id": f"{id}-c", "queue": f"{id}-q", "lists": lists, "gateways": ["carrier"], "drop_group": drops}
        centre["campaigns"].append(campaign)
    return centre


def read(centre: Plain) -> Centre:
    return decode(centre, Centre, where="centre.yaml")


def place(holder: Any, path: str) -> tuple[Any, Any]:
    """What holds the key at a path such as ``queues/1/wait``, and the key."""
    *steps, last = path.split("/")
    for step in steps:
        holder = holder[int(step)] if isinstance(holder, list) else holder.setdefault(step, {})
    return holder, int(last) if isinstance(holder, list) else last


FULL = {"max_length": 1, "on_full": {"act": "overflow", "to": "queue", "name": "beta-q"}}
# What is put where, and what is said of it.
FAULTS: list[tuple[str, Any, str]] = [
    ("tenants/1/id", "acme", "centre.yaml: tenants has 'acme' twice"),
    ("tenants/1/domain", "acme.example", "tenants[1].domain is 'acme.example', which is the tenant 'acme''s"),
    ("tenants/1/domain", "Beta Example", "tenants[1].domain is 'Beta Example'; expected a host name"),
    ("tenants/1/zone", "Europe/Berln", "tenants[1].zone is 'Europe/Berln'; expected an IANA time zone; did you mean"),
    ("tenants/1/flow", "acme-in", "tenants[1].flow is 'acme-in', a flow that belongs to the tenant 'acme'"),
    ("tenants/1/limits", {"contact": 2}, "unknown field `contact` - at `$.tenants[1].limits`; did you mean contacts"),
    ("tenants/1/contract", {"service_level": 80}, "Expected `float` <= 1.0 - at `$.tenants[1].contract.service_level`"),
    ("queues/1/tenant", "acmee", "queues[1].tenant is 'acmee'; expected a tenant; did you mean acme?"),
    ("queues/1/wait", FULL, "queues[1].wait.on_full.name is 'beta-q', a queue that belongs to the tenant 'beta'; "),
    ("queues/1/survey", "beta-in", "queues[1].survey is 'beta-in', a flow that belongs to the tenant 'beta'; expected"),
    (
        "queues/1/steps",
        {"steps": [{"do": {"act": "widen", "queue": "beta-q"}}]},
        "queues[1].steps.steps[0].do.queue is 'beta-q', a queue that belongs to the tenant 'beta'",
    ),
    ("flows/1/nodes/go/queue", "beta-q", "node 'go', key 'queue': 'beta-q', a queue that belongs to the tenant 'beta'"),
    (
        "flows/1/person",
        "beta-q",
        "key 'person': 'beta-q', a queue that belongs to the tenant 'beta'; expected one of 'acme'",
    ),
    (
        "flows/1/nodes/say",
        {"kind": "branch", "cases": [{"if": "queue.beta-q.waiting > 1", "then": "person"}], "else": "person"},
        "queue.beta-q.waiting",
    ),
    ("numbers/500@acme/queue", "beta-q", "numbers.500@acme.queue is 'beta-q', a queue that belongs to the tenant"),
    ("numbers/500@acme/tenant", "beta", "numbers.500@acme.tenant is 'beta', but the number says 'acme'"),
    ("numbers/9@acm", {"queue": "common"}, "behind the @ is 'acm'; expected a tenant; did you mean acme?"),
    ("agents/1/queues/0/queue", "beta-q", "agents[1].queues[0].queue is 'beta-q', a queue that belongs to"),
    ("agents/1/queues/0/queue", "common", "agents[1].queues[0].queue is 'common', a queue that belongs to no tenant"),
    ("campaigns/0/tenant", "beta", "campaigns[0].queue is 'acme-q', a queue that belongs to the tenant 'acme'"),
    ("campaigns/0/blending", {"queues": ["beta-q"]}, "campaigns[0].blending.queues[0] is 'beta-q', a queue that"),
    ("campaigns/0/blending", {"by_queue": {"beta-q": 1}}, "campaigns[0].blending.by_queue.beta-q is 'beta-q', a queue"),
    ("campaigns/0/after", "beta-c", "campaigns[0].after is 'beta-c', a campaign that belongs to the tenant 'beta'"),
    ("campaigns/0/drop_group", "beta-drops", "campaigns[1].drop_group is 'beta-drops', in which campaigns of the"),
    ("campaigns/0/lists/0/list", "beta-leads", "campaigns[1].lists[0].list is 'beta-leads', which the tenant 'acme'"),
    ("calendars/0/tenant", "beta", "calendars[0].zone is missing; expected an IANA time zone"),
    ("queues/2/calendar", "day", "queues[2].calendar is 'day', a calendar without a zone, and the tenant 'beta' has"),
    ("queues/0/calendar", "day", "queues[0].calendar is 'day', a calendar without a zone, and who belongs to no"),
]


@pytest.mark.parametrize(("path", "value", "told"), FAULTS)
def test_a_fault_is_told_with_its_place(path: str, value: Any, told: str) -> None:
    centre = two_tenants()
    holder, key = place(centre, path)
    holder[key] = value
    if key == "calendar":
        holder["on_closed"] = {"act": "overflow", "to": "hangup"}
    with pytest.raises(ConfigError) as caught:
        read(centre)
    assert told in str(caught.value)
    assert str(caught.value).startswith("centre.yaml: ")


def test_who_belongs_to_whom() -> None:
    tenancy = Tenancy(read(two_tenants()))
    assert tenancy.of_domain("", "10.0.0.1", "ACME.example:5080") == "acme"
    assert tenancy.of_domain("other.example") == ""
    assert (tenancy.of_campaign("beta-c"), tenancy.of_flow("hello"), tenancy.of_queue("acme-q")) == ("beta", "", "acme")
    assert tenancy.zone("acme") == "Europe/Berlin"
    assert tenancy.holdings("beta") == {
        "queues": ["beta-q"],
        "flows": ["beta-in"],
        "agents": ["beta-1"],
        "numbers": ["500@beta", "800"],
        "campaigns": ["beta-c"],
        "calendars": [],
    }
    day = tenancy.calendar("day", "acme")
    assert day is not None
    assert day.zone == "Europe/Berlin"


@pytest.mark.parametrize(
    ("dialled", "tenant", "queue", "owner"),
    [
        ("500", "acme", "acme-q", "acme"),
        ("500", "beta", "beta-q", "beta"),
        ("500", "", None, None),
        ("700", "acme", "", "acme"),
        ("700", "", "", ""),
        ("800", "", "beta-q", "beta"),
        ("800", "beta", "beta-q", "beta"),
        ("800", "acme", None, None),
        ("500@beta", "acme", None, None),
    ],
)
def test_a_number_is_that_of_the_domain(dialled: str, tenant: str, queue: str | None, owner: str | None) -> None:
    spec = Tenancy(read(two_tenants())).number(dialled, tenant)
    assert (spec.queue, spec.tenant) == (queue, owner) if spec is not None else queue is None


def test_what_says_nothing_of_tenants_is_as_before() -> None:
    tenancy = Tenancy(read({"queues": [{"id": "sales"}], "numbers": {"1": {"queue": "sales"}}}))
    number = tenancy.number("1", "")
    assert number is not None
    assert (number.queue, number.tenant, tenancy.of_domain("acme.example"), tenancy.zone("")) == (
        "sales",
        "",
        "",
        "UTC",
    )
    assert tenancy.get("").limits.contacts == 0


OWNERS = st.sampled_from(["", "acme", "beta"])


@given(ours=OWNERS, theirs=OWNERS)
def test_a_queue_leads_to_its_own_and_to_what_is_shared(ours: str, theirs: str) -> None:
    way = {"max_length": 1, "on_full": {"act": "overflow", "to": "queue", "name": "b"}}
    queues = [{"id": "a", "tenant": ours, "wait": way}, {"id": "b", "tenant": theirs}]
    centre = {"tenants": [{"id": "acme"}, {"id": "beta"}], "queues": queues}
    try:
        read(centre)
        refused = False
    except ConfigError:
        refused = True
    assert refused is (ours != "" and theirs != "" and ours != theirs)
