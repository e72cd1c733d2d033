"""The routes that serve the page, and what every answer carries."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsorch.config import WebSettings
from fsorch_web import create_app
from tests.web.fake import FakeStore
from tests.web.harness import Site, centre, new_site


def test_who_is_not_logged_in_is_led_to_the_log_in(site: Site) -> None:
    answer = site.page().get("/")
    assert (answer.status, answer.headers["Location"]) == (302, "/login")
    assert site.page().get("/login").status == 200
    assert site.page("ada").get("/").status == 200


def test_the_page_is_always_asked_for_and_its_assets_are_kept(site: Site) -> None:
    assert site.page().get("/login").headers["Cache-Control"] == "no-cache"
    assert "immutable" in site.page().get("/assets/index-abc.js").headers["Cache-Control"]


@pytest.mark.parametrize(
    "path", ["/assets/../index.html", "/assets/%2e%2e/index.html", "/assets/none.js", "/favicon.svg"]
)
def test_what_is_not_there_is_a_404(site: Site, path: str) -> None:
    assert site.page().get(path).status == 404


def test_every_answer_forbids_scripts_of_others_and_framing(site: Site) -> None:
    for path in ("/login", "/api/me", "/nowhere", "/assets/index-abc.js"):
        headers = site.page().get(path).headers
        assert "script-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_the_health_check_needs_nobody(site: Site) -> None:
    answer = site.page().get("/healthz")
    assert (answer.status, answer.json) == (200, {"ok": True})


def test_a_page_that_is_not_built_says_how_to_build_it(tmp_path: Path) -> None:
    with new_site(tmp_path / "nothing") as site:
        answer = site.page().get("/login")
        assert answer.status == 503
        assert b"make page" in answer.content


def test_behind_tls_the_cookie_is_for_tls_alone(tmp_path: Path) -> None:
    with new_site(tmp_path, secure_cookies=True) as site:
        assert "Secure" in site.page().get("/api/me").headers["Set-Cookie"]


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="32"):
        create_app(centre().gateway, FakeStore(), WebSettings(), secret=b"short")
