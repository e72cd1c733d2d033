"""A fetch that fails for a moment is tried again, one that goes on failing fails."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.floors import ROOT

AGAIN = ROOT / "tools" / "again.sh"


@pytest.mark.parametrize(("good", "code", "tries"), [(1, 0, 1), (3, 0, 3), (9, 7, 3)])
def test_it_is_tried_three_times(tmp_path: Path, good: int, code: int, tries: int) -> None:
    count = f'echo x >> log; [ "$(wc -l < log)" -ge {good} ] || exit 7'
    command = [str(AGAIN), "sh", "-c", count]
    env = os.environ | {"FSORCH_PAUSE_S": "0"}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, len((tmp_path / "log").read_text().split())) == (code, tries)
    assert ("failed three times" in done.stderr) is bool(code)
