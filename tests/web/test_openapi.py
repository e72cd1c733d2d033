"""The description of the API: it is OpenAPI, it has every route and no other, and the answers are as it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from fsorch.config import WebSettings
from fsorch.store import Store
from fsorch_web import create_app
from fsorch_web.openapi import describe_api
from tests.web.fake import FakeCentre, FakeStore
from tests.web.harness import SECRET, Page, Site
from tests.web.test_leads import LEAD, records
from tests.web.test_objects import send

__all__ = ["records"]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return describe_api()


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    """The application, not served."""
    made, sockets = create_app(FakeCentre((), ()).gateway, FakeStore(), WebSettings(), secret=SECRET, static=tmp_path)
    yield made
    sockets.stop()


def routes(app: Flask) -> set[tuple[str, str]]:
    """What the application answers under /api/, with the verbs of a desk not told apart."""
    return {
        (method.lower(), re.sub(r"<(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def fits(document: dict[str, Any], path: str, method: str, status: int, value: Any) -> list[str]:
    """Where ``value`` is not what the description says is answered there."""
    answer = document["paths"][path][method]["responses"][str(status)]
    schema = answer["content"]["application/json"]["schema"] | {"components": document["components"]}
    return [error.message for error in Draft202012Validator(schema).iter_errors(value)]


def test_it_is_openapi(document: dict[str, Any]) -> None:
    validate(document)
    assert "\\Z" not in str(document)
    names = [one["operationId"] for path in document["paths"].values() for one in path.values()]
    assert len(names) == len(set(names))


def test_it_has_every_route_and_no_other(document: dict[str, Any], app: Flask) -> None:
    told = {(method, path) for path, methods in document["paths"].items() for method in methods}
    verbs = {(method, re.sub(r"^/api/(agent|talk|contact)/[\w-]+$", r"/api/\1/{verb}", path)) for method, path in told}
    assert verbs == routes(app)


def test_each_schema_that_is_named_is_there(document: dict[str, Any]) -> None:
    named = set(re.findall(r"#/components/schemas/([\w.]+)", str(document)))
    assert named <= document["components"]["schemas"].keys()
    assert {"QueueSpecPatch", "LeadBody", "Snapshot", "Desk", "Error"} <= document["components"]["schemas"].keys()


def test_who_asks_nothing_is_told_nothing(desk: Site) -> None:
    assert Page(desk.port).get("/api/openapi.json").status == 401


def test_the_answers_are_as_it_says(desk: Site, records: Store, document: dict[str, Any]) -> None:
    root = desk.page("root")
    assert root.get("/api/openapi.json").json == document
    put = send(root, "PUT", "/api/queues/sales", {"title": "Sales", "paused": True})
    assert fits(document, "/api/queues/{id}", "put", 200, put.json) == []
    lead = send(root, "POST", "/api/leads", LEAD)
    assert fits(document, "/api/leads", "post", 201, lead.json) == []
    asked = (
        ("/api/queues", "/api/queues"),
        ("/api/queues/{id}", "/api/queues/sales"),
        ("/api/centre", "/api/centre"),
        ("/api/leads", "/api/leads?q=4711"),
        ("/api/leads/{id}", f"/api/leads/{lead.json['id']}"),
        ("/api/leads/{id}/why", f"/api/leads/{lead.json['id']}/why"),
        ("/api/lists", "/api/lists"),
        ("/api/contacts", "/api/contacts"),
        ("/api/dnc", "/api/dnc?number=%2B442079460958"),
        ("/api/campaign-states", "/api/campaign-states"),
        ("/api/me", "/api/me"),
    )
    for path, address in asked:
        answer = root.get(address)
        assert (address, fits(document, path, "get", answer.status, answer.json)) == (address, [])
    missing = root.get("/api/queues/sale")
    assert fits(document, "/api/queues/{id}", "get", missing.status, missing.json) == []
    # And a body that it would not take is refused.
    assert fits(document, "/api/queues/{id}", "put", 200, {"changes": 1})
