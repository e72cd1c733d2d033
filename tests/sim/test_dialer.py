"""The dialler in virtual time: the same people for every pacer, and sums that add up."""

from __future__ import annotations

from collections.abc import Hashable

import msgspec
import pytest

from fsorch.campaign.pacing import PACERS
from fsorch.campaign.pacing_rules import Progressive
from fsorch.sim.dialer_compare import compare, summed
from fsorch.sim.dialer_run import run
from fsorch.sim.dialer_traffic import DialerPlan, Step, Traffic

PLAN = DialerPlan(agents=6, hours=1.0, seed=11)


class Counted(Progressive):
    """A pacer that keeps what it was told of calls."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def on_result(self, call_id: Hashable, outcome: object, now: float) -> None:
        super().on_result(call_id, outcome, now)
        self.told.append(str(outcome))

    def on_drop(self, call_id: Hashable, now: float) -> None:
        super().on_drop(call_id, now)
        self.told.append("drop")


class Flood(Counted):
    """Three calls at every tick, whoever is there."""

    def due(self, now: float) -> int:
        return 3


def test_the_nth_call_reaches_the_same_person_whenever_it_is_placed() -> None:
    early, late = Traffic(PLAN), Traffic(PLAN)
    assert [early.next(0.0) for _ in range(200)] == [late.next(30.0 * n) for n in range(200)]


def test_a_rate_that_drifts_changes_who_answers_and_not_how_long_they_talk() -> None:
    plan = msgspec.structs.replace(PLAN, drift=(Step(1.0, 0.8), Step(2.0, 0.1)))
    before, after = Traffic(plan), Traffic(plan)
    plain, many = ([traffic.next(now) for _ in range(500)] for traffic, now in ((before, 0.0), (after, 3600.0)))
    assert [answer.talk_s for answer in plain] == [answer.talk_s for answer in many]
    assert sum(answer.outcome == "live" for answer in plain) == pytest.approx(150, abs=40)
    assert sum(answer.outcome == "live" for answer in many) == pytest.approx(400, abs=40)
    assert [before.rate(hour * 3600.0) for hour in (0, 0.99, 1, 1.99, 2, 9)] == [0.3, 0.3, 0.8, 0.8, 0.1, 0.1]


def test_the_same_seed_makes_the_same_run_and_another_does_not() -> None:
    one, two, other = (run(msgspec.structs.replace(PLAN, seed=seed), PACERS["predictive"]()) for seed in (11, 11, 12))
    assert one == two
    assert one.utilisation != other.utilisation


def test_what_is_counted_is_what_the_pacer_was_told() -> None:
    pacer = Flood()
    report = run(PLAN, pacer)
    assert report.launched == 3 * 2 * 3600
    assert report.live == pacer.told.count("live") == pytest.approx(0.3 * report.launched, rel=0.05)
    assert report.dropped == pacer.told.count("drop") > 0.9 * report.live
    # At the end some may wait still.
    assert 0 <= report.live - report.connected - report.dropped <= 10
    assert report.utilisation > 0.98
    assert report.drop_rate == report.dropped / report.live
    assert report.peak_10s == 60


def test_a_run_that_can_be_reckoned_by_hand() -> None:
    plan = DialerPlan(
        agents=1, hours=1.0, answer_rate=1.0, machine_rate=0.0, busy_rate=0.0, failed_rate=0.0, answer_s=10.0,
        answer_cv=0.0, talk_s=40.0, talk_cv=0.0, wrap_s=10.0, wrap_cv=0.0,
    )  # fmt: skip
    report = run(plan, PACERS["progressive"]())
    # Ten seconds of ringing, fifty of work, sixty times.
    assert (report.launched, report.live, report.connected, report.dropped) == (60, 60, 60, 0)
    assert report.utilisation == pytest.approx(50 / 60)
    assert report.agent_wait_s == pytest.approx(10.0)
    assert report.answer_wait_s == 0.0


def test_agents_come_and_go_and_are_paid_for_their_hours() -> None:
    plan = msgspec.structs.replace(PLAN, agents=4, hours=2.0, staff=(Step(0.5, 0), Step(1.0, 8)))
    none = run(msgspec.structs.replace(plan, staff=(Step(0.0, 0),)), PACERS["progressive"]())
    assert (none.launched, none.utilisation) == (0, 0.0)
    report = run(plan, PACERS["progressive"]())
    assert 0.6 < report.utilisation < 0.8


def test_as_many_agents_leave_as_are_to() -> None:
    pacer = Progressive()
    run(DialerPlan(agents=40, hours=0.5, staff=(Step(0.1, 30), Step(0.2, 5))), pacer)
    assert pacer.agents == 5


def test_calls_are_called_off_when_most_agents_leave_if_that_is_wanted() -> None:
    plan = DialerPlan(agents=60, hours=0.4, staff=(Step(0.35, 2),), setup_s=3.0, seed=3)
    alone = run(plan, PACERS["predictive"]())
    law = run(msgspec.structs.replace(plan, call_off_s=15.0), PACERS["predictive"]())
    free = run(msgspec.structs.replace(plan, call_off_s=0.0), PACERS["predictive"]())
    assert alone.called_off == 0
    assert 0 < law.called_off < free.called_off
    assert 0 < free.rung_off < free.called_off
    assert free.dropped < law.dropped <= alone.dropped


def test_with_the_last_agent_goes_all_that_rings_but_what_has_to_ring_on() -> None:
    plan = DialerPlan(agents=3, hours=0.2, staff=(Step(0.1, 0),), setup_s=4.0, call_off_s=15.0, seed=5)
    pacer = Flood()
    report = run(plan, pacer)
    # It goes on placing calls, none of which may ring.
    assert report.called_off > 3 * 2 * 300
    assert report.rung_off <= 40
    assert pacer.told.count("cancelled") == report.called_off


def test_pacers_are_compared_on_the_same_people() -> None:
    reports = list(compare(PLAN, ["progressive", "power"], 2, {"power": {"ratio": 1.0}}))
    assert [(report.pacer, report.seed) for report in reports] == [
        ("progressive", 11), ("progressive", 12), ("power", 11), ("power", 12),
    ]  # fmt: skip
    # One line for each free agent by another name.
    assert [report.utilisation for report in reports[:2]] == [report.utilisation for report in reports[2:]]
    first = summed(reports)[0]
    assert first.runs == 2
    assert first.utilisation == pytest.approx((reports[0].utilisation + reports[1].utilisation) / 2)
    assert first.lowest_utilisation == min(report.utilisation for report in reports)


@pytest.mark.parametrize("wrong", [{"answer_rate": 1.2}, {"agents": -1}, {"tick_s": 0.0}, {"drift": (Step(1, 3.0),)}])
def test_a_plan_nobody_could_follow_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="rates|agents"):
        msgspec.structs.replace(PLAN, **wrong)
