"""The export of the switch's files."""

from __future__ import annotations

import stat
import wave
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from fsorch.config import Centre
from fsorch.edge.prompt_files import Maker, shipped_folder
from fsorch.edge.prompt_texts import wanted
from fsorch.edge.switch_tree import SOCKET_FILE, export_tree
from fsorch.errors import ConfigError
from fsorch.resources import freeswitch_tree

PROMPTS = freeswitch_tree() / "sounds" / "fsorch"


def settings(file: Path) -> dict[str, str]:
    """The parameters of an event_socket.conf.xml."""
    return {param.attrib["name"]: param.attrib["value"] for param in ElementTree.parse(file).iter("param")}


def test_the_shipped_socket_file_cannot_be_used() -> None:
    """An empty password would be FreeSWITCH's own default; so the address must lead nowhere."""
    values = settings(freeswitch_tree() / SOCKET_FILE)
    assert values["listen-ip"] == "NO-PASSWORD-CHOSEN-YET"
    assert values["password"]


def test_an_export_makes_a_password_of_its_own(tmp_path: Path) -> None:
    first, second = export_tree(tmp_path / "a"), export_tree(tmp_path / "b")
    assert first.password != second.password
    assert len(first.password) == 32
    values = settings(tmp_path / "a" / SOCKET_FILE)
    assert (values["listen-ip"], values["password"]) == ("127.0.0.1", first.password)
    assert stat.S_IMODE((tmp_path / "a" / SOCKET_FILE).stat().st_mode) == 0o640


def test_an_export_is_the_whole_tree(tmp_path: Path) -> None:
    done = export_tree(tmp_path, "a-password-of-ours")
    tree = freeswitch_tree()
    names = sorted(path.relative_to(tree) for path in tree.rglob("*") if path.is_file())
    assert [file.relative_to(tmp_path) for file in done.files] == names
    for name in names:
        if name != SOCKET_FILE:
            assert (tmp_path / name).read_bytes() == (tree / name).read_bytes()


@pytest.mark.parametrize("password", ["ClueCon", "short", 'quote"quote"quote', "$${domain}xxxxxxx", "line\nbreak-here"])
def test_a_password_that_will_not_do_is_refused(tmp_path: Path, password: str) -> None:
    with pytest.raises(ConfigError):
        export_tree(tmp_path / "x", password)
    assert not (tmp_path / "x").exists()


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    export_tree(tmp_path, "a-password-of-ours")
    with pytest.raises(ConfigError, match="is there already"):
        export_tree(tmp_path, "another-password")
    assert export_tree(tmp_path, "another-password", force=True).password == "another-password"
    assert settings(tmp_path / SOCKET_FILE)["password"] == "another-password"


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        export_tree(tmp_path / "file" / "sub")


@pytest.mark.parametrize("file", sorted(freeswitch_tree().rglob("*.xml")), ids=lambda file: file.name)
def test_every_xml_file_is_well_formed(file: Path) -> None:
    assert ElementTree.parse(file).getroot().tag in ("include", "configuration")


def test_every_english_prompt_and_piece_is_shipped_as_it_would_be_built() -> None:
    folder, prompts = shipped_folder(), wanted(Centre(), languages=("en",))
    assert {file.stem for file in (PROMPTS / "en").glob("*.wav")} == {one.name for one in prompts}
    for one in prompts:
        assert folder.known("en")[one.name] == Maker().made(one), "run: fsorch prompt build --language en --into ..."
        with wave.open(str(PROMPTS / "en" / f"{one.name}.wav")) as sound:
            assert (sound.getframerate(), sound.getsampwidth(), sound.getnchannels()) == (8000, 2, 1)
    assert sum(file.stat().st_size for file in PROMPTS.rglob("*.wav")) < 4_000_000
