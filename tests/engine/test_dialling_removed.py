"""Agents and campaigns that are taken out of the centre while they are in the middle of something."""

from __future__ import annotations

import pytest
from msgspec import structs

from fsorch.campaigns import Mode
from fsorch.config import Centre
from fsorch.engine import Configure, FactKind
from fsorch.engine.inputs import DialPreview
from fsorch.errors import NotFound
from fsorch.esl.commands import Originate
from tests.engine.dialroom import CAMPAIGN, Room, centre, talked

AUTUMN = structs.replace(CAMPAIGN, id="autumn")


def without(told: Centre, *agents: str) -> Centre:
    return structs.replace(told, agents=tuple(one for one in told.agents if one.id not in agents))


def dialled_by(room: Room) -> dict[str, int]:
    """How many agents each campaign counts on."""
    return {view.id: view.agents for view in room.engine.snapshot().campaigns}


def is_logged_out(room: Room, agent: str) -> bool:
    last = [fact.data for fact in room.of(FactKind.AGENT_CHANGED) if fact.agent == agent][-1]
    return (last["status"], last["state"], last["by"]) == ("logged_out", "idle", "rule: removed")


@pytest.mark.parametrize("nailed", [True, False])
def test_no_campaign_counts_on_an_agent_who_is_removed(nailed: bool) -> None:
    told = centre(structs.replace(CAMPAIGN, keep_open=True), agents=2, nailed=nailed)
    room = Room(told)
    room.log_in("a0", "a1")
    room.dry.add("spring")
    room.run()
    room.tell(Configure(without(told, "a1")))
    assert dialled_by(room)["spring"] == (0 if nailed else 1)
    assert is_logged_out(room, "a1")
    with pytest.raises(NotFound):
        room.agent("a1")


def test_the_lead_that_a_removed_agent_looks_at_goes_back() -> None:
    told = centre(structs.replace(CAMPAIGN, mode=Mode.PREVIEW), agents=2)
    room = Room(told)
    room.at_work("a0")
    room.run()
    (shown,) = (fact.data["lead"] for fact in room.of(FactKind.PREVIEW_SHOWN))
    room.tell(Configure(without(told, "a0")))
    assert shown in room.back


def test_what_a_removed_agent_had_still_to_say_of_a_lead_is_not_waited_for() -> None:
    room = talked(CAMPAIGN)
    assert room.changed()[-1]["state"] == "closing"
    room.tell(Configure(without(centre(agents=1), "a0")))
    assert room.changed()[-1]["state"] == "finished"
    assert "wrap_up" in [fact.data["row"]["kind"] for fact in room.of(FactKind.SEGMENT_ENDED)]
    assert is_logged_out(room, "a0")


def test_an_agent_who_is_removed_in_a_talk_is_logged_out_after_it() -> None:
    room = Room(told := centre(agents=1))
    room.at_work("a0")
    room.run()
    (call,) = room.calls()
    room.answers(call)
    bridge = room.joins()
    room.tell(Configure(without(told, "a0")))
    assert room.agent("a0").state == "talking"
    room.ends(call.uuid)
    room.event("CHANNEL_PARK", bridge.b)
    assert is_logged_out(room, "a0")
    assert room.changed()[-1]["state"] == "finished"


def test_agents_whose_own_phones_ring_for_leads_can_be_removed_with_their_campaign() -> None:
    told = centre(CAMPAIGN, AUTUMN, agents=3, nailed=False)
    room = Room(told)
    room.log_in("a0", "a1", "a2")
    room.run("spring", "autumn")
    assert sum(isinstance(one, Originate) for one, _ in room.sent) == 3
    room.tell(Configure(structs.replace(without(told, "a0", "a1"), campaigns=(AUTUMN,))))
    room.passes(1)
    assert dialled_by(room) == {"autumn": 1}
    room.passes(60)
    assert is_logged_out(room, "a0")
    assert is_logged_out(room, "a1")


@pytest.mark.parametrize("removed", [True, False])
def test_who_was_called_for_a_campaign_that_is_theirs_no_more_dials_for_one_of_the_others(removed: bool) -> None:
    told = centre(CAMPAIGN, AUTUMN, structs.replace(CAMPAIGN, id="winter"), agents=1, nailed=False)
    room = Room(told)
    room.log_in("a0")
    room.run("spring", "autumn", "winter")
    (home,) = (id for id, agents in dialled_by(room).items() if agents)
    left = tuple(one for one in told.campaigns if one.id != home)
    asking = structs.replace(CAMPAIGN, id=home, skills={"french": 4})
    room.tell(Configure(structs.replace(told, campaigns=left if removed else (asking, *left))))
    assert sum(dialled_by(room).values()) == 1
    room.passes(1)
    assert sum(dialled_by(room).values()) == 1


def test_a_campaign_that_is_removed_and_back_has_no_more_lines_than_it_may() -> None:
    spec = structs.replace(CAMPAIGN, lines_max=2)
    told = centre(spec, agents=4)
    room = Room(told)
    room.at_work("a0", "a1", "a2", "a3")
    room.run()
    assert len(room.calls()) == 2
    room.tell(Configure(structs.replace(told, campaigns=())))
    room.tell(Configure(told))
    room.run()
    room.passes(1)
    assert len(room.calls()) == 2
    room.fails(room.calls()[0], "USER_BUSY")
    room.passes(1)
    assert len(room.calls()) == 3


def test_a_lead_that_is_dialled_for_a_removed_agent_has_whoever_is_free() -> None:
    told = centre(structs.replace(CAMPAIGN, mode=Mode.PREVIEW), agents=2)
    room = Room(told)
    room.at_work("a0", "a1")
    room.run()
    room.tell(DialPreview(agent="a0", by="a0"))
    (call,) = room.calls()
    room.tell(Configure(without(told, "a0")))
    assert is_logged_out(room, "a0")
    room.answers(call)
    assert room.contact().agent == "a1"
