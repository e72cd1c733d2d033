"""Shipped files are found in both layouts."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsorch.errors import ConfigError
from fsorch.resources import freeswitch_tree


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
