"""How long records are kept, by the API, on a real store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import msgspec
import pytest

from fsorch.campaigns import AttemptRow, CampaignSpec
from fsorch.compliance_packs import KeepRule, PackSpec
from fsorch.config import Centre, QueueSpec
from fsorch.store import Store
from fsorch.store.database import connected
from fsorch_web.operations import OPERATIONS
from tests.store.conftest import open_store
from tests.web.harness import Answer, Site

DAY = 86_400_000_000


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Store]:
    """Two calls under a pack that keeps them for thirty days, of which one is older."""
    store = open_store(f"sqlite:///{tmp_path}/records.db")
    rule = KeepRule(id="keep", says="Thirty days", source="the house", what="records", days=30)
    pack = PackSpec(id="own", checked=date(2027, 1, 1), keeps=(rule,))
    spec = CampaignSpec(id="spring", queue="sales", pack="own", gateways=())
    store.save_centre(Centre(queues=(QueueSpec(id="sales"),), packs=(pack,), campaigns=(spec,)), "test")
    with connected(store.db) as db:
        for n, days in enumerate((40, 20)):
            at = store.now_us() - days * DAY
            row = AttemptRow(id=f"a{n}", campaign="spring", pack="own", lead="", number="+442079460958", launched_at=at)
            store.leads.attempts.write(db, msgspec.structs.replace(row, ended_at=at + 1))
    for login, role in (("root", "admin"), ("sam", "supervisor"), ("olga", "auditor")):
        store.set_password(login, f"{login}'s own", role)
    yield store
    store.close()


def calls(answer: Answer) -> list[tuple[int, int]]:
    lots = answer.json if isinstance(answer.json, list) else answer.json["lots"]
    return [(one["rows"], one["held"]) for one in lots if one["what"] == "records"]


def test_what_was_kept_long_enough_goes(desk: Site, records: Store) -> None:
    root, olga = desk.page("root"), desk.page("olga")
    assert calls(olga.get("/api/compliance/plan")) == [(1, 0)]
    assert calls(olga.get("/api/compliance/plan?at_least=60")) == [(0, 0)]
    for wrong in ("x", "-1", "36526", "00000000199999999", "1" * 5_000):
        assert olga.get(f"/api/compliance/plan?at_least={wrong}").status == 400
    dry = root.post("/api/compliance/purge", {"dry_run": True})
    assert (dry.json["removed"], calls(dry), len(records.leads.attempts.newest())) == (False, [(1, 0)], 2)
    done = root.post("/api/compliance/purge", {})
    assert (done.json["removed"], calls(done)) == (True, [(1, 0)])
    assert [one.id for one in records.leads.attempts.newest()] == ["a1"]
    assert [(one.who, one.what["stage"]) for one in records.audits(2)] == [("root", "ended"), ("root", "begun")]
    assert root.post("/api/compliance/purge", {}).json == {"removed": True, "lots": []}


def test_a_hold_keeps_it(desk: Site) -> None:
    root = desk.page("root")
    asked = {"id": "case 7", "reason": "a lawsuit", "number": "+44 20 7946 0958"}
    held = root.post("/api/compliance/holds", asked)
    assert (held.status, held.json["number"], held.json["by"]) == (201, "+442079460958", "root")
    assert root.post("/api/compliance/holds", asked).status == 422
    assert root.post("/api/compliance/holds", {"id": "x", "reason": "y", "campaign": "sprang"}).status == 404
    assert desk.page("olga").get("/api/compliance/holds").json == [held.json]
    assert calls(root.get("/api/compliance/plan")) == [(0, 1)]
    assert root.post("/api/compliance/purge", {}).json["lots"] == []
    assert root.post("/api/compliance/release", {"id": "case 8"}).status == 404
    assert root.post("/api/compliance/release", {"id": "case 7", "reason": "settled"}).json == {"ok": True}
    assert calls(root.get("/api/compliance/plan")) == [(1, 0)]


@pytest.mark.parametrize(("method", "rule"), [key for key in OPERATIONS if key[1].startswith("/api/compliance/")])
def test_only_admins_remove_and_hold(desk: Site, method: str, rule: str) -> None:
    sam = desk.page("sam")
    answer = sam.get(rule) if method == "GET" else sam.post(rule, {})
    assert answer.status == (200 if method == "GET" else 403)
