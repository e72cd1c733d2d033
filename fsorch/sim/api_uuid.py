"""The api commands about one channel. Answers for the good and the bad case: captures 02, 11 and ``mod_commands.c``."""

from __future__ import annotations

from collections.abc import Callable

from fsorch.esl.events import encode_json, encode_plain
from fsorch.esl.quoting import parse_pairs
from fsorch.sim.apps import expand
from fsorch.sim.bridging import hold, unhold, uuid_bridge
from fsorch.sim.channel import Channel, Message, join
from fsorch.sim.lifecycle import answer, hangup, pre_answer, transfer
from fsorch.sim.machine import Machine
from fsorch.sim.records import CAUSES

__all__ = ["TABLE"]

NO_CHANNEL = "-ERR No such channel!\n"
OK = "+OK\n"


def _peer(channel: Channel) -> Channel | None:
    bridge = channel.bridge
    return bridge.other(channel) if bridge is not None and bridge.talking else None


def _cause(text: str, default: str = "NORMAL_CLEARING") -> str:
    if text.isdigit():
        return next((name for name, number in CAUSES.items() if number == int(text)), default)
    return text.upper() if text.upper() in CAUSES else default


# -- being there ------------------------------------------------------------------------------------------------------


def _exists(machine: Machine, argument: str) -> str:
    return "true" if machine.find(argument) is not None else "false"


def _kill(machine: Machine, argument: str) -> str:
    uuid, _, cause = argument.partition(" ")
    if not uuid:
        return "-USAGE: <uuid> [cause]\n"
    channel = machine.find(uuid)
    if channel is None:
        return NO_CHANNEL
    hangup(machine.core, channel, _cause(cause.strip()))
    return OK


def _answer(machine: Machine, argument: str) -> str:
    channel = machine.find(argument)
    if channel is None:
        return "-ERROR\n"
    answer(machine.core, channel)
    return OK


def _pre_answer(machine: Machine, argument: str) -> str:
    channel = machine.find(argument)
    if channel is None:
        return "-ERROR\n"
    pre_answer(machine.core, channel)
    return OK


def _deflect(machine: Machine, argument: str) -> str:
    uuid, _, target = argument.partition(" ")
    channel = machine.find(uuid)
    if channel is None or not target:
        return "-ERR No such channel " + uuid + "!\n"
    hangup(machine.core, channel, "BLIND_TRANSFER")
    return f"+OK:{target}\n"


# -- moving -----------------------------------------------------------------------------------------------------------


def _bridge(machine: Machine, argument: str) -> str:
    words = argument.split()
    if len(words) != 2:
        return "-USAGE: <uuid> <other_uuid>\n"
    one, two = machine.find(words[0]), machine.find(words[1])
    if one is None or two is None or not uuid_bridge(machine.core, one, two):
        return "-ERR Invalid uuid\n"
    return f"+OK {two.uuid}\n"


def _park(machine: Machine, argument: str) -> str:
    channel = machine.find(argument)
    if channel is None:
        return "-ERR Park Failed\n" if argument else "-USAGE: <uuid>\n"
    machine.core.set_state(channel, "CS_PARK")
    return OK


def _transfer(machine: Machine, argument: str) -> str:
    words = argument.split()
    if len(words) < 2:
        return "-USAGE: <uuid> [-bleg|-both] <dest-exten> [<dialplan>] [<context>]\n"
    channel = machine.find(words.pop(0))
    if channel is None:
        return NO_CHANNEL
    which = words.pop(0) if words[0] in ("-bleg", "-both") else ""
    if not words:
        return "-ERR\n"
    peer = _peer(channel)
    moved: list[Channel | None] = [peer, channel] if which == "-both" else [peer if which == "-bleg" else channel]
    destination, dialplan, context = [*words, "", ""][:3]
    for leg in moved:
        if leg is not None:
            transfer(machine.core, leg, destination, dialplan, context)
    return OK


def _hold(machine: Machine, argument: str) -> str:
    """Answers ``+OK Success`` whatever happens, also for a channel that is not there (capture 11)."""
    words = argument.split()
    if not words:
        return "-USAGE: [off|toggle] <uuid> [<display>]\n"
    mode = words.pop(0) if words[0] in ("off", "toggle") else "on"
    channel = machine.find(words[0]) if words else None
    if channel is not None:
        if mode == "off" or (mode == "toggle" and channel.call_state == "HELD"):
            unhold(machine.core, channel)
        else:
            hold(machine.core, channel)
    return "+OK Success\n"


def _phone_event(machine: Machine, argument: str) -> str:
    uuid, _, event = argument.partition(" ")
    channel = machine.find(uuid)
    if channel is None:
        return "-ERR No Such Channel!\n" if uuid else "-USAGE: <uuid>\n"
    machine.core.notice(channel, (event.strip() or "talk").lower())
    return "+OK Success\n"


# -- sounds and keys --------------------------------------------------------------------------------------------------


def _broadcast(machine: Machine, argument: str) -> str:
    words = argument.split()
    if len(words) < 2:
        return "-USAGE: <uuid> <path> [aleg|bleg|holdb|both]\n"
    channel = machine.find(words[0])
    if channel is None:
        return NO_CHANNEL
    which = words[-1] if len(words) > 2 and words[-1] in ("aleg", "bleg", "both", "holdb") else "aleg"
    what = argument.partition(" ")[2].strip()
    what = what[: -len(which)].strip() if what.endswith(" " + which) else what
    app, separator, data = what.partition("::")
    message = Message("execute", app, data) if separator else Message("execute", "playback", what)
    peer = _peer(channel)
    legs: list[Channel | None] = [channel, peer] if which == "both" else [peer if which == "bleg" else channel]
    for leg in legs:
        if leg is not None:
            leg.messages.append(message)
            machine.core.wake(leg)
    return "+OK Message sent\n"


def _break(machine: Machine, argument: str) -> str:
    uuid, _, which = argument.partition(" ")
    channel = machine.find(uuid)
    if channel is None:
        return NO_CHANNEL
    if which.strip() in ("all", "both"):
        channel.messages.clear()
    channel.stop_playback = True
    machine.core.wake(channel)
    return OK


def _send_dtmf(machine: Machine, argument: str) -> str:
    uuid, _, digits = argument.partition(" ")
    channel = machine.find(uuid)
    if channel is None or not digits:
        return "-USAGE: <uuid> <dtmf_data>\n" if not digits else NO_CHANNEL
    digits = digits.partition("@")[0]
    machine.core.notice(channel, "dtmf", digits)
    return f"+OK {uuid} sent DTMF {digits}.\n"


def _recv_dtmf(machine: Machine, argument: str) -> str:
    uuid, _, digits = argument.partition(" ")
    channel = machine.find(uuid)
    if channel is None or not digits:
        return "-USAGE: <uuid> <dtmf_data>\n" if not digits else NO_CHANNEL
    # What is bound to keys hears of these only by a tilde (switch_channel.c, switch_channel_queue_dtmf_string).
    machine.press(channel, digits.partition("@")[0].removeprefix("~"), bound=digits.startswith("~"))
    return f"+OK {uuid} received DTMF {digits}.\n"


def _flush_dtmf(machine: Machine, argument: str) -> str:
    """mod_commands.c, uuid_flush_dtmf_function."""
    channel = machine.find(argument)
    if channel is None:
        return "-ERR No such session\n"
    channel.dtmf.clear()
    return OK


def _audio(machine: Machine, argument: str) -> str:
    words = argument.split()
    channel = machine.find(words[0]) if words else None
    if channel is None or len(words) < 2 or words[1] not in ("start", "stop"):
        return "-USAGE: <uuid> [start [read|write] [mute|level <level>]|stop]\n"
    muted = words[1] == "start" and "mute" in words
    machine.core.notice(channel, "mute", "on" if muted else "off")
    return "+OK Success\n"


def _record(machine: Machine, argument: str) -> str:
    words = argument.split(" ", 3)
    if len(words) < 3:
        return "-USAGE: <uuid> [start|stop|mask|unmask] <path> [<limit>]\n"
    channel = machine.find(words[0])
    if channel is None:
        return "-ERR Cannot locate session!\n"
    what, path = words[1].lower(), expand(machine.core, channel, words[2])
    if what == "start":
        done = machine.apps.start_recording(channel, path)
        return "+OK Success\n" if done else "-ERR Cannot record session!\n"
    if what == "stop":
        names = list(channel.recordings) if path == "all" else [path]
        done = all([machine.apps.stop_recording(channel, name) for name in names])
        return "+OK Success\n" if done else "-ERR Cannot stop record session!\n"
    if what in ("mask", "unmask"):
        return "+OK Success\n" if path in channel.recordings else f"-ERR Cannot {what} recording session!\n"
    return "-USAGE: <uuid> [start|stop|mask|unmask] <path> [<limit>]\n"


def _chat(machine: Machine, argument: str) -> str:
    uuid, _, text = argument.partition(" ")
    if machine.find(uuid) is None:
        return f"-ERR No such channel {uuid}!\n"
    return OK if text else "-ERR\n"


# -- variables --------------------------------------------------------------------------------------------------------


def _getvar(machine: Machine, argument: str) -> str:
    uuid, _, name = argument.partition(" ")
    channel = machine.find(uuid)
    if channel is None:
        return NO_CHANNEL if name else "-USAGE: <uuid> <var>\n"
    return channel.get(name.strip()) or "_undef_"


def _setvar(machine: Machine, argument: str) -> str:
    uuid, _, rest = argument.partition(" ")
    name, _, value = rest.strip().partition(" ")
    channel = machine.find(uuid)
    if channel is None:
        return NO_CHANNEL if name else "-USAGE: <uuid> <var> [value]\n"
    if not name:
        return "-USAGE: <uuid> <var> [value]\n"
    channel.set(name, value.strip())
    return OK


def _setvar_multi(machine: Machine, argument: str) -> str:
    uuid, _, rest = argument.partition(" ")
    channel = machine.find(uuid)
    if channel is None:
        return NO_CHANNEL if rest else "-USAGE: <uuid> <var>=<value>;<var>=<value>...\n"
    for name, value in parse_pairs(rest.strip(), ";", 64):
        if name:
            channel.set(name.strip(), value)
    return OK


def _dump(machine: Machine, argument: str) -> str:
    uuid, _, form = argument.partition(" ")
    channel = machine.find(uuid)
    if channel is None:
        return NO_CHANNEL if uuid else "-USAGE: <uuid> [format]\n"
    machine.core.sequence += 1
    headers = machine.core.build("CHANNEL_DATA", channel).headers
    texts = {name: join(value) for name, value in headers.items()}
    return (encode_json(texts) if form.strip() == "json" else encode_plain(texts)).decode()


def _sched_transfer(machine: Machine, argument: str) -> str:
    words = argument.split()
    channel = machine.find(words[1]) if len(words) > 2 else None
    if channel is None:
        return NO_CHANNEL if len(words) > 2 else "-USAGE: [+]<time> <uuid> <extension> [<dialplan>] [<context>]\n"
    machine.scheduler.add(channel, words[0], lambda: transfer(machine.core, channel, *words[2:5]))
    return OK


def _sched_hangup(machine: Machine, argument: str) -> str:
    words = argument.split()
    channel = machine.find(words[1]) if len(words) > 1 else None
    if channel is None:
        return NO_CHANNEL if len(words) > 1 else "-USAGE: [+]<time> <uuid> [<cause>]\n"
    cause = _cause(words[2]) if len(words) > 2 else "ALLOTTED_TIMEOUT"
    machine.scheduler.add(channel, words[0], lambda: hangup(machine.core, channel, cause))
    return OK


TABLE: dict[str, Callable[[Machine, str], str]] = {
    "sched_hangup": _sched_hangup,
    "sched_transfer": _sched_transfer,
    "uuid_answer": _answer,
    "uuid_audio": _audio,
    "uuid_break": _break,
    "uuid_bridge": _bridge,
    "uuid_broadcast": _broadcast,
    "uuid_chat": _chat,
    "uuid_deflect": _deflect,
    "uuid_dump": _dump,
    "uuid_exists": _exists,
    "uuid_flush_dtmf": _flush_dtmf,
    "uuid_getvar": _getvar,
    "uuid_hold": _hold,
    "uuid_kill": _kill,
    "uuid_park": _park,
    "uuid_phone_event": _phone_event,
    "uuid_preanswer": _pre_answer,
    "uuid_pre_answer": _pre_answer,
    "uuid_record": _record,
    "uuid_recv_dtmf": _recv_dtmf,
    "uuid_send_dtmf": _send_dtmf,
    "uuid_setvar": _setvar,
    "uuid_setvar_multi": _setvar_multi,
    "uuid_transfer": _transfer,
}
"""All of them."""
