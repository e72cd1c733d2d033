"""Dialling stops at once with the last agent, in every mode that needs one, and begins again with the first."""

from __future__ import annotations

import pytest
from msgspec import structs

from fsorch.calendar_rules import CalendarSpec, Weekday
from fsorch.campaigns import MessageSpec, Mode
from fsorch.compliance_packs import HoursRule
from fsorch.config import Centre
from fsorch.engine.actions import AboutLeads, ClearToDial
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import Configure, DialPreview, LeadsCome, LogOut, SetStatus
from fsorch.esl.commands import Bridge, Kill, Originate
from fsorch.gateways import GatewaySpec
from tests.engine.dialroom import CAMPAIGN, FREE, Room, centre


@pytest.mark.parametrize("mode", [Mode.PROGRESSIVE, Mode.POWER, Mode.PREDICTIVE])
@pytest.mark.parametrize(
    "act", [LogOut(agent="a0", by="a0"), SetStatus(agent="a0", by="a0", status="break", reason="tea")]
)
def test_the_last_agent_takes_with_them_what_rings(mode: Mode, act: LogOut | SetStatus) -> None:
    room = Room(centre(structs.replace(CAMPAIGN, mode=mode), agents=1))
    room.at_work("a0")
    room.run()
    room.passes(1)
    calls = room.calls()
    assert calls
    room.tell(act)
    assert {one.uuid for one, _ in room.sent if isinstance(one, Kill)} >= {call.uuid for call in calls}
    for call in calls:
        room.ends(call.uuid, "ORIGINATOR_CANCEL")
    room.passes(20)
    assert room.calls() == calls
    assert {row.outcome for row in room.ended()} == {"cancelled"}
    room.at_work("a0") if isinstance(act, LogOut) else room.tell(SetStatus(agent="a0", by="a0", status="available"))
    room.passes(1)
    assert len(room.calls()) > len(calls)


def own_phone_rings(mode: Mode, agents: int) -> tuple[Room, Originate]:
    """The first of so many agents is at work without a standing line, and their phone rings for a lead."""
    room = Room(centre(structs.replace(CAMPAIGN, mode=mode), agents=agents, nailed=False))
    room.log_in("a0")
    room.run()
    room.passes(1)
    if mode is Mode.PREVIEW:
        room.tell(DialPreview(agent="a0", by="a0"))
    phone = room.last(Originate)
    assert phone.endpoint == "user/1001"
    room.event("CHANNEL_CREATE", phone.uuid)
    return room, phone


@pytest.mark.parametrize("mode", [Mode.PROGRESSIVE, Mode.PREVIEW])
@pytest.mark.parametrize(
    "act", [LogOut(agent="a0", by="a0"), SetStatus(agent="a0", by="a0", status="break", reason="tea")]
)
def test_the_last_agent_goes_while_their_own_phone_rings_and_nobody_is_called(
    mode: Mode, act: LogOut | SetStatus
) -> None:
    room, phone = own_phone_rings(mode, agents=1)
    room.tell(act)
    assert room.last(Kill).uuid == phone.uuid
    assert room.of(FactKind.COMMAND_FAILED) == []
    # The phone was picked up before it heard of that.
    room.picks_up(phone.uuid, phone.job_uuid)
    room.ends(phone.uuid, "ORIGINATOR_CANCEL")
    room.passes(20)
    assert room.calls() == []
    assert room.started() == []
    assert room.back == ["1"]
    (agent,) = room.engine.snapshot().agents
    assert (agent.state, agent.status) in (("idle", "logged_out"), ("idle", "break"))


@pytest.mark.parametrize("mode", [Mode.PROGRESSIVE, Mode.PREVIEW])
def test_a_campaign_is_paused_while_its_agents_phone_rings_and_nobody_is_called(mode: Mode) -> None:
    room, phone = own_phone_rings(mode, agents=2)
    room.pause()
    assert room.last(Kill).uuid == phone.uuid
    room.picks_up(phone.uuid, phone.job_uuid)
    room.ends(phone.uuid, "ORIGINATOR_CANCEL")
    room.passes(20)
    assert room.calls() == []
    assert set(room.back) >= {"1"}
    assert room.engine.snapshot().agents[0].state == "idle"


def with_notes(gateway: GatewaySpec) -> tuple[Room, Originate]:
    """An agent's own phone rings for the first lead; then a campaign without agents begins, which wants all there is of
    the gateway that both have."""
    note = structs.replace(CAMPAIGN, id="note", mode=Mode.AGENTLESS, message=MessageSpec(prompt="goodbye"))
    room = Room(centre(CAMPAIGN, note, agents=1, nailed=False, gateways=(gateway,)))
    room.log_in("a0")
    room.run()
    room.passes(1)
    phone = room.last(Originate)
    assert phone.endpoint == "user/1001"
    room.event("CHANNEL_CREATE", phone.uuid)
    room.run("spring", "note")
    return room, phone


def test_the_line_of_a_lead_is_kept_while_the_agents_own_phone_rings() -> None:
    room, phone = with_notes(GatewaySpec(id="carrier", dial="sofia/gateway/carrier/{number}", lines=2))
    room.passes(3)
    assert len(room.calls()) == 1
    room.picks_up(phone.uuid, phone.job_uuid)
    assert [row.number for row in room.started() if row.campaign == "spring"] == ["+4930000001"]
    # When that is over, and the agent has gone, both lines are the others'.
    room.tell(LogOut(agent="a0", by="a0"))
    room.fails(room.calls()[1], "USER_BUSY")
    room.ends(phone.uuid, "ORIGINATOR_CANCEL")
    room.passes(3)
    assert [row.campaign for row in room.started()] == ["note", "spring", "note"]


@pytest.mark.parametrize("picked_up", [True, False])
def test_the_next_launch_of_a_gateway_is_of_the_agent_who_has_picked_up(picked_up: bool) -> None:
    room, phone = with_notes(GatewaySpec(id="carrier", dial="sofia/gateway/carrier/{number}", cps=1))
    before = len(room.started())
    while len(room.started()) == before:
        room.passes(0.1)
    # Another has just been launched.
    if picked_up:
        room.picks_up(phone.uuid, phone.job_uuid)
    assert len(room.started()) == before + 1
    room.passes(1.3)
    assert room.started()[before + 1].campaign == ("spring" if picked_up else "note")


@pytest.mark.parametrize("cps", [0.25, 1, 3])
def test_agents_who_pick_up_at_the_same_time_have_their_leads_called_one_after_another(cps: float) -> None:
    gateway = GatewaySpec(id="carrier", dial="sofia/gateway/carrier/{number}", cps=cps)
    room = Room(centre(structs.replace(CAMPAIGN, mode=Mode.PREVIEW), agents=4, nailed=False, gateways=(gateway,)))
    agents = ("a0", "a1", "a2", "a3")
    for agent in agents:
        room.log_in(agent)
    room.run()
    room.passes(5)
    phones = []
    for agent in agents:
        room.tell(DialPreview(agent=agent, by=agent))
        phones.append(room.last(Originate))
        room.event("CHANNEL_CREATE", phones[-1].uuid)
    assert room.calls() == []
    for phone in phones:
        room.picks_up(phone.uuid, phone.job_uuid)
    room.passes(0.5 + 3 / cps)
    assert [row.agent for row in room.started()] == list(agents)


def test_an_agent_who_hangs_up_while_they_wait_for_a_gateway_gives_their_turn_to_the_next() -> None:
    gateway = GatewaySpec(id="carrier", dial="sofia/gateway/carrier/{number}", cps=1)
    room = Room(centre(structs.replace(CAMPAIGN, mode=Mode.PREVIEW), agents=3, nailed=False, gateways=(gateway,)))
    room.log_in("a0", "a1", "a2")
    room.run()
    room.passes(5)
    phones = []
    for agent in ("a0", "a1", "a2"):
        room.tell(DialPreview(agent=agent, by=agent))
        phones.append(room.last(Originate))
        room.event("CHANNEL_CREATE", phones[-1].uuid)
    for phone in phones:
        room.picks_up(phone.uuid, phone.job_uuid)
    room.ends(phones[1].uuid)
    room.passes(1.5)
    assert [row.agent for row in room.started()] == ["a0", "a2"]


def test_a_change_by_the_hours_says_what_is_in_the_way_then_and_not_before() -> None:
    # It is nine in Berlin when the desk opens.
    minute = CalendarSpec(id="minute", zone="Europe/Berlin", hours={Weekday.FRI: ("08:00-09:01",)})
    spec = structs.replace(CAMPAIGN, calendar="minute")
    room = Room(centre(spec, agents=1, calendars=(minute,)))
    room.at_work("a0")
    room.run()
    room.passes(90)
    room.tell(Configure(centre(structs.replace(spec, calendar=""), agents=1, calendars=(minute,))))
    room.passes(1)
    told = [(fact.data["state"], fact.data["held"]) for fact in room.of(FactKind.CAMPAIGN_CHANGED)]
    moves = [one for n, one in enumerate(told) if n == 0 or one[0] != told[n - 1][0]]
    assert moves[-2:] == [("scheduled", "outside hours"), ("running", "")]


class Late(Room):
    """A centre of one agent, whose phone rings for ten seconds before it is picked up for a lead."""

    def __init__(self, told: Centre | None = None, *, after: float = 0) -> None:
        self.gone = False
        super().__init__(told or centre(agents=1, nailed=False), leads=1)
        self.log_in("a0")
        self.passes(after)
        self.run()
        self.passes(1)
        self.phone = self.last(Originate)
        self.event("CHANNEL_CREATE", self.phone.uuid)
        self.passes(10)

    def answer_leads(self, action: AboutLeads) -> None:
        if self.gone and isinstance(action, ClearToDial):
            self.tell(LeadsCome(campaign=action.campaign, serial=action.serial))
        else:
            super().answer_leads(action)

    def picks_up_late(self) -> None:
        """The agent takes their own phone."""
        self.picks_up(self.phone.uuid, self.phone.job_uuid)


def test_what_is_known_of_a_lead_is_read_anew_once_its_agent_has_picked_up() -> None:
    room = Late()
    asked = len([one for one in room.wanted if isinstance(one, ClearToDial)])
    room.picks_up_late()
    assert len([one for one in room.wanted if isinstance(one, ClearToDial)]) == asked + 1
    (call,) = room.calls()
    room.answers(call)
    bridge = room.last(Bridge)
    assert {bridge.a, bridge.b} == {call.uuid, room.phone.uuid}


def test_a_number_that_is_barred_while_the_agents_own_phone_rings_is_not_called() -> None:
    room = Late()
    room.dnc = {"+4930000001": "own"}
    room.picks_up_late()
    assert room.calls() == []
    assert room.started() == []
    assert [row["state"] for row in room.changed()] == ["barred"]
    assert [fact.data["rule"] for fact in room.of(FactKind.LEAD_BARRED)] == ["dnc"]
    assert room.back == []
    assert room.last(Kill).uuid == room.phone.uuid
    room.ends(room.phone.uuid, "ORIGINATOR_CANCEL")
    assert room.engine.snapshot().agents[0].state == "idle"
    assert not room.engine.snapshot().contacts


def test_hours_that_end_while_the_agents_own_phone_rings_keep_the_lead_from_being_called() -> None:
    # It is nine in Berlin when the desk opens.
    hours = HoursRule(id="test.hours", source="a test", says="Called till then", hours={Weekday.FRI: ("08:00-09:01",)})
    told = centre(CAMPAIGN, agents=1, nailed=False, packs=(structs.replace(FREE, hours=(hours,)),))
    room = Late(told, after=52)
    room.picks_up_late()
    assert room.calls() == []
    [barred] = room.of(FactKind.LEAD_BARRED)
    assert barred.data["rule"] == "test.hours"
    # Nobody is there on other days.
    assert [row["state"] for row in room.changed()] == ["ready"]
    assert room.last(Kill).uuid == room.phone.uuid


def test_a_lead_that_is_no_longer_ours_is_not_called_though_its_agent_has_picked_up() -> None:
    room = Late()
    room.gone = True
    room.picks_up_late()
    assert room.calls() == []
    assert "no longer free" in room.engine.snapshot().agents[0].not_called
