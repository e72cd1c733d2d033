"""The build backend of fsorch: setuptools, with the desktop page built first.

A wheel or an sdist carries the built page, so whoever installs it needs no Node.js. An editable install leaves the page
alone: `make page` builds it where it is worked on.
"""

from __future__ import annotations

from typing import Any

from setuptools import build_meta
from setuptools.build_meta import (
    build_editable,
    get_requires_for_build_editable,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

import page

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

Settings = dict[str, Any] | None


def get_requires_for_build_wheel(config_settings: Settings = None) -> list[str]:
    """What to install before `build_wheel`: Node.js from PyPI when the page is to be built and none is on PATH."""
    return [*build_meta.get_requires_for_build_wheel(config_settings), *page.requirements()]


def get_requires_for_build_sdist(config_settings: Settings = None) -> list[str]:
    """What to install before `build_sdist`: as for a wheel."""
    return [*build_meta.get_requires_for_build_sdist(config_settings), *page.requirements()]


def build_wheel(wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None) -> str:
    """Builds the page if it is missing or old, then the wheel; returns the file's name."""
    page.ensure()
    return str(build_meta.build_wheel(wheel_directory, config_settings, metadata_directory))


def build_sdist(sdist_directory: str, config_settings: Settings = None) -> str:
    """Builds the page if it is missing or old, then the sdist; returns the file's name."""
    page.ensure()
    return str(build_meta.build_sdist(sdist_directory, config_settings))
