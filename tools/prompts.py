"""Speaks the prompts that fsorch ships (`python tools/prompts.py`).

Each line of a `prompts.yaml` becomes a wave file beside it: espeak-ng speaks, sox makes it 8000 Hz, 16 bit, mono, trims
the silence and evens out the level. Both are packages of Debian; the files are kept in the repository, so nobody needs
either unless a text changes.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import yaml

__all__ = ["speak", "speak_all"]

FOLDER = Path(__file__).resolve().parent.parent / "freeswitch" / "sounds" / "fsorch"
VOICES = {"en": "en-us"}
WORDS_PER_MINUTE = 160
# A short silence, speech above 0.5 % of full scale, and both ends the same way.
TRIM = ["silence", "1", "0.02", "0.5%", "reverse", "silence", "1", "0.02", "0.5%", "reverse"]


def speak(text: str, voice: str, path: Path) -> None:
    """Write `text`, spoken by `voice`, to the wave file `path`. Raises CalledProcessError."""
    spoken = subprocess.run(
        ["espeak-ng", "-v", voice, "-s", str(WORDS_PER_MINUTE), "--stdout", text], check=True, capture_output=True
    )
    shape = ["-r", "8000", "-b", "16", "-c", "1"]
    # -R: the same dither every time, so that the same text gives the same file.
    subprocess.run(
        ["sox", "-R", "-t", "wav", "--ignore-length", "-", *shape, str(path), *TRIM, "norm", "-3", "pad", "0.1", "0.1"],
        input=spoken.stdout,
        check=True,
    )


def speak_all(folder: Path) -> list[Path]:
    """Every prompt of one language; returns the files written."""
    texts: dict[str, str] = yaml.safe_load((folder / "prompts.yaml").read_text(encoding="utf-8"))
    files = []
    for name, text in texts.items():
        files.append(folder / f"{name}.wav")
        speak(text, VOICES[folder.name], files[-1])
    return files


def main() -> int:
    """All languages there are."""
    missing = [tool for tool in ("espeak-ng", "sox") if shutil.which(tool) is None]
    if missing:
        sys.stderr.write(f"{' and '.join(missing)} missing: apt install espeak-ng sox\n")
        return 2
    for folder in sorted(path.parent for path in FOLDER.glob("*/prompts.yaml")):
        for file in speak_all(folder):
            sys.stdout.write(f"{file} {file.stat().st_size}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
