"""Campaigns in the records: kept with the centre, and how far they have come."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from fsorch.campaign.campaign import CampaignInput
from fsorch.campaign.pacing_predictive import Predictive
from fsorch.campaigns import CampaignSpec, CampaignState, Disposition, ListShare
from fsorch.clock import ManualClock
from fsorch.compliance_packs import PackSpec, shipped_pack
from fsorch.config import Centre, QueueSpec
from fsorch.engine.facts import Fact, FactKind
from fsorch.errors import RequestRefused
from fsorch.gateways import GatewaySpec
from fsorch.store import Store, open_database
from fsorch.store.campaigns import CampaignRow
from fsorch.store.database import connected

CENTRE = Centre(
    queues=(QueueSpec(id="sales"),),
    gateways=(GatewaySpec(id="one", dial="sofia/gateway/one/{number}", cps=3),),
    dispositions=(Disposition(id="sold", key="s"),),
    packs=(PackSpec(id="none", checked=date(2027, 1, 1)), shipped_pack("us")),
    campaigns=(
        CampaignSpec(id="winback", queue="sales", lists=(ListShare(list="gone", share=2.0),), pack="us"),
        CampaignSpec(id="staff", queue="sales", pack="none"),
    ),
)


@pytest.fixture
def store(url: str, clock: ManualClock) -> Store:
    return open_database(url, clock=clock)


def test_campaigns_and_what_they_need_are_kept_as_they_were(store: Store) -> None:
    store.save_centre(CENTRE, "test")
    assert store.load_centre() == CENTRE
    assert store.save_centre(CENTRE, "test") == 1
    assert store.save_centre(Centre(), "test") == 2
    assert store.load_centre() == Centre()


def test_what_is_asked_for_is_kept_with_who_and_why_and_audited(store: Store, clock: ManualClock) -> None:
    assert store.campaigns.state("winback") == CampaignRow(id="winback")
    began = clock.now().wall
    store.campaigns.request("winback", CampaignInput.START, "eve")
    store.campaigns.settle("winback", CampaignState.RUNNING)
    clock.advance(60)
    row = store.campaigns.request("winback", CampaignInput.PAUSE, "eve", "the list is wrong")
    assert row == CampaignRow(
        id="winback",
        state=CampaignState.PAUSED,
        since_at=clock.now().wall,
        who="eve",
        why="the list is wrong",
        started_at=began,
    )
    assert store.campaigns.states() == {"winback": row}
    audits = store.audits(act="campaign")
    assert [(one.who, one.act) for one in audits] == [("eve", "campaign.pause"), ("eve", "campaign.start")]
    why = "the list is wrong"
    assert audits[0].what == {"campaign": "winback", "before": "running", "state": "paused", "why": why}


def test_who_paused_or_stopped_a_campaign_and_why_is_told_in_words(store: Store) -> None:
    asked = ((CampaignInput.START, ""), (CampaignInput.PAUSE, "by sam: the script"), (CampaignInput.RESUME, ""))
    for input, told in (*asked, (CampaignInput.STOP, "by sam")):
        row = store.campaigns.request("spring", input, "sam", "the script" if input is CampaignInput.PAUSE else "")
        assert row.stopped == told
    assert store.campaigns.settle("spring", CampaignState.FINISHED, "no lead is left").stopped == "no lead is left"


def test_what_is_not_possible_is_refused_with_what_is(store: Store) -> None:
    with pytest.raises(RequestRefused, match="'winback' is draft: pause is not possible now; possible: start"):
        store.campaigns.request("winback", CampaignInput.PAUSE, "eve")
    with pytest.raises(ValueError, match="opened is nothing to ask for"):
        store.campaigns.request("winback", CampaignInput.OPENED, "eve")
    assert store.campaigns.states() == {}
    assert store.audits(act="campaign") == []


def test_what_the_engine_tells_too_late_does_not_undo_what_somebody_asked_for(store: Store) -> None:
    store.campaigns.request("winback", CampaignInput.START, "eve")
    store.campaigns.request("winback", CampaignInput.PAUSE, "eve")
    assert store.campaigns.settle("winback", CampaignState.RUNNING).state is CampaignState.PAUSED
    assert store.campaigns.settle("winback", CampaignState.FINISHED).state is CampaignState.PAUSED
    store.campaigns.request("winback", CampaignInput.STOP, "eve")
    done = store.campaigns.settle("winback", CampaignState.FINISHED, "the last call has ended")
    assert (done.state, done.who, done.why) == (CampaignState.FINISHED, "engine", "the last call has ended")
    assert store.campaigns.request("winback", CampaignInput.START, "eve").state is CampaignState.SCHEDULED


def test_a_campaign_that_comes_again_begins_anew(store: Store) -> None:
    store.save_centre(CENTRE, "test")
    store.campaigns.request("winback", CampaignInput.START, "eve")
    store.campaigns.request("staff", CampaignInput.START, "eve")
    store.save_centre(msgspec.structs.replace(CENTRE, campaigns=CENTRE.campaigns[1:]), "test")
    store.save_centre(CENTRE, "test")
    states = (store.campaigns.state("winback").state, store.campaigns.state("staff").state)
    assert states == (CampaignState.DRAFT, CampaignState.SCHEDULED)


def test_every_wording_is_kept_with_its_time_also_of_a_campaign_that_is_gone(store: Store, clock: ManualClock) -> None:
    store.save_centre(CENTRE, "eve")
    first = clock.now().wall
    clock.advance(60)
    spoken = msgspec.structs.replace(CENTRE.campaigns[0], script="Hello.")
    store.save_centre(msgspec.structs.replace(CENTRE, campaigns=(spoken, CENTRE.campaigns[1])), "bob")
    store.save_centre(Centre(), "bob")
    versions = store.campaigns.versions("winback")
    assert [(one.made_at, one.made_by, one.spec.script) for one in versions] == [
        (first, "eve", ""),
        (clock.now().wall, "bob", "Hello."),
    ]
    assert len(store.campaigns.versions("staff")) == 1
    # Two wordings in one microsecond: the last one counts.
    store.save_centre(CENTRE, "eve")
    assert [one.made_by for one in store.campaigns.versions("winback")] == ["eve", "eve"]


def test_who_was_not_called_is_counted_by_the_rule(store: Store, clock: ManualClock) -> None:
    now = clock.now().wall
    told = [("us.hours", "winback"), ("us.hours", "winback"), ("dnc", "winback"), ("dnc", "staff")]
    store.write(
        [
            Fact(id=f"f{n}", at=now + n, kind=FactKind.LEAD_BARRED, data={"campaign": campaign, "rule": rule})
            for n, (rule, campaign) in enumerate(told)
        ]
    )
    assert store.campaigns.barred("winback", now, now + 10) == {"dnc": 1, "us.hours": 2}
    assert store.campaigns.barred("winback", now + 2, now + 3) == {"dnc": 1}


def test_what_a_pacer_has_learned_is_kept(store: Store) -> None:
    assert store.campaigns.learnt() == {}
    pacer = Predictive()
    for n in range(40):
        pacer.on_agent("a", "idle", n * 10.0)
        pacer.on_launch(n, n * 10.0, "cold")
        pacer.on_result(n, "live" if n % 4 == 0 else "busy", n * 10.0 + 5)
    first, later = Predictive().learnt(), pacer.learnt()
    for learnt in (first, later):
        store.campaigns.keep_learnt("winback", learnt)
    store.campaigns.keep_learnt("staff", first)
    assert store.campaigns.learnt() == {"staff": first, "winback": later}
    assert sum(later.live) + sum(later.other) > 30
    with connected(store.db) as db:
        db.run("UPDATE campaign_learnt SET body = '{}' WHERE campaign = 'staff'")
    assert list(store.campaigns.learnt()) == ["winback"]
