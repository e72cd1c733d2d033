r"""The life of a channel: its states, its end, and the running of applications.

The thread of a channel (`run`) goes from state to state as ``switch_core_session_run`` does::

    CS_INIT -> CS_ROUTING -> CS_EXECUTE --(no more applications)--> hangup
       |            ^           |   ^
       v            +-transfer--+   |            uuid_bridge
    CS_CONSUME_MEDIA --answered-----+   any --> CS_HIBERNATE --> CS_SOFT_EXECUTE (a)  --+
      (outbound, rings)                                    \-> CS_EXCHANGE_MEDIA (b) --+-> CS_PARK or hangup
    any --> CS_HANGUP -> CS_REPORTING -> CS_DESTROY

What is not here: bridges (`fsorch.sim.bridging`), sounds and digits (`fsorch.sim.media`).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable

from fsorch.sim.channel import Channel, Headers, Message, Thread
from fsorch.sim.core import Core
from fsorch.sim.records import finish
from fsorch.sim.sip import acknowledged, local_sdp, ringing, start_media

__all__ = [
    "HANDLERS", "answer", "dequeue_digit", "execute", "execute_on", "flip_caller", "hangup", "idle", "park",
    "pre_answer", "refer", "ring_ready",
    "run", "run_messages", "transfer",
]  # fmt: skip

Handler = Callable[[Core, Channel], Thread]
HANDLERS: dict[str, Handler] = {}
"""What the thread does in each state; filled below and by `fsorch.sim.bridging`."""


# -- the thread -------------------------------------------------------------------------------------------------------


def run(core: Core, channel: Channel) -> Thread:
    """The thread of a channel from its creation to its destruction."""
    if channel.running == "CS_NONE":
        _init(core, channel)
    while not channel.hung:
        state = channel.state
        core.set_running(channel, state)
        yield from HANDLERS[state](core, channel)
    yield from _end(core, channel)


def idle(core: Core, channel: Channel) -> Thread:
    """Wait until somebody moves the channel on (CS_CONSUME_MEDIA)."""
    epoch = channel.epoch
    while channel.same(epoch):
        dequeue_digits(core, channel)
        yield None


def _init(core: Core, channel: Channel) -> None:
    """A new inbound channel is told of and goes straight to routing; an outbound one is led by its originate."""
    core.set_running(channel, "CS_INIT")
    core.set_state(channel, "CS_ROUTING")
    core.fire("CHANNEL_CREATE", channel)


def _routing(core: Core, channel: Channel) -> Thread:
    if channel.direction == "inbound":
        core.set_call_state(channel, "RINGING")
    apps = core.route(channel)
    if channel.dialplan == "inline" and channel.profile.get("RDNIS"):
        channel.profile.set("Destination-Number", channel.profile.get("RDNIS"))
        channel.profile.set("RDNIS", "")
    if channel.direction == "outbound" and not channel.hit_dialplan:
        flip_caller(core, channel)
    if not apps:
        hangup(core, channel, "NO_ROUTE_DESTINATION")
        return
    channel.apps = apps
    core.set_state(channel, "CS_EXECUTE")
    yield from ()


def _execute_state(core: Core, channel: Channel) -> Thread:
    """Run the queued applications; when none is left the call is over (switch_core_standard_on_execute)."""
    epoch = channel.epoch
    if channel.answered and channel.call_state == "RINGING":
        core.set_call_state(channel, "ACTIVE")
    while channel.same(epoch) and channel.apps:
        name, argument = channel.apps.pop(0)
        if name in core.apps:
            yield from execute(core, channel, name, argument, core.new_uuid())
    if channel.same(epoch):
        hangup(core, channel, "NORMAL_CLEARING")


def _park_state(core: Core, channel: Channel) -> Thread:
    yield from park(core, channel)


HANDLERS["CS_ROUTING"] = _routing
HANDLERS["CS_EXECUTE"] = _execute_state
HANDLERS["CS_PARK"] = _park_state
HANDLERS["CS_CONSUME_MEDIA"] = idle


def park(core: Core, channel: Channel, until: Callable[[], bool] = lambda: False) -> Thread:
    """Stay until moved, hung up or ``until`` is true, obeying messages (switch_ivr_park)."""
    epoch = channel.epoch
    channel.parked = True
    core.fire("CHANNEL_PARK", channel)
    core.notice(channel, "park")
    while channel.same(epoch) and not until():
        yield from run_messages(core, channel)
        dequeue_digits(core, channel)
        if channel.same(epoch) and not until():
            yield None
    channel.parked = False
    core.fire("CHANNEL_UNPARK", channel)


# -- applications -----------------------------------------------------------------------------------------------------


def execute(core: Core, channel: Channel, name: str, argument: str, uuid: str) -> Thread:
    """Run one application between its CHANNEL_EXECUTE and CHANNEL_EXECUTE_COMPLETE (switch_core_session_exec)."""
    channel.set("current_application_data", argument)
    channel.set("current_application", name)
    channel.set("current_application_response", None)
    channel.last_app, channel.last_arg = name, argument
    tail: Headers = {"Application": name}
    if argument:
        tail["Application-Data"] = argument
    core.fire("CHANNEL_EXECUTE", channel, tail={**tail, "Application-UUID": uuid})
    yield from core.apps[name](core, channel, argument)
    tail["Application-Response"] = channel.get("current_application_response") or "_none_"
    core.fire("CHANNEL_EXECUTE_COMPLETE", channel, tail={**tail, "Application-UUID": uuid})


def run_messages(core: Core, channel: Channel) -> Thread:
    """Obey what sendmsg asked for, unless an application holds the event lock (switch_ivr_parse_all_events)."""
    while channel.messages and not channel.event_lock and not channel.hung:
        message = channel.messages.popleft()
        if message.command == "hangup":
            hangup(core, channel, message.cause)
        elif message.command == "execute" and message.app in core.apps:
            yield from _obey(core, channel, message)


def _obey(core: Core, channel: Channel, message: Message) -> Thread:
    epoch = channel.epoch
    channel.event_lock += message.lock
    channel.broken = False
    count = 0
    while channel.same(epoch) and (message.loops < 0 or count < message.loops):
        count += 1
        channel.set("current_loop", str(count))
        channel.set("total_loops", str(message.loops))
        if message.hold_music and not channel.hold_music:
            break
        before = core.now
        yield from execute(core, channel, message.app, message.argument, message.uuid or core.new_uuid())
        if channel.stop_playback or channel.broken or (message.loops < 0 and core.now == before):
            break
    channel.set("current_loop", None)
    channel.set("total_loops", None)
    channel.event_lock -= message.lock


def dequeue_digit(core: Core, channel: Channel) -> str:
    """Take one digit off the queue and tell of it; empty if there is none. Of one that was sensitive when it came
    nothing is told (switch_channel_dequeue_dtmf)."""
    if not channel.dtmf:
        return ""
    digit, sensitive = channel.dtmf.popleft()
    if sensitive:
        return digit
    channel.digits += digit
    tail: Headers = {"DTMF-Digit": digit, "DTMF-Duration": "2000", "DTMF-Source": "APP"}
    core.fire("DTMF", channel, tail=tail)
    return digit


def dequeue_digits(core: Core, channel: Channel) -> None:
    """Take all digits off the queue: nobody collects them."""
    while channel.dtmf:
        dequeue_digit(core, channel)


# -- progress ---------------------------------------------------------------------------------------------------------


def ring_ready(core: Core, channel: Channel) -> None:
    """The far end rings (180)."""
    if channel.call_state in ("DOWN",) or (
        channel.direction == "inbound" and not channel.profile.times["Channel-Progress"]
    ):
        if channel.direction == "outbound":
            ringing(core, channel)
        channel.profile.mark("Channel-Progress", core.stamp())
        core.fire("CHANNEL_PROGRESS", channel)
        core.set_call_state(channel, "RINGING")
        core.notice(channel, "progress")


def pre_answer(core: Core, channel: Channel) -> None:
    """Early media (183). Nothing if there is media already."""
    if channel.hung or channel.answer_state != "ringing":
        return
    channel.answer_state = "early"
    if channel.direction == "inbound":
        start_media(core, channel)
    elif channel.get("sip_to_tag") is None:
        ringing(core, channel)
    channel.profile.mark("Channel-Progress-Media", core.stamp())
    channel.set("endpoint_disposition", "EARLY MEDIA")
    core.fire("CHANNEL_PROGRESS_MEDIA", channel)
    if channel.direction == "inbound":
        local_sdp(channel)
    core.set_call_state(channel, "EARLY")
    core.notice(channel, "early")


def answer(core: Core, channel: Channel) -> None:
    """200 OK. An inbound channel goes through early media first, as mod_sofia does (captures 02, 07)."""
    if channel.hung or channel.answered:
        return
    if channel.direction == "inbound":
        pre_answer(core, channel)
    elif channel.get("sip_to_tag") is None:
        ringing(core, channel)
    start_media(core, channel)
    channel.answer_state = "answered"
    channel.profile.mark("Channel-Answered", core.stamp())
    core.counters.answered += 1
    core.fire("CHANNEL_ANSWER", channel)
    core.set_call_state(channel, "ACTIVE")
    if channel.direction == "inbound":
        core.timeline.at(core.timeline.next_tick() + 1, lambda: acknowledged(core, channel))
    channel.set("endpoint_disposition", "ANSWER")
    execute_on(core, channel, "execute_on_answer")
    core.notice(channel, "answer")


def execute_on(core: Core, channel: Channel, variable: str) -> None:
    """Run the application that a variable of the channel names for this moment. What is run so must not wait for
    anything (switch_channel.c, switch_channel_execute_on)."""
    name, _, argument = (channel.get(variable) or "").partition(" ")
    if name in core.apps:
        deque(core.apps[name](core, channel, argument), maxlen=0)


def flip_caller(core: Core, channel: Channel, *, forget: bool = False) -> None:
    """Swap caller and callee of an outbound leg that now leads (switch_channel_flip_cid); ``forget``: the callee is
    blank after it, as when such a leg becomes the originator of a bridge (capture 10)."""
    profile = channel.profile
    name, number = profile.get("Caller-ID-Name"), profile.get("Caller-ID-Number")
    channel.set("pre_transfer_caller_id_name", name)
    channel.set("pre_transfer_caller_id_number", number)
    callee = profile.get("Callee-ID-Name")
    profile.set("Caller-ID-Name", callee)
    profile.set("Caller-ID-Number", profile.get("Callee-ID-Number"))
    profile.set("Callee-ID-Name", "" if forget else name)
    profile.set("Callee-ID-Number", "" if forget else number)
    channel.hit_dialplan = channel.hit_dialplan or not forget
    channel.set("channel_cid_flipped", "yes")
    calling = ("switch_channel.c", "switch_channel_flip_cid", "3277")
    lead: Headers = {"Direction": "RECV"}
    bridged = channel.get("bridge_to")
    if bridged is not None:
        lead["Bridged-To"] = bridged
    core.fire("CALL_UPDATE", channel, lead=lead, calling=calling)
    channel.hit_dialplan = True


# -- transfer and end -------------------------------------------------------------------------------------------------


def transfer(core: Core, channel: Channel, destination: str, dialplan: str = "", context: str = "") -> None:
    """Send the channel back to routing with a new destination (switch_ivr_session_transfer)."""
    if channel.hung:
        return
    dialplan = dialplan or channel.get("force_transfer_dialplan") or ""
    context = context or channel.get("force_transfer_context") or ""
    channel.dialplan = dialplan or ("XML" if channel.dialplan == "inline" else channel.dialplan)
    channel.context = context or channel.context
    source = f"{core.wall() // 1_000_000}:{core.new_uuid()}:bl_xfer:{destination}/{channel.context}/{channel.dialplan}"
    profile = channel.profile.renewed(core.stamp())
    profile.set("RDNIS", channel.profile.get("Destination-Number"))
    profile.set("Destination-Number", destination)
    profile.set("Dialplan", channel.dialplan)
    profile.set("Context", channel.context)
    profile.set("Transfer-Source", source)
    channel.profile = profile
    channel.push("transfer_history", source)
    channel.set("transfer_source", source)
    channel.set("max_forwards", str(int(channel.get("max_forwards") or "71") - 1))
    channel.set("signal_bond", None)
    channel.other = None
    channel.apps = []
    core.set_state(channel, "CS_ROUTING")


def refer(core: Core, channel: Channel, uri: str) -> None:
    """The far end of ``channel`` asks for its other side to be sent to ``uri`` (sofia.c, sofia_handle_sip_i_refer):
    that goes into its dialplan, with which the talk ends."""
    bridge = channel.bridge
    other = bridge.other(channel) if bridge is not None and bridge.talking else None
    if channel.hung or other is None or other.hung:
        return
    number = uri.removeprefix("sip:").partition("@")[0]
    channel.set("endpoint_disposition", "BLIND_TRANSFER")
    transfer(core, other, number)


def hangup(core: Core, channel: Channel, cause: str) -> None:
    """End the call. The first cause stands; the thread does the rest."""
    if channel.hung:
        return
    channel.hung = True
    channel.cause = cause
    channel.state = "CS_HANGUP"
    channel.answer_state = "hangup"
    channel.epoch += 1
    if channel.bridge is not None and channel.bridge.up:
        channel.set("last_bridge_role", "originator" if channel is channel.bridge.a else "originatee")
    core.leave_bridge(channel)
    core.fire("CHANNEL_HANGUP", channel)
    core.wake(channel)
    core.notice(channel, "hangup", cause)


def _report(core: Core, channel: Channel) -> None:
    """The api command that the channel's ``api_reporting_hook`` names (switch_core_state_machine.c, api_hook)."""
    command, _, argument = (channel.get("api_reporting_hook") or "").partition(" ")
    if command:
        core.api(command, re.sub(r"\$\{([a-z0-9_]+)\}", lambda hit: channel.get(hit.group(1)) or "", argument))


def _end(core: Core, channel: Channel) -> Thread:
    """HANGUP, REPORTING, DESTROY. The last waits until nobody holds the channel (an originate, a bridge)."""
    core.set_running(channel, "CS_HANGUP")
    channel.profile.mark("Channel-Hangup", core.stamp())
    core.closing(channel)
    core.set_call_state(channel, "HANGUP")
    channel.state = "CS_REPORTING"
    core.set_running(channel, "CS_REPORTING")
    finish(channel, core.stamp(), core.random)
    _report(core, channel)
    core.fire("CHANNEL_HANGUP_COMPLETE", channel, lead={"Hangup-Cause": channel.cause})
    core.released(channel)
    while channel.locks:
        yield None
    channel.state = "CS_DESTROY"
    core.channels.pop(channel.uuid, None)
    core.fire("CHANNEL_DESTROY", channel)
    core.notice(channel, "destroy")
