"""Pictures into files: SVG as it is, PNG by a library that is an extra."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from fsorch.errors import ConfigError, no_room

__all__ = ["save_picture"]


def save_picture(svg: str, path: Path, *, force: bool) -> None:
    """Write ``svg`` to ``path``, as what its ending says. Raises ConfigError for another ending, a file that is there,
    or PNG without the extra."""
    if path.exists() and not force:
        raise ConfigError(f"{path}: is there already; use another name, or --force to overwrite")
    match path.suffix.lower():
        case ".svg":
            data = svg.encode()
        case ".png":
            data = _png(svg)
        case _:
            raise ConfigError(f"{path}: is neither .svg nor .png; use one of these endings")
    try:
        path.write_bytes(data)
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be written ({error.strerror}); {no_room(error, 'check its directory')}"
        ) from None


def _png(svg: str) -> bytes:
    try:
        resvg: Any = importlib.import_module("resvg_py")
    except ImportError:
        raise ConfigError("PNG needs one more package: pip install 'fsorch[png]'; or use .svg") from None
    return bytes(resvg.svg_to_bytes(svg_string=svg))
