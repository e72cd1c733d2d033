"""Two legs and what is between them: uuid_bridge, hold, and what becomes of a leg whose peer went.

``uuid_bridge`` sends both threads out of what they do (CS_HIBERNATE); when both have left, the originator bridges
(``uuid_bridge_on_soft_execute``, ``switch_ivr_multi_threaded_bridge``). Orders: captures 02, 03, 10, 16.
"""

from __future__ import annotations

from fsorch.sim.channel import Bridge, Channel, Headers, Message, Part, Profile, Thread
from fsorch.sim.core import Core
from fsorch.sim.lifecycle import HANDLERS, dequeue_digits, flip_caller, hangup, run_messages

__all__ = ["exchange", "hold", "join_app", "protected", "unhold", "uuid_bridge"]

_SOFT = "uuid_bridge_on_soft_execute"


def protected(channel: Channel) -> bool:
    """Whether the channel stays, parked, when its bridge ends: hangup_after_bridge=false and park_after_bridge=true."""
    stays = (channel.get("hangup_after_bridge") or "").lower() in ("false", "no", "0", "off")
    return stays and channel.true("park_after_bridge")


def uuid_bridge(core: Core, one: Channel, two: Channel) -> bool:
    """Bridge two living channels; False if that cannot be (one of them twice, neither answered, one is going)."""
    if one is two or one.hung or two.hung or not (one.answered or two.answered):
        return False
    a, b = (one, two) if one.answered else (two, one)
    if a.direction == "outbound" and not a.hit_dialplan:
        flip_caller(core, a, forget=True)
    core.leave_bridge(a)
    core.leave_bridge(b)
    _link_profiles(core, a, b)
    bridge = Bridge(a, b)
    for channel in (b, a):
        _send_to_bridge(core, channel, bridge)
    return True


def _send_to_bridge(core: Core, channel: Channel, bridge: Bridge) -> None:
    core.set_state(channel, "CS_HIBERNATE")
    channel.bridge = bridge


def _link_profiles(core: Core, a: Channel, b: Channel) -> None:
    """New caller profiles: the callee of A is who B is, the caller of B is who A is; each shows the other as
    Other-Leg."""
    stamp = core.stamp()
    old = {channel.uuid: channel.profile for channel in (a, b)}
    for channel in (a, b):
        channel.profile = channel.profile.renewed(stamp)
    a.profile.set("Callee-ID-Name", old[b.uuid].get("Callee-ID-Name"))
    a.profile.set("Callee-ID-Number", old[b.uuid].get("Callee-ID-Number"))
    b.profile.set("Caller-ID-Name", old[a.uuid].get("Caller-ID-Name"))
    b.profile.set("Caller-ID-Number", old[a.uuid].get("Caller-ID-Number"))
    a.other = Part({"Other-Type": "originatee", **_other(b, old[b.uuid], stamp)})
    caller = old[a.uuid].headers("Other-Leg", timeless=True)
    b.other = Part({"Other-Type": "originator", **caller, "Other-Leg-Logical-Direction": "inbound"})
    for channel, peer in ((a, b), (b, a)):
        source = f"{core.wall() // 1_000_000}:{core.new_uuid()}:uuid_br:{peer.uuid}"
        channel.set("bridge_channel", peer.name)
        channel.set("bridge_uuid", peer.uuid)
        channel.set("signal_bond", peer.uuid)
        channel.set("original_destination_number", old[channel.uuid].get("Destination-Number"))
        channel.set("original_caller_id_name", old[channel.uuid].get("Caller-ID-Name"))
        channel.set("original_caller_id_number", old[channel.uuid].get("Caller-ID-Number"))
        channel.push("transfer_history", source)
        channel.set("transfer_source", source)
        channel.profile.set("Transfer-Source", source)
    a.set("uuid_bridge", b.uuid)
    a.profile.set("Logical-Direction", "inbound")
    if b.direction == "outbound":
        b.hit_dialplan = False


def _other(channel: Channel, profile: Profile, stamp: int) -> Headers:
    headers = dict(profile.headers("Other-Leg"))
    headers["Other-Leg-Profile-Created-Time"] = str(stamp)
    headers["Other-Leg-Logical-Direction"] = "inbound"
    headers["Other-Leg-Channel-Bridged-Time"] = "0"
    return headers


# -- the threads ------------------------------------------------------------------------------------------------------


def _hibernate(core: Core, channel: Channel) -> Thread:
    """Out of the old state; when the peer is too, the bridge begins at the next tick."""
    epoch = channel.epoch
    bridge = channel.bridge
    if bridge is not None and bridge.up:
        bridge.arrived.add(channel.uuid)
        if len(bridge.arrived) == 2:
            core.timeline.at(core.timeline.next_tick(), lambda: _begin(core, bridge))
    while channel.same(epoch):
        if bridge is None or not bridge.up:
            _abandoned(core, channel)
            return
        dequeue_digits(core, channel)
        yield None


def _begin(core: Core, bridge: Bridge) -> None:
    """Both threads are free: lead them into the bridge (the states change without leaving it)."""
    a, b = bridge.a, bridge.b
    if not bridge.up or a.hung or b.hung:
        return
    for channel in (a, b):
        channel.state = channel.running = "CS_SOFT_EXECUTE"
        channel.epoch += 1
    a.set("uuid_bridge", None)
    _told(core, a, b, "1236")
    _told(core, b, a, "1243")
    connect(core, bridge)
    b.state = "CS_EXCHANGE_MEDIA"
    b.running = "CS_EXCHANGE_MEDIA"
    b.call_uuid = a.uuid
    b.set("call_uuid", a.uuid)
    show_callee(core, a, b, b.profile.get("Callee-ID-Name"), b.profile.get("Callee-ID-Number"))
    show_callee(core, b, a, a.profile.get("Caller-ID-Name"), a.profile.get("Caller-ID-Number"))
    # Both must be in the bridge before anything else happens: whoever leaves it then tells of its end.
    core.resume(a)
    core.resume(b)


def _told(core: Core, channel: Channel, peer: Channel, line: str) -> None:
    tail: Headers = {"Application": "uuid_bridge", "Application-Data": peer.uuid}
    core.fire("CHANNEL_EXECUTE", channel, tail=tail, calling=("switch_ivr_bridge.c", _SOFT, line))


def connect(core: Core, bridge: Bridge) -> None:
    """CHANNEL_BRIDGE, once, on the originator."""
    a, b = bridge.a, bridge.b
    bridge.talking = True
    a.bridge = b.bridge = bridge
    b.locks += 1
    stamp = core.stamp()
    for channel in (a, b):
        channel.profile.mark("Channel-Bridged", stamp)
    core.counters.bridged += 1
    core.fire("CHANNEL_BRIDGE", a, lead={"Bridge-A-Unique-ID": a.uuid, "Bridge-B-Unique-ID": b.uuid})
    for channel, peer in ((a, b), (b, a)):
        channel.set("bridge_to", peer.uuid)
        channel.set("last_bridge_to", peer.uuid)
        core.notice(channel, "bridge", peer.uuid)


def show_callee(core: Core, channel: Channel, peer: Channel, name: str, number: str) -> None:
    """Tell the phone who it talks to; only if it was told something else before (sofia_receive_message)."""
    name = name or number
    if (channel.get("last_sent_callee_id_name"), channel.get("last_sent_callee_id_number")) == (name, number):
        return
    channel.set("last_sent_callee_id_name", name)
    channel.set("last_sent_callee_id_number", number)
    lead: Headers = {
        "Direction": "SEND",
        "Sent-Callee-ID-Name": name,
        "Sent-Callee-ID-Number": number,
        "Bridged-To": peer.uuid,
    }
    core.fire("CALL_UPDATE", channel, lead=lead)


def _soft_execute(core: Core, channel: Channel) -> Thread:
    """The originator's thread while it talks."""
    epoch = channel.epoch
    bridge = channel.bridge
    while channel.same(epoch) and bridge is not None and bridge.up:
        yield from exchange(core, channel)
    if bridge is not None:
        disconnect(core, bridge)
    if channel.same(epoch):
        _abandoned(core, channel)


def _exchange_media(core: Core, channel: Channel) -> Thread:
    """The other one's thread while it talks."""
    epoch = channel.epoch
    bridge = channel.bridge
    while channel.same(epoch) and bridge is not None and bridge.up:
        yield from exchange(core, channel)
    channel.set("bridge_to", None)
    if bridge is not None and bridge.a.hung and not channel.hung:
        channel.set("last_bridge_hangup_cause", bridge.a.cause)
    if channel.same(epoch):
        _abandoned(core, channel)


def exchange(core: Core, channel: Channel) -> Thread:
    """One turn of a talking thread: messages, keys, sleep."""
    bridge = channel.bridge
    epoch = channel.epoch
    yield from run_messages(core, channel)
    dequeue_digits(core, channel)
    if channel.same(epoch) and bridge is not None and bridge.up:
        yield None


def disconnect(core: Core, bridge: Bridge) -> None:
    """CHANNEL_UNBRIDGE, once, on the originator; the other leg may go now."""
    if not bridge.talking:
        return
    bridge.talking = False
    bridge.up = False
    a, b = bridge.a, bridge.b
    a.set("bridge_to", None)
    _causes(a, b)
    b.call_uuid = b.uuid
    b.set("call_uuid", b.uuid)
    core.fire("CHANNEL_UNBRIDGE", a, lead={"Bridge-A-Unique-ID": a.uuid, "Bridge-B-Unique-ID": b.uuid})
    for channel in (a, b):
        core.notice(channel, "unbridge")
    b.locks -= 1
    core.wake(b)


def _causes(a: Channel, b: Channel) -> None:
    """Who learns why the bridge ended, and under which name (captures 02, 03, 16)."""
    if a.hung:
        b.set("bridge_hangup_cause", a.cause)
    if b.hung:
        a.set("bridge_hangup_cause", b.cause)
        if not a.hung:
            a.set("last_bridge_hangup_cause", b.cause)


def _abandoned(core: Core, channel: Channel) -> None:
    """The peer went: park if that was asked for, else hang up with the peer's cause."""
    bridge = channel.bridge
    peer = bridge.other(channel) if bridge is not None else None
    channel.bridge = None
    if protected(channel):
        core.set_state(channel, "CS_PARK")
        return
    hangup(core, channel, peer.cause if peer is not None and peer.hung else "NORMAL_CLEARING")


HANDLERS["CS_HIBERNATE"] = _hibernate
HANDLERS["CS_SOFT_EXECUTE"] = _soft_execute
HANDLERS["CS_EXCHANGE_MEDIA"] = _exchange_media


def join_app(core: Core, a: Channel, b: Channel) -> Thread:
    """Bridge as the ``bridge`` application does: A's thread stays in the application until one of the two goes."""
    stamp = core.stamp()
    a.other = Part({"Other-Type": "originatee", **_other(b, b.profile, stamp)})
    b.other = Part({"Other-Type": "originator", **a.profile.headers("Other-Leg", timeless=True)})
    bridge = Bridge(a, b)
    for channel, peer in ((a, b), (b, a)):
        channel.set("bridge_channel", peer.name)
        channel.set("bridge_uuid", peer.uuid)
        channel.set("signal_bond", peer.uuid)
    b.bridge = bridge
    b.state = "CS_EXCHANGE_MEDIA"
    b.epoch += 1
    b.call_uuid = a.uuid
    b.set("call_uuid", a.uuid)
    connect(core, bridge)
    show_callee(core, a, b, b.profile.get("Callee-ID-Name"), b.profile.get("Callee-ID-Number"))
    core.wake(b)
    epoch = a.epoch
    while a.same(epoch) and bridge.up:
        yield from exchange(core, a)
    disconnect(core, bridge)
    a.bridge = None


# -- hold -------------------------------------------------------------------------------------------------------------


def hold(core: Core, channel: Channel) -> None:
    """Put the phone on hold; the other leg hears music a moment later (switch_ivr_hold, capture 02)."""
    if channel.call_state == "HELD" or channel.hung:
        return
    core.set_call_state(channel, "HELD")
    channel.last_hold = core.wall()
    core.fire("CHANNEL_HOLD", channel)
    core.notice(channel, "hold", "on")
    bridge = channel.bridge
    if bridge is None or not bridge.talking:
        return
    peer = bridge.other(channel)
    peer.hold_music = True
    music = channel.get("hold_music") or "local_stream://moh"
    message = Message("execute", "playback", music, core.new_uuid(), -1, hold_music=True)
    core.timeline.after(0.18, lambda: _play_hold(core, peer, message))


def _play_hold(core: Core, peer: Channel, message: Message) -> None:
    if peer.hold_music and not peer.hung:
        peer.messages.append(message)
        core.wake(peer)


def unhold(core: Core, channel: Channel) -> None:
    """Take the phone back."""
    if channel.call_state != "HELD" or channel.hung:
        return
    core.set_call_state(channel, "UNHELD")
    ended = core.wall()
    channel.hold_accum += ended - channel.last_hold
    channel.hold_events.append((channel.last_hold, ended))
    bridge = channel.bridge
    if bridge is not None:
        peer = bridge.other(channel)
        if peer.hold_music:
            peer.hold_music = False
            peer.stop_playback = True
            core.wake(peer)
    core.fire("CHANNEL_UNHOLD", channel)
    core.set_call_state(channel, "ACTIVE")
    core.notice(channel, "hold", "off")
