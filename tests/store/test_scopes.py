"""Scopes of people and programs, on both engines: who may have one, and that a change of it is a change of rights."""

from __future__ import annotations

import pytest

from fsorch.clock import ManualClock
from fsorch.errors import ConfigError, NotFound
from fsorch.store import Store

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
