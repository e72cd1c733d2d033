"""A centre as a file that ``fsorch apply`` takes: what is as it is by default is left out."""

from __future__ import annotations

from typing import Any

import yaml

from fsorch.config import Centre
from fsorch.plain import plain_centre

__all__ = ["centre_text", "yaml_text"]

WIDTH = 120


class Writer(yaml.SafeDumper):
    """Writes text with control characters and odd line ends in double quotes, where they are escaped: the other styles
    fold them."""


def _write_text(writer: Writer, text: str) -> yaml.ScalarNode:
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style=None if text.isprintable() else '"')


Writer.add_representer(str, _write_text)


def centre_text(centre: Centre) -> str:
    """``centre`` as YAML, in the order of its keys as they are documented; applied again it changes nothing."""
    return yaml_text(plain_centre(centre))


def yaml_text(value: dict[str, Any]) -> str:
    """Plain values as YAML, in their order."""
    text: str = yaml.dump(value, Dumper=Writer, sort_keys=False, allow_unicode=True, width=WIDTH)
    return text
