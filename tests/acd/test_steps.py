"""Steps: when they are due, in which order, how often, and what they make of a need."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsorch.acd.pool import Need
from fsorch.acd.steps import QueueFacts, Ran, StepSession, changed, ends_wait, next_prompt
from fsorch.demands import NOTHING, demand_of, fulfils
from fsorch.errors import ConfigError
from fsorch.rules import (
    Action,
    AddSkill,
    Announce,
    AnyAgent,
    AskSkills,
    DropSkill,
    LowerPriority,
    LowerSkill,
    Names,
    OfferCallback,
    Overflow,
    OverflowTo,
    PromptOrder,
    RaisePriority,
    Range,
    StepPlan,
    StepSpec,
    Voicemail,
    When,
    Widen,
    check_steps,
)

NEED = Need(
    contact="c",
    queues=("sales",),
    enqueued_at=0,
    since=100.0,
    priority=4,
    skills=demand_of({"french": 3, "german": 2}),
    own=demand_of({"german": 2}),
)
BUSY = QueueFacts(
    agents_available=0, agents_eligible=2, agents_present=4, position=3, waiting=7, estimated_wait_s=120.0
)
NAMES = Names(
    queues=frozenset({"sales", "support"}),
    flows=frozenset({"main"}),
    skills=frozenset({"french", "german"}),
    prompts=frozenset({"sorry"}),
)


def session(*steps: StepSpec, after: float | None = None, ran: dict[int, Ran] | None = None) -> StepSession:
    return StepSession(StepPlan(steps=steps, anyone_after_s=after), NEED, ran)


def taken(session: StepSession, now: float, facts: QueueFacts = BUSY) -> list[int]:
    return [action.step for action in session.due(now, facts)]


def test_a_step_is_taken_at_its_time_and_once() -> None:
    steps = session(StepSpec(when=When(waited_s=30), do=DropSkill(skill="french")))
    assert steps.next_time(100.0) == 130.0
    assert taken(steps, 129.9) == []
    (action,) = steps.due(130.0, BUSY)
    assert (action.do, action.why) == (DropSkill(skill="french"), "waited 30 s")
    assert taken(steps, 131.0) == []
    assert steps.next_time(131.0) is None


def test_a_step_without_conditions_is_due_at_once() -> None:
    (action,) = session(StepSpec(do=OfferCallback())).due(100.0, BUSY)
    assert action.why == "on joining"


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        (When(agents_available=Range(below=1)), True),
        (When(agents_available=Range(above=0)), False),
        (When(agents_present=Range(above=3, below=5)), True),
        (When(agents_eligible=Range(below=3)), True),
        (When(agents_eligible=Range(below=2)), False),
        (When(position=Range(above=3)), False),
        (When(waiting=Range(above=5), estimated_wait_s=Range(above=60)), True),
        (When(waiting=Range(above=5), estimated_wait_s=Range(below=60)), False),
    ],
)
def test_all_conditions_must_hold(when: When, holds: bool) -> None:
    assert bool(taken(session(StepSpec(when=when, do=OfferCallback())), 100.0)) is holds


def test_an_unknown_estimate_meets_no_condition() -> None:
    facts = msgspec.structs.replace(BUSY, estimated_wait_s=None)
    for bounds in (Range(above=0), Range(below=1e9)):
        assert not taken(session(StepSpec(when=When(estimated_wait_s=bounds), do=OfferCallback())), 100.0, facts)


def test_why_names_the_values() -> None:
    when = When(waited_s=20, position=Range(above=2), agents_available=Range(below=1))
    (action,) = session(StepSpec(when=when, do=OfferCallback())).due(120.0, BUSY)
    assert action.why == "waited 20 s, agents available 0, position 3"


def test_a_repeated_step_keeps_its_interval() -> None:
    steps = session(StepSpec(when=When(waited_s=10), do=Announce(prompt="sorry"), every_s=30))
    assert taken(steps, 110.0) == [0]
    assert steps.next_time(110.0) == 140.0
    assert taken(steps, 139.0) == []
    assert taken(steps, 200.0) == [0]  # several are missed: one is made up for
    assert taken(steps, 200.0) == []


def test_the_end_of_a_wait_is_the_end_of_the_steps() -> None:
    steps = session(
        StepSpec(do=RaisePriority(by=1)),
        StepSpec(do=Voicemail()),
        StepSpec(do=Announce(prompt="sorry"), every_s=5),
        after=0,
    )
    assert taken(steps, 100.0) == [0, 1]
    assert steps.over
    assert taken(steps, 1000.0) == []
    assert steps.next_time(100.0) is None
    assert session(StepSpec(do=RaisePriority(by=1)), StepSpec(do=Voicemail()), ran=steps.ran).over


def test_exhausted_steps_lead_to_anyone_once() -> None:
    steps = session(
        StepSpec(when=When(waited_s=10), do=DropSkill(skill="french")),
        StepSpec(when=When(waited_s=20), do=Announce(prompt="sorry"), every_s=7),
        after=15,
    )
    assert steps.due(110.0, BUSY)[0].step == 0
    assert steps.next_time(124.0) == 125.0
    last = steps.due(125.0, BUSY)
    assert [(action.step, action.do) for action in last] == [(1, Announce(prompt="sorry")), (2, AnyAgent())]
    assert taken(steps, 126.0) == []


def test_a_plan_goes_on_after_a_restart() -> None:
    plan = (
        StepSpec(when=When(waited_s=10), do=DropSkill(skill="french")),
        StepSpec(do=Announce(prompt="sorry"), every_s=30),
    )
    before = session(*plan, after=100)
    assert taken(before, 110.0) == [0, 1]
    restarted = Need(contact="c", queues=("sales",), enqueued_at=0, since=-5000.0)
    after = StepSession(StepPlan(steps=plan, anyone_after_s=100), restarted, before.ran)
    assert taken(after, -5000.0 + 20) == []
    assert after.next_time(-5000.0 + 20) == -5000.0 + 40


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        (DropSkill(skill="french"), {"skills": demand_of({"german": 2})}),
        (DropSkill(skill="german"), {"skills": demand_of({"french": 3}), "own": NOTHING}),
        (DropSkill(skill="dutch"), {}),
        (LowerSkill(skill="french", by=1), {"skills": demand_of({"french": 2, "german": 2})}),
        (LowerSkill(skill="french", by=5), {"skills": demand_of({"french": 1, "german": 2})}),
        (LowerSkill(skill="german", to=4), {}),
        (LowerSkill(skill="french", to=2), {"skills": demand_of({"french": 2, "german": 2})}),
        (AddSkill(skill="dutch", level=2), {"skills": demand_of({"french": 3, "german": 2, "dutch": 2})}),
        (AddSkill(skill="french", level=4), {"skills": demand_of({"french": 4, "german": 2})}),
        (AddSkill(skill="french"), {}),
        (AskSkills(skills="dutch or french"), {"skills": demand_of("german >= 2 and (dutch or french)")}),
        (AskSkills(skills={"french": 3}), {}),
        (AnyAgent(), {"skills": NOTHING, "own": NOTHING}),
        (Widen(queue="support"), {"queues": ("sales", "support")}),
        (Widen(queue="sales"), {}),
        (RaisePriority(by=2), {"priority": 6}),
        (RaisePriority(to=5), {"priority": 5}),
        (RaisePriority(to=-1), {}),
        (RaisePriority(by=2000), {"priority": 999}),
        (LowerPriority(by=3), {"priority": 1}),
        (LowerPriority(by=9), {"priority": 0}),
        (LowerPriority(to=1), {"priority": 1}),
        (LowerPriority(to=7), {}),
        (Announce(prompt="sorry"), {}),
        (Overflow(to=OverflowTo.HANGUP), {}),
    ],
)
def test_what_a_step_makes_of_a_need(action: Action, fields: dict[str, object]) -> None:
    after = changed(NEED, action)
    assert after == msgspec.structs.replace(NEED, **fields)
    assert fields or after is NEED


# -- properties -----------------------------------------------------------------------------------------------------

RANGES = st.none() | st.builds(Range, below=st.none() | st.integers(0, 5), above=st.none() | st.integers(0, 5))
WHENS = st.builds(When, waited_s=st.integers(0, 60).map(float), agents_available=RANGES, position=RANGES)
SKILL = st.sampled_from(["french", "german"])
WISHES = st.sampled_from(["french or german", "not german", "french >= 2 and not german >= 3"])
ONCE = st.one_of(
    st.builds(DropSkill, skill=SKILL),
    st.builds(Widen, queue=st.just("support")),
    st.just(AnyAgent()),
    st.builds(AddSkill, skill=SKILL, level=st.integers(1, 5)),
    st.builds(AskSkills, skills=WISHES),
    st.just(Overflow(to=OverflowTo.QUEUE, name="support")),
)
AGAIN = st.one_of(
    st.builds(LowerSkill, skill=SKILL, by=st.integers(1, 5)),
    st.builds(RaisePriority, by=st.integers(1, 3)),
    st.builds(LowerPriority, by=st.integers(1, 3)),
    st.just(Announce(prompt="sorry")),
)
STEPS = st.one_of(
    st.builds(StepSpec, when=WHENS, do=ONCE | AGAIN),
    st.builds(StepSpec, when=WHENS, do=AGAIN, every_s=st.integers(1, 20).map(float)),
)
PLANS = st.builds(
    StepPlan, steps=st.lists(STEPS, max_size=5).map(tuple), anyone_after_s=st.none() | st.integers(0, 30).map(float)
)
FACTS = st.builds(QueueFacts, agents_available=st.integers(0, 5), position=st.integers(1, 5))
VISITS = st.lists(st.tuples(st.floats(0, 15), FACTS), max_size=25)


def fork(steps: StepSession, plan: StepPlan) -> StepSession:
    """The same session, to try things on."""
    return StepSession(plan, NEED, steps.ran)


def check_change(do: Action, before: Need, after: Need) -> None:
    """A step changes what it says and nothing else, in the direction it says."""
    people = [{"french": french, "german": german} for french in range(6) for german in range(6)]
    was = [fulfils(has, before.skills) for has in people]
    now = [fulfils(has, after.skills) for has in people]
    if isinstance(do, DropSkill | LowerSkill | AnyAgent):
        assert all(now for was, now in zip(was, now, strict=True) if was)
    elif isinstance(do, AddSkill):
        assert all(has[do.skill] >= do.level for has, fits in zip(people, now, strict=True) if fits)
    elif not isinstance(do, AskSkills):
        assert was == now
    assert after.priority >= before.priority or isinstance(do, LowerPriority)
    assert after.priority <= before.priority or isinstance(do, RaisePriority)
    assert 0 <= after.priority <= 999
    assert set(before.queues) <= set(after.queues)


@settings(max_examples=150)
@given(plan=PLANS, visits=VISITS)
def test_no_step_comes_early_twice_too_often_or_out_of_order(
    plan: StepPlan, visits: list[tuple[float, QueueFacts]]
) -> None:
    steps, now, need = StepSession(plan, NEED), NEED.since, NEED
    last: dict[int, float] = {}
    ended = False
    for wait, facts in visits:
        now += wait
        actions = steps.due(now, facts)
        assert [action.step for action in actions] == sorted({action.step for action in actions})
        assert not (ended and actions)
        for action in actions:
            assert not ended
            if action.step < len(plan.steps):
                spec = plan.steps[action.step]
                assert now - NEED.since >= spec.when.waited_s - 1e-9
                assert spec.when.position is None or spec.when.position.holds(facts.position)
                if action.step in last:
                    assert spec.every_s > 0
                    assert now - last[action.step] >= spec.every_s - 1e-9
            else:
                assert action.step not in last
                assert all(n in last for n, spec in enumerate(plan.steps) if not spec.every_s)
            last[action.step] = now
            ended = ends_wait(action.do)
            after = changed(need, action.do)
            check_change(action.do, need, after)
            need = after
        assert steps.due(now, facts) == []
        following = steps.next_time(now)
        assert following is None or following > now
        if not steps.watches(now):  # no change of the queue makes anything due before that
            between = now + 5 if following is None else (now + following) / 2
            assert not any(fork(steps, plan).due(between, one) for _, one in visits)


@settings(max_examples=100)
@given(plan=PLANS)
def test_the_next_time_is_when_something_is_due(plan: StepPlan) -> None:
    timed = StepPlan(
        steps=tuple(msgspec.structs.replace(step, when=When(waited_s=step.when.waited_s)) for step in plan.steps),
        anyone_after_s=plan.anyone_after_s,
    )
    steps, now = StepSession(timed, NEED), NEED.since
    steps.due(now, BUSY)
    for _ in range(20):
        following = steps.next_time(now)
        if following is None:
            assert steps.due(now + 1e6, BUSY) == []
            return
        assert steps.due((now + following) / 2, BUSY) == []
        assert steps.due(following, BUSY)
        now = following


# -- faults in a file -----------------------------------------------------------------------------------------------


def read(step: dict[str, object]) -> StepPlan:
    return msgspec.convert({"steps": [step]}, StepPlan)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (
            {"do": {"act": "drop_skill", "skill": "frnech"}},
            r"q\.steps\[0\]\.do\.skill is 'frnech'.*mean french",
        ),
        ({"do": {"act": "widen", "queue": "suport"}}, r"do\.queue is 'suport'; expected a queue; did you mean support"),
        ({"do": {"act": "voicemail", "queue": "x"}}, r"do\.queue is 'x'; expected a queue \(there: sales, support\)"),
        ({"do": {"act": "lower_skill", "skill": "french"}}, r"do needs either 'to' or 'by'"),
        ({"do": {"act": "raise_priority", "to": 1, "by": 1}}, r"do needs either 'to' or 'by'"),
        ({"do": {"act": "lower_priority"}}, r"do needs either 'to' or 'by'"),
        ({"do": {"act": "add_skill", "skill": "germn"}}, r"do\.skill is 'germn'.*mean german"),
        (
            {"do": {"act": "ask_skills", "skills": "french or germn >= 2"}},
            r"steps\[0\]\.do\.skills, column 11: there is no skill 'germn'; did you mean german",
        ),
        ({"do": {"act": "ask_skills", "skills": {"germn": 2}}}, r"do\.skills\.germn is 'germn'.*mean german"),
        ({"do": {"act": "add_skill", "skill": "german"}, "every_s": 5}, r"every_s is 5, but add_skill is done once"),
        ({"do": {"act": "announce", "prompt": "sory"}}, r"do\.prompt is 'sory'; expected a prompt; did you mean sorry"),
        ({"do": {"act": "overflow", "to": "queue"}}, r"do\.name is ''; expected a queue"),
        ({"do": {"act": "overflow", "to": "flow", "name": "mian"}}, r"did you mean main"),
        ({"do": {"act": "overflow", "to": "number", "name": "12;34"}}, r"do\.name is '12;34'; expected a number"),
        ({"do": {"act": "overflow", "to": "message"}}, r"do\.name is missing"),
        ({"do": {"act": "overflow", "to": "hangup", "name": "x"}}, r"a hangup has none"),
        ({"do": {"act": "any_agent"}, "every_s": 5}, r"every_s is 5, but any_agent is done once"),
        ({"do": {"act": "offer_callback"}, "every_s": 0.5}, r"every_s is 0\.5; expected 0"),
        ({"do": {"act": "any_agent"}, "when": {"position": {}}}, r"when\.position is empty"),
        (
            {"do": {"act": "any_agent"}, "when": {"waiting": {"above": 5, "below": 5}}},
            r"when\.waiting can never hold",
        ),
    ],
)
def test_a_fault_is_named(step: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        check_steps(read(step), NAMES, "q")


@pytest.mark.parametrize(
    "step",
    [
        {"do": {"act": "drop_skil", "skill": "french"}},
        {"do": {"act": "drop_skill", "skill": "french", "level": 1}},
        {"do": {"act": "any_agent"}, "when": {"waited_s": -1}},
        {"do": {"act": "lower_skill", "skill": "french", "to": 6}},
        {"do": {"act": "any_agent"}, "evry_s": 5},
        {"do": {"act": "add_skill", "skill": "french", "level": 0}},
        {"do": {"act": "ask_skills", "skills": {"french": 7}}},
        {"do": {"act": "lower_priority", "to": -1}},
    ],
)
def test_a_wrong_shape_is_refused(step: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError, match=r"\$\.steps\[0\]"):
        read(step)


def test_good_steps_pass() -> None:
    plan = msgspec.convert(
        {
            "steps": [
                {"when": {"waited_s": 20}, "do": {"act": "lower_skill", "skill": "french", "by": 1}, "every_s": 20},
                {
                    "when": {"waited_s": 60, "agents_available": {"below": 1}},
                    "do": {"act": "widen", "queue": "support"},
                },
                {"when": {"waited_s": 60}, "do": {"act": "lower_priority", "by": 1}, "every_s": 30},
                {"when": {"agents_eligible": {"below": 1}}, "do": {"act": "ask_skills", "skills": "french or german"}},
                {"when": {"waited_s": 70}, "do": {"act": "add_skill", "skill": "german", "level": 2}},
                {"when": {"waited_s": 90}, "do": {"act": "overflow", "to": "number", "name": "+4930123"}},
                {"when": {"waited_s": 99}, "do": {"act": "voicemail"}},
            ],
            "anyone_after_s": 30,
        },
        StepPlan,
    )
    check_steps(plan, NAMES, "q")
    assert msgspec.convert(msgspec.to_builtins(plan), StepPlan) == plan


# -- several prompts ------------------------------------------------------------------------------------------------


def heard(act: Announce, times: int, who: str = "c") -> list[str]:
    said: list[str] = []
    for n in range(times):
        said.append(next_prompt(act, said[-1] if said else "", n, who))
    return said


def test_prompts_in_turn() -> None:
    assert heard(Announce(prompt="a", more=("b", "c")), 5) == ["a", "b", "c", "a", "b"]
    assert heard(Announce(prompt="a"), 3) == ["a", "a", "a"]


@given(st.integers(1, 5), st.text(max_size=8))
def test_random_prompts_are_all_heard_and_none_twice_in_a_row(number: int, who: str) -> None:
    names = [f"p{n}" for n in range(number)]
    said = heard(Announce(prompt=names[0], more=tuple(names[1:]), order=PromptOrder.RANDOM), 200, who)
    assert set(said) == set(names)
    assert number == 1 or all(one != other for one, other in zip(said, said[1:], strict=False))
    assert said == heard(Announce(prompt=names[0], more=tuple(names[1:]), order=PromptOrder.RANDOM), 200, who)


def test_each_of_several_prompts_is_checked() -> None:
    plan = StepPlan(steps=(StepSpec(when=When(waited_s=1), do=Announce(prompt="sorry", more=("sory",)), every_s=5),))
    with pytest.raises(ConfigError, match=r"more\[0\].*sorry"):
        check_steps(plan, NAMES, "steps")
