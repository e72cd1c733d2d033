"""The leads at hand: dialled in the order in which they came, however long they wait, and kept when the records are
away."""

from __future__ import annotations

import pytest
from msgspec import structs

from fsorch.engine.actions import AboutLeads, ClearToDial, LeadsWanted
from fsorch.engine.inputs import LeadsCome
from tests.engine.dialroom import CAMPAIGN, Room, centre, lead


class Slow(Room):
    """Records that can be away. What they know anew comes by number, as a database has it."""

    away = False

    def answer_leads(self, action: AboutLeads) -> None:
        """As those do, or as a database that is gone."""
        if self.away and isinstance(action, LeadsWanted | ClearToDial):
            self.tell(LeadsCome(campaign=action.campaign, serial=action.serial, failed="no connection"))
        else:
            super().answer_leads(action)


@pytest.mark.parametrize("apart_s", [0.5, 1.5, 3.0, 7.0])
def test_leads_are_dialled_in_their_order_however_slowly(apart_s: float) -> None:
    """Seen on a FreeSWITCH at one call a second: what had waited for two seconds was read anew, and those who came
    meanwhile were called first."""
    room = Slow(centre(structs.replace(CAMPAIGN, cps_max=1.0), agents=1), leads=40)
    room.at_work("a0")
    room.run()
    for _ in range(14):
        room.passes(apart_s)
        for call in room.calls()[-1:]:
            room.fails(call, "USER_BUSY")
    ids = [int(row.lead) for row in room.started()]
    assert len(ids) >= 5
    assert ids == sorted(ids)


def test_who_waits_for_their_agent_keeps_their_place() -> None:
    spec = structs.replace(CAMPAIGN, owner_only=True)
    room = Slow(centre(spec, agents=2), leads=0)
    owners = ["a1", "a0", "a1", "a0", "a1"]
    room.leads = [lead(n, owner=owner) for n, owner in enumerate(owners, 1)]
    room.at_work("a0")
    room.run()
    room.passes(1)
    assert [row.lead for row in room.started()] == ["2"]
    room.at_work("a1")
    room.passes(1)
    assert [row.lead for row in room.started()] == ["2", "1"]


def test_records_that_are_away_lose_no_lead_at_hand() -> None:
    room = Slow(centre(agents=1), leads=12)
    room.at_work("a0")
    room.run()
    first = [row.lead for row in room.started()]
    room.away = True
    room.passes(30)
    room.fails(room.calls()[-1], "USER_BUSY")
    asked = len(room.wanted)
    room.passes(20)
    assert [row.lead for row in room.started()] == first
    # They are asked now and then, and not at each turn.
    assert 2 <= len(room.wanted) - asked <= 20
    assert "the records do not answer" in room.engine.snapshot().campaigns[0].held
    room.away = False
    for _ in range(30):
        room.passes(2)
        for call in room.calls()[-1:]:
            room.fails(call, "USER_BUSY")
    assert {row.lead for row in room.started()} == {str(n) for n in range(1, 13)}
