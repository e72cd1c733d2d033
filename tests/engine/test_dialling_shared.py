"""What campaigns share: lines that are kept for one, a budget of drops, and their order in time."""

from __future__ import annotations

from msgspec import structs

from fsorch.campaigns import CampaignState, Mode, Outcome
from fsorch.engine import Configure
from fsorch.engine.inputs import CampaignsAre, DropsWere
from fsorch.gateways import GatewaySpec
from tests.engine.dialroom import CAMPAIGN, Room, centre, lead

AUTUMN = structs.replace(CAMPAIGN, id="autumn")
POWER = structs.replace(CAMPAIGN, mode=Mode.POWER, ratio=3)


def carrier(lines: int) -> tuple[GatewaySpec, ...]:
    return (GatewaySpec(id="carrier", dial="sofia/gateway/carrier/{number}", lines=lines),)


def of(room: Room, campaign: str) -> int:
    """How many calls a campaign has under way."""
    return {view.id: view.lines for view in room.engine.snapshot().campaigns}[campaign]


def test_lines_are_kept_for_a_campaign_that_has_not_used_them_yet() -> None:
    kept = structs.replace(AUTUMN, lines_kept=3, mode=Mode.MANUAL)
    room = Room(centre(POWER, kept, agents=4, gateways=carrier(8)))
    room.at_work("a0", "a1", "a2", "a3")
    room.run("spring", "autumn")
    room.passes(1)
    assert of(room, "spring") == 5
    # When the other one is paused, nobody needs them.
    room.tell(CampaignsAre({"spring": CampaignState.SCHEDULED, "autumn": CampaignState.PAUSED}))
    room.passes(1)
    assert of(room, "spring") == 8


def test_lines_on_another_gateway_are_not_kept() -> None:
    other = GatewaySpec(id="other", dial="sofia/gateway/other/{number}", lines=4)
    kept = structs.replace(AUTUMN, lines_kept=4, mode=Mode.MANUAL, gateways=("other",))
    room = Room(centre(POWER, kept, agents=4, gateways=(*carrier(8), other)))
    room.at_work("a0", "a1", "a2", "a3")
    room.run("spring", "autumn")
    room.passes(1)
    assert of(room, "spring") == 8


def test_no_more_lines_than_so_many_for_each_agent() -> None:
    room = Room(centre(structs.replace(POWER, ratio=5, lines_per_agent=1.5), agents=3))
    room.at_work("a0", "a1", "a2")
    room.run()
    room.passes(1)
    assert len(room.calls()) == 4


def test_with_few_agents_there_is_one_line_for_each() -> None:
    room = Room(centre(structs.replace(POWER, few_agents=3), agents=3))
    room.at_work("a0", "a1")
    room.run()
    room.passes(1)
    assert len(room.calls()) == 2
    room.at_work("a2")
    room.passes(1)
    assert len(room.calls()) == 9


def test_a_group_counts_its_drops_together_and_widens_nobodys_ceiling() -> None:
    grouped = (structs.replace(POWER, drop_group="g"), structs.replace(AUTUMN, drop_group="g", mode=Mode.MANUAL))
    room = Room(centre(*grouped, agents=2))
    room.tell(DropsWere({"spring": {30.0: (100, 1, 0)}, "autumn": {30.0: (100, 7, 0)}}))
    room.at_work("a0", "a1")
    room.run("spring", "autumn")
    room.passes(1)
    views = {view.id: view for view in room.engine.snapshot().campaigns}
    # 4 % of both together; 7 % of the one, which the good one beside it does not mend.
    assert (views["spring"].drop_share, views["spring"].drops_over) == (0.04, True)
    assert (views["autumn"].drop_share, views["autumn"].drops_over) == (0.07, True)
    # One line for each free agent, and not three.
    assert of(room, "spring") <= 2
    room.tell(Configure(centre(POWER, structs.replace(AUTUMN, mode=Mode.MANUAL), agents=2)))
    room.passes(1)
    views = {view.id: view for view in room.engine.snapshot().campaigns}
    assert (views["spring"].drop_share, views["spring"].drops_over) == (0.01, False)


def test_a_campaign_waits_for_the_one_before_it() -> None:
    second = structs.replace(AUTUMN, after="spring")
    room = Room(centre(CAMPAIGN, second, agents=2), leads=2)
    room.at_work("a0", "a1")
    room.run("spring", "autumn")
    assert {call.endpoint[-1] for call in room.calls()} == {"1", "2"}
    held = {view.id: view.held for view in room.engine.snapshot().campaigns}
    assert held["autumn"] == "it waits for the campaign spring to be finished"
    room.leads, room.dry = [lead(8), lead(9)], {"spring"}
    for call in room.calls():
        room.fails(call, "USER_BUSY")
    room.passes(6)
    states = {view.id: view.state for view in room.engine.snapshot().campaigns}
    assert states == {"spring": "finished", "autumn": "running"}


def test_a_cause_is_what_its_carrier_means_by_it() -> None:
    odd = GatewaySpec(
        id="odd",
        dial="sofia/gateway/odd/{number}",
        causes={"CALL_REJECTED": Outcome.INVALID, "USER_BUSY": Outcome.CONGESTION},
    )
    plain = carrier(8)[0]
    room = Room(centre(structs.replace(CAMPAIGN, gateways=("odd", "carrier")), agents=2, gateways=(odd, plain)))
    room.at_work("a0", "a1")
    room.run()
    first, second = room.calls()
    room.fails(first, "CALL_REJECTED")
    assert [(row.outcome, row.cause) for row in room.ended()] == [("invalid", "CALL_REJECTED")]
    # No room by this carrier's word: the other one has its turn, whose busy is a busy.
    room.fails(second, "USER_BUSY")
    again = room.calls()[-1]
    assert "gateway/carrier/" in again.endpoint
    room.fails(again, "USER_BUSY")
    assert [row.outcome for row in room.ended()] == ["invalid", "busy"]
