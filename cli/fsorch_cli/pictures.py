"""Pictures into files: SVG as it is, PNG by a library that is an extra."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from fsorch.errors import ConfigError, no_room

__all__ = ["check_picture", "save_picture"]


def check_picture(path: Path, *, force: bool) -> None:
    """Whether a picture can be written to ``path``, before it is drawn. Raises ConfigError for an ending that is none,
    a file that is there, a directory that is not, or PNG without the extra."""
    if path.suffix.lower() not in (".svg", ".png"):
        raise ConfigError(f"{path}: is neither .svg nor .png; use one of these endings")
    if path.exists() and not force:
        raise ConfigError(f"{path}: is there already; use another name, or --force to overwrite")
    if not path.parent.is_dir():
        raise ConfigError(f"{path}: cannot be written, there is no directory {path.parent}; make it first")
    if path.suffix.lower() == ".png":
        _resvg()


def save_picture(svg: str, path: Path, *, force: bool) -> None:
    """Write ``svg`` to ``path``, as what its ending says. Raises ConfigError as `check_picture`, and where the disk
    takes no more."""
    check_picture(path, force=force)
    data = bytes(_resvg().svg_to_bytes(svg_string=svg)) if path.suffix.lower() == ".png" else svg.encode()
    try:
        path.write_bytes(data)
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be written ({error.strerror}); {no_room(error, 'check its directory')}"
        ) from None


def _resvg() -> Any:
    try:
        return importlib.import_module("resvg_py")
    except ImportError:
        raise ConfigError("PNG needs one more package: pip install 'fsorch[png]'; or use .svg") from None
