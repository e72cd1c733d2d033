"""What the predictive pacer learns, what it expects, what it risks; and what comes of it on seeded people."""

from __future__ import annotations

import itertools
import math
import random

import msgspec
import pytest

from fsorch.campaign.pacing import PACERS
from fsorch.campaign.pacing_learn import PER_S, Returns, Ringing, Talk, Wrap, bin_of
from fsorch.campaign.pacing_memory import Learner, RateLearnt
from fsorch.campaign.pacing_odds import Moment
from fsorch.campaign.pacing_predictive import Predictive
from fsorch.campaign.pacing_price import Bank
from fsorch.campaign.pacing_rate import AnswerRate, DayProfile
from fsorch.sim.dialer_run import run
from fsorch.sim.dialer_traffic import DialerPlan, Step


def test_a_pacer_goes_on_from_what_another_knew() -> None:
    old, draw = Predictive(), random.Random(7)
    for agent in range(10):
        old.on_agent(agent, "idle", 0.0)
    for n in range(300):
        at = 10.0 + 3 * n
        old.due(at)
        old.on_launch(n, at, "cold")
        live = draw.random() < 0.15
        old.on_result(n, "live" if live else "noanswer", at + (9.0 if live else 25.0) / 10)
        if live and n % 30 == 0:
            old.on_drop(n, at + 2)
        elif live:
            old.on_agent(n % 10, "talking", at + 1)
            old.on_agent(n % 10, "wrap_up", at + 2)
            old.on_agent(n % 10, "idle", at + 2.8)
    new, learnt = Predictive(), old.learnt()
    new.resume(learnt)
    assert isinstance(new, Learner)
    assert new.answer_rate("cold") == pytest.approx(old.answer_rate("cold"), rel=0.1)
    assert new._bank.saved == old._bank.saved != 0.0
    assert new.learnt().live == learnt.live
    assert new.learnt().talks == learnt.talks
    for agent in range(10):
        new.on_agent(agent, "idle", 5.0)
    # All free agents, and more than a line for each: at this rate hardly anybody of ten answers.
    launched = 0
    for n in range(200):
        for _ in range(new.due(5.0 + n / 10)):
            launched += 1
            new.on_launch(launched, 5.0 + n / 10, "cold")
    assert launched > 20


@pytest.mark.parametrize("ringing", [4, 12, 40])
def test_calls_that_ring_when_a_pacer_is_made_anew_do_not_look_like_a_list_that_nobody_answers(ringing: int) -> None:
    """Seen on a FreeSWITCH after ``kill -9``: who had answered was gone from what rang, the others counted as so many
    who had not, and ten agents had ten calls a second placed for them."""
    old = Predictive()
    old.on_agent(0, "idle", 0.0)
    for n in range(60):
        old.on_launch(n, 40.0 * n, "cold")
        old.on_result(n, "live" if n % 2 else "noanswer", 40.0 * n + (2.0 + n / 10 if n % 2 else 30.0))
        for later in range(4):
            old.due(40.0 * n + 30.0 + 2.1 * later)
    new, now = Predictive(), 4000.0
    new.resume(old.learnt())
    for n in range(ringing):
        new.on_launch(("rings", n), now - 25.0 + n * 15.0 / ringing, "cold")
    for agent in range(10):
        new.on_agent(agent, "idle", now)
    new.caught_up()
    launched = 0
    for tick in range(30):
        for _ in range(new.due(now + tick / 10)):
            launched += 1
            new.on_launch(launched, now + tick / 10, "cold")
    assert 0.4 < new.answer_rate("cold") <= 0.99
    assert launched <= 10


def test_a_memory_that_is_odd_harms_nothing() -> None:
    pacer, learnt = Predictive(), Predictive().learnt()
    odd = RateLearnt(weight=0.0, lives=math.nan, calls=(1.0,), hour=99)
    bad = msgspec.structs.replace(
        learnt, live=(1.0,), wraps=(-1.0,) * 500, talks=(math.inf,) * 16, back=7.0, saved=math.nan, rates={"x": odd}
    )
    pacer.resume(bad)
    assert pacer.learnt() == msgspec.structs.replace(learnt, rates=pacer.learnt().rates)
    assert pacer.answer_rate("x") == Predictive().answer_rate()


class TestLearning:
    def test_ring_times_are_not_bent_by_calls_that_still_ring(self) -> None:
        draw = random.Random(3)
        ringing, open_ = Ringing(), dict[int, int]()
        # Twenty calls a second for a minute: answers come within 10 to 20 s, the rest is over at 30 s.
        calls = [(n / 20.0, draw.random() < 0.3, draw.uniform(10.0, 20.0)) for n in range(1200)]
        for began, live, answered in sorted(calls, key=lambda call: call[0] + (call[2] if call[1] else 30.0)):
            lasts, age = answered if live else 30.0, 60.0 - began
            if age >= lasts:
                ringing.over(lasts, live)
            else:
                open_[bin_of(age)] = open_.get(bin_of(age), 0) + 1
        ringing.learn(open_)
        assert ringing.live[10 * PER_S] < 0.03
        assert ringing.live[15 * PER_S] == pytest.approx(0.5, abs=0.06)
        assert ringing.live[20 * PER_S] > 0.97
        # Counted by what has ended alone, the early half would be most of it.
        assert ringing.shares(2)[0] == pytest.approx(12.5 * PER_S, abs=2)

    def test_a_wrap_up_that_always_lasts_as_long_is_known_to_the_half_second(self) -> None:
        wrap = Wrap()
        for _ in range(200):
            wrap.over(15.0)
        wrap.learn(())
        assert wrap.done[15 * PER_S] < 0.1
        assert wrap.done[16 * PER_S] > 0.98
        assert wrap.within(10 * PER_S, 4 * PER_S) < 0.1
        assert wrap.within(10 * PER_S, 6 * PER_S) > 0.98
        assert wrap.within(10_000, 1) > 0.0

    def test_a_long_wrap_up_is_not_taken_to_be_over(self) -> None:
        wrap, draw = Wrap(), random.Random(1)
        for _ in range(300):
            wrap.over(draw.uniform(60.0, 180.0))
        wrap.learn([100.0, 120.0])
        assert wrap.within(70 * PER_S, 10 * PER_S) == pytest.approx(10 / 110, abs=0.04)
        assert wrap.within(130 * PER_S, 10 * PER_S) == pytest.approx(10 / 50, abs=0.06)

    def test_talks_end_at_the_pace_of_their_age(self) -> None:
        talk = Talk()
        for _ in range(100):
            talk.over(5.0)
            talk.over(300.0)
        talk.learn([])
        young, old = talk.mean_pace([5.0]), talk.mean_pace([100.0])
        assert young > 20 * old
        assert talk.mean_pace([5.0, 100.0]) == pytest.approx((young + old) / 2)
        assert talk.mean_pace([]) > 0.0

    def test_an_answer_rate_follows_a_jump_within_some_fifty_calls(self) -> None:
        draw, rate = random.Random(5), AnswerRate()
        for share, calls in ((0.2, 2000), (0.6, 60)):
            for _ in range(calls):
                rate.over(1.0, draw.random() < share)
                rate.learn(0.0, 2.0, 9)
        assert 0.45 < rate.rate < 0.75
        assert rate.weight < 120.0

    def test_an_answer_rate_hardly_jumps_by_chance(self) -> None:
        draw, rate = random.Random(7), AnswerRate()
        seen = []
        for number in range(6000):
            rate.over(1.0, draw.random() < 0.3)
            rate.learn(0.0, 2.0, 9)
            if number >= 1500:
                seen.append(rate.rate)
        near = [share for share in seen if abs(share - 0.3) < 0.05]
        assert len(near) > 0.95 * len(seen)

    def test_a_wave_half_over_bends_no_rate(self) -> None:
        # Three hundred at once: answers come at 5 to 10 s, all others end at 25 s.
        draw, rate, ringing = random.Random(9), AnswerRate(), Ringing()
        for _ in range(1200):
            live = draw.random() < 0.3
            ringing.over(draw.uniform(5.0, 10.0) if live else 25.0, live)
        ringing.learn({})
        wave = [draw.uniform(5.0, 10.0) if draw.random() < 0.3 else 25.0 for _ in range(300)]
        seen = []
        for second in range(30):
            over = [end for end in wave if second - 1 < end <= second]
            for end in over:
                rate.over(ringing.exposed(end), end < 25.0)
            rate.learn(ringing.exposing({bin_of(second): sum(end > second for end in wave)}), 0.0, 9)
            seen.append(rate.rate)
        assert 0.2 < min(seen) < max(seen) < 0.45
        assert rate.weight == pytest.approx(158, abs=10)

    def test_a_handful_of_answers_makes_nobody_certain(self) -> None:
        rate = AnswerRate()
        for number in range(1500):
            rate.over(1.0, number % 10 < 3)
            rate.learn(0.0, 2.0, 9)
        assert rate.certain(1.5) == pytest.approx(0.28, abs=0.03)
        handful = 0
        while rate.rate < 0.9:
            handful += 1
            rate.over(1.0, True)
            rate.learn(0.0, 2.0, 9)
        assert handful < 25
        assert rate.certain(1.5) < 0.65
        for _ in range(60):
            rate.over(1.0, True)
            rate.learn(0.0, 2.0, 9)
        assert rate.certain(1.5) > 0.85

    def test_in_silence_the_rate_is_expected_that_was_before(self) -> None:
        draw, rate = random.Random(11), AnswerRate()
        for share, calls in ((0.4, 1000), (0.0, 3000)):
            for _ in range(calls):
                rate.over(1.0, draw.random() < share)
                rate.learn(0.0, 2.0, 9)
        assert rate.rate < 0.01
        assert rate.guess(1.0) == pytest.approx(0.4, abs=0.1)
        # One who answers does not end it; those who go on answering do.
        rate.over(1.0, True)
        rate.learn(0.0, 2.0, 9)
        assert rate.guess(1.0) > 0.3

    def test_a_rate_that_fell_is_believed_after_some_answers(self) -> None:
        draw, rate = random.Random(12), AnswerRate()
        for share, calls in ((0.4, 1000), (0.05, 1000)):
            for _ in range(calls):
                rate.over(1.0, draw.random() < share)
                rate.learn(0.0, 2.0, 9)
        assert rate.guess(1.0) == rate.bound(1.0) < 0.1

    def test_chance_is_hardly_ever_taken_for_silence(self) -> None:
        draw, rate, silent = random.Random(13), AnswerRate(), 0
        for number in range(8000):
            rate.over(1.0, draw.random() < (0.3 if number < 4000 else 0.03))
            rate.learn(0.0, 2.0, 9)
            silent += rate.guess(0.7) > rate.bound(0.7) if number % 4000 > 1000 else 0
        assert silent < 60

    def test_an_exodus_is_known_after_three_and_is_not_held_against_those_who_stay(self) -> None:
        returns = Returns()
        for number in range(200):
            returns.ended(number % 10 != 0)
        assert returns.share == pytest.approx(0.9, abs=0.05)
        for _ in range(3):
            returns.ended(False)
        assert returns.share < 0.6
        for _ in range(40):
            returns.ended(False)
        assert returns.share < 0.01
        for _ in range(12):
            returns.ended(True)
        assert returns.share > 0.8

    def test_an_exodus_is_known_by_free_agents_who_go_as_well(self) -> None:
        returns = Returns()
        for number in range(60):
            returns.ended(True)
            if number % 10 == 0:
                returns.left()
        assert returns.stay == returns.share == 1.0
        for _ in range(3):
            returns.left()
        assert returns.stay == returns.share < 0.6

    def test_the_bound_is_above_the_rate_and_comes_down_with_what_is_known(self) -> None:
        few, many = AnswerRate(), AnswerRate()
        for number in range(100):
            many.over(1.0, number % 10 < 3)
        many.learn(0.0, 0.0, 9)
        assert few.bound(1.0) - few.rate > 2 * (many.bound(1.0) - many.rate) > 0.0

    def test_an_hour_is_expected_to_be_what_it_was_on_the_days_before(self) -> None:
        day = DayProfile()
        changes = []
        for _ in range(2):
            for hour, lives in ((9, 20), (10, 30), (11, 0)):
                changes.append(day.turn(hour))
                for number in range(200):
                    day.over(number % 100 < lives)
        assert changes[:4] == [1.0] * 4  # nothing is known on the first day, nor of an hour without an answer
        assert changes[4] == pytest.approx(1.5)
        assert day.turn(11) == 1.0


class TestOdds:
    @pytest.mark.parametrize("free", [0, 1, 2, 4, 6])
    def test_the_curve_is_near_the_count_of_all_cases(self, free: int) -> None:
        lives, agents = [0.3] * 6 + [0.1] * 4, [0.5, 0.5, 0.2]
        exact = 0.0
        for case in itertools.product((0, 1), repeat=len(lives) + len(agents)):
            chance = 1.0
            for happens, p in zip(case, lives + agents, strict=True):
                chance *= p if happens else 1.0 - p
            if sum(case[: len(lives)]) >= free + sum(case[len(lives) :]):
                exact += chance
        moment = Moment(free)
        moment.lives(0.3, 6)
        moment.lives(0.1, 4)
        moment.releases(0.5, 2)
        moment.releases(0.2)
        assert moment.nobody() == pytest.approx(exact, abs=0.02)

    def test_who_cannot_come_takes_nobodys_agent(self) -> None:
        moment = Moment(3)
        moment.lives(0.99, 2)
        assert moment.nobody() == 0.0
        moment.lives(0.99)
        assert moment.nobody() > 0.9

    def test_what_is_lost_is_what_there_is_nobody_for(self) -> None:
        moment = Moment(3)
        moment.lives(1.0, 8)
        assert moment.lost() == 5.0
        moment = Moment(40)
        moment.lives(0.5, 100)
        assert moment.lost() == pytest.approx(10.0, abs=0.1)
        moment.releases_at(12.0)
        # The difference has a mean of -2 and a deviation of 6.1.
        assert moment.lost() == pytest.approx(1.6, abs=0.1)

    def test_without_an_agent_there_is_nobody(self) -> None:
        assert Moment(0).nobody() == 1.0
        moment = Moment(0)
        moment.releases_at(8.0)
        assert moment.nobody() < 0.01


class TestBank:
    def test_the_price_falls_with_drops_and_recovers_with_answers(self) -> None:
        bank = Bank(0.03)
        start = bank.price(20)
        assert 0.0 < start < 0.01  # nothing was saved yet
        for _ in range(400):
            bank.live(20)
        rich = bank.price(20)
        assert rich == pytest.approx(0.15)
        for _ in range(12):
            bank.drop()
        assert bank.price(20) == start

    def test_what_was_held_back_for_many_is_not_spent_by_few(self) -> None:
        bank = Bank(0.03)
        while bank.price(100) < 0.03:
            bank.live(100)
        assert bank.price(10) < 0.032
        drops = 0
        for number in range(600):
            bank.live(10)
            # They drop as much as they may.
            while bank.price(10) >= 0.03:
                bank.drop()
                drops += 1
            assert drops <= 2 + number * 0.03 * 1.1

    @pytest.mark.parametrize("lost", [0, 4, 7])
    def test_those_who_stay_pay_back_what_others_leaving_cost(self, lost: int) -> None:
        bank = Bank(0.03)
        while bank.price(100) < 0.06:
            bank.live(100)
        bank.price(10)
        for _ in range(lost):
            bank.drop()
        # What is owed goes to the next pacer, which knows nothing else of it.
        heir = Bank(0.03)
        heir.resume(bank.saved)
        assert (heir.price(10) < 0.02) is (lost > 0)
        drops, prices = lost, list[float]()
        for _ in range(240):
            bank.live(10)
            prices.append(bank.price(10))
            # They drop as much as they may, where it is not next to nothing.
            while bank.price(10) > 0.01:
                bank.drop()
                drops += 1
        assert drops <= 8
        assert (prices[0] < 0.002) is (lost > 0)

    def test_what_was_put_aside_comes_back_with_the_agents(self) -> None:
        bank, steady = Bank(0.03), Bank(0.03)
        for one in (bank, steady):
            while one.price(20) < 0.06:
                one.live(20)
        for agents in (14, 8, 0, 3, 12):
            assert bank.price(agents) < 0.045
        assert bank.price(20) == pytest.approx(steady.price(20))
        assert bank.saved == pytest.approx(steady.saved)

    def test_a_quiet_day_buys_no_bad_evening(self) -> None:
        bank, drops = Bank(0.03), 0
        for _ in range(100_000):
            bank.live(20)
        while bank.price(20) > 0.01:
            bank.drop()
            drops += 1
        assert drops < 12


def floor(agents: int) -> Predictive:
    pacer = Predictive()
    for agent in range(agents):
        pacer.on_agent(agent, "idle", 0.0)
    return pacer


class TestStart:
    def test_a_hundred_agents_do_not_burst(self) -> None:
        pacer, launched = floor(100), list[float]()
        for tick in range(20):
            due = pacer.due(tick * 0.5)
            for _ in range(due):
                pacer.on_launch(len(launched), tick * 0.5)
                launched.append(tick * 0.5)
        assert len(launched) == 100  # a line for each, as nothing is known yet
        assert sum(moment < 1.0 for moment in launched) <= 30

    def test_asking_often_brings_no_more(self) -> None:
        often, seldom = floor(40), floor(40)
        total = [0, 0]
        for index, (pacer, steps) in enumerate(((often, 300), (seldom, 3))):
            for step in range(steps):
                now = step * 3.0 / steps
                for _ in range(pacer.due(now)):
                    pacer.on_launch(total[index], now)
                    total[index] += 1
        assert total[0] == pytest.approx(total[1], abs=8)

    @pytest.mark.parametrize("agents", [3, 10])
    def test_a_start_does_not_starve(self, agents: int) -> None:
        report = run(DialerPlan(agents=agents, hours=0.5, seed=4), PACERS["predictive"]())
        simple = run(DialerPlan(agents=agents, hours=0.5, seed=4), PACERS["progressive"]())
        assert report.utilisation > simple.utilisation
        assert report.dropped <= 3


CEILINGS = {
    "steady": DialerPlan(agents=10, hours=1.5, seed=2),
    "long rings": DialerPlan(agents=8, hours=1.5, answer_s=18.0, ring_s=35.0, seed=3),
    "the answer rate jumps": DialerPlan(agents=20, hours=1.0, answer_rate=0.15, drift=(Step(0.5, 0.5),), seed=4),
    "long talks": DialerPlan(agents=20, hours=3.0, talk_s=400.0, wrap_s=60.0, seed=9003),
    "half of the agents leave": DialerPlan(agents=20, hours=1.2, staff=(Step(0.5, 10), Step(0.9, 20)), seed=5),
    "all leave for a while": DialerPlan(agents=6, hours=2.0, staff=(Step(0.5, 0), Step(1.0, 6)), tick_s=1.0, seed=6),
    "hardly anybody answers": DialerPlan(agents=8, hours=2.0, answer_rate=0.05, tick_s=1.0, seed=7),
}


@pytest.mark.parametrize("case", CEILINGS)
def test_drops_stay_under_the_target_and_agents_busier_than_with_a_line_for_each(case: str) -> None:
    plan = CEILINGS[case]
    report = run(plan, PACERS["predictive"]())
    assert report.live > 100
    assert report.drop_rate <= 0.03
    assert report.utilisation > run(plan, PACERS["progressive"]()).utilisation + 0.02


def test_who_asks_every_five_seconds_only_has_agents_as_busy() -> None:
    report = run(DialerPlan(agents=10, hours=1.0, tick_s=5.0, seed=4), Predictive())
    assert report.utilisation > 0.78
    assert report.drop_rate <= 0.03


def test_a_lower_target_is_kept_as_well() -> None:
    report = run(DialerPlan(agents=20, hours=1.0, tick_s=1.0, seed=8), PACERS["predictive"](target=0.01))
    assert report.drop_rate <= 0.01
    none = run(DialerPlan(agents=10, hours=0.5, seed=8), PACERS["predictive"](target=0.0))
    assert none.dropped <= 1


def test_nobody_is_dialled_while_all_are_away() -> None:
    pacer = floor(6)
    for call in range(pacer.due(0.0)):
        pacer.on_launch(call, 0.0)
        pacer.on_result(call, "noanswer", 0.5)
    for agent in range(6):
        pacer.on_agent(agent, "paused", 1.0)
    assert [pacer.due(1.0 + tick) for tick in range(120)] == [0] * 120
    pacer.on_agent(0, "ready", 130.0)
    assert pacer.due(131.0) == 1


def test_agents_who_do_not_come_back_from_a_contact_are_not_counted_on() -> None:
    pacers = [floor(40), floor(40)]
    dues = [0, 0]
    for index, (pacer, after) in enumerate(zip(pacers, ("ready", "break"), strict=True)):
        now = 0.0
        for number in range(400):
            now += 50.0
            agent = f"worker-{number}"
            pacer.on_launch(number, now)
            pacer.on_result(number, "live", now + 1.0)
            for state, moment in (("talking", 1.0), ("wrap_up", 31.0), (after, 46.0), ("gone", 46.0)):
                pacer.on_agent(agent, state, now + moment)
        # All forty are about to end their wrap-up; a call would be answered by then.
        for state, moment in (("talking", 1.0), ("wrap_up", 31.0)):
            for agent_id in range(40):
                pacer.on_agent(agent_id, state, now + moment)
        for tick in range(15):
            dues[index] += pacer.due(now + 31.0 + tick)
    assert dues[0] > dues[1]


def test_calls_are_too_many_when_agents_leave_and_have_been_for_a_second() -> None:
    pacer = floor(40)
    for call in range(40):
        pacer.on_launch(call, 0.0)
    assert [pacer.excess(tick / 2) for tick in range(8)] == [0] * 8
    for agent in range(35):
        pacer.on_agent(agent, "break", 4.0)
    assert [pacer.excess(4.0), pacer.excess(4.5)] == [0, 0]
    # An instant in which they seem to be back begins it anew.
    for state, now in (("idle", 4.8), ("break", 4.9)):
        for agent in range(35):
            pacer.on_agent(agent, state, now)
        assert pacer.excess(now) == 0
    assert pacer.excess(5.7) == 0
    excess = pacer.excess(6.0)
    assert 8 < excess < 35
    for call in range(40 - excess, 40):
        pacer.on_result(call, "cancelled", 6.0)
    assert pacer.excess(6.1) == 0
    for agent in range(35, 40):
        pacer.on_agent(agent, "logged_out", 7.0)
    assert [pacer.excess(7.0), pacer.excess(8.1)] == [0, 40 - excess]


def test_calls_that_were_called_off_say_little_of_who_answers() -> None:
    learnt = []
    for word in ("cancelled", "noanswer"):
        pacer = floor(10)
        for number in range(400):
            now = 2.0 * number
            pacer.on_launch(number, now)
            pacer.on_result(number, "live" if number % 2 else word, now + 1.0)
            pacer.due(now + 1.0)
        learnt.append(pacer.answer_rate())
    assert learnt[0] > 0.75
    assert learnt[1] == pytest.approx(0.5, abs=0.05)


def test_lists_have_rates_of_their_own() -> None:
    pacer, now = floor(4), 0.0
    for number in range(600):
        now += 1.0
        source = "good" if number % 2 else "poor"
        pacer.on_launch(number, now, source)
        pacer.on_result(number, "live" if source == "good" and number % 4 == 1 else "busy", now + 0.5)
        pacer.due(now)
    good, poor = (pacer.answer_rate(source) for source in ("good", "poor"))
    assert good == pytest.approx(0.5, abs=0.1)
    assert poor < 0.05
    assert poor < pacer.answer_rate("") < good


def test_a_list_that_nobody_answers_for_a_while_rings_no_hundreds_when_they_do() -> None:
    plan = DialerPlan(agents=10, hours=0.6, answer_rate=0.4, drift=(Step(0.3, 0.0), Step(0.5, 0.4)), seed=3)
    report = run(plan, Predictive())
    assert report.launched < 6_000
    assert report.dropped <= 25


def test_short_talks_do_not_starve_agents_by_the_limit_on_bursts() -> None:
    report = run(DialerPlan(agents=20, hours=0.5, answer_rate=0.5, talk_s=9.0, wrap_s=2.0, seed=2), Predictive())
    assert report.utilisation > 0.7
    assert report.drop_rate <= 0.035
