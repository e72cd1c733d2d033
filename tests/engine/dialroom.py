"""A desk at which campaigns are run by hand: leads from the test, and what a carrier would say."""

from __future__ import annotations

from datetime import date
from typing import Any

from fsorch.campaigns import AttemptRow, CampaignSpec, CampaignState, Lead, LeadNumber, ListShare, Mode
from fsorch.compliance_packs import PackSpec
from fsorch.config import AgentSpec, BreakReason, Centre, MembershipSpec, QueueSpec
from fsorch.engine.actions import AboutLeads, ClearToDial, LeadsBack, LeadsWanted, Send
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import CampaignsAre, Input, LeadsCome, LinkUp, ReadyLead
from fsorch.esl.commands import Bridge, Originate
from fsorch.gateways import GatewaySpec
from fsorch.rules import PhoneMode
from tests.engine.desk import Desk

__all__ = ["CAMPAIGN", "Room", "centre", "lead", "talked"]

# No rules but the campaign's own and the lists.
FREE = PackSpec(id="free", checked=date(2026, 1, 1))
CAMPAIGN = CampaignSpec(
    id="spring",
    mode=Mode.PROGRESSIVE,
    queue="out",
    lists=(ListShare(list="cold"),),
    gateways=("carrier",),
    ring_s=30,
    pack="free",
)


def lead(n: int, **more: Any) -> Lead:
    """The ``n``-th of a list."""
    numbers = (LeadNumber(number=f"+4930{n:06d}"),)
    known = {"list": "cold", "name": f"Lead {n}", "numbers": numbers, "token": "mine"}
    return Lead(id=str(n), **(known | more))


def centre(*campaigns: CampaignSpec, agents: int = 2, nailed: bool = True, **more: Any) -> Centre:
    """Agents with standing lines who serve the queue ``out`` for ``campaigns``, and ``help`` for those who ring."""
    mode = PhoneMode.NAILED if nailed else PhoneMode.DIALLED
    members = (MembershipSpec(queue="out"), MembershipSpec(queue="help"))
    known: dict[str, Any] = {
        "queues": (QueueSpec(id="out", wrap_up_s=10), QueueSpec(id="help", wrap_up_s=0)),
        "agents": tuple(
            AgentSpec(id=f"a{n}", phone=f"user/{1001 + n}", queues=members, phone_mode=mode) for n in range(agents)
        ),
        "breaks": (BreakReason(id="tea"),),
        "gateways": (GatewaySpec(id="carrier", dial="sofia/gateway/carrier/{number}"),),
        "campaigns": campaigns or (CAMPAIGN,),
        "packs": (FREE,),
    }
    return Centre(name="dialroom", **(known | more))


class Room(Desk):
    """The desk, with leads. ``leads``: what the records have; they are handed out as they are asked for, and what was
    asked is kept. ``dry``: the campaigns for which they have none."""

    def __init__(self, told: Centre | None = None, leads: int = 100) -> None:
        self.leads = [lead(n) for n in range(1, leads + 1)]
        self.dry: set[str] = set()
        self.wanted: list[AboutLeads] = []
        self.back: list[str] = []
        self.known: dict[str, Lead] = {}
        self.dnc: dict[str, str] = {}
        super().__init__(told or centre())

    def tell(self, input: Input) -> None:
        """One step; leads that are asked for come at once."""
        outcome = self.engine.step(input, self.clock.now())
        self.facts += outcome.facts
        asked = [one for one in outcome.actions if isinstance(one, AboutLeads)]
        sends = [one for one in outcome.actions if isinstance(one, Send)]
        self.sent += [(one.command, one.tag) for one in sends]
        placed = {one.command.uuid for one in sends if isinstance(one.command, Originate)}
        begun = {fact.leg for fact in outcome.facts if fact.kind is FactKind.ATTEMPT_STARTED}
        # What is dialled for a campaign has been written down in the same step, before anything is sent.
        assert outcome.write_first or not begun & placed
        self.wanted += asked
        for action in asked:
            self.answer_leads(action)

    def answer_leads(self, action: AboutLeads) -> None:
        """As the records would."""
        now = self.clock.now().wall
        if isinstance(action, LeadsWanted):
            count = 0 if action.campaign in self.dry else action.count
            given, self.leads = self.leads[:count], self.leads[count:]
            if action.number:
                given = [Lead(id="", numbers=(LeadNumber(number=action.number),))]
            ready = tuple(ReadyLead(lead=one, checked_at=now, dnc=self.dnc) for one in given)
            self.known |= {one.id: one for one in given}
            self.tell(LeadsCome(campaign=action.campaign, serial=action.serial, leads=ready))
        elif isinstance(action, ClearToDial):
            ready = tuple(ReadyLead(lead=self.known[id], checked_at=now, dnc=self.dnc) for id in action.leads)
            self.tell(LeadsCome(campaign=action.campaign, serial=action.serial, leads=ready))
        elif isinstance(action, LeadsBack):
            self.back += action.leads

    def up(self) -> None:
        """The switch is there, and agents' standing lines stand as soon as they are dialled."""
        self.tell(LinkUp("main", "core-1", (), "/sounds"))

    def at_work(self, *agents: str) -> None:
        """Agents log in and their lines stand."""
        for agent in agents:
            self.log_in(agent)
            line = self.last(Originate)
            if line.endpoint.startswith("user/"):
                self.event("CHANNEL_CREATE", line.uuid)
                self.picks_up(line.uuid, line.job_uuid)

    def run(self, *ids: str) -> None:
        """Campaigns are started."""
        self.tell(CampaignsAre(dict.fromkeys(ids or ("spring",), CampaignState.SCHEDULED)))
        self.passes(0.1)

    def pause(self, *ids: str) -> None:
        """Campaigns are paused."""
        self.tell(CampaignsAre(dict.fromkeys(ids or ("spring",), CampaignState.PAUSED)))

    def calls(self) -> list[Originate]:
        """What was dialled for campaigns, in order."""
        return [one for one, tag in self.sent if isinstance(one, Originate) and tag.startswith("dial:")]

    def answers(self, call: Originate, *, rang: bool = True) -> None:
        """The called party picks up."""
        self.event("CHANNEL_CREATE", call.uuid)
        if rang:
            self.event("CHANNEL_PROGRESS", call.uuid)
            self.passes(5)
        self.event("CHANNEL_ANSWER", call.uuid, answer_state="answered")
        self.event("BACKGROUND_JOB", job_uuid=call.job_uuid, body=f"+OK {call.uuid}\n")
        self.event("CHANNEL_PARK", call.uuid)

    def joins(self) -> Bridge:
        """The two who are to be joined are joined."""
        bridge = self.last(Bridge)
        self.bridge(bridge.a, bridge.b)
        return bridge

    def fails(self, call: Originate, cause: str, *, seen: bool = True) -> None:
        """Nobody picks up."""
        if seen:
            self.event("CHANNEL_CREATE", call.uuid)
            self.ends(call.uuid, cause)
        self.event("BACKGROUND_JOB", job_uuid=call.job_uuid, body=f"-ERR {cause}\n")

    def started(self) -> list[AttemptRow]:
        """The attempts that were written down."""
        return self._rows(FactKind.ATTEMPT_STARTED)

    def ended(self) -> list[AttemptRow]:
        """The attempts that are over."""
        return self._rows(FactKind.ATTEMPT_ENDED)

    def changed(self) -> list[dict[str, Any]]:
        """What leads have become."""
        return [fact.data["row"] for fact in self.of(FactKind.LEAD_CHANGED)]

    def _rows(self, kind: FactKind) -> list[AttemptRow]:
        return [AttemptRow(**fact.data["row"]) for fact in self.of(kind)]


def talked(campaign: CampaignSpec, **more: Any) -> Room:
    """A room in which the first lead has been spoken with, and the agent wraps up."""
    room = Room(centre(campaign, agents=1, **more))
    room.at_work("a0")
    room.run()
    (call,) = room.calls()
    room.answers(call)
    bridge = room.joins()
    room.passes(30)
    room.ends(call.uuid)
    room.event("CHANNEL_PARK", bridge.b)
    return room
