"""A channel: what FreeSWITCH knows of one leg, and the headers it writes about it.

The header names, their order and their values are those of the captures (``switch_channel_event_set_basic_data`` and
``switch_caller_profile_event_set_data`` in FreeSWITCH). Times are the switch's microseconds; 0 means never.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from fsorch.sim.timeline import Timer

__all__ = [
    "CALL_STATES",
    "STATES",
    "Bridge",
    "Channel",
    "Headers",
    "Message",
    "Part",
    "Party",
    "Profile",
    "Thread",
    "Value",
    "join",
]

Value = str | list[str]
Headers = dict[str, Value]
Thread = Generator[int | None, None, None]
"""What a channel is doing. It yields until when it wants to sleep (microseconds; None: until it is woken)."""

STATES = {
    name: str(number)
    for number, name in enumerate(
        (
            "CS_NEW",
            "CS_INIT",
            "CS_ROUTING",
            "CS_SOFT_EXECUTE",
            "CS_EXECUTE",
            "CS_EXCHANGE_MEDIA",
            "CS_PARK",
            "CS_CONSUME_MEDIA",
            "CS_HIBERNATE",
            "CS_RESET",
            "CS_HANGUP",
            "CS_REPORTING",
            "CS_DESTROY",
            "CS_NONE",
        )
    )
}
CALL_STATES = {
    "DOWN": "0",
    "DIALING": "1",
    "RINGING": "2",
    "EARLY": "3",
    "ACTIVE": "4",
    "HELD": "5",
    "RING_WAIT": "6",
    "HANGUP": "7",
    "UNHELD": "8",
}
_TEXTS = (
    "Direction",
    "Logical-Direction",
    "Username",
    "Dialplan",
    "Caller-ID-Name",
    "Caller-ID-Number",
    "Orig-Caller-ID-Name",
    "Orig-Caller-ID-Number",
    "Callee-ID-Name",
    "Callee-ID-Number",
    "Network-Addr",
    "ANI",
    "Destination-Number",
    "Unique-ID",
    "Source",
    "Transfer-Source",
    "Context",
    "RDNIS",
    "Channel-Name",
)
_TIMES = (
    "Profile-Created",
    "Channel-Created",
    "Channel-Answered",
    "Channel-Progress",
    "Channel-Progress-Media",
    "Channel-Hangup",
    "Channel-Transfer",
    "Channel-Resurrect",
    "Channel-Bridged",
)


def join(value: Value) -> str:
    """A value as one text; an array the way FreeSWITCH writes it (``ARRAY::one|:two``)."""
    return value if isinstance(value, str) else "ARRAY::" + "|:".join(value)


class Part:
    """Headers that stand together in one event or in many; they do not change any more. Their JSON is made once."""

    __slots__ = ("_json", "headers")

    def __init__(self, headers: Headers) -> None:
        self.headers = headers
        self._json: bytes | None = None

    def json(self) -> bytes:
        """The headers as they stand in a JSON object, without its braces."""
        if self._json is None:
            self._json = msgspec.json.encode(self.headers)[1:-1]
        return self._json


class Profile:
    """A caller profile: the ``Caller-*`` headers. Each transfer and each bridge makes a new one (``index`` grows)."""

    __slots__ = ("_parts", "index", "texts", "times")

    def __init__(self, texts: dict[str, str], created: int) -> None:
        self.index = 1
        self.texts = texts
        self.times = dict.fromkeys(_TIMES, 0)
        self.times["Profile-Created"] = self.times["Channel-Created"] = created
        self._parts: dict[tuple[str, tuple[int, int], bool], Part] = {}

    def set(self, name: str, value: str) -> None:
        """Set one text, such as ``Caller-ID-Name``; an empty one is left out of events."""
        self.texts[name] = value
        self._parts.clear()

    def mark(self, name: str, when: int) -> None:
        """Set one time, such as ``Channel-Answered``, in UTC microseconds."""
        self.times[name] = when
        self._parts.clear()

    def renewed(self, created: int) -> Profile:
        """The next profile: as this one, not bridged yet."""
        copy = Profile(dict(self.texts), created)
        copy.times.update(self.times)
        copy.times["Profile-Created"] = created
        copy.times["Channel-Bridged"] = 0
        copy.index = self.index + 1
        return copy

    def get(self, name: str) -> str:
        """One text, empty if it has none."""
        return self.texts.get(name, "")

    def headers(self, prefix: str, hold: tuple[int, int] = (0, 0), *, timeless: bool = False) -> Headers:
        """The headers under ``prefix`` (``Caller`` or ``Other-Leg``); a clone for the other leg may have no times."""
        return self.part(prefix, hold, timeless=timeless).headers

    def part(self, prefix: str, hold: tuple[int, int] = (0, 0), *, timeless: bool = False) -> Part:
        """`headers` as they stand in events."""
        key = (prefix, hold, timeless)
        known = self._parts.get(key)
        if known is None:
            known = self._parts[key] = Part(self._build(prefix, hold, timeless))
        return known

    def _build(self, prefix: str, hold: tuple[int, int], timeless: bool) -> Headers:
        texts = self.texts
        if not texts:
            return {}
        names = _NAMES[prefix]
        made: Headers = {full: text for name, full in names.texts if (text := texts.get(name))}
        if prefix == "Caller":
            made["Caller-Profile-Index"] = str(self.index)
        if timeless:
            made.update(names.timeless)
        else:
            made.update(zip(names.times, map(str, self.times.values()), strict=True))
        made[names.hold] = str(hold[0])
        made[names.held] = str(hold[1])
        made.update(names.rest)
        return made


class _Names:
    """A profile's names under one prefix, in their order."""

    def __init__(self, prefix: str, without: str = "") -> None:
        self.texts = tuple((name, f"{prefix}-{name}") for name in _TEXTS if name != without)
        self.times = tuple(f"{prefix}-{name}-Time" for name in _TIMES)
        self.timeless: Headers = dict.fromkeys(self.times, "0")
        self.hold, self.held = f"{prefix}-Channel-Last-Hold", f"{prefix}-Channel-Hold-Accum"
        rest = {"Screen-Bit": "true", "Privacy-Hide-Name": "false", "Privacy-Hide-Number": "false"}
        self.rest: Headers = {f"{prefix}-{name}": value for name, value in rest.items()}


_NAMES = {"Caller": _Names("Caller"), "Other-Leg": _Names("Other-Leg", without="Transfer-Source")}


class Message(msgspec.Struct, frozen=True):
    """A ``sendmsg`` that waits for the channel's thread (``switch_ivr_parse_event``)."""

    command: str
    app: str = ""
    argument: str = ""
    uuid: str = ""
    loops: int = 1
    lock: bool = False
    cause: str = "NORMAL_CLEARING"
    hold_music: bool = False


class Bridge:
    """Two channels that hear each other. ``a`` is the originator: BRIDGE and UNBRIDGE are told on it."""

    __slots__ = ("a", "arrived", "b", "talking", "up")

    def __init__(self, a: Channel, b: Channel) -> None:
        self.a = a
        self.b = b
        self.up = True
        self.talking = False
        self.arrived: set[str] = set()

    def other(self, channel: Channel) -> Channel:
        """The peer of ``channel``."""
        return self.b if channel is self.a else self.a


class Party(Protocol):
    """Whoever is at the far end of a channel: a caller, a phone, a carrier."""

    def notice(self, channel: Channel, what: str, detail: str) -> None:
        """Something happened on the leg: ``ring``, ``progress``, ``answer``, ``play`` (detail: the file), ``stop``,
        ``bridge`` (detail: the peer), ``unbridge``, ``talk`` or ``hold`` (a phone event), ``park``, ``hangup``
        (detail: the cause), ``destroy``."""
        ...


class Channel:
    """One leg. ``variables`` are kept under their names in events (``variable_...``), so that an event is a cheap
    merge."""

    def __init__(self, uuid: str, name: str, direction: str, profile: Profile, created: int) -> None:
        self.uuid = uuid
        self.name = name
        self.direction = direction
        self.profile = profile
        self.created = created
        self.state = "CS_INIT"
        self.running = "CS_NONE"
        self.epoch = 0
        self.call_state = "DOWN"
        self.answer_state = "ringing"
        self.media = False
        self.hung = False
        self.cause = ""
        self.locks = 0
        self.call_uuid = uuid
        self.hit_dialplan = direction == "inbound"
        self.codec: tuple[str, str, str] = ("PCMU", "8000", "64000")
        self.recording_codec = False
        self.variables: Headers = {}
        self._snapshot: Part | None = None
        self.other: Part | None = None
        self.last_hold = 0
        self.hold_accum = 0
        self.hold_events: list[tuple[int, int]] = []
        self.bridge: Bridge | None = None
        self.messages: deque[Message] = deque()
        self.event_lock = 0
        # Each digit, and whether it is sensitive.
        self.dtmf: deque[tuple[str, bool]] = deque()
        self.digits = ""
        self.stop_playback = False
        self.broken = False
        self.hold_music = False
        self.apps: list[tuple[str, str]] = []
        self.dialplan = "XML"
        self.context = "public"
        self.thread: Thread | None = None
        self.timer: Timer | None = None
        self.party: Party | None = None
        self.recordings: dict[str, int] = {}
        self.bugs: dict[str, str] = {}
        # What bind_digit_action does for a key, by realm; the realm that counts.
        self.bindings: dict[str, dict[str, Callable[[], None]]] = {}
        self.realm = ""
        # When the far end is loud: from and until, in the core's microseconds.
        self.spurts: list[tuple[float, float]] = []
        self.disposition = ""
        self.last_app = ""
        self.last_arg = ""
        self.parked = False
        self.originator: Party | None = None

    # -- variables ----------------------------------------------------------------------------------------------------

    def get(self, name: str) -> str | None:
        """A variable as text, or None."""
        value = self.variables.get("variable_" + name)
        return None if value is None else join(value)

    def true(self, name: str) -> bool:
        """Whether a variable says yes, in FreeSWITCH's reading (switch_true)."""
        return (self.get(name) or "").lower() in ("true", "yes", "on", "enable", "enabled", "active", "allow", "t", "1")

    def queue_digits(self, digits: str, *, bound: bool = True) -> None:
        """The far end has pressed keys (switch_channel_queue_dtmf); what is bound to one takes it."""
        sensitive = self.true("sensitive_dtmf")
        actions = self.bindings.get(self.realm, {}) if bound else {}
        for digit in digits:
            if (action := actions.get(digit)) is not None:
                action()
            elif digit in "0123456789*#ABCDabcd":
                self.dtmf.append((digit, sensitive))

    def set(self, name: str, value: Value | None) -> None:
        """Set a variable; an empty value or None removes it, as switch_channel_set_variable does."""
        self._snapshot = None
        if value:
            self.variables["variable_" + name] = value
        else:
            self.variables.pop("variable_" + name, None)

    def set_all(self, pairs: Iterable[tuple[str, Value]]) -> None:
        """`set` for many."""
        self._snapshot = None
        variables = self.variables
        for name, value in pairs:
            if value:
                variables["variable_" + name] = value
            else:
                variables.pop("variable_" + name, None)

    def push(self, name: str, value: str) -> None:
        """Add to an array variable; the first value stands alone (switch_channel_add_variable_var_check)."""
        old = self.variables.get("variable_" + name)
        if old is None:
            self.set(name, value)
        else:
            self.set(name, [*([old] if isinstance(old, str) else old), value])

    # -- headers ------------------------------------------------------------------------------------------------------

    @property
    def answered(self) -> bool:
        """Whether the call was answered and is not over."""
        return self.answer_state == "answered"

    def same(self, epoch: int) -> bool:
        """Whether nobody moved the channel to another state since ``epoch``."""
        return self.epoch == epoch and not self.hung

    def basic(self) -> Headers:
        """The headers every event of this channel has."""
        made = self.own()
        for part in self.parts(variables=False):
            made.update(part.headers)
        return made

    def parts(self, *, variables: bool) -> list[Part]:
        """What stands in every event behind `own`: the profile, the other leg; the ``variables`` if wanted."""
        parts = [self.profile.part("Caller", (self.last_hold, self.hold_accum))]
        if self.other is not None:
            parts.append(self.other)
        if variables:
            if self._snapshot is None:
                self._snapshot = Part(self.variables.copy())
            parts.append(self._snapshot)
        return parts

    def own(self) -> Headers:
        """The channel's own headers: what it is and where it stands."""
        made: Headers = {
            "Channel-State": self.running,
            "Channel-Call-State": self.call_state,
            "Channel-State-Number": STATES[self.state],
            "Channel-Name": self.name,
            "Unique-ID": self.uuid,
            "Call-Direction": self.direction,
            "Presence-Call-Direction": self.direction,
            "Channel-HIT-Dialplan": "true" if self.hit_dialplan else "false",
            "Channel-Call-UUID": self.call_uuid,
            "Answer-State": self.answer_state,
        }
        if self.variables.get("variable_presence_data"):
            made["Channel-Presence-Data"] = self.variables["variable_presence_data"]
        if self.cause:
            made["Hangup-Cause"] = self.cause
        if self.media:
            self._codecs(made)
        return made

    def _codecs(self, made: Headers) -> None:
        name, rate, bits = self.codec
        raw = self.recording_codec
        made["Channel-Read-Codec-Name"] = "L16" if raw else name
        made["Channel-Read-Codec-Rate"] = rate
        made["Channel-Read-Codec-Bit-Rate"] = "128000" if raw else bits
        made["Channel-Write-Codec-Name"] = name
        made["Channel-Write-Codec-Rate"] = rate
        made["Channel-Write-Codec-Bit-Rate"] = bits
