"""Leads that an agent looks at first, and numbers that are called by hand."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from fsorch.campaigns import (
    CallerIdPool,
    Mode,
    PreviewSpec,
)
from fsorch.clock import US, ManualClock
from fsorch.config import Centre
from fsorch.engine.actions import ClearToDial
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import (
    DialNumber,
    DialPreview,
    HangUp,
    SkipPreview,
)
from fsorch.errors import NotFound, RequestRefused
from fsorch.esl.commands import Kill, Originate
from tests.engine.dialroom import CAMPAIGN, Room, centre


def preview_centre(nailed: bool = True, **more: Any) -> Centre:
    spec = structs.replace(CAMPAIGN, mode=Mode.PREVIEW, **more)
    return centre(spec, agents=1, nailed=nailed)


def test_an_agent_looks_at_a_lead_and_calls_it() -> None:
    room = Room(preview_centre())
    room.at_work("a0")
    room.run()
    assert not room.calls()
    (shown,) = room.of(FactKind.PREVIEW_SHOWN)
    assert (shown.agent, shown.data["lead"]) == ("a0", "1")
    room.tell(DialPreview(agent="a0", by="a0"))
    (call,) = room.calls()
    assert room.agent("a0").state == "reserved"
    room.answers(call)
    room.joins()
    assert room.agent("a0").state == "talking"
    room.ends(call.uuid)
    assert [(row.outcome, row.agent, row.mode) for row in room.ended()] == [("live", "a0", "preview")]


def test_a_lead_that_is_not_answered_leaves_its_agent_free() -> None:
    room = Room(preview_centre())
    room.at_work("a0")
    room.run()
    room.tell(DialPreview(agent="a0", by="a0"))
    room.fails(room.calls()[0], "NO_ANSWER")
    assert room.agent("a0").state == "idle"
    room.passes(0.2)
    assert [fact.data["lead"] for fact in room.of(FactKind.PREVIEW_SHOWN)] == ["1", "2"]
    # Why it came to nothing is told until they ask for another call; what they give up themselves they know of.
    assert room.agent("a0").not_called == "+4930000001 was not reached: no answer"
    room.tell(DialPreview(agent="a0", by="a0"))
    assert room.agent("a0").not_called == ""
    room.tell(HangUp(agent="a0", by="a0"))
    assert room.last(Kill).uuid == room.calls()[1].uuid
    room.ends(room.calls()[1].uuid, "ORIGINATOR_CANCEL")
    assert room.agent("a0").not_called == ""


def way(room: Room) -> tuple[str, str, bool, bool]:
    """How far the agent and the call to the lead in front of them are."""
    agent = room.agent("a0")
    assert agent.lead is not None
    return agent.state, agent.lead.phase, agent.lead.placed, agent.lead.answered


def test_an_agent_with_a_phone_that_is_dialled_is_called_first() -> None:
    room = Room(preview_centre(nailed=False))
    room.log_in("a0")
    room.run()
    room.tell(DialPreview(agent="a0", by="a0"))
    phone = room.last(Originate)
    assert phone.endpoint == "user/1001"
    assert not room.started()
    room.rings(phone.uuid)
    assert way(room) == ("ringing", "dialling", False, False)
    room.picks_up(phone.uuid, phone.job_uuid)
    (call,) = room.calls()
    assert way(room) == ("ringing", "dialling", True, False)
    room.answers(call)
    bridge = room.joins()
    assert way(room) == ("talking", "talking", True, True)
    assert {bridge.a, bridge.b} == {call.uuid, phone.uuid}
    room.passes(20)
    room.ends(call.uuid)
    room.ends(phone.uuid)
    assert [(row.outcome, row.agent) for row in room.ended()] == [("live", "a0")]


def test_neither_a_phone_that_is_not_picked_up_nor_a_lead_leaves_a_trace() -> None:
    room = Room(preview_centre(nailed=False))
    room.log_in("a0")
    room.run()
    room.tell(DialPreview(agent="a0", by="a0"))
    phone = room.last(Originate)
    room.fails(phone, "NO_ANSWER")
    assert not room.started()
    assert room.back == ["1"]
    assert [fact.data["row"]["outcome"] for fact in room.of(FactKind.CONTACT_ENDED)] == ["not_reached"]
    room.passes(10)
    room.tell(DialPreview(agent="a0", by="a0"))
    phone = room.last(Originate)
    room.picks_up(phone.uuid, phone.job_uuid)
    call = room.calls()[-1]
    room.fails(call, "USER_BUSY")
    room.ends(phone.uuid, "ORIGINATOR_CANCEL")
    assert [row.outcome for row in room.ended()] == ["busy"]
    assert not room.engine.snapshot().contacts
    # Nobody has given up waiting.
    assert {queue.abandoned for queue in room.engine.snapshot().queues} == {0}


def test_a_press_that_comes_late_does_not_hit_another_lead() -> None:
    room = Room(preview_centre())
    room.at_work("a0")
    room.run()
    shown = room.engine.snapshot().agents[0].lead
    assert shown is not None
    for late in (DialPreview(agent="a0", by="a0", lead="none"), SkipPreview(agent="a0", by="a0", lead="none")):
        with pytest.raises(RequestRefused, match="another by now"):
            room.tell(late)
    assert room.engine.snapshot().agents[0].lead == shown
    room.tell(DialPreview(agent="a0", by="a0", lead=shown.lead))
    assert room.calls()


def test_a_lead_is_skipped_with_a_reason_and_comes_again() -> None:
    room = Room(preview_centre(preview=PreviewSpec(skip_reasons=("known",), skip_s=600)))
    room.at_work("a0")
    room.run()
    with pytest.raises(NotFound):
        room.tell(SkipPreview(agent="a0", by="a0", reason="boring"))
    room.tell(SkipPreview(agent="a0", by="a0", reason="known"))
    changed = room.changed()[-1]
    assert (changed["id"], changed["state"]) == ("1", "ready")
    assert changed["next_at"] == room.clock.now().wall + 600_000_000
    room.passes(0.2)
    assert room.of(FactKind.PREVIEW_SHOWN)[-1].data["lead"] == "2"


def test_who_rings_comes_before_a_lead_that_is_looked_at() -> None:
    room = Room(preview_centre())
    room.at_work("a0")
    room.run()
    room.call("c1", "help")
    assert room.back == ["1"]
    with pytest.raises(RequestRefused):
        room.tell(DialPreview(agent="a0", by="a0"))


def test_a_lead_that_is_looked_at_for_long_is_dialled_with_fresh_knowledge() -> None:
    room = Room(preview_centre(preview=PreviewSpec(timer_s=20)))
    room.at_work("a0")
    room.run()
    room.passes(21)
    assert any(isinstance(one, ClearToDial) for one in room.wanted)
    assert len(room.calls()) == 1


def test_a_number_is_called_by_hand() -> None:
    room = Room(centre(structs.replace(CAMPAIGN, mode=Mode.MANUAL), agents=1))
    room.at_work("a0")
    room.run()
    room.passes(5)
    assert not room.calls()
    room.tell(DialNumber(agent="a0", by="a0", campaign="spring", number="+49 30 / 555-1"))
    (call,) = room.calls()
    assert call.endpoint.endswith("/+49305551")


def test_an_agent_chooses_what_is_shown_of_what_may_be() -> None:
    pools = (CallerIdPool(numbers=("+493011", "+493012"), prefixes=("+49",)), CallerIdPool(numbers=("+1800",)))
    room = Room(preview_centre(caller_ids=pools))
    room.at_work("a0")
    room.run()
    card = room.agent("a0").lead
    assert card is not None
    assert set(card.caller_ids) == {"+493011", "+493012", "+1800"}
    with pytest.raises(NotFound, match="number to show to them"):
        room.tell(DialPreview(agent="a0", by="a0", caller_id="+493013"))
    assert not room.calls()
    # Read anew before it is called: the choice is kept.
    room.passes(9)
    room.tell(DialPreview(agent="a0", by="a0", caller_id=card.caller_ids[-1]))
    (row,) = room.started()
    assert row.caller_id == card.caller_ids[-1]


def test_a_number_called_by_hand_is_shown_what_its_agent_chose() -> None:
    pools = (CallerIdPool(numbers=("+493011", "+493012"), prefixes=("+49",)), CallerIdPool(numbers=("+1800",)))
    room = Room(centre(structs.replace(CAMPAIGN, mode=Mode.MANUAL, caller_ids=pools), agents=1))
    room.at_work("a0")
    room.run()
    french = DialNumber(agent="a0", by="a0", campaign="spring", number="+3315551", caller_id="+493012")
    with pytest.raises(NotFound, match="number to show to them"):
        room.tell(french)
    room.tell(structs.replace(french, number="+49305551"))
    assert [row.caller_id for row in room.started()] == ["+493012"]


def test_what_was_known_before_the_clock_was_set_back_is_asked_anew() -> None:
    room = Room(preview_centre())
    room.at_work("a0")
    room.run()
    now = room.clock.now()
    room.clock = ManualClock(now.mono, now.wall - 3600 * US)
    room.passes(1800)
    room.dnc = {"+4930000001": "own"}
    room.tell(DialPreview(agent="a0", by="a0"))
    assert not room.calls()
    assert [fact.data["rule"] for fact in room.of(FactKind.LEAD_BARRED)] == ["dnc"]
