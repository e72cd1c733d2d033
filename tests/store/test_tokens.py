"""Tokens of the API, on both engines: shown once, kept as a hash, worth nothing once removed."""

from __future__ import annotations

import pytest

from fsorch.errors import ConfigError, NotFound
from fsorch.store import Store
from fsorch.store.models import TokenRecord


def test_a_token_is_found_until_it_is_removed_and_never_stored(store: Store) -> None:
    token = store.add_token("wallboard", "auditor", by="cli:root")
    row = store.token(token)
    assert row is not None
    assert (row.name, row.role, row.made_by) == ("wallboard", "auditor", "cli:root")
    assert store.tokens() == [row]
    kept = [str(value) for one in TokenRecord.select().dicts().execute(store.db) for value in one.values()]
    assert not any(token in value or token.removeprefix("fsorch_") in value for value in kept)
    store.remove_token("wallboard", by="cli:root")
    assert store.token(token) is None
    assert [entry.act for entry in store.audits()] == ["token.remove", "token.add"]
    assert not any(token in str(entry.what) for entry in store.audits())


@pytest.mark.parametrize("token", ["", "fsorch_", "fsorch_x", "x" * 200, "fsorch_\ud800", "' OR 1=1 --"])
def test_what_is_no_token_finds_nobody(store: Store, token: str) -> None:
    store.add_token("wallboard", "auditor")
    assert store.token(token) is None


@pytest.mark.parametrize(
    ("name", "role"), [("wallboard", "auditor"), ("Wall Board", "auditor"), ("x", "agent"), ("", "admin")]
)
def test_a_name_or_role_that_cannot_be_is_refused(store: Store, name: str, role: str) -> None:
    store.add_token("wallboard", "auditor")
    with pytest.raises(ConfigError):
        store.add_token(name, role)
    assert len(store.tokens()) == 1


def test_who_is_not_there_is_not_removed(store: Store) -> None:
    store.add_token("wallboard", "auditor")
    with pytest.raises(NotFound, match="did you mean wallboard"):
        store.remove_token("wallbord")
