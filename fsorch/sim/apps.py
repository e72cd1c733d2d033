"""The dialplan applications. Each is a piece of the channel's thread: it gets its argument and yields while it
waits."""

from __future__ import annotations

import re
from collections.abc import Callable

from fsorch.esl.quoting import parse_app_argument, parse_words
from fsorch.sim.bridging import join_app
from fsorch.sim.channel import Channel, Headers, Thread
from fsorch.sim.core import App, Core
from fsorch.sim.endpoints import SIP_CAUSES, Dialer
from fsorch.sim.hearing import detect_audio, detect_silence, wait_for_silence
from fsorch.sim.lifecycle import answer, dequeue_digit, hangup, park, pre_answer, ring_ready, run_messages, transfer
from fsorch.sim.media import Sounds, play, read, record
from fsorch.sim.originate import Call, Order
from fsorch.sim.records import CAUSES

__all__ = ["Apps", "expand"]

_VARIABLE = re.compile(r"(\\\\|\\\$\$?|\\'|\$\$(?!\{))|\$\{([A-Za-z0-9_.\-]+)(\(\))?\}")
_BUG_ADDED = ("switch_core_media_bug.c", "switch_core_media_bug_add", "1014")


def expand(core: Core, channel: Channel | None, text: str) -> str:
    """``text`` with its ``${variables}`` filled in from the channel, then from the globals; the escapes undone."""
    if "${" not in text:
        return parse_app_argument(text)

    def value(hit: re.Match[str]) -> str:
        if hit.group(1):
            return {"\\\\": "\\", "\\'": ""}.get(hit.group(1), "$")
        name = hit.group(2)
        if hit.group(3):
            return core.api(name, "")
        own = _of_channel(channel, name) if channel is not None else None
        if own is not None:
            return own
        return core.globals.get(name, "")

    return _VARIABLE.sub(value, text)


def _of_channel(channel: Channel, name: str) -> str | None:
    """A variable, or what the caller profile has under that name (switch_channel_get_variable_dup)."""
    profile = {"destination_number": "Destination-Number", "caller_id_number": "Caller-ID-Number", "rdnis": "RDNIS"}
    profile["caller_id_name"] = "Caller-ID-Name"
    value = channel.get(name)
    return value if value is not None or name not in profile else channel.profile.get(profile[name])


class Apps:
    """The table of applications, and what they need: sounds, the dialer, the outbound socket."""

    def __init__(self, core: Core, sounds: Sounds, dialer: Dialer) -> None:
        self.core = core
        self.sounds = sounds
        self.dialer = dialer
        self.socket: Callable[[Channel, str], bool] = lambda channel, argument: False
        core.closing = self.close
        table: dict[str, App] = {
            "answer": self.answer,
            "avmd_start": self.avmd_start,
            "avmd_stop": self.avmd_stop,
            "break": self.nothing,
            "detect_audio": detect_audio,
            "detect_silence": detect_silence,
            "bridge": self.bridge,
            "eavesdrop": self.eavesdrop,
            "echo": self.echo,
            "endless_playback": self.endless_playback,
            "execute_extension": self.execute_extension,
            "export": self.set,
            "hangup": self.hangup,
            "info": self.nothing,
            "log": self.nothing,
            "bind_digit_action": self.bind_digit_action,
            "db": self.db,
            "digit_action_set_realm": self.digit_action_set_realm,
            "mkdir": self.nothing,
            "multiset": self.multiset,
            "park": self.park,
            "park_state": self.park,
            "play_and_get_digits": self.play_and_get_digits,
            "playback": self.playback,
            "pre_answer": self.pre_answer,
            "read": self.read,
            "record": self.record,
            "record_session": self.record_session,
            "respond": self.respond,
            "redirect": self.redirect,
            "deflect": self.deflect,
            "ring_ready": self.ring_ready,
            "say": self.say,
            "send_dtmf": self.send_dtmf,
            "set": self.set,
            "sleep": self.sleep,
            "socket": self.run_socket,
            # Tones are sound, which there is none of.
            "stop_tone_detect": self.nothing,
            "tone_detect": self.nothing,
            "stop_record_session": self.stop_record_session,
            "transfer": self.transfer,
            "unset": self.unset,
            "wait_for_silence": wait_for_silence,
        }
        for name, app in table.items():
            core.apps[name] = self._expanding(app)

    def _expanding(self, app: App) -> App:
        def run(core: Core, channel: Channel, argument: str) -> Thread:
            yield from app(core, channel, expand(core, channel, argument))

        return run

    # -- the call itself ----------------------------------------------------------------------------------------------

    def answer(self, core: Core, channel: Channel, argument: str) -> Thread:
        """Answer the call."""
        answer(core, channel)
        yield from ()

    def pre_answer(self, core: Core, channel: Channel, argument: str) -> Thread:
        """Early media."""
        pre_answer(core, channel)
        yield from ()

    def ring_ready(self, core: Core, channel: Channel, argument: str) -> Thread:
        """180 Ringing."""
        ring_ready(core, channel)
        yield from ()

    def hangup(self, core: Core, channel: Channel, argument: str) -> Thread:
        """Hang up with a cause."""
        hangup(core, channel, argument if argument in CAUSES else "NORMAL_CLEARING")
        yield from ()

    def respond(self, core: Core, channel: Channel, argument: str) -> Thread:
        """Refuse the call with a SIP status."""
        status = argument.partition(" ")[0]
        hangup(core, channel, SIP_CAUSES.get(int(status) if status.isdigit() else 0, "NORMAL_CLEARING"))
        yield from ()

    def redirect(self, core: Core, channel: Channel, argument: str) -> Thread:
        """Answer with 302 and where to go (mod_sofia.c, SWITCH_MESSAGE_INDICATE_REDIRECT)."""
        core.notice(channel, "redirect", argument)
        hangup(core, channel, "NORMAL_UNSPECIFIED")
        yield from ()

    def deflect(self, core: Core, channel: Channel, argument: str) -> Thread:
        """Ask the far end to send its other side elsewhere (mod_sofia.c, SWITCH_MESSAGE_INDICATE_DEFLECT)."""
        if channel.answered:
            core.notice(channel, "refer", argument)
        yield from ()

    def park(self, core: Core, channel: Channel, argument: str) -> Thread:
        """Wait for orders."""
        yield from park(core, channel)

    def transfer(self, core: Core, channel: Channel, argument: str) -> Thread:
        """``destination [dialplan [context]]``."""
        parts = parse_words(argument, 3)
        if parts:
            transfer(core, channel, *parts)
        yield from ()

    def execute_extension(self, core: Core, channel: Channel, argument: str) -> Thread:
        """``extension [dialplan [context]]``: what stands there, and back."""
        parts = parse_words(argument, 3)
        if parts:
            context = parts[2] if len(parts) > 2 else channel.context
            for name, data in core.extension(channel, parts[0], context):
                yield from core.apps[name](core, channel, data)

    def sleep(self, core: Core, channel: Channel, argument: str) -> Thread:
        """Milliseconds; messages are obeyed meanwhile."""
        epoch = channel.epoch
        ends = core.now + (int(argument) if argument.isdigit() else 0) * 1000
        while channel.same(epoch) and core.now < ends:
            yield from run_messages(core, channel)
            dequeue_digit(core, channel)
            if channel.same(epoch) and core.now < ends:
                yield ends

    def echo(self, core: Core, channel: Channel, argument: str) -> Thread:
        """Give back what is heard, for ever."""
        answer(core, channel)
        epoch = channel.epoch
        while channel.same(epoch):
            yield from run_messages(core, channel)
            dequeue_digit(core, channel)
            if channel.same(epoch) and not channel.dtmf:
                yield None

    def nothing(self, core: Core, channel: Channel, argument: str) -> Thread:
        """An application without an effect that anybody sees here."""
        yield from ()

    def db(self, core: Core, channel: Channel, argument: str) -> Thread:
        """A note of ``mod_db``."""
        core.api("db", argument)
        yield from ()

    def bind_digit_action(self, core: Core, channel: Channel, argument: str) -> Thread:
        """``realm,key,api:command,argument``: that command for that key, which nobody else hears of then
        (mod_dptools.c, bind_to_session). Other actions are not known here."""
        parts = argument.split(",", 3)
        if len(parts) == 4 and parts[2].startswith("api:"):
            realm, key, name, value = parts
            channel.bindings.setdefault(realm, {})[key] = lambda: self._by_key(channel, key, name[4:], value)
        yield from ()

    def _by_key(self, channel: Channel, key: str, name: str, argument: str) -> None:
        channel.set("last_matching_digits", key)
        channel.set("bind_digit_action_api_result", self.core.api(name, argument))

    def digit_action_set_realm(self, core: Core, channel: Channel, argument: str) -> Thread:
        """Which bindings count."""
        channel.realm = argument
        yield from ()

    # -- variables ----------------------------------------------------------------------------------------------------

    def set(self, core: Core, channel: Channel, argument: str) -> Thread:
        """``name=value``; an empty value or ``_undef_`` removes. The value is expanded a second time (base_set)."""
        name, _, value = argument.partition("=")
        value = expand(core, channel, value)
        name = name.strip().removeprefix("nolocal:")
        if name:
            channel.set(name, None if value == "_undef_" else value)
        yield from ()

    def multiset(self, core: Core, channel: Channel, argument: str) -> Thread:
        """Several at once, by blanks or ``^^x``."""
        parts = (
            argument[3:].split(argument[2]) if argument.startswith("^^") and len(argument) > 3 else argument.split(" ")
        )
        for part in parts:
            yield from self.set(core, channel, part)

    def unset(self, core: Core, channel: Channel, argument: str) -> Thread:
        """Remove a variable."""
        channel.set(argument.strip(), None)
        yield from ()

    # -- sounds and keys ----------------------------------------------------------------------------------------------

    def playback(self, core: Core, channel: Channel, argument: str) -> Thread:
        """Play a file; ``playback_terminators`` (``*`` if unset) end it."""
        keys = channel.get("playback_terminators") or "*"
        keys = {"none": "", "any": "0123456789*#ABCD"}.get(keys, keys)
        played = yield from play(core, self.sounds, channel, argument.removeprefix("@@"), stop_on=keys)
        responses = {
            "done": "FILE PLAYED",
            "break": "FILE PLAYED",
            "missing": "FILE NOT FOUND",
            "gone": "PLAYBACK ERROR",
        }
        channel.set("current_application_response", responses[played.status])

    def endless_playback(self, core: Core, channel: Channel, argument: str) -> Thread:
        """Play a file again and again."""
        epoch = channel.epoch
        while channel.same(epoch):
            before = core.now
            played = yield from play(core, self.sounds, channel, argument)
            if played.status != "done" or core.now == before:
                return

    def play_and_get_digits(self, core: Core, channel: Channel, argument: str) -> Thread:
        """``min max tries timeout terminators file invalid variable regexp [digit_timeout [transfer]]`` (capture
        07)."""
        parts = parse_words(argument, 11)
        if len(parts) < 9 or not all(part.isdigit() for part in parts[:4]):
            return
        least, most, tries, timeout = (int(part) for part in parts[:4])
        timeout = max(timeout, 1000)
        terminators, prompt, invalid, name, pattern = parts[4:9]
        digit_timeout = (int(parts[9]) if len(parts) > 9 and parts[9].isdigit() else 0) or timeout
        epoch = channel.epoch
        for _ in range(max(tries, 1)):
            got = yield from read(core, self.sounds, channel, prompt, least, most, timeout, terminators, digit_timeout)
            if not channel.same(epoch):
                return
            if got.result == "success" and _matches(pattern, got.digits):
                channel.set(name, got.digits)
                return
            if got.digits:
                channel.set(f"{name}_invalid", got.digits)
            if invalid and invalid != "silence":
                yield from play(core, self.sounds, channel, invalid, keep=True)
            if not channel.same(epoch):
                return
        if len(parts) > 10:
            transfer(core, channel, *parse_words(parts[10], 3))

    def read(self, core: Core, channel: Channel, argument: str) -> Thread:
        """``min max file variable timeout terminators [digit_timeout]``."""
        parts = parse_words(argument, 7)
        if len(parts) < 4 or not (parts[0].isdigit() and parts[1].isdigit()):
            return
        timeout = int(parts[4]) if len(parts) > 4 and parts[4].isdigit() else 1000
        terminators = parts[5] if len(parts) > 5 else "#"
        further = int(parts[6]) if len(parts) > 6 and parts[6].isdigit() else timeout
        sounds = self.sounds
        got = yield from read(
            core, sounds, channel, parts[2], int(parts[0]), int(parts[1]), timeout, terminators, further
        )
        channel.set(parts[3], got.digits)

    def say(self, core: Core, channel: Channel, argument: str) -> Thread:
        """Speak a number or a date: the recorded switch had no such sounds and was silent (capture 07)."""
        channel.set("sound_prefix", core.globals.get("sounds_dir", "") + "/en/us/callie")
        pre_answer(core, channel)
        yield core.now + 20_000

    def send_dtmf(self, core: Core, channel: Channel, argument: str) -> Thread:
        """Send digits to the far end."""
        core.notice(channel, "dtmf", argument)
        yield from ()

    # -- recording ----------------------------------------------------------------------------------------------------

    def record(self, core: Core, channel: Channel, argument: str) -> Thread:
        """``path [limit_s [silence_threshold [silence_hits]]]``."""
        parts = parse_words(argument, 4)
        if parts:
            limit = int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0
            yield from record(core, channel, parts[0], limit)

    def record_session(self, core: Core, channel: Channel, argument: str) -> Thread:
        """Record what goes on, beside what goes on."""
        self.start_recording(channel, argument)
        yield from ()

    def stop_record_session(self, core: Core, channel: Channel, argument: str) -> Thread:
        """End such a recording (``all`` ends all)."""
        for path in list(channel.recordings) if argument == "all" else [argument]:
            self.stop_recording(channel, path)
        yield from ()

    def start_recording(self, channel: Channel, path: str) -> bool:
        """Begin a recording; False if that file is being recorded (capture 08)."""
        if path in channel.recordings or channel.hung:
            return False
        core = self.core
        channel.recordings[path] = core.now
        calling = ("switch_ivr_async.c", "record_callback", "1481")
        core.fire("RECORD_START", channel, tail={"Record-File-Path": path}, calling=calling)
        bug: Headers = {"Media-Bug-Function": "session_record", "Media-Bug-Target": path}
        core.fire("MEDIA_BUG_START", channel, lead=bug)
        return True

    def stop_recording(self, channel: Channel, path: str) -> bool:
        """End a recording; False if there is none of that name."""
        started = channel.recordings.pop(path, None)
        if started is None:
            return False
        core = self.core
        lasted = core.now - started
        channel.set("record_file_size", str(44 + lasted * 32 // 1000))
        channel.set("record_samples", str(lasted * 8 // 1000))
        channel.set("record_seconds", str(lasted // 1_000_000))
        channel.set("record_ms", str(lasted // 1000))
        channel.set("record_completion_cause", "success-maxtime")
        tail: Headers = {"Record-File-Path": path, "Record-Completion-Cause": "success-maxtime"}
        core.fire("RECORD_STOP", channel, tail=tail, calling=("switch_ivr_async.c", "send_record_stop_event", "1240"))
        bug: Headers = {"Media-Bug-Function": "session_record", "Media-Bug-Target": path}
        core.fire("MEDIA_BUG_STOP", channel, lead=bug)
        return True

    def close(self, channel: Channel) -> None:
        """The channel hangs up: what listens to it ends."""
        for path in list(channel.recordings):
            self.stop_recording(channel, path)
        if channel.bugs.pop("avmd", None) is not None:
            bug: Headers = {"Media-Bug-Function": "avmd", "Media-Bug-Target": "N/A"}
            self.core.fire("MEDIA_BUG_STOP", channel, lead=bug)

    # -- other legs ---------------------------------------------------------------------------------------------------

    def bridge(self, core: Core, channel: Channel, argument: str) -> Thread:
        """Dial and bridge; goes on with the next application when the callee hangs up, unless hangup_after_bridge."""
        epoch = channel.epoch
        verdict: list[tuple[str, Channel | None]] = []

        def done(cause: str, leg: Channel | None) -> None:
            verdict.append((cause, leg))
            core.wake(channel)

        order = Order(argument, "", timeout_s=_seconds(channel.get("call_timeout") or channel.get("originate_timeout")))
        call = Call(core, self.dialer, argument, order, done, channel)
        while not verdict and channel.same(epoch):
            yield from run_messages(core, channel)
            if not verdict and channel.same(epoch):
                yield None
        if not verdict:
            call.cancel("ORIGINATOR_CANCEL")
            return
        cause, leg = verdict[0]
        channel.set("originate_disposition", cause)
        channel.set("DIALSTATUS", cause)
        if leg is not None and not channel.same(epoch):
            hangup(core, leg, "ORIGINATOR_CANCEL")
            return
        if leg is None or leg.hung:
            if channel.same(epoch) and not channel.true("continue_on_fail"):
                hangup(core, channel, cause if cause != "SUCCESS" else "NORMAL_CLEARING")
            return
        if leg.answered:
            answer(core, channel)
        yield from join_app(core, channel, leg)
        if channel.same(epoch) and channel.true("hangup_after_bridge"):
            hangup(core, channel, leg.cause or "NORMAL_CLEARING")

    def eavesdrop(self, core: Core, channel: Channel, argument: str) -> Thread:
        """Listen to another channel (capture 09); the keys 0 to 3 change who hears the listener."""
        epoch = channel.epoch
        answer(core, channel)
        spied = core.channels.get(argument)
        if spied is None or spied.hung:
            return
        bug: Headers = {"Media-Bug-Function": "eavesdrop", "Media-Bug-Target": argument}
        core.fire("MEDIA_BUG_START", spied, lead=bug)
        channel.recording_codec = True
        channel.set("read_codec", "L16")
        shown = spied.profile.get("Caller-ID-Name") or spied.profile.get("Caller-ID-Number")
        channel.set("last_sent_callee_id_name", shown)
        channel.set("last_sent_callee_id_number", spied.profile.get("Caller-ID-Number"))
        lead: Headers = {"Direction": "SEND", "Sent-Callee-ID-Name": shown}
        core.fire("CALL_UPDATE", channel, lead={**lead, "Sent-Callee-ID-Number": spied.profile.get("Caller-ID-Number")})
        spoken = (channel.true("eavesdrop_whisper_aleg"), channel.true("eavesdrop_whisper_bleg"))
        if any(spoken):
            core.notice(spied, "eavesdrop", {(True, False): "1", (False, True): "2", (True, True): "3"}[spoken])
        while channel.same(epoch) and not spied.hung:
            digit = dequeue_digit(core, channel)
            if digit == "*":
                break
            if digit in "0123" and digit:
                core.notice(spied, "eavesdrop", digit)
            elif not digit and channel.same(epoch) and not spied.hung:
                yield core.now + 100_000
        core.fire("MEDIA_BUG_STOP", spied, lead=bug)
        channel.recording_codec = False
        channel.set("read_codec", channel.codec[0])

    # -- answering machines -------------------------------------------------------------------------------------------

    def avmd_start(self, core: Core, channel: Channel, argument: str) -> Thread:
        """Listen for a beep (capture 17): told as ``avmd::start``, twice, as mod_avmd does."""
        if "avmd" not in channel.bugs:
            channel.bugs["avmd"] = str(core.stamp())
            bug: Headers = {"Media-Bug-Function": "avmd", "Media-Bug-Target": "N/A"}
            core.fire("MEDIA_BUG_START", channel, lead=bug, calling=_BUG_ADDED)
            self._avmd(channel, "start", {"Start-time": channel.bugs["avmd"]})
        yield from ()

    def avmd_stop(self, core: Core, channel: Channel, argument: str) -> Thread:
        """No longer listen."""
        if channel.bugs.pop("avmd", None) is not None:
            self._avmd(channel, "stop", {"Stop-time": str(core.stamp())})
        yield from ()

    def beep(self, channel: Channel) -> None:
        """A beep is heard on the channel: whoever listens is told."""
        started = channel.bugs.get("avmd")
        if started is None:
            return
        taken = self.core.stamp() - int(started)
        channel.set("avmd_total_time", f"[{taken // 1000}]")
        channel.set("avmd_detect", "TRUE")
        heard: Headers = {
            "Beep-Status": "DETECTED",
            "Frequency": "500.000000",
            "Frequency-variance": "0.000006",
            "Amplitude": "11431.818028",
            "Amplitude-variance": "5284.049472",
            "Detection-time": str(taken),
            "Detector-resolution": "1",
            "Detector-offset": "0",
            "Detector-index": "0",
        }
        self._avmd(channel, "beep", heard)

    def _avmd(self, channel: Channel, what: str, more: Headers) -> None:
        front: Headers = {"Unique-ID": channel.uuid, "Call-command": "avmd", **more}
        calling = ("mod_avmd.c", "avmd_fire_event", "700")
        core = self.core
        core.fire("CUSTOM", subclass=f"avmd::{what}", lead=front, calling=calling)
        core.timeline.at(core.now, lambda: self._avmd_again(channel, what, front))

    def _avmd_again(self, channel: Channel, what: str, front: Headers) -> None:
        full: Headers = {**front, **channel.basic(), **channel.variables}
        self.core.fire("CUSTOM", subclass=f"avmd::{what}", lead=full, calling=("mod_avmd.c", "avmd_fire_event", "700"))

    # -- outbound socket ----------------------------------------------------------------------------------------------

    def run_socket(self, core: Core, channel: Channel, argument: str) -> Thread:
        """``host:port [async] [full]``: whoever listens there steers the call until the connection ends. In async
        mode the channel is parked meanwhile (capture 13)."""
        if not self.socket(channel, argument):
            return

        def over() -> bool:
            return channel.get("socket_host") is None

        if "async" in argument.split():
            yield from park(core, channel, over)
            return
        epoch = channel.epoch
        while channel.same(epoch) and not over():
            yield from run_messages(core, channel)
            dequeue_digit(core, channel)
            if channel.same(epoch) and not over() and not channel.dtmf:
                yield None


def _matches(pattern: str, digits: str) -> bool:
    try:
        return re.search(pattern, digits) is not None if pattern else True
    except re.error:
        return False


def _seconds(text: str | None) -> int:
    return int(text) if text is not None and text.isdigit() and len(text) < 6 else 60
