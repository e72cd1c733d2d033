"""Dialling stops at once with the last agent, in every mode that needs one, and begins again with the first."""

from __future__ import annotations

import pytest
from msgspec import structs

from fsorch.campaigns import Mode
from fsorch.engine.inputs import LogOut, SetStatus
from fsorch.esl.commands import Kill
from tests.engine.dialroom import CAMPAIGN, Room, centre


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
