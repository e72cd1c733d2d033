"""What fsorch asks of a switch, and what it counts on to hear back: events per leg, in order."""

from __future__ import annotations

import uuid

import pytest

from fsorch.esl.commands import (
    Answer,
    Break,
    Bridge,
    Dump,
    Exists,
    GetVar,
    GlobalGetVar,
    Hold,
    Kill,
    PhoneEvent,
    PlayAndGetDigits,
    Playback,
    ReceiveDigits,
    SendDigits,
    SetVars,
    ShowChannels,
    Unschedule,
)
from fsorch.esl.events import channel_data
from tests.conformance.rig import Call, Rig, far_end, in_order
from tests.waiting import PATIENCE_S

TONE = "tone_stream://%(100000,0,440)"
SHORT = "tone_stream://%(200,0,440)"


# -- a caller -------------------------------------------------------------------------------------------------------


def test_a_call_comes_in_marked_and_parked(rig: Rig) -> None:
    call = rig.call_in()
    assert rig.sequence(call.leg) == ["CREATE", "PARK"]
    parked = rig.event("CHANNEL_PARK", leg=call.leg)
    assert (parked.direction, parked.answer_state) == ("inbound", "ringing")
    assert (parked.caller_number, parked.caller_name) == ("4930123456", "Emma")
    assert parked.destination == call.number
    assert parked.variable("fsorch_entry") == "yes"
    assert parked.variable("fsorch_dialled") == call.number


def test_a_caller_who_gives_up_before_the_answer(rig: Rig) -> None:
    call = rig.call_in()
    rig.ask(Kill(call.caller, "ORIGINATOR_CANCEL"))
    rig.gone(call.leg)
    assert rig.sequence(call.leg) == ["CREATE", "PARK", "HANGUP", "UNPARK", "done park", "HANGUP_COMPLETE", "DESTROY"]


def test_a_call_is_taken_answered_and_hung_up(rig: Rig) -> None:
    call = rig.call_in()
    rig.send(Unschedule(call.leg), "taken")
    assert rig.ask(SetVars(call.leg, (("fsorch_contact", "c1"), ("fsorch_role", "customer")))).ok
    assert rig.ask(Answer(call.leg)).ok
    rig.event("CHANNEL_ANSWER", leg=call.leg)
    assert rig.outcome(call.caller) == f"+OK {call.caller}"
    assert rig.ask(Kill(call.leg, "NORMAL_CLEARING")).ok
    rig.gone(call.leg, call.caller)
    wanted = ["CREATE", "PARK", "ANSWER", "HANGUP", "UNPARK", "done park", "HANGUP_COMPLETE", "DESTROY"]
    assert [line for line in rig.sequence(call.leg) if line != "PROGRESS_MEDIA"] == wanted
    complete = rig.event("CHANNEL_HANGUP_COMPLETE", leg=call.leg)
    assert complete.variable("hangup_cause") == complete.hangup_cause == "NORMAL_CLEARING"
    assert complete.variable("hangup_cause_q850") == "16"
    assert complete.variable("fsorch_contact") == "c1"
    assert complete.created_time <= complete.answered_time <= complete.hangup_time


def test_the_marks_of_a_call_are_on_the_switch(rig: Rig) -> None:
    call = rig.call_in(take=True)
    marks = (("fsorch_contact", "c-7"), ("fsorch_queue", "sales"), ("presence_data", "fsorch:c-7:customer"))
    assert rig.ask(SetVars(call.leg, marks)).ok
    assert rig.ask(GetVar(call.leg, "fsorch_contact")).text == "c-7"
    assert rig.ask(GetVar(call.leg, "fsorch_nothing")).text == "_undef_"
    dumped = channel_data(rig.ask(Dump(call.leg)).text)
    assert (dumped.uuid, dumped.variable("fsorch_queue"), dumped.answer_state) == (call.leg, "sales", "answered")
    rig.until(lambda: call.leg in rig.ask(ShowChannels()).text, "the channel in show channels")
    assert rig.ask(Exists(call.leg)).text == "true"


# -- prompts, keys, music -------------------------------------------------------------------------------------------


def ask_for_a_key(rig: Rig, call: Call, *, prompt: str = SHORT, timeout_ms: int = 1000) -> str:
    """Ask for 0, 1 or 2 into the variable k; returns the application's id."""
    id = str(uuid.uuid4())
    rig.send(
        PlayAndGetDigits(
            call.leg,
            min=1,
            max=1,
            tries=1,
            timeout_ms=timeout_ms,
            terminators="#",
            prompt=prompt,
            invalid="silence_stream://10",
            variable="k",
            regex="^[012]$",
            event_uuid=id,
        )
    )
    return id


def test_a_good_key_ends_the_prompt(rig: Rig) -> None:
    call = rig.call_in(take=True)
    id = ask_for_a_key(rig, call, prompt=TONE)
    assert rig.ask(ReceiveDigits(call.leg, "2")).ok
    done = rig.executed(id)
    assert (done.application, done.variable("k"), done.variable("k_invalid")) == ("play_and_get_digits", "2", None)
    assert in_order(["DTMF 2", "done play_and_get_digits"], rig.sequence(call.leg))


def test_a_key_from_the_callers_own_phone(rig: Rig) -> None:
    call = rig.call_in(take=True)
    id = ask_for_a_key(rig, call, prompt=TONE)
    assert rig.ask(SendDigits(call.caller, "1")).ok
    assert rig.executed(id).variable("k") == "1"


def test_a_wrong_key(rig: Rig) -> None:
    call = rig.call_in(take=True)
    id = ask_for_a_key(rig, call, prompt=TONE)
    assert rig.ask(ReceiveDigits(call.leg, "7")).ok
    done = rig.executed(id)
    assert (done.variable("k"), done.variable("k_invalid")) == (None, "7")


def test_no_key(rig: Rig) -> None:
    """A timeout below one second counts as one (mod_dptools.c)."""
    call = rig.call_in(take=True)
    answered = rig.event("CHANNEL_ANSWER", leg=call.leg)
    done = rig.executed(ask_for_a_key(rig, call, timeout_ms=100))
    assert (done.variable("k"), done.variable("k_invalid")) == (None, None)
    assert done.timestamp - answered.timestamp > 1_100_000


def test_a_prompt_that_is_missing_waits_for_no_key(rig: Rig) -> None:
    """The application ends at once, whatever its timeout: a menu without its file is no menu (switch_ivr_read)."""
    call = rig.call_in(take=True)
    answered = rig.event("CHANNEL_ANSWER", leg=call.leg)
    done = rig.executed(ask_for_a_key(rig, call, prompt="/no/such/file.wav", timeout_ms=30_000))
    assert done.variable("k") is None
    assert done.timestamp - answered.timestamp < 10_000_000


def test_a_prompt_ends_and_music_goes_on(rig: Rig) -> None:
    call = rig.call_in(take=True)
    first, second = str(uuid.uuid4()), str(uuid.uuid4())
    rig.send(Playback(call.leg, SHORT, first))
    assert rig.executed(first).application_response == "FILE PLAYED"
    rig.send(Playback(call.leg, TONE, second))
    rig.until(lambda: rig.ask(GetVar(call.leg, "current_application_data")).text == TONE, "the music to begin")
    rig.ask(Kill(call.leg, "NORMAL_CLEARING"))
    done = rig.executed(second)
    assert done.application == "playback"


def test_a_prompt_that_a_key_ends(rig: Rig) -> None:
    call = rig.call_in(take=True)
    id = str(uuid.uuid4())
    assert rig.ask(SetVars(call.leg, (("playback_terminators", "12"),))).ok
    rig.send(Playback(call.leg, TONE, id))
    assert rig.ask(ReceiveDigits(call.leg, "2")).ok
    done = rig.executed(id)
    assert (done.application_response, done.variable("playback_terminator_used")) == ("FILE PLAYED", "2")


def test_what_is_asked_for_while_legs_are_joined_plays_into_their_talk_until_it_is_broken_off(rig: Rig) -> None:
    """Between uuid_bridge and the talk the switch takes what was queued meanwhile, after it has told of the bridge
    (switch_ivr_multi_threaded_bridge); neither hears the other before that ends."""
    stays = {"hangup_after_bridge": "false", "park_after_bridge": "true"}
    one, two = (rig.originate(far_end("answer-100"), stays) for _ in range(2))
    for leg in (one, two):
        rig.event("CHANNEL_PARK", leg=leg)
    id = str(uuid.uuid4())
    rig.send(Bridge(one, two))
    rig.event("CHANNEL_UNPARK", leg=one)
    rig.send(Playback(one, TONE, id))
    rig.event("CHANNEL_BRIDGE", leg=one)
    application = GetVar(one, "current_application_data")
    rig.until(lambda: rig.ask(application).text == TONE, "the tone to begin")
    assert rig.ask(GetVar(one, "current_application_response")).text in ("", "_undef_")
    assert rig.ask(Break(one)).ok
    assert rig.executed(id).application == "playback"
    assert [line for line in rig.sequence(one) if line in ("BRIDGE", "UNBRIDGE", "done playback")] == [
        "BRIDGE",
        "done playback",
    ]
    rig.ask(Kill(one, "NORMAL_CLEARING"))
    rig.event("CHANNEL_UNBRIDGE", leg=one)


def test_a_sound_file_that_is_missing(rig: Rig) -> None:
    call = rig.call_in(take=True)
    id = str(uuid.uuid4())
    rig.send(Playback(call.leg, "/no/such/file.wav", id))
    assert rig.executed(id).application_response == "FILE NOT FOUND"


def test_a_prompt_of_ours_is_there(rig: Rig) -> None:
    call = rig.call_in(take=True)
    id = str(uuid.uuid4())
    sounds = rig.ask(GlobalGetVar("sounds_dir")).text
    rig.send(Playback(call.leg, f"{sounds}/fsorch/en/greeting.wav", id))
    assert rig.executed(id).application_response == "FILE PLAYED"


# -- far ends -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("busy", "USER_BUSY"),
        ("reject", "CALL_REJECTED"),
        ("notfound", "UNALLOCATED_NUMBER"),
        ("noresp", "NO_USER_RESPONSE"),
        ("unavail", "NORMAL_TEMPORARY_FAILURE"),
        ("nosuch", "NO_ROUTE_DESTINATION"),
    ],
)
def test_a_far_end_that_fails(rig: Rig, name: str, cause: str) -> None:
    leg = rig.originate(far_end(name))
    assert rig.outcome(leg) == f"-ERR {cause}"
    rig.gone(leg)
    assert rig.event("CHANNEL_HANGUP_COMPLETE", leg=leg).hangup_cause == cause
    assert rig.sequence(leg) == ["CREATE", "HANGUP", "HANGUP_COMPLETE", "DESTROY"]


@pytest.mark.parametrize(
    ("endpoint", "cause"),
    [
        ("loopback/100/nosuchcontext", "NO_ROUTE_DESTINATION"),
        ("user/nobody@nowhere.example", "SUBSCRIBER_ABSENT"),
        ("sofia/nosuchprofile/x@127.0.0.1:6060", "INVALID_PROFILE"),
        ("sofia/gateway/nosuch/100", "INVALID_GATEWAY"),
        ("error/user_not_registered", "USER_NOT_REGISTERED"),
        ("nosuchendpoint/100", "CHAN_NOT_IMPLEMENTED"),
    ],
)
def test_an_endpoint_that_cannot_be_called(rig: Rig, endpoint: str, cause: str) -> None:
    leg = rig.originate(endpoint)
    assert rig.outcome(leg) == f"-ERR {cause}"
    assert "ANSWER" not in rig.sequence(leg)


def test_a_far_end_that_nobody_answers(rig: Rig) -> None:
    leg = rig.originate(far_end("ring"), timeout_s=2)
    assert rig.outcome(leg) == "-ERR NO_ANSWER"
    rig.gone(leg)
    assert rig.sequence(leg) == ["CREATE", "PROGRESS", "HANGUP", "HANGUP_COMPLETE", "DESTROY"]


def test_a_far_end_that_answers(rig: Rig) -> None:
    leg = rig.originate(far_end("answer-300"))
    assert rig.outcome(leg) == f"+OK {leg}"
    rig.event("CHANNEL_PARK", leg=leg)
    assert rig.sequence(leg) == ["CREATE", "PROGRESS", "ANSWER", "PARK"]


def test_a_far_end_with_early_media(rig: Rig) -> None:
    leg = rig.originate(far_end("early"))
    assert rig.outcome(leg) == f"+OK {leg}"
    rig.event("CHANNEL_PARK", leg=leg)
    assert rig.sequence(leg) == ["CREATE", "PROGRESS_MEDIA", "ANSWER", "PARK"]


def test_a_ringing_leg_is_taken_back(rig: Rig) -> None:
    leg = rig.originate(far_end("ring"))
    rig.event("CHANNEL_PROGRESS", leg=leg)
    assert rig.ask(Kill(leg, "ORIGINATOR_CANCEL")).ok
    assert rig.outcome(leg) == "-ERR ORIGINATOR_CANCEL"
    rig.gone(leg)
    assert rig.sequence(leg) == ["CREATE", "PROGRESS", "HANGUP", "HANGUP_COMPLETE", "DESTROY"]


def test_a_phone_is_asked_to_pick_up(rig: Rig) -> None:
    """SIP NOTIFY with Event: talk; a phone that knows it answers."""
    leg = rig.originate(far_end("ring"))
    rig.event("CHANNEL_PROGRESS", leg=leg)
    assert rig.ask(PhoneEvent(leg, "talk")).ok
    assert rig.outcome(leg) == f"+OK {leg}"
    assert in_order(["PROGRESS", "ANSWER", "PARK"], rig.sequence(leg))


# -- two legs -------------------------------------------------------------------------------------------------------


def talk(rig: Rig) -> tuple[Call, str]:
    """A caller who hears music, bridged to a phone."""
    call = rig.call_in(take=True)
    music = str(uuid.uuid4())
    rig.send(Playback(call.leg, TONE, music))
    agent = rig.originate(far_end("answer-200"))
    assert rig.outcome(agent) == f"+OK {agent}"
    rig.event("CHANNEL_PARK", leg=agent)
    assert rig.ask(Bridge(call.leg, agent)).ok
    bridged = rig.event("CHANNEL_BRIDGE", leg=call.leg)
    assert (bridged.bridge_a, bridged.bridge_b) == (call.leg, agent)
    assert rig.executed(music).application == "playback"
    return call, agent


def test_a_bridge(rig: Rig) -> None:
    call, agent = talk(rig)
    both = rig.sequence(call.leg, agent)
    assert in_order(["0 UNPARK", "0 BRIDGE"], both)
    assert in_order(["1 PARK", "1 UNPARK", "0 BRIDGE"], both)
    assert both.count("0 BRIDGE") == 1
    assert "1 BRIDGE" not in both


@pytest.mark.parametrize("side", [0, 1])
def test_either_side_hangs_up(rig: Rig, side: int) -> None:
    call, agent = talk(rig)
    legs = (call.leg, agent)
    since = len(rig.events)
    rig.ask(Kill(legs[side], "NORMAL_CLEARING"))
    rig.gone(*legs)
    had = rig.sequence(*legs, since=since)
    for number in (0, 1):
        assert in_order([f"{number} HANGUP", f"{number} HANGUP_COMPLETE", f"{number} DESTROY"], had)
    # Which leg's HANGUP is told first says nothing: the peer's thread may be quicker than the one that was hung up.
    assert [line.partition(" ")[2] for line in had].count("UNBRIDGE") == 1


def test_the_callers_phone_hangs_up(rig: Rig) -> None:
    call, agent = talk(rig)
    rig.ask(Kill(call.caller, "NORMAL_CLEARING"))
    rig.gone(call.leg, agent)
    assert rig.event("CHANNEL_HANGUP_COMPLETE", leg=agent).hangup_cause == "NORMAL_CLEARING"


def test_the_caller_stays_when_the_agent_goes(rig: Rig) -> None:
    call, agent = talk(rig)
    assert rig.ask(SetVars(call.leg, (("hangup_after_bridge", "false"), ("park_after_bridge", "true")))).ok
    since = len(rig.events)
    rig.ask(Kill(agent, "NORMAL_CLEARING"))
    rig.gone(agent)
    rig.until(lambda: "PARK" in rig.sequence(call.leg, since=since), "the caller parked again")
    assert in_order(["UNBRIDGE", "PARK"], rig.sequence(call.leg, since=since))
    assert "HANGUP" not in rig.sequence(call.leg, since=since)


def test_hold_and_back(rig: Rig) -> None:
    call, _ = talk(rig)
    assert rig.ask(Hold(call.leg, True)).ok
    rig.event("CHANNEL_HOLD", leg=call.leg)
    assert rig.ask(Hold(call.leg, False)).ok
    rig.event("CHANNEL_UNHOLD", leg=call.leg)
    assert in_order(["BRIDGE", "HOLD", "UNHOLD"], rig.sequence(call.leg))


def test_a_bridge_to_somebody_who_is_gone(rig: Rig) -> None:
    call = rig.call_in(take=True)
    reply = rig.ask(Bridge(call.leg, str(uuid.uuid4())))
    assert (reply.ok, reply.text) == (False, "-ERR Invalid uuid")


def test_the_caller_goes_while_the_agent_rings(rig: Rig) -> None:
    call = rig.call_in(take=True)
    agent = rig.originate(far_end("ring"))
    rig.event("CHANNEL_PROGRESS", leg=agent)
    rig.ask(Kill(call.caller, "NORMAL_CLEARING"))
    rig.gone(call.leg)
    assert rig.ask(Exists(agent)).text == "true"
    rig.ask(Kill(agent, "ORIGINATOR_CANCEL"))
    rig.gone(agent)
    assert rig.event("CHANNEL_HANGUP_COMPLETE", leg=agent).hangup_cause == "ORIGINATOR_CANCEL"


# -- without fsorch -------------------------------------------------------------------------------------------------


def test_a_call_nobody_takes_is_served_by_the_switch(rig: Rig) -> None:
    call = rig.call_in()
    answered = rig.event("CHANNEL_ANSWER", leg=call.leg)
    parked = rig.event("CHANNEL_PARK", leg=call.leg)
    assert 4.0 <= (answered.timestamp - parked.timestamp) / 1_000_000 <= 6.0
    assert answered.variable("fsorch_fallback") == "yes"
    assert answered.variable("fsorch_entry") is None
    rig.event("CHANNEL_EXECUTE_COMPLETE", lambda event: event.application == "playback", leg=call.leg)
    rig.ask(Kill(call.caller, "NORMAL_CLEARING"))
    complete = rig.event("CHANNEL_HANGUP_COMPLETE", leg=call.leg)
    assert complete.variable("fsorch_fallback") == "yes"
    assert complete.variable("fsorch_dialled") == call.number


def test_a_call_that_was_marked_in_time_comes_back(rig: Rig) -> None:
    """The clock was not stopped, but the call is ours: it is parked again and nothing else happens to it."""
    call = rig.call_in()
    assert rig.ask(SetVars(call.leg, (("fsorch_contact", "c1"),))).ok
    since = len(rig.events)
    rig.until(lambda: "PARK" in rig.sequence(call.leg, since=since), "the second park")
    assert rig.sequence(call.leg, since=since) == ["UNPARK", "done park", "PARK"]
    assert rig.ask(GetVar(call.leg, "fsorch_fallback")).text == "_undef_"


def test_a_call_that_was_taken_stays(rig: Rig) -> None:
    call = rig.call_in(take=True)
    assert rig.ask(Unschedule(call.leg)).text == "+OK Deleted: 0"
    id = str(uuid.uuid4())
    rig.send(Playback(call.leg, "tone_stream://%(6000,0,440)", id))
    assert rig.executed(id).application_response == "FILE PLAYED"
    assert rig.sequence(call.leg).count("PARK") == 1


# -- the link -------------------------------------------------------------------------------------------------------


def test_the_link_is_cut_and_comes_back(rig: Rig) -> None:
    """Calls go on; what lives is told when the link is up again."""
    call, agent = talk(rig)
    rig.cable.cut()
    rig.until(lambda: rig.link.state == "down", "the link to be down")
    rig.cable.mend()
    assert rig.link.wait_up(PATIENCE_S)
    rig.until(lambda: len(rig.ups()) == 2, "the second LinkUp")
    first, second = rig.ups()
    assert first.core_uuid == second.core_uuid != ""
    assert {call.leg, agent} <= {event.uuid for event in second.channels}
    assert {call.leg, agent}.isdisjoint(event.uuid for event in first.channels)
    since = len(rig.events)
    rig.ask(Kill(call.leg, "NORMAL_CLEARING"))
    rig.gone(call.leg, agent)
    assert "0 HANGUP" in rig.sequence(call.leg, agent, since=since)
