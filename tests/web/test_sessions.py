"""How many sessions a person has, and what ends them; and the code beside the password."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsorch.clock import ManualClock
from fsorch.names import Role
from fsorch.store import Store
from fsorch.store.factors import STEP_S, new_factor
from fsorch_web.sessions import Sessions
from tests.web.harness import Page, Site, new_site
from tests.web.test_leads import records

__all__ = ["records"]


@given(st.lists(st.sampled_from(["begin", "use", "end"]), max_size=40), st.integers(0, 4), st.randoms())
def test_never_more_than_so_many(acts: list[str], most: int, random: Random) -> None:
    sessions, live, now = Sessions(most), list[str](), 0.0
    for n, act in enumerate(acts):
        now += 1.0
        if act == "begin":
            live.append(f"k{n}")
            for key in sessions.begin("sam", f"k{n}", now):
                assert key == live.pop(0), "the one that was used longest ago ends"
                sessions.end(key)
        elif live:
            key = random.choice(live)
            live.remove(key)
            if act == "use":
                sessions.use("sam", key, now)
                live.append(key)
            else:
                sessions.end(key)
        assert not most or len(live) <= most
        assert all(sessions.is_live(key) for key in live)


def test_one_that_rests_is_idle_and_one_of_before_a_restart_is_not() -> None:
    sessions = Sessions(0)
    sessions.begin("sam", "k", 0.0)
    assert not sessions.is_idle("sam", "k", 60.0, 60.0)
    assert sessions.is_idle("sam", "k", 60.1, 60.0)
    assert not sessions.is_idle("sam", "k", 1e9, 0.0)
    assert not sessions.is_idle("sam", "of before", 1e9, 60.0)
    assert not sessions.is_idle("nobody", "k", 1e9, 60.0)


@pytest.fixture
def strict(records: Store, tmp_path: Path) -> Iterator[Site]:
    """Two sessions at once, and admins need a code."""
    (tmp_path / "index.html").write_text("x")
    with new_site(tmp_path, records, sessions_max=2, second_factor=(Role.ADMIN,)) as running:
        yield running


def test_a_new_session_ends_the_oldest(strict: Site) -> None:
    first, second, third = (Page(strict.port) for _ in range(3))
    for one in (first, second, third):
        assert one.log_in("sam").status == 200
    assert [one.me() is not None for one in (first, second, third)] == [False, True, True]


def test_a_role_that_needs_a_code_does_not_get_in_without(strict: Site) -> None:
    answer = Page(strict.port).log_in("root")
    assert (answer.status, answer.json["code"]) == (403, "factor_missing")
    assert "fsorch user second-factor root" in answer.json["error"]


def test_the_code_is_asked_for_after_the_password(
    strict: Site, records: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A clock that stands: no step ends between the making of a code and its being looked at.
    clock = ManualClock()
    monkeypatch.setattr(records.factors, "_clock", clock)
    secret, _ = new_factor("root")
    maker, now = pyotp.TOTP(secret), clock.now().wall // (STEP_S * 1_000_000)
    records.factors.set("root", secret, maker.generate_otp(now - 1), "test")
    page = Page(strict.port)
    page.me()
    body = {"login": "root", "password": "root's own"}
    shown = maker.generate_otp(now)
    assert page.post("/api/login", {**body, "password": "wrong", "code": shown}).json["code"] == "wrong_login"
    assert page.post("/api/login", body).json["code"] == "code_needed"
    assert page.me() is None
    assert page.post("/api/login", {**body, "code": shown}).status == 200
    page.me()
    again = Page(strict.port)
    again.me()
    assert again.post("/api/login", {**body, "code": shown}).json["code"] == "wrong_code"
