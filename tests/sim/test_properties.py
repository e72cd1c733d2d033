"""Whatever is asked of the virtual switch in whatever order: it never fails, and every channel ends exactly once."""

from __future__ import annotations

import json
import re
from collections import Counter

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from fsorch.esl.frames import CommandFrame, FrameReader
from fsorch.sim.channel import Headers
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
    "nosuch", "detect_audio", "detect_silence", "wait_for_silence",
)  # fmt: skip
ARGUMENTS = (
    "", "1 4 2 300 # silence_stream://200 silence_stream://50 var \\d+ 100", "silence_stream://300",
    "tone_stream://%(100,0,440)", "local_stream://moh", "/no/such.wav", "x=1", "leg1", "leg2", "room@default",
    "park_x XML public", "+1 park_x", "USER_BUSY", "100", "sofia/external/quick@ends", "user/1000",
    "150 3 1500", "150 4 0", "150 5 10 2000", "1 2 silence_stream://100 v 200 #", "${uuid} ((", "$${x}\\",
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
bridges = st.builds(lambda one, two: ("line", f"api uuid_bridge {one} {two}", ""), leg, leg)
anything = st.one_of(
    calls, originates, uuid_commands, uuid_commands, bridges, messages, messages, plain, hangups, waits, waits
)
Story = list[tuple[str, str, str]]
PARKED: Story = [
    ("call", "leg0", "apark_x"),
    ("call", "leg1", "apark_y"),
    ("line", "bgapi originate {origination_uuid=leg2}sofia/external/quick@ends &park()", ""),
    (
        "line",
        "bgapi originate {origination_uuid=leg3,park_after_bridge=true,hangup_after_bridge=false}loopback/echo &park()",
        "",
    ),
    ("wait", "0.5", ""),
]
PAIR: Story = [*PARKED, ("line", "api uuid_bridge leg0 leg2", ""), ("wait", "0.1", "")]
steps = st.builds(
    lambda opening, rest: [*opening, *rest], st.sampled_from([[], PARKED, PAIR]), st.lists(anything, max_size=30)
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


def run(story: Story) -> tuple[VirtualSwitch, list[dict[str, object]], int]:
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
def test_every_channel_is_destroyed_exactly_once_and_every_command_answered(story: Story) -> None:
    switch, events, missing = run(story)
    assert switch.machine.core.channels == {}
    assert missing == 0
    for uuid, ends in ends_of(events).items():
        assert set(ends.values()) == {ends["CHANNEL_CREATE"]}, (uuid, ends)
    count = Counter(str(event["Event-Name"]) for event in events)
    assert count["CHANNEL_BRIDGE"] == count["CHANNEL_UNBRIDGE"]
    assert count["CHANNEL_PARK"] == count["CHANNEL_UNPARK"]
    assert count["PLAYBACK_START"] == count["PLAYBACK_STOP"]
    assert count["RECORD_START"] == count["RECORD_STOP"]
    assert count["BACKGROUND_JOB"] == sum(1 for what, line, _ in story if what == "line" and line.startswith("bgapi"))


def ends_of(events: list[dict[str, object]]) -> dict[object, Counter[str]]:
    """How often each leg was told to begin and to end. Without the stillborn, which have no name and were never told
    to begin (capture 06). An id may be used again after its leg is gone."""
    names = ("CHANNEL_CREATE", "CHANNEL_HANGUP", "CHANNEL_HANGUP_COMPLETE", "CHANNEL_DESTROY")
    found: dict[object, Counter[str]] = {}
    for event in events:
        if event["Event-Name"] in names and event["Channel-Name"] != "N/A":
            ends = found.setdefault(event["Unique-ID"], Counter(dict.fromkeys(names, 0)))
            ends[str(event["Event-Name"])] += 1
    return found


@settings(max_examples=30, deadline=None)
@given(steps)
def test_the_same_story_gives_the_same_bytes(story: Story) -> None:
    assert run(story)[1] == run(story)[1]


NAMED = st.dictionaries(
    st.sampled_from(("Hangup-Cause", "Caller-ANI", "Unique-ID", "Event-Name", "variable_x", "Other-Type", "Own", "Id")),
    st.sampled_from(("", "a", "'\"\n", "Zoë")),
    max_size=3,
)


@settings(max_examples=100, deadline=None)
@given(NAMED, NAMED, NAMED, st.booleans(), st.sampled_from(("CHANNEL_ANSWER", "CHANNEL_STATE")))
def test_an_event_names_each_header_once_and_in_order_in_json(
    lead: Headers, tail: Headers, front: Headers, is_channels: bool, name: str
) -> None:
    switch = VirtualSwitch(1)
    channel = switch.call(Invite(number="100", destination="park_x"))
    channel.set("x", ["one", "two"])
    event = switch.machine.core.build(name, channel if is_channels else None, lead=lead, tail=tail, front=front)
    written = json.loads(event.json().partition(b"\n\n")[2], object_pairs_hook=list)
    assert written == list(event.headers.items())
    basic = {**channel.basic(), **(channel.variables if name == "CHANNEL_ANSWER" else {})} if is_channels else {}
    assert {**front, **event.headers, **lead, **basic, **tail} == event.headers


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
