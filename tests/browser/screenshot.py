"""Takes the pictures of the documentation: ``python -m tests.browser.screenshot`` writes docs/images/desktop.png and
lead.png."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.browser.demo import ROOT, missing, run_script, running_demo
from tests.browser.outbound import running_outbound

PICTURES = ROOT / "docs" / "images"
# The README is opened on slow lines too.
HEAVIEST = 150_000


def main() -> int:
    """Take the pictures; the exit code."""
    if reason := missing():
        sys.stderr.write(f"fsorch: {reason}\n")
        return 1
    PICTURES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_demo(Path(folder), "--seed", "7", "--human-calls") as announced,
    ):
        code = take("screenshot.mjs", announced, PICTURES / "desktop.png")
    with tempfile.TemporaryDirectory() as folder, running_outbound(Path(folder)) as announced:
        return code or take("screenshot_lead.mjs", announced, PICTURES / "lead.png")


def take(script: str, announced: Path, picture: Path) -> int:
    """One picture; the exit code, which is not 0 for one that is too heavy."""
    done = run_script(script, announced, str(picture))
    sys.stdout.write(done.stdout)
    if done.returncode == 0 and picture.stat().st_size > HEAVIEST:
        sys.stderr.write(f"fsorch: {picture} has {picture.stat().st_size} bytes; keep it under {HEAVIEST}\n")
        return 1
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
