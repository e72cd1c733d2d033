"""``kill -9`` amid a campaign: no lead is dialled twice for it, none is lost, every attempt is on record."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from fsorch.campaign.campaign import CampaignInput
from fsorch.campaigns import CampaignSpec, DropSpec, Lead, LeadNumber, LeadState, ListShare, Mode, PreviewSpec
from fsorch.compliance_packs import PackSpec
from fsorch.config import AgentSpec, Centre, MembershipSpec, QueueSpec
from fsorch.flow_menus import menu_flow
from fsorch.gateways import GatewaySpec
from fsorch.rules import PhoneMode
from fsorch.sim.people import CarrierHabits
from fsorch.sim.world import TrafficPlan
from fsorch.store import Store
from fsorch.store.lead_lists import LeadList
from tests.recovery.conftest import Make
from tests.recovery.site import BY, DOMAIN, Site

AGENTS = ("ann", "bob", "cleo")
LEADS = 24
KILLS = 2
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


# The other modes, side by side: their campaigns with their own lists, the ways of their agents, and their leads.
MODES = {
    "fore": (Mode.PREDICTIVE, "many", ("dan", "eve", "fay", "gus")),
    "look": (Mode.PREVIEW, "few", ("hal", "ida")),
    "call": (Mode.PROGRESSIVE, "one", ("jan", "kim")),
    "tell": (Mode.AGENTLESS, "", ()),
}
OF_EACH = 8
# How the call of a person who picked up ends when they met neither an agent nor the flow.
UNMET = ("lost", "cancelled", "drop", "hung_up")
# Dialled per contact in these: the phone of the agent comes first.
BY_PHONE = ("call",)


def all_modes() -> Centre:
    """A campaign of each mode but power, with a queue and agents of its own."""
    names = [(id, queue, agent) for id, (_, queue, agents) in MODES.items() for agent in agents]
    return Centre(
        name="outbound",
        queues=tuple(QueueSpec(id=queue, wrap_up_s=0.3) for _, queue, _ in MODES.values() if queue),
        agents=tuple(
            AgentSpec(
                id=agent,
                phone=f"user/{1001 + n}@{DOMAIN}",
                queues=(MembershipSpec(queue=queue),),
                phone_mode=PhoneMode.DIALLED if id in BY_PHONE else PhoneMode.NAILED,
            )
            for n, (id, queue, agent) in enumerate(names)
        ),
        flows=(menu_flow("news", {"1": "few"}, person="few"),),
        flow="news",
        gateways=(GatewaySpec(id="carrier", dial="sofia/gateway/carrier/{number}"),),
        packs=(PackSpec(id="none", checked=date(2026, 1, 1)),),
        campaigns=tuple(
            CampaignSpec(
                id=id,
                mode=mode,
                queue=queue,
                flow="" if queue else "news",
                lists=(ListShare(list=f"of-{id}"),),
                gateways=("carrier",),
                pack="none",
                ring_s=5.0,
                # In agentless mode nothing else holds it.
                lines_max=0 if queue else 4,
                cps_max=0.0 if queue else 4.0,
                preview=PreviewSpec(timer_s=0.3),
                drop=DropSpec(name="Acme", number="+493099"),
            )
            for id, (mode, queue, _) in MODES.items()
        ),
    )


def fill_all(store: Store) -> None:
    """The lists, and the campaigns started."""
    for m, id in enumerate(MODES):
        store.leads.lists.make(LeadList(id=f"of-{id}"), BY)
        for n in range(OF_EACH):
            numbers = (LeadNumber(number=number(100 * m + n)),)
            store.leads.add(Lead(id="", list=f"of-{id}", name=f"Lead {n}", numbers=numbers), BY)
        store.campaigns.request(id, CampaignInput.START, BY)


@pytest.mark.slow
def test_kill_in_mid_campaign_of_every_other_mode(make: Make) -> None:
    """Nothing that could be dialled twice or lost in one mode alone: what is shown to an agent, what waits for the
    agent's own phone, what a flow has."""
    site = make(told=all_modes(), traffic=TrafficPlan(carrier=CARRIER), prepare=fill_all, ring_s=0.1, answer_rate=1.0)
    site.start()
    site.log_in(*(agent for _, _, agents in MODES.values() for agent in agents))
    leads = OF_EACH * len(MODES)
    for n in range(2):
        goal = (n + 1) * leads // 4
        site.until(lambda goal=goal: len(dialled(site)) >= goal, f"{goal} leads to be dialled")  # type: ignore[misc]
        site.later(site.dice.uniform(0.0, 0.6))
        site.kill()
        site.later(site.dice.uniform(0.05, 1.0))
        site.start()
    site.until(lambda: all(settled(site, f"of-{id}", OF_EACH) for id in MODES), "every lead to be dialled")
    site.stop()
    tries = dialled(site)
    with site.store() as store:
        rows = store.leads.attempts.newest(10 * leads)
        left = {lead.numbers[0].number: lead for id in MODES for lead in store.leads.lists.leads(f"of-{id}")}
    assert max(tries.values()) == 1, "a lead was dialled twice"
    whole = Counter({(id, number(100 * m + n)): 1 for m, id in enumerate(MODES) for n in range(OF_EACH)})
    called = Counter((row.campaign, row.number) for row in rows if row.outcome != "cancelled")
    # A call that rang on for an agent whose own phone the kill has cost it is taken back, and made again later.
    resting = whole.keys() - called.keys()
    assert called + Counter(resting) == whole
    taken_back = {(row.campaign, row.number): row.ended_at for row in rows if row.outcome == "cancelled"}
    for key in resting:
        assert left[key[1]].state is LeadState.READY
        assert left[key[1]].next_at > taken_back[key]
    assert all(row.outcome and row.ended_at >= row.launched_at for row in rows)
    assert all(row.outcome in ("lost", "cancelled") for row in rows if row.number not in tries)
    for id, (_, _, agents) in MODES.items():
        people = [row for row in rows if row.campaign == id and row.number in site.switch.world.carrier.picked_up]
        talked = [row for row in people if row.outcome == "live"]
        # On a slow machine the few people of one list can all come and go while nobody runs, or hang up first.
        missed = all(row.outcome in UNMET for row in people)
        assert talked or missed, f"nobody was reached by {id}: {Counter(row.outcome for row in people)}"
        assert len(talked) == sum(row.outcome == "live" for row in rows if row.campaign == id)
        assert all(row.agent in agents and row.bridged_at for row in talked if agents)


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
    needed = LEADS - KILLS * 2 * len(AGENTS)
    site.until(lambda: len(dialled(site)) >= needed and settled(site), "every lead to be dialled and accounted")
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


def settled(site: Site, name: str = "cold", leads: int = LEADS) -> bool:
    """Whether every lead of a list has an attempt with its end, and nobody holds one."""
    with site.store() as store:
        rows = store.leads.attempts.newest(10 * LEADS)
        counts = store.leads.lists.count(name)
        done = {row.lead for row in rows if row.ended_at and row.list == name}
        return len(done) == leads and not counts.held


def ids(store: Store) -> list[str]:
    return [lead.id for lead in store.leads.lists.leads("cold")]
