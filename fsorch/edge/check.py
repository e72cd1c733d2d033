"""One finding of `fsorch doctor`."""

from __future__ import annotations

import msgspec

__all__ = ["Check"]


class Check(msgspec.Struct, frozen=True):
    """``ok`` is None for what is worth knowing but stops nothing. ``detail`` is what was found, ``mend`` what to do
    about it: one sentence each."""

    name: str
    ok: bool | None
    detail: str
    mend: str = ""
