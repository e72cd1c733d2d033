"""Every capture's commands are replayed in virtual time; what the virtual switch sends is compared with the real
stream.

Compared are, leg by leg and strictly in order: the events' names, all their headers (names, order, values) but times,
ids the switch itself made up, and the names of the channel's variables. Across legs the order is compared where the
real switch has only one (`GLOBAL`); where it has not, it depends on which channel's thread came first (04: a timeout
against a command of the same moment; 10 and 16: which of two bridged legs leaves its park first, and UNBRIDGE against
PARK).
"""

from __future__ import annotations

import json
from functools import cache

import pytest

from tests.sim.captures import Capture, Headers, load
from tests.sim.replay import AGENT, FAILING, SILENT, Replay, Replayed

NUMBERS = ("01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "16", "17", "18")
GLOBAL = ("01", "02", "03", "05", "06", "07", "08", "09", "11", "12", "17", "18")
ENDS = {"04": {6060: SILENT}, "05": {6060: SILENT}, "06": FAILING}

# Made up by the switch, or the moment itself.
OWN_VALUES = {
    "Application-UUID",
    "Caller-Channel-Hold-Accum",
    "Caller-Channel-Last-Hold",
    "Caller-Transfer-Source",
    "Conference-Unique-ID",
    "Core-UUID",
    "Detection-time",
    "Event-Date-GMT",
    "Event-Date-Local",
    "Event-Date-Timestamp",
    "Event-Sequence",
    "Event-UUID",
    "Frequency",
    "Start-time",
}
# What the far end says about itself: the recorded one was a FreeSWITCH (17), or sent a re-INVITE for the hold (02).
FOREIGN = {
    f"variable_{name}"
    for name in (
        "conference_call_key",
        "sip_Remote-Party-ID",
        "sip_allow",
        "sip_cid_type",
        "sip_reason",
        "sip_user_agent",
        "sip_via_rport",
        "switch_m_sdp",
    )
}
# Set some milliseconds after the answer, when the ACK or the SDP came: the recording caught them early or late.
LATE = {
    f"variable_{name}" for name in ("sip_to_tag", "sip_cseq", "ep_codec_string", "switch_r_sdp", "endpoint_disposition")
}
# Variables whose values the engine and the records read.
READ = (
    "bridge_hangup_cause", "bridge_to", "bridge_uuid", "caller_id", "crm", "current_application", "digits_dialed",
    "direction", "endpoint_disposition", "fsorch_call", "fsorch_choice", "fsorch_choice_invalid", "fsorch_digits",
    "fsorch_entry", "fsorch_priority", "fsorch_queue", "fsorch_role", "hangup_after_bridge", "hangup_cause",
    "hangup_cause_q850", "last_app", "last_arg", "note", "originate_timeout", "origination_uuid",
    "park_after_bridge", "playback_terminator_used", "proto_specific_hangup_cause", "read_codec", "read_rate",
    "read_result", "read_terminator_used", "record_completion_cause", "rtp_use_codec_name", "signal_bond",
    "sip_hangup_disposition", "sip_invite_failure_status", "sip_term_cause", "sip_term_status", "uuid",
    "write_codec",
)  # fmt: skip
TIMES = ("start", "progress", "progress_media", "answer", "bridge", "end")


@cache
def capture(number: str) -> Capture:
    return load(number)


@cache
def replayed(number: str) -> Replayed:
    real = capture(number)
    hangups = {real.events[0]["Unique-ID"]: 1.624} if number == "01" else None
    seen = Replay(real, ENDS.get(number, {6060: AGENT, 6061: AGENT})).run(30, hangups)
    return Replayed(rename(seen.events, real.events), seen.replies)


def rename(seen: list[Headers], real: tuple[Headers, ...]) -> list[Headers]:
    """The ids of legs that the switch made itself (a call to itself, capture 17), as the recording has them."""
    wanted = [uuid for uuid in legs(real) if uuid not in legs(seen)]
    made = [uuid for uuid in legs(seen) if uuid not in legs(real)]
    text = json.dumps(seen)
    for new, old in zip(wanted, made, strict=True):
        text = text.replace(old, new)
    renamed: list[Headers] = json.loads(text)
    return renamed


def legs(events: list[Headers] | tuple[Headers, ...]) -> dict[str, list[Headers]]:
    found: dict[str, list[Headers]] = {}
    for event in events:
        found.setdefault(event.get("Unique-ID", ""), []).append(event)
    return found


def shown(event: Headers) -> list[tuple[str, str]]:
    """The headers that must be the same: names and values, or the name alone where the value is the switch's own."""
    return [
        (name, "" if name in OWN_VALUES or name.endswith(("-Time", "-Transfer-Source")) else value)
        for name, value in event.items()
        if not name.startswith("variable_")
    ]


def title(event: Headers) -> str:
    return " ".join(event.get(name, "") for name in ("Event-Name", "Event-Subclass", "Action", "Unique-ID"))


def variables(event: Headers) -> set[str]:
    return {name for name in event if name.startswith("variable_")} - FOREIGN - LATE


@pytest.mark.parametrize("number", NUMBERS)
def test_each_leg_has_the_same_events_with_the_same_headers(number: str) -> None:
    real, seen = legs(capture(number).events), legs(replayed(number).events)
    assert set(seen) == set(real)
    for uuid, events in real.items():
        assert [title(event) for event in seen[uuid]] == [title(event) for event in events]
        for ours, theirs in zip(seen[uuid], events, strict=True):
            assert shown(ours) == shown(theirs), title(theirs)


@pytest.mark.parametrize("number", NUMBERS)
def test_each_event_has_the_same_variables(number: str) -> None:
    real, seen = legs(capture(number).events), legs(replayed(number).events)
    for uuid, events in real.items():
        for ours, theirs in zip(seen[uuid], events, strict=True):
            assert variables(ours) == variables(theirs), title(theirs)
            for name in READ:
                assert ours.get(f"variable_{name}") == theirs.get(f"variable_{name}"), (title(theirs), name)


@pytest.mark.parametrize("number", GLOBAL)
def test_the_order_across_legs_is_the_same(number: str) -> None:
    assert [title(event) for event in replayed(number).events] == [title(event) for event in capture(number).events]


@pytest.mark.parametrize("number", NUMBERS)
def test_the_times_of_the_call_are_those_of_the_real_one(number: str) -> None:
    """Within three ticks: a leg's own times are counted from its beginning."""
    real, seen = legs(capture(number).events), legs(replayed(number).events)
    for uuid, events in real.items():
        for ours, theirs in zip(seen[uuid], events, strict=True):
            if theirs["Event-Name"] != "CHANNEL_HANGUP_COMPLETE":
                continue
            for name in TIMES:
                assert since_start(ours, name) == pytest.approx(since_start(theirs, name), abs=75_000), (uuid, name)


def since_start(event: Headers, name: str) -> int:
    when = int(event[f"variable_{name}_uepoch"]) if name != "start" else int(event["variable_start_uepoch"])
    return when - int(event["variable_start_uepoch"]) if when else -1_000_000


def comparable(command: str, text: str) -> str:
    """A reply without what is different in every run; the timelines keep 600 characters of it, blanks at the ends
    cut."""
    text = text.strip()[:590].strip()
    if command.startswith(("api status", "sendevent")):
        return text.split("\n")[0][:2]
    if command == "api create_uuid":
        return str(len(text))
    if command.startswith("api strepoch"):
        return text[:8]
    if command.endswith("json_list"):
        return "".join(text.split())[:60]
    if command.startswith("api sofia status profile external"):
        return text[:500]
    if text.startswith('{"Event-Name"'):
        return ",".join(part.partition(":")[0] for part in text[:500].split(',"'))
    return text


@pytest.mark.parametrize("number", NUMBERS)
def test_the_replies_are_the_same(number: str) -> None:
    for sent, reply in zip(capture(number).sent, replayed(number).replies, strict=True):
        line = sent.frame.line
        if line.startswith("api callcenter_config"):
            continue  # mod_callcenter is what fsorch replaces: the virtual switch has none
        assert comparable(line, reply) == comparable(line, sent.reply), line


def test_a_replay_is_the_same_every_time() -> None:
    real = capture("10")
    assert Replay(real).run(30).events == Replay(real).run(30).events
