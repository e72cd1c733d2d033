"""Who has a scope sees their queues: every operation that there is, and every snapshot that may be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsorch.campaigns import AttemptRow, CampaignSpec, Lead, LeadNumber, ListShare
from fsorch.compliance_packs import PackSpec
from fsorch.config import AgentSpec, Centre, MembershipSpec, QueueSpec
from fsorch.engine.rows import ContactRow, SegmentRow
from fsorch.engine.views import AgentView, CampaignView, ContactView, LeadCard, QueueView, Snapshot, TenantView
from fsorch.gateways import GatewaySpec
from fsorch.store import ContactDetail, Store
from fsorch.store.database import connected
from fsorch.store.lead_lists import LeadList
from fsorch.store.lead_models import Gate, LeadNumberRecord, LeadRecord
from fsorch.tenants import TenantSpec
from fsorch_web.feed import Views
from fsorch_web.operations import OPERATIONS
from fsorch_web.sight import Sight
from tests.store.conftest import open_store
from tests.web.fake import FakeMessage, FakeToken
from tests.web.harness import Answer, Page, Site, new_site

PASSWORD = "correct horse 7"
# Bound to a queue, and to the tenant whose queue it is; one of each pair may act.
PEOPLE = ("client", "leader", "tenant", "manager")
# What is in the answer when something of the other queue is in it.
SECRET = ("hidden", "5550199", "dora")
CONTACT = "0b6f2f0e-5a3c-4a53-9d27-0c8f6f2b7a11"


def campaign(id: str, queue: str, list: str) -> CampaignSpec:
    return CampaignSpec(id=id, queue=queue, pack="none", lists=(ListShare(list=list),), gateways=("carrier",))


MINE, OTHER = TenantSpec(id="mine-inc"), TenantSpec(id="hidden-inc")


def agent(id: str, phone: str, *queues: str) -> AgentSpec:
    return AgentSpec(id=id, phone=f"user/{phone}", queues=tuple(MembershipSpec(queue=one) for one in queues))


CENTRE = Centre(
    tenants=(MINE, OTHER),
    queues=(QueueSpec(id="sales", tenant=MINE.id), QueueSpec(id="hidden", tenant=OTHER.id)),
    agents=(agent("ada", "1001", "sales"), agent("bo", "1002", "sales", "hidden"), agent("dora", "1003", "hidden")),
    gateways=(GatewaySpec(id="carrier", dial="sofia/gateway/carrier/{number}"),),
    packs=(PackSpec(id="none", checked=date(2027, 1, 1)),),
    campaigns=(campaign("mine", "sales", "open"), campaign("hidden-one", "hidden", "hidden-list")),
)
# Of bodies, what the operation needs to get as far as the thing that it is about.
BODIES: dict[str, dict[str, Any]] = {
    "/api/agent/status": {"agent": "dora", "status": "available"},
    "/api/agent/hold": {"agent": "dora", "on": True},
    "/api/agent/mute": {"agent": "dora", "on": True},
    "/api/agent/keys": {"agent": "dora", "digits": "1"},
    "/api/agent/drop-party": {"agent": "dora", "party": "x"},
    "/api/agent/dial-number": {"agent": "dora", "campaign": "hidden-one", "number": "+12125550101"},
    "/api/agent/dispose": {"agent": "dora", "disposition": "sale"},
    "/api/leads": {"list": "hidden-list", "numbers": [{"number": "+12125550177"}]},
    "/api/leads/<id>/callback": {"at": "2099-01-01T00:00:00+00:00"},
}
PATCHES: dict[str, dict[str, Any]] = {
    "/api/queues/<id>": {"paused": True},
    "/api/agents/<id>": {"queues": []},
    "/api/leads/<id>": {"priority": 7},
}
# The id of a thing of the other queue.
IDS = {"campaigns": "hidden-one", "lists": "hidden-list", "agents": "dora", "contacts": CONTACT, "messages": CONTACT}


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store of two clients' queues; the people of ``sales`` ask."""
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('scope')}/records.db")
    store.save_centre(CENTRE, "test")
    store.set_password("client", PASSWORD, "principal", scope=("sales",))
    store.set_password("leader", PASSWORD, "supervisor", scope=("sales",))
    store.set_password("tenant", PASSWORD, "principal", tenant=MINE.id)
    store.set_password("manager", PASSWORD, "supervisor", tenant=MINE.id)
    for name in ("open", "hidden-list"):
        store.leads.lists.make(LeadList(id=name), "test")
    store.leads.add(Lead(id="", list="hidden-list", numbers=(LeadNumber(number="+12125550199"),)), "test")
    store.leads.add(Lead(id="", list="open", numbers=(LeadNumber(number="+12125550142"),)), "test")
    yield store
    store.close()


@pytest.fixture(scope="module")
def desk(records: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A desktop over it, with a waiting and a talking caller of each queue."""
    static = tmp_path_factory.mktemp("page")
    (static / "index.html").write_text("x")
    with new_site(static, records) as running:
        running.centre.queues = {
            one.id: QueueView(id=one.id, title=one.id, waiting=1, tenant=one.tenant) for one in CENTRE.queues
        }
        running.centre.agents = {
            one.id: AgentView(
                id=one.id, name=one.id, status="available", reason="lunch", queues=tuple(it.queue for it in one.queues)
            )
            for one in CENTRE.agents
        }
        there = live("hidden", "+12125550199", CONTACT)
        running.centre.contacts = {CONTACT: there, "c-open": live("sales", "+12125550142", "c-open")}
        bo = running.centre.agents["bo"]
        running.centre.agents["bo"] = msgspec.structs.replace(bo, state="talking", contact=there)
        yield running


@pytest.fixture(scope="module")
def pages(desk: Site) -> dict[str, Page]:
    """Somebody of each role, logged in."""
    made = {login: Page(desk.port) for login in PEOPLE}
    for login, page in made.items():
        assert page.log_in(login, PASSWORD).status == 200
    return made


def live(queue: str, number: str, id: str) -> ContactView:
    owners = {one.id: one.tenant for one in CENTRE.queues}
    return ContactView(
        id=id,
        switch="main",
        state="waiting",
        number=number,
        name="",
        destination="1",
        queue=queue,
        queue_title=queue,
        tenant=owners.get(queue, ""),
    )


def ask(page: Page, method: str, path: str, body: Any = None) -> Answer:
    content = None if method == "GET" else msgspec.json.encode(body if body is not None else {})
    return page.ask(method, path, content, {"X-CSRF-Token": page.token})


def address(rule: str) -> str:
    """The rule, asking for what is of the other queue."""
    kind = rule.split("/")[2]
    return rule.replace("<id>", IDS.get(kind, "1" if kind == "leads" else "hidden")).replace("<contact>", CONTACT)


@pytest.mark.parametrize("login", PEOPLE)
@pytest.mark.parametrize(("method", "rule"), [key for key in OPERATIONS if key[1] not in ("/api/login", "/api/logout")])
def test_no_operation_tells_or_does_anything_of_another_queue(
    pages: dict[str, Page], desk: Site, records: Store, method: str, rule: str, login: str
) -> None:
    body = PATCHES.get(rule) if method == "PATCH" else BODIES.get(rule)
    if body is None and rule.startswith(("/api/agent/", "/api/talk/")):
        body = {"agent": "dora"}
    elif body is None and rule.startswith("/api/contact/"):
        body = {"contact": CONTACT}
    before, asked = records.revision(), len(desk.centre.requests)
    there = address(rule)
    query = {"/api/leads": "?q=%2B12125550199"}.get(rule, "") if method == "GET" else ""
    answer = ask(pages[login], method, there + query, body)
    assert answer.status in ((200, 403, 404) if method == "GET" else (403, 404)), answer.content
    if answer.status == 200:
        assert "<" not in rule or rule == "/api/openapi.json"
        assert not [word for word in SECRET if word.encode() in answer.content]
    assert (records.revision(), len(desk.centre.requests)) == (before, asked)
    assert records.leads.get("1").priority == 0


def test_places_in_ones_own_queues_are_shown_to_who_may_change_them(pages: dict[str, Page]) -> None:
    shown = ask(pages["leader"], "GET", "/api/agents/bo")
    assert shown.status == 200
    assert shown.json == {"id": "bo", "name": "", "queues": [{"queue": "sales"}]}
    assert shown.headers["ETag"]
    assert ask(pages["leader"], "GET", "/api/agents/dora").status == 404
    assert ask(pages["leader"], "GET", "/api/queues/sales").status == 403
    assert ask(pages["client"], "GET", "/api/agents/ada").status == 403


@pytest.mark.parametrize("reader", ["client", "tenant"])
def test_what_is_theirs_they_have(pages: dict[str, Page], reader: str) -> None:
    client, leader = pages[reader], pages["leader" if reader == "client" else "manager"]
    assert [one["id"] for one in client.get("/api/lists").json] == ["open"]
    assert list(client.get("/api/campaign-states").json) == ["mine"]
    assert [one["list"] for one in client.get("/api/leads?q=%2B12125550142").json] == ["open"]
    for path in ("leads/2", "leads/2/why", "leads?list=open", "campaigns/mine/stats", "campaigns/mine/state"):
        assert client.get(f"/api/{path}").status == 200
    assert client.get("/api/leads?list=hidden-list").status == 404
    assert client.me()["scope"] == ["sales"]
    assert ask(client, "PATCH", "/api/queues/sales", {"paused": True}).status == 403
    assert ask(leader, "PATCH", "/api/leads/2", {"priority": 3}).json["priority"] == 3


@pytest.mark.parametrize("login", PEOPLE)
def test_the_story_of_an_attempt_is_told_to_who_sees_its_campaign(
    pages: dict[str, Page], records: Store, login: str
) -> None:
    with connected(records.db) as db:
        for id, campaign in (
            ("5e5e-1", "mine"),
            ("6f6f-1", "hidden-one"),
            ("6f6f-2", "hidden-one"),
            ("7a7a-1", "gone"),
        ):
            row = AttemptRow(id=id, campaign=campaign, lead="", number="+12125550199", launched_at=1)
            records.leads.attempts.write(db, row)
    assert pages[login].get("/api/attempts/5e5e-1/story").status == 200
    for id in ("6f6f-1", "6f6f", "7a7a-1", "none"):
        answer = pages[login].get(f"/api/attempts/{id}/story")
        assert answer.status == 404
        # Not even which ids begin so.
        assert b"6f6f-2" not in answer.content


def test_who_is_bound_to_a_tenant_has_its_new_queue_at_once(pages: dict[str, Page], records: Store) -> None:
    manager = pages["manager"]
    assert (manager.me()["tenant"], manager.me()["scope"]) == (MINE.id, ["sales"])
    assert ask(manager, "PATCH", "/api/queues/returns", {"paused": True}).status == 404
    more = (QueueSpec(id="returns", tenant=MINE.id), QueueSpec(id="hidden-too", tenant=OTHER.id))
    records.save_centre(msgspec.structs.replace(CENTRE, queues=(*CENTRE.queues, *more)), "test")
    assert manager.me()["scope"] == ["returns", "sales"]
    assert ask(manager, "PATCH", "/api/queues/returns", {"paused": True}).json["applied"]
    assert ask(manager, "PATCH", "/api/queues/hidden-too", {"paused": True}).status == 404
    records.save_centre(CENTRE, "test")
    assert manager.me()["scope"] == ["sales"]


def test_a_tenant_has_its_report_and_no_other(pages: dict[str, Page], desk: Site) -> None:
    desk.centre.tenants = tuple(TenantView(id=one.id, title=one.id, contacts=1) for one in CENTRE.tenants)
    for login in ("tenant", "manager"):
        for what in ("report", "now"):
            assert pages[login].get(f"/api/tenants/{MINE.id}/{what}").status == 200
            assert pages[login].get(f"/api/tenants/{OTHER.id}/{what}").status == 404
        assert pages[login].get(f"/api/tenants/{MINE.id}").status == 403
    assert pages["client"].get(f"/api/tenants/{MINE.id}/report").status == 404


def test_contacts_of_before_are_given_to_a_tenant_by_an_admin(site: Site, pages: dict[str, Page]) -> None:
    site.store.centre = CENTRE
    root = site.page("root")
    done = root.post(f"/api/tenants/{MINE.id}/adopt", {"queue": "sales", "dry_run": True})
    assert (done.status, done.json["tenant"]) == (200, MINE.id)
    [(who, _, wanted)] = [one for one in site.store.audited if one[1] == "tenant.adopt"]
    assert (who, wanted.queues) == ("root", ("sales",))
    assert root.post(f"/api/tenants/{MINE.id}/adopt", {"queue": "hidden"}).status == 409
    assert root.post("/api/tenants/nobody/adopt", {}).status == 404
    assert site.page("sam").post(f"/api/tenants/{MINE.id}/adopt", {}).status == 403
    assert ask(pages["manager"], "POST", f"/api/tenants/{MINE.id}/adopt").status == 403


def test_a_leader_steers_their_queue_and_no_other_place_of_an_agent(pages: dict[str, Page], records: Store) -> None:
    leader = pages["leader"]
    assert ask(leader, "PATCH", "/api/queues/sales", {"paused": True}).json["applied"]
    there = ask(leader, "PATCH", "/api/agents/bo", {"queues": []})
    assert there.json["applied"]
    assert b"hidden" not in there.content
    places = {one.id: [place.queue for place in one.queues] for one in records.load_centre().agents}
    assert places == {"ada": ["sales"], "bo": ["hidden"], "dora": ["hidden"]}
    # Who serves none of their queues any more is not theirs to fetch.
    assert ask(leader, "PATCH", "/api/agents/bo", {"queues": [{"queue": "sales"}]}).status == 404
    assert ask(leader, "PATCH", "/api/agents/ada", {"queues": [{"queue": "hidden"}]}).status == 404
    assert ask(leader, "PATCH", "/api/agents/ada", {"skills": {}}).status == 403


def test_a_leader_acts_on_no_call_of_another_queue(pages: dict[str, Page], desk: Site) -> None:
    leader, asked = pages["leader"], len(desk.centre.requests)
    for verb, more in (("agent/hangup", {}), ("talk/listen", {}), ("talk/take-over", {"taker": "ada"})):
        assert ask(leader, "POST", f"/api/{verb}", {"agent": "bo"} | more).status == 404
    for more in ({"queue": "hidden"}, {"to": "dora"}):
        assert ask(leader, "POST", "/api/agent/transfer", {"agent": "ada"} | more).status == 404
    for verb, more in (("move", {"queue": "hidden"}), ("give", {"agent": "dora"})):
        assert ask(leader, "POST", f"/api/contact/{verb}", {"contact": "c-open"} | more).status == 404
    assert len(desk.centre.requests) == asked
    assert ask(leader, "POST", "/api/agent/status", {"agent": "bo", "status": "available"}).json == {"ok": True}


# What the people of ``sales`` may do, until the campaign is another queue's.
ACTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("POST", "campaigns/mine/start", {"anyway": True, "reason": "now"}),
    ("POST", "leads", {"list": "open", "numbers": [{"number": "+12125550143"}]}),
    ("PATCH", "leads/2", {"priority": 9}),
    ("POST", "leads/2/callback", {"at": "2099-01-01T00:00:00+00:00"}),
    ("POST", "leads/2/callback-cancel", {}),
    ("POST", "lists/open/reset", {}),
    ("PATCH", "queues/sales", {"paused": True}),
    ("PATCH", "agents/ada", {"queues": []}),
)


@pytest.mark.parametrize(("method", "path", "body"), ACTS)
@pytest.mark.parametrize("login", ["leader", "manager"])
def test_what_is_another_queues_in_the_moment_of_the_act_stays(
    pages: dict[str, Page],
    records: Store,
    monkeypatch: pytest.MonkeyPatch,
    login: str,
    method: str,
    path: str,
    body: dict[str, Any],
) -> None:
    """Between the look at who may and the act, somebody gives away what it is about."""
    gone = msgspec.structs.replace(
        CENTRE,
        queues=tuple(msgspec.structs.replace(one, tenant=OTHER.id) for one in CENTRE.queues),
        campaigns=tuple(msgspec.structs.replace(one, queue="hidden") for one in CENTRE.campaigns),
    )
    steady, save = records.steady, records.save_centre
    before = records.leads.get("2")

    def late() -> AbstractContextManager[int]:
        save(gone, "somebody")
        return steady()

    def late_save(*args: Any, **more: Any) -> int:
        save(gone, "somebody")
        return save(*args, **more)

    monkeypatch.setattr(records, "steady", late)
    monkeypatch.setattr(records, "save_centre", late_save)
    answer = ask(pages[login], method, f"/api/{path}", body)
    monkeypatch.undo()
    # A change of the centre itself is refused because somebody else was quicker.
    assert answer.status == (409 if path.startswith(("queues", "agents")) else 404)
    assert records.leads.get("2") == before
    assert len(records.leads.of_list("open", 50)) == 1
    assert records.campaigns.state("mine").state == "draft"
    assert records.load_centre() == gone
    assert [one.act for one in records.audits(1)] == ["centre.save"]
    assert records.audits(1)[0].who == "somebody"
    records.save_centre(CENTRE, "test")


@pytest.mark.parametrize("login", ["leader", "manager"])
def test_a_list_that_is_given_away_halfway_is_reset_no_further(
    pages: dict[str, Page], records: Store, monkeypatch: pytest.MonkeyPatch, login: str
) -> None:
    """Parts of one lead each, of two; the second is another queue's."""
    more = records.leads.add(Lead(id="", list="open", numbers=(LeadNumber(number="+12125550144"),)), "test")
    rests = {"gate": int(Gate.LATER), "next_at": records.now_us() + 9_000_000_000}
    with connected(records.db) as db:
        LeadRecord.update(rests).where(LeadRecord.list == "open").execute(db)
    taken = iter((None, msgspec.structs.replace(CENTRE, campaigns=())))
    steady = records.steady

    def late() -> AbstractContextManager[int]:
        if (centre := next(taken)) is not None:
            records.save_centre(centre, "test")
        return steady()

    monkeypatch.setattr(records, "steady", late)
    monkeypatch.setattr("fsorch.store.lead_resets.PAGE", 1)
    assert ask(pages[login], "POST", "/api/lists/open/reset").status == 404
    monkeypatch.undo()
    assert [one.next_at > 0 for one in records.leads.of_list("open", 50)] == [False, True]
    told = records.audits(1, act="list.reset")[0]
    assert (told.who, told.what["leads"]) == (login, 1)
    records.save_centre(CENTRE, "test")
    assert ask(pages[login], "POST", "/api/lists/open/reset").json == {"list": "open", "leads": 1}
    with connected(records.db) as db:
        LeadNumberRecord.delete().where(LeadNumberRecord.lead == int(more.id)).execute(db)
        LeadRecord.delete().where(LeadRecord.id == int(more.id)).execute(db)


def test_contacts_are_those_of_their_queues(site: Site) -> None:
    site.store.tokens["theirs"] = FakeToken("wallboard", "principal", ("sales",))
    site.store.messages[CONTACT] = FakeMessage("hidden", "/nowhere/x.wav")
    site.centre.contacts = {"a": live("sales", "+1", "a"), "b": live("hidden", "+2", "b")}
    site.centre.contacts = {
        id: msgspec.structs.replace(one, medium="voicemail", callback="waiting")
        for id, one in site.centre.contacts.items()
    }
    page = Page(site.port)

    def get(path: str) -> Answer:
        return page.ask("GET", path, None, {"Authorization": "Bearer theirs"})

    assert get("/api/contacts").status == 200
    assert site.store.filters == {"queues": ("sales",)}
    for path in ("/api/callbacks", "/api/messages"):
        assert [one["id"] for one in get(path).json] == ["a"]
    assert get(f"/api/messages/{CONTACT}").status == 404
    assert get("/metrics").status == 403
    through = SegmentRow(id="s", contact="moved", kind="queue", began_at=1, ended_at=2, queue="hidden")
    for id, queue, segments in (("own", "sales", ()), ("other", "hidden", ()), ("moved", "sales", (through,))):
        row = ContactRow(id=id, switch="main", outcome="answered", queue=queue, began_at=1, ended_at=2)
        site.store.details[id] = ContactDetail(contact=row, segments=segments, legs=(), facts=())
    for path in ("/api/contacts/{}", "/api/contacts/{}/story"):
        assert [get(path.format(id)).status for id in ("own", "other", "moved")] == [200, 404, 404]


@pytest.mark.parametrize("role", ["principal", "auditor"])
def test_contacts_are_those_of_their_tenant(site: Site, role: str) -> None:
    site.store.tokens["theirs"] = FakeToken("wallboard", role, ("sales",), MINE.id)
    page = Page(site.port)

    def get(path: str) -> Answer:
        return page.ask("GET", path, None, {"Authorization": "Bearer theirs"})

    assert get("/api/contacts?number=5550").status == 200
    assert site.store.filters["tenant"] == MINE.id
    # In a queue that is shared, and of a time before it was the tenant's: only the contact's own tenant counts.
    rows = (("own", "shared", MINE.id), ("flow", "", MINE.id), ("old", "sales", ""), ("other", "sales", OTHER.id))
    for id, queue, tenant in rows:
        row = ContactRow(id=id, switch="main", outcome="answered", queue=queue, tenant=tenant, began_at=1, ended_at=2)
        site.store.details[id] = ContactDetail(contact=row, segments=(), legs=(), facts=())
    for path in ("/api/contacts/{}", "/api/contacts/{}/story"):
        assert [get(path.format(id)).status for id, *_ in rows] == [200, 200, 404, 404]


def test_messages_are_those_of_their_tenant(site: Site, tmp_path: Path) -> None:
    site.store.tokens["theirs"] = FakeToken("wallboard", "principal", ("sales",), MINE.id)
    sound = tmp_path / "x.wav"
    sound.write_bytes(b"RIFF")
    page, found = Page(site.port), []
    # A queue may have been another client's, and a caller may have gone on to one that is shared.
    for queue, tenant in (("sales", MINE.id), ("shared", MINE.id), ("sales", OTHER.id), ("sales", "")):
        site.store.messages[CONTACT] = FakeMessage(queue, str(sound), tenant)
        found.append(page.ask("GET", f"/api/messages/{CONTACT}", None, {"Authorization": "Bearer theirs"}).status)
    assert found == [200, 200, 404, 404]


QUEUES = ("sales", "hidden", "third", "")
queue_ids = st.sampled_from(QUEUES)


def number_of(queue: str) -> str:
    return f"{queue or 'none'}-number"


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """A centre in which each caller's number tells their queue."""
    contacts = tuple(
        live(queue, f"{queue or 'none'}-number", str(n))
        for n, queue in enumerate(draw(st.lists(queue_ids, max_size=6)))
    )
    campaigns = tuple(
        CampaignView(id=f"of-{queue}", title=queue, mode="preview", state="running", queue=queue) for queue in QUEUES
    )

    def person(n: int) -> AgentView:
        queue = draw(queue_ids)
        card = LeadCard(
            phase="shown",
            campaign=f"of-{queue}",
            campaign_title="",
            lead="1",
            name="",
            number=f"{queue or 'none'}-number",
        )
        return AgentView(
            id=f"agent-{n}",
            name="",
            status="break",
            reason="a-private-reason",
            queues=tuple(draw(st.sets(st.sampled_from(QUEUES[:3])))),
            contact=draw(st.sampled_from((None, *contacts))),
            lead=draw(st.sampled_from((None, card))),
            answered=77_777,
        )

    agents = tuple(person(n) for n in range(draw(st.integers(0, 4))))
    queues = tuple(QueueView(id=id, title=f"{id} title", waiting=0) for id in QUEUES[:3])
    return Snapshot(seq=1, at=1, centre="", queues=queues, agents=agents, contacts=contacts, campaigns=campaigns)


@given(snapshots(), st.sets(st.sampled_from(QUEUES[:3])), st.booleans())
def test_the_feed_never_carries_a_caller_of_another_queue(snapshot: Snapshot, scope: set[str], client: bool) -> None:
    views = Views(snapshot)
    board = views.board(Sight(frozenset(scope), client)).decode()
    for queue in set(QUEUES) - scope:
        assert number_of(queue) not in board
        assert not queue or f"{queue} title" not in board
    for one in snapshot.contacts:
        assert one.queue not in scope or one.number in board
    for person in snapshot.agents:
        assert (f'"{person.id}"' in board) == (not scope.isdisjoint(person.queues))
    if client:
        assert "a-private-reason" not in board
        assert "77777" not in board
    # And who has none has all of it.
    assert msgspec.json.decode(views.board(), type=Snapshot) == msgspec.structs.replace(snapshot, seq=0, at=0)


@given(snapshots(), st.booleans())
def test_the_feed_of_a_tenant_carries_its_own_alone(snapshot: Snapshot, client: bool) -> None:
    """Whatever queues it is said to have: those of the moment count, and each contact's own tenant."""
    owners = {one.id: one.tenant for one in CENTRE.queues}
    queues = tuple(msgspec.structs.replace(one, tenant=owners.get(one.id, "")) for one in snapshot.queues)
    tenants = tuple(TenantView(id=one.id, title=f"{one.id} title") for one in CENTRE.tenants)
    whole = msgspec.structs.replace(snapshot, queues=queues, tenants=tenants)
    board = Views(whole).board(Sight(frozenset({"hidden", "gone"}), client, MINE.id)).decode()
    for queue in set(QUEUES) - {"sales"}:
        assert number_of(queue) not in board
        assert not queue or f"{queue} title" not in board
    assert "sales title" in board
    assert f"{MINE.id} title" in board
    assert OTHER.id not in board


def test_each_sight_is_encoded_once() -> None:
    views = Views(Snapshot(seq=1, at=1, centre=""))
    assert views.board(Sight(frozenset({"a"}))) is views.board(Sight(frozenset({"a"})))


@pytest.mark.parametrize("login", ["client", "leader"])
def test_a_page_is_told_that_it_shows_a_part(pages: dict[str, Page], login: str) -> None:
    user = ask(pages[login], "GET", "/api/me").json["user"]
    assert (user["scope"], user["bounded"]) == (["sales"], True)
