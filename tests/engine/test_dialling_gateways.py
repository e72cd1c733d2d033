"""Gateways that fail: what they are spared, what leads are, and who is told."""

from __future__ import annotations

from msgspec import structs

from fsorch.campaigns import Mode, Outcome
from fsorch.engine import Configure
from fsorch.engine.actions import ClearToDial
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import LeadsCome, ReadyLead
from fsorch.esl.commands import Originate
from fsorch.gateways import GatewaySpec
from tests.engine.dialroom import CAMPAIGN, Room, centre

CARRIER = GatewaySpec(id="carrier", dial="sofia/gateway/carrier/{number}")
OTHER = GatewaySpec(id="other", dial="sofia/gateway/other/{number}")
DOWN = "NORMAL_TEMPORARY_FAILURE"


def room_of(agents: int = 4) -> Room:
    """A progressive campaign whose agents are all free."""
    room = Room(centre(CAMPAIGN, agents=agents))
    room.at_work(*(f"a{n}" for n in range(agents)))
    room.run()
    return room


def fail_all(room: Room, calls: list[Originate], cause: str = DOWN) -> None:
    """The carrier has no line for any of these."""
    for call in calls:
        room.fails(call, cause)


def test_a_dead_gateway_is_tried_by_one_call_and_ever_more_seldom() -> None:
    room = room_of()
    fail_all(room, room.calls())
    room.passes(1)
    first = len(room.calls())
    assert first <= 8
    fail_all(room, room.calls()[4:])
    moments = []
    for _ in range(6 * 60):
        before = len(room.calls())
        room.passes(1)
        placed = room.calls()[before:]
        if placed:
            moments.append(round(room.clock.now().mono))
            assert len(placed) == 1
            room.fails(placed[0], DOWN)
    waits = [after - before for before, after in zip(moments, moments[1:], strict=False)]
    assert len(moments) == 2
    assert waits[0] >= 120
    (view,) = room.engine.snapshot().campaigns
    assert view.held.startswith("its gateway carrier has failed ")
    assert f"({DOWN})" in view.held
    told = room.of(FactKind.GATEWAY_RESTS)
    assert [fact.data["dead"] for fact in told] == [False, True, True]


def test_the_leads_that_met_a_dead_gateway_have_lost_nothing() -> None:
    room = room_of()
    fail_all(room, room.calls())
    ended, changed = room.ended(), {row["id"]: row for row in room.changed()}
    assert [row.outcome for row in ended] == ["congestion"] * 4
    # The first two might have been the far exchange's fault; the others were not.
    assert [changed[row.lead]["attempts"] for row in ended] == [1, 1, 0, 0]
    assert [changed[row.lead]["tried"] for row in ended[2:]] == [{}, {}]
    assert {changed[row.lead]["state"] for row in ended} == {"ready"}
    now = room.clock.now().wall
    assert all(now < changed[row.lead]["next_at"] <= now + 61_000_000 for row in ended[2:])


def test_one_trial_that_rings_sets_everybody_to_work_again() -> None:
    room = room_of()
    fail_all(room, room.calls())
    before = len(room.calls())
    room.passes(62)
    (trial,) = room.calls()[before:]
    room.event("CHANNEL_CREATE", trial.uuid)
    room.event("CHANNEL_PROGRESS", trial.uuid)
    room.passes(0.5)
    assert len(room.calls()) == before + 4
    assert [fact.data["gateway"] for fact in room.of(FactKind.GATEWAY_BACK)] == ["carrier"]
    assert room.engine.snapshot().campaigns[0].held == ""


def test_fail_over_does_not_wait_for_the_third_failure() -> None:
    spec = structs.replace(CAMPAIGN, gateways=("carrier", "other"))
    room = Room(centre(spec, agents=2, gateways=(CARRIER, OTHER)))
    room.at_work("a0", "a1")
    room.run()
    fail_all(room, [room.calls()[0]])
    assert [one.endpoint.split("/")[2] for one in room.calls()] == ["carrier", "carrier", "other"]
    assert not room.ended()
    room.fails(room.calls()[-1], "USER_BUSY")
    room.passes(1)
    assert room.calls()[-1].endpoint.startswith("sofia/gateway/other/")
    assert room.ended()[-1].outcome == "busy"


def test_a_carrier_that_is_full_now_and_then_is_used_on() -> None:
    room = room_of(agents=1)
    for n in range(40):
        call = room.calls()[-1]
        if n % 2:
            room.fails(call, "NORMAL_CIRCUIT_CONGESTION")
        else:
            room.event("CHANNEL_CREATE", call.uuid)
            room.event("CHANNEL_PROGRESS", call.uuid)
            room.fails(call, "USER_BUSY", seen=False)
            room.ends(call.uuid, "USER_BUSY")
        room.passes(1)
    assert len(room.calls()) == 41


def test_a_gateway_from_which_nothing_comes_back_is_dead_too() -> None:
    room = room_of()
    fail_all(room, room.calls(), "RECOVERY_ON_TIMER_EXPIRE")
    room.passes(5)
    assert len(room.calls()) == 4
    assert room.engine.snapshot().campaigns[0].held.startswith("its gateway carrier has failed 4 times")


def test_a_call_that_is_lost_on_the_way_was_none_where_phones_are_heard_to_ring() -> None:
    spec = structs.replace(CAMPAIGN, gateways=("carrier", "other"))
    room = Room(centre(spec, agents=1, gateways=(structs.replace(CARRIER, rest_s=0), OTHER)))
    room.at_work("a0")
    room.run()
    # Nobody knows yet whether this gateway tells of ringing: a phone may have rung.
    room.fails(room.calls()[0], "NO_ANSWER")
    assert [row.outcome for row in room.ended()] == ["noanswer"]
    room.passes(1)
    known = room.calls()[-1]
    assert known.endpoint.startswith("sofia/gateway/carrier/")
    room.event("CHANNEL_CREATE", known.uuid)
    room.event("CHANNEL_PROGRESS", known.uuid)
    room.ends(known.uuid, "NO_ANSWER")
    room.passes(1)
    assert room.ended()[-1].outcome == "noanswer"
    # It does; so of this one none has, and the same attempt goes by the next gateway, as where the first has no line.
    lost = room.calls()[-1]
    assert lost.endpoint.startswith("sofia/gateway/carrier/")
    room.fails(lost, "NO_ANSWER")
    again = room.calls()[-1]
    assert again.endpoint.startswith("sofia/gateway/other/")
    assert len(room.ended()) == 2
    failed = room.of(FactKind.GATEWAY_FAILED)[-1].data
    assert (failed["gateway"], failed["cause"]) == ("carrier", "NO_ANSWER")
    room.event("CHANNEL_CREATE", again.uuid)
    room.event("CHANNEL_PROGRESS", again.uuid)
    room.ends(again.uuid, "USER_BUSY")
    assert [row.outcome for row in room.ended()] == ["noanswer", "noanswer", "busy"]


def test_a_lead_whose_call_was_lost_by_the_only_gateway_has_not_been_called() -> None:
    room = room_of(agents=1)
    first = room.calls()[-1]
    room.event("CHANNEL_CREATE", first.uuid)
    room.event("CHANNEL_PROGRESS", first.uuid)
    room.ends(first.uuid, "USER_BUSY")
    room.event("BACKGROUND_JOB", job_uuid=first.job_uuid, body="-ERR USER_BUSY\n")
    room.passes(1)
    room.fails(room.calls()[-1], "RECOVERY_ON_TIMER_EXPIRE")
    # As limits of attempts count it: not at all.
    assert [row.outcome for row in room.ended()] == ["busy", "failed"]
    assert [fact.data["gateway"] for fact in room.of(FactKind.GATEWAY_RESTS)] == ["carrier"]


def test_who_is_busy_at_once_was_called_though_no_phone_was_heard_to_ring() -> None:
    room = room_of(agents=1)
    first = room.calls()[-1]
    room.event("CHANNEL_CREATE", first.uuid)
    room.event("CHANNEL_PROGRESS", first.uuid)
    room.ends(first.uuid, "NO_ANSWER")
    room.passes(1)
    room.fails(room.calls()[-1], "USER_BUSY")
    assert [row.outcome for row in room.ended()] == ["noanswer", "busy"]
    assert room.of(FactKind.GATEWAY_RESTS) == []


def test_phones_that_ring_out_say_nothing_against_a_gateway() -> None:
    room = room_of()
    for call in room.calls():
        room.event("CHANNEL_CREATE", call.uuid)
        room.event("CHANNEL_PROGRESS", call.uuid)
        room.ends(call.uuid, "NO_ANSWER")
        room.event("BACKGROUND_JOB", job_uuid=call.job_uuid, body="-ERR NO_ANSWER\n")
    room.passes(1)
    assert len(room.calls()) == 8
    assert not room.of(FactKind.GATEWAY_RESTS)


def test_a_gateway_that_is_edited_is_tried_at_once() -> None:
    room = room_of()
    fail_all(room, room.calls())
    room.passes(1)
    assert len(room.calls()) == 4
    mended = structs.replace(CARRIER, dial="sofia/gateway/carrier2/{number}")
    room.tell(Configure(centre(CAMPAIGN, agents=4, gateways=(mended,))))
    room.passes(1)
    assert len(room.calls()) == 8


def test_agents_of_a_campaign_whose_gateway_is_dead_dial_for_another() -> None:
    autumn = structs.replace(CAMPAIGN, id="autumn", gateways=("other",), mode=Mode.PROGRESSIVE)
    room = Room(centre(CAMPAIGN, autumn, agents=4, gateways=(CARRIER, OTHER)), leads=300)
    room.at_work("a0", "a1", "a2", "a3")
    room.run("spring", "autumn")
    for call in room.calls():
        if "/carrier/" in call.endpoint:
            room.fails(call, "GATEWAY_DOWN", seen=False)
    room.passes(1)
    assert {view.id: view.agents for view in room.engine.snapshot().campaigns} == {"spring": 0, "autumn": 4}


def test_what_a_carrier_means_by_a_cause_counts_for_its_gateway_too() -> None:
    causes = {
        DOWN: Outcome.UNREACHABLE,
        "RECOVERY_ON_TIMER_EXPIRE": Outcome.NOANSWER,
        "CALL_REJECTED": Outcome.CONGESTION,
    }
    room = Room(centre(CAMPAIGN, agents=4, gateways=(structs.replace(CARRIER, causes=causes),)))
    room.at_work("a0", "a1", "a2", "a3")
    room.run()
    fail_all(room, room.calls()[:2], DOWN)
    fail_all(room, room.calls()[2:4], "RECOVERY_ON_TIMER_EXPIRE")
    room.passes(1)
    assert not room.of(FactKind.GATEWAY_RESTS)
    assert [fact.data["row"]["attempts"] for fact in room.of(FactKind.LEAD_CHANGED)[-4:]] == [1, 1, 1, 1]
    fail_all(room, room.calls()[4:8], "CALL_REJECTED")
    room.passes(1)
    assert room.engine.snapshot().campaigns[0].held.startswith("its gateway carrier has failed 4 times")


def test_who_talked_was_reached_though_the_gateway_died_over_it() -> None:
    room = room_of()
    first, *others = room.calls()
    room.event("CHANNEL_CREATE", first.uuid)
    room.event("CHANNEL_ANSWER", first.uuid)
    room.event("CHANNEL_PARK", first.uuid)
    fail_all(room, others)
    room.passes(1)
    assert room.of(FactKind.GATEWAY_RESTS)
    room.ends(first.uuid, "RECOVERY_ON_TIMER_EXPIRE")
    assert [fact.data["row"]["attempts"] for fact in room.of(FactKind.LEAD_CHANGED)][-1] == 1


def test_a_trial_that_talks_does_not_keep_the_next_one_from_trying() -> None:
    room = room_of()
    fail_all(room, room.calls())
    before = len(room.calls())
    room.passes(61)
    (trial,) = room.calls()[before:]
    for name in ("CHANNEL_CREATE", "CHANNEL_PROGRESS", "CHANNEL_ANSWER", "CHANNEL_PARK"):
        room.event(name, trial.uuid)
    room.passes(1)
    failing = room.calls()[before + 1 :]
    assert len(failing) == 3
    fail_all(room, failing)
    before = len(room.calls())
    room.passes(59)
    assert len(room.calls()) == before
    room.passes(2)
    assert len(room.calls()) == before + 1


def variable(call: Originate, name: str) -> str:
    """What a call is dialled with."""
    return dict(call.variables).get(name, "")


def test_a_gateway_that_is_silent_is_given_up_before_the_ring_time_is_over() -> None:
    spec = structs.replace(CAMPAIGN, gateways=("carrier", "other"))
    room = Room(centre(spec, agents=1, gateways=(structs.replace(CARRIER, silent_s=3.5), OTHER)))
    room.at_work("a0")
    room.run()
    first = room.calls()[0]
    # The switch counts whole seconds, and the ring time is as it was.
    assert (variable(first, "leg_progress_timeout"), first.timeout_s) == ("4", 31)
    room.passes(4.5)
    room.fails(first, "PROGRESS_TIMEOUT")
    second = room.calls()[-1]
    assert second.endpoint.startswith("sofia/gateway/other/")
    assert (variable(second, "leg_progress_timeout"), second.timeout_s) == ("12", 31)
    assert not room.ended()
    (rests,) = room.of(FactKind.GATEWAY_RESTS)
    assert (rests.data["gateway"], rests.data["cause"], rests.data["dead"]) == ("carrier", "PROGRESS_TIMEOUT", False)


def on_the_way() -> tuple[Room, Originate]:
    """A call of which its gateway has told nothing for some seconds."""
    spec = structs.replace(CAMPAIGN, gateways=("carrier", "other"), attempts_per_day=1)
    room = Room(centre(spec, agents=1, gateways=(structs.replace(CARRIER, silent_s=10), OTHER)))
    room.at_work("a0")
    room.run()
    room.passes(11)
    return room, room.calls()[0]


def test_what_was_written_down_meanwhile_keeps_a_call_from_going_by_the_next_gateway() -> None:
    room, call = on_the_way()
    number = room.started()[0].number
    room.dnc[number] = "own"
    room.fails(call, "PROGRESS_TIMEOUT")
    assert not [one for one in room.calls()[1:] if number in f"+{one.endpoint}" or number in one.endpoint]
    assert [row.outcome for row in room.ended()] == ["failed"]
    assert [fact.data["rule"] for fact in room.of(FactKind.LEAD_BARRED)] == ["dnc"]


def test_no_call_goes_by_the_next_gateway_after_its_campaign_was_paused() -> None:
    room, call = on_the_way()
    room.pause()
    room.fails(call, "PROGRESS_TIMEOUT")
    assert len(room.calls()) == 1
    assert [row.outcome for row in room.ended()] == ["failed"]


def test_records_that_do_not_answer_keep_a_call_from_going_on() -> None:
    room, call = on_the_way()
    room.answer_leads = lambda action: None  # type: ignore[method-assign]
    room.fails(call, "PROGRESS_TIMEOUT")
    assert len(room.calls()) == 1
    room.passes(11)
    assert [row.outcome for row in room.ended()] == ["lost"]
    # What comes then is too late.
    asked = [one for one in room.wanted if isinstance(one, ClearToDial)][-1]
    ready = tuple(ReadyLead(lead=room.known[id], checked_at=room.clock.now().wall) for id in asked.leads)
    room.tell(LeadsCome(campaign=asked.campaign, serial=asked.serial, leads=ready))
    assert len([one for one in room.calls() if "other" in one.endpoint]) == 0


def test_a_call_may_be_given_up_while_the_records_are_asked() -> None:
    room, call = on_the_way()
    answer, room.answer_leads = room.answer_leads, lambda action: None  # type: ignore[method-assign]
    room.fails(call, "PROGRESS_TIMEOUT")
    dials = room.engine._dialling.dials
    dials.cancel(next(iter(dials.dials.values())))
    asked = [one for one in room.wanted if isinstance(one, ClearToDial)][-1]
    answer(asked)
    assert len(room.calls()) == 1
    room.passes(11)
    assert len(room.ended()) == 1


def test_a_call_that_no_gateway_took_counts_in_no_limit() -> None:
    room = room_of(agents=1)
    room.fails(room.calls()[0], "PROGRESS_TIMEOUT")
    assert [row.outcome for row in room.ended()] == ["failed"]


def test_a_gateway_that_never_tells_of_ringing_may_be_silent_until_somebody_answers() -> None:
    room = room_of(agents=1)
    call = room.calls()[0]
    room.event("CHANNEL_CREATE", call.uuid)
    room.passes(5)
    room.answers(call, rang=False)
    room.ends(call.uuid)
    room.passes(30)
    assert variable(room.calls()[-1], "leg_progress_timeout") == ""
    # One that rings at last tells after all.
    room.answers(room.calls()[-1])
    room.ends(room.calls()[-1].uuid)
    room.passes(30)
    assert variable(room.calls()[-1], "leg_progress_timeout") == "12"


def test_a_gateway_may_be_let_as_silent_as_it_likes() -> None:
    room = Room(centre(CAMPAIGN, agents=1, gateways=(structs.replace(CARRIER, silent_s=0),)))
    room.at_work("a0")
    room.run()
    assert variable(room.calls()[0], "leg_progress_timeout") == ""
