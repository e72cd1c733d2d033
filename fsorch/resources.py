"""Where the files are that fsorch ships beside its code, on a bare checkout and in an installed wheel alike."""

from __future__ import annotations

from pathlib import Path

from fsorch.errors import ConfigError

__all__ = ["freeswitch_tree"]

PACKAGE = Path(__file__).resolve().parent


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
