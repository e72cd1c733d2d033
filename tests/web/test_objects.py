"""The centre by the API: who may read it and change it, what is refused with which words, and that all is audited."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fsorch.config import Centre, decode
from fsorch.engine.inputs import CallNow, CancelCallback, FinishMessage
from fsorch.engine.rows import ContactRow
from fsorch.store import ContactDetail
from fsorch_web.objects import KINDS
from tests.web.fake import FakeToken
from tests.web.harness import Answer, Page, Site
from tests.web.test_login import audited
from tests.web.test_supervisors import noted

__all__ = ["noted"]

CENTRE = decode(
    {
        "name": "Harbour Line",
        "queues": [{"id": "sales", "title": "Sales"}, {"id": "support"}],
        "agents": [{"id": "ada", "phone": "user/1", "queues": [{"queue": "sales"}], "skills": {"french": 2}}],
        "breaks": [{"id": "lunch"}],
        "calendars": [{"id": "office", "zone": "Europe/Berlin"}],
        "prompts": {"greeting": "/a.wav"},
    },
    Centre,
    where="test",
)


@pytest.fixture
def api(site: Site) -> Site:
    """A desktop with a centre."""
    site.store.centre = CENTRE
    return site


def send(page: Page, method: str, path: str, body: Any = None, **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    return page.ask(method, path, content, {"X-CSRF-Token": page.token, **headers})


@pytest.mark.parametrize("name", KINDS)
def test_all_of_a_kind_and_each_of_it_can_be_read(api: Site, name: str) -> None:
    page = api.page("olga")
    answer = page.get(f"/api/{name}")
    assert answer.status == 200
    assert answer.headers["ETag"] == '"1"'
    for thing in answer.json:
        assert page.get(f"/api/{name}/{thing['id']}").json == thing
    missing = page.get(f"/api/{name}/nosuch")
    assert (missing.status, missing.json["code"]) == (404, "not_found")
    assert api.page("ada").get(f"/api/{name}").status == 403
    assert api.page().get(f"/api/{name}").status == 401


def test_an_admin_makes_changes_and_removes(api: Site) -> None:
    page = api.page("root")
    made = send(page, "PUT", "/api/queues/billing", {"title": "Billing"})
    assert made.json == {
        "changes": [{"sign": "+", "what": "queue billing", "detail": ""}],
        "revision": 2,
        "applied": True,
    }
    assert [queue.id for queue in api.store.centre.queues] == ["sales", "support", "billing"]
    again = send(page, "PUT", "/api/queues/billing", {"title": "Billing"})
    assert again.json == {"changes": [], "revision": 2, "applied": False}
    assert send(page, "PATCH", "/api/queues/billing", {"wrap_up_s": 20}).json["applied"]
    assert api.store.centre.queues[2].wrap_up_s == 20
    assert send(page, "DELETE", "/api/queues/billing").json["applied"]
    assert [act for _, act, _ in api.store.audited[1:]] == ["queue.put", "queue.patch", "queue.remove"]
    assert api.store.audited[-1][0] == "root"


def test_a_dry_run_changes_nothing(api: Site) -> None:
    page = api.page("root")
    answer = send(page, "DELETE", "/api/breaks/lunch?dry_run=true")
    assert (answer.json["applied"], len(answer.json["changes"])) == (False, 1)
    assert api.store.centre == CENTRE


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "says"),
    [
        ("PUT", "/api/queues/sales", {"titel": "x"}, 422, "did you mean title"),
        ("PUT", "/api/queues/sales", {"title": 3}, 422, "$.queues[0].title"),
        ("PUT", "/api/agents/ada", {"phone": "user/1", "queues": [{"queue": "sale"}]}, 422, "did you mean sales"),
        ("PUT", "/api/queues/sales", b"[1]", 400, "Expected `object`"),
        ("PUT", "/api/queues/sales", b"{", 400, "truncated"),
        ("PATCH", "/api/queues/sals", {"paused": True}, 404, "did you mean sales"),
        ("DELETE", "/api/calendars/offic", {}, 404, "did you mean office"),
        ("POST", "/api/centre/apply", b"queus: []", 422, "did you mean queues"),
        ("POST", "/api/centre/apply", b"queues: &a [*a]", 422, "holds itself"),
        ("POST", "/api/centre/apply", b"queues: [\x00", 422, "not YAML"),
        ("POST", "/api/calendars/office/emergency", {"on": 1}, 400, "Expected `bool`"),
        ("POST", "/api/calendars/office/emergency", {"on": True, "until": "2027-01-01T00:00:00"}, 400, "datetime"),
    ],
)
def test_what_is_wrong_is_said_and_changes_nothing(
    api: Site, method: str, path: str, body: Any, status: int, says: str
) -> None:
    answer = send(api.page("root"), method, path, body)
    assert (answer.status, says in answer.json["error"]) == (status, True), answer.json
    assert (api.store.centre, api.store.revisions) == (CENTRE, 1)


def test_a_change_may_be_held_against_what_was_seen(api: Site) -> None:
    page = api.page("root")
    tag = page.get("/api/centre").headers["ETag"]
    assert send(page, "PATCH", "/api/queues/sales", {"title": "A"}, **{"If-Match": tag}).status == 200
    late = send(page, "PATCH", "/api/queues/sales", {"title": "B"}, **{"If-Match": tag})
    assert (late.status, late.json["code"]) == (409, "refused")
    assert send(page, "PATCH", "/api/queues/sales", {"title": "B"}, **{"If-Match": '"x"'}).status == 400


def test_the_whole_centre_goes_out_and_in_without_a_change(api: Site) -> None:
    page = api.page("root")
    exported = page.get("/api/centre")
    assert exported.json["name"] == "Harbour Line"
    assert send(page, "POST", "/api/centre/apply", exported.content).json["changes"] == []
    answer = send(page, "POST", "/api/centre/apply", b"name: New\nqueues:\n  - id: sales\n")
    assert answer.json["applied"]
    assert api.store.centre.name == "New"
    assert audited(api, "centre.apply")


@pytest.mark.parametrize(
    ("method", "path", "body", "act"),
    [
        ("PATCH", "/api/queues/sales", {"paused": True}, "queue.pause"),
        ("PATCH", "/api/agents/ada", {"skills": {"french": 5}}, "agent.skills"),
        ("PATCH", "/api/agents/ada", {"queues": [{"queue": "support"}]}, "agent.queues"),
        ("POST", "/api/calendars/office/emergency", {"on": True, "reason": "flood"}, "calendar.emergency"),
    ],
)
def test_a_supervisor_steers_live_and_it_is_audited(
    api: Site, method: str, path: str, body: dict[str, Any], act: str
) -> None:
    for login in ("ada", "olga"):
        assert send(api.page(login), method, path, body).status == 403
    assert send(api.page("sam"), method, path, body).json["applied"]
    who, done, _ = api.store.audited[-1]
    assert (who, done) == ("sam", act)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/api/queues/sales", {}),
        ("DELETE", "/api/queues/sales", {}),
        ("PATCH", "/api/queues/sales", {"paused": True, "title": "x"}),
        ("PATCH", "/api/agents/ada", {"role": "admin"}),
        ("PATCH", "/api/agents/ada", {"phone": "sofia/gateway/out/0900"}),
        ("PATCH", "/api/flows/main", {}),
        ("POST", "/api/centre/apply", {}),
    ],
)
def test_the_rest_is_an_admins(api: Site, method: str, path: str, body: dict[str, Any]) -> None:
    if body or method != "PATCH":
        answer = send(api.page("sam"), method, path, body)
        assert (answer.status, answer.json["code"]) == (403, "forbidden")
    assert api.store.centre == CENTRE


def test_a_change_is_in_force_before_it_is_answered(api: Site) -> None:
    page = api.page("sam")
    assert send(page, "PATCH", "/api/queues/sales?dry_run=true", {"paused": True}).status == 200
    assert api.followed == []
    assert send(page, "PATCH", "/api/queues/sales", {"paused": True}).json["revision"] == 2
    assert send(page, "PATCH", "/api/queues/sales", {"paused": True}).json["applied"] is False
    assert api.followed == [2]


def test_a_program_has_a_token_and_needs_no_session(api: Site) -> None:
    api.store.tokens["t1"] = FakeToken("wallboard", "supervisor")
    page = Page(api.port)
    bearer = {"Authorization": "Bearer t1"}
    assert page.ask("GET", "/api/queues", None, bearer).status == 200
    assert page.ask("PATCH", "/api/queues/sales", b'{"paused": true}', bearer).status == 200
    assert api.store.audited[-1][:2] == ("token:wallboard", "queue.pause")
    assert page.ask("PUT", "/api/queues/sales", b"{}", bearer).status == 403
    for wrong in ("t2", "", "\xe4"):
        answer = page.ask("GET", "/api/queues", None, {"Authorization": f"Bearer {wrong}"})
        assert (answer.status, answer.json["code"]) == (401, "wrong_token")
    assert page.ask("GET", "/api/queues", None, {}).status == 401


def test_a_session_needs_its_token_for_the_new_methods_too(api: Site) -> None:
    page = api.page("root")
    for method in ("PUT", "PATCH", "DELETE"):
        assert page.ask(method, "/api/queues/sales", b"{}", {}).status == 403


def test_a_body_nested_too_deeply_is_refused(api: Site) -> None:
    for body in (b"[" * 5_000, b'{"title":' * 5_000 + b"1" + b"}" * 5_000):
        assert send(api.page("root"), "PUT", "/api/queues/sales", body).status == 400


def test_a_body_too_large_is_refused(api: Site) -> None:
    assert send(api.page("root"), "PUT", "/api/queues/sales", b" " * (1024 * 1024 + 1)).status == 413


@pytest.mark.parametrize(
    ("verb", "request_"),
    [
        ("callback-cancel", CancelCallback(contact="c1", by="sam")),
        ("callback-now", CallNow(contact="c1", by="sam")),
        ("message-done", FinishMessage(contact="c1", by="sam")),
    ],
)
def test_callbacks_and_messages_are_steered(api: Site, noted: list[Any], verb: str, request_: Any) -> None:
    assert api.page("sam").post(f"/api/contact/{verb}", {"contact": "c1"}).status == 200
    assert noted == [request_]


def test_contacts_are_found_by_number_and_told(api: Site) -> None:
    row = ContactRow(id="c1", switch="main", number="+4940123", outcome="answered", began_at=5, ended_at=9)
    api.store.details["c1"] = ContactDetail(contact=row, segments=(), legs=(), facts=())
    page = api.page("olga")
    assert [one["id"] for one in page.get("/api/contacts?number=40%20123&limit=5").json] == ["c1"]
    assert api.store.filters["digits"] == "40123"
    assert page.get("/api/contacts?number=99").json == []
    assert page.get("/api/contacts/c1/story").json["contact"]["number"] == "+4940123"
    assert page.get("/api/contacts/c1").json["legs"] == []
    assert page.get("/api/contacts/c2/story").status == 404
    for wrong in ("number=abc", "limit=0", "limit=x", "limit=99999"):
        assert page.get(f"/api/contacts?{wrong}").status == 400
    assert api.page("ada").get("/api/contacts").status == 403


def test_callbacks_and_messages_are_listed(api: Site) -> None:
    api.centre.call("c1", "sales", "+4940123", "Ann")
    api.centre.set_contact("c1", callback="resting")
    page = api.page("sam")
    assert [one["id"] for one in page.get("/api/callbacks").json] == ["c1"]
    assert page.get("/api/messages").json == []
