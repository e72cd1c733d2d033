"""What people may ask of agents, and how a refusal reads."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from fsorch.engine.inputs import (
    AnswerCall,
    CallBack,
    EndWrapUp,
    ExtendWrapUp,
    HangUp,
    HoldCall,
    LogIn,
    LogOut,
    Request,
    SetStatus,
)
from fsorch.engine.views import LeadCard, Word
from tests.web.harness import Site
from tests.web.test_login import audited

CASES: list[tuple[str, dict[str, Any], Request]] = [
    ("login", {}, LogIn(agent="ada", by="ada")),
    ("login", {"phone": "user/2000@pbx.example"}, LogIn(agent="ada", by="ada", phone="user/2000@pbx.example")),
    ("logout", {}, LogOut(agent="ada", by="ada")),
    ("status", {"status": "available"}, SetStatus(agent="ada", by="ada", status="available")),
    (
        "status",
        {"status": "available", "on_demand": True},
        SetStatus(agent="ada", by="ada", status="available", on_demand=True),
    ),
    (
        "status",
        {"status": "break", "reason": "lunch"},
        SetStatus(agent="ada", by="ada", status="break", reason="lunch"),
    ),
]
IN_CALL: list[tuple[str, str, dict[str, Any], Request]] = [
    ("ringing", "answer", {}, AnswerCall(agent="ada", by="ada")),
    ("ringing", "hangup", {}, HangUp(agent="ada", by="ada")),
    ("talking", "hangup", {}, HangUp(agent="ada", by="ada")),
    ("talking", "call-back", {}, CallBack(agent="ada", by="ada")),
    ("talking", "hold", {"on": True}, HoldCall(agent="ada", by="ada", on=True)),
    ("talking", "hold", {"on": False}, HoldCall(agent="ada", by="ada", on=False)),
    ("wrap_up", "wrapup-end", {}, EndWrapUp(agent="ada", by="ada")),
    ("wrap_up", "wrapup-more", {}, ExtendWrapUp(agent="ada", by="ada")),
]


def bring(site: Site, state: str) -> None:
    """Ada in a call, as far as ``state``."""
    site.centre.call("c1", "sales", "+4917012345", "Marta")
    site.centre.offer("c1", "ada")
    if state != "ringing":
        site.centre.answer("ada")
    if state == "wrap_up":
        site.centre.end_call("ada")


@pytest.mark.parametrize(("verb", "body", "expected"), CASES)
def test_a_verb_is_one_request_by_who_asks(site: Site, verb: str, body: dict[str, Any], expected: Request) -> None:
    assert site.page("ada").post(f"/api/agent/{verb}", body).json == {"ok": True}
    assert site.centre.requests == [expected]


@pytest.mark.parametrize(("state", "verb", "body", "expected"), IN_CALL)
def test_the_verbs_of_a_call(site: Site, state: str, verb: str, body: dict[str, Any], expected: Request) -> None:
    bring(site, state)
    assert site.page("ada").post(f"/api/agent/{verb}", body).json == {"ok": True}
    assert site.centre.requests == [expected]


def test_what_is_not_possible_now_is_a_409_that_says_why(site: Site) -> None:
    answer = site.page("ada").post("/api/agent/answer")
    assert (answer.status, answer.json["code"]) == (409, "refused")
    assert answer.json["error"].startswith("the agent is idle")


def test_an_unknown_agent_and_an_unknown_verb_are_a_404(site: Site) -> None:
    page = site.page("sam")
    assert page.post("/api/agent/logout", {"agent": "zoe"}).status == 404
    answer = page.post("/api/agent/dance", {"agent": "ada"})
    assert (answer.status, answer.json["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("status", {"status": "asleep"}),
        ("status", {}),
        ("hold", {}),
        ("hold", {"on": "yes"}),
        ("answer", {"surprise": 1}),
        ("answer", {"agent": 7}),
        ("login", {"phone": "user/1\r\nbgapi originate"}),
        ("login", {"phone": "{origination_caller_id_number=0900}user/1"}),
        ("login", {"phone": "user/1,sofia/gateway/carrier/0900"}),
        ("login", {"phone": "sofia/gateway/carrier/0900"}),
        ("login", {"phone": "user/1\n"}),
    ],
)
def test_a_wrong_body_is_a_400_and_reaches_nobody(site: Site, verb: str, body: dict[str, Any]) -> None:
    answer = site.page("ada").post(f"/api/agent/{verb}", body)
    assert (answer.status, answer.json["code"]) == (400, "bad_input")
    assert site.centre.requests == []


def test_an_agent_acts_for_themselves_only(site: Site) -> None:
    answer = site.page("ada").post("/api/agent/logout", {"agent": "bo"})
    assert (answer.status, answer.json["code"]) == (403, "forbidden")
    assert site.centre.requests == []
    assert site.page("ada").post("/api/agent/logout", {"agent": "ada"}).status == 200


@pytest.mark.parametrize("login", ["sam", "root"])
def test_a_supervisor_acts_for_any_agent_and_it_is_written_down(site: Site, login: str) -> None:
    assert site.page(login).post("/api/agent/logout", {"agent": "bo"}).status == 200
    assert site.centre.requests == [LogOut(agent="bo", by=login)]
    assert audited(site, "agent.logout")


def test_a_supervisor_without_an_agent_has_to_name_one(site: Site) -> None:
    assert site.page("sam").post("/api/agent/logout").status == 400


def test_an_auditor_looks_and_does_not_act(site: Site) -> None:
    for body in ({}, {"agent": "ada"}, {"agent": "bo"}):
        answer = site.page("olga").post("/api/agent/logout", body)
        assert (answer.status, answer.json["code"]) == (403, "forbidden")
    assert site.centre.requests == []


def test_who_is_not_logged_in_may_nothing(site: Site) -> None:
    page = site.page()
    page.me()
    answer = page.post("/api/agent/logout", {"agent": "ada"})
    assert (answer.status, answer.json["code"]) == (401, "not_logged_in")


def test_a_get_changes_nothing(site: Site) -> None:
    assert site.page("ada").get("/api/agent/logout").status == 405


@pytest.mark.parametrize(("said", "written"), [("stop", True), ("sold", False)])
def test_who_puts_a_number_onto_the_no_call_list_is_written_down(site: Site, said: str, written: bool) -> None:
    words = (Word(id="stop", title="Do not call again", then="dnc"), Word(id="sold", title="Sold"))
    card = LeadCard(
        phase="closing",
        words=words,
        campaign="spring",
        campaign_title="Spring",
        lead="7",
        name="Ines",
        number="+12125550142",
    )
    ada = site.centre.agents["ada"]
    site.centre.agents["ada"] = msgspec.structs.replace(ada, lead=card)
    page = site.page("ada")
    assert page.post("/api/agent/dispose", {"disposition": said}).status == 200
    # What comes later is written later: with it, all before is there.
    assert page.post("/api/agent/logout").status == 200
    assert audited(site, "agent.logout")
    acts = [act for _, act, _ in site.store.audited]
    assert ("agent.dispose" in acts) is written
