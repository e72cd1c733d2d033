"""Campaigns by the API, on a real store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import msgspec
import pytest

from fsorch.campaigns import AttemptRow, CampaignSpec, Disposition, Lead, LeadNumber, ListShare, Outcome
from fsorch.compliance_packs import PackSpec
from fsorch.config import AgentSpec, Centre, MembershipSpec, QueueSpec
from fsorch.engine.views import LeadCard
from fsorch.gateways import GatewaySpec
from fsorch.store import Store
from fsorch.store.database import connected
from fsorch.store.lead_lists import LeadList
from fsorch.tenants import TenantSpec
from tests.store.conftest import open_store
from tests.web.harness import Site, new_site
from tests.web.test_objects import send

LISTS = (ListShare(list="cold"),)
CENTRE = Centre(
    queues=(QueueSpec(id="sales"),),
    agents=(AgentSpec(id="ada", phone="user/1001", login="ada", queues=(MembershipSpec(queue="sales"),)),),
    gateways=(GatewaySpec(id="carrier", dial="sofia/gateway/carrier/{number}"),),
    packs=(PackSpec(id="none", checked=date(2027, 1, 1)),),
    campaigns=(
        CampaignSpec(id="staff", queue="sales", pack="none", lists=LISTS, gateways=("carrier",)),
        CampaignSpec(id="spring", queue="sales", pack="us", lists=LISTS, gateways=("carrier",)),
    ),
)
T = 1_800_000_000_000_000
MINUTE = 60_000_000


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Store]:
    """A store with people, two campaigns and a lead."""
    store = open_store(f"sqlite:///{tmp_path}/records.db")
    store.save_centre(CENTRE, "test")
    for login, role in (("sam", "supervisor"), ("olga", "auditor"), ("ada", "agent")):
        store.set_password(login, f"{login}'s own", role, agent="ada" if role == "agent" else "", by="test")
    store.leads.lists.make(LeadList(id="cold"), "test")
    store.leads.add(Lead(id="", list="cold", numbers=(LeadNumber(number="+12125550101"),)), "test")
    yield store
    store.close()


def test_a_supervisor_starts_and_pauses_and_it_is_kept_who_did(desk: Site, records: Store) -> None:
    sam = desk.page("sam")
    assert sam.get("/api/campaign-states").json["staff"]["state"] == "draft"
    assert sam.get("/api/campaigns/staff/state").json["missing"] == []
    assert send(sam, "POST", "/api/campaigns/staff/start").json["state"] == "scheduled"
    paused = send(sam, "POST", "/api/campaigns/staff/pause", {"reason": "lunch"})
    assert (paused.json["state"], paused.json["who"], paused.json["why"]) == ("paused", "sam", "lunch")
    refused = send(sam, "POST", "/api/campaigns/staff/pause")
    assert refused.status == 409
    assert [one.act for one in records.audits(act="campaign.")] == ["campaign.pause", "campaign.start"]


def test_what_is_missing_keeps_it_from_being_started_unless_somebody_says_why(desk: Site, records: Store) -> None:
    sam = desk.page("sam")
    refused = send(sam, "POST", "/api/campaigns/spring/start")
    assert refused.status == 409
    assert "caller_ids" in refused.json["error"]
    assert send(sam, "POST", "/api/campaigns/spring/start", {"anyway": True}).status == 409
    assert send(sam, "POST", "/api/campaigns/spring/start", {"anyway": True, "reason": "a try"}).status == 200
    assert records.campaigns.state("spring").why == "a try"


def test_what_the_switches_lack_keeps_it_from_being_started_too(records: Store, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("x")
    told = "main has no /sounds/x.wav"
    with new_site(tmp_path, records, lacks=lambda centre, spec: [told] if spec.id == "staff" else []) as site:
        sam = site.page("sam")
        assert sam.get("/api/campaigns/staff/state").json["missing"] == [told]
        refused = send(sam, "POST", "/api/campaigns/staff/start")
        assert (refused.status, told in refused.json["error"]) == (409, True)
        assert send(sam, "POST", "/api/campaigns/staff/start", {"anyway": True, "reason": "a try"}).status == 200


def test_others_may_look_or_not_even_that(desk: Site) -> None:
    olga, ada = desk.page("olga"), desk.page("ada")
    assert olga.get("/api/campaigns/staff/state").status == 200
    assert send(olga, "POST", "/api/campaigns/staff/start").status == 403
    assert ada.get("/api/campaign-states").status == 403
    assert send(ada, "POST", "/api/campaigns/staff/start").status == 403
    missing = olga.get("/api/campaigns/stafff/state")
    assert (missing.status, missing.json["code"]) == (404, "not_found")


def test_figures_a_picture_and_why(desk: Site, records: Store) -> None:
    with connected(records.db) as db:
        for n, outcome in enumerate((Outcome.LIVE, Outcome.LIVE, Outcome.DROP, Outcome.BUSY)):
            row = AttemptRow(
                id=f"a{n}", campaign="spring", lead="1", number="+12125550101", launched_at=T + n, outcome=outcome
            )
            records.leads.attempts.write(db, row)
    olga = desk.page("olga")
    span = f"since={T - MINUTE}&until={T + MINUTE}"
    figures = olga.get(f"/api/campaigns/spring/stats?{span}").json
    assert figures["counts"]["launched"] == 4
    assert (figures["drops"][0]["rule"], figures["drops"][0]["drops"]) == ("us.drops", 1)
    drawn = olga.get(f"/api/campaigns/spring/picture?{span}")
    assert drawn.headers["Content-Type"].startswith("image/svg+xml")
    assert "1 of 3 dropped" in "".join(Xml.fromstring(drawn.content).itertext())
    assert olga.get("/api/campaigns/spring/stats?since=x").status == 400
    # A moment that no database holds, and the one after.
    assert olga.get(f"/api/campaigns/spring/stats?since={10**30}&until={10**30 + 1}").status == 400
    assert olga.get(f"/api/campaigns/spring/stats?since={T}&until={T}").status == 400
    [staff, spring] = olga.get("/api/leads/1/why").json
    assert (staff["campaign"], staff["reason"]["rule"]) == ("staff", "draft")
    assert spring["reason"]["sentence"].startswith("lead 1 is not dialled now because the campaign spring")
    assert olga.get("/api/leads/99/why").status == 404


def test_a_dial_has_its_story(desk: Site, records: Store) -> None:
    row = AttemptRow(
        id="7a3f-1", campaign="spring", lead="1", number="+12125550101", list="cold", launched_at=T, outcome="busy"
    )
    gone = AttemptRow(id="8b4a-1", campaign="winter", lead="", number="+12125550101", launched_at=T)
    with connected(records.db) as db:
        for one in (row, gone):
            records.leads.attempts.write(db, one)
    told = desk.page("olga").get("/api/attempts/7a3f/story").json
    assert told["attempt"]["id"] == "7a3f-1"
    assert told["story"][0]["text"].startswith("lead 1 is called, its attempt 1: it was next of the list cold")
    assert desk.page("sam").get("/api/attempts/8b4a-1/story").status == 200
    assert desk.page("sam").get("/api/attempts/nosuch/story").status == 404
    assert desk.page("ada").get("/api/attempts/7a3f-1/story").status == 403


def test_an_agent_is_told_when_their_lead_may_be_called(desk: Site, records: Store) -> None:
    page, (lead,) = desk.page("ada"), records.leads.find("+12125550101")
    noon, night = 1_796_144_400_000_000, 1_796_180_400_000_000  # 2026-12-01 12:00 and 22:00 in New York
    path = "/api/my-lead/hours?at="
    assert page.get(f"{path}{noon}").status == 404
    card = LeadCard(
        phase="talking", campaign="spring", campaign_title="Spring", lead=lead.id, name="", number="+12125550101"
    )
    desk.centre.agents["ada"] = msgspec.structs.replace(desk.centre.agents["ada"], lead=card)
    assert page.get(f"{path}{noon}").json == {"at": noon, "first": noon}
    assert page.get(f"{path}{night}").json == {"at": night, "first": night + 10 * 60 * MINUTE}
    by_hand = msgspec.structs.replace(card, lead="")
    desk.centre.agents["ada"] = msgspec.structs.replace(desk.centre.agents["ada"], lead=by_hand)
    assert page.get(f"{path}{night}").json["first"] == night + 10 * 60 * MINUTE
    for wrong in ("", "x", "-1", "9" * 30):
        assert page.get(f"{path}{wrong}").status == 400
    assert desk.page("sam").get(f"{path}{noon}").status == 404
    assert desk.page().get(f"{path}{noon}").status == 401


def test_an_agent_is_told_what_was_said_of_earlier_calls_to_their_lead(records: Store, tmp_path: Path) -> None:
    told = Disposition(id="later", title="Call later")
    tenants = (TenantSpec(id="acme"),)
    foreign = CampaignSpec(id="theirs", tenant="acme", pack="none", lists=LISTS, gateways=("carrier",))
    (lead,) = records.leads.find("+12125550101")

    def row(n: int, **named: Any) -> AttemptRow:
        return AttemptRow(id=f"a-{n}", lead=lead.id, number="+12125550101", launched_at=T + n, **named)

    with connected(records.db) as db:
        for one in (
            row(1, campaign="staff", agent="ada", disposition="later", note="after six"),
            row(2, campaign="staff", agent="bo", note="the daughter"),
            row(3, campaign="staff", outcome="noanswer"),
            row(4, campaign="theirs", agent="eve", note="of another tenant"),
            row(5, campaign="staff", agent="ada", disposition="gone"),
            row(6, campaign="spring", agent="ada", note="the newest"),
            row(7, campaign="staff", agent="ada", note="this very call"),
        ):
            records.leads.attempts.write(db, one)
    centre = msgspec.structs.replace(
        CENTRE, tenants=tenants, campaigns=(*CENTRE.campaigns, foreign), dispositions=(told,)
    )
    records.save_centre(centre, "test")
    (tmp_path / "index.html").write_text("x")
    with new_site(tmp_path, records) as desk:
        ada = desk.page("ada")
        assert ada.get("/api/my-lead/earlier").status == 404
        card = LeadCard(
            phase="talking", campaign="staff", campaign_title="", lead=lead.id, name="", number="", attempt="a-7"
        )
        desk.centre.agents["ada"] = msgspec.structs.replace(desk.centre.agents["ada"], lead=card)
        found = [
            (one["at"] - T, one["agent"], one["word"], one["note"]) for one in ada.get("/api/my-lead/earlier").json
        ]
        assert found == [(6, "ada", "", "the newest"), (5, "ada", "gone", ""), (2, "bo", "", "the daughter")]
        theirs = msgspec.structs.replace(card, campaign="theirs")
        desk.centre.agents["ada"] = msgspec.structs.replace(desk.centre.agents["ada"], lead=theirs)
        assert [one["note"] for one in ada.get("/api/my-lead/earlier").json] == ["of another tenant"]
        by_hand = msgspec.structs.replace(card, lead="")
        desk.centre.agents["ada"] = msgspec.structs.replace(desk.centre.agents["ada"], lead=by_hand)
        assert ada.get("/api/my-lead/earlier").json == []
