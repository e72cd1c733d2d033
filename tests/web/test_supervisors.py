"""What supervisors may ask of talks and waiting contacts, and that nobody else may."""

from __future__ import annotations

from typing import Any

import pytest

from fsorch.edge.gateway import Check
from fsorch.engine.inputs import (
    ConferCall,
    GiveContact,
    MoveContact,
    MuteCall,
    PressKeys,
    Request,
    SetPriority,
    StopListening,
    Supervise,
    TakeOver,
    TransferCall,
)
from fsorch_web.verbs import CONTACT_VERBS, TALK_VERBS, VERBS
from tests.web.harness import Site
from tests.web.test_login import audited

BY = {"by": "sam"}
ASKED: list[tuple[str, dict[str, Any], Request]] = [
    (
        "talk/listen",
        {"agent": "ada", "mode": "whisper", "phone": "user/9"},
        Supervise(agent="ada", watcher="sam", mode="whisper", phone="user/9", **BY),
    ),
    ("talk/listen-stop", {"agent": "ada"}, StopListening(agent="ada", watcher="sam", **BY)),
    ("talk/take-over", {"agent": "ada", "taker": "bo"}, TakeOver(agent="ada", taker="bo", **BY)),
    ("contact/move", {"contact": "c1", "queue": "support"}, MoveContact(contact="c1", queue="support", **BY)),
    ("contact/give", {"contact": "c1", "agent": "bo"}, GiveContact(contact="c1", agent="bo", **BY)),
    ("contact/priority", {"contact": "c1", "priority": 7}, SetPriority(contact="c1", priority=7, **BY)),
]


class Noting:
    """In place of the centre's own way with requests: it keeps them."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def request(self, request: Request, _check: Check | None = None) -> None:
        self.requests.append(request)


@pytest.fixture
def noted(site: Site, monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """The requests that reach the engine."""
    noting = Noting()
    monkeypatch.setattr(site.centre, "request", noting.request)
    return noting.requests


@pytest.mark.parametrize(("path", "body", "expected"), ASKED)
def test_a_supervisor_asks_and_it_is_written_down(
    site: Site, noted: list[Request], path: str, body: dict[str, Any], expected: Request
) -> None:
    assert site.page("sam").post(f"/api/{path}", body).json == {"ok": True}
    assert noted == [expected]
    assert audited(site, "talk.whisper" if path == "talk/listen" else path.replace("/", "."))


@pytest.mark.parametrize(("path", "body", "expected"), ASKED)
def test_an_agent_may_not(site: Site, noted: list[Request], path: str, body: dict[str, Any], expected: Request) -> None:
    assert site.page("ada").post(f"/api/{path}", body).status == 403
    assert noted == []


@pytest.mark.parametrize("path", ["talk/dance", "contact/dance"])
def test_an_unknown_verb_is_a_404(site: Site, path: str) -> None:
    assert site.page("sam").post(f"/api/{path}", {"agent": "ada"}).status == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("talk/listen", {"agent": "ada", "phone": "sofia/gateway/carrier/0900"}),
        ("talk/listen", {"agent": "ada", "mode": "shout"}),
        ("contact/priority", {"contact": "c1", "priority": -1}),
        ("contact/move", {"queue": "sales"}),
        ("agent/keys", {"agent": "ada", "digits": "1 & 2"}),
        ("agent/transfer", {"agent": "ada", "priority": 5000}),
    ],
)
def test_a_wrong_body_reaches_nobody(site: Site, noted: list[Request], path: str, body: dict[str, Any]) -> None:
    assert site.page("sam").post(f"/api/{path}", body).status == 400
    assert noted == []


@pytest.mark.parametrize(
    ("verb", "body", "expected"),
    [
        ("mute", {"on": True}, MuteCall(agent="ada", by="ada", on=True)),
        ("keys", {"digits": "12#"}, PressKeys(agent="ada", by="ada", digits="12#")),
        ("transfer", {"queue": "support"}, TransferCall(agent="ada", by="ada", queue="support")),
        ("transfer", {"to": "bo", "consult": True}, TransferCall(agent="ada", by="ada", to="bo", consult=True)),
        ("confer", {}, ConferCall(agent="ada", by="ada")),
    ],
)
def test_agents_steer_their_call(
    site: Site, noted: list[Request], verb: str, body: dict[str, Any], expected: Request
) -> None:
    assert site.page("ada").post(f"/api/agent/{verb}", body).json == {"ok": True}
    assert noted == [expected]


def test_no_verb_stands_in_two_places() -> None:
    assert not set(VERBS) & set(TALK_VERBS)
    assert not set(TALK_VERBS) & set(CONTACT_VERBS)
