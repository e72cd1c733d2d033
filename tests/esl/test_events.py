"""Events: the recorded ones in both formats, hostile ones, and the bytes the switch writes."""

from __future__ import annotations

import json
import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsorch.esl.errors import EventError
from fsorch.esl.events import _USUAL, Event, channel_data, decode_event, encode_json, encode_plain, event_from_headers
from fsorch.esl.frames import Frame
from fsorch.esl.percent import percent_decode, percent_encode
from tests.esl.recorded import BOTH_FORMATS, STREAMS, events, frames, is_event, typed

TEXT = st.text(st.characters(codec="utf-8"), max_size=200)
NAMES = st.text("abcdefgh_-", min_size=1, max_size=12)


def json_frame(body: bytes) -> Frame:
    return Frame((("Content-Length", str(len(body))), ("Content-Type", "text/event-json")), body)


def plain_frame(body: bytes) -> Frame:
    return Frame((("Content-Length", str(len(body))), ("Content-Type", "text/event-plain")), body)


def event(**headers: object) -> Event:
    return decode_event(json_frame(json.dumps({"Event-Name": "TEST", **headers}).encode()))


@pytest.mark.parametrize("name", STREAMS)
def test_every_recorded_event_has_what_identifies_it(name: str) -> None:
    found = events(name)
    assert found
    for one in found:
        assert one.name
        assert len(one.core_uuid) == 36
        assert one.timestamp > 1_700_000_000_000_000
        assert one.sequence > 0
        if one.name.startswith("CHANNEL_"):
            assert len(one.uuid) == 36
        if one.name == "CHANNEL_CREATE":
            assert one.created_time > 1_700_000_000_000_000
            assert one.answered_time == 0


@pytest.mark.parametrize("capture", BOTH_FORMATS)
def test_json_and_plain_of_one_capture_agree(capture: str) -> None:
    as_json, as_plain = events(f"{capture}/json.esl"), events(f"{capture}/plain.esl")
    by_sequence = {one.sequence: one for one in as_plain}
    assert len(as_json) == len(as_plain) == len(by_sequence)
    for one in as_json:
        other = by_sequence[one.sequence]
        assert typed(one) == typed(other)
        # plain format does not tell %0A in a value from a line break in it (capture 12): after decoding both they agree
        plain = {key: unquote(value) for key, value in one.headers().items() if key != "Content-Length"}
        decoded = {key: unquote(value) for key, value in other.headers().items() if key != "Content-Length"}
        assert plain == decoded


@pytest.mark.parametrize("name", STREAMS)
def test_the_recorded_bodies_are_written_as_the_switch_writes_them(name: str) -> None:
    for frame in filter(is_event, frames(name)):
        if frame.content_type == "text/event-json":
            assert encode_json(*split_body(json_pairs(frame.body))) == frame.body
        else:
            head, _, body = frame.body.decode().partition("\n\n")
            pairs = [
                (key, percent_decode(value)) for key, _, value in (line.partition(": ") for line in head.split("\n"))
            ]
            assert encode_plain([pair for pair in pairs if pair[0] != "Content-Length"], body) == frame.body


def json_pairs(body: bytes) -> list[tuple[str, str]]:
    pairs: list[tuple[str, object]] = json.loads(body, object_pairs_hook=list)
    return [(key, "ARRAY::" + "|:".join(value) if isinstance(value, list) else str(value)) for key, value in pairs]


def split_body(pairs: list[tuple[str, str]]) -> tuple[list[tuple[str, str]], str | None]:
    return (pairs[:-2], pairs[-1][1]) if pairs[-1][0] == "_body" else (pairs, None)


def test_the_hostile_caller_of_capture_12_changes_no_field() -> None:
    caller = "e569d360-849d-49b2-8ad8-d72efececfa8"
    name = '王 芳 100% \\"VIP\\" \nUnique-ID: evil'
    for form in ("json", "plain"):
        found = events(f"12-odd-values/{form}.esl")
        assert {one.uuid for one in found} == {caller}
        assert {one.caller_name for one in found} == {name}
        assert all(one.header("Unique-ID") == caller for one in found)
        assert not any(
            "evil" in str(value) for one in found for key, value in typed(one).items() if key != "caller_name"
        )
    assert found[-1].variable("note") == '50% off, "quoted", café 呼叫中心'
    assert found[0].variable("sip_h_X-Customer") == 'café & "tea"; 50%'


@given(st.dictionaries(NAMES, TEXT, max_size=5), TEXT)
def test_no_value_changes_another_field(variables: dict[str, str], name: str) -> None:
    headers = {"Event-Name": "CHANNEL_PARK", "Core-UUID": "core", "Unique-ID": "leg", "Caller-Caller-ID-Name": name}
    headers |= {f"variable_{key}": value for key, value in variables.items()}
    headers["Hangup-Cause"] = "NORMAL_CLEARING"
    expected = {**typed(event()), "name": "CHANNEL_PARK", "core_uuid": "core", "uuid": "leg"}
    expected |= {"hangup_cause": "NORMAL_CLEARING"}
    for one in (decode_event(json_frame(encode_json(headers))), decode_event(plain_frame(encode_plain(headers)))):
        found = typed(one)
        assert found.pop("caller_name") == shown(name, one.format)
        assert found == {key: value for key, value in expected.items() if key != "caller_name"}
        assert one.variables() == {key: shown(value, one.format) for key, value in variables.items()}


def shown(value: str, form: str) -> str:
    """What arrives of a value: plain format decodes percent codes it never encoded and writes nothing as _undef_."""
    if form == "plain":
        return "" if percent_encode(value) == "_undef_" else percent_decode(percent_encode(value))
    return value if not value.startswith("ARRAY::") else "ARRAY::" + "|:".join(value[7:].split("|:"))


@given(TEXT)
def test_a_percent_encoded_value_stays_on_its_line(value: str) -> None:
    encoded = percent_encode(value)
    assert encoded.isascii()
    assert encoded.isprintable()
    if not re.search("%[0-9A-F]{2}", value):
        assert percent_decode(encoded) == value


def test_percent_codes_as_the_switch_writes_them() -> None:
    assert percent_encode("a b/c,d_é") == "a%20b/c,d_%C3%A9"
    assert percent_encode("50% %0A %0a %") == "50%25%20%0A%20%250a%20%25"
    assert percent_decode("%E7%8E%8B %ff %zz %") == "王 \ufffd %zz %"


def test_plain_counts_the_first_of_two_headers() -> None:
    one = decode_event(plain_frame(b"Event-Name: A\nUnique-ID: first\nUnique-ID: second\nno header\n\n"))
    assert one.uuid == one.header("Unique-ID") == "first"


def test_a_plain_event_brings_its_own_body() -> None:
    one = decode_event(plain_frame(b"Event-Name: BACKGROUND_JOB\nJob-UUID: j\nContent-Length: 4\n\n+OK\nrest"))
    assert (one.name, one.job_uuid, one.body) == ("BACKGROUND_JOB", "j", "+OK\n")


def test_arrays_and_odd_types_are_taken() -> None:
    one = event(
        **{"variable_a": ["x", "y"], "Caller-Caller-ID-Name": ["one", "two"], "Application": 7, "_body": {}, "x": None}
    )
    assert one.variable("a") == "ARRAY::x|:y"
    assert one.caller_name == "ARRAY::one|:two"
    assert (one.application, one.body, one.header("x")) == ("7", "", "")


@pytest.mark.parametrize("value", [b"1" * 5000, b"[" * 5000 + b"]" * 5000])
def test_asking_a_decoded_event_never_fails(value: bytes) -> None:
    try:
        one = decode_event(json_frame(b'{"Event-Name":"A","variable_x":' + value + b"}"))
    except EventError:
        return
    # From Python 3.12 on, lists may be as deep as that; what is in them is no text, and so the array is empty.
    assert one.variable("x") in (None, "ARRAY::")


@pytest.mark.parametrize("value", ["", "x", "-1", -1, "9" * 40, "1_0", "٣", None, [], ["1"], {}, True])
def test_a_hostile_time_is_zero(value: object) -> None:
    one = event(**{"Caller-Channel-Answered-Time": value, "Unique-ID": "u"})
    assert one.answered_time == 0
    assert one.uuid == "u"


@pytest.mark.parametrize(
    "body",
    [
        b'{"Event-Name":"A","Caller-Caller-ID-Name":"x\xff\xfe"}',
        b'{"Event-Name":"A","Caller-Caller-ID-Name":"x\\ud800y"}',
        b'{"Event-Name":"A","Caller-Caller-ID-Name":"x\ny\x01"}',
        b'{"Event-Name":"A","variable_a":"x\xff"}',
    ],
)
def test_broken_text_is_replaced(body: bytes) -> None:
    one = decode_event(json_frame(body))
    texts = [one.caller_name, *one.headers().values()]
    assert one.name == "A"
    assert "".join(texts).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b"{}",
        b'{"Event-Name":""}',
        b'{"Event-Name":{"a":1}}',
        b"[" * 100_000,
        b'{"Event-Name":' * 50_000,
        b"\xff\xfe",
    ],
)
def test_garbage_is_a_named_error(body: bytes) -> None:
    with pytest.raises(EventError):
        decode_event(json_frame(body))


@given(st.binary(max_size=300))
def test_any_body_is_an_event_or_a_named_error(body: bytes) -> None:
    for frame in (json_frame(body), plain_frame(body), json_frame(b'{"Event-Name":"A",' + body + b"}")):
        try:
            one = decode_event(frame)
            one.headers()
        except EventError:
            continue
        assert one.name


@given(st.recursive(st.none() | st.booleans() | st.integers() | TEXT, lambda inner: st.lists(inner, max_size=3)))
def test_any_json_value_of_a_variable_is_text(value: object) -> None:
    assert isinstance(event(variable_x=value).variable("x"), str)


def test_keys_of_the_kept_bytes_cannot_come_from_the_wire() -> None:
    one = event(**{" raw": "eA==", " format": "plain", " known": {}, " usual": {}} | {"raw": "x", "format": "y"})
    assert one.format == "json"
    assert one.raw.startswith(b"{")
    assert one.header("Event-Name") == "TEST"


@pytest.mark.parametrize("name", STREAMS)
def test_what_is_usually_asked_is_what_all_headers_say(name: str) -> None:
    for frame in filter(is_event, frames(name)):
        whole = decode_event(frame)
        whole.headers()
        for header in _USUAL:
            assert decode_event(frame).header(header) == whole.header(header)


def test_what_is_usually_asked_of_odd_bodies() -> None:
    odd = decode_event(json_frame(b'{"Event-Name":"E","variable_hangup_cause":["A","B"],"variable_fsorch_role":3}'))
    assert odd.variable("hangup_cause") == "ARRAY::A|:B"
    assert odd.variable("fsorch_role") == "3"
    assert decode_event(json_frame(b'{"Event-Name":"E","x":"\xff"}')).variable("hangup_cause") is None


def test_the_first_answer_of_outbound_mode() -> None:
    first = frames("13-outbound-socket/session.esl")[0]
    assert first.content_type == "command/reply"
    one = event_from_headers(first)
    assert (one.name, one.uuid) == ("CHANNEL_DATA", "9495c357-cf89-43a1-9d9a-43c60762c0b5")
    assert (one.channel_name, one.destination) == ("sofia/external/sipp@127.0.0.1:5070", "sock1")
    assert one.variable("sip_subject") == "Performance Test"
    assert one.variable("DP_MATCH") == "ARRAY::sock1|:1"
    assert one.header("Control") == "full"


def test_channel_data_of_uuid_dump() -> None:
    one = channel_data(
        encode_json({"Event-Name": "CHANNEL_DATA", "Unique-ID": "u", "variable_fsorch_contact": "c1"}).decode()
    )
    assert (one.uuid, one.variable("fsorch_contact"), one.variable("none")) == ("u", "c1", None)
    for text in ("-ERR No such channel!", "", "[]"):
        with pytest.raises(EventError):
            channel_data(text)


def test_a_frame_of_another_type_is_no_event() -> None:
    with pytest.raises(EventError, match="log/data"):
        decode_event(Frame((("Content-Type", "log/data"),), b"x"))


def test_a_body_is_written_under_its_length() -> None:
    assert encode_json({"Event-Name": "X"}, "é\n") == '{"Event-Name":"X","Content-Length":"3","_body":"é\\n"}'.encode()
    assert (
        encode_plain({"Event-Name": "X", "a": ""}, "é\n")
        == "Event-Name: X\na: _undef_\nContent-Length: 3\n\né\n".encode()
    )
