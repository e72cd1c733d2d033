"""Frames from bytes: whole, byte by byte, at random cuts, and from garbage."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsorch.errors import EslError
from fsorch.esl.errors import FrameError
from fsorch.esl.frames import MAX_BODY, MAX_HEADER, CommandFrame, CommandReader, Frame, FrameReader
from tests.esl.recorded import STREAMS, frames, stream

EVERY_BYTE_UP_TO = 120_000


def read(chunks: Iterable[bytes]) -> list[Frame]:
    reader = FrameReader()
    return [frame for chunk in chunks for frame in reader.feed(chunk)]


def cuts(data: bytes, sizes: Iterable[int]) -> Iterable[bytes]:
    start = 0
    for size in sizes:
        yield data[start : start + size]
        start += size
    yield data[start:]


@pytest.mark.parametrize("name", STREAMS)
def test_a_recorded_stream_parses_whole(name: str) -> None:
    found = frames(name)
    assert sum(len(frame.body) for frame in found) > 0
    assert all(frame.content_type for frame in found)
    for frame in found:
        assert len(frame.body) == int(frame.header("Content-Length") or 0)


@pytest.mark.parametrize("name", STREAMS)
def test_byte_by_byte_gives_the_same_frames(name: str) -> None:
    data = stream(name)
    if len(data) > EVERY_BYTE_UP_TO:  # the rest of a long stream is only more of the same
        data = data[: data.rindex(b"Content-Length: ", 0, EVERY_BYTE_UP_TO)]
    assert read(bytes([byte]) for byte in data) == read([data])


@pytest.mark.parametrize("name", STREAMS)
def test_odd_pieces_give_the_same_frames(name: str) -> None:
    data = stream(name)
    assert read(data[start : start + 977] for start in range(0, len(data), 977)) == list(frames(name))


@given(st.sampled_from(STREAMS), st.lists(st.integers(0, 30_000), max_size=40))
def test_random_cuts_give_the_same_frames(name: str, sizes: list[int]) -> None:
    assert read(cuts(stream(name), sizes)) == list(frames(name))


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_buffer_is_taken(kind: Callable[[bytes], bytes]) -> None:
    assert FrameReader().feed(kind(b"Content-Type: auth/request\n\n")) == [Frame((("Content-Type", "auth/request"),))]


def test_headers_stay_as_they_came_and_are_found_in_any_case() -> None:
    (frame,) = FrameReader().feed(b"Content-Type: x/y\nA: b%20c\nA:  second: half \ncontent-length: 2\n\n{}")
    assert frame.headers == (
        ("Content-Type", "x/y"),
        ("A", "b%20c"),
        ("A", "second: half "),
        ("content-length", "2"),
    )
    assert frame.header("a") == "b%20c"
    assert frame.header("Content-Length") == "2"
    assert frame.header("missing", "this") == "this"
    assert frame.content_type == "x/y"


def test_a_json_body_is_followed_by_the_next_frame_at_once() -> None:
    data = b"Content-Length: 2\n\n{}Content-Length: 3\n\nabc\n\n\nContent-Type: t\n\n"
    assert [frame.body for frame in read([data])] == [b"{}", b"abc", b""]


FAULTS = {
    "no colon": b"hello\n\n",
    "no colon in the second line": b"A: b\nhello\n\n",
    "negative length": b"Content-Length: -1\n\n",
    "length in words": b"Content-Length: ten\n\n",
    "length with a sign": b"Content-Length: +1\n\n",
    "length in foreign digits": "Content-Length: ٣\n\n".encode(),
    "empty length": b"Content-Length:\n\n",
    "endless length": b"Content-Length: " + b"9" * 5000 + b"\n\n",
    "lengths that disagree": b"Content-Length: 1\ncontent-length: 2\n\n",
    "body over the limit": b"Content-Length: %d\n\n" % (MAX_BODY + 1),
    "block over the limit": b"A: " + b"x" * MAX_HEADER + b"\n\n",
    "endless block": b"A: " + b"x" * (MAX_HEADER + 10),
}


@pytest.mark.parametrize("data", FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_named_and_the_reader_is_dead_after_it(data: bytes) -> None:
    reader = FrameReader()
    good = b"Content-Type: auth/request\n\n"
    with pytest.raises(FrameError) as first:
        reader.feed(good + data)
    assert first.value.frames == (Frame((("Content-Type", "auth/request"),)),)
    with pytest.raises(EslError) as second:
        reader.feed(good)
    assert second.value is first.value is reader.error


def test_the_same_length_twice_and_a_full_block_are_no_fault() -> None:
    name = b"A: "
    block = name + b"x" * (MAX_HEADER - len(name))
    assert len(read([block + b"\n\n", b"Content-Length: 1\nContent-Length: 1\n\nx"])) == 2


def test_an_endless_block_is_refused_without_being_kept() -> None:
    reader = FrameReader()
    for _ in range(MAX_HEADER // 1000):
        assert reader.feed(b"x" * 1000) == []
    with pytest.raises(FrameError):
        reader.feed(b"x" * 1000)


def test_a_body_that_comes_in_many_pieces_costs_no_more_than_its_bytes() -> None:
    size = MAX_BODY
    reader = FrameReader()
    assert reader.feed(b"Content-Length: %d\n\n" % size) == []
    piece = b"x" * 16_384
    for _ in range(size // len(piece) - 1):
        assert reader.feed(piece) == []
    (frame,) = reader.feed(piece + b"Content-Type: t\n")
    assert len(frame.body) == size
    assert reader.feed(b"\n") == [Frame((("Content-Type", "t"),))]


@given(st.lists(st.binary(max_size=400), max_size=20))
def test_garbage_gives_frames_or_the_named_error(chunks: list[bytes]) -> None:
    for reader in (FrameReader(), CommandReader()):
        with contextlib.suppress(FrameError):
            for chunk in chunks:
                reader.feed(chunk)
        assert reader.error is None or str(reader.error)


@given(st.binary(max_size=200), st.integers(0, 200_000))
def test_garbage_inside_a_stream_gives_frames_or_the_named_error(noise: bytes, place: int) -> None:
    data = stream("02-queue-call-answered-by-agent/json.esl")
    broken = data[:place] + noise + data[place + len(noise) :]
    try:
        found = read([broken])
    except FrameError as error:
        found = [frame for frame in error.frames if isinstance(frame, Frame)]
    assert len(found) <= len(broken)


# -- the other direction -------------------------------------------------------------------------------

COMMANDS = (
    b"auth secret\n\n"
    b"api uuid_exists x\n\n"
    b"\r\n\nbgapi originate user/1 &park()\nJob-UUID: j 1\n\n"
    b"sendmsg u\r\ncall-command: execute\r\nexecute-app-name: set\r\n"
    b"content-type: text/plain\r\ncontent-length: 6\r\n\r\n"
    b"a=\n\nb\n\n\n"
    b"sendevent CUSTOM\nEvent-Subclass: a::b\n\n"
    b"event json ALL\n\n"
)
READ = [
    CommandFrame("auth secret"),
    CommandFrame("api uuid_exists x"),
    CommandFrame("bgapi originate user/1 &park()", (("Job-UUID", "j 1"),)),
    CommandFrame(
        "sendmsg u",
        (
            ("call-command", "execute"),
            ("execute-app-name", "set"),
            ("content-type", "text/plain"),
            ("content-length", "6"),
        ),
        b"a=\n\nb\n",
    ),
    CommandFrame("sendevent CUSTOM", (("Event-Subclass", "a::b"),)),
    CommandFrame("event json ALL"),
]


@given(st.lists(st.integers(0, 60), max_size=60))
def test_commands_are_read_in_any_chunking(sizes: list[int]) -> None:
    reader = CommandReader()
    assert [frame for chunk in cuts(COMMANDS, sizes) for frame in reader.feed(chunk)] == READ


def test_commands_byte_by_byte() -> None:
    reader = CommandReader()
    assert [frame for byte in COMMANDS for frame in reader.feed(bytes([byte]))] == READ


@pytest.mark.parametrize(
    "data",
    [
        b"api x\nno colon\n\n",
        b"sendmsg u\nContent-Length: -4\n\n",
        b"sendmsg u\nContent-Length: 99999999999\n\n",
        b"api " + b"x" * (MAX_HEADER + 1),
    ],
)
def test_a_command_with_a_fault_is_named(data: bytes) -> None:
    reader = CommandReader()
    with pytest.raises(FrameError) as first:
        reader.feed(b"exit\n\n" + data)
    assert first.value.frames == (CommandFrame("exit"),)
    with pytest.raises(FrameError) as second:
        reader.feed(b"exit\n\n")
    assert second.value is first.value
