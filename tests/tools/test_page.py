"""The page is built when it has to be, and only then."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import page

# Stands for npm: notes what it was asked and, on `run build`, makes a page as Vite would.
NPM = """#!/bin/sh
echo "$@" >> "$NPM_LOG"
[ "$1" != run ] || { mkdir -p ../fsorch_web/static && echo page > ../fsorch_web/static/index.html; }
exit "${NPM_EXIT:-0}"
"""
NODE = """#!/bin/sh
echo "${NODE_SAYS:-v22.12.0}"
"""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with page sources, and an npm on PATH that notes its calls in the file `asked`."""
    desktop = tmp_path / "web" / "desktop"
    desktop.mkdir(parents=True)
    (tmp_path / "web" / "fsorch_web").mkdir()
    (desktop / "package.json").write_text("{}")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, script in (("npm", NPM), ("node", NODE)):
        (programs / name).write_text(script)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([str(programs), "/usr/bin", "/bin"]))
    monkeypatch.setenv("NPM_LOG", str(tmp_path / "asked"))
    monkeypatch.delenv("FSORCH_WITHOUT_PAGE", raising=False)
    monkeypatch.setattr(page, "ROOT", tmp_path)
    monkeypatch.setattr(page, "SOURCES", desktop)
    monkeypatch.setattr(page, "BUILT", tmp_path / "web" / "fsorch_web" / "static")
    return tmp_path


def asked(checkout: Path) -> list[str]:
    log = checkout / "asked"
    return log.read_text().splitlines() if log.exists() else []


def test_it_is_built_once(checkout: Path) -> None:
    page.ensure()
    page.ensure()
    assert asked(checkout) == ["ci --no-audit --no-fund", "run build"]
    assert page.is_current()


def test_a_changed_source_builds_again_and_leaves_no_old_file(checkout: Path) -> None:
    page.ensure()
    (page.BUILT / "old-1234.js").write_text("old")
    (page.SOURCES / "main.ts").write_text("new")
    assert not page.is_current()
    page.ensure()
    assert asked(checkout).count("run build") == 2
    assert not (page.BUILT / "old-1234.js").exists()


def test_what_npm_installs_is_no_source(checkout: Path) -> None:
    page.ensure()
    (page.SOURCES / "node_modules" / "thing").mkdir(parents=True)
    (page.SOURCES / "node_modules" / "thing" / "index.js").write_text("1")
    assert page.is_current()


def test_an_sdist_is_never_built_again(checkout: Path) -> None:
    page.ensure()
    (checkout / "PKG-INFO").write_text("Name: fsorch")
    (page.SOURCES / "main.ts").write_text("new")
    assert page.is_current()
    assert page.requirements() == []


def test_it_can_be_left_out_on_purpose(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FSORCH_WITHOUT_PAGE", "1")
    page.ensure()
    assert asked(checkout) == []


def test_no_page_and_no_sources_is_an_error(checkout: Path) -> None:
    (page.SOURCES / "package.json").unlink()
    with pytest.raises(page.PageError, match="neither web/desktop nor a built page"):
        page.ensure()


def test_a_failing_npm_is_an_error_and_not_a_page(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NPM_EXIT", "3")
    with pytest.raises(page.PageError, match="npm ci .* exit code 3"):
        page.ensure()
    assert not page.is_current()


def test_too_old_a_node_counts_as_none(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODE_SAYS", "v18.20.4")
    assert page.npm_on_path() is None
    assert page.requirements() == [page.NODE_PACKAGE]


def test_the_node_on_path_is_the_one_to_run_scripts_with(checkout: Path) -> None:
    assert page.node_program() == str(checkout / "bin" / "node")


@pytest.mark.parametrize(
    ("version", "enough"),
    [
        ("v18.20.4", False),
        ("v20.18.9", False),
        ("v20.19.0", True),
        ("v21.7.3", False),
        ("v22.11.0", False),
        ("v22.12.0", True),
        ("v24.0.0", True),
        ("", False),
        ("none of it", False),
    ],
)
def test_versions_of_node(version: str, enough: bool) -> None:
    assert page.node_is_new_enough(version) is enough
