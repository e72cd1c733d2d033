"""What can be heard of a far end: when a sound is loud, and what listens to it finds and when."""

from __future__ import annotations

from math import inf

import pytest

from fsorch.sim.channel import Channel
from fsorch.sim.hearing import sounds, spurts_of
from tests.sim.bench import Bench


@pytest.mark.parametrize(
    ("path", "spurts"),
    [
        ("silence_stream://2000", []),
        ("/a/file.wav", [(0, inf)]),
        ("local_stream://moh", [(0, inf)]),
        ("tone_stream://%(600,0,440)", [(0, 600_000)]),
        ("tone_stream://%(700,300,440);loops=2", [(0, 700_000), (1_000_000, 1_700_000)]),
        ("tone_stream://%(1000,0,440);loops=-1", [(0, inf)]),
        ("tone_stream://%(300,0,913.8);%(300,0,1370.6)", [(0, 600_000)]),
    ],
)
def test_when_a_sound_is_loud(path: str, spurts: list[tuple[float, float]]) -> None:
    assert spurts_of(path) == spurts


def answered(bench: Bench) -> Channel:
    bench.dial("{origination_uuid=out}sofia/external/quick@ends &park()", 1.0)
    return bench.machine.core.channels["out"]


def heard(bench: Bench, app: str, argument: str, seconds: float) -> tuple[str | None, float]:
    """How an application ended, and how long it took; one that runs still has taken infinitely long."""
    channel = bench.machine.core.channels["out"]
    before = len(bench.events)
    started = bench.switch.now
    bench.execute(channel, app, argument)
    bench.pass_(seconds)
    done = [one for one in bench.events[before:] if one["Event-Name"] == "CHANNEL_EXECUTE_COMPLETE"]
    if not done:
        return None, inf
    at = int(done[0]["Event-Date-Timestamp"]) - bench.machine.core.start_us
    return channel.get(f"{app}_timeout"), at / 1e6 - started


def test_sound_and_silence_are_found_frames_after_they_began() -> None:
    bench = Bench()
    channel = answered(bench)
    sounds(bench.machine.core, channel, [(500_000, 1_100_000)])
    found, took = heard(bench, "detect_audio", "150 3 1500", 0.8)
    assert found == "false"
    assert took == pytest.approx(0.58, abs=0.03)
    found, took = heard(bench, "detect_silence", "150 4 1500", 1.0)
    assert found == "false"
    assert took == pytest.approx(0.4, abs=0.04)
    found, took = heard(bench, "detect_audio", "150 3 400", 1.0)
    assert found == "true"
    assert took == pytest.approx(0.4, abs=0.03)
    assert channel.get("detect_audio_hits") == "0"


def test_silence_is_waited_for_and_half_a_second_more() -> None:
    bench = Bench()
    channel = answered(bench)
    sounds(bench.machine.core, channel, [(0, 1_000_000)])
    found, took = heard(bench, "wait_for_silence", "150 50 10 9000", 4.0)
    assert found == "false"
    assert took == pytest.approx(2.5, abs=0.05)
    sounds(bench.machine.core, channel, [(0, inf)])
    assert heard(bench, "wait_for_silence", "150 50 0 1000", 2.0)[0] == "true"


def test_orders_wait_for_what_listens_and_a_park_ends_it() -> None:
    bench = Bench()
    channel = answered(bench)
    bench.execute(channel, "detect_audio", "150 3 5000")
    bench.execute(channel, "playback", "silence_stream://100")
    bench.pass_(1.0)
    assert channel.get("current_application") == "detect_audio"
    bench.ask("uuid_park out")
    bench.pass_(0.1)
    assert channel.get("detect_audio_timeout") is None
    assert channel.get("current_application") != "detect_audio"


def test_words_that_are_none_are_not_listened_by() -> None:
    bench = Bench()
    answered(bench)
    assert heard(bench, "detect_audio", "150", 0.1)[0] is None
    assert heard(bench, "detect_silence", "0 3 100", 0.1)[0] is None
    assert heard(bench, "wait_for_silence", "x y z", 0.1)[0] is None
