"""Typed commands. ``wire()`` gives the text without the blank line that ends it; the link adds that.

Every value is checked or quoted in ``wire()`` by `fsorch.esl.quoting`, so a command that cannot be said safely raises
`QuotingError` there and nowhere else. `fsorch.esl.parsing.parse_command` is the inverse.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Mapping
from typing import Literal

from msgspec.structs import force_setattr

from fsorch.esl.apps import AppCommand, Eavesdrop, Execute, HangupMsg, PlayAndGetDigits, Playback, Say
from fsorch.esl.command import APP, CAUSE, NAME, Command, RawCommand, check_natural, check_uuid, check_verbatim
from fsorch.esl.connection import (
    Auth,
    Connect,
    DivertEvents,
    Exit,
    Filter,
    FilterDelete,
    Linger,
    MyEvents,
    NoEvents,
    Subscribe,
)
from fsorch.esl.errors import QuotingError
from fsorch.esl.quoting import (
    Pairs,
    app_argument,
    as_pairs,
    bracket_variables,
    check_name,
    check_text,
    display,
    escape,
    words,
)

__all__ = [
    "Answer",
    "AppCommand",
    "Auth",
    "Break",
    "Bridge",
    "Broadcast",
    "Chat",
    "Command",
    "Conference",
    "Connect",
    "DivertEvents",
    "Dump",
    "Eavesdrop",
    "Execute",
    "Exists",
    "Exit",
    "FileExists",
    "Filter",
    "FilterDelete",
    "FlushDigits",
    "GetVar",
    "GlobalGetVar",
    "HangupMsg",
    "Hold",
    "Kill",
    "Linger",
    "ModuleExists",
    "Mute",
    "MyEvents",
    "NoEvents",
    "Notes",
    "Originate",
    "Park",
    "PhoneEvent",
    "PlayAndGetDigits",
    "Playback",
    "PreAnswer",
    "PutOff",
    "RawCommand",
    "ReceiveDigits",
    "Record",
    "Say",
    "SendDigits",
    "SetVar",
    "SetVars",
    "ShowCalls",
    "ShowChannels",
    "ShowRegistrations",
    "SofiaContact",
    "Status",
    "Subscribe",
    "Transfer",
    "Unschedule",
    "Version",
]

_DIGITS = re.compile(r"[0-9A-Da-d*#wWfF]{1,128}(?:@[0-9]{1,5})?")
_CHAT = re.compile(r"[A-Za-z0-9@._+:;=/-]{1,160}")
# With the tilde, what is bound to a key hears of it, too (switch_channel.c, switch_channel_queue_dtmf_string).
_KEYS = re.compile(r"~?[0-9A-Da-d*#]{1,128}")
_USER = re.compile(r"[A-Za-z0-9_.+*#@/-]{1,128}")
_ROOM = re.compile(r"[A-Za-z0-9_.@+-]{1,128}")
_TO_ROOM = re.compile(r"conference:[A-Za-z0-9_.-]{1,80}@[a-z0-9_-]{1,32}")
_WORD = re.compile(r"[A-Za-z0-9_.+-]{1,64}")
# What a dial string is made of; whatever sets it apart into legs, variables or other dial strings is not among it.
# "app=" would make mod_loopback run an application instead of calling (``mod_loopback.c``, channel_outgoing_channel).
_ENDPOINT = re.compile(r"(?!.*(?::_:|/(?i:app)=))[A-Za-z0-9_.+*#@:;=/?&%-]{1,512}")
_ENDPOINT_WORDS = (
    "a dial string names one endpoint, such as user/1001@pbx.example or sofia/gateway/carrier/{number}, "
    "in letters, digits and _.+*#@:;=/?&%-"
)
_SETVARS_LIMIT = 64  # mod_commands.c, uuid_setvar_multi_function


class _Api(Command, frozen=True):
    """``api NAME ARGUMENTS``, answered by one ``api/response``."""

    @abstractmethod
    def _api(self) -> str:
        """What follows ``api``."""

    def _block(self) -> str:
        return "api " + self._api()


class _OnChannel(_Api, frozen=True):
    """An api command whose first argument is a channel."""

    uuid: str

    def _words(self, name: str, *arguments: str) -> str:
        return " ".join([name, check_uuid(self.uuid), *(escape(argument, " ") or "''" for argument in arguments)])


class Originate(Command, frozen=True):
    """Call ``endpoint`` and run ``app`` on the new channel, whose id will be ``uuid``. Always in the background: the
    reply says ``+OK Job-UUID``, the outcome comes as BACKGROUND_JOB (`JobResult`).

    ``variables`` are set on the channel before it rings. ``timeout_s`` is the ring time in whole seconds
    (``originate_timeout``). Without ``job_uuid`` the job has the channel's id.
    """

    endpoint: str
    uuid: str
    variables: Mapping[str, str] | Pairs = ()
    app: str = "park"
    app_args: str = ""
    timeout_s: int | None = None
    job_uuid: str = ""

    def __post_init__(self) -> None:
        force_setattr(self, "variables", as_pairs(self.variables))
        if not self.job_uuid:
            force_setattr(self, "job_uuid", self.uuid)

    def _block(self) -> str:
        endpoint = check_name(self.endpoint, _ENDPOINT, "the endpoint", _ENDPOINT_WORDS)
        dial = escape(bracket_variables(self._all()) + endpoint, " ")
        return f"bgapi originate {dial} {self._extension()}\nJob-UUID: {check_uuid(self.job_uuid)}"

    def _all(self) -> Pairs:
        own = [("origination_uuid", check_uuid(self.uuid))]
        if self.timeout_s is not None:
            own.append(("originate_timeout", str(check_natural(self.timeout_s))))
        for name, _ in as_pairs(self.variables):
            if check_name(name, NAME, "the variable") in ("origination_uuid", "originate_timeout"):
                raise QuotingError(f"the variable {name} has a field of its own in Originate; use uuid or timeout_s")
        return (*own, *as_pairs(self.variables))

    def _extension(self) -> str:
        if ")" in self.app_args:
            raise QuotingError("the application's argument holds ')', which would end it; originate cannot carry it")
        if "\\'" in self.app_args:  # switch_caller.c, switch_caller_extension_add_application
            raise QuotingError(
                "the application's argument holds a backslash before a quote, with which originate drops it"
            )
        argument = app_argument(self.app_args, "the application's argument")
        return escape(f"&{check_name(self.app, APP, 'the application')}({argument})", " ")


class Bridge(_Api, frozen=True):
    """Join two channels; CHANNEL_BRIDGE comes once, on ``a``."""

    a: str
    b: str

    def _api(self) -> str:
        return f"uuid_bridge {check_uuid(self.a)} {check_uuid(self.b)}"


class Transfer(_OnChannel, frozen=True):
    """Send the channel (or with ``leg`` its partner, or both) into the dialplan. Of the dialplan ``inline`` only
    ``conference:ROOM@PROFILE`` may be used (capture 10)."""

    extension: str
    dialplan: str = "XML"
    context: str = "default"
    leg: Literal["", "-bleg", "-both"] = ""

    def _api(self) -> str:
        if not self.extension or self.extension.startswith("-"):
            raise QuotingError("the extension is empty or begins with '-', which the switch reads as an option")
        dialplan = check_name(self.dialplan, NAME, "the dialplan")
        if dialplan.lower() == "inline" and not _TO_ROOM.fullmatch(self.extension):
            raise QuotingError("the dialplan inline runs its extension as applications; use Execute for them")
        tail = (check_text(self.extension, "the extension"), dialplan, check_name(self.context, NAME, "the context"))
        return self._words("uuid_transfer", *((self.leg,) if self.leg else ()), *tail)


class Kill(_OnChannel, frozen=True):
    """Hang the channel up with a cause."""

    cause: str = "NORMAL_CLEARING"

    def _api(self) -> str:
        return self._words("uuid_kill", check_name(self.cause, CAUSE, "the cause"))


class Answer(_OnChannel, frozen=True):
    """Answer an incoming channel. An unknown one says ``-ERROR``."""

    def _api(self) -> str:
        return self._words("uuid_answer")


class PreAnswer(_OnChannel, frozen=True):
    """Open early media on an incoming channel."""

    def _api(self) -> str:
        return self._words("uuid_pre_answer")


class Park(_OnChannel, frozen=True):
    """Take the channel out of whatever it does and park it."""

    def _api(self) -> str:
        return self._words("uuid_park")


class Hold(_OnChannel, frozen=True):
    """Put a bridged channel on hold, or take it back. An unknown one still says ``+OK Success`` (capture 11)."""

    on: bool = True

    def _api(self) -> str:
        return f"uuid_hold {check_uuid(self.uuid)}" if self.on else f"uuid_hold off {check_uuid(self.uuid)}"


class Mute(_OnChannel, frozen=True):
    """Silence what the channel's phone sends, or end that (``switch_ivr_async.c``, session_audio_callback)."""

    on: bool = True

    def _api(self) -> str:
        return self._words("uuid_audio", *(("start", "read", "mute", "1") if self.on else ("stop",)))


class PhoneEvent(_OnChannel, frozen=True):
    """Tell the phone by SIP NOTIFY to pick up or to hold."""

    event: Literal["talk", "hold"] = "talk"

    def _api(self) -> str:
        return self._words("uuid_phone_event", self.event)


class Broadcast(_OnChannel, frozen=True):
    """Play ``path`` to a leg of a call, or with ``app`` run an application there with ``path`` as its argument."""

    path: str
    leg: Literal["aleg", "bleg", "both", "holdb"] = "aleg"
    app: str = ""

    def _api(self) -> str:
        path = app_argument(self.path, "the path")
        if self.app:
            path = f"{check_name(self.app, APP, 'the application')}::{path}"
        elif not path or path[: path.find(":") + 2].endswith("::"):
            raise QuotingError("the path is empty or begins like an application ('name::'); use app for that")
        return self._words("uuid_broadcast", path, self.leg)


class Break(_OnChannel, frozen=True):
    """Stop what the channel plays; with ``all`` also what is queued after it."""

    all: bool = True

    def _api(self) -> str:
        return self._words("uuid_break", *(("all",) if self.all else ()))


class SetVar(_OnChannel, frozen=True):
    """Set a channel variable; an empty value unsets it (``switch_channel.c``)."""

    name: str
    value: str

    def _api(self) -> str:
        name = check_name(self.name, NAME, "the variable")
        value = escape(check_text(self.value, f"the variable {name}"))
        return f"{self._words('uuid_setvar', name)} {value}".rstrip(" ")


class SetVars(_OnChannel, frozen=True):
    """Set up to 64 channel variables at once; an empty value unsets one."""

    pairs: Mapping[str, str] | Pairs

    def __post_init__(self) -> None:
        force_setattr(self, "pairs", as_pairs(self.pairs))

    def _api(self) -> str:
        pairs = as_pairs(self.pairs)
        if not 0 < len(pairs) <= _SETVARS_LIMIT:
            raise QuotingError(f"uuid_setvar_multi takes 1 to {_SETVARS_LIMIT} variables, not {len(pairs)}; split them")
        texts = (
            f"{check_name(name, NAME, 'the variable')}={check_text(value, f'the variable {name}')}"
            for name, value in pairs
        )
        return f"{self._words('uuid_setvar_multi')} {';'.join(escape(text, ';') for text in texts)}"


class GetVar(_OnChannel, frozen=True):
    """Read a channel variable; ``_undef_`` if it is not set. (The socket's own ``getvar`` is not offered: it writes the
    value into a header unquoted, and a value with a line break would forge frames.)"""

    name: str

    def _api(self) -> str:
        return self._words("uuid_getvar", check_name(self.name, NAME, "the variable"))


class Dump(_OnChannel, frozen=True):
    """Everything about a channel as JSON: give the reply's text to `channel_data`. Immediate, unlike `ShowChannels`."""

    def _api(self) -> str:
        return self._words("uuid_dump", "json")


class Exists(_OnChannel, frozen=True):
    """``true`` or ``false``."""

    def _api(self) -> str:
        return self._words("uuid_exists")


class Unschedule(_OnChannel, frozen=True):
    """Take back what the dialplan scheduled for the channel, such as its own answer to our absence. ``sched_transfer``
    and ``sched_hangup`` put their tasks into a group named by the channel's id (``mod_dptools.c``), which ``sched_del``
    ends."""

    def _api(self) -> str:
        return self._words("sched_del")


class PutOff(_OnChannel, frozen=True):
    """In ``seconds`` the dialplan's extension ``fsorch_left`` takes the channel, in place of whatever was scheduled for
    it before (see `Unschedule`). Two api commands in one: ``eval`` runs both (``mod_commands.c``), and answers with
    both answers."""

    seconds: int

    def _api(self) -> str:
        uuid, seconds = check_uuid(self.uuid), check_natural(self.seconds)
        return f"eval ${{sched_del({uuid})}}${{sched_transfer(+{seconds} {uuid} fsorch_left XML fsorch)}}"


class SendDigits(_OnChannel, frozen=True):
    """Send DTMF to the far end; ``w`` waits half a second, ``@milliseconds`` at the end sets the tones' length."""

    digits: str

    def _api(self) -> str:
        return self._words("uuid_send_dtmf", check_name(self.digits, _DIGITS, "the digits"))


class ReceiveDigits(_OnChannel, frozen=True):
    """Make the switch see digits as if the far end had pressed them."""

    digits: str

    def _api(self) -> str:
        return self._words("uuid_recv_dtmf", check_name(self.digits, _KEYS, "the digits"))


class FlushDigits(_OnChannel, frozen=True):
    """Forget the keys that were pressed and that nothing has taken yet."""

    def _api(self) -> str:
        return self._words("uuid_flush_dtmf")


class Chat(_Api, frozen=True):
    """Send a text message by a chat interface of the switch (``mod_dptools.c``, ``chat``: parts between bars); answered
    by ``Sent``, or ``Error!`` and why. A bar or line break in the text becomes a space."""

    protocol: str
    sender: str
    to: str
    text: str

    def _api(self) -> str:
        addresses = (self.protocol, self.sender, self.to)
        parts = (check_name(one, _CHAT, "an address of a text message") for one in addresses)
        return "chat " + "|".join((*parts, display(self.text.replace("|", " "), 1000)))


class Record(_OnChannel, frozen=True):
    """Record both sides into a file: start, stop, or silence a passage between mask and unmask."""

    action: Literal["start", "stop", "mask", "unmask"]
    path: str

    def _api(self) -> str:
        if not self.path:
            raise QuotingError("the path of the recording is empty; name the file")
        return self._words("uuid_record", self.action, check_text(self.path, "the path"))


class Conference(_Api, frozen=True):
    """A command to a running conference, as ``kick all`` or ``play /path``."""

    name: str
    command: str
    arguments: tuple[str, ...] = ()

    def _api(self) -> str:
        head = (
            f"conference {check_name(self.name, _ROOM, 'the conference')} {check_name(self.command, _WORD, 'the verb')}"
        )
        return " ".join([head, *(words([check_text(one, "the argument")]) for one in self.arguments)])


class ShowChannels(_Api, frozen=True):
    """All channels; filled with a lag, and without ``rows`` when there are none."""

    def _api(self) -> str:
        return "show channels as json"


class ShowCalls(_Api, frozen=True):
    """All bridged calls; filled with a lag."""

    def _api(self) -> str:
        return "show calls as json"


class ShowRegistrations(_Api, frozen=True):
    """All registered phones."""

    def _api(self) -> str:
        return "show registrations as json"


class Status(_Api, frozen=True):
    """Uptime, sessions and their limits as text."""

    def _api(self) -> str:
        return "status"


class Version(_Api, frozen=True):
    """The switch's version as text."""

    def _api(self) -> str:
        return "version"


class SofiaContact(_Api, frozen=True):
    """Where ``user@domain`` is registered: a dial string, or ``error/user_not_registered``."""

    user: str

    def _api(self) -> str:
        return f"sofia_contact {check_name(self.user, _USER, 'the user')}"


class ModuleExists(_Api, frozen=True):
    """``true`` if the module is loaded."""

    name: str

    def _api(self) -> str:
        return f"module_exists {check_name(self.name, APP, 'the module')}"


class FileExists(_Api, frozen=True):
    """``true`` if the switch's machine has the file."""

    path: str

    def _api(self) -> str:
        return f"file_exists {check_verbatim(self.path, 'the path')}"


class Notes(_Api, frozen=True):
    """The switch's own notes (``mod_db``): ``list`` names the keys of a realm, as many as 4 KB hold, parted by commas;
    ``select`` reads one, empty if there is none; ``delete`` removes it."""

    verb: Literal["list", "select", "delete"]
    realm: str
    key: str = ""

    def _api(self) -> str:
        parts = (self.verb, self.realm) if self.verb == "list" else (self.verb, self.realm, self.key)
        return f"db {'/'.join(check_name(part, _WORD, 'the part of a note') for part in parts)}"


class GlobalGetVar(_Api, frozen=True):
    """A global variable of the switch; empty if it is not set."""

    name: str

    def _api(self) -> str:
        return f"global_getvar {check_name(self.name, NAME, 'the variable')}"
