"""For whom agents dial: by weight, and anew when campaigns, queues or weights change."""

from __future__ import annotations

from collections import Counter

import pytest
from msgspec import structs

from fsorch.campaigns import Mode
from fsorch.config import MembershipSpec
from fsorch.engine import Configure
from fsorch.engine.actions import LeadsWanted
from fsorch.engine.inputs import LogOut
from fsorch.esl.commands import Kill, Originate
from tests.engine.dialroom import CAMPAIGN, Room, centre, lead

AUTUMN = structs.replace(CAMPAIGN, id="autumn")


def homes(room: Room) -> dict[str, int]:
    """How many agents dial for each campaign."""
    return {view.id: view.agents for view in room.engine.snapshot().campaigns}


def test_a_campaign_that_begins_later_gets_its_share_of_the_agents() -> None:
    room = Room(centre(CAMPAIGN, AUTUMN, agents=4), leads=200)
    room.at_work("a0", "a1", "a2", "a3")
    room.run("spring")
    assert homes(room) == {"spring": 4, "autumn": 0}
    room.run("spring", "autumn")
    for call in room.calls():
        room.fails(call, "USER_BUSY")
    room.passes(1)
    assert homes(room) == {"spring": 2, "autumn": 2}


def test_agents_follow_an_edited_queue() -> None:
    room = Room(centre(CAMPAIGN, agents=2))
    room.at_work("a0", "a1")
    room.run()
    assert homes(room) == {"spring": 2}
    told = centre(CAMPAIGN, agents=2)
    agents = (told.agents[0], structs.replace(told.agents[1], queues=(MembershipSpec(queue="help"),)))
    room.tell(Configure(structs.replace(told, agents=agents)))
    assert homes(room) == {"spring": 1}
    room.tell(Configure(structs.replace(told, agents=agents, campaigns=(structs.replace(CAMPAIGN, queue="help"),))))
    assert homes(room) == {"spring": 2}


@pytest.mark.parametrize("mode", [Mode.POWER, Mode.PREDICTIVE])
def test_agents_who_could_not_be_in_time_leave_a_campaign_whose_mode_is_edited(mode: Mode) -> None:
    room = Room(centre(CAMPAIGN, agents=2, nailed=False))
    room.log_in("a0", "a1")
    room.run()
    assert homes(room) == {"spring": 2}
    room.tell(Configure(centre(structs.replace(CAMPAIGN, mode=mode), agents=2, nailed=False)))
    assert homes(room) == {"spring": 0}


def test_an_edited_weight_moves_free_agents_within_a_second() -> None:
    plain = centre(CAMPAIGN, AUTUMN, agents=4)
    room = Room(plain, leads=200)
    room.at_work("a0", "a1", "a2", "a3")
    room.run("spring", "autumn")
    assert homes(room) == {"spring": 2, "autumn": 2}
    room.tell(Configure(structs.replace(plain, campaigns=(structs.replace(CAMPAIGN, weight=3), AUTUMN))))
    for call in room.calls():
        room.fails(call, "USER_BUSY")
    room.passes(1)
    assert homes(room) == {"spring": 3, "autumn": 1}


def test_an_edited_weight_moves_agents_for_whom_calls_ring_and_nobody_is_called_twice_for_them() -> None:
    plain = centre(CAMPAIGN, AUTUMN, agents=4)
    room = Room(plain, leads=200)
    room.at_work("a0", "a1", "a2", "a3")
    room.run("spring", "autumn")
    before = len(room.calls())
    assert before == 4
    room.tell(Configure(structs.replace(plain, campaigns=(structs.replace(CAMPAIGN, weight=3), AUTUMN))))
    room.passes(1)
    assert homes(room) == {"spring": 3, "autumn": 1}
    # A call of autumn still rings for the agent who has moved.
    assert len(room.calls()) == before
    autumns = [call for call in room.calls() if dict(call.variables)["fsorch_campaign"] == "autumn"]
    room.fails(autumns[0], "USER_BUSY")
    room.passes(0.2)
    again = room.calls()[before:]
    assert [dict(call.variables)["fsorch_campaign"] for call in again] == ["spring"]


def test_who_has_moved_takes_the_call_that_was_made_for_them() -> None:
    plain = centre(structs.replace(CAMPAIGN, weight=1), AUTUMN, agents=1)
    room = Room(plain, leads=200)
    room.at_work("a0")
    room.run("spring", "autumn")
    (call,) = room.calls()
    was = dict(call.variables)["fsorch_campaign"]
    other = "autumn" if was == "spring" else "spring"
    heavier = tuple(structs.replace(one, weight=9 if one.id == other else 1) for one in plain.campaigns)
    room.tell(Configure(structs.replace(plain, campaigns=heavier)))
    room.passes(1)
    assert homes(room) == {was: 0, other: 1}
    assert room.calls() == [call]
    assert not [one for one, _ in room.sent if isinstance(one, Kill)]
    room.answers(call)
    assert [person.state for person in room.engine.snapshot().agents if person.id == "a0"] == ["reserved"]


def test_what_was_made_for_an_agent_who_has_moved_ends_when_they_go_home() -> None:
    plain = centre(CAMPAIGN, AUTUMN, agents=1)
    room = Room(plain, leads=200)
    room.at_work("a0")
    room.run("spring", "autumn")
    (call,) = room.calls()
    was = dict(call.variables)["fsorch_campaign"]
    heavier = tuple(structs.replace(one, weight=1 if one.id == was else 9) for one in plain.campaigns)
    room.tell(Configure(structs.replace(plain, campaigns=heavier)))
    room.passes(1)
    room.tell(LogOut(agent="a0", by="a0"))
    assert [one.uuid for one, _ in room.sent if isinstance(one, Kill) and one.uuid == call.uuid] == [call.uuid]


def test_one_agent_serves_two_campaigns_by_turns() -> None:
    room = Room(centre(CAMPAIGN, AUTUMN, agents=1), leads=2000)
    room.at_work("a0")
    room.run("spring", "autumn")
    for _ in range(200):
        room.fails(room.calls()[-1], "USER_BUSY")
        room.passes(6)
    called = Counter(row.campaign for row in room.started())
    assert called["spring"] / called.total() == pytest.approx(0.5, abs=0.08)


def test_agents_of_a_campaign_without_leads_dial_for_another_and_come_back() -> None:
    room = Room(centre(structs.replace(CAMPAIGN, keep_open=True), agents=2), leads=2)
    room.at_work("a0", "a1")
    room.run("spring")
    for call in room.calls():
        room.fails(call, "USER_BUSY")
    room.passes(1)
    assert room.leads == []
    room.tell(Configure(centre(structs.replace(CAMPAIGN, keep_open=True), AUTUMN, agents=2)))
    room.leads = [lead(n) for n in range(10, 14)]
    room.dry = {"spring"}
    room.run("spring", "autumn")
    room.passes(1)
    assert homes(room) == {"spring": 0, "autumn": 2}
    assert len(room.calls()) == 4
    room.dry = set()
    room.leads = [lead(n) for n in range(20, 40)]
    room.passes(6)
    for call in room.calls()[2:]:
        room.fails(call, "USER_BUSY")
    room.passes(1)
    assert homes(room) == {"spring": 1, "autumn": 1}


def test_a_mode_without_agents_lets_them_go_and_what_rings_rings_on() -> None:
    room = Room(centre(CAMPAIGN, agents=1))
    room.at_work("a0")
    room.run()
    (call,) = room.calls()
    agentless = structs.replace(CAMPAIGN, mode=Mode.AGENTLESS, lines_max=1)
    room.tell(Configure(centre(agentless, agents=1)))
    room.passes(1)
    assert homes(room) == {"spring": 0}
    assert not [one for one, _ in room.sent if isinstance(one, Kill) and one.uuid == call.uuid]


def territorial(mode: Mode, **more: object) -> Room:
    """Two agents, of whom the second has the north."""
    told = centre(structs.replace(CAMPAIGN, mode=mode, **more), agents=2)
    agents = (told.agents[0], structs.replace(told.agents[1], territories=("north",)))
    return Room(structs.replace(told, agents=agents))


@pytest.mark.parametrize("mode", [Mode.PROGRESSIVE, Mode.PREVIEW])
def test_what_is_of_a_territory_is_for_its_agents_alone(mode: Mode) -> None:
    room = territorial(mode, owner_only=True)
    room.leads = [lead(n, owner="north") for n in (1, 2)] + [lead(3, owner="a0"), lead(4, owner="south")]
    room.at_work("a0", "a1")
    room.run()
    room.passes(1)
    if mode is Mode.PREVIEW:
        shown = {view.id: view.lead.lead if view.lead else "" for view in room.engine.snapshot().agents}
        assert shown == {"a0": "3", "a1": "1"}
    else:
        assert sorted((row.lead, row.agent) for row in room.started()) == [("1", "a1"), ("3", "a0")]
    wanted = next(one for one in room.wanted if isinstance(one, LeadsWanted))
    assert set(wanted.owners) == {"a0", "a1", "north"}


def test_what_is_of_a_territory_is_for_its_agents_first() -> None:
    room = territorial(Mode.PREVIEW)
    room.leads = [lead(n, owner="north") for n in (1, 2)] + [lead(3)]
    room.at_work("a0", "a1")
    room.run()
    room.passes(1)
    shown = {view.id: view.lead.lead if view.lead else "" for view in room.engine.snapshot().agents}
    assert shown["a1"] == "1"
    # The first agent has what is nobody's, or, the north having its own, the next of it.
    assert shown["a0"] in ("2", "3")


@pytest.mark.parametrize("mode", [Mode.PROGRESSIVE, Mode.PREVIEW])
def test_who_has_no_lead_of_their_own_keeps_none_from_another(mode: Mode) -> None:
    told = centre(structs.replace(CAMPAIGN, mode=mode, owner_only=True), agents=2, nailed=mode is Mode.PREVIEW)
    agents = (told.agents[0], structs.replace(told.agents[1], territories=("north",)))
    room = Room(structs.replace(told, agents=agents))
    room.leads = [lead(1, owner="north")]
    room.log_in("a0", "a1") if mode is Mode.PROGRESSIVE else room.at_work("a0", "a1")
    room.run()
    room.passes(1)
    if mode is Mode.PREVIEW:
        assert [view.id for view in room.engine.snapshot().agents if view.lead] == ["a1"]
    else:
        # The phone of the agent rings first.
        assert room.last(Originate).endpoint == "user/1002"


def test_who_dials_by_hand_may_be_at_work_for_another_campaign() -> None:
    by_hand = structs.replace(AUTUMN, mode=Mode.MANUAL)
    room = Room(centre(structs.replace(CAMPAIGN, mode=Mode.PREVIEW), by_hand, agents=1))
    room.run("spring", "autumn")
    room.passes(1)
    held = {view.id: view.held for view in room.engine.snapshot().campaigns}
    assert held["autumn"] == "no agent is at work"
    room.at_work("a0")
    room.passes(5)
    by_id = {view.id: view for view in room.engine.snapshot().campaigns}
    assert (by_id["spring"].agents, by_id["autumn"].agents, by_id["autumn"].held) == (1, 0, "")
