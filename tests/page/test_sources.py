"""The page's sources: their types hold, and what they work out by themselves is right."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.browser.demo import ROOT, node
from tests.conftest import require

DESKTOP = ROOT / "web" / "desktop"
PATIENCE_S = 300


def ran(*command: str) -> subprocess.CompletedProcess[str]:
    """A script of the page's, run to its end; the test is skipped where there is no Node.js or no packages."""
    program = node()
    if program is None or not (DESKTOP / "node_modules").is_dir():
        require("browser", "no Node.js, or the page's packages are not installed: run make page")
    return subprocess.run(
        [program, *command],
        cwd=DESKTOP,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def test_what_the_page_works_out(tmp_path: Path) -> None:
    done = ran(str(ROOT / "tests" / "page" / "run.mjs"), str(tmp_path))
    assert done.returncode == 0, done.stdout
    assert "# fail 0" in done.stdout or "fail 0" in done.stdout, done.stdout


def test_the_types_hold() -> None:
    done = ran("node_modules/typescript/bin/tsc", "--noEmit")
    assert done.returncode == 0, done.stdout
