"""Takes the README's picture of the desktop: ``python -m tests.browser.screenshot`` writes docs/images/desktop.png."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.browser.demo import ROOT, missing, run_script, running_demo

PICTURE = ROOT / "docs" / "images" / "desktop.png"
# The README is opened on slow lines too.
HEAVIEST = 150_000


def main() -> int:
    """Take the picture; the exit code."""
    if reason := missing():
        sys.stderr.write(f"fsorch: {reason}\n")
        return 1
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_demo(Path(folder), "--seed", "7", "--human-calls") as announced,
    ):
        done = run_script("screenshot.mjs", announced, str(PICTURE))
    sys.stdout.write(done.stdout)
    if done.returncode == 0 and PICTURE.stat().st_size > HEAVIEST:
        sys.stderr.write(f"fsorch: {PICTURE} has {PICTURE.stat().st_size} bytes; keep it under {HEAVIEST}\n")
        return 1
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
