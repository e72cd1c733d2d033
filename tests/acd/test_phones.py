"""A phone that does not take a contact: the delay, the count, the consequence."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsorch.acd.phones import MissCounter, MissKind, Verdict, kind_of
from fsorch.causes import Cause
from fsorch.errors import ConfigError
from fsorch.rules import CauseRule, CauseRules, Consequence, Names, check_causes

MISSED = CauseRule(delay_s=10, limit=3, then=Consequence.BREAK, reason="missed")
BROKEN = CauseRule(delay_s=20, limit=2, then=Consequence.BREAK, reason="missed")
GONE = CauseRule(delay_s=30, limit=1, then=Consequence.LOGOUT, reason="the phone is gone")
RULES = CauseRules(no_answer=MISSED, unregistered=GONE, busy=CauseRule(delay_s=60), failed=BROKEN)


def test_the_limit_brings_the_consequence() -> None:
    counter = MissCounter(RULES)
    verdicts = [counter.missed(MissKind.NO_ANSWER) for _ in range(4)]
    assert verdicts[0] == Verdict(10, why="not answered 1 time")
    assert verdicts[1].then is Consequence.NOTHING
    assert verdicts[2] == Verdict(10, Consequence.BREAK, "missed", "not answered 3 times")
    assert verdicts[3].then is Consequence.BREAK


def test_each_way_counts_for_itself() -> None:
    counter = MissCounter(RULES)
    counter.missed(MissKind.NO_ANSWER)
    counter.missed(MissKind.NO_ANSWER)
    assert counter.missed(MissKind.BUSY) == Verdict(60, why="busy 1 time")
    assert counter.missed(MissKind.UNREGISTERED) == Verdict(
        30, Consequence.LOGOUT, "the phone is gone", "not registered 1 time"
    )
    assert counter.count(MissKind.NO_ANSWER) == 2
    assert counter.count(MissKind.REJECTED) == 0


def test_trouble_of_the_switch_only_delays() -> None:
    counter = MissCounter(RULES)
    assert kind_of(Cause.SWITCH_CONGESTION) is None
    for _ in range(5):
        assert counter.missed(None) == Verdict(20, why="the phone could not be reached")
    assert not any(counter.count(kind) for kind in MissKind)


def test_other_rules_keep_the_counts() -> None:
    counter = MissCounter(CauseRules())
    counter.missed(MissKind.NO_ANSWER)
    counter.missed(MissKind.NO_ANSWER)
    counter.set_rules(RULES)
    assert counter.missed(MissKind.NO_ANSWER).then is Consequence.BREAK


@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        (Cause.USER_BUSY, MissKind.BUSY),
        (Cause.CALL_REJECTED, MissKind.REJECTED),
        (Cause.NO_ANSWER, MissKind.NO_ANSWER),
        (Cause.USER_NOT_REGISTERED, MissKind.UNREGISTERED),
        (Cause.NORMAL_TEMPORARY_FAILURE, MissKind.FAILED),
        (Cause.INCOMPATIBLE_DESTINATION, MissKind.FAILED),
        (Cause.NONE, MissKind.FAILED),
        (Cause.GATEWAY_DOWN, None),
        (Cause.SYSTEM_SHUTDOWN, None),
    ],
)
def test_causes_have_their_kind(cause: Cause, kind: MissKind | None) -> None:
    assert kind_of(cause) is kind


def test_every_kind_has_its_rule() -> None:
    assert set(MissKind) == set(CauseRules.__struct_fields__)


RULE = st.builds(
    CauseRule,
    delay_s=st.integers(1, 60).map(float),
    limit=st.integers(0, 4),
    then=st.sampled_from([Consequence.BREAK, Consequence.LOGOUT]),
    reason=st.just("missed"),
)


@settings(max_examples=100)
@given(
    rules=st.builds(CauseRules, busy=RULE, rejected=RULE, no_answer=RULE, unregistered=RULE, failed=RULE),
    acts=st.lists(st.sampled_from([*MissKind, None, "reset"]), max_size=40),
)
def test_no_consequence_below_a_limit_and_always_a_delay(rules: CauseRules, acts: list[MissKind | str | None]) -> None:
    counter, counts = MissCounter(rules), dict.fromkeys(MissKind, 0)
    for act in acts:
        if act == "reset":
            counter.reset()
            counts = dict.fromkeys(MissKind, 0)
            continue
        kind = None if act is None else MissKind(act)
        verdict = counter.missed(kind)
        assert verdict.delay_s >= 1
        if kind is None:
            assert verdict.then is Consequence.NOTHING
            continue
        counts[kind] += 1
        rule: CauseRule = getattr(rules, kind.value)
        reached = 0 < rule.limit <= counts[kind]
        assert verdict.then is (rule.then if reached else Consequence.NOTHING)
        assert verdict.reason == (rule.reason if reached else "")


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (CauseRule(limit=2), r"rules\.busy\.then is nothing"),
        (CauseRule(then=Consequence.LOGOUT), r"rules\.busy\.limit is 0, so 'logout' never comes"),
        (CauseRule(limit=1, then=Consequence.BREAK), r"rules\.busy\.reason is missing"),
        (
            CauseRule(limit=1, then=Consequence.BREAK, reason="mised"),
            r"rules\.busy\.reason is 'mised'; expected a break reason; did you mean missed",
        ),
    ],
)
def test_a_fault_is_named(rule: CauseRule, said: str) -> None:
    names = Names(breaks=frozenset({"lunch", "missed"}))
    check_causes(RULES, names, "rules")
    with pytest.raises(ConfigError, match=said):
        check_causes(CauseRules(busy=rule), names, "rules")


def test_no_delay_at_all_is_refused() -> None:
    # A phone that fails at once would be dialled without end.
    with pytest.raises(msgspec.ValidationError, match=r"\$\.busy\.delay_s"):
        msgspec.convert({"busy": {"delay_s": 0}}, CauseRules)
