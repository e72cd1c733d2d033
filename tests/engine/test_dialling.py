"""Campaigns in the engine: what is launched, what is handed over, what is written down."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from msgspec import structs

from fsorch.campaign_words import Identity
from fsorch.campaigns import (
    DIALLED_OUTCOMES,
    BlendSpec,
    CallerIdPool,
    CampaignState,
    Disposition,
    DropSpec,
    LeadState,
    ListShare,
    Mode,
    Outcome,
)
from fsorch.compliance_packs import DropRule
from fsorch.config import Centre, MembershipSpec
from fsorch.engine import Configure, LinkUp
from fsorch.engine.actions import AboutLeads, ClearToDial, LeadsWanted
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import (
    CampaignsAre,
    Dispose,
    DropsWere,
    LeadsCome,
    LinkDown,
    SetStatus,
)
from fsorch.esl.commands import Break, Bridge, Kill, Originate, PlayAndGetDigits, Playback
from fsorch.flow_menus import menu_flow
from fsorch.flows import decode_flow
from fsorch.gateways import GatewaySpec
from fsorch.rules import PhoneMode
from tests.engine.dialroom import CAMPAIGN, Room, centre, lead


def test_a_free_agent_gets_the_person_who_answers() -> None:
    room = Room()
    room.at_work("a0")
    room.run()
    (call,) = room.calls()
    assert call.endpoint == "sofia/gateway/carrier/+4930000001"
    assert [row.lead for row in room.started()] == ["1"]
    room.answers(call)
    line = room.agent("a0")
    assert line.contact is not None
    assert room.joins().a == call.uuid
    assert (room.agent("a0").state, room.contact().name) == ("talking", "Lead 1")
    room.passes(60)
    room.ends(call.uuid)
    (row,) = room.ended()
    assert (row.outcome, row.agent, row.lead) == ("live", "a0", "1")
    assert row.launched_at < row.ringing_at < row.answered_at <= row.bridged_at < row.ended_at
    assert room.agent("a0").state == "wrap_up"
    assert len(room.calls()) == 1


def test_what_nobody_answers_is_over_by_its_cause_and_the_next_is_called() -> None:
    room = Room()
    room.at_work("a0")
    room.run()
    for cause, outcome in (("USER_BUSY", "busy"), ("NO_ANSWER", "noanswer"), ("UNALLOCATED_NUMBER", "invalid")):
        call = room.calls()[-1]
        room.fails(call, cause)
        row = room.ended()[-1]
        assert (row.outcome, row.cause, row.leg) == (outcome, cause, call.uuid)
        room.passes(0.2)
    assert [row["state"] for row in room.changed()] == ["ready", "ready", "barred"]
    assert len(room.calls()) == 4
    assert len({row.id for row in room.started()}) == 4


@pytest.mark.parametrize(
    ("heard", "cause", "outcome"),
    [
        # A phone rang: whoever it belongs to was called.
        ("CHANNEL_PROGRESS", "NORMAL_TEMPORARY_FAILURE", "noanswer"),
        ("CHANNEL_PROGRESS", "NORMAL_CLEARING", "noanswer"),
        ("CHANNEL_PROGRESS", "ORIGINATOR_CANCEL", "noanswer"),
        ("CHANNEL_PROGRESS", "UNALLOCATED_NUMBER", "invalid"),
        ("CHANNEL_PROGRESS", "USER_BUSY", "busy"),
        # The network spoke, and nothing rang for certain.
        ("CHANNEL_PROGRESS_MEDIA", "NORMAL_TEMPORARY_FAILURE", "congestion"),
        ("CHANNEL_PROGRESS_MEDIA", "NORMAL_CLEARING", "failed"),
    ],
)
def test_a_phone_that_rang_was_called_whatever_ended_it(heard: str, cause: str, outcome: str) -> None:
    room = Room()
    room.at_work("a0")
    room.run()
    call = room.calls()[-1]
    room.event("CHANNEL_CREATE", call.uuid)
    room.event(heard, call.uuid)
    room.passes(4)
    room.ends(call.uuid, cause)
    room.event("BACKGROUND_JOB", job_uuid=call.job_uuid, body=f"-ERR {cause}\n")
    (row,) = room.ended()
    assert (row.outcome, row.cause) == (outcome, cause)
    assert (Outcome(row.outcome) in DIALLED_OUTCOMES) is (heard == "CHANNEL_PROGRESS" and outcome != "invalid")


def test_nobody_answers_because_the_leg_never_was() -> None:
    room = Room()
    room.at_work("a0")
    room.run()
    room.fails(room.calls()[-1], "INVALID_GATEWAY", seen=False)
    assert [row.outcome for row in room.ended()] == ["congestion"]


def drop_centre(**more: Any) -> Centre:
    spec = structs.replace(CAMPAIGN, mode=Mode.POWER, ratio=2.0, drop=DropSpec(name="Acme", number="+493099"), **more)
    return centre(spec)


def test_a_person_for_whom_nobody_is_there_hears_who_called() -> None:
    room = Room(drop_centre())
    room.at_work("a0")
    room.run()
    first, second = room.calls()
    room.answers(first)
    room.bridge(first.uuid, room.last(Bridge).b)
    room.answers(second)
    assert room.engine.snapshot().contacts[-1].state == "waiting"
    assert not [one for one, _ in room.sent if isinstance(one, Playback)]
    room.passes(0.3)
    # If we fell silent now, the switch would play music by itself, later than the message would have been.
    (music,) = [one for one, _ in room.sent if isinstance(one, Playback)]
    assert (music.uuid, music.file) == (second.uuid, "file_string://silence_stream://3000!local_stream://moh")
    room.passes(1.6)
    assert not room.of(FactKind.DROPPED)
    room.passes(0.2)
    (fact,) = room.of(FactKind.DROPPED)
    message = room.last(PlayAndGetDigits)
    assert message.uuid == second.uuid
    assert "drop_message" in message.prompt
    sent = [one for one, _ in room.sent]
    assert Break(second.uuid) in sent[sent.index(music) : sent.index(message)]
    assert fact.contact == room.started()[1].id
    done = {message.variable: "9"}
    room.event("CHANNEL_EXECUTE_COMPLETE", second.uuid, done, application_uuid=message.event_uuid)
    (asked,) = room.of(FactKind.DNC_ASKED)
    assert (asked.data["number"], asked.data["source"]) == ("+4930000002", "key")
    assert room.last(Kill).uuid == second.uuid
    room.ends(second.uuid)
    row = room.ended()[-1]
    assert (row.outcome, row.prompt, row.agent) == ("drop", "drop_message", "")
    assert room.of(FactKind.CONTACT_ENDED)[-1].data["row"]["outcome"] == "dropped"
    assert room.of(FactKind.CONTACT_ENDED)[-1].data["row"]["direction"] == "outbound"


def test_who_has_heard_the_message_and_stays_goes_to_a_queue() -> None:
    told = drop_centre(dispositions=(Disposition(id="no-interest"),))
    spec = structs.replace(told.campaigns[0], drop=structs.replace(told.campaigns[0].drop, queue="help"))
    agents = (told.agents[0], structs.replace(told.agents[1], queues=(MembershipSpec(queue="help"),)))
    room = Room(structs.replace(told, campaigns=(spec,), agents=agents))
    room.at_work("a0")
    room.run()
    first, second = room.calls()
    room.answers(first)
    room.bridge(first.uuid, room.last(Bridge).b)
    room.answers(second)
    room.passes(2.1)
    message = room.last(PlayAndGetDigits)
    room.event("CHANNEL_EXECUTE_COMPLETE", second.uuid, application_uuid=message.event_uuid)
    (waiting,) = [one for one in room.engine.snapshot().contacts if one.queue == "help"]
    assert waiting.state == "waiting"
    assert not [one for one, _ in room.sent if isinstance(one, Kill) and one.uuid == second.uuid]
    # Nobody ends it when the time of the message would be over.
    room.passes(200)
    room.at_work("a1")
    bridge = room.last(Bridge)
    room.bridge(second.uuid, bridge.b)
    # Whoever has them sees the lead, and may say how it was.
    card = room.agent("a1").lead
    assert card is not None
    assert (card.lead, card.phase) == (room.started()[1].lead, "talking")
    assert "no-interest" in [word.id for word in card.words]
    room.tell(Dispose(agent="a1", by="a1", attempt=card.attempt, disposition="no-interest"))
    room.passes(20)
    room.ends(second.uuid)
    row = room.ended()[-1]
    assert (row.outcome, row.prompt, row.agent, row.bridged_at) == ("drop", "drop_message", "a1", 0)
    assert row.disposition == "no-interest"
    ended = room.of(FactKind.CONTACT_ENDED)[-1].data["row"]
    assert (ended["outcome"], ended["agent"], ended["queue"]) == ("answered", "a1", "help")


def test_a_pause_and_the_last_agents_leaving_stop_it_at_once() -> None:
    room = Room(drop_centre())
    room.at_work("a0")
    room.run()
    calls = len(room.calls())
    assert calls == 2
    room.tell(SetStatus(agent="a0", by="a0", status="break", reason="tea"))
    killed = {one.uuid for one, tag in room.sent if isinstance(one, Kill)}
    assert {call.uuid for call in room.calls()} <= killed
    for call in room.calls():
        room.ends(call.uuid, "ORIGINATOR_CANCEL")
    room.passes(30)
    assert len(room.calls()) == calls
    assert [row.outcome for row in room.ended()] == ["cancelled", "cancelled"]
    room.tell(SetStatus(agent="a0", by="a0", status="available"))
    room.passes(0.2)
    assert len(room.calls()) == calls + 2
    room.pause()
    assert set(room.back) == {"5", "6"} or room.back
    for call in room.calls()[calls:]:
        room.fails(call, "NO_ANSWER")
    room.passes(30)
    assert len(room.calls()) == calls + 2


def test_the_next_gateway_is_tried_when_one_has_no_line() -> None:
    gateways = (
        GatewaySpec(id="one", dial="sofia/gateway/one/{number}", group="all"),
        GatewaySpec(id="two", dial="sofia/gateway/two/{number}", group="all"),
    )
    spec = structs.replace(CAMPAIGN, gateways=("all",))
    room = Room(centre(spec, gateways=gateways))
    room.at_work("a0")
    room.run()
    (call,) = room.calls()
    room.fails(call, "NORMAL_CIRCUIT_CONGESTION")
    again = room.calls()[-1]
    assert (call.endpoint[:17], again.endpoint[:17]) == ("sofia/gateway/one", "sofia/gateway/two")
    assert not room.ended()
    room.fails(again, "USER_BUSY")
    (row,) = room.ended()
    assert (row.outcome, row.gateway, row.leg) == ("busy", "two", again.uuid)
    assert [one.lead for one in room.started()].count("1") == 1


@pytest.mark.parametrize(
    ("identity", "shown", "variable"),
    [
        (Identity.PROFILE, True, None),
        (Identity.ASSERTED, True, "pid"),
        (Identity.REMOTE_PARTY, True, "rpid"),
        (Identity.NONE, True, "none"),
        # Nobody asserts a number that is not shown.
        (Identity.ASSERTED, False, "none"),
    ],
)
def test_a_gateway_says_where_its_carrier_is_told_who_calls(
    identity: Identity, shown: bool, variable: str | None
) -> None:
    gateway = GatewaySpec(id="carrier", dial="sofia/gateway/carrier/{number}", identity=identity)
    pools = (CallerIdPool(numbers=("+4930999",), name="Acme"),) if shown else ()
    room = Room(centre(structs.replace(CAMPAIGN, caller_ids=pools), gateways=(gateway,)))
    room.at_work("a0")
    room.run()
    (call,) = room.calls()
    told = dict(call.variables)
    assert told.get("sip_cid_type") == variable
    assert told["origination_caller_id_number"] == ("+4930999" if shown else "anonymous")


def test_launches_and_lines_keep_to_the_gateways_limits() -> None:
    gateway = GatewaySpec(id="carrier", dial="sofia/gateway/carrier/{number}", cps=5, lines=12)
    spec = structs.replace(CAMPAIGN, mode=Mode.AGENTLESS, flow="main", queue="")
    flow = (menu_flow("main", {"1": "out"}, person="out"),)
    room = Room(centre(spec, gateways=(gateway,), flows=flow))
    room.run()
    room.passes(0.8)
    assert len(room.calls()) == 5
    room.passes(1.0)
    assert len(room.calls()) == 10
    room.passes(5)
    assert len(room.calls()) == 12
    room.fails(room.calls()[0], "USER_BUSY")
    room.passes(0.2)
    assert len(room.calls()) == 13


def test_two_campaigns_share_a_gateway_by_weight() -> None:
    gateway = GatewaySpec(id="carrier", dial="sofia/gateway/carrier/{number}", cps=8)
    one = structs.replace(CAMPAIGN, mode=Mode.AGENTLESS, flow="main", queue="", weight=3.0)
    two = structs.replace(one, id="autumn", weight=1.0)
    flow = (menu_flow("main", {"1": "out"}, person="out"),)
    room = Room(centre(one, two, gateways=(gateway,), flows=flow), leads=200)
    room.run("spring", "autumn")
    room.passes(4.8)
    counts = Counter(row.campaign for row in room.started())
    assert 38 <= counts.total() <= 40
    assert 28 <= counts["spring"] <= 31


def test_callers_who_wait_hold_back_dialling() -> None:
    room = Room(centre(structs.replace(CAMPAIGN, blending=BlendSpec(waiting=1)), agents=1))
    room.at_work("a0")
    room.call("c1", "help")
    room.call("c2", "help")
    room.run()
    assert not room.calls()
    assert "wait in" in room.of(FactKind.CAMPAIGN_CHANGED)[-1].data["held"]
    room.ends("c2")
    bridge = room.joins()
    room.passes(1)
    room.ends("c1")
    room.event("CHANNEL_PARK", bridge.b)
    room.passes(1)
    assert len(room.calls()) == 1


def test_each_queue_may_hold_back_dialling_by_a_number_of_its_own() -> None:
    blend = BlendSpec(waiting=0, by_queue={"help": 2})
    room = Room(centre(structs.replace(CAMPAIGN, blending=blend), agents=1))
    room.at_work("a0")
    room.call("c1", "help")
    room.joins()
    room.call("c2", "help")
    room.run()
    assert not room.engine.snapshot().campaigns[0].held
    room.call("c3", "help")
    room.passes(1)
    assert room.engine.snapshot().campaigns[0].held == "2 wait in help"


def test_a_leads_own_agent_comes_first() -> None:
    room = Room(drop_centre())
    room.leads = [lead(1, owner="a1"), lead(2)]
    room.at_work("a0", "a1")
    room.run()
    call = room.calls()[0]
    room.answers(call)
    assert (room.contact().agent, room.contact().why) == ("a1", "their own agent")


def test_a_switch_that_restarts_leaves_no_attempt_open() -> None:
    room = Room()
    room.at_work("a0")
    room.run()
    assert len(room.started()) == 1
    room.tell(LinkDown("main", "cut"))
    room.passes(1)
    room.tell(LinkUp("main", "core-2", (), "/sounds"))
    assert [row.outcome for row in room.ended()] == ["lost"]
    assert room.changed()[-1]["state"] == "ready"


def test_the_words_of_a_campaign_change_while_it_runs() -> None:
    room = Room(drop_centre(lines_max=1))
    room.at_work("a0", "a1")
    room.run()
    assert len(room.calls()) == 1
    room.tell(Configure(drop_centre(lines_max=3)))
    room.passes(0.5)
    assert len(room.calls()) == 3


def test_old_knowledge_of_a_lead_is_read_anew() -> None:
    room = Room()
    room.run()
    room.at_work("a0")
    room.passes(1)
    room.fails(room.calls()[0], "USER_BUSY")
    room.passes(60)
    room.fails(room.calls()[1], "USER_BUSY")
    room.passes(1)
    assert any(isinstance(one, ClearToDial) for one in room.wanted)
    assert len(room.calls()) == 3


def test_a_promised_call_waits_for_its_agent() -> None:
    room = Room(centre(CAMPAIGN, agents=2))
    room.leads = [lead(1, callback_agent="a1", next_at=room.clock.now().wall, state=LeadState.CALLBACK), lead(2)]
    room.at_work("a0")
    room.run()
    assert [row.lead for row in room.started()] == ["2"]
    room.at_work("a1")
    room.passes(0.2)
    assert [(row.lead, row.agent) for row in room.started()] == [("2", ""), ("1", "a1")]
    assert room.agent("a1").state == "reserved"


def test_without_a_compliance_pack_nobody_is_called_and_no_lead_is_lost() -> None:
    room = Room(centre(structs.replace(CAMPAIGN, pack="")))
    room.at_work("a0")
    room.run()
    room.passes(5)
    assert not room.calls()
    assert not room.changed()
    assert "compliance pack" in room.of(FactKind.CAMPAIGN_CHANGED)[-1].data["held"]


def test_the_law_is_asked_at_the_moment_of_dialling() -> None:
    room = Room(centre(structs.replace(CAMPAIGN, pack="eu")))
    room.at_work("a0")
    room.run()
    assert not room.calls()
    (barred, *_) = room.of(FactKind.LEAD_BARRED)
    assert (barred.data["lead"], barred.data["number"]) == ("1", "+4930000001")
    assert barred.data["rule"]
    assert barred.data["words"]


def test_a_number_on_a_list_is_not_called() -> None:
    room = Room()
    room.dnc = {"+4930000001": "own"}
    room.at_work("a0")
    room.run()
    assert [row.lead for row in room.started()] == ["2"]
    assert [fact.data["rule"] for fact in room.of(FactKind.LEAD_BARRED)] == ["dnc"]
    assert room.changed()[0]["state"] == "barred"


@pytest.mark.parametrize("mode", [Mode.POWER, Mode.PREDICTIVE])
def test_agents_without_standing_lines_get_no_calls_that_would_wait_for_them(mode: Mode) -> None:
    room = Room(centre(structs.replace(CAMPAIGN, mode=mode), nailed=False))
    room.log_in("a0")
    room.run()
    room.passes(5)
    assert not room.calls()
    assert "standing lines" in room.of(FactKind.CAMPAIGN_CHANGED)[-1].data["held"]


def phones(room: Room) -> list[Originate]:
    """The agents' phones that were called, in order."""
    return [one for one, _ in room.sent if isinstance(one, Originate) and one.endpoint.startswith("user/")]


def test_progressive_calls_the_phone_of_an_agent_without_a_standing_line_first() -> None:
    room = Room(centre(CAMPAIGN, nailed=False))
    room.log_in("a0")
    room.run()
    (phone,) = phones(room)
    assert (phone.endpoint, room.calls(), room.started()) == ("user/1001", [], [])
    room.event("CHANNEL_CREATE", phone.uuid)
    room.picks_up(phone.uuid, phone.job_uuid)
    (call,) = room.calls()
    assert call.endpoint == "sofia/gateway/carrier/+4930000001"
    room.answers(call)
    room.bridge(call.uuid, phone.uuid)
    assert [fact.agent for fact in room.of(FactKind.BRIDGED)] == ["a0"]
    room.ends(call.uuid)
    room.ends(phone.uuid)
    assert [(row.lead, row.outcome, row.agent) for row in room.ended()] == [("1", "live", "a0")]
    room.passes(11)
    assert len(phones(room)) == 2


def test_a_lead_whose_agent_does_not_pick_up_was_never_called() -> None:
    room = Room(centre(CAMPAIGN, agents=1, nailed=False))
    room.log_in("a0")
    room.run()
    (phone,) = phones(room)
    room.event("CHANNEL_CREATE", phone.uuid)
    room.ends(phone.uuid, "NO_ANSWER")
    room.event("BACKGROUND_JOB", job_uuid=phone.job_uuid, body="-ERR NO_ANSWER\n")
    assert (room.calls(), room.started(), room.back) == ([], [], ["1"])


def test_an_agents_phone_that_rings_in_vain_is_no_attempt_at_the_lead() -> None:
    once = structs.replace(CAMPAIGN, attempts_per_day=1)
    room = Room(centre(once, agents=1, nailed=False), leads=1)
    room.log_in("a0")
    room.run()
    for _ in range(3):
        # The records give it out again, for it came back.
        room.leads = [room.known[room.back[-1]] if room.back else room.known["1"]]
        phone = phones(room)[-1]
        room.event("CHANNEL_CREATE", phone.uuid)
        room.ends(phone.uuid, "NO_ANSWER")
        room.event("BACKGROUND_JOB", job_uuid=phone.job_uuid, body="-ERR NO_ANSWER\n")
        room.passes(11)
    assert (room.of(FactKind.LEAD_BARRED), room.started()) == ([], [])
    assert room.engine.snapshot().campaigns[0].launched == 0
    # Nobody has said what follows: a break, so that leads are not taken for nothing for ever.
    agent = room.agent("a0")
    assert (len(phones(room)), agent.status, agent.reason) == (3, "break", "phone not answered")
    assert agent.rule == "not answered 3 times"
    assert [fact.data["by"] for fact in room.of(FactKind.AGENT_CHANGED)][-1] == "rule: no_answer"
    room.leads = [room.known["1"]]
    room.tell(SetStatus(agent="a0", by="a0", status="available"))
    room.passes(1)
    assert len(phones(room)) == 4


def test_progressive_shares_its_lines_between_standing_lines_and_phones() -> None:
    told = centre(structs.replace(CAMPAIGN, lines_max=2), agents=4)
    agents = tuple(
        structs.replace(agent, phone_mode=PhoneMode.DIALLED) if n >= 2 else agent for n, agent in enumerate(told.agents)
    )
    room = Room(structs.replace(told, agents=agents))
    room.at_work("a0", "a1")
    lines = len(phones(room))
    room.log_in("a2")
    room.log_in("a3")
    room.run()
    room.passes(1)
    assert len(room.calls()) + len(phones(room)) - lines == 2
    assert len({row.lead for row in room.started()}) == len(room.started())


def test_over_the_ceiling_of_drops_only_free_agents_get_calls() -> None:
    room = Room(drop_centre())
    room.at_work("a0")
    room.tell(DropsWere({"spring": {30.0: (100, 4, 0)}}))
    room.run()
    assert len(room.calls()) == 1
    (view,) = room.engine.snapshot().campaigns
    assert (view.drop_share, view.drop_target, view.drops_left, view.drops_over) == (0.04, 0.03, 0, True)
    room.tell(DropsWere({"spring": {30.0: (1000, 4, 0)}}))
    room.passes(0.2)
    assert len(room.calls()) == 2
    (view,) = room.engine.snapshot().campaigns
    assert (view.drops_left, view.drops_over) == (26, False)


def test_what_has_left_the_window_of_a_ceiling_counts_no_more() -> None:
    room = Room(drop_centre())
    room.at_work("a0")
    room.tell(DropsWere({"spring": {30.0: (1000, 0, 0)}}))
    room.run()
    room.fails(room.calls()[0], "USER_BUSY")
    run = room.engine._dialling.runs["spring"]
    run.tally.outcomes["live"] += 900
    run.tally.outcomes["drop"] += 5
    # Of all that was dialled since the engine began, the last window has a hundred answers and five drops.
    room.tell(DropsWere({"spring": {30.0: (100, 5, 0)}}))
    room.passes(0.5)
    (view,) = room.engine.snapshot().campaigns
    assert (view.drop_share, view.drops_over) == (0.05, True)


def test_each_ceiling_has_its_own_window() -> None:
    pack = {"drops": tuple(drop_rule(days) for days in (30, 1))}
    told = drop_centre()
    room = Room(structs.replace(told, packs=tuple(structs.replace(one, **pack) for one in told.packs)))
    room.at_work("a0")
    room.tell(DropsWere({"spring": {30.0: (1000, 10, 0), 1.0: (100, 8, 0)}}))
    room.run()
    (view,) = room.engine.snapshot().campaigns
    assert (view.drop_share, view.drops_over) == (0.08, True)


@pytest.mark.parametrize(("hang_ups", "share"), [(True, 0.02), (False, 0.04)])
def test_whether_who_hangs_up_at_once_is_an_answer_is_the_packs_matter(hang_ups: bool, share: float) -> None:
    rule = structs.replace(drop_rule(30), hang_ups=hang_ups)
    told = drop_centre()
    room = Room(structs.replace(told, packs=tuple(structs.replace(one, drops=(rule,)) for one in told.packs)))
    room.at_work("a0")
    room.tell(DropsWere({"spring": {30.0: (200, 4, 100)}}))
    room.run()
    (view,) = room.engine.snapshot().campaigns
    assert (view.drop_share, view.drops_over) == (share, not hang_ups)


def drop_rule(days: float) -> DropRule:
    return DropRule(id=f"x.drops-{days}", says="At most 3 %", source="the test", ceiling=0.03, days=days)


def test_leads_of_agents_who_are_busy_do_not_keep_others_waiting() -> None:
    room = Room(centre(structs.replace(CAMPAIGN, owner_only=True)))
    room.leads = [lead(n, owner="a1") for n in range(1, 9)] + [lead(9, owner="a0")]
    room.at_work("a0")
    room.run()
    room.passes(30)
    assert [row.lead for row in room.started()] == ["9"]
    assert {"1", "2", "3", "4"} <= set(room.back)


def test_a_key_in_an_agentless_campaign_leads_to_an_agent() -> None:
    spec = structs.replace(CAMPAIGN, mode=Mode.AGENTLESS, flow="word", queue="", lines_max=1)
    flow = (menu_flow("word", {"1": "help"}, person="help"),)
    room = Room(centre(spec, flows=flow))
    room.at_work("a0")
    room.run()
    (call,) = room.calls()
    room.answers(call)
    assert room.contact().state == "flow"
    for _ in range(3):
        if room.contact().state != "flow":
            break
        asked = [one for one, _ in room.sent if isinstance(one, PlayAndGetDigits | Playback) and one.uuid == call.uuid]
        last = asked[-1]
        said = {last.variable: "1"} if isinstance(last, PlayAndGetDigits) else {}
        room.event("CHANNEL_EXECUTE_COMPLETE", call.uuid, said, application_uuid=last.event_uuid)
    assert (room.contact().queue, room.contact().agent) == ("help", "a0")
    room.joins()
    assert room.agent("a0").state == "talking"
    room.ends(call.uuid)
    assert [(row.outcome, row.mode, row.agent) for row in room.ended()] == [("live", "agentless", "a0")]


@pytest.mark.parametrize(("everywhere", "campaign"), [(False, "spring"), (True, "")])
def test_a_key_in_an_agentless_campaign_ends_its_calls_to_a_number(everywhere: bool, campaign: str) -> None:
    nodes = {
        "menu": {"kind": "menu", "prompt": "menu", "options": {"9": "out", "0": "person"}},
        "out": {"kind": "opt_out", "next": "bye", "everywhere": everywhere},
        "bye": {"kind": "hangup", "prompt": "thanks", "reason": "opted out"},
    }
    flow = decode_flow({"id": "word", "start": "menu", "person": "help", "nodes": nodes}, where="test")
    spec = structs.replace(CAMPAIGN, mode=Mode.AGENTLESS, flow="word", queue="", lines_max=1)
    room = Room(centre(spec, flows=(flow,)))
    room.run()
    (call,) = room.calls()
    room.answers(call)
    asked = room.last(PlayAndGetDigits)
    room.event("CHANNEL_EXECUTE_COMPLETE", call.uuid, {asked.variable: "9"}, application_uuid=asked.event_uuid)
    (wish,) = room.of(FactKind.DNC_ASKED)
    assert wish.data["number"] == room.started()[0].number
    assert (wish.data["campaign"], wish.data["source"]) == (campaign, "key")


def test_a_campaign_whose_leads_are_exhausted_is_finished_or_waits_for_more() -> None:
    room = Room(leads=2)
    room.at_work("a0")
    room.run()
    room.passes(10)
    assert [fact.data["state"] for fact in room.of(FactKind.CAMPAIGN_CHANGED)][-1] == "running"
    for call in room.calls():
        room.fails(call, "USER_BUSY")
        room.passes(1)
    room.fails(room.calls()[-1], "USER_BUSY")
    room.passes(10)
    assert [fact.data["state"] for fact in room.of(FactKind.CAMPAIGN_CHANGED)][-2:] == ["draining", "finished"]
    patient = Room(centre(structs.replace(CAMPAIGN, keep_open=True, lists=(ListShare(list="cold"),))), leads=0)
    patient.at_work("a0")
    patient.run()
    patient.passes(60)
    assert [fact.data["state"] for fact in patient.of(FactKind.CAMPAIGN_CHANGED)][-1] == "running"
    told = [fact for fact in patient.of(FactKind.CAMPAIGN_CHANGED) if fact.data["held"]]
    assert [fact.data["held"] for fact in told] == ["no lead may be dialled now"]


@pytest.mark.parametrize(
    ("answer", "for_s", "again_s", "held"),
    [
        ({"failed": "database is locked"}, 60, 15, "the records do not answer; they are asked again"),
        ({"unprepared": True}, 20, 1, "its leads are being put in order"),
    ],
)
def test_records_that_give_no_lead_yet_are_told_of_and_asked_again(
    answer: dict[str, Any], for_s: float, again_s: float, held: str
) -> None:
    class Later(Room):
        ready = False

        def answer_leads(self, action: AboutLeads) -> None:
            if self.ready or not isinstance(action, LeadsWanted):
                super().answer_leads(action)
            else:
                self.tell(LeadsCome(campaign=action.campaign, serial=action.serial, **answer))

    room = Later()
    room.at_work("a0")
    room.run()
    room.passes(for_s)
    assert not room.calls()
    said = [fact.data for fact in room.of(FactKind.CAMPAIGN_CHANGED)][-1]
    assert (said["state"], said["held"]) == ("running", held)
    room.ready = True
    room.passes(again_s)
    assert len(room.calls()) == 1


def test_a_campaign_that_is_held_for_long_keeps_no_leads() -> None:
    room = Room(centre(structs.replace(CAMPAIGN, blending=BlendSpec(waiting=1)), agents=1))
    room.at_work("a0")
    room.run()
    room.fails(room.calls()[0], "USER_BUSY")
    room.tell(SetStatus(agent="a0", by="a0", status="break", reason="tea"))
    room.call("c1", "help")
    room.passes(20)
    assert not room.back
    room.passes(20)
    assert room.back


def test_who_paused_a_campaign_is_on_the_board_as_long_as_it_rests() -> None:
    room = Room(drop_centre())
    room.at_work("a0")
    room.run()
    room.tell(CampaignsAre({"spring": CampaignState.PAUSED}, stopped={"spring": "by sam: the script"}))
    assert room.engine.snapshot().campaigns[0].stopped == "by sam: the script"
    room.run()
    assert room.engine.snapshot().campaigns[0].stopped == ""
