"""Audio made of texts: by a synthesiser of one's own, at the rate of the switch, and not twice."""

from __future__ import annotations

import io
import math
import shutil
import sys
import wave
from array import array
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsorch.campaigns import Mode
from fsorch.config import Centre, decode
from fsorch.edge.prompt_audio import check_upload, seconds, shaped
from fsorch.edge.prompt_files import Maker, PromptFolder, Source, build, unbuilt
from fsorch.edge.prompt_texts import Wanted, campaign_messages, languages_of, wanted
from fsorch.errors import ConfigError

# A synthesiser that beeps: as long as the text, and it keeps what it was given.
BEEP = """
import array, math, sys, wave
out, kept, rate, text = sys.argv[1:5]
text = text if text != "-stdin-" else sys.stdin.read()
open(kept, "a").write(repr((text, rate)) + "\\n")
tone = array.array("h", (round(9000 * math.sin(n / 5)) for n in range(2000 * min(len(text), 20))))
with wave.open(sys.stdout.buffer if out == "-" else out, "wb") as file:
    file.setparams((1, 2, 22050, 0, "NONE", ""))
    file.writeframes(tone.tobytes())
"""
HELLO = Wanted("en", "hello", "Hello.", "hello")


@pytest.fixture
def beep(tmp_path: Path) -> str:
    """The words of a command, up to the text."""
    script = tmp_path / "beep.py"
    script.write_text(BEEP, encoding="utf-8")
    return f"{sys.executable} {script} {{file}} {tmp_path / 'kept'} {{rate}}"


def wav(samples: list[int], rate: int = 8000, channels: int = 1, width: int = 2) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((channels, width, rate, 0, "NONE", ""))
        file.writeframes(array("h" if width == 2 else "b", samples).tobytes())
    return out.getvalue()


def tone(hertz: float, rate: int, length_s: float, loud: int = 10_000) -> list[int]:
    return [round(loud * math.sin(2 * math.pi * hertz * n / rate)) for n in range(round(rate * length_s))]


def read(content: bytes) -> tuple[array[int], int]:
    with wave.open(io.BytesIO(content)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        return array("h", file.readframes(file.getnframes())), file.getframerate()


# -- shape ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize("given_rate", [8000, 11025, 16000, 22050, 48000])
def test_a_tone_keeps_its_pitch_and_length_at_another_rate(given_rate: int, rate: int) -> None:
    samples, found = read(shaped(wav(tone(440, given_rate, 0.5), given_rate), rate))
    assert found == rate
    assert len(samples) / rate == pytest.approx(0.6, abs=0.01)
    crossings = sum(one < 0 <= other for one, other in zip(samples, samples[1:], strict=False))
    assert crossings / 0.5 == pytest.approx(440, rel=0.02)
    assert max(samples) == pytest.approx(0.708 * 32767, rel=0.02)


def test_what_a_lower_rate_cannot_hold_is_gone() -> None:
    mixed = [low + high for low, high in zip(tone(440, 22050, 0.5), tone(7000, 22050, 0.5), strict=True)]
    samples, _ = read(shaped(wav(mixed, 22050), 8000))
    pure, _ = read(shaped(wav(tone(440, 22050, 0.5), 22050), 8000))
    # Folded down it would be a tone of 1000 Hz, as loud as the other.
    assert sum(one < 0 <= other for one, other in zip(samples, samples[1:], strict=False)) == pytest.approx(
        sum(one < 0 <= other for one, other in zip(pure, pure[1:], strict=False)), abs=2
    )


def test_silence_at_both_ends_goes_and_two_channels_become_one() -> None:
    quiet = [0] * 8000
    left = [*quiet, *tone(300, 8000, 0.25), *quiet]
    both = [sample for one in left for sample in (one, one)]
    samples, _ = read(shaped(wav(both, 8000, 2), 8000))
    assert len(samples) / 8000 == pytest.approx(0.35, abs=0.01)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", "it is no WAV"),
        (b"RIFF....WAVEnonsense", "it is no WAV"),
        (wav([0] * 4000), "it holds nothing but silence"),
        (wav([1, 2, 3], width=1), "it is no WAV of 16 bit, mono or stereo"),
        (wav([], 8000), "it holds nothing but silence"),
    ],
)
def test_what_is_no_speech_is_refused(content: bytes, error: str) -> None:
    with pytest.raises(ConfigError, match=error):
        shaped(content, 8000)


@given(st.binary(max_size=200))
def test_any_bytes_are_shaped_or_refused(content: bytes) -> None:
    for given_bytes in (content, wav(tone(400, 8000, 0.05))[:44] + content):
        try:
            samples, rate = read(shaped(given_bytes, 8000))
        except ConfigError:
            continue
        assert any(samples)
        assert rate == 8000


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"ID3", "is no WAV file of plain samples"),
        (wav(tone(400, 44100, 0.1), 44100), "has 44100 Hz, 16 bit, 1 channels; a switch wants 8000 or 16000 Hz"),
        (wav(tone(400, 8000, 0.1), 8000, 2), "has 8000 Hz, 16 bit, 2 channels"),
        (wav([], 8000), "lasts 0.0 s"),
        (wav([1] * 8000 * 601, 8000), "lasts 601.0 s; a prompt lasts more than 0 and up to 600 s"),
    ],
)
def test_an_upload_no_switch_can_play_is_refused(tmp_path: Path, content: bytes, error: str) -> None:
    file = tmp_path / "up.wav"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=error):
        check_upload(file)


# -- making ---------------------------------------------------------------------------------------------------------


def test_a_prompt_is_made_once_and_anew_when_anything_changed(tmp_path: Path, beep: str) -> None:
    folder = PromptFolder(tmp_path / "prompts")
    maker = Maker(f"{beep} {{text}}")
    assert folder.source(HELLO) is Source.MISSING
    assert list(build(folder, [HELLO], maker)) == [HELLO]
    assert folder.source(HELLO) is Source.BUILT
    assert seconds(folder.path("en", "hello")) == pytest.approx(2000 * 6 / 22050 + 0.1, abs=0.02)
    again = PromptFolder(folder.folder)
    assert list(build(again, [HELLO], maker)) == []
    other = Wanted("en", "hello", "Good morning.", "hello")
    assert again.source(other) is Source.OUTDATED
    for one, how in ((other, maker), (other, Maker(maker.command, 16000)), (other, Maker(maker.command, 16000, "x"))):
        assert list(build(again, [one], how)) == [one]
    said = [("Hello.", "8000"), ("Good morning.", "8000"), ("Good morning.", "16000"), ("Good morning.", "16000")]
    assert (tmp_path / "kept").read_text(encoding="utf-8").splitlines() == [repr(one) for one in said]


NASTY = [
    "-v hello",
    "$(touch x); `id` | cat > y",
    "a'b\"c \\ d",
    "<speak>x</speak> &amp;",
    "{voice} {file}",
    "Zoë 漢字 🍜",
    "x" * 4000,
]


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
@pytest.mark.parametrize("way", ["{text}", "-stdin-"])
def test_text_is_data(tmp_path: Path, beep: str, text: str, way: str) -> None:
    folder = PromptFolder(tmp_path / "prompts")
    short = beep.replace("{rate}", "8000") if way == "{text}" else beep
    list(build(folder, [Wanted("en", "x", text, "x")], Maker(f"{short} {way}")))
    kept, _ = eval((tmp_path / "kept").read_text(encoding="utf-8"))  # noqa: S307 - the repr written above
    assert kept.strip() == text
    assert sorted(file.name for file in (tmp_path / "prompts" / "en").iterdir()) == ["prompts.json", "x.wav"]


def test_an_upload_is_kept_and_shown_when_its_text_is_another(tmp_path: Path, beep: str) -> None:
    folder = PromptFolder(tmp_path / "prompts")
    file = tmp_path / "own.wav"
    file.write_bytes(wav(tone(500, 16000, 1), 16000))
    folder.upload(HELLO, file)
    other = Wanted("en", "hello", "Good morning.", "hello")
    again = PromptFolder(folder.folder)
    assert (again.source(HELLO), again.source(other)) == (Source.UPLOADED, Source.OUTDATED)
    assert list(build(again, [other], Maker(f"{beep} {{text}}"))) == []
    assert again.path("en", "hello").read_bytes() == file.read_bytes()
    assert again.remove("en", "hello")
    assert not again.remove("en", "hello")
    assert PromptFolder(folder.folder).source(HELLO) is Source.MISSING


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ("/no/such/program {text}", "en/hello: /no/such/program made no prompt: there is no program /no/such/program"),
        (f"{sys.executable} -c 'import sys; sys.exit(\"no voice\")'", "it ended with 1: no voice"),
        (f"{sys.executable} -c ''", "it is no WAV"),
        ("'unclosed", "cannot be cut into words"),
        ("", "the command is empty"),
    ],
)
def test_a_synthesiser_that_fails_is_named(tmp_path: Path, command: str, error: str) -> None:
    folder = PromptFolder(tmp_path / "prompts")
    with pytest.raises(ConfigError) as caught:
        list(build(folder, [HELLO], Maker(command)))
    assert error in str(caught.value)
    assert folder.source(HELLO) is Source.MISSING


def test_what_was_made_before_a_fault_is_known(tmp_path: Path, beep: str) -> None:
    folder = PromptFolder(tmp_path / "prompts")
    with pytest.raises(ConfigError, match="en/quiet"):
        list(build(folder, [HELLO, Wanted("en", "quiet", " ", "quiet")], Maker(f"{beep} {{text}}")))
    assert PromptFolder(folder.folder).source(HELLO) is Source.BUILT


def test_a_spoilt_manifest_is_told(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "hello.wav").write_bytes(b"")
    (tmp_path / "en" / "prompts.json").write_text("{]", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"prompts.json: is not what fsorch wrote"):
        PromptFolder(tmp_path).source(HELLO)


def test_english_is_copied_from_what_is_shipped(tmp_path: Path) -> None:
    (one,) = [one for one in wanted(Centre(), languages=("en",)) if one.name == "thanks"]
    folder = PromptFolder(tmp_path)
    assert list(build(folder, [one], Maker())) == [one]
    assert list(build(folder, [one], Maker())) == []


def test_espeak_ng_speaks_every_language_and_obeys_no_text(tmp_path: Path) -> None:
    assert shutil.which("espeak-ng"), "apt install espeak-ng"
    folder = PromptFolder(tmp_path)
    texts = {"fr": "Où ça ?", "es": "¿Qué tal?", "de": "Grüße", "en": "[[h@'loU]] [[[["}
    ones = [Wanted(language, "x", text, "x") for language, text in texts.items()]
    assert list(build(folder, ones, Maker(rate=16000))) == ones
    plain = [Wanted("en", "dash", "-w out.wav hello", "dash"), Wanted("en", "long", "word " * 80, "long")]
    assert list(build(folder, plain, Maker())) == plain
    assert (seconds(folder.path("en", "long")) or 0) > 20
    assert not list(tmp_path.rglob("out.wav"))


# -- what is wanted -------------------------------------------------------------------------------------------------


def test_the_files_of_a_centre_are_those_of_all_its_languages() -> None:
    prompts = {
        "balance": {"text": {"de": "Sie haben {sum:money} offen.", "pl": "Masz {sum:money}."}},
        "thanks": {"text": {"en": "Ta."}},
        "jingle": {"file": {"de": "/own/jingle.wav"}},
        "old": "/own/old.wav",
    }
    hello = {"en": "Hello.", "it": "Ciao."}
    nodes = {
        "hi": {"kind": "say", "prompt": "hi", "next": "end"},
        "end": {"kind": "hangup", "prompt": "hi", "reason": "done"},
    }
    flow = {"id": "main", "languages": ["en", "it"], "start": "hi", "prompts": {"hi": hello}, "nodes": nodes}
    centre = decode({"prompts": prompts, "language": "fr", "flows": [flow]}, Centre, where="c")
    assert languages_of(centre) == ("de", "en", "fr", "it", "pl")
    found = {(one.language, one.name): one for one in wanted(centre)}
    assert found["de", "balance.1"].text == "Sie haben"
    assert found["de", "balance.2"].prompt == "balance"
    assert found["en", "thanks"].text == "Ta."
    assert ("de", "thanks") not in found
    assert (found["de", "jingle"].path, found["fr", "old"].path) == ("/own/jingle.wav", "/own/old.wav")
    assert ("fr", "say_37") in found
    assert found["it", "main.hi"].text == "Ciao."
    assert {one.name for one in wanted(centre, languages=("pl",))} == {"balance.1"}


def test_a_campaigns_messages_are_files_that_say_its_name_and_number(tmp_path: Path, beep: str) -> None:
    drop = {"name": "Acme & Söhne", "number": "+4930 99", "opt_out_key": "9"}
    keys = {"queues": [{"id": "sales"}], "gateways": [{"id": "c", "dial": "loopback/{number}"}], "language": "de"}

    def made(**campaign: Any) -> Centre:
        spring = {"id": "spring", "queue": "sales", "gateways": ["c"], "drop": drop} | campaign
        return decode(keys | {"campaigns": [spring]}, Centre, where="c")

    said = {one.language: one for _, one in campaign_messages(made(), made().campaigns[0])}
    assert set(said) == {"de", "en"}
    assert said["en"].text == (
        "Hello. This was a call from Acme & Söhne. We are sorry that nobody is free to speak with you now. You can "
        "reach us at plus 4 9 3 0 9 9. If you do not want to be called again, press 9."
    )
    assert said["de"].text.startswith("Guten Tag. Dies war ein Anruf von Acme & Söhne. Leider")
    assert set(said.values()) <= set(wanted(made()))
    folder = PromptFolder(tmp_path / "prompts")
    assert [(spec.id, what, one) for spec, what, one in unbuilt(folder, made())] == [
        ("spring", "drop message", one) for one in sorted(said.values(), key=lambda one: one.language)
    ]
    drops = [one for one in wanted(made()) if one.prompt == "drop_message" and one.name.startswith("message_")]
    assert list(build(folder, drops, Maker(f"{beep} {{text}}"))) == drops
    assert unbuilt(folder, made()) == []
    # Another number is another file; a prompt that is a file itself is that file.
    other = made(drop=drop | {"number": "+4930 98"})
    assert {one.name for _, _, one in unbuilt(folder, other)}.isdisjoint(one.name for one in said.values())
    own = msgspec.structs.replace(made(), prompts={"drop_message": "/own/sorry.wav"})
    assert [one.path for _, one in campaign_messages(own, own.campaigns[0])] == ["/own/sorry.wav"]
    agentless = msgspec.structs.replace(made().campaigns[0], mode=Mode.AGENTLESS)
    assert list(campaign_messages(made(), agentless)) == []
