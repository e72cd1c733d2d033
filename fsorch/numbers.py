"""Telephone numbers as far as fsorch compares them."""

from __future__ import annotations

import re

__all__ = ["plain_number"]

NOT_DIGIT = re.compile(r"[^0-9]")


def plain_number(number: str) -> str:
    """A number as it can be compared with the same customer's other calls: digits only, no international prefix. Empty
    for a caller without one."""
    return NOT_DIGIT.sub("", number).removeprefix("00")
