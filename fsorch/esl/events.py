"""Typed events from frames, and event bodies as the switch writes them.

An `Event` has a field for what the engine reads; everything else stays in the kept bytes (``raw``) and is decoded
when somebody asks (`Event.header`, `Event.variable`). A JSON event is decoded in C straight into the struct; only one
that does not fit (an array, a raw control character, half a surrogate) takes the slow way round.

No value can change another field. In JSON a value is a quoted string whatever it holds. In plain format the body is
cut into lines first and percent-decoded afterwards: a caller called ``x%0AUnique-ID: evil`` is one odd name and nothing
else (capture 12). Where a plain header stands twice the first one counts, for two reasons: that is what the switch's
own ``switch_event_get_header`` answers, and the core writes what identifies an event before anything that came from a
caller, a variable or an application (``switch_event.c``, ``switch_channel_event_set_data``). In JSON the decoder takes
the last key of one name. The core and its modules do write a key twice (``Hangup-Cause`` in CHANNEL_HANGUP_COMPLETE,
``Unique-ID`` in avmd's events), each time with the same value; a caller cannot, because what he names is prefixed with
``variable_``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Annotated

import msgspec

from fsorch.esl.errors import EventError
from fsorch.esl.frames import Frame, Headers
from fsorch.esl.percent import percent_decode, percent_encode

__all__ = ["Event", "channel_data", "decode_event", "encode_json", "encode_plain", "event_from_headers"]

_VARIABLE = "variable_"
_ARRAY = "ARRAY::"
_SURROGATES = re.compile("[\ud800-\udfff]")

Number = Annotated[int, msgspec.Meta(ge=0, le=10**18)]
"""A counter or microseconds since 1970; whatever is outside becomes 0."""


def _key(name: str) -> str:
    """A text field, empty if the event has no such header."""
    field: str = msgspec.field(default="", name=name)
    return field


def _number(name: str) -> int:
    """A whole number, 0 if the event has no such header or a value that is none."""
    field: int = msgspec.field(default=0, name=name)
    return field


class _RareText:
    """A text that few events have and few readers want: like a field, but decoded when somebody asks."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, event: Event, owner: type[Event]) -> str:
        return event.header(self.name) or ""


# What is asked of the kept bytes in nearly every call: where a caller comes from and goes to, what our own marks say,
# what was keyed, and what a CDR needs. These are decoded together, in C and without the hundred others beside them.
_USUAL = (
    "Caller-Channel-Hold-Accum",
    "Channel-Presence-ID",
    *(
        _VARIABLE + name
        for name in (
            *("fsorch_entry", "fsorch_flow", "fsorch_queue", "fsorch_priority", "fsorch_contact", "fsorch_fallback"),
            *("fsorch_role", "fsorch_agent", "playback_terminator_used", "read_result", "current_application"),
            *("dialed_user", "dialed_domain", "user_name", "domain_name", "presence_id"),
            *("hangup_cause", "hangup_cause_q850", "sip_hangup_disposition", "sip_term_status"),
            *("sip_invite_failure_status", "read_codec", "write_codec", "rtp_audio_in_mos", "bridge_uuid"),
            *("signal_bond", "api_reporting_hook"),
        )
    ),
)
_Usual = msgspec.defstruct(
    "_Usual",
    [(f"h{n}", str | None, msgspec.field(default=None, name=name)) for n, name in enumerate(_USUAL)],
    gc=False,
)
_usual_decoder = msgspec.json.Decoder(_Usual)
_usual_index = {name: f"h{n}" for n, name in enumerate(_USUAL)}


# gc=False: an event holds texts and no cycle, and the collector would take a third of the time of a busy intake.
class Event(msgspec.Struct, eq=False, gc=False):
    """One event of the switch. Texts are empty and numbers 0 where the event does not say.

    ``timestamp`` and the fields in ``_time`` are microseconds since 1970 (0: not happened). The fields in ``caller_``
    are those of ``Caller-*``, the channel's own profile, whatever the direction; ``body`` is that of BACKGROUND_JOB and
    the like.
    """

    name: str = _key("Event-Name")
    subclass: str = _key("Event-Subclass")
    uuid: str = _key("Unique-ID")
    core_uuid: str = _key("Core-UUID")
    sequence: Number = _number("Event-Sequence")
    timestamp: Number = _number("Event-Date-Timestamp")
    call_state: str = _key("Channel-Call-State")
    answer_state: str = _key("Answer-State")
    direction: str = _key("Call-Direction")
    channel_name: str = _key("Channel-Name")
    caller_name: str = _key("Caller-Caller-ID-Name")
    caller_number: str = _key("Caller-Caller-ID-Number")
    destination: str = _key("Caller-Destination-Number")
    created_time: Number = _number("Caller-Channel-Created-Time")
    answered_time: Number = _number("Caller-Channel-Answered-Time")
    progress_time: Number = _number("Caller-Channel-Progress-Time")
    progress_media_time: Number = _number("Caller-Channel-Progress-Media-Time")
    bridged_time: Number = _number("Caller-Channel-Bridged-Time")
    hangup_time: Number = _number("Caller-Channel-Hangup-Time")
    other_leg: str = _key("Other-Leg-Unique-ID")
    bridge_a: str = _key("Bridge-A-Unique-ID")
    bridge_b: str = _key("Bridge-B-Unique-ID")
    hangup_cause: str = _key("Hangup-Cause")
    application: str = _key("Application")
    application_response: str = _key("Application-Response")
    application_uuid: str = _key("Application-UUID")
    dtmf_digit: str = _key("DTMF-Digit")
    job_uuid: str = _key("Job-UUID")
    body: str = _key("_body")
    # Read from the kept bytes when asked for: each field more makes every event of a stream slower to decode.
    application_data = _RareText("Application-Data")
    hostname = _RareText("FreeSWITCH-Hostname")
    presence_id = _RareText("Channel-Presence-ID")
    context = _RareText("Caller-Context")
    profile = _RareText("profile-name")
    from_user = _RareText("from-user")
    from_host = _RareText("from-host")
    contact = _RareText("contact")
    status = _RareText("status")
    network_ip = _RareText("network-ip")
    expires = _RareText("expires")
    # Never from the wire: `_keep` sets these after the decoder, whatever keys a body held.
    raw: bytes = msgspec.field(default=b"", name=" raw")
    format: str = msgspec.field(default="json", name=" format")
    known: dict[str, str] | None = msgspec.field(default=None, name=" known")
    usual: msgspec.Struct | None = msgspec.field(default=None, name=" usual")

    def headers(self) -> dict[str, str]:
        """Every header by its full name, decoded from the kept bytes once; the first of one name counts."""
        if self.known is None:
            self.known = _first(_plain_pairs(self.raw)) if self.format == "plain" else _kept_texts(self.raw)
        return self.known

    def header(self, name: str) -> str | None:
        """The header called exactly ``name``, or None; an array as the switch writes it, ``ARRAY::one|:two``."""
        if self.known is None and (field := _usual_index.get(name)) is not None and self._has_usual():
            value: str | None = getattr(self.usual, field)
            return value
        return self.headers().get(name)

    def variable(self, name: str) -> str | None:
        """The channel variable ``name``, or None if it is not set."""
        return self.header(_VARIABLE + name)

    def variables(self) -> dict[str, str]:
        """All channel variables without their prefix."""
        cut = len(_VARIABLE)
        return {key[cut:]: value for key, value in self.headers().items() if key.startswith(_VARIABLE)}

    def _has_usual(self) -> bool:
        """Whether what is usually asked stands in ``usual``; bytes that do not fit go the way of all headers."""
        if self.usual is None and self.format == "json":
            try:
                self.usual = _usual_decoder.decode(self.raw)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                self.headers()
        return self.usual is not None


_FIELDS = {field.encode_name: field for field in msgspec.structs.fields(Event) if field.encode_name[0] != " "}
_decoder = msgspec.json.Decoder(Event, strict=False)
# What a switch writes; anything else goes the slow way.
_texts_decoder = msgspec.json.Decoder(dict[str, str | list[str]])


def _keep(event: Event, raw: bytes, form: str, known: dict[str, str] | None = None) -> Event:
    if not event.name:
        raise EventError("an event without Event-Name; the peer is no FreeSWITCH")
    event.raw = raw
    event.format = form
    event.known = known
    event.usual = None
    return event


def _number_of(text: str) -> int:
    """Microseconds and counters are decimal digits; anything else is 0, never an error."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0


def _from_texts(texts: Mapping[str, str]) -> Event:
    event = Event()
    for name in _FIELDS.keys() & texts.keys():
        field = _FIELDS[name]
        setattr(event, field.name, texts[name] if field.type is str else _number_of(texts[name]))
    return event


# -- JSON -------------------------------------------------------------------------------------------


def _from_json(raw: bytes) -> Event:
    try:
        event = _decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        texts = _json_texts(raw)
        return _keep(_from_texts(texts), raw, "json", texts)
    return _keep(event, raw, "json")


def _json_texts(raw: bytes) -> dict[str, str]:
    """The slow way: any body the switch may write, as texts. cJSON lets through what strict readers refuse."""
    try:
        pairs = json.loads(raw.decode("utf-8", "replace"), strict=False, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError) as error:
        raise EventError(f"an event that is no JSON ({str(error)[:80]}): {raw[:60]!r}") from None
    if not isinstance(pairs, _Pairs):
        raise EventError(f"an event that is no JSON object: {raw[:60]!r}")
    return {_clean(key): _text(value) for key, value in pairs.items}


def _kept_texts(raw: bytes) -> dict[str, str]:
    """The headers of an event that was decoded before. The fast decoder skips over what it does not need, such as a
    number of 5,000 digits, which the slow one refuses; no switch writes that, and nobody who asks for a variable should
    fail."""
    try:
        values = _texts_decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        try:
            return _json_texts(raw)
        except EventError:
            return {}
    return {key: value if type(value) is str else _text(value) for key, value in values.items()}


class _Pairs:
    """A JSON object as pairs, so that nothing is lost before a rule decides."""

    def __init__(self, items: list[tuple[str, object]]) -> None:
        self.items = items


def _clean(text: str) -> str:
    return _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text)


def _text(value: object) -> str:
    """A header's value as text: the switch writes texts and arrays of texts. Numbers are taken, the rest is empty."""
    if isinstance(value, list):
        return _ARRAY + "|:".join("" if isinstance(item, list) else _text(item) for item in value)
    if isinstance(value, str):
        return _clean(value)
    return "" if value is None or isinstance(value, _Pairs) else json.dumps(value)


def _pairs(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return list(headers.items() if isinstance(headers, Mapping) else headers)


def encode_json(headers: Mapping[str, str] | Iterable[tuple[str, str]], body: str | None = None) -> bytes:
    """The body of a ``text/event-json`` frame, as ``switch_event_serialize_json`` writes it.

    The order of ``headers`` is kept (pairs may name a header twice, as the switch does); a value ``ARRAY::one|:two``
    becomes an array; ``body`` comes last, under ``_body`` with its ``Content-Length`` before it.
    """
    pairs = _pairs(headers)
    if body is not None:
        pairs += [("Content-Length", str(len(body.encode()))), ("_body", body)]
    encode = msgspec.json.encode
    texts = [encode(key) + b":" + encode(_json_value(value)) for key, value in pairs]
    return b"{" + b",".join(texts) + b"}"


def _json_value(value: str) -> str | list[str]:
    return value[len(_ARRAY) :].split("|:") if value.startswith(_ARRAY) else value


# -- plain ------------------------------------------------------------------------------------------


def _plain_pairs(raw: bytes) -> Iterable[tuple[str, str]]:
    """Lines first, percent codes after: the order that keeps a caller inside the value."""
    head, _, body = raw.partition(b"\n\n")
    length = 0
    for line in head.decode("utf-8", "replace").split("\n"):
        name, colon, value = line.partition(": ")
        if not colon:
            continue
        if name == "Content-Length":
            length = _number_of(value)
        # switch_event_serialize writes an empty value as _undef_
        yield name, "" if value == "_undef_" else percent_decode(value)
    if length:
        yield "_body", body[:length].decode("utf-8", "replace")


def _first(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for name, value in pairs:
        texts.setdefault(name, value)
    return texts


def _from_plain(raw: bytes) -> Event:
    texts = _first(_plain_pairs(raw))
    return _keep(_from_texts(texts), raw, "plain", texts)


def encode_plain(headers: Mapping[str, str] | Iterable[tuple[str, str]], body: str | None = None) -> bytes:
    """The body of a ``text/event-plain`` frame, as ``switch_event_serialize`` writes it: values percent-encoded, an
    empty one as ``_undef_``, the blank line at the end, after it the event's own body with its ``Content-Length``."""
    lines = [f"{name}: {percent_encode(value) or '_undef_'}\n" for name, value in _pairs(headers)]
    tail = (body or "").encode()
    if tail:
        lines.append(f"Content-Length: {len(tail)}\n")
    return "".join(lines).encode() + b"\n" + tail


# -- doors ------------------------------------------------------------------------------------------


def decode_event(frame: Frame) -> Event:
    """The event a ``text/event-json`` or ``text/event-plain`` frame holds; `EventError` if it holds none."""
    kind = frame.content_type
    if kind == "text/event-json":
        return _from_json(frame.body)
    if kind == "text/event-plain":
        return _from_plain(frame.body)
    raise EventError(f"a frame of type {kind[:60]!r} is no event; subscribe in json or plain format")


def event_from_headers(frame: Frame) -> Event:
    """The channel's data from the first answer of outbound mode: plain percent-encoded headers (capture 13)."""
    return _from_plain(_head_bytes(frame.headers))


def _head_bytes(headers: Headers) -> bytes:
    return "".join(f"{name}: {value}\n" for name, value in headers).encode() + b"\n"


def channel_data(text: str) -> Event:
    """The channel's data from the answer of ``uuid_dump <uuid> json``; `EventError` for an answer like ``-ERR ...``."""
    if not text.startswith("{"):
        raise EventError(f"no channel data: {text[:80]!r}; ask uuid_dump for json and a live channel")
    return _from_json(text.encode("utf-8", "replace"))
