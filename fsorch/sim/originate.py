"""Calling out: the dial string's variables, alternatives and races, the wait for an answer, the verdict.

Sequences by capture: a failure is HANGUP, CALLSTATE, HANGUP_COMPLETE, then the verdict, then DESTROY (06); a timeout
gives its verdict first (04); with early media and without ignore_early_media the verdict comes at the early media (17).
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from fsorch.esl.quoting import find_brackets, parse_bracket_variables, parse_words
from fsorch.sim.channel import Channel, Profile
from fsorch.sim.core import Core
from fsorch.sim.endpoints import Dialer, NoTarget, Target
from fsorch.sim.lifecycle import execute_on, flip_caller, hangup, run, transfer
from fsorch.sim.sip import local_sdp

__all__ = ["USAGE", "Call", "Order", "originate", "parse_order"]

USAGE = (
    "-USAGE: <call url> <exten>|&<application_name>(<app_args>) "
    "[<dialplan>] [<context>] [<cid_name>] [<cid_num>] [<timeout_sec>]\n"
)
Variables = dict[str, str]
Done = Callable[[str, Channel | None], None]


class Order(msgspec.Struct, frozen=True):
    """The arguments of ``originate``."""

    dial: str
    exten: str
    dialplan: str = "XML"
    context: str = "default"
    cid_name: str = ""
    cid_number: str = ""
    timeout_s: int = 60


def parse_order(text: str) -> Order | None:
    """The arguments, or None if there are too few."""
    parts = parse_words(text.strip(), 7)
    if len(parts) < 2:
        return None
    parts += [""] * (7 - len(parts))
    dial, exten, dialplan, context, name, number, timeout = parts
    return Order(
        dial,
        exten,
        dialplan or "XML",
        context or "default",
        "" if name == "undef" else name,
        "" if number == "undef" else number,
        int(timeout) if timeout.isdigit() and len(timeout) < 6 else 60,
    )


def take_variables(text: str, open: str = "{", close: str = "}") -> tuple[Variables, str]:
    """The variables at the beginning of a dial string (several blocks may follow each other), and what is left."""
    found: Variables = {}
    text = text.lstrip()
    while text.startswith(open):
        end = find_brackets(text) if open == "{" else text.find(close)
        if end < 0:
            break
        found.update(parse_bracket_variables(text[1:end]))
        text = text[end + 1 :].lstrip()
    return found, text


class Call:
    """One originate: alternatives (``|``) one after the other, each a race (``,``) of legs. The first answer wins.

    ``done(cause, channel)`` is called once: with ``SUCCESS`` and the leg, or with the cause of failure and None. The
    winner is not led anywhere yet: that is the caller's part."""

    def __init__(
        self, core: Core, dialer: Dialer, dial: str, order: Order, done: Done, caller: Channel | None = None
    ) -> None:
        self._core = core
        self._dialer = dialer
        self._done: Done | None = done
        self._order = order
        self._caller = caller
        found, rest = take_variables(dial)
        self._variables = found
        self._alternatives = [part for part in rest.split("|") if part.strip()]
        self._legs: list[Channel] = []
        self._cause = "DESTINATION_OUT_OF_ORDER"
        self._hanging = False
        self._next()

    # -- the legs -----------------------------------------------------------------------------------------------------

    def _next(self) -> None:
        """Dial the next alternative; with none left, fail."""
        while self._done is not None and not self._legs:
            if not self._alternatives:
                self._finish(self._cause, None)
                return
            for dial in self._alternatives.pop(0).split(","):
                self._dial(dial)
        if self._done is not None:
            self._arm()
            for leg in self._legs:
                self._await_progress(leg)

    def _dial(self, dial: str) -> None:
        own, rest = take_variables(dial, "[", "]")
        variables = {**self._variables, **own, **self._dialled(rest)}
        target = self._dialer.find(rest)
        uuid = variables.get("origination_uuid") or self._core.new_uuid()
        if uuid in self._core.channels:
            target = NoTarget("DESTINATION_OUT_OF_ORDER")
        if isinstance(target, NoTarget):
            self._cause = target.cause
            if target.stillborn:
                self._stillborn(uuid)
            return
        self._legs.append(self._create(uuid, target, variables))

    def _dialled(self, rest: str) -> Variables:
        """What ``user/`` says of whom it dials (switch_core's user endpoint, mod_dptools.c)."""
        if not rest.startswith("user/"):
            return {}
        user, _, domain = self._dialer.address(rest.removeprefix("user/")).partition("@")
        return {"dialed_user": user, "dialed_domain": domain}

    def _stillborn(self, uuid: str) -> None:
        """A leg that died before it had a name (capture 06, no such profile)."""
        core = self._core
        core.counters.sessions += 1
        channel = Channel(uuid, "N/A", "outbound", Profile({}, 0), core.stamp())
        channel.state, channel.running = "CS_NEW", "CS_NONE"
        channel.set_all((("direction", "outbound"), ("is_outbound", "true"), ("uuid", uuid), ("call_uuid", uuid)))
        channel.set("session_id", str(core.counters.sessions))
        core.fire("CHANNEL_DESTROY", channel)

    def _create(self, uuid: str, target: Target, variables: Variables) -> Channel:
        core = self._core
        stamp = core.stamp()
        channel = Channel(uuid, target.name, "outbound", self._profile(uuid, target, variables, stamp), stamp)
        channel.codec = target.codec
        channel.party = target.party
        channel.originator = self
        channel.locks = 1
        channel.context = "default"
        core.enter(channel)
        core.fire("CHANNEL_OUTGOING", channel)
        channel.state, channel.running = "CS_ROUTING", "CS_INIT"
        _birth_variables(core, channel, target, variables)
        execute_on(core, channel, "execute_on_originate")
        core.fire("CHANNEL_CREATE", channel)
        core.fire("CHANNEL_ORIGINATE", channel)
        channel.state = channel.running = "CS_CONSUME_MEDIA"
        core.start(channel, run(core, channel))
        core.timeline.at(core.now, lambda: self._ring(channel, target))
        return channel

    def _ring(self, channel: Channel, target: Target) -> None:
        if channel.hung:
            return
        channel.set("sip_call_id", self._core.new_uuid())
        if target.reachable:
            channel.profile.set("Network-Addr", target.host)
            channel.set("sip_reply_host", target.host)
            channel.set("sip_reply_port", target.port)
            channel.set("sip_network_ip", target.host)
            channel.set("sip_network_port", target.port)
        else:
            channel.set("sip_reply_port", "0")
            channel.set("sip_network_port", "0")
            channel.running = "CS_ROUTING"
        target.party.notice(channel, "ring", "")

    def _profile(self, uuid: str, target: Target, variables: Variables, stamp: int) -> Profile:
        caller, order = self._caller, self._order
        name = variables.get("origination_caller_id_name") or order.cid_name
        number = variables.get("origination_caller_id_number") or order.cid_number
        if caller is not None:
            name = name or caller.profile.get("Caller-ID-Name")
            number = number or caller.profile.get("Caller-ID-Number")
        number = number or "0000000000"
        if target.name.startswith("sofia/"):
            name = _as_number(name)
        texts = {
            "Direction": "outbound",
            "Logical-Direction": "outbound",
            "Caller-ID-Name": name,
            "Caller-ID-Number": number,
            "Orig-Caller-ID-Name": name,
            "Orig-Caller-ID-Number": number,
            "Callee-ID-Name": "Outbound Call",
            "Callee-ID-Number": target.number,
            "ANI": number,
            "Destination-Number": target.number,
            "Unique-ID": uuid,
            "Source": "src/switch_ivr_originate.c",
            "Context": "default",
            "Channel-Name": target.name,
        }
        return Profile(texts, stamp)

    # -- the wait -----------------------------------------------------------------------------------------------------

    def _arm(self) -> None:
        """The timeout counts whole seconds of the wall clock, as FreeSWITCH does (capture 04: 3 s were 2.4)."""
        given = self._variables.get("originate_timeout") or self._variables.get("call_timeout") or ""
        seconds = int(given) if given.isdigit() and len(given) < 6 else self._order.timeout_s
        core = self._core
        due = (core.wall() // 1_000_000 + seconds) * 1_000_000 - core.start_us
        legs = list(self._legs)
        core.timeline.at(due, lambda: self._time_out(legs))

    def _await_progress(self, leg: Channel) -> None:
        """``leg_progress_timeout``: a leg of which nothing is heard is hung up when more than so many seconds of the
        clock are over (switch_ivr_originate.c, check_per_channel_timeouts)."""
        given, core = leg.get("leg_progress_timeout") or "", self._core
        if not (given.isdigit() and 0 < int(given) < 100_000):
            return
        due = (core.wall() // 1_000_000 + int(given) + 1) * 1_000_000 - core.start_us
        core.timeline.at(due, lambda: self._silent(leg))

    def _silent(self, leg: Channel) -> None:
        silent = leg.answer_state == "ringing" and not leg.profile.times["Channel-Progress"]
        if self._done is not None and leg in self._legs and silent and not leg.hung:
            hangup(self._core, leg, "PROGRESS_TIMEOUT")

    def _time_out(self, legs: list[Channel]) -> None:
        if self._done is None or legs != self._legs:
            return
        self._hanging = True
        self._cause = "NO_ANSWER"
        for leg in legs:
            hangup(self._core, leg, "NO_ANSWER")
        self._hanging = False
        self._give_up(legs)

    def notice(self, channel: Channel, what: str, detail: str) -> None:
        """A leg moved."""
        if self._done is None or channel not in self._legs:
            return
        early = what == "early" and self._variables.get("ignore_early_media") not in ("true", "yes", "1", "consume")
        key = channel.get("group_confirm_key") or ""
        if what == "answer" and key:
            channel.set("group_confirm_key", None)
            self._await_key(channel, key, len(channel.digits))
        elif what == "answer" or early:
            self._core.timeline.at(self._core.timeline.next_tick(), lambda: self._won(channel))
        elif what == "hangup" and not self._hanging:
            self._cause = detail
            due = self._core.timeline.next_tick() + 1
            self._core.timeline.at(due, lambda: self._give_up([channel]))

    def _await_key(self, channel: Channel, key: str, since: int) -> None:
        """Whoever answered is asked for a key (collect_thread_run); the timeout goes on."""
        if self._done is None or channel.hung:
            return
        if key in channel.digits[since:]:
            self._won(channel)
        else:
            self._core.timeline.after(0.1, lambda: self._await_key(channel, key, since))

    def _won(self, channel: Channel) -> None:
        if self._done is None or channel.hung:
            return
        for leg in self._legs:
            if leg is not channel:
                hangup(self._core, leg, "LOSE_RACE")
                self._release(leg)
        channel.hit_dialplan = channel.hit_dialplan or self._caller is not None
        self._legs = []
        self._finish("SUCCESS", channel)
        self._release(channel)

    def _give_up(self, legs: list[Channel]) -> None:
        """These legs are dead: go on to the next alternative, or fail; then let them be destroyed."""
        if self._done is not None:
            self._legs = [leg for leg in self._legs if leg not in legs]
            if not self._legs and self._alternatives:
                # A tick later: the dead leg may have had the id that the next one gets.
                self._core.timeline.at(self._core.timeline.next_tick() + 1, self._next)
            elif not self._legs:
                self._next()
        for leg in legs:
            self._release(leg)

    def _release(self, leg: Channel) -> None:
        if leg.originator is self:
            leg.originator = None
            leg.locks -= 1
            self._core.wake_now(leg) if leg.running == "CS_REPORTING" else self._core.wake(leg)

    def _finish(self, cause: str, channel: Channel | None) -> None:
        done, self._done = self._done, None
        if done is not None:
            done(cause, channel)

    def cancel(self, cause: str) -> None:
        """The one who asked has gone: hang up what rings."""
        if self._done is None:
            return
        self._alternatives = []
        legs, self._legs = self._legs, []
        for leg in legs:
            hangup(self._core, leg, cause)
            self._release(leg)
        self._finish(cause, None)


def _birth_variables(core: Core, channel: Channel, target: Target, variables: Variables) -> None:
    """What an outbound sofia leg is born with (captures 02, 06)."""
    uuid, host = channel.uuid, f"{target.host}:{target.port}"
    port = str(core.random.randrange(16384, 32768, 2))
    channel.set_all(
        (
            ("direction", "outbound"),
            ("is_outbound", "true"),
            ("uuid", uuid),
            ("call_uuid", uuid),
            ("session_id", str(core.counters.sessions)),
            ("sip_local_network_addr", "127.0.0.1"),
            ("sip_profile_name", target.profile),
            ("video_media_flow", "disabled"),
            ("text_media_flow", "disabled"),
            ("channel_name", target.name),
            ("sip_destination_url", f"sip:{target.number}@{host}"),
        )
    )
    channel.set_all(variables.items())
    early = "false" if variables.get("ignore_early_media") in ("true", "yes", "1", "consume") else "true"
    channel.set_all(
        (
            ("originate_early_media", early),
            ("originate_endpoint", target.name.partition("/")[0]),
            ("rtp_use_codec_string", "OPUS,G722,PCMU,PCMA,H264,VP8"),
            ("local_media_ip", "127.0.0.1"),
            ("local_media_port", port),
            ("advertised_media_ip", "127.0.0.1"),
            ("audio_media_flow", "sendrecv"),
            ("sip_outgoing_contact_uri", "<sip:mod_sofia@127.0.0.1:5080>"),
            ("sip_req_uri", f"{target.number}@{host}"),
            ("sip_to_host", host),
            ("sip_from_host", "127.0.0.1"),
            ("sofia_profile_name", target.profile),
            ("recovery_profile_name", target.profile),
            ("sofia_profile_url", "sip:mod_sofia@127.0.0.1:5080"),
        )
    )
    local_sdp(channel)


_APP = re.compile(r"&([A-Za-z0-9_]+)(?:\((.*)\))?$", re.DOTALL)


def originate(core: Core, dialer: Dialer, text: str, answer: Callable[[str], None]) -> None:
    """The api command: ``answer`` gets ``+OK <uuid>``, ``-ERR <CAUSE>`` or the usage, now or later."""
    order = parse_order(text)
    if order is None:
        answer(USAGE)
        return

    def done(cause: str, channel: Channel | None) -> None:
        if channel is None:
            answer(f"-ERR {cause}\n")
            return
        app = _APP.match(order.exten)
        if channel.state != "CS_CONSUME_MEDIA":
            answer(f"+OK {channel.uuid}\n")
        elif app is not None:
            flip_caller(core, channel)
            channel.apps = [(app.group(1), app.group(2) or "")]
            answer(f"+OK {channel.uuid}\n")
            core.set_state(channel, "CS_EXECUTE")
            core.wake_now(channel)
        else:
            answer(f"+OK {channel.uuid}\n")
            transfer(core, channel, order.exten, order.dialplan, order.context)

    Call(core, dialer, order.dial, order, done)


def _as_number(name: str) -> str:
    """A caller's name as mod_sofia passes it on, which takes it for a number (switch_utils.h, switch_sanitize_number:
    nothing from the first ``@`` on, nothing before the last ``/`` or ``:``)."""
    return name.partition("@")[0].rpartition("/")[2].rpartition(":")[2]
