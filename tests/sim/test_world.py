"""The people around the switch: callers, phones and carriers by seed, and the count that leaves nobody out."""

from __future__ import annotations

import msgspec
import pytest

from fsorch.sim.demo_centre import HUMAN_AGENTS, SIMULATED_AGENTS, demo_centre, demo_world
from fsorch.sim.dialplan import Dialplan, Extension
from fsorch.sim.people import Carrier, CarrierHabits, Phone, PhoneHabits
from fsorch.sim.switch import VirtualSwitch
from fsorch.sim.world import CallerPlan, Report, TrafficPlan, World
from tests.sim.bench import Bench

# A centre without fsorch: a menu, then whoever is free.
MENU = (
    ("answer", ""),
    ("play_and_get_digits", "1 1 2 2000 # silence_stream://1000 silence_stream://200 choice [12] 1000"),
    ("set", "hangup_after_bridge=true"),
    ("bridge", "user/1001|user/1002"),
)


def make(plan: TrafficPlan, habits: PhoneHabits | None = None) -> World:
    switch = VirtualSwitch(plan.seed, dialplan=Dialplan({"fsorch": (Extension(".", MENU),)}))
    world = World(switch, plan)
    for user in ("1001", "1002"):
        world.add_phone(user, habits)
    return world


def play(world: World, limit_s: float = 3600) -> Report:
    world.start()
    while not world.finished and world.switch.now < limit_s:
        world.switch.advance(world.switch.now + 1)
    return world.report()


PLAN = TrafficPlan(calls=60, rate_per_s=0.5, seed=4, talk_s=5, patience_s=30)


def test_every_caller_is_counted_once() -> None:
    report = play(make(PLAN))
    assert report.calls == 60
    assert report.live == report.live_legs == 0
    assert report.answered + report.abandoned + report.dropped + report.alone == 60
    assert report.answered > 10
    assert report.bridges == report.answered
    assert 0 <= report.phones_answered - report.answered <= 2  # picked up in the moment the caller left
    assert report.legs >= 60 + report.phones_rung  # the rest found a phone busy


def test_the_same_seed_gives_the_same_day_and_another_one_does_not() -> None:
    first, again, other = make(PLAN), make(PLAN), make(msgspec.structs.replace(PLAN, seed=5))
    for world in (first, again, other):
        play(world)
    assert list(first.results.values()) == list(again.results.values())
    assert list(first.results.values()) != list(other.results.values())


def test_a_caller_presses_the_planned_keys_after_the_prompt_began_and_talks() -> None:
    world = make(PLAN)
    caller = world.place_call("200", "Ann", plan=CallerPlan(keys=("9", "1"), reaction_s=0.3, talk_s=4))
    world.switch.advance(3)
    assert caller.result.keyed == "91"
    world.switch.advance(40)
    assert caller.result.outcome == "answered"
    assert caller.result.ended_s - caller.result.bridged_s == pytest.approx(4, abs=0.1)


def test_an_impatient_caller_leaves() -> None:
    world = make(PLAN, PhoneHabits(human=True))
    caller = world.place_call("200", plan=CallerPlan(patience_s=6))
    world.switch.advance(10)
    assert caller.result.outcome == "abandoned"
    assert caller.result.ended_s == pytest.approx(6, abs=0.1)


def test_a_human_phone_rings_until_the_desktop_answers() -> None:
    bench = Bench()
    phone = World(bench.switch).add_phone("1001", PhoneHabits(human=True))
    bench.dial("{origination_uuid=leg,originate_timeout=60}user/1001 &park()", 10)
    assert phone.leg is not None
    assert not phone.leg.answered
    assert bench.ask("uuid_phone_event leg talk") == "+OK Success\n"
    bench.pass_(0.5)
    assert bench.names("leg")[-1] == "CHANNEL_PARK"
    phone.hang_up()
    bench.pass_(0.5)
    assert bench.last("CHANNEL_HANGUP_COMPLETE")["variable_sip_hangup_disposition"] == "recv_bye"


def test_a_phone_has_one_line_and_may_decline() -> None:
    bench = Bench()
    phone = World(bench.switch).add_phone("1001", PhoneHabits(human=True))
    bench.dial("{origination_uuid=one}user/1001 &park()")
    assert bench.dial("user/1001 &park()") == "-ERR USER_BUSY\n"
    phone.hang_up()
    bench.pass_(0.5)
    assert bench.last("CHANNEL_HANGUP_COMPLETE", "one")["Hangup-Cause"] == "CALL_REJECTED"
    assert bench.dial("{origination_uuid=two}user/1001 &park()") == ""


def test_phones_keep_their_habits() -> None:
    bench = Bench()
    world = World(bench.switch)
    world.add_phone("1001", PhoneHabits(answer_rate=0.0, decline_rate=1.0, ring_s=1))
    world.add_phone("1002", PhoneHabits(answer_rate=0.0, decline_rate=0.0))
    assert bench.dial("user/1001 &park()", 10) == "-ERR CALL_REJECTED\n"
    assert bench.dial("{originate_timeout=5}user/1002 &park()", 10) == "-ERR NO_ANSWER\n"


def test_registered_phones_are_told_of_and_found() -> None:
    bench = Bench()
    World(bench.switch).add_phone("1001", domain="pbx.example")
    bench.pass_(0)
    assert bench.last("CUSTOM")["Event-Subclass"] == "sofia::register"
    assert bench.ask("sofia_contact 1001@pbx.example").startswith("sofia/internal/sip:1001@")
    assert bench.ask("sofia_contact 1001@elsewhere") == "error/user_not_registered"


def test_a_carrier_has_every_outcome_and_repeats_itself() -> None:
    def day() -> list[str]:
        bench = Bench()
        carrier = Carrier(bench.machine, CarrierHabits(ring_s=3, talk_s=5), "9")
        bench.machine.dialer.gateways["carrier"] = carrier
        order = "{{originate_timeout=30,ignore_early_media=true}}sofia/gateway/carrier/{} &park()"
        verdicts = [bench.dial(order.format(n), 40).split()[-1] for n in range(40)]
        assert sum(carrier.outcomes.values()) == 40
        return [verdict if verdict.isupper() and "-" not in verdict else "answered" for verdict in verdicts]

    first = day()
    assert first == day()
    assert {"answered", "NO_ANSWER", "USER_BUSY"} <= set(first)


def test_a_machine_beeps_for_who_listens() -> None:
    bench = Bench()
    habits = CarrierHabits(
        machine=1, person=0, no_answer=0, busy=0, rejected=0, unknown=0, beep_s=2, talk_s=30, ring_s=1
    )
    bench.machine.dialer.gateways["carrier"] = Carrier(bench.machine, habits)
    bench.dial("{origination_uuid=out,ignore_early_media=true}sofia/gateway/carrier/1 &park()", 8)
    bench.execute(bench.machine.core.channels["out"], "avmd_start")
    bench.pass_(15)
    subclasses = [e["Event-Subclass"] for e in bench.events if e["Event-Name"] == "CUSTOM"]
    assert subclasses.count("avmd::start") == 2
    assert subclasses.count("avmd::beep") in (0, 2)


def test_the_demo_centre_stands_on_registered_phones() -> None:
    centre = demo_centre()
    switch = VirtualSwitch(1)
    world = demo_world(switch)
    assert len(world.phones) == len(centre.agents) == len(HUMAN_AGENTS) + 1 + len(SIMULATED_AGENTS)
    for agent in centre.agents:
        target = switch.machine.dialer.find(agent.phone)
        party = getattr(target, "party", None)
        assert isinstance(party, Phone)
        assert party.human == (agent.id not in SIMULATED_AGENTS)
    assert {queue.id for queue in centre.queues} == {"sales", "support", "reception"}


def test_no_more_callers_at_once_than_planned() -> None:
    world = make(msgspec.structs.replace(PLAN, calls=30, rate_per_s=50.0, most_at_once=4))
    world.start()
    most = 0
    while not world.finished and world.switch.now < 3600:
        world.switch.advance(world.switch.now + 0.1)
        most = max(most, world.report().live)
    assert most == 4
    assert world.report().calls == 30


def test_who_is_called_leaves_when_nobody_speaks_and_presses_a_key_when_asked() -> None:
    bench = Bench()
    habits = CarrierHabits(
        person=1, machine=0, no_answer=0, busy=0, rejected=0, unknown=0, ring_s=1, talk_s=30, patience_s=4, opt_out=1
    )
    carrier = bench.machine.dialer.gateways["carrier"] = Carrier(bench.machine, habits)
    order = "{{origination_uuid={},ignore_early_media=true}}sofia/gateway/carrier/{} &park()"
    bench.dial(order.format("out", 1), 3)
    assert bench.machine.core.channels["out"].answered
    bench.pass_(8)
    assert "out" not in bench.machine.core.channels
    bench.dial(order.format("two", 2), 3)
    asks = "1 1 1 5000 # tone_stream://%(2000,0,440) silence_stream://10 said ^9$"
    bench.execute(bench.machine.core.channels["two"], "play_and_get_digits", asks)
    bench.pass_(2)
    assert carrier.keyed == 1
