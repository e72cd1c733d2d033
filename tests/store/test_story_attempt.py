"""What became of a dial, told from the records: of one that nobody answered too."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest

from fsorch.campaign.campaign import CampaignInput
from fsorch.campaigns import AttemptRow, CampaignSpec, Lead, LeadNumber, ListShare, Mode, OrderBy, OrderKey, PreviewSpec
from fsorch.clock import ManualClock
from fsorch.compliance_packs import PackSpec
from fsorch.config import Centre, QueueSpec
from fsorch.engine.facts import Fact, FactKind
from fsorch.errors import NotFound
from fsorch.store import Store
from fsorch.store.database import connected
from fsorch.store.lead_lists import LeadList
from fsorch.store.reasons import attempt_detail, reasons_of
from fsorch.store.story_attempt import tell_attempt

SECOND = 1_000_000
ORDER = (OrderKey(by=OrderBy.PRIORITY, down=True), OrderKey(by=OrderBy.DUE))
SPEC = CampaignSpec(
    id="spring", queue="q", mode=Mode.PROGRESSIVE, lists=(ListShare(list="cold"),), order=ORDER, pack="us"
)
FREE = PackSpec(id="free", checked=date(2027, 1, 1))
NUMBERS = (LeadNumber(number="+12125550101", kind="home"), LeadNumber(number="+12125550102", kind="mobile", order=1))


@pytest.fixture
def lead(store: Store) -> Lead:
    """Zoë, whom a campaign calls."""
    store.save_centre(Centre(queues=(QueueSpec(id="q"),), campaigns=(SPEC,), packs=(FREE,)), "test")
    store.leads.lists.make(LeadList(id="cold"), "test")
    return store.leads.add(Lead(id="", list="cold", name="Zoë", numbers=NUMBERS), "test")


def attempt(lead: Lead, n: int, at: int, **more: Any) -> AttemptRow:
    known: dict[str, Any] = {"number": NUMBERS[1].number, "list": "cold", "mode": "progressive"}
    known |= {
        "caller_id": "+12125550000",
        "gateway": "carrier-1",
        "pack": "us",
        "checks": {"dnc": "not listed", "us.hours": "Wed 12:00"},
    }
    known |= {"launched_at": at, "switch": "main"} | more
    return AttemptRow(id=f"{n}bcd-{n}", campaign="spring", lead=lead.id, **known)


def keep(store: Store, *rows: AttemptRow) -> None:
    with connected(store.db) as db:
        for row in rows:
            store.leads.attempts.write(db, row)


def fact(n: int, kind: FactKind, row: Any, at: int, **data: Any) -> Fact:
    told = {"row": msgspec.to_builtins(row)} if row is not None else {}
    return Fact(id=f"f{n}", at=at, kind=kind, contact="2bcd-2", switch="main", data=told | data)


def test_a_call_that_nobody_answered_has_its_story(store: Store, lead: Lead, clock: ManualClock) -> None:
    now = clock.now().wall
    begun = attempt(lead, 2, now + 7_300 * SECOND)
    over = msgspec.structs.replace(
        begun,
        ringing_at=begun.launched_at + 2 * SECOND,
        ended_at=begun.launched_at + 32 * SECOND,
        outcome="noanswer",
        cause="NO_ANSWER",
    )
    keep(store, attempt(lead, 1, now, outcome="busy", ended_at=now + SECOND), over)
    rests = msgspec.structs.replace(lead, attempts=2, next_at=over.ended_at + 120 * SECOND)
    store.write(
        [
            fact(1, FactKind.ATTEMPT_STARTED, begun, begun.launched_at),
            fact(2, FactKind.GATEWAY_FAILED, None, begun.launched_at + 1, gateway="carrier-0", cause="GATEWAY_DOWN"),
            fact(3, FactKind.ATTEMPT_ENDED, over, over.ended_at),
            fact(4, FactKind.LEAD_CHANGED, rests, over.ended_at + 5_000, why="noanswer"),
        ]
    )
    detail = attempt_detail(store, "2bcd")
    assert [line.text for line in tell_attempt(detail)] == [
        f"lead {lead.id} (Zoë) is called, its attempt 2, 2 hours after busy: it was next of the list cold, by priority "
        "downwards, due; an agent was free",
        "of its 2 numbers it is number 2: +12125550102, mobile",
        "checked by the pack us: dnc: not listed",
        "checked by the pack us: us.hours: Wed 12:00",
        f"the campaign spring calls Zoë (+12125550102), lead {lead.id} of the list cold, over carrier-1, showing "
        "+12125550000",
        "the gateway carrier-0 had no line (GATEWAY_DOWN): the next is tried",
        "it rings, 2.0 s after it was dialled",
        "how the call went: nobody picked up (NO_ANSWER)",
        "the lead may be called again in 2 minutes: noanswer",
    ]


def test_without_its_facts_the_row_says_what_it_can(store: Store, lead: Lead, clock: ManualClock) -> None:
    now = clock.now().wall
    keep(store, attempt(lead, 2, now, outcome="failed", cause="INVALID_GATEWAY", ended_at=now + 1, checks={}))
    texts = [line.text for line in tell_attempt(attempt_detail(store, "2bcd-2"))]
    assert texts[0].startswith(f"lead {lead.id} (Zoë) is called, its attempt 1: it was next")
    assert texts[-1] == "+12125550102 was called over carrier-1: failed (INVALID_GATEWAY)"
    keep(store, attempt(Lead(id="", list=""), 3, now, mode="manual", agent="ada"))
    assert tell_attempt(attempt_detail(store, "3bcd"))[0].text == "ada asked for this number by hand"


def test_an_id_that_fits_none_or_several_is_refused(store: Store, lead: Lead, clock: ManualClock) -> None:
    rows = (attempt(lead, 1, clock.now().wall), attempt(lead, 1, clock.now().wall))
    keep(store, msgspec.structs.replace(rows[0], id="aaaa-1"), msgspec.structs.replace(rows[1], id="aaaa-2"))
    for id in ("aaa", "aaaa", "zzzz", "", "aaaa-3"):
        with pytest.raises(NotFound):
            attempt_detail(store, id)
    assert attempt_detail(store, "aaaa-2").attempt.id == "aaaa-2"


def test_a_lead_that_was_skipped_says_by_whom_why_and_when(store: Store, lead: Lead, clock: ManualClock) -> None:
    at = clock.now().wall
    put_off = msgspec.structs.replace(lead, next_at=at + 3_600 * SECOND)
    data = {"campaign": "spring", "lead": lead.id, "until": put_off.next_at, "reason": "too early", "by": "ada"}
    store.write([Fact(id="s1", at=at, kind=FactKind.LEAD_SKIPPED, agent="ada", data=data)])
    clock.advance(1)
    store.save_centre(
        msgspec.structs.replace(
            store.load_centre(), campaigns=(msgspec.structs.replace(SPEC, preview=PreviewSpec(skip_s=60), pack="free"),)
        ),
        "test",
    )
    store.campaigns.request("spring", CampaignInput.START, "eve")
    clock.advance(60)
    said = reasons_of(store, put_off, clock.now().wall)[0].reason
    assert said.rule == "resting"
    assert "because ada skipped it on " in said.sentence
    assert ": too early, and it rests until " in said.sentence
    assert "skipped" not in reasons_of(store, lead, clock.now().wall)[0].reason.sentence
