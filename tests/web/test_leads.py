"""Leads, no-call numbers and consents by the API, on a real store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fsorch.campaigns import AttemptRow, DncRow, Lead, LeadNumber, LeadState
from fsorch.clock import DAY_US
from fsorch.engine.views import ContactView
from fsorch.store import Store
from fsorch.store.database import connected
from fsorch.store.lead_lists import LeadList
from tests.store.conftest import open_store
from tests.web.harness import Page, Site
from tests.web.test_objects import send

LEAD = {
    "list": "spring",
    "numbers": [{"number": "+44 20 7946 0958", "kind": "home"}],
    "reference": "4711",
    "name": "Zoë",
}


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Store]:
    """A store with people and a list."""
    store = open_store(f"sqlite:///{tmp_path}/records.db")
    for login, role in (("sam", "supervisor"), ("root", "admin"), ("olga", "auditor"), ("ada", "agent")):
        store.set_password(login, f"{login}'s own", role, agent="ada" if role == "agent" else "", by="test")
    store.leads.lists.make(LeadList(id="spring"), "test")
    yield store
    store.close()


def walked(page: Page, path: str) -> list[Any]:
    """All rows, page by page, by the links that the answers give."""
    rows: list[Any] = []
    while path:
        answer = page.get(path)
        assert answer.status == 200
        rows += answer.json
        link = answer.headers.get("Link", "")
        path = link.partition("<")[2].partition(">")[0]
    return rows


class TestLeads:
    def test_a_list_is_read_page_by_page(self, desk: Site) -> None:
        sam = desk.page("sam")
        made = [send(sam, "POST", "/api/leads", {**LEAD, "reference": f"r{n}"}).json["id"] for n in range(5)]
        seen, address = list[str](), "/api/leads?list=spring&limit=2"
        while address:
            answer = sam.get(address)
            seen += [lead["id"] for lead in answer.json]
            link = answer.headers.get("Link", "")
            assert not link or link.endswith('; rel="next"')
            address = link[1 : link.index(">")] if link else ""
        assert seen == made
        assert sam.get("/api/leads?list=spring&after=x").status == 400
        assert sam.get("/api/leads?list=spring&limit=501").status == 400
        # Neither noughts in front nor more digits than a number has.
        assert sam.get("/api/leads?list=spring&limit=00000000019999").status == 400
        assert sam.get(f"/api/leads?list=spring&limit={'1' * 5_000}").status == 400
        assert sam.get("/api/leads?list=sprin").json["error"].count("spring")

    def test_one_is_added_found_changed_and_updated_by_reference(self, desk: Site, records: Store) -> None:
        sam = desk.page("sam")
        made = send(sam, "POST", "/api/leads", LEAD)
        assert made.status == 201
        assert made.json["numbers"][0]["number"] == "+442079460958"
        id = made.json["id"]
        assert sam.get("/api/leads?q=%2B442079460958").json == [made.json]
        assert sam.get(f"/api/leads/{id}").json == {"lead": made.json, "attempts": [], "more": False}
        changed = send(sam, "PATCH", f"/api/leads/{id}", {"priority": 5, "fields": {"city": "York"}})
        assert (changed.json["priority"], changed.json["fields"], changed.json["name"]) == (5, {"city": "York"}, "Zoë")
        again = send(sam, "POST", "/api/leads", LEAD | {"update": True, "name": "Zoë Q"})
        assert (again.status, again.json["id"], again.json["name"], again.json["priority"]) == (200, id, "Zoë Q", 5)
        assert send(sam, "POST", "/api/leads", LEAD).json["id"] != id
        (listed,) = sam.get("/api/lists").json
        assert (listed["id"], listed["leads"]) == ("spring", 2)
        assert sam.get("/api/lists/spring").json == listed
        assert {one.who for one in records.audits(act="lead.")} == {"sam"}

    def test_a_lead_that_is_dialled_is_left_alone(self, desk: Site, records: Store) -> None:
        sam = desk.page("sam")
        id = send(sam, "POST", "/api/leads", LEAD).json["id"]
        records.leads.reserve_one(id, "c", 1, "t:1")
        refused = send(sam, "PATCH", f"/api/leads/{id}", {"priority": 5})
        assert (refused.status, refused.json["code"]) == (409, "refused")

    def test_numbers_are_read_as_the_leads_country_writes_them(self, desk: Site) -> None:
        sam = desk.page("sam")
        for country, number, read in (
            ("FR", "06 12 34 56 78", "+33612345678"),
            ("aq", "+442079460958", "+442079460958"),
        ):
            made = send(sam, "POST", "/api/leads", LEAD | {"numbers": [{"number": number}], "country": country}).json
            assert (made["numbers"][0]["number"], made["country"]) == (read, country.upper())

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ({}, 400),
            (LEAD | {"list": "nosuch"}, 404),
            (LEAD | {"numbers": []}, 400),
            (LEAD | {"numbers": [{"number": "12"}]}, 422),
            (LEAD | {"country": "XX"}, 422),
            (LEAD | {"fields": {"A b": "x"}}, 400),
            (LEAD | {"name": "x" * 256}, 400),
            (LEAD | {"priority": "high"}, 400),
            (LEAD | {"id": "7"}, 400),
            (LEAD | {"next_at": "2030-01-01"}, 400),
        ],
    )
    def test_what_is_wrong_is_refused(self, desk: Site, records: Store, body: object, status: int) -> None:
        assert send(desk.page("sam"), "POST", "/api/leads", body).status == status
        assert records.leads.lists.count("spring").leads == 0

    def test_callers_who_wait_for_one_agent(self, desk: Site) -> None:
        for id, agent, state in (("c1", "ada", "resting"), ("c2", "ben", "waiting"), ("c3", "ada", "reached")):
            desk.centre.contacts[id] = ContactView(
                id=id,
                switch="main",
                state="waiting",
                number="+4930",
                name="+4930",
                destination="8800",
                queue_title="Sales",
                enqueued_at=7,
                callback=state,
                callback_by=agent,
                why="no",
            )
        ada = desk.page("ada")
        own = {"contact": "c1", "number": "+4930", "name": "", "queue": "Sales", "since": 7, "why": "no"}
        assert ada.get("/api/my-callers").json == [own]
        assert desk.page("sam").get("/api/my-callers").status == 403

    def test_callbacks(self, desk: Site, records: Store) -> None:
        sam = desk.page("sam")
        id = send(sam, "POST", "/api/leads", LEAD).json["id"]
        path = f"/api/leads/{id}/callback"
        promised = send(sam, "POST", path, {"at": "2099-01-01T09:00:00+01:00", "note": "n"})
        assert (promised.json["state"], promised.json["next_at"]) == ("callback", 4_070_937_600_000_000)
        assert [one["id"] for one in sam.get("/api/lead-callbacks").json] == [id]
        assert sam.get("/api/lead-callbacks?agent=ada").json == []
        assert desk.page("ada").get("/api/my-callbacks").json == []
        records.leads.promise(id, 4_070_937_600_000_000, "test", agent="ada", note="n")
        (own,) = desk.page("ada").get("/api/my-callbacks").json
        assert (own["lead"], own["at"], own["note"]) == (id, 4_070_937_600_000_000, "n")
        assert sam.get("/api/my-callbacks").status == 403
        assert send(sam, "POST", path, {"at": "2001-01-01T09:00:00Z"}).status == 422
        assert send(sam, "POST", path, {"at": "2099-01-01T09:00:00Z", "agent": "nobody"}).status == 422
        assert send(sam, "POST", "/api/leads/99/callback", {"at": "2099-01-01T09:00:00Z"}).status == 404
        assert send(sam, "POST", path, {"at": "0001-01-01T00:00:00+14:00"}).status == 400
        assert send(sam, "POST", f"{path}-cancel", {}).json["state"] == "ready"
        assert send(sam, "POST", f"{path}-cancel", {}).status == 409

    def test_agents_move_and_take_back_what_they_have_promised_themselves(self, desk: Site, records: Store) -> None:
        due = records.now_us() + 60_000_000
        ids = [send(desk.page("sam"), "POST", "/api/leads", LEAD | {"reference": f"r{n}"}).json["id"] for n in range(3)]
        for id, agent in zip(ids, ("ada", "bo", "ada"), strict=True):
            records.leads.promise(id, due, "test", agent=agent, note="n")
        ada, path = desk.page("ada"), f"/api/my-callbacks/{ids[0]}"
        soon = datetime.fromtimestamp((due + DAY_US) / 1e6, tz=UTC)
        assert send(ada, "POST", f"{path}/move", {"at": soon.isoformat()}).json == {"ok": True}
        moved = records.leads.get(ids[0])
        assert (moved.next_at, moved.callback_agent, moved.callback_note) == (due + DAY_US, "ada", "n")
        assert (records.audits(1)[0].who, records.audits(1)[0].act) == ("ada", "callback.promise")
        # Neither into the past nor out of sight.
        assert send(ada, "POST", f"{path}/move", {"at": "2001-01-01T09:00:00Z"}).status == 422
        assert send(ada, "POST", f"{path}/move", {"at": "4030-01-01T09:00:00Z"}).status == 422
        # Somebody else's is as one that is not there, and so is a lead that was promised nothing.
        for verb, body in (("move", {"at": soon.isoformat()}), ("cancel", {})):
            for other in (ids[1], "99", "x"):
                assert send(ada, "POST", f"/api/my-callbacks/{other}/{verb}", body).status == 404, (verb, other)
            assert send(desk.page("sam"), "POST", f"{path}/{verb}", body).status == 403
        assert records.leads.get(ids[1]).next_at == due
        assert send(ada, "POST", f"{path}/cancel", {}).status == 200
        assert records.leads.get(ids[0]).state is LeadState.READY
        assert send(ada, "POST", f"{path}/cancel", {}).status == 404
        records.leads.reserve_one(ids[2], "c", 1, "t:1")
        assert send(ada, "POST", f"/api/my-callbacks/{ids[2]}/cancel", {"done": True}).status == 409
        records.leads.release([ids[2]], "t:1")
        assert send(ada, "POST", f"/api/my-callbacks/{ids[2]}/cancel", {"done": True}).status == 200
        assert records.leads.get(ids[2]).state is LeadState.FINISHED
        assert ada.get("/api/my-callbacks").json == []


class TestRights:
    def test_a_number_is_refused_and_only_an_admin_takes_it_back(self, desk: Site, records: Store) -> None:
        sam, root = desk.page("sam"), desk.page("root")
        assert send(sam, "POST", "/api/dnc", {"number": "+4420*", "reason": "asked"}).status == 201
        checked = sam.get("/api/dnc?number=%2B442079460958").json
        assert (checked["callable"], checked["entry"]["source"], checked["entry"]["by"]) == (False, "api", "sam")
        assert [one["number"] for one in sam.get("/api/dnc").json] == ["+4420*"]
        back = {"number": "+4420*", "reason": "asked back"}
        assert send(sam, "POST", "/api/dnc/remove", back).status == 403
        assert send(root, "POST", "/api/dnc/remove", {"number": "+4420*"}).status == 400
        assert send(root, "POST", "/api/dnc/remove", back).status == 200
        assert send(root, "POST", "/api/dnc/remove", back).status == 404
        assert records.audits(1)[0].who == "root"
        assert sam.get("/api/dnc?number=%2B442079460958").json["callable"]
        assert sam.get("/api/dnc?number=x").status == 422

    def test_what_would_change_nothing_is_refused(self, desk: Site, records: Store) -> None:
        admin = desk.page("root")
        number = {"number": "+442079460958"}
        for path, more, status, told in (
            ("dnc", {"campaign": "nosuch"}, 404, "no campaign called 'nosuch'"),
            ("dnc", {"until": "2020-01-01T00:00:00Z"}, 422, "ended already"),
            ("consents", {"scope": "evrything"}, 422, "expected campaign:ID, or one of *, automated, calls"),
            ("consents", {"scope": "campaign:nosuch"}, 404, "no campaign called 'nosuch'"),
            ("consents", {"given_at": "2099-01-01T00:00:00Z"}, 422, "in time to come"),
        ):
            refused = send(admin, "POST", f"/api/{path}", number | more)
            assert (refused.status, told in refused.json["error"]) == (status, True), refused.json
        assert records.dnc.find("+442079460958") is None
        assert records.consents.of("+442079460958") == []
        lead = {"list": "spring", "numbers": [number | {"zone": "Mars/X"}]}
        for wrong in (lead, {"list": "spring", "numbers": [number], "zone": "Mars/X"}):
            refused = send(admin, "POST", "/api/leads", wrong)
            assert (refused.status, "no time zone 'Mars/X'" in refused.json["error"]) == (422, True)

    def test_the_list_is_read_in_parts(self, desk: Site, records: Store) -> None:
        for n in range(3):
            records.dnc.add(DncRow(number=f"+44207946000{n}"), "test")
        records.dnc.add(DncRow(number="+4930123"), "test")
        sam = desk.page("sam")
        records.dnc.add(DncRow(number="+4930123", campaign="spring"), "test")
        assert len(sam.get("/api/dnc?limit=2").json) == 2
        assert len(sam.get("/api/dnc?begins=%2B44").json) == 3
        assert walked(sam, "/api/dnc?limit=2") == sam.get("/api/dnc").json
        assert len(walked(sam, "/api/dnc?limit=1&begins=%2B44")) == 3
        assert sam.get("/api/dnc?after=x").status == 400
        assert sam.get("/api/dnc?limit=0").status == 400
        assert sam.get("/api/consents?limit=9999").status == 400

    def test_consents(self, desk: Site) -> None:
        sam = desk.page("sam")
        given = send(sam, "POST", "/api/consents", {"number": "+442079460958", "who": "Zoë", "channel": "web"})
        assert given.status == 201
        assert sam.get("/api/consents?number=%2B442079460958").json == [given.json]
        gone = send(sam, "POST", "/api/consents/withdraw", {"number": "+442079460958"})
        assert gone.json[0]["withdrawn_at"] > 0
        assert send(sam, "POST", "/api/consents/withdraw", {"number": "+442079460958"}).status == 404
        for n in range(4):
            send(sam, "POST", "/api/consents", {"number": f"+44207946095{n}", "given_at": "2026-01-31T00:00:00Z"})
        whole = sam.get("/api/consents").json
        assert (len(whole), walked(sam, "/api/consents?limit=2")) == (5, whole)

    def test_promises_are_read_in_parts(self, desk: Site, records: Store) -> None:
        sam, due = desk.page("sam"), records.now_us() + 90_000_000_000
        for n in range(5):
            lead = records.leads.add(Lead(id="", list="spring", numbers=(LeadNumber(number=f"+44207946010{n}"),)), "t")
            records.leads.promise(lead.id, due + n // 3, "t", agent="ada")
        whole = sam.get("/api/lead-callbacks").json
        assert (len(whole), walked(sam, "/api/lead-callbacks?limit=2")) == (5, whole)
        ada = desk.page("ada")
        own = ada.get("/api/my-callbacks").json
        assert (len(own), walked(ada, "/api/my-callbacks?limit=2")) == (5, own)
        assert sam.get("/api/lead-callbacks?after=1-x").status == 400

    def test_attempts_that_are_not_shown_are_told(self, desk: Site, records: Store) -> None:
        sam = desk.page("sam")
        lead = records.leads.add(Lead(id="", list="spring", numbers=(LeadNumber(number="+442079460200"),)), "t")
        with connected(records.db) as db:
            for n in range(3):
                row = AttemptRow(id=f"a{n}", campaign="c", lead=lead.id, number="+442079460200", launched_at=n + 1)
                records.leads.attempts.write(db, row)
        for limit, more in ((2, True), (3, False)):
            shown = sam.get(f"/api/leads/{lead.id}?limit={limit}").json
            assert (len(shown["attempts"]), shown["more"]) == (limit, more)

    @pytest.mark.parametrize(
        "path", ["/api/leads", "/api/dnc", "/api/consents", "/api/dnc/remove", "/api/consents/withdraw"]
    )
    def test_who_may(self, desk: Site, path: str) -> None:
        assert send(desk.page("olga"), "POST", path, {}).status == 403
        assert send(desk.page("ada"), "POST", path, {}).status == 403
        assert send(Page(desk.port), "POST", path, {}).status in (401, 403)
        if "/" not in path.removeprefix("/api/"):
            assert desk.page("olga").get(path).status == 200
            assert desk.page("ada").get(path).status == 403
