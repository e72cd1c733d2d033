"""The leads at hand: dialled in the order in which they came, however long they wait, and kept when the records are
away."""

from __future__ import annotations

import pytest
from msgspec import structs

from fsorch.campaigns import Lead, LeadState
from fsorch.engine.actions import AboutLeads, ClearToDial, LeadsWanted
from fsorch.engine.dialling_supply import MOST_IN_VAIN
from fsorch.engine.inputs import LeadsCome
from fsorch.esl.commands import Originate
from tests.engine.dialroom import CAMPAIGN, Room, centre, lead, talked


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


def promised(room: Room) -> Lead:
    """A lead that a0 has promised to call by now."""
    return lead(70, state=LeadState.CALLBACK, callback_agent="a0", next_at=room.clock.now().wall)


def test_a_call_that_an_agent_has_promised_comes_before_what_is_at_hand() -> None:
    room = talked(CAMPAIGN)
    # Leads are at hand when it comes due, and the agent is not free.
    room.leads.insert(0, promised(room))
    room.passes(11)
    asked = [one for one in room.wanted if isinstance(one, LeadsWanted)]
    assert (asked[-1].owners, asked[-1].count) == (("a0",), 1)
    assert [row.lead for row in room.started()] == ["1", "70"]


def test_a_call_that_was_promised_comes_first_where_the_agents_own_phone_does() -> None:
    room = Room(centre(CAMPAIGN, agents=1, nailed=False))
    room.log_in("a0")
    room.run()
    room.passes(1)
    phone = room.last(Originate)
    room.event("CHANNEL_CREATE", phone.uuid)
    room.leads.insert(0, promised(room))
    room.picks_up(phone.uuid, phone.job_uuid)
    (call,) = room.calls()
    room.fails(call, "USER_BUSY")
    room.ends(phone.uuid, "ORIGINATOR_CANCEL")
    room.passes(15)
    again = room.last(Originate)
    assert again.endpoint == "user/1001"
    room.event("CHANNEL_CREATE", again.uuid)
    room.picks_up(again.uuid, again.job_uuid)
    assert [row.lead for row in room.started()] == ["1", "70"]


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


def test_more_and_more_leads_are_asked_for_while_none_may_be_called() -> None:
    """Seen with a list of which most lacked a consent: four leads were looked at a time, some twenty a second."""
    room = Room(centre(structs.replace(CAMPAIGN, attempts_max=3), agents=1))
    room.leads = [*(lead(n, attempts=3) for n in range(100, 400)), lead(500), lead(501)]
    room.at_work("a0")
    room.run()
    room.passes(5)
    counts = [one.count for one in room.wanted if isinstance(one, LeadsWanted)]
    assert [row.lead for row in room.started()] == ["500"]
    assert len(counts) < 30
    assert MOST_IN_VAIN / 2 <= max(counts) <= 2 * MOST_IN_VAIN
    # One that may be called ends it.
    assert counts[-1] <= 8
