"""`make venv` says what is wrong with the machine rather than failing somewhere later."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.floors import ROOT

SCRIPT = ROOT / "tools" / "make_venv.sh"


def make_venv(folder: Path, python: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(SCRIPT), str(folder), python], capture_output=True, text=True, check=False)


def program(path: Path, script: str) -> str:
    path.write_text("#!/bin/sh\n" + script)
    path.chmod(0o755)
    return str(path)


def test_too_old_a_python_is_refused_by_its_version(tmp_path: Path) -> None:
    old = program(tmp_path / "python3", '[ "$1" = --version ] && echo "Python 3.9.2"; exit 1\n')
    done = make_venv(tmp_path / "venv", old)
    assert done.returncode == 1
    assert "needs Python 3.11 or later and found Python 3.9.2" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_a_python_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = make_venv(tmp_path / "venv", str(tmp_path / "nothing"))
    assert done.returncode == 1
    assert f"found no {tmp_path / 'nothing'}" in done.stderr


def test_a_python_without_venv_names_the_package(tmp_path: Path) -> None:
    bare = program(tmp_path / "python3", '[ "$1" = -c ] && exit 0; exit 1\n')
    done = make_venv(tmp_path / "venv", bare)
    assert done.returncode == 1
    assert "apt-get install python3-venv" in done.stderr


def test_an_environment_that_works_is_kept(tmp_path: Path) -> None:
    kept = tmp_path / "venv" / "bin" / "python"
    kept.parent.mkdir(parents=True)
    kept.symlink_to(sys.executable)
    assert make_venv(tmp_path / "venv", str(tmp_path / "nothing")).returncode == 0
    assert kept.is_symlink()
