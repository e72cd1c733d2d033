"""Calls that ring for more people than agents can take are hung up: which of them, when, and what is written down."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from msgspec import structs

from fsorch.campaign.pacing import PACERS
from fsorch.campaign.pacing_rules import Power
from fsorch.campaign.pacing_watch import Phase
from fsorch.campaigns import Mode
from fsorch.compliance_packs import PackSpec, RingRule
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import Configure, LinkUp, LogOut, SetStatus, SwitchEvent
from fsorch.esl.commands import Kill, Originate, SofiaContact
from fsorch.esl.events import Event
from tests.engine.dialroom import CAMPAIGN, Room, centre

RINGS = PackSpec(
    id="rings", checked=date(2026, 1, 1), ring=(RingRule(id="r", says="It rings", source="a test", least_s=15),)
)
SPEC = structs.replace(CAMPAIGN, mode=Mode.PREDICTIVE, pack="rings")


class Two(Power):
    """Two lines for each agent at work, and what is beyond them is too much."""

    made: list[Two]

    def __init__(self, *, target: float = 0.03, tolerance_s: float = 2.0) -> None:
        super().__init__(target=target, tolerance_s=tolerance_s)
        self.made.append(self)

    def due(self, now: float) -> int:
        """As many as that."""
        self.see(now)
        return max(0, 2 * self.agents - self.ringing - 2 * self.count(Phase.TALK))

    def surplus(self) -> int:
        """What is over."""
        return max(0, self.ringing - 2 * self.agents)


@pytest.fixture(autouse=True)
def two(monkeypatch: pytest.MonkeyPatch) -> list[Two]:
    Two.made = []
    monkeypatch.setitem(PACERS, "predictive", Two)
    return Two.made


def room_of(agents: int = 3, **more: object) -> Room:
    room = Room(centre(structs.replace(SPEC, **more), agents=agents, packs=(RINGS,)))
    room.at_work(*(f"a{n}" for n in range(agents)))
    room.run()
    room.passes(1)
    assert len(room.calls()) == 2 * agents
    return room


def rings(room: Room, *calls: Originate) -> None:
    for call in calls:
        room.event("CHANNEL_CREATE", call.uuid)
        room.event("CHANNEL_PROGRESS", call.uuid)


def leaves(room: Room, *agents: str) -> None:
    for agent in agents:
        room.tell(SetStatus(agent=agent, by=agent, status="break", reason="tea"))


def killed(room: Room) -> list[str]:
    lines = [call.uuid for call in room.calls()]
    # What the switch does not end it is told again.
    return list(dict.fromkeys(one.uuid for one, _ in room.sent if isinstance(one, Kill) and one.uuid in lines))


def test_those_whose_phone_does_not_ring_yet_go_first_and_the_last_that_was_placed_before_all() -> None:
    room = room_of()
    calls = room.calls()
    rings(room, *calls[:3])
    leaves(room, "a0", "a1")
    room.passes(2)
    assert killed(room) == [calls[5].uuid, calls[4].uuid, calls[3].uuid]
    # One too many rings still, and has to be let ring.
    room.passes(11)
    assert len(killed(room)) == 3
    room.passes(4)
    assert killed(room)[3:] == [calls[2].uuid]


def test_where_nobody_says_when_a_phone_rings_it_may_have_rung_from_the_beginning() -> None:
    room = room_of()
    leaves(room, "a0", "a1")
    room.passes(10)
    assert killed(room) == []
    room.passes(6)
    assert len(killed(room)) == 4


class Registered(Room):
    """Its agents' phones register."""

    def registers(self) -> None:
        self._says("register")

    def unregisters(self) -> None:
        self._says("unregister")
        self.answer(SofiaContact, "error/user_not_registered")

    def _says(self, what: str) -> None:
        known = {"from-user": "1001", "from-host": "here"}
        self.tell(SwitchEvent("main", Event(name="CUSTOM", subclass=f"sofia::{what}", known=known)))


def registered() -> Registered:
    room = Registered(centre(SPEC, agents=1, packs=(RINGS,)))
    room.tell(LinkUp("main", "core-1", (), "/sounds", ("1001@here",)))
    room.at_work("a0")
    room.run()
    room.passes(1)
    assert len(room.calls()) == 2
    rings(room, room.calls()[0])
    return room


def test_an_agent_who_seems_to_be_gone_for_a_moment_costs_no_call() -> None:
    room = registered()
    room.unregisters()
    assert room.agent("a0").unready
    room.passes(0.9)
    room.registers()
    assert not room.agent("a0").unready
    room.passes(16)
    assert killed(room) == []


def test_the_last_who_is_gone_for_longer_takes_with_them_what_rings() -> None:
    room = registered()
    calls = room.calls()
    room.unregisters()
    room.passes(1.2)
    assert killed(room) == [calls[1].uuid]
    room.passes(15)
    assert killed(room) == [calls[1].uuid, calls[0].uuid]


def test_the_last_who_logs_out_ends_at_once_what_does_not_ring_and_the_others_when_they_have_rung() -> None:
    room = room_of(1)
    calls = room.calls()
    rings(room, calls[0])
    room.passes(5)
    room.tell(LogOut(agent="a0", by="a0"))
    assert killed(room) == [calls[1].uuid]
    room.passes(9)
    assert killed(room) == [calls[1].uuid]
    room.passes(1.5)
    assert killed(room) == [calls[1].uuid, calls[0].uuid]
    assert [fact.data["why"] for fact in room.of(FactKind.CALL_OFF)] == ["no agent is left"] * 2


def test_what_rang_when_the_campaign_was_paused_goes_with_the_last_agent_too() -> None:
    room = room_of(2)
    calls = room.calls()
    rings(room, *calls[:3])
    room.pause()
    room.passes(5)
    room.tell(LogOut(agent="a0", by="a0"))
    room.passes(1)
    assert killed(room) == []
    room.tell(LogOut(agent="a1", by="a1"))
    assert killed(room) == [calls[3].uuid]
    room.passes(8)
    assert killed(room) == [calls[3].uuid]
    room.passes(2)
    assert set(killed(room)) == {call.uuid for call in calls}


def test_what_rang_when_the_campaign_was_paused_is_left_to_who_comes_back_in_time() -> None:
    room = room_of(1)
    rings(room, *room.calls())
    room.pause()
    leaves(room, "a0")
    room.passes(5)
    room.tell(SetStatus(agent="a0", by="a0", status="available"))
    room.passes(20)
    assert killed(room) == []


def test_it_is_written_down_is_no_drop_and_the_lead_is_dialled_again() -> None:
    room = room_of(2)
    calls = room.calls()
    rings(room, *calls)
    leaves(room, "a0")
    room.passes(16)
    off = room.of(FactKind.CALL_OFF)
    assert [fact.leg for fact in off] == [calls[3].uuid, calls[2].uuid]
    assert {fact.data["why"] for fact in off} == {"more people may answer than the 1 at work can take"}
    assert all(15e6 <= fact.data["rang_us"] < 15.2e6 for fact in off)
    for call in calls[2:]:
        room.ends(call.uuid, "ORIGINATOR_CANCEL")
    rows = room.ended()
    assert [(row.outcome, row.cause) for row in rows] == [("cancelled", "ORIGINATOR_CANCEL")] * 2
    leads = [lead for lead in room.changed() if lead["id"] in {row.lead for row in rows}]
    assert {(lead["state"], lead["attempts"], lead["last_outcome"]) for lead in leads} == {("ready", 1, "cancelled")}
    assert all(lead["next_at"] > row.ended_at for lead, row in zip(leads, rows, strict=True))
    (shown,) = room.engine.snapshot().campaigns
    assert (shown.live, shown.drops) == (0, 0)


def test_one_that_the_switch_does_not_have_yet_is_ended_as_soon_as_it_has() -> None:
    room = room_of(1)
    call = room.calls()[1]
    rings(room, room.calls()[0])
    room.tell(LogOut(agent="a0", by="a0"))
    room.answer(Kill, "-ERR No such channel!")
    before = [one.uuid for one, _ in room.sent if isinstance(one, Kill)].count(call.uuid)
    room.event("CHANNEL_CREATE", call.uuid)
    assert [one.uuid for one, _ in room.sent if isinstance(one, Kill)].count(call.uuid) == before + 1 == 2


def test_who_picks_up_in_the_moment_in_which_it_is_taken_back_is_a_drop() -> None:
    room = room_of(2)
    call = room.calls()[3]
    rings(room, room.calls()[0])
    leaves(room, "a0")
    room.passes(2)
    assert call.uuid in killed(room)
    room.event("CHANNEL_CREATE", call.uuid)
    room.event("CHANNEL_ANSWER", call.uuid, answer_state="answered")
    room.ends(call.uuid, "NORMAL_CLEARING")
    assert [row.outcome for row in room.ended()] == ["drop"]
    (shown,) = room.engine.snapshot().campaigns
    assert shown.drops == 1
    assert Two.made[-1].drops == 1


@pytest.mark.parametrize("agents", [("a0",), ("a0", "a1")])
def test_who_has_picked_up_already_is_not_taken_back_but_hears_who_called(agents: tuple[str, ...]) -> None:
    room = room_of(2)
    call = room.calls()[3]
    rings(room, room.calls()[0])
    room.event("CHANNEL_CREATE", call.uuid)
    room.event("CHANNEL_ANSWER", call.uuid, answer_state="answered")
    leaves(room, *agents)
    room.passes(0.5)
    assert call.uuid not in killed(room)
    room.event("CHANNEL_PARK", call.uuid)
    room.passes(3)
    assert [fact.leg for fact in room.of(FactKind.DROPPED)] == ([call.uuid] if len(agents) == 2 else [])


def test_a_campaign_that_wants_none_called_off_lets_them_ring() -> None:
    room = room_of(2, call_off=False)
    rings(room, room.calls()[0])
    leaves(room, "a0")
    room.passes(25)
    assert killed(room) == []


@pytest.mark.parametrize("closed", [False, True])
def test_what_rings_for_too_many_is_called_off_when_only_some_leave_a_campaign_that_launches_nothing_more(
    closed: bool,
) -> None:
    room = room_of(3)
    calls = room.calls()
    rings(room, *calls[:3])
    if closed:
        ended = structs.replace(SPEC, ends_at=datetime(2020, 1, 1, tzinfo=UTC))
        room.tell(Configure(centre(ended, agents=3, packs=(RINGS,))))
    else:
        room.pause()
    room.passes(5)
    assert killed(room) == []
    leaves(room, "a0", "a1")
    room.passes(0.9)
    assert killed(room) == []
    room.passes(0.4)
    assert killed(room) == [calls[5].uuid, calls[4].uuid, calls[3].uuid]
    room.passes(8.4)
    assert len(killed(room)) == 3
    room.passes(1)
    # Two may ring for the one who is there.
    assert killed(room)[3:] == [calls[2].uuid]
    assert {fact.data["why"] for fact in room.of(FactKind.CALL_OFF)} == {
        "more people may answer than the 1 at work can take"
    }


def test_a_campaign_that_goes_on_counts_on_its_own_agents_again(two: list[Two]) -> None:
    room = room_of(2)
    rings(room, *room.calls())
    room.pause()
    room.passes(2)
    room.run()
    room.passes(1)
    assert two[-1].agents == 2
    assert two[-1].ringing == 4
    made = len(two)
    room.pause()
    for call in room.calls():
        room.ends(call.uuid, "NO_ANSWER")
    room.passes(2)
    # When nothing rings any more there is nothing to look after.
    assert len(two) <= made + 1
    assert room.engine._dialling.runs["spring"].pacer is None
