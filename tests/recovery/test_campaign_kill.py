"""``kill -9`` amid a campaign: no lead is dialled twice for it, none is lost, every attempt is on record."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from fsorch.campaign.campaign import CampaignInput
from fsorch.campaigns import CampaignSpec, DropSpec, Lead, LeadNumber, ListShare, Mode
from fsorch.compliance_packs import PackSpec
from fsorch.config import AgentSpec, Centre, MembershipSpec, QueueSpec
from fsorch.gateways import GatewaySpec
from fsorch.rules import PhoneMode
from fsorch.sim.people import CarrierHabits
from fsorch.sim.world import TrafficPlan
from fsorch.store import Store
from fsorch.store.lead_lists import LeadList
from tests.recovery.conftest import Make
from tests.recovery.site import BY, DOMAIN, Site

AGENTS = ("ann", "bob", "cleo")
LEADS = 40
KILLS = 4
# People are quick here; whoever does not answer rings for the shortest time there is.
CARRIER = CarrierHabits(
    ring_s=0.8,
    talk_s=1.5,
    patience_s=4.0,
    person=0.55,
    machine=0.0,
    no_answer=0.15,
    busy=0.2,
    rejected=0.1,
    unknown=0.0,
)


def centre() -> Centre:
    """Agents with standing lines, who get two lines each dialled for them."""
    return Centre(
        name="outbound",
        queues=(QueueSpec(id="out", wrap_up_s=0.3),),
        agents=tuple(
            AgentSpec(
                id=id,
                phone=f"user/{1001 + n}@{DOMAIN}",
                queues=(MembershipSpec(queue="out"),),
                phone_mode=PhoneMode.NAILED,
            )
            for n, id in enumerate(AGENTS)
        ),
        gateways=(GatewaySpec(id="carrier", dial="sofia/gateway/carrier/{number}"),),
        packs=(PackSpec(id="none", checked=date(2026, 1, 1)),),
        campaigns=(
            CampaignSpec(
                id="spring",
                mode=Mode.POWER,
                ratio=2.0,
                queue="out",
                lists=(ListShare(list="cold"),),
                gateways=("carrier",),
                pack="none",
                ring_s=5.0,
                drop=DropSpec(name="Acme", number="+493099"),
            ),
        ),
    )


def fill(store: Store) -> None:
    """The list, and the campaign started."""
    store.leads.lists.make(LeadList(id="cold"), BY)
    for n in range(LEADS):
        store.leads.add(Lead(id="", list="cold", name=f"Lead {n}", numbers=(LeadNumber(number=number(n)),)), BY)
    store.campaigns.request("spring", CampaignInput.START, BY)


def number(n: int) -> str:
    return f"+4930{n:07d}"


def dialled(site: Site) -> Counter[str]:
    """How often each number has rung, as the carrier has it."""
    return Counter(site.switch.world.carrier._tries)


@pytest.mark.slow
def test_kill_in_mid_campaign(make: Make) -> None:
    site = make(told=centre(), traffic=TrafficPlan(carrier=CARRIER), prepare=fill, ring_s=0.1, answer_rate=1.0)
    site.start()
    site.log_in(*AGENTS)
    for n in range(KILLS):
        goal = (n + 1) * LEADS // (KILLS + 2)
        site.until(lambda goal=goal: len(dialled(site)) >= goal, f"{goal} leads to be dialled")  # type: ignore[misc]
        site.later(site.dice.uniform(0.0, 0.6))
        site.kill()
        site.later(site.dice.uniform(0.05, 1.5))
        site.start()
    site.until(lambda: settled(site), "every lead to be dialled and accounted")
    site.stop()
    tries = dialled(site)
    assert set(tries) <= {number(n) for n in range(LEADS)}
    assert max(tries.values()) == 1, "a lead was dialled twice"
    with site.store() as store:
        rows = store.leads.attempts.newest(10 * LEADS)
        assert Counter(row.lead for row in rows) == {str(lead): 1 for lead in ids(store)}
        assert all(row.outcome and row.ended_at >= row.launched_at for row in rows)
        # What was written down and never left is one that nobody knows the end of.
        unsent = {row.number for row in rows} - set(tries)
        assert all(row.outcome == "lost" for row in rows if row.number in unsent)
        assert len(unsent) <= KILLS * 2 * len(AGENTS)
        assert store.leads.lists.count("cold").held == 0
        talked = [row for row in rows if row.outcome == "live"]
        assert talked
        assert all(row.agent in AGENTS and row.bridged_at for row in talked)
        # Nobody who was heard to be busy, say, is taken for anything else.
        refused = [row for row in rows if row.cause in ("USER_BUSY", "CALL_REJECTED")]
        assert all(row.outcome in ("busy", "rejected") and not row.answered_at for row in refused)


def settled(site: Site) -> bool:
    """Whether every lead has an attempt with its end, and nobody holds one."""
    if len(dialled(site)) < LEADS - KILLS * 2 * len(AGENTS):
        return False
    with site.store() as store:
        rows = store.leads.attempts.newest(10 * LEADS)
        counts = store.leads.lists.count("cold")
        done = {row.lead for row in rows if row.ended_at}
        return len(done) == LEADS and not counts.held


def ids(store: Store) -> list[str]:
    return [lead.id for lead in store.leads.lists.leads("cold")]
