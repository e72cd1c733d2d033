"""``fsorch prompt``: what there is, what is missing, and audio for it."""

from __future__ import annotations

import json
import sys
import wave
from contextlib import closing
from pathlib import Path

import pytest

from fsorch.config import Centre
from fsorch.edge.settings import read_settings
from fsorch.prompts import PromptSpec
from fsorch.store import open_database
from tests.cli.cli import Ran, fsorch

BEEP = """
import sys, wave
with wave.open(sys.argv[1], "wb") as file:
    file.setparams((1, 2, int(sys.argv[2]), 0, "NONE", ""))
    file.writeframes(b"\\x00\\x20\\x00\\xe0" * 400)
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with an empty centre, and the current directory."""
    monkeypatch.chdir(tmp_path)
    assert fsorch("init", "--password-stdin", input="correct horse 7\n").code == 0
    (tmp_path / "beep.py").write_text(BEEP, encoding="utf-8")
    return tmp_path


def build(*args: str) -> Ran:
    """Build with a synthesiser that only beeps."""
    return fsorch("prompt", "build", "--command", f"{sys.executable} beep.py {{file}} {{rate}}", *args)


def loaded() -> Centre:
    with closing(open_database(read_settings(Path("fsorch.yaml")).database, create=False)) as store:
        return store.load_centre()


def listed(*args: str) -> dict[tuple[str, str], str]:
    """The audio of each prompt, by language and name."""
    ran = fsorch("prompt", "list", "--json", *args)
    assert ran.code == 0
    return {(one["language"], one["prompt"]): one["audio"] for one in json.loads(ran.out)}


def recording(path: Path, rate: int = 8000) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(b"\1\0" * rate)
    return path


def test_a_text_is_added_built_and_found_again_in_the_exported_centre(home: Path) -> None:
    said = fsorch("prompt", "add", "balance", "--language", "en", "--text", "You owe {sum:money}.")
    assert said.code == 0, said.err
    assert fsorch("prompt", "add", "balance", "--language", "de", "--text", "Sie schulden {sum:money}.").code == 0
    assert loaded().prompts == {
        "balance": PromptSpec(text={"en": "You owe {sum:money}.", "de": "Sie schulden {sum:money}."})
    }
    assert listed()["de", "balance.1"] == "missing"
    ran = build("--only", "balance")
    assert ran.out == f"2 made, 0 as they were, in {home / 'prompts'}\n"
    assert build("--only", "balance").out.startswith("0 made, 2 as they were")
    assert build("--only", "balance", "--rate", "16000").out.startswith("2 made")
    with wave.open(str(home / "prompts" / "de" / "balance.1.wav")) as file:
        assert file.getframerate() == 16000
    assert listed()["de", "balance.1"] == "built"
    exported = fsorch("export").out
    Path("again.yaml").write_text(exported, encoding="utf-8")
    assert fsorch("diff", "again.yaml") == (0, "", "")
    assert fsorch("apply", "again.yaml").out == "nothing to change\n"


def test_check_ends_with_1_until_nothing_is_missing_or_outdated(home: Path) -> None:
    ran = fsorch("prompt", "check", "--language", "fr")
    assert ran.code == 1
    assert "fr/greeting has no audio\n" in ran.out
    assert ran.out.splitlines()[-1].endswith("are missing or outdated; fsorch prompt build makes 265 of them")
    for name in ("greeting", "thanks"):
        assert build("--language", "fr", "--only", name).code == 0
    wrong = {one["prompt"] for one in json.loads(fsorch("prompt", "check", "--language", "fr", "--json").out)}
    assert not {"greeting", "thanks"} & wrong
    assert "call_again" in wrong
    assert fsorch("prompt", "add", "thanks", "--language", "fr", "--text", "Merci bien.").code == 0
    assert "fr/thanks says something else than 'Merci bien.'\n" in fsorch("prompt", "check", "--language", "fr").out


def test_english_is_complete_from_the_first_minute(home: Path) -> None:
    assert fsorch("prompt", "build", "--language", "en").code == 0
    ran = fsorch("prompt", "check")
    assert (ran.code, ran.out) == (0, "all 252 are there\n")
    shown = fsorch("prompt", "list")
    assert "say_37" not in shown.out
    assert shown.err == "and the pieces that values are spoken with: 228 built (see them with --pieces)\n"
    assert "say_37" in fsorch("prompt", "list", "--pieces").out


def test_a_recording_is_taken_and_stays(home: Path) -> None:
    own = recording(home / "own.wav")
    ran = fsorch("prompt", "add", "greeting", "--language", "en", own)
    assert ran.out == f"{home / 'prompts' / 'en' / 'greeting.wav'} is {own}\n"
    assert build("--only", "greeting").out.startswith("0 made")
    assert listed()["en", "greeting"] == "uploaded"
    assert fsorch("prompt", "add", "greeting", "--language", "en", "--text", "Good day.").code == 0
    assert listed()["en", "greeting"] == "outdated"
    again = build("--only", "greeting")
    assert again.err == "uploaded, and its text is another by now: greeting\n"
    assert fsorch("prompt", "remove", "greeting", "--language", "en").out.endswith("removed: en/greeting\n")
    assert loaded().prompts == {}
    assert listed()["en", "greeting"] == "missing"


@pytest.mark.parametrize(
    ("args", "code", "line"),
    [
        (
            ["add", "hi", "--language", "en"],
            3,
            "there is nothing to add; give a file, or what the prompt says with --text",
        ),
        (
            ["add", "hi", "--language", "en", "own.wav"],
            3,
            "there is no prompt 'hi' in en; say what it says with --text",
        ),
        (
            ["add", "wait_time", "--language", "en", "own.wav"],
            3,
            "wait_time says a value, so it is several files; record wait_time.1",
        ),
        (
            ["add", "hi", "--language", "en", "--text", "{x:mony}"],
            3,
            "this prompt: prompts.hi.text.en: column 1: 'mony' is no kind of value; did you mean money?",
        ),
        (["add", "H I", "--language", "en", "--text", "x"], 3, "cannot be a file"),
        (["add", "hi", "--language", "../x", "--text", "x"], 2, "'../x' is no language; write it like en, de or pt-br"),
        (["add", "greeting", "--language", "en", "cd.wav"], 3, "has 44100 Hz, 16 bit, 1 channels"),
        (["build", "--only", "greting"], 4, "greeting"),
        (
            ["build", "--language", "fr", "--command", "no-such-synthesiser"],
            3,
            "there is no program no-such-synthesiser",
        ),
        (["remove", "greting"], 4, "greeting"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(home: Path, args: list[str], code: int, line: str) -> None:
    recording(home / "own.wav")
    recording(home / "cd.wav", 44100)
    ran = fsorch("prompt", *args)
    assert (ran.code, ran.err.count("\n")) == (code, 1)
    assert line in ran.err


def test_without_an_installation_fsorchs_own_prompts_are_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert fsorch("prompt", "build").code == 3
    assert fsorch("prompt", "build", "--only", "greeting", "--into", "here").out == "1 made, 0 as they were, in here\n"
    assert (tmp_path / "here" / "en" / "greeting.wav").is_file()


def test_a_language_in_which_nothing_is_said(home: Path) -> None:
    for words in (["list"], ["check"], ["build"], ["remove", "thanks"]):
        ran = fsorch("prompt", *words, "--language", "xx")
        assert (ran.code, ran.out) == (4, "")
        assert ran.err.startswith("fsorch: no language of prompts called 'xx' (there: de, en")
    new = fsorch("prompt", "add", "thanks", str(recording(home / "a.wav")), "--language", "xx")
    assert new.err == "fsorch: there is no prompt 'thanks' in xx; say what it says with --text\n"
