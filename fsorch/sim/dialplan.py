"""Which applications a destination gets.

`Dialplan` holds contexts of extensions (a pattern and actions); ``$1`` in an action is the pattern's group. The two
that matter: `CAPTURE_CONTEXT`, what the recorded switch had, and `fsorch_context`, what fsorch ships for a real switch.
"""

from __future__ import annotations

import re

import msgspec

from fsorch.sim.channel import Channel

__all__ = ["CAPTURE_CONTEXT", "CONFORMANCE_CONTEXT", "FSORCH_SETTINGS", "Dialplan", "Extension", "fsorch_context"]

Actions = tuple[tuple[str, str], ...]


class Extension(msgspec.Struct, frozen=True):
    """A pattern for the destination number and what is done for it; only if the channel's ``variable`` is set, if
    named."""

    pattern: str
    actions: Actions
    variable: str = ""


CAPTURE_CONTEXT: tuple[Extension, ...] = (
    Extension(r"^park(_.*)$", (("set", "fsorch_entry=$1"), ("park", ""))),
    Extension(r"^apark(_.*)$", (("answer", ""), ("park", ""))),
    Extension(r"^sock(\d)$", (("socket", "127.0.0.1:8084 async full"),)),
    Extension(
        r"^early$",
        (
            ("pre_answer", ""),
            ("playback", "tone_stream://%(1500,0,440)"),
            ("answer", ""),
            ("playback", "silence_stream://20000"),
        ),
    ),
    Extension(
        r"^machine$",
        (
            ("answer", ""),
            ("playback", "silence_stream://1500,1400"),
            ("playback", "tone_stream://%(900,0,1000)"),
            ("playback", "silence_stream://20000"),
        ),
    ),
)
"""The public context of the switch the captures were made on."""


_STAMPS = ("start_uepoch", "answer_uepoch", "bridge_uepoch", "end_uepoch", "hangup_cause")
_NOTED = "api_reporting_hook=db insert/fsorch_away/${uuid}/" + " ".join(f"\\\\\\${{{name}}}" for name in _STAMPS)


def fsorch_context(
    *, patience_s: int = 5, ring_group: str = "", ring_s: int = 30, language: str = "en", message_s: int = 180
) -> tuple[Extension, ...]:
    """The context that fsorch ships for a real switch (``freeswitch/dialplan/fsorch.xml``): mark, set the clock,
    park; and when fsorch does not take the call in time, serve it alone with a ring group and a message."""
    prompts = f"${{sounds_dir}}/fsorch/{language}"
    ring: Actions = (
        ("playback", f"{prompts}/connecting.wav"),
        ("set", "hangup_after_bridge=true"),
        ("set", "continue_on_fail=true"),
        ("set", f"call_timeout={ring_s}"),
        ("bridge", ring_group),
    )
    message: Actions = (
        ("playback", f"{prompts}/leave_message.wav"),
        ("playback", "tone_stream://%(400,100,1000)"),
        ("set", "playback_terminators=#"),
        ("set", "fsorch_message=/var/lib/fsorch/messages/${uuid}.wav"),
        ("record", f"${{fsorch_message}} {message_s} 200 5"),
        ("playback", f"{prompts}/thanks.wav"),
        ("hangup", "NORMAL_CLEARING"),
    )
    # What may stand in a note the real dialplan looks at first; callers here have numbers.
    noted = f"{_NOTED} ${{fsorch_caller}} ${{fsorch_called}}"
    alone: Actions = (
        ("set", "fsorch_fallback=yes"),
        ("unset", "fsorch_entry"),
        ("set", f"{noted} alone${{fsorch_left}} \\\\\\${{fsorch_message}}"),
        ("answer", ""),
        ("sleep", "500"),
    )
    door: Actions = (
        ("set", "fsorch_caller=${caller_id_number}"),
        ("set", "fsorch_called=${destination_number}"),
        ("set", f"{noted} -\\\\\\${{fsorch_contact}} \\\\\\${{sip_hangup_disposition}}"),
        ("set", "fsorch_dialled=${destination_number}"),
        ("set", "fsorch_entry=yes"),
        ("sched_transfer", f"+{patience_s} fsorch_fallback XML fsorch"),
        ("park", ""),
    )
    left: Actions = (
        ("set", "fsorch_fallback=yes"),
        ("set", "fsorch_left=${fsorch_contact}"),
        ("unset", "fsorch_contact"),
        ("unset", "fsorch_role"),
        ("transfer", "fsorch_fallback XML fsorch"),
    )
    said = "${fsorch_number} ${fsorch_campaign} ${fsorch_lead}"
    note = "insert/fsorch_dropped/${fsorch_attempt}/${strepoch()}"
    called: Actions = (
        ("set", "fsorch_fallback=yes"),
        ("db", f"{note} - {said}"),
        ("bind_digit_action", f"fsorch_drop,${{fsorch_drop_key}},api:db,{note} ${{fsorch_drop_key}} {said}"),
        ("digit_action_set_realm", "fsorch_drop"),
        ("playback", "${fsorch_drop_sound}"),
        ("hangup", "NORMAL_CLEARING"),
    )
    return (
        Extension("^fsorch_left$", called, variable="fsorch_attempt"),
        Extension("^fsorch_left$", left),
        Extension("^fsorch_fallback$", (("park", ""),), variable="fsorch_contact"),
        Extension("^fsorch_fallback$", alone + (ring if ring_group else ()) + message),
        Extension("^.+$", door),
    )


def noted_context() -> tuple[Extension, ...]:
    """The context that makes the legs dialled by fsorch leave a note of their end (``fsorch-dialled`` there)."""
    rang = "\\\\\\${progress_uepoch} \\\\\\${sip_hangup_disposition}"
    return (Extension("^.+$", (("set", f"{_NOTED} unknown unknown ={rang}"),)),)


FSORCH_SETTINGS = {
    "fsorch_numbers": "^.+$",
    "fsorch_ring_group": "",
    "fsorch_messages": "true",
    "fsorch_messages_dir": "/var/lib/fsorch/messages",
    "fsorch_patience_s": "5",
}
"""The global variables of that context as it is by default (``freeswitch/vars/fsorch.xml``)."""


CONFORMANCE_CONTEXT: tuple[Extension, ...] = (
    Extension("^busy$", (("hangup", "USER_BUSY"),)),
    Extension("^reject$", (("hangup", "CALL_REJECTED"),)),
    Extension("^notfound$", (("hangup", "UNALLOCATED_NUMBER"),)),
    Extension("^noresp$", (("hangup", "NO_USER_RESPONSE"),)),
    Extension("^unavail$", (("hangup", "NORMAL_TEMPORARY_FAILURE"),)),
    Extension("^ring$", (("ring_ready", ""), ("sleep", "60000"), ("hangup", "NO_ANSWER"))),
    Extension(r"^answer-([0-9]{1,5})$", (("ring_ready", ""), ("sleep", "$1"), ("answer", ""), ("echo", ""))),
)
"""The far ends of the conformance suite (``freeswitch/conformance/fsorch-conformance.xml``)."""


class Dialplan:
    """Contexts by name. The ``inline`` dialplan (``app:argument,app:argument``) is known too."""

    def __init__(self, contexts: dict[str, tuple[Extension, ...]] | None = None) -> None:
        self.contexts = {
            "public": CAPTURE_CONTEXT,
            "default": CAPTURE_CONTEXT,
            "fsorch": fsorch_context(),
            "fsorch-dialled": noted_context(),
            "fsorch-conformance": CONFORMANCE_CONTEXT,
            **(contexts or {}),
        }

    def route(self, channel: Channel) -> list[tuple[str, str]]:
        """The applications for the channel where it now stands; empty: no such extension."""
        destination = channel.profile.get("Destination-Number")
        if channel.dialplan == "inline":
            return inline(destination)
        return self.extension(channel, destination, channel.context)

    def extension(self, channel: Channel, destination: str, context: str) -> list[tuple[str, str]]:
        """The applications of another extension; empty: no such one."""
        for extension in self.contexts.get(context, ()):
            match = re.search(extension.pattern, destination)
            if match is None or (extension.variable and not channel.get(extension.variable)):
                continue
            if match.groups():
                channel.set("DP_MATCH", [match.group(0), *(group or "" for group in match.groups())])
            return [(name, _fill(argument, match)) for name, argument in extension.actions]
        return []


def _fill(argument: str, match: re.Match[str]) -> str:
    return re.sub(r"\$(\d)", lambda hit: _group(match, int(hit.group(1))), argument)


def _group(match: re.Match[str], number: int) -> str:
    return (match.group(number) or "") if number <= len(match.groups()) else ""


def inline(destination: str) -> list[tuple[str, str]]:
    """``app:argument,app:argument`` as (app, argument) pairs; ``m:X:`` in front chooses another separator."""
    separator = ","
    if destination.startswith("m:") and len(destination) > 3:
        separator, destination = destination[2], destination[4:]
    pairs = (part.partition(":") for part in destination.split(separator) if part)
    return [(name, argument) for name, _, argument in pairs]
