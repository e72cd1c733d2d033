"""Pictures into files, by what their names end in."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from fsorch.errors import ConfigError
from fsorch_cli.pictures import check_picture, save_picture

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'


def test_svg_is_written_as_it_is_and_nothing_is_overwritten_by_accident(tmp_path: Path) -> None:
    path = tmp_path / "a.SVG"
    save_picture(SVG, path, force=False)
    assert path.read_text(encoding="utf-8") == SVG
    with pytest.raises(ConfigError, match="is there already"):
        save_picture(SVG, path, force=False)
    save_picture("<svg/>", path, force=True)
    assert path.read_text(encoding="utf-8") == "<svg/>"


def test_another_ending_and_a_folder_that_is_not_there_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"is neither \.svg nor \.png"):
        save_picture(SVG, tmp_path / "a.gif", force=False)
    with pytest.raises(ConfigError, match="cannot be written"):
        save_picture(SVG, tmp_path / "nosuch" / "a.svg", force=False)


def test_png_without_the_extra_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(ConfigError, match=r"pip install 'fsorch\[png\]'"):
        save_picture(SVG, tmp_path / "a.png", force=False)
    assert not (tmp_path / "a.png").exists()
    # It is told before a million calls are counted for the picture.
    with pytest.raises(ConfigError, match=r"fsorch\[png\]"):
        check_picture(tmp_path / "a.png", force=False)
    check_picture(tmp_path / "a.svg", force=False)


def test_png_is_made_by_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = ModuleType("resvg_py")
    drawn.svg_to_bytes = lambda svg_string: b"\x89PNG of " + svg_string.encode()[:4]  # type: ignore[attr-defined]  # a stand-in
    monkeypatch.setitem(sys.modules, "resvg_py", drawn)
    save_picture(SVG, tmp_path / "a.png", force=False)
    assert (tmp_path / "a.png").read_bytes() == b"\x89PNG of <svg"


def test_png_is_one_where_the_extra_is_installed(tmp_path: Path) -> None:
    pytest.importorskip("resvg_py", reason="the extra fsorch[png] is not installed")
    save_picture(SVG, tmp_path / "a.png", force=False)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
