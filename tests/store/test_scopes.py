"""Scopes of people and programs, on both engines: who may have one, and that a change of it is a change of rights."""

from __future__ import annotations

import pytest

from fsorch.clock import ManualClock
from fsorch.config import Centre, QueueSpec
from fsorch.errors import ConfigError, NotFound
from fsorch.store import Store
from fsorch.tenants import TenantSpec
from tests.store.facts import contact_ended

PASSWORD = "correct horse 7"


def test_a_scope_is_kept_changed_and_audited(store: Store, clock: ManualClock) -> None:
    made = store.set_password("lea", PASSWORD, "supervisor", scope=("sales", "returns"))
    assert made.scope == ("returns", "sales")
    clock.advance(1.0)
    changed = store.set_scope("lea", ("sales",), by="cli:root")
    assert changed == store.user("lea")
    assert (changed.scope, changed.changed_at > made.changed_at) == (("sales",), True)
    newest = store.audits()[0]
    assert (newest.who, newest.act, newest.what["scope"]) == ("cli:root", "user.scope", ["sales"])
    assert store.set_password("lea", PASSWORD + "8").scope == ("sales",), "a new password leaves it"
    assert store.set_scope("lea", ()).scope == ()


def test_who_cannot_have_one_or_must(store: Store) -> None:
    for role, scope in (("admin", ("sales",)), ("agent", ("sales",)), ("principal", ()), ("auditor", ("a,b",))):
        with pytest.raises(ConfigError):
            store.set_password("lea", PASSWORD, role, scope=scope)
        assert store.user("lea") is None
    with pytest.raises(ConfigError):
        store.set_password("lea", PASSWORD, "auditor", scope=["x" * 60 + str(n) for n in range(100)])
    store.set_password("client", PASSWORD, "principal", scope=("sales",))
    with pytest.raises(ConfigError):
        store.set_scope("client", ())
    with pytest.raises(NotFound):
        store.set_scope("nobody", ("sales",))


def test_a_program_has_one_too(store: Store) -> None:
    token = store.add_token("theirs", "principal", scope=("sales",))
    found = store.token(token)
    assert found is not None
    assert (found.role, found.scope) == ("principal", ("sales",))
    for role, scope in (("principal", ()), ("admin", ("sales",))):
        with pytest.raises(ConfigError):
            store.add_token("other", role, scope=scope)


def test_contacts_of_no_queue_are_none(store: Store) -> None:
    assert store.contacts(queues=()) == []
    assert store.contacts(queues=("sales", "returns")) == []


def test_who_is_bound_to_a_tenant_sees_what_it_has(store: Store, clock: ManualClock) -> None:
    def centre(*mine: str) -> Centre:
        queues = (*(QueueSpec(id=id, tenant="acme") for id in mine), QueueSpec(id="other", tenant="beta"))
        return Centre(tenants=(TenantSpec(id="acme"), TenantSpec(id="beta")), queues=queues)

    store.save_centre(centre("sales"), "sam")
    assert store.set_password("client", PASSWORD, "principal", tenant="acme").scope == ("sales",)
    token = store.add_token("theirs", "auditor", tenant="acme")
    store.save_centre(centre("sales", "returns"), "sam")
    user, program = store.user("client"), store.token(token)
    assert user is not None
    assert program is not None
    assert (user.scope, user.tenant, program.scope) == (("returns", "sales"), "acme", ("returns", "sales"))
    assert store.set_password("client", PASSWORD + "8").tenant == "acme", "a new password leaves it"
    assert [(one.tenant, one.scope) for one in store.users()] == [("acme", ("returns", "sales"))]
    with pytest.raises(ConfigError, match="leave one of them out"):
        store.set_scope("client", ("sales",), tenant="acme")
    for role, tenant in (("agent", "acme"), ("admin", "acme")):
        with pytest.raises(ConfigError, match="which has no scope"):
            store.set_password("lea", PASSWORD, role, tenant=tenant)
    clock.advance(1.0)
    moved = store.set_scope("client", (), tenant="beta", by="cli:root")
    assert (moved.scope, moved.tenant, moved.changed_at > user.changed_at) == (("other",), "beta", True)
    assert store.audits()[0].what["tenant"] == "beta"
    assert store.set_scope("client", ("sales",)).tenant == ""


def test_contacts_of_a_tenant_are_its_own(store: Store) -> None:
    store.write([contact_ended("mine", tenant="acme"), contact_ended("other", tenant="beta"), contact_ended("none")])
    assert [one.id for one in store.contacts(tenant="acme")] == ["mine"]
    assert store.summary(tenant="beta").contacts == 1
