"""A request that is sent twice is done once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fsorch.errors import RequestRefused
from fsorch.store import Store
from tests.web.harness import Answer, Page, Site
from tests.web.test_leads import LEAD, records

__all__ = ["records"]


def post(page: Page, path: str, body: Any, key: str) -> Answer:
    return page.post(path, body, **{"Idempotency-Key": key})


def test_the_same_again_is_answered_alike_and_done_once(desk: Site, records: Store) -> None:
    sam = desk.page("sam")
    first, again = (post(sam, "/api/leads", LEAD, "k-1") for _ in range(2))
    assert (first.status, again.status, again.json) == (201, 201, first.json)
    assert (first.headers["Idempotent-Replayed"], again.headers["Idempotent-Replayed"]) == (None, "true")
    assert len(records.leads.find("4711")) == 1
    assert post(sam, "/api/leads", LEAD, "k-2").json["id"] != first.json["id"]


def test_a_key_is_for_one_request_of_one_person(desk: Site, records: Store) -> None:
    sam, root = desk.page("sam"), desk.page("root")
    post(sam, "/api/leads", LEAD, "k")
    other = post(sam, "/api/leads", {**LEAD, "name": "Bo"}, "k")
    assert (other.status, "another request" in other.json["error"]) == (409, True)
    assert post(sam, "/api/dnc", {"number": "+442079460001"}, "k").status == 409
    assert post(sam, "/api/leads?other=1", LEAD, "k").status == 409
    assert post(root, "/api/leads", LEAD, "k").status == 201


def test_what_was_refused_may_come_again(desk: Site, records: Store) -> None:
    sam = desk.page("sam")
    wrong = post(sam, "/api/leads", {**LEAD, "list": "nowhere"}, "k")
    assert wrong.status == 404
    assert post(sam, "/api/leads", LEAD, "k").status == 201


@pytest.mark.parametrize("key", ["", "a b", "é", "x" * 129])
def test_a_key_that_is_none_is_refused(desk: Site, key: str) -> None:
    sam = desk.page("sam")
    answer = sam.ask(
        "POST",
        "/api/leads",
        json.dumps(LEAD).encode(),
        {"X-CSRF-Token": sam.token, "Idempotency-Key": key.encode("latin-1").decode("latin-1")},
    )
    assert answer.status == 400


def test_nobody_knows_what_came_of_one_that_was_cut_off(records: Store) -> None:
    assert records.answered.begin("sam", "k", "d1") is None
    with pytest.raises(RequestRefused, match="being done"):
        records.answered.begin("sam", "k", "d1")
