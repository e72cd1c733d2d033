"""``python -m fsorch_cli`` is ``fsorch``."""

from __future__ import annotations

from fsorch_cli.main import entry

if __name__ == "__main__":
    entry()
