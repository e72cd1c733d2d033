"""For whom agents dial: by weight, and anew when campaigns, queues or weights change."""

from __future__ import annotations

import pytest
from msgspec import structs

from fsorch.campaigns import Mode
from fsorch.config import MembershipSpec
from fsorch.engine import Configure
from fsorch.esl.commands import Kill
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
