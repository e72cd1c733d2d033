"""The centre comes back from the database as it was put there, key by key."""

from __future__ import annotations

from typing import Any

import gevent
import msgspec
import pytest

from fsorch.campaigns import CampaignSpec, Lead, LeadNumber, ListShare
from fsorch.config import Centre, decode
from fsorch.errors import NotFound
from fsorch.store import Store
from fsorch.store.lead_lists import LeadList

NUMBER = "sofia/gateway/carrier/{number}"
# Each key of a centre that is more than a list of things with ids, as it is not by default.
KEYS: dict[str, Any] = {
    "name": "north",
    "prompts_dir": "/sounds",
    "language": "de",
    "speech": {"engine": "flite", "voices": {"en": "kal"}},
    "outside": NUMBER,
    "away": {"after_s": 30, "then": "break", "reason": "gone"},
    "voicemail": {"dir": "/messages"},
    "texts": {"sender": "centre@sms.example.org"},
    "flow_limits": {"keys": 4},
    "numbers": {"800": {"queue": "sales", "skills": {"french": 2}}, "801": {"queue": "sales", "skills": "not french"}},
    "skills": ["trainee"],
    "tiers": {"gold": {"priority": 5}, "silver": {"credit_s": 90.5}},
    "prompts": {"hello": "/sounds/hello.wav"},
    "switch_gone_s": 12.5,
    "unserved_s": 0.0,
}
QUEUE = {
    "id": "sales",
    "skills": {"french": 1},
    "wait": {"max_length": 3, "on_full": {"act": "overflow", "to": "hangup"}},
}


def test_what_a_campaign_that_goes_has_promised_is_for_others_to_keep(store: Store) -> None:
    both = tuple(CampaignSpec(id=id, lists=(ListShare(list="cold"),)) for id in ("gone", "stays"))
    store.save_centre(Centre(campaigns=both), "test")
    store.leads.lists.make(LeadList(id="cold"), "test")
    ids = []
    for n, campaign in enumerate(("gone", "stays")):
        lead = Lead(id="", list="cold", numbers=(LeadNumber(number=f"+49301{n}"),))
        ids.append(store.leads.add(lead, "test").id)
        store.leads.promise(ids[-1], 5, "test", campaign=campaign)
    store.save_centre(Centre(campaigns=both[1:]), "test")
    assert [store.leads.get(id).campaign for id in ids] == ["", "stays"]
    assert [store.leads.get(id).state.value for id in ids] == ["callback", "callback"]


@pytest.mark.parametrize("key", KEYS)
def test_each_key_is_kept_and_given_up_again(store: Store, key: str) -> None:
    plain = {"queues": [QUEUE]}
    centre = decode(plain | {key: KEYS[key]}, Centre, where="centre.yaml")
    without = decode(plain, Centre, where="centre.yaml")
    assert getattr(centre, key) != getattr(Centre(), key)
    store.save_centre(centre, "sam")
    assert store.load_centre() == centre
    store.save_centre(without, "sam")
    assert store.load_centre() == without


def test_no_key_is_forgotten_here() -> None:
    lists = {"queues", "agents", "flows", "breaks", "calendars", "gateways", "dispositions", "packs", "campaigns"}
    lists.add("tenants")
    assert {field.name for field in msgspec.structs.fields(Centre)} == set(KEYS) | lists | {"flow"}


def test_the_centre_waits_for_an_act_that_needs_it_as_it_is(store: Store) -> None:
    store.save_centre(Centre(name="One"), "test")
    order: list[str] = []

    def change() -> None:
        store.save_centre(Centre(name="Two"), "test")
        order.append("changed")

    with store.steady() as revision:
        other = gevent.get_hub().threadpool.spawn(change)
        assert (revision, store.load_centre().name) == (store.revision(), "One")
        store.audit("sam", "act", {})
        order.append("acted")
    other.get()
    assert order == ["acted", "changed"]
    assert store.load_centre().name == "Two"


def test_an_act_that_fails_has_changed_nothing(store: Store) -> None:
    store.leads.lists.make(LeadList(id="spring"), "test")

    def act() -> None:
        with store.steady():
            store.leads.add(Lead(id="", list="spring", numbers=(LeadNumber(number="+12125550142"),)), "sam")
            store.leads.get("7777")

    with pytest.raises(NotFound):
        act()
    assert store.leads.of_list("spring", 5) == []
    assert [one.who for one in store.audits()] == ["test"]
