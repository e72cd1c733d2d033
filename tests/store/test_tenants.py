"""Tenants on both engines: kept and given up, with what belongs to them."""

from __future__ import annotations

import pytest

from fsorch.config import Centre, decode
from fsorch.errors import ConfigError
from fsorch.objects import patched, put, removed
from fsorch.store import Store
from fsorch.store.changing import change_centre
from tests.test_tenants import two_tenants


def test_tenants_and_what_is_theirs_come_back(store: Store) -> None:
    centre = decode(two_tenants(), Centre, where="centre.yaml")
    store.save_centre(centre, "sam")
    assert store.load_centre() == centre
    assert change_centre(store, lambda old: centre, "sam", act="centre.apply").changes == (), "nothing to do twice"
    plain = decode({"queues": [{"id": "acme-q"}]}, Centre, where="centre.yaml")
    store.save_centre(plain, "sam")
    assert store.load_centre() == plain


def test_a_tenant_is_made_changed_and_removed_alone(store: Store) -> None:
    for change in (
        put("tenant", "acme", {"domain": "acme.example"}),
        patched("tenant", "acme", {"contract": {"within_s": 30}}),
        put("queue", "sales", {"tenant": "acme"}),
    ):
        change_centre(store, change, "sam", act="tenant.put")
    [acme] = store.load_centre().tenants
    assert (acme.domain, acme.contract and acme.contract.within_s) == ("acme.example", 30)
    with pytest.raises(ConfigError, match=r"queues\[0\].tenant is 'acme'; expected a tenant"):
        change_centre(store, removed("tenant", "acme"), "sam", act="tenant.remove")
    change_centre(store, patched("queue", "sales", {"tenant": None}), "sam", act="queue.patch")
    change_centre(store, removed("tenant", "acme"), "sam", act="tenant.remove")
    assert store.load_centre() == Centre(queues=store.load_centre().queues)
