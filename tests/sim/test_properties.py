"""Whatever is asked of the virtual switch in whatever order: it never fails, and every channel ends exactly once."""

from __future__ import annotations

import re
from collections import Counter

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from fsorch.esl.frames import CommandFrame, FrameReader
from fsorch.sim.endpoints import Habit, Robot
from fsorch.sim.inbound import Invite
from fsorch.sim.switch import VirtualSwitch
from fsorch.sim.timeline import Timeline

LEGS = [f"leg{n}" for n in range(5)]
leg = st.sampled_from(LEGS)
APPS = (
    "answer", "pre_answer", "park", "playback", "play_and_get_digits", "read", "say", "sleep", "set", "record",
    "record_session", "bridge", "eavesdrop", "conference", "hangup", "transfer", "respond", "ring_ready", "echo",
    "socket", "avmd_start", "avmd_stop", "sched_transfer", "sched_hangup", "unset", "multiset", "endless_playback",
    "nosuch",
)  # fmt: skip
ARGUMENTS = (
    "", "1 4 2 300 # silence_stream://200 silence_stream://50 var \\d+ 100", "silence_stream://300",
    "tone_stream://%(100,0,440)", "local_stream://moh", "/no/such.wav", "x=1", "leg1", "leg2", "room@default",
    "park_x XML public", "+1 park_x", "USER_BUSY", "100", "sofia/external/quick@ends", "user/1000",
    "1 2 silence_stream://100 v 200 #", "${uuid} ((", "$${x}\\",
)  # fmt: skip
DIALS = (
    "sofia/external/quick@ends", "sofia/external/busy@ends", "sofia/external/never@ends", "user/1000",
    "loopback/early/public", "sofia/external/quick@ends,sofia/external/early@ends",
    "sofia/external/busy@ends|sofia/external/quick@ends", "sofia/nosuch/x@y", "error/USER_BUSY", "{",
    "[leg=1]sofia/external/early@ends", "sofia/gateway/none/1", "", "loopback/nowhere",
)  # fmt: skip

calls = st.builds(
    lambda uuid, to: ("call", uuid, to), leg, st.sampled_from(("park_x", "apark_x", "early", "nobody", "machine"))
)
originates = st.builds(
    lambda uuid, dial, end, extra: (
        "line",
        f"bgapi originate {{origination_uuid={uuid},originate_timeout=2{extra}}}{dial} {end}",
        "",
    ),
    leg,
    st.sampled_from(DIALS),
    st.sampled_from(
        ("&park()", "&park", "&echo()", "park_x XML public", "&bridge(user/1000)", "&conference(room)", "")
    ),
    st.sampled_from(("", ",ignore_early_media=true", ",hangup_after_bridge=false,park_after_bridge=true")),
)
UUID_COMMANDS = (
    "uuid_answer", "uuid_bridge", "uuid_kill", "uuid_park", "uuid_transfer", "uuid_hold", "uuid_hold off",
    "uuid_break", "uuid_phone_event", "uuid_broadcast", "uuid_setvar", "uuid_setvar_multi", "uuid_getvar",
    "uuid_dump", "uuid_exists", "uuid_recv_dtmf", "uuid_send_dtmf", "uuid_record", "uuid_pre_answer", "uuid_audio",
    "sched_del", "uuid_deflect",
)  # fmt: skip
RESTS = (
    "", "leg0", "leg1", "leg2", "leg3", "leg4",
    "json", "12#", "all", "park_x XML public", "-both conference:room inline", "-bleg park_x", "talk",
    "start /tmp/x.wav", "stop all", "park_after_bridge=true;hangup_after_bridge=false", "a b", "aleg",
)  # fmt: skip
uuid_commands = st.builds(
    lambda name, uuid, rest: ("line", f"api {name} {uuid} {rest}".strip(), ""),
    st.sampled_from(UUID_COMMANDS),
    leg,
    st.sampled_from(RESTS),
)
messages = st.builds(
    lambda uuid, app, argument, lock, loops: ("message", uuid, f"{app}\0{argument}\0{lock}\0{loops}"),
    leg,
    st.sampled_from(APPS),
    st.sampled_from(ARGUMENTS),
    st.sampled_from(("true", "false")),
    st.sampled_from(("1", "2", "-1", "x")),
)
plain = st.sampled_from(
    ("api hupall", "api show channels as json", "api show calls as json", "api status", "api conference list",
     "filter a b", "nixevent DTMF", "event json ALL", "api", "bgapi", "api originate", "sendmsg", "myevents leg0",
     "filter delete all")
).map(lambda line: ("line", line, ""))  # fmt: skip
hangups = st.builds(lambda uuid: ("far", uuid, ""), leg)
waits = st.sampled_from((0.0, 0.02, 0.05, 0.3, 2.5)).map(lambda seconds: ("wait", str(seconds), ""))
steps = st.lists(
    st.one_of(calls, originates, uuid_commands, uuid_commands, messages, messages, plain, hangups, waits, waits),
    max_size=40,
)


def make_switch() -> VirtualSwitch:
    switch = VirtualSwitch(5)
    core = switch.machine.core
    ends = {
        "quick@": Habit(answer_s=0.1),
        "busy@": Habit(status=486, refuse_s=0.1),
        "never@": Habit(answer_s=None),
        "early@": Habit(early_s=0.05, answer_s=0.4),
    }
    for pattern, habit in ends.items():
        switch.machine.dialer.external.append((re.compile(pattern), Robot(core, habit)))
    return switch


def run(story: list[tuple[str, str, str]]) -> tuple[VirtualSwitch, list[dict[str, object]], int]:
    """Play a story, hang up what is left, and give back all events and the number of replies."""
    switch = make_switch()
    watcher, client = switch.connect(), switch.connect()
    for session in (watcher, client):
        switch.receive(session, CommandFrame("auth ClueCon"))
        session.take()
    switch.receive(watcher, CommandFrame("event json ALL"))
    now = 0.0
    sent = 0
    for what, first, second in story:
        if what == "wait":
            now += float(first)
            switch.advance(now)
        elif what == "call" and first not in switch.machine.core.channels:
            switch.call(Invite(uuid=first, number="100", destination=second))
        elif what == "far" and first in switch.machine.core.channels:
            switch.machine.hang_up(switch.machine.core.channels[first])
        elif what == "line":
            switch.receive(client, CommandFrame(first))
            sent += 1
        elif what == "message":
            switch.receive(client, message(first, second))
            sent += 1
    for _ in range(4):
        switch.run_api("hupall", lambda text: None)
        now += 70
        switch.advance(now)
    frames = FrameReader().feed(watcher.take())
    events = [msgspec.json.decode(frame.body) for frame in frames if frame.content_type == "text/event-json"]
    replies = [f for f in FrameReader().feed(client.take()) if not f.content_type.startswith("text/event")]
    return switch, events, len(replies) - sent


def message(uuid: str, packed: str) -> CommandFrame:
    app, argument, lock, loops = packed.split("\0")
    headers = (
        ("call-command", "execute"),
        ("execute-app-name", app),
        ("execute-app-arg", argument),
        ("event-lock", lock),
        ("loops", loops),
    )
    return CommandFrame(f"sendmsg {uuid}", headers)


@settings(max_examples=120, deadline=None)
@given(steps)
def test_every_channel_is_destroyed_exactly_once_and_every_command_answered(story: list[tuple[str, str, str]]) -> None:
    switch, events, missing = run(story)
    assert switch.machine.core.channels == {}
    assert missing == 0
    per_leg: Counter[tuple[object, object]] = Counter()
    made: Counter[object] = Counter()
    for event in events:
        if event["Event-Name"] in ("CHANNEL_CREATE", "CHANNEL_HANGUP", "CHANNEL_HANGUP_COMPLETE", "CHANNEL_DESTROY"):
            per_leg[event["Unique-ID"], event["Event-Name"]] += 1
            made[event["Unique-ID"]] += event["Event-Name"] == "CHANNEL_CREATE"
    for uuid, count in made.items():
        if count:
            for name in ("CHANNEL_HANGUP", "CHANNEL_HANGUP_COMPLETE", "CHANNEL_DESTROY"):
                assert per_leg[uuid, name] in (count, count + stillborn(events, uuid) * (name == "CHANNEL_DESTROY")), (
                    name
                )
    bridges = Counter(str(event["Event-Name"]) for event in events)
    assert bridges["CHANNEL_BRIDGE"] == bridges["CHANNEL_UNBRIDGE"]
    assert bridges["CHANNEL_PARK"] == bridges["CHANNEL_UNPARK"]
    assert bridges["PLAYBACK_START"] == bridges["PLAYBACK_STOP"]
    assert bridges["RECORD_START"] == bridges["RECORD_STOP"]
    assert bridges["BACKGROUND_JOB"] == sum(1 for what, line, _ in story if what == "line" and line.startswith("bgapi"))


def stillborn(events: list[dict[str, object]], uuid: object) -> int:
    """Legs that were destroyed without having been created: no such profile or gateway (capture 06)."""
    return sum(
        1 for e in events if e["Unique-ID" if "Unique-ID" in e else "Event-Name"] == uuid and e["Channel-Name"] == "N/A"
    )


@settings(max_examples=30, deadline=None)
@given(steps)
def test_the_same_story_gives_the_same_bytes(story: list[tuple[str, str, str]]) -> None:
    assert run(story)[1] == run(story)[1]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1000), st.booleans()), max_size=30))
def test_the_timeline_runs_all_that_is_due_in_order(plan: list[tuple[int, bool]]) -> None:
    timeline = Timeline()
    ran: list[tuple[int, int]] = []
    wanted = []
    for n, (due, cancelled) in enumerate(plan):
        timer = timeline.at(due, lambda n=n, due=due: ran.append((due, n)))  # type: ignore[misc]
        if cancelled:
            timer.cancel()
        else:
            wanted.append((due, n))
    timeline.advance(1000)
    assert ran == sorted(wanted)
    assert timeline.next_due() is None
