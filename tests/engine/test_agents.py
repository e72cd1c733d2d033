"""What follows an offer that was not taken, wrap-up in all its modes, contacts on demand, breaks that last too long,
and desktops that are gone. The complaints are those of people who use other systems."""

from __future__ import annotations

import msgspec
import pytest

from fsorch.config import AgentSpec, BreakReason, Centre, MembershipSpec, QueueSpec, decode
from fsorch.engine import (
    AgentAway,
    AgentBack,
    EndWrapUp,
    ExtendWrapUp,
    FactKind,
    HangUp,
    LogIn,
    NextContact,
    Recall,
    SetStatus,
    Shift,
)
from fsorch.errors import ConfigError, NotFound, RequestRefused
from fsorch.esl.commands import Originate
from fsorch.names import BreakWeight
from fsorch.rules import AwayRule, CauseRule, CauseRules, Consequence, WrapUpMode, WrapUpSpec
from fsorch.store.recall import follow_shift
from tests.engine.desk import CENTRE, Desk
from tests.engine.dialroom import centre as dial_centre

RULES = CauseRules(
    busy=CauseRule(delay_s=60, limit=2, then=Consequence.BREAK, reason="tea"),
    rejected=CauseRule(delay_s=30, limit=2, then=Consequence.BREAK, reason="lunch"),
    no_answer=CauseRule(delay_s=10, limit=3, then=Consequence.LOGOUT),
    unregistered=CauseRule(delay_s=5),
    failed=CauseRule(delay_s=20, limit=3, then=Consequence.BREAK, reason="tea"),
)


def centre(
    *, wrap_up: WrapUpSpec | None = None, causes: CauseRules | None = None, away: AwayRule | None = None
) -> Centre:
    sales, support = CENTRE.queues
    sales = msgspec.structs.replace(sales, wrap_up=wrap_up, causes=causes)
    return msgspec.structs.replace(CENTRE, queues=(sales, support), away=away)


def desk(agent: str = "ann", **rules: object) -> Desk:
    """One agent at work and a caller in sales who is offered to them."""
    desk = Desk(centre(**rules))  # type: ignore[arg-type]
    desk.log_in(agent)
    desk.call("caller-1", "sales")
    return desk


def miss(desk: Desk, cause: str, *, rings: bool = True) -> None:
    """The last phone that was dialled does not take the call."""
    dial = desk.last(Originate)
    if rings:
        desk.rings(dial.uuid)
    desk.ends(dial.uuid, cause)
    desk.event("BACKGROUND_JOB", job_uuid=dial.job_uuid, body=f"-ERR {cause}\n")


def dials(desk: Desk) -> int:
    return sum(isinstance(command, Originate) for command, _ in desk.sent)


def talk(desk: Desk, caller: str = "caller-1") -> str:
    dial = desk.last(Originate)
    desk.rings(dial.uuid)
    desk.picks_up(dial.uuid, dial.job_uuid)
    desk.bridge(caller, dial.uuid)
    return dial.uuid


def served(desk: Desk, caller: str = "caller-1") -> None:
    """The call that is offered is taken, and both hang up."""
    leg = talk(desk, caller)
    desk.ends(caller)
    desk.ends(leg)


# -- causes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cause", "rings", "way", "delay"),
    [
        ("USER_BUSY", False, "busy", 60),
        ("CALL_REJECTED", True, "rejected", 30),
        ("NO_ANSWER", True, "no_answer", 10),
        ("USER_NOT_REGISTERED", False, "unregistered", 5),
        # Do-not-disturb answers 480 before it rings; the same answer later means that nobody picked up.
        ("NO_USER_RESPONSE", False, "rejected", 30),
        ("NO_USER_RESPONSE", True, "no_answer", 10),
        # What a phone's 500 and 503 come as, its 488, and a cause of which we know no name.
        ("NORMAL_TEMPORARY_FAILURE", False, "failed", 20),
        ("INCOMPATIBLE_DESTINATION", True, "failed", 20),
        ("EXCHANGE_ROUTING_ERROR", False, "failed", 20),
    ],
)
def test_each_cause_has_its_delay_and_is_told_apart(cause: str, rings: bool, way: str, delay: float) -> None:
    bench = desk(causes=RULES)
    miss(bench, cause, rings=rings)
    assert bench.of(FactKind.OFFER_ENDED)[-1].data["way"] == way
    bench.passes(delay - 1)
    assert dials(bench) == 1
    bench.passes(2)
    assert dials(bench) == 2


def test_complaint_6_a_phone_that_is_busy_too_often_sends_its_agent_on_a_break_that_says_why() -> None:
    bench = desk(causes=RULES)
    miss(bench, "USER_BUSY")
    bench.passes(61)
    miss(bench, "USER_BUSY")
    agent = bench.agent("ann")
    assert (agent.status, agent.reason, agent.rule) == ("break", "tea", "busy 2 times")
    changed = bench.of(FactKind.AGENT_CHANGED)[-1]
    assert (changed.data["by"], changed.data["rule"]) == ("rule: busy", "busy 2 times")
    bench.passes(1000)
    assert dials(bench) == 2
    bench.tell(SetStatus(agent="ann", by="ann", status="available"))
    assert bench.agent("ann").rule == ""
    miss(bench, "USER_BUSY")
    assert bench.agent("ann").status == "available"


def test_nobody_at_the_phone_is_logged_out_at_the_limit() -> None:
    bench = desk(causes=RULES)
    for _ in range(3):
        miss(bench, "NO_ANSWER")
        bench.passes(11)
    assert (bench.agent("ann").status, bench.agent("ann").rule) == ("logged_out", "not answered 3 times")
    bench.log_in("ann")
    assert bench.agent("ann").rule == ""


def test_an_answer_begins_the_count_anew() -> None:
    bench = desk(causes=RULES)
    miss(bench, "USER_BUSY")
    bench.passes(61)
    served(bench)
    bench.passes(10)
    bench.call("caller-2", "sales")
    miss(bench, "USER_BUSY")
    assert bench.agent("ann").status == "available"


def test_the_switchs_own_trouble_is_not_held_against_the_agent() -> None:
    bench = desk(causes=RULES)
    for _ in range(5):
        miss(bench, "SWITCH_CONGESTION")
        assert bench.of(FactKind.OFFER_ENDED)[-1].data["way"] == ""
        bench.passes(21)
    assert bench.agent("ann").status == "available"


def test_a_phone_that_fails_too_often_sends_its_agent_on_a_break_that_says_why() -> None:
    bench = desk(causes=RULES)
    for _ in range(3):
        assert bench.agent("ann").status == "available"
        miss(bench, "NORMAL_TEMPORARY_FAILURE", rings=False)
        bench.passes(21)
    agent = bench.agent("ann")
    assert (agent.status, agent.reason, agent.rule) == ("break", "tea", "failed 3 times")
    assert dials(bench) == 3


@pytest.mark.parametrize("told", [True, False])
def test_who_picks_up_only_to_hang_up_has_rejected_the_call(told: bool) -> None:
    bench = desk(causes=RULES)
    for _ in range(2):
        if told:
            bench.event("CHANNEL_ANSWER", bench.last(Originate).uuid)
        miss(bench, "NORMAL_CLEARING")
        assert bench.of(FactKind.OFFER_ENDED)[-1].data["way"] == "rejected"
        bench.passes(31)
    assert (bench.agent("ann").status, bench.agent("ann").rule) == ("break", "rejected 2 times")


def test_an_agents_rules_come_before_the_queues() -> None:
    ann, rob = CENTRE.agents
    own = CauseRules(busy=CauseRule(limit=1, then=Consequence.LOGOUT))
    plan = msgspec.structs.replace(centre(causes=RULES), agents=(msgspec.structs.replace(ann, causes=own), rob))
    bench = Desk(plan)
    bench.log_in("ann")
    bench.call("caller-1", "sales")
    miss(bench, "USER_BUSY")
    assert bench.agent("ann").status == "logged_out"


def test_complaint_4_an_agent_who_is_not_there_does_not_halt_the_others() -> None:
    """Ann is first and her phone is gone: rob is asked at once, and she again when her time has come."""
    bench = Desk(centre(causes=RULES))
    bench.log_in("ann", "rob")
    for n in range(6):
        bench.call(f"caller-{n}", "sales")
        if bench.of(FactKind.OFFER_MADE)[-1].agent == "ann":
            miss(bench, "USER_NOT_REGISTERED", rings=False)
        assert bench.of(FactKind.OFFER_MADE)[-1].agent == "rob"
        served(bench, f"caller-{n}")
        bench.passes(10.5)


def test_complaint_5_a_choice_during_an_offer_neither_loops_nor_is_lost() -> None:
    bench = desk(causes=RULES)
    bench.rings(bench.last(Originate).uuid)
    for _ in range(20):
        bench.tell(SetStatus(agent="ann", by="ann", status="break", reason="tea"))
        bench.tell(SetStatus(agent="ann", by="ann", status="available"))
    bench.tell(SetStatus(agent="ann", by="ann", status="break", reason="tea"))
    assert dials(bench) == 1
    miss(bench, "NO_ANSWER", rings=False)
    assert (bench.agent("ann").status, bench.agent("ann").reason) == ("break", "tea")
    assert dials(bench) == 1


def test_complaint_5_a_phone_that_redirects_is_not_dialled_in_a_loop() -> None:
    sales, support = CENTRE.queues
    hasty = msgspec.structs.replace(CENTRE, queues=(msgspec.structs.replace(sales, miss_delay_s=0), support))
    bench = Desk(hasty)
    bench.log_in("ann")
    bench.call("caller-1", "sales")
    for _ in range(10):
        miss(bench, "REDIRECTION_TO_NEW_DESTINATION", rings=False)
        before = dials(bench)
        bench.passes(0.9)
        assert dials(bench) == before
        bench.passes(0.2)


def test_a_rule_does_not_overrule_a_wish() -> None:
    bench = desk(causes=CauseRules(rejected=CauseRule(limit=1, then=Consequence.LOGOUT)))
    bench.tell(SetStatus(agent="ann", by="ann", status="break", reason="lunch"))
    bench.tell(HangUp(agent="ann", by="ann"))
    assert (bench.agent("ann").status, bench.agent("ann").reason, bench.agent("ann").rule) == ("break", "lunch", "")


# -- wrap-up --------------------------------------------------------------------------------------------------------


def in_wrap_up(spec: WrapUpSpec) -> Desk:
    bench = desk(wrap_up=spec)
    served(bench)
    return bench


def test_fixed_wrap_up_is_not_ended_early() -> None:
    bench = in_wrap_up(WrapUpSpec(mode=WrapUpMode.FIXED, seconds=20))
    assert (bench.agent("ann").wrap_up_may_end, bench.agent("ann").wrap_up_more_s) == (False, 0.0)
    bench.passes(5)
    with pytest.raises(RequestRefused, match="15 s are left"):
        bench.tell(EndWrapUp(agent="ann", by="ann"))
    bench.passes(15)
    assert bench.agent("ann").state == "idle"


def test_manual_wrap_up_lasts_until_the_agent_says_so() -> None:
    bench = in_wrap_up(WrapUpSpec(mode=WrapUpMode.MANUAL))
    bench.passes(5000)
    agent = bench.agent("ann")
    assert (agent.state, agent.wrap_up_until, agent.wrap_up_may_end) == ("wrap_up", 0, True)
    assert bench.of(FactKind.WRAP_UP_BEGAN)[-1].data["mode"] == "manual"
    bench.tell(EndWrapUp(agent="ann", by="ann"))
    assert bench.agent("ann").state == "idle"
    assert bench.of(FactKind.SEGMENT_ENDED)[-1].data["row"]["kind"] == "wrap_up"


def test_boxed_wrap_up_may_end_early_or_not() -> None:
    bench = in_wrap_up(WrapUpSpec(mode=WrapUpMode.BOXED, seconds=20))
    bench.tell(EndWrapUp(agent="ann", by="ann"))
    assert bench.agent("ann").state == "idle"
    strict = in_wrap_up(WrapUpSpec(mode=WrapUpMode.BOXED, seconds=20, may_end_early=False))
    with pytest.raises(RequestRefused, match="not ended early"):
        strict.tell(EndWrapUp(agent="ann", by="ann"))


def test_more_time_on_request_up_to_the_longest() -> None:
    bench = in_wrap_up(WrapUpSpec(mode=WrapUpMode.EXTENSION, seconds=10, extension_s=10, max_s=25))
    assert bench.agent("ann").wrap_up_more_s == 10
    bench.tell(ExtendWrapUp(agent="ann", by="ann"))
    assert bench.agent("ann").wrap_up_more_s == 5
    bench.tell(ExtendWrapUp(agent="ann", by="ann"))
    assert bench.agent("ann").wrap_up_more_s == 0
    with pytest.raises(RequestRefused, match="longest"):
        bench.tell(ExtendWrapUp(agent="ann", by="ann"))
    assert [fact.data["by"] for fact in bench.of(FactKind.WRAP_UP_EXTENDED)] == ["ann", "ann"]
    bench.passes(24.5)
    assert bench.agent("ann").state == "wrap_up"
    bench.passes(1)
    assert bench.agent("ann").state == "idle"
    with pytest.raises(RequestRefused, match="there is none"):
        bench.tell(ExtendWrapUp(agent="ann", by="ann"))


def test_complaint_10_wrap_up_holds_in_all_queues_of_the_agent() -> None:
    """Ann serves sales and support; the wrap-up of a sales call keeps support's callers away as well."""
    bench = in_wrap_up(WrapUpSpec(mode=WrapUpMode.FIXED, seconds=20))
    bench.call("caller-2", "support")
    bench.call("caller-3", "sales")
    bench.passes(19)
    assert dials(bench) == 1
    assert bench.agent("ann").status == "available"
    bench.passes(1.5)
    assert dials(bench) == 2


# -- on demand ------------------------------------------------------------------------------------------------------


def test_on_demand_each_contact_is_asked_for() -> None:
    bench = Desk()
    bench.log_in("ann")
    bench.tell(SetStatus(agent="ann", by="ann", status="available", on_demand=True))
    bench.call("caller-1", "support")
    served(bench)
    bench.call("caller-2", "support")
    agent = bench.agent("ann")
    assert (agent.status, agent.state, agent.unready) == ("available", "idle", "asks for each contact")
    assert dials(bench) == 1
    bench.tell(NextContact(agent="ann", by="ann"))
    assert dials(bench) == 2
    talk(bench, "caller-2")
    bench.tell(NextContact(agent="ann", by="ann"))
    assert bench.agent("ann").next_wanted
    bench.call("caller-3", "support")
    bench.ends("caller-2")
    bench.ends(bench.last(Originate).uuid)
    assert dials(bench) == 3
    bench.tell(SetStatus(agent="ann", by="ann", status="available"))
    with pytest.raises(RequestRefused, match="not available on demand"):
        bench.tell(NextContact(agent="ann", by="ann"))


def test_on_demand_outlives_a_restart() -> None:
    bench = Desk()
    bench.log_in("ann")
    bench.tell(SetStatus(agent="ann", by="ann", status="available", on_demand=True))
    told = bench.of(FactKind.AGENT_CHANGED)[-1].data
    again = Desk()
    again.tell(Recall(shifts=(Shift("ann", "available", on_demand=told["on_demand"]),)))
    assert again.agent("ann").on_demand


# -- breaks ---------------------------------------------------------------------------------------------------------


def test_complaint_17_a_break_shows_its_reason_its_time_and_that_it_is_too_long() -> None:
    bench = Desk(msgspec.structs.replace(CENTRE, breaks=(BreakReason(id="tea", max_s=600), BreakReason(id="lunch"))))
    bench.log_in("ann")
    bench.tell(SetStatus(agent="ann", by="ann", status="break", reason="tea"))
    agent = bench.agent("ann")
    assert (agent.reason, agent.break_until - agent.status_since, agent.overrun) == ("tea", 600_000_000, False)
    bench.passes(601)
    assert bench.agent("ann").overrun
    assert (bench.agent("ann").status, bench.agent("ann").reason) == ("break", "tea")
    (fact,) = bench.of(FactKind.BREAK_OVERRUN)
    assert (fact.agent, fact.data["reason"], fact.data["max_s"]) == ("ann", "tea", 600)
    bench.tell(SetStatus(agent="ann", by="ann", status="break", reason="lunch"))
    assert (bench.agent("ann").overrun, bench.agent("ann").break_until) == (False, 0)


def test_complaint_17_the_time_in_breaks_is_counted_by_weight_and_over_a_restart() -> None:
    """roramirez/qpanel #280: the reason of a pause, and the time in pauses, cannot be seen."""
    weights = {"tea": BreakWeight.BAD, "training": BreakWeight.GOOD, "lunch": BreakWeight.NEUTRAL}
    breaks = tuple(BreakReason(id=id, weight=weight) for id, weight in weights.items())
    bench = Desk(msgspec.structs.replace(CENTRE, breaks=breaks))
    assert {one.id: one.weight for one in bench.engine.snapshot().breaks} == weights
    bench.log_in("ann")
    for reason, lasts_s in (("tea", 60), ("training", 100), ("tea", 20)):
        bench.tell(SetStatus(agent="ann", by="ann", status="break", reason=reason))
        assert bench.agent("ann").break_weight == weights[reason]
        bench.passes(lasts_s)
    bench.tell(SetStatus(agent="ann", by="ann", status="break", reason="lunch"))
    assert bench.agent("ann").breaks_us == {"bad": 80_000_000, "good": 100_000_000}
    shifts: dict[str, Shift] = {}
    for fact in bench.facts:
        follow_shift(shifts, fact)
    again = Desk(msgspec.structs.replace(CENTRE, breaks=breaks))
    again.tell(Recall(shifts=(shifts["ann"],)))
    assert again.agent("ann").breaks_us == {"bad": 80_000_000, "good": 100_000_000}
    assert (again.agent("ann").reason, again.agent("ann").break_weight) == ("lunch", "neutral")
    assert again.agent("ann").status_since == bench.agent("ann").status_since
    bench.passes(300)
    bench.tell(SetStatus(agent="ann", by="ann", status="available"))
    agent = bench.agent("ann")
    assert (agent.breaks_us["neutral"], agent.break_weight) == (300_000_000, "")


def test_a_reason_of_a_campaign_is_for_those_who_work_for_it() -> None:
    reasons = (BreakReason(id="tea"), BreakReason(id="script", campaigns=("spring",)))
    outside = AgentSpec(id="b", phone="user/1", queues=(MembershipSpec(queue="help"),))
    room = dial_centre(breaks=reasons)
    bench = Desk(msgspec.structs.replace(room, agents=(*room.agents, outside)))
    by_id = {one.id: one for one in bench.engine.snapshot().breaks}
    assert (by_id["tea"].queues, by_id["script"].queues) == (None, ("out",))
    for agent in ("a0", "b"):
        bench.tell(LogIn(agent=agent, by=agent))
    bench.tell(SetStatus(agent="a0", by="a0", status="break", reason="script"))
    assert bench.agent("a0").reason == "script"
    with pytest.raises(NotFound, match="script"):
        bench.tell(SetStatus(agent="b", by="b", status="break", reason="script"))
    with pytest.raises(RequestRefused, match="tea"):
        bench.tell(SetStatus(agent="b", by="b", status="break"))
    assert bench.agent("b").status == "available"


def test_a_reason_of_a_campaign_that_is_not_there_is_a_fault() -> None:
    file = {"queues": [{"id": "sales"}], "breaks": [{"id": "tea", "campaigns": ["sprint"]}]}
    with pytest.raises(ConfigError, match=r"breaks\[0\]\.campaigns\[0\] is 'sprint'; expected a campaign with agents"):
        decode(file, Centre, where="centre.yaml")
    with pytest.raises(ConfigError, match=r"breaks\[0\]\.weight"):
        decode(file | {"breaks": [{"id": "tea", "weight": "great"}]}, Centre, where="centre.yaml")


# -- desktops -------------------------------------------------------------------------------------------------------

AWAY = AwayRule(after_s=30, reason="tea")


def test_a_desktop_that_stays_away_is_a_break_by_a_named_rule() -> None:
    bench = Desk(centre(away=AWAY))
    bench.log_in("ann")
    bench.tell(AgentAway(agent="ann", by="web"))
    bench.passes(29)
    bench.tell(AgentBack(agent="ann", by="web"))
    bench.passes(60)
    assert bench.agent("ann").status == "available"
    bench.tell(AgentAway(agent="ann", by="web"))
    bench.passes(31)
    agent = bench.agent("ann")
    assert (agent.status, agent.reason, agent.rule) == ("break", "tea", "the desktop has been gone for 30 s")
    assert bench.of(FactKind.AGENT_CHANGED)[-1].data["by"] == "rule: away"
    bench.tell(AgentBack(agent="ann", by="web"))
    assert bench.agent("ann").status == "break"


def test_a_desktop_that_goes_in_a_call_costs_no_call() -> None:
    bench = desk(away=AWAY)
    leg = talk(bench)
    bench.tell(AgentAway(agent="ann", by="web"))
    bench.passes(40)
    assert bench.agent("ann").state == "talking"
    bench.ends("caller-1")
    bench.ends(leg)
    bench.passes(11)
    assert (bench.agent("ann").status, bench.agent("ann").reason) == ("break", "tea")


def restarted(bench: Desk) -> Desk:
    """The same room after a restart of ours."""
    shifts: dict[str, Shift] = {}
    for fact in bench.facts:
        follow_shift(shifts, fact)
    again = Desk(centre(away=AWAY))
    again.tell(Recall(shifts=tuple(shifts.values())))
    return again


@pytest.mark.parametrize("gone", [False, True], ids=["there", "gone just now"])
def test_a_desktop_that_does_not_come_back_after_a_restart_is_gone(gone: bool) -> None:
    bench = Desk(centre(away=AWAY))
    bench.tell(AgentBack(agent="ann", by="web"))
    bench.log_in("ann", "rob")
    if gone:
        bench.tell(AgentAway(agent="ann", by="web"))
        bench.passes(10)
    back, lost = restarted(bench), restarted(bench)
    for again in (back, lost):
        again.passes(29)
        assert again.agent("ann").status == "available"
    back.tell(AgentBack(agent="ann", by="web"))
    for again in (back, lost):
        again.passes(10)
    assert (back.agent("ann").status, lost.agent("ann").status) == ("available", "break")
    # Rob works without a page.
    assert lost.agent("rob").status == "available"


def test_a_desktop_that_was_gone_before_work_is_not_missed_after_a_restart() -> None:
    bench = Desk(centre(away=AWAY))
    bench.tell(AgentBack(agent="ann", by="web"))
    bench.tell(AgentAway(agent="ann", by="web"))
    bench.log_in("ann")
    again = restarted(bench)
    again.passes(100)
    assert again.agent("ann").status == "available"


def test_without_the_rule_a_lost_desktop_is_nothing() -> None:
    bench = Desk()
    bench.log_in("ann")
    bench.tell(AgentAway(agent="ann", by="web"))
    bench.passes(10_000)
    assert bench.agent("ann").status == "available"


# -- the centre file ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("queue", "more", "told"),
    [
        ({"wrap_up": {"mode": "extension"}}, {}, r"queues\[0\]\.wrap_up\.extension_s is 0"),
        ({"causes": {"busy": {"limit": 2}}}, {}, r"queues\[0\]\.causes\.busy\.then is nothing"),
        ({}, {"away": {"reason": "tee"}}, r"away\.reason is 'tee'; expected a break reason"),
    ],
)
def test_a_rule_that_says_nothing_is_refused(queue: dict[str, object], more: dict[str, object], told: str) -> None:
    file = {"queues": [{"id": "sales", **queue}], "breaks": [{"id": "tea"}], **more}
    with pytest.raises(ConfigError, match=told):
        decode(file, Centre, where="centre.yaml")


def test_an_agent_is_a_plain_agent_without_rules() -> None:
    plan = Centre(
        queues=(QueueSpec(id="sales"),),
        agents=(AgentSpec(id="ann", phone="user/1", queues=(MembershipSpec(queue="sales"),)),),
    )
    bench = Desk(plan)
    bench.log_in("ann")
    agent = bench.agent("ann")
    assert (agent.unready, agent.rule, agent.on_demand, agent.break_until) == ("", "", False, 0)
