"""Events that a stalled link brings late."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from fsorch.clock import US, Moment
from fsorch.engine import Fact, FactKind
from fsorch.engine.lateness import Lateness
from fsorch.esl.commands import Originate
from fsorch.esl.events import Event
from fsorch.gateways import GatewaySpec
from tests.engine.desk import Desk
from tests.engine.dialroom import CAMPAIGN, Room, centre

NOW = 1_800_000_000 * US


def heard(lateness: Lateness, mono: float, lag_s: float) -> float:
    """An event that left the switch ``lag_s`` before: how long ago it happened, as far as is known."""
    wall = NOW + round(mono * US)
    event = Event(name="HEARTBEAT", timestamp=wall - round(lag_s * US))
    at = lateness.happened_at(event, Moment(mono, wall))
    return (wall - at) / US if at else 0.0


@pytest.mark.parametrize("apart_s", [0.0, 3600.0, -7.0])
def test_what_is_later_than_usual_happened_before(apart_s: float) -> None:
    lateness = Lateness()
    for second in range(10):
        assert heard(lateness, second, apart_s + 0.02 * second) == 0
    assert heard(lateness, 20, apart_s + 1.9) == 0
    assert heard(lateness, 21, apart_s + 9) == 9
    # The least of the last minute or two is the measure.
    assert heard(lateness, 75, apart_s + 9) == 9
    assert heard(lateness, 110, apart_s + 9) == 9
    assert heard(lateness, 150, apart_s + 9) == 0


def test_a_clock_that_is_set_makes_nothing_late() -> None:
    lateness = Lateness()
    assert heard(lateness, 0, 0) == 0
    assert heard(lateness, 1, 3600) == 0
    assert heard(lateness, 2, -3600) == 0
    assert Lateness().happened_at(Event(name="HEARTBEAT"), Moment(0, NOW)) == 0


def test_a_talk_of_whose_end_a_stalled_link_tells_late_ended_when_the_switch_says() -> None:
    desk = Desk()
    desk.log_in("ann")
    desk.talks("leg-1", "sales")
    desk.event("HEARTBEAT", timestamp=desk.clock.now().wall)
    desk.passes(30)
    ended = desk.clock.now().wall - 12 * US
    desk.event("CHANNEL_HANGUP", "leg-1", timestamp=ended, hangup_cause="NORMAL_CLEARING")
    rows = [fact.data["row"] for fact in desk.of(FactKind.SEGMENT_ENDED)]
    (talk,) = [row for row in rows if row["kind"] == "talk"]
    assert talk["ended_at"] == ended
    (over,) = desk.of(FactKind.CONTACT_ENDED)
    assert (over.data["row"]["ended_at"], over.data["row"]["ended_by"]) == (ended, "customer")


def test_a_caller_who_stays_when_the_agent_is_gone_leaves_when_they_do() -> None:
    desk = Desk()
    desk.log_in("ann")
    desk.talks("leg-1", "sales")
    phone = desk.last(Originate).uuid
    desk.event("HEARTBEAT", timestamp=desk.clock.now().wall)
    desk.passes(30)
    gone = desk.clock.now().wall - 12 * US
    desk.event("CHANNEL_HANGUP", phone, timestamp=gone, hangup_cause="NORMAL_CLEARING")
    desk.passes(1)
    desk.event("CHANNEL_HANGUP", "leg-1", timestamp=desk.clock.now().wall, hangup_cause="NORMAL_CLEARING")
    (talk,) = [row for row in map(_row, desk.of(FactKind.SEGMENT_ENDED)) if row["kind"] == "talk"]
    (over,) = map(_row, desk.of(FactKind.CONTACT_ENDED))
    assert (talk["ended_at"], over["ended_at"]) == (gone, desk.clock.now().wall)


def test_an_attempt_of_whose_end_a_stalled_link_tells_late_ended_when_the_switch_says() -> None:
    room = Room(centre(agents=1))
    room.at_work("a0")
    room.run()
    (call,) = room.calls()
    room.answers(call)
    room.joins()
    room.event("HEARTBEAT", timestamp=room.clock.now().wall)
    room.passes(30)
    gone = room.clock.now().wall - 12 * US
    room.event("CHANNEL_HANGUP", call.uuid, timestamp=gone, hangup_cause="NORMAL_CLEARING")
    assert room.ended()[-1].ended_at == gone


def test_a_call_that_goes_by_the_next_gateway_ends_when_that_one_says() -> None:
    ways = tuple(GatewaySpec(id=id, dial=f"sofia/gateway/{id}/{{number}}") for id in ("one", "two"))
    campaign = structs.replace(CAMPAIGN, gateways=("one", "two"))
    room = Room(centre(campaign, agents=1, gateways=ways))
    room.at_work("a0")
    room.run()
    (first,) = room.calls()
    room.event("HEARTBEAT", timestamp=room.clock.now().wall)
    room.passes(5)
    late = room.clock.now().wall - 4 * US
    room.event("CHANNEL_HANGUP", first.uuid, timestamp=late, hangup_cause="NORMAL_CIRCUIT_CONGESTION")
    second = room.calls()[-1]
    assert second.endpoint.startswith("sofia/gateway/two/")
    room.passes(2)
    room.ends(second.uuid, "USER_BUSY")
    assert [(row.outcome, row.ended_at) for row in room.ended()] == [("busy", room.clock.now().wall)]


def _row(fact: Fact) -> dict[str, Any]:
    return dict(fact.data["row"])
