"""What keys mean where they were asked for."""

from __future__ import annotations

import re

import msgspec

from fsorch.flow_nodes import Collect, Menu, Survey

__all__ = ["Heard", "hear"]


class Heard(msgspec.Struct, frozen=True):
    """``digits`` are the answer, ``rest`` the keys after it. ``target``: the option it chose; ``valid``: it is an
    answer; ``whole``: no more keys belong to it. ``masked``: of what it is, nothing may be told."""

    digits: str
    rest: str = ""
    target: str = ""
    valid: bool = False
    whole: bool = True
    masked: bool = False


def hear(node: Menu | Collect | Survey, keys: str, question: int = 0) -> Heard:
    """What ``keys`` mean at a node (``question``: of a survey)."""
    match node:
        case Menu():
            target = node.options.get(keys[:1], "")
            return Heard(keys[:1], keys[1:], target, bool(target))
        case Survey():
            asked = node.questions[question]
            key = keys[:1]
            return Heard(key, keys[1:], valid=key.isdigit() and asked.low <= int(key) <= asked.high)
        case Collect():
            return _collected(node, keys)


def _collected(node: Collect, keys: str) -> Heard:
    digits, terminator, rest = keys.partition(node.terminator) if node.terminator else (keys, "", "")
    if len(digits) > node.max:
        digits, rest = digits[: node.max], keys[node.max :]
    whole = bool(terminator) or len(digits) >= node.max
    target = node.options.get(digits, "")
    # A key that is an option may be the first of an answer as well: only its end tells.
    valid = len(digits) >= node.min and (not node.pattern or re.fullmatch(node.pattern, digits) is not None)
    return Heard(digits, rest, target, valid, whole, node.masked)
