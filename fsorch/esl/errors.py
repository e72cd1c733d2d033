"""The errors of the event socket floor.

The tree::

    EslError (fsorch.errors)
      FrameError      the bytes are not frames: the connection cannot be used any further
      EventError      one frame is sound but what it holds is no event; the connection goes on
      QuotingError    a value cannot be put into a command line without changing the command
"""

from __future__ import annotations

from fsorch.errors import EslError

__all__ = ["EslError", "EventError", "FrameError", "QuotingError"]


class FrameError(EslError):
    """The stream broke the framing rules. ``frames`` holds what was whole before the fault in the same feed."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.frames: tuple[object, ...] = ()


class EventError(EslError):
    """A frame's body is not an event: invalid JSON, not an object, a value of a wrong type, no name."""


class QuotingError(EslError):
    """A value may not pass into a command line. The message names the value's place, never the whole value."""
