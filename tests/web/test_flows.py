"""Flows by the API, on a real database: pictures, versions, what is in force, figures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from fsorch.clock import ManualClock
from fsorch.config import Centre, QueueSpec
from fsorch.flow_menus import menu_flow
from fsorch.flow_nodes import Menu, QueueNode
from fsorch.flows import FlowSpec
from fsorch.store import Store
from fsorch.store.changing import change_centre
from tests.store.conftest import open_store
from tests.web.harness import USERS, Page, Site, new_site
from tests.web.test_objects import send

FIRST = menu_flow("main", {"1": "sales"}, person="support")
SECOND = menu_flow("main", {"1": "support"}, person="sales")
STUBBORN = FlowSpec(
    id="main",
    start="menu",
    person="support",
    nodes={"menu": Menu(prompt="menu", options={"1": "sales", "0": "menu"}), "sales": QueueNode(queue="sales")},
)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{tmp_path}/records.db", ManualClock())
    for user in USERS:
        store.set_password(user.login, user.password, role=user.role)
    centre = Centre(queues=(QueueSpec(id="sales"), QueueSpec(id="support")), flows=(FIRST,), flow="main")
    change_centre(store, lambda old: centre, "test")
    store.add_flow_draft(SECOND, by="test")
    store.add_flow_draft(STUBBORN, by="test")
    yield store
    store.close()


@pytest.fixture
def api(tmp_path: Path, records: Store) -> Iterator[Site]:
    with new_site(tmp_path, records) as site:
        yield site


def live(records: Store) -> dict[int, float]:
    return {one.version: one.share for one in records.flow_versions("main") if one.share}


def test_whoever_sees_the_board_sees_flows(api: Site) -> None:
    for login in ("sam", "olga", "root"):
        page = api.page(login)
        picture = page.get("/api/flows/main/picture")
        assert picture.headers["Content-Type"].startswith("image/svg+xml")
        assert picture.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert ElementTree.fromstring(picture.content).tag.endswith("svg")
        assert b"sales" in page.get("/api/flows/main/picture?version=3").content
        versions = page.get("/api/flows/main/versions").json
        assert [(one["version"], one["state"], one["in_force"]) for one in versions] == [
            (3, "draft", False),
            (2, "draft", False),
            (1, "published", True),
        ]
        stats = page.get("/api/flows/main/stats").json
        assert (stats["entered"], stats["containment"], list(stats["nodes"])[:1]) == (0, None, ["menu"])
    for what in ("picture", "versions", "stats"):
        assert api.page("ada").get(f"/api/flows/main/{what}").status == 403
        assert api.page().get(f"/api/flows/main/{what}").status == 401
        assert api.page("sam").get(f"/api/flows/mian/{what}").status == 404
    assert api.page("sam").get("/api/flows/main/stats?since=yesterday").status == 400
    assert api.page("sam").get("/api/flows/main/picture?version=9").status == 404


def test_a_version_is_published_and_taken_back(api: Site, records: Store) -> None:
    page = api.page("root")
    done = page.post("/api/flows/main/publish", {"version": 2}).json
    assert (done["applied"], live(records)) == (True, {2: 1.0})
    back = page.post("/api/flows/main/rollback").json
    assert (back["version"], live(records)) == (1, {1: 1.0})
    assert page.post("/api/flows/main/rollback").status == 409
    assert page.post("/api/flows/main/rollback", {"version": 2}).json["version"] == 2
    assert [row.act for row in records.audits(act="flow.")][:3] == ["flow.rollback", "flow.rollback", "flow.publish"]
    assert records.audits(act="flow.publish")[0].who == "root"


def test_a_share_of_the_calls(api: Site, records: Store) -> None:
    page = api.page("root")
    assert page.post("/api/flows/main/share", {"version": 2, "share": 0.25}).json["applied"]
    assert live(records) == {1: 0.75, 2: 0.25}
    assert page.post("/api/flows/main/share", {"version": 2, "share": 1.5}).status == 400
    assert page.post("/api/flows/main/share", {"version": 1, "share": 0.5}).status == 422


def test_the_linter_stands_at_this_door_too(api: Site, records: Store) -> None:
    page = api.page("root")
    refused = page.post("/api/flows/main/publish", {"version": 3})
    assert (refused.status, "[zero-to-person]" in refused.json["error"]) == (422, True)
    assert live(records) == {1: 1.0}
    assert page.post("/api/flows/main/share", {"version": 3, "share": 0.5}).status == 422
    assert page.post("/api/flows/main/publish", {"version": 3, "override": "nobody works here"}).status == 200
    assert records.flow_versions("main")[0].reason == "nobody works here"
    assert page.post("/api/flows/main/rollback").status == 200
    body = {"start": "menu", "person": "support", "nodes": {"menu": STUBBORN_MENU, "sales": SALES}}
    assert send(page, "PUT", "/api/flows/main", body).status == 422
    assert send(page, "PUT", "/api/flows/main?override=a%20test", body).status == 200
    assert records.audits(act="flow.override")[0].what["reason"] == "a test"


STUBBORN_MENU: dict[str, Any] = {"kind": "menu", "prompt": "menu", "options": {"1": "sales", "0": "menu"}, "tries": 2}
SALES = {"kind": "queue", "queue": "sales"}


@pytest.mark.parametrize("act", ["publish", "rollback", "share"])
@pytest.mark.parametrize(("login", "status"), [("sam", 403), ("olga", 403), ("ada", 403), ("", 401)])
def test_only_admins_change_what_is_in_force(api: Site, records: Store, act: str, login: str, status: int) -> None:
    page: Page = api.page(login)
    if not login:
        page.me()
    assert page.post(f"/api/flows/main/{act}", {"version": 2, "share": 0.5}).status == status
    assert live(records) == {1: 1.0}
