"""The scenario ``campaign`` of ``fsorch bench calls``: an agentless campaign that launches as fast as its gateway lets.

Leads come out of the records; each dial is checked, written down, placed, and accounted to its end: busy, no answer,
rejected, a machine, or a person who hears a word of the flow and is hung up. The people are quick, so that what is
measured is the engine. The gateway lets 100 calls a second through: that is the limit which the ratio is to.
"""

from __future__ import annotations

from datetime import date

from fsorch.campaign.campaign import CampaignInput
from fsorch.campaigns import CampaignSpec, Lead, LeadNumber, ListShare, Mode
from fsorch.compliance_packs import PackSpec
from fsorch.config import Centre
from fsorch.edge.bench_stage import Stage
from fsorch.flow_nodes import Hangup
from fsorch.flows import FlowSpec
from fsorch.gateways import GatewaySpec
from fsorch.sim.people import CarrierHabits
from fsorch.sim.world import TrafficPlan
from fsorch.store import Store
from fsorch.store.lead_lists import LeadList

__all__ = ["CampaignScenario"]

CALLS_PER_S = 100.0
PROMPT = "silence_stream://20"
LIST = "cold"


class CampaignScenario:
    """See the module."""

    contacts = 3_000
    # Nobody who does not answer rings long, for the last of them is waited for.
    traffic = TrafficPlan(
        carrier=CarrierHabits(ring_s=1.0, talk_s=2.0, person=0.4, machine=0.2, no_answer=0.15, busy=0.15, early=0.3)
    )

    def centre(self, contacts: int) -> Centre:
        """One campaign, one gateway."""
        return Centre(
            name="bench",
            flows=(FlowSpec(id="word", start="bye", nodes={"bye": Hangup(prompt="word", reason="told")}),),
            prompts={"word": PROMPT},
            packs=(PackSpec(id="none", checked=date(2026, 1, 1)),),
            gateways=(GatewaySpec(id="carrier", dial="sofia/gateway/carrier/{number}", cps=CALLS_PER_S),),
            campaigns=(
                CampaignSpec(
                    id="bench",
                    mode=Mode.AGENTLESS,
                    flow="word",
                    lists=(ListShare(list=LIST),),
                    gateways=("carrier",),
                    ring_s=5.0,
                    pack="none",
                ),
            ),
        )

    def measure(self, stage: Stage, contacts: int, waiting: int) -> dict[str, float]:
        """One turn: every lead is dialled once."""
        done = stage.dial("dialled", contacts, lambda store, centre: fill(store, contacts))
        launched = (done.calls - 1) / done.launch_s
        return {
            "calls_per_s": launched,
            "limit_per_s": CALLS_PER_S,
            "ratio": launched / CALLS_PER_S,
            "calls_per_s_cpu": done.calls / done.cpu_s,
            "cpu_ms_per_call": done.cpu_s / done.calls * 1000,
            "recorded_share": done.recorded / done.calls,
            "live_share": done.outcomes.get("live", 0) / done.calls,
            "engine_cores": done.cpu_s / done.clock_s,
            "switch_cores": done.switch_cpu_s / done.clock_s,
        }


def fill(store: Store, leads: int) -> None:
    """A list of so many leads, and the campaign started."""
    store.leads.lists.make(LeadList(id=LIST, title=LIST), "bench")
    for n in range(leads):
        store.leads.add(Lead(id="", list=LIST, numbers=(LeadNumber(number=f"+4930{n:07d}"),)), "bench")
    store.campaigns.request("bench", CampaignInput.START, "bench")
