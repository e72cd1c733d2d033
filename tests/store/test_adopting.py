"""Contacts of before a queue was a tenant's, on both engines."""

from __future__ import annotations

import pytest

from fsorch.config import Centre, decode
from fsorch.customers import Promise
from fsorch.errors import NotFound, RequestRefused
from fsorch.store import Store, adopting
from fsorch.store.adopting import Adopted, adoption_of
from tests.store.facts import contact_ended, segment_ended
from tests.test_tenants import two_tenants

CENTRE = decode(two_tenants(), Centre, where="centre.yaml")


def contacts(store: Store) -> dict[str, str]:
    return {one.id: one.tenant for one in store.contacts()}


@pytest.fixture
def past(store: Store) -> Store:
    """Contacts that ended as nobody's, and some that did not."""
    store.save_centre(CENTRE, "test")
    rows = [
        contact_ended("a", queue="beta-q"),
        contact_ended("b", queue="beta-q", tenant="acme"),
        contact_ended("c", queue="common"),
        contact_ended("d", queue="", destination="800"),
        contact_ended("e", queue="", destination="700"),
        contact_ended("f", queue="beta-q"),
        contact_ended("g", queue="beta-q", outcome="", ended_at=0),
    ]
    # It was in acme's queue first.
    store.write([*rows, segment_ended("f-1", contact="f", queue="acme-q"), segment_ended("a-1", contact="a")])
    for contact in ("a", "c", "f"):
        store.customers.make_promise(Promise(id=f"p-{contact}", what="a call", contact=contact), "test")
    return store


@pytest.mark.parametrize("page", [1, 1_000])
def test_what_was_nobodys_becomes_the_tenants(past: Store, page: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adopting, "PAGE", page)
    wanted = adoption_of(CENTRE, "beta")
    before, audits = contacts(past), len(past.audits())
    found = past.adopt(wanted, "sam", dry_run=True)
    assert found == Adopted(tenant="beta", contacts={"": 1, "beta-q": 1}, promises=1, left_out=1, applied=False)
    assert (contacts(past), len(past.audits())) == (before, audits)
    done = past.adopt(wanted, "sam")
    assert done.applied
    assert (done.contacts, done.promises, done.left_out) == (found.contacts, found.promises, found.left_out)
    changed = {id for id, tenant in contacts(past).items() if tenant != before[id]}
    assert changed == {"a", "d"}
    assert {one.id: one.tenant for one in past.customers.promises()} == {"p-a": "beta", "p-c": "", "p-f": ""}
    [told] = past.audits(1)
    assert (told.who, told.act, told.what["contacts"]) == ("sam", "tenant.adopt", {"": 1, "beta-q": 1})
    # Twice is once.
    again = past.adopt(wanted, "sam")
    assert (again.contacts, again.applied, len(past.audits())) == ({}, False, audits + 1)


def test_one_queue_alone(past: Store) -> None:
    assert past.adopt(adoption_of(CENTRE, "beta", "beta-q"), "sam").contacts == {"beta-q": 1}


def test_what_is_not_the_tenants_is_refused() -> None:
    with pytest.raises(RequestRefused, match="the queue acme-q is of the tenant acme"):
        adoption_of(CENTRE, "beta", "acme-q")
    with pytest.raises(RequestRefused, match="fsorch queue set common tenant=beta"):
        adoption_of(CENTRE, "beta", "common")
    with pytest.raises(NotFound, match="no tenant called 'beat'"):
        adoption_of(CENTRE, "beat")
    with pytest.raises(NotFound, match="no queue called 'bet-q'"):
        adoption_of(CENTRE, "beta", "bet-q")
