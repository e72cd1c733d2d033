"""The measurement runs whole and says what it must; how fast is for ``fsorch bench esl`` to say, on a quiet machine."""

from __future__ import annotations

import pytest

from fsorch.edge import bench_esl
from fsorch.edge.bench_sender import recorded, stream
from fsorch.esl.events import decode_event
from fsorch.esl.frames import FrameReader


def test_one_short_run() -> None:
    result = bench_esl.run(rounds=3, events=700)
    assert set(result) == {
        "events_per_s",
        "greenswitch_events_per_s",
        "bare_events_per_s",
        "ratio_greenswitch",
        "ratio_bare",
        "event_bytes",
        "rounds",
        "events",
    }
    assert all(value > 0 for value in result.values())


@pytest.mark.parametrize("form", ["json", "plain"])
def test_the_stream_is_the_recorded_events(form: str) -> None:
    frames = FrameReader().feed(stream(form, 10))
    events = [decode_event(frame) for frame in frames]
    names = [event.name for event in events]
    assert names[:3] == ["CHANNEL_CREATE", "CHANNEL_PARK", "CHANNEL_PROGRESS_MEDIA"]
    assert (len(names), names[7:]) == (10, names[:3])
    assert all(event.uuid and event.core_uuid for event in events)
    assert 5_500 < sum(map(len, recorded())) / len(recorded()) < 6_500
