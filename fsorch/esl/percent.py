"""Percent codes as FreeSWITCH reads and writes them in plain headers."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

__all__ = ["percent_decode", "percent_encode"]

# switch_utils.h, SWITCH_URL_UNSAFE, and everything that is not printable ASCII (switch_utils.c, switch_url_encode_opt).
# A percent sign is left alone where two upper case hexadecimal digits follow: what looks encoded is not encoded again.
_UNSAFE = re.compile(rb"""%(?![0-9A-F]{2})|[^ -~]|[ "#&+:;<=>?@\[\\\]^`{|}]""")


def percent_encode(value: str) -> str:
    """The value as ``event plain`` shows it. Not reversible: ``%0A`` in a value stays ``%0A`` (capture 12)."""
    raw = value.encode("utf-8", "replace")
    return _UNSAFE.sub(lambda hit: b"%%%02X" % hit.group()[0], raw).decode("ascii")


def percent_decode(value: str) -> str:
    """The text of a plain header's value; invalid UTF-8 becomes the replacement character, a lone ``%`` stays."""
    if "%" not in value:
        return value
    return unquote_to_bytes(value).decode("utf-8", "replace")
