"""Where the files are that fsorch ships beside its code, on a bare checkout and in an installed wheel alike."""

from __future__ import annotations

import re
from pathlib import Path

from fsorch.errors import ConfigError

__all__ = ["dialplan_version", "freeswitch_tree", "shipped_dialplan_version"]

PACKAGE = Path(__file__).resolve().parent
VERSION = re.compile(r"""<context\b(?=[^>]* name=["']fsorch["'])[^>]* version=["'](\d{1,9})["']""")


def freeswitch_tree(package: Path = PACKAGE) -> Path:
    """The folder with the dialplan, configuration and Lua that are copied to a switch.

    In a wheel it lies inside the package; in a checkout, and in an editable install, at the root of the repository.
    `package` is the folder of the package `fsorch` itself.

    Raises `ConfigError` if it is in neither place.
    """
    for place in (package / "_freeswitch", package.parent / "freeswitch"):
        if place.is_dir():
            return place
    raise ConfigError(f"the freeswitch folder is not beside {package}: install fsorch anew, or take a whole checkout")


def dialplan_version(text: str) -> int:
    """The version that the context ``fsorch`` names in ``text``, a dialplan as a file or a switch has it; 0 for one
    that names none, as those did before there were versions."""
    found = VERSION.search(text)
    return int(found[1]) if found else 0


def shipped_dialplan_version() -> int:
    """The version of the dialplan that this fsorch ships. Raises `ConfigError` if it is not there."""
    file = freeswitch_tree() / "dialplan" / "fsorch.xml"
    try:
        return dialplan_version(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror}); install fsorch anew") from None
