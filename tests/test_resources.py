"""Shipped files are found in both layouts."""

from __future__ import annotations

import hashlib
from pathlib import Path
from xml.etree import ElementTree

import pytest

from fsorch.errors import ConfigError
from fsorch.resources import dialplan_version, freeswitch_tree, shipped_dialplan_version

# What the switch is told, without comments and blanks, and the version that says so.
DIALPLAN = (11, "929053738782317e")


@pytest.mark.parametrize("place", ["fsorch/_freeswitch", "freeswitch"])
def test_the_freeswitch_tree_is_found(tmp_path: Path, place: str) -> None:
    (tmp_path / "fsorch").mkdir()
    (tmp_path / place).mkdir()
    assert freeswitch_tree(tmp_path / "fsorch") == tmp_path / place


def test_an_installed_tree_goes_before_a_neighbour_of_the_same_name(tmp_path: Path) -> None:
    for place in ("fsorch/_freeswitch", "freeswitch"):
        (tmp_path / place).mkdir(parents=True)
    assert freeswitch_tree(tmp_path / "fsorch") == tmp_path / "fsorch" / "_freeswitch"


def test_a_missing_tree_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="freeswitch folder is not beside"):
        freeswitch_tree(tmp_path / "fsorch")


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ('<context name="fsorch" version="12">', 12),
        ("<context version='3' name='fsorch'>", 3),
        ('<context name="fsorch">', 0),
        ('<context name="other" version="4"><context name="fsorch">', 0),
        ('<context name="fsorch" version="x">', 0),
        ("", 0),
    ],
)
def test_the_version_of_a_dialplan_is_read(text: str, version: int) -> None:
    assert dialplan_version(text) == version


def test_a_dialplan_that_was_changed_has_a_new_version() -> None:
    root = ElementTree.parse(freeswitch_tree() / "dialplan" / "fsorch.xml").getroot()
    said = [(element.tag, sorted(element.attrib.items())) for element in root.iter() if element.tag != "context"]
    digest = hashlib.sha256(repr(said).encode()).hexdigest()[:16]
    assert (shipped_dialplan_version(), digest) == DIALPLAN, "count up version in dialplan/fsorch.xml, note both here"
