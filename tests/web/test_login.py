"""Who gets in, for how long, and what a stranger's page can do."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from fsorch_web.addresses import Addresses
from tests.web.fake import User
from tests.web.harness import Page, Site, new_site


def audited(site: Site, act: str) -> bool:
    """Whether ``act`` gets written down in time."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if any(done == act for _, done, _ in site.store.audited):
            return True
        Page(site.port).get("/healthz")
    return False


def test_a_person_logs_in_and_is_told_who_they_are(site: Site) -> None:
    page = site.page()
    assert page.me() is None
    answer = page.log_in("sam")
    assert answer.status == 200
    assert answer.json["user"] == {
        "login": "sam", "role": "supervisor", "agent": "", "board": True, "supervises": True, "acts": True,
        "scope": [], "tenant": "", "bounded": False,
    }  # fmt: skip
    assert page.me()["login"] == "sam"
    assert audited(site, "login")


@pytest.mark.parametrize("login", ["ada", "nobody", "", "ada' OR 1=1 --", "ada\x00"])
def test_a_wrong_password_and_an_unknown_login_get_the_same_answer(site: Site, login: str) -> None:
    answer = site.page().log_in(login, "wrong")
    assert (answer.status, answer.json["code"]) == (401, "wrong_login")
    assert answer.json["error"] == "the login or the password is wrong"


def test_the_session_cookie_is_out_of_reach_of_scripts_and_of_other_sites(site: Site) -> None:
    page = site.page()
    page.me()
    cookie = page.post("/api/login", {"login": "ada", "password": "ada's own"}).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Secure" not in cookie


def test_nothing_is_changed_without_the_token(site: Site) -> None:
    page = site.page("ada")
    for token in ("", "guess", site.page("ada").token):
        answer = page.post("/api/agent/logout", {}, **{"X-CSRF-Token": token})
        assert (answer.status, answer.json["code"]) == (403, "csrf")
    assert site.centre.requests == []


def test_a_log_in_needs_the_token_too(site: Site) -> None:
    answer = site.page().post("/api/login", {"login": "ada", "password": "ada's own"})
    assert (answer.status, answer.json["code"]) == (403, "csrf")


def test_a_request_from_a_page_of_another_site_is_refused(site: Site) -> None:
    page = site.page("ada")
    for origin in ("http://evil.example", "null", f"http://127.0.0.1:{site.port + 1}"):
        answer = page.post("/api/agent/logout", {}, Origin=origin)
        assert (answer.status, answer.json["code"]) == (403, "origin")
    assert page.post("/api/agent/logout", {}, Origin=f"http://127.0.0.1:{site.port}").status == 200


def test_after_a_few_failures_even_the_right_password_has_to_wait(site: Site) -> None:
    page = site.page()
    statuses = [page.log_in("ada", f"guess {n}").status for n in range(6)]
    assert statuses[:4] == [401] * 4
    answer = page.log_in("ada")
    assert (answer.status, answer.json["code"]) == (429, "too_many")
    assert int(answer.headers["Retry-After"]) >= 1
    assert site.page().log_in("bo").status == 200


@pytest.mark.parametrize(
    ("remote", "told", "found"),
    [
        ("192.0.2.1", "203.0.113.9", "203.0.113.9"),
        # What stands before the last address that is no proxy of ours is what anybody may have written.
        ("192.0.2.1", "198.51.100.7, 203.0.113.9", "203.0.113.9"),
        ("192.0.2.1", "198.51.100.7, 203.0.113.9 ,192.0.2.8", "203.0.113.9"),
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "203.0.113.9,", "192.0.2.1"),
        ("192.0.2.1", "192.0.2.3", "192.0.2.3"),
        ("198.51.100.7", "203.0.113.9", "198.51.100.7"),
        # As an IPv6 socket that takes both kinds tells it.
        ("::ffff:192.0.2.1", "203.0.113.9", "203.0.113.9"),
        ("192.0.2.1", "203.0.113.9:50123, 192.0.2.2:443", "203.0.113.9"),
        ("192.0.2.1", "[2001:db8::7]:50123", "2001:db8::7"),
        ("192.0.2.1", "2001:db8::7", "2001:db8::7"),
        ("::ffff:198.51.100.7", "203.0.113.9", "::ffff:198.51.100.7"),
    ],
)
def test_what_a_proxy_of_ours_says_is_believed_and_nothing_else(remote: str, told: str, found: str) -> None:
    told_by = [("X-Forwarded-For", told)]
    request = Request(EnvironBuilder(headers=told_by, environ_base={"REMOTE_ADDR": remote}).get_environ())
    assert Addresses(["192.0.2.0/24"]).behind(request) == found


def test_who_fails_to_log_in_is_held_to_the_address_behind_the_proxy(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("x")
    with new_site(tmp_path, proxies=("127.0.0.1",)) as site:
        page = site.page()
        page.me()
        told = {"X-Forwarded-For": "203.0.113.9"}
        assert page.post("/api/login", {"login": "ada", "password": "guess"}, **told).status == 401
        assert audited(site, "login refused")
        assert ("ada", "login refused", "203.0.113.9") in site.store.audited


def test_log_out_ends_the_session_for_every_copy_of_its_cookie(site: Site) -> None:
    page = site.page("ada")
    copy = Page(site.port)
    copy.cookies = dict(page.cookies)
    assert copy.me()["login"] == "ada"
    assert page.post("/api/logout").status == 200
    assert page.me() is None
    assert copy.me() is None


@pytest.mark.parametrize(
    "now",
    [None, User("ada", "new", "agent", "ada", changed_at=5), User("ada", "ada's own", "agent", "ada", active=False)],
)
def test_a_session_ends_with_the_person_or_their_password(site: Site, now: User | None) -> None:
    page = site.page("ada")
    if now is None:
        del site.store.people["ada"]
    else:
        site.store.people["ada"] = now
    assert page.me() is None
    assert page.post("/api/agent/logout").status == 401


def test_a_forged_cookie_is_nobody(site: Site) -> None:
    page = site.page()
    page.cookies["fsorch"] = "eyJfdXNlcl9pZCI6InNhbSIsImtleSI6IngifQ.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb"
    assert page.me() is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        b'{"login": 1, "password": "x"}',
        b'{"login": "ada"}',
        b"\xff\xfe",
        b'{"login":"a","password":"b","x":1}',
    ],
)
def test_a_body_that_is_not_as_expected_is_a_400(site: Site, content: bytes) -> None:
    page = site.page()
    page.me()
    answer = page.ask("POST", "/api/login", content, {"X-CSRF-Token": page.token})
    assert (answer.status, answer.json["code"]) == (400, "bad_input")


def test_a_huge_body_is_refused_unread(site: Site) -> None:
    page = site.page()
    page.me()
    content = json.dumps({"login": "ada", "password": "x" * 100_000}).encode()
    assert page.ask("POST", "/api/login", content, {"X-CSRF-Token": page.token}).status == 413
