"""The leads of an agent go to that agent, as far as anybody may wait for that."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from fsorch.campaigns import Lead, LeadState, Mode
from fsorch.engine.dialling_owners import WAIT_S, Owners, Turn
from fsorch.engine.inputs import ReadyLead
from tests.engine.dialroom import CAMPAIGN, Room, centre, lead
from tests.engine.floor_of_owners import LOOK_S, TALK_S, Floor

NAMES = ("", "a0", "a1", "a2", "north")
some_names = st.frozensets(st.sampled_from(NAMES[1:]))
some_leads = st.lists(st.tuples(st.sampled_from(NAMES), st.booleans(), st.floats(0, 2 * WAIT_S)), max_size=12)


@given(some_names, some_names, some_names, some_leads)
def test_of_what_is_at_hand_the_first_of_the_lowest_turn_is_called(
    free: frozenset[str], engaged: frozenset[str], busy: frozenset[str], found: list[tuple[str, bool, float]]
) -> None:
    owners = Owners(free, engaged, busy)
    # Promises stand at the front.
    found.sort(key=lambda one: not one[1])
    leads = [
        (
            n,
            ReadyLead(lead=lead(n, owner=owner, state=LeadState.CALLBACK if owed else LeadState.READY), checked_at=0),
            s,
        )
        for n, (owner, owed, s) in enumerate(found)
    ]
    turns = [(owners.turn(ready.lead, at_hand_s), n) for n, ready, at_hand_s in leads]
    place = owners.first(iter(leads))
    assert place == (min(turns)[1] if turns else None)
    if place is None:
        return
    owner, owed, at_hand_s = found[place]
    if not owed and owner not in free:
        # Nobody who waits for a call has a lead there, and what is anybody's waits for no owner.
        assert not any(one in free or promised for one, promised, _ in found)
        if owner in engaged | busy and at_hand_s < WAIT_S:
            assert all(one in engaged | busy and waited < WAIT_S for one, _, waited in found)


def test_who_is_not_at_work_keeps_no_lead_waiting() -> None:
    owners = Owners(busy=frozenset({"a0"}))
    assert owners.turn(lead(1, owner="gone"), 0.0) is Turn.ANYBODYS
    assert owners.turn(lead(1, owner="a0"), WAIT_S - 1) is Turn.BUSY
    assert owners.turn(lead(1, owner="a0"), WAIT_S) is Turn.ANYBODYS


def owned(seed: int, owners: int = 4, each: int = 4) -> tuple[list[Lead], random.Random]:
    """Leads of these agents in any order."""
    dice = random.Random(seed)
    names = [f"a{n}" for n in range(owners) for _ in range(each)]
    dice.shuffle(names)
    return [lead(n, owner=name) for n, name in enumerate(names, 1)], dice


@pytest.mark.parametrize(
    ("mode", "nailed"),
    [(Mode.PREVIEW, True), (Mode.PREVIEW, False), (Mode.PROGRESSIVE, True), (Mode.PROGRESSIVE, False)],
)
def test_leads_get_their_own_agents(mode: Mode, nailed: bool) -> None:
    """Seen on a FreeSWITCH: of sixteen leads of four agents ten got their own."""
    floor = Floor(mode, *owned(1), nailed=nailed)
    floor.play(450)
    count = floor.count()
    assert count.total() == 16
    # The last leads of whoever is slow go to those who have none left.
    assert count["another's"] <= 1


@pytest.mark.parametrize("mode", [Mode.PROGRESSIVE, Mode.PREVIEW])
def test_a_lead_whose_agent_stays_busy_waits_only_so_long(mode: Mode) -> None:
    leads = [lead(1, owner="a1"), lead(2, owner="a1"), *(lead(n) for n in range(3, 60))]
    floor = Floor(mode, leads, random.Random(1), agents=2)
    floor.endless = {"1"}
    floor.play(200)
    assert floor.served("1") == "a1"
    rows = floor.started()
    called = [row.lead for row in rows]
    assert called.index("2") >= 2
    late = rows[called.index("2")]
    waited_s = (late.launched_at - rows[0].launched_at) / 1_000_000
    # One of the others' talks had still to end.
    assert WAIT_S - LOOK_S[1] <= waited_s <= WAIT_S + TALK_S[1] + LOOK_S[1] + 20


@pytest.mark.parametrize("mode", [Mode.PROGRESSIVE, Mode.PREVIEW])
def test_leads_of_busy_agents_alone_hold_nobody_up(mode: Mode) -> None:
    leads = [lead(n, owner="a1") for n in range(1, 9)]
    floor = Floor(mode, leads, random.Random(1), agents=2)
    floor.endless = {"1"}
    floor.play(25)
    assert {row.lead for row in floor.started()} == {"1", "2"}


def test_leads_that_wait_for_their_agents_do_not_keep_the_records_from_being_asked() -> None:
    """Whom nobody answers stays free: their own leads come before those of an agent who is busy."""
    leads = [lead(n, owner="a1") for n in range(1, 9)] + [lead(n, owner="a0") for n in range(9, 13)]
    floor = Floor(Mode.PROGRESSIVE, leads, random.Random(1), agents=2)
    floor.endless, floor.deaf = {"1"}, {str(n) for n in range(9, 13)}
    floor.play(60)
    others = [row.lead for row in floor.started() if row.lead not in floor.deaf]
    called = [row.lead for row in floor.started()]
    assert others[0] == "1"
    assert [id for id in called[: called.index("2")] if id != "1"] == ["9", "10", "11", "12"]


def test_what_is_called_next_is_shown_in_its_order() -> None:
    room = Room(centre(CAMPAIGN, agents=2))
    room.leads = [lead(1), lead(2), lead(3), lead(4), lead(5, owner="a1"), lead(6, owner="a0"), lead(7)]
    room.at_work("a0", "a1")
    room.run()
    first = [row.lead for row in room.started()]
    (view,) = room.engine.snapshot().campaigns
    assert len(view.next) == view.ready > 0
    assert not set(view.next) & set(first)
    room.fails(room.calls()[0], "USER_BUSY")
    assert [row.lead for row in room.started()][len(first)] == view.next[0]


def test_the_call_goes_to_an_agent_of_its_territory_who_is_free() -> None:
    told = centre(CAMPAIGN, agents=2)
    agents = (told.agents[0], structs.replace(told.agents[1], territories=("north",)))
    room = Room(structs.replace(told, agents=agents))
    room.leads = [lead(1, owner="north"), lead(2)]
    room.at_work("a0", "a1")
    room.run()
    assert [row.lead for row in room.started()] == ["1", "2"]
    room.answers(room.calls()[0])
    assert (room.contact().agent, room.contact().why) == ("a1", "their own agent")


def test_where_there_are_more_calls_than_agents_everybodys_own_come_first() -> None:
    """Then what is nobody's, and only then a second one for whoever has one coming."""
    room = Room(centre(structs.replace(CAMPAIGN, mode=Mode.POWER, ratio=2.0), agents=2))
    room.leads = [lead(1, owner="a0"), lead(2, owner="a0"), lead(3), lead(4, owner="a1")]
    room.at_work("a0", "a1")
    room.run()
    assert [row.lead for row in room.started()] == ["1", "4", "3", "2"]


def test_a_campaign_that_does_not_ask_for_owners_calls_in_its_order() -> None:
    room = Room(centre(structs.replace(CAMPAIGN, owner_first=False), agents=1))
    room.leads = [lead(1, owner="a7"), lead(2, owner="a0")]
    room.at_work("a0")
    room.run()
    assert [row.lead for row in room.started()] == ["1"]
