"""What the captures do not show but the switch does: nested applications, locks, broadcasts, hold music, races of
legs."""

from __future__ import annotations

import pytest

from fsorch.esl.commands import PutOff
from fsorch.sim.dialplan import Dialplan, Extension, fsorch_context
from fsorch.sim.media import Sounds
from tests.sim.bench import Bench

SILENCE = "silence_stream://1000"


@pytest.fixture
def bench() -> Bench:
    return Bench()


# -- applications over the socket -------------------------------------------------------------------------------------


def test_without_a_lock_a_second_application_runs_inside_the_first(bench: Bench) -> None:
    call = bench.call()
    bench.execute(call, "playback", SILENCE, uuid="outer")
    bench.pass_(0.4)
    bench.execute(call, "playback", "silence_stream://200", uuid="inner")
    bench.pass_(3)
    order = [e["Application-UUID"] for e in bench.events if e["Event-Name"] == "CHANNEL_EXECUTE_COMPLETE"][-2:]
    assert order == ["inner", "outer"]
    assert int(bench.done("outer")["Event-Date-Timestamp"]) - int(bench.done("inner")["Event-Date-Timestamp"]) > 500_000


def test_with_the_event_lock_applications_wait_for_each_other(bench: Bench) -> None:
    call = bench.call()
    bench.execute(call, "playback", SILENCE, uuid="one", lock=True)
    bench.execute(call, "playback", SILENCE, uuid="two", lock=True)
    bench.pass_(3)
    order = [e["Application-UUID"] for e in bench.events if e["Event-Name"] == "CHANNEL_EXECUTE_COMPLETE"][-2:]
    assert order == ["one", "two"]


def test_loops_repeat_and_break_ends_them(bench: Bench) -> None:
    call = bench.call()
    bench.execute(call, "playback", "silence_stream://100", loops=3)
    bench.pass_(1)
    assert bench.names(call.uuid).count("PLAYBACK_START") == 3
    bench.execute(call, "playback", "silence_stream://300", uuid="endless", loops=-1)
    bench.pass_(1)
    assert bench.ask(f"uuid_break {call.uuid} all") == "+OK\n"
    bench.pass_(0.2)
    count = bench.names(call.uuid).count("PLAYBACK_START")
    bench.pass_(2)
    assert bench.names(call.uuid).count("PLAYBACK_START") == count
    assert bench.last("PLAYBACK_STOP")["Playback-Status"] == "break"


def test_playback_stops_at_its_terminator_and_eats_other_keys(bench: Bench) -> None:
    call = bench.call()
    bench.execute(call, "playback", "silence_stream://5000", uuid="p")
    bench.pass_(0.2)
    bench.ask(f"uuid_recv_dtmf {call.uuid} 5")
    bench.pass_(0.2)
    bench.ask(f"uuid_recv_dtmf {call.uuid} *")
    bench.pass_(0.2)
    assert bench.done("p")["variable_playback_terminator_used"] == "*"
    assert bench.done("p")["Application-Response"] == "FILE PLAYED"


@pytest.mark.parametrize(
    ("keys", "variable", "value"),
    [("42#", "v", "42"), ("1234", "v", "1234"), ("*", "v", None), ("", "v", None), ("#", "v", None), ("77", "v", "77")],
)
def test_digits_are_collected_by_their_rules(bench: Bench, keys: str, variable: str, value: str | None) -> None:
    call = bench.call()
    argument = r"1 4 1 1000 # silence_stream://500 silence_stream://100 v \d+ 300"
    bench.execute(call, "play_and_get_digits", argument, uuid="d")
    bench.pass_(0.2)
    if keys:
        bench.ask(f"uuid_recv_dtmf {call.uuid} {keys}")
    bench.pass_(3)
    assert bench.done("d").get(f"variable_{variable}") == value


def test_a_failed_entry_may_transfer(bench: Bench) -> None:
    call = bench.call()
    bench.execute(
        call, "play_and_get_digits", r"1 1 1 200 # silence_stream://100 silence v [1] 200 'park_lost XML public'"
    )
    bench.pass_(2)
    assert call.profile.get("Destination-Number") == "park_lost"
    assert bench.last("CHANNEL_PARK")["variable_fsorch_entry"] == "_lost"


def test_read_gives_what_was_keyed(bench: Bench) -> None:
    call = bench.call()
    bench.execute(call, "read", "1 3 silence_stream://200 pin 500 #", uuid="r")
    bench.pass_(0.3)
    bench.ask(f"uuid_recv_dtmf {call.uuid} 99#")
    bench.pass_(0.3)
    assert bench.done("r")["variable_pin"] == "99"


def test_files_last_as_long_as_they_are_and_missing_ones_are_told_of_at_once() -> None:
    bench = Bench(sounds=Sounds({"/a.wav": 0.5}, {"/many/": 0.25}))
    call = bench.call()
    for name, path in (
        ("a", "/a.wav"),
        ("b", "/many/x.wav"),
        ("c", "/no.wav"),
        ("d", "file_string:///a.wav!/many/y.wav"),
    ):
        before = bench.switch.now
        bench.execute(call, "playback", path, uuid=name)
        bench.pass_(1)
        took = int(bench.done(name)["Event-Date-Timestamp"]) / 1e6 - bench.machine.core.start_us / 1e6 - before
        assert took == pytest.approx({"a": 0.52, "b": 0.27, "c": 0.02, "d": 0.77}[name], abs=0.03)
    assert bench.done("c")["Application-Response"] == "FILE NOT FOUND"


def test_broadcast_plays_on_either_leg(bench: Bench) -> None:
    a, b = pair(bench)
    assert bench.ask(f"uuid_broadcast {a} silence_stream://100 bleg") == "+OK Message sent\n"
    bench.pass_(0.5)
    assert bench.last("PLAYBACK_START")["Unique-ID"] == b
    assert bench.ask(f"uuid_broadcast {a} set::colour=blue aleg") == "+OK Message sent\n"
    bench.pass_(0.5)
    assert bench.ask(f"uuid_getvar {a} colour") == "blue"


# -- two legs ---------------------------------------------------------------------------------------------------------


def pair(bench: Bench, extra: str = "") -> tuple[str, str]:
    """A bridged caller and agent."""
    call = bench.call()
    assert bench.dial(f"{{origination_uuid=agent{extra}}}sofia/external/quick@ends &park()") == "+OK agent\n"
    assert bench.ask(f"uuid_bridge {call.uuid} agent") == "+OK agent\n"
    bench.pass_(0.5)
    return call.uuid, "agent"


def test_either_leg_takes_the_other_one_down(bench: Bench) -> None:
    a, b = pair(bench)
    bench.ask(f"uuid_kill {b} USER_BUSY")
    bench.pass_(0.5)
    assert bench.names(a)[-4:] == ["CHANNEL_UNBRIDGE", "CHANNEL_HANGUP", "CHANNEL_HANGUP_COMPLETE", "CHANNEL_DESTROY"]
    assert bench.last("CHANNEL_HANGUP_COMPLETE", a)["variable_bridge_hangup_cause"] == "USER_BUSY"
    assert bench.machine.core.channels == {}


def test_a_protected_leg_is_parked_when_the_other_goes(bench: Bench) -> None:
    a, b = pair(bench, ",hangup_after_bridge=false,park_after_bridge=true")
    bench.machine.hang_up(bench.machine.core.channels[a])
    bench.pass_(0.5)
    assert bench.names(b)[-1] == "CHANNEL_PARK"
    assert bench.ask(f"uuid_exists {b}") == "true"


def test_a_caller_who_leaves_in_the_middle_of_a_bridge_does_not_leave_the_agent_hanging(bench: Bench) -> None:
    call = bench.call()
    bench.dial("{origination_uuid=agent}sofia/external/quick@ends &park()")
    bench.ask(f"uuid_bridge {call.uuid} agent")
    bench.machine.hang_up(call)
    bench.pass_(0.5)
    assert bench.machine.core.channels == {}
    assert "CHANNEL_BRIDGE" not in bench.names(call.uuid)


def test_the_held_one_hears_music_until_taken_back(bench: Bench) -> None:
    a, b = pair(bench)
    assert bench.ask(f"uuid_hold {b}") == "+OK Success\n"
    bench.pass_(1)
    assert bench.last("PLAYBACK_START")["Playback-File-Path"] == "local_stream://moh"
    assert bench.last("PLAYBACK_START")["Unique-ID"] == a
    bench.ask(f"uuid_hold off {b}")
    bench.pass_(0.5)
    assert bench.last("PLAYBACK_STOP")["Unique-ID"] == a
    assert bench.names(a).count("PLAYBACK_START") == 1
    assert 900_000 < int(bench.last("CHANNEL_UNHOLD")["Caller-Channel-Hold-Accum"]) < 1_100_000


def test_a_leg_is_taken_from_its_bridge_by_a_new_one(bench: Bench) -> None:
    a, b = pair(bench)
    other = bench.call()
    bench.ask(f"uuid_bridge {other.uuid} {b}")
    bench.pass_(0.5)
    assert bench.last("CHANNEL_BRIDGE")["Bridge-A-Unique-ID"] == other.uuid
    assert bench.ask(f"uuid_exists {a}") == "false"


def test_uuid_bridge_needs_two_different_living_legs_and_one_answer(bench: Bench) -> None:
    ringing, other = bench.call("park_x"), bench.call("park_y")
    assert bench.ask(f"uuid_bridge {ringing.uuid} {ringing.uuid}") == "-ERR Invalid uuid\n"
    assert bench.ask(f"uuid_bridge {ringing.uuid} {other.uuid}") == "-ERR Invalid uuid\n"
    assert bench.ask(f"uuid_bridge {ringing.uuid}") == "-USAGE: <uuid> <other_uuid>\n"


# -- calling out ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dial", "outcome"),
    [
        ("sofia/external/busy@ends", "-ERR USER_BUSY\n"),
        ("sofia/external/nobody@there", "-ERR NORMAL_TEMPORARY_FAILURE\n"),
        ("sofia/external/busy@ends|sofia/external/quick@ends", "+OK leg\n"),
        ("error/subscriber_absent", "-ERR SUBSCRIBER_ABSENT\n"),
        ("user/nobody", "-ERR SUBSCRIBER_ABSENT\n"),
        ("sofia/gateway/none/123", "-ERR INVALID_GATEWAY\n"),
        ("portaudio/auto", "-ERR CHAN_NOT_IMPLEMENTED\n"),
        ("loopback/nowhere/public", "-ERR NO_ROUTE_DESTINATION\n"),
        ("loopback/apark_x/public", "+OK leg\n"),
    ],
)
def test_an_originate_ends_with_its_verdict(bench: Bench, dial: str, outcome: str) -> None:
    assert bench.dial(f"{{origination_uuid=leg}}{dial} &park()", 1.0) == outcome


def test_of_legs_that_ring_together_the_first_answer_wins(bench: Bench) -> None:
    order = "[origination_uuid=one]sofia/external/slow@ends,[origination_uuid=two]sofia/external/quick@ends"
    assert bench.dial(f"{order} &park()", 1) == "+OK two\n"
    assert bench.last("CHANNEL_HANGUP_COMPLETE", "one")["Hangup-Cause"] == "LOSE_RACE"


def test_early_media_is_an_answer_unless_ignored(bench: Bench) -> None:
    assert bench.dial("{origination_uuid=one}sofia/external/early@ends &park()", 0.5) == "+OK one\n"
    assert bench.last("CHANNEL_PARK", "one")["Answer-State"] == "early"
    assert bench.dial("{origination_uuid=two,ignore_early_media=true}sofia/external/early@ends &park()", 0.5) == ""
    bench.pass_(1)
    assert bench.last("CHANNEL_PARK", "two")["Answer-State"] == "answered"


def test_a_ringing_leg_that_is_bridged_before_its_originate_ends_stays_bridged(bench: Bench) -> None:
    call = bench.call()
    bench.dial("{origination_uuid=agent}sofia/external/quick@ends &park()", 0.11)
    assert bench.machine.core.channels["agent"].answered
    bench.ask(f"uuid_bridge {call.uuid} agent")
    bench.pass_(0.5)
    assert bench.last("CHANNEL_BRIDGE")["Bridge-B-Unique-ID"] == "agent"
    assert bench.machine.core.channels["agent"].running == "CS_EXCHANGE_MEDIA"


def test_the_bridge_application_dials_and_goes_on_after_it() -> None:
    plan = Dialplan({"public": (Extension("^out$", (("bridge", "sofia/external/quick@ends"), ("park", ""))),)})
    bench = Bench(plan)
    call = bench.call("out")
    assert bench.names(call.uuid)[-2:] == ["CHANNEL_BRIDGE", "CALL_UPDATE"]
    agent = bench.last("CHANNEL_BRIDGE")["Bridge-B-Unique-ID"]
    bench.machine.hang_up(bench.machine.core.channels[agent])
    bench.pass_(0.5)
    assert bench.names(call.uuid)[-2:] == ["CHANNEL_EXECUTE", "CHANNEL_PARK"]


def test_a_caller_who_leaves_cancels_what_the_bridge_application_rings() -> None:
    bench = Bench(Dialplan({"public": (Extension("^out$", (("bridge", "sofia/external/never@ends"),)),)}))
    call = bench.call("out")
    bench.machine.hang_up(call)
    bench.pass_(0.5)
    causes = {e["Unique-ID"]: e["Hangup-Cause"] for e in bench.events if e["Event-Name"] == "CHANNEL_HANGUP_COMPLETE"}
    assert set(causes.values()) == {"NORMAL_CLEARING", "ORIGINATOR_CANCEL"}


# -- without fsorch ---------------------------------------------------------------------------------------------------


def test_a_parked_call_that_nobody_takes_is_served_by_the_dialplan_alone() -> None:
    bench = Bench(Dialplan({"fsorch": fsorch_context(ring_group="sofia/external/never@ends", ring_s=3)}))
    call = bench.call("8800", context="fsorch")
    bench.pass_(3)
    assert bench.names(call.uuid)[-1] == "CHANNEL_PARK"
    bench.pass_(2)
    assert "CHANNEL_ANSWER" in bench.names(call.uuid)
    assert bench.ask(f"uuid_getvar {call.uuid} fsorch_fallback") == "yes"
    assert bench.ask(f"uuid_getvar {call.uuid} fsorch_entry") == "_undef_"
    assert bench.ask(f"uuid_getvar {call.uuid} fsorch_dialled") == "8800"
    bench.pass_(20)
    assert bench.names(call.uuid)[-1] == "RECORD_START"


def test_a_call_that_is_taken_in_time_stays_parked() -> None:
    bench = Bench(Dialplan({"fsorch": fsorch_context()}))
    call = bench.call("8800", context="fsorch")
    assert bench.ask(f"sched_del {call.uuid}") == "+OK Deleted: 1\n"
    bench.ask(f"uuid_setvar {call.uuid} fsorch_contact c1")
    bench.pass_(10)
    assert call.parked


def test_a_call_taken_in_the_moment_of_the_transfer_is_parked_again() -> None:
    bench = Bench(Dialplan({"fsorch": fsorch_context()}))
    call = bench.call("8800", context="fsorch")
    bench.ask(f"uuid_setvar {call.uuid} fsorch_contact c1")
    bench.pass_(10)
    assert call.parked
    assert bench.names(call.uuid).count("CHANNEL_PARK") == 2


# -- tables -----------------------------------------------------------------------------------------------------------


def test_the_table_of_channels_lags_and_the_dump_does_not(bench: Bench) -> None:
    call = bench.call()
    young = bench.switch.machine.core
    bench.pass_(1)
    assert bench.ask("show channels count") == "\n1 total.\n"
    bench.dial("{origination_uuid=new}sofia/external/never@ends &park()", 0.02)
    assert '"row_count":1' in bench.ask("show channels as json")
    assert bench.ask("uuid_dump new json").startswith('{"Event-Name":"CHANNEL_DATA"')
    bench.pass_(0.1)
    assert '"row_count":2' in bench.ask("show channels as json")
    assert set(young.channels) == {call.uuid, "new"}


def test_presence_data_is_a_column_of_the_table(bench: Bench) -> None:
    call = bench.call()
    bench.ask(f"uuid_setvar {call.uuid} presence_data contact=7")
    assert '"presence_data":"contact=7"' in bench.ask("show channels as json")


@pytest.mark.parametrize(
    "command", ["status", "version", "show", "sofia status", "fsctl x", "show application as json"]
)
def test_general_commands_answer(bench: Bench, command: str) -> None:
    assert bench.ask(command)


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("global_getvar sounds_dir", "/usr/share/freeswitch/sounds"),
        ("eval ${hostname}-${nothing}", "sim-"),
        ("file_exists /usr/share/freeswitch/sounds/fsorch/en/menu.wav", "true"),
        ("file_exists ${sounds_dir}/fsorch/en/nothing.wav", "false"),
        ("uuid_kill", "-USAGE: <uuid> [cause]\n"),
        ("uuid_setvar nope a b", "-ERR No such channel!\n"),
        ("uuid_transfer nope x", "-ERR No such channel!\n"),
        ("uuid_phone_event nope talk", "-ERR No Such Channel!\n"),
        ("fsctl pause", "+OK\n"),
        ("show registrations as json", '{"row_count": 0}\n'),
    ],
)
def test_answers_that_others_count_on(bench: Bench, command: str, reply: str) -> None:
    assert bench.ask(command) == reply


def test_what_is_put_off_again_and_again_comes_once_nobody_does(bench: Bench) -> None:
    call = bench.call("800", context="fsorch")
    put_off = PutOff(call.uuid, 5).wire().removeprefix("api ")
    for _ in range(4):
        assert bench.ask(put_off) == "+OK Deleted: 1\n+OK\n"
        bench.pass_(2.5)
    assert call.get("fsorch_fallback") is None
    bench.pass_(3)
    assert call.get("fsorch_fallback") == "yes"
    assert bench.names(call.uuid).count("CHANNEL_ANSWER") == 1
